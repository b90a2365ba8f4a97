#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "plan.h"
#include "plan_make.h"
#include "small_fleet.h"

static struct small_fleet *fleet(void)
{
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    small_fleet_init(f);
    return f;
}

static void make(struct small_fleet *f)
{
    struct err err = ERR_INIT;
    if (plan_make(&f->w, &f->survey, &f->release, &f->policy, built_in(), &f->plan, &err) < 0)
        fail_msg("%s", err.text);
}

static void done(struct small_fleet *f)
{
    plan_free(&f->plan);
    free(f);
}

static void test_order(void **state)
{
    static const char *const order[] = {"s2", "s3", "s1", "c1", "c2"};
    struct small_fleet *f = fleet();
    (void)state;
    make(f);
    assert_int_equal(f->plan.n_hosts, 5);
    assert_int_equal(f->plan.n_servers, 3);
    assert_int_equal(f->plan.n_todo, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(f->plan.hosts[i].name, order[i]);
    assert_true(f->plan.hosts[2].leader);
    assert_true(f->plan.hosts[3].canary);
    assert_false(f->plan.hosts[4].canary);
    assert_true(f->plan.transfer);
    assert_int_equal(f->plan.regions[0].voters, 3);
    assert_int_equal(f->plan.server_on_not_ready, ON_REVERT);
    done(f);
}

/* When leadership moves, the forecast changes. */
static void test_leader_moved(void **state)
{
    struct small_fleet *f = fleet();
    (void)state;
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->hosts[i].server.leader = "10.0.0.2:4647";
    make(f);
    assert_string_equal(f->plan.hosts[2].name, "s2");
    done(f);
}

/* The size of a client has no meaning. */
static const struct fact_view raft_sizes[] = {{"raft-size", TRI_YES, "3500000000"},
                                              {"raft-size", TRI_YES, "100000000"},
                                              {"raft-size", TRI_YES, "99999999999999"},
                                              {"raft-size", TRI_YES, "3500000000"}};

/* The deadline uses half of the measured speed, in addition to the policy's deadline, however
 * short that is. It is never above what an order may ask for. */
static void test_large_raft_state(void **state)
{
    struct small_fleet *f = fleet();
    auto_buf struct buf text = BUF_INIT;
    struct plan back;
    struct err err = ERR_INIT;
    int64_t usual;
    (void)state;
    make(f);
    usual = f->plan.forecast_ms;
    assert_int_equal(plan_longest_server_ms(&f->plan), f->policy.server_deadline_ms);
    plan_free(&f->plan);
    for (size_t i = 0; i < ARRAY_LEN(raft_sizes); i++) {
        f->hosts[i].agent.facts = &raft_sizes[i];
        f->hosts[i].agent.n_facts = 1;
    }
    make(f);
    assert_int_equal(plan_ready_ms(&f->plan, &f->plan.hosts[0]), f->policy.server_deadline_ms);
    assert_int_equal(plan_ready_ms(&f->plan, &f->plan.hosts[1]), 4 * 60 * 60 * 1000);
    assert_int_equal(plan_ready_ms(&f->plan, &f->plan.hosts[2]), 600000 + 3337860);
    assert_int_equal(plan_ready_ms(&f->plan, &f->plan.hosts[3]), f->policy.client_deadline_ms);
    assert_int_equal(plan_longest_server_ms(&f->plan), 4 * 60 * 60 * 1000);
    assert_true(f->plan.forecast_ms > usual + 3337860 / 2);
    plan_text(&f->plan, &text);
    assert_int_equal(plan_read(buf_str(&text), text.len, built_in(), &back, &err), 0);
    assert_int_equal(plan_ready_ms(&back, &back.hosts[2]), 600000 + 3337860);
    assert_int_equal(plan_ready_ms(&back, &back.hosts[0]), f->policy.server_deadline_ms);
    assert_memory_equal(&back.digest, &f->plan.digest, sizeof(back.digest));
    plan_free(&back);
    done(f);
}

/* The forecast follows what the plan does: each part adds its own time, and no deadline counts. */
static void test_forecast(void **state)
{
    struct small_fleet *f = fleet();
    int64_t all, servers;
    (void)state;
    f->policy.settle_ms = 2000;
    f->policy.hold_ms = 5000;
    f->policy.soak_ms = 3000;
    make(f);
    all = f->plan.forecast_ms;
    plan_free(&f->plan);
    /* 3 servers and 2 clients: each holds and settles; the first and the leader settle once more.
     */
    assert_true(all > 5 * (5000 + 2000) + 2 * 2000 + 3000);
    assert_true(all < 5 * (5000 + 2000) + 2 * 2000 + 3000 + 25000);
    f->policy.server_deadline_ms *= 2;
    f->policy.client_deadline_ms *= 2;
    make(f);
    assert_int_equal(f->plan.forecast_ms, all);
    plan_free(&f->plan);
    f->policy.soak_ms += 60000;
    make(f);
    assert_int_equal(f->plan.forecast_ms, all + 60000);
    plan_free(&f->plan);
    f->policy.canary = 0; /* then there is no soak */
    make(f);
    assert_int_equal(f->plan.forecast_ms, all - 3000);
    plan_free(&f->plan);
    f->policy.parallel = 2; /* both clients in one turn */
    make(f);
    assert_true(f->plan.forecast_ms < all - 3000 - 7000);
    plan_free(&f->plan);
    f->policy.filter.servers = true;
    make(f);
    servers = f->plan.forecast_ms;
    plan_free(&f->plan);
    f->hosts[0].agent.work.silence_ms = 9000; /* the last time */
    make(f);
    assert_true(f->plan.forecast_ms > servers + 8000);
    plan_free(&f->plan);
    f->release.builds[0].size = 1000000000;
    make(f);
    assert_true(f->plan.forecast_ms > servers + 8000 + 29000);
    done(f);
}

/* Nothing is restarted: the forecast is one fetch, whatever the policy says about restarts. */
static void test_forecast_of_stage(void **state)
{
    struct small_fleet *f = fleet();
    int64_t staged;
    (void)state;
    f->policy.stage_only = true;
    make(f);
    staged = f->plan.forecast_ms;
    plan_free(&f->plan);
    f->policy.soak_ms += 60000;
    f->policy.settle_ms += 60000;
    make(f);
    assert_int_equal(f->plan.forecast_ms, staged);
    done(f);
}

/* A region that could not be asked comes after a reason that was seen. */
static void test_refused_by_what_was_seen(void **state)
{
    static const struct {
        enum severity first, second;
        enum tri first_seen, second_seen;
        size_t told;
    } table[] = {
        {SEVERITY_HARD, SEVERITY_HARD, TRI_UNKNOWN, TRI_YES, 1},
        {SEVERITY_HARD, SEVERITY_HARD, TRI_YES, TRI_YES, 0},
        {SEVERITY_HARD, SEVERITY_HARD, TRI_UNKNOWN, TRI_UNKNOWN, 0},
        {SEVERITY_HARD, SEVERITY_BLOCK, TRI_UNKNOWN, TRI_YES, 0},
        {SEVERITY_BLOCK, SEVERITY_HARD, TRI_YES, TRI_UNKNOWN, 1},
        {SEVERITY_BLOCK, SEVERITY_BLOCK, TRI_UNKNOWN, TRI_YES, 1},
        {SEVERITY_WARN, SEVERITY_HARD, TRI_YES, TRI_UNKNOWN, 1},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct finding two[2] = {
            {.id = "first", .severity = table[i].first, .detected = table[i].first_seen},
            {.id = "second", .severity = table[i].second, .detected = table[i].second_seen},
        };
        struct plan p = {.findings = two, .n_findings = 2};
        assert_ptr_equal(plan_refused(&p), &two[table[i].told]);
    }
}

/* The policy's deadline is enough for a small raft state, however short the deadline is. */
static void test_small_raft_state(void **state)
{
    static const struct fact_view sizes[] = {{"raft-size", TRI_YES, "32768"},
                                             {"raft-size", TRI_YES, "104857600"}};
    struct small_fleet *f = fleet();
    (void)state;
    f->policy.server_deadline_ms = 60000;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        f->hosts[i].agent.facts = &sizes[i];
        f->hosts[i].agent.n_facts = 1;
    }
    make(f);
    assert_int_equal(f->plan.hosts[0].ready_ms + f->plan.hosts[2].ready_ms, 160000);
    assert_int_equal(f->plan.hosts[1].ready_ms, 0);
    done(f);
}

