/*
 * world.h - one observation of the fleet: plain values, each with its age.
 *
 * Built by the shell (nomad_servers, nomad_nodes, agents) or by the random
 * worlds; read by the pure core (plan, gate, hazards, decide_*). Everything lives in
 * one arena and is valid until the next observation replaces it; the core keeps
 * no pointer into it. Texts are never NULL: "" is unknown or empty.
 *
 * Ages: every group of values says when the question was ASKED (`at`, ms of the
 * coordinator's clock.mono); 0 means nobody answered. What was asked before an
 * effect began proves nothing about it. Answers of a
 * round may be torn: servers are asked one after the other.
 *
 * Hosts are keyed by Nomad's own id: a server by its raft id (member tag `id`),
 * a client by its node id; a host that is both is one host, a server, found by
 * the same address or by its agent's hello naming both ids. A host that is to join is keyed by
 * its agent's key, "agent/" and 32 hexadecimal digits of its fingerprint, for the whole of a run.
 * Members that have left stay hosts for as long as any server lists them.
 */
#ifndef WORLD_H
#define WORLD_H

#include "key_index.h"
#include "message.h"
#include "version.h"

enum member_status {
    MEMBER_UNKNOWN,
    MEMBER_ALIVE,
    MEMBER_LEAVING,
    MEMBER_LEFT,
    MEMBER_FAILED,
    MEMBER_NONE
};

/* One member as one server's gossip sees it. */
struct member {
    const char *id;   /* raft id, tag `id` */
    const char *name; /* "s1.global" */
    const char *region;
    const char *addr; /* "10.0.0.1" */
    int rpc_port;
    const char *build; /* "1.11.3" */
    int raft_protocol; /* tag raft_vsn; 0 unknown */
    enum member_status status;
};

/* One peer of a raft configuration or of an autopilot answer. */
struct peer {
    const char *id;
    const char *address; /* "10.0.0.1:4647" */
    const char *name;    /* "(unknown)": a leftover peer without a member */
    bool voter;
    bool leader;
    bool healthy;        /* autopilot only */
    const char *version; /* autopilot only */
};

/* What a region's state is made of, counted to notice that some of it is lost. */
enum object { OBJECT_JOBS, OBJECT_NODES, OBJECT_ALLOCS, OBJECT_NAMESPACES, OBJECT_KINDS };
#define COUNT_UNKNOWN (-1) /* no answer */
#define COUNT_DENIED  (-2) /* the token, or this Nomad, does not let it be counted */

/* Counted in a server's own state (stale), only where it is wanted. */
struct counted {
    int64_t at; /* asked; 0: not */
    int64_t n[OBJECT_KINDS];
};

/* What a server's agent/self says it was started with; "" or NULL: it does not say. */
struct running_config {
    const char *datacenter, *name, *data_dir, *bind_addr;
    const char *advertise_http, *advertise_rpc; /* "10.0.0.1:4646" */
    int server, client;                         /* enabled: enum tri */
};

/* What one server's own API answered. */
struct server_view {
    int64_t leader_at;
    bool has_leader;    /* status/leader?stale was not empty */
    const char *leader; /* RPC address */

    int64_t members_at;
    struct member *members;
    size_t n_members;

    int64_t self_at;
    const char *version;    /* of the process that answered */
    const char *build_date; /* RFC 3339 or "" */
    const char *raft_state; /* Leader, Follower, Candidate, Shutdown */
    const char *self_region;
    const char *self_name, *self_dc; /* by its configuration; "" or NULL unknown */
    uint64_t term, last_log_index, commit_index, applied_index;
    int64_t last_contact_ms; /* 0 on the leader; -1 "never" or unknown */
    bool voter_known, voter; /* from raft.latest_configuration */
    int raft_protocol;
    int leave_on_interrupt, leave_on_terminate; /* enum tri */
    int acl_enabled;                            /* enum tri */
    struct running_config running;

    int64_t autopilot_at; /* when any HTTP answer came */
    int autopilot_status; /* 200, 429, 500, 403, 0 */
    bool autopilot_body;  /* a JSON body was there */
    bool healthy;
    int failure_tolerance;
    struct peer *autopilot;
    size_t n_autopilot; /* 0 with a body: Servers was null */

