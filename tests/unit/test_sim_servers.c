/* The model's servers: elections, replication, eviction, transfer, autopilot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "sim_browse.h"
#include "sim_raft.h"
#include "sim_view.h"
#include "str.h"

#define NOW INT64_C(1795345000000)

static void form(struct sim_cluster *c, int servers, int clients, const char *version,
                 uint64_t seed)
{
    struct sim_timing t = sim_timing_of(SIM_REAL);
    sim_cluster_init(c, seed, NOW);
    sim_cluster_fleet(c, servers, clients, version, &t, 3);
    sim_cluster_run(c, NOW + 20000);
    assert_true(sim_cluster_leader(c) >= 0);
}

static const struct sim_raft_config *config(const struct sim_cluster *c, int i)
{
    return sim_state_config(&c->nodes[i].durable.state);
}

static void same_everywhere(const struct sim_cluster *c, int servers)
{
    const struct sim_state *a = &c->nodes[0].durable.state;
    for (int i = 1; i < servers; i++) {
        const struct sim_state *b = &c->nodes[i].durable.state;
        assert_int_equal(a->last_index, b->last_index);
        assert_int_equal(a->last_term, b->last_term);
        assert_int_equal(a->n, b->n);
        int x = a->head, y = b->head;
        for (; x >= 0 && y >= 0; x = a->slots[x].next, y = b->slots[y].next)
            assert_int_equal(a->slots[x].r.index, b->slots[y].r.index);
        assert_int_equal(x, y);
    }
}

static void servers_agree_on_one_leader(void **state)
{
    (void)state;
    static struct sim_cluster c;
    for (int servers = 1; servers <= 7; servers += 2) {
        form(&c, servers, 2, "1.10.5", 7 + (uint64_t)servers);
        struct sim_addr leader = sim_view_leader(&c.nodes[0]);
        assert_int_equal(leader.port, 4647);
        for (int i = 1; i < servers; i++)
            assert_true(sim_addr_eq(sim_view_leader(&c.nodes[i]), leader));
        assert_int_equal(sim_raft_voters(config(&c, 0)), servers);
        same_everywhere(&c, servers);
        sim_cluster_free(&c);
    }
}

static void without_a_quorum_reads_wait_and_fail(void **state)
{
    (void)state;
    static struct sim_cluster c;
    struct sim_page p;
    form(&c, 3, 1, "1.10.5", 11);
    int leader = sim_cluster_leader(&c), left = (leader + 1) % 3;
    sim_node_stop(&c.nodes[leader]);
    sim_node_stop(&c.nodes[(leader + 2) % 3]);
    sim_cluster_run(&c, c.now + 6000);
    int64_t asked = c.now;
    sim_browse(&c, left, NULL, "/v1/nodes", NULL, NULL, &p);
    assert_int_equal(p.answer.status, 500);
    assert_string_equal(sim_page_text(&p), "No cluster leader");
    assert_in_range(c.now - asked, 4900, 6000);
    sim_page_free(&p);
    asked = c.now;
    sim_browse(&c, left, NULL, "/v1/nodes?stale", NULL, NULL, &p);
    assert_int_equal(p.answer.status, 200);
    assert_false(p.answer.known_leader);
    assert_int_equal(json_len(p.json), 1);
    assert_int_equal(c.now, asked);
    sim_page_free(&p);
    sim_browse(&c, left, NULL, "/v1/status/leader?stale", NULL, NULL, &p);
    assert_string_equal(sim_page_text(&p), "\"\"");
    sim_page_free(&p);
    sim_cluster_free(&c);
}

static void one_that_was_away_catches_up(void **state)
{
    (void)state;
    static struct sim_cluster c;
    form(&c, 3, 6, "1.10.5", 13);
    int leader = sim_cluster_leader(&c), away = (leader + 1) % 3;
    sim_node_stop(&c.nodes[away]);
    for (int i = 0; i < 12; i++) {
        struct sim_write w = {.kind = SIM_WRITE_ELIGIBILITY, .on = i >= 6};
        w.id = c.nodes[3 + i % 6].durable.client_id;
        assert_true(sim_node_write(&c.nodes[leader], &w) != 0);
        sim_cluster_run(&c, c.now + 300);
        struct sim_written done;
        assert_int_equal(sim_node_written(&c.nodes[leader], c.nodes[leader].last_ticket, &done), 1);
        assert_int_equal(done.status, 200);
    }
    uint64_t behind = c.nodes[away].durable.state.last_index;
    sim_cluster_start(&c, away);
    sim_cluster_run(&c, c.now + 3000);
    assert_true(c.nodes[away].durable.state.last_index >= behind + 12);
    same_everywhere(&c, 3);
    sim_cluster_free(&c);
}

static int status_of(const struct sim_cluster *c, int seen_by, int who)
{
    const struct sim_serf *s = &c->nodes[seen_by].serf;
    for (int i = 0; i < s->n; i++)
        if (s->members[i].info.addr.ip == c->nodes[who].cfg.ip)
            return (int)s->members[i].status;
    return SIM_SERF_NONE;
}

static void a_dead_server_is_evicted_and_returns_as_non_voter(void **state)
{
    (void)state;
    static struct sim_cluster c;
    form(&c, 3, 0, "1.10.5", 17);
    int leader = sim_cluster_leader(&c), dead = (leader + 1) % 3, other = (leader + 2) % 3;
    sim_node_stop(&c.nodes[dead]);
    sim_cluster_run(&c, c.now + 29000);
    assert_int_equal(status_of(&c, leader, dead), SIM_ALIVE);
    assert_int_equal(status_of(&c, other, dead), SIM_ALIVE);
    sim_cluster_run(&c, c.now + 31000);
    assert_int_equal(status_of(&c, leader, dead), SIM_LEFT);
    assert_int_equal(status_of(&c, other, dead), SIM_LEFT);
    assert_int_equal(sim_raft_voters(config(&c, leader)), 2);
    sim_cluster_start(&c, dead);
    sim_cluster_run(&c, c.now + 2000);
    assert_int_equal(config(&c, leader)->n, 3);
    assert_int_equal(sim_raft_voters(config(&c, leader)), 2);
    sim_cluster_run(&c, c.now + 25000);
    assert_int_equal(sim_raft_voters(config(&c, dead)), 3);
    sim_cluster_free(&c);
}

/* leave_on_interrupt: a restart shrinks the configuration and grows it again. */
static void one_that_leaves_is_removed_at_once(void **state)
{
    (void)state;
    static struct sim_cluster c;
    for (int lead = 0; lead < 2; lead++) {
        form(&c, 3, 0, "1.10.5", 18);
        int leader = sim_cluster_leader(&c), gone = lead ? leader : (leader + 1) % 3;
        int other = (leader + 2) % 3;
        sim_node_leave(&c.nodes[gone], c.now);
        sim_cluster_run(&c, c.now + 700);
        assert_int_equal(status_of(&c, other, gone), SIM_LEAVING);
        sim_cluster_run(&c, c.now + 300);
        assert_int_equal(status_of(&c, other, gone), SIM_LEFT);
        assert_true(c.nodes[gone].running);
        sim_cluster_run(&c, c.now + (lead ? 4000 : 2000));
        assert_true(c.nodes[gone].exited);
        assert_int_equal(c.nodes[gone].exit_status, 0);
        leader = sim_cluster_leader(&c);
        assert_true(leader >= 0 && leader != gone);
        assert_int_equal(status_of(&c, leader, gone), SIM_LEFT);
        assert_int_equal(config(&c, leader)->n, 2);
        sim_cluster_start(&c, gone);
        sim_cluster_run(&c, c.now + 30000);
        assert_int_equal(sim_raft_voters(config(&c, leader)), 3);
        sim_cluster_free(&c);
    }
}

