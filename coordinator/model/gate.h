/*
 * gate.h - questions asked of the cluster; answers pass, fail or unknown. Pure.
 *
 * Unknown never passes. Facts: Nomad upgrade guide and source, 1.0 to 2.0.5
 * (facts of section 3: gates that also work where autopilot answers 500, that is
 * with raft protocol 2, from agent/self, members and raft configuration).
 * Evidence is how long a gate has passed without a break: folded by
 * evidence_fold from each observation; losing it may only delay.
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
 * healthy voters, members agree, indexes close, tolerance. */
struct gate_result gate_region(const struct world *w, const struct plan *p, const struct ledger *l,
                               const char *region, int64_t now);
/* May the voters without this server go on? (Quorum of healthy voters.) */
struct gate_result gate_quorum(const struct world *w, const struct plan *p, const char *key,
                               int64_t now);
/* The server just changed: runs the target by its own answer and everyone's members,
 * voter, caught up with the leader's index noted after it started. */
struct gate_result gate_server(const struct world *w, const struct plan *p, const struct ledger *l,
                               const char *key, int64_t now);
/* The client just changed: its own API, its node record's version, index and status,
 * and its drivers say so. */
struct gate_result gate_client(const struct world *w, const struct plan *p, const struct ledger *l,
                               const char *key, int64_t now);
/* The allocations that ran before its swap run on, not restarted (passes with drain). What
 * was stopped as complete was others' doing. A failure does not heal by waiting. */
struct gate_result gate_allocs(const struct world *w, const struct plan *p, const struct ledger *l,
                               const char *key, int64_t now);

/* Does this server refuse what the gates must ask of it? text says so. */
bool server_denies(const struct host *h, char *text, size_t size);
/* The one leader every server of the region names, by fresh answers; NULL: unclear. */
const struct host *region_leader(const struct world *w, const char *region, int64_t now);
/* NULL: ret->text says why. */
const struct host *region_leader_why(const struct world *w, const char *region, int64_t now,
                                     struct gate_result *ret);
/* How many of the region's servers vote; 0: not all could be read. */
uint32_t region_voters(const struct world *w, const char *region, int64_t now);
bool fresh(int64_t at, int64_t now); /* asked at most FRESH_MS ago */

struct streak {
    char key[UUID_MAX + NAME_MAX_LEN]; /* "region/global", "host/<key>" */
    int64_t since_ms; /* begin of the observation that first passed; 0: not passing */
    int64_t last_ms;  /* begin of the last observation */
    uint32_t answers;
    uint64_t last_round;
    enum verdict_kind last;
    char text[TEXT_MAX]; /* of the last result */
    int64_t text_ms; /* begin of the observation since which it has been word for word the same */
};

/* One server refuses the token although it is not behind: by autopilot it is healthy. While it
 * restores, a server may not know the token yet, which is no reason. */
struct denial {
    char key[UUID_MAX], name[NAME_MAX_LEN];
    char text[TEXT_MAX];
    int64_t since_ms, last_ms; /* begin of the first and the last observation that showed it */
    uint32_t answers;          /* 0: nobody does */
};

struct evidence {
    struct streak *streaks;
    size_t n, cap;
    int64_t begun_ms; /* when this process began to observe */
    int64_t wait_ms;  /* since when what is waited for (wait) has been the same; kept by run */
    char wait[UUID_MAX + 16];
    int64_t refused_ms; /* since when nobody answers our token; 0: somebody does */
    struct denial denial;
    int64_t progress_ms; /* when something last moved: intents, receipts; kept by run */
};

/* When a server was last swapped, reverted, found to run the target or asked to hand over
 * (clock.mono): streaks of regions begin after it. Staging disturbs nobody. */
int64_t servers_disturbed(const struct ledger *l, const struct plan *p);
/* Folds one observation in: evaluates region gates and the gates of hosts in flight. */
void evidence_fold(struct evidence *e, const struct world *w, const struct plan *p,
                   const struct ledger *l, int64_t now);
const struct streak *evidence_find(const struct evidence *e, const char *key);
/* Passed for settle_ms in at least settle_answers observations, all begun after `since`,
 * the last one fresh. */
bool evidence_settled(const struct evidence *e, const char *key, const struct policy *p,
                      int64_t since, int64_t now);
int64_t streak_ms(const struct streak *s); /* how long it has passed */
/* The text of what does not pass, and for how long it has been just that: "s3 is not a voter (for
 * 6.2 s)". Numbers that move begin anew: they tell of themselves. */
void streak_text(const struct streak *s, char *dst, size_t n);
void evidence_free(struct evidence *e);

#endif
