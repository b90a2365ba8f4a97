/*
 * scratch_dir.h - a directory of a test's own below TMPDIR, removed with all in it.
 */
#ifndef SCRATCH_DIR_H
#define SCRATCH_DIR_H

#include "compiler.h"

char *scratch_open(void);      /* aborts when it cannot */
void scratch_close(char *dir); /* frees it too */
void scratch_path(const char *dir, const char *name, char dst[static 300]);
void scratch_write(const char *dir, const char *name, const char *text, unsigned mode);

#endif
