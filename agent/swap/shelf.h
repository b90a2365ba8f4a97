/*
 * shelf.h - the binaries on disk: the one at the target path, a staged one and the
 * previous one beside it, all in the target's own directory (rename and link cross
 * no mount).
 *
 *   nomad                 what the service runs
 *   .nomad.caravan-new    staged: a root-owned copy whose digest was checked
 *   .nomad.caravan-old    what nomad was before the last swap (a hard link of it)
 *
 * Large files are copied and hashed in steps of SHELF_STEP bytes, so that orders
 * are heard in between. shelf_step returns 1 while there is more to do.
 */
#ifndef SHELF_H
#define SHELF_H

#include "record.h"

#define SHELF_STEP (4U << 20)

struct shelf {
    char target[256], dir[256], fresh[320], old[320];
};

/* target: absolute; its directory without links. Is it a link itself, then the link is what
 * is exchanged: the new binary takes its name, the file it led to stays as it is, and old
 * is a hard link of the link, so that a revert brings it back. */
MUST_CHECK int shelf_init(struct shelf *s, const char *target, struct err *err);

/* Reading one file through its descriptor, hashing, and perhaps copying. */
struct shelf_read {
    bool open;
    int from, to; /* to: -1 when only hashing */
    uint64_t at, max;
    struct host_stat stat; /* of from, when opened */
    struct digest_state hash;
    struct digest digest; /* when done */
};
#define SHELF_READ_INIT                                                                            \
    {                                                                                              \
        .open = false, .from = -1, .to = -1                                                        \
    }

/* copy_to NULL: only hash. max: more bytes than this is ERR_LIMIT. What lies at target or
 * old may be a link and is read through it; nothing else may. */
MUST_CHECK int shelf_open(const struct host *h, const struct shelf *s, const char *path,
                          const char *copy_to, uint64_t max, struct shelf_read *ret,
                          struct err *err);
MUST_CHECK int shelf_step(const struct host *h, struct shelf_read *r, struct err *err);
void shelf_close(const struct host *h, struct shelf_read *r);

/* Does stat still show the file that was hashed? */
bool shelf_known(const struct known_file *k, const struct host_stat *now);
void shelf_learn(struct known_file *k, const struct host_stat *now, const struct digest *d);

/* Room for `stage`: copy and unpacked binary and download; counts what shares a
 * device together. ERR_NOSPACE with both numbers. */
MUST_CHECK int shelf_room(const struct host *h, const struct shelf *s, const char *fetch_dir,
                          uint64_t size, uint64_t fetch_size, struct err *err);

#endif
