/*
 * decision.h - the actions that decide wants, and what the run waits for. Pure.
 *
 * decide empties a decision (it sets both counts to 0), then its parts add to it: intents in the
 * order of their execution, and waits with their numbers. The run carries the intents out and shows
 * the waits. A decision with a wait and no intent means: wait. A decision without intents and
 * without waits is a defect (the tests look for it).
 *
 * The struct contains plain values and belongs to the caller of decide. Nothing in it points into
 * the situation. A decision has at most INTENTS_MAX intents and WAITING_MAX waits. decide decides
 * on an intent beyond the limit again in the next tick. Nobody sees a wait beyond the limit.
 */
#ifndef DECISION_H
#define DECISION_H

#include "ledger.h"
#include "reason.h"

struct situation;

enum intent_kind {
    INTENT_CLAIM = 1, /* take this client's lease (the run always holds servers' leases) */
    INTENT_STAGE,
    INTENT_SWAP,
    INTENT_REVERT,
    INTENT_RESEND,      /* send the committed order once more, with the same inner bytes */
    INTENT_WITHDRAW,    /* give the committed order up: it was not and will not be carried out */
    INTENT_DRAIN,       /* put the note at the agent, then drain */
    INTENT_RESTORE,     /* undo this host's effects */
    INTENT_TRANSFER,    /* move leadership to another server before the leader's turn */
    INTENT_SERVICE,     /* an order to the host's service: `service` */
    INTENT_REMOVE_PEER, /* remove the peer with the raft id `member` from the raft configuration */
    INTENT_FORCE_LEAVE, /* make the member with the name `member` `left` */
    INTENT_SNAPSHOT,    /* save the state of the region that `host` names */
    INTENT_PRESERVE,    /* have this server's agent copy its keystore on the same disk */
    INTENT_MARK,        /* change host_state to `state` with text; no effect outside */
    INTENT_RUN,         /* change run_state to `run` */
    INTENT_STOP,        /* ending becomes STOPPED, with cause, host, advice */
    INTENT_PAUSE,       /* ending becomes PAUSED */
    INTENT_KIND_COUNT
};

struct intent {
    enum intent_kind kind;
    char key[UUID_MAX];  /* host; "": no host */
    char peer[UUID_MAX]; /* INTENT_TRANSFER: raft id of the new leader */
    enum service_op service;
    char member[2 * NAME_MAX_LEN];
    enum host_state state; /* INTENT_MARK */
    enum run_state run;    /* INTENT_RUN */
    enum skip_why skip;
    enum failure failure;
    enum phase failed_in; /* INTENT_MARK with a failure: the phase that the agent reported */
    enum outcome outcome;
    enum feature_kind differs; /* INTENT_MARK, INTENT_REVERT: the feature that the host fails for */
    bool give_back;      /* INTENT_MARK: the host's own stop drained it; undo that drain first */
    uint64_t not_before; /* INTENT_SWAP: in the agent's uptime, milliseconds; 0: now */
    char host[NAME_MAX_LEN]; /* INTENT_STOP, INTENT_RUN to stopped: name of the host that is the
                                cause; "": none */
    char text[480];
    char advice[ADVICE_MAX];
};

/* A host refuses an order that arrives later than this (start_by), in milliseconds. The gates
 * before the order used answers no older than 5 s, and no network needs minutes. */
#define STAGE_BY_MS 60000
#define SWAP_BY_MS  8000

/* If a host accepted its order and its phase does not change, the run asks after this time, in
 * milliseconds, whether caravan-swap is alive. */
#define SWAP_ALIVE_MS 30000

struct waiting {
    enum reason reason;
    char key[UUID_MAX];
    char text[TEXT_MAX]; /* "index 48,102 of 48,211" */
    int64_t until_ms; /* the wait ends at this time (clock.mono) by itself; 0: something else must
                         happen */
};

#define INTENTS_MAX 64
#define WAITING_MAX 32

struct decision {
    struct intent intents[INTENTS_MAX];
    size_t n_intents;
    struct intent overflow; /* receives intents beyond the limit; nobody carries it out */
    struct waiting waiting[WAITING_MAX];
    size_t n_waiting;
};

/* Returns the one wait to show: a wait of a named host comes before a count. NULL: the run waits
 * for nothing, or all gates pass and only have to go on passing. */
const struct waiting *decision_waits(const struct decision *d);
bool decision_waits_for(const struct decision *d, enum reason reason);

/* The run looks at the fleet at its usual rate again so many milliseconds before a timed wait
 * ends. Then the decision after the wait has as many answers, and as young ones, as any other
 * decision. */
#define REST_LEAD_MS 2000

/* Returns the time (clock.mono, REST_LEAD_MS before the first end of a wait) up to which the run
 * only waits for time to pass, so the run may observe rarely. 0: the run waits for something
 * else, does something, or that time has come. */
int64_t decision_rests_until(const struct decision *d, int64_t now);

/* ---- adding to one ---- */

/* Adds an intent of zero bytes with this kind and key. When the decision is full, returns a
 * scratch intent that nobody carries out; decide decides on it again in the next tick. */
struct intent *intent_new(struct decision *d, enum intent_kind kind, const char *key);
void waiting_for(struct decision *d, enum reason reason, const char *key, const char *fmt, ...)
    PRINTF(4, 5);
/* Adds a wait that ends at until_ms by itself. Anything else that an observation shows meanwhile
 * ends the run, or is another wait. */
void waiting_until(struct decision *d, enum reason reason, const char *key, int64_t until_ms,
                   const char *fmt, ...) PRINTF(5, 6);
void intend_mark(struct decision *d, const char *key, enum host_state state, const char *fmt, ...)
    PRINTF(4, 5);
void intend_run(struct decision *d, enum run_state run);
/* Adds a stop with cause and advice. Adds nothing when the run is already ending, or the
 * decision has a stop already. host: name for people; "": none. */
void intend_stop(const struct situation *s, struct decision *d, const char *host,
                 const char *advice, const char *fmt, ...) PRINTF(5, 6);
/* Ends a host's turn. If the host has effects, they are undone first. */
struct intent *intend_conclude(const struct situation *s, struct decision *d, size_t i,
                               enum outcome outcome, enum failure failure, const char *fmt, ...)
    PRINTF(6, 7);

#endif
