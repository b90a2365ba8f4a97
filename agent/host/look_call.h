/*
 * look_call.h - paths looked at by a child, which is left behind when it hangs.
 *
 * A dead server of a network file system lets stat wait in the kernel, where not even SIGKILL ends
 * it at once. So a child looks, one path after the other: when LOOK_MS pass without an answer that
 * path is LOOK_HANGS, the child is killed and left, and another one goes on with the next path.
 * A path that hung is not looked at again before LOOK_AGAIN_MS; while LOOK_LEFT_MAX are remembered
 * so, or are not over yet, the rest is LOOK_SKIPPED. The child is caravan-swap itself, started as
 * `PROGRAM look`.
 */
#ifndef LOOK_CALL_H
#define LOOK_CALL_H

#include <sys/types.h>
#include "host.h"

#define LOOK_MS       2000
#define LOOK_AGAIN_MS 60000
#define LOOK_LEFT_MAX 3
#define LOOK_WISHES   96 /* in one call */

/* What hung, and the child that was left there. All zero: nothing. */
struct look_left {
    struct {
        pid_t pid;      /* 0: it is over */
        int64_t at_ms;  /* 0: free */
        char path[256]; /* which */
    } list[LOOK_LEFT_MAX];
};

/* As Nomad's process pid sees the paths; 0: as process 1 does. ret: n of them. -1: no child could
 * be started. */
MUST_CHECK int look_call(const char *program, struct look_left *left, uint32_t pid,
                         const struct path_user *user, const struct host_wish *wishes, uint32_t n,
                         struct host_look *ret, struct err *err);

/* path_look() */
typedef void look_fn(int root, const struct path_user *user, const struct host_wish *wish,
                     struct host_look *ret, unsigned char *content);
/* The body of `look`: the conversation is on standard input. Exit status. */
int look_call_main(look_fn *look);

#endif
