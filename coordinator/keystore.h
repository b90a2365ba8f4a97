/*
 * keystore.h - the root keys of servers whose snapshots lack them.
 *
 * From 1.4 up to 1.9 a Nomad server keeps its root keys in files of its own data_dir alone:
 * no snapshot brings back what they encrypted. Before the first server is changed, the agent
 * of each such server of the plan copies them on its own disk (the order `preserve`); the run
 * learns a count, a digest and a path, never a key. A server whose copy fails stops the run,
 * unless no-keystore is accepted. Putting a copy back is left to people.
 *
 *   decide_keystore.c   what is lacking, and whether the servers agree. Pure.
 *   run_keystore.c      the orders and their answers
 *   report_keystore.c   for people and programs
 *
 * An order asks for the same thing every time, and the agent makes one copy a run of it: it
 * is not kept in the ledger, and after a crash simply given once more. Where the run waits
 * for long before its first server, the copies are made anew, as snapshots are.
 */
#ifndef KEYSTORE_H
#define KEYSTORE_H

#include "decide_parts.h"
#include "json.h"

#define KEYSTORE_TRIES     8
#define KEYSTORE_ANSWER_MS 15000 /* no event at all about an order for so long: once more */

/* Does a server of this version keep its root keys on its disk alone? False for what is no
 * version. */
bool keystore_on_disk(const char *version);
/* Of every server of the plan that is to be changed and has one: it is copied, or that it is not
 * is accepted. States the wait, asks, stops. */
bool keystores_copied(const struct situation *s, struct decision *d);
/* Whether copies of a region's servers hold different keys, by their names: replication gives
 * each server the same. Says which. */
bool keystores_differ(const struct plan *p, const struct ledger *l, const char *region,
                      char dst[static TEXT_MAX]);

/* "Keystore of s1: 2 keys, copied to PATH on that host": one line, of one that was copied. */
void report_keystore(const struct plan *p, const struct ledger *l, size_t i, FILE *out);
/* All of them, those that could not be, and regions whose servers differ. */
void report_keystores(const struct plan *p, const struct ledger *l, FILE *out);
struct json *report_keystores_json(const struct plan *p, const struct ledger *l);

#endif
