/* Every fault of the table has the effect that its line describes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "sim_browse.h"
#include "sim_raft.h"
#include "sim_view.h"
#include "str.h"

#define NOW     INT64_C(1795345000000)
#define SERVERS 3
#define CLIENT  SERVERS

static struct sim_cluster c;

static void form(void)
{
    struct sim_timing t = sim_timing_of(SIM_REAL);
    sim_cluster_init(&c, 99, NOW);
    sim_cluster_fleet(&c, SERVERS, 2, "1.10.5", &t, 3);
    sim_cluster_run(&c, NOW + 30000);
    assert_true(sim_cluster_leader(&c) >= 0);
}

static int follower(void)
{
    return (sim_cluster_leader(&c) + 1) % SERVERS;
}

static void set(int node, const char *fault, int64_t value)
{
    struct err err = ERR_INIT;
    if (sim_faults_set(&c.nodes[node].faults, fault, value, &err) < 0)
        fail_msg("%s", err.text);
}

static void restart(int node, int64_t then_ms)
{
    sim_node_stop(&c.nodes[node]);
    sim_cluster_run(&c, c.now + 100);
    sim_cluster_start(&c, node);
    sim_cluster_run(&c, c.now + then_ms);
}

static int status(int node, const char *path)
{
    struct sim_page p;
    sim_browse(&c, node, NULL, path, NULL, NULL, &p);
    int s = p.answer.status;
    sim_page_free(&p);
    return s;
}

static int voters(void)
{
    return sim_raft_voters(sim_state_config(&c.nodes[sim_cluster_leader(&c)].durable.state));
}

static void will_not_start(void)
{
    int f = follower();
    set(f, "will-not-start", 1);
    restart(f, 1000);
    assert_true(c.nodes[f].exited);
    assert_int_equal(c.nodes[f].exit_status, 1);
    assert_false(c.nodes[f].running);
}

static void crash_after(void)
{
    int f = follower();
    set(f, "crash-after", 3000);
    restart(f, 2900);
    assert_true(sim_node_api(&c.nodes[f]));
    sim_cluster_run(&c, c.now + 200);
    assert_true(c.nodes[f].exited);
    assert_int_equal(c.nodes[f].exit_status, 2);
}

static void never_catches_up(void)
{
    int f = follower(), leader = sim_cluster_leader(&c);
    struct sim_page p;
    set(f, "never-catches-up", 1);
    restart(f, 3000);
    for (int i = 0; i < 10; i++) {
        struct sim_write w = {.kind = SIM_WRITE_ELIGIBILITY, .on = i % 2 == 1};
        w.id = c.nodes[CLIENT].durable.client_id;
        assert_true(sim_node_write(&c.nodes[leader], &w) != 0);
        sim_cluster_run(&c, c.now + 200);
    }
    struct sim_view_raft behind = sim_view_raft(&c.nodes[f]);
    struct sim_view_raft ahead = sim_view_raft(&c.nodes[leader]);
    assert_true(behind.last_index + 10 <= ahead.last_index);
    assert_true(behind.leader.ip != 0);
    sim_browse(&c, f, NULL, "/v1/agent/self", NULL, NULL, &p);
    assert_int_not_equal(
        strtoull(json_str(json_get(json_get(p.json, "stats"), "raft"), "last_log_index", ""), NULL,
                 10),
        ahead.last_index);
    sim_page_free(&p);
}

static void slow_restore(void)
{
    int f = follower();
    set(f, "slow-restore", 12000);
    restart(f, 11900);
    assert_false(sim_node_api(&c.nodes[f]));
    sim_cluster_run(&c, c.now + 500);
    assert_true(sim_node_api(&c.nodes[f]));
}

static void raft_deaf(void)
{
    int f = follower();
    set(f, "raft-deaf", 1);
    sim_cluster_run(&c, c.now + 20000);
    assert_int_equal(c.nodes[f].raft.leader.ip, 0);
    assert_int_equal(status(f, "/v1/operator/autopilot/health"), 500);
    assert_int_equal(status(sim_cluster_leader(&c), "/v1/operator/autopilot/health"), 429);
    set(f, "raft-deaf", 0);
    sim_cluster_run(&c, c.now + 20000);
    assert_true(c.nodes[f].raft.leader.ip != 0);
    assert_int_equal(status(sim_cluster_leader(&c), "/v1/operator/autopilot/health"), 200);
}

static void nonvoter_return(void)
{
    int f = follower();
    set(f, "nonvoter-return", 40000);
    restart(f, 3000);
    assert_int_equal(voters(), 2);
    sim_cluster_run(&c, c.now + 35000);
    assert_int_equal(voters(), 2);
    sim_cluster_run(&c, c.now + 20000);
    assert_int_equal(voters(), 3);
}

static void election_every(void)
{
    uint64_t term = c.nodes[0].durable.term;
    for (int i = 0; i < SERVERS; i++)
        set(i, "election-every", 5000);
    restart(sim_cluster_leader(&c), 60000);
    assert_true(c.nodes[0].durable.term > term + 5);
    assert_true(c.nodes[0].durable.term < term + 30);
}

static void autopilot_500(void)
{
    assert_int_equal(status(0, "/v1/operator/autopilot/health"), 200);
    set(0, "autopilot-500", 1);
    assert_int_equal(status(0, "/v1/operator/autopilot/health"), 500);
    assert_int_equal(status(1, "/v1/operator/autopilot/health"), 200);
}

static void autopilot_429(void)
{
    struct sim_page p;
    set(0, "autopilot-429", 1);
    sim_browse(&c, 0, NULL, "/v1/operator/autopilot/health", NULL, NULL, &p);
    assert_int_equal(p.answer.status, 429);
    assert_int_equal(json_len(json_get(p.json, "Servers")), 3);
    assert_false(json_bool(p.json, "Healthy", true));
    sim_page_free(&p);
}

static void autopilot_null(void)
{
    struct sim_page p;
    set(0, "autopilot-null", 1);
    sim_browse(&c, 0, NULL, "/v1/operator/autopilot/health", NULL, NULL, &p);
    assert_int_equal(p.answer.status, 429);
    assert_non_null(strstr(sim_page_text(&p), "\"Servers\":null"));
    sim_page_free(&p);
}

static int shown_as(int by, int who)
{
    struct sim_view_member m[SIM_MEMBERS_MAX];
    int n = sim_view_members(&c.nodes[by], m);
    for (int i = 0; i < n; i++)
        if (m[i].info.addr.ip == c.nodes[who].cfg.ip)
            return (int)m[i].status;
    return -1;
}

static void stale_alive(void)
{
    int leader = sim_cluster_leader(&c), by = (leader + 1) % 3, dead = (leader + 2) % 3;
    set(by, "stale-alive", 120000);
    sim_node_stop(&c.nodes[dead]);
    sim_cluster_run(&c, c.now + 70000);
    assert_int_not_equal(shown_as(leader, dead), SIM_ALIVE);
    assert_int_equal(shown_as(by, dead), SIM_ALIVE);
}

static void disagree_members(void)
{
    int failed = 0;
    set(0, "disagree-members", 1);
    for (int i = 0; i < SERVERS; i++) {
        failed += shown_as(0, i) == SIM_FAILED;
        assert_int_equal(shown_as(1, i), SIM_ALIVE);
    }
    assert_int_equal(failed, 1);
}

static void ghost_peer(void)
{
    struct sim_page p;
    set(0, "ghost-peer", 1);
    sim_browse(&c, 0, NULL, "/v1/operator/raft/configuration", NULL, NULL, &p);
    assert_int_equal(p.answer.status, 200);
    assert_non_null(strstr(sim_page_text(&p), "\"Node\":\"(unknown)\""));
    sim_page_free(&p);
}

static void late_register(void)
{
    set(CLIENT, "late-register", 20000);
    restart(CLIENT, 10000);
    assert_true(sim_node_api(&c.nodes[CLIENT]));
    assert_false(c.nodes[CLIENT].client.registered);
    sim_cluster_run(&c, c.now + 20000);
    assert_true(c.nodes[CLIENT].client.registered);
}

static void lose_tasks(void)
{
    struct sim_task before = c.nodes[CLIENT].durable.tasks[0];
    restart(CLIENT, 10000);
    assert_int_equal(c.nodes[CLIENT].durable.tasks[0].started_ms, before.started_ms);
    set(CLIENT, "lose-tasks", 1);
    restart(CLIENT, 10000);
    const struct sim_node *leader = &c.nodes[sim_cluster_leader(&c)];
    const struct sim_record *r =
        sim_state_find(&leader->durable.state, SIM_REC_ALLOC, &before.alloc);
    assert_non_null(r);
    assert_int_equal(r->u.alloc.restarts, before.restarts + 1);
    assert_true(r->u.alloc.started_ms > before.started_ms);
}

static void drain_hangs(void)
{
    char path[120], id[SIM_UUID_TEXT];
    struct sim_page p;
    set(CLIENT, "drain-hangs", 1);
    sim_id_text(id, &c.nodes[CLIENT].durable.client_id);
    snprintf(path, sizeof(path), "/v1/node/%s/drain", id);
    sim_browse(&c, 0, "PUT", path, NULL, "{\"DrainSpec\":{\"Deadline\":90000000000}}", &p);
    assert_int_equal(p.answer.status, 200);
    sim_page_free(&p);
    const struct sim_state *s = &c.nodes[sim_cluster_leader(&c)].durable.state;
    const struct sim_id *client = &c.nodes[CLIENT].durable.client_id;
    sim_cluster_run(&c, c.now + 85000);
    assert_true(sim_state_find(s, SIM_REC_NODE, client)->u.node.draining);
    sim_cluster_run(&c, c.now + 8000);
    assert_false(sim_state_find(s, SIM_REC_NODE, client)->u.node.draining);
}

static void lose_state(void)
{
    struct sim_page p;
    int f = follower();
    set(f, "lose-state", 1);
    restart(f, 8000);
    sim_browse(&c, f, NULL, "/v1/nodes?stale", NULL, NULL, &p);
    assert_int_equal(json_len(p.json), 0);
    sim_page_free(&p);
    sim_browse(&c, f, NULL, "/v1/nodes", NULL, NULL, &p);
    assert_int_equal(p.answer.status, 200);
    sim_page_free(&p);
    sim_browse(&c, sim_cluster_leader(&c), NULL, "/v1/nodes", NULL, NULL, &p);
    assert_int_equal(json_len(p.json), 2);
    sim_page_free(&p);
    assert_int_equal(status(f, "/v1/operator/autopilot/health"), 200); /* raft is healthy */
}

