/*
 * scratch_dir.h - a directory of a test's own below TMPDIR, removed with all in it.
 */
#ifndef SCRATCH_DIR_H
#define SCRATCH_DIR_H

#include <stddef.h>
#include "compiler.h"

/* Failures abort. */
char *scratch_open(void);
void scratch_close(char *dir); /* frees it too */
/* The same in room of the caller's; what a test demands to be empty it removes itself. */
void scratch_make(char *dst, size_t n);
void scratch_remove(const char *dir);
void scratch_enter(void);               /* the working directory of a whole program */
void scratch_file(char *dst, size_t n); /* an empty file alone */
void scratch_path(const char *dir, const char *name, char dst[static 300]);
/* A copy of one of our programs, of the flavour of the test: another user reaches the directory,
 * perhaps not where it was built (below /root). */
void scratch_program(const char *dir, const char *name, char *dst, size_t n);
void scratch_write(const char *dir, const char *name, const char *text, unsigned mode);

#endif
