/*
 * preserve.h - a copy of Nomad's root keys on this host's own disk.
 *
 * In versions 1.4 to 1.8 a server keeps its root keys only in <data_dir>/server/keystore: no
 * snapshot contains them. Before the first server is changed, each server copies its own keys to
 *
 *   <dir>/keystore/<run id>/NAME.nks.json      directories 0700, files 0600
 *
 * Only the number of files and a digest leave the host. caravan-swap neither logs nor sends the
 * keys, and never puts them back: people do that.
 *
 * The copy contains the regular files of that directory whose names end in .nks.json, as Nomad
 * reads them. caravan-swap refuses a link, a hard link of another user's file, and anything else
 * with such a name. data_dir may be a link and may belong to another user; below it caravan-swap
 * follows no link, and holds the directory open from the first look. ERR_NOTFOUND: no such
 * directory, or no key in it.
 *
 * A copy is either whole or does not exist: caravan-swap makes it under another name, syncs every
 * file, renames it, and syncs the directory. If Nomad writes meanwhile, the copy begins again. A
 * repeat for the same run keeps a copy that is still equal, and replaces a different one. After a
 * crash at any moment the old copy or the new copy exists. The limits below bound the bytes, and
 * copies of at most PRESERVE_RUNS runs are kept.
 *
 * The digest has two halves of 16 bytes. Each half is the beginning of a SHA-256: the first over
 * each name with its NUL; the second over name, NUL, content, and the content's length (8 bytes,
 * big-endian). Both go in the order of the names. The servers of a region have the same keys, so
 * the first half is the same on all of them. Each server wraps the keys itself (measured
 * with 1.7.7), so the second half differs.
 */
#ifndef PRESERVE_H
#define PRESERVE_H

#include "host.h"

#define PRESERVE_NAME      "keystore"
#define PRESERVE_RUNS      2
#define PRESERVE_FILE_MAX  (64 * 1024)
#define PRESERVE_BYTES_MAX (4 * 1024 * 1024)

struct preserved {
    uint32_t files;
    struct digest digest;
    char path[256]; /* the directory of the copies */
};

/* dir: <state_dir>/swap. */
MUST_CHECK int preserve_keystore(const struct host *h, const char *dir, const char *data_dir,
                                 const unsigned char run_id[static RUN_ID_LEN],
                                 struct preserved *ret, struct err *err);
/* Removes the copies of older runs, and incomplete copies that a crash left. An error does no harm:
 * the next call tries again. */
MUST_CHECK int preserve_tidy(const struct host *h, const char *dir,
                             const unsigned char run_id[static RUN_ID_LEN], struct err *err);

#endif
