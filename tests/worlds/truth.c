#include "truth.h"

#define GRACE_MS 10000

uint64_t t_random(struct truth *t)
{
    uint64_t z = (t->rng += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

uint64_t t_more(struct truth *t)
{
    uint64_t was = t->rng;

    t->rng = t->rng_more;
    uint64_t n = t_random(t);
    t->rng_more = t->rng;
    t->rng = was;
    return n;
}

int64_t t_between(struct truth *t, int64_t low, int64_t high)
{
    return low + (int64_t)(t_random(t) % (uint64_t)(high - low + 1));
}

bool t_chance(struct truth *t, uint32_t per_mille)
{
    return t_random(t) % 1000 < per_mille;
}

void t_say(const struct truth *t, const char *fmt, ...)
{
    va_list ap;

    if (!t->verbose)
        return;
    printf("# %9.3f ", (double)t->now / 1000);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
}

/* ---- events: a binary heap by time, then by order ---- */

static bool is_event_before(const struct t_event *a, const struct t_event *b)
{
    return a->at < b->at || (a->at == b->at && a->order < b->order);
}

void t_schedule(struct truth *t, int64_t in, enum t_event_kind kind, int host, uint32_t life,
                int message, int64_t arg)
{
    if (t->n_heap == T_EVENTS) {
        fprintf(stderr, "seed %llu: too many events\n", (unsigned long long)t->seed);
        abort();
    }
    size_t i = t->n_heap++;
    struct t_event e = {t->now + in, t->order++, kind, host, life, message, arg};
    while (i > 0 && is_event_before(&e, &t->heap[(i - 1) / 2])) {
        t->heap[i] = t->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    t->heap[i] = e;
}

struct t_event t_next(struct truth *t)
{
    struct t_event top = t->heap[0], last = t->heap[--t->n_heap];
    size_t i = 0;

    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= t->n_heap)
            break;
        const struct t_event *a = &t->heap[child], *b = &t->heap[child + 1];
        if (child + 1 < t->n_heap && (b->at < a->at || (b->at == a->at && b->order < a->order)))
            child++;
        a = &t->heap[child];
        if (last.at < a->at || (last.at == a->at && last.order < a->order))
            break;
        t->heap[i] = *a;
        i = child;
    }
    t->heap[i] = last;
    return top;
}

/* ---- questions ---- */

int t_host_of(const struct truth *t, const char *key)
{
    for (int i = 0; i < t->n_hosts; i++)
        if (str_eq(t->hosts[i].key, key))
            return i;
    return -1;
}

bool t_api(const struct truth *t, int host)
{
    const struct t_host *h = &t->hosts[host];
    return h->machine_up && h->up && !h->hung && t->now >= h->api_ms;
}

static uint64_t index_now(const struct truth *t)
{
    return 1000 + (uint64_t)(t->now / 100);
}

/* As autopilot judges: a server that is 250 entries behind is still healthy. */
bool t_healthy(const struct truth *t, int host)
{
    const struct t_host *h = &t->hosts[host];
    return h->exists && t_api(t, host) && h->peer && h->voter && t->now + 250 >= h->caught_ms &&
           !(h->never && index_now(t) - h->stuck_index > 250);
}

bool t_settled(const struct truth *t, int host)
{
    const struct t_host *h = &t->hosts[host];
    return t_api(t, host) && h->registered_ms <= t->now && !h->node_down;
}

size_t t_voters(const struct truth *t, int region, size_t *ret_healthy, int without)
{
    size_t voters = 0;

    *ret_healthy = 0;
    for (int i = 0; i < t->n_hosts; i++) {
        const struct t_host *h = &t->hosts[i];
        if (!h->is_server || h->region != region || !h->peer || !h->voter)
            continue;
        voters++;
        *ret_healthy += i != without && t_healthy(t, i);
    }
    return voters;
}

/* ---- leadership ---- */

void t_lead(struct truth *t, int region, int host)
{
    struct t_region *r = &t->regions[region];

    r->leader = host;
    r->leader_ms = t->now;
    r->term++;
    t_say(t, "%s leads region %s", host < 0 ? "nobody" : t->hosts[host].name, r->name);
    if (host < 0)
        t_schedule(t, t_between(t, 1200, 5000), T_ELECT, region, 0, -1, 0);
}

static void elect_leader(struct truth *t, int region)
{
    size_t healthy, voters = t_voters(t, region, &healthy, -1);
    int able[T_HOSTS], n = 0;

    if (t->regions[region].leader >= 0)
        return;
    for (int i = 0; i < t->n_hosts; i++)
        if (t->hosts[i].is_server && t->hosts[i].region == region && t_healthy(t, i) &&
            !t->hosts[i].never)
            able[n++] = i;
    if (healthy < voters / 2 + 1 || n == 0)
        t_schedule(t, 2000, T_ELECT, region, 0, -1, 0);
    else
        t_lead(t, region, able[t_between(t, 0, n - 1)]);
}

/* ---- a process ends and begins ---- */

void t_stop(struct truth *t, int host)
{
    struct t_host *h = &t->hosts[host];

    if (!h->up)
        return;
    t_say(t, "%s: Nomad ends", h->name);
    h->up = false;
    h->hung = false;
    h->life++;
    h->down_ms = t->now;
    h->registered_ms = INT64_MAX;
    if (h->is_server) {
        t_schedule(t, 40000, T_FAILED, host, h->life, -1, 0);
        if (t->regions[h->region].leader == host)
            t_lead(t, h->region, -1);
    } else {
        int64_t left = h->ttl_ms - (t->now - h->beat_ms) % h->ttl_ms + GRACE_MS;
        t_schedule(t, left, T_MISS, host, h->life, -1, 0);
    }
}

static void server_up(struct truth *t, int host, bool defect)
{
    struct t_host *h = &t->hosts[host];

    h->failed = h->stop_obeyed = false;
    h->listed = h->listed || h->role == ROLE_JOINS;
    h->never = defect && h->defect == DEFECT_NEVER;
    h->empty = h->loses || (defect && h->defect == DEFECT_EMPTY);
    h->loses = false;
    t_change_at_start(t, host);
    h->stuck_index = index_now(t);
    h->caught_ms = h->api_ms + t_between(t, 0, 2000);
    if (!h->peer || h->left) {
        h->left = false;
        h->peer = true;
        h->voter = false;
        t_schedule(t, t_between(t, 10000, 21000), T_PROMOTE, host, h->life, -1, 0);
    }
    t_schedule(t, h->caught_ms - t->now, T_NOTHING, host, 0, -1, 0);
}

static void client_up(struct truth *t, int host, bool defect)
{
    struct t_host *h = &t->hosts[host];

    t_change_at_start(t, host);
    if (defect && h->defect == DEFECT_TASKS) {
        h->tasks_lost = h->n_allocs > 0 && t_agent_works(t, host) &&
                        h->agent.phase != PHASE_FETCHING; /* by a swap of the run */
        h->alloc_restarts++;
        h->alloc_started = t->now;
    }
    if (defect && h->defect == DEFECT_NEVER)
        return;
    t_schedule(t, h->api_ms - t->now + t_between(t, 100, 4000), T_REGISTER, host, h->life, -1, 0);
}

void t_start(struct truth *t, int host)
{
    struct t_host *h = &t->hosts[host];

    if (h->up || !h->machine_up || !h->exists)
        return;
    bool defect = h->disk == BIN_NEW && h->defect != DEFECT_NONE;
    if (defect && h->defect == DEFECT_NO_START)
        return;
    h->up = true;
    h->life++;
    h->up_ms = t->now;
    h->running = h->disk;
    h->ran[h->disk] = true;
    h->api_ms = t->now + (defect && h->defect == DEFECT_SLOW ? t_between(t, 20000, 60000)
                                                             : t_between(t, 50, 400));
    t_say(t, "%s: Nomad begins (%s)", h->name, t->versions[h->running]);
    if (defect && h->defect == DEFECT_CRASH)
        t_schedule(t, 3000, T_END, host, h->life, -1, 0);
    t_schedule(t, h->api_ms - t->now, T_NOTHING, host, 0, -1, 0);
    if (h->is_server)
        server_up(t, host, defect);
    else
        client_up(t, host, defect);
}

void t_restart(struct truth *t, int host, int64_t away)
{
    t_stop(t, host);
    t_schedule(t, away, T_START, host, t->hosts[host].life, -1, 0);
}

/* ---- events of time ---- */

static void mark_failed(struct truth *t, struct t_host *h, int host)
{
    if (h->up)
        return;
    h->failed = true;
    t_schedule(t, 6000, T_EVICT, host, h->life, -1, 0);
}

static void evict_voter(struct truth *t, struct t_host *h, int host)
{
    size_t healthy, voters = t_voters(t, h->region, &healthy, -1);

    if (h->up || t->regions[h->region].leader < 0 || healthy < voters / 2 + 1 || voters < 3 ||
        !t->regions[h->region].cleanup) {
        if (!h->up)
            t_schedule(t, 10000, T_EVICT, host, h->life, -1, 0);
        return;
    }
    t_say(t, "%s: removed as a voter", h->name);
    h->peer = h->voter = h->failed = false;
    h->left = true;
}

static void promote_voter(struct truth *t, struct t_host *h, int host)
{
    if (t->regions[h->region].leader < 0 || h->never) {
        t_schedule(t, 10000, T_PROMOTE, host, h->life, -1, 0);
        return;
    }
    t_say(t, "%s: votes again", h->name);
    h->voter = true;
}

static void register_client(struct truth *t, struct t_host *h, int host)
{
    if (t->regions[h->region].leader < 0) {
        t_schedule(t, t_between(t, 1000, 5000), T_REGISTER, host, h->life, -1, 0);
        return;
    }
    t_say(t, "%s: registered (%s)", h->name, t->versions[h->running]);
    h->recorded = h->running;
    h->shown_elsewhere = h->elsewhere;
    h->shown_attribute_ms = h->attribute_ms;
    h->registered_ms = t->now;
    h->beat_ms = t->now;
    h->modify_index++;
    h->node_down = false;
    h->listed = true;
}

static void end_own_drain(struct truth *t, struct t_host *h)
{
    if (!h->draining)
        return;
    t_say(t, "%s: drained", h->name);
    h->draining = false;
    h->drain_ours = false;
    h->strangers_drain = false;
    h->n_allocs = 0;
    h->modify_index++;
    (void)t;
}

static void start_process(struct truth *t, struct t_host *h, int host)
{
    (void)h;
    t_start(t, host);
}

static void end_process(struct truth *t, struct t_host *h, int host)
{
    (void)h;
    t_stop(t, host);
}

static void miss_heartbeat(struct truth *t, struct t_host *h, int host)
{
    (void)t;
    (void)host;
    h->node_down = true;
    h->modify_index++;
}

void truth_event(struct truth *t, const struct t_event *e)
{
    static void (*const by_kind[T_EVENT_KINDS])(struct truth *, struct t_host *, int) = {
        [T_START] = start_process, [T_END] = end_process,       [T_FAILED] = mark_failed,
        [T_EVICT] = evict_voter,   [T_PROMOTE] = promote_voter, [T_REGISTER] = register_client,
        [T_MISS] = miss_heartbeat, [T_LEFT] = t_left,           [T_TAKEN_BACK] = t_taken_back,
    };
    struct t_host *h = e->host >= 0 && e->host < t->n_hosts ? &t->hosts[e->host] : NULL;

    if (e->kind == T_ELECT) {
        elect_leader(t, e->host);
        return;
    }
    if (h != NULL && e->kind == T_DRAINED && e->arg == h->drain_end_ms)
        end_own_drain(t, h);
    if (h == NULL || e->life != h->life)
        return;
    if (by_kind[e->kind] != NULL)
        by_kind[e->kind](t, h, e->host);
}