/* The authoritative region goes first, whatever its name. */
static void test_authoritative_first(void **state)
{
    static struct region two[2];
    struct small_fleet *f = fleet();
    (void)state;
    two[0] = two[1] = f->regions[0];
    two[1].name = "africa";
    f->w.regions = two;
    f->w.n_regions = 2;
    f->hosts[1].region = "africa";
    make(f);
    assert_string_equal(f->plan.hosts[0].name, "s3");
    assert_string_equal(f->plan.hosts[2].name, "s2");
    plan_free(&f->plan);
    for (int i = 0; i < SMALL_SURVEYED; i++)
        f->surveyed.hosts[i].authoritative = "africa";
    make(f);
    assert_string_equal(f->plan.hosts[0].name, "s2");
    done(f);
}

static void test_canaries_spread(void **state)
{
    struct small_fleet *f = fleet();
    (void)state;
    f->hosts[4].node_class = "big";
    f->policy.canary = 2;
    make(f);
    assert_true(f->plan.hosts[3].canary && f->plan.hosts[4].canary);
    done(f);
}

static void test_filters(void **state)
{
    static const struct {
        struct filter filter;
        size_t hosts;
    } rows[] = {
        {{.servers = true}, 3},
        {{.clients = true}, 2},
        {{.servers = true, .clients = true}, 5},
        {{.n_regions = 1, .regions = {"elsewhere"}}, 0},
        {{.n_pools = 1, .pools = {"default"}}, 2},
        {{.n_nodes = 1, .nodes = {"c1"}}, 1},
        {{.n_nodes = 1, .nodes = {"c2-i"}}, 1}, /* prefix of four */
        {{.n_nodes = 1, .nodes = {"c2-"}}, 0},  /* too short for one */
        {{.running = SMALL_FROM}, 5},
        {{.running = "0.9"}, 0},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct small_fleet *f = fleet();
        f->policy.filter = rows[i].filter;
        make(f);
        assert_int_equal(f->plan.n_hosts, rows[i].hosts);
        done(f);
    }
}

