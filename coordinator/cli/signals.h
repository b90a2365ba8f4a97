/*
 * signals.h - signals from the operator to a running command, and questions to the operator.
 *
 * signals_open blocks SIGINT, SIGTERM and SIGHUP and makes a descriptor for them. Call it before
 * any thread is started. The first signal asks to pause (hosts in flight finish), the second asks
 * to leave at once. SIGPIPE is ignored.
 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <stdbool.h>
#include "err.h"
#include "ports.h"

struct signals {
    int fd;      /* signalfd; -1: not open */
    int signals; /* number of signals so far */
    int last;    /* the last signal */
};

MUST_CHECK int signals_open(struct signals *c, struct err *err);
void signals_close(struct signals *c);
/* Reads one signal, if there is one. true: *ret says what the signal asks for. */
bool signals_read(struct signals *c, enum operator_request *ret);

/* Asks "question [y/N] " on the terminal. 1: yes. 0: no, or a signal came. -1: standard input is
 * not a terminal (ERR_REFUSED; the text says what to do instead). */
MUST_CHECK int question_confirm(struct signals *c, const char *question, struct err *err);
#define QUESTION_OTHER   0
#define QUESTION_NOTHING 1 /* a signal came, or the end of the input */
/* Asks the question as it is given. words: the possible answers, in small letters, with blanks
 * between. The operator types a word or its first letter; the function returns the first letter.
 * QUESTION_OTHER: the operator typed something else. QUESTION_NOTHING: see above. -1: standard
 * input is not a terminal (ERR_REFUSED; the text ends with `instead`). */
MUST_CHECK int question_choose(struct signals *c, const char *question, const char *words,
                               const char *instead, struct err *err);

#endif
