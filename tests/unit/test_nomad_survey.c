/* The survey, against a Nomad of canned answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "hazards.h"
#include "nomad_desk.h"
#include "nomad_survey.h"
#include "plan_make.h"
#include "small_fleet.h"
#include "survey_queue.h"

struct scene {
    struct watched w;
    struct small_fleet fleet;
    struct survey survey;
    int jobs; /* there are */
    int job_fails;
    bool hangs_jobs, denied;
    int asked_jobs, open, most_open;
    const char *token, *rules;
    const char *self; /* NULL: the canned one */
};

static bool is(const char *path, const char *want)
{
    return str_starts(path, want);
}

static void job_list(const struct scene *s, const char *token, struct desk_answer *ret)
{
    uint64_t from = 0;
    if (token != NULL && token[0] != '\0' && str_to_u64(token, 100000, &from) < 0)
        abort();
    int to = MIN_OF((int)from + 400, s->jobs);
    buf_add_str(&ret->body, "[");
    for (int i = (int)from; i < to; i++)
        buf_printf(&ret->body, "%s{\"ID\":\"job-%d\",\"Namespace\":\"default\",\"Status\":\"%s\"}",
                   i > (int)from ? "," : "", i, i == 0 ? "dead" : "running");
    buf_add_str(&ret->body, "]");
    if (to < s->jobs)
        snprintf(ret->next_token, sizeof(ret->next_token), "%d", to);
}

/* Job 1 is at version 5 and has Connect; version 4, with cores, still runs somewhere. */
static void job(struct scene *s, const char *path, struct desk_answer *ret)
{
    bool versions = strstr(path, "/versions") != NULL;
    s->asked_jobs++;
    if (s->job_fails > 0 && s->asked_jobs == s->job_fails)
        ret->status = 500;
    else if (versions)
        buf_add_str(&ret->body,
                    "{\"Versions\":[{\"Version\":5},{\"Version\":4,\"TaskGroups\":[{\"Tasks\":[{"
                    "\"Resources\":{\"Cores\":1}}]}]},{\"Version\":3,\"Constraints\":[{\"Operand\":"
                    "\"distinct_hosts\"}]}]}");
    else if (is(path, "/v1/job/job-1?") || str_eq(path, "/v1/job/job-1"))
        buf_add_str(&ret->body, "{\"Version\":5,\"NodePool\":\"gpu\",\"TaskGroups\":[{\"Services\":"
                                "[{\"Connect\":{}}]}]}");
    else
        buf_add_str(&ret->body, "{\"Version\":0,\"NodePool\":\"default\"}");
}

