#include "survey_queue.h"

#include "nomad_parse.h"
#include "str.h"
#include "version.h"

#define BODY_MAX    (32 * 1024 * 1024)
#define QUESTION_MS 8000

/* The subject is appended to the path. */
static const struct {
    const char *path, *query; /* query: without the parameter "region" */
    bool pages;
    size_t max;
} questions[] = {
    [Q_TOKEN] = {"/v1/acl/token/self", "", false, 0},
    [Q_TOKEN_POLICY] = {"/v1/acl/policy/", "", false, 0},
    [Q_TOKEN_ROLE] = {"/v1/acl/role/", "", false, 0},
    [Q_KEYRING] = {"/v1/operator/keyring/keys", "", false, 0},
    [Q_DEPLOYMENTS] = {"/v1/deployments", "namespace=*", true, 0},
    [Q_AUTOPILOT] = {"/v1/operator/autopilot/configuration", "", false, 0},
    [Q_VAULT] = {"/v1/operator/upgrade-check/vault-workload-identity", "", false, 0},
    [Q_LICENSE] = {"/v1/operator/license", "", false, 0},
    [Q_POLICIES] = {"/v1/acl/policies", "", false, 0},
    [Q_POLICY] = {"/v1/acl/policy/", "", false, 0},
    [Q_JOBS] = {"/v1/jobs", "namespace=*", true, 0},
    [Q_JOB] = {"/v1/job/", "", false, SURVEY_JOB_BYTES},
    [Q_ALLOCS] = {"/v1/allocations", "namespace=*&task_states=false", true, 0},
    [Q_VERSIONS] = {"/v1/job/", "", false, 8 * SURVEY_JOB_BYTES},
    [Q_REGIONS] = {"/v1/regions", "", false, 0},
    [Q_SELF] = {"/v1/agent/self", "", false, 0},
    [Q_NODE] = {"/v1/node/", "", false, 0},
};
_Static_assert(ARRAY_LEN(questions) == SURVEY_QUESTIONS, "a question without a row");

void survey_queue_init(struct survey_queue *s, struct nomad_http *nomad, const struct world *world,
                       survey_taker *const takers[static SURVEY_QUESTIONS])
{
    memset(s, 0, sizeof(*s));
    s->nomad = nomad;
    s->world = world;
    s->takers = takers;
    s->tail = &s->first;
}

struct survey_ask *survey_push(struct survey_queue *s, enum survey_question q, size_t region,
                               const char *subject, const char *ns)
{
    struct survey_ask *a = xzalloc(1, sizeof(*a));
    *a = (struct survey_ask){
        .owner = s, .question = q, .region = region, .subject = subject, .ns = ns};
    *s->tail = a;
    s->tail = &a->next;
    return a;
}

int survey_json(const struct http_answer *answer, struct json **ret)
{
    struct err err = ERR_INIT;
    return json_parse(answer->body, answer->body_len, BODY_MAX, ret, &err);
}

enum asked survey_asked(const struct http_answer *answer, bool (*expected)(const struct json *),
                        struct json **ret)
{
    static const struct {
        int status;
        enum asked asked;
    } rows[] = {{200, ASKED_YES}, {403, ASKED_DENIED}, {404, ASKED_ABSENT}, {501, ASKED_ABSENT}};
    enum asked asked = ASKED_NOT;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (answer->status == rows[i].status)
            asked = rows[i].asked;
    if (asked == ASKED_YES && (survey_json(answer, ret) < 0 || !expected(*ret)))
        return ASKED_NOT;
    return asked;
}

const char *survey_text(struct survey_queue *s, const char *text)
{
    return parse_text(&s->out.arena, text);
}

/* ---- asking ---- */

static bool may_page(const struct survey_queue *s, const char *region)
{
    for (size_t i = 0; i < s->world->n_hosts && s->world->hosts[i].is_server; i++) {
        const struct host *h = &s->world->hosts[i];
        struct version v;
        struct err err = ERR_INIT;
        if (str_eq(h->region, region) && (version_parse(host_version(s->world, h), &v, &err) < 0 ||
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
    if (a->pages.token != NULL)
        add_query(path, "next_token", a->pages.token);
}

static void ask_free(struct survey_ask *a)
{
    nomad_pages_free(&a->pages);
    free(a);
}

static struct nomad_pages take_pages(struct nomad_pages *p)
{
    struct nomad_pages taken = *p;
    *p = (struct nomad_pages){0, NULL};
    return taken;
}

static void on_question_answered(void *ctx, const struct http_answer *answer, const struct err *why)
{
    struct survey_ask *a = ctx;
    struct survey_queue *s = a->owner;
    struct err err = ERR_INIT;
    static const struct http_answer none = {.next_token = ""};

    s->open--;
    if (answer == NULL || why != NULL)
        answer = &none; /* an incomplete answer counts as none */
    bool more =
        answer->status == 200 && questions[a->question].pages && answer->next_token[0] != '\0';
    if (more && nomad_pages_next(&a->pages, answer->next_token, &err) < 0)
        answer = &none; /* a list without an end counts as none */
    s->takers[a->question](a, answer);
    if (more && answer != &none)
        survey_push(s, a->question, a->region, a->subject, a->ns)->pages = take_pages(&a->pages);
    ask_free(a);
}

static int base_of_question(const struct survey_ask *a, struct nomad_base *ret)
{
    const struct survey_queue *s = a->owner;
    if (a->question != Q_SELF) {
        *ret = s->bases[a->region];
        return 0;
    }
    const struct host *h = world_host(s->world, s->out.hosts[a->host].key);
    if (h == NULL)
        return -1;
    const struct nomad_whom whom = {h->server_id, h->name, h->region};
    return nomad_base_of(s->nomad, &whom, h->addr, ret);
}

static void ask_next(struct survey_ask *a)
{
    struct survey_queue *s = a->owner;
    auto_buf struct buf path = BUF_INIT;
    struct nomad_base base;

    s->open++;
    if (base_of_question(a, &base) < 0) {
        on_question_answered(a, NULL, NULL);
        return;
    }
    make_path(a, &path);
    size_t max = questions[a->question].max;
    nomad_ask(s->nomad, &(struct nomad_request){.base = &base,
                                                .path = buf_str(&path),
                                                .deadline_ms = QUESTION_MS,
                                                .max = max != 0 ? max : BODY_MAX,
                                                .on_done = on_question_answered,
                                                .ctx = a});
}

void survey_drop(struct survey_queue *s)
{
    for (struct survey_ask *a = s->first, *next; a != NULL; a = next) {
        next = a->next;
        /* The taker gets an answer with status 0. */
        s->open++;
        a->next = NULL;
        on_question_answered(a, NULL, NULL);
    }
    s->first = NULL;
    s->tail = &s->first;
}

void survey_pump(struct survey_queue *s)
{
    while (s->first != NULL && s->open < SURVEY_OPEN) {
        struct survey_ask *a = s->first;
        s->first = a->next;
        if (s->first == NULL)
            s->tail = &s->first;
        a->next = NULL;
        ask_next(a);
    }
}
