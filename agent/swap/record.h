/*
 * record.h - what caravan-swap must still know after a crash or a power cut.
 *
 * One small file, <state_dir>/swap/record, replaced whole (host_replace) before
 * every effect. Text: a first line naming the format, one "key value" line a
 * field in the order of the table in record.c, "refused EPOCH SEQUENCE" where there is such a
 * thing, kept receipts, and a last line with
 * the SHA-256 of everything above it, so that a torn or edited file is known as
 * such. Reading is bounded, strict, and refuses what does not round-trip. A
 * record that cannot be read stops caravan-swap: guessing could obey an order twice.
 *
 * What settled here is the floor of law.h: nothing lowers settled_s, and a revert leaves both. A
 * record of before there was a floor is read as one that knows none, until the first settle.
 *
 * A service that an order has disabled or stopped is told as such until it is enabled or runs
 * again, whoever sees to that. It stays stopped whatever caravan-swap does by itself, also in
 * another boot.
 *
 * Times in ms are uptime of the boot `session`; in another boot they mean nothing.
 */
#ifndef RECORD_H
#define RECORD_H

#include "host.h"
#include "log.h"
#include "order.h"

#define RECORD_NAME        "record"
#define RECORD_MAX         (64 * 1024)
#define RECORD_RECEIPT_MAX 1536 /* a packed and signed receipt_done */

struct kept_receipt {
    struct digest order; /* of the order's inner bytes */
    uint32_t len;        /* 0: empty place */
    unsigned char bytes[RECORD_RECEIPT_MAX];
};

/* A file whose content was hashed, and how to know that it is still that. */
struct known_file {
    struct digest digest; /* zero: not known */
    uint64_t dev, ino, size;
    int64_t mtime_ns, ctime_ns;
};

/* By which order the service was disabled, or stopped; sequence 0: by none. */
struct service_order {
    uint64_t epoch, sequence;
};

struct record {
    enum phase phase;
    enum phase failed_in;
    enum phase rest; /* where a swap or revert began: it comes back there before its rename */

    /* The order being, or last, carried out. */
    enum message_kind order;
    uint64_t order_sequence;
    struct digest target;
    uint64_t target_size;
    char version[NAME_MAX_LEN]; /* of target */
    int64_t created_s;          /* of the manifest that named it; 0: not known */
    enum on_not_ready on_not_ready;
    uint64_t not_before;
    uint32_t hold_ms, deadline_ms;
    bool is_server;
    bool by_order;   /* reverting: by a revert order, not by a failed probe */
    bool was_active; /* the service ran when the swap or revert began */

    struct digest previous; /* kept beside; zero: none */
    uint64_t previous_size;
    int64_t previous_since_s; /* wall seconds */
    struct verdict verdict;
    uint32_t silence_ms;

    unsigned char session[SESSION_LEN]; /* of the times and the sequence below */
    int64_t swapped_ms;                 /* the last swap's restart; 0: none */
    int64_t first_ms;                   /* when first_wall_ns was taken */
    int64_t first_wall_ns; /* the new binary's first start is not earlier; 0: unknown */

    uint64_t epoch;                       /* highest obeyed */
    uint64_t sequence;                    /* last taken, within session and epoch */
    uint64_t refused_epoch;               /* above epoch, orders were refused in it; 0: none */
    uint64_t refused_sequence;            /* the last of them, within session and that epoch */
    struct known_file disk;               /* the target path's file, hashed */
    uint64_t untried;                     /* 1: staged while root held this host: not executed */
    uint64_t vendor_signed;               /* 1: staged with the vendor's signature checked */
    uint32_t signers;                     /* release keys that signed what was staged */
    uint64_t dir_dev, dir_ino;            /* the directory staged into; dev 0: of another boot */
    struct digest placed;                 /* what was put there last; zero: nothing yet */
    char settled[NAME_MAX_LEN];           /* the version that settled here last; "": none known */
    int64_t settled_s;                    /* the newest manifest's that settled; 0: not known */
    struct service_order disabled;        /* none, once an order has enabled it again */
    struct service_order stopped;         /* none, once Nomad was seen to run again */
    struct digest stopped_disk;           /* what was in place then; zero: not known */
    uint64_t stopped_main;                /* start of the process that it stopped, this boot's */
    uint64_t stopping;                    /* 1: it was not seen to end yet */
    uint64_t joining;                     /* 1: a swap was Nomad's first start here, as a server; no
                                             order has enabled it since, which comes after its vote.
                                             Of another boot, or an hour after its deadline, it means
                                             nothing (law_facts.c) */
    struct kept_receipt kept[ORDER_KEPT]; /* newest first */
};

void record_init(struct record *r);
/* The target has settled. */
void record_settled(struct record *r);
/* Nomad runs, as a process of this start: what an order stopped before is forgotten when it was
 * another process. true: *r was changed. main_start 0, unknown: it is not. */
bool record_runs(struct record *r, uint64_t main_start);
void record_keep(struct record *r, const struct digest *order, const void *receipt, size_t n);

void record_text(const struct record *r, struct buf *ret);
MUST_CHECK int record_parse(const void *p, size_t n, struct record *ret, struct err *err);
/* Without the last line: fuzzing. */
MUST_CHECK int record_parse_body(const char *text, size_t n, struct record *ret, struct err *err);

/* An absent file is a fresh record. */
MUST_CHECK int record_load(const struct host *h, const char *dir, struct record *ret,
                           struct err *err);
/* names false: the name may still show the record before this one after a crash. */
MUST_CHECK int record_save(const struct host *h, const char *dir, const struct record *r,
                           bool names, struct err *err);

/* Out of a spare (spare.h), when the record has no room otherwise. */
MUST_CHECK int record_save_spare(const struct host *h, const char *dir, const struct record *r,
                                 bool names, struct err *err);

/* The order that is, or was last, carried out. The version before is told by nobody but a
 * revert, whose record names what it takes away. */
struct log_about record_about(const struct record *r);

#endif
