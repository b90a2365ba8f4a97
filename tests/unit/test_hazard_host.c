/* Rows about single hosts: what a plan does with the facts of hosts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "hazard_kinds.h"
#include "host_bench.h"

static void a_host_that_is_well_has_no_finding(void **state)
{
    struct host_bench *b = *state;

    assert_null(host_bench_plan(b, ""));
    if (b->f.plan.n_findings > 0)
        fail_msg("%s: %s", b->f.plan.findings[0].id, b->f.plan.findings[0].text);
}

struct row {
    const char *fact, *id, *text;
    enum severity yes;
    int unsure;  /* enum severity; -1: there is no finding */
    bool staged; /* an older agent may not have this fact */
};

static const struct row rows[] = {
    {"unit-missing", "unit-missing", "no such unit", SEVERITY_HARD, SEVERITY_WARN, false},
    {"other-binary", "other-binary", "executes another", SEVERITY_BLOCK, SEVERITY_WARN, false},
    {"kill-mode", "kill-mode", "KillMode=control-group", SEVERITY_BLOCK, SEVERITY_BLOCK, false},
    {"unit-reload", "unit-reload", "changed on disk", SEVERITY_WARN, -1, false},
    {"package", "package", "nomad 1.9.7-1 owns it", SEVERITY_BLOCK, SEVERITY_WARN, false},
    {"binary-shared", "binary-shared", "1 other agent", SEVERITY_BLOCK, SEVERITY_WARN, false},
    {"changed", "binary-changed", "not what Caravan put", SEVERITY_WARN, SEVERITY_WARN, false},
    {"read-only", "read-only", "/usr/bin", SEVERITY_HARD, SEVERITY_WARN, false},
    {"noexec", "noexec", "/usr/bin", SEVERITY_HARD, SEVERITY_WARN, false},
    {"binary-writers", "binary-writers", "user nomad", SEVERITY_HARD, SEVERITY_WARN, true},
    {"vendor-unready", "vendor-unready", "gpgv is not", SEVERITY_BLOCK, SEVERITY_WARN, true},
    {"key-replaced", "key-replaced", "root put back", SEVERITY_WARN, SEVERITY_WARN, false},
    {"no-room", "no-room", "has 1 MiB free", SEVERITY_BLOCK, SEVERITY_WARN, false},
    {"attributes", "attributes", "its capabilities", SEVERITY_BLOCK, SEVERITY_WARN, true},
    {"config-rejected", "config-rejected", "unexpected key", SEVERITY_HARD, SEVERITY_WARN, true},
    {"libc", "glibc", "2.17", SEVERITY_BLOCK, SEVERITY_WARN, false},
    {"metadata-probes", "metadata-probes", "each start waits 8 s", SEVERITY_WARN, -1, true},
    {"held", "law-refuses", "root's hold file", SEVERITY_BLOCK, -1, true},
    {"law-refuses", "law-refuses", "no leader", SEVERITY_WARN, SEVERITY_WARN, true},
    {"api-silent", "api-silent", "nothing at 127.0.0.1:4646", SEVERITY_HARD, SEVERITY_WARN, true},
    {"port-taken", "port-taken", "4646: nginx", SEVERITY_BLOCK, SEVERITY_WARN, true},
    {"config-newer", "config-newer", "a.hcl by 3 days", SEVERITY_WARN, SEVERITY_WARN, true},
    {"path-unusable", "path-unusable", "host_volume x", SEVERITY_BLOCK, SEVERITY_WARN, true},
    {"certificate-expired", "certificate-expired", "a.pem", SEVERITY_BLOCK, SEVERITY_WARN, true},
    {"raft-peers-file", "raft-peers-file", "peers.json", SEVERITY_HARD, SEVERITY_WARN, true},
    {"unit-condition", "unit-condition", "ConditionPath", SEVERITY_HARD, SEVERITY_WARN, true},
    {"unit-needs", "unit-needs", "data.mount", SEVERITY_HARD, SEVERITY_WARN, true},
    {"unit-user", "unit-user", "nomad", SEVERITY_HARD, SEVERITY_WARN, true},
    {"env-file", "env-file", "/etc/default/nomad", SEVERITY_HARD, SEVERITY_WARN, true},
    {"unit-stop-commands", "unit-stop-commands", "/usr/bin/logger stopped", SEVERITY_WARN,
     SEVERITY_WARN, true},
    {"unit-stop-commands", "unit-stop-commands", "nomad node drain -self -enable", SEVERITY_BLOCK,
     SEVERITY_WARN, true},
    {"unit-start-commands", "unit-start-commands", "/bin/mkdir", SEVERITY_INFO, -1, true},
    {"unit-bound", "unit-bound", "a.service active", SEVERITY_WARN, SEVERITY_WARN, true},
    {"bound-down", "bound-down", "a.service", SEVERITY_WARN, -1, true},
    {"start-again", "start-again", "Restart=no", SEVERITY_WARN, SEVERITY_WARN, true},
    {"stop-drains", "stop-drains", "drain_on_shutdown", SEVERITY_BLOCK, SEVERITY_WARN, true},
    {"stop-leaves", "stop-leaves", "leave_on_interrupt", SEVERITY_WARN, SEVERITY_WARN, true},
    {"not-nomad", "not-nomad", "a script", SEVERITY_HARD, SEVERITY_WARN, true},
    {"binary-version", "binary-other-version", "1.8.0", SEVERITY_BLOCK, -1, true},
    {"drop-ins", "drop-ins", "/etc/x.conf", SEVERITY_INFO, -1, false},
    {"binary-link", "binary-link", "is a link", SEVERITY_INFO, -1, false},
};

