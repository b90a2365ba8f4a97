/*
 * decide_desk.h - a small fleet on the heap, and what tests of decide() need of it.
 *
 * Call desk_fleet or desk_clients, change what the test is about, decide, then call desk_done.
 */
#ifndef DECIDE_DESK_H
#define DECIDE_DESK_H

#include "small_fleet.h"

struct small_fleet *desk_fleet(enum run_state state);
/* All servers are done, and the clients are at work, so many at once. */
struct small_fleet *desk_clients(uint32_t parallel);
void desk_done(struct small_fleet *f);
struct ledger_host *desk_host(struct small_fleet *f, const char *key);
/* Decides, and fails the test unless the decision swaps this host; NULL: unless it swaps none. */
void desk_swaps(struct small_fleet *f, const char *key);
/* Observes every 2 s for so many milliseconds, then decides. */
void desk_settle_for(struct small_fleet *f, int64_t ms);

#endif
