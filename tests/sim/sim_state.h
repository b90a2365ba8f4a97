/*
 * sim_state.h - the state that a cluster agrees on: a log with only the newest entry of each
 * object.
 *
 * Every write is one entry and changes one object (the raft configuration, a node, an allocation
 * ...). A later entry of the same object replaces the earlier one. So the objects in the order of
 * their indexes *are* the log, and a server that is behind, for any time, needs only the entries
 * above its last index. Differences from real raft: a server applies entries when they arrive, not
 * when they are committed; and if the leader does not know a server's last entry (index and term),
 * that server starts again from nothing.
 *
 * A slot moves in the list only to its end, and is never removed. So a slot number is a stable name
 * of an object within one state.
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
void sim_state_clear(struct sim_state *s); /* makes it empty and keeps the memory */

/* The object, or NULL; valid until the next apply. */
const struct sim_record *sim_state_find(const struct sim_state *s, enum sim_record_kind kind,
                                        const struct sim_id *id);
int sim_state_slot(const struct sim_state *s, enum sim_record_kind kind, const struct sim_id *id);

/* Applies an entry; its index must be above last_index. Returns the slot. */
int sim_state_apply(struct sim_state *s, const struct sim_record *r);
/* Gives r the next index in this term and applies it. */
int sim_state_append(struct sim_state *s, struct sim_record *r, uint64_t term);

/* The first slot with a higher index; -1: none. */
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
