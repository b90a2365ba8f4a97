/* The model's clients: registration, heartbeats, tasks, drains, pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "sim_browse.h"
#include "sim_fleet.h"
#include "sim_view.h"
#include "str.h"

#define NOW     INT64_C(1795345000000)
#define SERVERS 3
#define ON_DRAIN                                                                                   \
    "{\"DrainSpec\":{\"Deadline\":%lld,\"IgnoreSystemJobs\":false},\"Meta\":{\"run\":\"7\"}}"

static void form(struct sim_cluster *c, int clients, const char *version, uint64_t seed)
{
    struct sim_timing t = sim_timing_of(SIM_REAL);
    sim_cluster_init(c, seed, NOW);
    sim_cluster_fleet(c, SERVERS, clients, version, &t, 3);
    sim_cluster_run(c, NOW + 30000);
    assert_true(sim_cluster_leader(c) >= 0);
}

static const struct sim_node_record *record(const struct sim_cluster *c, int client)
{
    const struct sim_node *leader = &c->nodes[sim_cluster_leader(c)];
    const struct sim_record *r =
        sim_state_find(&leader->durable.state, SIM_REC_NODE, &c->nodes[client].durable.client_id);
    assert_non_null(r);
    return &r->u.node;
}

static int running_on(const struct sim_cluster *c, int client, bool wanted)
{
    const struct sim_node *leader = &c->nodes[sim_cluster_leader(c)];
    int slot = 0, n = 0;
    for (const struct sim_record *r; (r = sim_view_next(leader, SIM_REC_ALLOC, &slot)) != NULL;)
        n += sim_id_eq(&r->u.alloc.node, &c->nodes[client].durable.client_id) &&
             r->u.alloc.status == SIM_RUNNING && r->u.alloc.stop != wanted;
    return n;
}

static int running(const struct sim_cluster *c)
{
    int n = 0;
    for (int i = SERVERS; i < c->n; i++)
        n += running_on(c, i, true);
    return n;
}

static void node_path(const struct sim_cluster *c, int client, const char *end,
                      char path[static 120])
{
    char id[SIM_UUID_TEXT];
    sim_id_text(id, &c->nodes[client].durable.client_id);
    snprintf(path, 120, "/v1/node/%s%s", id, end);
}

static void new_clients_become_ready_and_run_tasks(void **state)
{
    (void)state;
    static struct sim_cluster c;
    form(&c, 4, "1.10.5", 3);
    for (int i = SERVERS; i < c.n; i++) {
        assert_int_equal(record(&c, i)->status, SIM_READY);
        assert_true(record(&c, i)->info.drivers_healthy);
        assert_int_equal(running_on(&c, i, true), 2);
    }
    sim_cluster_free(&c);
}

/* Seconds with the status `ready` and the old version, before the new version shows. Before 1.3.10:
 * initializing. */
static void a_restart_is_almost_invisible(void **state)
{
    (void)state;
    static const char *const versions[] = {"1.0.18", "1.3.9", "1.3.10", "1.4.4", "1.4.5", "1.10.5"};
    static const bool shows[] = {true, true, false, true, false, false};
    for (size_t v = 0; v < ARRAY_LEN(versions); v++) {
        static struct sim_cluster c;
        bool initializing = false, sick = false, wrong = false;
        form(&c, 2, versions[v], 5);
        struct sim_node_record before = *record(&c, SERVERS);
        int64_t started = c.nodes[SERVERS].durable.tasks[0].started_ms;
        sim_node_stop(&c.nodes[SERVERS]);
        str_cut(c.nodes[SERVERS].cfg.version, SIM_NAME, "9.9.9");
        sim_cluster_start(&c, SERVERS);
        int64_t at = c.now;
        while (c.now < at + 12000) {
            sim_cluster_run(&c, c.now + 20);
            const struct sim_node_record *r = record(&c, SERVERS);
            bool old = strcmp(r->info.version, versions[v]) == 0;
            wrong = wrong || (old && (r->status != SIM_READY || c.now > at + 8200)) ||
                    (!old && c.now < at + 7900);
            initializing = initializing || r->status == SIM_INITIALIZING;
            sick = sick || (!old && !r->info.drivers_healthy);
        }
        assert_false(wrong);
        assert_int_equal(initializing, shows[v]);
        assert_true(sick);
        const struct sim_node_record *r = record(&c, SERVERS);
        assert_int_equal(r->status, SIM_READY);
        assert_true(r->info.drivers_healthy);
        assert_true(r->status_ms > before.status_ms);
        assert_int_equal(c.nodes[SERVERS].durable.tasks[0].started_ms, started);
        assert_int_equal(running_on(&c, SERVERS, true), 2);
        sim_cluster_free(&c);
    }
}

