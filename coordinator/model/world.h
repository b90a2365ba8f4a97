/*
 * world.h - one observation of the fleet: plain values, each with its age.
 *
 * The shell (nomad_servers, nomad_nodes, agents) or the random worlds build a world. The pure core
 * (plan, gate, hazards, decide_*) reads it. Everything is in one arena and is valid until the next
 * observation replaces it. The core keeps no pointer into a world. Texts are never NULL: "" means
 * unknown or empty.
 *
 * Ages: every group of values says when the question was ASKED (`at`, milliseconds of the
 * coordinator's clock.mono). 0: no answer. An answer to a question from before an effect proves
 * nothing about the effect. The answers of one round may not fit together, because servers are
 * asked one after the other.
 *
 * Hosts are keyed by Nomad's own id: a server by its raft id (member tag `id`), a client by its
 * node id. A host that is both is one host, a server; it is found by the same address, or by its
 * agent's hello, which names both ids. A host that is to join is keyed by its agent's key for the
 * whole of a run: "agent/" and 32 hexadecimal digits of its fingerprint. Members that have left
 * stay hosts for as long as any server lists them.
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
    const char *id;   /* raft id, from the tag `id` */
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

/* The kinds of objects in a region's state. Caravan counts them to notice a loss. */
enum object { OBJECT_JOBS, OBJECT_NODES, OBJECT_ALLOCS, OBJECT_NAMESPACES, OBJECT_KINDS };
#define COUNT_UNKNOWN (-1) /* no answer */
#define COUNT_DENIED  (-2) /* the token may not count it, or this Nomad cannot */

/* Counts from a server's own state (stale reads); only for servers whose counts are needed. */
struct counted {
    int64_t at; /* when it was asked; 0: not asked */
    int64_t n[OBJECT_KINDS];
};

/* What a server was started with, by its agent/self; "" or NULL: the answer does not say. */
struct running_config {
    const char *datacenter, *name, *data_dir, *bind_addr;
    const char *advertise_http, *advertise_rpc; /* "10.0.0.1:4646" */
    int server, client;                         /* enabled: enum tri */
};

/* The answers of one server's own API. */
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

    int64_t autopilot_at; /* when the question was asked, for any HTTP answer */
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

    const char *denied; /* what the server refused to this token, although other servers may accept
                           the token: "node:read" as in struct region, without operator:read; "" or
                           NULL: nothing */

    /* How it was asked. */
    const char *api;        /* "https://10.0.0.1:4646" */
    const char *token_kept; /* why the server was asked without the token, for people; "" or NULL:
                               it was asked with the token */
    bool token_clear;       /* the token was sent to this server in clear text */

    struct counted counted[2]; /* the newest counts, and the counts before them */
};

/* The features that a node is known by, one line each. */
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
    FEATURE_DRIVER, /* key: its name; value: "healthy", "unhealthy" */
    FEATURE_VOLUME, /* key: its name; value: its path */
    FEATURE_ATTRIBUTE,
    FEATURE_META,
    FEATURE_ELIGIBILITY,
    FEATURE_DRAIN,   /* "draining", "none" */
    FEATURE_DRAINED, /* when its last drain began, ns of Nomad's clock; "": never */
    FEATURE_UNIT,    /* a unit on the host that is bound to Nomad's unit; in no record of Nomad's */
    FEATURE_DEVICE,  /* key: vendor/type/name and its own id; value: "healthy", "unhealthy" */
    FEATURE_NETWORK, /* a mode that tasks may ask for ("bridge", "cni/NAME"), or a host_network */
    FEATURE_KINDS    /* ledgers contain these numbers, so new kinds come last */
};

struct feature {
    enum feature_kind what;
    const char *key; /* of a driver, volume, attribute, metadata, device, network; otherwise "" */
    const char *value;
};

struct driver_view {
    const char *name;
    bool detected, healthy;
};

struct alloc_view {
    const char *id;
    const char *client_status; /* running, ... */
    int64_t started_ns;        /* latest StartedAt of its tasks, ns of wall time; 0: unknown */
    uint32_t restarts;         /* sum over tasks */
    bool system_job;
    const int64_t *starts; /* of each task that has started, its latest start */
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
    bool drain_own; /* its own stop began its last drain (drain_on_shutdown): Meta says so,
                       since 1.5 */
    bool marked;    /* its eligibility was last set by hand (ineligible), and not by a drain */
    const struct feature *features; /* all features that should stay as they are */
    size_t n_features;

    /* From the client's own agent/health; only for hosts of interest. */
    int64_t health_at;
    int own_healthy; /* enum tri */

    /* From its agent/self. A client answers it only if ACLs are off, because Caravan never sends
     * a token to a client. Only for hosts of interest. */
    int64_t own_at;
    const char *own_node_id;
    const char *own_version;

    /* From agent/self as well. If the client does not answer it, from the agent on the host, if
     * root gave the agent a token. */
    int64_t heartbeat_at;     /* when the age below was measured; 0: unknown */
    int64_t heartbeat_age_ms; /* -1 unknown */
    int64_t heartbeat_ttl_ms; /* -1 unknown */