static void api_500_for(void)
{
    int f = follower();
    set(f, "api-500-for", 5000);
    restart(f, 4900);
    assert_int_equal(status(f, "/v1/agent/self"), 500);
    sim_cluster_run(&c, c.now + 300);
    assert_int_equal(status(f, "/v1/agent/self"), 200);
}

static void hang(void)
{
    set(0, "hang", 1);
    assert_int_equal(status(0, "/v1/agent/health"), 0); /* the request gave up after a minute */
}

static void drivers_sick(void)
{
    struct sim_page p;
    set(CLIENT, "drivers-sick", 1);
    restart(CLIENT, 30000);
    const struct sim_node *leader = &c.nodes[sim_cluster_leader(&c)];
    const struct sim_record *r =
        sim_state_find(&leader->durable.state, SIM_REC_NODE, &c.nodes[CLIENT].durable.client_id);
    assert_int_equal(r->u.node.status, SIM_READY);
    sim_browse(&c, 0, NULL, "/v1/nodes", NULL, NULL, &p);
    for (size_t i = 0; i < json_len(p.json); i++) {
        const struct json *n = json_item(p.json, i);
        bool sick = str_eq(json_str(n, "Name", ""), c.nodes[CLIENT].cfg.name);
        assert_int_equal(json_bool(json_get(json_get(n, "Drivers"), "raw_exec"), "Healthy", sick),
                         !sick);
    }
    sim_page_free(&p);
}

