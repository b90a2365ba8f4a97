/*
 * event_about.h - what an entry of the journal is about (struct log_about), out of what the
 * agent's programs know.
 *
 * Only what was signed by a key that the trust names gets here: what a stranger claims to be a
 * run or an order is no field. Texts are borrowed: constants, or of the value given.
 *
 * Orders name an epoch, not a run; which run it was given to the lease knows, which
 * caravan-agent keeps. caravan-swap reads that for its own entries: CARAVAN_RUN is only as true
 * as caravan-agent, and nothing is decided by it.
 */
#ifndef EVENT_ABOUT_H
#define EVENT_ABOUT_H

#include "lease.h"
#include "log.h"
#include "message.h"

struct event_run {
    uint64_t epoch;
    char hex[2 * RUN_ID_LEN + 1]; /* "": not known */
};

/* The lease's last holder, if it was given this epoch. */
struct event_run event_run_of(const struct lease *l, uint64_t epoch);
/* The same from caravan-agent's state file ("": none). Keeps what is known of this epoch; a file
 * that cannot be read is not known. */
void event_run_look(const char *path, uint64_t epoch, struct event_run *run);

/* REFUSAL_NONE: accepted. */
struct log_about event_about_order(const struct header *h, enum refusal refusal);

#endif
