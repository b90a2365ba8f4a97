/*
 * ledger.h - the coordinator's durable record: intents, outcomes, side effects.
 *
 * A plain struct that decide_* steer by and a store behind it (ledger_store.h,
 * SQLite). Rule: what is about to be done is committed BEFORE it is done; what is
 * in the struct and not committed does not exist. A host is in flight from the
 * moment its order is committed until an observation begun after its receipt
 * shows it settled, reverted or failed; unknown is in flight.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include "call.h"
#include "plan.h"

enum run_state {
    RUN_NONE,
    RUN_CLAIMING, /* leases are being taken */
    RUN_STAGING,
    RUN_SERVERS,
    RUN_CLIENTS,
    RUN_VERIFYING,
    RUN_DONE,
    RUN_STOPPED, /* something is wrong: begins nothing, can be resumed */
    RUN_PAUSED,
    RUN_ABORTING, /* undoing effects, giving leases back */
    RUN_ABORTED,
    RUN_STAGED, /* the end of a run that only stages */
    RUN_STATE_COUNT
};
const char *run_state_name(enum run_state s);
bool run_ended(enum run_state s);   /* the process may exit; it is over, or can be resumed: */
bool run_is_over(enum run_state s); /* done, staged, aborted: nothing is left of it */

enum host_state {
    HOST_PENDING, /* nothing was begun */
    HOST_STAGING, /* stage order committed */
    HOST_STAGED,
    HOST_DRAINING,  /* our drain committed */
    HOST_SWAPPING,  /* swap order committed: in flight */
    HOST_SETTLING,  /* agent says settled: gates must hold */
    HOST_REVERTING, /* revert order committed: in flight */
    HOST_RESTORING, /* drain and eligibility being undone: still its turn */
    HOST_DONE,
    HOST_FAILED, /* left as it is, or reverted: `outcome` tells */
    HOST_GONE,
    HOST_SKIPPED,
    /* Of a replacement's servers; numbers are in ledgers. The order of each is given in its state,
     * so it may still have to be. */
    HOST_ENABLING,  /* its unit is to start with the host: it votes; or it does not leave after all
                     */
    HOST_DISABLING, /* its unit is not to start with the host any more */
    HOST_STOPPING,  /* its Nomad is to end */
    HOST_LEAVING,   /* that has ended: out of raft, and `left` by everybody, and its region well */
    HOST_STATE_COUNT
};
const char *host_state_name(enum host_state s);
struct ledger_host;
/* Why it is in that state; "" when its text is about an earlier one. */
const char *host_text(const struct ledger_host *h);
bool host_in_flight(enum host_state s); /* draining to restoring, enabling to leaving */
bool host_finished(enum host_state s);  /* done, failed, gone, skipped */
bool host_served(enum host_state s);    /* by orders to its service: enabling to leaving */

enum skip_why { SKIP_NONE, SKIP_UNREACHABLE, SKIP_DOWN, SKIP_HELD, SKIP_UNMANAGED, SKIP_COUNT };
const char *skip_name(enum skip_why w);

enum outcome {
    OUTCOME_NONE,
    OUTCOME_SETTLED,
    OUTCOME_REVERTED,
    OUTCOME_LEFT,
    OUTCOME_UNDONE, /* a server that was to join is taken out again, or was */
};

#define ALLOCS_KEPT 64
#define TURNS_MAX   3 /* a host's turn is begun anew so often, then it has failed */

struct kept_alloc {
    char id[UUID_MAX];
    int64_t started_ns; /* the latest start of its tasks */
    uint32_t restarts;
    uint32_t started; /* how many of its tasks had started; 0: not kept */
};

/* A server's keystore, copied on its own disk before the first server is changed
 * (decide_keystore.h). */
struct ledger_keys {
    char path[TEXT_MAX]; /* where, on that host; "" not copied */
    uint32_t files;
    struct digest digest;   /* as its agent told it: proto/README.md */
    char problem[TEXT_MAX]; /* why there is none, or none anew */
    /* Of this process; losing them may only delay. */
    bool wanted;       /* to be ordered */
    struct buf inner;  /* the signed order, to be sent once it is committed */
    bool refused;      /* asking again does not help */
    int64_t copied_ms; /* clock.mono */
    struct call call;
};

#define ADVICE_MAX 832 /* what to do, for the servers as well, and how to go on */

