/*
 * command_line.h - the words of a process's command line, as in /proc/PID/cmdline.
 *
 * Pure. Each word ends in NUL. But a process can write anything there, and the text may be cut
 * off: then the last word ends where the bytes end. config_trial.h finds the -config paths among
 * the words.
 */
#ifndef COMMAND_LINE_H
#define COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* Is this "PROGRAM agent", with any words after it? */
bool command_line_is_agent(const char *words, size_t n);
/* Do the words contain this option, with one dash or more, alone or as "-NAME=VALUE"? */
bool command_line_has(const char *words, size_t n, const char *name);

/* The value of the last such option, by the rules of Go's package flag: "-NAME VALUE" or
 * "-NAME=VALUE"; if `flag` is true, "-NAME" (its value is "true") or "-NAME=VALUE". NULL: the
 * option is missing, or has no value. The value ends in NUL and points into the words. */
const char *command_line_value(const char *words, size_t n, const char *name, bool flag);

/* The words with which Nomad will be started next. */
struct command_line_start {
    const char *words; /* of the unit, or of the process */
    size_t n;          /* 0: no words are known */
    const char *why;   /* NULL: the words are complete; else why they are not */
};

/* unit: the words of Nomad's unit. running: the words of Nomad's main process. 0 bytes: unknown.
 * The unit's words count if they contain no variable. If the unit starts a script, or its words
 * contain variables, the process's words count, provided that they agree with the unit's fixed
 * words. Only this function decides that. */
struct command_line_start command_line_of_start(const char *unit, size_t n, const char *running,
                                                size_t m);

#endif
