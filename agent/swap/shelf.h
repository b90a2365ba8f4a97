/*
 * shelf.h - the binaries on disk: the file at the target path, the staged binary and the previous
 * binary, all in the target's own directory (rename and link cross no mount).
 *
 *   nomad                 the binary that the service runs
 *   .nomad.caravan-new    the staged binary: a copy that root owns, with a verified digest
 *   .nomad.caravan-old    the binary before the last swap (a hard link of it)
 *
 * The directory is opened once and held open. root works there only by names in the open directory.
 * Therefore a user who may rename the directory, or put a link in its place, cannot lead root to
 * another place. If other users may write into the directory, it is not fit (shelf_fit).
 *
 * Large files are copied and hashed in steps of SHELF_STEP bytes, so that caravan-swap can answer
 * orders between two steps. shelf_step returns 1 while there is more to do.
 */
#ifndef SHELF_H
#define SHELF_H

#include "record.h"

#define SHELF_STEP       (4U << 20)
#define SHELF_BINARY_MAX (UINT64_C(4) << 30) /* a limit for files that others put in place */

struct shelf {
    char target[256], dir[256];           /* paths: for people, and to execute the binary */
    char name[256], fresh[288], old[288]; /* names in the directory */
    int at;                               /* the open directory; -1: it does not exist */
    struct host_stat is;                  /* of the open directory */
};

/* target: an absolute path; the path of its directory contains no link. If the target itself is a
 * link, a swap replaces the link: the new binary takes its name, the file to which the link led
 * stays, and `old` is a hard link of the link, so that a revert brings the link back. */
MUST_CHECK int shelf_init(struct shelf *s, const char *target, struct err *err);
/* Opens the directory, again if it is already open. Follows no link. After an error the directory
 * is not open. */
MUST_CHECK int shelf_look(const struct host *h, struct shelf *s, struct err *err);
void shelf_leave(const struct host *h, struct shelf *s);
/* May root work in the directory? -1: other users may write there (the text says who, and what to
 * do), or the path now leads to another directory. */
MUST_CHECK int shelf_fit(const struct host *h, const struct shelf *s, struct err *err);
/* Is this the directory of the stage? dev, ino: of that directory; ino 0: not known; dev 0: the
 * stage was in another boot. */
bool shelf_is(const struct shelf *s, uint64_t dev, uint64_t ino);

/* One file that is read through its descriptor, hashed, and perhaps copied. */
struct shelf_read {
    bool open;
    int from, to; /* to: -1: the file is only hashed */
    uint64_t at, max;
    struct host_stat stat; /* of from, when opened */
    struct digest_state hash;
    struct digest digest; /* when done */
};
#define SHELF_READ_INIT                                                                            \
    {                                                                                              \
        .open = false, .from = -1, .to = -1                                                        \
    }

/* Opens s->name, s->fresh or s->old to hash it. name and old may be links; the function follows
 * them. ERR_LIMIT: the file is larger than max bytes (the size is checked first, and again while
 * reading). */
MUST_CHECK int shelf_open(const struct host *h, const struct shelf *s, const char *name,
                          uint64_t max, struct shelf_read *ret, struct err *err);
/* Opens the file at path to copy it to s->fresh. The last name of path must not be a link. */
MUST_CHECK int shelf_copy(const struct host *h, const struct shelf *s, const char *path,
                          uint64_t max, struct shelf_read *ret, struct err *err);
/* Like shelf_copy, but the copy is a new file at the path `to` (HOST_OWN_PATH). The new file
 * replaces a file that had this name. */
MUST_CHECK int shelf_copy_to(const struct host *h, const char *to, uint32_t mode, const char *path,
                             uint64_t max, struct shelf_read *ret, struct err *err);
/* Begins to read the open file again. */
void shelf_again(struct shelf_read *r);
MUST_CHECK int shelf_step(const struct host *h, struct shelf_read *r, struct err *err);
void shelf_close(const struct host *h, struct shelf_read *r);

/* Does stat still show the hashed file? */
bool shelf_known(const struct known_file *k, const struct host_stat *now);
void shelf_learn(struct known_file *k, const struct host_stat *now, const struct digest *d);

/* Is there room for a stage: the copy, the unpacked binary and the download? own: root first copies
 * the download. Directories on the same device are counted together. ERR_NOSPACE: no; the text has
 * both numbers. */
MUST_CHECK int shelf_room(const struct host *h, const struct shelf *s, const char *fetch_dir,
                          uint64_t size, uint64_t fetch_size, bool own, struct err *err);

#endif