struct ledger_host {
    char key[UUID_MAX];
    enum host_state state;
    bool canary;
    /* The last order committed for this host. */
    enum message_kind order; /* MSG_NONE: none */
    unsigned char session[SESSION_LEN];
    uint64_t epoch;
    struct call call; /* what its agent does not answer counts as failed */
    struct buf inner; /* signed inner bytes: a retry resends these */
    struct digest inner_digest;
    struct digest kept_last; /* of the last order that was kept, of whatever kind; zero: none */
    int64_t ordered_ms;      /* clock.mono at commit; meaningless after a restart of the
                                coordinator's machine: `boot` of the ledger tells */
    bool answered;           /* its receipt arrived */
    enum refusal refusal;    /* what it said */
    uint32_t attempts;       /* orders of this kind so far; 0: none since the run was resumed */
    uint32_t turns;          /* its turn was begun anew, from staging, so many times */
    uint32_t transfers;      /* leadership was to be taken from it, so many times */
    int64_t receipt_ms;      /* clock.mono when its receipt came; 0 */
    int64_t effect_ms;       /* clock.mono: what was asked before proves nothing about it */
    /* Progress and outcome. */
    int64_t settled_ms; /* gates passed and held: when */
    enum outcome outcome;
    enum failure failure;
    enum phase failed_in;
    enum skip_why skip;
    char text[TEXT_MAX];       /* why, for people */
    struct buf log;            /* failed: the last lines of Nomad's own log, by its agent */
    enum feature_kind differs; /* it has failed for this, which is not as before its swap */
    uint32_t silence_ms;
    /* Baselines taken before the swap. */
    uint64_t base_modify_index;
    uint64_t base_leader_index;         /* servers: leader's index after the restart */
    int64_t base_objects[OBJECT_KINDS]; /* servers: the leader's counts, before */
    struct stamp base_stamp;            /* of a server that is done: what it settled with */
    struct buf fingerprint; /* fingerprint.h; while it is in flight by a swap of ours, or differs */
    uint32_t n_allocs;
    struct kept_alloc allocs[ALLOCS_KEPT];
    struct ledger_keys keys; /* servers */
    bool dirty;              /* must be written at the next commit */
};

enum effect_kind {
    EFFECT_DRAIN = 1,
    EFFECT_ELIGIBILITY,
    EFFECT_AUTOPILOT, /* of a run by 0.1.0, which could switch dead-server cleanup off; never made
                       */
    EFFECT_TRANSFER,
    EFFECT_REMOVE_PEER, /* ours: the peer's id */
    EFFECT_FORCE_LEAVE, /* ours: the member's name */
};

struct effect {  /* id 0: a free row */
    uint32_t id; /* also the note's slot */
    enum effect_kind kind;
    char key[UUID_MAX];        /* host; EFFECT_AUTOPILOT: whose note is being cleared */
    char region[NAME_MAX_LEN]; /* EFFECT_AUTOPILOT; else "" */
    char before[256];          /* value found, as JSON text */
    char ours[256];            /* value set */
    bool noted;                /* the note is with the agents */
    bool done;                 /* Nomad took it */
    bool undo;                 /* to be undone now */
    bool undone; /* before is in force again, read back; or it was not ours any more */
    bool note_cleared;
    uint32_t attempts;
    int64_t done_ms; /* clock.mono when Nomad answered; 0 */
    bool dirty;
};

#define EFFECTS_MAX 256

/* A region of the plan: what there is to go back to, and what must not get lost. */
struct ledger_region {
    char name[NAME_MAX_LEN];
    char snapshot[300]; /* the file; "" none yet */
    uint64_t snapshot_bytes;
    int64_t snapshot_wall_ms;
    int64_t first[OBJECT_KINDS]; /* before the first server; all 0: not counted yet */
    int64_t last[OBJECT_KINDS];  /* after the last one that settled */
    /* Of this process; losing them may only delay. */
    struct call call;       /* the snapshot */
    bool refused;           /* asking again does not help */
    int64_t snapshot_ms;    /* clock.mono when it was taken */
    char problem[TEXT_MAX]; /* why there is none */
    bool dirty;
};

#define LEDGER_REGIONS 32

/* Signed bytes that the next commit keeps for good (audit.h): an order before it is sent, a receipt
 * once it is verified. */
struct kept {
    size_t host; /* index in hosts */
    bool receipt;
    uint64_t told;                 /* order: what its host had obeyed in this boot, by its hello */
    unsigned char salt[NONCE_LEN]; /* order: ledger_nonce */
    struct digest order; /* of the order's inner bytes; of a receipt: of those it answers */
    struct buf inner;
};

/* From when on what was signed is kept with a run. */
enum record_since { RECORD_NONE, RECORD_PART /* since it was resumed */, RECORD_WHOLE };

