/*
 * seed.h - the fetched file of a release, kept for the other hosts of the datacenter.
 *
 *   <state_dir>/seed/<digest>   the zip, or the bare binary: root's own copy, which root compared
 *                               with the manifest's digest; root:caravan-seed 0640
 *   <state_dir>/seed/.new       the same file while it is copied
 *
 * A host is a seed if root names its URL ([seed] url) and caravan-seed.socket listens. The URL
 * alone decides whether the file is kept: a stage then copies the fetched file to this directory
 * before it unpacks or stages it (phase_own.c). Without room for the copy the stage fails, so that
 * every staged seed really has the file. The directory belongs to root and has the set-group-ID
 * bit, so its files belong to the group of caravan-seed.
 *
 * The directory contains one file. A stage of another file removes the file before it checks the
 * room. Otherwise caravan-swap removes the file once the host has neither a lease nor a staged
 * binary. caravan-swap checks this when it starts, when it is idle, and when a lease is given back:
 * then caravan-agent wakes it.
 */
#ifndef SEED_H
#define SEED_H

#include "host.h"
#include "lease.h"

#define SEED_SOCKET   "caravan-seed.socket"
#define SEED_GROUP    "caravan-seed"
#define SEED_MODE     0640
#define SEED_PATH_MAX 320

/* Converts [seed] url to the form for other hosts: plain (url_plain.h), http or https, no query,
 * with a slash at its end and room for a digest after it. NULL: done. Else: why the URL cannot be
 * used. */
MUST_CHECK const char *seed_base(const char *url, char dst[static TEXT_MAX]);

/* dir is <state_dir>/seed. */
void seed_path(const char *dir, const struct digest *digest, char dst[static SEED_PATH_MAX]);
void seed_path_new(const char *dir, char dst[static SEED_PATH_MAX]);

/* Makes the copy at seed_path_new, open as h, durable and gives it the name under which it is
 * served. */
MUST_CHECK int seed_keep(const struct host *host, const char *dir, int h,
                         const struct digest *digest, struct err *err);
/* Removes all files except the file with this digest (NULL: all files). If the directory does not
 * exist, this is no error. */
MUST_CHECK int seed_sweep(const struct host *host, const char *dir, const struct digest *but,
                          struct err *err);

/* Is a lease held, by caravan-agent's state file ("": no file)? Unknown: the file cannot be read.
 */
enum tri seed_leased(const char *agent_state, const struct lease_now *now);

#endif
