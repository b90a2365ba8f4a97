#include "hazard_kinds.h"

#include "hazard_detect.h"

#define UPGRADED (1u << ROLE_UPGRADE)
#define JOINS    (1u << ROLE_JOINS)
#define LEAVES   (1u << ROLE_LEAVES)
#define REPLACED (JOINS | LEAVES)

const struct hazard_kind hazard_kinds[] = {
    /* These differ only by the keys of the row. */
    {"told", FROM_VERSIONS, .detect = hazard_told, .wants = HAZARD_WHAT},
    {"operator", FROM_OPERATOR, .detect = hazard_operator, .wants = HAZARD_WHAT},
    {"jobs", FROM_JOBS, .detect = hazard_jobs, .wants = HAZARD_WHAT | HAZARD_TRAIT},
    {"driver", FROM_JOBS, .detect = hazard_driver, .wants = HAZARD_WHAT | HAZARD_KEY,
     .may = HAZARD_TRAIT},
    {"switch", FROM_SELF, .detect = hazard_switch, .wants = HAZARD_WHAT | HAZARD_SWITCH},
    {"fact", FROM_HOST, .detect = hazard_fact, .wants = HAZARD_WHAT | HAZARD_KEY},
    {"no-fact", FROM_HOST, .detect = hazard_no_fact, .wants = HAZARD_WHAT | HAZARD_KEY},
    {"file-key", FROM_FILE, .detect = hazard_file_key, .wants = HAZARD_WHAT | HAZARD_KEY},
    {"attribute", FROM_ATTRIBUTES, .detect = hazard_attribute,
     .wants = HAZARD_WHAT | HAZARD_ATTRIBUTE, .may = HAZARD_KEY},
    {"attribute-least", FROM_ATTRIBUTES, .detect = hazard_attribute_least,
     .wants = HAZARD_WHAT | HAZARD_ATTRIBUTE | HAZARD_LEAST, .least = LEAST_VERSION},
    {"clients-least", FROM_NODES, .detect = hazard_clients_least,
     .wants = HAZARD_WHAT | HAZARD_LEAST, .least = LEAST_VERSION},
    /* Each of these looks at one thing, and composes its own text. */
    {"nothing", FROM_VERSIONS, .detect = hazard_nothing},
    {"older", FROM_VERSIONS, .detect = hazard_older},
    {"unknown-version", FROM_VERSIONS, .detect = hazard_unknown_version},
    {"distance", FROM_VERSIONS, .detect = hazard_distance},
    {"minor-way", FROM_VERSIONS, .detect = hazard_minor_way},
    {"release-day", FROM_VERSIONS, .detect = hazard_release_day},
    {"unproven", FROM_VERSIONS, .detect = hazard_unproven},
    {"prerelease", FROM_VERSIONS, .detect = hazard_prerelease},
    {"forward-wall", FROM_VERSIONS, .detect = hazard_forward_wall},
    {"edition", FROM_VERSIONS, .detect = hazard_edition},
    {"fips", FROM_VERSIONS, .detect = hazard_fips},
    {"no-way-back", FROM_VERSIONS, .detect = hazard_no_way_back},
    {"acl-off-target", FROM_VERSIONS, .detect = hazard_acl_off_target, .wants = HAZARD_WHAT},
    {"raft-protocol", FROM_CLUSTER, .detect = hazard_raft_protocol, .wants = HAZARD_LEAST,
     .least = LEAST_NUMBER},
    {"client-newer", FROM_CLUSTER, .detect = hazard_client_newer},
    {"tolerance", FROM_CLUSTER, .detect = hazard_tolerance},
    {"unhealthy", FROM_CLUSTER, .detect = hazard_unhealthy},
    {"regions", FROM_CLUSTER, .detect = hazard_regions},
    {"order", FROM_SELF, .detect = hazard_order},
    {"old-failed", FROM_CLUSTER, .detect = hazard_old_failed, .wants = HAZARD_CROSSING},
    {"keyring", FROM_CLUSTER, .detect = hazard_keyring},
    {"stuck-keys", FROM_CLUSTER, .detect = hazard_stuck_keys},
    {"deployments", FROM_CLUSTER, .detect = hazard_deployments},
    {"autopilot", FROM_CLUSTER, .detect = hazard_autopilot},
    {"unmeasured", FROM_CLUSTER, .detect = hazard_unmeasured},
    {"migration", FROM_CLUSTER, .detect = hazard_migration},
    {"leaves", FROM_CLUSTER, .detect = hazard_leaves, .roles = UPGRADED},
    {"no-rejoin", FROM_SELF, .detect = hazard_no_rejoin, .roles = UPGRADED},
    {"token", FROM_CLUSTER, .detect = hazard_token},
    {"token-kept", FROM_CLUSTER, .detect = hazard_token_kept},
    {"token-clear", FROM_CLUSTER, .detect = hazard_token_clear},
    {"heartbeat", FROM_CLUSTER, .detect = hazard_heartbeat},
    {"token-rights", FROM_CLUSTER, .detect = hazard_token_rights},
    {"token-spare", FROM_CLUSTER, .detect = hazard_token_spare},
    {"token-snapshot", FROM_CLUSTER, .detect = hazard_token_snapshot},
    {"no-keystore", FROM_AGENTS, .detect = hazard_no_keystore, .wants = HAZARD_WHAT},
    {"keystore-copied", FROM_VERSIONS, .detect = hazard_keystore_copied, .wants = HAZARD_WHAT},
    {"token-expiry", FROM_CLUSTER, .detect = hazard_token_expiry},
    {"unmanaged-server", FROM_AGENTS, .detect = hazard_unmanaged_server},
    {"unmanaged-client", FROM_AGENTS, .detect = hazard_unmanaged_client},
    {"misplaced", FROM_AGENTS, .detect = hazard_misplaced},
    {"one-id", FROM_AGENTS, .detect = hazard_one_id},
    {"no-build", FROM_AGENTS, .detect = hazard_no_build},
    {"release-keys", FROM_AGENTS, .detect = hazard_release_keys},
    {"hours-end", FROM_AGENTS, .detect = hazard_hours_end},
    {"other-operators", FROM_AGENTS, .detect = hazard_other_operators},
    {"vendor-signature", FROM_AGENTS, .detect = hazard_vendor_signature},
    {"odd-system", FROM_AGENTS, .detect = hazard_odd_system},
    {"served", FROM_VERSIONS, .detect = hazard_served},
    {"no-place", FROM_AGENTS, .detect = hazard_no_place},
    {"serve-shut", FROM_AGENTS, .detect = hazard_serve_shut},
    {"place-refused", FROM_AGENTS, .detect = hazard_place_refused},
    {"seeds", FROM_AGENTS, .detect = hazard_seeds},
    {"seed-unready", FROM_AGENTS, .detect = hazard_seed_unready},
    {"seed-refused", FROM_AGENTS, .detect = hazard_seed_refused},
    {"node-down", FROM_CLUSTER, .detect = hazard_node_down},
    {"finds-nobody", FROM_AGENTS, .detect = hazard_finds_nobody},
    {"node-draining", FROM_CLUSTER, .detect = hazard_node_draining},
    {"drain-together", FROM_CLUSTER, .detect = hazard_drain_together,
     .wants = HAZARD_WHAT | HAZARD_LEAST, .least = LEAST_SINCE},
    {"license-place", FROM_SELF, .detect = hazard_license_place, .roles = UPGRADED},
    {"old-allocs", FROM_JOBS, .detect = hazard_old_allocs},
    {"dc-star", FROM_SELF, .detect = hazard_dc_star, .wants = HAZARD_WHAT},
    {"policies-bare", FROM_POLICIES, .detect = hazard_policies_bare, .wants = HAZARD_WHAT},
    {"license-ends", FROM_CLUSTER, .detect = hazard_license_ends},
    {"vault-flow", FROM_SELF, .detect = hazard_vault_flow},
    {"consul-flow", FROM_SELF, .detect = hazard_consul_flow, .roles = UPGRADED},
    {"connect-window", FROM_JOBS, .detect = hazard_connect_window,
     .wants = HAZARD_WHAT | HAZARD_TRAIT | HAZARD_CROSSING},
    {"schedulers", FROM_SELF, .detect = hazard_schedulers, .roles = UPGRADED},
    {"policies-unknown", FROM_POLICIES, .detect = hazard_policies_unknown, .wants = HAZARD_WHAT},
    {"two-stores", FROM_FILE, .detect = hazard_two_stores, .roles = UPGRADED},
    {"other-pool", FROM_JOBS, .detect = hazard_other_pool},
    {"no-facts", FROM_AGENTS, .detect = hazard_no_facts},
    {"no-readiness", FROM_AGENTS, .detect = hazard_no_readiness},
    /* Single hosts, by a fact that their agents report. */
    {"host-fact", FROM_HOST, .wants = HAZARD_KEY, .may = HAZARD_LEAST, .least = LEAST_VERSION},
    {"client-fact", FROM_HOST, .matters = hazard_of_client, .wants = HAZARD_KEY},
    {"kill-mode", FROM_HOST, .matters = hazard_kills_tasks, .wants = HAZARD_KEY},
    {"stop-commands", FROM_HOST, .refine = hazard_stop_commands, .wants = HAZARD_KEY},
    {"stop-leaves", FROM_HOST, .matters = hazard_only_leaves, .refine = hazard_stop_leaves,
     .wants = HAZARD_KEY},
    {"config-rejected", FROM_HOST, .refine = hazard_rejected, .wants = HAZARD_KEY},
    {"other-version", FROM_HOST, .refine = hazard_other_version, .wants = HAZARD_KEY},
    {"law", FROM_HOST, .refine = hazard_law},
    {"not-running", FROM_HOST, .refine = hazard_not_running, .roles = UPGRADED},
    {"host-no-fact", FROM_HOST, .when_no = true, .wants = HAZARD_KEY},
    {"host-unsure", FROM_HOST, .refine = hazard_only_unsure, .wants = HAZARD_KEY},
    /* Servers that are replaced. */
    {"not-new", FROM_AGENTS, .detect = hazard_not_new, .roles = JOINS},
    {"name-taken", FROM_AGENTS, .detect = hazard_name_taken, .roles = JOINS},
    {"gossip", FROM_AGENTS, .detect = hazard_gossip, .roles = JOINS},
    {"joins-nobody", FROM_AGENTS, .detect = hazard_joins_nobody, .roles = JOINS},
    {"clock-apart", FROM_AGENTS, .detect = hazard_clock_apart, .roles = JOINS},
    {"no-server", FROM_HOST, .refine = hazard_no_server, .roles = JOINS},
    {"other-region", FROM_HOST, .refine = hazard_other_region, .roles = JOINS},
    {"bootstraps", FROM_HOST, .refine = hazard_bootstraps, .wants = HAZARD_KEY, .roles = JOINS},
    {"client-too", FROM_CLUSTER, .detect = hazard_client_too, .roles = LEAVES},
    {"dead", FROM_CLUSTER, .detect = hazard_dead, .by_host = true, .roles = LEAVES},
    {"voters", FROM_CLUSTER, .detect = hazard_voters, .roles = REPLACED},
    {"replace-quorum", FROM_CLUSTER, .detect = hazard_replace_quorum, .roles = REPLACED},
    {"one-region", FROM_CLUSTER, .detect = hazard_one_region, .roles = REPLACED},
    {"old-raft", FROM_CLUSTER, .detect = hazard_old_raft, .roles = REPLACED},
    {"bad-leaders", FROM_CLUSTER, .detect = hazard_bad_leaders, .roles = REPLACED},
    {"moves-votes", FROM_CLUSTER, .detect = hazard_moves_votes, .roles = REPLACED},
    {"names-removed", FROM_AGENTS, .detect = hazard_names_removed, .roles = REPLACED},
};
const size_t hazard_kinds_len = ARRAY_LEN(hazard_kinds);

