/* Rows about single hosts: what facts of hosts make of a plan, and of a run that has staged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "hazard_kinds.h"
#include "hazards.h"
#include "plan_make.h"
#include "small_fleet.h"

#define C1 3 /* a client of the small fleet; 0 is a server */

#define WELL SMALL_FACTS

struct bench {
    struct small_fleet f;
    struct fact_view facts[SMALL_HOSTS][WELL + 12];
};

static int set_up(void **state)
{
    struct bench *b = xzalloc(1, sizeof(*b));

    small_fleet_init(&b->f);
    for (int i = 0; i < SMALL_HOSTS; i++) {
        memcpy(b->facts[i], small_fleet_facts, sizeof(small_fleet_facts));
        b->f.hosts[i].agent.facts = b->facts[i];
        b->f.hosts[i].agent.n_facts = WELL;
        b->f.hosts[i].server.acl_enabled = TRI_NO; /* else each plan tells of heartbeats */
    }
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    plan_free(&b->f.plan);
    small_fleet_free(&b->f);
    free(b);
    return 0;
}

static void set(struct bench *b, int host, const char *id, enum tri value, const char *text)
{
    struct agent_view *a = &b->f.hosts[host].agent;

    a->disk.bytes[1] = str_eq(id, "binary-version") ? 2 : 1; /* 2: another than runs */
    for (size_t i = 0; i < a->n_facts; i++) {
        if (str_eq(b->facts[host][i].id, id)) {
            b->facts[host][i] = (struct fact_view){id, value, text};
            return;
        }
    }
    b->facts[host][a->n_facts++] = (struct fact_view){id, value, text};
}

/* The plan's finding with this id; NULL. */
static const struct finding *plan_for(struct bench *b, const char *id)
{
    struct err err = ERR_INIT;

    plan_free(&b->f.plan);
    if (plan_make(&b->f.w, &b->f.survey, &b->f.release, &b->f.policy, built_in(), &b->f.plan,
                  &err) < 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < b->f.plan.n_findings; i++) {
        if (str_eq(b->f.plan.findings[i].id, id))
            return &b->f.plan.findings[i];
    }
    return NULL;
}

static void a_host_that_is_well_has_no_finding(void **state)
{
    struct bench *b = *state;

    assert_null(plan_for(b, ""));
    if (b->f.plan.n_findings > 0)
        fail_msg("%s: %s", b->f.plan.findings[0].id, b->f.plan.findings[0].text);
}

struct row {
    const char *fact, *id, *text;
    enum severity yes;
    int unsure;  /* enum severity; -1: not told */
    bool staged; /* an older agent need not know it */
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
        struct bench *b;
        const struct finding *f;

        tear_down(state);
        set_up(state);
        b = *state;
        set(b, C1, r->fact, TRI_YES, r->text);
        f = plan_for(b, r->id);
        if (f == NULL || f->severity != r->yes || f->detected != TRI_YES ||
            !str_eq(f->host, "c1") || strstr(f->text, r->text) == NULL)
            fail_msg("%s, yes: %s", r->id, f == NULL ? "no finding" : f->text);
        assert_int_equal(plan_refused(&b->f.plan) != NULL, r->yes >= SEVERITY_BLOCK);
        b->f.policy.accepted[b->f.policy.n_accepted++] = r->id;
        (void)plan_for(b, r->id);
        assert_int_equal(plan_refused(&b->f.plan) != NULL, r->yes == SEVERITY_HARD);
        b->f.policy.n_accepted = 0;

        set(b, C1, r->fact, TRI_UNKNOWN, "who knows");
        f = plan_for(b, r->id);
        if ((f != NULL ? (int)f->severity : -1) != r->unsure ||
            (f != NULL && f->detected != TRI_UNKNOWN))
            fail_msg("%s, cannot tell: %s", r->id, f == NULL ? "no finding" : f->text);
    }
}

