#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "hazards.h"
#include "small_fleet.h"

static struct version parse(const char *s)
{
    struct version v;
    struct err err = ERR_INIT;
    assert_int_equal(version_parse(s, &v, &err), 0);
    return v;
}

static const struct {
    const char *from, *to;
    bool wall;
} walls[] = {
    {"1.10.2", "1.10.5", false},    {"1.10.5", "2.0.5", false}, {"1.8.4", "1.9.7", true},
    {"1.9.7", "1.10.0", true},      {"1.6.5", "1.6.6", true},   {"1.6.6", "1.7.0", false},
    {"1.7.2", "1.7.3", true},       {"1.7.0", "1.7.2", false},  {"1.3.16", "1.4.0", true},
    {"1.1.18", "1.2.16", false},    {"1.2.16", "1.3.0", true},  {"1.9.7", "1.9.7+ent", true},
    {"1.9.7", "1.10.0-rc.1", true},
};

static void test_walls(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(walls); i++) {
        struct version from = parse(walls[i].from), to = parse(walls[i].to);
        if (version_wall(&from, &to) != walls[i].wall)
            fail_msg("wall from %s to %s", walls[i].from, walls[i].to);
    }
    /* and the one that looks like an upgrade: 1.7.0 cannot read what 1.6.6 wrote */
    struct version a = parse("1.6.6"), b = parse("1.7.0");
    assert_true(version_wall(&b, &a));
}

static void test_client_state(void **state)
{
    struct version a = parse("0.8.7"), b = parse("1.2.16"), c = parse("1.3.0"), d = parse("2.0.5");
    (void)state;
    assert_int_equal(version_client_state(&a), 1);
    assert_int_equal(version_client_state(&b), 2);
    assert_int_equal(version_client_state(&c), 3);
    assert_int_equal(version_client_state(&d), 3);
}

static void test_bad_leader(void **state)
{
    struct version a = parse("1.3.16"), b = parse("1.4.0"), c = parse("1.4.3"), d = parse("1.10.1"),
                   e = parse("1.10.2"), f = parse("1.10.2+ent");
    (void)state;
    assert_true(version_bad_leader(&a, &b));
    assert_false(version_bad_leader(&a, &c));
    assert_false(version_bad_leader(&d, &e));
    assert_true(version_bad_leader(&d, &f));
}

/* ---- rows: a fleet that is well has none; one change brings its row ---- */

static void change_none(struct small_fleet *f)
{
    (void)f;
}
static void change_older(struct small_fleet *f)
{
    small_fleet_version(f, "1.11.9");
}
static void change_same(struct small_fleet *f)
{
    small_fleet_version(f, SMALL_TO);
    for (int i = 0; i < SMALL_HOSTS; i++)
        f->hosts[i].agent.disk = f->hosts[i].agent.running = f->release.builds[0].digest;
}
static void change_far(struct small_fleet *f)
{
    small_fleet_version(f, "1.6.1");
}
static void change_bad(struct small_fleet *f)
{
    small_fleet_version(f, "1.8.4");
    str_cut(f->release.version, sizeof(f->release.version), "1.9.2");
}
static void change_forward(struct small_fleet *f)
{
    small_fleet_version(f, "1.6.10");
    str_cut(f->release.version, sizeof(f->release.version), "1.7.2");
}
static void change_edition(struct small_fleet *f)
{
    small_fleet_version(f, "1.10.2+ent");
}
static void change_fips(struct small_fleet *f)
{
    small_fleet_version(f, "1.10.2+ent");
    str_cut(f->release.version, sizeof(f->release.version), "1.10.5+ent.fips1403");
}
static void change_wall(struct small_fleet *f)
{
    small_fleet_version(f, "1.9.7");
}
static void raft2(struct small_fleet *f, const char *from, const char *to)
{
    small_fleet_version(f, from);
    str_cut(f->release.version, sizeof(f->release.version), to);
    f->hosts[1].server.raft_protocol = 2;
}
static void change_raft14(struct small_fleet *f)
{
    raft2(f, "1.3.16", "1.4.14");
}
static void change_raft13(struct small_fleet *f)
{
    raft2(f, "1.2.16", "1.3.16");
}
static void change_clients_only(struct small_fleet *f)
{
    f->policy.filter.clients = true;
}
static void change_small(struct small_fleet *f)
{
    f->regions[0].servers_at = SMALL_NOW;
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->raft[i].voter = f->autopilot[i].voter = i < 2;
}
static void change_token(struct small_fleet *f)
{
    f->regions[0].denied = "node:read";
}
static void change_failed(struct small_fleet *f)
{
    f->members[0][2].status = MEMBER_FAILED;
}
static void change_two_leaders(struct small_fleet *f)
{
    f->hosts[2].server.leader = "10.0.0.3:4647";
}
static void change_no_agent(struct small_fleet *f)
{
    f->hosts[1].agent.enrolled = false;
    f->hosts[1].agent.hello_at = 0;
}
static void change_no_client_agent(struct small_fleet *f)
{
    f->hosts[4].agent.hello_at = 0;
}
static void change_key(struct small_fleet *f)
{
    f->hosts[3].agent.key_changed = true;
}
static void change_place(struct small_fleet *f)
{
    f->hosts[3].agent.misplaced = true;
}
static void change_one_id(struct small_fleet *f)
{
    f->hosts[4].agent.client_id = f->hosts[3].node_id;
}
static void change_no_build(struct small_fleet *f)
{
    f->hosts[4].agent.arch = "s390x";
}
static void change_down(struct small_fleet *f)
{
    f->hosts[4].client.status = "down";
}
static void change_draining(struct small_fleet *f)
{
    f->hosts[4].client.draining = true;
}
static void change_unknown(struct small_fleet *f)
{
    f->hosts[4].client.version = "";
}

