/*
 * sim_node.h - one Nomad agent without I/O: server, client or both.
 *
 *     sim_node_init(&n, &config, seed)     once; nothing runs yet
 *     sim_node_start(&n, now)              a process starts (again)
 *     sim_node_receive(&n, &message, now)  as messages arrive
 *     sim_node_tick(&n, now)               no later than sim_node_due(&n)
 *     sim_node_sent(&n)                    after each call: returns the messages to send
 *     sim_node_stop(&n)                    the process ends, by itself or by a kill
 *     sim_node_free(&n)
 *
 * `durable` survives stop and start; everything else is the memory of the process and is lost. The
 * caller may change the version between stop and start: this is an upgrade. There is no clock, no
 * I/O, no global variable and no thread: the same calls with the same seed give the same run.
 * Callers may read the structs. sim_view.h returns the content of Nomad's API as structs,
 * sim_answer.h as JSON.
 *
 * Any call may set `exited` (faults will-not-start, crash-after): then the process has ended, as
 * after sim_node_stop, with status and text.
 */
#ifndef SIM_NODE_H
#define SIM_NODE_H

#include "sim_faults.h"
#include "sim_message.h"
#include "sim_state.h"
#include "sim_timing.h"

#define SIM_MEMBERS_MAX 16
#define SIM_ALLOCS_MAX  64
#define SIM_TICKETS_MAX 32

struct sim_config {
    char authoritative[SIM_NAME]; /* region; only agent/self shows it */
    char name[SIM_NAME], region[SIM_NAME], dc[SIM_NAME], node_class[SIM_NAME], version[SIM_NAME];
    uint32_t ip;
    uint16_t http_port, rpc_port, serf_port;
    bool binds_all; /* bind_addr is 0.0.0.0; only agent/self shows it */
    bool server, client, acl, tls, tls_verify_client, tls_rpc, leave_on_int, leave_on_term;
    uint8_t raft_vsn, expect;
    int n_join; /* servers: gossip addresses to join; clients: servers to register with */
    struct sim_addr join[SIM_SERVERS_MAX];
    int allocs; /* tasks a new client gets from the job `web` */
    struct sim_id management,
        reader;                    /* secrets of two tokens that exist from the start; zero: none */
    char data_dir[128], file[128]; /* only agent/self shows them */
    struct sim_timing timing;
};

struct sim_task {
    struct sim_id alloc;
    int slot;
    bool used, stop, force;
    enum sim_alloc_status status;
    int64_t started_ms, finished_ms;
    int64_t due_ms; /* when the status changes; 0: never */
    int restarts;
    int64_t pid; /* the shell's real process, 0: none */
    bool told;   /* the servers know this status */
};

struct sim_durable {
    struct sim_id server_id, client_id;
    uint32_t incarnation;
    uint64_t term;
    struct sim_addr voted_for; /* in that term; ip 0: nobody */
    struct sim_state state;
    struct sim_task tasks[SIM_ALLOCS_MAX];
};

struct sim_member {
    struct sim_info info;
    enum sim_serf_status status;
    int64_t heard_ms, since_ms, fail_after_ms;
};

struct sim_serf {
    int n;
    struct sim_member members[SIM_MEMBERS_MAX]; /* the first is this server itself */
    int64_t probe_due;
};

enum sim_role { SIM_FOLLOWER, SIM_CANDIDATE, SIM_LEADER };

/* A leader's knowledge about a peer, in the order of the configuration. */
struct sim_progress {
    struct sim_addr addr;
    uint64_t match, match_term; /* its last entry, as the peer reported */
    int cursor;                 /* the slot to send next; -1: all are sent */
    bool known;                 /* match is true */
    bool reset;
    int64_t acked_ms, sent_ms, beat_due, backoff_ms;
    uint32_t health_revision;
    uint32_t runs;    /* incarnation that gossip last reported */
    uint32_t fetched; /* incarnation autopilot last fetched its statistics from */
    int64_t stable_ms;
    bool was_healthy;
    uint32_t demoted;   /* incarnation that came back as a non-voter (fault) */
    int64_t held_until; /* not promoted before */
};

struct sim_raft {
    enum sim_role role;
    struct sim_addr leader; /* ip 0: none known */
    int64_t heard_ms, election_due, lead_since, no_leader_since;
    unsigned votes; /* bits by place in the configuration */
    bool pre;       /* a candidate that only asks whether it could win */
    bool transfer;  /* a candidate, because the leader ordered it */
    uint64_t commit;
    bool leader_lost_state;
    int n;
    struct sim_progress peers[SIM_SERVERS_MAX];
    int64_t step_down_due; /* fault election-every */
    int64_t rejoin_due;
    bool stream_open;     /* a forwarded call worked on the present connection */
    int64_t refused_ms;   /* when the leader last refused a forwarded call */
    uint32_t leader_runs; /* the leader's incarnation in its last message */
};