static void each_fact_has_its_weight(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct row *r = &rows[i];
        struct host_bench *b;
        const struct finding *f;

        host_bench_down(state);
        host_bench_up(state);
        b = *state;
        host_bench_set(b, BENCH_C1, r->fact, TRI_YES, r->text);
        f = host_bench_plan(b, r->id);
        if (f == NULL || f->severity != r->yes || f->detected != TRI_YES ||
            !str_eq(f->host, "c1") || strstr(f->text, r->text) == NULL)
            fail_msg("%s, yes: %s", r->id, f == NULL ? "no finding" : f->text);
        assert_int_equal(plan_refused(&b->f.plan) != NULL, r->yes >= SEVERITY_BLOCK);
        b->f.policy.accepted[b->f.policy.n_accepted++] = r->id;
        (void)host_bench_plan(b, r->id);
        assert_int_equal(plan_refused(&b->f.plan) != NULL, r->yes == SEVERITY_HARD);
        b->f.policy.n_accepted = 0;

        host_bench_set(b, BENCH_C1, r->fact, TRI_UNKNOWN, "who knows");
        f = host_bench_plan(b, r->id);
        if ((f != NULL ? (int)f->severity : -1) != r->unsure ||
            (f != NULL && f->detected != TRI_UNKNOWN))
            fail_msg("%s, cannot tell: %s", r->id, f == NULL ? "no finding" : f->text);
    }
}

/* Every row about single hosts needs a world here; these rows have tests of their own. */
static void every_row_has_its_world(void **state)
{
    static const char *const others[] = {"type-notify", "notify-no-way-back", "clock",
                                         "config-not-running"};
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < built_in()->n_rows; i++) {
        const struct hazard *row = &built_in()->rows[i];
        bool there = row->kind->detect != NULL || row_of_replaced(row);
        for (size_t k = 0; k < ARRAY_LEN(rows); k++)
            there |= str_eq(rows[k].id, row->id);
        for (size_t k = 0; k < ARRAY_LEN(others); k++)
            there |= str_eq(others[k], row->id);
        if (!there)
            fail_msg("row %s lacks its world", row->id);
        n += row->kind->detect == NULL;
    }
    assert_true(n > 40);
}

/* The plan reports it early; an agent that does not know the fact demands nothing. */
static void what_the_vendor_must_have_signed(void **state)
{
    struct host_bench *b = *state;
    static const char id[] = "vendor-signature";

    assert_null(host_bench_plan(b, id));
    host_bench_set(b, BENCH_C1, id, TRI_NO, "");
    assert_null(host_bench_plan(b, id));
    host_bench_set(b, BENCH_C1, id, TRI_YES, "");
    assert_int_equal(host_bench_plan(b, id)->severity, SEVERITY_HARD);
    assert_string_equal(host_bench_plan(b, id)->host, "c1");
    b->f.release.vendor_signed = true;
    assert_null(host_bench_plan(b, id));
    b->f.release.builds[0].bare = true;
    assert_non_null(strstr(host_bench_plan(b, id)->text, "a bare binary"));
}