const struct hazard_kind *hazard_kind(const char *name)
{
    for (size_t i = 0; i < hazard_kinds_len; i++)
        if (str_eq(hazard_kinds[i].name, name))
            return &hazard_kinds[i];
    return NULL;
}

/* ---- names ---- */

static const char *const traits[JOB_TRAITS] = {
    [JOB_LXC] = "lxc",
    [JOB_RKT] = "rkt",
    [JOB_REMOTE_DRIVER] = "remote-driver",
    [JOB_QEMU] = "qemu",
    [JOB_EXEC] = "exec",
    [JOB_JAVA] = "java",
    [JOB_RAW_EXEC] = "raw-exec",
    [JOB_DOCKER] = "docker",
    [JOB_BAD_META] = "bad-meta",
    [JOB_TEMPLATE_PLUGIN] = "template-plugin",
    [JOB_TEMPLATE_FILE] = "template-file",
    [JOB_TEMPLATE_WRITE] = "template-write",
    [JOB_TEMPLATE_EXECUTE] = "template-execute",
    [JOB_TEMPLATE_SPRIG] = "template-sprig",
    [JOB_TEMPLATE_CONSUL] = "template-consul",
    [JOB_TEMPLATE_VAULT] = "template-vault",
    [JOB_PATH_ESCAPES] = "path-escapes",
    [JOB_ARTIFACT] = "artifact",
    [JOB_DOCKER_BINDS] = "docker-binds",
    [JOB_DOCKER_SIGNAL] = "docker-signal",
    [JOB_DOCKER_HOST_MODE] = "docker-host-mode",
    [JOB_DOCKER_EMAIL] = "docker-email",
    [JOB_CONNECT] = "connect",
    [JOB_CONSUL] = "consul",
    [JOB_VAULT] = "vault",
    [JOB_CSI] = "csi",
    [JOB_CSI_NO_MODE] = "csi-no-mode",
    [JOB_NVIDIA] = "nvidia",
    [JOB_LONG_KILL] = "long-kill",
    [JOB_BRIDGE] = "bridge",
    [JOB_CNI] = "cni",
    [JOB_CORES] = "cores",
    [JOB_ATTR_CGROUP] = "attr-cgroup",
    [JOB_ATTR_ADVERTISE] = "attr-advertise",
    [JOB_ATTR_DISK] = "attr-disk",
    [JOB_DISTINCT_HOSTS] = "distinct-hosts",
    [JOB_OLD_DISCONNECT] = "old-disconnect",
    [JOB_SYSTEM_RESCHEDULE] = "system-reschedule",
    [JOB_WRITES_LOGS] = "writes-logs",
};

