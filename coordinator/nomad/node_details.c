/* Hosts of interest: their record, allocations, and what they say of themselves. */
#include "nomad_nodes.h"

#include "str.h"

#define DETAIL_MAX (32 * 1024 * 1024)

static struct interest *find(struct nodes *n, const char *id)
{
    for (size_t i = 0; i < n->n_interests; i++)
        if (str_eq(n->interests[i]->id, id))
            return n->interests[i];
    return NULL;
}

static void want(struct nodes *n, const char *id, const char *name)
{
    struct interest *t = find(n, id);
    if (t == NULL) {
        if (n->n_interests == NODES_INTEREST_MAX)
            return;
        t = xzalloc(1, sizeof *t);
        t->owner = n;
        str_cut(t->id, sizeof t->id, id);
        for (int q = 0; q < NODE_QUESTIONS; q++)
            t->asks[q] = (struct node_ask){.interest = t, .question = (enum node_question)q};
        n->interests[n->n_interests++] = t;
    }
    str_cut(t->name, sizeof t->name, name);
    t->wanted = true;
}

void nodes_interest(struct nodes *n, const char *const *ids, const char *const *names, size_t count)
{
    for (size_t i = 0; i < n->n_interests; i++)
        n->interests[i]->wanted = false;
    for (size_t i = 0; i < count; i++)
        want(n, ids[i], names[i]);
}

static void take_node(struct interest *t, const struct http_answer *answer, struct err *err)
{
    bool tls = false;
    if (answer->status != 200 ||
        parse_node(answer->body, answer->body_len, t->owner->arena, &t->detail, &tls, err) < 0)
        return;
    if (!str_eq(t->detail.node_id, t->id)) {
        memset(&t->detail, 0, sizeof t->detail);
        return;
    }
    t->detail.client.detail_at = t->asks[ASK_NODE].at;
    t->detail.client.list_index = answer->nomad_index;
    str_cut(t->http_addr, sizeof t->http_addr, t->detail.client.http_addr);
    t->tls = tls;
}

static void take_allocs(struct interest *t, const struct http_answer *answer, struct err *err)
{
    struct arena arena = ARENA_INIT;
    struct alloc_view *allocs = NULL;
    size_t n = 0;
    if (answer->status != 200 ||
        parse_allocs(answer->body, answer->body_len, &arena, &allocs, &n, err) < 0) {
        arena_free(&arena);
        return;
    }
    arena_free(&t->allocs_arena);
    t->allocs_arena = arena;
    t->allocs = allocs;
    t->n_allocs = n;
    t->allocs_at = t->asks[ASK_ALLOCS].at;
    t->allocs_took = clock_mono(t->owner->clock) - t->allocs_at;
}

static void take_own_self(struct interest *t, const struct http_answer *answer, struct err *err)
{
    if (answer->status == 200 &&
        parse_self(answer->body, answer->body_len, t->owner->arena, &t->own, err) == 0)
        t->own_at = t->asks[ASK_OWN_SELF].at;
}

/* 200 and 500 carry the same JSON. */
static void take_own_health(struct interest *t, const struct http_answer *answer, struct err *err)
{
    if (parse_health(answer->body, answer->body_len, "client", &t->own_healthy, err) < 0)
        t->own_healthy = TRI_UNKNOWN;
}

static void (*const takers[])(struct interest *, const struct http_answer *, struct err *) = {
    [ASK_NODE] = take_node,
    [ASK_ALLOCS] = take_allocs,
    [ASK_OWN_SELF] = take_own_self,
    [ASK_OWN_HEALTH] = take_own_health,
};
_Static_assert(ARRAY_LEN(takers) == NODE_QUESTIONS, "a question without a taker");

static void ask_itself(struct interest *t);

static void answered(void *ctx, const struct http_answer *answer, const struct err *why)
{
    struct node_ask *ask = ctx;
    struct interest *t = ask->interest;
    struct err err = ERR_INIT;
    bool was_slow = ask->slow;
    (void)why;
    ask->open = false;
    ask->slow = answer == NULL || answer->status == 0;
    if (t->owner->arena == NULL || ask->round != t->owner->round)
        return;
    if (answer != NULL && answer->status != 0)
        takers[ask->question](t, answer, &err);
    if (ask->question == ASK_NODE)
        ask_itself(t);
    *(was_slow ? &t->owner->pending_slow : &t->owner->pending) -= 1;
}

