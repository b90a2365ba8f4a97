/* What status calls well, and how texts from outside are shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "fleet_health.h"
#include "json.h"
#include "progress.h"
#include "str.h"
#include "table.h"
#include "world_dump.h"

static struct host server(const char *name, const char *raft_state, const char *version)
{
    return (struct host){
        .key = name,
        .name = name,
        .region = "global",
        .dc = "",
        .node_class = "",
        .node_pool = "",
        .addr = "10.0.0.1",
        .server_id = name,
        .node_id = "",
        .is_server = true,
        .server = {.leader_at = 1,
                   .has_leader = true,
                   .leader = "10.0.0.1:4647",
                   .self_at = 1,
                   .members_at = 1,
                   .version = version,
                   .raft_state = raft_state,
                   .voter_known = true,
                   .voter = true,
                   .build_date = "",
                   .self_region = "global"},
        .client = {.status = "", .version = "", .http_addr = "", .drain_meta_run = ""},
        .agent = {.enrolled = true,
                  .hello_at = 1,
                  .address = "",
                  .problem = "",
                  .program = "0.1.0",
                  .os = "linux",
                  .arch = "amd64",
                  .phase = PHASE_SETTLED,
                  .running = {{1}},
                  .disk = {{1}}},
    };
}

static struct host client(const char *name, const char *status, const char *version)
{
    struct host h = server(name, "", version);
    h.is_server = false;
    h.is_client = true;
    h.node_id = name;
    h.server_id = "";
    memset(&h.server, 0, sizeof h.server);
    h.server.version = h.server.leader = h.server.raft_state = "";
    h.client.list_at = 1;
    h.client.status = status;
    h.client.version = version;
    h.client.eligible = true;
    return h;
}

struct stage {
    struct host hosts[3];
    struct region regions[1];
    struct world w;
};

static void well(struct stage *s)
{
    memset(s, 0, sizeof *s);
    s->hosts[0] = server("s1", "Leader", "1.10.5");
    s->hosts[1] = server("s2", "Follower", "1.10.5");
    s->hosts[2] = client("c1", "ready", "1.10.5");
    s->regions[0] = (struct region){.name = "global", .denied = ""};
    s->w = (struct world){
        .hosts = s->hosts, .n_hosts = 3, .regions = s->regions, .n_regions = 1, .problem = ""};
}

static void test_all_is_well(void **state)
{
    struct stage s;
    struct fleet_health f;
    (void)state;
    well(&s);
    fleet_health(&s.w, &f);
    assert_true(f.equal);
    assert_string_equal(f.version, "1.10.5");
    assert_int_equal(f.servers, 2);
    assert_int_equal(f.clients, 1);
    assert_int_equal(f.unwell + f.agents_unwell + f.drifting, 0);
    assert_string_equal(f.regions, "");
}

static void expect(const struct stage *s, size_t unwell, size_t agents, size_t drift, bool equal,
                   bool region)
{
    struct fleet_health f;
    fleet_health(&s->w, &f);
    assert_int_equal(f.unwell, unwell);
    assert_int_equal(f.agents_unwell, agents);
    assert_int_equal(f.drifting, drift);
    assert_int_equal(f.equal, equal);
    assert_int_equal(f.regions[0] != '\0', region);
}

static void test_one_thing_wrong_at_a_time(void **state)
{
    struct stage s;
    (void)state;
    well(&s);
    s.hosts[1].server.voter = false;
    expect(&s, 1, 0, 0, true, false);
    well(&s);
    s.hosts[1].server.raft_state = "Candidate";
    expect(&s, 1, 0, 0, true, false);
    well(&s);
    s.hosts[1].server.leader = "10.0.0.2:4647";
    expect(&s, 0, 0, 0, true, true);
    well(&s);
    s.hosts[1].server.has_leader = false;
    expect(&s, 1, 0, 0, true, true);
    well(&s);
    s.hosts[0].server.autopilot_body = true; /* and not healthy */
    expect(&s, 0, 0, 0, true, true);
    well(&s);
    s.hosts[2].client.status = "down";
    expect(&s, 1, 0, 0, true, false);
    well(&s);
    s.hosts[2].client.list_at = 0;
    expect(&s, 1, 0, 0, false, false); /* unknown is not equal either */
    well(&s);
    s.hosts[2].client.version = "1.11.4";
    expect(&s, 0, 0, 0, false, false);
    well(&s);
    s.hosts[2].agent.hello_at = 0;
    expect(&s, 0, 1, 0, true, false);
    well(&s);
    s.hosts[2].agent.misplaced = true;
    expect(&s, 0, 1, 0, true, false);
    well(&s);
    s.hosts[2].agent.phase = PHASE_FAILED;
    expect(&s, 0, 1, 0, true, false);
    well(&s);
    s.hosts[2].agent.disk.bytes[0] = 2;
    expect(&s, 0, 0, 1, true, false);
    well(&s);
    memset(&s.hosts[2].agent.running, 0, DIGEST_LEN);
    expect(&s, 0, 0, 1, true, false);
    well(&s);
    s.regions[0].denied = "agent:read";
    expect(&s, 0, 0, 0, true, true);
}

