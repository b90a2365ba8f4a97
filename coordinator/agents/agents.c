#include "agent.h"

#include "str.h"

struct agents *agents_new(const struct agents_config *c)
{
    struct agents *a = xzalloc(1, sizeof *a);
    struct err unused = ERR_INIT;
    char path[300] = "";
    a->c = *c;
    if (state_path(c->conf, BOX_KEYS_NAME, path, &unused) < 0)
        path[0] = '\0';
    a->boxes = box_keys_open(c->known, path);
    a->last_event = &a->events;
    a->scratch = xzalloc(1, sizeof *a->scratch);
    return a;
}

static void agent_free(struct agent *g)
{
    free(g->failure_text);
    free(g->evidence);
    free(g->notes);
    agent_facts_drop(g);
    free(g);
}

void agents_free(struct agents *a)
{
    struct agent_event e;
    if (a == NULL)
        return;
    while (a->calls != NULL) {
        struct agent_call *next = a->calls->next;
        free(a->calls);
        a->calls = next;
    }
    while (agents_next(a, &e))
        agent_event_free(&e);
    for (size_t i = 0; i < a->n; i++)
        agent_free(a->list[i]);
    free(a->list);
    box_keys_close(a->boxes);
    free(a->scratch);
    free(a);
}

struct agent *agents_find(const struct agents *a, const char *key)
{
    size_t lo = 0, hi = a->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = strcmp(key, a->list[mid]->key);
        if (c == 0)
            return a->list[mid];
        if (c < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

int agent_address(const struct coord_conf *c, const struct host *h, char *dst, size_t n)
{
    const char *mapped = address_map_find(&c->agents, h->server_id, h->name);
    if (mapped == NULL)
        mapped = address_map_find(&c->agents, h->node_id, h->name);
    int len = -1;
    if (mapped != NULL && strchr(mapped, ':') != NULL)
        len = snprintf(dst, n, "%s", mapped);
    else if (mapped != NULL)
        len = snprintf(dst, n, "%s:%d", mapped, AGENT_PORT);
    else if (h->addr[0] != '\0')
        len = strchr(h->addr, ':') != NULL ? snprintf(dst, n, "[%s]:%d", h->addr, AGENT_PORT)
                                           : snprintf(dst, n, "%s:%d", h->addr, AGENT_PORT);
    return len > 0 && (size_t)len < n ? 0 : -1;
}

/* The remembered key of either of its ids; two different ones are as good as none. */
static void look_up_key(struct agents *a, struct agent *g)
{
    const struct known_host *s = known_hosts_find(a->c.known, g->server_id);
    const struct known_host *n = known_hosts_find(a->c.known, g->node_id);
    const struct known_host *k = s != NULL ? s : n;
    g->keyed = k != NULL && (s == NULL || n == NULL || pubkey_eq(&s->key, &n->key));
    if (k != NULL)
        g->pub = k->key;
    if (k != NULL && !g->keyed)
        str_cut(g->problem, sizeof g->problem,
                "two different keys were enrolled for its server id and its client id");
}

static void refresh(struct agents *a, struct agent *g, const struct host *h)
{
    char address[128] = "";
    bool moved = !str_eq(g->server_id, h->server_id) || !str_eq(g->node_id, h->node_id);
    if (agent_address(a->c.conf, h, address, sizeof address) < 0)
        address[0] = '\0';
    str_cut(g->name, sizeof g->name, h->name);
    if (!moved && str_eq(address, g->address))
        return;
    str_cut(g->server_id, sizeof g->server_id, h->server_id);
    str_cut(g->node_id, sizeof g->node_id, h->node_id);
    str_cut(g->address, sizeof g->address, address);
    look_up_key(a, g);
    g->hello_wanted = g->keyed;
    agents_wake_at(a, 0);
}

static struct agent *add(struct agents *a, const struct host *h)
{
    if (a->n == a->cap) {
        a->cap = a->cap == 0 ? 64 : a->cap * 2;
        a->list = xrealloc(a->list, a->cap * sizeof(struct agent *));
    }
    struct agent *g = xzalloc(1, sizeof *g);
    str_cut(g->key, sizeof g->key, h->key);
    g->view.program = g->program;
    g->view.os = g->os;
    g->view.arch = g->arch;
    g->view.server_id = g->told_server;
    g->view.client_id = g->told_client;
    a->list[a->n++] = g;
    return g;
}

static int by_key(const void *x, const void *y)
{
    return strcmp((*(struct agent *const *)x)->key, (*(struct agent *const *)y)->key);
}

static void drop_unseen(struct agents *a)
{
    size_t kept = 0;
    a->untried = 0;
    for (size_t i = 0; i < a->n; i++) {
        struct agent *g = a->list[i];
        bool twice = kept > 0 && str_eq(a->list[kept - 1]->key, g->key);
        if (twice)
            a->list[kept - 1]->doubled = true;
        if (twice ||
            (!g->seen && !g->hello_open && !g->status_open && !g->plain_open && !g->instant_open)) {
            agent_free(g);
            continue;
        }
        a->untried += g->keyed && g->address[0] != '\0' && !g->tried;
        a->list[kept++] = g;
    }
    a->n = kept;
}

void agents_sync(struct agents *a, const struct host *hosts, size_t n)
{
    size_t known = a->n, sorted = a->n;
    for (size_t i = 0; i < known; i++)
        a->list[i]->seen = a->list[i]->doubled = false;
    for (size_t i = 0; i < n; i++) {
        a->n = sorted; /* search among the sorted ones only */
        struct agent *g = agents_find(a, hosts[i].key);
        a->n = known;
        if (g == NULL)
            g = add(a, &hosts[i]);
        else if (g->seen)
            g->doubled = true;
        known = a->n;
        g->seen = true;
        refresh(a, g, &hosts[i]);
    }
    if (known > sorted)
        qsort(a->list, a->n, sizeof(struct agent *), by_key);
    drop_unseen(a);
    if (known > sorted || a->n != known) {
        a->interrupted = false;
        a->cursor = 0;
    }
}

void agents_interest(struct agents *a, const char *const *keys, size_t n)
{
    for (size_t i = 0; i < a->n; i++)
        a->list[i]->interest = false;
    for (size_t i = 0; i < n; i++) {
        struct agent *g = agents_find(a, keys[i]);
        if (g != NULL)
            g->interest = true;
    }
    a->n_interest = n;
    agents_wake_at(a, 0);
}

void agents_stir(struct agents *a)
{
    a->stirred = clock_mono(a->c.clock);
    agents_wake_at(a, 0);
}

void agents_wake_at(struct agents *a, int64_t due)
{
    a->scan_due = MIN_OF(a->scan_due, due);
    a->least_due = MIN_OF(a->least_due, due);
}

/* What was said before the last stir is asked again soon, by few hosts sooner. */
static int64_t hello_again(const struct agents *a, const struct agent *g)
{
    int64_t fresh = AGENT_FRESH_MS;
    if (g->view.hello_at > a->stirred)
        return g->view.hello_at + fresh;
    fresh = MIN_OF(fresh, (int64_t)(AGENT_STIRRED_MS * a->n_interest));
    return MAX_OF(g->view.hello_at + fresh, a->stirred + 1);
}

static int64_t hello_due(const struct agents *a, const struct agent *g)
{
    if (!g->keyed || g->address[0] == '\0' || g->hello_open || !g->seen)
        return INT64_MAX;
    if (g->failures > 0)
        return g->hello_due;
    if (g->view.hello_at == 0 || g->hello_wanted)
        return 0;
    return g->interest ? hello_again(a, g) : INT64_MAX;
}

static int64_t status_due(const struct agents *a, const struct agent *g)
{
    if ((!g->interest && !a->all) || g->status_open || g->view.hello_at == 0 || g->failures > 0 ||
        !g->seen || (a->c.once && g->view.status_at != 0))
        return INT64_MAX;
    return g->status_due;
}

static int64_t instant_due(const struct agent *g)
{
    bool can = g->instant_wanted && !g->instant_open && g->interest && g->view.hello_at != 0;
    return can ? g->instant_due : INT64_MAX;
}

int64_t agents_tick(struct agents *a)
{
    int64_t now = clock_mono(a->c.clock);
    if (!a->interrupted && now < a->scan_due)
        return a->scan_due;
    if (!a->interrupted) {
        a->cursor = 0;
        a->least_due = INT64_MAX;
    }
    for (a->interrupted = true; a->cursor < a->n; a->cursor++) {
        struct agent *g = a->list[a->cursor];
        if (links_open(a->c.links) >= AGENT_CALLS)
            return now + AGENT_RETRY_MS;
        if (hello_due(a, g) <= now)
            agent_ask_hello(a, g);
        if (status_due(a, g) <= now)
            agent_ask_status(a, g, false);
        if (instant_due(g) <= now)
            agent_ask_status(a, g, true);
        int64_t due = MIN_OF(hello_due(a, g), status_due(a, g));
        a->least_due = MIN_OF(a->least_due, MIN_OF(due, instant_due(g)));
    }
    a->interrupted = false;
    a->scan_due = a->least_due;
    return a->scan_due;
}

bool agents_told(const struct agents *a)
{
    if (a->untried > 0)
        return false;
    for (size_t i = 0; a->c.once && i < a->n; i++)
        if (a->list[i]->status_open || status_due(a, a->list[i]) != INT64_MAX)
            return false;
    return true;
}

void agents_ask_facts(struct agents *a)
{
    a->all = a->c.once;
    agents_wake_at(a, 0);
}

/* From here on only hosts of interest are asked: what the others said grows old. */
void agents_follow(struct agents *a)
{
    a->c.once = a->all = false;
    for (size_t i = 0; i < a->n; i++)
        agent_facts_drop(a->list[i]);
    agents_wake_at(a, 0);
}

uint64_t agents_changes(const struct agents *a)
{
    return a->changes;
}
