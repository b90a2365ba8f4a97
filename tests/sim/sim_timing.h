/*
 * sim_timing.h - every duration of the model in one table.
 *
 * The table has three columns: `real` (constants of Nomad's source, and measured values), `quick`
 * (the same proportions, but short: a cluster of processes is healthy in two seconds) and `sparse`
 * (`real` with rarer heartbeats, for minutes of a cluster in virtual time). The keys are the names
 * in the stand-in's own settings.
 */
#ifndef SIM_TIMING_H
#define SIM_TIMING_H

#include <stddef.h>
#include <stdint.h>
#include "compiler.h"

struct sim_timing {
    int64_t beat_ms;         /* leader to followers */
    int64_t election_ms;     /* a follower times out after 1 to 2 of these */
    int64_t lease_ms;        /* a leader without a quorum steps down after */
    int64_t hold_ms;         /* reads and writes wait this long for a leader */
    int64_t restore_ms;      /* server: from start to API */
    int64_t probe_ms;        /* gossip */
    int64_t failed_after_ms; /* silence until a member is `failed`: 1 to 1.5 of these */
    int64_t leave_ms;        /* own leave: `leaving` until `left`; it ends after three times this */
    int64_t rejoin_ms;       /* the leader adds live servers that are not configured */
    int64_t reconcile_ms;    /* autopilot's dead-server cleanup and promotion */
    int64_t stabilize_ms;    /* how long a non-voter is healthy before its promotion */
    int64_t autopilot_ms;    /* refresh of the published state */
    int64_t stats_wait_ms;   /* how long a refresh waits for a silent server */
    int64_t start_ms;        /* client: fingerprinting, from start to API and registration */
    int64_t drivers_ms;      /* drivers healthy this long after registration */
    int64_t init_ms;         /* `initializing` until `ready` */
    int64_t ttl_ms;          /* heartbeat TTL: 1 to 2 of these */
    int64_t grace_ms;
    int64_t failover_ttl_ms; /* all heartbeat timers after an election */
    int64_t retry_ms;        /* a failed registration is tried again after 1 to 2 of these */
    int64_t migrate_ms;      /* between two allocations of a drain */
    int64_t task_start_ms;
    int64_t fleet_ms; /* the leader checks timers and drains at this interval */
};

enum sim_preset { SIM_REAL, SIM_QUICK, SIM_SPARSE, SIM_PRESET_COUNT };

struct sim_timing_row {
    const char *name;
    size_t offset;
    int64_t preset[SIM_PRESET_COUNT];
};

extern const struct sim_timing_row sim_timing_rows[];
extern const size_t sim_timing_count;

struct sim_timing sim_timing_of(enum sim_preset preset);
MUST_CHECK int sim_preset_named(const char *name, enum sim_preset *ret); /* "real", ... */
/* Sets one duration by its name. -1: there is no such name. */
MUST_CHECK int sim_timing_set(struct sim_timing *t, const char *name, int64_t ms);

#endif
