/*
 * decision.h - what decide wants done, and what it waits for. Pure.
 *
 * decide empties a decision (both counts), then its parts add to it: intents in the order in which
 * they are to be done, waits with the numbers they wait for. The run carries it out and shows it.
 * No intent and a wait is a wait; no intent and no wait is a defect (tests).
 *
 * Plain values that the caller of decide keeps; nothing points into the situation. At most
 * INTENTS_MAX and WAITING_MAX: an intent too many is decided again in the next tick, a wait too
 * many is not told.
 */
#ifndef DECISION_H
#define DECISION_H

#include "ledger.h"
#include "reason.h"

struct situation;

enum intent_kind {
    INTENT_CLAIM = 1, /* take this client's lease (server agents' are always held) */
    INTENT_STAGE,
    INTENT_SWAP,
    INTENT_REVERT,
    INTENT_RESEND,      /* the committed order once more, same inner bytes */
    INTENT_WITHDRAW,    /* the committed order was not taken and will not be: the turn goes on */
    INTENT_DRAIN,       /* note, then drain */
    INTENT_RESTORE,     /* undo this host's effects */
    INTENT_TRANSFER,    /* leadership to another server before the leader's turn */
    INTENT_SERVICE,     /* an order to its service: `service` */
    INTENT_REMOVE_PEER, /* `member`, its raft id, out of the raft configuration */
    INTENT_FORCE_LEAVE, /* the member of the name `member` is to be `left` */
    INTENT_SNAPSHOT,    /* save the state of the region `host` names */
    INTENT_PRESERVE,    /* have this server's keystore copied on its own disk */
    INTENT_MARK,        /* change host_state to `state` with text; no effect outside */
    INTENT_RUN,         /* change run_state to `run` */
    INTENT_STOP,        /* ending becomes STOPPED, with cause, host, advice: begins nothing more */
    INTENT_PAUSE,       /* ending becomes PAUSED */
    INTENT_KIND_COUNT
};

struct intent {
    enum intent_kind kind;
    char key[UUID_MAX];  /* host; "" none */
    char peer[UUID_MAX]; /* INTENT_TRANSFER: to whom, a raft id */
    enum service_op service;
    char member[2 * NAME_MAX_LEN];
    enum host_state state; /* INTENT_MARK */
    enum run_state run;    /* INTENT_RUN */
    enum skip_why skip;
    enum failure failure;
    enum phase failed_in; /* INTENT_MARK with a failure: where, by its agent */
    enum outcome outcome;
    enum feature_kind differs; /* INTENT_MARK, INTENT_REVERT: it fails for this */
    bool give_back;            /* INTENT_MARK: its stop drained it, that is undone first */
    uint64_t not_before;       /* INTENT_SWAP: agent's uptime, 0 now */
    char host[NAME_MAX_LEN]; /* INTENT_STOP, INTENT_RUN to stopped: name of the host it is about, ""
                                none */
    char text[480];
    char advice[ADVICE_MAX];
};

/* An order that arrives later than this is not obeyed (start_by): what stood before it was known by
 * answers no older than 5 s, and no network needs minutes. */
#define STAGE_BY_MS 60000
#define SWAP_BY_MS  8000

/* A host that took its order and whose phase stays: so often it is asked whether caravan-swap
 * lives. */
#define SWAP_ALIVE_MS 30000

struct waiting {
    enum reason reason;
    char key[UUID_MAX];
    char text[TEXT_MAX]; /* "index 48,102 of 48,211" */
    int64_t until_ms;    /* only time is awaited, until then (clock.mono); 0: something else is */
};

#define INTENTS_MAX 64
#define WAITING_MAX 32

struct decision {
    struct intent intents[INTENTS_MAX];
    size_t n_intents;
    struct intent overflow; /* scratch, never carried out */
    struct waiting waiting[WAITING_MAX];
    size_t n_waiting;
};

/* What the run waits for, in one: a host's own wait before a count; NULL: nothing, or all is well
 * and only has to stay so. */
const struct waiting *decision_waits(const struct decision *d);
bool decision_waits_for(const struct decision *d, enum reason reason);

/* So long before its time is over the fleet is looked at as usual again: what begins then stands on
 * as many and as young answers as what never waited for time alone. */
#define REST_LEAD_MS 2000

/* Nothing but time is awaited until then (clock.mono, REST_LEAD_MS before the first of the times):
 * looks may be rare. 0: something else is awaited or done, or that moment has come. */
int64_t decision_rests_until(const struct decision *d, int64_t now);

/* ---- adding to one ---- */

/* A fresh intent, zeroed; when the decision is full a scratch one that nobody carries out:
 * what did not fit is decided again in the next tick. */
struct intent *intend(struct decision *d, enum intent_kind kind, const char *key);
void waiting_for(struct decision *d, enum reason reason, const char *key, const char *fmt, ...)
    PRINTF(4, 5);
/* The same of a wait that ends at until_ms by itself: whatever else is seen meanwhile ends the run,
 * or is another wait. */
void waiting_until(struct decision *d, enum reason reason, const char *key, int64_t until_ms,
                   const char *fmt, ...) PRINTF(5, 6);
void intend_mark(struct decision *d, const char *key, enum host_state state, const char *fmt, ...)
    PRINTF(4, 5);
void intend_run(struct decision *d, enum run_state run);
/* Nothing when the run is ending already. host: name for people, "" none. */
void intend_stop(const struct situation *s, struct decision *d, const char *host,
                 const char *advice, const char *fmt, ...) PRINTF(5, 6);
/* A host's turn is over: its effects are undone first, when there are any. */
struct intent *intend_conclude(const struct situation *s, struct decision *d, size_t i,
                               enum outcome outcome, enum failure failure, const char *fmt, ...)
    PRINTF(6, 7);

#endif