/* Nobody adds a row about single hosts without its world; these have tests of their own. */
static void every_row_has_its_world(void **state)
{
    static const char *const others[] = {"type-notify", "notify-no-way-back", "clock",
                                         "config-not-running"};
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < built_in()->n_rows; i++) {
        const struct hazard *row = &built_in()->rows[i];
        bool there = row->kind->detect != NULL;
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

static void clocks_matter_on_servers(void **state)
{
    struct bench *b = *state;

    set(b, C1, "clock", TRI_YES, "not synchronised");
    assert_null(plan_for(b, "clock"));
    set(b, 0, "clock", TRI_YES, "not synchronised");
    assert_int_equal(plan_for(b, "clock")->severity, SEVERITY_WARN);
    set(b, 0, "clock", TRI_UNKNOWN, "");
    assert_null(plan_for(b, "clock")); /* an information that is lacking is none */
}

/* An agent of an older Caravan. */
static void a_fact_that_is_not_told_is_not_known(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bench *b = *state;
        const struct finding *f;

        set(b, C1, rows[i].fact, TRI_NO, "");
        b->facts[C1][WELL - 1].id = "of later times";
        for (size_t k = 0; k < WELL; k++) {
            if (str_eq(b->facts[C1][k].id, rows[i].fact))
                b->facts[C1][k].id = "of later times";
        }
        b->f.hosts[C1].agent.n_facts = WELL;
        f = plan_for(b, rows[i].id);
        if ((f != NULL ? (int)f->severity : -1) != (rows[i].staged ? -1 : rows[i].unsure))
            fail_msg("%s, not told: %s", rows[i].id, f == NULL ? "no finding" : f->text);
        tear_down(state);
        set_up(state);
    }
}

static void without_a_unit_its_facts_are_nothing_to_tell(void **state)
{
    static const char *const facts[] = {
        "unit-missing",       "unit-reload",         "kill-mode",  "type-notify", "drop-ins",
        "other-binary",       "unit-condition",      "unit-needs", "unit-user",   "env-file",
        "unit-stop-commands", "unit-start-commands", "unit-bound", "bound-down",  "start-again"};
    struct bench *b = *state;

    for (int i = 0; i < SMALL_HOSTS; i++) {
        set(b, i, "no-unit", TRI_YES, "Nomad is started by configured commands");
        for (size_t k = 0; k < ARRAY_LEN(facts); k++)
            set(b, i, facts[k], TRI_UNKNOWN, "Nomad is started by configured commands");
    }
    assert_null(plan_for(b, ""));
    assert_int_equal(b->f.plan.n_findings, 0);
}

static void killed_tasks_matter_where_there_are_tasks(void **state)
{
    struct bench *b = *state;

    set(b, 0, "kill-mode", TRI_YES, "KillMode=mixed");
    assert_null(plan_for(b, "kill-mode"));
    b->f.hosts[0].is_client = true;
    assert_non_null(plan_for(b, "kill-mode"));
    b->f.hosts[0].is_client = false;
    set(b, 0, "kill-mode", TRI_UNKNOWN, "");
    assert_null(plan_for(b, "kill-mode"));
    /* The old process would stay, also a server's. */
    set(b, 0, "kill-mode", TRI_YES, "KillMode=none");
    assert_non_null(plan_for(b, "kill-mode"));
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
    struct bench *b = *state;

    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        small_fleet_version(&b->f, ways[i].from);
        str_cut(b->f.release.version, sizeof(b->f.release.version), ways[i].to);
        assert_int_equal(plan_for(b, "type-notify") != NULL, ways[i].hard);
        assert_int_equal(plan_for(b, "notify-no-way-back") != NULL, ways[i].no_way_back);
    }
    for (int i = 0; i < SMALL_HOSTS; i++)
        set(b, i, "type-notify", TRI_NO, "Type=simple");
    small_fleet_version(&b->f, "1.7.5");
    str_cut(b->f.release.version, sizeof(b->f.release.version), "1.7.7");
    assert_null(plan_for(b, "type-notify"));
}

static void the_c_library_matters_from_1_10_on(void **state)
{
    struct bench *b = *state;

    set(b, C1, "libc", TRI_YES, "2.27");
    assert_non_null(plan_for(b, "glibc"));
    small_fleet_version(&b->f, "1.9.0");
    str_cut(b->f.release.version, sizeof(b->f.release.version), "1.9.7");
    assert_null(plan_for(b, "glibc"));
    str_cut(b->f.release.version, sizeof(b->f.release.version), "1.10.0");
    set(b, C1, "libc", TRI_YES, "2.28");
    assert_null(plan_for(b, "glibc"));
}

