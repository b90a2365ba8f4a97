/*
 * scratch_dir.h - a directory of a test's own below TMPDIR, removed with all in it.
 */
#ifndef SCRATCH_DIR_H
#define SCRATCH_DIR_H

#include <stddef.h>
#include "compiler.h"

char *scratch_open(void);      /* aborts when it cannot */
void scratch_close(char *dir); /* frees it too */
void scratch_path(const char *dir, const char *name, char dst[static 300]);
/* A copy of one of our programs, of the flavour of the test: another user reaches the directory,
 * perhaps not where it was built (below /root). */
void scratch_program(const char *dir, const char *name, char *dst, size_t n);
void scratch_write(const char *dir, const char *name, const char *text, unsigned mode);

#endif
