/* A seed makes a world: see truth.h. */
#include "truth.h"

static const struct {
    const char *from, *to, *other;
    bool autopilot_dead;
} pairs[] = {
    {"1.10.2", "1.10.5", "1.11.9", false}, /* no version wall, can transfer leadership */
    {"1.8.4", "1.9.7", "1.10.5", false},   /* a version wall, can transfer leadership */
    {"1.2.16", "1.3.16", "1.4.14",
     true}, /* raft protocol 2, another client state, cannot transfer leadership */
    {"1.3.16", "1.4.0", "1.4.14", false}, /* known to crash old followers */
};

const char *const t_arch_names[T_ARCHES] = {"amd64", "arm64"};

int t_add_host(struct truth *t, bool server, int region)
{
    if (t->n_hosts == T_HOSTS)
        return -1;
    int i = t->n_hosts++;
    struct t_host *h = &t->hosts[i];

    memset(h, 0, sizeof(*h));
    snprintf(h->key, sizeof(h->key), "%08x-0000-4000-8000-%012x", 0x10000 + i, i);
    snprintf(h->name, sizeof(h->name), "%c%d", server ? 's' : 'c', i + 1);
    snprintf(t->addresses[i], sizeof(t->addresses[i]), "10.0.%d.%d", region, i + 1);
    for (int k = 0; k < 4; k++)
        snprintf(t->alloc_ids[i][k], UUID_MAX, "alloc-%d-%d", i, k);
    str_cut(h->id, sizeof(h->id), h->key);
    snprintf(h->member, sizeof(h->member), "%c%d.r%d", server ? 's' : 'c', i + 1, region + 1);
    h->exists = h->listed = h->machine_up = h->up = h->eligible = h->enabled = true;
    h->is_server = server;
    h->arch = t_chance(t, 250);
    h->ran[BIN_OLD] = true;
    h->region = region;
    h->peer = h->voter = server;
    h->up_ms = h->api_ms = h->caught_ms = t->now;
    h->registered_ms = t->now;
    h->modify_index = 10;
    h->n_allocs = (int)t_between(t, 0, 3);
    h->alloc_started = t->now;
    h->ttl_ms = t_between(t, 10000, 20000);
    h->beat_ms = t->now - t_between(t, 0, 9999);
    t_agent_new(t, i);
    t_facts_make(t, i);
    return i;
}

void truth_make(struct truth *t, uint64_t seed)
{
    bool verbose = t->verbose;

    t->n_heap = 0;
    memset((char *)t, 0, offsetof(struct truth, heap));
    memset((char *)t + offsetof(struct truth, n_heap), 0,
           offsetof(struct truth, messages) - offsetof(struct truth, n_heap));
    for (int i = 0; i < T_MESSAGES; i++)
        t->messages[i].used = false;
    memset((char *)t + offsetof(struct truth, sight), 0,
           offsetof(struct truth, plan) - offsetof(struct truth, sight));
    memset((char *)t + offsetof(struct truth, process), 0,
           sizeof(*t) - offsetof(struct truth, process));
    t->verbose = verbose;
    t->seed = seed;
    t->rng = seed * 0x2545f4914f6cdd1dULL + 1;
    t->rng_more = ~t->rng;
    t->now = 100000;
    t->aimed = -1;
    t->replaces = t_replaces(seed);
    size_t pair = (size_t)t_between(t, 0, t->replaces ? 1 : ARRAY_LEN(pairs) - 1);
    t->versions[BIN_OLD] = pairs[pair].from;
    t->versions[BIN_NEW] = pairs[pair].to;
    t->versions[BIN_OTHER] = pairs[pair].other;
    t->autopilot_dead = pairs[pair].autopilot_dead;
    t->no_management = t_chance(t, 200) && !t->replaces;
    t->no_keystore = t->seed % 8 == 5; /* no random draw, so that other worlds stay as they were */
    for (int i = 0; i < BIN_COUNT; i++)
        for (int k = 0; k < T_ARCHES; k++)
            memset(&t->digests[i][k], 0x11 * (i + 1) + k, sizeof(t->digests[i][k]));
    for (size_t i = 0; i < RUN_ID_LEN; i++)
        t->run_id[i] = (unsigned char)(t_random(t) | 1);
    str_hex(t->run_hex, t->run_id, RUN_ID_LEN);
    t->n_regions = t_chance(t, 150) && !t->replaces ? 2 : 1;
    for (int r = 0; r < t->n_regions; r++) {
        int servers = t_chance(t, 700) ? 3 : t_chance(t, 600) ? 5 : 1, first = t->n_hosts;
        if (t->n_regions == 2 || (t->replaces && servers == 1))
            servers = 3;
        snprintf(t->regions[r].name, sizeof(t->regions[r].name), "r%d", r + 1);
        for (int i = 0; i < servers; i++)
            t_add_host(t, true, r);
        t->regions[r].leader = first + (int)t_between(t, 0, servers - 1);
        t->regions[r].term = 5;
        t->regions[r].cleanup = t_more(t) % 5 > 0;
    }
    int clients = (int)t_between(t, 0, t->n_regions == 2 ? 3 : 5);
    for (int i = 0; i < clients; i++)
        t_add_host(t, false, (int)t_between(t, 0, t->n_regions - 1));
}
