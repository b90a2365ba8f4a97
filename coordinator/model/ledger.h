/*
 * ledger.h - the coordinator's durable record: intents, outcomes, side effects.
 *
 * A plain struct that decide_* use, with a store behind it (ledger_store.h, SQLite). Rule: the run
 * commits what it is about to do BEFORE it does it. What is in the struct and not committed does
 * not exist. A host is in flight from the moment its order is committed until an observation that
 * began after its receipt shows the host settled, reverted or failed. A host whose state is unknown
 * is in flight.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include "call.h"
#include "plan.h"

enum run_state {
    RUN_NONE,
    RUN_CLAIMING, /* the run takes leases */
    RUN_STAGING,
    RUN_SERVERS,
    RUN_CLIENTS,
    RUN_VERIFYING,
    RUN_DONE,
    RUN_STOPPED, /* something is wrong: the run begins nothing and can be resumed */
    RUN_PAUSED,
    RUN_ABORTING, /* the run undoes effects and gives leases back */
    RUN_ABORTED,
    RUN_STAGED, /* the end of a run that only stages */
    RUN_STATE_COUNT
};
const char *run_state_name(enum run_state s);
bool run_ended(enum run_state s);   /* the process may exit; the run is over, or can be resumed */
bool run_is_over(enum run_state s); /* done, staged, aborted: nothing of the run is left to do */

enum host_state {
    HOST_PENDING, /* nothing began */
    HOST_STAGING, /* its stage order is committed */
    HOST_STAGED,
    HOST_DRAINING,  /* Caravan's drain is committed */
    HOST_SWAPPING,  /* its swap order is committed: in flight */
    HOST_SETTLING,  /* its agent reports settled: its gates must pass */
    HOST_REVERTING, /* its revert order is committed: in flight */
    HOST_RESTORING, /* drain and eligibility are being undone; its turn goes on */
    HOST_DONE,
    HOST_FAILED, /* left as it is, or reverted: see `outcome` */
    HOST_GONE,
    HOST_SKIPPED,
    /* For servers of a replacement. Ledgers contain these numbers. The order of each state is
     * given while the host is in that state, so it may not have been given yet. */
    HOST_ENABLING,  /* its unit is to start with the host, because the server votes, or does not
                       leave after all */
    HOST_DISABLING, /* its unit is not to start with the host any more */
    HOST_STOPPING,  /* its Nomad is to end */
    HOST_LEAVING,   /* its Nomad has ended: it is to be out of raft, `left` in every list, and its
                       region well */
    HOST_STATE_COUNT
};
const char *host_state_name(enum host_state s);
struct ledger_host;
/* Returns why the host is in its state; "" if the text is about an earlier state. */
const char *host_text(const struct ledger_host *h);
bool host_in_flight(enum host_state s); /* draining to restoring, enabling to leaving */
bool host_finished(enum host_state s);  /* done, failed, gone, skipped */
bool host_served(enum host_state s);    /* enabling to leaving: the states with service orders */

enum skip_why { SKIP_NONE, SKIP_UNREACHABLE, SKIP_DOWN, SKIP_HELD, SKIP_UNMANAGED, SKIP_COUNT };
const char *skip_name(enum skip_why w);

enum outcome {
    OUTCOME_NONE,
    OUTCOME_SETTLED,
    OUTCOME_REVERTED,
    OUTCOME_LEFT,
    OUTCOME_UNDONE, /* a new server is being taken out again, or was taken out */
};

#define ALLOCS_KEPT 64
#define TURNS_MAX   3 /* a host's turn may begin again so often, then the host has failed */

struct kept_alloc {
    char id[UUID_MAX];
    int64_t started_ns; /* the latest start of its tasks, ns of wall time */
    uint32_t restarts;
    uint32_t started; /* how many of its tasks had started; 0: not kept */
};

/* The copy of a server's keystore on its own disk, made before the first server is changed
 * (decide_keystore.h). */
struct ledger_keys {
    char path[TEXT_MAX]; /* path on that host; "": not copied */
    uint32_t files;
    struct digest digest;   /* as its agent reported it: proto/README.md */
    char problem[TEXT_MAX]; /* why there is no copy, or no new copy */
    /* The members below belong to this process. Losing them only delays the run. */
    bool wanted;       /* the copy is to be ordered */
    struct buf inner;  /* the signed order; it is sent after its commit */
    bool refused;      /* asking again does not help */
    int64_t copied_ms; /* clock.mono */
    struct call call;
};

#define ADVICE_MAX 832 /* what to do on the host and on the servers, and how to go on */

