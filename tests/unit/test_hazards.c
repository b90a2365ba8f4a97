#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "hazards.h"
#include "plan_make.h"
#include "config_findings.h"
#include "small_fleet.h"
#include "walls.h"

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
        if (version_wall(built_in(), &from, &to) != walls[i].wall)
            fail_msg("wall from %s to %s", walls[i].from, walls[i].to);
    }
    /* and a pair that looks like an upgrade: 1.7.0 cannot read the log of 1.6.6 */
    struct version a = parse("1.6.6"), b = parse("1.7.0");
    assert_true(version_wall(built_in(), &b, &a));
}

static void test_client_state(void **state)
{
    static const char *const formats[][2] = {
        {"0.8.7", "0.8.0"}, {"0.9.0", "1.2.16"}, {"1.3.0", "2.0.5"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(formats); i++)
        for (size_t k = 0; k < ARRAY_LEN(formats); k++) {
            struct version a = parse(formats[i][0]), b = parse(formats[k][1]);
            assert_int_equal(version_same_client_state(built_in(), &a, &b), i == k);
        }
    struct version old = parse("1.2.16"), candidate = parse("1.3.0-rc.1");
    assert_false(version_same_client_state(built_in(), &old, &candidate));
}

static void test_bad_leader(void **state)
{
    struct version a = parse("1.3.16"), b = parse("1.4.0"), c = parse("1.4.3"), d = parse("1.10.1"),
                   e = parse("1.10.2"), f = parse("1.10.2+ent");
    (void)state;
    assert_true(version_bad_leader(built_in(), &a, &b));
    assert_false(version_bad_leader(built_in(), &a, &c));
    assert_false(version_bad_leader(built_in(), &d, &e));
    assert_true(version_bad_leader(built_in(), &d, &f));
}

static void change_bad(struct small_fleet *f)
{
    small_fleet_version(f, "1.8.4");
    str_cut(f->release.version, sizeof(f->release.version), "1.9.2");
}
static void change_place(struct small_fleet *f)
{
    f->hosts[3].agent.misplaced = true;
}
static void change_small(struct small_fleet *f)
{
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->raft[i].voter = f->autopilot[i].voter = i < 2;
}

static const struct finding *find(const struct plan *p, const char *id, const char *text)
{
    for (size_t i = 0; i < p->n_findings; i++)
        if (str_eq(p->findings[i].id, id) && strstr(p->findings[i].text, text) != NULL)
            return &p->findings[i];
    return NULL;
}

/* A healthy fleet has no finding. */
static void test_well(void **state)
{
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    struct err err = ERR_INIT;
    (void)state;
    small_fleet_init(f);
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->hosts[i].server.acl_enabled = TRI_NO;
    assert_int_equal(
        plan_make(&f->w, &f->survey, &f->release, &f->policy, built_in(), &f->plan, &err), 0);
    if (f->plan.n_findings > 0)
        fail_msg("[%s] %s", f->plan.findings[0].id, f->plan.findings[0].text);
    plan_free(&f->plan);
    free(f);
}

/* What every agent of a fleet with a plain configuration answers: each of its files was read, and
 * has none of the keys that rows ask for. value TRI_UNKNOWN: a file could not be read. */
static void tell_keys(struct small_fleet *f, struct fact_view *facts, enum tri value)
{
    static char ids[CONFIG_WANTED][40];

    memcpy(facts, small_fleet_facts, sizeof(small_fleet_facts));
    for (size_t i = 0; i < CONFIG_WANTED; i++) {
        snprintf(ids[i], sizeof(ids[i]), "key.%s", config_wanted[i].key);
        facts[SMALL_FACTS + i] =
            (struct fact_view){ids[i], value,
                               value == TRI_NO ? "not in the 1 file of Nomad's configuration"
                                               : "z.hcl cannot be read"};
    }
    for (size_t i = 0; i < SMALL_HOSTS; i++) {
        f->hosts[i].agent.facts = facts;
        f->hosts[i].agent.n_facts = SMALL_FACTS + CONFIG_WANTED;
    }
}

/* How many findings of a healthy fleet's plan warn because Caravan cannot tell. */
static size_t count_doubts(const char *from, const char *to, enum tri keys)
{
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    struct fact_view facts[SMALL_FACTS + CONFIG_WANTED];
    struct err err = ERR_INIT;
    size_t n = 0;

    small_fleet_init(f);
    small_fleet_version(f, from);
    str_cut(f->release.version, sizeof(f->release.version), to);
    tell_keys(f, facts, keys);
    assert_int_equal(
        plan_make(&f->w, &f->survey, &f->release, &f->policy, built_in(), &f->plan, &err), 0);
    for (size_t i = 0; i < f->plan.n_findings; i++) {
        const struct finding *g = &f->plan.findings[i];
        bool counts = g->detected == TRI_UNKNOWN && g->severity >= SEVERITY_WARN;
        if (counts && keys == TRI_NO)
            print_message("%s to %s: [%s] %s\n", from, to, g->id, g->text);
        n += counts;
    }
    plan_free(&f->plan);
    free(f);
    return n;
}

/* Over each minor version: a key that is in no file is absent. A file that could not be read leaves
 * a doubt. */
static void test_plain_configuration(void **state)
{
    static const struct {
        const char *from, *to;
        size_t doubts; /* where a file could not be read */
    } rows[] = {
        {"1.6.16", "1.7.7", 0}, {"1.7.7", "1.8.4", 1},   {"1.8.4", "1.9.7", 1},
        {"1.9.7", "1.10.5", 0}, {"1.10.2", "1.10.5", 0}, {"1.10.5", "1.11.4", 0},
        {"1.11.4", "2.0.6", 2},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(count_doubts(rows[i].from, rows[i].to, TRI_NO), 0);
        assert_int_equal(count_doubts(rows[i].from, rows[i].to, TRI_UNKNOWN), rows[i].doubts);
    }
}

/* The plan asked nothing besides the observation: rows that need more cannot tell, and do not
 * crash. */
static void test_unsurveyed(void **state)
{
    static const char *const ids[] = {"token-rights", "keyring", "deployments", "autopilot"};
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    struct err err = ERR_INIT;
    (void)state;
    small_fleet_init(f);
    assert_int_equal(plan_make(&f->w, NULL, &f->release, &f->policy, built_in(), &f->plan, &err),
                     0);
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        const struct finding *g = find(&f->plan, ids[i], "");
        if (g == NULL || g->detected != TRI_UNKNOWN)
            fail_msg("row %s", ids[i]);
    }
    plan_free(&f->plan);
    free(f);
}