struct ledger {
    unsigned char run_id[RUN_ID_LEN];
    char boot[40]; /* boot id of the coordinator's machine when ordered_ms were taken */
    enum run_state state;
    enum run_state before_pause; /* where a paused or stopped run goes on */
    enum run_state ending;       /* STOPPED or PAUSED: begins nothing more, becomes this when no
                                    host is in flight; NONE: goes on */
    uint64_t epoch;              /* given by the leases; 0 before */
    char target[NAME_MAX_LEN];
    struct digest plan_digest;
    struct digest hazards_digest;         /* of the rows the plan was made by; 0: not told */
    struct buf plan;                      /* plan_text */
    int64_t begun_wall_ms, ended_wall_ms; /* ended: by the commit of the end; 0 not yet */
    bool canaries_done;
    int64_t canaries_settled_ms; /* when the last canary settled */
    uint32_t failures, skipped;
    char cause[480]; /* why it stopped */
    char cause_host[NAME_MAX_LEN];
    char advice[ADVICE_MAX];
    char alarm[TEXT_MAX]; /* a line of a server's log that stops the run; "" none */
    char alarm_host[NAME_MAX_LEN];
    char alarm_advice[ADVICE_MAX];
    struct ledger_region regions[LEDGER_REGIONS]; /* regions[i] is about plan->regions[i] */
    size_t n_regions;
    struct ledger_host *hosts;
    size_t n_hosts;
    struct effect effects[EFFECTS_MAX];
    size_t n_effects;
    uint32_t last_effect; /* highest id given */
    enum record_since record;
    struct kept *kept; /* written by the next commit, and then dropped */
    size_t n_kept;
    bool dirty;
};

void ledger_init(struct ledger *l, const struct plan *p, const unsigned char run_id[static 16]);
void ledger_free(struct ledger *l);
/* Hosts stand in the order of the plan's: l->hosts[i] is about p->hosts[i]. */
struct ledger_host *ledger_host(struct ledger *l, const char *key);
const struct ledger_host *ledger_host_const(const struct ledger *l, const char *key);
/* A row for a new effect: a fresh id (never used again), all else zero. Takes the place of a
 * finished effect (undone, note cleared: committed as such before) when there is one; the
 * store keeps its history by id. NULL: EFFECTS_MAX are unfinished. */
struct effect *ledger_effect_add(struct ledger *l, enum effect_kind kind, const char *key);
struct ledger_region *ledger_region(struct ledger *l, const char *name); /* NULL: none */
const struct ledger_region *ledger_region_const(const struct ledger *l, const char *name);
bool effect_finished(const struct effect *e);
/* One that is asked for once, whatever comes of it, and has nothing to undo and no note: what Nomad
 * shows afterwards says whether it is asked for again. */
bool effect_is_single(enum effect_kind kind);
/* The last one of this kind on this host, finished or not, as far as its row was not given to
 * another; NULL. */
const struct effect *ledger_effect_last(const struct ledger *l, enum effect_kind kind,
                                        const char *key);
/* A run by 0.1.0 switched autopilot's dead-server cleanup off in e->region, and was ended before it
 * had given it back. */
bool effect_left_off(const struct effect *e);
/* The unfinished effect of this kind on this host; NULL. */
struct effect *ledger_effect(struct ledger *l, enum effect_kind kind, const char *key);
const struct effect *ledger_effect_const(const struct ledger *l, enum effect_kind kind,
                                         const char *key);
/* How long Nomad was silent in this turn's swap, of what the host tells: no longer than since the
 * order was given. */
uint32_t ledger_silence(const struct ledger_host *h, uint32_t told_ms, int64_t now);
/* At the start of a loop: times of another process (another boot) become now, so that
 * losing them only delays. */
void ledger_rebase(struct ledger *l, int64_t now);
/* An ended or interrupted run goes on: leases first; what failed or was skipped may be tried
 * again. An abort that was begun stays one. */
void ledger_resume(struct ledger *l);
/* To be undone and given back (RUN_ABORTING); the loop then ends in RUN_ABORTED. */
void ledger_abort(struct ledger *l);
/* The nonce of an order that is kept: it follows from the run, the order before it at this host,
 * and 16 random bytes. So each order has the digest of the one before it under its signature. */
void ledger_nonce(const unsigned char run_id[static RUN_ID_LEN], const struct digest *before,
                  const unsigned char salt[static NONCE_LEN], unsigned char ret[static NONCE_LEN]);
/* For the next commit: an order of caravan-swap's, whose host had told `told`; a receipt that
 * answers the order of this digest. */
void ledger_keep_order(struct ledger *l, struct ledger_host *h, uint64_t told,
                       const unsigned char salt[static NONCE_LEN], const struct buf *inner,
                       const struct digest *digest);
void ledger_keep_receipt(struct ledger *l, const struct ledger_host *h, const struct digest *order,
                         const struct buf *inner);
void ledger_kept_clear(struct ledger *l);
size_t ledger_in_flight(const struct ledger *l, const struct plan *p, bool servers);

#endif
