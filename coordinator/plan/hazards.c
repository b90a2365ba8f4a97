#include "hazard_check.h"
#include "hazard_kinds.h"

/* ---- which hosts a row is about ---- */

static bool is_of_group(const struct hazard_group *g, const struct plan_host *h,
                        const struct version *v, bool known)
{
    return g->server == h->is_server && g->role == h->role && g->todo == !h->already &&
           g->known == known && (!known || version_same(&g->from, v));
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
        while (k < c->n_groups && !is_of_group(&c->groups[k], h, &v, known))
            k++;
        if (k == c->n_groups)
            c->groups[c->n_groups++] = (struct hazard_group){.from = v,
                                                             .known = known,
                                                             .server = h->is_server,
                                                             .role = h->role,
                                                             .todo = !h->already};
        c->group_of[i] = (uint32_t)k;
    }
}

static bool target_fits(row_t *row, const struct version *target)
{
    return (row->edition == EDITION_ANY ||
            (row->edition == EDITION_ENT) == version_is_ent(target)) &&
           (row->target == NULL || version_within(target, row->target)) &&
           (row->crossing == NULL || version_has(target, row->crossing));
}

static bool role_fits(row_t *row, enum plan_role role)
{
    unsigned gets = 1u << ROLE_UPGRADE | 1u << ROLE_JOINS,
             runs = 1u << ROLE_UPGRADE | 1u << ROLE_LEAVES;
    unsigned roles = row->roles != 0             ? row->roles
                     : row->kind->roles != 0     ? row->kind->roles
                     : row->kind->detect == NULL ? gets
                                                 : runs;
    return (roles & 1u << role) != 0;
}

/* from NULL: unknown. */
static bool host_fits(row_t *row, enum plan_role role, bool server, const struct version *from)
{
    if (!role_fits(row, role) ||
        (row->scope != SCOPE_ALL && (row->scope == SCOPE_SERVERS) != server))
        return false;
    return (row->crossing == NULL || (from != NULL && !version_has(from, row->crossing))) &&
           (row->from == NULL || (from != NULL && version_within(from, row->from)));
}

/* Marks the groups that the row is about. Returns false if the row does not apply to this plan. A
 * row without versions is about every host that will change, and applies even if there is none. */
static bool aim_check(struct hazard_check *c, row_t *row)
{
    bool fits = target_fits(row, &c->target);

    c->applies = false;
    for (size_t i = 0; i < c->n_groups; i++) {
        struct hazard_group *g = &c->groups[i];
        g->crosses =
            fits && g->todo && host_fits(row, g->role, g->server, g->known ? &g->from : NULL);
        c->applies |= g->crosses;
    }
    return c->applies || (row->crossing == NULL && row->target == NULL && row->from == NULL);
}

/* ---- single hosts ---- */

static struct one_host describe_host(const struct plan *p, const struct plan_host *ph,
                                     const struct host *h, const struct version *from,
                                     const struct version *target)
{
    const struct fact_view *f = agent_fact(&h->agent, "no-unit");

    return (struct one_host){.ph = ph,
                             .h = h,
                             .from = from,
                             .target = target,
                             .no_unit = f != NULL && f->value == TRI_YES,
                             .stage_only = p->policy.stage_only};
}

/* Is the version in the text, such as "2.36" of a C library, at least the row's `least`? If the
 * text contains no version, the function says yes, so that the row reports nothing. */
static bool is_new_enough(row_t *row, const struct fact_view *f)
{
    struct version v;

    return row->least != NULL &&
           (!version_find(f->text, &v) || version_cmp_text(&v, row->least) >= 0);
}

/* Returns NO if there is nothing to report about this host. f NULL: the agent does not report the
 * fact. */
static enum tri judge_fact(row_t *row, const struct one_host *o, const struct fact_view *f)
{
    bool yes = f != NULL && f->value == TRI_YES;

    if ((row->of_unit && o->no_unit) || (f == NULL && row->staged_only) ||
        (row->kind->matters != NULL && !row->kind->matters(o, yes ? f : NULL)) ||
        (yes && is_new_enough(row, f)))
        return TRI_NO;
    if (f == NULL || f->value == TRI_UNKNOWN || !row->kind->when_no)
        return f != NULL ? f->value : TRI_UNKNOWN;
    return yes ? TRI_NO : TRI_YES;
}

static enum severity severity_for(row_t *row, enum tri value)
{
    return value == TRI_YES ? row->severity : row->unsure;
}

static struct judgement judge_host(row_t *row, const struct one_host *o)
{
    const struct fact_view *f = row->key != NULL ? agent_fact(&o->h->agent, row->key) : NULL;
    struct judgement j = {.value = row->key != NULL ? judge_fact(row, o, f) : TRI_NO};
    enum tri by_fact = j.value;

    str_cut(j.text, sizeof(j.text), f != NULL ? f->text : "its agent does not report this");
    if (row->kind->refine != NULL && (j.value != TRI_NO || row->key == NULL))
        row->kind->refine(o, &j);
    j.severity = MAX_OF(j.severity, severity_for(row, row->key != NULL ? by_fact : j.value));
    return j;
}

/* NULL: no agent reports facts about this host. Other rows report a missing agent. */
static const struct host *host_with_facts(const struct world *w, const struct plan_host *ph)
{
    const struct host *h = world_host(w, ph->key);
    return h != NULL && h->agent.n_facts > 0 ? h : NULL;
}

