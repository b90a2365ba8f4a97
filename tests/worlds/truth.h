/*
 * truth.h - the true state of a small fleet, for the random worlds.
 *
 * One seed makes one world: regions of servers (which leads, which vote, which have caught up),
 * clients with their node records, an agent beside each host (lease, sessions, sequences, phases,
 * notes), a network that loses, delays and doubles messages, strangers, and faults. One thread,
 * virtual time in milliseconds. The coordinator sees the world only through observations
 * (truth_observe.c) and receipts (truth_ports.c). The judge (judge.c) looks at this state itself.
 *
 * This is a second model of Nomad, beside the stand-in's model (tests/sim), and shares no code with
 * it. It is coarse on purpose: a hundred thousand worlds must fit in a minute. It has no logs and
 * no gossip, only their consequences, with the times measured on real clusters: "alive" for 40 s
 * after death, removed as a voter 6 s later, back as a non-voter for 10 to 21 s, elections of 1 to
 * 5 s, autopilot up to 2 s late.
 */
#ifndef TRUTH_H
#define TRUTH_H

#include <stddef.h>

#include "run.h"

#define T_HOSTS    16
#define T_REGIONS  2
#define T_KEPT     4
#define T_ARCHES   2
#define T_FACTS    6               /* facts of every host */
#define T_NEW      12              /* facts of a host that is to join */
#define T_LAWS     (2 + T_REGIONS) /* what an agent may report about its law: truth_look.c */
#define T_OBEYED   32              /* the last orders to caravan-swap that a host carried out */
#define T_EVENTS   512
#define T_MESSAGES 128
#define T_FAULTS   8
#define T_LIFE     (3 * 60 * 60 * 1000) /* longest time of a world; its run must have ended by then */
#define T_ASKED    200000               /* most events of a world */

enum t_binary { BIN_OLD, BIN_NEW, BIN_OTHER, BIN_COUNT };

/* What the new binary does on this host. */
enum t_defect {
    DEFECT_NONE,
    DEFECT_NO_START, /* will not start */
    DEFECT_CRASH,    /* ends after three seconds */
    DEFECT_SLOW,     /* restores for a minute */
    DEFECT_NEVER,    /* server: never catches up; client: never registers */
    DEFECT_HUNG,     /* answers its agent, then its API falls silent */
    DEFECT_TASKS,    /* client: tasks do not survive the restart */
    DEFECT_EMPTY,    /* server: comes up with an empty state */
    DEFECT_STAGE,    /* the fetch fails for good */
    DEFECT_COUNT
};

/* What the run's next swap does to the host, whatever the binary. */
enum t_change {
    CHANGE_NOTHING,
    CHANGE_ATTRIBUTE_LOST,
    CHANGE_ATTRIBUTE_LATE,
    CHANGE_DATACENTER,
    CHANGE_OWN_DRAIN, /* its stop drains its node */
};

/* What a new version of the trust does to the key of this run, during the run. */
enum t_rotation {
    ROTATION_NONE,
    ROTATION_STRANGER, /* the key signs orders and questions; the trust does not name it any more */
    ROTATION_REVOKED,  /* the key signs orders; the trust does not name it any more; another key
                          signs questions */
    ROTATION_DEMOTED,  /* the key may only sign questions */
    ROTATION_OTHER,    /* nothing: keys of others are added, replaced or removed */
    ROTATION_UNLISTED, /* no trust: root's list on the host names other operators; the key may only
                          sign questions */
    ROTATION_COUNT
};

struct t_receipt {
    struct digest order;
    struct receipt_done done;
};

/* The newest take or renew of the lease, as caravan-swap is shown it. */
struct t_shown {
    bool take;
    uint64_t epoch, until; /* from its header; start_by and ttl; 0: none */
    unsigned char session[SESSION_LEN];
};

