#include "evidence.h"

#include "gate_host.h"

static struct streak *streak_for(struct evidence *e, const char *key)
{
    for (size_t i = 0; i < e->n; i++)
        if (str_eq(e->streaks[i].key, key))
            return &e->streaks[i];
    if (e->n == e->cap) {
        e->cap = e->cap > 0 ? 2 * e->cap : 8;
        e->streaks = xrealloc(e->streaks, e->cap * sizeof(*e->streaks));
    }
    struct streak *s = &e->streaks[e->n++];
    memset(s, 0, sizeof(*s));
    str_cut(s->key, sizeof(s->key), key);
    return s;
}

/* An order to a server that joins or leaves disturbs the other servers, except a stage order. */
static bool changes_members(const struct plan_host *p, const struct ledger_host *h)
{
    return p->role != ROLE_UPGRADE && h->order != MSG_STAGE;
}

int64_t servers_disturbed(const struct ledger *l, const struct plan *p)
{
    int64_t last = 0;

    for (size_t i = 0; i < p->n_servers && i < l->n_hosts; i++)
        if (l->hosts[i].order == MSG_SWAP || l->hosts[i].order == MSG_REVERT ||
            l->hosts[i].state == HOST_SETTLING || changes_members(&p->hosts[i], &l->hosts[i]))
            last = MAX_OF(last, l->hosts[i].effect_ms);
    for (size_t i = 0; i < l->n_effects; i++)
        if (effect_is_single(l->effects[i].kind))
            last = MAX_OF(last, l->effects[i].done_ms);
    return last;
}

/* Adds one result to its streak. A streak that began before `since`, when its region or host was
 * disturbed, begins again. */
static void fold_result(struct evidence *e, const char *prefix, const char *key,
                        const struct world *w, const struct gate_result *g, int64_t since)
{
    char name[sizeof(e->streaks->key)];
    snprintf(name, sizeof(name), "%s/%s", prefix, key);
    struct streak *s = streak_for(e, name);

    if (g->kind != GATE_PASS || s->since_ms <= since || w->begun_ms <= since) {
        s->since_ms = 0;
        s->answers = 0;
    }
    if (g->kind == GATE_PASS && w->begun_ms > since) {
        if (s->answers == 0)
            s->since_ms = w->begun_ms;
        s->answers++;
    }
    if (s->text_ms == 0 || s->last != g->kind || !str_eq(s->text, g->text))
        s->text_ms = w->begun_ms;
    s->last_round = w->round;
    s->last_ms = w->begun_ms;
    s->last = g->kind;
    memcpy(s->text, g->text, sizeof(s->text));
}

/* Drops the streaks that this round did not ask. A later turn begins a new streak. */
static void drop_old_streaks(struct evidence *e, uint64_t round)
{
    size_t kept = 0;
    for (size_t i = 0; i < e->n; i++)
        if (e->streaks[i].last_round == round)
            e->streaks[kept++] = e->streaks[i];
    e->n = kept;
}

static bool is_healthy_by_autopilot(const struct world *w, const struct host *h)
{
    for (size_t i = 0; i < w->n_hosts && w->hosts[i].is_server; i++) {
        const struct server_view *by = &w->hosts[i].server;
        for (size_t k = 0; by->autopilot_at > 0 && k < by->n_autopilot; k++)
            if (str_eq(by->autopilot[k].id, h->server_id) && by->autopilot[k].healthy)
                return true;
    }
    return false;
}

static void fold_denial(struct denial *d, const struct world *w, const struct plan *p)
{
    for (size_t i = 0; i < p->n_servers; i++) {
        const struct host *h = world_host(w, p->hosts[i].key);
        struct denial now = {.since_ms = w->begun_ms, .last_ms = w->begun_ms, .answers = 1};
        if (h == NULL || !server_denies(h, now.text, sizeof(now.text)) ||
            !is_healthy_by_autopilot(w, h))
            continue;
        str_cut(now.key, sizeof(now.key), h->key);
        str_cut(now.name, sizeof(now.name), h->name);
        if (d->answers > 0 && str_eq(d->key, now.key)) {
            now.since_ms = d->since_ms;
            now.answers = d->answers + 1;
        }
        *d = now;
        return;
    }
    d->answers = 0;
}

void evidence_fold(struct evidence *e, const struct world *w, const struct plan *p,
                   const struct ledger *l, int64_t now)
{
    int64_t disturbed = servers_disturbed(l, p);

    if (w->refused == NULL || w->refused[0] == '\0')
        e->refused_ms = 0;
    else if (e->refused_ms == 0)
        e->refused_ms = w->begun_ms;
    fold_denial(&e->denial, w, p);

    for (size_t i = 0; i < w->n_regions; i++) {
        struct gate_result g = gate_region(w, p, l, w->regions[i].name, now);
        fold_result(e, "region", w->regions[i].name, w, &g, disturbed);
    }
    for (size_t i = 0; i < l->n_hosts && i < p->n_hosts; i++) {
        const struct ledger_host *h = &l->hosts[i];
        if (h->state != HOST_SETTLING)
            continue;
        struct gate_result g = p->hosts[i].is_server ? gate_server(w, p, l, h->key, now)
                                                     : gate_client(w, p, l, h->key, now);
        fold_result(e, "host", h->key, w, &g, h->effect_ms);
    }
    drop_old_streaks(e, w->round);
}

const struct streak *evidence_find(const struct evidence *e, const char *key)
{
    for (size_t i = 0; i < e->n; i++)
        if (str_eq(e->streaks[i].key, key))
            return &e->streaks[i];
    return NULL;
}

int64_t streak_ms(const struct streak *s)
{
    return s->answers > 0 ? s->last_ms - s->since_ms : 0;
}

#define WORTH_TELLING_MS 1000

void streak_text(const struct streak *s, char *dst, size_t n)
{
    char time[24];
    int64_t ms = s->last_ms - s->text_ms;

    str_for_ms(time, sizeof(time), ms);
    if (s->last != GATE_PASS && s->text_ms > 0 && ms >= WORTH_TELLING_MS)
        snprintf(dst, n, "%.200s (for %s)", s->text, time);
    else
        str_cut(dst, n, s->text);
}

bool evidence_settled(const struct evidence *e, const char *key, const struct policy *p,
                      int64_t since, int64_t now)
{
    const struct streak *s = evidence_find(e, key);

    return s != NULL && s->last == GATE_PASS && s->since_ms > since &&
           s->answers >= p->settle_answers && streak_ms(s) >= p->settle_ms &&
           is_fresh(s->last_ms, now);
}

void evidence_free(struct evidence *e)
{
    free(e->streaks);
    *e = (struct evidence){0};
}