static void judge_hosts(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_hosts; i++) {
        const struct plan_host *ph = &c->p->hosts[i];
        const struct host *h = hazard_crosses(c, ph) ? host_with_facts(c->w, ph) : NULL;
        if (h == NULL)
            continue;
        const struct one_host o = describe_host(c->p, ph, h, hazard_from(c, ph), &c->target);
        struct judgement j = judge_host(row, &o);
        /* The check is made again before the first swap anywhere; the answer may differ then. */
        if (j.may_pass)
            j.severity = MIN_OF(j.severity, SEVERITY_WARN);
        /* A missing value is not reported when a warning would not follow from it. */
        if (j.value == TRI_YES || (j.value == TRI_UNKNOWN && j.severity > SEVERITY_INFO))
            hazard_report(c, row, j.severity, j.value, ph->name, j.text);
    }
}

bool hazards_refuse(const struct plan *p, const struct plan_host *ph, const struct host *h,
                    struct host_refusal *ret)
{
    struct version target, from;
    struct err err;

    if (h->agent.n_facts == 0 || version_parse(p->target, &target, &err) < 0)
        return false;
    bool known = version_parse(ph->from, &from, &err) == 0;
    const struct one_host o = describe_host(p, ph, h, known ? &from : NULL, &target);
    for (size_t i = 0; i < p->hazards->n_rows; i++) {
        row_t *row = &p->hazards->rows[i];
        if (row->kind->detect != NULL || !target_fits(row, &target) ||
            !host_fits(row, ph->role, ph->is_server, o.from))
            continue;
        struct judgement j = judge_host(row, &o);
        if (j.value == TRI_NO || j.severity < SEVERITY_BLOCK ||
            hazard_accepted(&p->policy, row->id, j.severity))
            continue;
        *ret = (struct host_refusal){.id = row->id,
                                     .hard = j.severity == SEVERITY_HARD,
                                     .may_pass = j.may_pass,
                                     .advice = row->advice};
        snprintf(ret->text, sizeof(ret->text), "%s%s",
                 j.value == TRI_UNKNOWN ? "cannot tell: " : "", j.text);
        return true;
    }
    return false;
}

const char *hazards_advice(const struct hazards *h, const char *text)
{
    char name[48];

    for (size_t i = 0; i < h->n_rows; i++) {
        snprintf(name, sizeof(name), "[%.40s]", h->rows[i].id);
        if (strstr(text, name) != NULL)
            return h->rows[i].advice;
    }
    return NULL;
}

bool hazard_held(const struct host *h)
{
    const struct fact_view *f = agent_fact(&h->agent, "held");

    return f != NULL && f->value == TRI_YES;
}

/* ---- the table at work ---- */

/* Puts what the row looks for into a sentence, as the functions of hazard_any.c do. */
static const char *perhaps_found(row_t *row, char dst[static TEXT_MAX])
{
    unsigned wants = row->kind->wants;

    dst[0] = '\0';
    if ((wants & HAZARD_ATTRIBUTE) != 0 && (wants & HAZARD_LEAST) != 0)
        snprintf(dst, TEXT_MAX, ". Perhaps %s is older than %s", row->what, row->least);
    else if (row->what != NULL)
        snprintf(dst, TEXT_MAX, ". Perhaps %s%s",
                 row->kind->source == FROM_JOBS ? "it offers " : "", row->what);
    return dst;
}

static void report_doubt(struct hazard_check *c, row_t *row, const struct hazard_doubt *d)
{
    char more[48] = "", perhaps[TEXT_MAX];

    if (d->n > 1)
        snprintf(more, sizeof(more), " and %zu more %s", d->n - 1,
                 str_count(d->n - 1, "host", "hosts"));
    if (row->kind->source == FROM_FILE && row->key != NULL)
        hazard_found(c, row, TRI_UNKNOWN, NULL, "whether %s%s %s %s configured: %s", d->host, more,
                     d->n > 1 ? "have" : "has", row->key, d->why);
    else
        hazard_found(c, row, TRI_UNKNOWN, NULL, "%s%s: %s%s", d->host, more, d->why,
                     perhaps_found(row, perhaps));
}

static void check_row(struct hazard_check *c, row_t *row)
{
    if (!aim_check(c, row))
        return;
    c->told = c->n_doubts = 0;
    c->first = c->p->n_findings;
    if (row->kind->detect != NULL)
        row->kind->detect(c, row);
    else
        judge_hosts(c, row);
    for (size_t i = 0; i < c->n_doubts; i++)
        report_doubt(c, row, &c->doubts[i]);
}

static void hazard_check_free(struct hazard_check *c)
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
        return; /* plan_make has already refused a version that cannot be read */
    group_hosts(&c);
    for (size_t i = 0; i < p->hazards->n_rows; i++)
        check_row(&c, &p->hazards->rows[i]);
    hazard_check_free(&c);
}

unsigned hazards_need(const struct plan *p)
{
    struct plan copy = *p; /* aim_check changes nothing in the plan */
    struct hazard_check c = {.p = &copy};
    unsigned need = 0;
    struct err err;

    if (version_parse(p->target, &c.target, &err) < 0)
        return 0;
    group_hosts(&c);
    for (size_t i = 0; i < p->hazards->n_rows; i++)
        if (aim_check(&c, &p->hazards->rows[i]) && p->n_todo > 0)
            need |= 1u << p->hazards->rows[i].kind->source;
    hazard_check_free(&c);
    return need;
}
