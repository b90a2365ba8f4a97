/*
 * sim_types.h - the plain values of the model: ids, addresses, timings, records.
 *
 * All values can be copied with =. Times are milliseconds since the epoch, on a clock that never
 * goes back (the shell adds its offset once); names of times and durations end in _ms. The address
 * of an agent is its name: IPv4 in host order, and the gossip port. A client has no gossip in real
 * Nomad; it uses this port for the model's own messages.
 */
#ifndef SIM_TYPES_H
#define SIM_TYPES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "compiler.h"

#define SIM_SERVERS_MAX 12
#define SIM_NAME        32
#define SIM_META        256
#define SIM_EVENTS      10
#define SIM_UUID_TEXT   37
#define SIM_ADDR_TEXT   24

struct sim_id {
    unsigned char b[16];
};

struct sim_addr {
    uint32_t ip;
    uint16_t port;
};

static inline bool sim_id_eq(const struct sim_id *a, const struct sim_id *b)
{
    return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

static inline bool sim_addr_eq(struct sim_addr a, struct sim_addr b)
{
    return a.ip == b.ip && a.port == b.port;
}

/* "127.0.0.11:4647" and 8-4-4-4-12 hexadecimal digits. */
void sim_addr_text(char dst[static SIM_ADDR_TEXT], uint32_t ip, uint16_t port);
void sim_ip_text(char dst[static SIM_ADDR_TEXT], uint32_t ip);
MUST_CHECK int sim_ip_parse(const char *s, uint32_t *ret);
void sim_id_text(char dst[static SIM_UUID_TEXT], const struct sim_id *id);
MUST_CHECK int sim_id_parse(const char *s, struct sim_id *ret);

/* A small random generator. The seed is the only randomness. */
uint64_t sim_random(uint64_t *state);
int64_t sim_between(uint64_t *state, int64_t low, int64_t high); /* low <= x < high (or low) */
void sim_id_random(uint64_t *state, struct sim_id *ret);

/* A server's own data in gossip. */
struct sim_info {
    struct sim_id id;
    struct sim_addr addr;
    uint16_t rpc_port, http_port;
    uint8_t raft_vsn, expect;
    bool bootstrapped;    /* has a raft configuration */
    struct sim_id alone;  /* if bootstrapped: see struct sim_raft_config */
    uint32_t incarnation; /* one higher at every start of the process */
    int64_t nonvoter_ms;  /* fault nonvoter-return: how long; 0: off */
    char name[SIM_NAME], region[SIM_NAME], dc[SIM_NAME], version[SIM_NAME];
};

enum sim_serf_status { SIM_SERF_NONE, SIM_ALIVE, SIM_LEAVING, SIM_LEFT, SIM_FAILED };
const char *sim_serf_status_name(enum sim_serf_status s);

struct sim_peer {
    struct sim_id id;
    struct sim_addr addr;
    uint16_t rpc_port;
    bool voter;
};

struct sim_raft_config {
    int n;
    struct sim_id alone; /* the server that formed it alone (bootstrap_expect 1); else zero */
    struct sim_peer peers[SIM_SERVERS_MAX];
};

struct sim_autopilot_config {
    bool cleanup_dead;
    int64_t contact_ms, stabilize_ms, trailing, min_quorum;
    uint64_t create_index, modify_index;
};

enum sim_node_status { SIM_INITIALIZING, SIM_READY, SIM_DOWN };
const char *sim_node_status_name(enum sim_node_status s);

enum sim_event_kind {
    SIM_EVENT_NONE,
    SIM_EVENT_REGISTERED,
    SIM_EVENT_REREGISTERED,
    SIM_EVENT_MISSED,
    SIM_EVENT_BACK,
    SIM_EVENT_DRAIN_SET,
    SIM_EVENT_DRAIN_UPDATED,
    SIM_EVENT_DRAIN_OFF,
    SIM_EVENT_DRAIN_DONE,
    SIM_EVENT_DRAIN_FORCED,
    SIM_EVENT_ELIGIBLE,
    SIM_EVENT_INELIGIBLE,
    SIM_EVENT_KIND_COUNT
};

struct sim_event {
    enum sim_event_kind kind;
    int64_t at_ms;
};

/* A client's own data in its registration. */
struct sim_client_info {
    struct sim_id id;
    struct sim_addr addr;
    uint16_t http_port;
    bool tls, drivers_healthy;
    bool bare;                /* lacks some attributes */
    bool ineligible, drained; /* faults: its state after a restart */
    uint32_t incarnation;
    char name[SIM_NAME], region[SIM_NAME], dc[SIM_NAME], node_class[SIM_NAME], version[SIM_NAME];
};

enum sim_drain_status { SIM_DRAIN_NEVER, SIM_DRAINING, SIM_DRAIN_COMPLETE, SIM_DRAIN_CANCELED };

struct sim_drain {
    int64_t deadline_ms; /* < 0: force at once; 0: none */
    bool ignore_system;
    int64_t started_ms;
    char meta[SIM_META]; /* a JSON object, or "" */
};

struct sim_node_record {
    struct sim_client_info info;
    enum sim_node_status status;
    bool eligible;
    bool draining;
    struct sim_drain drain; /* of the present or the last drain */
    enum sim_drain_status last_drain;
    int64_t last_drain_ms; /* when it changed */
    int64_t status_ms;     /* StatusUpdatedAt */
    int64_t drivers_ms;
    uint64_t create_index;
    bool steady;                         /* a crowd node: needs no heartbeats, never expires */
    struct sim_event events[SIM_EVENTS]; /* oldest first */
};

enum sim_alloc_status { SIM_PENDING, SIM_RUNNING, SIM_COMPLETE, SIM_FAILED_ALLOC, SIM_LOST };
const char *sim_alloc_status_name(enum sim_alloc_status s);

struct sim_alloc_record {
    struct sim_id node;
    int slot; /* web.g[slot] */
    bool stop;
    enum sim_alloc_status status;
    int64_t created_ms, modified_ms, started_ms, finished_ms;
    int restarts;
    struct sim_id next; /* the allocation that replaced this one */
    uint64_t create_index;
};

struct sim_job_record {
    char name[SIM_NAME];
    int64_t submitted_ms;
    uint64_t create_index;
};

enum sim_right { SIM_RIGHT_NONE, SIM_RIGHT_READ, SIM_RIGHT_WRITE };

struct sim_token_record {
    struct sim_id secret;
    bool management, saves; /* saves: may take a snapshot, by the capability of that name */
    enum sim_right agent, node, operator_, space;
    int64_t created_ms;
    char name[SIM_NAME];
    uint64_t create_index;
};

enum sim_record_kind {
    SIM_REC_NOOP,
    SIM_REC_CONFIG,
    SIM_REC_AUTOPILOT,
    SIM_REC_NODE,
    SIM_REC_ALLOC,
    SIM_REC_JOB,
    SIM_REC_TOKEN,
    SIM_REC_COUNT
};

/* One entry of the log, and the newest state of one object: see sim_state.h. */
struct sim_record {
    uint64_t index, term;
    uint64_t term_first; /* index of the first entry of that term */
    enum sim_record_kind kind;
    struct sim_id id; /* zero for kinds with only one object */
    union {
        struct sim_raft_config config;
        struct sim_autopilot_config autopilot;
        struct sim_node_record node;
        struct sim_alloc_record alloc;
        struct sim_job_record job;
        struct sim_token_record token;
    } u;
};

struct sim_health_server {
    struct sim_id id;
    struct sim_addr addr;
    uint16_t rpc_port;
    enum sim_serf_status serf;
    bool leader, healthy, voter;
    int64_t contact_ms, stable_ms;
    uint64_t last_term, last_index;
    char name[SIM_NAME], version[SIM_NAME];
};

/* The last published state of the leader's autopilot. */
struct sim_health {
    uint32_t revision;
    bool known; /* false: Servers is null, the leader is too new */
    bool healthy;
    int tolerance;
    int n;
    struct sim_health_server servers[SIM_SERVERS_MAX];
};

#endif
