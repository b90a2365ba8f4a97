/*
 * unit_files.h - reads systemd's unit files: which of them starts Nomad's agent?
 *
 * For units that systemd may not have loaded. (service_systemd asks systemd about loaded units.)
 * Reads the files *.service up to 64 KiB; a file that cannot be read starts nothing. Any thread.
 */
#ifndef UNIT_FILES_H
#define UNIT_FILES_H

#include <stddef.h>
#include "message.h"

/* Does another unit than `fragment` start `program agent`? (A file with the same name as `fragment`
 * in another directory is the same unit: one of the two hides the other.) TRI_UNKNOWN: a unit
 * starts the program with a variable in place of its first argument. dst: that unit's name; "":
 * none. dirs: ends with NULL; if dirs is NULL, systemd's own directories. */
enum tri unit_files_naming(const char *const *dirs, const char *program, const char *fragment,
                           char *dst, size_t n);
/* Like unit_files_naming, for the text of one unit file. Other commands of the program (`operator
 * snapshot save`) end by themselves, so they do not count. */
enum tri unit_text_starts(const char *text, const char *program);

#endif
