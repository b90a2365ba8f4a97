/*
 * spare.h - room for the record, reserved in advance.
 *
 * Other programs may fill the file system of root's directory. This must not stop a swap after its
 * rename. Therefore caravan-swap writes and syncs SPARES files of RECORD_MAX bytes in
 * <state_dir>/swap before a swap (or revert) begins, and removes them at rest. If a record finds no
 * room for a new file, caravan-swap writes it over a spare file from the start, cuts the file to
 * the record's length, and renames it.
 *
 * This works if writing over a synced file needs no new block and no new inode: ext4, xfs, tmpfs.
 * On copy-on-write file systems (btrfs, zfs) it may need them. There caravan-swap waits until the
 * disk has room, as it does everywhere when all spare files are used up.
 */
#ifndef SPARE_H
#define SPARE_H

#include "host.h"

/* Between the acceptance of an order and rest, the record is saved at most three times without
 * further orders: probing, reverting, and reverted or failed. A restart of caravan-swap in between
 * may need three more. Other orders in between get no spare file. */
#define SPARES 6

/* Makes the spare files that do not exist or are not whole. Their content is durable. Their names
 * become durable when the caller syncs dir. */
MUST_CHECK int spare_make_all(const struct host *h, const char *dir, struct err *err);
void spare_drop_all(const struct host *h, const char *dir);
/* host_replace by means of a spare file, which is used up. ERR_NOSPACE: no spare file is left. */
MUST_CHECK int spare_replace(const struct host *h, const char *dir, const char *name,
                             const struct buf *content, bool names, struct err *err);
void spare_path(const char *dir, unsigned i, char dst[static 512]);

#endif
