#include "hazard_host.h"

#include "hazard_check.h"
#include "hazard_host_rows.h"

static struct judgement judge(const struct host_row *r, const struct one_host *o)
{
    const struct fact_view *f = r->fact != NULL ? agent_fact(&o->h->agent, r->fact) : NULL;
    struct judgement j = {.value = f != NULL ? f->value : TRI_UNKNOWN};

    if (r->fact == NULL)
        j.value = TRI_NO;
    else if ((r->of_unit && o->no_unit) || (f == NULL && r->may_lack) ||
             (r->matters != NULL && !r->matters(o, j.value == TRI_YES ? f : NULL)))
        return (struct judgement){.value = TRI_NO};
    j.severity = j.value == TRI_YES ? r->row.severity : r->unsure;
    str_cut(j.text, sizeof(j.text), f != NULL ? f->text : "its agent does not tell");
    if (r->refine != NULL && (j.value != TRI_NO || r->fact == NULL))
        r->refine(o, &j);
    return j;
}

static struct one_host look(const struct plan_host *ph, const struct host *h,
                            const struct version *target)
{
    struct one_host o = {.ph = ph, .h = h, .target = target};
    const struct fact_view *f = agent_fact(&h->agent, "no-unit");
    struct err err;

    o.from_known = ph->from[0] != '\0' && version_parse(ph->from, &o.from, &err) == 0;
    o.no_unit = f != NULL && f->value == TRI_YES;
    return o;
}

static bool is_accepted(const struct policy *y, const struct hazard *row, enum severity severity)
{
    return severity == SEVERITY_BLOCK && policy_accepts(y, row->id);
}

/* What refuses is told of every host, as far as there is room; what only warns once for all:
 * it tends to be the same everywhere. */
static void tell(struct hazard_check *c, const struct host_row *r, const struct one_host *o,
                 const struct judgement *j)
{
    if (j->severity < SEVERITY_BLOCK && c->told > 0) {
        c->more++;
        return;
    }
    hazard_tell(c, &r->row, j->severity, j->value, o->ph->name, j->text);
}

static void find(struct hazard_check *c, const struct host_row *r, const struct one_host *o)
{
    struct judgement j = judge(r, o);

    /* It is asked again before the first swap anywhere, and is another question by then. */
    if (j.may_pass)
        j.severity = MIN_OF(j.severity, SEVERITY_WARN);
    /* An information that is lacking is none. */
    if (j.value != TRI_NO && (j.value == TRI_YES || j.severity > SEVERITY_INFO))
        tell(c, r, o, &j);
}

static void tell_more(struct hazard_check *c, const struct hazard *row)
{
    struct finding *last = c->p->n_findings > 0 ? &c->p->findings[c->p->n_findings - 1] : NULL;
    char text[TEXT_MAX];

    if (c->more == 0 || last == NULL || last->id != row->id)
        return;
    str_cut(text, sizeof(text), last->text);
    snprintf(last->text, sizeof(last->text), "%.200s (and %zu more %s)", text, c->more,
             str_count(c->more, "host", "hosts"));
}

/* Told by an agent at all: a host without one is another row's. */
static const struct host *host_with_facts(const struct world *w, const struct plan_host *ph)
{
    const struct host *h = world_host(w, ph->key);
    return h != NULL && !ph->already && h->agent.n_facts > 0 ? h : NULL;
}

/* What an agent does not tell at all: once for all facts of a kind. */
static bool tells_nothing(const struct host *h)
{
    return h->agent.n_facts == 0 && h->agent.status_at != 0;
}

/* Of before there was a question whether Nomad would come back. */
static bool tells_no_readiness(const struct host *h)
{
    return h->agent.n_facts > 0 && agent_fact(&h->agent, "law-refuses") == NULL;
}

static const struct {
    struct hazard row;
    bool (*lacks)(const struct host *h);
    const char *text;
} untold[] = {
    {{.id = "no-facts",
      .severity = SEVERITY_WARN,
      .unsure = SEVERITY_INFO,
      .advice = "Its agent tells more when it has staged the release, before any swap."},
     tells_nothing,
     "its agent did not tell what speaks against replacing the binary there"},
    {{.id = "no-readiness",
      .severity = SEVERITY_WARN,
      .unsure = SEVERITY_WARN,
      .advice = "Its agent is older than this caravan: upgrade its package."},
     tells_no_readiness,
     "its agent does not tell whether Nomad would come back from a restart as it is"},
};

static void tell_untold(struct hazard_check *c, size_t k)
{
    c->told = c->more = 0;
    for (size_t i = 0; i < c->p->n_hosts; i++) {
        const struct plan_host *ph = &c->p->hosts[i];
        const struct host *h = world_host(c->w, ph->key);
        if (h != NULL && ph->managed && !ph->already && untold[k].lacks(h))
            hazard_found(c, &untold[k].row, TRI_UNKNOWN, ph->name, "%s", untold[k].text);
    }
    hazard_tell_same(c);
    tell_more(c, &untold[k].row);
}

void hazard_host_check(struct hazard_check *c)
{
    for (size_t k = 0; k < host_rows_len; k++) {
        c->told = c->more = 0;
        for (size_t i = 0; i < c->p->n_hosts; i++) {
            const struct plan_host *ph = &c->p->hosts[i];
            const struct host *h = host_with_facts(c->w, ph);
            if (h == NULL)
                continue;
            const struct one_host o = look(ph, h, &c->target);
            find(c, &host_rows[k], &o);
        }
        tell_more(c, &host_rows[k].row);
    }
    for (size_t k = 0; k < ARRAY_LEN(untold); k++)
        tell_untold(c, k);
}

bool hazard_host_refuses(const struct plan *p, const struct plan_host *ph, const struct host *h,
                         struct host_refusal *ret)
{
    struct version target;
    struct err err;

    if (h->agent.n_facts == 0 || version_parse(p->target, &target, &err) < 0)
        return false;
    const struct one_host o = look(ph, h, &target);
    for (size_t k = 0; k < host_rows_len; k++) {
        struct judgement j = judge(&host_rows[k], &o);
        if (j.value == TRI_NO || j.severity < SEVERITY_BLOCK ||
            is_accepted(&p->policy, &host_rows[k].row, j.severity))
            continue;
        *ret = (struct host_refusal){.id = host_rows[k].row.id,
                                     .hard = j.severity == SEVERITY_HARD,
                                     .may_pass = j.may_pass,
                                     .advice = host_rows[k].row.advice};
        snprintf(ret->text, sizeof(ret->text), "%s%s",
                 j.value == TRI_UNKNOWN ? "cannot tell: " : "", j.text);
        return true;
    }
    return false;
}

const char *hazard_host_advice(const char *text)
{
    char name[48];

    for (size_t k = 0; k < host_rows_len; k++) {
        snprintf(name, sizeof(name), "[%.40s]", host_rows[k].row.id);
        if (strstr(text, name) != NULL)
            return host_rows[k].row.advice;
    }
    return NULL;
}

bool hazard_host_held(const struct host *h)
{
    const struct fact_view *f = agent_fact(&h->agent, "held");

    return f != NULL && f->value == TRI_YES;
}

const char *hazard_host_id(size_t i)
{
    if (i < host_rows_len)
        return host_rows[i].row.id;
    return i - host_rows_len < ARRAY_LEN(untold) ? untold[i - host_rows_len].row.id : NULL;
}
