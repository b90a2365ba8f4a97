/*
 * vendor_trial.h - gpgv, and the unpacking of what it vouches for, behind the trial's wall.
 *
 * By a caravan-fetch of its own (fetch_job.h: verify, unzip), as the user caravan-verify, who runs
 * nothing else on the host: what is believed of gpgv is what this process says, so no other process
 * of its user may be able to put words into its mouth (ptrace, /proc/PID/mem). The users that
 * download, ask, and run new binaries are others. Where caravan-swap is root and starts children
 * (no socket service) and there is no such user, nothing is verified: it says so. Without root all
 * of them, and caravan-swap itself, are one user, and nobody is kept from anything.
 */
#ifndef VENDOR_TRIAL_H
#define VENDOR_TRIAL_H

#include "fetch_call.h"
#include "host.h"

/* gpgv's status lines. */
MUST_CHECK int vendor_trial(const struct fetch_who *who, const struct host_signed *what,
                            struct buf *ret_status, struct err *err);
/* Begins to unpack; *call, which may be an earlier one or NULL, is what fetch_call_piece reads. */
MUST_CHECK int vendor_trial_unzip(const struct fetch_who *who, int zip, uint64_t size,
                                  const struct digest *digest, struct fetch_call **call,
                                  struct err *err);

#endif
