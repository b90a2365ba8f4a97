/*
 * ledger_record.h - the record: signed orders and their receipts, as they were sent and received.
 *
 * The record contains the orders that caravan-swap carries out: the stage, swap, revert, preserve
 * and service orders of a run, and trust orders, which belong to no run. For each order the record
 * has the signed inner bytes (envelope.h), and those of the one receipt that decided the outcome.
 * An order is written in the transaction that commits it, before it is sent. A receipt is written
 * in the transaction that commits its outcome. A retry sends the same bytes and adds no record.
 * Leases, notes, hellos and statuses are not recorded. audit.h checks the record, and says how its
 * sequences must follow each other.
 *
 * The trust file in force is stored with the run, by its version; each record names this version.
 *
 *     ledger_record_open(store, run_id, &r, &err)     the records of a run, host by host
 *     while ((rc = ledger_record_next(r, &row, &err)) > 0)
 *         ...                                         the row as stored; nothing is verified
 *     ledger_record_close(r)
 *
 * A ledger of an earlier version has no records: there are no rows then. For one thread.
 */
#ifndef LEDGER_RECORD_H
#define LEDGER_RECORD_H

#include "ledger_db.h"
#include "ledger_store.h"

struct stored_record {
    size_t at;           /* the host's index in the run's ledger */
    uint32_t turn;       /* number of the order among the orders to this host, from 1 */
    char host[UUID_MAX]; /* the host's key in the ledger */
    int64_t wall_ms;     /* when the order was committed */
    uint32_t trust;      /* version of the trust file in force */
    uint64_t told;       /* highest sequence that the host had accepted in this boot; by hello */
    unsigned char salt[NONCE_LEN]; /* the order's nonce is made of it: ledger_nonce */
    struct digest digest;          /* of the order's inner bytes */
    struct buf inner;              /* signed bytes of the order */
    int64_t answered_ms;           /* when the receipt was committed; 0: there is no receipt */
    struct buf receipt;
};
#define STORED_RECORD_INIT                                                                         \
    {                                                                                              \
        .inner = BUF_INIT, .receipt = BUF_INIT                                                     \
    }
void stored_record_free(struct stored_record *r); /* frees the buffers, not r itself */

struct ledger_record;
MUST_CHECK int ledger_record_open(struct ledger_store *s, const unsigned char run_id[static 16],
                                  struct ledger_record **ret, struct err *err);
/* 1: *io is the next record; its buffers are reused. 0: there is no further record. */
MUST_CHECK int ledger_record_next(struct ledger_record *r, struct stored_record *io,
                                  struct err *err);
void ledger_record_close(struct ledger_record *r); /* NULL is fine */
/* How many runs have records in this ledger, but no row of their own. */
MUST_CHECK int ledger_record_orphans(struct ledger_store *s, size_t *ret, struct err *err);

/* ---- writing ---- */

/* Trust orders belong to no run. Their records, and the trust file stored with them
 * (ledger_store_trust), have this id. */
extern const unsigned char ledger_no_run[RUN_ID_LEN];
/* Writes the record of a trust order. Call this before the order is sent, with `at` and `turn` 0;
 * the function sets both. Call it again with the receipt and the same `at` and `turn`. The write is
 * durable by itself, or with the caller's transaction. The lock is not needed: a live run may write
 * at the same time. */
MUST_CHECK int ledger_record_alone(struct ledger_store *s, struct stored_record *io,
                                   struct err *err);
/* The digest of the last trust order in the record. The nonce of the next trust order is made of it
 * (ledger_nonce). All zero: there is no trust order. Call this in the transaction that writes the
 * next one. */
MUST_CHECK int ledger_record_alone_last(struct ledger_store *s, struct digest *ret,
                                        struct err *err);

MUST_CHECK int ledger_record_make(struct ledger_db *db, struct err *err);
/* Writes an order or a receipt of a run. Called in the transaction of a commit. */
MUST_CHECK int ledger_record_put(struct ledger_db *db, const struct ledger *l,
                                 const struct kept_record *k, uint32_t trust, int64_t wall_ms,
                                 struct err *err);
MUST_CHECK int ledger_record_put_trust(struct ledger_db *db, const unsigned char run_id[static 16],
                                       uint32_t version, const struct buf *file, struct err *err);
/* The stored trust file of that version. ERR_NOTFOUND: the run has no such file. */
MUST_CHECK int ledger_record_read_trust(struct ledger_db *db, const unsigned char run_id[static 16],
                                        uint32_t version, struct buf *ret, struct err *err);

#endif
