/*
 * auditing.h - the record read back, verified, and held against the ledger; offline.
 *
 *     auditing_open(c, &a, &err)              configuration, ledger, trust and known hosts of here
 *     auditing_run(&a, &run, &err)            one run: records and rows host by host, in one pass
 *     auditing_close(&a)
 *
 * Verified is here what audit.h cannot: that an order's bytes are those that were signed, that the
 * trust file in force then names the key for it, that it went to the host in whose place it stands,
 * and that the receipt is that host's answer to these very bytes. The trust of then is the file
 * kept with the run. It is believed when it is the one that this machine has, or an older one whose
 * root keys have signed that. What this machine has of a cluster before this one counts for the
 * runs of that one (trust_kept_load_before).
 *
 * Nothing is kept of a record but the last order of each host (`last`), so that memory does not
 * grow with the record. Reads in one transaction: a live run may go on. One thread.
 */
#ifndef AUDITING_H
#define AUDITING_H

#include "audit.h"
#include "command_context.h"
#include "envelope.h"
#include "ledger_record.h"
#include "trust_files.h"
#include "ledger_walk.h"

struct audited_host {
    char key[UUID_MAX];
    struct audit_kept last;
};

/* A record, as far as it is genuine. Points into the bytes of the stored one. */
struct opened_record {
    struct audit_entry entry;
    struct verified order, receipt;
    struct order body;
    struct receipt answer;
    char why[TEXT_MAX], receipt_why[TEXT_MAX];
};

struct auditing {
    struct command_context *context;
    bool asks; /* `last` is wanted */
    struct ledger_store *store;
    struct trust_kept kept;   /* the trust of this machine, all versions */
    struct trust_kept before; /* the same of a cluster before, where a run was that one's */
    /* Of the run at hand. */
    const struct stored_run *run;
    struct audit audit;
    struct trust trust; /* of version `trusted`; 0: none yet */
    uint32_t trusted;
    char distrust[TEXT_MAX]; /* why that is not believed; "" it is */
    bool distrust_told;
    /* Told of what is wrong; may be NULL. */
    void (*found)(void *ctx, const struct stored_run *run, const struct audit_finding *f);
    void *ctx;
    /* Over all runs. */
    struct audited_host *last; /* sorted by key */
    size_t n_last, cap_last;
    size_t runs, orders, receipts, unanswered, wrong;
    size_t without; /* runs of which no record, or a part of it, is kept */
};

/* ERR_NOTFOUND: there is no ledger. */
MUST_CHECK int auditing_open(struct command_context *c, struct auditing *ret, struct err *err);
/* key: of the host in whose place it stands. */
void auditing_record(struct auditing *a, const struct stored_run *run,
                     const struct stored_record *r, const char *key, struct opened_record *ret);
/* run: the caller's. a->audit then tells how much was read and what was wrong; -1 only when the
 * ledger cannot be read. */
MUST_CHECK int auditing_run(struct auditing *a, const struct stored_run *run, struct err *err);
/* The same of what belongs to no run: trust orders. */
MUST_CHECK int auditing_alone(struct auditing *a, struct err *err);
/* Over the runs read so far. */
const struct audit_kept *auditing_last_of(const struct auditing *a, const char *key);
void auditing_close(struct auditing *a);

#endif
