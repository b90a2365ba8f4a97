#include "hazard_host.h"
#include "hazard_check.h"

/* ---- findings ---- */

static struct finding *add(struct hazard_check *c, row_t *row, enum severity severity)
{
    struct plan *p = c->p;
    if (p->n_findings == p->cap_findings) {
        size_t cap = MAX_OF(2 * p->cap_findings, (size_t)16);
        struct finding *more = arena_array(&p->arena, cap, sizeof(*more));
        if (p->n_findings > 0)
            memcpy(more, p->findings, p->n_findings * sizeof(*more));
        p->findings = more;
        p->cap_findings = cap;
    }
    struct finding *f = &p->findings[p->n_findings++];
    *f = (struct finding){
        .id = row->id,
        .severity = severity,
        .detected = TRI_YES,
        .advice = row->advice,
        .accepted = severity == SEVERITY_BLOCK && policy_accepts(&p->policy, row->id),
    };
    return f;
}

/* What only warns and is the same on several hosts is told once. */
static bool is_last(const struct hazard_check *c, row_t *row, enum tri detected, const char *text)
{
    const struct finding *f = c->p->n_findings > 0 ? &c->p->findings[c->p->n_findings - 1] : NULL;
    return f != NULL && f->id == row->id && f->detected == detected && f->host[0] != '\0' &&
           str_eq(f->text, text);
}

static void tell_same(struct hazard_check *c)
{
    struct finding *f = c->p->n_findings > 0 ? &c->p->findings[c->p->n_findings - 1] : NULL;
    char text[TEXT_MAX];

    if (f == NULL || c->same == 0)
        return;
    str_cut(text, sizeof(text), f->text);
    snprintf(f->text, sizeof(f->text), "%.200s (and %zu more %s)", text, c->same,
             str_count(c->same, "host", "hosts"));
    c->same = 0;
}

bool hazard_tell(struct hazard_check *c, row_t *row, enum severity severity, enum tri detected,
                 const char *host, const char *text)
{
    if (host != NULL && c->told == HAZARD_HOSTS) {
        c->more++;
        return false;
    }
    struct finding *f = add(c, row, severity);
    c->told += host != NULL;
    f->detected = detected;
    str_cut(f->host, sizeof(f->host), host != NULL ? host : "");
    str_cut(f->text, sizeof(f->text), text);
    return true;
}

void hazard_found(struct hazard_check *c, row_t *row, enum tri detected, const char *host,
                  const char *fmt, ...)
{
    va_list ap;
    enum severity severity = detected == TRI_YES ? row->severity : row->unsure;
    char text[TEXT_MAX];

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (host != NULL && severity < SEVERITY_BLOCK && is_last(c, row, detected, text)) {
        c->same++;
        return;
    }
    tell_same(c);
    hazard_tell(c, row, severity, detected, host, text);
}

void hazard_found_as(struct hazard_check *c, row_t *row, enum severity severity, const char *fmt,
                     ...)
{
    va_list ap;
    struct finding *f = add(c, row, severity);

    va_start(ap, fmt);
    vsnprintf(f->text, sizeof(f->text), fmt, ap);
    va_end(ap);
}

void hazard_unsure(struct hazard_check *c, const char *host, const char *why)
{
    for (size_t i = 0; i < c->n_doubts; i++)
        if (str_eq(c->doubts[i].why, why)) {
            c->doubts[i].n++;
            return;
        }
    if (c->n_doubts == HAZARD_DOUBTS) {
        c->doubts[HAZARD_DOUBTS - 1].n++;
        return;
    }
    c->doubts[c->n_doubts++] = (struct hazard_doubt){.host = host, .why = why, .n = 1};
}

/* ---- versions ---- */

static bool same_group(const struct hazard_group *g, const struct plan_host *h,
                       const struct version *v, bool known)
{
    return g->server == h->is_server && g->todo == !h->already && g->known == known &&
           (!known || version_same(&g->from, v));
}

static void group_hosts(struct hazard_check *c)
{
    const struct plan *p = c->p;
    c->groups = xzalloc(p->n_hosts + 1, sizeof(*c->groups));
    c->group_of = xzalloc(p->n_hosts + 1, sizeof(*c->group_of));
    for (size_t i = 0; i < p->n_hosts; i++) {
        const struct plan_host *h = &p->hosts[i];
        struct version v = {0};
        struct err err;
        bool known = h->from[0] != '\0' && version_parse(h->from, &v, &err) == 0;
        size_t k = 0;
        while (k < c->n_groups && !same_group(&c->groups[k], h, &v, known))
            k++;
        if (k == c->n_groups)
            c->groups[c->n_groups++] = (struct hazard_group){
                .from = v, .known = known, .server = h->is_server, .todo = !h->already};
        c->group_of[i] = (uint32_t)k;
    }
}

static bool edition_fits(const struct hazard_check *c, row_t *row)
{
    return row->edition == EDITION_ANY ||
           (row->edition == EDITION_ENT) == version_is_ent(&c->target);
}

/* Marks the groups that the row is about; false: it is about none. A row without versions
 * is about every host that will change, and is looked at even when there is none. */