static void cleanup_can_be_switched_off(void **state)
{
    (void)state;
    static struct sim_cluster c;
    struct sim_page p;
    form(&c, 5, 0, "1.10.5", 19);
    int leader = sim_cluster_leader(&c), dead = (leader + 1) % 5, follower = (leader + 2) % 5;
    sim_browse(&c, follower, NULL, "/v1/operator/autopilot/configuration", NULL, NULL, &p);
    int64_t index = json_int(p.json, "ModifyIndex", 0);
    assert_string_equal(json_str(p.json, "LastContactThreshold", ""), "200ms");
    sim_page_free(&p);
    static const char off[] = "{\"CleanupDeadServers\":false,\"LastContactThreshold\":\"200ms\","
                              "\"MaxTrailingLogs\":250,\"ServerStabilizationTime\":\"10s\"}";
    char path[80];
    snprintf(path, sizeof(path), "/v1/operator/autopilot/configuration?cas=%lld",
             (long long)index + 1);
    sim_browse(&c, follower, "PUT", path, NULL, off, &p);
    assert_string_equal(sim_page_text(&p), "false");
    sim_page_free(&p);
    snprintf(path, sizeof(path), "/v1/operator/autopilot/configuration?cas=%lld", (long long)index);
    sim_browse(&c, follower, "PUT", path, NULL, off, &p);
    assert_string_equal(sim_page_text(&p), "true");
    sim_page_free(&p);
    sim_node_stop(&c.nodes[dead]);
    sim_cluster_run(&c, c.now + 90000);
    assert_int_equal(status_of(&c, leader, dead), SIM_FAILED);
    assert_int_equal(sim_raft_voters(config(&c, leader)), 5);
    sim_cluster_free(&c);
}

