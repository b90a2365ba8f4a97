/*
 * event_about.h - the fields of a journal entry (struct log_about), made from an order.
 *
 * Only orders that are signed by a key that the trust names come here. A run or an order that a
 * stranger claims never becomes a field. Texts are borrowed: they are constants, or they belong to
 * the given value.
 *
 * An order names an epoch, not a run. Only the lease knows which run got an epoch, and
 * caravan-agent keeps the lease. caravan-swap reads caravan-agent's file for its own journal
 * entries. So CARAVAN_RUN is only as true as caravan-agent, and nothing is decided by it.
 */
#ifndef EVENT_ABOUT_H
#define EVENT_ABOUT_H

#include "lease.h"
#include "log.h"
#include "message.h"

struct event_run {
    uint64_t epoch;
    char hex[2 * RUN_ID_LEN + 1]; /* the run id; "": unknown */
};

/* The run that got this epoch, if the lease still names that run; else "". */
struct event_run event_run_of(const struct lease *l, uint64_t epoch);
/* Like event_run_of, with the lease in caravan-agent's state file at `path` ("": there is no file).
 * If *run already names the run of this epoch, the function does not read the file. If the file
 * cannot be read, the run is unknown. */
void event_run_look(const char *path, uint64_t epoch, struct event_run *run);

/* The kind and sequence of the order, and the refusal (REFUSAL_NONE: the order was accepted). */
struct log_about event_about_order(const struct header *h, enum refusal refusal);

#endif
