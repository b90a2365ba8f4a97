/* Worlds of the hazard rows about the cluster: servers, the token, agents, nodes. */
#include "hazard_worlds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* ---- the cluster ---- */

CHANGE(raft_vsn)
{
    f->hosts[1].server.raft_protocol = w->number;
}
CHANGE(raft_lost)
{
    f->hosts[1].server.raft_protocol = 0;
}
CHANGE(clients_only)
{
    f->policy.filter.clients = true;
}
CHANGE(clients_only_lost)
{
    f->policy.filter.clients = true;
    f->hosts[1].server.version = "";
    f->hosts[1].server.self_at = 0;
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->members[i][1].build = "";
}
CHANGE(drains_two)
{
    f->policy.drain = true;
    f->policy.parallel = 2;
}
/* The servers stay, and one of them does not report its version. */
CHANGE(drains_two_lost)
{
    drains_two(f, w);
    clients_only_lost(f, w);
}
CHANGE(two_voters)
{
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->raft[i].voter = f->autopilot[i].voter = i < 2;
}
CHANGE(member_failed)
{
    f->members[0][2].status = MEMBER_FAILED;
}
CHANGE(leader_unasked)
{
    f->hosts[2].server.leader_at = 0;
}
CHANGE(another_region)
{
    f->surveyed.known[0] = "europe";
}
CHANGE(nodes_unlisted)
{
    f->regions[0].nodes_at = 0;
}
/* s3 is alone in europe; global is authoritative. */
static void split(struct small_fleet *f)
{
    static struct region two[2];
    two[0] = f->regions[0];
    two[1] = f->regions[0];
    two[1].name = "europe";
    f->w.regions = two;
    f->w.n_regions = 2;
    f->hosts[2].region = f->hosts[4].region = "europe";
}
CHANGE(europe_alone)
{
    static const char *const only[] = {"europe"};
    split(f);
    f->policy.filter.n_regions = 1;
    f->policy.filter.regions[0] = only[0];
}
CHANGE(europes_only_is_there)
{
    split(f);
    f->hosts[2].server.version = SMALL_TO;
    f->hosts[2].agent.hello.disk = f->hosts[2].agent.hello.running = f->release.builds[0].digest;
}
CHANGE(no_authority)
{
    split(f);
    for (int i = 0; i < SMALL_SURVEYED; i++)
        f->surveyed.hosts[i].authoritative = "";
}
CHANGE(failed_on_old)
{
    f->members[0][2].status = MEMBER_FAILED;
    f->members[0][2].build = "1.3.1";
}
CHANGE(members_lost)
{
    f->hosts[1].server.members_at = 0;
    f->hosts[1].server.n_members = 0;
}
CHANGE(two_keys)
{
    f->surveyed.regions[0].active_keys = 2;
}
CHANGE(keyring_denied)
{
    f->surveyed.regions[0].keyring = ASKED_DENIED;
}
CHANGE(stuck_key)
{
    f->surveyed.regions[0].stuck_keys = 1;
}
CHANGE(deploying)
{
    f->surveyed.regions[0].n_deploying = 2;
    f->surveyed.regions[0].deploying = "default/web is running";
}
CHANGE(deployments_lost)
{
    f->surveyed.regions[0].deployments = ASKED_NOT;
}
CHANGE(loose_autopilot)
{
    f->surveyed.regions[0].trailing_logs = 100000;
}
CHANGE(autopilot_lost)
{
    f->surveyed.regions[0].autopilot = ASKED_DENIED;
}
CHANGE(migration_on)
{
    f->surveyed.regions[0].migration_off = false;
}
CHANGE(leaves)
{
    f->hosts[1].server.leave_on_interrupt = TRI_YES;
}
CHANGE(leaves_for_good)
{
    leaves(f, w);
    for (int i = 0; i < SMALL_SURVEYED; i++)
        f->surveyed.hosts[i].switches[CONFIG_REJOINS] = TRI_NO;
}
CHANGE(leaves_somehow)
{
    leaves(f, w);
    world_config_lost(f, w);
}
CHANGE(self_lost)
{
    f->hosts[1].server.self_at = 0;
}

/* ---- the token ---- */

