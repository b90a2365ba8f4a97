/*
 * situation.h - all that decide may look at, and the questions that its parts share. Pure.
 *
 * A situation contains the world (what is), the plan (what should be), the ledger (what was
 * committed), the evidence (how long the gates have passed), what the leases allow, and `now`.
 * Nothing here looks at a clock. The run fills a situation for each tick. The situation borrows
 * everything and is valid for that tick only.
 *
 * The functions below answer the questions that come before all that Caravan begins. If a function
 * takes a decision and its answer is no, it adds to the decision the wait, or the stop of the run.
 */
#ifndef SITUATION_H
#define SITUATION_H

#include "decision.h"
#include "evidence.h"

#define SWAP_TRIES 4

/* The state of one lease; the run fills it in. */
enum claim {
    CLAIM_NONE,
    CLAIM_ASKED,
    CLAIM_HELD,
    CLAIM_REFUSED, /* another run holds the lease */
    CLAIM_SILENT,  /* the agent did not answer repeated questions */
};

struct lease_view {
    bool all;      /* the run holds the lease of every server agent in the plan's regions */
    bool majority; /* the run holds a majority in every region; nothing begins without that */
    bool paused;   /* the agent of a server says that the run is paused */
    bool taken;    /* another run has taken over the leases */
    const enum claim *claims; /* by index of plan hosts */
    char text[TEXT_MAX];      /* for people: which leases are missing, and which run holds them */
};

struct situation {
    const struct world *world;
    const struct plan *plan;
    const struct ledger *ledger;
    const struct evidence *evidence;
    const struct lease_view *lease;
    int64_t now;
};

/* May the run begin anything now? No if the run is ending, lacks leases, or is paused, or if the
 * observation is too old. Then the function states the wait. */
bool may_begin(const struct situation *s, struct decision *d);
/* Do Nomad's record and the answering agent describe the same host, by answers from just now
 * (invariant 12)? NULL: yes. Otherwise the reason, for people. */
const char *host_disagrees(const struct host *h, int64_t now);
/* True if the agent answers hello, but SWAP_TRIES times in a row no order reached caravan-swap,
 * or no answer came back from caravan-swap. This includes a host that accepted the order before.
 * The function then stops the run and names the host. */
bool swap_is_dead(const struct situation *s, struct decision *d, size_t i);
/* True if the host's order will never get a receipt, because the coordinator now signs with another
 * key. caravan-swap has answered the same order signed with the new key, so caravan-swap is alive
 * and has its record. Its later status does not name the order, so the order was never carried out.
 * caravan-swap also answered that the order is too late by now. The function then adds an intent to
 * withdraw the order. */
bool order_is_void(const struct situation *s, struct decision *d, size_t i);
/* True if the host runs a version newer than the target. */
bool host_is_newer(const struct situation *s, const struct host *h);
/* True if Nomad and the agent both report that the host runs the target, and the agent works on
 * nothing. Somebody else upgraded the host, or an order that this run gave up was carried out
 * after all. The run then orders nothing there and only asks the host's gates. */
bool host_runs_target(const struct situation *s, size_t i, const struct host *h);
/* True if the agent reports the target, but its status or Nomad's own report is still missing.
 * The run orders nothing there until both have come. */
bool host_may_run_target(const struct situation *s, size_t i, const struct host *h);
/* True if the host is done by a swap of this run, or has joined by this run. */
bool host_done_by_us(const struct situation *s, size_t i);
/* States that `name` passes its gates, how long it has passed, and how long it must pass. */
void waiting_to_settle(const struct situation *s, struct decision *d, const char *key,
                       const char *name, const struct streak *e);
/* True if the region's gate passes now. Otherwise the function states the wait, of the host
 * `key` ("": of no host). */
bool region_is_well(const struct situation *s, struct decision *d, const char *key,
                    const char *name);
/* True if the streak of every region has settled and began after `since`. Otherwise the function
 * states the wait for the first region that has not settled. */
bool regions_settled(const struct situation *s, struct decision *d, int64_t since);
/* Writes what is wrong with a region by the newest observation, for people: "; region r1: ...";
 * "" if nothing is. Returns dst. */
const char *region_trouble(const struct situation *s, const char *region, char dst[static 200]);
/* True if a complete list of servers, or of nodes, from just now does not contain the host. */
bool host_is_gone(const struct situation *s, size_t i);
/* True if all effects are finished. Otherwise the function adds an intent to undo each effect of
 * a host whose turn is over, and states the wait. */
bool effects_undone(const struct situation *s, struct decision *d);

#endif
