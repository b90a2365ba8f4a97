/*
 * run_safeguards.h - does for decide_watch what needs the outside: snapshots, counts, alarms.
 *
 * safeguard_ask_snapshot and safeguard_set_interest ask for something through the ports. The other
 * functions record the answers in the ledger.
 */
#ifndef RUN_SAFEGUARDS_H
#define RUN_SAFEGUARDS_H

#include "run.h"

void safeguard_ask_snapshot(struct run *r, const struct intent *in); /* for INTENT_SNAPSHOT */
void safeguard_take_snapshot(struct run *r,
                             const struct event *ev); /* the answer to safeguard_ask_snapshot */
/* Record the counts of Nomad's objects: before a server's swap, and when the server has settled. */
void safeguard_count_before(struct run *r, struct ledger_host *lh, const struct plan_host *p);
void safeguard_count_settled(struct run *r, const struct plan_host *p);
void safeguard_take_alarm(struct run *r, const struct event *ev);
/* Tells the ports which servers' objects to count, and which servers' logs to read. */
void safeguard_set_interest(struct run *r, const struct situation *s);

#endif
