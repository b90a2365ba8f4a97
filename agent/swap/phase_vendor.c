#include "phase_step.h"

/* If gpgv could not be asked in time, this says nothing about the release: another try may help. */
static enum failure vendor_failure(const struct err *err)
{
    bool passes = err->kind == ERR_TIMEOUT || err->kind == ERR_NETWORK || err->kind == ERR_IO;

    return passes ? FAILURE_IO : FAILURE_REFUSED_BY_LAW;
}

void vendor_begin(struct phases *p)
{
    const struct vendor_job *job = &p->now.vendor;
    char key[OPENPGP_FPR];
    struct err err = ERR_INIT;

    if (p->now.cancelled) {
        staging_cancelled(p);
    } else if (vendor_check(p->host, &p->conf.vendor_keys, job, &p->now.job.fetch_digest, key,
                            &err) < 0) {
        phases_drop(p, p->shelf.fresh); /* a binary staged before does not count any more */
        phases_fail(p, vendor_failure(&err), "root demands HashiCorp's own signature: %.190s",
                    err.text);
    } else {
        phases_note(p, LOG_INFO, EVENT_NONE, "%s is signed by the key %s", job->zip, key);
        phases_then(p, fetching_start, 0);
    }
}
