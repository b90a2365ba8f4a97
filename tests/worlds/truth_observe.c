/* What an observation shows of the truth. It looks at host after host, so values may not fit
 * together. A host that does not answer keeps its older values and their age. */
#include "truth.h"

#include "seeds.h"

#define ROUND_MS  300
#define PAUSE_MIN 700
#define PAUSE_MAX 2000
#define REST_MS   2500 /* while the run only waits for time (observer.h) */
#define SLOW_MS   8000 /* at most NOMAD_LEADER_MS more */

/* ---- a round ---- */

static const char *const nothing = "";

/* What the observer has of a server that gave no answer in a look: its earlier answers do not
 * count. */
static const struct server_view unanswered = {.leader = nothing,
                                              .version = nothing,
                                              .build_date = nothing,
                                              .raft_state = nothing,
                                              .self_region = nothing,
                                              .last_contact_ms = -1};

static void host_blank(struct truth *t, struct host *h, int i)
{
    const struct t_host *th = &t->hosts[i];

    *h = (struct host){
        .key = th->key,
        .name = th->name,
        .region = t->regions[th->region].name,
        .dc = i % 2 == 0 ? "dc1" : "dc2",
        .node_class = nothing,
        .node_pool = "default",
        .addr = t->addresses[i],
        .server_id = th->is_server ? th->id : nothing,
        .node_id = th->is_server ? nothing : th->key,
        .is_server = th->is_server,
        .is_client = !th->is_server,
        .server = unanswered,
        .client = {.status = nothing,
                   .version = nothing,
                   .http_addr = nothing,
                   .drain_meta_run = nothing,
                   .own_node_id = nothing,
                   .own_version = nothing,
                   .heartbeat_age_ms = -1,
                   .heartbeat_ttl_ms = -1},
        .agent = {.enrolled = true,
                  .address = t->addresses[i],
                  .problem = nothing,
                  .failure_text = nothing,
                  .evidence = nothing},
    };
}

/* The arrays of a copied sight must point into the copy. */
static void rebase_arrays(struct t_sight *s, int n)
{
    for (int i = 0; i < n; i++) {
        struct host *h = &s->hosts[i];
        h->server.members = s->members[i];
        h->server.raft = s->raft[i];
        h->server.autopilot = s->autopilot[i];
        if (h->server.leader != NULL && h->server.leader[0] != '\0')
            h->server.leader = s->leaders[i];
        h->client.drivers = s->drivers[i];
        h->client.features = s->features[i];
        h->client.allocs = s->allocs[i];
    }
}

/* The counts are kept (count_reader.c). */
static void forget_answers(struct server_view *v)
{
    struct server_view kept = *v;

    *v = unanswered;
    memcpy(v->counted, kept.counted, sizeof(v->counted));
    v->members = kept.members;
    v->raft = kept.raft;
    v->autopilot = kept.autopilot;
}

static void round_begin(struct truth *t)
{
    struct t_sight *s = &t->sights[t->sight], *old = &t->sights[1 - t->sight];

    t->round++;
    memcpy(s->hosts, old->hosts, sizeof(*s->hosts) * (size_t)t->n_hosts);
    for (int i = 0; i < t->n_hosts; i++) {
        memcpy(s->members[i], old->members[i],
               sizeof(struct member) * s->hosts[i].server.n_members);
        memcpy(s->raft[i], old->raft[i], sizeof(struct peer) * s->hosts[i].server.n_raft);
        memcpy(s->autopilot[i], old->autopilot[i],
               sizeof(struct peer) * s->hosts[i].server.n_autopilot);
        memcpy(s->allocs[i], old->allocs[i], sizeof(s->allocs[i]));
        memcpy(s->drivers[i], old->drivers[i], sizeof(s->drivers[i]));
        memcpy(s->features[i], old->features[i], sizeof(s->features[i]));
        memcpy(s->leaders[i], old->leaders[i], sizeof(s->leaders[i]));
    }
    rebase_arrays(s, t->n_hosts);
    for (int i = 0; i < t->n_hosts; i++) {
        if (s->hosts[i].key == NULL)
            host_blank(t, &s->hosts[i], i);
        forget_answers(&s->hosts[i].server);
    }
    s->w.begun_ms = t->now;
}

/* The coordinator has its own clock, so times in the world's clock are moved at the end. */
static void shift_time(int64_t *at, int64_t base)
{
    if (*at > 0)
        *at -= base;
}

static void to_clock(struct host *h, int64_t base)
{
    shift_time(&h->server.leader_at, base);
    shift_time(&h->server.members_at, base);
    shift_time(&h->server.self_at, base);
    shift_time(&h->server.autopilot_at, base);
    shift_time(&h->server.raft_at, base);
    shift_time(&h->server.counted[0].at, base);
    shift_time(&h->server.counted[1].at, base);
    shift_time(&h->client.list_at, base);
    shift_time(&h->client.detail_at, base);
    shift_time(&h->client.own_at, base);
    shift_time(&h->client.heartbeat_at, base);
    shift_time(&h->client.health_at, base);
    shift_time(&h->client.allocs_at, base);
    shift_time(&h->agent.hello_at, base);
    shift_time(&h->agent.status_at, base);
    shift_time(&h->agent.lease_at, base);
}