struct t_agent {
    bool up;
    bool swap_gone; /* the listener answers, but orders do not reach caravan-swap */
    unsigned char session[SESSION_LEN];
    int64_t boot_ms;
    struct lease_state lease;
    int64_t lease_until;
    uint64_t swap_sequence, swap_epoch, note_sequence;
    uint64_t refused_epoch, refused_sequence; /* above swap_epoch */
    struct t_shown shown;
    struct t_receipt kept[T_KEPT];
    uint32_t n_kept;
    enum phase phase, failed_in;
    enum failure failure;
    uint64_t order_sequence, revision;
    bool staged;
    bool swapped_by_us; /* a swap of the run under test was carried out */
    bool held_by_root;  /* /etc/caravan/hold */
    bool unready;       /* what it finds with the new binary speaks against a swap */
    int64_t mute_ms;    /* it reports no facts until then */
    int64_t full_ms;    /* its disk is full until then, so nothing can be made durable */
    int64_t last_swap_ms;
    uint32_t silence_ms;
    uint32_t notes[NOTES_MAX];
    uint32_t n_notes;
    uint32_t generation;   /* of the present job; events of an older generation are void */
    struct order_swap job; /* the present job */
    int64_t job_began, first_answer;
};

struct t_host {
    char key[UUID_MAX], name[24];
    char
        id[UUID_MAX]; /* raft id of a server; the same as its key, except for a server that joins */
    char member[40];  /* its name in the members' lists */
    bool exists;      /* part of the cluster */
    bool listed;      /* Nomad lists it, as member or node */
    bool is_server;
    bool machine_up;
    int region;
    enum t_binary disk, previous, running;
    int arch;
    enum t_defect defect; /* of BIN_NEW here */
    /* Nomad */
    bool up;
    bool hung;
    int64_t up_ms, down_ms, api_ms; /* since when; the API answers from api_ms on */
    uint32_t life;                  /* counts starts and ends; events of an older life are void */
    /* server */
    bool peer, voter, left, failed;
    bool never;
    bool copied; /* its keystore is copied */
    bool empty;  /* the server has lost its state, although raft reports no fault */
    bool loses;  /* its state is lost at its next start */
    int64_t caught_ms;
    uint64_t stuck_index;
    /* client */
    enum t_binary recorded;
    int64_t registered_ms; /* INT64_MAX: not registered since its start */
    bool node_down, eligible, draining;
    bool drain_ours, last_drain_ours; /* the drain in force, and the last drain */
    bool drain_hangs;
    bool strangers_ineligible, strangers_drain;
    bool taken_out; /* made ineligible by hand, and no drain since */
    int64_t drain_end_ms;
    uint64_t modify_index;
    int n_allocs;
    int64_t alloc_started;
    uint32_t alloc_restarts;
    int64_t ttl_ms, beat_ms;
    /* the features of the host: truth_changed.c */
    enum t_change next;
    bool swaps;     /* a swap of the run has stopped it, and it has not started yet */
    bool changed;   /* changed since the last swap order that it carried out */
    bool elsewhere; /* it is in another datacenter; and what its record says */
    bool shown_elsewhere;
    int64_t attribute_ms, shown_attribute_ms; /* since when it has its attribute */
    bool last_drain_own;                      /* its own stop began the last drain */
    bool was_eligible;                        /* right before that drain */
    bool eligible_then;                       /* when its swap was ordered */
    int64_t obeyed_ms;                        /* its last swap order */
    uint32_t n_drains;
    int64_t last_drain_ms;
    /* the coordinator's network to it is cut until then */
    int64_t api_cut_ms, agent_cut_ms;
    bool misplaced; /* another machine's agent answers at its address */
    int64_t misplaced_ms;
    struct t_agent agent;
    /* judge */
    bool flying;   /* disturbed by the run, and not well again since */
    bool marked;   /* the ledger says that it is done */
    bool restored; /* the ledger said done right after its effects were undone */
    bool tasks_lost;
    bool kept; /* the ledger had its fingerprint when it settled */
    enum host_state judged_as;
    unsigned char last_nonce[NONCE_LEN];
    unsigned char obeyed[T_OBEYED][NONCE_LEN];
    uint32_t n_obeyed;
    bool ran[BIN_COUNT];
    int64_t paused_ms;      /* another operator paused the run at its agent */
    int64_t eligibility_ms; /* a stranger changed it */
    bool faulted;           /* something was done to it that may end the run */
    int refused;            /* message + 1: the last order that it refused; 0: none is kept */
    uint32_t lost;          /* lost messages to and from it, one after the other */
    uint32_t silent;        /* orders for its swap without an answer, one after the other */
    /* The nonce of the last of these orders; a late answer to an earlier order does not count. */
    unsigned char last_asked[NONCE_LEN];
    int64_t sick_ms;   /* server: since when it is no healthy voter; 0: it is one */
    int64_t needed_ms; /* server: since when the others are no quorum without it; 0: they are one */
    int64_t strange_ms; /* a stranger changed its binary */
    bool asked; /* it was asked since it staged, and nothing speaks against a swap; or it ran the
                   target */
    /* seeds: truth_seeds.c */
    bool seed;
    int64_t hangs_ms;   /* its next fetch takes so long; 0: as for other hosts */
    int64_t staged_by;  /* when it carried out its first stage order of this process; 0: none yet */
    bool has_staged;    /* at least once */
    int64_t held_up_ms; /* since when only a seed whose time is over can hold it up */
    /* replacements: truth_replace.c */
    enum plan_role role;
    bool enabled;       /* it starts with its machine */
    bool stop_obeyed;   /* it carried out an order to stop, and was not started since */
    bool stop_hangs;    /* the order to stop does not end it */
    bool leaves_itself; /* it is `left` as soon as it is stopped (leave_on_interrupt) */
    bool out;           /* judge: it has ended, is left, and is out of raft */
    bool dead;          /* it died before the plan, and the plan names it as dead */
    /* the trust: truth_trust.c */
    uint32_t trust, trust_next; /* version of its trust, from 0; and the version on its way to it */
    int64_t trust_ms;           /* when it got that version; 0: it always had it */
    int64_t trust_boot_ms;      /* after this time it gets the next version with its next boot */
    int64_t told_ms;            /* when its agent last answered */
    bool told_settled;          /* it then reported its last swap as settled */
};

