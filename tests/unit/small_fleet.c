#include "small_fleet.h"
#include "plan_make.h"

static const char *const keys[] = {"s1-id", "s2-id", "s3-id", "c1-id", "c2-id"};
static const char *const names[] = {"s1", "s2", "s3", "c1", "c2"};
static const char *const addresses[] = {"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.1.1", "10.0.1.2"};

const struct fact_view small_fleet_facts[SMALL_FACTS] = {
    {"no-unit", TRI_NO, "/lib/nomad.service"},
    {"unit-missing", TRI_NO, ""},
    {"unit-reload", TRI_NO, ""},
    {"kill-mode", TRI_NO, "KillMode=process"},
    {"type-notify", TRI_YES, "Type=notify"},
    {"drop-ins", TRI_NO, ""},
    {"other-binary", TRI_NO, "/usr/bin/nomad"},
    {"binary-link", TRI_NO, ""},
    {"binary-shared", TRI_NO, ""},
    {"changed", TRI_NO, ""},
    {"package", TRI_NO, "no package owns it"},
    {"read-only", TRI_NO, ""},
    {"noexec", TRI_NO, ""},
    {"key-replaced", TRI_NO, ""},
    {"no-room", TRI_NO, ""},
    {"clock", TRI_NO, ""},
    {"libc", TRI_YES, "2.36"},
    {"config-leftovers", TRI_NO, ""},
    {"dmidecode", TRI_YES, ""},
    {"plugin-unlisted", TRI_NO, ""},
    {"tls-names", TRI_YES, ""},
    {"law-refuses", TRI_NO, ""},
    {"url-prefixes", TRI_NO, ""},
    {"file-urls", TRI_NO, ""},
    {"second-config", TRI_NO, ""}, /* the last fact; older agents do not report it */
};

static void digest_fill(struct digest *d, int c)
{
    memset(d->bytes, c, sizeof(d->bytes));
}

static void server_fill(struct small_fleet *f, int i)
{
    struct server_view *v = &f->hosts[i].server;

    for (int k = 0; k < SMALL_SERVERS; k++)
        f->members[i][k] = (struct member){.id = keys[k],
                                           .name = names[k],
                                           .region = "global",
                                           .addr = addresses[k],
                                           .rpc_port = 4647,
                                           .build = SMALL_FROM,
                                           .raft_protocol = 3,
                                           .status = MEMBER_ALIVE};
    *v = (struct server_view){.has_leader = true,
                              .leader = "10.0.0.1:4647",
                              .members = f->members[i],
                              .n_members = SMALL_SERVERS,
                              .version = SMALL_FROM,
                              .build_date = "",
                              .raft_state = i == 0 ? "Leader" : "Follower",
                              .self_region = "global",
                              .self_name = names[i],
                              .self_dc = "dc1",
                              .term = 3,
                              .last_log_index = 500,
                              .commit_index = 500,
                              .applied_index = 500,
                              .last_contact_ms = i == 0 ? 0 : 20,
                              .voter_known = true,
                              .voter = true,
                              .raft_protocol = 3,
                              .acl_enabled = TRI_YES,
                              .autopilot_status = 200,
                              .autopilot_body = true,
                              .healthy = true,
                              .failure_tolerance = 1,
                              .autopilot = f->autopilot,
                              .n_autopilot = SMALL_SERVERS,
                              .raft_status = 200,
                              .raft = f->raft,
                              .n_raft = SMALL_SERVERS};
    f->raft[i] = (struct peer){
        .id = keys[i], .name = names[i], .address = addresses[i], .voter = true, .leader = i == 0};
    f->autopilot[i] = f->raft[i];
    f->autopilot[i].healthy = true;
}

static void features_fill(struct feature *f, int i)
{
    const struct feature all[SMALL_FEATURES] = {
        [SMALL_ID] = {FEATURE_ID, "", keys[i]},
        [SMALL_NAME] = {FEATURE_NAME, "", names[i]},
        [SMALL_DC] = {FEATURE_DC, "", "dc1"},
        [SMALL_CLASS] = {FEATURE_CLASS, "", ""},
        [SMALL_ELIGIBILITY] = {FEATURE_ELIGIBILITY, "", "eligible"},
        [SMALL_DRAIN] = {FEATURE_DRAIN, "", "none"},
        [SMALL_DRAINED] = {FEATURE_DRAINED, "", ""},
        [SMALL_DRIVER] = {FEATURE_DRIVER, "exec", "healthy"},
        [SMALL_VOLUME] = {FEATURE_VOLUME, "data", "/srv/data"},
        [SMALL_CONSUL] = {FEATURE_ATTRIBUTE, "consul.version", "1.20.1"},
        [SMALL_DISK] = {FEATURE_ATTRIBUTE, "unique.storage.bytesfree", "770"},
        [SMALL_META] = {FEATURE_META, "rack", "r7"},
    };
    memcpy(f, all, sizeof(all));
}

