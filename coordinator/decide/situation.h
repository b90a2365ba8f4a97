/*
 * situation.h - everything decide may look at, and the questions all its parts ask of it. Pure.
 *
 * What is (world), what should be (plan), what was committed (ledger), what has been passing for
 * how long (evidence), what the leases allow, and now: nothing here looks at a clock. run fills
 * one for each tick; it borrows all of it and is valid for that tick.
 *
 * The questions stand before everything Caravan begins. Those that are given a decision state in
 * it what is waited for, or stop the run, where the answer is not the one to go on with.
 */
#ifndef SITUATION_H
#define SITUATION_H

#include "decision.h"
#include "evidence.h"

#define SWAP_TRIES 4

/* What the leases allow, told by the run. */
enum claim {
    CLAIM_NONE,
    CLAIM_ASKED,
    CLAIM_HELD,
    CLAIM_REFUSED, /* another run holds it */
    CLAIM_SILENT,  /* asked again and again: no answer */
};

struct lease_view {
    bool all;                 /* every server agent's of the plan's regions */
    bool majority;            /* of every region's: needed to begin anything */
    bool paused;              /* some server's agent says so */
    bool taken;               /* another run took over */
    const enum claim *claims; /* by index of plan hosts */
    char text[TEXT_MAX];      /* who is missing, who holds it */
};

struct situation { /* everything decide_* may look at */
    const struct world *world;
    const struct plan *plan;
    const struct ledger *ledger;
    const struct evidence *evidence;
    const struct lease_view *lease;
    int64_t now;
};

/* May anything be begun: not ending, leases, not paused, a fresh observation? States why not. */
bool may_begin(const struct situation *s, struct decision *d);
/* Nomad's record and the agent that answers are about the same host, asked just now
 * (invariant 12). NULL: yes; else why not. */
const char *host_disagrees(const struct host *h, int64_t now);
/* Its agent answers, but so many times in a row no order came through to caravan-swap, nor an
 * answer back, also when it had taken the order before: then the run stops, and names it. True: it
 * stops. */
bool swap_is_dead(const struct situation *s, struct decision *d, size_t i);
/* No receipt of the host's order will come, for the key that signed it is not the one that signs
 * now. caravan-swap has answered the same order signed anew, and so is alive and has its record at
 * hand; asked after that, its status does not name the order: it was never carried out. That it is
 * too late by now is what caravan-swap answered. True: the order is withdrawn. */
bool order_is_void(const struct situation *s, struct decision *d, size_t i);
/* The newest version rule: runs something newer than the target. */
bool host_newer(const struct situation *s, const struct host *h);
/* By Nomad and by its agent, which rests, it runs what it is to run: somebody else saw to it, or an
 * order of ours that was given up. Then its gates are asked, and nothing is ordered. */
bool host_runs_target(const struct situation *s, size_t i, const struct host *h);
/* Its agent says that it runs the target; its status, or Nomad's own word, is still to come. Until
 * then nothing is ordered there. */
bool host_may_run_target(const struct situation *s, size_t i, const struct host *h);
/* It is done, by a swap of ours, or it has joined. */
bool host_done_by_us(const struct situation *s, size_t i);
/* States that `name` passes its gates, for how long, and how long it must. */
void waiting_to_settle(const struct situation *s, struct decision *d, const char *key,
                       const char *name, const struct streak *e);
/* The region's gate passes now; states the wait (of the host `key`, "" none). */
bool region_well(const struct situation *s, struct decision *d, const char *key, const char *name);
/* Region streaks of all regions, begun after `since`; states the wait for the first that lacks. */
bool regions_settled(const struct situation *s, struct decision *d, int64_t since);
/* What ails a region by the newest look, for people: ": region r1: ..." or "". */
const char *region_ails(const struct situation *s, const char *region, char dst[static 200]);
/* A complete list of its kind, asked just now, does not have the host. */
bool host_is_gone(const struct situation *s, size_t i);
/* All effects are finished; else those of hosts whose turn is over are to be undone, and the wait
 * is stated. */
bool effects_undone(const struct situation *s, struct decision *d);

#endif
