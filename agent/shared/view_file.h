/*
 * view_file.h - what caravan-swap lets the agent tell about it: <run_dir>/view.
 *
 * caravan-swap replaces the file (rename, no fsync: it lives in /run) at every
 * change, mode 0640, group of the agent; the agent watches the directory by
 * inotify and answers status and hello from it, also when swap has exited. The
 * content is a packed receipt_status payload (codec.h) without lease, notes and
 * facts of the agent, behind the hello half below. The agent treats it as bytes
 * of another program: bounded read, checked decode.
 */
#ifndef VIEW_FILE_H
#define VIEW_FILE_H

#include "message.h"

#define VIEW_FILE_MAX (80 * 1024)

struct view {
    struct receipt_hello hello;   /* lease and agent_sequence are the agent's: zero here */
    struct receipt_status status; /* lease, notes are the agent's: zero here */
};

MUST_CHECK int view_write(const char *path, const struct view *v, struct err *err);
MUST_CHECK int view_read(const char *path, struct view *ret, struct err *err);
/* The bytes: tests and fuzzing. */
MUST_CHECK int view_pack(const struct view *v, struct buf *ret, struct err *err);
MUST_CHECK int view_parse(const void *p, size_t n, struct view *ret, struct err *err);

#endif
