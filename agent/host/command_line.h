/*
 * command_line.h - the words of a process, as /proc/PID/cmdline has them.
 *
 * Pure. Each word ends in NUL, but a process writes what it likes there, and what is read may be
 * cut off: the last word ends where the bytes end. The -config paths among them: config_trial.h.
 */
#ifndef COMMAND_LINE_H
#define COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* "PROGRAM agent", whatever follows. */
bool command_line_is_agent(const char *words, size_t n);
/* Is the option among the words, with one dash or two, alone or as "-NAME=VALUE"? */
bool command_line_has(const char *words, size_t n, const char *name);

#endif
