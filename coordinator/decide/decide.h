/*
 * decide.h - intents and reasons for waiting: the output of decide_servers and
 * decide_clients. Pure.
 *
 * decide_* compare what is (world) with what should be (plan), given what was
 * committed (ledger) and what has been passing for how long (evidence), and name
 * what may be done next. They never look at a clock: `now` is given. Order of the
 * intents matters: the first is done first. An empty list with a reason is a wait;
 * an empty list without a reason is a defect (tests).
 */
#ifndef DECIDE_H
#define DECIDE_H

#include "evidence.h"
#include "ledger.h"

enum intent_kind {
    INTENT_CLAIM = 1, /* take this client's lease (server agents' are always held) */
    INTENT_STAGE,
    INTENT_SWAP,
    INTENT_REVERT,
    INTENT_RESEND,    /* the committed order once more, same inner bytes */
    INTENT_DRAIN,     /* note, then drain */
    INTENT_RESTORE,   /* undo this host's effects, or those of the region `host` names */
    INTENT_TRANSFER,  /* leadership to another server before the leader's turn */
    INTENT_SNAPSHOT,  /* save the state of the region `host` names */
    INTENT_PRESERVE,  /* have this server's keystore copied on its own disk */
    INTENT_AUTOPILOT, /* its dead-server cleanup off: note, then compare-and-set */
    INTENT_MARK,      /* change host_state to `state` with text; no effect outside */
    INTENT_RUN,       /* change run_state to `run` */
    INTENT_STOP,      /* ending becomes STOPPED, with cause, host, advice: begins nothing more */
    INTENT_PAUSE,     /* ending becomes PAUSED */
    INTENT_KIND_COUNT
};

enum reason {
    REASON_NONE,
    REASON_GATE,         /* a gate fails: text has its numbers */
    REASON_GATE_UNKNOWN, /* a gate could not be asked */
    REASON_SETTLING,     /* passes, but not yet long enough */
    REASON_STAGING,
    REASON_IN_FLIGHT, /* a host's answer is awaited */
    REASON_LIMIT,     /* the window is full */
    REASON_CANARY,    /* canaries have not settled */
    REASON_SOAK,
    REASON_DRAIN,
    REASON_LEADER,    /* leadership is moving or unclear */
    REASON_SERVERS,   /* clients wait for servers */
    REASON_LEASE,     /* leases are not all held */
    REASON_OBSERVE,   /* the observation is too old */
    REASON_RETRY,     /* backing off before asking a host again */
    REASON_UNDO,      /* effects are being undone */
    REASON_SNAPSHOT,  /* the state is being saved */
    REASON_KEYSTORE,  /* keystores are being copied */
    REASON_COUNTS,    /* its objects are being counted */
    REASON_AUTOPILOT, /* a region's dead-server cleanup is being switched off */
    REASON_COUNT
};
const char *reason_name(enum reason r);
const char *intent_name(enum intent_kind k);

struct intent {
    enum intent_kind kind;
    char key[UUID_MAX];    /* host; "" none */
    char peer[UUID_MAX];   /* INTENT_TRANSFER: to whom */
    enum host_state state; /* INTENT_MARK */
    enum run_state run;    /* INTENT_RUN */
    enum skip_why skip;
    enum failure failure;
    enum phase failed_in; /* INTENT_MARK with a failure: where, by its agent */
    enum outcome outcome;
    uint64_t not_before;     /* INTENT_SWAP: agent's uptime, 0 now */
    char host[NAME_MAX_LEN]; /* INTENT_STOP, INTENT_RUN to stopped: name of the host it is about, ""
                                none */
    char text[480];
    char advice[TEXT_MAX];
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

/* What the leases allow, told by run_lease. */
enum claim {
    CLAIM_NONE,
    CLAIM_ASKED,
    CLAIM_HELD,
    CLAIM_REFUSED, /* another run holds it */
    CLAIM_SILENT,  /* asked again and again: no answer */
};

struct lease_view {
    bool all;                 /* every server agent's of the plan's regions */
    bool majority;            /* of every region's: needed to begin anything */
    bool paused;              /* some server's agent says so */
    bool taken;               /* another run took over */
    const enum claim *claims; /* by index of plan hosts */
    char text[TEXT_MAX];      /* who is missing, who holds it */
};

struct situation { /* everything decide_* may look at */
    const struct world *world;
    const struct plan *plan;
    const struct ledger *ledger;
    const struct evidence *evidence;
    const struct lease_view *lease;
    int64_t now;
};

/* The whole of it: dispatches by run state. */
void decide(const struct situation *s, struct decision *ret);
/* What the run waits for, in one: a host's own wait before a count; NULL: nothing, or all is well
 * and only has to stay so. waiting_id tells one from another. */
const struct waiting *decision_waits(const struct decision *d);
void waiting_id(const struct waiting *w, char dst[static UUID_MAX + 16]);
void decide_servers(const struct situation *s, struct decision *ret);
void decide_clients(const struct situation *s, struct decision *ret);

#endif
