#include "sim_cluster.h"
#include "str.h"

void sim_cluster_init(struct sim_cluster *c, uint64_t seed, int64_t now)
{
    memset(c, 0, sizeof(*c));
    c->now = now;
    c->rng = seed != 0 ? seed : 1;
    c->delay_ms = 1;
}

void sim_cluster_free(struct sim_cluster *c)
{
    for (int i = 0; i < c->n; i++)
        sim_node_free(&c->nodes[i]);
    for (int i = 0; i < c->n_heap; i++)
        free(c->heap[i].message);
    for (int i = 0; i < c->n_pool; i++)
        free(c->pool[i]);
    free(c->heap);
    free(c->pool);
    c->heap = NULL;
    c->pool = NULL;
    c->n = c->n_heap = c->n_pool = 0;
}

int sim_cluster_add(struct sim_cluster *c, const struct sim_config *cfg)
{
    sim_node_init(&c->nodes[c->n], cfg, sim_random(&c->rng));
    c->due[c->n] = INT64_MAX;
    return c->n++;
}

static struct sim_config agent_config(const char *prefix, int number, uint32_t ip,
                                      const char *version)
{
    struct sim_config cfg = {.ip = ip, .http_port = 4646, .rpc_port = 4647, .serf_port = 4648};
    snprintf(cfg.name, sizeof(cfg.name), "%s%d", prefix, number);
    str_cut(cfg.region, sizeof(cfg.region), "global");
    str_cut(cfg.dc, sizeof(cfg.dc), "dc1");
    str_cut(cfg.version, sizeof(cfg.version), version);
    return cfg;
}

void sim_cluster_fleet(struct sim_cluster *c, int servers, int clients, const char *version,
                       const struct sim_timing *t, uint8_t raft_vsn)
{
    const uint32_t net = 0x7f000000;
    for (int i = 0; i < servers + clients; i++) {
        bool server = i < servers;
        int k = server ? i + 1 : i - servers + 1;
        uint32_t ip = net + (server ? 10u : 20u) + (uint32_t)k;
        struct sim_config cfg = agent_config(server ? "s" : "c", k, ip, version);
        cfg.server = server;
        cfg.client = !server;
        cfg.raft_vsn = raft_vsn;
        cfg.expect = server ? (uint8_t)servers : 0;
        cfg.allocs = 2;
        cfg.timing = *t;
        for (int j = 0; j < servers; j++)
            if (!server || j != i)
                cfg.join[cfg.n_join++] = (struct sim_addr){net + 11u + (uint32_t)j, 4648};
        sim_cluster_start(c, sim_cluster_add(c, &cfg));
    }
}

struct sim_node *sim_cluster_at(struct sim_cluster *c, struct sim_addr addr)
{
    for (int i = 0; i < c->n; i++)
        if (c->nodes[i].cfg.ip == addr.ip && c->nodes[i].cfg.serf_port == addr.port)
            return &c->nodes[i];
    return NULL;
}

int sim_cluster_leader(const struct sim_cluster *c)
{
    int best = -1;
    for (int i = 0; i < c->n; i++) {
        const struct sim_node *n = &c->nodes[i];
        bool leads = n->running && n->cfg.server && n->raft.role == SIM_LEADER;
        if (leads && (best < 0 || n->durable.term > c->nodes[best].durable.term))
            best = i;
    }
    return best;
}

/* ---- messages in flight: a heap ordered by time ---- */

static bool is_before(const struct sim_flight *a, const struct sim_flight *b)
{
    return a->at < b->at || (a->at == b->at && a->order < b->order);
}

static void push_flight(struct sim_cluster *c, struct sim_flight f)
{
    if (c->n_heap == c->cap_heap) {
        c->cap_heap = c->cap_heap > 0 ? 2 * c->cap_heap : 64;
        c->heap = xrealloc(c->heap, (size_t)c->cap_heap * sizeof(*c->heap));
    }
    int i = c->n_heap++;
    for (; i > 0 && is_before(&f, &c->heap[(i - 1) / 2]); i = (i - 1) / 2)
        c->heap[i] = c->heap[(i - 1) / 2];
    c->heap[i] = f;
}

static struct sim_flight pop_flight(struct sim_cluster *c)
{
    struct sim_flight top = c->heap[0], last = c->heap[--c->n_heap];
    int i = 0;
    for (int k = 1; k < c->n_heap; k = 2 * i + 1) {
        if (k + 1 < c->n_heap && is_before(&c->heap[k + 1], &c->heap[k]))
            k++;
        if (!is_before(&c->heap[k], &last))
            break;
        c->heap[i] = c->heap[k];
        i = k;
    }
    c->heap[i] = last;
    return top;
}

static struct sim_message *take_memory(struct sim_cluster *c)
{
    return c->n_pool > 0 ? c->pool[--c->n_pool] : xalloc(sizeof(struct sim_message));
}

static void give_memory(struct sim_cluster *c, struct sim_message *m)
{
    if (c->n_pool == c->cap_pool) {
        c->cap_pool = c->cap_pool > 0 ? 2 * c->cap_pool : 64;
        c->pool = xrealloc(c->pool, (size_t)c->cap_pool * sizeof(*c->pool));
    }
    c->pool[c->n_pool++] = m;
}

static void collect_sent(struct sim_cluster *c, int i)
{
    int n;
    const struct sim_message *sent = sim_node_sent(&c->nodes[i], &n);
    for (int k = 0; k < n; k++) {
        if (c->lose != NULL && c->lose(c->ctx, &sent[k]))
            continue;
        struct sim_message *m = take_memory(c);
        memcpy(m, &sent[k], sim_message_size(&sent[k]));
        int64_t delay = sim_between(&c->rng, c->delay_ms, 2 * c->delay_ms + 1);
        push_flight(c, (struct sim_flight){c->now + delay, c->sent++, m});
    }
    c->due[i] = sim_node_due(&c->nodes[i]);
}

static void deliver_next(struct sim_cluster *c)
{
    struct sim_flight f = pop_flight(c);
    struct sim_node *n = sim_cluster_at(c, f.message->to);
    if (n != NULL && n->running) {
        sim_node_receive(n, f.message, c->now);
        collect_sent(c, (int)(n - c->nodes));
    }
    give_memory(c, f.message);
}

void sim_cluster_start(struct sim_cluster *c, int i)
{
    sim_node_start(&c->nodes[i], c->now);
    collect_sent(c, i);
}

void sim_cluster_run(struct sim_cluster *c, int64_t until)
{
    for (int i = 0; i < c->n; i++)
        collect_sent(c, i);
    for (;;) {
        int first = -1;
        int64_t at = c->n_heap > 0 ? c->heap[0].at : INT64_MAX;
        for (int i = 0; i < c->n; i++)
            if (c->due[i] < at) {
                at = c->due[i];
                first = i;
            }
        if (at > until)
            break;
        c->now = MAX_OF(c->now, at);
        c->events++;
        if (first < 0) {
            deliver_next(c);
            continue;
        }
        sim_node_tick(&c->nodes[first], c->now);
        collect_sent(c, first);
    }
    c->now = until;
    for (int i = 0; i < c->n; i++)
        c->nodes[i].now = MAX_OF(c->nodes[i].now, c->now);
}