struct t_region {
    char name[8];
    int leader;        /* -1: none */
    int64_t leader_ms; /* since when */
    uint64_t term;
    int64_t cut_ms;                /* no API of the region answers before */
    int64_t unasked_ms, unwell_ms; /* begin of the last look without its answer, or with a region
                                      that is not well */
    bool faulted;
    bool saved;   /* a snapshot was taken */
    bool cleanup; /* autopilot takes dead servers out of raft */
};

extern const char *const t_arch_names[T_ARCHES];

enum t_event_kind {
    T_NONE,
    T_OBSERVE, /* a round begins */
    T_LOOK,    /* the round looks at one half of the hosts */
    T_SEEN,    /* the round ends; the coordinator gets it */
    T_ORDER,   /* a message reaches an agent */
    T_RECEIPT, /* a message reaches the coordinator */
    T_NO_ANSWER,
    T_OPERATE, /* an operation reaches Nomad */
    T_OPERATED,
    T_CONTROL,
    T_FAULT,
    T_START,  /* Nomad's process begins */
    T_END,    /* Nomad's process ends by itself */
    T_FAILED, /* gossip calls it failed */
    T_EVICT,
    T_PROMOTE,
    T_ELECT,
    T_REGISTER,
    T_MISS,       /* a client missed its heartbeat */
    T_LEFT,       /* a member that has ended is called left, and leaves raft */
    T_TAKEN_BACK, /* a living server that was removed from raft is a peer again */
    T_DRAINED,
    T_JOB, /* the agent goes on with its job */
    T_BOOT,
    T_NOTHING, /* nothing happens, but the judge looks */
    T_EVENT_KINDS
};