static void leadership_is_transferred_since_1_7(void **state)
{
    (void)state;
    static struct sim_cluster c;
    struct sim_page p;
    char path[120], id[SIM_UUID_TEXT];
    for (int old = 0; old < 2; old++) {
        form(&c, 3, 0, old ? "1.6.10" : "1.7.7", 23);
        int leader = sim_cluster_leader(&c), to = (leader + 1) % 3;
        sim_id_text(id, &c.nodes[to].durable.server_id);
        snprintf(path, sizeof(path), "/v1/operator/raft/transfer-leadership?id=%s", id);
        sim_browse(&c, (leader + 2) % 3, "PUT", path, NULL, NULL, &p);
        assert_int_equal(p.answer.status, old ? 404 : 200);
        int64_t asked = c.now;
        sim_cluster_run(&c, c.now + 300);
        assert_int_equal(sim_cluster_leader(&c), old ? leader : to);
        if (!old) {
            assert_false(json_bool(p.json, "Noop", true));
            assert_string_equal(json_str(json_get(p.json, "To"), "ID", ""), id);
            assert_true(c.nodes[to].raft.lead_since - asked < 100);
        }
        sim_page_free(&p);
        sim_browse(&c, to, "PUT", "/v1/operator/raft/transfer-leadership?id=nobody", NULL, NULL,
                   &p);
        assert_int_equal(p.answer.status, old ? 404 : 400);
        sim_page_free(&p);
        sim_cluster_free(&c);
    }
}

/* ---- servers come and go: as measured on 1.10.1 ---- */

static int ask(struct sim_cluster *c, int node, const char *method, const char *path)
{
    struct sim_page p;
    sim_browse(c, node, method, path, NULL, NULL, &p);
    int status = p.answer.status;
    sim_page_free(&p);
    return status;
}

static int remove_peer(struct sim_cluster *c, int node, int who)
{
    char path[120], id[SIM_UUID_TEXT];
    sim_id_text(id, &c->nodes[who].durable.server_id);
    snprintf(path, sizeof(path), "/v1/operator/raft/peer?id=%s", id);
    return ask(c, node, "DELETE", path);
}

