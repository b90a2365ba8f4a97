/*
 * message.h - orders and receipts as plain structs.
 *
 * What travels between coordinator and agent, without its packing (codec.h),
 * without its signature and seal (envelope.h). Fixed-size fields only: a message
 * can be copied, compared and kept. Texts are NUL-terminated UTF-8; byte strings
 * carry their length. Times are milliseconds of the AGENT's uptime
 * (CLOCK_BOOTTIME) unless the name says otherwise; 0 means "not set".
 *
 * An order's kind and its receipt's kind are the same number; direction is told
 * by `is_receipt`. proto/README.md specifies the bytes.
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

/* Who keeps sequence and kept receipt of a kind (design section 2). */
enum owner { OWNER_NOBODY, OWNER_AGENT, OWNER_SWAP };

const char *message_kind_name(enum message_kind kind); /* "hello"; "unknown" */
enum role message_role(enum message_kind kind);        /* least role that may send it */
enum owner message_owner(enum message_kind kind); /* hello, status: NOBODY; lease, note: AGENT */
const char *role_name(enum role role);
/* Known to this build? Hello stays at version 1: it is how two sides find out what they share. */
bool message_has_version(enum message_kind kind, unsigned version);
/* How many facts a status receipt of that version has room for. */
uint32_t message_facts_max(unsigned version);

/* The envelope's fixed fields: see envelope.h for their bytes. */
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
    uint64_t sequence;   /* lease and note orders: the lease's or note's revision */
    uint64_t time_ms;    /* order: start_by (0: none); receipt: the agent's uptime now */
    struct digest order; /* receipt: SHA-256 of the order's inner bytes; order: zero */
};

/* ---- phases and failures, told by status and kept in the record ---- */

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
    FAILURE_TOO_SLOW,   /* below the floor on speed, or past the deadline */
    FAILURE_NO_SPACE,
    FAILURE_BAD_DIGEST,  /* size or digest is not what the manifest says */
    FAILURE_BAD_ARCHIVE, /* the zip lacks the member, or cannot be read */
    FAILURE_WRONG_BUILD, /* does not run here: architecture, glibc, noexec */
    FAILURE_CONFIG_REJECTED,
    FAILURE_WILL_NOT_START, /* the service ended before it answered */
    FAILURE_CRASH_LOOP,     /* started more than once while probed */
    FAILURE_NOT_READY,      /* runs, but its API did not answer in time */
    FAILURE_NOT_CAUGHT_UP,  /* told by the coordinator with a revert order */
    FAILURE_REFUSED_BY_LAW,
    FAILURE_OUT_OF_TIME, /* not begun before start_by / not_before + deadline */
    FAILURE_INTERRUPTED, /* killed or rebooted while fetching */
    FAILURE_CANCELLED,
    FAILURE_SERVICE, /* the service manager refused or did not answer */
    FAILURE_IO,      /* the file system refused */
    FAILURE_NOTHING_TO_REVERT,
    FAILURE_COUNT
};
const char *failure_name(enum failure f);   /* "bad-digest" */
bool failure_may_retry(enum failure f);     /* can trying again help? */
const char *failure_advice(enum failure f); /* what to do now, one sentence */

enum refusal {
    REFUSAL_NONE,     /* accepted */
    REFUSAL_SESSION,  /* the agent was restarted since: say hello again */
    REFUSAL_EPOCH,    /* older than the highest obeyed */
    REFUSAL_SEQUENCE, /* not above the last one */
    REFUSAL_REPLAYED, /* same sequence, other bytes */
    REFUSAL_LATE,     /* past start_by */
    REFUSAL_ROLE,     /* the key may not send this kind */
    REFUSAL_LEASE,    /* no lease, another run's, or compare-and-set failed */
    REFUSAL_PAUSED,
    REFUSAL_BUSY,   /* working: only cancel is heard */
    REFUSAL_PHASE,  /* not possible now: nothing staged, nothing to revert */
    REFUSAL_HELD,   /* /etc/caravan/hold exists; service: root's law does not let it (allow_stop) */
    REFUSAL_GAP,    /* too soon after the last swap */
    REFUSAL_QUORUM, /* the local Nomad knows no leader, or too few peers */
    REFUSAL_UNKNOWN,     /* law could not be asked: unknown never passes */
    REFUSAL_MANIFEST,    /* not signed as trust demands, no such build, or below law's floor */
    REFUSAL_URL,         /* not among the allowed prefixes */
    REFUSAL_DIGEST,      /* not what is staged */
    REFUSAL_UNSUPPORTED, /* this build has no such order */
    REFUSAL_LIMIT,       /* no room: notes */
    REFUSAL_FORMAT,      /* payload does not parse */
    REFUSAL_IO,          /* could not be made durable */
    REFUSAL_COUNT
};
const char *refusal_name(enum refusal r);

enum tri { TRI_UNKNOWN, TRI_NO, TRI_YES };