static void what_many_have_is_told_once_or_five_times(void **state)
{
    struct bench *b = *state;
    size_t n = 0;

    for (int i = 0; i < SMALL_HOSTS; i++)
        set(b, i, "unit-reload", TRI_YES, "changed on disk");
    assert_non_null(plan_for(b, "unit-reload"));
    for (size_t i = 0; i < b->f.plan.n_findings; i++) {
        n += str_eq(b->f.plan.findings[i].id, "unit-reload");
        assert_non_null(strstr(b->f.plan.findings[i].text, "and 4 more hosts"));
    }
    assert_int_equal(n, 1);
    for (int i = 0; i < SMALL_HOSTS; i++)
        set(b, i, "package", TRI_YES, "owned");
    (void)plan_for(b, "package");
    for (size_t i = n = 0; i < b->f.plan.n_findings; i++)
        n += str_eq(b->f.plan.findings[i].id, "package");
    assert_int_equal(n, SMALL_HOSTS);
}

static void an_agent_that_tells_nothing_is_told(void **state)
{
    struct bench *b = *state;

    b->f.hosts[C1].agent.n_facts = 0;
    b->f.hosts[C1].agent.status_at = SMALL_NOW;
    assert_non_null(plan_for(b, "no-facts"));
    assert_null(plan_refused(&b->f.plan));
}

/* ---- would Nomad come back as it is? ---- */

static void an_older_agent_does_not_tell_whether_nomad_would_come_back(void **state)
{
    struct bench *b = *state;

    for (int i = 0; i < SMALL_HOSTS; i++)
        for (size_t k = 0; k < WELL; k++)
            if (str_eq(b->facts[i][k].id, "law-refuses"))
                b->facts[i][k].id = "of later times";
    const struct finding *f = plan_for(b, "no-readiness");
    assert_int_equal(f->severity, SEVERITY_WARN);
    assert_non_null(strstr(f->text, "and 4 more hosts"));
    assert_int_equal(b->f.plan.n_findings, 1); /* not each fact by itself */
    assert_null(plan_refused(&b->f.plan));
}

/* A server that is on hold would be met in its turn; a client may be left out then. */
static void a_server_on_hold_cannot_be_accepted(void **state)
{
    struct bench *b = *state;

    b->f.policy.accepted[b->f.policy.n_accepted++] = "law-refuses";
    set(b, C1, "held", TRI_YES, "root's hold file is there");
    assert_int_equal(plan_for(b, "law-refuses")->severity, SEVERITY_BLOCK);
    assert_null(plan_refused(&b->f.plan));
    set(b, C1, "held", TRI_NO, "");
    set(b, 0, "held", TRI_YES, "root's hold file is there");
    assert_int_equal(plan_for(b, "law-refuses")->severity, SEVERITY_HARD);
    assert_non_null(plan_refused(&b->f.plan));
}

static void a_stop_that_takes_something_away_blocks(void **state)
{
    struct bench *b = *state;

    set(b, C1, "unit-stop-commands", TRI_YES, "ExecStop=/usr/bin/nomad node drain -self");
    assert_int_equal(plan_for(b, "unit-stop-commands")->severity, SEVERITY_BLOCK);
}

static void a_leave_with_a_drain_is_told_once(void **state)
{
    struct bench *b = *state;

    set(b, C1, "stop-signal", TRI_YES, "SIGINT");
    set(b, C1, "stop-leaves", TRI_YES, "leave_on_interrupt in a.hcl, line 3");
    assert_non_null(strstr(plan_for(b, "stop-leaves")->text, "stops it with SIGINT"));
    set(b, C1, "stop-drains", TRI_YES, "drain_on_shutdown in a.hcl, line 9");
    assert_non_null(plan_for(b, "stop-drains"));
    assert_null(plan_for(b, "stop-leaves"));
    /* What a server says of its settings itself is told by another row. */
    set(b, C1, "stop-drains", TRI_NO, "");
    set(b, C1, "stop-leaves", TRI_NO, "");
    set(b, 0, "stop-leaves", TRI_YES, "leave_on_interrupt in a.hcl, line 3");
    assert_null(plan_for(b, "stop-leaves"));
    b->f.hosts[0].server.self_at = 0;
    assert_non_null(plan_for(b, "stop-leaves"));
}