static int force_leave(struct sim_cluster *c, int node, int who)
{
    char path[120];
    snprintf(path, sizeof(path), "/v1/agent/force-leave?node=%s.global", c->nodes[who].cfg.name);
    return ask(c, node, "PUT", path);
}

/* Starts a later server that knows where the first three are. Returns its index. */
static int start_later(struct sim_cluster *c, const char *name, uint8_t expect, bool joins)
{
    struct sim_config cfg = c->nodes[0].cfg;
    str_cut(cfg.name, sizeof(cfg.name), name);
    cfg.ip = c->nodes[0].cfg.ip + 8;
    cfg.expect = expect;
    cfg.n_join = 0;
    for (int i = 0; joins && i < 3; i++)
        cfg.join[cfg.n_join++] = sim_node_addr(&c->nodes[i]);
    int at = sim_cluster_add(c, &cfg);
    sim_cluster_start(c, at);
    return at;
}

static bool in_config(const struct sim_cluster *c, int leader, int who)
{
    return sim_raft_place(config(c, leader), sim_node_addr(&c->nodes[who])) >= 0;
}

static bool votes(const struct sim_cluster *c, int leader, int who)
{
    int place = sim_raft_place(config(c, leader), sim_node_addr(&c->nodes[who]));
    return place >= 0 && config(c, leader)->peers[place].voter;
}

/* The time until the condition is true; -1: it is not true within `most`. */
static int64_t until(struct sim_cluster *c, bool (*so)(const struct sim_cluster *, int, int),
                     int leader, int who, int64_t most)
{
    int64_t begun = c->now;
    while (!so(c, leader, who))
        if (c->now - begun >= most)
            return -1;
        else
            sim_cluster_run(c, c->now + 50);
    return c->now - begun;
}

static bool shown_as_voter(const struct sim_cluster *c, int leader, int who)
{
    const struct sim_health *h = &c->nodes[leader].autopilot.health;
    for (int i = 0; i < h->n; i++)
        if (sim_addr_eq(h->servers[i].addr, sim_node_addr(&c->nodes[who])))
            return h->servers[i].voter;
    return false;
}

static void a_new_server_joins_and_votes_later(void **state)
{
    (void)state;
    static struct sim_cluster c;
    form(&c, 3, 0, "1.10.5", 29);
    int leader = sim_cluster_leader(&c), fresh = start_later(&c, "s9", 0, true);
    sim_cluster_run(&c, c.now + 200);
    for (int i = 0; i < 3; i++)
        assert_int_equal(status_of(&c, i, fresh), SIM_ALIVE);
    assert_true(in_config(&c, leader, fresh));
    assert_in_range(until(&c, votes, leader, fresh, 60000), 10000, 21000);
    assert_in_range(until(&c, shown_as_voter, leader, fresh, 60000), 0, 3000);
    assert_int_equal(sim_raft_voters(config(&c, leader)), 4);
    sim_cluster_free(&c);
}

static void switch_cleanup_off(struct sim_cluster *c, int node)
{
    struct sim_page p;
    sim_browse(c, node, "PUT", "/v1/operator/autopilot/configuration", NULL,
               "{\"CleanupDeadServers\":false,\"LastContactThreshold\":\"200ms\","
               "\"MaxTrailingLogs\":250,\"ServerStabilizationTime\":\"10s\"}",
               &p);
    assert_int_equal(p.answer.status, 200);
    sim_page_free(&p);
}

/* Stops a follower. After this time its peer is removed, and after that time the member is made to
 * leave; 0: not done. */
static const struct {
    const char *what;
    int64_t removed_ms, forced_ms;
    enum sim_serf_status soon; /* half a second after the last action */
    bool voter_soon;
    enum sim_serf_status late; /* two minutes after */
    bool peer_late;
} departures[] = {
    {"nothing", 0, 0, SIM_ALIVE, true, SIM_FAILED, true},
    {"force-leave when it has failed", 0, 60000, SIM_LEFT, false, SIM_LEFT, false},
    {"force-leave at once", 0, 1000, SIM_LEAVING, true, SIM_LEFT, false},
    {"peer removed, then force-leave", 1000, 3000, SIM_LEAVING, false, SIM_LEFT, false},
    {"peer removed alone", 1000, 0, SIM_ALIVE, false, SIM_FAILED, false},
};