struct t_event {
    int64_t at;
    uint32_t order; /* events of the same time keep this order */
    enum t_event_kind kind;
    int host;
    uint32_t life;
    int message;
    int64_t arg;
};

/* What sign() makes of an order: plain bytes, no signature. */
struct t_wire {
    struct header head;
    struct order_lease lease;
    struct order_swap swap;
    struct order_revert revert;
    enum service_op service;
    bool clear;
    uint32_t slot;
    int key; /* the key that signed it */
};

struct t_message {
    bool used;
    int refs;
    struct t_wire wire;
    struct digest digest;
    struct receipt_done done;
    struct nomad_operation op;
    char region[8];
    char run_hex[2 * RUN_ID_LEN + 1], node[UUID_MAX], peer[UUID_MAX], member[40];
    bool ok;
    bool answered;
    int64_t asked;
    enum operator_request request;
    int host;
    uint32_t process; /* the coordinator's process; the answers to another process get lost */
};

struct t_fault {
    int64_t at;
    int kind;
};

/* There are two sights: the coordinator reads one, the other is being made. */
struct t_sight {
    struct world w;
    struct host hosts[T_HOSTS];
    struct region regions[T_REGIONS];
    struct member members[T_HOSTS][T_HOSTS];
    struct peer raft[T_HOSTS][T_HOSTS], autopilot[T_HOSTS][T_HOSTS];
    struct driver_view drivers[T_HOSTS][2];
    struct feature features[T_HOSTS][12];
    struct alloc_view allocs[T_HOSTS][4];
    uint32_t seeds[T_HOSTS];
    char leaders[T_HOSTS][32];
};

struct truth {
    uint64_t seed, rng;
    uint64_t
        rng_more; /* for faults that were added later, so that older worlds stay as they were */
    int64_t now;
    int64_t mono_base; /* the coordinator's clock is now - mono_base */
    bool verbose;
    struct t_host hosts[T_HOSTS];
    int n_hosts;
    struct t_region regions[T_REGIONS];
    int n_regions;
    const char *versions[BIN_COUNT];
    struct digest digests[BIN_COUNT][T_ARCHES];
    bool autopilot_dead; /* raft protocol 2: 500 */
    bool no_keystore;    /* no server's agent can copy its keystore */
    bool no_management;  /* the token cannot read the raft configuration */
    bool replaces;       /* the run replaces servers */
    bool planning;       /* hosts that are to join are not shown */
    size_t voters_first; /* voters at the beginning of a replacement */
    int64_t out_ms;      /* when the last server that left was out */
    struct t_event heap[T_EVENTS];
    size_t n_heap;
    uint32_t order;
    struct t_message messages[T_MESSAGES];
    struct t_sight sights[2];
    struct t_sight shown; /* what the coordinator sees, by its own clock */
    int sight;            /* the sight that is being made */
    bool interest[T_HOSTS];
    bool counted[T_HOSTS]; /* servers that need their objects counted */
    int64_t rest_until;    /* looks are rare until then; 0: at the usual rate */
    uint64_t round;
    char addresses[T_HOSTS][32];
    char bases[T_HOSTS][48]; /* bases of the seeds' places */
    struct fact_view facts[T_HOSTS][T_LAWS][2][T_NEW];
    bool with_seeds;
    int64_t begun_ms; /* this process of the coordinator */
    char alloc_ids[T_HOSTS][4][UUID_MAX];
    char run_hex[2 * RUN_ID_LEN + 1];
    /* network */
    uint32_t loss, dup, late; /* per mille of the messages */
    int64_t faults_end;
    struct t_fault faults[T_FAULTS];
    size_t n_faults;
    /* the coordinator */
    struct plan plan;
    struct policy policy;
    struct ledger ledger, committed;
    uint32_t process;  /* counts the processes of the coordinator */
    uint32_t asked;    /* calls of ports.next in this world */
    int64_t canary_ms; /* when the last canary was committed as finished */
    bool canaries_known;
    int64_t server_settled_ms; /* when a server's agent last reported settled */
    int64_t effect_ms;         /* when the last host was committed as done */
    bool dead;                 /* the coordinator crashed, so nothing it does counts */
    bool at_work;              /* its loop runs; false: it crashed, was left, or has ended */
    bool reboots;              /* and its machine boots */
    int64_t crash_at;          /* crash at the N-th commit or effect from now; 0: no crash */
    bool crash_after;
    bool paused; /* the operator paused the run, so nothing may begin */
    bool aborted;
    unsigned char run_id[RUN_ID_LEN];
    bool taken_over; /* a second coordinator took the leases */
    bool agents_paused;
    bool plain;              /* nothing at all goes wrong */
    int aimed;               /* host that the present fault is about; -1: any */
    struct t_wire swap_sent; /* the last swap order */
    int swap_host;
    /* the trust */
    enum t_rotation rotation;
    int key;          /* the key that the coordinator signs with */
    bool only_trust;  /* only the trust goes wrong in this world */
    bool trust_right; /* the trust was repaired */
    uint32_t stops;   /* stops since then, of runs with nothing against them */
    bool in_vain;     /* resumed without a repaired trust */
    /* the judge */
    int violated; /* number of the broken invariant; 0: none */
    char verdict[480];
};

