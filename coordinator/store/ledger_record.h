/*
 * ledger_record.h - the record: signed orders and their receipts, as they were sent and received.
 *
 * Kept is what moves caravan-swap: stage, swap, revert, preserve and service orders of a run, and
 * trust orders, which belong to no run. For each the signed inner bytes (envelope.h), and of its
 * receipts the one that the run went by. An order is written in the transaction that commits it,
 * before it is sent; a receipt in the one that commits what the run makes of it. A retry sends the
 * same bytes and is no new record. Leases, notes, hellos and statuses are not kept. What is in the
 * record and how its sequences follow each other audit.h says, which checks it.
 *
 * The trust file that was in force is kept with the run, by its version; a record tells which.
 *
 *     ledger_record_open(store, run_id, &r, &err)     the records of a run, host by host
 *     while ((rc = ledger_record_next(r, &row, &err)) > 0)
 *         ...                                         row: as it stands there, nothing is verified
 *     ledger_record_close(r)
 *
 * A ledger of an earlier version has none: there are no rows then. One thread.
 */
#ifndef LEDGER_RECORD_H
#define LEDGER_RECORD_H

#include "ledger_db.h"
#include "ledger_store.h"

struct stored_record {
    size_t at;           /* the host's index in the run's ledger */
    uint32_t turn;       /* the how-many-th order of this host, from 1 */
    char host[UUID_MAX]; /* its key */
    int64_t wall_ms;     /* when it was committed */
    uint32_t trust;      /* version of the trust file in force */
    uint64_t told;       /* the highest sequence that the host had obeyed in this boot, by hello */
    unsigned char salt[NONCE_LEN]; /* of the order's nonce: ledger_nonce */
    struct digest digest;          /* of the order's inner bytes */
    struct buf inner;              /* the order */
    int64_t answered_ms;           /* when its receipt was committed; 0: there is none */
    struct buf receipt;
};
#define STORED_RECORD_INIT                                                                         \
    {                                                                                              \
        .inner = BUF_INIT, .receipt = BUF_INIT                                                     \
    }
void stored_record_free(struct stored_record *r); /* what is in it */

struct ledger_record;
MUST_CHECK int ledger_record_open(struct ledger_store *s, const unsigned char run_id[static 16],
                                  struct ledger_record **ret, struct err *err);
/* 1: the next one is in *io, whose buffers are used again; 0: there is none. */
MUST_CHECK int ledger_record_next(struct ledger_record *r, struct stored_record *io,
                                  struct err *err);
void ledger_record_close(struct ledger_record *r); /* NULL is fine */
/* How many runs have records here, and are not in the ledger themselves. */
MUST_CHECK int ledger_record_orphans(struct ledger_store *s, size_t *ret, struct err *err);

/* ---- what is written ---- */

/* Trust orders belong to no run: their records are those of this id, and so is the trust file that
 * is kept with them (ledger_store_trust). A new one, before it is sent, or the same again with its
 * receipt: which one it is stays in `at` and `turn`, 0 for a new one. Durable by itself, or with
 * the caller's transaction. A live run may be writing meanwhile: its lock is not needed. */
extern const unsigned char ledger_no_run[RUN_ID_LEN];
MUST_CHECK int ledger_record_alone(struct ledger_store *s, struct stored_record *io,
                                   struct err *err);
/* The digest of the last trust order, which the nonce of the next one follows from (ledger_nonce);
 * zero: none is kept. In the transaction that writes the next one. */
MUST_CHECK int ledger_record_alone_last(struct ledger_store *s, struct digest *ret,
                                        struct err *err);

MUST_CHECK int ledger_record_make(struct ledger_db *db, struct err *err);
/* In the transaction of a commit. */
MUST_CHECK int ledger_record_put(struct ledger_db *db, const struct ledger *l, const struct kept *k,
                                 uint32_t trust, int64_t wall_ms, struct err *err);
MUST_CHECK int ledger_record_put_trust(struct ledger_db *db, const unsigned char run_id[static 16],
                                       uint32_t version, const struct buf *file, struct err *err);
/* The file of that version; ERR_NOTFOUND. */
MUST_CHECK int ledger_record_read_trust(struct ledger_db *db, const unsigned char run_id[static 16],
                                        uint32_t version, struct buf *ret, struct err *err);

#endif