static void the_file_in_place_is_what_runs(void **state)
{
    struct bench *b = *state;
    const struct finding *f;

    set(b, C1, "binary-version", TRI_YES, SMALL_FROM);
    assert_null(plan_for(b, "binary-other-version"));
    set(b, C1, "binary-version", TRI_YES, "1.8.0");
    f = plan_for(b, "binary-other-version");
    assert_int_equal(f->severity, SEVERITY_BLOCK);
    assert_non_null(strstr(f->text, "the file in place is 1.8.0, and " SMALL_FROM " runs"));
    set(b, C1, "binary-version", TRI_YES, SMALL_TO); /* not started yet */
    assert_int_equal(plan_for(b, "binary-other-version")->severity, SEVERITY_WARN);
    set(b, C1, "binary-version", TRI_YES, "no version");
    assert_null(plan_for(b, "binary-other-version"));
    set(b, C1, "binary-version", TRI_YES, "1.8.0");
    b->f.hosts[C1].agent.disk = b->f.hosts[C1].agent.running; /* told before a swap */
    assert_null(plan_for(b, "binary-other-version"));
}

static const struct {
    int host;
    const char *fact;
    enum tri value;
    const char *text, *finding;
    enum tri detected;
} values[] = {
    {C1, "is.datacenter", TRI_YES, "dc1", NULL, TRI_NO},
    {C1, "is.datacenter", TRI_YES, "dc2", "datacenter: \"dc2\" by the files, \"dc1\" runs",
     TRI_YES},
    {C1, "is.datacenter", TRI_NO, "", NULL, TRI_NO}, /* dc1 is the default */
    {C1, "is.region", TRI_YES, "eu", "region: \"eu\" by the files", TRI_YES},
    {C1, "is.name", TRI_YES, "other", "name: ", TRI_YES},
    {C1, "is.name", TRI_NO, "", NULL, TRI_NO},
    {C1, "is.node_class", TRI_YES, "big", "node_class: \"big\" by the files, \"\" runs", TRI_YES},
    {C1, "is.node_pool", TRI_YES, "gpu", NULL, TRI_NO}, /* this Nomad has no pools */
    {C1, "is.data_dir", TRI_YES, "/opt/nomad/", NULL, TRI_NO},
    {C1, "is.data_dir", TRI_YES, "/srv/nomad", "data_dir: \"/srv/nomad\"", TRI_YES},
    {C1, "is.server", TRI_YES, "true", "server: \"true\" by the files, \"false\" runs", TRI_YES},
    {C1, "is.client", TRI_NO, "", "client: \"false\" by the files, \"true\" runs", TRI_YES},
    {C1, "is.acl", TRI_YES, "true", NULL, TRI_NO}, /* a client does not tell */
    {C1, "is.region", TRI_UNKNOWN, "a variable", "region: a variable", TRI_UNKNOWN},
    {C1, "api-moves", TRI_YES, "at 10.0.0.5, port 4646, by the files; it is asked at http://x",
     "its API at 10.0.0.5, port 4646, by the files", TRI_YES},
    {C1, "api-moves", TRI_NO, "", NULL, TRI_NO},
    {0, "is.bind_addr", TRI_YES, "10.0.0.1", NULL, TRI_NO},
    {0, "is.bind_addr", TRI_NO, "", "bind_addr: \"0.0.0.0\" by the files", TRI_YES},
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
    {0, "is.acl", TRI_YES, "true", "acl: \"true\" by the files, \"false\" runs", TRI_YES},
    {0, "is.client", TRI_NO, "", NULL, TRI_NO},
    {0, "is.server", TRI_YES, "true", NULL, TRI_NO},
    {0, "is.name", TRI_YES, "s1", NULL, TRI_NO},
};

static void the_files_say_what_runs(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        struct bench *b;

        tear_down(state);
        set_up(state);
        b = *state;
        set(b, C1, "data-dir", TRI_YES, "/opt/nomad");
        b->f.hosts[C1].node_class = "";
        b->f.hosts[C1].node_pool = "";
        b->f.hosts[0].server.running = (struct running_config){.datacenter = "dc1",
                                                               .name = "s1",
                                                               .data_dir = "/opt/nomad",
                                                               .bind_addr = "10.0.0.1",
                                                               .advertise_http = "10.0.0.1:4646",
                                                               .advertise_rpc = "[fd00::1]:4647",
                                                               .server = TRI_YES,
                                                               .client = TRI_NO};
        set(b, values[i].host, values[i].fact, values[i].value, values[i].text);
        const struct finding *f = plan_for(b, "config-not-running");
        if ((f == NULL) != (values[i].finding == NULL) ||
            (f != NULL &&
             (f->detected != values[i].detected || strstr(f->text, values[i].finding) == NULL ||
              f->severity != (f->detected == TRI_YES ? SEVERITY_BLOCK : SEVERITY_WARN))))
            fail_msg("row %zu, %s: %s", i, values[i].fact, f == NULL ? "no finding" : f->text);
    }
}

