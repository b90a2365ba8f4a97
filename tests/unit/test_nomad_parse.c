/* Answers of a real Nomad, read into plain structs; and answers with another shape. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "file.h"
#include "nomad_parse.h"
#include "str.h"

#define RAFT3 "tests/fixtures/recordings/1.0.18-raft3/"
#define MIXED "tests/fixtures/recordings/mixed-0.12.12-1.0.18/"
#define S1    "cbfe7359-d669-d6ca-6c12-3446934bd857"
#define S3    "8e3df20a-8bcf-c4f8-8c54-82b82d70fb86"

static struct buf body(const char *path)
{
    struct buf b = BUF_INIT;
    struct err err = ERR_INIT;
    if (file_read(path, 1 << 20, 0, &b, &err) < 0)
        fail_msg("%s", err.text);
    return b;
}

static void test_the_leader_is_a_text(void **state)
{
    auto_arena struct arena a = ARENA_INIT;
    auto_buf struct buf b = body(RAFT3 "status-leader.json");
    struct err err = ERR_INIT;
    const char *leader = NULL;
    (void)state;
    assert_int_equal(parse_leader(b.data, b.len, &a, &leader, &err), 0);
    assert_string_equal(leader, "10.99.0.11:4647");
    assert_int_equal(parse_leader("\"\"", 2, &a, &leader, &err), 0);
    assert_string_equal(leader, "");
    assert_int_equal(parse_leader("No cluster leader", 17, &a, &leader, &err), -1);
    assert_int_equal(err.kind, ERR_FORMAT);
    assert_int_equal(parse_leader("null", 4, &a, &leader, &err), -1);
}

static void test_members(void **state)
{
    auto_arena struct arena a = ARENA_INIT;
    auto_buf struct buf b = body(RAFT3 "agent-members.json");
    struct err err = ERR_INIT;
    struct member *m = NULL;
    const char *region = "";
    size_t n = 0, hits = 0;
    (void)state;
    assert_int_equal(parse_members(b.data, b.len, &a, &m, &n, &region, &err), 0);
    assert_int_equal(n, 3);
    assert_string_equal(region, "global");
    for (size_t i = 0; i < n; i++) {
        if (!str_eq(m[i].id, S1))
            continue;
        hits++;
        assert_string_equal(m[i].name, "s1.global");
        assert_string_equal(m[i].addr, "10.99.0.11");
        assert_string_equal(m[i].region, "global");
        assert_string_equal(m[i].build, "1.0.18");
        assert_int_equal(m[i].rpc_port, 4647);
        assert_int_equal(m[i].raft_protocol, 3);
        assert_int_equal(m[i].status, MEMBER_ALIVE);
    }
    assert_int_equal(hits, 1);
}

static void test_every_status_of_a_member(void **state)
{
    static const struct {
        const char *name;
        enum member_status want;
    } rows[] = {{"alive", MEMBER_ALIVE},   {"leaving", MEMBER_LEAVING}, {"left", MEMBER_LEFT},
                {"failed", MEMBER_FAILED}, {"none", MEMBER_NONE},       {"odd", MEMBER_UNKNOWN}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_arena struct arena a = ARENA_INIT;
        auto_buf struct buf b = BUF_INIT;
        struct err err = ERR_INIT;
        struct member *m = NULL;
        const char *region = "";
        size_t n = 0;
        buf_printf(&b,
                   "{\"Members\":[{\"Name\":\"x\",\"Status\":\"%s\",\"Tags\":{\"role\":\"nomad\"}},"
                   "{\"Name\":\"y\",\"Status\":\"alive\",\"Tags\":{\"role\":\"consul\"}}]}",
                   rows[i].name);
        assert_int_equal(parse_members(b.data, b.len, &a, &m, &n, &region, &err), 0);
        assert_int_equal(n, 1);
        assert_int_equal(m[0].status, rows[i].want);
        assert_string_equal(m[0].id, "");
        assert_int_equal(m[0].rpc_port, 0);
    }
}

static void test_a_server_of_itself(void **state)
{
    auto_arena struct arena a = ARENA_INIT;
    auto_buf struct buf b = body(RAFT3 "agent-self-server-leader.json");
    struct err err = ERR_INIT;
    struct self_answer s;
    (void)state;
    assert_int_equal(parse_self(b.data, b.len, &a, &s, &err), 0);
    assert_string_equal(s.raft_id, S1);
    assert_string_equal(s.rpc_addr, "10.99.0.11:4647");
    assert_string_equal(s.client_id, "");
    assert_string_equal(s.view.version, "1.0.18");
    assert_string_equal(s.view.raft_state, "Leader");
    assert_string_equal(s.view.self_region, "global");
    assert_int_equal(s.view.term, 7);
    assert_int_equal(s.view.last_log_index, 47);
    assert_int_equal(s.view.applied_index, 47);
    assert_int_equal(s.view.last_contact_ms, 0);
    assert_true(s.view.voter_known);
    assert_true(s.view.voter);
    assert_int_equal(s.view.leave_on_terminate, TRI_NO);
    assert_int_equal(s.view.acl_enabled, TRI_NO);
    assert_string_equal(s.view.running.datacenter, "dc1");
    assert_string_equal(s.view.running.name, "s1");
    assert_string_equal(s.view.running.data_dir, "/opt/nomad/data");
    assert_string_equal(s.view.running.bind_addr, "0.0.0.0");
    assert_string_equal(s.view.running.advertise_http, "10.99.0.11:4646");
    assert_string_equal(s.view.running.advertise_rpc, "10.99.0.11:4647");
    assert_int_equal(s.view.running.server, TRI_YES);
    assert_int_equal(s.view.running.client, TRI_NO);
    assert_int_equal(s.heartbeat_age_ms, -1);
}

static void test_a_client_of_itself(void **state)
{
    auto_arena struct arena a = ARENA_INIT;
    auto_buf struct buf b = body(RAFT3 "agent-self-client.json");
    struct err err = ERR_INIT;
    struct self_answer s;
    (void)state;
    assert_int_equal(parse_self(b.data, b.len, &a, &s, &err), 0);
    assert_string_equal(s.client_id, "686c2ce2-9f02-afd7-0d8e-02e529182e75");
    assert_string_equal(s.raft_id, "");
    assert_int_equal(s.heartbeat_age_ms, 10380);
    assert_int_equal(s.heartbeat_ttl_ms, 10803);
    assert_false(s.view.voter_known);
    assert_int_equal(s.view.last_contact_ms, -1);
    assert_string_equal(s.view.running.name, "c1");
    assert_int_equal(s.view.running.server, TRI_NO);
    assert_int_equal(s.view.running.client, TRI_YES);
}

/* The meaning of suffrage if the peer is a non-voter, or known only by its address. */
static void test_suffrage(void **state)
{
    static const struct {
        const char *configuration;
        bool known, voter;
    } rows[] = {
        {"[{Suffrage:Voter ID:me Address:10.0.0.1:4647}]", true, true},
        {"[{Suffrage:Nonvoter ID:me Address:10.0.0.1:4647}]", true, false},
        {"[{Suffrage:Voter ID:10.0.0.1:4647 Address:10.0.0.1:4647}]", true, true},
        {"[{Suffrage:Voter ID:mean Address:10.0.0.2:4647}]", true, false},
        {"[{Suffrage:Voter ID:x Address:10.0.0.9:4647} {Suffrage:Voter ID:me Address:a}]", true,
         true},
        {"[]", false, false},
        {"", false, false},
        {"[{Suffrage:Voter ID:me", false, false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_arena struct arena a = ARENA_INIT;
        auto_buf struct buf b = BUF_INIT;
        struct err err = ERR_INIT;
        struct self_answer s;
        buf_printf(
            &b,
            "{\"config\":{\"Version\":\"v0.8.1\"},\"member\":{\"Addr\":\"10.0.0.1\",\"Tags\":"
            "{\"id\":\"me\",\"port\":\"4647\"}},\"stats\":{\"raft\":{\"latest_configuration\":"
            "\"%s\",\"last_contact\":\"never\"}}}",
            rows[i].configuration);
        assert_int_equal(parse_self(b.data, b.len, &a, &s, &err), 0);
        assert_int_equal(s.view.voter_known, rows[i].known);
        assert_int_equal(s.view.voter, rows[i].voter);
        assert_string_equal(s.view.version, "0.8.1");
        assert_int_equal(s.view.last_contact_ms, -1);
    }
}

static void test_versions_as_objects(void **state)
{
    static const char *const rows[][2] = {
        {"{\"Version\":\"1.10.0\",\"VersionPrerelease\":\"rc.1\",\"VersionMetadata\":\"ent\"}",
         "1.10.0-rc.1+ent"},
        {"{\"Version\":\"2.0.5\",\"VersionPrerelease\":\"\",\"VersionMetadata\":null}", "2.0.5"},
        {"{\"Version\":7}", ""},
        {"\"0.9.1\"", "0.9.1"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_arena struct arena a = ARENA_INIT;
        auto_json struct json *j = NULL;
        struct err err = ERR_INIT;
        auto_buf struct buf b = BUF_INIT;
        buf_printf(&b, "[%s]", rows[i][0]);
        assert_int_equal(json_parse(b.data, b.len, 1000, &j, &err), 0);
        assert_string_equal(parse_version_object(&a, json_item(j, 0)), rows[i][1]);
    }
}

static void test_autopilot(void **state)
{
    auto_arena struct arena a = ARENA_INIT;
    auto_buf struct buf b = body(RAFT3 "autopilot-health.json");
    auto_buf struct buf old = body(MIXED "autopilot-health.json");
    struct err err = ERR_INIT;
    struct server_view v;
    (void)state;
    memset(&v, 0, sizeof(v));
    assert_int_equal(parse_autopilot(b.data, b.len, &a, &v, &err), 0);
    assert_true(v.healthy);
    assert_int_equal(v.failure_tolerance, 0);
    assert_int_equal(v.n_autopilot, 3);
    assert_true(v.autopilot[0].leader && v.autopilot[0].voter && v.autopilot[0].healthy);
    assert_string_equal(v.autopilot[2].id, S3);
    assert_false(v.autopilot[2].voter);
    /* raft protocol 2: a text, whatever its status */
    assert_int_equal(parse_autopilot(old.data, old.len, &a, &v, &err), -1);
    assert_true(v.healthy);
    const char *election = "{\"Healthy\":false,\"FailureTolerance\":0,\"Servers\":null}";
    assert_int_equal(parse_autopilot(election, strlen(election), &a, &v, &err), 0);
    assert_false(v.healthy);
    assert_int_equal(v.n_autopilot, 0);
    assert_int_equal(parse_autopilot("{}", 2, &a, &v, &err), -1);
}

static void test_raft_configuration(void **state)
{
    auto_arena struct arena a = ARENA_INIT;
    auto_buf struct buf b = body(RAFT3 "raft-configuration.json");
    struct err err = ERR_INIT;
    struct peer *p = NULL;
    size_t n = 0;
    (void)state;
    assert_int_equal(parse_raft(b.data, b.len, &a, &p, &n, &err), 0);
    assert_int_equal(n, 3);
    assert_string_equal(p[0].id, S1);
    assert_true(p[0].leader && p[0].voter);
    assert_string_equal(p[2].name, "s3.global");
    assert_false(p[2].voter);
}

static const struct node_told *named(const struct node_told *hosts, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(hosts[i].name, name))
            return &hosts[i];
    return NULL;
}

static void test_nodes(void **state)
{
    auto_arena struct arena a = ARENA_INIT;
    auto_buf struct buf b = body(MIXED "nodes.json");
    struct err err = ERR_INIT;
    autofree struct node_told *hosts = NULL;
    autofree struct node_told *none = NULL;
    size_t n = 0;
    (void)state;
    assert_int_equal(parse_nodes(b.data, b.len, &a, &hosts, &n, &err), 0);
    assert_int_equal(n, 2);
    const struct node_told *c1 = named(hosts, n, "c1"), *c2 = named(hosts, n, "c2");
    assert_non_null(c1);
    assert_non_null(c2);
    assert_string_equal(c1->client.version, "1.0.18");
    assert_string_equal(c2->client.version, "0.12.12");
    assert_string_equal(c2->addr, "10.99.0.15");
    assert_string_equal(c2->client.status, "ready");
    assert_true(c2->client.eligible);
    assert_false(c2->client.draining);
    for (size_t i = 0; i < c1->client.n_drivers; i++)
        assert_true(c1->client.drivers[i].detected); /* docker is not there: not kept */
    assert_true(c1->client.n_drivers > 0);
    assert_int_equal(parse_nodes("null", 4, &a, &none, &n, &err), -1);
    assert_int_equal(parse_nodes("[]", 2, &a, &none, &n, &err), 0);
    assert_int_equal(n, 0);
}

/* Parses a node that must be valid. True: it serves its API with TLS. */
static bool node_of(const char *text, struct arena *a, struct node_told *ret)
{
    struct err err = ERR_INIT;
    bool tls = false;
    if (parse_node(text, strlen(text), a, ret, &tls, &err) < 0)
        fail_msg("%s", err.text);
    return tls;
}

static void test_a_node(void **state)
{
    auto_arena struct arena a = ARENA_INIT;
    auto_buf struct buf b = body(RAFT3 "node.json");
    struct err err = ERR_INIT;
    struct node_told h;
    bool tls = node_of(buf_str(&b), &a, &h);
    (void)state;
    assert_string_equal(h.client.http_addr, "10.99.0.14:4646");
    assert_string_equal(h.addr, "10.99.0.14");
    assert_string_equal(h.client.version, "1.0.18");
    assert_int_equal(h.client.modify_index, 29);
    assert_string_equal(h.client.drain_meta_run, "");
    assert_false(tls);
    assert_int_equal(parse_node("node not found", 14, &a, &h, &tls, &err), -1);
}

static const char *feature(const struct node_told *h, enum feature_kind what, const char *key)
{
    for (size_t i = 0; i < h->client.n_features; i++)
        if (h->client.features[i].what == what && str_eq(h->client.features[i].key, key))
            return h->client.features[i].value;
    return NULL;
}

/* The node's fingerprint: everything that its record contains. */
static void test_features(void **state)
{
    auto_arena struct arena a = ARENA_INIT;
    auto_buf struct buf b = body(RAFT3 "node.json");
    struct node_told h;
    (void)state;
    (void)node_of(buf_str(&b), &a, &h);
    assert_string_equal(feature(&h, FEATURE_ID, ""), "686c2ce2-9f02-afd7-0d8e-02e529182e75");
    assert_string_equal(feature(&h, FEATURE_NAME, ""), "c1");
    assert_string_equal(feature(&h, FEATURE_DC, ""), "dc1");
    assert_string_equal(feature(&h, FEATURE_ELIGIBILITY, ""), "eligible");
    assert_string_equal(feature(&h, FEATURE_DRAIN, ""), "none");
    assert_string_equal(feature(&h, FEATURE_DRAINED, ""), "");
    assert_null(feature(&h, FEATURE_POOL, "")); /* before 1.6 */
    assert_string_equal(feature(&h, FEATURE_DRIVER, "exec"), "healthy");
    assert_null(feature(&h, FEATURE_DRIVER, "docker")); /* not there */
    assert_string_equal(feature(&h, FEATURE_ATTRIBUTE, "nomad.version"), "1.0.18");
    assert_string_equal(feature(&h, FEATURE_META, "connect.log_level"), "info");
    assert_non_null(feature(&h, FEATURE_NETWORK, "host"));
    assert_non_null(feature(&h, FEATURE_NETWORK, "host_network default"));
    assert_null(feature(&h, FEATURE_NETWORK, "bridge"));
    assert_false(h.client.drain_own);
}

/* Who last changed its eligibility: the messages of nomad/node_endpoint.go and state_store.go. */
static void test_marked(void **state)
{
    static const struct {
        const char *said;
        bool marked;
    } table[] = {
        {"[]", false},
        {"null", false},
        {"[{\"Message\":\"Node registered\"}]", false},
        {"[{\"Message\":\"Node marked as ineligible for scheduling\"}]", true},
        {"[{\"Message\":\"Node marked as ineligible for scheduling due to multiple plan "
         "rejections, refer to https://example.org\"},{\"Message\":\"Node heartbeat missed\"}]",
         true},
        {"[{\"Message\":\"Node marked as ineligible for scheduling\"},{\"Message\":\"Node marked "
         "as "
         "eligible for scheduling\"}]",
         false},
        {"[{\"Message\":\"Node marked as ineligible for scheduling\"},{\"Message\":\"Node drain "
         "strategy set\"},{\"Message\":\"Node drain complete\"}]",
         false},
        {"[{\"Message\":\"Node drain complete\"},{\"Message\":\"Node drain disabled\"},"
         "{\"Message\":\"Node marked as ineligible for scheduling\"}]",
         true},
        {"[7,{\"Message\":8}]", false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        auto_arena struct arena a = ARENA_INIT;
        char text[512];
        struct node_told h;
        snprintf(text, sizeof(text), "{\"ID\":\"n\",\"Events\":%s}", table[i].said);
        (void)node_of(text, &a, &h);
        assert_int_equal(h.client.marked, table[i].marked);
    }
}

/* Devices, and the networks that tasks may request: shapes of Nomad's source (structs.NodeDevice,
 * NodeNetworkResource); recordings contain only the host's own network. */
static void test_devices_and_networks(void **state)
{
    static const char text[] =
        "{\"ID\":\"n\",\"NodeResources\":{"
        "\"Devices\":[{\"Vendor\":\"nvidia\",\"Type\":\"gpu\",\"Name\":\"T4\",\"Instances\":["
        "{\"ID\":\"GPU-1\",\"Healthy\":true},{\"ID\":\"GPU-2\",\"Healthy\":false}]}],"
        "\"Networks\":[{\"Mode\":\"host\"},{\"Mode\":\"bridge\"},{\"Mode\":\"cni/mesh\"},"
        "{\"Mode\":\"host\"}],"
        "\"NodeNetworks\":[{\"Mode\":\"host\",\"Addresses\":[{\"Alias\":\"default\"},"
        "{\"Alias\":\"public\"},{\"Alias\":\"\"}]},{\"Mode\":\"bridge\",\"Addresses\":null}]}}";
    auto_arena struct arena a = ARENA_INIT;
    struct node_told h;
    (void)node_of(text, &a, &h);
    size_t networks = 0;
    (void)state;
    assert_string_equal(feature(&h, FEATURE_DEVICE, "nvidia/gpu/T4 GPU-1"), "healthy");
    assert_string_equal(feature(&h, FEATURE_DEVICE, "nvidia/gpu/T4 GPU-2"), "unhealthy");
    assert_non_null(feature(&h, FEATURE_NETWORK, "host"));
    assert_non_null(feature(&h, FEATURE_NETWORK, "bridge"));
    assert_non_null(feature(&h, FEATURE_NETWORK, "cni/mesh"));
    assert_non_null(feature(&h, FEATURE_NETWORK, "host_network public"));
    for (size_t i = 0; i < h.client.n_features; i++)
        networks += h.client.features[i].what == FEATURE_NETWORK;
    assert_int_equal(networks, 5);
}

/* A drain that a node requests when it stops, and volumes: shapes of Nomad's source
 * (client/drain.go, structs.ClientHostVolumeConfig); no recording contains them. */
static void test_drained_by_its_stop(void **state)
{
    static const char text[] =
        "{\"ID\":\"n\",\"NodePool\":\"default\",\"DrainStrategy\":{\"Deadline\":1},"
        "\"SchedulingEligibility\":\"ineligible\",\"LastDrain\":{\"StartedAt\":"
        "\"2026-11-29T20:00:00Z\",\"Status\":\"draining\",\"Meta\":{\"message\":\"shutting "
        "down\"}},\"HostVolumes\":{\"data\":{\"Name\":\"data\",\"Path\":\"/srv/data\","
        "\"ReadOnly\":true}},\"Attributes\":{\"odd\":7,\"\":\"x\"}}";
    auto_arena struct arena a = ARENA_INIT;
    struct node_told h;
    (void)node_of(text, &a, &h);
    (void)state;
    assert_true(h.client.drain_own);
    assert_string_equal(feature(&h, FEATURE_DRAIN, ""), "draining");
    assert_string_equal(feature(&h, FEATURE_DRAINED, ""), "2026-11-29T20:00:00Z");
    assert_string_equal(feature(&h, FEATURE_VOLUME, "data"), "/srv/data, read only");
    assert_string_equal(feature(&h, FEATURE_POOL, ""), "default");
    assert_string_equal(feature(&h, FEATURE_ATTRIBUTE, "odd"), ""); /* no text */
    assert_null(feature(&h, FEATURE_ATTRIBUTE, ""));
}

static void test_a_drain_of_ours(void **state)
{
    static const char text[] =
        "{\"ID\":\"n\",\"HTTPAddr\":\"[fd00::1]:4646\",\"TLSEnabled\":true,"
        "\"SchedulingEligibility\":\"ineligible\","
        "\"DrainStrategy\":{\"StartedAt\":\"2026-11-22T10:56:13.5Z\"},"
        "\"LastDrain\":{\"Status\":\"draining\",\"Meta\":{\"caravan_run\":\"ab12\"}}}";
    auto_arena struct arena a = ARENA_INIT;
    struct node_told h;
    bool tls = node_of(text, &a, &h);
    (void)state;
    assert_true(tls && h.client.draining && !h.client.eligible);
    assert_string_equal(h.addr, "fd00::1");
    assert_string_equal(h.client.drain_meta_run, "ab12");
}

static void test_allocations(void **state)
{
    auto_arena struct arena a = ARENA_INIT;
    auto_buf struct buf b = body(RAFT3 "node-allocations.json");
    struct err err = ERR_INIT;
    struct alloc_view *list = NULL;
    size_t n = 0;
    (void)state;
    assert_int_equal(parse_allocs(b.data, b.len, &a, &list, &n, &err), 0);
    assert_int_equal(n, 2);
    assert_string_equal(list[0].client_status, "running");
    assert_int_equal(list[0].started_ns, 1795344963670286110);
    assert_int_equal(list[0].n_starts, 1);
    assert_int_equal(list[0].starts[0], 1795344963670286110);
    assert_int_equal(list[0].restarts, 0);
    assert_false(list[0].system_job);
    assert_int_equal(parse_allocs("null", 4, &a, &list, &n, &err), 0);
    assert_int_equal(n, 0);
}

static void test_running_allocations_come_first(void **state)
{
    auto_arena struct arena a = ARENA_INIT;
    auto_buf struct buf b = BUF_INIT;
    struct err err = ERR_INIT;
    struct alloc_view *list = NULL;
    size_t n = 0;
    (void)state;
    buf_add_str(&b, "[");
    for (int i = 0; i < 2 * NOMAD_ALLOCS_MAX; i++)
        buf_printf(&b, "{\"ID\":\"a%d\",\"ClientStatus\":\"%s\",\"JobType\":\"system\"},", i,
                   i == 2 * NOMAD_ALLOCS_MAX - 1 ? "running" : "complete");
    b.data[b.len - 1] = ']';
    assert_int_equal(parse_allocs(b.data, b.len, &a, &list, &n, &err), 0);
    assert_int_equal(n, NOMAD_ALLOCS_MAX);
    assert_string_equal(list[0].client_status, "running");
    assert_true(list[0].system_job);
}

static void test_times(void **state)
{
    static const struct {
        const char *text;
        int64_t want;
    } rows[] = {
        {"1970-01-01T00:00:01Z", 1000000000},
        {"2026-11-22T10:56:03.67028611Z", 1795344963670286110},
        {"2026-11-22T11:56:03.67028611+01:00", 1795344963670286110},
        {"0001-01-01T00:00:00Z", 0},
        {"2026-13-22T10:56:03Z", 0},
        {"2026-11-22 10:56:03Z", 0},
        {"2026-11-22T10:56:03", 0},
        {"2026-11-22T10:56:03+1:00", 0},
        {"", 0},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(parse_time_ns(rows[i].text), rows[i].want);
    assert_int_equal(parse_time_ns(NULL), 0);
}

static void test_health(void **state)
{
    auto_buf struct buf client = body(RAFT3 "agent-health-client.json");
    struct err err = ERR_INIT;
    int well = 7;
    (void)state;
    assert_int_equal(parse_health(client.data, client.len, "client", &well, &err), 0);
    assert_int_equal(well, TRI_YES);
    assert_int_equal(parse_health(client.data, client.len, "server", &well, &err), 0);
    assert_int_equal(well, TRI_UNKNOWN);
    assert_int_equal(parse_health("{\"client\":{\"ok\":false}}", 23, "client", &well, &err), 0);
    assert_int_equal(well, TRI_NO);
    assert_int_equal(parse_health("Permission denied", 17, "client", &well, &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_leader_is_a_text),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_every_status_of_a_member),
        cmocka_unit_test(test_a_server_of_itself),
        cmocka_unit_test(test_a_client_of_itself),
        cmocka_unit_test(test_suffrage),
        cmocka_unit_test(test_versions_as_objects),
        cmocka_unit_test(test_autopilot),
        cmocka_unit_test(test_raft_configuration),
        cmocka_unit_test(test_nodes),
        cmocka_unit_test(test_a_node),
        cmocka_unit_test(test_features),
        cmocka_unit_test(test_marked),
        cmocka_unit_test(test_devices_and_networks),
        cmocka_unit_test(test_drained_by_its_stop),
        cmocka_unit_test(test_a_drain_of_ours),
        cmocka_unit_test(test_allocations),
        cmocka_unit_test(test_running_allocations_come_first),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_health),
    };
    return cmocka_run_group_tests_name("nomad_parse", tests, NULL, NULL);
}
