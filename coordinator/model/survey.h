/*
 * survey.h - what a plan asks for once, in addition to the observation. Plain values.
 *
 * The observation (world.h) contains what every step needs. The survey contains what only the plan
 * needs: the token's rights, the keyring, deployments, autopilot's settings, the servers' own
 * configuration, the nodes' attributes, and what jobs ask of Nomad. nomad_survey makes it; tests
 * make their own. Everything is in one arena. For each thing, enum asked says whether it was asked
 * and answered. Without an answer, a hazard that needs it stays unknown. Texts are never NULL.
 */
#ifndef SURVEY_H
#define SURVEY_H

#include "acl_rules.h"
#include "arena.h"
#include "message.h"

enum hazard_source { /* where a row of the hazard table looks */
                     FROM_VERSIONS,
                     FROM_CLUSTER,    /* members, autopilot, raft, the token */
                     FROM_AGENTS,     /* Caravan's own agents */
                     FROM_SELF,       /* servers' agent/self */
                     FROM_NODES,      /* the list of nodes */
                     FROM_ATTRIBUTES, /* each node's record */
                     FROM_JOBS,       /* job specifications and allocations */
                     FROM_POLICIES,   /* ACL policies */
                     FROM_HOST,       /* facts of the host, from the agent */
                     FROM_FILE,       /* keys in configuration files, from the agent */
                     FROM_OPERATOR,   /* only people know */
};

enum asked {
    ASKED_NOT,    /* not asked, or no answer: unknown */
    ASKED_YES,    /* answered */
    ASKED_DENIED, /* the token may not ask */
    ASKED_ABSENT, /* this version of Nomad does not have it */
};

/* What a job asks of Nomad, if a row of the hazard table looks for it. */
enum job_trait {
    JOB_LXC,
    JOB_RKT,
    JOB_REMOTE_DRIVER, /* ecs */
    JOB_QEMU,
    JOB_EXEC,
    JOB_JAVA,
    JOB_RAW_EXEC,
    JOB_DOCKER,
    JOB_BAD_META, /* a meta key that is no identifier */
    JOB_TEMPLATE_PLUGIN,
    JOB_TEMPLATE_FILE,
    JOB_TEMPLATE_WRITE,
    JOB_TEMPLATE_EXECUTE,
    JOB_TEMPLATE_SPRIG, /* removed template functions: dates, random numbers, env, host names */
    JOB_TEMPLATE_CONSUL,
    JOB_TEMPLATE_VAULT,
    JOB_PATH_ESCAPES,
    JOB_ARTIFACT,
    JOB_DOCKER_BINDS,
    JOB_DOCKER_SIGNAL, /* docker without kill_signal */
    JOB_DOCKER_HOST_MODE,
    JOB_DOCKER_EMAIL,
    JOB_CONNECT,
    JOB_CONSUL, /* services in Consul, or a consul block */
    JOB_VAULT,  /* a vault block whose change_mode is not noop */
    JOB_CSI,
    JOB_CSI_NO_MODE,
    JOB_NVIDIA,
    JOB_LONG_KILL, /* kill_timeout above 30 s */
    JOB_BRIDGE,
    JOB_CNI,
    JOB_CORES,
    JOB_ATTR_CGROUP, /* constraints, affinities or spreads on attributes that were renamed */
    JOB_ATTR_ADVERTISE,
    JOB_ATTR_DISK,
    JOB_DISTINCT_HOSTS,
    JOB_OLD_DISCONNECT,
    JOB_SYSTEM_RESCHEDULE, /* or a task named alloc, or a count above 50,000 */
    JOB_WRITES_LOGS,
    JOB_TRAITS
};
#define TRAIT(t) (UINT64_C(1) << (t))

/* One job, or an older version of it that still runs. */
struct job_view {
    const char *ns, *id;
    int64_t version;
    bool older; /* not the registered version; allocations of it still run */
    uint64_t traits;
};

struct token_view {
    enum asked asked;
    bool acl_off;
    bool management, global;
    const char *name;
    int64_t expires_ms; /* wall clock; 0: never, or unknown before 1.4 */
    bool rules_known;   /* every policy of the token could be read and understood */
    struct acl_rules rules;
};