static void depart(struct sim_cluster *c, size_t row, int leader, int gone)
{
    int64_t stopped = c->now;
    sim_node_stop(&c->nodes[gone]);
    if (departures[row].removed_ms != 0) {
        sim_cluster_run(c, stopped + departures[row].removed_ms);
        assert_int_equal(remove_peer(c, leader, gone), 200);
    }
    if (departures[row].forced_ms != 0) {
        sim_cluster_run(c, stopped + departures[row].forced_ms);
        assert_int_equal(force_leave(c, leader, gone), 200);
    }
}

static void ways_to_depart(void **state)
{
    (void)state;
    static struct sim_cluster c;
    for (size_t i = 0; i < ARRAY_LEN(departures); i++) {
        form(&c, 3, 0, "1.10.5", 31);
        int leader = sim_cluster_leader(&c), gone = (leader + 1) % 3, other = (leader + 2) % 3;
        switch_cleanup_off(&c, leader);
        c.nodes[leader].raft.rejoin_due = INT64_MAX; /* else it may count as alive */
        depart(&c, i, leader, gone);
        sim_cluster_run(&c, c.now + 500);
        print_message("# %s\n", departures[i].what);
        assert_int_equal(status_of(&c, other, gone), departures[i].soon);
        assert_int_equal(votes(&c, leader, gone), departures[i].voter_soon);
        sim_cluster_run(&c, c.now + 120000);
        assert_int_equal(status_of(&c, other, gone), departures[i].late);
        assert_int_equal(in_config(&c, leader, gone), departures[i].peer_late);
        sim_cluster_start(&c, gone); /* it comes back with its old data */
        assert_in_range(until(&c, in_config, leader, gone, 60000), 0, 30000);
        sim_cluster_free(&c);
    }
}

static void a_living_server_cannot_be_made_to_leave(void **state)
{
    (void)state;
    static struct sim_cluster c;
    form(&c, 3, 0, "1.10.5", 37);
    int leader = sim_cluster_leader(&c), lives = (leader + 1) % 3, other = (leader + 2) % 3;
    assert_int_equal(force_leave(&c, other, lives), 200);
    sim_cluster_run(&c, c.now + 5);
    assert_int_equal(status_of(&c, other, lives), SIM_LEAVING);
    sim_cluster_run(&c, c.now + 2000);
    assert_int_equal(status_of(&c, other, lives), SIM_ALIVE);
    assert_true(votes(&c, leader, lives));
    assert_int_equal(ask(&c, leader, "PUT", "/v1/agent/force-leave?node=s1.global&prune=1"), 501);
    sim_cluster_free(&c);
}

static void a_removed_peer_that_lives_is_taken_back(void **state)
{
    (void)state;
    static struct sim_cluster c;
    form(&c, 3, 0, "1.10.5", 41);
    int leader = sim_cluster_leader(&c), lives = (leader + 1) % 3;
    const char *unknown = "/v1/operator/raft/peer?id=00000000-0000-0000-0000-0000000000aa";
    assert_int_equal(ask(&c, lives, "DELETE", "/v1/operator/raft/peer?address=127.0.0.11:4647"),
                     400);
    assert_int_equal(ask(&c, lives, "DELETE", unknown), 500);
    assert_int_equal(remove_peer(&c, lives, lives), 200);
    sim_cluster_run(&c, c.now + 100);
    assert_false(in_config(&c, leader, lives));
    assert_in_range(until(&c, in_config, leader, lives, 90000), 0, 60000);
    assert_in_range(until(&c, votes, leader, lives, 60000), 9000, 21000);
    assert_int_equal(sim_cluster_leader(&c), leader);
    sim_cluster_free(&c);
}

