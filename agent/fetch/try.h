/*
 * try.h - runs a binary of unknown goodness once, where it can do no harm.
 *
 * Nothing of it is believed but what it prints and how it ends. Under systemd the unit around us is
 * the wall (caravan-try@.service). Without it we build one of what the kernel gives an ordinary
 * user: a user, mount, network, IPC and process namespace of our own, everything read-only, /run
 * and /tmp empty. Where the kernel gives none nothing is run (ERR_STATE: it cannot be told).
 *
 * The binary is an open file and is executed as that. Configuration files are open, too, often by
 * somebody who may read what we may not: their contents are put into an empty directory, in the
 * order given, and the binary is told those names (TRY_FILE of fetch_job.h).
 *
 * gpgv is run there as well (try_verify): what it parses comes from the network in the end.
 *
 * Calling sequence: try_wall once in the process, then try_run or try_verify once. One thread.
 */
#ifndef TRY_H
#define TRY_H

#include "clock.h"
#include "fetch_job.h"

struct try_job {
    int binary;
    const int *files;
    size_t n_files; /* <= FETCH_FILES_MAX */
    bool validate;  /* `config validate FILE...`; else `version` */
    int64_t deadline_ms;
    const char *dir;  /* TRY_DIR; must not be there */
    const char *gpgv; /* try_verify; NULL: where it is installed */
};

struct try_answer {
    int exit_code, signal; /* exit_code -1: the signal ended it */
    struct buf said;
};

MUST_CHECK int try_wall(struct err *err);
/* ERR_STATE: it could not be tried, which says nothing of the binary. Else: it could not be run
 * to its end. The caller frees ret->said. */
MUST_CHECK int try_run(const struct try_job *j, const struct clock *clock, struct try_answer *ret,
                       struct err *err);
/* gpgv's status lines; files: a binary keyring, a signature, what was signed. ERR_STATE as above,
 * also: gpgv is not installed. */
MUST_CHECK int try_verify(const struct try_job *j, const struct clock *clock,
                          struct try_answer *ret, struct err *err);

#endif
