#include "survey_queue.h"

#include "hazards.h"
#include "json.h"
#include "nomad_parse.h"

#define BODY_MAX    (32 * 1024 * 1024)
#define QUESTION_MS 8000

/* path: %s is the subject. */
static const struct {
    const char *path, *query; /* query without the region's */
    bool pages;
    size_t max;
    survey_taker *take;
} questions[] = {
    [Q_TOKEN] = {"/v1/acl/token/self", "", false, 0, survey_take_token},
    [Q_TOKEN_POLICY] = {"/v1/acl/policy/", "", false, 0, survey_take_token_policy},
    [Q_TOKEN_ROLE] = {"/v1/acl/role/", "", false, 0, survey_take_token_role},
    [Q_KEYRING] = {"/v1/operator/keyring/keys", "", false, 0, survey_take_keyring},
    [Q_DEPLOYMENTS] = {"/v1/deployments", "namespace=*", true, 0, survey_take_deployments},
    [Q_AUTOPILOT] = {"/v1/operator/autopilot/configuration", "", false, 0, survey_take_autopilot},
    [Q_VAULT] = {"/v1/operator/upgrade-check/vault-workload-identity", "", false, 0,
                 survey_take_vault},
    [Q_LICENSE] = {"/v1/operator/license", "", false, 0, survey_take_license},
    [Q_POLICIES] = {"/v1/acl/policies", "", false, 0, survey_take_policies},
    [Q_POLICY] = {"/v1/acl/policy/", "", false, 0, survey_take_policy},
    [Q_JOBS] = {"/v1/jobs", "namespace=*", true, 0, survey_take_jobs},
    [Q_JOB] = {"/v1/job/", "", false, SURVEY_JOB_BYTES, survey_take_job},
    [Q_ALLOCS] = {"/v1/allocations", "namespace=*&task_states=false", true, 0, survey_take_allocs},
    [Q_VERSIONS] = {"/v1/job/", "", false, 8 * SURVEY_JOB_BYTES, survey_take_versions},
    [Q_REGIONS] = {"/v1/regions", "", false, 0, survey_take_regions},
    [Q_SELF] = {"/v1/agent/self", "", false, 0, survey_take_self},
    [Q_NODE] = {"/v1/node/", "", false, 0, survey_take_node},
};
_Static_assert(ARRAY_LEN(questions) == SURVEY_QUESTIONS, "a question without a row");

struct survey_ask *survey_push(struct nomad_survey *s, enum survey_question q, size_t region,
                               const char *subject, const char *ns)
{
    struct survey_ask *a = xzalloc(1, sizeof *a);
    *a = (struct survey_ask){
        .owner = s, .question = q, .region = region, .subject = subject, .ns = ns};
    *s->tail = a;
    s->tail = &a->next;
    return a;
}