static void test_accept(void **state)
{
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    struct err err = ERR_INIT;
    (void)state;
    small_fleet_init(f);
    change_bad(f);
    f->policy.accepted[f->policy.n_accepted++] = "bad-1.9.2";
    assert_int_equal(
        plan_make(&f->w, &f->survey, &f->release, &f->policy, built_in(), &f->plan, &err), 0);
    assert_null(plan_refused(&f->plan));
    plan_free(&f->plan);
    small_fleet_init(f);
    change_place(f);
    f->policy.accepted[f->policy.n_accepted++] = "misplaced";
    assert_int_equal(
        plan_make(&f->w, &f->survey, &f->release, &f->policy, built_in(), &f->plan, &err), 0);
    assert_non_null(plan_refused(&f->plan)); /* hard rows have no override */
    plan_free(&f->plan);
    small_fleet_init(f);
    change_small(f);
    f->policy.accept_outage = true;
    assert_int_equal(
        plan_make(&f->w, &f->survey, &f->release, &f->policy, built_in(), &f->plan, &err), 0);
    assert_non_null(find(&f->plan, "tolerance", "voting"));
    assert_int_equal(find(&f->plan, "tolerance", "voting")->severity, SEVERITY_WARN);
    plan_free(&f->plan);
    free(f);
}

/* More hosts than a finding names one by one. */
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
        many[i].key = many[i].node_id = many[i].name = keys[i];
        str_cut(many[i].agent.hello.client_id, sizeof(many[i].agent.hello.client_id), keys[i]);
        many[i].client.version = "";
    }
    f->w.hosts = many;
    f->w.n_hosts = 30;
    assert_int_equal(
        plan_make(&f->w, &f->survey, &f->release, &f->policy, built_in(), &f->plan, &err), 0);
    for (size_t i = 0; i < f->plan.n_findings; i++)
        n += str_eq(f->plan.findings[i].id, "unknown-version");
    assert_int_equal(n, 1);
    const struct finding *g = find(&f->plan, "unknown-version", "");
    assert_int_equal(g->n_hosts, HAZARD_HOSTS + 20);
    assert_string_equal(g->host, "c10-id");
    assert_string_equal(g->others, "c11-id, c12-id");
    assert_false(g->differs);
    plan_free(&f->plan);
    free(many);
    free(f);
}