/* Randomness of the world: splitmix64. */
uint64_t t_random(struct truth *t);
int64_t t_between(struct truth *t, int64_t low, int64_t high);
bool t_chance(struct truth *t, uint32_t per_mille);
uint64_t t_more(struct truth *t); /* the same, from rng_more */

/* ---- truth.c: the cluster ---- */
void truth_make(struct truth *t, uint64_t seed);
void truth_event(struct truth *t, const struct t_event *e);
void t_schedule(struct truth *t, int64_t in, enum t_event_kind kind, int host, uint32_t life,
                int message, int64_t arg);
struct t_event t_next(struct truth *t); /* the earliest event; there must be one */
int t_host_of(const struct truth *t, const char *key);
int t_add_host(struct truth *t, bool server, int region);
void t_stop(struct truth *t, int host);  /* Nomad's process ends */
void t_start(struct truth *t, int host); /* Nomad's process begins, with the binary on disk */
void t_restart(struct truth *t, int host, int64_t away);
void t_lead(struct truth *t, int region, int host);
bool t_healthy(const struct truth *t, int host); /* a server is a healthy voter */
bool t_settled(const struct truth *t, int host); /* a client is registered and ready */
bool t_api(const struct truth *t, int host);
size_t t_voters(const struct truth *t, int region, size_t *ret_healthy, int without);
void t_say(const struct truth *t, const char *fmt, ...) PRINTF(2, 3);

/* ---- truth_order.c, truth_agent.c ---- */
void t_agent_order(struct truth *t, int host, const struct t_wire *o, const struct digest *digest,
                   struct receipt_done *ret);
void t_agent_job(struct truth *t, const struct t_event *e);
enum refusal t_law(const struct truth *t,
                   int host); /* hold and quorum, as a survey asks for them */
enum refusal t_swap_order(struct truth *t, int host,
                          const struct t_wire *o); /* stage, swap, revert, preserve */
void t_agent_boot(struct truth *t, int host);
void t_agent_new(struct truth *t, int host);
bool t_agent_works(const struct truth *t, int host);

/* ---- truth_replace.c: servers that join, and that leave ---- */
bool t_replaces(uint64_t seed);
void t_replace_choose(struct truth *t); /* chooses the servers, before the plan */
MUST_CHECK int t_replace_plan(struct truth *t,
                              struct err *err); /* makes the plan from an upgrade's plan */
