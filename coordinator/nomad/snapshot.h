/*
 * snapshot.h - the state of a region, saved to a file before its servers are touched.
 *
 * GET /v1/operator/snapshot, from the leader's state, is streamed into a file of the
 * state directory: a temporary name, mode 0600 (it holds ACL secrets and, since Nomad
 * 1.9, wrapped keys), hashed on its way, compared with the answer's Digest header
 * (sha-256=BASE64; a transfer cut short looks whole without it), fsync, rename. What is
 * not whole is removed. Before 1.9 the keyring is not in it.
 *
 * Limits: SNAPSHOT_MAX bytes, SNAPSHOT_MS in all, and SNAPSHOT_SPEED bytes a second over
 * SNAPSHOT_WINDOW. One thread: everything happens inside http_wait. Needs a management
 * token before 1.11.3, then operator:write or snapshot-save.
 *
 * A snapshot that cannot be had stops the run (exit code 3), it does not refuse it (4): the run
 * holds leases by then, stands in the ledger, and goes on with `caravan resume` once Nomad gives
 * one. What the plan can see beforehand, a token that may not, it refuses (hazard row no-snapshot).
 */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include "message.h"
#include "nomad_http.h"

#define SNAPSHOT_MAX    ((size_t)64 * 1024 * 1024 * 1024)
#define SNAPSHOT_MS     (30 * 60 * 1000)
#define SNAPSHOT_SPEED  1024
#define SNAPSHOT_WINDOW 120

struct snapshot_taken {
    bool ok;
    const char *region;
    char path[300]; /* ok: where it is */
    uint64_t bytes;
    char why[TEXT_MAX]; /* not ok: why, for people */
    bool final;         /* refused, or another digest: asking again does not help */
};

typedef void snapshot_done(void *ctx, const struct snapshot_taken *taken);

struct snapshot_job;

/* Those under way; the owner frees them after nomad_http_free. */
struct snapshots {
    struct snapshot_job *jobs;
};

struct snapshot_ask {
    const struct nomad_base *base; /* of a server of the region, or one that forwards */
    const char *region;
    const char *dir; /* the state directory; made when absent */
    const char *run_hex;
    snapshot_done *on_done;
    void *ctx;
};

/* on_done is called exactly once, perhaps at once, unless snapshots_free comes first. */
void snapshot_begin(struct snapshots *s, struct nomad_http *n, const struct snapshot_ask *a);
/* Takes away what is half written. */
void snapshots_free(struct snapshots *s);

/* "snapshot-<8 digits of the run>-<region>.snap"; what is no letter, digit, - or _ in the
 * region's name becomes _. */
void snapshot_name(const char *run_hex, const char *region, char *dst, size_t n);
/* The Digest header against what came: NULL, or what is wrong. */
const char *snapshot_wrong(const char *header, const struct digest *got);

#endif