static void clocks_matter_on_servers(void **state)
{
    struct host_bench *b = *state;

    host_bench_set(b, BENCH_C1, "clock", TRI_YES, "not synchronised");
    assert_null(host_bench_plan(b, "clock"));
    host_bench_set(b, 0, "clock", TRI_YES, "not synchronised");
    assert_int_equal(host_bench_plan(b, "clock")->severity, SEVERITY_WARN);
    host_bench_set(b, 0, "clock", TRI_UNKNOWN, "");
    assert_null(host_bench_plan(b, "clock")); /* a missing value is unknown */
}

/* An agent of an older Caravan. */
static void a_fact_that_is_not_told_is_not_known(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct host_bench *b = *state;
        const struct finding *f;

        host_bench_set(b, BENCH_C1, rows[i].fact, TRI_NO, "");
        b->facts[BENCH_C1][BENCH_WELL - 1].id = "of later times";
        for (size_t k = 0; k < BENCH_WELL; k++) {
            if (str_eq(b->facts[BENCH_C1][k].id, rows[i].fact))
                b->facts[BENCH_C1][k].id = "of later times";
        }
        b->f.hosts[BENCH_C1].agent.n_facts = BENCH_WELL;
        f = host_bench_plan(b, rows[i].id);
        if ((f != NULL ? (int)f->severity : -1) != (rows[i].staged ? -1 : rows[i].unsure))
            fail_msg("%s, not told: %s", rows[i].id, f == NULL ? "no finding" : f->text);
        host_bench_down(state);
        host_bench_up(state);
    }
}

static void without_a_unit_its_facts_are_nothing_to_tell(void **state)
{
    static const char *const facts[] = {
        "unit-missing",       "unit-reload",         "kill-mode",  "type-notify", "drop-ins",
        "other-binary",       "unit-condition",      "unit-needs", "unit-user",   "env-file",
        "unit-stop-commands", "unit-start-commands", "unit-bound", "bound-down",  "start-again"};
    struct host_bench *b = *state;

    for (int i = 0; i < SMALL_HOSTS; i++) {
        host_bench_set(b, i, "no-unit", TRI_YES, "Nomad is started by configured commands");
        for (size_t k = 0; k < ARRAY_LEN(facts); k++)
            host_bench_set(b, i, facts[k], TRI_UNKNOWN, "Nomad is started by configured commands");
    }
    assert_null(host_bench_plan(b, ""));
    assert_int_equal(b->f.plan.n_findings, 0);
}

static void killed_tasks_matter_where_there_are_tasks(void **state)
{
    struct host_bench *b = *state;

    host_bench_set(b, 0, "kill-mode", TRI_YES, "KillMode=mixed");
    assert_null(host_bench_plan(b, "kill-mode"));
    b->f.hosts[0].is_client = true;
    assert_non_null(host_bench_plan(b, "kill-mode"));
    b->f.hosts[0].is_client = false;
    host_bench_set(b, 0, "kill-mode", TRI_UNKNOWN, "");
    assert_null(host_bench_plan(b, "kill-mode"));
    /* The old process would keep running, also on a server. */
    host_bench_set(b, 0, "kill-mode", TRI_YES, "KillMode=none");
    assert_non_null(host_bench_plan(b, "kill-mode"));
}