/* The client's record after a restart; the first registration shows none of the faults. */
static const struct sim_node_record *restarted(const char *fault, int64_t value, int64_t ms)
{
    set(CLIENT, fault, value);
    restart(CLIENT, ms);
    const struct sim_state *s = &c.nodes[sim_cluster_leader(&c)].durable.state;
    return &sim_state_find(s, SIM_REC_NODE, &c.nodes[CLIENT].durable.client_id)->u.node;
}

static bool has_attribute(const char *key)
{
    char path[120], id[SIM_UUID_TEXT];
    struct sim_page p;

    sim_id_text(id, &c.nodes[CLIENT].durable.client_id);
    snprintf(path, sizeof(path), "/v1/node/%s", id);
    sim_browse(&c, 0, NULL, path, NULL, NULL, &p);
    bool has = json_get(json_get(p.json, "Attributes"), key) != NULL;
    sim_page_free(&p);
    return has;
}

static void attributes_lost(void)
{
    assert_true(has_attribute("os.version"));
    assert_true(restarted("attributes-lost", 1, 60000)->info.bare);
    assert_false(has_attribute("os.version"));
    assert_true(has_attribute("os.name"));
}

static void attributes_late(void)
{
    assert_true(restarted("attributes-late", 40000, 30000)->info.bare);
    sim_cluster_run(&c, c.now + 30000);
    assert_true(has_attribute("os.version"));
}

