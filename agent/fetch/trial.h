/*
 * trial.h - runs an unknown binary once, behind a wall, where it can do no harm.
 *
 * Only the binary's output and its exit status are used. Under systemd the unit of this process is
 * the wall (caravan-try@.service). Without systemd this process builds a wall from what the kernel
 * gives to an ordinary user: user, mount, network, IPC and process namespaces of its own,
 * everything read-only, /run and /tmp empty. If the kernel gives no namespaces, nothing is run
 * (ERR_STATE: the answer is unknown).
 *
 * The binary is an open file, and is executed through its descriptor. Configuration files are open
 * too: often another user opened them, who may read more than this process. Their contents are
 * copied into an empty directory, in the given order, and the binary gets the names of the copies
 * (TRIAL_FILE of fetch_job.h).
 *
 * gpgv runs behind the same wall (trial_verify), because it parses bytes that come from the
 * network.
 *
 * Calling sequence: trial_build_wall once in the process, then trial_run or trial_verify once. One
 * thread.
 */
#ifndef TRIAL_H
#define TRIAL_H

#include "clock.h"
#include "fetch_job.h"

struct trial_job {
    int binary;
    const int *files;
    size_t n_files; /* <= FETCH_FILES_MAX */
    bool validate;  /* `config validate FILE...`; else `version` */
    int64_t deadline_ms;
    const char *dir;  /* TRIAL_DIR; must not exist yet */
    const char *gpgv; /* for trial_verify: path of gpgv; NULL: its usual path */
};

struct trial_answer {
    int exit_code, signal; /* exit_code -1: the signal ended the program */
    struct buf said;
};

/* Builds the wall. ERR_STATE: this host has no safe place to try a binary. */
MUST_CHECK int trial_build_wall(struct err *err);
/* ERR_STATE: the binary could not be tried, so nothing is known about it. Other errors: the binary
 * could not be run to its end. The caller frees ret->said. */
MUST_CHECK int trial_run(const struct trial_job *j, const struct clock *clock,
                         struct trial_answer *ret, struct err *err);
/* ret->said: gpgv's status lines. files: a binary keyring, a signature, the signed file. ERR_STATE:
 * as above, or gpgv is not installed. */
MUST_CHECK int trial_verify(const struct trial_job *j, const struct clock *clock,
                            struct trial_answer *ret, struct err *err);

#endif