static void a_dead_client_is_down_after_ttl_and_grace(void **state)
{
    (void)state;
    static struct sim_cluster c;
    int64_t least = INT64_MAX, most = 0;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        form(&c, 3, "1.10.5", seed);
        sim_cluster_run(&c, c.now + (int64_t)seed * 700);
        int64_t at = c.now;
        sim_node_stop(&c.nodes[SERVERS]);
        while (record(&c, SERVERS)->status != SIM_DOWN && c.now < at + 60000)
            sim_cluster_run(&c, c.now + 50);
        least = MIN_OF(least, c.now - at);
        most = MAX_OF(most, c.now - at);
        sim_cluster_run(&c, c.now + 2000);
        assert_int_equal(running(&c), 6); /* the allocations are on the other nodes */
        assert_int_equal(running_on(&c, SERVERS, true), 0);
        sim_cluster_start(&c, SERVERS);
        sim_cluster_run(&c, c.now + 12000);
        assert_int_equal(record(&c, SERVERS)->status, SIM_READY);
        assert_int_equal(c.nodes[SERVERS].durable.tasks[0].status, SIM_COMPLETE);
        assert_int_equal(running(&c), 6);
        sim_cluster_free(&c);
    }
    print_message("# down after %lld to %lld ms\n", (long long)least, (long long)most);
    assert_in_range(least, 10000, 20000);
    assert_in_range(most, 20000, 31000);
}

static void an_election_hides_dead_clients(void **state)
{
    (void)state;
    static struct sim_cluster c;
    form(&c, 2, "1.10.5", 41);
    int leader = sim_cluster_leader(&c);
    sim_node_stop(&c.nodes[SERVERS]);
    sim_node_stop(&c.nodes[leader]);
    sim_cluster_run(&c, c.now + 60000);
    assert_int_equal(record(&c, SERVERS)->status, SIM_READY);
    sim_cluster_run(&c, c.now + 250000);
    assert_int_equal(record(&c, SERVERS)->status, SIM_DOWN);
    sim_cluster_free(&c);
}

static void put_drain(struct sim_cluster *c, int client, int64_t deadline_ns)
{
    char path[120], body[200];
    struct sim_page p;
    node_path(c, client, "/drain", path);
    snprintf(body, sizeof(body), ON_DRAIN, (long long)deadline_ns);
    sim_browse(c, 0, "PUT", path, NULL, body, &p);
    assert_int_equal(p.answer.status, 200);
    assert_true(json_int(p.json, "NodeModifyIndex", 0) > 0);
    sim_page_free(&p);
}

static void a_drain_moves_one_at_a_time_and_stays_ineligible(void **state)
{
    (void)state;
    static struct sim_cluster c;
    struct sim_page p;
    char path[120];
    form(&c, 3, "1.10.5", 43);
    int64_t at = c.now, first = 0, second = 0;
    put_drain(&c, SERVERS, INT64_C(3600000000000));
    assert_true(record(&c, SERVERS)->draining);
    assert_false(record(&c, SERVERS)->eligible);
    node_path(&c, SERVERS, "/eligibility", path);
    sim_browse(&c, 1, "PUT", path, NULL, "{\"Eligibility\":\"eligible\"}", &p);
    assert_int_equal(p.answer.status, 500);
    assert_non_null(strstr(sim_page_text(&p), "can not set node's scheduling eligibility to "
                                              "eligible while it is draining"));
    sim_page_free(&p);
    while (record(&c, SERVERS)->draining && c.now < at + 60000) {
        sim_cluster_run(&c, c.now + 50);
        int left = running_on(&c, SERVERS, true);
        first = first == 0 && left < 2 ? c.now : first;
        second = second == 0 && left < 1 ? c.now : second;
    }
    assert_in_range(first - at, 6000, 9000);
    assert_in_range(second - first, 9000, 11500);
    assert_int_equal(running(&c), 6);
    node_path(&c, SERVERS, "", path);
    sim_browse(&c, 2, NULL, path, NULL, NULL, &p);
    assert_true(json_has(p.json, "LastDrain"));
    assert_false(json_has(p.json, "DrainStrategy"));
    const struct json *last = json_get(p.json, "LastDrain");
    assert_string_equal(json_str(last, "Status", ""), "complete");
    assert_string_equal(json_str(json_get(last, "Meta"), "run", ""), "7");
    assert_string_equal(json_str(p.json, "SchedulingEligibility", ""), "ineligible");
    sim_page_free(&p);
    node_path(&c, SERVERS, "/eligibility", path);
    sim_browse(&c, 1, "PUT", path, NULL, "{\"Eligibility\":\"eligible\"}", &p);
    assert_int_equal(p.answer.status, 200);
    sim_page_free(&p);
    sim_browse(&c, 1, "PUT", path, NULL, "{\"Eligibility\":\"eligible\"}", &p);
    assert_int_equal(json_int(p.json, "Index", -1), 0); /* nothing changed */
    sim_page_free(&p);
    assert_true(record(&c, SERVERS)->eligible);
    sim_cluster_free(&c);
}

