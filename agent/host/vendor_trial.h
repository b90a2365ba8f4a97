/*
 * vendor_trial.h - runs gpgv, and unpacks a zip that gpgv accepted, behind the wall of a trial.
 *
 * A caravan-fetch process of its own does both (fetch_job.h: verify, unzip), as the user
 * caravan-verify, who runs nothing else on the host. caravan-swap believes what this process says
 * about gpgv's result. So no other process of the same user may exist, because it could forge the
 * result (ptrace, /proc/PID/mem). Downloads, questions and trials of new binaries run as other
 * users.
 *
 * If caravan-swap is root and starts children (no socket service), and there is no user
 * caravan-verify, nothing is verified, and the error says so. Without root all these processes and
 * caravan-swap run as one user, and nothing separates them.
 */
#ifndef VENDOR_TRIAL_H
#define VENDOR_TRIAL_H

#include "fetch_call.h"
#include "host.h"

/* *ret_status: gpgv's status lines. */
MUST_CHECK int vendor_trial(const struct fetch_who *who, const struct host_signed *what,
                            struct buf *ret_status, struct err *err);
/* Begins to unpack. Ends an earlier conversation in *call (NULL: none) and puts the new one there,
 * for fetch_call_piece. */
MUST_CHECK int vendor_trial_unzip(const struct fetch_who *who, int zip, uint64_t size,
                                  const struct digest *digest, struct fetch_call **call,
                                  struct err *err);

#endif