struct ledger_host {
    char key[UUID_MAX];
    enum host_state state;
    bool canary;
    /* The last order committed for this host. */
    enum message_kind order; /* MSG_NONE: no order yet */
    unsigned char session[SESSION_LEN];
    uint64_t epoch;
    struct call call; /* a question that its agent does not answer counts as failed */
    struct buf inner; /* signed inner bytes; a retry sends these again */
    struct digest inner_digest;
    struct digest kept_last; /* digest of the last order that was kept, of any kind; zero: none */
    int64_t ordered_ms;      /* clock.mono at the commit; meaningless after a restart of the
                                coordinator's machine (see `boot` of the ledger) */
    bool answered;           /* its receipt arrived */
    enum refusal refusal;    /* the refusal in its receipt */
    uint32_t attempts;       /* orders of this kind so far; 0: none since the run was resumed */
    uint32_t turns;          /* how often its turn began again, from staging */
    uint32_t transfers;      /* how often leadership was to move away from it */
    int64_t receipt_ms;      /* clock.mono when its receipt came; 0: not yet */
    int64_t effect_ms; /* clock.mono of the last effect; an answer to an earlier question proves
                          nothing about it */
    /* Progress and outcome. */
    int64_t settled_ms; /* when its gates had passed for long enough */
    enum outcome outcome;
    enum failure failure;
    enum phase failed_in;
    enum skip_why skip;
    char text[TEXT_MAX]; /* why, for people */
    struct buf log;      /* of a failed host: the last lines of Nomad's own log, from its agent */
    enum feature_kind
        differs; /* the feature that the host failed for, because it differs from before the swap */
    uint32_t silence_ms;
    /* Baselines taken before the swap. */
    uint64_t base_modify_index;
    uint64_t base_leader_index;         /* servers: the leader's index after the restart */
    int64_t base_objects[OBJECT_KINDS]; /* servers: the leader's counts before the swap */
    struct stamp base_stamp;            /* of a server that is done: the stamp it settled with */
    struct buf fingerprint; /* fingerprint.h; kept while the host is in flight by a swap of this
                               run, or differs */
    uint32_t n_allocs;
    struct kept_alloc allocs[ALLOCS_KEPT];
    struct ledger_keys keys; /* servers */
    bool dirty;              /* the next commit must write it */
};

enum effect_kind {
    EFFECT_DRAIN = 1,
    EFFECT_ELIGIBILITY,
    EFFECT_AUTOPILOT, /* of a run by 0.1.0, which could switch dead-server cleanup off; never made
                         now */
    EFFECT_TRANSFER,
    EFFECT_REMOVE_PEER, /* `ours`: the peer's id */
    EFFECT_FORCE_LEAVE, /* `ours`: the member's name */
};

struct effect {  /* id 0: a free row */
    uint32_t id; /* also the note's slot */
    enum effect_kind kind;
    char key[UUID_MAX]; /* key of the host; EFFECT_AUTOPILOT: of the host that has the note */
    char region[NAME_MAX_LEN]; /* EFFECT_AUTOPILOT; otherwise "" */
    char before[256];          /* the value found, as JSON text */
    char ours[256];            /* the value set */
    bool noted;                /* the agents have the note */
    bool done;                 /* Nomad accepted it */
    bool undo;                 /* to be undone now */
    bool undone; /* `before` is in force again and was read back; or somebody else has changed it
                    since */
    bool note_cleared;
    uint32_t attempts;
    int64_t done_ms; /* clock.mono when Nomad answered; 0: not yet */
    bool dirty;
};

#define EFFECTS_MAX 256

/* A region of the plan: the snapshot to go back to, and the objects that must not get lost. */
struct ledger_region {
    char name[NAME_MAX_LEN];
    char snapshot[300]; /* path of the file; "": none yet */
    uint64_t snapshot_bytes;
    int64_t snapshot_wall_ms;
    int64_t first[OBJECT_KINDS]; /* counts before the first server; all 0: not counted yet */
    int64_t last[OBJECT_KINDS];  /* counts after the last server that settled */
    /* The members below belong to this process. Losing them only delays the run. */
    struct call call;       /* for the snapshot */
    bool refused;           /* asking again does not help */
    int64_t snapshot_ms;    /* clock.mono when it was saved */
    char problem[TEXT_MAX]; /* why there is none */
    bool dirty;
};

#define LEDGER_REGIONS 32

/* Signed bytes that the next commit keeps for good (audit.h): an order before it is sent, a
 * receipt after it is verified. */
struct kept_record {
    size_t host; /* index in hosts */
    bool receipt;
    uint64_t told; /* order: the highest sequence that its host had carried out in this boot, by its
                      hello */
    unsigned char salt[NONCE_LEN]; /* order: ledger_nonce */
    struct digest
        order; /* digest of the order's inner bytes; for a receipt, of the order that it answers */
    struct buf inner;
};

/* Since when signed bytes are kept with a run. */
enum record_since { RECORD_NONE, RECORD_PART /* since the run was resumed */, RECORD_WHOLE };