void t_replace_dies(struct truth *t);           /* the server that is planned as dead dies */
void t_replace_row(const struct truth *t, int host,
                   struct host *h);                     /* the row of a host that joins */
int t_server_of(const struct truth *t, const char *id); /* by raft id; -1: none */
enum refusal t_service_order(struct truth *t, int host, enum service_op op);
bool t_remove_peer(struct truth *t, const char *id);
bool t_force_leave(struct truth *t, const char *member);
void t_left(struct truth *t, struct t_host *h, int host);
void t_taken_back(struct truth *t, struct t_host *h, int host);
enum refusal t_quorum(const struct truth *t, int host); /* the quorum question of its agent's law */
bool t_waits_to_join(const struct t_host *h);           /* its Nomad has never run */

/* ---- truth_observe.c, truth_look.c ---- */
void t_look(struct truth *t, int host);
bool t_region_answers(const struct truth *t, int region);
void t_observe(struct truth *t, const struct t_event *e);
const struct world *t_sight_done(struct truth *t);
void t_sight_blank(struct truth *t); /* for a new process of the coordinator, which knows nothing */
void t_sight_all(struct truth *t);   /* everything at once and true, for the plan */

/* ---- truth_seeds.c: hosts that serve their staged file to others ---- */
void t_seeds_choose(struct truth *t);
void t_facts_make(struct truth *t, int host);  /* all facts that it may report in this world */
int64_t t_fetch_ms(struct truth *t, int host); /* how long it fetches for its stage order */
void t_seeds_new_process(struct truth *t);
void t_places(struct truth *t, int host,
              struct order_stage *ret); /* fills in the places, and judges them */
void judge_held_up(struct truth *t);    /* at every step: no host waits for ever for a seed */

/* ---- truth_trust.c: keys that are replaced or revoked during the run ---- */
void t_trust_choose(struct truth *t); /* whether and how; before any fault is planned */
void t_trust_plan(struct truth *t);   /* when, for each host */
void t_trust_boot(struct truth *t, int host);
void t_trust_settled(struct truth *t, int host);
void t_trust_refused(struct truth *t,
                     int message);            /* an order to swap was refused because of the role */
void t_trust_mends(struct truth *t);          /* repairs the trust, mostly after a stop */
bool t_trust_resumes(const struct truth *t);  /* resumes, whatever else the operator would do */
bool t_trust_is_wrong(const struct truth *t); /* the trust of at least one host is wrong */
bool t_obeys(const struct truth *t, int host,
             int key); /* the host's trust names the key as an operator's */
bool t_refuses_role(const struct truth *t, int host,
                    int key);                  /* the host's trust names the key as an observer's */
bool t_tells(const struct truth *t, int host); /* the host answers this coordinator */
bool t_is_named(const struct truth *t,
                int host); /* it carries out this coordinator's orders, and answers it */
int t_key_of_others(void); /* a key that all versions name */
void judge_heard(struct truth *t, int host,
                 const char *what); /* before `what`: its agent must have answered */
void judge_settled_heard(struct truth *t, int host,
                         enum message_kind order); /* when the host is done */
void judge_trust(struct truth *t);                 /* at an end of the run */

/* ---- truth_ports.c, truth_operate.c, truth_ledger.c ---- */
bool t_faulty(const struct truth *t); /* the network is still faulty */
void t_post(struct truth *t, int64_t in, enum t_event_kind kind, int message);
extern const struct ports truth_ports;    /* ctx: the truth */
void t_pass(struct truth *t, int64_t ms); /* time passes without a coordinator */
void t_commit_copy(struct ledger *to, struct ledger *from);
void t_ledger_drop(struct ledger *l);
int t_any_server(const struct truth *t, const char *region); /* -1: none */
void t_operate(struct truth *t, const struct t_event *e);
void t_operated(const struct truth *t, const struct t_message *m, struct event *ret);
/* A caller that waited for an answer does not get it, and does not know whose write was first. */

