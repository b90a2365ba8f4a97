#include "survey_jobs.h"

#include "job_traits.h"
#include "str.h"

/* A version of a job that allocations run, or the registered version of a job. */
struct job_run {
    const char *ns, *id;
    int64_t version;
    const char *pool;             /* of the job's specification */
    const char *node_pool, *node; /* pool and name of a node on which an allocation runs */
};

static struct region_survey *region_of_job_ask(const struct survey_ask *a)
{
    return &a->owner->out.regions[a->region];
}

static struct jobs_reading *reading_of_ask(const struct survey_ask *a)
{
    return &a->owner->jobs[a->region];
}

static void lose_jobs(struct survey_ask *a, const char *why)
{
    struct region_survey *r = region_of_job_ask(a);
    reading_of_ask(a)->job_lost = true;
    if (r->jobs_why[0] == '\0')
        r->jobs_why = why;
}

static const char *why_lost(const struct http_answer *answer)
{
    return answer->status == 0     ? "Nomad did not answer in time"
           : answer->status == 403 ? "the token may not read them"
                                   : "Nomad refused";
}

/* Each listed job leads to a question for its specification. */
void survey_take_jobs(struct survey_ask *a, const struct http_answer *answer)
{
    struct region_survey *r = region_of_job_ask(a);
    auto_json struct json *j = NULL;

    if (answer->status != 200 || survey_json(answer, &j) < 0 || !json_is_array(j)) {
        lose_jobs(a, why_lost(answer));
        return;
    }
    reading_of_ask(a)->jobs_listed = answer->next_token[0] == '\0';
    for (size_t i = 0; i < json_len(j); i++) {
        const struct json *job = json_item(j, i);
        if (str_eq(json_str(job, "Status", ""), "dead"))
            continue; /* a dead job has no allocations, and gets none */
        if (r->n_listed++ >= SURVEY_JOBS) {
            lose_jobs(a, "there are too many jobs");
            continue;
        }
        const char *ns = json_str(job, "Namespace", "default");
        survey_push(a->owner, Q_JOB, a->region, survey_text(a->owner, json_str(job, "ID", "")),
                    survey_text(a->owner, ns[0] != '\0' ? ns : "default"));
    }
}

static void add_job(struct survey_ask *a, const struct job_traits *found, bool older)
{
    struct region_survey *r = region_of_job_ask(a);
    struct jobs_reading *w = reading_of_ask(a);

    if (found->traits == 0)
        return; /* no row of hazards can be about this job */
    if (r->n_jobs == w->cap_jobs) {
        size_t cap = MAX_OF(2 * w->cap_jobs, (size_t)64);
        struct job_view *more = arena_array(&a->owner->out.arena, cap, sizeof(*more));
        if (r->n_jobs > 0)
            memcpy(more, r->jobs, r->n_jobs * sizeof(*more));
        r->jobs = more;
        w->cap_jobs = cap;
    }
    r->jobs[r->n_jobs++] = (struct job_view){.ns = a->ns,
                                             .id = a->subject,
                                             .version = found->version,
                                             .older = older,
                                             .traits = found->traits};
}

static void add_run(struct job_run **list, size_t *n, size_t *cap, const struct job_run *run)
{
    if (*n == *cap) {
        *cap = MAX_OF(2 * *cap, (size_t)64);
        *list = xrealloc(*list, *cap * sizeof(**list));
    }
    (*list)[(*n)++] = *run;
}

void survey_take_job(struct survey_ask *a, const struct http_answer *answer)
{
    struct jobs_reading *w = reading_of_ask(a);
    struct job_traits found;
    auto_json struct json *j = NULL;

    if (answer->status == 404) {
        region_of_job_ask(a)->n_listed--; /* removed after it was listed */
        return;
    }
    if (answer->status != 200 || survey_json(answer, &j) < 0 || !json_is_object(j)) {
        lose_jobs(a, why_lost(answer));
        return;
    }
    region_of_job_ask(a)->n_read++;
    job_traits_read(j, &found);
    add_job(a, &found, false);
    add_run(&w->specs, &w->n_specs, &w->cap_specs,
            &(struct job_run){.ns = a->ns,
                              .id = a->subject,
                              .version = found.version,
                              .pool = survey_text(a->owner, found.pool)});
}

