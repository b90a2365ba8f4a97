#include "last_run.h"

#include "carry_out.h"
#include "count_reader.h"
#include "counts.h"
#include "late_failures.h"
#include "raft_view.h"
#include "report_late_failures.h"
#include "report_regions.h"
#include "table.h"

static bool was_counted(const struct ledger *l, const char *region)
{
    const struct ledger_region *r = ledger_region_const(l, region);
    return r != NULL && counts_taken(r->last);
}

/* Servers of the regions the run counted, as far as they answer: what one has lost its leader
 * need not lack. Their keys live in the world. */
static bool is_asked(const struct ledger *l, const struct world *w, const struct host *h)
{
    return h->is_server && fresh(h->server.leader_at, w->ended_ms) && was_counted(l, h->region) &&
           region_leader(w, h->region, w->ended_ms) != NULL;
}

static size_t choose_servers(const struct ledger *l, const struct world *w, const char **keys,
                             size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n_hosts && n < max; i++)
        if (is_asked(l, w, &w->hosts[i]))
            keys[n++] = w->hosts[i].key;
    return n;
}

static const struct counted *counted_in(const struct world *w, const char *region)
{
    const struct host *h = region_leader(w, region, w->ended_ms);
    return h != NULL && h->server.counted[0].at > 0 ? &h->server.counted[0] : NULL;
}

/* Enough is known of it: it lacks nothing, or was asked twice. */
static bool is_judged(const struct world *w, const struct host *h)
{
    const struct host *leader = region_leader(w, h->region, w->ended_ms);
    const struct counted *mine = h->server.counted, *other = leader->server.counted;
    char unused[TEXT_MAX];
    return mine[0].at > 0 && other[0].at > 0 &&
           ((mine[1].at > 0 && other[1].at > 0) ||
            !counts_lack(other[0].n, mine[0].n, unused, sizeof unused));
}

/* Where nobody clearly leads nothing is waited for: the look has told of that. */
static bool all_counted(const struct ledger *l, const struct world *w)
{
    for (size_t i = 0; i < w->n_hosts; i++)
        if (is_asked(l, w, &w->hosts[i]) && !is_judged(w, &w->hosts[i]))
            return false;
    return true;
}

/* The world of the end: with every count, or with what there is when the time is up. */
static const struct world *count(struct console *c, const struct ledger *l)
{
    const char *keys[COUNT_SERVERS];
    struct err unused = ERR_INIT;
    int64_t end = clock_mono(c->clock) + COUNTING_MS;
    for (;;) {
        const struct world *w = observer_world(c->observer);
        observer_count(c->observer, keys, choose_servers(l, w, keys, COUNT_SERVERS));
        if (all_counted(l, w) || clock_mono(c->clock) >= end || c->signalled)
            return w;
        if (console_wait(c, end, &unused) < 0)
            return w;
        observer_take(c->observer);
    }
}

static void add_state(struct json *list, const char *region, const char *server, const char *state,
                      const char *text)
{
    struct json *o = json_new_object();
    json_set_str(o, "region", region);
    if (server != NULL)
        json_set_str(o, "server", server);
    json_set_str(o, "state", state);
    json_set_str(o, "text", text);
    json_add(list, o);
}

static bool tell_region(const struct ledger_region *r, const struct world *w, struct json *list)
{
    static const struct counted none = {
        .n = {COUNT_UNKNOWN, COUNT_UNKNOWN, COUNT_UNKNOWN, COUNT_UNKNOWN}};
    static const char *const names[] = {[SINCE_UNKNOWN] = "unknown",
                                        [SINCE_SAME] = "same",
                                        [SINCE_CHANGED] = "changed",
                                        [SINCE_FELL] = "fell"};
    const struct counted *now = counted_in(w, r->name);
    char text[TEXT_MAX];
    enum since s = counts_since(r->last, (now != NULL ? now : &none)->n, text, sizeof text);
    if (list != NULL) {
        add_state(list, r->name, NULL, names[s], text);
        return s != SINCE_FELL;
    }
    fputs("State of region ", stdout);
    print_safe(stdout, r->name);
    printf(": %s\n", text);
    if (s == SINCE_FELL && r->snapshot[0] != '\0') {
        fputs("What to do now: look at its servers' logs before anything else is changed; ",
              stdout);
        report_snapshot(r, stdout);
    }
    return s != SINCE_FELL;
}

/* What is told of a region is its leader's; one that follows may have come back empty. */
static bool tell_server(const struct host *h, const struct world *w, struct json *list)
{
    const struct host *leader = region_leader(w, h->region, w->ended_ms);
    char text[TEXT_MAX];
    if (!counts_missing(leader->server.counted, h->server.counted, text, sizeof text))
        return true;
    if (list != NULL) {
        add_state(list, h->region, h->name, "lacks", text);
        return false;
    }
    fputs("State of ", stdout);
    print_safe(stdout, h->name);
    printf(": %s\nWhat to do now: look at its log before anything else is changed, and let it not "
           "lead: while the others are a quorum, stop its Nomad.\n",
           text);
    return false;
}

static bool tell_counts(struct console *c, const struct ledger *l, struct json *o)
{
    struct json *list = o != NULL ? json_new_array() : NULL;
    const struct world *w = count(c, l);
    bool well = true;
    for (size_t i = 0; i < l->n_regions; i++)
        if (counts_taken(l->regions[i].last))
            well &= tell_region(&l->regions[i], w, list);
    for (size_t i = 0; i < w->n_hosts; i++)
        if (is_asked(l, w, &w->hosts[i]))
            well &= tell_server(&w->hosts[i], w, list);
    if (o != NULL)
        json_set(o, "since_run", list);
    return well;
}

static bool tell(struct console *c, const struct reopened *r, struct json *o)
{
    int64_t now = clock_wall(c->clock);
    if (!run_ended(r->ledger->state) || r->ledger->ended_wall_ms == 0)
        return true;
    if (o != NULL)
        json_set(o, "aftermath", report_late_failures_json(&r->plan, r->ledger, now));
    else
        report_late_failures(&r->plan, r->ledger, now, console_color(c, stdout), stdout);
    return now - r->ledger->ended_wall_ms > LATE_FAILURES_MS || tell_counts(c, r->ledger, o);
}

bool last_run_tell(struct console *c, struct json *o)
{
    struct reopened r;
    struct err err = ERR_INIT;
    bool well = true;
    if (reopen_read(c, NULL, &r, &err) == 0) {
        well = tell(c, &r, o);
    } else if (err.kind != ERR_NOTFOUND) {
        fputs("caravan: of the last run nothing can be said: ", stderr);
        print_safe(stderr, err.text);
        fputc('\n', stderr);
    }
    reopened_free(&r);
    return well;
}