static void notify_matters_to_those_who_cannot(void **state)
{
    static const struct {
        const char *from, *to;
        bool hard, no_way_back;
    } ways[] = {
        {"1.10.2", "1.10.5", false, false}, {"1.7.5", "1.7.7", true, false},
        {"1.7.7", "1.8.0", false, true},    {"1.8.0", "1.9.7", false, false},
        {"1.7.7", "1.9.7", false, true},
    };
    struct host_bench *b = *state;

    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        small_fleet_version(&b->f, ways[i].from);
        str_cut(b->f.release.version, sizeof(b->f.release.version), ways[i].to);
        assert_int_equal(host_bench_plan(b, "type-notify") != NULL, ways[i].hard);
        assert_int_equal(host_bench_plan(b, "notify-no-way-back") != NULL, ways[i].no_way_back);
    }
    for (int i = 0; i < SMALL_HOSTS; i++)
        host_bench_set(b, i, "type-notify", TRI_NO, "Type=simple");
    small_fleet_version(&b->f, "1.7.5");
    str_cut(b->f.release.version, sizeof(b->f.release.version), "1.7.7");
    assert_null(host_bench_plan(b, "type-notify"));
}

static void the_c_library_matters_from_1_10_on(void **state)
{
    struct host_bench *b = *state;

    host_bench_set(b, BENCH_C1, "libc", TRI_YES, "2.27");
    assert_non_null(host_bench_plan(b, "glibc"));
    small_fleet_version(&b->f, "1.9.0");
    str_cut(b->f.release.version, sizeof(b->f.release.version), "1.9.7");
    assert_null(host_bench_plan(b, "glibc"));
    str_cut(b->f.release.version, sizeof(b->f.release.version), "1.10.0");
    host_bench_set(b, BENCH_C1, "libc", TRI_YES, "2.28");
    assert_null(host_bench_plan(b, "glibc"));
}

static void what_many_have_is_told_once_or_five_times(void **state)
{
    static const char *const texts[SMALL_HOSTS] = {"a", "b", "c", "d", "e"};
    struct host_bench *b = *state;
    size_t n = 0;

    for (int i = 0; i < SMALL_HOSTS; i++)
        host_bench_set(b, i, "unit-reload", TRI_YES, "changed on disk");
    assert_non_null(host_bench_plan(b, "unit-reload"));
    for (size_t i = 0; i < b->f.plan.n_findings; i++) {
        n += str_eq(b->f.plan.findings[i].id, "unit-reload");
        assert_int_equal(b->f.plan.findings[i].n_hosts, SMALL_HOSTS);
        assert_string_equal(b->f.plan.findings[i].host, "s2");
        assert_string_equal(b->f.plan.findings[i].others, "s3, s1");
        assert_false(b->f.plan.findings[i].differs);
    }
    assert_int_equal(n, 1);
    host_bench_set(b, BENCH_C1, "unit-reload", TRI_YES, "also changed on disk");
    assert_true(host_bench_plan(b, "unit-reload")->differs);
    for (int i = 0; i < SMALL_HOSTS; i++)
        host_bench_set(b, i, "package", TRI_YES, "owned");
    assert_int_equal(host_bench_plan(b, "package")->n_hosts, SMALL_HOSTS);
    for (int i = 0; i < SMALL_HOSTS; i++)
        host_bench_set(b, i, "package", TRI_YES, texts[i]);
    (void)host_bench_plan(b, "package");
    for (size_t i = n = 0; i < b->f.plan.n_findings; i++)
        n += str_eq(b->f.plan.findings[i].id, "package");
    assert_int_equal(n, SMALL_HOSTS);
}

static void an_agent_that_tells_nothing_is_told(void **state)
{
    struct host_bench *b = *state;

    b->f.hosts[BENCH_C1].agent.n_facts = 0;
    b->f.hosts[BENCH_C1].agent.status_at = SMALL_NOW;
    assert_non_null(host_bench_plan(b, "no-facts"));
    assert_null(plan_refused(&b->f.plan));
}

/* ---- would Nomad come back as it is? ---- */

static void an_older_agent_does_not_tell_whether_nomad_would_come_back(void **state)
{
    struct host_bench *b = *state;

    for (int i = 0; i < SMALL_HOSTS; i++)
        for (size_t k = 0; k < BENCH_WELL; k++)
            if (str_eq(b->facts[i][k].id, "law-refuses"))
                b->facts[i][k].id = "of later times";
    const struct finding *f = host_bench_plan(b, "no-readiness");
    assert_int_equal(f->severity, SEVERITY_WARN);
    assert_int_equal(f->n_hosts, SMALL_HOSTS);
    assert_int_equal(b->f.plan.n_findings, 1); /* one finding for both facts */
    assert_null(plan_refused(&b->f.plan));
}

