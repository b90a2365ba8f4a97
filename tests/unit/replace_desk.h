/*
 * replace_desk.h - a region of s1, s2, s3, in which n1 is to join, and s2 and s1 are to leave.
 *
 * It uses the small fleet without its clients. s1 leads. n1 waits, staged: it has a row, and no
 * list contains it. The plan is read from its text. Call replace_desk_open, change what the test is
 * about, call small_fleet_decide, then replace_desk_close.
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
/* n1 is listed, alive and a peer. votes: it also votes. */
void replace_desk_joins(struct replace_desk *d, bool votes);
/* n1 has joined and is enabled, also by the ledger. */
void replace_desk_joined(struct replace_desk *d);
/* Every list gives the server this status. LEFT, FAILED: it does not answer any more. */
void replace_desk_status(struct replace_desk *d, const char *name, enum member_status s);
/* s2 died before the plan, and the plan names it as dead: every list calls it failed, and its
 * agent is silent. */
void replace_desk_dead(struct replace_desk *d);
void replace_desk_out_of_raft(struct replace_desk *d, const char *name);
/* By the agent, Nomad runs as this process; 0: it does not run. */
void replace_desk_pid(struct replace_desk *d, const char *name, uint32_t pid);
/* The order was accepted just now; or refused, for this refusal. */
void replace_desk_answered(struct replace_desk *d, const char *name, enum refusal refusal);
/* Observes every 2 s for so many milliseconds, then decides. */
void replace_desk_look(struct replace_desk *d, int64_t ms);
/* The server enters this state now, without an order yet. */
void replace_desk_state(struct replace_desk *d, const char *name, enum host_state state);
/* Returns the intent about this server; the test fails if there is none. */
const struct intent *replace_desk_intent(struct replace_desk *d, enum intent_kind kind,
                                         const char *name);

#endif
