/*
 * seed.h - the file of a release as it was fetched, kept for the other hosts of the datacenter.
 *
 *   <state_dir>/seed/<digest>   the zip, or the bare binary: root's own copy, of which root saw the
 *                               manifest's digest, root:caravan-seed 0640
 *   <state_dir>/seed/.new       the same while it is copied
 *
 * A host is a seed where root names its URL ([seed] url) and caravan-seed.socket listens. The first
 * alone decides what is kept: a stage then copies what was fetched to here before anything is made
 * of it (phase_vendor.c), and fails without room for that, so that a host that is staged has what
 * it says it has. The directory is root's, set-group-ID: what is made in it belongs to the group
 * that caravan-seed has. It holds one file. A stage of another file takes it away before it asks
 * for room; else it goes when the host has neither a lease nor a staged binary: seen when
 * caravan-swap starts, when it is idle, and when a lease is given back, which caravan-agent then
 * wakes it for.
 */
#ifndef SEED_H
#define SEED_H

#include "host.h"
#include "lease.h"

#define SEED_SOCKET   "caravan-seed.socket"
#define SEED_GROUP    "caravan-seed"
#define SEED_MODE     0640
#define SEED_PATH_MAX 320

/* [seed] url as other hosts are told it: plain (url_plain.h), http or https, no query, with a slash
 * at its end and room for a digest behind it. NULL, or why it is no such place. */
MUST_CHECK const char *seed_base(const char *url, char dst[static TEXT_MAX]);

/* dir is <state_dir>/seed. */
void seed_path(const char *dir, const struct digest *digest, char dst[static SEED_PATH_MAX]);
void seed_path_new(const char *dir, char dst[static SEED_PATH_MAX]);

/* The copy under its first name, open as h, becomes the one that is served; durable. */
MUST_CHECK int seed_keep(const struct host *host, const char *dir, int h,
                         const struct digest *digest, struct err *err);
/* Removes all that is in it but the file of this digest (NULL: all). Without the directory there is
 * nothing. */
MUST_CHECK int seed_sweep(const struct host *host, const char *dir, const struct digest *but,
                          struct err *err);

/* Is there a lease, by caravan-agent's state file ("" none)? What cannot be read is unknown. */
enum tri seed_leased(const char *agent_state, const struct lease_now *now);

#endif