static const struct {
    const char *id; /* NULL: no finding at all */
    void (*change)(struct small_fleet *f);
    enum severity severity;
    const char *text; /* part of it */
} rows[] = {
    {NULL, change_none, SEVERITY_INFO, ""},
    {"nothing-to-do", change_same, SEVERITY_INFO, "all 5 hosts"},
    {"older-target", change_older, SEVERITY_HARD, "runs 1.11.9, newer than 1.10.5"},
    {"minor-distance", change_far, SEVERITY_BLOCK, "4 minor versions"},
    {"known-bad", change_bad, SEVERITY_BLOCK, "state is lost"},
    {"forward-wall", change_forward, SEVERITY_BLOCK, "cannot read"},
    {"edition", change_edition, SEVERITY_BLOCK, "Enterprise"},
    {"fips", change_fips, SEVERITY_BLOCK, "FIPS"},
    {"no-way-back", change_wall, SEVERITY_WARN, "not reverted"},
    {"raft-protocol", change_raft14, SEVERITY_HARD, "raft protocol 2"},
    {"raft-default", change_raft13, SEVERITY_WARN, "raft protocol 2"},
    {"client-newer", change_clients_only, SEVERITY_HARD, "would be newer"},
    {"tolerance", change_small, SEVERITY_HARD, "2 voting servers"},
    {"token", change_token, SEVERITY_HARD, "node:read"},
    {"unhealthy", change_failed, SEVERITY_HARD, "s3 is failed by s1"},
    {"unhealthy", change_two_leaders, SEVERITY_HARD, "10.0.0.3"},
    {"unmanaged-server", change_no_agent, SEVERITY_HARD, "no enrolled agent"},
    {"unmanaged-client", change_no_client_agent, SEVERITY_HARD, "1 client"},
    {"key-changed", change_key, SEVERITY_HARD, "another key"},
    {"misplaced", change_place, SEVERITY_HARD, "another Nomad"},
    {"one-id", change_one_id, SEVERITY_HARD, "both have the id"},
    {"no-build", change_no_build, SEVERITY_HARD, "linux/s390x"},
    {"node-down", change_down, SEVERITY_WARN, "is down"},
    {"node-draining", change_draining, SEVERITY_INFO, "drained by others"},
    {"unknown-version", change_unknown, SEVERITY_HARD, "could not be read"},
};

