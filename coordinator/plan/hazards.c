#include "hazard_check.h"
#include "hazard_host.h"

/* ---- which hosts a row is about ---- */

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
    hazard_tell_same(c);
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
