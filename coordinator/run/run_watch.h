/*
 * run_watch.h - does for decide_watch what needs the outside: snapshots, counts, alarms.
 *
 * watch_ask and watch_tell ask for something through the ports. The other functions record the
 * answers in the ledger.
 */
#ifndef RUN_WATCH_H
#define RUN_WATCH_H

#include "run.h"

void watch_ask(struct run *r, const struct intent *in);     /* for INTENT_SNAPSHOT */
void watch_snapshot(struct run *r, const struct event *ev); /* the answer to watch_ask */
/* Record the counts of Nomad's objects: before a server's swap, and when the server has settled. */
void watch_before(struct run *r, struct ledger_host *lh, const struct plan_host *p);
void watch_settled(struct run *r, const struct plan_host *p);
void watch_alarm(struct run *r, const struct event *ev);
/* Tells the ports which servers' objects to count, and which servers' logs to read. */
void watch_tell(struct run *r, const struct situation *s);

#endif