static void client_fill(struct small_fleet *f, int i)
{
    struct client_view *c = &f->hosts[i].client;
    int k = i - SMALL_SERVERS;

    features_fill(f->features[k], i);
    f->drivers[k][0] = (struct driver_view){"exec", true, true};
    f->allocs[k][0] = (struct alloc_view){"alloc", "running", 77, 0, false, NULL, 0};
    *c = (struct client_view){.status = "ready",
                              .eligible = true,
                              .version = SMALL_FROM,
                              .modify_index = 10,
                              .drivers = f->drivers[k],
                              .n_drivers = 1,
                              .http_addr = "",
                              .drain_meta_run = "",
                              .own_node_id = keys[i],
                              .own_version = SMALL_FROM,
                              .heartbeat_age_ms = 1000,
                              .heartbeat_ttl_ms = 15000,
                              .own_healthy = TRI_YES,
                              .features = f->features[k],
                              .n_features = SMALL_FEATURES,
                              .allocs = f->allocs[k],
                              .n_allocs = 1};
}

static void touch(struct small_fleet *f, int64_t at)
{
    f->w.begun_ms = at;
    f->w.ended_ms = at;
    f->w.round++;
    f->regions[0].servers_at = f->regions[0].nodes_at = at;
    for (int i = 0; i < SMALL_HOSTS; i++) {
        struct host *h = &f->hosts[i];
        if (h->is_server) {
            h->server.counted[1] = h->server.counted[0];
            h->server.counted[0].at = at;
            memcpy(h->server.counted[0].n, f->objects[i], sizeof(f->objects[i]));
        }
        if (h->is_server)
            h->server.leader_at = h->server.members_at = h->server.self_at =
                h->server.autopilot_at = h->server.raft_at = at;
        else
            h->client.list_at = h->client.detail_at = h->client.own_at = h->client.heartbeat_at =
                h->client.health_at = h->client.allocs_at = at;
        if (h->agent.enrolled)
            h->agent.hello_at = h->agent.status_at = h->agent.lease_at = at;
    }
}

static void host_fill(struct small_fleet *f, int i)
{
    struct host *h = &f->hosts[i];
    bool server = i < SMALL_SERVERS;

    *h = (struct host){.key = keys[i],
                       .name = names[i],
                       .region = "global",
                       .dc = "dc1",
                       .node_class = "",
                       .node_pool = server ? "" : "default",
                       .addr = addresses[i],
                       .server_id = server ? keys[i] : "",
                       .node_id = server ? "" : keys[i],
                       .is_server = server,
                       .is_client = !server};
    h->agent = (struct agent_view){.enrolled = true,
                                   .address = addresses[i],
                                   .problem = "",
                                   .hello = {.program = "1", .os = "linux", .arch = "amd64"},
                                   .uptime_ms = 5000,
                                   .work.phase = PHASE_IDLE,
                                   .facts = small_fleet_facts,
                                   .n_facts = SMALL_FACTS,
                                   .failure_text = "",
                                   .evidence = ""};
    str_cut(h->agent.hello.server_id, sizeof(h->agent.hello.server_id), h->server_id);
    str_cut(h->agent.hello.client_id, sizeof(h->agent.hello.client_id), h->node_id);
    digest_fill(&h->agent.hello.disk, 1);
    digest_fill(&h->agent.hello.running, 1);
}