enum asked survey_asked(const struct http_answer *answer)
{
    static const struct {
        int status;
        enum asked asked;
    } rows[] = {{200, ASKED_YES}, {403, ASKED_DENIED}, {404, ASKED_ABSENT}, {501, ASKED_ABSENT}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (answer->status == rows[i].status)
            return rows[i].asked;
    return ASKED_NOT;
}

int survey_json(const struct http_answer *answer, struct json **ret)
{
    struct err err = ERR_INIT;
    return json_parse(answer->body, answer->body_len, BODY_MAX, ret, &err);
}

const char *survey_text(struct nomad_survey *s, const char *text)
{
    return parse_text(&s->out.arena, text);
}

/* ---- asking ---- */

static bool may_page(const struct nomad_survey *s, const char *region)
{
    for (size_t i = 0; i < s->c.world->n_hosts && s->c.world->hosts[i].is_server; i++) {
        const struct host *h = &s->c.world->hosts[i];
        struct version v;
        struct err err = ERR_INIT;
        if (str_eq(h->region, region) &&
            (version_parse(host_version(s->c.world, h), &v, &err) < 0 ||
             version_cmp_text(&v, "1.3.0") < 0))
            return false;
    }
    return true;
}

static void add_query(struct buf *path, const char *name, const char *value)
{
    buf_printf(path, "%c%s=", strchr(buf_str(path), '?') != NULL ? '&' : '?', name);
    http_escape(path, value);
}

static void make_path(const struct survey_ask *a, struct buf *path)
{
    const char *region = a->owner->out.regions[a->region].name;
    const char *query = questions[a->question].query;

    buf_add_str(path, questions[a->question].path);
    if (a->subject != NULL)
        http_escape(path, a->subject);
    if (a->question == Q_VERSIONS)
        buf_add_str(path, "/versions");
    if (query[0] != '\0')
        buf_printf(path, "?%s", query);
    if (a->ns != NULL)
        add_query(path, "namespace", a->ns);
    if (a->question != Q_SELF && a->question != Q_REGIONS)
        add_query(path, "region", region);
    if (questions[a->question].pages && may_page(a->owner, region))
        add_query(path, "per_page", "400");
    if (a->page != NULL)
        add_query(path, "next_token", a->page);
}

static void ask_free(struct survey_ask *a)
{
    free(a->page);
    free(a);
}

static void answered(void *ctx, const struct http_answer *answer, const struct err *why)
{
    struct survey_ask *a = ctx;
    struct nomad_survey *s = a->owner;
    static const struct http_answer none = {.next_token = ""};

    s->open--;
    if (answer == NULL || why != NULL)
        answer = &none; /* a part of an answer is none */
    questions[a->question].take(a, answer);
    if (answer->status == 200 && questions[a->question].pages && answer->next_token[0] != '\0') {
        struct survey_ask *more = survey_push(s, a->question, a->region, a->subject, a->ns);
        more->page = xstrdup(answer->next_token);
    }
    ask_free(a);
}

static int base_of(const struct survey_ask *a, struct nomad_base *ret)
{
    const struct nomad_survey *s = a->owner;
    if (a->question != Q_SELF) {
        *ret = s->work[a->region].base;
        return 0;
    }
    const struct host *h = world_host(s->c.world, s->out.hosts[a->host].key);
    if (h == NULL)
        return -1;
    const struct nomad_whom whom = {h->server_id, h->name, h->region};
    return nomad_base_of(s->c.nomad, &whom, h->addr, ret);
}

static void ask(struct survey_ask *a)
{
    struct nomad_survey *s = a->owner;
    auto_buf struct buf path = BUF_INIT;
    struct nomad_base base;

    s->open++;
    if (base_of(a, &base) < 0) {
        answered(a, NULL, NULL);
        return;
    }
    make_path(a, &path);
    size_t max = questions[a->question].max;
    nomad_ask(s->c.nomad, &(struct nomad_request){.base = &base,
                                                  .path = buf_str(&path),
                                                  .deadline_ms = QUESTION_MS,
                                                  .max = max != 0 ? max : BODY_MAX,
                                                  .on_done = answered,
                                                  .ctx = a});
}

static void drop_queue(struct nomad_survey *s)
{
    for (struct survey_ask *a = s->queue, *next; a != NULL; a = next) {
        next = a->next;
        /* Its taker learns that nobody will ask it. */
        s->open++;
        a->next = NULL;
        answered(a, NULL, NULL);
    }
    s->queue = NULL;
    s->tail = &s->queue;
}

static void pump(struct nomad_survey *s)
{
    while (s->queue != NULL && s->open < SURVEY_OPEN) {
        struct survey_ask *a = s->queue;
        s->queue = a->next;
        if (s->queue == NULL)
            s->tail = &s->queue;
        a->next = NULL;
        ask(a);
    }
}

bool nomad_survey_tick(struct nomad_survey *s)
{
    bool late = clock_mono(s->c.clock) >= s->until;

    if (!late)
        pump(s);
    for (size_t i = 0; !late && s->queue == NULL && s->open == 0 && i < s->out.n_regions; i++) {
        survey_compare_jobs(s, i);
        pump(s);
    }
    if (late && s->open == 0)
        drop_queue(s);
    return s->open == 0 && s->queue == NULL;
}

/* ---- what to ask ---- */

static bool needs(const struct nomad_survey *s, enum hazard_source source)
{
    return (s->c.need & (1u << source)) != 0;
}

static void begin_region(struct nomad_survey *s, size_t i)
{
    static const enum survey_question always[] = {Q_TOKEN, Q_KEYRING, Q_DEPLOYMENTS, Q_AUTOPILOT};
    struct version target;
    struct err err = ERR_INIT;

    for (size_t k = 0; k < ARRAY_LEN(always); k++)
        survey_push(s, always[k], i, NULL, NULL);
    if (version_parse(s->c.plan->target, &target, &err) == 0 && version_is_ent(&target))
        survey_push(s, Q_LICENSE, i, NULL, NULL);
    if (needs(s, FROM_SELF))
        survey_push(s, Q_VAULT, i, NULL, NULL);
    if (needs(s, FROM_POLICIES))
        survey_push(s, Q_POLICIES, i, NULL, NULL);
    if (!needs(s, FROM_JOBS))
        return;
    survey_push(s, Q_ALLOCS, i, NULL, NULL);
    survey_push(s, Q_JOBS, i, NULL, NULL);
}

static void add_regions(struct nomad_survey *s)
{
    const struct plan *p = s->c.plan;
    struct survey *out = &s->out;

    out->regions = arena_array(&out->arena, p->n_regions + 1, sizeof *out->regions);
    s->work = xzalloc(p->n_regions + 1, sizeof *s->work);
    for (size_t i = 0; i < p->n_regions; i++) {
        if (!p->regions[i].planned)
            continue;
        size_t k = out->n_regions++;
        out->regions[k] = (struct region_survey){.name = survey_text(s, p->regions[i].name),
                                                 .token.name = "",
                                                 .deploying = "",
                                                 .bare_policy = "",
                                                 .unknown_policy = "",
                                                 .license_ends = "",
                                                 .jobs_why = "",
                                                 .other_pool = ""};
        observer_speaker(s->c.observer, p->regions[i].name, &s->work[k].base);
        begin_region(s, k);
    }
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct host_survey *)a)->key, ((const struct host_survey *)b)->key);
}