static void test_reactions(void **state)
{
    struct small_fleet *f = fleet();
    (void)state;
    small_fleet_version(f, "1.2.16");
    str_cut(f->release.version, sizeof(f->release.version), "1.3.16");
    make(f);
    assert_int_equal(f->plan.server_on_not_ready, ON_REVERT_IF_UNTOUCHED);
    assert_int_equal(f->plan.client_on_not_ready, ON_LEAVE);
    assert_false(f->plan.transfer);
    plan_free(&f->plan);
    small_fleet_version(f, "1.3.16");
    str_cut(f->release.version, sizeof(f->release.version), "1.4.0");
    make(f);
    assert_true(f->plan.bad_leader_pair);
    assert_int_equal(f->plan.client_on_not_ready, ON_REVERT);
    done(f);
}

/* The same version with another binary does not count as already installed. */
static void test_already(void **state)
{
    struct small_fleet *f = fleet();
    (void)state;
    f->hosts[3].client.version = SMALL_TO;
    f->hosts[4].client.version = SMALL_TO;
    f->hosts[4].agent.hello.disk = f->hosts[4].agent.hello.running = f->release.builds[0].digest;
    make(f);
    assert_false(plan_host(&f->plan, "c1-id")->already);
    assert_true(plan_host(&f->plan, "c2-id")->already);
    assert_int_equal(f->plan.n_todo, 4);
    done(f);
}

static void test_text(void **state)
{
    struct small_fleet *f = fleet();
    struct plan back;
    struct err err = ERR_INIT;
    auto_buf struct buf a = BUF_INIT, b = BUF_INIT;
    (void)state;
    f->hosts[4].name = "client with % and\ttab";
    f->policy.drain = true;
    f->policy.parallel_percent = 50;
    f->release.own_build = true;
    make(f);
    plan_text(&f->plan, &a);
    if (plan_read(buf_str(&a), a.len, built_in(), &back, &err) < 0)
        fail_msg("%s", err.text);
    plan_text(&back, &b);
    assert_string_equal(buf_str(&a), buf_str(&b));
    assert_true(digest_eq(&back.digest, &f->plan.digest));
    assert_string_equal(plan_host(&back, "c2-id")->name, "client with % and\ttab");
    assert_int_equal(back.n_todo, f->plan.n_todo);
    assert_true(back.policy.drain);
    assert_true(back.own_build);
    assert_int_equal(back.parallel, 1);
    plan_free(&back);
    done(f);
}

