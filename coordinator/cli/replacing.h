/*
 * replacing.h - servers that are replaced: from the command line, or a run's plan, to the observer.
 *
 *     replacing_begin(c, &r, &policy, &err)    between context_open and the first look
 *     replacing_resume(c, &plan, &err)         the same for a run out of the ledger
 *     replacing_enrol(c, &plan, l, w, &err)    when the run has ended, well or not
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

/* ERR_USAGE: nobody or too many were named, a host twice, or what is no address. ERR_REFUSED: a new
 * one is not enrolled, and what to do. */
MUST_CHECK int replacing_begin(struct command_context *c, struct replacing *r, struct policy *y,
                               struct err *err);
/* Nothing where the plan replaces nobody. ERR_REFUSED: a host of it is enrolled no more. */
MUST_CHECK int replacing_resume(struct command_context *c, const struct plan *p, struct err *err);
/* Who has joined is remembered by its Nomad id from now on, with the key of its enrolment. */
MUST_CHECK int replacing_enrol(struct command_context *c, const struct plan *p,
                               const struct ledger *l, const struct world *w, struct err *err);
/* NOMAD_ADDR is a server that has left: says so, on standard error. */
void replacing_tell_address(const struct command_context *c, const struct plan *p,
                            const struct ledger *l, const struct world *w);
/* look_choose: servers that are clients as well, whose tasks are looked at. */
size_t replacing_look(const struct world *w, const char **keys, size_t max);

#endif
