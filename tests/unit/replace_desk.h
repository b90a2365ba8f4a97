/*
 * replace_desk.h - a region of s1, s2, s3 in which n1 is to join, and s2 and s1 are to leave.
 *
 * On the small fleet, whose clients are not there; s1 leads. n1 waits, staged: its row is there and
 * no list has it. The plan is read from its text. replace_desk_open, change what the test is about,
 * small_fleet_decide, replace_desk_close.
 */
#ifndef REPLACE_DESK_H
#define REPLACE_DESK_H

#include "small_fleet.h"

#define REPLACE_SERVERS 4 /* in the world's order: s1, s2, s3, n1 */
#define REPLACE_NEW     "agent/00112233445566778899aabbccddeeff"
#define REPLACE_NEW_ID  "n1-raft"

struct replace_desk {
    struct small_fleet f;
    struct member members[REPLACE_SERVERS][REPLACE_SERVERS];
    struct peer raft[REPLACE_SERVERS], autopilot[REPLACE_SERVERS];
    struct fact_view facts[REPLACE_SERVERS][2];
    bool silent[REPLACE_SERVERS]; /* its agent does not answer */
};

struct replace_desk *replace_desk_open(void);
void replace_desk_close(struct replace_desk *d);
struct ledger_host *replace_desk_host(struct replace_desk *d, const char *name);
/* n1 is listed, alive, a peer; and votes. */
void replace_desk_joins(struct replace_desk *d, bool votes);
/* It has joined, and is enabled: the ledger says so too. */
void replace_desk_joined(struct replace_desk *d);
/* By every list; LEFT, FAILED: it does not answer any more. */
void replace_desk_status(struct replace_desk *d, const char *name, enum member_status s);
/* s2 was dead before the plan, which names it so: failed by all, its agent silent. */
void replace_desk_dead(struct replace_desk *d);
void replace_desk_out_of_raft(struct replace_desk *d, const char *name);
/* By its agent: its Nomad runs as this process; 0: not. */
void replace_desk_pid(struct replace_desk *d, const char *name, uint32_t pid);
/* Its order was taken, just now; refusal: or not. */
void replace_desk_answered(struct replace_desk *d, const char *name, enum refusal refusal);
/* Looks every 2 s, so long, then decides. */
void replace_desk_look(struct replace_desk *d, int64_t ms);
/* In this state, begun now, without an order yet. */
void replace_desk_state(struct replace_desk *d, const char *name, enum host_state state);
/* What was decided about it; the test fails without. */
const struct intent *replace_desk_intent(struct replace_desk *d, enum intent_kind kind,
                                         const char *name);

#endif