/* A server on hold would stop the run in its turn; a client may be left out then. */
static void a_server_on_hold_cannot_be_accepted(void **state)
{
    struct host_bench *b = *state;

    b->f.policy.accepted[b->f.policy.n_accepted++] = "law-refuses";
    host_bench_set(b, BENCH_C1, "held", TRI_YES, "root's hold file is there");
    assert_int_equal(host_bench_plan(b, "law-refuses")->severity, SEVERITY_BLOCK);
    assert_null(plan_refused(&b->f.plan));
    host_bench_set(b, BENCH_C1, "held", TRI_NO, "");
    host_bench_set(b, 0, "held", TRI_YES, "root's hold file is there");
    assert_int_equal(host_bench_plan(b, "law-refuses")->severity, SEVERITY_HARD);
    assert_non_null(plan_refused(&b->f.plan));
}

/* A plan does not wait for root's hours, so it refuses; staging is allowed at any time. */
static void outside_roots_hours_nothing_but_staging_is_planned(void **state)
{
    struct host_bench *b = *state;
    static const char id[] = "law-refuses", text[] = "outside root's hours here";

    host_bench_set(b, BENCH_C1, id, TRI_YES, text);
    host_bench_set(b, BENCH_C1, "hours", TRI_NO, "60 22:00-05:00");
    assert_int_equal(host_bench_plan(b, id)->severity, SEVERITY_BLOCK);
    assert_string_equal(host_bench_plan(b, id)->text, text);
    assert_false(plan_may_pass(&b->f.plan));
    assert_null(host_bench_plan(b, "hours-end"));
    b->f.policy.stage_only = true;
    assert_null(host_bench_plan(b, id));
    host_bench_set(b, BENCH_C1, "held", TRI_YES, "root's hold file is there");
    assert_non_null(host_bench_plan(b, id));
    host_bench_set(b, BENCH_C1, "held", TRI_NO, "");
    b->f.policy.stage_only = false;
    host_bench_set(b, 0, id, TRI_YES, text);
    host_bench_set(b, 0, "hours", TRI_NO, "60 22:00-05:00");
    assert_int_equal(host_bench_plan(b, id)->severity, SEVERITY_HARD);
}

/* The plan reports it before the run begins, not in the middle of the run. */
static void hours_that_end_too_soon_are_told(void **state)
{
    struct host_bench *b = *state;
    static const char id[] = "hours-end";

    host_bench_set(b, BENCH_C1, "hours", TRI_YES, "10080 00:00-24:00");
    assert_null(host_bench_plan(b, id));
    host_bench_set(b, BENCH_C1, "hours", TRI_YES, "1 22:00-05:00");
    assert_int_equal(host_bench_plan(b, id)->severity, SEVERITY_WARN);
    assert_string_equal(host_bench_plan(b, id)->host, "c1");
    b->f.policy.stage_only = true;
    assert_null(host_bench_plan(b, id));
    b->f.policy.stage_only = false;
    host_bench_set(b, BENCH_C1, "hours", TRI_YES, "99999 22:00-05:00");
    assert_int_equal(host_bench_plan(b, id)->detected, TRI_UNKNOWN);
    host_bench_set(b, BENCH_C1, "hours", TRI_YES, "1");
    assert_int_equal(host_bench_plan(b, id)->detected, TRI_UNKNOWN);
}

static void release_keys_that_root_demands(void **state)
{
    struct host_bench *b = *state;
    static const char id[] = "release-keys";

    b->f.release.signers = 1;
    assert_null(host_bench_plan(b, id));
    host_bench_set(b, 0, "release-threshold", TRI_YES, "2");
    assert_int_equal(host_bench_plan(b, id)->severity, SEVERITY_HARD);
    b->f.release.signers = 2;
    assert_null(host_bench_plan(b, id));
    host_bench_set(b, 0, "release-threshold", TRI_YES, "17");
    assert_int_equal(host_bench_plan(b, id)->detected, TRI_UNKNOWN);
}

static void order_by(struct host_bench *b, const char *name)
{
    str_cut(b->f.survey.operator_name, sizeof(b->f.survey.operator_name), name);
}

