/*
 * look_call.h - looks at paths in a child process, which is left behind if a path hangs.
 *
 * On a network file system whose server is dead, stat waits in the kernel, and even SIGKILL does
 * not end the wait at once. So a child looks at the paths, one after the other. If LOOK_MS pass
 * without an answer, that path is LOOK_HANGS; the child is killed and left behind, and another
 * child goes on with the next path. A path that hung is not looked at again before LOOK_AGAIN_MS.
 * At most LOOK_LEFT_MAX paths are remembered in this way (or have a child that has not ended yet);
 * when all places are taken, the remaining paths are LOOK_SKIPPED. The child is caravan-swap
 * itself, started as `PROGRAM look`.
 */
#ifndef LOOK_CALL_H
#define LOOK_CALL_H

#include <sys/types.h>
#include "host.h"

#define LOOK_MS        2000
#define LOOK_AGAIN_MS  60000
#define LOOK_LEFT_MAX  3
#define LOOK_QUESTIONS 96 /* in one call */

/* The paths that hung, and the children that were left behind. All zero: none. */
struct look_left {
    struct {
        pid_t pid;      /* 0: the child has ended */
        int64_t at_ms;  /* when the path hung; 0: this place is free */
        char path[256]; /* the path that hung */
    } list[LOOK_LEFT_MAX];
};

/* Looks at the paths as Nomad's process pid sees them; pid 0: as process 1 sees them. ret: n
 * results. -1: a child could not be started, or ended without an answer. */
MUST_CHECK int look_call(const char *program, struct look_left *left, uint32_t pid,
                         const struct path_user *user, const struct path_question *questions,
                         uint32_t n, struct host_look *ret, struct err *err);

/* The function that looks at one path: path_look. */
typedef void look_fn(int root, const struct path_user *user, const struct path_question *question,
                     struct host_look *ret, unsigned char *content);
/* The body of `look`: standard input is the socket to the parent. Returns the exit status. */
int look_call_main(look_fn *look);

#endif
