/*
 * shelf.h - the binaries on disk: the one at the target path, a staged one and the
 * previous one beside it, all in the target's own directory (rename and link cross
 * no mount).
 *
 *   nomad                 what the service runs
 *   .nomad.caravan-new    staged: a root-owned copy whose digest was checked
 *   .nomad.caravan-old    what nomad was before the last swap (a hard link of it)
 *
 * That directory is looked up once and held open; what root does there it does by a name in it.
 * So whoever may rename the directory, or put a link in its place, leads root nowhere, and who
 * may write into it makes it unfit (shelf_fit).
 *
 * Large files are copied and hashed in steps of SHELF_STEP bytes, so that orders
 * are heard in between. shelf_step returns 1 while there is more to do.
 */
#ifndef SHELF_H
#define SHELF_H

#include "record.h"

#define SHELF_STEP (4U << 20)
#define SHELF_BINARY_MAX                                                                           \
    (UINT64_C(4) << 30) /* what others have put in place may be without an end */

struct shelf {
    char target[256], dir[256];           /* paths: for people, and for what executes them */
    char name[256], fresh[288], old[288]; /* names in the directory */
    int at;                               /* the directory, held open; -1: it is not there */
    struct host_stat is;                  /* of the directory, as it is held */
};

/* target: absolute; its directory without links. Is it a link itself, then the link is what
 * is exchanged: the new binary takes its name, the file it led to stays as it is, and old
 * is a hard link of the link, so that a revert brings it back. */
MUST_CHECK int shelf_init(struct shelf *s, const char *target, struct err *err);
/* Opens the directory, anew if it is open. Following no link. Failing leaves none open. */
MUST_CHECK int shelf_look(const struct host *h, struct shelf *s, struct err *err);
void shelf_leave(const struct host *h, struct shelf *s);
/* May root work in the directory? -1: somebody else may write there (the text says who and what to
 * do), or its path leads to another one by now. */
MUST_CHECK int shelf_fit(const struct host *h, const struct shelf *s, struct err *err);
/* dev, ino: of the directory that was staged into; ino 0: not known. dev 0: of another boot. */
bool shelf_is(const struct shelf *s, uint64_t dev, uint64_t ino);

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

/* To hash s->name, s->fresh or s->old; more bytes than max is ERR_LIMIT, at once where the size
 * tells. Name and old may be links and are read through them. */
MUST_CHECK int shelf_open(const struct host *h, const struct shelf *s, const char *name,
                          uint64_t max, struct shelf_read *ret, struct err *err);
/* To copy the file at path, of which the last name may be no link, to s->fresh. */
MUST_CHECK int shelf_copy(const struct host *h, const struct shelf *s, const char *path,
                          uint64_t max, struct shelf_read *ret, struct err *err);
/* To copy it to a new file at the path `to`, HOST_OWN_PATH, whatever had that name before. */
MUST_CHECK int shelf_copy_to(const struct host *h, const char *to, uint32_t mode, const char *path,
                             uint64_t max, struct shelf_read *ret, struct err *err);
/* What is open is read once more, from its begin. */
void shelf_again(struct shelf_read *r);
MUST_CHECK int shelf_step(const struct host *h, struct shelf_read *r, struct err *err);
void shelf_close(const struct host *h, struct shelf_read *r);

/* Does stat still show the file that was hashed? */
bool shelf_known(const struct known_file *k, const struct host_stat *now);
void shelf_learn(struct known_file *k, const struct host_stat *now, const struct digest *d);

/* Room for `stage`: copy and unpacked binary and download, which root copies first where `own`
 * says so; counts what shares a device together. ERR_NOSPACE with both numbers. */
MUST_CHECK int shelf_room(const struct host *h, const struct shelf *s, const char *fetch_dir,
                          uint64_t size, uint64_t fetch_size, bool own, struct err *err);

#endif
