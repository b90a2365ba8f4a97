/*
 * decide_keystore.h - copies of the root keys of servers whose snapshots lack these keys. Pure.
 *
 * If a planned server keeps its root keys only on its own disk (keystore_on_disk.h), its agent
 * copies them on the same disk before the first server is changed (the order `preserve`). The run
 * learns a count, a digest and a path, and never a key. If a copy fails, the run stops, unless the
 * operator accepted no-keystore. Caravan never puts a copy back; that is left to people.
 *
 * The order asks for the same thing every time, and the agent makes only one copy for each run. So
 * the ledger does not keep the order, and after a crash the coordinator simply gives it again. If
 * the run waits long before its first server, the copies are made again, as snapshots are.
 * run_keystore.c gives the orders and receives the answers.
 */
#ifndef DECIDE_KEYSTORE_H
#define DECIDE_KEYSTORE_H

#include "situation.h"

#define KEYSTORE_TRIES 8

/* True if each server that is to be changed and has a keystore is copied, or the missing copy is
 * accepted. Otherwise the function states the wait and asks for the copy, or stops the run. */
bool keystores_copied(const struct situation *s, struct decision *d);
/* True if the copies of a region's servers contain different keys, by the names of the keys.
 * Replication gives each server the same keys. dst: which servers differ, for people. */
bool keystores_differ(const struct plan *p, const struct ledger *l, const char *region,
                      char dst[static TEXT_MAX]);

#endif