CHANGE(denied)
{
    f->regions[0].denied = "node:read";
}
CHANGE(kept)
{
    f->hosts[1].server.denied = f->hosts[1].server.token_kept = f->hosts[1].server.api = w->text;
}
CHANGE(in_clear)
{
    f->w.token_clear = f->hosts[0].server.api = w->text;
    f->hosts[1].server.api = w->id;
    f->hosts[0].server.token_clear = f->hosts[1].server.token_clear = true;
}
static struct token_view *client_token(struct small_fleet *f)
{
    struct token_view *t = &f->surveyed.regions[0].token;
    t->management = false;
    t->name = "deploy";
    t->rules = (struct acl_rules){
        .agent = ACL_WRITE, .node = ACL_READ, .operator_ = ACL_WRITE, .all_jobs = ACL_READ};
    return t;
}
CHANGE(no_node_write)
{
    client_token(f);
    f->policy.drain = true;
}
CHANGE(rules_lost)
{
    client_token(f)->rules_known = false;
}
CHANGE(not_management)
{
    client_token(f);
}
CHANGE(may_more)
{
    str_cut(client_token(f)->rules.other, sizeof(f->surveyed.regions[0].token.rules.other),
            w->text);
}
CHANGE(token_lost)
{
    f->surveyed.regions[0].token = (struct token_view){.name = ""};
}
CHANGE(ends_soon)
{
    f->surveyed.regions[0].token.expires_ms = f->survey.wall_ms + 60000;
}

/* ---- agents and nodes ---- */

CHANGE(no_agent)
{
    f->hosts[1].agent.enrolled = false;
    f->hosts[1].agent.hello_at = 0;
}
CHANGE(no_client_agent)
{
    f->hosts[4].agent.hello_at = 0;
}
CHANGE(no_server_id)
{
    f->hosts[1].agent.hello.server_id[0] = '\0';
}
CHANGE(no_data_dir)
{
    no_server_id(f, w);
    world_fact(f, "data-dir", TRI_NO, "");
}
CHANGE(other_place)
{
    f->hosts[3].agent.misplaced = true;
}
CHANGE(same_id)
{
    str_cut(f->hosts[4].agent.hello.client_id, sizeof(f->hosts[4].agent.hello.client_id),
            f->hosts[3].node_id);
}
CHANGE(other_arch)
{
    str_cut(f->hosts[4].agent.hello.arch, sizeof(f->hosts[4].agent.hello.arch), w->text);
}
CHANGE(down)
{
    f->hosts[4].client.status = "down";
}
CHANGE(draining)
{
    f->hosts[4].client.draining = true;
}
CHANGE(old_alloc)
{
    f->surveyed.regions[0].oldest_alloc_s = 1500000000;
}
CHANGE(other_pool)
{
    f->surveyed.regions[0].n_other_pool = 1;
    f->surveyed.regions[0].other_pool = "default/web on c1";
}
CHANGE(allocs_lost)
{
    f->surveyed.regions[0].allocs = ASKED_DENIED;
}
CHANGE(star)
{
    f->hosts[3].dc = "dc*";
}
CHANGE(dc_lost)
{
    f->hosts[1].dc = "";
    world_config_lost(f, w);
}

/* ---- servers' configuration ---- */

CHANGE(no_license)
{
    for (int i = 0; i < SMALL_SURVEYED; i++)
        f->surveyed.hosts[i].switches[CONFIG_LICENSE] = TRI_NO;
}
CHANGE(license_lost)
{
    for (int i = 0; i < SMALL_SURVEYED; i++)
        f->surveyed.hosts[i].switches[CONFIG_LICENSE] = TRI_UNKNOWN;
}
CHANGE(license_ends)
{
    f->surveyed.regions[0].license_ends = "2020-05-05T00:00:00Z";
}
CHANGE(license_unasked)
{
    f->surveyed.regions[0].license = ASKED_NOT;
}
CHANGE(bare_policy)
{
    f->surveyed.regions[0].bare_policy = "dev";
}
CHANGE(unknown_policy)
{
    f->surveyed.regions[0].unknown_policy = "dev";
}
CHANGE(policies_lost)
{
    f->surveyed.regions[0].policies = ASKED_DENIED;
}
CHANGE(old_vault)
{
    f->surveyed.hosts[3].switches[CONFIG_VAULT] = TRI_YES;
    f->surveyed.regions[0].vault_jobs = 3;
}
CHANGE(vault_unasked)
{
    f->surveyed.hosts[3].switches[CONFIG_VAULT] = TRI_YES;
    f->surveyed.regions[0].vault_check = ASKED_ABSENT;
}
CHANGE(consul_token)
{
    f->surveyed.hosts[3].switches[CONFIG_CONSUL] = TRI_YES;
}
CHANGE(many_schedulers)
{
    f->surveyed.hosts[3].num_schedulers = 8;
}
CHANGE(both_stores)
{
    world_fact(f, "key.raft_logstore", TRI_YES, "nomad.hcl:9");
    world_fact(f, "key.raft_boltdb", TRI_YES, "nomad.hcl:4");
}

