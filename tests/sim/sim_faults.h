/*
 * sim_faults.h - the faults of a node, in one table.
 *
 * The release's trailer, the stand-in's settings or, at run time, the file `faults` in the data
 * directory switch a fault on; 0 is off everywhere. For each key the later source has priority.
 */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include <stddef.h>
#include <stdint.h>
#include "err.h"

struct sim_faults {
    int64_t will_not_start; /* the process says why and exits 1 */
    int64_t crash_after;    /* ms after start: the process ends with status 2 */
    int64_t never_catches_up;
    int64_t slow_restore;    /* ms without API after start, server and client */
    int64_t rpc_mute;        /* the RPC port is bound and accepts nothing */
    int64_t raft_deaf;       /* it receives gossip and no raft messages */
    int64_t nonvoter_return; /* ms as a non-voter after every start */
    int64_t election_every;  /* ms: this server, when it leads, steps down */
    int64_t autopilot_500;
    int64_t autopilot_429;
    int64_t autopilot_null;
    int64_t stale_alive; /* ms a dead member is still `alive` in this server's view */
    int64_t disagree_members;
    int64_t late_register; /* ms from API to registration */
    int64_t lose_tasks;
    int64_t drain_hangs;
    int64_t lose_state;
    int64_t api_500_for; /* ms after start: every answer is 500 */
    int64_t hang;        /* HTTP accepts and never answers */
    int64_t reject_config;
    int64_t ghost_peer;      /* its raft configuration names a peer that is no member */
    int64_t token_expired;   /* with ACLs on, every token has expired */
    int64_t snapshot_cut;    /* it sends half of a snapshot, with the Digest of the whole */
    int64_t log_warn;        /* warns in its log, again and again */
    int64_t log_fatal;       /* its log contains a line that stops a run */
    int64_t drivers_sick;    /* drivers never become healthy */
    int64_t attributes_lost; /* after a start a client lacks two of its attributes */
    int64_t attributes_late; /* ms: it lacks them for this long */
    int64_t other_class;     /* it registers with another node class */
    int64_t ineligible;      /* it is ineligible after it has registered */
    int64_t drained_by_stop; /* its stop has drained it: drain_on_shutdown */
};

enum sim_fault_type { SIM_FAULT_SWITCH, SIM_FAULT_MS };

struct sim_fault_row {
    const char *name; /* "crash-after" */
    enum sim_fault_type type;
    size_t offset;
    const char *help;
};

extern const struct sim_fault_row sim_fault_rows[];
extern const size_t sim_fault_count;

/* value: 0 or 1 for switches, else milliseconds. ERR_CONFIG: there is no such fault. */
MUST_CHECK int sim_faults_set(struct sim_faults *f, const char *name, int64_t value,
                              struct err *err);
int64_t sim_faults_get(const struct sim_faults *f, const struct sim_fault_row *row);

#endif
