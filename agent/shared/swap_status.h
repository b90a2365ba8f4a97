/*
 * swap_status.h - the view: what caravan-swap reports about itself and its host, <run_dir>/view.
 *
 * caravan-swap replaces the file at every change (rename without fsync, because /run does not
 * survive a power cut). Mode 0640, group of caravan-agent. caravan-agent watches the directory by
 * inotify, and answers status and hello from the file, also after caravan-swap has exited.
 *
 * The file contains a packed receipt_hello payload and after it a packed receipt_status payload
 * (codec.h), both without the lease, the notes and the facts that belong to caravan-agent.
 * caravan-agent treats the file as bytes of another program: the read is limited, and every value
 * is checked.
 */
#ifndef SWAP_STATUS_H
#define SWAP_STATUS_H

#include "message.h"

#define SWAP_STATUS_MAX (80 * 1024)

struct swap_status {
    struct receipt_hello hello;   /* lease and agent_sequence belong to caravan-agent: zero here */
    struct receipt_status status; /* lease and notes belong to caravan-agent: zero here */
};

MUST_CHECK int swap_status_write(const char *path, const struct swap_status *v, struct err *err);
MUST_CHECK int swap_status_read(const char *path, struct swap_status *ret, struct err *err);
/* Like swap_status_write and swap_status_read, in memory; for tests and fuzzing. */
MUST_CHECK int swap_status_pack(const struct swap_status *v, struct buf *ret, struct err *err);
MUST_CHECK int swap_status_parse(const void *p, size_t n, struct swap_status *ret, struct err *err);

#endif