/* Before Caravan takes a lease; also for a run that only stages. */
static void operators_whom_root_names(void **state)
{
    static const char id[] = "other-operators";
    struct host_bench *b = *state;
    const struct finding *f;

    order_by(b, "berta");
    assert_null(host_bench_plan(b, id));
    host_bench_set(b, BENCH_C1, "operators", TRI_YES, "anna, berta");
    assert_null(host_bench_plan(b, id));
    order_by(b, "bert");
    f = host_bench_plan(b, id);
    assert_non_null(f);
    assert_int_equal(f->severity, SEVERITY_HARD);
    assert_string_equal(f->host, "c1");
    assert_string_equal(f->text, "root on this host accepts orders of these operators only: anna, "
                                 "berta; the key that signs here is bert");
    assert_non_null(plan_refused(&b->f.plan));
    assert_false(plan_may_pass(&b->f.plan));
    b->f.policy.stage_only = true;
    assert_non_null(host_bench_plan(b, id));
    b->f.policy.stage_only = false;
    order_by(b, "erta");
    assert_non_null(host_bench_plan(b, id));
    order_by(b, "");
    assert_int_equal(host_bench_plan(b, id)->detected, TRI_UNKNOWN);
    assert_int_equal(host_bench_plan(b, id)->severity, SEVERITY_HARD);
    order_by(b, "anna");
    assert_null(host_bench_plan(b, id));
    host_bench_set(b, BENCH_C1, "operators", TRI_UNKNOWN, "");
    assert_int_equal(host_bench_plan(b, id)->detected, TRI_UNKNOWN);
}

static void a_stop_that_takes_something_away_blocks(void **state)
{
    struct host_bench *b = *state;

    host_bench_set(b, BENCH_C1, "unit-stop-commands", TRI_YES,
                   "ExecStop=/usr/bin/nomad node drain -self");
    assert_int_equal(host_bench_plan(b, "unit-stop-commands")->severity, SEVERITY_BLOCK);
}

static void a_leave_with_a_drain_is_told_once(void **state)
{
    struct host_bench *b = *state;

    host_bench_set(b, BENCH_C1, "stop-signal", TRI_YES, "SIGINT");
    host_bench_set(b, BENCH_C1, "stop-leaves", TRI_YES, "leave_on_interrupt in a.hcl, line 3");
    assert_non_null(strstr(host_bench_plan(b, "stop-leaves")->text, "stops it with SIGINT"));
    host_bench_set(b, BENCH_C1, "stop-drains", TRI_YES, "drain_on_shutdown in a.hcl, line 9");
    assert_non_null(host_bench_plan(b, "stop-drains"));
    assert_null(host_bench_plan(b, "stop-leaves"));
    /* Another row reports the settings that a server itself reports. */
    host_bench_set(b, BENCH_C1, "stop-drains", TRI_NO, "");
    host_bench_set(b, BENCH_C1, "stop-leaves", TRI_NO, "");
    host_bench_set(b, 0, "stop-leaves", TRI_YES, "leave_on_interrupt in a.hcl, line 3");
    assert_null(host_bench_plan(b, "stop-leaves"));
    b->f.hosts[0].server.self_at = 0;
    assert_non_null(host_bench_plan(b, "stop-leaves"));
}

static void the_file_in_place_is_what_runs(void **state)
{
    struct host_bench *b = *state;
    const struct finding *f;

    host_bench_set(b, BENCH_C1, "binary-version", TRI_YES, SMALL_FROM);
    assert_null(host_bench_plan(b, "binary-other-version"));
    host_bench_set(b, BENCH_C1, "binary-version", TRI_YES, "1.8.0");
    f = host_bench_plan(b, "binary-other-version");
    assert_int_equal(f->severity, SEVERITY_BLOCK);
    assert_non_null(strstr(f->text, "the file in place is 1.8.0, but " SMALL_FROM " runs"));
    host_bench_set(b, BENCH_C1, "binary-version", TRI_YES, SMALL_TO); /* not started yet */
    assert_int_equal(host_bench_plan(b, "binary-other-version")->severity, SEVERITY_WARN);
    host_bench_set(b, BENCH_C1, "binary-version", TRI_YES, "no version");
    assert_null(host_bench_plan(b, "binary-other-version"));
    host_bench_set(b, BENCH_C1, "binary-version", TRI_YES, "1.8.0");
    b->f.hosts[BENCH_C1].agent.hello.disk =
        b->f.hosts[BENCH_C1].agent.hello.running; /* reported before a swap */
    assert_null(host_bench_plan(b, "binary-other-version"));
}

