/*
 * arguments.h - finds the faults of a command line that its words alone show.
 *
 * main calls it before any file is read, any key is opened, and the operator is asked anything. So
 * an operator who mistypes a value sees the error first, also on a machine that has no trust file
 * yet. The verb checks later what needs the fleet or the ledger: whether there is such a host, such
 * a run, such a finding.
 */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include "options.h"

/* verb: the name that cli_parse found; argv: the arguments after it. ERR_USAGE: the text names the
 * wrong word and says what is expected. */
MUST_CHECK int arguments_check(const char *verb, const struct options *o, int argc, char **argv,
                               struct err *err);

/* Reads a day such as 2027-12-31. *ret: its first second in UTC; 0 for NULL and for "never". */
MUST_CHECK int arguments_day(const char *text, int64_t *ret, struct err *err);

#endif
