/*
 * spawn.h - the one place where processes are started.
 *
 * Arguments are a vector, never a shell line. The child gets a session of its own,
 * default signals, standard input from /dev/null or the text given, no descriptor
 * but 0-2 and the one handed on, and exactly the environment given. spawn_run
 * captures its output up to a limit (more is ERR_LIMIT and kills it) and has a
 * deadline (ERR_TIMEOUT, SIGKILL to its process group); it waits for the child
 * alone: what the child leaves running is let live, and its output is not waited
 * for (use quiet for services, or they meet a closed pipe). Threads may call it.
 *
 * Without drop it is posix_spawn. With drop it has to fork, with nothing but bare
 * system calls before exec: programs that use nng (caravan, caravan-agent) must
 * never ask for drop, because nng does not survive fork.
 */
#ifndef SPAWN_H
#define SPAWN_H

#include <stdbool.h>
#include <sys/types.h>
#include "buf.h"
#include "clock.h"

struct spawn {
    const char *const *argv; /* argv[0] is the program: a path, no search */
    const char *const *env;  /* NULL: PATH and LANG=C only */
    const char *cwd;         /* NULL: "/" */
    int64_t deadline_ms;     /* how long it may take from now; 0 is refused */
    size_t out_max;          /* standard output and error together */
    uid_t uid;               /* with drop: run as this user and group, no
                                supplementary groups, no_new_privs */
    gid_t gid;
    bool drop;
    bool no_network;   /* with drop: in a network of its own with nothing in it, where we
                          may make one; where we may not it has ours */
    bool quiet;        /* output to /dev/null: for services that outlive us */
    int pass_fd;       /* -1, or a descriptor handed on as number 3 */
    bool run_passed;   /* the program is what pass_fd has open; argv[0] is but its name */
    int talk_fd;       /* 0: none; spawn_start only: a socket, the child's standard
                          input and output; its errors go where ours go */
    const char *input; /* NULL, or text for standard input (<= 64 KiB) */
};

struct spawn_result {
    int exit_code; /* -1 when a signal ended it */
    int signal;
    struct buf out;
};

/* -1: could not be started, output too large, or deadline (ERR_TIMEOUT; killed).
 * A program that ran and failed is 0 with its exit code. A program that is not
 * there is ERR_NOTFOUND. The caller frees ret->out. */
MUST_CHECK int spawn_run(const struct spawn *s, const struct clock *clock, struct spawn_result *ret,
                         struct err *err);

/* Starts and leaves it: the caller owns the pid (waitpid), which is also its process
 * group. Output is ours unless quiet; deadline_ms and out_max play no part. */
MUST_CHECK int spawn_start(const struct spawn *s, pid_t *ret_pid, struct err *err);

#endif