static const struct finding *find(const struct plan *p, const char *id, const char *text)
{
    for (size_t i = 0; i < p->n_findings; i++)
        if (str_eq(p->findings[i].id, id) && strstr(p->findings[i].text, text) != NULL)
            return &p->findings[i];
    return NULL;
}

static void test_rows(void **state)
{
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = ERR_INIT;
        small_fleet_init(f);
        rows[i].change(f);
        assert_int_equal(plan_make(&f->w, &f->release, &f->policy, &f->plan, &err), 0);
        if (rows[i].id == NULL) {
            assert_int_equal(f->plan.n_findings, 0);
        } else {
            const struct finding *g = find(&f->plan, rows[i].id, rows[i].text);
            if (g == NULL)
                fail_msg("row %s was not found (%s)", rows[i].id,
                         f->plan.n_findings > 0 ? f->plan.findings[0].text : "nothing");
            assert_int_equal(g->severity, rows[i].severity);
            assert_true(strlen(g->advice) > 10);
            assert_true((plan_refused(&f->plan) != NULL) == (rows[i].severity >= SEVERITY_BLOCK) ||
                        f->plan.n_findings > 1);
        }
        plan_free(&f->plan);
    }
    free(f);
}

/* Every row of the table is brought about above. */
static void test_all_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < hazard_table_len; i++) {
        bool seen = false;
        for (size_t k = 0; k < ARRAY_LEN(rows); k++)
            seen = seen || (rows[k].id != NULL && str_eq(rows[k].id, hazard_table[i].id));
        if (!seen)
            fail_msg("row %s has no test", hazard_table[i].id);
    }
}

static void test_accept(void **state)
{
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    struct err err = ERR_INIT;
    (void)state;
    small_fleet_init(f);
    change_bad(f);
    f->policy.accepted[f->policy.n_accepted++] = "known-bad";
    assert_int_equal(plan_make(&f->w, &f->release, &f->policy, &f->plan, &err), 0);
    assert_null(plan_refused(&f->plan));
    plan_free(&f->plan);
    small_fleet_init(f);
    change_key(f);
    f->policy.accepted[f->policy.n_accepted++] = "key-changed";
    assert_int_equal(plan_make(&f->w, &f->release, &f->policy, &f->plan, &err), 0);
    assert_non_null(plan_refused(&f->plan)); /* hard rows have no override */
    plan_free(&f->plan);
    small_fleet_init(f);
    change_small(f);
    f->policy.accept_outage = true;
    assert_int_equal(plan_make(&f->w, &f->release, &f->policy, &f->plan, &err), 0);
    assert_non_null(find(&f->plan, "tolerance", "voting"));
    assert_int_equal(find(&f->plan, "tolerance", "voting")->severity, SEVERITY_WARN);
    plan_free(&f->plan);
    free(f);
}

/* More hosts than are told one by one. */
static void test_many(void **state)
{
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    struct err err = ERR_INIT;
    size_t n = 0;
    (void)state;
    small_fleet_init(f);
    struct host *many = xzalloc(30, sizeof(*many));
    memcpy(many, f->hosts, sizeof(f->hosts));
    for (int i = SMALL_HOSTS; i < 30; i++) {
        static char keys[30][8];
        many[i] = f->hosts[4];
        snprintf(keys[i], sizeof(keys[i]), "c%d-id", i);
        many[i].key = many[i].node_id = many[i].name = many[i].agent.client_id = keys[i];
        many[i].client.status = "down";
    }
    f->w.hosts = many;
    f->w.n_hosts = 30;
    assert_int_equal(plan_make(&f->w, &f->release, &f->policy, &f->plan, &err), 0);
    for (size_t i = 0; i < f->plan.n_findings; i++)
        n += str_eq(f->plan.findings[i].id, "node-down");
    assert_int_equal(n, HAZARD_HOSTS + 1);
    assert_non_null(find(&f->plan, "node-down", "and 20 more hosts"));
    plan_free(&f->plan);
    free(many);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_walls),      cmocka_unit_test(test_client_state),
        cmocka_unit_test(test_bad_leader), cmocka_unit_test(test_rows),
        cmocka_unit_test(test_all_rows),   cmocka_unit_test(test_accept),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests_name("hazards", tests, NULL, NULL);
}