static void a_drain_without_room_ends_at_its_deadline(void **state)
{
    (void)state;
    static struct sim_cluster c;
    form(&c, 1, "1.10.5", 47);
    put_drain(&c, SERVERS, INT64_C(20000000000));
    sim_cluster_run(&c, c.now + 19000);
    assert_true(record(&c, SERVERS)->draining);
    assert_int_equal(running_on(&c, SERVERS, true), 2);
    sim_cluster_run(&c, c.now + 3000);
    assert_false(record(&c, SERVERS)->draining);
    assert_int_equal(running(&c), 0);
    sim_cluster_free(&c);
}

static void deadline_0_waits_for_ever_and_minus_1_for_nothing(void **state)
{
    (void)state;
    static struct sim_cluster c;
    form(&c, 1, "1.10.5", 53);
    put_drain(&c, SERVERS, 0);
    sim_cluster_run(&c, c.now + 7200000);
    assert_true(record(&c, SERVERS)->draining);
    put_drain(&c, SERVERS, -1);
    sim_cluster_run(&c, c.now + 2000);
    assert_false(record(&c, SERVERS)->draining);
    sim_cluster_free(&c);
}

static void a_cancelled_drain_restores_eligibility_when_told(void **state)
{
    (void)state;
    static struct sim_cluster c;
    struct sim_page p;
    char path[120];
    form(&c, 2, "1.10.5", 59);
    for (int mark = 0; mark < 2; mark++) {
        put_drain(&c, SERVERS, 0);
        node_path(&c, SERVERS, "/drain", path);
        sim_browse(&c, 0, "PUT", path, NULL,
                   mark ? "{\"DrainSpec\":null,\"MarkEligible\":true}" : "{\"DrainSpec\":null}",
                   &p);
        assert_int_equal(p.answer.status, 200);
        sim_page_free(&p);
        assert_false(record(&c, SERVERS)->draining);
        assert_int_equal(record(&c, SERVERS)->eligible, mark);
        assert_int_equal(record(&c, SERVERS)->last_drain, SIM_DRAIN_CANCELED);
    }
    assert_int_equal(running(&c), 4);
    sim_cluster_free(&c);
}

static void nodes_come_in_pages_since_1_3(void **state)
{
    (void)state;
    static struct sim_cluster c;
    for (int old = 0; old < 2; old++) {
        struct sim_page p;
        char path[120] = "/v1/nodes?per_page=200", last[SIM_UUID_TEXT] = "";
        size_t seen = 0, pages = 0;
        form(&c, 0, old ? "1.2.16" : "1.3.0", 61);
        sim_fleet_crowd(&c.nodes[sim_cluster_leader(&c)], 1001, "1.3.0");
        sim_cluster_run(&c, c.now + 20000);
        do {
            sim_browse(&c, (sim_cluster_leader(&c) + 1) % 3, NULL, path, NULL, NULL, &p);
            assert_int_equal(p.answer.status, 200);
            for (size_t i = 0; i < json_len(p.json); i++) {
                const char *id = json_str(json_item(p.json, i), "ID", "");
                assert_true(strcmp(last, id) < 0);
                str_cut(last, sizeof(last), id);
            }
            seen += json_len(p.json);
            pages++;
            snprintf(path, sizeof(path), "/v1/nodes?per_page=200&next_token=%s",
                     p.answer.next_token);
            bool more = p.answer.next_token[0] != '\0';
            sim_page_free(&p);
            if (!more)
                break;
        } while (pages < 20);
        assert_int_equal(seen, 1001);
        assert_int_equal(pages, old ? 1 : 6);
        sim_cluster_free(&c);
    }
}

static void a_blocking_query_waits_for_a_change(void **state)
{
    (void)state;
    static struct sim_cluster c;
    struct sim_page p;
    char path[160];
    form(&c, 2, "1.10.5", 67);
    sim_browse(&c, 0, NULL, "/v1/nodes", NULL, NULL, &p);
    uint64_t index = p.answer.index;
    sim_page_free(&p);
    snprintf(path, sizeof(path), "/v1/nodes?index=%llu&wait=30s", (unsigned long long)index);
    int64_t at = c.now;
    sim_node_stop(&c.nodes[SERVERS]);
    sim_cluster_start(&c, SERVERS);
    sim_browse(&c, 0, NULL, path, NULL, NULL, &p);
    assert_in_range(c.now - at, 7900, 8300);
    assert_true(p.answer.index > index);
    sim_page_free(&p);
    sim_cluster_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_clients_become_ready_and_run_tasks),
        cmocka_unit_test(a_restart_is_almost_invisible),
        cmocka_unit_test(a_dead_client_is_down_after_ttl_and_grace),
        cmocka_unit_test(an_election_hides_dead_clients),
        cmocka_unit_test(a_drain_moves_one_at_a_time_and_stays_ineligible),
        cmocka_unit_test(a_drain_without_room_ends_at_its_deadline),
        cmocka_unit_test(deadline_0_waits_for_ever_and_minus_1_for_nothing),
        cmocka_unit_test(a_cancelled_drain_restores_eligibility_when_told),
        cmocka_unit_test(nodes_come_in_pages_since_1_3),
        cmocka_unit_test(a_blocking_query_waits_for_a_change),
    };
    return cmocka_run_group_tests_name("sim_clients", tests, NULL, NULL);
}
