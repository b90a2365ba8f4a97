#include "progress.h"

#include <ctype.h>
#include "no_return.h"

void progress_init(struct progress *p, const struct plan *plan, const struct ledger *l, int64_t now)
{
    memset(p, 0, sizeof(*p));
    p->plan = plan;
    p->ledger = l;
    p->begun = p->told_ms = now;
    p->run_state = -1;
    p->states = xzalloc(l->n_hosts + 1, sizeof(*p->states));
    p->since = xzalloc(l->n_hosts + 1, sizeof(*p->since));
    p->copied = xzalloc(l->n_hosts + 1, sizeof(*p->copied));
    for (size_t i = 0; i < l->n_hosts; i++) {
        p->copied[i] = l->hosts[i].keys.path[0] != '\0';
        p->states[i] =
            (int)l->hosts[i].state; /* the states at the start of a resumed run are not changes */
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
    memset(p, 0, sizeof(*p));
}

/* Returns the length of the unit after a number. 900 ms and 1.2 s are other numbers, not other
 * waits. */
static size_t unit_len(const char *s)
{
    static const char *const units[] = {" ms", " s",   " min", " h",  " d",
                                        " B",  " KiB", " MiB", " GiB"};

    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        size_t n = strlen(units[i]);
        if (str_starts(s, units[i]) && !isalnum((unsigned char)s[n]))
            return n;
    }
    return 0;
}

/* Returns the position after numbers such as "2 min 19 s" or "index 4". */
static const char *skip_numbers(const char *s)
{
    for (;;) {
        size_t n = strspn(s, "0123456789.,");
        size_t unit = n > 0 ? unit_len(s + n) : 0;
        s += n + unit;
        if (unit == 0 || s[0] != ' ' || !isdigit((unsigned char)s[1]))
            return s;
        s++;
    }
}

static bool only_numbers_differ(const char *a, const char *b)
{
    for (;; a++, b++) {
        a = skip_numbers(a);
        b = skip_numbers(b);
        if (*a != *b)
            return false;
        if (*a == '\0')
            return true;
    }
}

static bool is_same_wait(const struct told_wait *a, const struct waiting *w)
{
    return a->reason == w->reason && str_eq(a->key, w->key) &&
           only_numbers_differ(a->text, w->text);
}

static void put_wait(struct told_wait *dst, const struct waiting *w, int64_t now)
{
    dst->reason = w->reason;
    str_cut(dst->key, sizeof(dst->key), w->key);
    str_cut(dst->text, sizeof(dst->text), w->text);
    dst->at_ms = now;
}

/* Returns the index in told of this wait; if it is not there, a free index, or the index of the
 * wait that was reported longest ago. */
static size_t find_told_index(const struct progress *p, const struct waiting *w)
{
    size_t oldest = 0;

    for (size_t i = 0; i < p->n_told; i++) {
        if (is_same_wait(&p->told[i], w))
            return i;
        oldest = p->told[i].at_ms < p->told[oldest].at_ms ? i : oldest;
    }
    return p->n_told < PROGRESS_WAITS ? p->n_told : oldest;
}

static void fold_waiting(struct progress *p, const struct waiting *w, int64_t now,
                         void (*tell)(void *, const struct change *), void *ctx)
{
    if (!is_same_wait(&p->wait, w))
        put_wait(&p->wait, w, now);
    size_t i = find_told_index(p, w);
    bool before = i < p->n_told && is_same_wait(&p->told[i], w);
    int64_t pause = i == p->last ? PROGRESS_REPEAT_MS : PROGRESS_AGAIN_MS;
    if ((now - p->wait.at_ms < PROGRESS_PATIENCE_MS && now - p->told_ms < PROGRESS_AGAIN_MS) ||
        (before && now - p->told[i].at_ms < pause))
        return;
    put_wait(&p->told[i], w, now);
    p->n_told = MAX_OF(p->n_told, i + 1);
    p->last = i;
    p->told_ms = now;
    tell(ctx, &(struct change){.kind = CHANGE_WAITING, .waiting = w});
}

/* Reported once for each region: the servers cannot go back, whichever server leads later. */
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
