/*
 * audit.h - is the record whole and genuine, and does the ledger say what it says? Pure.
 *
 * The record of a run (store/ledger_record.h) is, for each host, the orders of caravan-swap's
 * (message_owner: stage, swap, cancel, revert, preserve, service) in the order of their commits,
 * and the receipt that the run went by. Whoever reads it verifies signatures and hands it over here
 * record by record, with the host's row of the ledger; what is wrong is told by `say`.
 *
 *     audit_begin_host(&a, name, &row, &target)
 *     audit_add(&a, &entry)     each record of this host
 *     audit_end_host(&a)
 *
 * What follows what. A host's orders are numbered within its boot (session) and the lease's epoch,
 * and an order's nonce follows from the order before it at this host and in this run, whatever its
 * session and epoch (ledger_nonce). In a record that is whole every nonce does, sequences and
 * epochs never fall, and within a session and an epoch each sequence is the one before it plus 1.
 * So whoever removes, moves or puts in a record, the first of a host as well, cannot make the
 * others fit it without an operator's key; and the sequences say which are missing.
 *
 * Nothing honest is missing: an order is committed, and so kept, before it is sent. One that was
 * refused, came too late or was never answered has its number all the same, and its record; one
 * that was signed and not committed was not sent either, and its number is used again. A retry is
 * the same bytes and no new record. Two things are no gap: the first number of a session or epoch,
 * which is above all that the host told of others'; and one that is above what the host's status
 * told of an order of an earlier boot, for the coordinator never numbers below that. Both have a
 * nonce that follows. Numbers that others took within the session and epoch show by what the host
 * told (`told`, and receipts): AUDIT_ELSEWHERE.
 *
 * Leases and notes are numbered by their owner's revision and are not kept. Trust orders have no
 * sequence and belong to no run; the nonce of each follows from the trust order before it. Of a run that an earlier version of Caravan began (RECORD_PART)
 * the record begins with the first order since.
 *
 * That the last records of a host were taken away shows by its row, which has the digest of the
 * last order; who changes both is found by asking the host (audit_compare).
 */
#ifndef AUDIT_H
#define AUDIT_H

#include "ledger.h"

enum audit_fault {
    AUDIT_SOUND,
    AUDIT_CHANGED,       /* the bytes are not those that were signed */
    AUDIT_UNKNOWN_KEY,   /* signed by a key that the trust of then does not name */
    AUDIT_WRONG_ROLE,    /* by one that may not give such orders */
    AUDIT_TRUST,         /* the trust of then cannot be told, or is not this cluster's */
    AUDIT_MISPLACED,     /* of another host, run, or cluster */
    AUDIT_REMOVED,       /* a sequence is missing */
    AUDIT_REPEATED,      /* a sequence is there twice */
    AUDIT_REORDERED,     /* it stands behind a later one */
    AUDIT_ELSEWHERE,     /* the host obeyed orders that this record does not have */
    AUDIT_FALSE_RECEIPT, /* the receipt is not that host's answer to that order */
    AUDIT_NO_RECEIPT,    /* the ledger goes by a receipt that is not kept */
    AUDIT_CONTRADICTION, /* the ledger says something else than order and receipt */
    AUDIT_FAULTS
};
const char *audit_fault_name(enum audit_fault f);   /* "removed" */
const char *audit_fault_advice(enum audit_fault f); /* what to do now, one sentence */

struct audit_finding {
    enum audit_fault fault;
    const char *host;       /* its name */
    enum message_kind kind; /* MSG_NONE: about the host as a whole */
    uint64_t epoch, sequence;
    char text[TEXT_MAX]; /* what is wrong */
};
typedef void audit_say(void *ctx, const struct audit_finding *f);

/* One record, as far as it is genuine. */
struct audit_entry {
    enum audit_fault fault; /* of the order by itself; then why, for people */
    const char *why;
    const struct header *head; /* NULL: its bytes were changed, nothing of it can be told */
    struct digest digest;
    uint64_t told; /* the highest sequence that its host had obeyed in this boot, by hello */
    unsigned char salt[NONCE_LEN];
    struct digest to; /* of a swap, a revert: the binary that is to run */
    bool answered;    /* a receipt is kept */
    enum audit_fault receipt_fault;
    const char *receipt_why;
    const struct receipt_done *done; /* NULL: no genuine receipt */
};

struct audit {
    audit_say *say;
    void *ctx;
    const unsigned char *run_id;
    enum record_since since;
    size_t orders, receipts, unanswered, wrong;
    /* Of the host at hand. */
    const char *name;
    const struct ledger_host *row;
    struct digest target; /* what the plan has it run */
    bool any, blind;      /* a record was seen; nothing can be told of the one before */
    bool chained;         /* of no run: a trust order was seen whose nonce follows from another */
    unsigned char session[SESSION_LEN];
    struct digest before;        /* of its bytes */
    uint64_t epoch, last, heard; /* of the last record; what receipts told as the host's last */
    struct audit_last {          /* the last order that a turn of the run is about */
        bool there, changed;
        enum message_kind kind;
        uint64_t epoch, sequence;
        struct digest digest, to;
        bool answered, genuine;
        enum refusal refusal;
    } order;
};

/* name and row are the caller's, until audit_end_host. */
void audit_begin_host(struct audit *a, const char *name, const struct ledger_host *row,
                      const struct digest *target);
void audit_add(struct audit *a, const struct audit_entry *e);
void audit_end_host(struct audit *a);
/* A record of no run, about this host: a trust order, which has no sequence. Its nonce follows from
 * the trust order that was kept before it, to whatever host. Those that a Caravan of before that
 * kept have no salt and come first: whether one of them is missing cannot be seen. */
void audit_add_alone(struct audit *a, const char *name, const struct audit_entry *e);
/* There are records of hosts that the run does not have; or the ledger says that none is kept. */
void audit_say_unkept(struct audit *a, bool of_others);
/* There are records of so many runs that are not in the ledger. */
void audit_say_orphans(struct audit *a, size_t runs);

/* ---- asking the hosts ---- */

/* The last order of a host, over all runs: that of its highest epoch and sequence. */
struct audit_kept {
    bool there;
    unsigned char session[SESSION_LEN];
    uint64_t epoch, sequence;
    bool obeyed; /* by its receipt */
};
enum audit_match {
    AUDIT_MATCHES,
    AUDIT_AHEAD,  /* the host obeyed an order that is not kept */
    AUDIT_BEHIND, /* the host does not know of an order that it said it obeyed */
    AUDIT_CANNOT_TELL
};
/* session: of the hello's receipt. whole: every run of this ledger has a record. */
enum audit_match audit_compare(const struct audit_kept *k, const struct receipt_hello *h,
                               const unsigned char session[static SESSION_LEN], bool whole,
                               char text[static TEXT_MAX]);

#endif
