/*
 * message.h - orders and receipts as plain structs.
 *
 * These are the messages between coordinator and agent. codec.h packs them; envelope.h signs and
 * seals them. All fields but the notes of a status receipt have a fixed size, so messages can be
 * copied, compared and kept. Texts are UTF-8 with a NUL at the end; byte strings have a length.
 * Times are milliseconds of the AGENT's uptime (CLOCK_BOOTTIME) unless the name says otherwise; 0
 * means "not set".
 *
 * An order and its receipt have the same kind; `is_receipt` distinguishes them. proto/README.md
 * specifies the bytes.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdbool.h>
#include <stdint.h>
#include "crypto.h"
#include "wire_limits.h"

enum message_kind {
    MSG_NONE = 0,
    MSG_HELLO = 1,
    MSG_STATUS = 2,
    MSG_LEASE = 3,
    MSG_STAGE = 4,
    MSG_SWAP = 5,
    MSG_CANCEL = 6,
    MSG_REVERT = 7,
    MSG_NOTE = 8,
    MSG_PRESERVE = 9,
    MSG_SERVICE = 10,
    MSG_TRUST = 11,
    MSG_KIND_COUNT
};

enum role { ROLE_NONE, ROLE_OBSERVER, ROLE_OPERATOR, ROLE_RELEASE, ROLE_ROOT, ROLE_COUNT };

/* The program that keeps the last sequence and receipt for a kind of order (proto/README.md). */
enum owner { OWNER_NOBODY, OWNER_AGENT, OWNER_SWAP };

const char *message_kind_name(enum message_kind kind); /* "hello"; "unknown" */
enum role message_role(enum message_kind kind);        /* the least role that may send it */
enum owner message_owner(enum message_kind kind); /* hello, status: NOBODY; lease, note: AGENT */
const char *role_name(enum role role);
/* Does this build know the version of the kind? Hello is always version 1, because two programs use
 * it to find out which versions both know. */
bool message_has_version(enum message_kind kind, unsigned version);
/* How many facts fit into a status receipt of that version. */
uint32_t message_facts_max(unsigned version);

/* The fixed fields of the envelope; envelope.h describes their bytes. */
struct header {
    enum message_kind kind;
    bool is_receipt;
    uint8_t version;
    unsigned char cluster[CLUSTER_ID_LEN];
    struct pubkey sender;
    struct pubkey receiver; /* all zero: enrolment hello */
    unsigned char nonce[NONCE_LEN];
    unsigned char session[SESSION_LEN]; /* the agent's boot id */
    uint64_t epoch;
    uint64_t sequence;   /* lease and note orders: revision of the lease or of the notes */
    uint64_t time_ms;    /* order: start_by (0: none); receipt: the present uptime of the agent */
    struct digest order; /* receipt: SHA-256 of the order's inner bytes; order: zero */
};

/* ---- phases and failures, which status reports and the record keeps ---- */

enum phase {
    PHASE_IDLE,
    PHASE_FETCHING,
    PHASE_STAGED,
    PHASE_SWAPPING,
    PHASE_PROBING,
    PHASE_SETTLED,
    PHASE_REVERTING,
    PHASE_REVERTED,
    PHASE_FAILED,
    PHASE_COUNT
};
const char *phase_name(enum phase phase);
bool phase_rests(enum phase phase); /* idle, staged, settled, reverted, failed */

enum failure {
    FAILURE_NONE,
    FAILURE_NO_NETWORK, /* the binary could not be fetched from any place */
    FAILURE_TOO_SLOW,   /* below the minimum speed, or past the deadline */
    FAILURE_NO_SPACE,
    FAILURE_BAD_DIGEST,  /* size or digest differ from the manifest */
    FAILURE_BAD_ARCHIVE, /* the zip lacks the member, or cannot be read */
    FAILURE_WRONG_BUILD, /* does not run on this host: architecture, glibc, noexec */
    FAILURE_CONFIG_REJECTED,
    FAILURE_WILL_NOT_START, /* the service ended before it answered */
    FAILURE_CRASH_LOOP,     /* the service started more than once during the probe */
    FAILURE_NOT_READY,      /* Nomad runs, but its API did not answer in time */
    FAILURE_NOT_CAUGHT_UP,  /* the coordinator says so in a revert order */
    FAILURE_REFUSED_BY_LAW,
    FAILURE_OUT_OF_TIME, /* the work did not begin before start_by or not_before + deadline */
    FAILURE_INTERRUPTED, /* caravan-swap was killed or the host rebooted while it was fetching */
    FAILURE_CANCELLED,
    FAILURE_SERVICE, /* the service manager refused or did not answer */
    FAILURE_IO,      /* the file system reported an error */
    FAILURE_NOTHING_TO_REVERT,
    FAILURE_COUNT
};
const char *failure_name(enum failure f);   /* "bad-digest" */
bool failure_may_retry(enum failure f);     /* may the same order succeed when sent again? */
const char *failure_advice(enum failure f); /* what the operator should do now */

