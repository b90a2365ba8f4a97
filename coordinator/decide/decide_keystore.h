/*
 * decide_keystore.h - copies of the root keys of servers whose snapshots lack them. Pure.
 *
 * Before the first server is changed, the agent of each server of the plan whose root keys lie
 * on its disk alone (keystore_on_disk.h) copies them on its own disk (the order `preserve`); the
 * run learns a count, a digest and a path, never a key. A server whose copy fails stops the run,
 * unless no-keystore is accepted. Putting a copy back is left to people.
 *
 * An order asks for the same thing every time, and the agent makes one copy a run of it: it
 * is not kept in the ledger, and after a crash simply given once more. Where the run waits
 * for long before its first server, the copies are made anew, as snapshots are. run_keystore.c
 * gives the orders and takes their answers.
 */
#ifndef DECIDE_KEYSTORE_H
#define DECIDE_KEYSTORE_H

#include "situation.h"

#define KEYSTORE_TRIES 8

/* Of every server of the plan that is to be changed and has one: it is copied, or that it is not
 * is accepted. States the wait, asks, stops. */
bool keystores_copied(const struct situation *s, struct decision *d);
/* Whether copies of a region's servers hold different keys, by their names: replication gives
 * each server the same. Says which. */
bool keystores_differ(const struct plan *p, const struct ledger *l, const char *region,
                      char dst[static TEXT_MAX]);

#endif