static void test_an_empty_fleet_is_not_well(void **state)
{
    struct stage s;
    struct fleet_health f;
    (void)state;
    well(&s);
    s.w.n_hosts = 0;
    fleet_health(&s.w, &f);
    assert_true(f.regions[0] != '\0');
}

static void test_the_dump_is_json_with_ages(void **state)
{
    struct stage s;
    auto_buf struct buf text = BUF_INIT;
    auto_json struct json *back = NULL;
    struct err err = ERR_INIT;
    (void)state;
    well(&s);
    s.hosts[2].name = "c1\x1b[2J";
    auto_json struct json *o = world_dump(&s.w, 51);
    json_text(o, &text);
    assert_null(strchr(buf_str(&text), '\x1b'));
    assert_int_equal(json_parse(text.data, text.len, 1 << 20, &back, &err), 0);
    const struct json *host = json_item(json_get(back, "hosts"), 0);
    assert_int_equal(json_int(json_get(host, "server"), "self_age_ms", 0), 50);
    assert_int_equal(json_int(json_get(host, "server"), "autopilot_age_ms", 0), -1);
    assert_string_equal(json_str(host, "version", ""), "1.10.5");
}

static void test_a_table_shows_what_is_hostile(void **state)
{
    struct table t;
    char *text = NULL;
    size_t n = 0;
    (void)state;
    table_init(&t, (const char *[]){"A", "B"}, 2);
    table_row(&t, COLOR_RED, (const char *[]){"x\x1b]0;title\x07", NULL});
    table_row(&t, COLOR_NONE, (const char *[]){"long enough", "b"});
    FILE *out = open_memstream(&text, &n);
    table_print(&t, false, out);
    fclose(out);
    assert_null(strchr(text, '\x1b'));
    assert_null(strchr(text, '\x07'));
    assert_non_null(strstr(text, "long enough        b"));
    free(text);
    table_free(&t);
}

/* ---- changes of a run, each told once ---- */

struct told {
    size_t runs, hosts, waitings;
};

static void count(void *ctx, const struct change *c)
{
    struct told *t = ctx;
    t->runs += c->kind == CHANGE_RUN;
    t->hosts += c->kind == CHANGE_HOST;
    t->waitings += c->kind == CHANGE_WAITING;
}

static void test_changes_are_told_once(void **state)
{
    struct plan_host ph[2];
    struct ledger_host lh[2];
    struct plan plan = {.hosts = ph, .n_hosts = 2};
    autofree struct ledger *l = xzalloc(1, sizeof *l);
    autofree struct decision *d = xzalloc(1, sizeof *d);
    struct progress p;
    struct told t = {0, 0, 0};
    (void)state;
    memset(ph, 0, sizeof ph);
    memset(lh, 0, sizeof lh);
    l->hosts = lh;
    l->n_hosts = 2;
    l->state = RUN_STAGING;
    progress_init(&p, &plan, l, 0);
    progress_fold(&p, d, NULL, 1, count, &t);
    assert_int_equal(t.runs, 1);
    assert_int_equal(t.hosts, 0);
    lh[1].state = HOST_STAGED;
    d->n_waiting = 1;
    d->waiting[0].reason = REASON_GATE;
    str_cut(d->waiting[0].text, TEXT_MAX, "index 1 of 9");
    progress_fold(&p, d, NULL, 2, count, &t);
    str_cut(d->waiting[0].text, TEXT_MAX, "index 2 of 9");
    progress_fold(&p, d, NULL, 3, count, &t);
    assert_int_equal(t.runs, 1);
    assert_int_equal(t.hosts, 1);
    assert_int_equal(t.waitings, 1); /* other numbers are no news at once */
    progress_fold(&p, d, NULL, 3 + PROGRESS_REPEAT_MS, count, &t);
    assert_int_equal(t.waitings, 2);
    d->waiting[0].reason = REASON_SETTLING;
    progress_fold(&p, d, NULL, 4 + PROGRESS_REPEAT_MS, count, &t);
    assert_int_equal(t.waitings, 3);
    /* what is first known of a wait is no news for long, what comes next is, once */
    str_cut(d->waiting[0].text, TEXT_MAX, "s1 refuses the token (403)");
    progress_fold(&p, d, NULL, 5 + PROGRESS_REPEAT_MS, count, &t);
    assert_int_equal(t.waitings, 4);
    str_cut(d->waiting[0].text, TEXT_MAX, "s1 did not tell its state");
    progress_fold(&p, d, NULL, 6 + PROGRESS_REPEAT_MS, count, &t);
    assert_int_equal(t.waitings, 4);
    assert_int_equal(p.since[1], 2);
    progress_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_is_well),
        cmocka_unit_test(test_one_thing_wrong_at_a_time),
        cmocka_unit_test(test_an_empty_fleet_is_not_well),
        cmocka_unit_test(test_the_dump_is_json_with_ages),
        cmocka_unit_test(test_a_table_shows_what_is_hostile),
        cmocka_unit_test(test_changes_are_told_once),
    };
    return cmocka_run_group_tests_name("fleet_health", tests, NULL, NULL);
}
