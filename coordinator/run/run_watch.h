/*
 * run_watch.h - snapshots asked for, counts kept, alarms heard: what run does for decide_watch.
 *
 * What is kept is kept in the ledger. watch_ask and watch_tell ask for something through the ports;
 * the others only note what came of it.
 */
#ifndef RUN_WATCH_H
#define RUN_WATCH_H

#include "run.h"

void watch_ask(struct run *r, const struct intent *in);     /* INTENT_SNAPSHOT */
void watch_snapshot(struct run *r, const struct event *ev); /* its answer */
/* The state's counts, before a server's swap and when it has settled. */
void watch_before(struct run *r, struct ledger_host *lh, const struct plan_host *p);
void watch_settled(struct run *r, const struct plan_host *p);
void watch_alarm(struct run *r, const struct event *ev);
/* Tells the ports whom to count and whom to listen to. */
void watch_tell(struct run *r, const struct situation *s);

#endif