static void a_name_belongs_to_who_had_it(void **state)
{
    (void)state;
    static struct sim_cluster c;
    form(&c, 3, 0, "1.10.5", 43);
    int leader = sim_cluster_leader(&c), gone = (leader + 1) % 3;
    depart(&c, 1, leader, gone);
    sim_cluster_run(&c, c.now + 1000);
    int fresh = start_later(&c, c.nodes[gone].cfg.name, 0, true);
    sim_cluster_run(&c, c.now + 160000);
    assert_int_equal(status_of(&c, leader, fresh), SIM_SERF_NONE);
    assert_int_equal(status_of(&c, leader, gone), SIM_LEFT);
    assert_int_equal(c.nodes[fresh].serf.n, 1);
    assert_false(in_config(&c, leader, fresh));
    sim_cluster_free(&c);
}

static void one_that_reaches_nobody(void **state)
{
    (void)state;
    static struct sim_cluster c;
    struct sim_page p;
    form(&c, 3, 0, "1.10.5", 47);
    int fresh = start_later(&c, "s9", 0, false);
    sim_cluster_run(&c, c.now + 1000);
    assert_int_equal(c.nodes[fresh].serf.n, 1);
    int64_t asked = c.now;
    assert_int_equal(ask(&c, fresh, NULL, "/v1/agent/self"), 200);
    sim_browse(&c, fresh, NULL, "/v1/status/leader?stale", NULL, NULL, &p);
    assert_string_equal(sim_page_text(&p), "\"\"");
    sim_page_free(&p);
    assert_int_equal(c.now, asked);
    assert_int_equal(ask(&c, fresh, NULL, "/v1/agent/health"), 500);
    asked = c.now;
    assert_int_equal(ask(&c, fresh, NULL, "/v1/status/leader"), 500);
    assert_in_range(c.now - asked, 4900, 6000);
    sim_cluster_free(&c);
}

/* Can the server reach the others or not? */
static void bootstrap_expect_1_forms_a_cluster_of_its_own(void **state)
{
    (void)state;
    static struct sim_cluster c;
    for (int reaches = 0; reaches < 2; reaches++) {
        form(&c, 3, 0, "1.10.5", 53);
        int leader = sim_cluster_leader(&c), fresh = start_later(&c, "s9", 1, reaches);
        sim_cluster_run(&c, c.now + 100000);
        assert_int_equal(c.nodes[fresh].raft.role, SIM_LEADER);
        assert_int_equal(config(&c, fresh)->n, 1);
        assert_int_equal(config(&c, leader)->n, 3);
        assert_int_equal(c.nodes[leader].raft.role, SIM_LEADER);
        assert_int_equal(ask(&c, fresh, NULL, "/v1/agent/health"), 200);
        assert_int_equal(ask(&c, fresh, NULL, "/v1/operator/autopilot/health"), 200);
        assert_int_equal(c.nodes[fresh].autopilot.health.tolerance, 0);
        assert_int_equal(c.nodes[fresh].serf.n, reaches ? 4 : 1);
        sim_cluster_free(&c);
    }
}

/* ---- a bad network ---- */

struct trouble {
    uint64_t rng;
    int lose_percent;
    unsigned cut; /* the servers on the other side, by last number of the address */
};

static bool lose(void *ctx, const struct sim_message *m)
{
    struct trouble *t = ctx;
    bool a = (t->cut >> (m->from.ip & 31) & 1) != 0, b = (t->cut >> (m->to.ip & 31) & 1) != 0;
    return a != b || sim_between(&t->rng, 0, 100) < t->lose_percent;
}

static void one_leader(const struct sim_cluster *c, int servers)
{
    for (int i = 0; i < servers; i++)
        for (int k = i + 1; k < servers; k++)
            if (sim_raft_is_leader(&c->nodes[i]) && sim_raft_is_leader(&c->nodes[k]))
                assert_int_not_equal(c->nodes[i].durable.term, c->nodes[k].durable.term);
}

