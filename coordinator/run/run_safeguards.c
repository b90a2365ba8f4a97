#include "run_safeguards.h"

#include "decide_safeguards.h"
#include "raft_view.h"

#define WATCH_MAX 64

void safeguard_ask_snapshot(struct run *r, const struct intent *in)
{
    struct ledger_region *g = ledger_region(r->config->ledger, in->host);
    const struct ports *ports = r->config->ports;
    char run[2 * RUN_ID_LEN + 1];

    if (g == NULL)
        return;
    /* A snapshot only reads: the call needs no commit. */
    call_begin(&g->call, ports->now(ports->ctx), INT64_MAX);
    str_hex(run, r->config->ledger->run_id, RUN_ID_LEN);
    ports->operate(
        ports->ctx,
        &(struct nomad_operation){
            .op = OP_SNAPSHOT, .region = g->name, .node_id = "", .peer_id = "", .run_hex = run});
}

void safeguard_take_snapshot(struct run *r, const struct event *ev)
{
    struct ledger_region *g = ledger_region(r->config->ledger, ev->region);
    int64_t now = r->config->ports->now(r->config->ports->ctx);

    if (g == NULL || !g->call.outstanding)
        return;
    if (ev->ok) {
        str_cut(g->snapshot, sizeof(g->snapshot), ev->text);
        g->snapshot_bytes = ev->bytes;
        g->snapshot_wall_ms = ev->wall_ms;
        g->snapshot_ms = now;
        g->problem[0] = '\0';
        g->dirty = true;
        call_succeeded(&g->call);
    } else {
        str_cut(g->problem, sizeof(g->problem), ev->text);
        call_failed(&g->call, now);
        g->refused = ev->final || g->call.failures >= SNAPSHOT_TRIES;
    }
    run_moved(r);
}

static const struct counted *leaders_counts(const struct run *r, const char *region)
{
    const struct host *leader = region_leader(r->world, r->config->plan, r->config->ledger, region,
                                              r->config->ports->now(r->config->ports->ctx));
    return leader != NULL && leader->server.counted[0].at > 0 ? &leader->server.counted[0] : NULL;
}

void safeguard_count_before(struct run *r, struct ledger_host *lh, const struct plan_host *p)
{
    static const int64_t none[OBJECT_KINDS];
    struct ledger_region *g = ledger_region(r->config->ledger, p->region);
    const struct counted *c = p->is_server ? leaders_counts(r, p->region) : NULL;

    if (c == NULL)
        return;
    memcpy(lh->base_objects, c->n, sizeof(lh->base_objects));
    if (g == NULL)
        return;
    if (memcmp(g->first, none, sizeof(none)) == 0)
        memcpy(g->first, c->n, sizeof(g->first));
    memcpy(g->last, c->n, sizeof(g->last));
    g->dirty = true;
}

void safeguard_count_settled(struct run *r, const struct plan_host *p)
{
    struct ledger_region *g = ledger_region(r->config->ledger, p->region);
    const struct counted *c = p->is_server ? leaders_counts(r, p->region) : NULL;

    if (g == NULL || c == NULL)
        return;
    memcpy(g->last, c->n, sizeof(g->last));
    g->dirty = true;
}

/* A line in a server's log means harm while another server is being upgraded. */
void safeguard_take_alarm(struct run *r, const struct event *ev)
{
    struct ledger *l = r->config->ledger;
    const struct host *h = r->world != NULL ? world_host(r->world, ev->key) : NULL;

    if (l->alarm[0] != '\0' || l->ending != RUN_NONE)
        return; /* the first alarm is the cause */
    str_cut(l->alarm, sizeof(l->alarm), ev->text);
    str_cut(l->alarm_host, sizeof(l->alarm_host), h != NULL ? h->name : ev->key);
    str_cut(l->alarm_advice, sizeof(l->alarm_advice), ev->advice);
    l->dirty = true;
    run_moved(r);
}

void safeguard_set_interest(struct run *r, const struct situation *s)
{
    const struct ports *ports = r->config->ports;
    const char *keys[WATCH_MAX], *step = "";
    bool missing = decision_waits_for(&r->decision, REASON_COUNTS);
    size_t n = missing ? safeguard_counts_wanted(s, keys, WATCH_MAX) : 0;

    ports->count(ports->ctx, keys, n);
    n = safeguard_logs_wanted(s, keys, WATCH_MAX, &step);
    ports->listen(ports->ctx, step, keys, n);
}
