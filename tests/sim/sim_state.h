/*
 * sim_state.h - what a cluster agrees on: a log that keeps only the newest entry
 * of each object.
 *
 * Every write is one entry and touches one object (the raft configuration, a
 * node, an allocation ...); an entry replaced by a later one of the same object
 * is forgotten. So the objects in order of their indexes *are* the log, and a
 * server that is behind is brought up to date with the entries above its last
 * index, however long it was away. What is lost against real raft: entries are
 * applied when they arrive, not when they are committed; a server whose last
 * entry the leader does not know (index and term) starts again from nothing.
 *
 * Slots never move in the list but to its end and are never removed, so a slot
 * number is a stable name of an object within one state.
 */
#ifndef SIM_STATE_H
#define SIM_STATE_H

#include "sim_types.h"

#define SIM_TERMS_KEPT 32

struct sim_slot {
    struct sim_record r;
    int prev, next; /* by index; -1: none */
};

struct sim_term_start {
    uint64_t first, term;
};

struct sim_state {
    uint64_t last_index, last_term;
    uint64_t table_index[SIM_REC_COUNT]; /* newest entry of a kind: X-Nomad-Index */
    struct sim_slot *slots;
    int n, cap;
    int head, tail;
    int *hash; /* open addressing over (kind, id); -1: empty */
    int hash_cap;
    struct sim_term_start terms[SIM_TERMS_KEPT]; /* newest last */
    int n_terms;
};

void sim_state_init(struct sim_state *s);
void sim_state_free(struct sim_state *s);
void sim_state_clear(struct sim_state *s); /* to nothing, memory kept */

/* The object, or NULL; valid until the next apply. */
const struct sim_record *sim_state_find(const struct sim_state *s, enum sim_record_kind kind,
                                        const struct sim_id *id);
int sim_state_slot(const struct sim_state *s, enum sim_record_kind kind, const struct sim_id *id);

/* Takes in an entry; its index must be above last_index. Returns the slot. */
int sim_state_apply(struct sim_state *s, const struct sim_record *r);
/* Gives r the next index in this term and takes it in. */
int sim_state_append(struct sim_state *s, struct sim_record *r, uint64_t term);

/* First slot with an index above this one; -1: none. */
int sim_state_after(const struct sim_state *s, uint64_t index);
/* Is (index, term) an entry of this log? 0 is the empty log. */
bool sim_state_has(const struct sim_state *s, uint64_t index, uint64_t term);
/* Forgets nodes, allocations, jobs and tokens but not the indexes (fault lose-state). */
void sim_state_lose(struct sim_state *s);

/* The raft configuration; NULL before the cluster was formed. */
const struct sim_raft_config *sim_state_config(const struct sim_state *s);
/* The autopilot settings, or Nomad's defaults. */
struct sim_autopilot_config sim_state_autopilot(const struct sim_state *s);

#endif