    int64_t raft_at; /* operator/raft/configuration */
    int raft_status; /* 200, 403 */
    struct peer *raft;
    size_t n_raft;

    const char *denied; /* what it refused to tell a token that others may believe: "node:read" as
                           in struct region, without operator:read; "" or NULL nothing */

    /* How it was asked. */
    const char *api;        /* "https://10.0.0.1:4646" */
    const char *token_kept; /* why without the token, for people; "" or NULL: it was not */
    bool token_clear;       /* the token went there in clear */

    struct counted counted[2]; /* the newest, and the one before */
};

/* What a node is known by: one answer, one line each. */
enum feature_kind {
    FEATURE_NONE,
    FEATURE_ID, /* of the node, or of the server in raft */
    FEATURE_NAME,
    FEATURE_REGION,
    FEATURE_DC,
    FEATURE_CLASS,
    FEATURE_POOL,
    FEATURE_RAFT,   /* address in the raft configuration */
    FEATURE_VOTER,  /* "yes", "no" */
    FEATURE_DRIVER, /* by name: "healthy", "unhealthy" */
    FEATURE_VOLUME, /* by name: path */
    FEATURE_ATTRIBUTE,
    FEATURE_META,
    FEATURE_ELIGIBILITY,
    FEATURE_DRAIN,   /* "draining", "none" */
    FEATURE_DRAINED, /* when its last drain began, ns of Nomad's clock; "" never */
    FEATURE_UNIT,    /* a unit on the host that is bound to Nomad's; of no record of Nomad's */
    FEATURE_DEVICE,  /* by vendor/type/name and its own id: "healthy", "unhealthy" */
    FEATURE_NETWORK, /* a mode that tasks may ask for ("bridge", "cni/NAME"), a host_network */
    FEATURE_KINDS    /* numbers are in ledgers: new ones come last */
};

struct feature {
    enum feature_kind what;
    const char *key; /* of a driver, volume, attribute, metadata, device, network; else "" */
    const char *value;
};

struct driver_view {
    const char *name;
    bool detected, healthy;
};

struct alloc_view {
    const char *id;
    const char *client_status; /* running, ... */
    int64_t started_ns;        /* latest StartedAt of its tasks, ns of wall time; 0 unknown */
    uint32_t restarts;         /* sum over tasks */
    bool system_job;
    const int64_t *starts; /* of its tasks that have started, each the latest */
    size_t n_starts;
};

struct client_view {
    /* From /v1/nodes (every round). */
    int64_t list_at;
    uint64_t list_index; /* X-Nomad-Index */
    const char *status;  /* initializing, ready, down, disconnected */
    bool eligible;
    bool draining;
    const char *version; /* attribute nomad.version */
    uint64_t modify_index;
    struct driver_view *drivers;
    size_t n_drivers;

    /* From /v1/node/:id; only for hosts of interest. */
    int64_t detail_at;
    const char *http_addr;
    const char *drain_meta_run; /* run id in LastDrain.Meta of a drain, "" */
    bool drain_own; /* its last drain was its own, by drain_on_shutdown: Meta says so, since 1.5 */
    bool marked;    /* its eligibility was set last by a mark (ineligible), and by no drain */
    const struct feature *features; /* all of it that stays as it is */
    size_t n_features;

    /* From the client's own agent/health; only for hosts of interest. */
    int64_t health_at;
    int own_healthy; /* enum tri */

    /* From its agent/self, which a client tells only where ACLs are off: it is never sent a
     * token. Only for hosts of interest. */
    int64_t own_at;
    const char *own_node_id;
    const char *own_version;

    /* From there too; else as the agent on the host tells it, where root gave that a token. */
    int64_t heartbeat_at;     /* the age was this one then; 0: unknown */
    int64_t heartbeat_age_ms; /* -1 unknown */
    int64_t heartbeat_ttl_ms; /* -1 unknown */

    /* From node/:id/allocations; only for hosts of interest. */
    int64_t allocs_at;
    struct alloc_view *allocs;
    size_t n_allocs;
};

/* One fact of a host, as its agent tells it (agent/facts_survey.h has the list). */
struct fact_view {
    const char *id;
    enum tri value;
    const char *text;
};

