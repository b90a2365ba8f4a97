/*
 * spawn.h - starts processes. No other file does.
 *
 * Arguments are a vector, never a shell command line. The child gets a session of its own, default
 * signals, standard input from /dev/null or from the given text, no descriptors but 0 to 2 and the
 * one that is passed, and exactly the given environment. spawn_run captures the output of the child
 * up to a limit, and has a deadline. If the child prints more (ERR_LIMIT) or takes longer
 * (ERR_TIMEOUT), its process group gets SIGKILL. spawn_run waits for the child only, not for
 * processes that the child has started: these stay alive, and spawn_run does not wait for their
 * output. Set quiet for services; otherwise they would write to a closed pipe. Any thread may call
 * these functions.
 *
 * Without drop, spawn uses posix_spawn. With drop, it must fork and makes only bare system calls
 * before exec. Programs that use nng (caravan, caravan-agent) must never set drop, because nng does
 * not survive a fork.
 */
#ifndef SPAWN_H
#define SPAWN_H

#include <stdbool.h>
#include <sys/types.h>
#include "buf.h"
#include "clock.h"

struct spawn {
    const char *const *argv; /* argv[0] is the path of the program; PATH is not searched */
    const char *const *env;  /* NULL: PATH and LANG=C only */
    const char *cwd;         /* NULL: "/" */
    int64_t deadline_ms;     /* the longest time the program may take; 0 is refused */
    size_t out_max;          /* bytes of standard output and error together */
    uid_t uid;               /* with drop: run as this user and group, without supplementary
                                groups, with no_new_privs */
    gid_t gid;
    bool drop;
    bool no_network;   /* with drop: run in an empty network namespace, if this process may make
                          one; otherwise the program keeps our network */
    bool quiet;        /* output to /dev/null; for services that run on after this process */
    int pass_fd;       /* a descriptor that becomes number 3 in the child; -1: none */
    bool run_passed;   /* run the open file pass_fd; argv[0] is only the name of the program */
    int talk_fd;       /* for spawn_start only: a socket that becomes standard input and output of
                          the child; its errors go to our standard error; 0: none */
    const char *input; /* text for standard input (<= 64 KiB); NULL: /dev/null */
};

struct spawn_result {
    int exit_code; /* -1: a signal ended the program */
    int signal;    /* 0: none */
    struct buf out;
};

/* Runs a program and waits for its end. 0: the program has ended by itself; exit_code says how.
 * ERR_NOTFOUND: there is no such program. ERR_LIMIT: the program printed too much and was killed.
 * ERR_TIMEOUT: the deadline passed and the program was killed. ERR_IO: the program could not be
 * started. The caller frees ret->out. */
MUST_CHECK int spawn_run(const struct spawn *s, const struct clock *clock, struct spawn_result *ret,
                         struct err *err);

/* Starts a program and does not wait. The caller calls waitpid for the pid, which is also the
 * process group of the program. The program writes to our standard output and error unless quiet is
 * set. deadline_ms and out_max are not used. */
MUST_CHECK int spawn_start(const struct spawn *s, pid_t *ret_pid, struct err *err);

#endif