    /* From node/:id/allocations; only for hosts of interest. */
    int64_t allocs_at;
    struct alloc_view *allocs;
    size_t n_allocs;
};

/* One fact of a host, as its agent reports it (agent/facts_survey.h has the list). */
struct fact_view {
    const char *id;
    enum tri value;
    const char *text;
};

/* The agent beside Nomad: what its last authentic receipts said, as far as Caravan believes
 * them. */
struct agent_view {
    bool enrolled; /* Caravan knows a key for this host's id; an agent with another key counts as no
                      answer */
    bool misplaced; /* the ids that the agent reports are not Nomad's ids at this address: a hard
                       error */
    const char *address;
    const char *problem; /* why there is no answer; "": there is one */

    int64_t hello_at; /* when it was asked; 0: no authentic answer yet */
    struct receipt_hello hello;
    bool stranger; /* it may not obey the key that signs here: this machine's trust file is older
                      than the host's, or does not name the key. Such an order gets no answer */
    unsigned char session[SESSION_LEN];
    uint64_t uptime_ms; /* the agent's uptime at hello_at */

    int64_t status_at;      /* when it was asked; for a held-back answer, when the answer came */
    struct work_state work; /* its phase comes from hello if hello was asked for later */
    enum failure failure;
    const char *failure_text, *evidence;
    const struct fact_view *facts; /* of the last status; a plan asks every host for them */
    size_t n_facts;                /* 0: the agent reported none */
    struct told_heartbeat {        /* from the last fact `heartbeat` */
        int64_t at;                /* on the coordinator's clock; 0: not reported */
        int64_t age_ms, ttl_ms;
    } heartbeat;

    int64_t lease_at; /* of the newer answer, hello or status */
    struct lease_state lease;
};

struct host {
    const char *key; /* see the top of this file; stable for the life of the fleet */
    const char *name;
    const char *region, *dc, *node_class, *node_pool;
    const char *addr;                /* IP address, by Nomad's record */
    const char *server_id, *node_id; /* "" if the host is no server, or no client */
    bool is_server, is_client;
    /* True for a host that is to join, given by its address. Such a host has a row even if Nomad
     * does not list it. Until a member is listed at that address with the server id that the
     * host's agent reports, its name is the address, region and server_id are "", is_server is
     * false, and only `agent` is filled. From then on the same row, under the same key, is that
     * server. */
    bool joins;
    struct server_view server;
    struct client_view client;
    struct agent_view agent;
};

struct region {
    const char *name;
    /* What is known depends on the token's rights. */
    bool can_raft; /* the raft configuration could be read */
    const char
        *denied; /* capabilities that the token lacks: "node:read, operator:read"; "": none */
    /* When COMPLETE lists were asked for; 0: there is no complete list. Only a complete list
     * without a host proves that the host is gone. */
    int64_t servers_at; /* the members; every server that these lists call alive has answered */
    int64_t nodes_at;
};

struct world {
    int64_t begun_ms, ended_ms; /* of this round, clock.mono */
    uint64_t round;
    /* True if every agent that was to be asked had answered, or failed to answer, both when the
     * round began and when the round ended. */
    bool told;
    struct host *hosts; /* servers first, then clients; each by name */
    size_t n_hosts;
    struct region *regions;
    size_t n_regions;
    struct key_index by_key; /* of hosts; world_index makes it */
    uint32_t
        *seeds; /* indexes of the hosts that are seeds (seeds.h); world_index makes them, too */
    size_t n_seeds;
    const char *problem; /* why the whole observation failed; "": it did not */
    const char
        *token_clear; /* NOMAD_ADDR, if the token goes there in clear text; otherwise "" or NULL */
    const char *refused; /* why every server refused the token; otherwise "" or NULL */
    struct arena arena;  /* owns all memory of the world */
};

void world_free(struct world *w); /* NULL is fine */
/* The builder of the world calls this once, before anybody reads the world. Without it
 * world_host is a linear search. */
void world_index(struct world *w);
/* NULL: the agent did not report the fact. */
const struct fact_view *agent_fact(const struct agent_view *a, const char *id);
/* Returns why a fact is unknown, in the agent's own words if it has any. f NULL: the agent does
 * not know the fact. */
const char *fact_doubt(const struct fact_view *f);
struct host *world_host(const struct world *w, const char *key); /* NULL: not there */
const struct region *world_region(const struct world *w, const char *name);
/* True for a server that does not answer and that every list calls left. */
bool world_has_left(const struct world *w, const struct host *h);
/* Returns the datacenter: by the node's record, or, for a server that is no client, by its own
 * configuration. "": unknown. */
const char *host_dc(const struct host *h);
/* Returns the version that a host runs, by Nomad's own report: of a server its agent/self,
 * otherwise the members' build if all servers that answered agree; of a client the node's
 * attribute. "": unknown. */
const char *host_version(const struct world *w, const struct host *h);
/* Finds the oldest version of the servers of a region (NULL: of all regions) that have not left.
 * False: no version could be read. */
bool world_oldest_server(const struct world *w, const char *region, struct version *ret);

#endif