static size_t region_index(const struct nomad_survey *s, const char *name)
{
    for (size_t i = 0; i < s->out.n_regions; i++)
        if (str_eq(s->out.regions[i].name, name))
            return i;
    return 0;
}

static void add_hosts(struct nomad_survey *s)
{
    const struct world *w = s->c.world;
    struct survey *out = &s->out;

    out->hosts = arena_array(&out->arena, w->n_hosts + 1, sizeof *out->hosts);
    out->n_hosts = w->n_hosts;
    for (size_t i = 0; i < w->n_hosts; i++)
        out->hosts[i] = (struct host_survey){
            .key = survey_text(s, w->hosts[i].key), .num_schedulers = -1, .authoritative = ""};
    qsort(out->hosts, out->n_hosts, sizeof *out->hosts, by_key);
    for (size_t i = 0; i < out->n_hosts; i++) {
        const struct host *h = world_host(w, out->hosts[i].key);
        if (h == NULL || out->n_regions == 0)
            continue;
        size_t region = region_index(s, h->region);
        if (h->is_server && h->server.self_at != 0)
            survey_push(s, Q_SELF, region, NULL, NULL)->host = i;
        bool wanted = h->is_client && needs(s, FROM_ATTRIBUTES) && s->n_nodes < SURVEY_NODES &&
                      plan_host(s->c.plan, h->key) != NULL;
        if (!wanted)
            continue;
        s->n_nodes++;
        survey_push(s, Q_NODE, region, survey_text(s, h->node_id), NULL)->host = i;
    }
}

void nomad_survey_begin(const struct nomad_survey_config *c, struct nomad_survey **ret)
{
    struct nomad_survey *s = xzalloc(1, sizeof *s);

    s->c = *c;
    s->tail = &s->queue;
    s->until = clock_mono(c->clock) + c->budget_ms;
    s->out.wall_ms = clock_wall(c->clock);
    add_regions(s);
    if (s->out.n_regions > 0)
        survey_push(s, Q_REGIONS, 0, NULL, NULL);
    add_hosts(s);
    pump(s);
    *ret = s;
}

void nomad_survey_end(struct nomad_survey *s, struct survey *ret)
{
    for (size_t i = 0; i < s->out.n_regions; i++) {
        survey_finish_jobs(s, i);
        free(s->work[i].runs);
        free(s->work[i].specs);
    }
    free(s->work);
    *ret = s->out;
    free(s);
}