/* ---- allocations: which versions run where, and since when ---- */

static const char *pool_of_node(const struct survey_queue *s, const char *node)
{
    const struct host *h = world_host(s->world, node);
    if (h != NULL)
        return h->node_pool;
    for (size_t i = 0; i < s->world->n_hosts && s->world->hosts[i].is_server; i++)
        if (str_eq(s->world->hosts[i].node_id, node))
            return s->world->hosts[i].node_pool;
    return "";
}

static void take_alloc(struct survey_ask *a, const struct json *alloc)
{
    struct region_survey *r = region_of_job_ask(a);
    struct jobs_reading *w = reading_of_ask(a);
    struct survey_queue *s = a->owner;
    int64_t created = json_int(alloc, "CreateTime", 0) / 1000000000;

    if (!str_eq(json_str(alloc, "ClientStatus", ""), "running"))
        return;
    if (created > 0 && (r->oldest_alloc_s == 0 || created < r->oldest_alloc_s))
        r->oldest_alloc_s = created;
    struct job_run run = {.ns = json_str(alloc, "Namespace", "default"),
                          .id = json_str(alloc, "JobID", ""),
                          .version = json_int(alloc, "JobVersion", 0),
                          .node = json_str(alloc, "NodeName", ""),
                          .node_pool = pool_of_node(s, json_str(alloc, "NodeID", ""))};
    const struct job_run *last = w->n_runs > 0 ? &w->runs[w->n_runs - 1] : NULL;
    if (last != NULL && str_eq(last->id, run.id) && str_eq(last->ns, run.ns) &&
        last->version == run.version && str_eq(last->node_pool, run.node_pool))
        return; /* allocations of one job usually follow each other */
    run.ns = survey_text(s, run.ns);
    run.id = survey_text(s, run.id);
    run.node = survey_text(s, run.node);
    run.node_pool = survey_text(s, run.node_pool);
    add_run(&w->runs, &w->n_runs, &w->cap_runs, &run);
}

void survey_take_allocs(struct survey_ask *a, const struct http_answer *answer)
{
    struct region_survey *r = region_of_job_ask(a);
    struct jobs_reading *w = reading_of_ask(a);
    auto_json struct json *j = NULL;

    r->allocs = survey_asked(answer, json_is_array, &j);
    for (size_t i = 0; r->allocs == ASKED_YES && i < json_len(j) && w->n_runs < SURVEY_ALLOCS; i++)
        take_alloc(a, json_item(j, i));
    w->allocs_listed =
        r->allocs == ASKED_YES && answer->next_token[0] == '\0' && w->n_runs < SURVEY_ALLOCS;
}

/* ---- running versions, compared with registered versions ---- */

static int by_job(const void *a, const void *b)
{
    const struct job_run *x = a, *y = b;
    int c = strcmp(x->ns, y->ns);
    if (c == 0)
        c = strcmp(x->id, y->id);
    return c;
}

static void compare_pool(struct survey_queue *s, size_t region, const struct job_run *run)
{
    struct region_survey *r = &s->out.regions[region];
    struct jobs_reading *w = &s->jobs[region];
    const struct job_run *spec = NULL;

    if (w->n_specs > 0)
        spec = bsearch(run, w->specs, w->n_specs, sizeof(*w->specs), by_job);
    if (spec == NULL || spec->pool[0] == '\0' || str_eq(run->node_pool, "") ||
        str_eq(spec->pool, run->node_pool) || str_eq(spec->pool, "all"))
        return;
    if (r->n_other_pool++ == 0)
        r->other_pool = arena_printf(&s->out.arena, "%.60s/%.80s on %.60s (pool %.40s)", run->ns,
                                     run->id, run->node, run->node_pool);
}

