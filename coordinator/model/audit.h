/*
 * audit.h - is the record of signed orders complete and genuine, and does the ledger agree with it?
 * Pure.
 *
 * The record of a run (store/ledger_record.h) has, for each host, the orders to caravan-swap
 * (message_owner: stage, swap, cancel, revert, preserve, service) in the order of their commits,
 * and the receipts that the run used. The reader of the record verifies the signatures and passes
 * the record here entry by entry, with the host's row of the ledger. `say` receives each finding.
 *
 *     audit_begin_host(&a, name, &row, &target)
 *     audit_add(&a, &entry)     each entry of this host
 *     audit_end_host(&a)
 *
 * What follows what. The orders of a host are numbered within its boot (session) and the lease's
 * epoch. The nonce of an order follows from the order before it at this host and in this run,
 * whatever its session and epoch (ledger_nonce). In a complete record every nonce follows,
 * sequences and epochs never fall, and within a session and an epoch each sequence is the one
 * before plus 1. So a person who removes, moves or inserts an entry, even the first of a host,
 * cannot make the other entries fit without an operator's key. The sequences show which entries are
 * missing.
 *
 * An honest run has no gap: an order is committed, and so kept, before it is sent. An order that
 * was refused, came too late or was never answered has its number and its entry. An order that was
 * signed and not committed was not sent, and its number is used again. A retry sends the same bytes
 * and makes no new entry. Two jumps are no gap: the first number of a session or epoch, which is
 * above all that the host reported of other runs; and a number above what the host's status
 * reported of an order from an earlier boot, because the coordinator never numbers below that. In
 * both cases the nonce follows. Numbers that others used within the session and epoch show in what
 * the host reported (`told`, and receipts): AUDIT_ELSEWHERE.
 *
 * Leases and notes are numbered by their owner's revision and are not kept. Trust orders have no
 * sequence and belong to no run; the nonce of each follows from the trust order before it. If an
 * earlier version of Caravan began the run (RECORD_PART), the record begins with the first later
 * order.
 *
 * If the last entries of a host were removed, the host's row shows that, because the row has the
 * digest of the last order. If somebody changed both, asking the host shows that (audit_compare).
 */
#ifndef AUDIT_H
#define AUDIT_H

#include "ledger.h"

enum audit_fault {
    AUDIT_SOUND,
    AUDIT_CHANGED,       /* the bytes are not the signed bytes */
    AUDIT_UNKNOWN_KEY,   /* signed by a key that the trust at that time does not name */
    AUDIT_WRONG_ROLE,    /* signed by a key that may not give such orders */
    AUDIT_TRUST,         /* the trust at that time is unknown, or is not this cluster's */
    AUDIT_MISPLACED,     /* of another host, run, or cluster */
    AUDIT_REMOVED,       /* a sequence is missing */
    AUDIT_REPEATED,      /* a sequence occurs twice */
    AUDIT_REORDERED,     /* it comes after a later order */
    AUDIT_ELSEWHERE,     /* the host carried out orders that this record does not have */
    AUDIT_FALSE_RECEIPT, /* the receipt is not that host's answer to that order */
    AUDIT_NO_RECEIPT,    /* the ledger uses a receipt that is not kept */
    AUDIT_CONTRADICTION, /* the ledger contradicts order and receipt */
    AUDIT_FAULTS
};
const char *audit_fault_name(enum audit_fault f);   /* "removed" */
const char *audit_fault_advice(enum audit_fault f); /* what to do now */

struct audit_finding {
    enum audit_fault fault;
    const char *host;       /* name of the host */
    enum message_kind kind; /* MSG_NONE: about the host as a whole */
    uint64_t epoch, sequence;
    char text[TEXT_MAX]; /* what is wrong */
};
typedef void audit_report(void *ctx, const struct audit_finding *f);

/* One entry of the record, as far as it is genuine. */
struct audit_entry {
    enum audit_fault fault; /* the order's own fault; `why` explains it, for people */
    const char *why;
    const struct header *head; /* NULL: the bytes were changed, so nothing of the order is known */
    struct digest digest;
    uint64_t told; /* the highest sequence that its host had carried out in this boot, by hello */
    unsigned char salt[NONCE_LEN];
    struct digest to; /* of a swap or a revert: the binary that the order puts in place */
    bool answered;    /* a receipt is kept */
    enum audit_fault receipt_fault;
    const char *receipt_why;
    const struct receipt_done *done; /* NULL: no genuine receipt */
};

struct audit {
    audit_report *say;
    void *ctx;
    const unsigned char *run_id;
    enum record_since since;
    size_t orders, receipts, unanswered, wrong;
    /* The members below are about the present host. */
    const char *name;
    const struct ledger_host *row;
    struct digest target; /* the binary that the plan wants on the host */
    bool any, blind; /* any: an entry was seen; blind: the entry before was changed, so nothing is
                        known of it */
    bool chained; /* trust orders: an order was seen, and its nonce follows from an earlier one */
    unsigned char session[SESSION_LEN];
    struct digest before;        /* digest of the bytes of the entry before */
    uint64_t epoch, last, heard; /* epoch and last: of the last entry; heard: the highest sequence
                                    in the host's receipts */
    struct audit_last { /* the last order of this host in the run, without preserve orders */
        bool there, changed;
        enum message_kind kind;
        uint64_t epoch, sequence;
        struct digest digest, to;
        bool answered, genuine;
        enum refusal refusal;
    } order;
};

/* name and row belong to the caller and stay valid until audit_end_host. */
void audit_begin_host(struct audit *a, const char *name, const struct ledger_host *row,
                      const struct digest *target);
void audit_add(struct audit *a, const struct audit_entry *e);
void audit_end_host(struct audit *a);
/* An entry about this host that belongs to no run: a trust order, which has no sequence. Its nonce
 * follows from the trust order that was kept before it, to any host. Trust orders that an earlier
 * version of Caravan kept have no salt and come first. Nobody can see whether one of them is
 * missing. */
void audit_add_alone(struct audit *a, const char *name, const struct audit_entry *e);
/* of_others: reports that the record has entries of hosts that the run does not have. Otherwise:
 * reports that the ledger says that no record is kept with this run. */
void audit_report_unkept(struct audit *a, bool of_others);
/* Reports that the record has entries of `runs` runs that the ledger does not have. */
void audit_report_orphans(struct audit *a, size_t runs);

/* ---- asking the hosts ---- */

/* The last order of a host over all runs: the order with the highest epoch and sequence. */
struct audit_kept {
    bool there;
    unsigned char session[SESSION_LEN];
    uint64_t epoch, sequence;
    bool obeyed; /* the receipt says that the host carried the order out */
};
enum audit_match {
    AUDIT_MATCHES,
    AUDIT_AHEAD,  /* the host carried out an order that is not kept */
    AUDIT_BEHIND, /* the host does not know an order that it reported as carried out */
    AUDIT_CANNOT_TELL
};
/* session: from the hello's receipt. whole: every run of this ledger has a record. */
enum audit_match audit_compare(const struct audit_kept *k, const struct receipt_hello *h,
                               const unsigned char session[static SESSION_LEN], bool whole,
                               char text[static TEXT_MAX]);

#endif