static const struct {
    int host;
    const char *fact;
    enum tri value;
    const char *text, *finding;
    enum tri detected;
} values[] = {
    {BENCH_C1, "is.datacenter", TRI_YES, "dc1", NULL, TRI_NO},
    {BENCH_C1, "is.datacenter", TRI_YES, "dc2",
     "datacenter: the files say \"dc2\", but \"dc1\" runs", TRI_YES},
    {BENCH_C1, "is.datacenter", TRI_NO, "", NULL, TRI_NO}, /* dc1 is the default */
    {BENCH_C1, "is.region", TRI_YES, "eu", "region: the files say \"eu\"", TRI_YES},
    {BENCH_C1, "is.name", TRI_YES, "other", "name: ", TRI_YES},
    {BENCH_C1, "is.name", TRI_NO, "", NULL, TRI_NO},
    {BENCH_C1, "is.node_class", TRI_YES, "big", "node_class: the files say \"big\", but \"\" runs",
     TRI_YES},
    {BENCH_C1, "is.node_pool", TRI_YES, "gpu", NULL, TRI_NO}, /* this Nomad has no pools */
    {BENCH_C1, "is.data_dir", TRI_YES, "/opt/nomad/", NULL, TRI_NO},
    {BENCH_C1, "is.data_dir", TRI_YES, "/srv/nomad", "data_dir: the files say \"/srv/nomad\"",
     TRI_YES},
    {BENCH_C1, "is.server", TRI_YES, "true", "server: the files say \"true\", but \"false\" runs",
     TRI_YES},
    {BENCH_C1, "is.client", TRI_NO, "", "client: the files say \"false\", but \"true\" runs",
     TRI_YES},
    {BENCH_C1, "is.acl", TRI_YES, "true", NULL, TRI_NO}, /* a client does not report it */
    {BENCH_C1, "is.region", TRI_UNKNOWN, "a variable", "region: a variable", TRI_UNKNOWN},
    {BENCH_C1, "api-moves", TRI_YES,
     "at 10.0.0.5, port 4646, by the files; it is asked at http://x",
     "its API at 10.0.0.5, port 4646, by the files", TRI_YES},
    {BENCH_C1, "api-moves", TRI_NO, "", NULL, TRI_NO},
    {0, "is.bind_addr", TRI_YES, "10.0.0.1", NULL, TRI_NO},
    {0, "is.bind_addr", TRI_NO, "", "bind_addr: the files say \"0.0.0.0\"", TRI_YES},
    {0, "is.bind_addr", TRI_UNKNOWN, "{{ GetInterfaceIP }}", "bind_addr: {{", TRI_UNKNOWN},
    {0, "is.advertise_http", TRI_YES, "10.0.0.1", NULL, TRI_NO},
    {0, "is.advertise_http", TRI_YES, "10.0.0.1:4646", NULL, TRI_NO},
    {0, "is.advertise_http", TRI_YES, "10.0.0.1:5646", "advertise_http: ", TRI_YES},
    {0, "is.advertise_rpc", TRI_YES, "fd00::1", NULL, TRI_NO},
    {0, "is.advertise_rpc", TRI_YES, "[fd00::1]", NULL, TRI_NO},
    {0, "is.advertise_rpc", TRI_YES, "FD00:0:0::0001", NULL, TRI_NO},
    {0, "is.advertise_rpc", TRI_YES, "[fd00:0::1]:4647", NULL, TRI_NO},
    {0, "is.advertise_rpc", TRI_YES, "[fd00:0::1]:4648", "advertise_rpc: ", TRI_YES},
    {0, "is.advertise_rpc", TRI_YES, "[fd00::2]:4647", "advertise_rpc: ", TRI_YES},
    {0, "is.acl", TRI_YES, "true", "acl: the files say \"true\", but \"false\" runs", TRI_YES},
    {0, "is.client", TRI_NO, "", NULL, TRI_NO},
    {0, "is.server", TRI_YES, "true", NULL, TRI_NO},
    {0, "is.name", TRI_YES, "s1", NULL, TRI_NO},
};

