#include "hazard_check.h"
#include "hazard_kinds.h"

/* ---- findings ---- */

bool hazard_accepted(const struct policy *y, const char *id, enum severity severity)
{
    return severity == SEVERITY_BLOCK && policy_accepts(y, id);
}

/* The id that --accept takes for this finding. */
static const char *accept_id(struct hazard_check *c, row_t *row, const char *host)
{
    return row->kind->by_host && host != NULL ? arena_printf(&c->p->arena, "%s:%s", row->id, host)
                                              : row->id;
}

static struct finding *add_finding(struct hazard_check *c, row_t *row, enum severity severity,
                                   const char *host)
{
    const char *id = accept_id(c, row, host);
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
        .id = id,
        .severity = severity,
        .detected = TRI_YES,
        .advice = row->advice,
        .accepted = hazard_accepted(&p->policy, id, severity),
    };
    return f;
}

#define HOSTS_NAMED 3 /* the first host included */

static bool is_same_finding(row_t *row, const struct finding *f, enum severity severity,
                            enum tri detected, const char *text)
{
    bool any_text = row->kind->detect == NULL && severity < SEVERITY_BLOCK;

    return f->n_hosts > 0 && !row->kind->by_host && f->severity == severity &&
           f->detected == detected && (any_text || str_eq(f->text, text));
}

/* Returns the finding with which the host is counted; NULL: the host gets its own finding. */
static struct finding *find_same_finding(const struct hazard_check *c, row_t *row,
                                         enum severity severity, enum tri detected,
                                         const char *text)
{
    for (size_t i = c->first; i < c->p->n_findings; i++)
        if (is_same_finding(row, &c->p->findings[i], severity, detected, text))
            return &c->p->findings[i];
    return c->told == HAZARD_HOSTS ? &c->p->findings[c->last] : NULL;
}

static void count_host(struct finding *f, const char *host, const char *text)
{
    size_t n = strlen(f->others);

    f->differs = f->differs || !str_eq(f->text, text);
    if (f->n_hosts < HOSTS_NAMED && n + strlen(host) + 3 < sizeof(f->others))
        snprintf(f->others + n, sizeof(f->others) - n, "%s%s", n > 0 ? ", " : "", host);
    f->n_hosts++;
}

void hazard_report(struct hazard_check *c, row_t *row, enum severity severity, enum tri detected,
                   const char *host, const char *text)
{
    struct finding *f = host != NULL ? find_same_finding(c, row, severity, detected, text) : NULL;

    if (f != NULL) {
        count_host(f, host, text);
        return;
    }
    if (host != NULL) {
        c->last = c->p->n_findings;
        c->told++;
    }
    f = add_finding(c, row, severity, host);
    f->detected = detected;
    f->n_hosts = host != NULL;
    str_cut(f->host, sizeof(f->host), host != NULL ? host : "");
    str_cut(f->text, sizeof(f->text), text);
}

void hazard_found(struct hazard_check *c, row_t *row, enum tri detected, const char *host,
                  const char *fmt, ...)
{
    va_list ap;
    char text[TEXT_MAX];

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    hazard_report(c, row, detected == TRI_YES ? row->severity : row->unsure, detected, host, text);
}

void hazard_found_as(struct hazard_check *c, row_t *row, enum severity severity, const char *fmt,
                     ...)
{
    va_list ap;
    char text[TEXT_MAX];

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    hazard_report(c, row, MAX_OF(severity, row->severity), TRI_YES, NULL, text);
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

static int by_host_survey_key(const void *key, const void *host)
{
    return strcmp(key, ((const struct host_survey *)host)->key);
}

const struct host_survey *survey_host(const struct hazard_check *c, const char *key)
{
    if (c->survey->n_hosts == 0)
        return NULL;
    return bsearch(key, c->survey->hosts, c->survey->n_hosts, sizeof(*c->survey->hosts),
                   by_host_survey_key);
}

const char *asked_why(enum asked asked)
{
    static const char *const why[] = {
        [ASKED_NOT] = "no answer",
        [ASKED_YES] = "the answer does not contain it",
        [ASKED_DENIED] = "the token has no right to ask",
        [ASKED_ABSENT] = "this Nomad cannot answer it",
    };
    return why[asked];
}