static const struct {
    const char *path, *body;
} canned[] = {
    {"/v1/operator/keyring/keys", "[{\"State\":\"active\"},{\"State\":\"prepublished\","
                                  "\"PublishTime\":1000000000000000000}]"},
    {"/v1/deployments", "[{\"Status\":\"successful\"},{\"Status\":\"blocked\",\"Namespace\":"
                        "\"prod\",\"JobID\":\"api\"}]"},
    {"/v1/operator/autopilot/configuration",
     "{\"CleanupDeadServers\":true,\"LastContactThreshold\":\"200ms\",\"MaxTrailingLogs\":250,"
     "\"DisableUpgradeMigration\":true}"},
    {"/v1/operator/upgrade-check",
     "{\"JobsWithoutVaultIdentity\":[{}],\"OutdatedNodes\":null,\"VaultTokens\":[{},{}]}"},
    {"/v1/regions", "[\"global\",\"europe\"]"},
    {"/v1/allocations",
     "[{\"ClientStatus\":\"running\",\"JobID\":\"job-1\",\"Namespace\":\"default\",\"JobVersion\":"
     "4,"
     "\"NodeID\":\"c1-id\",\"NodeName\":\"c1\",\"CreateTime\":1700000000000000000},"
     "{\"ClientStatus\":\"complete\",\"JobID\":\"job-1\",\"Namespace\":\"default\",\"JobVersion\":"
     "3,"
     "\"NodeID\":\"c1-id\",\"NodeName\":\"c1\",\"CreateTime\":1600000000000000000}]"},
    {"/v1/agent/self",
     "{\"config\":{\"Datacenter\":\"dc1\",\"TLSConfig\":{\"EnableRPC\":true,"
     "\"VerifyServerHostname\":true},\"Telemetry\":{\"PrometheusMetrics\":true},\"Server\":{"
     "\"NumSchedulers\":3,\"AuthoritativeRegion\":\"global\",\"RejoinAfterLeave\":false,"
     "\"ServerJoin\":{\"RetryJoin\":[\"10.0.0.2\"]},\"RaftBoltConfig\":{}},\"Consuls\":[{\"Token\":"
     "\"<redacted>\",\"ServiceIdentity\":null,\"TaskIdentity\":{}}],\"Vaults\":[{\"Enabled\":true}]"
     "},\"stats\":{\"runtime\":{\"cpu_count\":\"2\"}}}"},
    {"/v1/node/", "{\"Attributes\":{\"consul.version\":\"1.7.2\",\"kernel.name\":\"linux\","
                  "\"plugins.cni.version.bridge\":\"v1.1.1\"},\"CSINodePlugins\":{\"x\":{}}}"},
    {"/v1/acl/policies", "[{\"Name\":\"dev\"},{\"Name\":\"ops\"}]"},
    {"/v1/acl/policy/dev", "{\"Rules\":\"namespace { policy = \\\"read\\\" }\"}"},
    {"/v1/acl/policy/ops", "{\"Rules\":\"nodez { policy = \\\"read\\\" }\"}"},
    {"/v1/acl/role/", "{\"Policies\":[{\"Name\":\"mine\"}]}"},
};

static void handle(void *ctx, int server, const char *path, const char *token,
                   struct desk_answer *ret)
{
    struct scene *s = ctx;
    (void)server;
    ret->status = s->denied ? 403 : 200;
    if (s->denied)
        return;
    if (is(path, "/v1/acl/token/self")) {
        buf_add_str(&ret->body, s->token);
        ret->status = s->token[0] == '{' ? 200 : 404;
        return;
    }
    if (is(path, "/v1/acl/policy/mine")) {
        buf_add_str(&ret->body, s->rules);
        return;
    }
    if (is(path, "/v1/jobs")) {
        job_list(s, token, ret);
        return;
    }
    if (is(path, "/v1/job/")) {
        if (s->hangs_jobs)
            ret->status = 0;
        else
            job(s, path, ret);
        return;
    }
    if (s->self != NULL && is(path, "/v1/agent/self")) {
        buf_add_str(&ret->body, s->self);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(canned); i++)
        if (is(path, canned[i].path)) {
            buf_add_str(&ret->body, canned[i].body);
            return;
        }
    ret->status = 404;
}

static struct scene *begin(void)
{
    struct scene *s = xzalloc(1, sizeof(*s));
    s->jobs = 3;
    s->token = "{\"AccessorID\":\"a\",\"Name\":\"root\",\"Type\":\"management\",\"Global\":true,"
               "\"ExpirationTime\":\"2027-01-01T00:00:00Z\"}";
    watched_begin(&s->w, 4, "", handle, s); /* s1, s2 and s3 belong to the fleet */
    small_fleet_init(&s->fleet);
    return s;
}

static void make(struct scene *s, unsigned need, int64_t budget_ms)
{
    struct nomad_survey *n = NULL;
    struct err err = ERR_INIT;
    struct small_fleet *f = &s->fleet;
    if (plan_make(&f->w, NULL, &f->release, &f->policy, built_in(), &f->plan, &err) < 0)
        fail_msg("%s", err.text);
    nomad_survey_begin(&(struct nomad_survey_config){.nomad = s->w.nomad,
                                                     .observer = s->w.observer,
                                                     .clock = clock_system(),
                                                     .world = &f->w,
                                                     .plan = &f->plan,
                                                     .need = need,
                                                     .budget_ms = budget_ms},
                       &n);
    while (!nomad_survey_tick(n)) {
        s->most_open = MAX_OF(s->most_open, (int)nomad_open(s->w.nomad));
        if (http_wait(s->w.http, 50, &err) < 0)
            fail_msg("%s", err.text);
    }
    nomad_survey_end(n, &s->survey);
}

