/*
 * unit_files.h - systemd's unit files, read as files: which of them starts Nomad's agent?
 *
 * For units that systemd may not have loaded; what it has loaded is asked of service_systemd.
 * Read are files *.service up to 64 KiB; what cannot be read names nothing. Any thread.
 */
#ifndef UNIT_FILES_H
#define UNIT_FILES_H

#include <stddef.h>
#include "message.h"

/* Does a unit but for the one whose file is `fragment` and those of the same name, which it hides
 * or which hide it, start `program agent`? TRI_UNKNOWN: one starts the program with a variable in
 * place of its first word. dst: that unit's name, "" none. dirs: NULL at the end; NULL: where
 * systemd looks. */
enum tri unit_files_naming(const char *const *dirs, const char *program, const char *fragment,
                           char *dst, size_t n);
/* The same of one unit file's text. Other commands of the program (`operator snapshot save`) end
 * by themselves and are no agent. */
enum tri unit_text_starts(const char *text, const char *program);

#endif