/* The roles of servers that join and that leave; an upgrade's text has neither (tests above). */
static void test_roles(void **state)
{
    static const char *const flags[] = {" smj ", " smod ", " slmo "};
    static const enum plan_role roles[] = {ROLE_JOINS, ROLE_LEAVES, ROLE_LEAVES};
    auto_buf struct buf text = BUF_INIT;
    struct small_fleet *f = fleet();
    struct err err = ERR_INIT;
    struct plan back;
    (void)state;

    make(f);
    for (size_t i = 0; i < ARRAY_LEN(roles); i++)
        f->plan.hosts[i].role = roles[i];
    f->plan.replaces = f->plan.hosts[1].dead = true;
    f->plan.policy.replace.watch_ms = 77;
    plan_text(&f->plan, &text);
    if (plan_read(buf_str(&text), text.len, built_in(), &back, &err) < 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
        assert_non_null(strstr(buf_str(&text), flags[i]));
        assert_int_equal(back.hosts[i].role, roles[i]);
        assert_int_equal(back.hosts[i].dead, i == 1);
    }
    assert_non_null(strstr(buf_str(&text), "\nnumber replace-watch 77\n"));
    assert_int_equal(back.policy.replace.watch_ms, 77);
    assert_true(back.replaces);
    assert_int_equal(back.hosts[3].role, ROLE_UPGRADE);
    plan_free(&back);
    for (size_t i = 0; i < ARRAY_LEN(roles); i++)
        f->plan.hosts[i].role = ROLE_UPGRADE;
    f->plan.replaces = f->plan.hosts[1].dead = false;
    buf_clear(&text);
    plan_text(&f->plan, &text);
    assert_null(strstr(buf_str(&text), "replace-watch"));
    if (plan_read(buf_str(&text), text.len, built_in(), &back, &err) < 0)
        fail_msg("%s", err.text);
    assert_false(back.replaces);
    plan_free(&back);
    done(f);
}

static void test_text_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "caravan-plan 1",
        "caravan-plan 2\n",
        "caravan-plan 1\nhost a b\n",
        "caravan-plan 1\nnumber canary x\n",
        "caravan-plan 1\nnumber nonsense 1\n",
        "caravan-plan 1\nnumber drain 2\n",
        "caravan-plan 1\ntarget %4\n",
        "caravan-plan 1\nregion r -1 1\n",
        "caravan-plan 1\nwhat\n",
        "caravan-plan 1\na b c d e f g h i j k l m n\n",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct plan p;
        struct err err = ERR_INIT;
        assert_int_equal(plan_read(bad[i], strlen(bad[i]), built_in(), &p, &err), -1);
        assert_int_equal(err.kind, ERR_FORMAT);
    }
}

static void test_digest_follows(void **state)
{
    struct small_fleet *f = fleet();
    struct digest first;
    (void)state;
    make(f);
    first = f->plan.digest;
    plan_free(&f->plan);
    f->policy.soak_ms++;
    make(f);
    assert_false(digest_eq(&first, &f->plan.digest));
    done(f);
}

static void test_unobserved(void **state)
{
    struct small_fleet *f = fleet();
    struct err err = ERR_INIT;
    (void)state;
    f->w.problem = "no route";
    assert_int_equal(
        plan_make(&f->w, &f->survey, &f->release, &f->policy, built_in(), &f->plan, &err), -1);
    assert_int_equal(err.kind, ERR_STATE);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_leader_moved),
        cmocka_unit_test(test_canaries_spread),
        cmocka_unit_test(test_authoritative_first),
        cmocka_unit_test(test_large_raft_state),
        cmocka_unit_test(test_forecast),
        cmocka_unit_test(test_forecast_of_stage),
        cmocka_unit_test(test_refused_by_what_was_seen),
        cmocka_unit_test(test_small_raft_state),
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_reactions),
        cmocka_unit_test(test_already),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_text_refused),
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_digest_follows),
        cmocka_unit_test(test_unobserved),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