/* ---- orders ---- */

struct order_hello {
    uint8_t wire_min, wire_max;
};

struct order_status {
    uint64_t after;     /* hold the answer back until the view's revision exceeds this */
    uint32_t wait_ms;   /* at most this long; 0: answer now */
    uint64_t log_after; /* log lines with a cursor above this */
};

enum lease_op { LEASE_TAKE = 1, LEASE_RENEW, LEASE_PAUSE, LEASE_UNPAUSE, LEASE_GIVE_BACK };

struct order_lease {
    enum lease_op op;
    uint64_t expect; /* the lease's revision this is based on (compare-and-set) */
    unsigned char run_id[RUN_ID_LEN];
    struct digest plan; /* digest of the plan the run carries out */
    uint32_t ttl_ms;
    bool take_over; /* take: although another run holds it */
    bool paused;    /* take: start paused */
};

struct order_stage {
    unsigned char manifest[MANIFEST_MAX]; /* container: body and signatures */
    size_t manifest_len;
    uint32_t n_urls;
    char urls[URLS_MAX][URL_MAX_LEN];
    uint32_t speed_min; /* bytes per second; below it for 30 s: too-slow */
    uint32_t deadline_ms;
};

enum on_not_ready { ON_REVERT = 1, ON_LEAVE, ON_REVERT_IF_UNTOUCHED };

struct order_swap {
    struct digest digest; /* of the staged binary */
    enum on_not_ready on_not_ready;
    uint64_t not_before;  /* uptime; 0: now */
    uint32_t hold_ms;     /* how long all must hold after the first answer; 0: 5 s */
    uint32_t deadline_ms; /* for the new binary to answer */
    bool is_server;       /* the law's quorum question is asked when the host says so too */
};

struct order_cancel {
    uint64_t sequence; /* of the stage or swap order to cancel */
};

struct order_revert {
    struct digest to; /* digest to go back to: the previous binary */
    enum failure why; /* e.g. not-caught-up, for the record */
    uint32_t hold_ms;
    uint32_t deadline_ms;
};

struct order_note {
    bool clear;
    uint32_t slot; /* the coordinator's number for this note */
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

/* Which file and which process an answer is about: stale answers are known as such. */
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
    char os[16], arch[16];    /* Go's words: linux, amd64 */
    char server_id[UUID_MAX]; /* <data_dir>/server/node-id; "" when none */
    char client_id[UUID_MAX];
    struct digest disk;    /* zero: could not be read */
    struct digest running; /* zero: not running or could not be read */
    struct stamp stamp;
    enum phase phase;
    struct lease_state lease;
    uint64_t agent_sequence; /* last obeyed by the agent (notes) */
    uint64_t swap_sequence;  /* last obeyed by swap */
    uint64_t swap_epoch;     /* highest obeyed by swap */
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
    char evidence[2048]; /* the unit's last lines */
};

struct log_line {
    uint64_t cursor;
    char text[TEXT_MAX];
};

/* How the work on the host stands: the small part of a status, kept of every host. */
struct work_state {
    uint64_t revision; /* of the view; grows at every change */
    enum phase phase;
    enum phase failed_in;    /* with PHASE_FAILED or after a revert: where it broke */
    uint64_t order_sequence; /* the order this phase carries out or carried out */
    struct digest target;    /* digest staged, swapped in, or being fetched */
    struct digest previous;  /* digest a revert would go back to; zero: none */
    uint64_t done, total;    /* bytes while fetching; else 0 */
    uint32_t silence_ms;     /* Nomad's API silent in the last swap */
    struct stamp stamp;      /* what runs now */
};

struct receipt_status {
    struct work_state work;
    struct verdict verdict;
    struct lease_state lease;
    uint32_t n_facts;
    struct fact facts[FACTS_MAX];
    uint32_t n_notes;
    struct note *notes; /* at most NOTES_MAX; owned by the receipt: receipt_done_with */
    uint64_t log_cursor;
    uint32_t n_log;
    struct log_line log[LOG_LINES_MAX];
};

/* Answer to every order that changes something. */
struct receipt_done {
    enum refusal refusal;     /* REFUSAL_NONE: accepted (begun, not finished: status tells) */
    char text[TEXT_MAX];      /* why, for people; preserve, accepted: where the copy is */
    struct lease_state lease; /* after lease orders; zero otherwise */
    uint64_t last_sequence;   /* the highest the owner has obeyed */
    uint64_t last_epoch;
    uint32_t count;         /* preserve: files */
    struct digest digest;   /* preserve: half over the names, half over all (proto/README.md) */
    uint32_t trust_version; /* trust: version in force */
};

struct receipt {
    struct header head;
    union {
        struct receipt_hello hello;
        struct receipt_status status;
        struct receipt_done done;
    } u;
};

/* Frees what a decoded or built receipt owns (the notes); NULL is fine. */
void receipt_done_with(struct receipt *r);

#endif
