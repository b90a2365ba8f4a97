/*
 * preserve.h - a copy of Nomad's root keys on this host's own disk.
 *
 * From 1.4 to 1.8 a server keeps its root keys in <data_dir>/server/keystore alone: they
 * are in no snapshot. Before the first server is changed each server copies its own to
 *
 *   <dir>/keystore/<run id>/NAME.nks.json      directories 0700, files 0600
 *
 * Only the number of files and a digest leave the host; the keys are neither logged nor
 * sent, and putting them back is left to people. What is copied: the regular files of that
 * directory whose names end in .nks.json, as Nomad itself reads them. A link, or anything
 * else of such a name, is refused, and no link is followed below data_dir (itself it may be
 * one). No such directory, or no key in it: ERR_NOTFOUND.
 *
 * A copy is whole or not there: made under another name, every file synced, renamed, and
 * the directory synced; what Nomad writes meanwhile makes it begin anew. Doing it again for
 * the same run leaves a copy that is still the same alone, and replaces another one, so that
 * after a crash at any moment there is the old copy or the new one. Never more bytes than
 * the limits below, and at most PRESERVE_RUNS runs' copies.
 *
 * The digest has two halves of 16 bytes, each the beginning of a SHA-256: over each name with
 * its NUL; and over name, NUL, content, and the content's length (8 bytes, big-endian). Both in
 * the order of the names. The servers of a region hold the same keys, so the first half is the
 * same everywhere; each wraps them by itself (measured with 1.7.7), so the second is not.
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
    char path[256]; /* where they are */
};

/* dir: <state_dir>/swap. */
MUST_CHECK int preserve_keystore(const struct host *h, const char *dir, const char *data_dir,
                                 const unsigned char run_id[static RUN_ID_LEN],
                                 struct preserved *ret, struct err *err);
/* Removes copies of runs before the last ones, and what a crash left half made. Failing
 * does no harm: it is tried again the next time. */
MUST_CHECK int preserve_tidy(const struct host *h, const char *dir,
                             const unsigned char run_id[static RUN_ID_LEN], struct err *err);

#endif
