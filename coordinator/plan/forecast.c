#include "forecast.h"

#include "plan_make.h"

#define CLAIM_MS         1000   /* the leases and the snapshot */
#define CHECK_MS         2000   /* many hosts check and try a staged binary at the same time */
#define BYTES_A_MS       100000 /* from one place to all hosts: about 1 Gbit/s */
#define SERVER_SILENT_MS 800    /* measured: 0.5 to 0.8 s */
#define CLIENT_SILENT_MS 1000
#define PROBES_MS        8000 /* four fingerprinters wait 2 s each for a missing cloud */
#define TURN_MS          500  /* the questions to one host before and after its restart */
#define TRANSFER_MS      1000 /* until another server leads */
#define ELECTION_MS      3000 /* after a leader stops: measured, until autopilot reports healthy */
#define BEAT_NEAR_MS     INT64_C(10000)
#define DRAIN_MS         60000
#define VOTE_MS          20000 /* from the start of a new server to its vote */
#define LEAVE_MS         2000  /* to disable and stop a server, and to take it out of raft */
#define VERIFY_MS        500

static int64_t divide_up(int64_t n, int64_t by)
{
    return (n + by - 1) / MAX_OF(by, (int64_t)1);
}

static int64_t staging_ms(const struct world *w, const struct release *release,
                          const struct plan *p)
{
    int64_t bytes = 0, waves = divide_up((int64_t)p->n_todo, p->policy.stage_parallel);

    for (size_t i = 0; i < p->n_hosts; i++) {
        const struct plan_host *h = &p->hosts[i];
        const struct host *o = world_host(w, h->key);
        const struct manifest_build_ref *b = o != NULL ? plan_build(release, o) : NULL;
        if (b != NULL && !h->already && !h->staged && h->role != ROLE_LEAVES)
            bytes += (int64_t)b->size;
    }
    return waves * CHECK_MS + bytes / BYTES_A_MS;
}

/* The time from the stop of Nomad to the first answer of the new Nomad. */
static int64_t silence_ms(const struct world *w, const struct plan_host *h)
{
    const struct host *o = world_host(w, h->key);
    const struct fact_view *probes = o != NULL ? agent_fact(&o->agent, "metadata-probes") : NULL;

    if (o != NULL && o->agent.work.silence_ms > 0)
        return o->agent.work.silence_ms;
    if (h->is_server)
        return SERVER_SILENT_MS;
    return CLIENT_SILENT_MS + (probes != NULL && probes->value == TRI_YES ? PROBES_MS : 0);
}

static int64_t server_ms(const struct world *w, const struct plan *p, const struct plan_host *h)
{
    const struct policy *y = &p->policy;

    if (h->role == ROLE_JOINS)
        return TURN_MS + VOTE_MS + y->settle_ms;
    if (h->role == ROLE_LEAVES)
        return TURN_MS + LEAVE_MS + y->settle_ms;
    /* The extra time of a host with its own deadline is twice the likely time. */
    return TURN_MS + silence_ms(w, h) + y->hold_ms + y->settle_ms +
           (h->ready_ms > 0 ? (h->ready_ms - y->server_deadline_ms) / 2 : 0);
}

/* The region must settle before the first turn, and again when another server leads. */
static int64_t servers_ms(const struct world *w, const struct plan *p)
{
    int64_t sum = 0;

    for (size_t i = 0; i < p->n_servers; i++) {
        const struct plan_host *h = &p->hosts[i];
        if (h->already)
            continue;
        sum += (sum == 0 ? p->policy.settle_ms : 0) + server_ms(w, p, h);
        if (h->leader)
            sum += p->transfer ? TRANSFER_MS + p->policy.settle_ms : ELECTION_MS;
    }
    return sum;
}

/* The first swap waits for a heartbeat that is near (decide_clients.c). The average wait is half of
 * that time, weighted by how often a heartbeat is that near. */
static int64_t heartbeat_ms(const struct world *w, const struct plan *p)
{
    for (size_t i = p->n_servers; i < p->n_hosts; i++) {
        const struct host *o = world_host(w, p->hosts[i].key);
        int64_t ttl = o != NULL && !p->hosts[i].already && o->client.heartbeat_at != 0
                          ? o->client.heartbeat_ttl_ms
                          : 0;
        if (ttl > 0)
            return ttl <= BEAT_NEAR_MS ? ttl / 2 : BEAT_NEAR_MS * BEAT_NEAR_MS / 2 / ttl;
    }
    return 0;
}

static int64_t clients_ms(const struct world *w, const struct plan *p)
{
    const struct policy *y = &p->policy;
    int64_t n = 0, silence = 0;

    for (size_t i = p->n_servers; i < p->n_hosts; i++) {
        n += !p->hosts[i].already;
        silence += p->hosts[i].already ? 0 : silence_ms(w, &p->hosts[i]);
    }
    if (n == 0)
        return 0;
    int64_t turn = TURN_MS + silence / n + y->hold_ms + y->settle_ms + (y->drain ? DRAIN_MS : 0);
    int64_t canaries = MIN_OF(n, (int64_t)y->canary);
    int64_t turns = divide_up(canaries, p->parallel) + divide_up(n - canaries, p->parallel);
    return heartbeat_ms(w, p) + turns * turn + (canaries > 0 ? y->soak_ms : 0);
}

int64_t forecast_make(const struct world *w, const struct release *release, const struct plan *p)
{
    int64_t staged = CLAIM_MS + staging_ms(w, release, p);

    if (p->n_todo == 0)
        return 0;
    if (p->policy.stage_only)
        return staged;
    return staged + servers_ms(w, p) + clients_ms(w, p) + VERIFY_MS +
           (p->replaces ? p->policy.replace.watch_ms : 0);
}