static void end(struct scene *s)
{
    survey_free(&s->survey);
    plan_free(&s->fleet.plan);
    watched_end(&s->w);
    free(s);
}

static void a_region_is_asked(void **state)
{
    struct scene *s = begin();
    (void)state;
    make(s, ~0u, 5000);
    const struct region_survey *r = &s->survey.regions[0];
    assert_int_equal(s->survey.n_regions, 1);
    assert_int_equal(r->token.asked, ASKED_YES);
    assert_true(r->token.management);
    assert_int_equal(r->token.expires_ms, INT64_C(1798761600000));
    assert_int_equal(r->active_keys, 1);
    assert_int_equal(r->stuck_keys, 1);
    assert_int_equal(r->n_deploying, 1);
    assert_string_equal(r->deploying, "prod/api is blocked");
    assert_int_equal(r->autopilot, ASKED_YES);
    assert_true(r->cleanup_dead && r->migration_off);
    assert_int_equal(r->contact_ms, 200);
    assert_int_equal(r->vault_jobs, 1);
    assert_int_equal(r->vault_nodes, 0);
    assert_int_equal(r->vault_tokens, 2);
    assert_int_equal(r->policies, ASKED_YES);
    assert_string_equal(r->bare_policy, "dev");
    assert_string_equal(r->unknown_policy, "ops");
    assert_int_equal(s->survey.n_known_regions, 2);
    end(s);
}

static const struct host_survey *host_of(const struct scene *s, const char *key)
{
    for (size_t i = 0; i < s->survey.n_hosts; i++)
        if (str_eq(s->survey.hosts[i].key, key))
            return &s->survey.hosts[i];
    fail_msg("no %s", key);
    return NULL;
}

static void hosts_are_asked(void **state)
{
    struct scene *s = begin();
    (void)state;
    make(s, ~0u, 5000);
    const struct host_survey *h = host_of(s, "s2-id"), *c = host_of(s, "c1-id");
    assert_int_equal(h->config, ASKED_YES);
    assert_int_equal(h->num_schedulers, 3);
    assert_int_equal(h->cpus, 2);
    assert_string_equal(h->authoritative, "global");
    static const struct {
        enum config_switch which;
        enum tri want;
    } switches[] = {
        {CONFIG_DC_STAR, TRI_NO},    {CONFIG_REJOINS, TRI_YES},       {CONFIG_TLS_VERIFY, TRI_YES},
        {CONFIG_CONSUL, TRI_YES},    {CONFIG_CONSUL_IDS, TRI_NO},     {CONFIG_VAULT, TRI_YES},
        {CONFIG_PROMETHEUS, TRI_NO}, {CONFIG_ALLOC_METRICS, TRI_YES}, {CONFIG_BOLTDB, TRI_YES},
        {CONFIG_KMS, TRI_NO},        {CONFIG_JOIN, TRI_YES},          {CONFIG_OLD_JOIN, TRI_NO},
    };
    for (size_t i = 0; i < ARRAY_LEN(switches); i++)
        if (h->switches[switches[i].which] != switches[i].want)
            fail_msg("switch %d", (int)switches[i].which);
    assert_int_equal(c->node, ASKED_YES);
    assert_int_equal(c->config, ASKED_NOT);
    assert_string_equal(c->attributes[ATTR_CONSUL], "1.7.2");
    assert_string_equal(c->attributes[ATTR_CNI_BRIDGE], "1.1.1");
    assert_string_equal(c->attributes[ATTR_ARCH], "");
    assert_string_equal(c->attributes[ATTR_CSI], "1");
    end(s);
}

/* Outside server_join, where 2.1 no longer knows the key. */
static void old_join(void **state)
{
    struct scene *s = begin();
    (void)state;
    s->self = "{\"config\":{\"Server\":{\"StartJoin\":[\"10.0.0.2\"]}}}";
    make(s, ~0u, 5000);
    assert_int_equal(host_of(s, "s2-id")->switches[CONFIG_JOIN], TRI_YES);
    assert_int_equal(host_of(s, "s2-id")->switches[CONFIG_OLD_JOIN], TRI_YES);
    end(s);
}

