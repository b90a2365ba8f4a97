/*
 * record.h - the state that caravan-swap must still know after a crash or a power cut.
 *
 * The record is one small file, <state_dir>/swap/record. caravan-swap replaces the whole file
 * (host_replace) before every effect. The text of the file:
 * - a first line with the name of the format;
 * - one line "key value" for each field, in the order of the table in record.c;
 * - "refused EPOCH SEQUENCE", if orders were refused in an epoch above the record's own;
 * - the kept receipts;
 * - a last line with the SHA-256 of everything above it, to detect a torn or edited file.
 *
 * The reader is bounded and strict, and refuses a text that record_text would not write the same
 * way. If the record cannot be read, caravan-swap stops: a guess could carry out an order twice.
 *
 * settled and settled_s are the floor of law.h: nothing lowers settled_s, and a revert changes
 * neither. A record from before floors existed has no floor until the first settle.
 *
 * If an order has disabled or stopped the service, the record says so until the service is enabled
 * or runs again, whoever caused that. caravan-swap itself never starts such a service, also not in
 * another boot.
 *
 * Times in ms are uptime of the boot `session`. In another boot they have no meaning.
 */
#ifndef RECORD_H
#define RECORD_H

#include "host.h"
#include "log.h"
#include "order_check.h"

#define RECORD_NAME        "record"
#define RECORD_MAX         (64 * 1024)
#define RECORD_RECEIPT_MAX 1536 /* a packed and signed receipt_done */

struct kept_receipt {
    struct digest order; /* of the order's inner bytes */
    uint32_t len;        /* 0: empty place */
    unsigned char bytes[RECORD_RECEIPT_MAX];
};

/* The digest of a file, and the data of stat by which the file is recognized as unchanged. */
struct known_file {
    struct digest digest; /* zero: not known */
    uint64_t dev, ino, size;
    int64_t mtime_ns, ctime_ns;
};

/* The order that disabled, or stopped, the service; sequence 0: no order. */
struct service_order {
    uint64_t epoch, sequence;
};

struct record {
    enum phase phase;
    enum phase failed_in;
    enum phase rest; /* the phase in which a swap or revert began: before its rename it comes back
                        to this phase */

    /* The order that is being carried out, or was carried out last. */
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

    struct digest previous; /* of the previous binary, which is kept; zero: none */
    uint64_t previous_size;
    int64_t previous_since_s; /* wall seconds */
    struct verdict verdict;
    uint32_t silence_ms;

    unsigned char session[SESSION_LEN]; /* the boot of the times and the sequence below */
    int64_t swapped_ms;                 /* the last swap's restart; 0: none */
    int64_t first_ms;                   /* uptime when first_wall_ns was taken */
    int64_t first_wall_ns; /* the new binary's first start is not earlier; 0: unknown */

    uint64_t epoch;                       /* the highest epoch of an accepted order */
    uint64_t sequence;                    /* the last one used up, within session and epoch */
    uint64_t refused_epoch;               /* above epoch; orders were refused in it; 0: none */
    uint64_t refused_sequence;            /* the last of them, within session and that epoch */
    struct known_file disk;               /* the file at the target path */
    uint64_t untried;                     /* 1: staged while root held this host, not executed */
    uint64_t vendor_signed;               /* 1: the stage checked the vendor's signature */
    uint32_t signers;                     /* release keys that signed the staged binary */
    uint64_t dir_dev, dir_ino;            /* the directory of the stage; dev 0: of another boot */
    struct digest placed;                 /* of the last file Caravan put in place; zero: none */
    char settled[NAME_MAX_LEN];           /* the version that settled here last; "": not known */
    int64_t settled_s;                    /* date of the newest settled manifest; 0: not known */
    struct service_order disabled;        /* none, once an order has enabled the service again */
    struct service_order stopped;         /* none, once Nomad was seen to run again */
    struct digest stopped_disk;           /* of the file in place at the stop; zero: not known */
    uint64_t stopped_main;                /* start of the stopped process, in this boot */
    uint64_t stopping;                    /* 1: the process was not seen to end yet */
    uint64_t joining;                     /* 1: a swap started Nomad here for the first time, as a
                                             server, and no order has enabled it yet (that happens
                                             after its vote). After a reboot, or an hour after the
                                             deadline, this has no meaning (law_facts.c) */
    struct kept_receipt kept[ORDER_KEPT]; /* newest first */
};

void record_init(struct record *r);
/* Notes that the target has settled. */
void record_settled(struct record *r);
/* Call it when Nomad runs, as a process with this start. If an order stopped another process
 * before, the record forgets that stop. True: *r has changed. main_start 0 (unknown): nothing
 * changes. */
bool record_runs(struct record *r, uint64_t main_start);
/* Keeps the receipt of an order; the oldest kept receipt is dropped. */
void record_keep(struct record *r, const struct digest *order, const void *receipt, size_t n);

void record_text(const struct record *r, struct buf *ret);
MUST_CHECK int record_parse(const void *p, size_t n, struct record *ret, struct err *err);
/* Like record_parse, for a text without the last line; for fuzzing. */
MUST_CHECK int record_parse_body(const char *text, size_t n, struct record *ret, struct err *err);

/* If the file does not exist, *ret is a new record. */
MUST_CHECK int record_load(const struct host *h, const char *dir, struct record *ret,
                           struct err *err);
/* names false: after a crash the file may still contain the record before this one. */
MUST_CHECK int record_save(const struct host *h, const char *dir, const struct record *r,
                           bool names, struct err *err);

/* Like record_save. If the disk has no room, the function uses the spare file (spare.h). */
MUST_CHECK int record_save_spare(const struct host *h, const char *dir, const struct record *r,
                                 bool names, struct err *err);

/* The present or last order, for the log. Only a revert has a version_from: its record names the
 * version that it removes. */
struct log_about record_about(const struct record *r);

#endif