static const char *const switches[CONFIG_SWITCHES] = {
    [CONFIG_DC_STAR] = "dc-star",       [CONFIG_REJOINS] = "rejoins",
    [CONFIG_TLS_VERIFY] = "tls-verify", [CONFIG_CONSUL] = "consul",
    [CONFIG_CONSUL_IDS] = "consul-ids", [CONFIG_VAULT] = "vault",
    [CONFIG_PROMETHEUS] = "prometheus", [CONFIG_ALLOC_METRICS] = "alloc-metrics",
    [CONFIG_BOLTDB] = "boltdb",         [CONFIG_KMS] = "kms",
    [CONFIG_LICENSE] = "license",       [CONFIG_JOIN] = "join",
    [CONFIG_OLD_JOIN] = "old-join",
};

static const char *const attributes[NODE_ATTRIBUTES] = {
    [ATTR_CONSUL] = "consul",   [ATTR_KERNEL] = "kernel",         [ATTR_ARCH] = "arch",
    [ATTR_CGROUPS] = "cgroups", [ATTR_CNI_BRIDGE] = "cni-bridge", [ATTR_CSI] = "csi",
};

static const char *const roles[PLAN_ROLES] = {
    [ROLE_UPGRADE] = "upgrade", [ROLE_JOINS] = "joins", [ROLE_LEAVES] = "leaves"};

static int index_of_name(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(names[i], name))
            return (int)i;
    return -1;
}

int hazard_trait(const char *name)
{
    return index_of_name(traits, JOB_TRAITS, name);
}

int hazard_switch_named(const char *name)
{
    return index_of_name(switches, CONFIG_SWITCHES, name);
}

int hazard_role(const char *name)
{
    return index_of_name(roles, PLAN_ROLES, name);
}

int hazard_attribute_named(const char *name)
{
    return index_of_name(attributes, NODE_ATTRIBUTES, name);
}