/* Registered jobs, and an older version that runs; not an older version that does not run. */
static void jobs_are_read(void **state)
{
    struct scene *s = begin();
    (void)state;
    make(s, ~0u, 5000);
    const struct region_survey *r = &s->survey.regions[0];
    if (r->jobs_asked != ASKED_YES)
        fail_msg("%s", r->jobs_why);
    assert_int_equal(r->n_listed, 2);
    assert_int_equal(r->n_read, 2);
    assert_int_equal(r->n_jobs, 2);
    assert_false(r->jobs[0].older);
    assert_true((r->jobs[0].traits & TRAIT(JOB_CONNECT)) != 0);
    assert_true(r->jobs[1].older);
    assert_int_equal(r->jobs[1].version, 4);
    assert_int_equal(r->jobs[1].traits, TRAIT(JOB_CORES));
    assert_int_equal(r->n_other_pool, 1);
    assert_non_null(strstr(r->other_pool, "job-1 on c1"));
    assert_int_equal(r->oldest_alloc_s, 1700000000);
    end(s);
}

static void only_what_rows_need_is_asked(void **state)
{
    struct scene *s = begin();
    (void)state;
    make(s, 0, 5000);
    assert_int_equal(s->asked_jobs, 0);
    assert_int_equal(s->survey.regions[0].jobs_asked, ASKED_NOT);
    assert_int_equal(s->survey.regions[0].policies, ASKED_NOT);
    assert_int_equal(host_of(s, "c1-id")->node, ASKED_NOT);
    assert_int_equal(s->survey.regions[0].keyring, ASKED_YES);
    end(s);
}

static void thousands_of_jobs_come_in_pages(void **state)
{
    struct scene *s = begin();
    (void)state;
    s->jobs = 2001;
    make(s, 1u << FROM_JOBS, 30000);
    assert_int_equal(s->survey.regions[0].n_listed, 2000);
    assert_int_equal(s->survey.regions[0].n_read, 2000);
    assert_int_equal(s->survey.regions[0].jobs_asked, ASKED_YES);
    assert_true(s->most_open <= SURVEY_OPEN);
    end(s);
}

static void one_job_that_fails_is_told(void **state)
{
    struct scene *s = begin();
    (void)state;
    s->job_fails = 2;
    make(s, ~0u, 5000);
    const struct region_survey *r = &s->survey.regions[0];
    assert_int_equal(r->jobs_asked, ASKED_NOT);
    assert_int_equal(r->n_read, 1);
    assert_int_equal(r->n_listed, 2);
    assert_string_equal(r->jobs_why, "Nomad refused");
    end(s);
}

/* All jobs were read, but not the older versions that run. */
static void a_version_that_fails_is_told(void **state)
{
    struct scene *s = begin();
    (void)state;
    s->job_fails = 3;
    make(s, ~0u, 5000);
    const struct region_survey *r = &s->survey.regions[0];
    assert_int_equal(r->n_read, r->n_listed);
    assert_int_equal(r->jobs_asked, ASKED_NOT);
    end(s);
}

/* The time is over while many jobs are not read: the survey ends with unknown. */
static void the_budget_holds(void **state)
{
    struct scene *s = begin();
    int64_t begun = clock_mono(clock_system());
    (void)state;
    s->jobs = 500;
    s->hangs_jobs = true;
    make(s, ~0u, 300);
    assert_true(clock_mono(clock_system()) - begun < 12000);
    assert_int_equal(s->survey.regions[0].jobs_asked, ASKED_NOT);
    assert_string_equal(s->survey.regions[0].jobs_why, "Nomad did not answer in time");
    assert_int_equal(s->survey.regions[0].keyring, ASKED_YES);
    end(s);
}

