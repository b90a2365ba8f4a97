/*
 * decide_desk.h - a small fleet on the heap, and what tests of decide() ask of it.
 *
 * desk_fleet or desk_clients, change what the test is about, decide, desk_done.
 */
#ifndef DECIDE_DESK_H
#define DECIDE_DESK_H

#include "small_fleet.h"

struct small_fleet *desk_fleet(enum run_state state);
/* All servers done, clients at work, so many at once. */
struct small_fleet *desk_clients(uint32_t parallel);
void desk_done(struct small_fleet *f);
struct ledger_host *desk_host(struct small_fleet *f, const char *key);
/* Decides: a swap of this host; NULL: of none. Else the test fails. */
void desk_swaps(struct small_fleet *f, const char *key);
/* Looks every 2 s, so long, then decides. */
void desk_settle_for(struct small_fleet *f, int64_t ms);

#endif