enum refusal {
    REFUSAL_NONE,     /* accepted */
    REFUSAL_SESSION,  /* the host was rebooted since the hello: send hello again */
    REFUSAL_EPOCH,    /* the epoch is below the highest one so far */
    REFUSAL_SEQUENCE, /* the sequence is not above the last one */
    REFUSAL_REPLAYED, /* the same sequence with other bytes */
    REFUSAL_LATE,     /* start_by has passed */
    REFUSAL_ROLE,     /* the key may not send this kind of order */
    REFUSAL_LEASE,    /* no lease, the lease of another run, or compare-and-set failed */
    REFUSAL_PAUSED,
    REFUSAL_BUSY,        /* the host is working: it accepts only cancel now */
    REFUSAL_PHASE,       /* not possible in this phase: nothing staged, nothing to revert */
    REFUSAL_HELD,        /* /etc/caravan/hold exists; service orders: allow_stop is not set */
    REFUSAL_GAP,         /* too soon after the last swap */
    REFUSAL_QUORUM,      /* the local Nomad knows no leader, or too few peers */
    REFUSAL_UNKNOWN,     /* a question of the law was not answered; unknown never passes */
    REFUSAL_MANIFEST,    /* too few signatures, no build for the host, or below the law's floor */
    REFUSAL_URL,         /* the URL begins with none of the allowed prefixes */
    REFUSAL_DIGEST,      /* the digest is not the one that is staged */
    REFUSAL_UNSUPPORTED, /* this build does not know the order */
    REFUSAL_LIMIT,       /* no room for another note */
    REFUSAL_FORMAT,      /* the payload does not parse */
    REFUSAL_IO,          /* the order could not be written to disk */
    REFUSAL_COUNT
};
const char *refusal_name(enum refusal r);

enum tri { TRI_UNKNOWN, TRI_NO, TRI_YES };

/* ---- orders ---- */

struct order_hello {
    uint8_t wire_min, wire_max;
};

struct order_status {
    uint64_t after;     /* answer when the revision of the view is above this */
    uint32_t wait_ms;   /* answer after this time in any case; 0: answer now */
    uint64_t log_after; /* send log lines with a cursor above this */
};

enum lease_op { LEASE_TAKE = 1, LEASE_RENEW, LEASE_PAUSE, LEASE_UNPAUSE, LEASE_GIVE_BACK };

struct order_lease {
    enum lease_op op;
    uint64_t expect; /* the present revision of the lease; another one is refused */
    unsigned char run_id[RUN_ID_LEN];
    struct digest plan; /* digest of the plan of the run */
    uint32_t ttl_ms;
    bool take_over; /* take: even if another run holds the lease */
    bool paused;    /* take: begin paused */
};

struct order_stage {
    unsigned char manifest[MANIFEST_MAX]; /* a container: body and signatures */
    size_t manifest_len;
    uint32_t n_urls;
    char urls[URLS_MAX][URL_MAX_LEN];
    uint32_t speed_min; /* bytes per second; slower for 30 s fails with too-slow */
    uint32_t deadline_ms;
};

enum on_not_ready { ON_REVERT = 1, ON_LEAVE, ON_REVERT_IF_UNTOUCHED };

struct order_swap {
    struct digest digest; /* digest of the staged binary */
    enum on_not_ready on_not_ready;
    uint64_t not_before;  /* uptime before which the swap must not begin; 0: now */
    uint32_t hold_ms;     /* how long the probe must pass after the first answer; 0: 5 s */
    uint32_t deadline_ms; /* time for the new binary to answer */
    bool is_server;       /* the law asks for quorum if this is set, or if the host is a server */
};

struct order_cancel {
    uint64_t sequence; /* sequence of the stage or swap order to cancel */
};

struct order_revert {
    struct digest to; /* digest of the previous binary, to go back to */
    enum failure why; /* for the record, such as not-caught-up */
    uint32_t hold_ms;
    uint32_t deadline_ms;
};

struct order_note {
    bool clear;
    uint32_t slot; /* number of the note, chosen by the coordinator */
    unsigned char run_id[RUN_ID_LEN];
    size_t len;
    unsigned char text[NOTE_MAX];
};

struct order_preserve {
    unsigned char run_id[RUN_ID_LEN];
};

