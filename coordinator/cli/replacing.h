/*
 * replacing.h - gives the new servers of a replacement to the observer.
 *
 *     replacing_begin(c, &r, &policy, &err)    new run; between context_open and the first look
 *     replacing_resume(c, &plan, &err)         the same for a run from the ledger
 *     replacing_enrol(c, &plan, l, w, &err)    at the end of the run, successful or not
 *
 * The policy borrows the keys in r, and the names on the command line.
 */
#ifndef REPLACING_H
#define REPLACING_H

#include "command_context.h"
#include "ledger.h"

struct replacing {
    struct joining_server joining[REPLACED_MAX];
    size_t n;
};

/* ERR_USAGE: a host is named twice, or an address is wrong. ERR_REFUSED: a new server is not
 * enrolled; the text says what to do. */
MUST_CHECK int replacing_begin(struct command_context *c, struct replacing *r, struct policy *y,
                               struct err *err);
/* Does nothing if the plan replaces no server. ERR_REFUSED: a new server is not enrolled any more.
 */
MUST_CHECK int replacing_resume(struct command_context *c, const struct plan *p, struct err *err);
/* Remembers each server that has joined by its Nomad id, with the key from its enrolment. */
MUST_CHECK int replacing_enrol(struct command_context *c, const struct plan *p,
                               const struct ledger *l, const struct world *w, struct err *err);
/* If NOMAD_ADDR is a server that has left, prints a warning on standard error. */
void replacing_tell_address(const struct command_context *c, const struct plan *p,
                            const struct ledger *l, const struct world *w);
/* A look_choose: chooses the servers that are clients too, because their tasks are checked. */
size_t replacing_look(const struct world *w, const char **keys, size_t max);

#endif