/* One value that cannot be told hides none that differs. */
static void each_value_is_compared_by_itself(void **state)
{
    struct bench *b = *state;

    set(b, C1, "is.region", TRI_UNKNOWN, "a variable");
    set(b, C1, "is.datacenter", TRI_YES, "dc2");
    set(b, C1, "is.name", TRI_YES, "other");
    const struct finding *f = plan_for(b, "config-not-running");
    assert_int_equal(f->severity, SEVERITY_BLOCK);
    assert_non_null(strstr(f->text, "datacenter: \"dc2\""));
    assert_non_null(strstr(f->text, "; name: \"other\""));
    assert_non_null(plan_refused(&b->f.plan));
}

/* ---- staged ---- */

static void stage_c1(struct bench *b)
{
    struct ledger_host *lh;
    struct agent_view *a = &b->f.hosts[C1].agent;

    small_fleet_run(&b->f, RUN_STAGING);
    lh = ledger_host(&b->f.ledger, "c1-id");
    lh->state = HOST_STAGING;
    lh->answered = true;
    lh->sequence = 7;
    lh->effect_ms = SMALL_NOW - 1000;
    a->status_at = SMALL_NOW;
    a->order_sequence = 7;
    a->phase = PHASE_STAGED;
    a->target = plan_host(&b->f.plan, "c1-id")->digest;
}

static void a_staged_host_that_is_well_is_staged(void **state)
{
    struct bench *b = *state;

    set(b, C1, "config-rejected", TRI_NO, "accepts");
    stage_c1(b);
    (void)small_fleet_decide(&b->f);
    assert_null(small_fleet_intent(&b->f, INTENT_STOP));
    assert_int_equal(small_fleet_intent(&b->f, INTENT_MARK)->state, HOST_STAGED);
}

static void what_both_binaries_reject_refuses_when_it_is_newer(void **state)
{
    struct bench *b = *state;

    set(b, C1, "config-rejected", TRI_UNKNOWN, "the old one rejects it too");
    assert_int_equal(plan_for(b, "config-rejected")->severity, SEVERITY_WARN);
    set(b, C1, "config-newer", TRI_YES, "/etc/nomad.d/a.hcl");
    assert_int_equal(plan_for(b, "config-rejected")->severity, SEVERITY_BLOCK);
}

static void a_staged_host_that_refuses_stops_the_run(void **state)
{
    struct bench *b = *state;
    const struct intent *stop;

    set(b, C1, "attributes", TRI_YES, "its capabilities could not be carried over");
    stage_c1(b);
    for (size_t i = 0; i < b->f.ledger.n_hosts; i++) /* nobody else is waited for */
        if (b->f.ledger.hosts[i].state == HOST_PENDING)
            b->f.ledger.hosts[i].state = HOST_STAGED;
    (void)small_fleet_decide(&b->f);
    assert_null(small_fleet_intent(&b->f, INTENT_STOP)); /* noted first */
    str_cut(ledger_host(&b->f.ledger, "c1-id")->text, TEXT_MAX,
            small_fleet_intent(&b->f, INTENT_MARK)->text);
    (void)small_fleet_decide(&b->f);
    stop = small_fleet_intent(&b->f, INTENT_STOP);
    assert_non_null(stop);
    assert_non_null(strstr(stop->text, "[attributes] its capabilities"));
    assert_non_null(strstr(stop->advice, "--accept attributes"));
    assert_string_equal(stop->host, "c1");
    assert_null(small_fleet_intent(&b->f, INTENT_MARK));
    assert_null(small_fleet_intent(&b->f, INTENT_SWAP));
    b->f.plan.policy.accepted[b->f.plan.policy.n_accepted++] = "attributes";
    (void)small_fleet_decide(&b->f);
    assert_null(small_fleet_intent(&b->f, INTENT_STOP));
    assert_int_equal(small_fleet_intent(&b->f, INTENT_MARK)->state, HOST_STAGED);
}