/* The agent beside Nomad: what its last authentic receipts said, as far as that is believed. */
struct agent_view {
    bool enrolled;  /* we remember a key for this host's id; who has another one gives no answer */
    bool misplaced; /* the ids it tells are not Nomad's at this address: hard error */
    const char *address;
    const char *problem; /* why there is no answer, "" */

    int64_t hello_at; /* asked; 0: no authentic answer yet */
    struct receipt_hello hello;
    bool stranger; /* it may not obey the key that signs here: this machine's trust file is older
                      than the host's, or does not name the key. Such an order gets no answer */
    unsigned char session[SESSION_LEN];
    uint64_t uptime_ms; /* the agent's, at hello_at */

    int64_t status_at;      /* asked; a held-back answer counts from when it came */
    struct work_state work; /* its phase: of hello, when that was asked for later */
    enum failure failure;
    const char *failure_text, *evidence;
    const struct fact_view *facts; /* of the last status; asked of every host for a plan */
    size_t n_facts;                /* 0: none told */
    struct told_heartbeat {        /* of the fact `heartbeat`, last told */
        int64_t at;                /* of this machine's clock; 0: not told */
        int64_t age_ms, ttl_ms;
    } heartbeat;

    int64_t lease_at; /* the newer of hello's and status's */
    struct lease_state lease;
};

struct host {
    const char *key; /* see above; stable for the life of the fleet */
    const char *name;
    const char *region, *dc, *node_class, *node_pool;
    const char *addr;                /* IP, Nomad's record */
    const char *server_id, *node_id; /* "" when it is not one */
    bool is_server, is_client;
    /* Given by its address, to join: it has a row though Nomad may not list it. Until a member is
     * listed at that address with the server id that its agent tells, its name is the address,
     * region and server_id are "", it is no server, and only `agent` is filled. From then on the
     * same row, under the same key, is that server. */
    bool joins;
    struct server_view server;
    struct client_view client;
    struct agent_view agent;
};

struct region {
    const char *name;
    /* Token's rights matter to what can be known. */
    bool can_raft;      /* raft configuration could be read */
    const char *denied; /* capabilities the token lacks: "node:read, operator:read"; "" none */
    /* When COMPLETE lists were asked for; 0: none. Only a complete list proves that a host
     * which is not in it is gone. */
    int64_t servers_at; /* members, by every server that is alive by them */
    int64_t nodes_at;
};

struct world {
    int64_t begun_ms, ended_ms; /* of this round, clock.mono */
    uint64_t round;
    /* When it began and when it ended every agent that was to be asked had answered, or failed
     * to. */
    bool told;
    struct host *hosts; /* servers first, then clients; each by name */
    size_t n_hosts;
    struct region *regions;
    size_t n_regions;
    struct key_index by_key; /* of hosts; world_index makes it */
    uint32_t *seeds;         /* of those that are seeds (seeds.h); world_index makes it, too */
    size_t n_seeds;
    const char *problem;     /* the whole observation failed: why; else "" */
    const char *token_clear; /* NOMAD_ADDR, when the token goes there in clear; else "" or NULL */
    const char *refused; /* nobody told anything, for our token may not ask: why; else "" or NULL */
    struct arena arena;  /* owns all of it */
};

void world_free(struct world *w); /* NULL is fine */
/* Called once by whoever built the world, before it is read. Without it world_host is
 * a linear search. */
void world_index(struct world *w);
/* NULL: not told. */
const struct fact_view *agent_fact(const struct agent_view *a, const char *id);
/* Why an agent cannot tell, in its own words if it has some; NULL: it does not know the fact. */
const char *fact_doubt(const struct fact_view *f);
struct host *world_host(const struct world *w, const char *key); /* NULL: not there */
const struct region *world_region(const struct world *w, const char *name);
/* A server that nobody lists but as left, and that does not answer. */
bool world_has_left(const struct world *w, const struct host *h);
/* Of its node's record; of a server that is no client, of its own configuration. "": unknown. */
const char *host_dc(const struct host *h);
/* The version a host runs by Nomad's own word: server self, else members' build
 * agreed by all who answered, node's attribute; "" unknown. */
const char *host_version(const struct world *w, const struct host *h);
/* Of the servers of a region (NULL: of all) that have not left; false: no version could be read. */
bool world_oldest_server(const struct world *w, const char *region, struct version *ret);

#endif
