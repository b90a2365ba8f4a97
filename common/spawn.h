/*
 * spawn.h - the one place where processes are started.
 *
 * posix_spawn, never fork alone: nng aborts in a forked child. Arguments are a
 * vector, never a shell line. The child gets standard input from /dev/null, its
 * output is captured up to a limit (more is ERR_LIMIT and kills it), a deadline
 * that kills it (SIGKILL to its own process group), and no descriptor but 0-2 and
 * those named. Environment: exactly what is given.
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
    uid_t uid;               /* with drop: run as this user and group, no */
    gid_t gid;               /* supplementary groups, no_new_privs */
    bool drop;
    bool quiet;        /* output to /dev/null: for services that outlive us */
    int pass_fd;       /* -1, or a descriptor handed on as number 3 */
    const char *input; /* NULL, or text for standard input (<= 64 KiB) */
};

struct spawn_result {
    int exit_code; /* -1 when a signal ended it */
    int signal;
    bool timed_out;
    struct buf out;
};

/* -1: could not be started, output too large, or deadline (ERR_TIMEOUT; killed).
 * A program that ran and failed is 0 with its exit code. The caller frees
 * ret->out. */
MUST_CHECK int spawn_run(const struct spawn *s, const struct clock *clock, struct spawn_result *ret,
                         struct err *err);

/* Starts and leaves it: the caller owns the pid (waitpid). */
MUST_CHECK int spawn_start(const struct spawn *s, pid_t *ret_pid, struct err *err);

#endif
