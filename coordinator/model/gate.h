/*
 * gate.h - questions to the cluster; each answer is pass, fail or unknown. Pure.
 *
 * Unknown never passes. Sources: Nomad's upgrade guide and source, 1.0 to 2.0.5 (facts, section 3:
 * the gates also work where autopilot answers 500, that is with raft protocol 2; then they use
 * agent/self, members and the raft configuration).
 *
 * This file defines an answer, and has the gates of a region. gate_host.h has the gates of a host
 * that was just changed. raft_view.h has what the gates of a region use. evidence.h says how long a
 * gate has passed. A gate borrows its arguments and keeps nothing.
 */
#ifndef GATE_H
#define GATE_H

#include "ledger.h"

enum verdict_kind { GATE_UNKNOWN, GATE_FAIL, GATE_PASS };

#define FRESH_MS 5000 /* milliseconds; an older answer proves nothing about now */

struct gate_result {
    enum verdict_kind kind;
    char text[TEXT_MAX]; /* the unmet condition, with its numbers; "": none */
};

/* The gate of one region's servers: every server names the same leader, all planned voters are
 * healthy voters, the lists of members agree, the indexes are close, and one server may fail. p,
 * l NULL: nothing is planned, nothing was begun (a look from outside any run). */
struct gate_result gate_region(const struct world *w, const struct plan *p, const struct ledger *l,
                               const char *region, int64_t now);
/* May the other voters go on without this server? The gate passes if the healthy voters among
 * them are a quorum of the raft configuration with this server. Then they are also a quorum of
 * the configuration without it. */
struct gate_result gate_quorum(const struct world *w, const struct plan *p, const struct ledger *l,
                               const char *key, int64_t now);

/* The two questions below need a view of the region, which the caller makes (raft_view.h). */
struct raft_view;

/* Is this server in order by its own answers? It answers, knows a leader, leads or follows, and
 * votes (if that can be read). */
struct gate_result gate_stands(const struct raft_view *v, const struct host *h);

/* Counts of a region's servers. Servers that the view leaves out count as servers and voters. */
struct voter_count {
    uint32_t base, listed, voters; /* base: the planned voters, and dead servers that still vote;
                                      listed: servers; voters: servers that vote by raft */
    const struct host *unread;     /* the first server whose vote could not be read; NULL: none */
    uint32_t up;      /* servers that report just now that they lead or follow, and are not known as
                         non-voters */
    uint32_t well;    /* voters that are up and know a leader; also voters that know a leader and
                         refuse this token, because they may answer the other servers */
    uint32_t abreast; /* voters that are up and close behind v->leader, if the leader is clear */
    uint32_t asked;   /* voters, without the servers that the view leaves out */
    bool led;         /* some server knows a leader just now */
    const struct host *away; /* the first server that is not well; a silent server comes first */
};
struct voter_count gate_voters(const struct raft_view *v);
uint32_t quorum_of(uint32_t voters);

/* Returns how many of the region's servers vote, without the plan's dead servers (p NULL: none
 * is dead). 0: not all votes could be read. */
uint32_t region_voters(const struct world *w, const struct plan *p, const char *region,
                       int64_t now);
/* True if this server refuses a question that the gates need. text: says so. */
bool server_denies(const struct host *h, char *text, size_t size);
bool is_fresh(int64_t at, int64_t now); /* asked at most FRESH_MS ago */

#endif
