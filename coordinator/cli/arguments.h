/*
 * arguments.h - what is wrong with a command line by its words alone.
 *
 * Called before any file is read, any key is opened, and anybody is asked: who mistypes a value is
 * told so, also on a machine that has no trust file yet. What a word means to this fleet (is there
 * such a host, such a run, such a finding?) the verb finds out later.
 */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include "options.h"

/* verb: as cli_parse found it; argv: its arguments. ERR_USAGE names the word and says what is
 * wanted. */
MUST_CHECK int arguments_check(const char *verb, const struct options *o, int argc, char **argv,
                               struct err *err);

/* The first second of a day, as 2027-12-31, in UTC; 0: NULL, or "never". */
MUST_CHECK int arguments_day(const char *text, int64_t *ret, struct err *err);

#endif
