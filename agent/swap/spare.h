/*
 * spare.h - room for the record, put aside while there is some.
 *
 * Who may write beside root's directory may fill the file system of it. So that this stops no swap
 * behind its rename, SPARES files of RECORD_MAX bytes lie in <state_dir>/swap, written and synced
 * before the swap (or revert) begins, and gone at rest. A record that finds no room for a new file
 * is written over a spare from its begin, which is cut to the record's length and renamed.
 *
 * This holds where writing over a synced file needs no new block and no new inode: ext4, xfs,
 * tmpfs. On copy-on-write file systems (btrfs, zfs) it may: there a full disk is waited out, as it
 * is everywhere when all spares are spent.
 */
#ifndef SPARE_H
#define SPARE_H

#include "host.h"

/* From the acceptance to rest a record is saved at most three times without orders: probing,
 * reverting, and reverted or failed. A restart of caravan-swap between two of them makes it three
 * once more. Orders that come in between get none. */
#define SPARES 6

/* Makes those that are not there or not whole; content durable, names only when the caller has
 * synced dir. */
MUST_CHECK int spare_make_all(const struct host *h, const char *dir, struct err *err);
void spare_drop_all(const struct host *h, const char *dir);
/* host_replace with a spare, which is gone then. ERR_NOSPACE: none is left that would do. */
MUST_CHECK int spare_replace(const struct host *h, const char *dir, const char *name,
                             const struct buf *content, bool names, struct err *err);
void spare_path(const char *dir, unsigned i, char dst[static 512]);

#endif