struct ledger {
    unsigned char run_id[RUN_ID_LEN];
    char boot[40]; /* boot id of the coordinator's machine when the times below were taken */
    enum run_state state;
    enum run_state before_pause; /* the state in which a paused or stopped run goes on */
    enum run_state ending; /* STOPPED or PAUSED: the run begins nothing more, and gets this state
                              when no host is in flight; NONE: the run goes on */
    uint64_t epoch;        /* given by the leases; 0: not given yet */
    char target[NAME_MAX_LEN];
    struct digest plan_digest;
    struct digest
        hazards_digest; /* digest of the hazard rows that the plan was made with; 0: unknown */
    struct buf plan;    /* text by plan_text */
    int64_t begun_wall_ms, ended_wall_ms; /* ended: set by the commit of the end; 0: not ended */
    bool canaries_done;
    int64_t canaries_settled_ms; /* when the last canary settled */
    uint32_t failures, skipped;
    char cause[480]; /* why the run stopped */
    char cause_host[NAME_MAX_LEN];
    char advice[ADVICE_MAX];
    char alarm[TEXT_MAX]; /* a line of a server's log that stops the run; "": none */
    char alarm_host[NAME_MAX_LEN];
    char alarm_advice[ADVICE_MAX];
    struct ledger_region regions[LEDGER_REGIONS]; /* regions[i] is about plan->regions[i] */
    size_t n_regions;
    struct ledger_host *hosts;
    size_t n_hosts;
    struct effect effects[EFFECTS_MAX];
    size_t n_effects;
    uint32_t last_effect; /* the highest id given so far */
    enum record_since record;
    struct kept_record *kept; /* the next commit writes these and drops them */
    size_t n_kept;
    bool dirty;
};

void ledger_init(struct ledger *l, const struct plan *p, const unsigned char run_id[static 16]);
void ledger_free(struct ledger *l);
/* The hosts are in the order of the plan's hosts: l->hosts[i] is about p->hosts[i]. */
struct ledger_host *ledger_host(struct ledger *l, const char *key);
const struct ledger_host *ledger_host_const(const struct ledger *l, const char *key);
/* Returns a row for a new effect, with a fresh id (never used again) and zeros. The row may be
 * that of a finished effect (undone and note cleared, both committed); the store keeps the
 * history by id. NULL: EFFECTS_MAX effects are unfinished. */
struct effect *ledger_effect_add(struct ledger *l, enum effect_kind kind, const char *key);
struct ledger_region *ledger_region(struct ledger *l, const char *name); /* NULL: no such region */
const struct ledger_region *ledger_region_const(const struct ledger *l, const char *name);
bool effect_finished(const struct effect *e);
/* True for an effect that is asked for once, whatever comes of it, and that has no undo and no
 * note. What Nomad shows afterwards decides whether the run asks again. */
bool effect_is_single(enum effect_kind kind);
/* Returns the last effect of this kind on this host, finished or not, if its row was not used
 * again; NULL: none. */
const struct effect *ledger_effect_last(const struct ledger *l, enum effect_kind kind,
                                        const char *key);
/* True if a run by 0.1.0 switched autopilot's dead-server cleanup off in e->region, and ended
 * before it switched the cleanup on again. */
bool effect_left_off(const struct effect *e);
/* Returns the unfinished effect of this kind on this host; NULL: none. */
struct effect *ledger_effect(struct ledger *l, enum effect_kind kind, const char *key);
const struct effect *ledger_effect_const(const struct ledger *l, enum effect_kind kind,
                                         const char *key);
/* Returns how many milliseconds Nomad was silent in this turn's swap, as the host reports it,
 * but no longer than since the order was given. */
uint32_t ledger_silence(const struct ledger_host *h, uint32_t told_ms, int64_t now);
/* Called at the start of a loop: sets times of another process (another boot) to now, so that
 * losing them only delays the run. */
void ledger_rebase(struct ledger *l, int64_t now);
/* Lets an ended or interrupted run go on. The run takes leases first. Hosts that failed or were
 * skipped may be tried again. An abort stays an abort. */
void ledger_resume(struct ledger *l);
/* Sets RUN_ABORTING: the run undoes its effects and gives its leases back. The loop then ends in
 * RUN_ABORTED. */
void ledger_abort(struct ledger *l);
/* Makes the nonce of an order that is kept, from the run, the order before it at this host, and
 * 16 random bytes. So each order has the digest of the order before it under its signature. */
void ledger_nonce(const unsigned char run_id[static RUN_ID_LEN], const struct digest *before,
                  const unsigned char salt[static NONCE_LEN], unsigned char ret[static NONCE_LEN]);
/* Gives the next commit an order for caravan-swap, whose host had reported `told`, or a receipt
 * that answers the order with this digest. */
void ledger_keep_order(struct ledger *l, struct ledger_host *h, uint64_t told,
                       const unsigned char salt[static NONCE_LEN], const struct buf *inner,
                       const struct digest *digest);
void ledger_keep_receipt(struct ledger *l, const struct ledger_host *h, const struct digest *order,
                         const struct buf *inner);
void ledger_kept_clear(struct ledger *l);
size_t ledger_in_flight(const struct ledger *l, const struct plan *p, bool servers);

#endif
