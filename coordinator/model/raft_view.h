/*
 * raft_view.h - one region as its servers tell it: who belongs, who leads, who votes.
 *
 * The ground the gates of a region stand on (gate.c). Pure. Answers older than FRESH_MS do not
 * count, and servers that are past (plan_is_past) do not belong; nor does a server of a replacement
 * that everybody calls `left`, unless it is joining or has joined. One that joins belongs from when
 * a member's list first has it. One that is dead (view_dead) belongs, and counts as a voter while
 * raft has it; it is not asked.
 *
 * region_leader answers one question. Who has several makes a view: view_init, perhaps
 * view_without, then view_is_sound and view_leader, in this order, then the rest. A view
 * borrows the world, the plan and `ret`, owns nothing, and is valid as long as they are. Functions
 * that answer false have put the reason into `ret`. At most REGION_SERVERS_MAX servers: a region
 * with more is not sound.
 */
#ifndef RAFT_VIEW_H
#define RAFT_VIEW_H

#include "gate.h"

#define REGION_SERVERS_MAX 64

struct view {
    const struct world *w;
    const struct plan *p;   /* an empty one: nothing is planned */
    const struct ledger *l; /* NULL: nothing was begun */
    const char *region;
    int64_t now;
    const struct host *servers[REGION_SERVERS_MAX];
    size_t n;
    bool too_many;
    bool
        without[REGION_SERVERS_MAX]; /* not asked: taken as gone or dead, or its going is weighed */
    const struct host *leader;       /* NULL: unclear */
    struct gate_result *ret;
};

/* p, l NULL: nothing is planned, nothing was begun. */
void view_init(struct view *v, const struct world *w, const struct plan *p, const struct ledger *l,
               const char *region, int64_t now, struct gate_result *ret);
/* Always false, so that a check can return it. */
bool view_say(struct view *v, enum verdict_kind kind, const char *fmt, ...) PRINTF(3, 4);
/* There are servers, the world could be observed. */
bool view_is_sound(struct view *v);
void view_without(struct view *v, const struct host *h);
/* It leaves, and was accepted as dead; or the run is being aborted, it was still to leave, and
 * everybody calls it failed: what has joined is taken out all the same. */
bool view_dead(const struct view *v, const struct host *h);
/* It knows a leader. */
bool view_led(struct view *v, const struct host *h);
/* All of them (but those it is without) name the same leader: sets v->leader. */
bool view_leader(struct view *v);
enum member_status view_status(const struct server_view *by, const char *id);
/* Which server a peer is; NULL: none of the region. With raft protocol 2 a peer's id is its
 * address (recorded: Nomad 1.0.18, raft protocol 2). */
const struct host *view_peer(const struct view *v, const struct peer *p);
/* What the lists of the region's other servers, read just now, call the server of this raft id. */
struct member_words {
    size_t lists, alive, failed,
        out; /* out: left, or not listed; of any other status: lists alone */
};
struct member_words region_words(const struct world *w, const char *region, const char *id,
                                 int64_t now);
/* Nobody's list has it but as `left`, and somebody's was read just now. id: raft id, "" none. */
bool region_has_left(const struct world *w, const char *region, const char *id, int64_t now);
/* Everybody's list, and somebody's was read just now, calls it failed, or left. */
bool region_has_failed(const struct world *w, const char *region, const char *id, int64_t now);
/* Some raft configuration of the region, read just now from another server, has this peer; UNKNOWN:
 * none was read. */
enum tri region_has_peer(const struct world *w, const char *region, const char *id, int64_t now);
/* How many servers of the region the plan wants to vote by now: those of the beginning, and those
 * that have joined, without those that have left and the dead. 0: unknown. */
uint32_t view_planned_voters(const struct view *v);
/* By every raft configuration read; without one by autopilot; without that by its own
 * agent/self. */
enum tri view_voter(const struct view *v, const struct host *h);

/* The one leader every server of the region names, by fresh answers; NULL: unclear. Of plan and
 * ledger only who is dead is asked (view_dead): all others count as they are listed. p: NULL nobody
 * is; l: NULL nobody has died since the plan. */
const struct host *region_leader(const struct world *w, const struct plan *p,
                                 const struct ledger *l, const char *region, int64_t now);
/* NULL: ret->text says why. */
const struct host *region_leader_why(const struct world *w, const struct plan *p,
                                     const struct ledger *l, const char *region, int64_t now,
                                     struct gate_result *ret);

#endif
