/* The rows: see hazards.h. Their functions: hazard_detect.h. */
#include "hazard_detect.h"

/* The formatter would give each word of a row a line of its own. */
/* clang-format off */
const struct hazard hazard_table[] = {

    /* ---- the way ---- */

    {.id = "nothing-to-do", .source = FROM_VERSIONS, .severity = SEVERITY_INFO,
     .unsure = SEVERITY_INFO, .detect = hazard_nothing,
     .advice = "Nothing has to be done."},
    {.id = "older-target", .source = FROM_VERSIONS, .severity = SEVERITY_HARD,
     .unsure = SEVERITY_HARD, .detect = hazard_older,
     .advice =
         "Choose a release that is not older than what runs; Nomad does not support going back."},
    {.id = "unknown-version", .source = FROM_VERSIONS, .severity = SEVERITY_HARD,
     .unsure = SEVERITY_HARD, .detect = hazard_unknown_version,
     .advice = "Make the host's Nomad answer, or leave the host out by a filter."},
    {.id = "minor-distance", .source = FROM_VERSIONS, .severity = SEVERITY_BLOCK,
     .unsure = SEVERITY_BLOCK, .detect = hazard_distance,
     .advice = "Upgrade to each version on the way first."},
    {.id = "way-to-2.0", .source = FROM_VERSIONS, .severity = SEVERITY_BLOCK,
     .unsure = SEVERITY_BLOCK, .detect = hazard_minor_way,
     .advice = "Finish each of these minors on the whole fleet before going on to the next."},
    {.id = "release-day", .source = FROM_VERSIONS, .severity = SEVERITY_BLOCK,
     .unsure = SEVERITY_INFO, .detect = hazard_release_day,
     .advice =
         "Choose a target that was released after what runs: the newer minor's patch may lack "
         "what the older one already writes."},
    {.id = "unproven", .source = FROM_VERSIONS, .severity = SEVERITY_WARN,
     .unsure = SEVERITY_INFO, .detect = hazard_unproven,
     .advice =
         "Wait, or let a fleet that may fail go first; unproven_days in caravan.conf is how long."},
    {.id = "prerelease", .source = FROM_VERSIONS, .severity = SEVERITY_BLOCK,
     .unsure = SEVERITY_BLOCK, .detect = hazard_prerelease,
     .advice = 
         "Use the release itself; prereleases have failed to read their own snapshots. A build of "
         "your own is none once it was added with --not-a-prerelease."},
    {.id = "forward-wall", .source = FROM_VERSIONS, .severity = SEVERITY_BLOCK,
     .unsure = SEVERITY_BLOCK, .detect = hazard_forward_wall,
     .advice = "Choose a later release: servers would not start on their own data."},
    {.id = "edition", .source = FROM_VERSIONS, .severity = SEVERITY_BLOCK,
     .unsure = SEVERITY_BLOCK, .detect = hazard_edition,
     .advice = "Enterprise cannot be replaced by the community edition."},
    {.id = "fips", .source = FROM_VERSIONS, .severity = SEVERITY_BLOCK, .unsure = SEVERITY_BLOCK,
     .detect = hazard_fips,
     .advice = "A FIPS build and a normal one do not follow each other in place."},
    {.id = "no-way-back", .source = FROM_VERSIONS, .severity = SEVERITY_WARN,
     .unsure = SEVERITY_WARN, .detect = hazard_no_way_back,
     .advice =
         "Keep the snapshot that the run takes: the old binary stays on the host, the old data "
         "do not."},

    /* ---- targets to refuse ---- */

    {.id = "bad-0.11.1", .target = "0.11.1-0.11.2", .source = FROM_VERSIONS,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_BLOCK, .detect = hazard_told,
     .what = "servers hang",
     .advice = "Choose 0.11.3 or later."},
    {.id = "bad-1.0.0", .target = "1.0.0-1.0.1", .source = FROM_VERSIONS,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_BLOCK, .detect = hazard_told,
     .what = "clients crash with Connect jobs that run",
     .advice = "Choose 1.0.2 or later."},
    {.id = "bad-1.1.0", .target = "1.1.0-1.1.2", .source = FROM_VERSIONS,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_BLOCK, .detect = hazard_told,
     .what = "a new leader makes followers on the old version panic",
     .advice = "Choose 1.1.3 or later."},
    {.id = "bad-1.2.0", .target = "1.2.0-1.2.1", .source = FROM_VERSIONS,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_BLOCK, .detect = hazard_told,
     .what = "the scheduler of system jobs panics",
     .advice = "Choose 1.2.2 or later."},
    {.id = "bad-1.3.3", .target = "1.3.3", .scope = SCOPE_CLIENTS, .source = FROM_ATTRIBUTES,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_BLOCK, .detect = hazard_attribute,
     .key = "windows", .number = ATTR_KERNEL,
     .what = "runs Windows, where templates fail on 1.3.3",
     .advice = "Choose 1.3.14 or later for a fleet with Windows clients."},
    {.id = "bad-1.3.10", .target = "1.3.10 1.4.5 1.5.0", .source = FROM_JOBS,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_BLOCK, .detect = hazard_jobs,
     .number = TRAIT(JOB_BRIDGE),
     .what = "bridge networking, whose pause containers a restart may kill on this target",
     .advice = "Choose 1.3.14, 1.4.11 or 1.5.7, or later."},
    /* Pause containers are recovered before SetConfig, and the docker client is made once: with
     * defaults (hashicorp/nomad#16709, #16713). NewDockerDriver of 1.3.11, 1.4.6 and 1.5.1 has the
     * call, those of 1.3.14, 1.4.9 and 1.5.4 have it no more; so say their changelogs. */
    {.id = "bad-1.3.11", .target = "1.3.11-1.3.13 1.4.6-1.4.8 1.5.1-1.5.3",
     .scope = SCOPE_CLIENTS, .source = FROM_FILE, .severity = SEVERITY_BLOCK,
     .unsure = SEVERITY_WARN, .detect = hazard_file_key, .key = "docker",
     .what = "this target ignores what the docker plugin's block says (endpoint, volumes, ...)",
     .advice = "Choose 1.3.14, 1.4.11 or 1.5.7, or later."},
    {.id = "bad-1.4.0", .target = "1.4.0-1.4.2", .source = FROM_VERSIONS,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_BLOCK, .detect = hazard_told,
     .what = "old servers panic (1.4.0, 1.4.1), and the keyring loses keys",
     .advice = "Choose 1.4.11 or later."},
    {.id = "bad-1.5.4", .target = "1.5.4", .source = FROM_VERSIONS, .severity = SEVERITY_BLOCK,
     .unsure = SEVERITY_BLOCK, .detect = hazard_told,
     .what = "logs of jobs that run already are collected no more",
     .advice = "Choose 1.5.7 or later."},
    /* CSI volumes are claimed and mounted anew at a client's start, before their plugin is back
     * (hashicorp/nomad#13028); mounts are kept in the client's state since 1.4.11, 1.5.7 and 1.6.0
     * (#17840, changelogs). No release of 1.3 or before got that; CSI came with 0.11. */
    {.id = "csi-restart", .target = "0.11.0-1.4.10 1.5.0-1.5.6", .scope = SCOPE_CLIENTS,
     .source = FROM_JOBS, .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN,
     .detect = hazard_jobs, .number = TRAIT(JOB_CSI),
     .what = "CSI volumes, which this target may fail to restore when its client restarts",
     .advice =
         "Go to 1.4.11, 1.5.7 or later where the way allows it, or drain these clients before "
         "their turn (--drain)."},
    {.id = "bad-1.6.0", .target = "1.6.0", .source = FROM_VERSIONS, .severity = SEVERITY_BLOCK,
     .unsure = SEVERITY_BLOCK, .detect = hazard_told,
     .what = "planning a job with a node pool panics",
     .advice = "Choose 1.6.1 or later."},
    {.id = "bad-1.7.0", .target = "1.7.0-1.7.1", .source = FROM_VERSIONS,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_BLOCK, .detect = hazard_told,
     .what =
         "keyring replication, CPU fingerprints, and TLS without verify_server_hostname are "
         "broken",
     .advice = "Choose 1.7.7 or later."},
    /* Control groups were rewritten for 1.7.0. A client that cannot set up its own, for a controller
     * that is missing or mounted elsewhere, only logs that and fails every task until 1.7.4, and does
     * not start with 1.7.5 (hashicorp/nomad#19481, #19587, #19735, #19847; #19176 in 1.7.3, #19915
     * in 1.7.5). The cpuset of docker tasks is mended in 1.7.7 (#20276, #20294). Sources:
     * changelogs, these threads. */
    {.id = "bad-1.7.0-cgroups", .target = "1.7.0-1.7.5", .scope = SCOPE_CLIENTS,
     .source = FROM_ATTRIBUTES, .severity = SEVERITY_BLOCK, .unsure = SEVERITY_BLOCK,
     .detect = hazard_attribute, .number = ATTR_CGROUPS,
     .what = "has control groups, which this target may fail to set up: then tasks do not start",
     .advice = "Choose 1.7.7 or later."},
    {.id = "bad-1.9.0", .target = "1.9.0", .source = FROM_VERSIONS, .severity = SEVERITY_BLOCK,
     .unsure = SEVERITY_BLOCK, .detect = hazard_told,
     .what = "nodes that are down are not marked so while ACLs are on",
     .advice = "Choose 1.9.3 or later."},
    {.id = "bad-1.9.1", .target = "1.9.0-1.9.1", .source = FROM_VERSIONS,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_BLOCK, .detect = hazard_told,
     .what = "old keyring files make servers panic",
     .advice = "Choose 1.9.3 or later."},
    {.id = "bad-1.9.2", .target = "1.9.2", .source = FROM_VERSIONS, .severity = SEVERITY_BLOCK,
     .unsure = SEVERITY_BLOCK, .detect = hazard_told,
     .what = "servers come up healthy and without their state; this release was withdrawn",
     .advice = "Choose 1.9.3 or later."},
    {.id = "bad-1.9.4", .target = "1.8.9-1.8.11 1.9.4-1.9.6", .source = FROM_JOBS,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_BLOCK, .detect = hazard_jobs,
     .number = TRAIT(JOB_BRIDGE) | TRAIT(JOB_CNI),
     .what = "bridge or CNI networking, whose addresses a restart may change on this target",
     .advice = "Choose 1.9.7 or later."},
    {.id = "bad-1.8.14-ent", .target = "1.8.14-1.8.15+ent 1.9.10-1.9.11+ent 1.10.2-1.10.3+ent",
     .edition = EDITION_ENT, .source = FROM_VERSIONS, .severity = SEVERITY_BLOCK,
     .unsure = SEVERITY_BLOCK, .detect = hazard_told,
     .what = "a new Enterprise leader makes followers on the old version panic",
     .advice = "Choose the patch after it."},
    {.id = "bad-1.11.0", .target = "1.11.0-1.11.3", .edition = EDITION_CE,
     .source = FROM_VERSIONS, .severity = SEVERITY_BLOCK, .unsure = SEVERITY_BLOCK,
     .detect = hazard_told,
     .what =
         "about 24 hours after a rolling upgrade every client goes down: the leader does not "
         "renew their identities",
     .advice =
         "Choose 1.11.4+ent or 2.0.6, or later; if you must rest here, restart every server once "
         "more, one by one."},
    {.id = "bad-1.11.0-drain", .target = "1.11.0", .source = FROM_VERSIONS,
     .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN, .detect = hazard_told,
     .what = "drain_on_shutdown fails: permission denied",
     .advice = "Choose 1.11.4+ent or 2.0.6, or later, or do without drain_on_shutdown meanwhile."},
    {.id = "bad-2.0.1", .target = "2.0.1", .source = FROM_VERSIONS, .severity = SEVERITY_BLOCK,
     .unsure = SEVERITY_BLOCK, .detect = hazard_acl_off_target,
     .what = "every allocation fails while ACLs are off",
     .advice = "Choose 2.0.6 or later."},
    /* A task's change_mode was triggered by each renewal of its Vault token
     * (hashicorp/nomad#28407). It came to 2.0.5 with #28315 and went with #28409, which was merged
     * for 2.0 as #28413 on 2026-08-14: before 2.0.6, after 2.0.5. */
    {.id = "bad-2.0.5", .target = "2.0.5", .scope = SCOPE_CLIENTS, .source = FROM_JOBS,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_BLOCK, .detect = hazard_jobs,
     .number = TRAIT(JOB_VAULT),
     .what = "a Vault token, whose tasks are restarted or signalled at every renewal (as often as "
             "every 15 minutes)",
     .advice = "Choose 2.0.6 or later, or set change_mode = \"noop\" in their vault blocks first."},

    /* ---- the cluster as it stands ---- */

    {.id = "raft-protocol", .crossing = "1.4.0", .scope = SCOPE_SERVERS, .source = FROM_CLUSTER,
     .severity = SEVERITY_HARD, .unsure = SEVERITY_HARD, .detect = hazard_raft_protocol,
     .number = 3,
     .advice =
         "Set raft_protocol = 3 (from 2; never two steps at once) on one server after the "
         "other, each restarted only when the last one is a healthy voter again, before "
         "going to 1.4 or later."},
    {.id = "raft-default", .crossing = "1.3.0", .scope = SCOPE_SERVERS, .source = FROM_CLUSTER,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_BLOCK, .detect = hazard_raft_protocol,
     .number = 3,
     .advice =
         "Bring all servers to raft protocol 3 first (1.3 makes it the default): one after the "
         "other, as Nomad's guide for it says."},
    {.id = "raft-steps", .crossing = "0.8.0", .scope = SCOPE_SERVERS, .source = FROM_CLUSTER,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_BLOCK, .detect = hazard_raft_protocol,
     .number = 2,
     .advice =
         "Raise raft_protocol by one on every server, then again; only neighbours can work "
         "together."},
    {.id = "client-newer", .source = FROM_CLUSTER, .severity = SEVERITY_HARD,
     .unsure = SEVERITY_HARD, .detect = hazard_client_newer,
     .advice = "Upgrade the servers of the region first, or in the same run."},
    {.id = "tolerance", .source = FROM_CLUSTER, .severity = SEVERITY_WARN,
     .unsure = SEVERITY_HARD, .detect = hazard_tolerance,
     .advice =
         "With two voters: bring the third back, or add one, first. With --accept-outage "
         "they are upgraded all the same: no leader meanwhile, and none for as long as one "
         "of them stays down."},
    {.id = "unhealthy", .source = FROM_CLUSTER, .severity = SEVERITY_HARD,
     .unsure = SEVERITY_HARD, .detect = hazard_unhealthy,
     .advice = "Mend the region first (nomad server members, nomad operator raft list-peers)."},
    {.id = "region-unseen", .source = FROM_CLUSTER, .severity = SEVERITY_BLOCK,
     .unsure = SEVERITY_BLOCK, .detect = hazard_regions,
     .advice =
         "Let Caravan reach that region's servers ([servers] in caravan.conf). That they "
         "do not answer Caravan is no reason to remove them from the federation."},
    {.id = "region-order", .source = FROM_SELF, .severity = SEVERITY_BLOCK,
     .unsure = SEVERITY_WARN, .detect = hazard_order,
     .advice =
         "Upgrade the authoritative region first, or in the same run: the others copy policies, "
         "namespaces and node pools from it."},
    {.id = "old-failed", .crossing = "1.4.0", .scope = SCOPE_SERVERS, .source = FROM_CLUSTER,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_WARN, .detect = hazard_old_failed,
     .advice =
         "Bring it back, or, when it is gone for good: nomad server force-leave NAME. The "
         "new keyring waits for every member, also for failed ones."},
    {.id = "keyring", .source = FROM_CLUSTER, .severity = SEVERITY_BLOCK, .unsure = SEVERITY_WARN,
     .detect = hazard_keyring,
     .advice =
         "Mend the keyring first: nomad operator root keyring list must show one active key."},
    {.id = "stuck-keys", .crossing = "1.9.0", .scope = SCOPE_SERVERS, .source = FROM_CLUSTER,
     .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN, .detect = hazard_stuck_keys,
     .advice =
         "Finish the rotation first (nomad operator root keyring rotate): after the last server "
         "the keyring may not initialise."},
    {.id = "deployments", .source = FROM_CLUSTER, .severity = SEVERITY_BLOCK,
     .unsure = SEVERITY_WARN, .detect = hazard_deployments,
     .advice = "Wait until they are finished, or accept that they meet restarting clients."},
    {.id = "autopilot", .source = FROM_CLUSTER, .severity = SEVERITY_WARN,
     .unsure = SEVERITY_WARN, .detect = hazard_autopilot,
     .advice =
         "Bring autopilot's settings nearer to their defaults: Caravan believes its word on "
         "health."},
    {.id = "unmeasured", .source = FROM_CLUSTER, .severity = SEVERITY_WARN,
     .unsure = SEVERITY_WARN, .detect = hazard_unmeasured,
     .advice =
         "See nomad status and nomad node status of that region: are its jobs and nodes all "
         "there?"},
    {.id = "upgrade-migration", .edition = EDITION_ENT, .scope = SCOPE_SERVERS,
     .source = FROM_CLUSTER, .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN,
     .detect = hazard_migration,
     .advice =
         "Set DisableUpgradeMigration for the time of the upgrade: servers are upgraded in "
         "place."},
    {.id = "leave-on-restart", .scope = SCOPE_SERVERS, .source = FROM_CLUSTER,
     .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN, .detect = hazard_leaves,
     .advice =
         "Consider setting leave_on_interrupt and leave_on_terminate to false: each restart "
         "takes the server out of raft and in again."},

    /* ---- the token ---- */

    {.id = "token", .source = FROM_CLUSTER, .severity = SEVERITY_HARD, .unsure = SEVERITY_HARD,
     .detect = hazard_token,
     .advice = "Give Caravan a token that may."},
    {.id = "token-kept", .source = FROM_CLUSTER, .severity = SEVERITY_HARD,
     .unsure = SEVERITY_HARD, .detect = hazard_token_kept,
     .advice =
         "Use TLS with certificates for server.REGION.nomad. Only where nobody else reads that "
         "network, in caravan.conf: its address in [servers], or [nomad] token_in_clear = yes."},
    {.id = "token-in-clear", .source = FROM_CLUSTER, .severity = SEVERITY_WARN,
     .unsure = SEVERITY_WARN, .detect = hazard_token_clear,
     .advice = "Use TLS: whoever reads that network has the token's rights. Where others could read "
     "it before, make a new token."},
    {.id = "heartbeat-unread", .source = FROM_CLUSTER, .severity = SEVERITY_INFO,
     .unsure = SEVERITY_INFO, .detect = hazard_heartbeat,
     .advice =
         "Nothing has to be done: Nomad marks a client down only when it is silent for longer than "
         "its grace."},
    {.id = "token-rights", .source = FROM_CLUSTER, .severity = SEVERITY_HARD,
     .unsure = SEVERITY_BLOCK, .detect = hazard_token_rights,
     .advice =
         "Give the token a policy with agent and node write, operator write and namespace \"*\" "
         "read, or use a management token."},
    {.id = "no-snapshot", .source = FROM_CLUSTER, .severity = SEVERITY_BLOCK,
     .unsure = SEVERITY_BLOCK, .detect = hazard_token_snapshot,
     .advice =
         "Use a management token, or the right that is named; without it there is no way back by"
         " snapshot."},
    {.id = "no-keystore", .scope = SCOPE_SERVERS, .source = FROM_AGENTS, .severity = SEVERITY_BLOCK,
     .unsure = SEVERITY_BLOCK, .detect = hazard_no_keystore,
     .what = "where its Nomad keeps the root keys, which no snapshot before 1.9 holds",
     .advice =
         "Name Nomad's data_dir in agent.conf there ([nomad] data_dir); or copy server/keystore in "
         "it yourself."},
    {.id = "keystore-copied", .scope = SCOPE_SERVERS, .source = FROM_VERSIONS,
     .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO, .detect = hazard_keystore_copied,
     .what = "no snapshot holds their root keys, so each one's agent copies its keystore on its own "
             "disk before the first server is changed",
     .advice = "caravan show tells where the copies are; to put one back is left to you."},
    {.id = "token-expiry", .source = FROM_CLUSTER, .severity = SEVERITY_BLOCK,
     .unsure = SEVERITY_WARN, .detect = hazard_token_expiry,
     .advice = "Make a token that lasts longer than the run."},

    /* ---- Caravan's agents ---- */

    {.id = "unmanaged-server", .source = FROM_AGENTS, .severity = SEVERITY_HARD,
     .unsure = SEVERITY_HARD, .detect = hazard_unmanaged_server,
     .advice = "Where it does not answer: start caravan-agent there and let port 4650 through. Where it has "
     "none: install it, then caravan enroll."},
    {.id = "unmanaged-client", .source = FROM_AGENTS, .severity = SEVERITY_WARN,
     .unsure = SEVERITY_HARD, .detect = hazard_unmanaged_client,
     .advice =
         "Start caravan-agent there and let port 4650 through, or enroll them (caravan enroll), "
         "leave them out by a filter, or allow it: --max-skipped N."},
    {.id = "misplaced", .source = FROM_AGENTS, .severity = SEVERITY_HARD, .unsure = SEVERITY_HARD,
     .detect = hazard_misplaced,
     .advice = "Correct the address of this host's agent in the configuration ([agents])."},
    {.id = "one-id", .source = FROM_AGENTS, .severity = SEVERITY_HARD, .unsure = SEVERITY_HARD,
     .detect = hazard_one_id,
     .advice =
         "A copied data directory: stop the copy, not the host that was there first, and "
         "give it another data_dir. Remove nothing: the old one may be needed."},
    {.id = "no-build", .source = FROM_AGENTS, .severity = SEVERITY_HARD, .unsure = SEVERITY_HARD,
     .detect = hazard_no_build,
     .advice = "Add the build: caravan release add VERSION --os OS --arch ARCH --file PATH."},

    {.id = "odd-system", .source = FROM_AGENTS, .severity = SEVERITY_WARN,
     .unsure = SEVERITY_WARN, .detect = hazard_odd_system,
     .advice = "Find out who changed its agent (there: dpkg --verify caravan-agent), then install the "
     "package anew. Until it tells a system, Caravan does nothing there."},

    /* ---- nodes ---- */

    {.id = "node-down", .source = FROM_CLUSTER, .severity = SEVERITY_WARN,
     .unsure = SEVERITY_WARN, .detect = hazard_node_down,
     .advice = "Bring it back, or allow it to be skipped: --max-skipped N."},
    {.id = "node-draining", .source = FROM_CLUSTER, .severity = SEVERITY_INFO,
     .unsure = SEVERITY_INFO, .detect = hazard_node_draining,
     .advice = "Drains of others are never touched."},
    /* The drainer counts allocations that are moving already as healthy (hashicorp/nomad#25979);
     * mended by #26175, merged for 1.10 as #26189 on 2025-07-02, six days before 1.10.3; no
     * changelog has it. By its labels Enterprise 1.8 and 1.9 got it too: their next releases. */
    {.id = "drain-together", .source = FROM_CLUSTER, .severity = SEVERITY_BLOCK,
     .unsure = SEVERITY_WARN, .detect = hazard_drain_together,
     .least = "1.8.15+ent 1.9.11+ent 1.10.3",
     .what = "it may then stop more allocations of a group at once than its migrate.max_parallel",
     .advice = "Drain one client at a time (--max-parallel 1), or upgrade the servers to 1.10.4 or "
               "later first."},

    /* ---- hosts, by their agents (more of them: hazard_host_rows.c) ---- */

    {.id = "second-config", .source = FROM_HOST, .severity = SEVERITY_WARN,
     .unsure = SEVERITY_INFO, .detect = hazard_fact, .key = "second-config",
     .what = "a second whole configuration lies where Nomad reads its own",
     .advice =
         "Nomad merges both, the later file's values win, and one put there since its last "
         "start is first read by this restart. Move one out of the directory only when the "
         "other says all that runs (/v1/agent/self)."},
    {.id = "config-leftovers", .source = FROM_HOST, .severity = SEVERITY_INFO,
     .unsure = SEVERITY_INFO, .detect = hazard_fact, .key = "config-leftovers",
     .what = "backups lie beside its configuration",
     .advice = "Look at the directory: Nomad does not read them."},

    /* ---- 0.8 to 0.12 ---- */

    {.id = "drain-paced", .crossing = "0.8.0", .source = FROM_OPERATOR, .severity = SEVERITY_INFO,
     .unsure = SEVERITY_INFO, .detect = hazard_operator,
     .what = "drains became paced and are waited for, and the default restart policy is another",
     .advice =
         "Check scripts that drain nodes, and jobs that rely on the default restart policy."},
    {.id = "client-metrics", .crossing = "0.8.0", .source = FROM_OPERATOR,
     .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO, .detect = hazard_operator,
     .what = "names of client metrics changed",
     .advice = "Check dashboards and alerts."},
    {.id = "glibc-2.14", .crossing = "0.9.0", .source = FROM_HOST, .severity = SEVERITY_BLOCK,
     .unsure = SEVERITY_WARN, .detect = hazard_fact_least, .key = "libc", .least = "2.14.0",
     .what = "its C library is older than 2.14",
     .advice = "Upgrade the host's operating system first."},
    {.id = "lxc-driver", .crossing = "0.9.0", .scope = SCOPE_CLIENTS, .source = FROM_JOBS,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_BLOCK, .detect = hazard_driver, .key = "lxc",
     .number = TRAIT(JOB_LXC),
     .what = "the LXC driver, which is no longer built in",
     .advice = "Install the external LXC driver plugin on these clients before."},
    {.id = "strict-config", .crossing = "0.9.0", .source = FROM_JOBS, .severity = SEVERITY_WARN,
     .unsure = SEVERITY_WARN, .detect = hazard_jobs, .number = TRAIT(JOB_BAD_META),
     .what = "meta keys that are no identifiers",
     .advice =
         "Rename them: tasks see them as environment variables, and unknown keys of a task's "
         "config are errors now."},
    {.id = "client-state-0.9", .crossing = "0.9.0", .scope = SCOPE_CLIENTS,
     .source = FROM_VERSIONS, .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN,
     .detect = hazard_told,
     .what = "the state of clients is converted, and older versions do not read it",
     .advice =
         "Plan for no way back on clients: an older version would need an empty data_dir, "
         "and the client's tasks moved away by a drain before."},
    {.id = "consul-ids-0.9", .crossing = "0.9.2", .source = FROM_OPERATOR,
     .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO, .detect = hazard_operator,
     .what = "ids of services and checks in Consul changed",
     .advice = "Check what refers to Consul services by their id."},
    {.id = "template-functions", .crossing = "0.9.5", .source = FROM_JOBS,
     .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN, .detect = hazard_jobs,
     .number = TRAIT(JOB_TEMPLATE_PLUGIN) | TRAIT(JOB_TEMPLATE_FILE),
     .what = "templates that use `plugin` or `file`",
     .advice =
         "Rewrite them: plugin is denied, file sees the task's directory only, and only the "
         "task's environment is seen."},
    {.id = "update-default", .crossing = "0.10.0", .source = FROM_OPERATOR,
     .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO, .detect = hazard_operator,
     .what = "service jobs without an update block get one, and so deployments",
     .advice = "Check jobs that relied on being updated all at once."},
    {.id = "tls-names", .crossing = "0.10.3", .scope = SCOPE_SERVERS, .source = FROM_SELF,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_BLOCK, .detect = hazard_tls_names,
     .key = "tls-names",
     .what = "its certificate lacks the name that mutual TLS now demands",
     .advice = "Make certificates that carry server.REGION.nomad or client.REGION.nomad."},
    {.id = "rkt-driver", .crossing = "0.11.0", .scope = SCOPE_CLIENTS, .source = FROM_JOBS,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_BLOCK, .detect = hazard_driver, .key = "rkt",
     .number = TRAIT(JOB_RKT),
     .what = "the rkt driver",
     .advice = "Move these tasks to another driver: rkt is gone."},
    {.id = "path-escapes", .crossing = "0.11.5 0.12.6", .source = FROM_JOBS,
     .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN, .detect = hazard_jobs,
     .number = TRAIT(JOB_PATH_ESCAPES),
     .what = "artifact or template paths that leave the task's directory",
     .advice = "Change these destinations: tasks would fail when they are placed anew."},
    {.id = "docker-binds", .crossing = "0.12.0", .source = FROM_JOBS, .severity = SEVERITY_WARN,
     .unsure = SEVERITY_WARN, .detect = hazard_jobs, .number = TRAIT(JOB_DOCKER_BINDS),
     .what = "Docker volumes that bind paths of the host",
     .advice = "Set volumes.enabled in the docker plugin's configuration, or use host volumes."},
    {.id = "qemu-paths", .crossing = "0.12.0", .source = FROM_JOBS, .severity = SEVERITY_WARN,
     .unsure = SEVERITY_WARN, .detect = hazard_jobs, .number = TRAIT(JOB_QEMU),
     .what = "the qemu driver, whose images must lie in allowed paths",
     .advice = "Name the images' directories in image_paths of the qemu plugin."},
    {.id = "ent-license", .crossing = "0.12.0", .edition = EDITION_ENT, .scope = SCOPE_SERVERS,
     .source = FROM_VERSIONS, .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN,
     .detect = hazard_told,
     .what = "Enterprise needs a licence",
     .advice = "Have the licence at hand before the first server restarts."},
    {.id = "own-namespaces", .crossing = "0.12.10 1.0.3", .source = FROM_JOBS,
     .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN, .detect = hazard_jobs,
     .number = TRAIT(JOB_EXEC) | TRAIT(JOB_JAVA),
     .what =
         "exec or java tasks, which get their own PID and IPC namespaces when they start anew",
     .advice = "Check tasks that look at other processes of the host."},
    {.id = "net-raw", .crossing = "0.12.12 1.0.5", .source = FROM_JOBS, .severity = SEVERITY_INFO,
     .unsure = SEVERITY_INFO, .detect = hazard_jobs,
     .number = TRAIT(JOB_DOCKER) | TRAIT(JOB_EXEC) | TRAIT(JOB_JAVA),
     .what = "docker, exec or java tasks, which lose CAP_NET_RAW when they start anew",
     .advice = "Give net_raw back to tasks that ping (allow_caps)."},

    /* ---- 1.0 to 1.4 ---- */

    {.id = "untagged-metrics", .crossing = "1.0.0", .source = FROM_FILE,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_BLOCK, .detect = hazard_file_key,
     .key = "disable_tagged_metrics",
     .what = "the new version does not start with it",
     .advice = "Remove the key from the telemetry block."},
    {.id = "old-metrics", .crossing = "1.0.0", .source = FROM_FILE, .severity = SEVERITY_BLOCK,
     .unsure = SEVERITY_BLOCK, .detect = hazard_file_key, .key = "backwards_compatible_metrics",
     .what = "the new version does not start with it",
     .advice = "Remove the key from the telemetry block."},
    {.id = "hcl2", .crossing = "1.0.0", .source = FROM_OPERATOR, .severity = SEVERITY_INFO,
     .unsure = SEVERITY_INFO, .detect = hazard_operator,
     .what = "job files are read as HCL2, and names may hold no NUL",
     .advice = "Try your job files with the new command line."},
    {.id = "docker-signal", .crossing = "1.0.0", .source = FROM_JOBS, .severity = SEVERITY_INFO,
     .unsure = SEVERITY_INFO, .detect = hazard_jobs, .number = TRAIT(JOB_DOCKER_SIGNAL),
     .what = "docker tasks without kill_signal, which get SIGTERM instead of SIGINT",
     .advice = "Set kill_signal where the task wants SIGINT."},
    {.id = "connect-consul-1.9", .crossing = "1.0.0", .scope = SCOPE_CLIENTS,
     .source = FROM_ATTRIBUTES, .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN,
     .detect = hazard_attribute_least, .number = ATTR_CONSUL, .least = "1.9.0",
     .what = "its Consul",
     .advice =
         "Upgrade Consul to 1.9 first: with an older one sidecars drop connections while the "
         "client restarts."},
    {.id = "ec2-cpu", .crossing = "1.0.0", .scope = SCOPE_CLIENTS, .source = FROM_OPERATOR,
     .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO, .detect = hazard_operator,
     .what = "EC2 instances may show less CPU than before",
     .advice = "Compare the nodes' CPU after the canary."},
    {.id = "vault-templates", .crossing = "1.0.2", .source = FROM_JOBS, .severity = SEVERITY_WARN,
     .unsure = SEVERITY_WARN, .detect = hazard_jobs, .number = TRAIT(JOB_TEMPLATE_VAULT),
     .what = "templates with Vault secrets, whose change_mode a client restart may trigger",
     .advice = "Expect these tasks to be restarted or signalled with their client."},
    {.id = "default-caps", .crossing = "1.1.0", .source = FROM_JOBS, .severity = SEVERITY_WARN,
     .unsure = SEVERITY_WARN, .detect = hazard_jobs, .number = TRAIT(JOB_EXEC) | TRAIT(JOB_JAVA),
     .what = "exec or java tasks, which start with fewer capabilities",
     .advice = "Give back what they need (allow_caps, cap_add)."},
    {.id = "license-place", .crossing = "1.1.0", .edition = EDITION_ENT, .scope = SCOPE_SERVERS,
     .source = FROM_SELF, .severity = SEVERITY_BLOCK, .unsure = SEVERITY_BLOCK,
     .detect = hazard_license_place,
     .advice =
         "Put the licence on every server's disk (license_path) or into its environment: it is "
         "read from raft no more."},
    {.id = "csi-modes", .crossing = "1.1.0", .source = FROM_JOBS, .severity = SEVERITY_WARN,
     .unsure = SEVERITY_WARN, .detect = hazard_jobs, .number = TRAIT(JOB_CSI_NO_MODE),
     .what = "CSI volumes without access_mode or attachment_mode",
     .advice = "Add both to the job's volume block before it is submitted again."},
    {.id = "prometheus", .crossing = "1.1.0", .scope = SCOPE_SERVERS, .source = FROM_SELF,
     .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO, .detect = hazard_switch,
     .number = CONFIG_PROMETHEUS,
     .what = "prometheus_metrics is off: the endpoint answers 415",
     .advice = "Set telemetry.prometheus_metrics where they are scraped."},
    {.id = "iptables", .crossing = "1.1.0", .scope = SCOPE_CLIENTS, .source = FROM_OPERATOR,
     .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO, .detect = hazard_operator,
     .what = "firewall rules are appended instead of inserted",
     .advice = "Check hosts with firewall rules of their own."},
    {.id = "audit-names", .crossing = "1.0.10 1.1.4", .edition = EDITION_ENT,
     .source = FROM_OPERATOR, .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO,
     .detect = hazard_operator,
     .what = "audit and log files are named differently",
     .advice = "Check what collects them."},
    {.id = "nvidia", .crossing = "1.2.0", .source = FROM_JOBS, .severity = SEVERITY_BLOCK,
     .unsure = SEVERITY_BLOCK, .detect = hazard_jobs, .number = TRAIT(JOB_NVIDIA),
     .what = "NVIDIA devices, whose plugin is no longer built in",
     .advice = "Install the external device plugin on these clients before."},
    {.id = "parse-acl", .crossing = "1.0.18 1.1.12 1.2.6", .source = FROM_OPERATOR,
     .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO, .detect = hazard_operator,
     .what = "parsing a job over the API needs a token",
     .advice = "Give the tools that do it one."},
    {.id = "bbolt", .crossing = "1.3.0", .source = FROM_VERSIONS, .severity = SEVERITY_WARN,
     .unsure = SEVERITY_WARN, .detect = hazard_told,
     .what = "raft data and the state of clients are converted",
     .advice = "There is no way back over this line but a snapshot."},
    {.id = "old-tasks", .crossing = "1.3.0", .source = FROM_JOBS, .severity = SEVERITY_WARN,
     .unsure = SEVERITY_WARN, .detect = hazard_old_allocs,
     .advice = "Restart these tasks before: the new version cannot take them over."},
    {.id = "connect-consul-1.8", .crossing = "1.3.0", .scope = SCOPE_CLIENTS,
     .source = FROM_ATTRIBUTES, .severity = SEVERITY_BLOCK, .unsure = SEVERITY_WARN,
     .detect = hazard_attribute_least, .number = ATTR_CONSUL, .least = "1.8.0",
     .what = "its Consul, which Connect needs,",
     .advice = "Upgrade Consul to 1.8 or later first."},
    {.id = "cgroups-v2", .crossing = "1.3.0", .scope = SCOPE_CLIENTS, .source = FROM_ATTRIBUTES,
     .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO, .detect = hazard_attribute, .key = "v2",
     .number = ATTR_CGROUPS,
     .what = "has cgroups v2, which are really used now (nomad.slice)",
     .advice = "Check what on these hosts relies on the old cgroup layout."},
    {.id = "template-write", .crossing = "1.3.0", .source = FROM_JOBS, .severity = SEVERITY_WARN,
     .unsure = SEVERITY_WARN, .detect = hazard_jobs, .number = TRAIT(JOB_TEMPLATE_WRITE),
     .what = "templates that use `writeToFile`",
     .advice = "Rewrite them, or allow the function in the client's configuration."},
    {.id = "csi-plugins", .crossing = "1.3.0", .scope = SCOPE_CLIENTS, .source = FROM_ATTRIBUTES,
     .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN, .detect = hazard_attribute, .key = "1",
     .number = ATTR_CSI,
     .what = "runs CSI plugins",
     .advice =
         "Restart the CSI plugin's tasks after the client's upgrade: its directories are laid "
         "out anew."},
    {.id = "artifact-limits", .crossing = "1.1.14 1.2.8 1.3.1", .source = FROM_JOBS,
     .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO, .detect = hazard_jobs,
     .number = TRAIT(JOB_ARTIFACT),
     .what = "artifacts, which now have limits (30 min, 100 GB)",
     .advice = "Raise the limits in the client's artifact block for larger ones."},
    {.id = "kill-timeout", .crossing = "1.1.15 1.2.9 1.3.2", .source = FROM_JOBS,
     .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO, .detect = hazard_jobs,
     .number = TRAIT(JOB_LONG_KILL),
     .what = "a kill_timeout above 30 s, which the client's max_kill_timeout now cuts",
     .advice = "Raise max_kill_timeout on the clients."},
    {.id = "batch-gc", .crossing = "1.3.9 1.4.4", .source = FROM_OPERATOR,
     .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO, .detect = hazard_operator,
     .what = "finished batch work is forgotten after 24 h",
     .advice = "Set batch_eval_gc_threshold to keep it longer."},
    {.id = "keyring-files", .crossing = "1.4.0", .scope = SCOPE_SERVERS, .source = FROM_VERSIONS,
     .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN, .detect = hazard_told,
     .what = "a keyring appears, without which nothing is scheduled",
     .advice = "Back up every server's keystore: snapshots do not hold it before 1.9."},
    {.id = "scheduler-1.4", .crossing = "1.4.0", .source = FROM_OPERATOR,
     .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO, .detect = hazard_operator,
     .what =
         "resources of stopping allocations are not reused, and constraints compare numbers as "
         "numbers",
     .advice = "Expect a little less room on full nodes."},

    /* ---- 1.5 to 1.9 ---- */

    {.id = "dc-star", .crossing = "1.5.0", .source = FROM_SELF, .severity = SEVERITY_BLOCK,
     .unsure = SEVERITY_WARN, .detect = hazard_dc_star,
     .what = "its datacenter's name holds a star",
     .advice =
         "The new version does not start with it. Jobs name their datacenters: add the new "
         "name to them first, then rename it in the configuration and restart that Nomad, "
         "one host after the other."},
    {.id = "rejoin", .crossing = "1.5.0", .scope = SCOPE_SERVERS, .source = FROM_SELF,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_WARN, .detect = hazard_leaves,
     .key = "rejoin",
     .advice =
         "Set rejoin_after_leave or give it addresses to join (server_join): rejoin_after_leave "
         "= false is obeyed now."},
    {.id = "artifact-sandbox", .crossing = "1.5.0", .source = FROM_JOBS,
     .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN, .detect = hazard_jobs,
     .number = TRAIT(JOB_ARTIFACT),
     .what = "artifacts, which are fetched in a sandbox without the environment",
     .advice =
         "Try one of each kind on the canary; set_environment_variables and "
         "disable_filesystem_isolation help."},
    {.id = "gossip-cli", .crossing = "1.5.0", .source = FROM_OPERATOR, .severity = SEVERITY_INFO,
     .unsure = SEVERITY_INFO, .detect = hazard_operator,
     .what =
         "the old gossip keyring commands are gone, and the metric total_blocked is "
         "total_pending",
     .advice = "Check scripts, dashboards and alerts."},
    {.id = "bare-namespace", .crossing = "1.4.11 1.5.7 1.6.0", .scope = SCOPE_SERVERS,
     .source = FROM_POLICIES, .severity = SEVERITY_BLOCK, .unsure = SEVERITY_BLOCK,
     .detect = hazard_policies_bare,
     .what = "a namespace block without a label",
     .advice = "Give every namespace block a label: tokens of such a policy stop working."},
    {.id = "license-ends", .crossing = "1.6.0", .edition = EDITION_ENT, .scope = SCOPE_SERVERS,
     .source = FROM_CLUSTER, .severity = SEVERITY_BLOCK, .unsure = SEVERITY_BLOCK,
     .detect = hazard_license_ends,
     .advice = "Renew the licence first: it must outlast the day the binary was built."},
    {.id = "mlock", .crossing = "1.6.0", .source = FROM_JOBS, .severity = SEVERITY_WARN,
     .unsure = SEVERITY_WARN, .detect = hazard_jobs, .number = TRAIT(JOB_EXEC),
     .what = "exec tasks, which keep the host's limit on locked memory",
     .advice = "Give tasks that lock memory ipc_lock."},
    {.id = "evaluate-acl", .crossing = "1.6.0", .source = FROM_OPERATOR,
     .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO, .detect = hazard_operator,
     .what = "evaluating a job needs submit-job",
     .advice = "Check tokens that only evaluate."},
    {.id = "arch-386", .crossing = "1.6.0", .scope = SCOPE_CLIENTS, .source = FROM_ATTRIBUTES,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_WARN, .detect = hazard_attribute,
     .key = "386", .number = ATTR_ARCH,
     .what = "is a 386",
     .advice = "There is no build for 32-bit x86 from 1.6 on."},
    {.id = "submissions", .crossing = "1.6.6 1.7.3", .scope = SCOPE_SERVERS,
     .source = FROM_VERSIONS, .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN,
     .detect = hazard_told,
     .what = "snapshots get a section that older patches of the same minor refuse",
     .advice = "Keep to one patch level or above: servers do not read such snapshots below it."},
    {.id = "dmidecode", .crossing = "1.7.0", .scope = SCOPE_CLIENTS, .source = FROM_HOST,
     .severity = SEVERITY_WARN, .unsure = SEVERITY_INFO, .detect = hazard_no_fact,
     .key = "dmidecode",
     .what = "lacks dmidecode, with which CPU is counted on EC2",
     .advice = "Install dmidecode on EC2 instances, and compare the nodes' CPU after the canary."},
    {.id = "cores", .crossing = "1.7.0", .source = FROM_JOBS, .severity = SEVERITY_WARN,
     .unsure = SEVERITY_WARN, .detect = hazard_jobs,
     .number = TRAIT(JOB_CORES) | TRAIT(JOB_RAW_EXEC),
     .what = "cores, or raw_exec tasks: they are held to their cores and memory now",
     .advice = "Check the limits of these tasks."},
    {.id = "cgroup-attributes", .crossing = "1.7.0", .source = FROM_JOBS,
     .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN, .detect = hazard_jobs,
     .number = TRAIT(JOB_ATTR_CGROUP),
     .what = "constraints on unique.cgroup attributes, which are named os.cgroups now",
     .advice = "Rename them before: such jobs find no node."},
    {.id = "distinct-hosts", .crossing = "1.7.0", .source = FROM_JOBS, .severity = SEVERITY_INFO,
     .unsure = SEVERITY_INFO, .detect = hazard_jobs, .number = TRAIT(JOB_DISTINCT_HOSTS),
     .what = "distinct_hosts, which looks at its own namespace only",
     .advice = "Check jobs of the same name in several namespaces."},
    {.id = "token-flow", .crossing = "1.7.0", .source = FROM_OPERATOR, .severity = SEVERITY_INFO,
     .unsure = SEVERITY_INFO, .detect = hazard_operator,
     .what = "the token flows of Vault and Consul are deprecated and end with 1.10",
     .advice = "Plan the move to workload identities."},
    {.id = "no-cgroups", .crossing = "1.8.0", .source = FROM_FILE, .severity = SEVERITY_BLOCK,
     .unsure = SEVERITY_WARN, .detect = hazard_file_key, .key = "no_cgroups",
     .what = "the raw_exec plugin does not start with it",
     .advice = "Remove the key."},
    {.id = "cni-plugins", .crossing = "1.8.0", .scope = SCOPE_SERVERS, .source = FROM_NODES,
     .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN, .detect = hazard_clients_least,
     .least = "1.5.0",
     .what = "jobs with bridge networking would not be placed there",
     .advice =
         "Upgrade these clients before jobs with bridge networking are submitted: they do not "
         "tell their CNI plugins."},
    {.id = "old-disconnect", .crossing = "1.8.0", .source = FROM_JOBS, .severity = SEVERITY_INFO,
     .unsure = SEVERITY_INFO, .detect = hazard_jobs, .number = TRAIT(JOB_OLD_DISCONNECT),
     .what = "disconnect settings of the old kind, ignored from 1.10 on",
     .advice = "Move them into a disconnect block."},
    {.id = "sentinel-plugins", .crossing = "1.8.1", .edition = EDITION_ENT,
     .source = FROM_OPERATOR, .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO,
     .detect = hazard_operator,
     .what = "Sentinel plugins of your own must be rebuilt for plugin protocol 3",
     .advice = "Rebuild them."},
    {.id = "windows-docker", .crossing = "1.7.10 1.8.2", .scope = SCOPE_CLIENTS,
     .source = FROM_ATTRIBUTES, .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN,
     .detect = hazard_attribute, .key = "windows", .number = ATTR_KERNEL,
     .what = "runs Windows, where Docker isolates by hyperv and refuses ContainerAdmin",
     .advice = "Set the isolation you want, and run tasks as another user than ContainerAdmin."},
    {.id = "prepublish", .crossing = "1.6.14 1.7.11 1.8.3", .source = FROM_OPERATOR,
     .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO, .detect = hazard_operator,
     .what = "keys are published before they are used, and rotate has other arguments",
     .advice = "Check scripts that rotate keys."},
    {.id = "pause-image", .crossing = "1.6.15 1.7.12 1.8.4", .source = FROM_JOBS,
     .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN, .detect = hazard_jobs,
     .number = TRAIT(JOB_BRIDGE),
     .what = "bridge networking, whose pause image comes from registry.k8s.io now",
     .advice = "Mirror the image or set infra_image where clients cannot reach it."},
    {.id = "clients-1.6", .crossing = "1.9.0", .scope = SCOPE_SERVERS, .source = FROM_NODES,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_BLOCK, .detect = hazard_clients_least,
     .least = "1.6.0",
     .what = "it would go down as soon as servers are new",
     .advice =
         "Upgrade these clients to 1.6 or later first: their heartbeats are refused by servers "
         "on the target."},
    {.id = "clients-1.5", .crossing = "1.9.0", .scope = SCOPE_SERVERS, .source = FROM_NODES,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_BLOCK, .detect = hazard_clients_least,
     .least = "1.5.0",
     .what = "templates that read Nomad services fail there",
     .advice = "Upgrade these clients in the same run, and before their jobs are changed."},
    {.id = "hcl1", .crossing = "1.9.0", .source = FROM_OPERATOR, .severity = SEVERITY_INFO,
     .unsure = SEVERITY_INFO, .detect = hazard_operator,
     .what = "the command line reads no job files of HCL1",
     .advice = "Convert them."},
    {.id = "cipher-suites", .crossing = "1.9.0", .source = FROM_FILE, .severity = SEVERITY_BLOCK,
     .unsure = SEVERITY_WARN, .detect = hazard_file_key, .key = "tls_prefer_server_cipher_suites",
     .what = "the new version does not start with it",
     .advice = "Remove the key from the tls block."},
    {.id = "keyring-raft", .crossing = "1.9.0", .scope = SCOPE_SERVERS, .source = FROM_VERSIONS,
     .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN, .detect = hazard_told,
     .what = "the keyring moves into raft in the background",
     .advice =
         "Keep the old copies of the keystore as long as snapshots of before matter, and wait 10"
         " minutes before the next minor."},
    {.id = "arch-32", .crossing = "1.9.0", .scope = SCOPE_CLIENTS, .source = FROM_ATTRIBUTES,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_WARN, .detect = hazard_attribute,
     .key = "arm", .number = ATTR_ARCH,
     .what = "is a 32-bit machine",
     .advice = "There are no 32-bit builds from 1.9 on."},
    {.id = "template-execute", .crossing = "1.9.4", .source = FROM_JOBS,
     .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN, .detect = hazard_jobs,
     .number = TRAIT(JOB_TEMPLATE_EXECUTE),
     .what = "templates that use `executeTemplate`",
     .advice = "Rewrite them, or allow the function in the client's configuration."},
    {.id = "cni-1.2", .crossing = "1.9.5", .scope = SCOPE_CLIENTS, .source = FROM_ATTRIBUTES,
     .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN, .detect = hazard_attribute_least,
     .number = ATTR_CNI_BRIDGE, .least = "1.2.0",
     .what = "its CNI bridge plugin",
     .advice = "Upgrade the CNI plugins to 1.2 or later: they are asked to check."},
    {.id = "start-order", .crossing = "1.9.6", .scope = SCOPE_CLIENTS, .source = FROM_OPERATOR,
     .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO, .detect = hazard_operator,
     .what = "Consul and Vault are looked for at start only",
     .advice = "Let their units start before Nomad's."},
    {.id = "address-attributes", .crossing = "1.7.19 1.8.11 1.9.7", .source = FROM_JOBS,
     .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN, .detect = hazard_jobs,
     .number = TRAIT(JOB_ATTR_ADVERTISE),
     .what =
         "constraints on nomad.advertise.address or consul.dns.addr, which are named unique. now",
     .advice = "Rename them before: such jobs find no node."},

    /* ---- 1.10 to 2.0 ---- */

    {.id = "vault-flow", .crossing = "1.10.0", .scope = SCOPE_SERVERS, .source = FROM_SELF,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_BLOCK, .detect = hazard_vault_flow,
     .advice = "Give every job that uses Vault an identity, as `nomad setup vault -check` tells."},
    {.id = "consul-flow", .crossing = "1.10.0", .scope = SCOPE_SERVERS, .source = FROM_SELF,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_BLOCK, .detect = hazard_consul_flow,
     .advice =
         "Configure service_identity and task_identity for Consul (nomad setup consul): tasks "
         "would get the anonymous token."},
    {.id = "connect-window", .crossing = "1.10.0", .scope = SCOPE_SERVERS, .source = FROM_JOBS,
     .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN, .detect = hazard_connect_window,
     .number = TRAIT(JOB_CONNECT),
     .what = "Connect, whose tasks cannot start on clients that are still old",
     .advice =
         "Keep the time between servers and clients short, and deploy nothing with Connect "
         "meanwhile."},
    {.id = "vault-unauthenticated", .crossing = "1.10.0", .source = FROM_FILE,
     .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO, .detect = hazard_file_key,
     .key = "allow_unauthenticated",
     .what = "it is ignored without a word",
     .advice = "Remove the key."},
    {.id = "vault-role", .crossing = "1.10.0", .source = FROM_FILE, .severity = SEVERITY_INFO,
     .unsure = SEVERITY_INFO, .detect = hazard_file_key, .key = "create_from_role",
     .what = "it is ignored without a word",
     .advice = "Remove the key."},
    {.id = "vault-ttl", .crossing = "1.10.0", .source = FROM_FILE, .severity = SEVERITY_INFO,
     .unsure = SEVERITY_INFO, .detect = hazard_file_key, .key = "task_token_ttl",
     .what = "it is ignored without a word",
     .advice = "Remove the key."},
    {.id = "template-consul", .crossing = "1.10.0", .source = FROM_JOBS,
     .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN, .detect = hazard_jobs,
     .number = TRAIT(JOB_TEMPLATE_CONSUL),
     .what = "templates that read Consul, which get no identity by themselves",
     .advice = "Give these tasks a consul block."},
    {.id = "plugin-blocks", .crossing = "1.10.0", .scope = SCOPE_CLIENTS, .source = FROM_HOST,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_WARN, .detect = hazard_fact,
     .key = "plugin-unlisted",
     .what = "its plugin directory holds a driver without a plugin block",
     .advice = "Add a plugin block for each driver that is used: without one it is not loaded."},
    {.id = "disconnect-ignored", .crossing = "1.10.0", .source = FROM_JOBS,
     .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN, .detect = hazard_jobs,
     .number = TRAIT(JOB_OLD_DISCONNECT),
     .what = "disconnect settings of the old kind, which are ignored now",
     .advice =
         "Move them into a disconnect block: lost clients are treated differently otherwise."},
    {.id = "remote-drivers", .crossing = "1.10.0", .scope = SCOPE_CLIENTS, .source = FROM_JOBS,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_BLOCK, .detect = hazard_driver, .key = "ecs",
     .number = TRAIT(JOB_REMOTE_DRIVER),
     .what = "a remote driver",
     .advice = "Move these tasks to another driver: remote ones are gone."},
    {.id = "spread-updates", .crossing = "1.10.0", .source = FROM_OPERATOR,
     .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO, .detect = hazard_operator,
     .what =
         "changes of affinities and spreads are made in place; quotas and `sentinel apply` "
         "changed in Enterprise",
     .advice = "Check scripts that use them."},
    {.id = "schedulers", .crossing = "1.10.0", .scope = SCOPE_SERVERS, .source = FROM_SELF,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_BLOCK, .detect = hazard_schedulers,
     .advice =
         "Set num_schedulers to at most the number of processors: the new version does not "
         "start."},
    {.id = "key-service", .crossing = "1.8.13 1.9.9 1.10.1", .scope = SCOPE_SERVERS,
     .source = FROM_SELF, .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN,
     .detect = hazard_switch, .number = CONFIG_KMS,
     .what = "the keyring's key lies with an outside service",
     .advice =
         "See that the key service answers within start_timeout (30 s): a server that cannot "
         "reach it ends."},
    {.id = "peer-address", .crossing = "1.10.1", .scope = SCOPE_SERVERS, .source = FROM_OPERATOR,
     .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO, .detect = hazard_operator,
     .what = "raft peers are removed by id only, and token/self answers other codes",
     .advice = "Check scripts that do either."},
    {.id = "sprig", .crossing = "1.8.14 1.9.10 1.10.2", .source = FROM_JOBS,
     .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN, .detect = hazard_jobs,
     .number = TRAIT(JOB_TEMPLATE_SPRIG),
     .what = "templates with sprig functions that are gone",
     .advice =
         "Rewrite them: dates, random values, environment and host names are no longer made by "
         "sprig_ functions."},
    {.id = "alloc-metrics", .crossing = "1.10.2", .scope = SCOPE_SERVERS, .source = FROM_SELF,
     .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO, .detect = hazard_switch,
     .number = CONFIG_ALLOC_METRICS,
     .what = "publish_allocation_metrics is off",
     .advice = "Set telemetry.publish_allocation_metrics where they are watched."},
    {.id = "keyring-type", .crossing = "1.10.5", .scope = SCOPE_SERVERS, .source = FROM_SELF,
     .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO, .detect = hazard_switch,
     .number = CONFIG_KMS,
     .what = "the types of keyring blocks are checked more strictly",
     .advice = "See that each keyring block names a type that Nomad knows."},
    {.id = "policy-keys", .crossing = "1.8.18 1.10.6 1.11.0", .scope = SCOPE_SERVERS,
     .source = FROM_POLICIES, .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN,
     .detect = hazard_policies_unknown,
     .what = "a key that Nomad does not know",
     .advice =
         "Remove keys that Nomad does not know from the policy: they are errors when it is "
         "written again."},
    {.id = "system-reschedule", .crossing = "1.11.0", .source = FROM_JOBS,
     .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN, .detect = hazard_jobs,
     .number = TRAIT(JOB_SYSTEM_RESCHEDULE),
     .what =
         "what is rejected now: reschedule in system jobs, a task named alloc, a count above "
         "50,000",
     .advice = "Change them before they are submitted again."},
    {.id = "identities", .crossing = "1.11.0", .scope = SCOPE_SERVERS, .source = FROM_VERSIONS,
     .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO, .detect = hazard_told,
     .what = "clients get identities that are renewed every day",
     .advice = "Look at the clients again a day later (caravan status): identities last 24 h."},
    {.id = "disk-attributes", .crossing = "1.11.1", .source = FROM_JOBS,
     .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN, .detect = hazard_jobs,
     .number = TRAIT(JOB_ATTR_DISK) | TRAIT(JOB_DOCKER_EMAIL),
     .what = "constraints on unique.storage.bytesfree, or docker auth with email: both are gone",
     .advice = "Change them before."},
    {.id = "disk-free", .crossing = "1.11.1", .scope = SCOPE_CLIENTS, .source = FROM_FILE,
     .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO, .detect = hazard_file_key,
     .key = "disk_free_mb",
     .what = "it is deprecated",
     .advice = "Use disk_total_mb."},
    {.id = "qemu-environment", .crossing = "1.11.2", .source = FROM_JOBS,
     .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO, .detect = hazard_jobs,
     .number = TRAIT(JOB_QEMU),
     .what = "the qemu driver, whose environment names other paths",
     .advice = "Check scripts inside the images."},
    {.id = "system-deployments", .crossing = "1.11.3", .scope = SCOPE_SERVERS,
     .source = FROM_NODES, .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO,
     .detect = hazard_clients_least, .least = "1.11.0",
     .what = "deployments of system jobs misjudged such clients before",
     .advice = "Upgrade these clients in the same run."},
    {.id = "two-stores", .crossing = "2.0.0", .scope = SCOPE_SERVERS, .source = FROM_FILE,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_WARN, .detect = hazard_two_stores,
     .advice =
         "Keep the block in Nomad's configuration by which the server runs now, take out "
         "the other one, and leave the raft directory alone: the new version does not "
         "start with both."},
    {.id = "raft-boltdb", .crossing = "2.0.0", .scope = SCOPE_SERVERS, .source = FROM_SELF,
     .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO, .detect = hazard_switch,
     .number = CONFIG_BOLTDB,
     .what = "raft_boltdb is deprecated",
     .advice = "Rename it to raft_logstore when all servers are new."},
    {.id = "wal", .crossing = "2.0.0", .scope = SCOPE_SERVERS, .source = FROM_FILE,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_WARN, .detect = hazard_file_key,
     .key = "raft_logstore",
     .what = "with backend wal a server with a raft.db does not start",
     .advice =
         "Leave the backend as it is for this upgrade; nomad operator raft migrate-backend "
         "changes it later."},
    {.id = "logs-read-only", .crossing = "1.10.11+ent 1.11.5+ent 2.0.1", .source = FROM_JOBS,
     .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN, .detect = hazard_jobs,
     .number = TRAIT(JOB_WRITES_LOGS),
     .what = "tasks that name NOMAD_ALLOC_DIR/logs, which is read-only now",
     .advice = "Let them write elsewhere."},
    {.id = "other-pool", .target = "2.0.0-2.0.4", .source = FROM_JOBS, .severity = SEVERITY_WARN,
     .unsure = SEVERITY_WARN, .detect = hazard_other_pool,
     .advice =
         "Choose 2.0.6 or later, or restart these allocations first: they could not be stopped."},
    {.id = "host-modes", .crossing = "1.10.14+ent 1.11.8+ent 2.0.4", .source = FROM_JOBS,
     .severity = SEVERITY_WARN, .unsure = SEVERITY_WARN, .detect = hazard_jobs,
     .number = TRAIT(JOB_DOCKER_HOST_MODE),
     .what = "docker tasks in the host's ipc, pid, uts or user namespace",
     .advice =
         "Set allow_privileged or allowed_modes in the docker plugin's configuration: they would"
         " not start again."},
    {.id = "anonymous-join", .crossing = "2.0.4", .scope = SCOPE_SERVERS, .source = FROM_SELF,
     .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO, .detect = hazard_switch,
     .number = CONFIG_JOIN,
     .what = "joins others without a token",
     .advice = "Plan to give servers a token to join with: joining without one ends with 2.1."},
    {.id = "check-ids", .crossing = "2.0.5", .scope = SCOPE_CLIENTS, .source = FROM_OPERATOR,
     .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO, .detect = hazard_operator,
     .what = "checks are registered anew once, and external Go driver plugins must be rebuilt",
     .advice = "Rebuild drivers of your own before."},
    /* hashicorp/nomad#28406, merged for 2.0 as #28410 on 2026-08-13: after 2.0.5, before 2.0.6. */
    {.id = "host-id", .crossing = "2.0.6", .scope = SCOPE_CLIENTS, .source = FROM_VERSIONS,
     .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO, .detect = hazard_told,
     .what = "nodes get one attribute more, unique.host_id",
     .advice = "Check what compares the attributes of nodes."},
    /* hashicorp/nomad#28555, #28566, merged for 2.0 as #28573 on 2026-09-16: before 2.0.7. */
    {.id = "identity-again", .crossing = "2.0.7", .scope = SCOPE_CLIENTS,
     .source = FROM_VERSIONS, .severity = SEVERITY_INFO, .unsure = SEVERITY_INFO,
     .detect = hazard_told,
     .what = "a client whose identity has expired registers anew by itself",
     .advice =
         "Where client_introduction's enforcement is strict it does not: watch for clients that "
         "are locked out."},
    /* hashicorp/nomad#28554 and #28553, for 2.1.0 only; a key that is not known ends the start. */
    {.id = "join-keys", .crossing = "2.1.0", .scope = SCOPE_SERVERS, .source = FROM_SELF,
     .severity = SEVERITY_BLOCK, .unsure = SEVERITY_WARN, .detect = hazard_switch,
     .number = CONFIG_OLD_JOIN,
     .what = "start_join or retry_join stand outside server_join, where the new version knows "
             "neither",
     .advice =
         "Move them into a server_join block; and whoever joins servers by command or API needs "
         "agent:write."},
};
/* clang-format on */

const size_t hazard_table_len = ARRAY_LEN(hazard_table);