/* A write in progress: a token that nobody else writes, so that the test finds it again. */
struct promise {
    int node;
    uint32_t ticket;
    bool kept; /* acknowledged: it must never be lost */
    struct sim_id id;
};

#define PROMISES 60

static void promise(struct sim_cluster *c, struct trouble *t, struct promise *p)
{
    struct sim_write w = {.kind = SIM_WRITE_TOKEN};
    sim_id_random(&t->rng, &w.id);
    *p = (struct promise){.node = sim_cluster_leader(c), .id = w.id};
    if (p->node >= 0)
        p->ticket = sim_node_write(&c->nodes[p->node], &w);
}

static void listen(struct sim_cluster *c, struct promise *p)
{
    struct sim_written done;
    if (p->ticket == 0 || !c->nodes[p->node].running ||
        sim_node_written(&c->nodes[p->node], p->ticket, &done) == 0)
        return;
    p->kept = done.status == 200;
    p->ticket = 0;
}

static void one_bad_minute(struct sim_cluster *c, struct trouble *t, struct promise *promises)
{
    for (int i = 0; i < PROMISES; i++) {
        t->lose_percent = (int)sim_between(&t->rng, 0, 20);
        bool cut = sim_between(&t->rng, 0, 100) < 30;
        t->cut = cut ? (unsigned)sim_random(&t->rng) & 0x1fu << 11 : 0;
        int victim = (int)sim_between(&t->rng, 0, 30);
        for (int k = 0; k < i; k++)
            if (promises[k].node == victim)
                promises[k].ticket = 0; /* the state is lost with the process */
        if (victim < 5 && c->nodes[victim].running)
            sim_node_stop(&c->nodes[victim]);
        else if (victim < 5)
            sim_cluster_start(c, victim);
        promise(c, t, &promises[i]);
        for (int k = 0; k < 40; k++) {
            sim_cluster_run(c, c->now + 37);
            one_leader(c, 5);
            listen(c, &promises[i]);
        }
    }
}

static void a_bad_network_breaks_no_promise(void **state)
{
    (void)state;
    static struct sim_cluster c;
    unsigned elections = 0, kept = 0, lost = 0;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct trouble t = {.rng = seed};
        static struct promise promises[PROMISES];
        form(&c, 5, 0, "1.10.5", seed * 31);
        uint64_t term = c.nodes[0].durable.term;
        c.lose = lose;
        c.ctx = &t;
        one_bad_minute(&c, &t, promises);
        c.lose = NULL;
        for (int i = 0; i < 5; i++)
            if (!c.nodes[i].running)
                sim_cluster_start(&c, i);
        sim_cluster_run(&c, c.now + 60000);
        assert_true(sim_cluster_leader(&c) >= 0);
        same_everywhere(&c, 5);
        for (int i = 0; i < PROMISES; i++) {
            bool there =
                sim_state_find(&c.nodes[0].durable.state, SIM_REC_TOKEN, &promises[i].id) != NULL;
            kept += promises[i].kept;
            lost += promises[i].kept && !there;
        }
        elections += (unsigned)(c.nodes[0].durable.term - term);
        sim_cluster_free(&c);
    }
    print_message("# %u elections, %u writes acknowledged, %u of them lost\n", elections, kept,
                  lost);
    assert_true(elections > 100 && kept > 1000);
    assert_int_equal(lost, 0);
}