struct region_survey {
    const char *name;
    struct token_view token;
    enum asked keyring;
    unsigned active_keys;
    unsigned stuck_keys; /* prepublished keys whose time has passed */
    enum asked deployments;
    unsigned n_deploying;  /* running or blocked */
    const char *deploying; /* the first: "default/web is running" */
    enum asked autopilot;
    bool cleanup_dead, migration_off, zones;
    int64_t trailing_logs, contact_ms;
    enum asked vault_check; /* operator/upgrade-check/vault-workload-identity */
    unsigned vault_jobs, vault_nodes, vault_tokens;
    enum asked policies;        /* every ACL policy could be read; only a management token can */
    const char *bare_policy;    /* name of a policy with a namespace block without a label */
    const char *unknown_policy; /* name of a policy with a key that Nomad does not know */
    enum asked license;
    const char *license_ends; /* RFC 3339 */
    enum asked jobs_asked;    /* ASKED_YES: all jobs were read, and every older version that runs */
    const char *jobs_why;     /* why not all were read */
    size_t n_listed, n_read;  /* how many jobs there are, and how many were read */
    struct job_view *jobs;
    size_t n_jobs;
    enum asked allocs;
    unsigned n_other_pool;  /* allocations that run in another node pool than their job names */
    const char *other_pool; /* the first: "default/web on c1" */
    int64_t oldest_alloc_s; /* creation time of the oldest running allocation; 0: none */
};

/* Switches in a server's own configuration (agent/self). Each is an enum tri. */
enum config_switch {
    CONFIG_DC_STAR,       /* the datacenter's name contains a star */
    CONFIG_REJOINS,       /* rejoin_after_leave, or an address to join */
    CONFIG_TLS_VERIFY,    /* TLS on RPC with verify_server_hostname */
    CONFIG_CONSUL,        /* there is a token for Consul, so Consul has ACLs */
    CONFIG_CONSUL_IDS,    /* service and task identities */
    CONFIG_VAULT,         /* enabled */
    CONFIG_PROMETHEUS,    /* telemetry is configured, but this is off */
    CONFIG_ALLOC_METRICS, /* publish_allocation_metrics is off */
    CONFIG_BOLTDB,        /* raft_boltdb is set */
    CONFIG_KMS,           /* an external key service keeps the keyring's key */
    CONFIG_LICENSE,       /* a licence from a file or the environment */
    CONFIG_JOIN,          /* start_join, retry_join: names that a later version removes */
    CONFIG_OLD_JOIN,      /* the same names, outside server_join */
    CONFIG_SWITCHES
};

enum node_attribute {
    ATTR_CONSUL,
    ATTR_KERNEL,
    ATTR_ARCH,
    ATTR_CGROUPS,
    ATTR_CNI_BRIDGE,
    ATTR_CSI, /* "1": runs CSI plugins */
    NODE_ATTRIBUTES
};

struct host_survey {
    const char *key;
    enum asked config;
    unsigned char switches[CONFIG_SWITCHES]; /* enum tri */
    int64_t num_schedulers;                  /* -1: not set */
    int64_t cpus;                            /* 0 unknown */
    const char *authoritative;               /* authoritative region; "": its own */
    enum asked node;                         /* the node's record, for the attributes */
    const char *attributes[NODE_ATTRIBUTES]; /* "": not there */
};

struct survey {
    int64_t wall_ms; /* when the survey was made, to judge expiry times */
    struct region_survey *regions;
    size_t n_regions;
    struct host_survey *hosts; /* by key */
    size_t n_hosts;
    const char *const *known_regions; /* from the servers' gossip */
    size_t n_known_regions;
    /* The name that the coordinator's trust file gives to the key that signs its orders; "":
     * none. */
    char operator_name[NAME_MAX_LEN];
    struct arena arena;
};

static inline void survey_free(struct survey *s) /* NULL and an empty one are fine */
{
    if (s != NULL)
        arena_free(&s->arena);
}

#endif