enum service_op { SERVICE_START = 1, SERVICE_STOP, SERVICE_ENABLE, SERVICE_DISABLE };
struct order_service {
    enum service_op op;
};

struct order_trust {
    size_t len;
    unsigned char file[TRUST_MAX];
};

struct order {
    struct header head;
    union {
        struct order_hello hello;
        struct order_status status;
        struct order_lease lease;
        struct order_stage stage;
        struct order_swap swap;
        struct order_cancel cancel;
        struct order_revert revert;
        struct order_note note;
        struct order_preserve preserve;
        struct order_service service;
        struct order_trust trust;
    } u;
};

/* ---- receipts ---- */

/* Identifies the file and the process that an answer describes, so that an answer about an older
 * file or process is recognised. */
struct stamp {
    uint64_t dev, ino;
    int64_t ctime_ns;
    uint32_t main_pid;   /* 0: the service is not running */
    uint64_t main_start; /* kernel clock ticks since boot, /proc/PID/stat field 22 */
};

struct lease_state {
    uint64_t revision;
    uint64_t epoch;
    bool held;
    bool paused;
    unsigned char run_id[RUN_ID_LEN];
    struct digest plan;
    uint32_t expires_in_ms;
};

struct receipt_hello {
    uint8_t wire_min, wire_max;
    char program[NAME_MAX_LEN]; /* version of Caravan on the host */
    char host[NAME_MAX_LEN];
    char os[16], arch[16];    /* in Go's words: linux, amd64 */
    char server_id[UUID_MAX]; /* <data_dir>/server/node-id; "": there is none */
    char client_id[UUID_MAX]; /* <data_dir>/client/client-id; "": there is none */
    struct digest disk;       /* of Nomad's binary on disk; zero: could not be read */
    struct digest running;    /* of the running binary; zero: not running or could not be read */
    struct stamp stamp;
    enum phase phase;
    struct lease_state lease;
    uint64_t agent_sequence; /* last note order that caravan-agent accepted */
    uint64_t swap_sequence;  /* last sequence that caravan-swap accepted */
    uint64_t swap_epoch;     /* highest epoch that caravan-swap accepted */
    uint32_t trust_version;
    uint64_t view_revision;
};

struct fact {
    char id[40];
    enum tri value;
    char text[TEXT_MAX];
};

struct note {
    uint32_t slot;
    unsigned char run_id[RUN_ID_LEN];
    size_t len;
    unsigned char text[NOTE_MAX];
};

struct verdict {
    enum failure failure;
    char text[TEXT_MAX]; /* what happened and why */
    char evidence[2048]; /* the last log lines of the unit */
};

struct log_line {
    uint64_t cursor;
    char text[TEXT_MAX];
};

/* The state of the work on a host: the small part of a status, which the coordinator keeps for
 * every host. */
struct work_state {
    uint64_t revision; /* of the view; grows with every change */
    enum phase phase;
    enum phase failed_in;    /* with PHASE_FAILED or after a revert: the phase that failed */
    uint64_t order_sequence; /* the order to which this phase belongs */
    struct digest target;    /* digest that is staged, swapped in, or being fetched */
    struct digest previous;  /* digest to which a revert would go back; zero: none */
    uint64_t done, total;    /* bytes while fetching; otherwise 0 */
    uint32_t silence_ms;     /* how long Nomad's API did not answer in the last swap */
    struct stamp stamp;      /* the file and process that run now */
};

struct receipt_status {
    struct work_state work;
    struct verdict verdict;
    struct lease_state lease;
    uint32_t n_facts;
    struct fact facts[FACTS_MAX];
    uint32_t n_notes;
    struct note *notes; /* at most NOTES_MAX; receipt_done_with frees them */
    uint64_t log_cursor;
    uint32_t n_log;
    struct log_line log[LOG_LINES_MAX];
};

/* The answer to every order that changes something. */
struct receipt_done {
    enum refusal refusal;     /* REFUSAL_NONE: accepted; status reports when the work has ended */
    char text[TEXT_MAX];      /* why, for people; preserve, accepted: the place of the copy */
    struct lease_state lease; /* after lease orders; zero otherwise */
    uint64_t last_sequence;   /* the highest sequence that the owner has accepted */
    uint64_t last_epoch;
    uint32_t count;         /* preserve: number of files */
    struct digest digest;   /* preserve: half over the names, half over all (proto/README.md) */
    uint32_t trust_version; /* trust: the version in force */
};

struct receipt {
    struct header head;
    union {
        struct receipt_hello hello;
        struct receipt_status status;
        struct receipt_done done;
    } u;
};

/* Frees the notes that a decoded or built receipt owns. NULL is fine. */
void receipt_done_with(struct receipt *r);

#endif
