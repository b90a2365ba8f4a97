#include "progress.h"

#include "no_return.h"

void progress_init(struct progress *p, const struct plan *plan, const struct ledger *l, int64_t now)
{
    memset(p, 0, sizeof *p);
    p->plan = plan;
    p->ledger = l;
    p->begun = now;
    p->run_state = -1;
    p->states = xzalloc(l->n_hosts + 1, sizeof *p->states);
    p->since = xzalloc(l->n_hosts + 1, sizeof *p->since);
    p->copied = xzalloc(l->n_hosts + 1, sizeof *p->copied);
    for (size_t i = 0; i < l->n_hosts; i++) {
        p->copied[i] = l->hosts[i].keys.path[0] != '\0';
        p->states[i] = (int)l->hosts[i].state; /* what a resumed run finds is no news */
        p->since[i] = now;
    }
    for (size_t i = 0; i < l->n_regions; i++)
        p->snapshots[i] = l->regions[i].snapshot_wall_ms;
}

void progress_free(struct progress *p)
{
    free(p->states);
    free(p->since);
    free(p->copied);
    memset(p, 0, sizeof *p);
}

static bool only_numbers_differ(const char *a, const char *b)
{
    static const char number[] = "0123456789.,";
    for (;; a++, b++) {
        a += strspn(a, number);
        b += strspn(b, number);
        if (*a != *b)
            return false;
        if (*a == '\0')
            return true;
    }
}

static void fold_waiting(struct progress *p, const struct waiting *w, int64_t now,
                         void (*tell)(void *, const struct change *), void *ctx)
{
    bool same = p->reason == w->reason && str_eq(p->key, w->key);
    bool news = !str_eq(p->text, w->text) && (now - p->told_ms >= PROGRESS_REPEAT_MS ||
                                              (p->first && !only_numbers_differ(p->text, w->text)));
    if (same && !news)
        return;
    p->first = !same;
    p->reason = w->reason;
    str_cut(p->key, sizeof p->key, w->key);
    str_cut(p->text, sizeof p->text, w->text);
    p->told_ms = now;
    tell(ctx, &(struct change){.kind = CHANGE_WAITING, .waiting = w});
}

/* Once a region: whoever leads afterwards, old data are out of reach. */
static void fold_no_return(struct progress *p, const struct world *w, int64_t now,
                           void (*tell)(void *, const struct change *), void *ctx)
{
    for (size_t i = 0; w != NULL && i < p->ledger->n_regions; i++) {
        const struct ledger_region *r = &p->ledger->regions[i];
        const struct host *leader =
            p->no_return[i] ? NULL : no_return_crossed(p->plan, w, r->name, now);
        if (leader == NULL)
            continue;
        p->no_return[i] = true;
        tell(ctx, &(struct change){.kind = CHANGE_NO_RETURN, .region = r, .leader = leader});
    }
}

void progress_fold(struct progress *p, const struct decision *d, const struct world *w, int64_t now,
                   void (*tell)(void *ctx, const struct change *c), void *ctx)
{
    const struct ledger *l = p->ledger;
    if (p->run_state != (int)l->state) {
        p->run_state = (int)l->state;
        tell(ctx, &(struct change){.kind = CHANGE_RUN});
    }
    for (size_t i = 0; i < l->n_hosts; i++) {
        if (p->states[i] == (int)l->hosts[i].state)
            continue;
        p->states[i] = (int)l->hosts[i].state;
        p->since[i] = now;
        tell(ctx, &(struct change){.kind = CHANGE_HOST, .host = i});
    }
    for (size_t i = 0; i < l->n_regions; i++) {
        if (p->snapshots[i] == l->regions[i].snapshot_wall_ms)
            continue;
        p->snapshots[i] = l->regions[i].snapshot_wall_ms;
        tell(ctx, &(struct change){.kind = CHANGE_SNAPSHOT, .region = &l->regions[i]});
    }
    for (size_t i = 0; i < p->plan->n_servers && i < l->n_hosts; i++) {
        if (p->copied[i] || l->hosts[i].keys.path[0] == '\0')
            continue;
        p->copied[i] = true;
        tell(ctx, &(struct change){.kind = CHANGE_KEYSTORE, .host = i});
    }
    fold_no_return(p, w, now, tell, ctx);
    if (d->n_waiting > 0)
        fold_waiting(p, &d->waiting[0], now, tell, ctx);
}
