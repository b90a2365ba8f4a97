/*
 * signals.h - what the operator says to a running command: signals, and questions.
 *
 * signals_open blocks SIGINT, SIGTERM and SIGHUP and makes a descriptor for them; it
 * must be called before any thread is started. The first signal asks to pause (hosts
 * in flight finish), the second to leave at once. SIGPIPE is ignored.
 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <stdbool.h>
#include "err.h"
#include "ports.h"

struct signals {
    int fd;      /* signalfd; -1: not open */
    int signals; /* so far */
    int last;    /* the last one */
};

MUST_CHECK int signals_open(struct signals *c, struct err *err);
void signals_close(struct signals *c);
/* Reads what is there. true: *ret says what is asked now. */
bool signals_read(struct signals *c, enum operator_request *ret);

/* Asks "question [y/N] " on the terminal. 1 yes, 0 no (also by a signal); -1 when standard input is
 * no terminal (ERR_REFUSED, with what to do instead). */
MUST_CHECK int question_confirm(struct signals *c, const char *question, struct err *err);
#define QUESTION_OTHER   0
#define QUESTION_NOTHING 1 /* a signal came, or the end of the input */
/* Asks the question as it is given. words: small, a blank between. The first letter of the one that
 * was typed, whole or by this letter; QUESTION_OTHER: something else; QUESTION_NOTHING; -1
 * (ERR_REFUSED, which ends in `instead`) as above. */
MUST_CHECK int question_choose(struct signals *c, const char *question, const char *words,
                               const char *instead, struct err *err);

#endif