/* ---- truth_changed.c: restarts that change a host ---- */
void t_change_at_stop(struct truth *t, int host); /* a swap of the run stops it */
void t_change_at_start(struct truth *t, int host);
void t_drained(struct truth *t, struct t_host *h); /* a drain begins, not by its own stop */
void t_look_features(const struct truth *t, int host, struct feature *f, struct client_view *c);

/* ---- truth_moments.c: faults that chance alone would rarely cause ---- */
enum t_moment {
    MOMENT_LEDGER,   /* a new process has read its ledger */
    MOMENT_PROCESS,  /* a new process of the coordinator has begun */
    MOMENT_BEGUN,    /* the same, and an effect was asked for before it */
    MOMENT_LOOK,     /* servers have answered, and the look has not ended; the host may be next */
    MOMENT_EFFECT,   /* a drain is asked for */
    MOMENT_SNAPSHOT, /* the same */
    MOMENT_ANSWER,   /* Nomad answers an operation on a region */
    MOMENT_TRANSFER, /* a transfer of leadership is asked for */
    MOMENT_ORDER,    /* the order for a server's swap is under way */
    MOMENT_NOTE,     /* the agent of a client gets the note about an effect */
    MOMENT_GIVEN,    /* the run cancels a client's drain */
    MOMENT_SERVER,   /* a server carries out its swap order */
    MOMENT_CLIENT,   /* the same */
    MOMENT_SETTLED,  /* a client has settled, by its agent */
    MOMENT_DISABLED, /* the unit of a server that leaves is disabled */
    MOMENT_STOPPED,  /* a server carries out its order to stop */
    MOMENT_JOINS,    /* a server that joins carries out its swap order */
    MOMENT_OUT,      /* this run has taken a server out of the cluster */
    MOMENT_COUNT
};
void t_moment(struct truth *t, enum t_moment moment, int host); /* host -1: none */

/* ---- truth_faults.c ---- */
enum { FAULT_KINDS = 67 };
enum {
    FAULT_DONE_BY_HAND = 35,
    FAULT_ENDED_AT_TRANSFER = 36,
    FAULT_COPY_ORDERS = 38,
    FAULT_DISK_FULL_ONCE = 40,
    FAULT_CLEANUP = 41,
    FAULT_DONE_EMPTY = 42,
    FAULT_ENDED_AT_START = 43,
    FAULT_REMOVED_THEN = 44,
    FAULT_BY_HAND_EMPTY = 45,
    FAULT_LAST_EMPTY = 46,
    FAULT_TASKS_LOST = 47,
    FAULT_NOT_READY = 48,
    FAULT_ELSEWHERE = 49,
    FAULT_DRAINED_BEFORE = 50,
    FAULT_ATTRIBUTE_LOST = 51,
    FAULT_ATTRIBUTE_LATE = 52,
    FAULT_OTHER_DATACENTER = 53,
    FAULT_OWN_DRAIN = 54,
    FAULT_KEPT_ELSEWHERE = 55,
    FAULT_MARKED_AFTER = 56,
    FAULT_STARTED_AFTER = 57,
    FAULT_DEAD_LIVES = 58,
    FAULT_PEER_REMOVED = 59,
    FAULT_STAYS_EMPTY = 60,
    FAULT_TRUST_STRANGER = 61, /* and the faults after it, as in enum t_rotation */
    FAULT_TRUST_MENDED = 66
};
enum { /* faults of the table, by number */
       FAULT_SERVER_REBOOTS = 0,
       FAULT_SERVER_DIES = 2,
       FAULT_SERVER_RESTARTED = 3,
       FAULT_LEADER_MOVES = 4,
       FAULT_NO_LEADER = 5,
       FAULT_REGION_CUT = 6,
       FAULT_AGENT_UNREACHABLE = 8,
       FAULT_CLIENT_REBOOTS = 11,
       FAULT_STRANGER_DRAINS = 14,
       FAULT_STRANGER_INELIGIBLE = 15,
       FAULT_CLIENT_BY_HAND = 18,
       FAULT_AGENT_PAUSED = 27,
       FAULT_HOLD = 28,
       FAULT_MISPLACED = 29,
       FAULT_CRASH = 31,
       FAULT_LEAVES = 33
};
const char *fault_name(int kind);
void fault_apply(struct truth *t, int kind);
void faults_plan(struct truth *t); /* chooses the faults of this world */