void small_fleet_init(struct small_fleet *f)
{
    memset(f, 0, sizeof(*f));
    f->w = (struct world){.hosts = f->hosts,
                          .n_hosts = SMALL_HOSTS,
                          .regions = f->regions,
                          .n_regions = 1,
                          .problem = ""};
    f->regions[0] = (struct region){.name = "global", .can_raft = true, .denied = ""};
    for (int i = 0; i < SMALL_HOSTS; i++) {
        host_fill(f, i);
        if (i < SMALL_SERVERS)
            server_fill(f, i);
        else
            client_fill(f, i);
    }
    str_cut(f->release.version, sizeof(f->release.version), SMALL_TO);
    str_cut(f->release.builds[0].os, sizeof(f->release.builds[0].os), "linux");
    str_cut(f->release.builds[0].arch, sizeof(f->release.builds[0].arch), "amd64");
    digest_fill(&f->release.builds[0].digest, 2);
    f->release.builds[0].urls[0] = "https://mirror.example/nomad.zip";
    f->release.builds[0].n_urls = 1;
    f->release.n_builds = 1;
    for (int i = 0; i < SMALL_HOSTS; i++)
        memcpy(f->objects[i], (const int64_t[OBJECT_KINDS]){5, 2, 8, 1}, sizeof(f->objects[i]));
    policy_default(&f->policy);
    small_survey_init(&f->surveyed, &f->survey);
    touch(f, SMALL_NOW);
}

void small_fleet_version(struct small_fleet *f, const char *from)
{
    for (int i = 0; i < SMALL_HOSTS; i++) {
        f->hosts[i].server.version = f->hosts[i].is_server ? from : NULL;
        f->hosts[i].client.version = f->hosts[i].client.own_version = from;
        for (int k = 0; i < SMALL_SERVERS && k < SMALL_SERVERS; k++)
            f->members[i][k].build = from;
    }
}

void small_fleet_free(struct small_fleet *f)
{
    plan_free(&f->plan);
    ledger_free(&f->ledger);
    evidence_free(&f->evidence);
}

void small_fleet_later(struct small_fleet *f, int64_t ms)
{
    touch(f, f->w.begun_ms + ms);
    evidence_fold(&f->evidence, &f->w, &f->plan, &f->ledger, f->w.begun_ms);
}

void small_fleet_run(struct small_fleet *f, enum run_state state)
{
    static const unsigned char run_id[16] = {7};
    struct err err = ERR_INIT;

    if (plan_make(&f->w, &f->survey, &f->release, &f->policy, built_in(), &f->plan, &err) < 0) {
        fprintf(stderr, "small_fleet: %s\n", err.text);
        abort();
    }
    ledger_init(&f->ledger, &f->plan, run_id);
    f->ledger.state = state;
    for (size_t i = 0; i < f->ledger.n_hosts; i++) {
        f->ledger.hosts[i].state = HOST_STAGED;
        f->claims[i] = CLAIM_HELD;
        if (state == RUN_CLIENTS && f->plan.hosts[i].is_server)
            f->ledger.hosts[i].state = HOST_DONE;
    }
    for (size_t i = 0; i < f->ledger.n_regions; i++) {
        snprintf(f->ledger.regions[i].snapshot, sizeof(f->ledger.regions[i].snapshot), "/a.snap");
        f->ledger.regions[i].snapshot_ms = f->w.begun_ms;
    }
    f->lease = (struct lease_view){.all = true, .majority = true, .claims = f->claims};
    f->evidence.begun_ms = f->evidence.progress_ms = f->w.begun_ms;
    f->evidence.counting_ms = 1; /* each look counts */
    for (int i = 0; i < 12; i++)
        small_fleet_later(f, 2000);
    f->evidence.progress_ms = f->w.begun_ms;
}

const struct decision *small_fleet_decide(struct small_fleet *f)
{
    struct situation s = {.world = &f->w,
                          .plan = &f->plan,
                          .ledger = &f->ledger,
                          .evidence = &f->evidence,
                          .lease = &f->lease,
                          .now = f->w.begun_ms};
    decide(&s, &f->decision);
    note_waits(&f->evidence, &f->decision, f->w.begun_ms);
    f->evidence.counting_ms = 1; /* each look counts */
    return &f->decision;
}

const struct intent *small_fleet_intent(const struct small_fleet *f, enum intent_kind kind)
{
    for (size_t i = 0; i < f->decision.n_intents; i++)
        if (f->decision.intents[i].kind == kind)
            return &f->decision.intents[i];
    return NULL;
}

bool small_fleet_waits(const struct small_fleet *f, enum reason reason)
{
    for (size_t i = 0; i < f->decision.n_waiting; i++)
        if (f->decision.waiting[i].reason == reason)
            return true;
    return false;
}