static void the_files_say_what_runs(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        struct host_bench *b;

        host_bench_down(state);
        host_bench_up(state);
        b = *state;
        host_bench_set(b, BENCH_C1, "data-dir", TRI_YES, "/opt/nomad");
        b->f.hosts[BENCH_C1].node_class = "";
        b->f.hosts[BENCH_C1].node_pool = "";
        b->f.hosts[0].server.running = (struct running_config){.datacenter = "dc1",
                                                               .name = "s1",
                                                               .data_dir = "/opt/nomad",
                                                               .bind_addr = "10.0.0.1",
                                                               .advertise_http = "10.0.0.1:4646",
                                                               .advertise_rpc = "[fd00::1]:4647",
                                                               .server = TRI_YES,
                                                               .client = TRI_NO};
        host_bench_set(b, values[i].host, values[i].fact, values[i].value, values[i].text);
        const struct finding *f = host_bench_plan(b, "config-not-running");
        if ((f == NULL) != (values[i].finding == NULL) ||
            (f != NULL &&
             (f->detected != values[i].detected || strstr(f->text, values[i].finding) == NULL ||
              f->severity != (f->detected == TRI_YES ? SEVERITY_BLOCK : SEVERITY_WARN))))
            fail_msg("row %zu, %s: %s", i, values[i].fact, f == NULL ? "no finding" : f->text);
    }
}

/* One unknown value does not hide other values that differ. */
static void each_value_is_compared_by_itself(void **state)
{
    struct host_bench *b = *state;

    host_bench_set(b, BENCH_C1, "is.region", TRI_UNKNOWN, "a variable");
    host_bench_set(b, BENCH_C1, "is.datacenter", TRI_YES, "dc2");
    host_bench_set(b, BENCH_C1, "is.name", TRI_YES, "other");
    const struct finding *f = host_bench_plan(b, "config-not-running");
    assert_int_equal(f->severity, SEVERITY_BLOCK);
    assert_non_null(strstr(f->text, "datacenter: the files say \"dc2\""));
    assert_non_null(strstr(f->text, "; name: the files say \"other\""));
    assert_non_null(plan_refused(&b->f.plan));
}

#define IN_BENCH(f) cmocka_unit_test_setup_teardown(f, host_bench_up, host_bench_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BENCH(a_host_that_is_well_has_no_finding),
        IN_BENCH(each_fact_has_its_weight),
        cmocka_unit_test(every_row_has_its_world),
        IN_BENCH(what_the_vendor_must_have_signed),
        IN_BENCH(clocks_matter_on_servers),
        IN_BENCH(a_fact_that_is_not_told_is_not_known),
        IN_BENCH(without_a_unit_its_facts_are_nothing_to_tell),
        IN_BENCH(killed_tasks_matter_where_there_are_tasks),
        IN_BENCH(notify_matters_to_those_who_cannot),
        IN_BENCH(the_c_library_matters_from_1_10_on),
        IN_BENCH(what_many_have_is_told_once_or_five_times),
        IN_BENCH(an_agent_that_tells_nothing_is_told),
        IN_BENCH(an_older_agent_does_not_tell_whether_nomad_would_come_back),
        IN_BENCH(a_server_on_hold_cannot_be_accepted),
        IN_BENCH(outside_roots_hours_nothing_but_staging_is_planned),
        IN_BENCH(hours_that_end_too_soon_are_told),
        IN_BENCH(release_keys_that_root_demands),
        IN_BENCH(operators_whom_root_names),
        IN_BENCH(a_stop_that_takes_something_away_blocks),
        IN_BENCH(a_leave_with_a_drain_is_told_once),
        IN_BENCH(the_file_in_place_is_what_runs),
        IN_BENCH(the_files_say_what_runs),
        IN_BENCH(each_value_is_compared_by_itself),
    };

    return cmocka_run_group_tests_name("hazard_host", tests, NULL, NULL);
}