/* Until it has told something: it does not pass for one that was asked. */
static void a_staged_host_that_tells_nothing_is_waited_for(void **state)
{
    struct bench *b = *state;

    stage_c1(b);
    b->f.hosts[C1].agent.n_facts = 0;
    (void)small_fleet_decide(&b->f);
    assert_null(small_fleet_intent(&b->f, INTENT_MARK));
    assert_null(small_fleet_intent(&b->f, INTENT_STOP));
    assert_int_equal(b->f.decision.waiting[0].reason, REASON_STAGING);
    assert_non_null(strstr(b->f.decision.waiting[0].text, "does not tell whether"));
}

static void what_root_holds_and_was_accepted_is_left_out_at_once(void **state)
{
    struct bench *b = *state;
    const struct intent *in;

    set(b, C1, "held", TRI_YES, "root's hold file is there: no swap, no revert");
    stage_c1(b);
    b->f.plan.policy.accepted[b->f.plan.policy.n_accepted++] = "law-refuses";
    (void)small_fleet_decide(&b->f);
    in = small_fleet_intent(&b->f, INTENT_MARK);
    assert_non_null(in);
    assert_int_equal(in->state, HOST_SKIPPED);
    assert_int_equal(in->skip, SKIP_HELD);
}

/* A server that could not stage ends the run, once the others have said what they have to say. */
static void who_could_not_stage_is_told_with_the_others(void **state)
{
    struct bench *b = *state;
    struct ledger_host *lh;

    stage_c1(b);
    lh = b->f.ledger.hosts;
    for (size_t i = 0; i < b->f.ledger.n_hosts; i++)
        lh[i].state = HOST_STAGED;
    lh[0].state = HOST_FAILED;
    str_cut(lh[0].text, sizeof(lh[0].text), "bad-digest while staging");
    lh[C1].state = HOST_STAGING;
    lh[C1].answered = true;
    b->f.hosts[C1].agent.phase = PHASE_FETCHING;
    (void)small_fleet_decide(&b->f);
    assert_null(small_fleet_intent(&b->f, INTENT_STOP));
    assert_null(small_fleet_intent(&b->f, INTENT_RUN));
    lh[C1].state = HOST_FAILED;
    (void)small_fleet_decide(&b->f);
    const struct intent *stop = small_fleet_intent(&b->f, INTENT_STOP);
    assert_non_null(stop);
    assert_non_null(strstr(stop->text, "bad-digest while staging; c1 failed, too"));
}

/* No quorum just now, a gap: it is told by the plan, and has a minute when the host has staged. */
static void what_may_pass_by_itself_has_a_minute(void **state)
{
    struct bench *b = *state;

    set(b, C1, "law-refuses", TRI_YES, "the local Nomad knows no leader");
    stage_c1(b);
    for (size_t i = 0; i < b->f.ledger.n_hosts; i++)
        if (b->f.ledger.hosts[i].state == HOST_PENDING)
            b->f.ledger.hosts[i].state = HOST_STAGED;
    str_cut(ledger_host(&b->f.ledger, "c1-id")->text, TEXT_MAX, "[law-refuses] no leader");
    b->f.evidence.progress_ms = b->f.w.begun_ms - 59000;
    (void)small_fleet_decide(&b->f);
    assert_int_equal(b->f.decision.n_intents, 0);
    b->f.evidence.progress_ms = b->f.w.begun_ms - 61000;
    (void)small_fleet_decide(&b->f);
    assert_non_null(small_fleet_intent(&b->f, INTENT_STOP));
    set(b, C1, "law-refuses", TRI_NO, "");
    (void)small_fleet_decide(&b->f);
    assert_int_equal(small_fleet_intent(&b->f, INTENT_MARK)->state, HOST_STAGED);
}