/* ---- what happened, over all worlds ---- */
enum { /* the design's invariants, by number; the last: every run ends, with a true cause */
       INVARIANT_READY = 13,
       INVARIANT_SAME = 14,
       INVARIANT_REPLACE = 15,
       INVARIANT_ENDS = 16,
       INVARIANTS = 16
};
enum { TRUST_STOPPED, TRUST_IN_VAIN, TRUST_RESUMED, TRUST_OTHER, TRUST_BOOTED, TRUST_COUNTS };
struct counts {
    uint64_t faults[FAULT_KINDS];
    uint64_t intents[INTENT_KIND_COUNT];
    uint64_t reasons[REASON_COUNT];
    uint64_t ends[RUN_STATE_COUNT];
    uint64_t events, crashes, lost, doubled, late, refused[REFUSAL_COUNT];
    uint64_t defects[DEFECT_COUNT];
    uint64_t judged[INVARIANTS + 1]; /* how often each invariant was judged */
    uint64_t trust[TRUST_COUNTS];
    uint64_t granted[2]; /* swaps against which only a fact spoke that the last look had not
                            shown yet; [0]: for invariant 2, [1]: for invariant 1 */
};
extern struct counts counts; /* of this process */

/* ---- judge.c, judge_guards.c, judge_effects.c, judge_same.c, judge_replace.c, judge_end.c ---- */
#define JUDGE_STALE_MS 5600 /* answers no older than 5 s, plus the time to act on them */
void judge_step(struct truth *t);
bool judge_past(const struct truth *t,
                int host); /* it has left, and the run does not wait for it */
bool judge_empty(const struct truth *t, int host);
void judge_look(struct truth *t);                 /* a look has ended */
void judge_told_ready(struct truth *t, int host); /* its agent is asked at this moment */
void judge_ready(struct truth *t, int host);      /* all hosts were asked, before this swap */
void judge_needed(struct truth *t, int region);   /* at every step */
int64_t judge_told_ms(const struct truth *t, int region);
void judge_regions(struct truth *t, const struct t_host *swapped); /* before the swap of a server */
void judge_region(struct truth *t, const struct t_host *swapped);  /* before the swap of a client */
void judge_revert(struct truth *t, int host);
void judge_send(struct truth *t, int host, const struct t_wire *o);
void judge_obeyed(struct truth *t, int host,
                  const struct t_wire *o); /* an order was carried out, however late it came */
void judge_commit(struct truth *t);
void judge_operate(struct truth *t, const struct nomad_operation *o);
void judge_undone(struct truth *t);
void judge_same(struct truth *t, size_t i); /* with every commit, for every host */
void judge_service(struct truth *t, int host, const struct t_wire *o); /* judge_replace.c */
void judge_removal(struct truth *t, int host, const struct nomad_operation *o);
void judge_role_done(struct truth *t, int host);
void judge_last(struct truth *t, int host); /* the leader hands over leadership, or is stopped */
void judge_replaced(struct truth *t);       /* at the end of the run */
void judge_out(struct truth *t, int i);     /* at every step */
void judge_fingerprint(struct truth *t, struct t_host *h, const struct ledger_host *l);
void judge_end(struct truth *t);
const char *invariant_name(int invariant);
void judge_says(struct truth *t, int invariant, const char *fmt, ...) PRINTF(3, 4);

#endif