/* The formatter would give each word of a row a line of its own. */
/* clang-format off */
const struct worlds cluster_worlds[] = {
    {.id = "drain-together", .from = "1.10.1", .to = "1.10.2", .calm_from = "1.10.2",
     .calm_to = "1.10.3", .yes = drains_two, .unsure = drains_two_lost,
     .says = "2 clients may be drained at once while s1 runs 1.10.2"},
    {.id = "raft-protocol", .from = "1.3.16", .to = "1.4.14", .calm_from = "1.2.16",
     .calm_to = "1.3.16", .yes = raft_vsn, .number = 2, .unsure = raft_lost, .says = "protocol 2"},
    {.id = "raft-default", .from = "1.2.16", .to = "1.3.16", .calm_from = "1.1.18",
     .calm_to = "1.2.16", .yes = raft_vsn, .number = 2, .unsure = raft_lost},
    {.id = "client-newer", .yes = clients_only, .unsure = clients_only_lost,
     .says = "would be newer"},
    {.id = "tolerance", .yes = two_voters, .says = "2 voting servers", .raised = SEVERITY_HARD},
    {.id = "unhealthy", .yes = member_failed, .unsure = leader_unasked, .says = "s3 is failed"},
    {.id = "region-unseen", .unsure = another_region},
    {.id = "region-unseen", .unsure = nodes_unlisted, .says = "no server listed its clients"},
    {.id = "unmeasured", .unsure = europes_only_is_there},
    {.id = "region-order", .yes = europe_alone, .unsure = no_authority,
     .says = "the filters leave this server of the authoritative region global on"},
    {.id = "old-failed", .from = "1.3.16", .to = "1.4.14", .calm_from = "1.4.12",
     .calm_to = "1.4.14", .yes = failed_on_old, .unsure = members_lost},
    {.id = "keyring", .yes = two_keys, .unsure = keyring_denied, .says = "2 active keys"},
    {.id = "stuck-keys", .from = "1.8.4", .to = "1.9.7", .calm_from = "1.9.6", .calm_to = "1.9.7",
     .yes = stuck_key, .unsure = keyring_denied},
    {.id = "deployments", .yes = deploying, .unsure = deployments_lost,
     .says = "2 deployments are under way: default/web is running, ..."},
    {.id = "autopilot", .yes = loose_autopilot, .unsure = autopilot_lost},
    {.id = "upgrade-migration", .from = "1.10.2+ent", .to = "1.10.5+ent", .calm_from = "1.10.2",
     .calm_to = "1.10.5", .yes = migration_on, .unsure = autopilot_lost},
    {.id = "leave-on-restart", .yes = leaves, .unsure = self_lost, .says = "leave_on_interrupt is set: a restart is a leave"},
    {.id = "token", .yes = denied, .says = "node:read"},
    {.id = "token-kept", .yes = kept, .text = "http://10.0.0.2:4646",
     .says = "at http://10.0.0.2:4646 without the token"},
    {.id = "token-in-clear", .yes = in_clear, .text = "http://10.0.0.1:4646",
     .says = "unencrypted to http://10.0.0.1:4646 and 1 other server"},
    {.id = "token-rights", .yes = no_node_write, .unsure = rules_lost,
     .says = "this run needs node:write"},
    {.id = "token-spare", .yes = may_more, .unsure = rules_lost, .text = "quota: read",
     .says = "that this run does not need: operator:write, agent:write, quota: read"},
    {.id = "token-spare", .from = "1.11.3", .to = "2.0.5", .calm_from = "1.11.2",
     .calm_to = "1.11.4", .yes = world_as_it_is, .unsure = token_lost,
     .says = "operator is a management token, but this run does not need one"},
    {.id = "no-snapshot", .yes = not_management, .unsure = token_lost,
     .says = "before 1.11.3 this needs a management token"},
    {.id = "no-keystore", .from = "1.7.7", .to = "1.8.4", .calm_from = "1.9.0", .calm_to = "1.9.7",
     .yes = no_data_dir, .unsure = no_server_id, .says = "does not know where"},
    {.id = "token-expiry", .yes = ends_soon, .unsure = token_lost, .says = "expires in 1 min"},
    {.id = "unmanaged-server", .yes = no_agent, .says = "no enrolled agent"},
    {.id = "unmanaged-client", .yes = no_client_agent, .says = "1 client", .raised = SEVERITY_HARD},
    {.id = "misplaced", .yes = other_place},
    {.id = "one-id", .yes = same_id},
    {.id = "no-build", .yes = other_arch, .text = "s390x", .says = "linux/s390x"},
    {.id = "odd-system", .yes = other_arch, .text = "pdp11",
     .says = "unknown system linux/pdp11"},
    {.id = "node-down", .yes = down, .says = "status is down"},
    {.id = "node-draining", .yes = draining},
    {.id = "old-tasks", .from = "1.2.16", .to = "1.3.0", .calm_from = "1.3.0", .calm_to = "1.3.1",
     .yes = old_alloc, .unsure = allocs_lost},
    {.id = "license-place", .from = "1.0.18+ent", .to = "1.1.3+ent", .calm_from = "1.0.18",
     .calm_to = "1.1.3", .yes = no_license, .unsure = license_lost},
    {.id = "license-ends", .from = "1.5.17+ent", .to = "1.6.1+ent", .calm_from = "1.5.17",
     .calm_to = "1.6.1", .yes = license_ends, .unsure = license_unasked},
    {.id = "bare-namespace", .from = "1.5.6", .to = "1.5.7", .calm_from = "1.5.7",
     .calm_to = "1.6.1", .yes = bare_policy, .unsure = policies_lost, .says = "policy dev"},
    {.id = "policy-keys", .from = "1.10.5", .to = "1.11.0", .calm_from = "1.10.6+ent",
     .calm_to = "1.11.4+ent", .yes = unknown_policy, .unsure = policies_lost},
    {.id = "rejoin", .from = "1.4.14", .to = "1.5.1", .calm_from = "1.5.1", .calm_to = "1.5.2",
     .yes = leaves_for_good, .unsure = leaves_somehow},
    {.id = "dc-star", .from = "1.4.14", .to = "1.5.1", .calm_from = "1.5.1", .calm_to = "1.5.2",
     .yes = star, .unsure = dc_lost},
    {.id = "vault-flow", .from = "1.9.7", .to = "1.10.0", .calm_from = "1.10.0",
     .calm_to = "1.10.5", .yes = old_vault, .unsure = vault_unasked, .says = "3 jobs have no Vault identity"},
    {.id = "consul-flow", .from = "1.9.7", .to = "1.10.0", .calm_from = "1.10.0",
     .calm_to = "1.10.5", .yes = consul_token, .unsure = world_config_lost},
    {.id = "schedulers", .from = "1.9.7", .to = "1.10.0", .calm_from = "1.10.0",
     .calm_to = "1.10.5", .yes = many_schedulers, .unsure = world_config_lost, .says = "4 processors"},
    {.id = "two-stores", .from = "1.11.3", .to = "2.0.0", .calm_from = "2.0.0",
     .calm_to = "2.0.5", .yes = both_stores, .unsure = world_as_it_is},
    {.id = "other-pool", .from = "1.11.3", .to = "2.0.4", .calm_from = "1.11.3",
     .calm_to = "2.0.5", .yes = other_pool, .unsure = allocs_lost},
};
/* clang-format on */

const size_t cluster_worlds_len = ARRAY_LEN(cluster_worlds);
