/*
 * scratch_dir.h - a directory of a test's own below TMPDIR, removed with all in it.
 */
#ifndef SCRATCH_DIR_H
#define SCRATCH_DIR_H

#include <stddef.h>
#include "compiler.h"

/* Every failure aborts. */
char *scratch_open(void);
void scratch_close(char *dir); /* also frees it */
/* The same in the caller's buffer. If a test needs an empty directory, it removes the contents
 * itself. */
void scratch_make(char *dst, size_t n);
void scratch_remove(const char *dir);
void scratch_enter(void);               /* for the working directory of a whole program */
void scratch_file(char *dst, size_t n); /* makes only an empty file */
void scratch_path(const char *dir, const char *name, char dst[static 300]);
/* Copies one of our programs, of the same flavour as the test, to a place that another user can
 * reach. (The build directory may be below /root.) */
void scratch_program(const char *dir, const char *name, char *dst, size_t n);
void scratch_write(const char *dir, const char *name, const char *text, unsigned mode);

#endif
