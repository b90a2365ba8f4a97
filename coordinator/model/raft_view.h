/*
 * raft_view.h - one region as its servers report it: which servers belong to it, which leads, which
 * vote. Pure.
 *
 * The gates of a region use it (gate.c). Answers older than FRESH_MS do not count. Servers that are
 * past (plan_is_former_server) do not belong to the region. In a replacement, a server that every
 * list calls `left` does not belong either, unless it is joining or has joined. A server that joins
 * belongs from when a list of members first contains it. A dead server (raft_view_is_dead) belongs,
 * and counts as a voter while raft lists it, but is not asked.
 *
 * region_leader answers one question. A caller with several questions makes a view: raft_view_init,
 * perhaps raft_view_leave_out, then raft_view_is_sound and raft_view_find_leader, in this order,
 * then the rest. A view borrows the world, the plan and `ret`, owns nothing, and is valid as long
 * as they are. A function that returns false has put the reason into `ret`. A region with more than
 * REGION_SERVERS_MAX servers is not sound.
 */
#ifndef RAFT_VIEW_H
#define RAFT_VIEW_H

#include "gate.h"

#define REGION_SERVERS_MAX 64

struct raft_view {
    const struct world *w;
    const struct plan *p;   /* an empty plan: nothing is planned */
    const struct ledger *l; /* NULL: nothing was begun */
    const char *region;
    int64_t now;
    const struct host *servers[REGION_SERVERS_MAX];
    size_t n;
    bool too_many;
    bool without[REGION_SERVERS_MAX]; /* left out and not asked: dead, taken as gone, or the caller
                                         asks what happens without it */
    const struct host *leader;        /* NULL: no single leader is known */
    struct gate_result *ret;
};

/* p, l NULL: nothing is planned, nothing was begun. */
void raft_view_init(struct raft_view *v, const struct world *w, const struct plan *p,
                    const struct ledger *l, const char *region, int64_t now,
                    struct gate_result *ret);
/* Sets kind and text of `ret`. Always returns false, so that a check can return the call. */
bool raft_view_set_verdict(struct raft_view *v, enum verdict_kind kind, const char *fmt, ...)
    PRINTF(3, 4);
/* True if the region has servers, and the world could be observed. */
bool raft_view_is_sound(struct raft_view *v);
void raft_view_leave_out(struct raft_view *v, const struct host *h);
/* True if the server leaves and was accepted as dead. During an abort, also true for a server
 * whose turn to leave had not come and for a server that has joined, if every list calls it
 * failed. So the abort can take out the servers that have joined. */
bool raft_view_is_dead(const struct raft_view *v, const struct host *h);
/* True if the server knows a leader. */
bool raft_view_knows_leader(struct raft_view *v, const struct host *h);
/* True if all servers, without those left out, name the same leader; sets v->leader. */
bool raft_view_find_leader(struct raft_view *v);
enum member_status raft_view_member_status(const struct server_view *by, const char *id);
/* Returns the server that a peer belongs to; NULL: no server of the region. With raft protocol 2
 * a peer's id is its address (recorded: Nomad 1.0.18, raft protocol 2). */
const struct host *raft_view_peer_host(const struct raft_view *v, const struct peer *p);
/* Counts what the lists of the region's other servers, read just now, call the server with this
 * raft id. */
struct member_words {
    size_t lists, alive, failed,
        out; /* out: left, or not listed; any other status counts in lists only */
};
struct member_words region_words(const struct world *w, const char *region, const char *id,
                                 int64_t now);
/* True if at least one list was read just now, and every such list has the server as `left` or
 * not at all. id: raft id; "": none. */
bool region_has_left(const struct world *w, const char *region, const char *id, int64_t now);
/* True if at least one list was read just now, some list calls the server failed, and every
 * other list calls it failed or left, or does not have it. */
bool region_has_failed(const struct world *w, const char *region, const char *id, int64_t now);
/* TRI_YES if some raft configuration of the region, read just now from another server, has this
 * peer. TRI_UNKNOWN: none was read. */
enum tri region_has_peer(const struct world *w, const char *region, const char *id, int64_t now);
/* Returns how many servers of the region should vote by now, by the plan: the voters at the
 * beginning and those that have joined, without those that have left and the dead. 0: unknown. */
uint32_t raft_view_planned_voters(const struct raft_view *v);
/* Does the server vote? Uses every raft configuration that was read; without any, autopilot;
 * without that, the server's own agent/self. */
enum tri raft_view_is_voter(const struct raft_view *v, const struct host *h);

/* Returns the leader that every server of the region names, by fresh answers; NULL: no single
 * leader is known. Plan and ledger only say which servers are dead (raft_view_is_dead); all others
 * count as they are listed. p NULL: none is dead. l NULL: none has died since the plan. */
const struct host *region_leader(const struct world *w, const struct plan *p,
                                 const struct ledger *l, const char *region, int64_t now);
/* As region_leader; if NULL, ret->text says why. */
const struct host *region_leader_why(const struct world *w, const struct plan *p,
                                     const struct ledger *l, const char *region, int64_t now,
                                     struct gate_result *ret);

#endif
