/*
 * unit_files.h - systemd's unit files, read as files: which of them starts a program?
 *
 * For units that systemd may not have loaded; what it has loaded is asked of service_systemd.
 * Read are files *.service up to 64 KiB; what cannot be read names nothing. Any thread.
 */
#ifndef UNIT_FILES_H
#define UNIT_FILES_H

#include <stdbool.h>
#include <stddef.h>

/* The first unit that starts `program`, but for the one whose file is `fragment` and those of
 * the same name, which it hides or which hide it; "" none. dirs: NULL at the end; NULL: where
 * systemd looks. */
void unit_files_naming(const char *const *dirs, const char *program, const char *fragment,
                       char *dst, size_t n);
/* Does a unit file's text start this program? */
bool unit_text_starts(const char *text, const char *program);

#endif
