/*
 * auditing.h - reads the record of orders and receipts, verifies it, and compares it with the
 * ledger. Offline.
 *
 *     auditing_open(c, &a, &err)              configuration, ledger, trust, known hosts
 *     auditing_run(&a, &run, &err)            one run: records and ledger rows, in one pass
 *     auditing_close(&a)
 *
 * This file checks what audit.h cannot check: that the bytes of an order are the signed bytes, that
 * the trust file in force at that time names the key for such orders, that the order was for the
 * host under which the ledger lists it, and that the receipt is this host's answer to exactly these
 * bytes. The trust file of that time is kept with the run. It is trusted if it is the trust file of
 * this machine, or an older version from which the trust file of this machine follows. For runs of
 * an earlier cluster the trust files of that cluster count, if this machine has them
 * (trust_kept_load_before).
 *
 * Of the records only the last order of each host is kept in memory (`last`), so memory does not
 * grow with the record. All reads are one transaction: a run may go on at the same time. One
 * thread.
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

/* A record, as far as it is genuine. Points into the bytes of the stored record. */
struct opened_record {
    struct audit_entry entry;
    struct verified order, receipt;
    struct order body;
    struct receipt answer;
    char why[TEXT_MAX], receipt_why[TEXT_MAX];
};

struct auditing {
    struct command_context *context;
    bool asks; /* the hosts will be asked, so `last` is needed */
    struct ledger_store *store;
    struct trust_kept kept; /* the trust of this machine, all versions */
    struct trust_kept
        before; /* the same for an earlier cluster, if a run belongs to that cluster */
    /* Of the run that is read now. */
    const struct stored_run *run;
    struct audit audit;
    struct trust trust; /* of version `trusted`; 0: not loaded yet */
    uint32_t trusted;
    char distrust[TEXT_MAX]; /* why `trust` cannot be trusted; "": it can */
    bool distrust_told;
    /* Called for each fault; may be NULL. */
    void (*found)(void *ctx, const struct stored_run *run, const struct audit_finding *f);
    void *ctx;
    /* Over all runs. */
    struct audited_host *last; /* sorted by key */
    size_t n_last, cap_last;
    size_t runs, orders, receipts, unanswered, wrong;
    size_t without; /* runs that have no record, or only a part of it */
};

/* ERR_NOTFOUND: there is no ledger. */
MUST_CHECK int auditing_open(struct command_context *c, struct auditing *ret, struct err *err);
/* Checks one record. key: the host under which the ledger lists the record. */
void auditing_record(struct auditing *a, const struct stored_run *run,
                     const struct stored_record *r, const char *key, struct opened_record *ret);
/* Checks one run. run must outlive a. a->audit then counts what was read and what is wrong. -1 only
 * if the ledger cannot be read. */
MUST_CHECK int auditing_run(struct auditing *a, const struct stored_run *run, struct err *err);
/* The same for orders that belong to no run: trust orders. */
MUST_CHECK int auditing_alone(struct auditing *a, struct err *err);
/* Returns the last order of this host in the runs read so far. */
const struct audit_kept *auditing_last_of(const struct auditing *a, const char *key);
void auditing_close(struct auditing *a);

#endif