/* The agents say why they cannot tell, and the reasons may differ. */
static void test_reasons(void **state)
{
    static const struct fact_view of[SMALL_HOSTS][2] = {
        {{"key.raft_logstore", TRI_UNKNOWN, "a.hcl cannot be read"}},
        {{"key.raft_logstore", TRI_UNKNOWN, "z.hcl cannot be read"}},
        {{"key.raft_logstore", TRI_UNKNOWN, "a.hcl cannot be read"}},
    };
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    struct err err = ERR_INIT;
    (void)state;
    small_fleet_init(f);
    small_fleet_version(f, "1.11.3");
    str_cut(f->release.version, sizeof(f->release.version), "2.0.0");
    for (int i = 0; i < SMALL_SERVERS; i++) {
        f->hosts[i].agent.facts = of[i];
        f->hosts[i].agent.n_facts = 1;
    }
    assert_int_equal(
        plan_make(&f->w, &f->survey, &f->release, &f->policy, built_in(), &f->plan, &err), 0);
    assert_non_null(find(&f->plan, "wal",
                         " and 1 more host have raft_logstore configured: a.hcl cannot be read"));
    assert_non_null(find(&f->plan, "wal", " has raft_logstore configured: z.hcl cannot be read"));
    assert_non_null(find(&f->plan, "two-stores", ": z.hcl cannot be read"));
    plan_free(&f->plan);
    free(f);
}

/* Clients whose agent reports heartbeats wait for them; the other agents say why they cannot report
 * them. */
static void test_heartbeats(void **state)
{
    static const struct fact_view refused = {"heartbeat", TRI_UNKNOWN, "Nomad answers 403"};
    static const struct {
        int64_t told[2]; /* c1, c2 */
        const char *says;
    } rows[] = {
        {{0, 0}, "2 clients do not wait"},
        {{0, 5}, "; c1: Nomad answers 403"},
        {{5, 0}, "1 client does not wait"},
        {{5, 5}, NULL},
    };
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    struct err err = ERR_INIT;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        small_fleet_init(f);
        f->hosts[3].agent.heartbeat.at = rows[i].told[0];
        f->hosts[4].agent.heartbeat.at = rows[i].told[1];
        f->hosts[3].agent.facts = &refused;
        f->hosts[3].agent.n_facts = 1;
        assert_int_equal(
            plan_make(&f->w, &f->survey, &f->release, &f->policy, built_in(), &f->plan, &err), 0);
        if (rows[i].says != NULL && find(&f->plan, "heartbeat-unread", rows[i].says) == NULL)
            fail_msg("not told: %s", rows[i].says);
        if (rows[i].says == NULL)
            assert_null(find(&f->plan, "heartbeat-unread", ""));
        plan_free(&f->plan);
    }
    free(f);
}

/* s3 was replaced: for a day Nomad lists it as left, with its old version. */
static void test_who_has_left_stays_on_nothing(void **state)
{
    for (int left = 0; left < 2; left++) {
        struct small_fleet *f = xzalloc(1, sizeof(*f));
        struct err err = ERR_INIT;
        (void)state;
        small_fleet_init(f);
        f->policy.filter.clients = true;
        for (int i = 0; i < SMALL_SERVERS; i++) {
            f->hosts[i].server.version = i == 2 ? SMALL_FROM : SMALL_TO;
            for (int k = 0; k < SMALL_SERVERS; k++)
                f->members[i][k].build = k == 2 ? SMALL_FROM : SMALL_TO;
            if (left == 1)
                f->members[i][2].status = MEMBER_LEFT;
        }
        if (left == 1)
            f->hosts[2].server.self_at = 0;
        assert_int_equal(
            plan_make(&f->w, &f->survey, &f->release, &f->policy, built_in(), &f->plan, &err), 0);
        assert_int_equal(find(&f->plan, "client-newer", "leave this server on " SMALL_FROM) == NULL,
                         left == 1);
        plan_free(&f->plan);
        free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_walls),
        cmocka_unit_test(test_client_state),
        cmocka_unit_test(test_bad_leader),
        cmocka_unit_test(test_well),
        cmocka_unit_test(test_unsurveyed),
        cmocka_unit_test(test_accept),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_heartbeats),
        cmocka_unit_test(test_who_has_left_stays_on_nothing),
        cmocka_unit_test(test_plain_configuration),
    };
    return cmocka_run_group_tests_name("hazards", tests, NULL, NULL);
}