static bool aim(struct hazard_check *c, row_t *row)
{
    bool fits = edition_fits(c, row) &&
                (row->target == NULL || version_within(&c->target, row->target)) &&
                (row->crossing == NULL || version_has(&c->target, row->crossing));
    bool any = false;

    for (size_t i = 0; i < c->n_groups; i++) {
        struct hazard_group *g = &c->groups[i];
        bool scope = row->scope == SCOPE_ALL || (row->scope == SCOPE_SERVERS) == g->server;
        g->crosses = fits && scope && g->todo &&
                     (row->crossing == NULL || (g->known && !version_has(&g->from, row->crossing)));
        any |= g->crosses;
    }
    c->applies = any;
    return any || (row->crossing == NULL && row->target == NULL);
}

const struct version *hazard_from(const struct hazard_check *c, const struct plan_host *h)
{
    const struct hazard_group *g = &c->groups[c->group_of[h - c->p->hosts]];
    return g->known ? &g->from : NULL;
}

bool hazard_crosses(const struct hazard_check *c, const struct plan_host *h)
{
    return c->groups[c->group_of[h - c->p->hosts]].crosses;
}

bool hazard_oldest(const struct hazard_check *c, bool servers_only, struct version *ret)
{
    bool any = false;

    for (size_t i = 0; i < c->n_groups; i++) {
        const struct hazard_group *g = &c->groups[i];
        if (!g->todo || !g->known || (servers_only && !g->server))
            continue;
        if (!any || version_cmp(&g->from, ret) < 0)
            *ret = g->from;
        any = true;
    }
    return any;
}

bool hazard_region_planned(const struct plan *p, const char *region)
{
    for (size_t i = 0; i < p->n_regions; i++)
        if (str_eq(p->regions[i].name, region))
            return p->regions[i].planned;
    return false;
}

/* ---- the survey ---- */

const struct region_survey *survey_region(const struct hazard_check *c, const char *region)
{
    for (size_t i = 0; i < c->survey->n_regions; i++)
        if (str_eq(c->survey->regions[i].name, region))
            return &c->survey->regions[i];
    return NULL;
}

static int by_key(const void *key, const void *host)
{
    return strcmp(key, ((const struct host_survey *)host)->key);
}

const struct host_survey *survey_host(const struct hazard_check *c, const char *key)
{
    if (c->survey->n_hosts == 0)
        return NULL;
    return bsearch(key, c->survey->hosts, c->survey->n_hosts, sizeof(*c->survey->hosts), by_key);
}

const char *asked_why(enum asked asked)
{
    static const char *const why[] = {
        [ASKED_NOT] = "it was not answered",
        [ASKED_YES] = "it was not told",
        [ASKED_DENIED] = "the token may not ask",
        [ASKED_ABSENT] = "this Nomad cannot tell it",
    };
    return why[asked];
}

/* ---- the table at work ---- */

static void tell_doubt(struct hazard_check *c, row_t *row, const struct hazard_doubt *d)
{
    char more[48] = "";

    if (d->n > 1)
        snprintf(more, sizeof(more), " and %zu more %s", d->n - 1,
                 str_count(d->n - 1, "host", "hosts"));
    if (row->source == FROM_FILE && row->key != NULL)
        hazard_found(c, row, TRI_UNKNOWN, NULL, "whether %s%s %s %s configured: %s", d->host, more,
                     d->n > 1 ? "have" : "has", row->key, d->why);
    else
        hazard_found(c, row, TRI_UNKNOWN, NULL, "%s%s: %s%s%s%s", d->host, more, d->why,
                     row->what != NULL ? " (" : "", row->what != NULL ? row->what : "",
                     row->what != NULL ? ")" : "");
}

static void run_row(struct hazard_check *c, row_t *row)
{
    if (!aim(c, row))
        return;
    c->told = c->more = c->same = c->n_doubts = 0;
    row->detect(c, row);
    tell_same(c);
    if (c->more > 0) {
        c->told = 0;
        hazard_found(c, row, TRI_YES, NULL, "and %zu more hosts", c->more);
    }
    for (size_t i = 0; i < c->n_doubts; i++)
        tell_doubt(c, row, &c->doubts[i]);
}

static void check_free(struct hazard_check *c)
{
    free(c->groups);
    free(c->group_of);
}

void hazards_check(const struct world *w, const struct survey *survey,
                   const struct release *release, struct plan *p)
{
    static const struct survey none;
    struct hazard_check c = {
        .w = w, .survey = survey != NULL ? survey : &none, .release = release, .p = p};
    struct err err;

    if (version_parse(release->version, &c.target, &err) < 0)
        return; /* plan_make has refused it already */
    group_hosts(&c);
    for (size_t i = 0; i < hazard_table_len; i++)
        run_row(&c, &hazard_table[i]);
    hazard_host_check(&c);
    check_free(&c);
}

unsigned hazards_need(const struct plan *p)
{
    struct plan look = *p; /* rows are only aimed: it stays as it is */
    struct hazard_check c = {.p = &look};
    unsigned need = 0;
    struct err err;

    if (version_parse(p->target, &c.target, &err) < 0)
        return 0;
    group_hosts(&c);
    for (size_t i = 0; i < hazard_table_len; i++)
        if (aim(&c, &hazard_table[i]) && p->n_todo > 0)
            need |= 1u << hazard_table[i].source;
    check_free(&c);
    return need;
}
