/*
 * snapshot.h - saves the state of a region to a file before the region's servers are touched.
 *
 * The answer to GET /v1/operator/snapshot, from the leader's state, is written to a file in the
 * state directory. The file has mode 0600, because it contains ACL secrets and, since Nomad 1.9,
 * wrapped keys. While the answer comes, the file has a temporary name and is hashed. The digest is
 * compared with the Digest header of the answer (sha-256=BASE64), because a transfer that was cut
 * short looks complete otherwise. Then come fsync and rename. An incomplete file is removed. Before
 * 1.9 a snapshot does not contain the keyring.
 *
 * Limits: SNAPSHOT_MAX bytes, SNAPSHOT_MS in all, and a speed of SNAPSHOT_SPEED bytes a second over
 * SNAPSHOT_WINDOW seconds. One thread: everything happens inside http_wait. Nomad demands a
 * management token before 1.11.3, and operator:write or snapshot-save since then.
 *
 * A snapshot that fails stops the run (exit status 3); it does not refuse the run (4). At that time
 * the run has leases and is in the ledger; `caravan resume` goes on when Nomad can give a snapshot.
 * If the plan sees that the token lacks the right, the plan is refused (hazard row no-snapshot).
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
    char path[300]; /* ok: path of the file */
    uint64_t bytes;
    char why[TEXT_MAX]; /* not ok: the reason, for people */
    bool final;         /* Nomad refused, or the digest is wrong: asking again does not help */
};

typedef void snapshot_done(void *ctx, const struct snapshot_taken *taken);

struct snapshot_job;

/* The snapshots under way. The owner calls snapshots_free after nomad_http_free. */
struct snapshots {
    struct snapshot_job *jobs;
};

struct snapshot_ask {
    const struct nomad_base *base; /* a server of the region, or a server that forwards */
    const char *region;
    const char *dir; /* the state directory; made if it does not exist */
    const char *run_hex;
    snapshot_done *on_done;
    void *ctx;
};

/* on_done is called exactly once, perhaps by this function, unless snapshots_free comes first. */
void snapshot_begin(struct snapshots *s, struct nomad_http *n, const struct snapshot_ask *a);
/* Also removes the incomplete files. */
void snapshots_free(struct snapshots *s);

/* "snapshot-<8 digits of the run>-<region>.snap"; a character of the region's name that is no
 * letter, digit, - or _ becomes _. */
void snapshot_name(const char *run_hex, const char *region, char *dst, size_t n);
/* Compares the Digest header with the digest of the file. NULL: they agree; else what is wrong. */
const char *snapshot_wrong(const char *header, const struct digest *got);

#endif