static bool is_shown(const struct truth *t, int i)
{
    return t->hosts[i].listed || (t->hosts[i].role == ROLE_JOINS && !t->planning);
}

/* Servers come first. A server that joins counts as one from when it is listed. */
static bool is_first(const struct truth *t, int i)
{
    return t->hosts[i].is_server && t->hosts[i].listed;
}

const struct world *t_sight_done(struct truth *t)
{
    struct t_sight *s = &t->sights[t->sight];
    struct world *w = &s->w;
    size_t n = 0;

    /* the copy for the coordinator has listed hosts only, servers first */
    struct t_sight *out = &t->shown;
    memcpy(out->leaders, s->leaders, sizeof(s->leaders));
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < t->n_hosts; i++)
            if (is_shown(t, i) && s->hosts[i].key != NULL && is_first(t, i) == (pass == 0)) {
                out->hosts[n] = s->hosts[i];
                if (t->hosts[i].role == ROLE_JOINS)
                    t_replace_row(t, i, &out->hosts[n]);
                to_clock(&out->hosts[n++], t->mono_base);
            }
    w->hosts = out->hosts;
    w->n_hosts = n;
    w->seeds = out->seeds;
    w->n_seeds = seeds_find(out->hosts, n, out->seeds);
    w->regions = s->regions;
    w->n_regions = (size_t)t->n_regions;
    for (int r = 0; r < t->n_regions; r++) {
        bool answers = t_region_answers(t, r);
        s->regions[r] = (struct region){
            .name = t->regions[r].name,
            .can_raft = !t->no_management,
            .denied = "",
            .servers_at = answers ? s->w.begun_ms - t->mono_base : 0,
            .nodes_at = answers ? s->w.begun_ms - t->mono_base : 0,
        };
    }
    w->round = t->round;
    w->problem = "";
    t_say(t, "   the look begun at %.3f ends", (double)w->begun_ms / 1000);
    out->w = *w;
    out->w.begun_ms -= t->mono_base;
    out->w.ended_ms = t->now - t->mono_base;
    memcpy(out->regions, s->regions, sizeof(s->regions));
    out->w.regions = out->regions;
    t->sight = 1 - t->sight;
    return &out->w;
}

/* Some servers answer at once, and the look waits for the others. So the first answers are old
 * at its end. */
static int64_t slow_answers_ms(struct truth *t)
{
    return t_faulty(t) && t_more(t) % 40 == 0 ? 1000 + (int64_t)(t_more(t) % SLOW_MS) : 0;
}

/* Returns how long to wait after the end of this round, so that the next round begins `in` ms
 * from now. */
static int64_t pause_after(struct truth *t, int64_t in)
{
    int64_t usual = t_between(t, PAUSE_MIN, PAUSE_MAX);
    int64_t rare = MIN_OF((int64_t)REST_MS, t->rest_until - (t->now + in));
    return MAX_OF(usual, rare);
}

void t_observe(struct truth *t, const struct t_event *e)
{
    if (e->kind == T_OBSERVE) {
        int64_t first = t_between(t, 20, ROUND_MS / 2), last = t_between(t, ROUND_MS / 2, ROUND_MS);
        int64_t more = slow_answers_ms(t);

        round_begin(t);
        t_schedule(t, first, T_LOOK, -1, 0, -1, 0);
        t_schedule(t, last + more, T_LOOK, -1, 0, -1, 1);
        t_schedule(t, ROUND_MS + 20 + more, T_SEEN, -1, 0, -1, 0);
        int64_t took = ROUND_MS + more;
        t_schedule(t, took + pause_after(t, took), T_OBSERVE, -1, 0, -1, 0);
    } else {
        uint64_t half = t->round * 0x9e37u;
        for (int i = 0; i < t->n_hosts; i++)
            if (((half >> i) & 1) == (uint64_t)e->arg)
                t_look(t, i);
        if (e->arg == 1)
            t_moment(t, MOMENT_LOOK, -1);
    }
}

void t_sight_blank(struct truth *t)
{
    for (int i = 0; i < T_HOSTS; i++)
        t->sights[0].hosts[i].key = t->sights[1].hosts[i].key = NULL;
    for (int i = 0; i < t->n_hosts; i++) {
        host_blank(t, &t->sights[0].hosts[i], i);
        host_blank(t, &t->sights[1].hosts[i], i);
    }
}

void t_sight_all(struct truth *t)
{
    bool interest[T_HOSTS];

    memcpy(interest, t->interest, sizeof(interest));
    memset(t->interest, 1, sizeof(t->interest));
    t_sight_blank(t);
    round_begin(t);
    for (int i = 0; i < t->n_hosts; i++)
        t_look(t, i);
    memcpy(t->interest, interest, sizeof(interest));
}