static void other_class(void)
{
    assert_string_equal(restarted("other-class", 1, 30000)->info.node_class, "other");
}

static void ineligible(void)
{
    assert_false(restarted("ineligible", 1, 30000)->eligible);
}

static void drained_by_stop(void)
{
    const struct sim_node_record *r = restarted("drained-by-stop", 1, 30000);
    assert_false(r->eligible);
    assert_int_not_equal(r->last_drain, SIM_DRAIN_NEVER);
    assert_non_null(strstr(r->drain.meta, "shutting down"));
}

static void snapshot_cut(void)
{
    for (int on = 0; on < 2; on++) {
        struct sim_page p;
        set(0, "snapshot-cut", on);
        sim_browse(&c, 0, NULL, "/v1/operator/snapshot?stale", NULL, NULL, &p);
        assert_int_equal(p.answer.status, 200);
        assert_true(p.answer.digest);
        assert_int_equal(p.answer.cut, on);
        sim_page_free(&p);
    }
}

static void token_expired(void)
{
    struct sim_page p;
    c.nodes[0].cfg.acl = true;
    set(0, "token-expired", 1);
    sim_browse(&c, 0, NULL, "/v1/nodes", "11111111-2222-3333-4444-555555555555", NULL, &p);
    assert_int_equal(p.answer.status, 403);
    assert_string_equal(sim_page_text(&p), "ACL token expired");
    sim_page_free(&p);
    assert_int_equal(status(0, "/v1/status/leader?stale"), 200);
}

/* tests/sim/standin.test covers these: the model has neither configuration nor log. */
static void seen_elsewhere(void)
{
}

struct check {
    const char *fault;
    void (*run)(void);
};

static const struct check checks[] = {
    {"will-not-start", will_not_start},
    {"crash-after", crash_after},
    {"never-catches-up", never_catches_up},
    {"slow-restore", slow_restore},
    {"raft-deaf", raft_deaf},
    {"nonvoter-return", nonvoter_return},
    {"election-every", election_every},
    {"autopilot-500", autopilot_500},
    {"autopilot-429", autopilot_429},
    {"autopilot-null", autopilot_null},
    {"stale-alive", stale_alive},
    {"disagree-members", disagree_members},
    {"ghost-peer", ghost_peer},
    {"late-register", late_register},
    {"lose-tasks", lose_tasks},
    {"drain-hangs", drain_hangs},
    {"lose-state", lose_state},
    {"api-500-for", api_500_for},
    {"hang", hang},
    {"drivers-sick", drivers_sick},
    {"token-expired", token_expired},
    {"snapshot-cut", snapshot_cut},
    {"log-warn", seen_elsewhere},
    {"log-fatal", seen_elsewhere},
    {"reject-config", seen_elsewhere},
    {"rpc-mute", seen_elsewhere},
    {"attributes-lost", attributes_lost},
    {"attributes-late", attributes_late},
    {"other-class", other_class},
    {"ineligible", ineligible},
    {"drained-by-stop", drained_by_stop},
};

static void every_fault_has_its_check(void **state)
{
    (void)state;
    for (size_t i = 0; i < sim_fault_count; i++) {
        bool found = false;
        for (size_t k = 0; k < ARRAY_LEN(checks); k++)
            found = found || str_eq(checks[k].fault, sim_fault_rows[i].name);
        if (!found)
            fail_msg("no check for the fault %s", sim_fault_rows[i].name);
    }
    assert_int_equal(sim_fault_count, ARRAY_LEN(checks));
}

static void check_fault(void **state)
{
    const struct check *check = *state;
    form();
    check->run();
    sim_cluster_free(&c);
}

static void unknown_faults_are_refused(void **state)
{
    (void)state;
    struct sim_faults f = {0};
    struct err err = ERR_INIT;
    assert_int_equal(sim_faults_set(&f, "no-such-fault", 1, &err), -1);
    assert_int_equal(err.kind, ERR_CONFIG);
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(checks) + 2] = {
        cmocka_unit_test(every_fault_has_its_check),
        cmocka_unit_test(unknown_faults_are_refused),
    };
    for (size_t i = 0; i < ARRAY_LEN(checks); i++)
        tests[i + 2] = (struct CMUnitTest){.name = checks[i].fault,
                                           .test_func = check_fault,
                                           .initial_state = (void *)(uintptr_t)&checks[i]};
    return cmocka_run_group_tests_name("sim_faults", tests, NULL, NULL);
}