static void a_denied_token_knows_nothing(void **state)
{
    struct scene *s = begin();
    (void)state;
    s->denied = true;
    make(s, ~0u, 5000);
    const struct region_survey *r = &s->survey.regions[0];
    assert_int_equal(r->token.asked, ASKED_DENIED);
    assert_int_equal(r->keyring, ASKED_DENIED);
    assert_int_equal(r->deployments, ASKED_DENIED);
    assert_int_equal(r->jobs_asked, ASKED_NOT);
    assert_int_equal(host_of(s, "s1-id")->config, ASKED_DENIED);
    end(s);
}

static void what_a_token_may(void **state)
{
    static const struct {
        const char *token, *rules;
        enum asked asked;
        bool off, known;
        enum acl_right node;
    } rows[] = {
        {"ACL support disabled", "", ASKED_YES, true, false, ACL_NONE},
        {"ACL token not found", "", ASKED_DENIED, false, false, ACL_NONE},
        {"{\"AccessorID\":\"acls-disabled\",\"Type\":\"client\"}", "", ASKED_YES, true, false,
         ACL_NONE},
        {"{\"Type\":\"client\",\"Policies\":[\"mine\"]}",
         "{\"Rules\":\"node { policy = \\\"write\\\" }\"}", ASKED_YES, false, true, ACL_WRITE},
        {"{\"Type\":\"client\",\"Policies\":null,\"Roles\":[{\"ID\":\"r\"}]}",
         "{\"Rules\":\"node { policy = \\\"read\\\" }\"}", ASKED_YES, false, true, ACL_READ},
        {"{\"Type\":\"client\",\"Policies\":[\"mine\"]}", "{\"Rules\":\"{ json }\"}", ASKED_YES,
         false, false, ACL_NONE},
        {"{\"Type\":\"client\",\"Policies\":[\"gone\"]}", "", ASKED_YES, false, false, ACL_NONE},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene *s = begin();
        s->token = rows[i].token;
        s->rules = rows[i].rules;
        make(s, 1u << FROM_JOBS, 5000);
        const struct token_view *t = &s->survey.regions[0].token;
        if (t->asked != rows[i].asked || t->acl_off != rows[i].off ||
            t->rules_known != rows[i].known || t->rules.node != rows[i].node)
            fail_msg("%s: %d %d %d %d", rows[i].token, (int)t->asked, t->acl_off, t->rules_known,
                     (int)t->rules.node);
        /* a token that may not read all jobs gets fewer jobs, and no error */
        assert_int_equal(s->survey.regions[0].jobs_asked, rows[i].off ? ASKED_YES : ASKED_NOT);
        end(s);
    }
}

/* A list of some policies is not taken for the list of all. */
static void other_policies_are_not_known_to_every_token(void **state)
{
    (void)state;
    for (int mine = 0; mine < 2; mine++) {
        struct scene *s = begin();
        s->token = "{\"Type\":\"client\",\"Policies\":[\"mine\"]}";
        s->rules = "{\"Rules\":\"node { policy = \\\"read\\\" }\"}";
        if (mine == 0)
            s->token = "{\"Type\":\"management\"}";
        make(s, 1u << FROM_POLICIES, 5000);
        assert_int_equal(s->survey.regions[0].policies, mine ? ASKED_DENIED : ASKED_YES);
        assert_string_equal(s->survey.regions[0].bare_policy, "dev");
        end(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_region_is_asked),
        cmocka_unit_test(hosts_are_asked),
        cmocka_unit_test(old_join),
        cmocka_unit_test(jobs_are_read),
        cmocka_unit_test(only_what_rows_need_is_asked),
        cmocka_unit_test(thousands_of_jobs_come_in_pages),
        cmocka_unit_test(one_job_that_fails_is_told),
        cmocka_unit_test(a_version_that_fails_is_told),
        cmocka_unit_test(the_budget_holds),
        cmocka_unit_test(a_denied_token_knows_nothing),
        cmocka_unit_test(what_a_token_may),
        cmocka_unit_test(other_policies_are_not_known_to_every_token),
    };
    return cmocka_run_group_tests_name("nomad_survey", tests, NULL, NULL);
}