static void ask_one(struct interest *t, enum node_question q, const struct nomad_base *base,
                    const char *path, int64_t deadline_ms)
{
    struct node_ask *ask = &t->asks[q];
    if (ask->open || ask->round == t->owner->round)
        return;
    ask->open = true;
    ask->round = t->owner->round;
    ask->at = clock_mono(t->owner->clock);
    *(ask->slow ? &t->owner->pending_slow : &t->owner->pending) += 1;
    nomad_ask(t->owner->nomad, &(struct nomad_request){.base = base,
                                                       .path = path,
                                                       .deadline_ms = deadline_ms,
                                                       .max = DETAIL_MAX,
                                                       .on_done = answered,
                                                       .ctx = ask});
}

static void ask_record(struct interest *t, const struct node_list *l, const struct nomad_base *base,
                       bool with_region)
{
    auto_buf struct buf path = BUF_INIT, query = BUF_INIT;
    if (with_region) {
        buf_add_str(&query, "?region=");
        http_escape(&query, l->region);
    }
    buf_add_str(&path, "/v1/node/");
    http_escape(&path, t->id);
    size_t of_node = path.len;
    buf_add_str(&path, buf_str(&query));
    ask_one(t, ASK_NODE, base, buf_str(&path), NOMAD_LEADER_MS);
    int64_t rest = MIN_OF(10 * t->allocs_took, (int64_t)NODES_ALLOCS_MS);
    if (clock_mono(t->owner->clock) - t->allocs_at < rest && t->allocs_at != 0)
        return;
    path.len = of_node;
    buf_printf(&path, "/allocations%s", buf_str(&query));
    ask_one(t, ASK_ALLOCS, base, buf_str(&path), NOMAD_LEADER_MS);
}

/* Its own address is in its record: the first time, after that. */
static void ask_itself(struct interest *t)
{
    const struct nomad_whom whom = {t->id, t->name, t->region};
    struct nomad_base base;
    if (t->http_addr[0] == '\0' ||
        nomad_base_at(t->owner->nomad, &whom, t->http_addr, t->tls, &base) < 0)
        return;
    ask_one(t, ASK_OWN_SELF, &base, "/v1/agent/self", NOMAD_LOCAL_MS);
    ask_one(t, ASK_OWN_HEALTH, &base, "/v1/agent/health?type=client", NOMAD_LOCAL_MS);
}

static bool in_list(const struct node_list *l, const char *id)
{
    for (size_t i = 0; i < l->n; i++)
        if (str_eq(l->hosts[i].node_id, id))
            return true;
    return false;
}

void nodes_ask_details(struct nodes *n, const struct node_list *l, const struct nomad_base *base,
                       bool with_region)
{
    for (size_t i = 0; i < n->n_interests; i++) {
        struct interest *t = n->interests[i];
        bool here = t->hint < l->n && str_eq(l->hosts[t->hint].node_id, t->id);
        if (!t->wanted || (!here && !in_list(l, t->id)))
            continue;
        str_cut(t->region, sizeof t->region, l->region);
        ask_record(t, l, base, with_region);
        ask_itself(t);
    }
}

static void merge(const struct interest *t, struct host *h, struct arena *a)
{
    struct client_view *c = &h->client;
    if (t->detail.client.detail_at != 0) {
        const struct client_view *d = &t->detail.client;
        uint64_t index = c->list_index;
        *c = *d;
        c->list_at = d->detail_at;
        c->list_index = MAX_OF(index, d->list_index);
    }
    if (t->own_at != 0) {
        c->own_at = t->own_at;
        c->own_node_id = t->own.client_id;
        c->own_version = t->own.view.version;
        c->heartbeat_age_ms = t->own.heartbeat_age_ms;
        c->heartbeat_ttl_ms = t->own.heartbeat_ttl_ms;
    }
    c->own_healthy = t->own_healthy;
    c->allocs_at = t->allocs_at;
    c->n_allocs = t->n_allocs;
    c->allocs = arena_array(a, t->n_allocs + 1, sizeof *c->allocs);
    for (size_t i = 0; i < t->n_allocs; i++) {
        c->allocs[i] = t->allocs[i];
        c->allocs[i].id = arena_strdup(a, t->allocs[i].id);
        c->allocs[i].client_status = arena_strdup(a, t->allocs[i].client_status);
    }
}

void nodes_merge(struct nodes *n, struct host *hosts, size_t count, struct arena *a)
{
    for (size_t i = 0; i < n->n_interests; i++) {
        struct interest *t = n->interests[i];
        if (!t->wanted)
            continue;
        if (t->hint >= count || !str_eq(hosts[t->hint].node_id, t->id))
            for (t->hint = 0; t->hint < count && !str_eq(hosts[t->hint].node_id, t->id);)
                t->hint++;
        if (t->hint < count)
            merge(t, &hosts[t->hint], a);
    }
}