/* All that refuse, not the first one met; and none while others may still turn out to. */
static void all_hosts_that_refuse_are_told_at_once(void **state)
{
    struct bench *b = *state;
    const struct intent *stop;
    struct ledger_host *last;

    set(b, 0, "attributes", TRI_YES, "its capabilities");
    set(b, C1, "held", TRI_YES, "root's hold file is there: no swap, no revert");
    set(b, C1 + 1, "raft-peers-file", TRI_YES, "/opt/nomad/peers.json");
    stage_c1(b);
    last = ledger_host(&b->f.ledger, b->f.hosts[C1 + 1].key);
    for (int i = 0; i < SMALL_HOSTS; i++) {
        struct ledger_host *lh = ledger_host(&b->f.ledger, b->f.hosts[i].key);
        struct agent_view *a = &b->f.hosts[i].agent;
        lh->state = i == 0 || i >= C1 ? HOST_STAGING : HOST_STAGED;
        lh->answered = true;
        lh->sequence = 7;
        lh->effect_ms = SMALL_NOW - 1000;
        a->status_at = SMALL_NOW;
        a->order_sequence = 7;
        a->phase = i == C1 + 1 ? PHASE_FETCHING : PHASE_STAGED;
        a->target = b->f.plan.hosts[0].digest;
    }
    (void)small_fleet_decide(&b->f); /* each is noted in the ledger, for reports */
    assert_null(small_fleet_intent(&b->f, INTENT_STOP));
    for (size_t i = 0; i < b->f.decision.n_intents; i++) {
        const struct intent *in = &b->f.decision.intents[i];
        struct ledger_host *lh = ledger_host(&b->f.ledger, in->key);
        assert_int_equal(in->kind, INTENT_MARK);
        assert_int_equal(in->state, HOST_STAGING);
        str_cut(lh->text, sizeof(lh->text), in->text);
    }
    assert_int_equal(b->f.decision.n_intents, 2);
    assert_string_equal(host_text(ledger_host(&b->f.ledger, "c1-id")),
                        "[law-refuses] root's hold file is there: no swap, no revert");
    (void)small_fleet_decide(&b->f); /* one is still at work */
    assert_int_equal(b->f.decision.n_intents, 0);
    b->f.hosts[C1 + 1].agent.phase = PHASE_STAGED;
    (void)small_fleet_decide(&b->f);
    assert_int_equal(b->f.decision.n_intents, 1);
    str_cut(last->text, sizeof(last->text), b->f.decision.intents[0].text);
    (void)small_fleet_decide(&b->f);
    stop = small_fleet_intent(&b->f, INTENT_STOP);
    assert_non_null(stop);
    assert_non_null(strstr(stop->text, "3 hosts must not be swapped"));
    assert_non_null(strstr(stop->text, "s1: [attributes]"));
    assert_non_null(strstr(stop->text, "c1: [law-refuses]"));
    assert_non_null(strstr(stop->text, "c2: [raft-peers-file]"));
    assert_int_equal(b->f.decision.n_waiting, 3);
}

static void what_was_accepted_survives_a_resume(void **state)
{
    struct bench *b = *state;
    auto_buf struct buf text = BUF_INIT;
    struct plan again;
    struct err err = ERR_INIT;

    b->f.policy.accepted[b->f.policy.n_accepted++] = "package";
    b->f.policy.accepted[b->f.policy.n_accepted++] = "an odd id%";
    (void)plan_for(b, "");
    plan_text(&b->f.plan, &text);
    assert_int_equal(plan_read(buf_str(&text), text.len, built_in(), &again, &err), 0);
    assert_true(policy_accepts(&again.policy, "package"));
    assert_true(policy_accepts(&again.policy, "an odd id%"));
    assert_false(policy_accepts(&again.policy, "kill-mode"));
    assert_true(digest_eq(&again.digest, &b->f.plan.digest));
    plan_free(&again);
}

#define IN_BENCH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BENCH(a_host_that_is_well_has_no_finding),
        IN_BENCH(each_fact_has_its_weight),
        cmocka_unit_test(every_row_has_its_world),
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
        IN_BENCH(a_stop_that_takes_something_away_blocks),
        IN_BENCH(a_leave_with_a_drain_is_told_once),
        IN_BENCH(the_file_in_place_is_what_runs),
        IN_BENCH(the_files_say_what_runs),
        IN_BENCH(each_value_is_compared_by_itself),
        IN_BENCH(a_staged_host_that_is_well_is_staged),
        IN_BENCH(what_both_binaries_reject_refuses_when_it_is_newer),
        IN_BENCH(a_staged_host_that_refuses_stops_the_run),
        IN_BENCH(a_staged_host_that_tells_nothing_is_waited_for),
        IN_BENCH(what_root_holds_and_was_accepted_is_left_out_at_once),
        IN_BENCH(who_could_not_stage_is_told_with_the_others),
        IN_BENCH(what_may_pass_by_itself_has_a_minute),
        IN_BENCH(all_hosts_that_refuse_are_told_at_once),
        IN_BENCH(what_was_accepted_survives_a_resume),
    };

    return cmocka_run_group_tests_name("hazard_host", tests, NULL, NULL);
}
