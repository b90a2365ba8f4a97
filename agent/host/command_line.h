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

/* The value of the option: of the last one, as Go's flags read it: "-NAME VALUE", "-NAME=VALUE"; of
 * a flag "-NAME", which is "true", and "-NAME=VALUE". NULL: it is not there, or has no value. It
 * ends in NUL, and lives as long as the words. */
const char *command_line_value(const char *words, size_t n, const char *name, bool flag);

/* The words that tell how Nomad is started next. */
struct command_line_start {
    const char *words; /* of the unit, or of the process */
    size_t n;          /* 0: none is known */
    const char *why;   /* NULL: they are all. Else they are a part, and this is why */
};

/* unit: the words that its unit has; running: those of its main process; 0 bytes: not known. The
 * unit's count, without variables in them. Those of a script, or with variables: the process's
 * count when they agree with what of the unit's is no variable. The one place where that is
 * decided. */
struct command_line_start command_line_of_start(const char *unit, size_t n, const char *running,
                                                size_t m);

#endif