static bool is_older(const struct jobs_reading *w, const struct job_run *run)
{
    const struct job_run *spec =
        w->n_specs > 0 ? bsearch(run, w->specs, w->n_specs, sizeof(*w->specs), by_job) : NULL;
    return spec == NULL || spec->version != run->version;
}

void survey_compare_jobs(struct survey_queue *s, size_t region)
{
    struct jobs_reading *w = &s->jobs[region];
    const struct job_run *asked = NULL;

    if (w->compared || s->out.regions[region].allocs == ASKED_NOT)
        return;
    w->compared = true;
    if (w->n_specs > 0)
        qsort(w->specs, w->n_specs, sizeof(*w->specs), by_job);
    if (w->n_runs > 0)
        qsort(w->runs, w->n_runs, sizeof(*w->runs), by_job);
    for (size_t i = 0; i < w->n_runs; i++) {
        const struct job_run *run = &w->runs[i];
        compare_pool(s, region, run);
        if (!is_older(w, run) || (asked != NULL && by_job(asked, run) == 0))
            continue;
        asked = run;
        survey_push(s, Q_VERSIONS, region, run->id, run->ns);
    }
}

static bool is_older_running(const struct jobs_reading *w, const char *ns, const char *id,
                             int64_t version)
{
    for (size_t i = 0; i < w->n_runs; i++)
        if (w->runs[i].version == version && str_eq(w->runs[i].id, id) &&
            str_eq(w->runs[i].ns, ns) && is_older(w, &w->runs[i]))
            return true;
    return false;
}

void survey_take_versions(struct survey_ask *a, const struct http_answer *answer)
{
    auto_json struct json *j = NULL;

    if (answer->status == 404)
        return; /* the job was removed meanwhile, with its allocations */
    if (answer->status != 200 || survey_json(answer, &j) < 0) {
        lose_jobs(a, why_lost(answer));
        return;
    }
    const struct json *list = json_get(j, "Versions");
    if (json_is_array(list) && json_len(list) > SURVEY_VERSIONS) {
        lose_jobs(a, "a job has too many versions");
        return;
    }
    for (size_t i = 0; json_is_array(list) && i < json_len(list); i++) {
        struct job_traits found;
        job_traits_read(json_item(list, i), &found);
        if (is_older_running(reading_of_ask(a), a->ns, a->subject, found.version))
            add_job(a, &found, true);
    }
}

void survey_finish_jobs(struct survey_queue *s, size_t region)
{
    struct region_survey *r = &s->out.regions[region];
    const struct jobs_reading *w = &s->jobs[region];
    const struct token_view *t = &r->token;
    /* Nomad shows fewer jobs to a token without the right; it does not answer with an error. */
    bool all =
        t->acl_off || t->management ||
        (t->rules_known && (t->rules.all_jobs == ACL_READ || t->rules.all_jobs == ACL_WRITE));

    if (r->allocs == ASKED_YES && !w->allocs_listed)
        r->allocs = ASKED_NOT;
    if (r->allocs == ASKED_YES && t->asked == ASKED_YES && !all)
        r->allocs = ASKED_DENIED;
    if (!w->jobs_listed || w->job_lost || r->n_read != r->n_listed || !w->compared ||
        r->allocs != ASKED_YES || !all) {
        if (r->jobs_why[0] == '\0' && w->jobs_listed)
            r->jobs_why = !all ? "the token may not see all of them"
                               : "Nomad did not say which versions of them run";
        return;
    }
    r->jobs_asked = ASKED_YES;
}

void jobs_reading_free(struct jobs_reading *w)
{
    free(w->runs);
    free(w->specs);
}