static void writes_of_a_deposed_leader_are_forgotten(void **state)
{
    (void)state;
    static struct sim_cluster c;
    struct trouble t = {.rng = 1};
    struct sim_written done;
    form(&c, 3, 1, "1.10.5", 29);
    int leader = sim_cluster_leader(&c);
    t.cut = 1u << (c.nodes[leader].cfg.ip & 31);
    c.lose = lose;
    c.ctx = &t;
    struct sim_write w = {.kind = SIM_WRITE_ELIGIBILITY, .id = c.nodes[3].durable.client_id};
    uint32_t ticket = sim_node_write(&c.nodes[leader], &w);
    assert_true(ticket != 0);
    sim_cluster_run(&c, c.now + 10000);
    assert_int_equal(sim_node_written(&c.nodes[leader], ticket, &done), 1);
    assert_int_equal(done.status, 500);
    int next = sim_cluster_leader(&c);
    assert_int_not_equal(next, leader);
    c.lose = NULL;
    sim_cluster_run(&c, c.now + 5000);
    same_everywhere(&c, 3);
    const struct sim_record *r =
        sim_state_find(&c.nodes[leader].durable.state, SIM_REC_NODE, &w.id);
    assert_true(r != NULL && r->u.node.eligible);
    sim_cluster_free(&c);
}

static void the_same_seed_gives_the_same_run(void **state)
{
    (void)state;
    static struct sim_cluster a, b;
    struct sim_timing t = sim_timing_of(SIM_SPARSE);
    struct sim_cluster *both[] = {&a, &b};
    for (int i = 0; i < 2; i++) {
        sim_cluster_init(both[i], 4711, NOW);
        sim_cluster_fleet(both[i], 3, 4, "1.10.5", &t, 3);
        sim_cluster_run(both[i], NOW + 30000);
        sim_node_stop(&both[i]->nodes[1]);
        sim_cluster_run(both[i], NOW + 120000);
    }
    assert_int_equal(a.events, b.events);
    assert_int_equal(a.sent, b.sent);
    assert_int_equal(a.rng, b.rng);
    for (int i = 0; i < a.n; i++)
        assert_int_equal(a.nodes[i].rng, b.nodes[i].rng);
    sim_cluster_free(&a);
    sim_cluster_free(&b);
}

static void times_jump_and_a_quiet_cluster_is_cheap(void **state)
{
    (void)state;
    static struct sim_cluster c;
    struct sim_timing t = sim_timing_of(SIM_SPARSE);
    uint64_t events = 0;
    for (uint64_t i = 0; i < 20; i++) {
        sim_cluster_init(&c, i + 1, NOW);
        sim_cluster_fleet(&c, 4, 5, "1.10.5", &t, 3);
        sim_cluster_run(&c, NOW + 300000);
        events += c.events;
        sim_cluster_free(&c);
    }
    print_message("# %llu events of a quiet cluster in five minutes\n",
                  (unsigned long long)events / 20);
    assert_true(events / 20 < 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(servers_agree_on_one_leader),
        cmocka_unit_test(without_a_quorum_reads_wait_and_fail),
        cmocka_unit_test(one_that_was_away_catches_up),
        cmocka_unit_test(a_dead_server_is_evicted_and_returns_as_non_voter),
        cmocka_unit_test(one_that_leaves_is_removed_at_once),
        cmocka_unit_test(cleanup_can_be_switched_off),
        cmocka_unit_test(leadership_is_transferred_since_1_7),
        cmocka_unit_test(a_new_server_joins_and_votes_later),
        cmocka_unit_test(ways_to_depart),
        cmocka_unit_test(a_living_server_cannot_be_made_to_leave),
        cmocka_unit_test(a_removed_peer_that_lives_is_taken_back),
        cmocka_unit_test(a_name_belongs_to_who_had_it),
        cmocka_unit_test(one_that_reaches_nobody),
        cmocka_unit_test(bootstrap_expect_1_forms_a_cluster_of_its_own),
        cmocka_unit_test(a_bad_network_breaks_no_promise),
        cmocka_unit_test(writes_of_a_deposed_leader_are_forgotten),
        cmocka_unit_test(the_same_seed_gives_the_same_run),
        cmocka_unit_test(times_jump_and_a_quiet_cluster_is_cheap),
    };
    return cmocka_run_group_tests_name("sim_servers", tests, NULL, NULL);
}