struct sim_autopilot {
    struct sim_health health;
    struct sim_addr from;           /* which leader published it */
    int64_t fetch_due, publish_due; /* 0: none */
    bool hung[SIM_SERVERS_MAX], unlucky[SIM_SERVERS_MAX];
    int64_t reconcile_due;
};

struct sim_fleet {
    int64_t due;
    int64_t *deadline; /* heartbeat timers by slot */
    int n_deadline;
    int64_t migrate_due, drain_first;
};

struct sim_client {
    bool registered;
    int64_t register_due, beat_due, drivers_due, last_beat_ms, ttl_ms, asked_ms;
    int64_t give_up_ms;
    int server; /* index of the server that the client asks */
    int n_servers;
    struct sim_addr servers[SIM_SERVERS_MAX]; /* gossip addresses */
    bool drivers_healthy;
    int64_t tasks_due;
    int64_t attributes_due; /* from this time it has all attributes */
    bool bare;              /* at its last look it did not have all */
};

struct sim_ticket {
    uint32_t number; /* 0: free */
    bool done;
    bool passed_on;      /* the leader has committed the write; this server waits for the entry */
    uint64_t wait_index; /* done when this index is committed here */
    int64_t begun_ms;
    struct sim_written written;
};

struct sim_outbox {
    struct sim_message *items;
    int n, cap;
};

struct sim_node {
    struct sim_config cfg;
    struct sim_faults faults;
    struct sim_durable durable;
    uint64_t rng;
    int64_t now;
    int64_t started_ms, api_ms; /* api_ms: when HTTP opens */
    int64_t leaving_ms;         /* it leaves since this time; 0: it does not leave */
    bool running;
    bool exited;
    int exit_status;
    char exit_text[120];
    bool dirty; /* `durable` has changed since the shell cleared this flag */
    struct sim_serf serf;
    struct sim_raft raft;
    struct sim_autopilot autopilot;
    struct sim_fleet fleet;
    struct sim_client client;
    struct sim_ticket tickets[SIM_TICKETS_MAX];
    uint32_t last_ticket;
    struct sim_outbox out;
};

void sim_node_init(struct sim_node *n, const struct sim_config *cfg, uint64_t seed);
void sim_node_free(struct sim_node *n);
void sim_node_start(struct sim_node *n, int64_t now);
void sim_node_stop(struct sim_node *n);
/* leave_on_interrupt and leave_on_terminate: a server tells the others that it leaves, and ends by
 * itself some ticks later (exited, status 0). The caller stops a client with sim_node_stop. */
void sim_node_leave(struct sim_node *n, int64_t now);
void sim_node_receive(struct sim_node *n, const struct sim_message *m, int64_t now);
void sim_node_tick(struct sim_node *n, int64_t now);
int64_t sim_node_due(const struct sim_node *n); /* INT64_MAX: it does not run */
/* The messages since the last call: *ret_n of them, valid until the next call on this node. */
const struct sim_message *sim_node_sent(struct sim_node *n, int *ret_n);

/* Does the HTTP API answer (restored, fingerprinted)? */
bool sim_node_api(const struct sim_node *n);
struct sim_addr sim_node_addr(const struct sim_node *n);

/* Requests a change through this node's API, which passes it on to the leader. Returns a ticket. 0:
 * no leader is known (try again later, for at most hold_ms). */
uint32_t sim_node_write(struct sim_node *n, const struct sim_write *w);
/* 1: done, *ret is filled and the ticket is free again. 0: not yet. */
int sim_node_written(struct sim_node *n, uint32_t ticket, struct sim_written *ret);

/* ---- between the parts of the model ---- */
void sim_node_say(struct sim_node *n, const struct sim_message *m);
/* A message with its head filled in; the caller fills the part of its kind. The function is inline,
 * so that the compiler does not copy the rest of the large struct. */
static inline struct sim_message sim_node_message(const struct sim_node *n,
                                                  enum sim_message_kind kind, struct sim_addr to)
{
    struct sim_message m;
    m.from = (struct sim_addr){n->cfg.ip, n->cfg.serf_port};
    m.to = to;
    m.origin = (struct sim_addr){0, 0};
    m.kind = kind;
    return m;
}

#endif
