/*
 * gate.h - questions asked of the cluster; answers pass, fail or unknown. Pure.
 *
 * Unknown never passes. Facts: Nomad upgrade guide and source, 1.0 to 2.0.5
 * (facts of section 3: gates that also work where autopilot answers 500, that is
 * with raft protocol 2, from agent/self, members and raft configuration).
 *
 * Here: what an answer is, and the gates of a region. gate_host.h has those of a host that was
 * just changed, raft_view.h what the region's gates stand on, evidence.h for how long a gate has
 * passed. A gate borrows what it is given and keeps nothing.
 */
#ifndef GATE_H
#define GATE_H

#include "ledger.h"

enum verdict_kind { GATE_UNKNOWN, GATE_FAIL, GATE_PASS };

#define FRESH_MS 5000 /* older answers prove nothing about now */

struct gate_result {
    enum verdict_kind kind;
    char text[TEXT_MAX]; /* which condition, with its numbers; "" when it passes */
};

/* One region's servers: one leader by every server's answer, all planned voters
 * healthy voters, members agree, indexes close, tolerance. p, l NULL: nothing is planned, nothing
 * was begun (a look from outside any run). */
struct gate_result gate_region(const struct world *w, const struct plan *p, const struct ledger *l,
                               const char *region, int64_t now);
/* May the voters without this server go on? (Quorum of healthy voters, of the raft configuration
 * with it; so of the one without it as well.) */
struct gate_result gate_quorum(const struct world *w, const struct plan *p, const struct ledger *l,
                               const char *key, int64_t now);

/* The two of one region's servers; the view is the caller's (raft_view.h). */
struct view;

/* Does this server stand, by its own words: it answers, knows a leader, leads or follows; and it
 * votes, where that can be read? */
struct gate_result gate_stands(const struct view *v, const struct host *h);

/* A region's servers, counted; those that the view is without count as servers and voters. */
struct voter_count {
    uint32_t base, listed, voters; /* voters that were planned with, and the dead that vote;
                                      servers; that vote by raft */
    const struct host *unread;     /* the first of which that could not be read; NULL none */
    uint32_t up;      /* say themselves, just now, that they lead or follow; no known non-voter */
    uint32_t well;    /* voters that are up and know a leader, or know one and refuse to tell our
                         token how they are: they may tell the others */
    uint32_t abreast; /* voters that are up and close behind v->leader, where that is clear */
    uint32_t asked;   /* voters, but those that the view is without */
    bool led;         /* somebody knows a leader, just now */
    const struct host *away; /* the first that is not well; who tells nothing comes before others */
};
struct voter_count gate_voters(const struct view *v);
uint32_t quorum_of(uint32_t voters);

/* How many of the region's servers vote, without the dead of the plan (NULL: nobody is); 0: not all
 * could be read. */
uint32_t region_voters(const struct world *w, const struct plan *p, const char *region,
                       int64_t now);
/* Does this server refuse what the gates must ask of it? text says so. */
bool server_denies(const struct host *h, char *text, size_t size);
bool fresh(int64_t at, int64_t now); /* asked at most FRESH_MS ago */

#endif
