#include "nomad_nodes.h"

#include "str.h"

#define PAGE_MAX   (64 * 1024 * 1024)
#define DETAIL_MAX (32 * 1024 * 1024)

enum { CURRENT, OLD, NEXT };

void nodes_init(struct nodes *n, struct nomad_http *nomad, const struct clock *clock)
{
    memset(n, 0, sizeof(*n));
    n->nomad = nomad;
    n->clock = clock;
}

void nodes_free(struct nodes *n)
{
    for (size_t i = 0; i < n->n_lists; i++) {
        for (size_t a = 0; a < ARRAY_LEN(n->lists[i]->arenas); a++)
            arena_free(&n->lists[i]->arenas[a]);
        free(n->lists[i]->nodes);
        free(n->lists[i]->next);
        nomad_pages_free(&n->lists[i]->pages);
        free(n->lists[i]);
    }
    for (size_t i = 0; i < n->n_interests; i++) {
        arena_free(&n->interests[i]->allocs_arena);
        free(n->interests[i]);
    }
    memset(n, 0, sizeof(*n));
}

static struct node_list *node_list_of(struct nodes *n, const char *region)
{
    for (size_t i = 0; i < n->n_lists; i++)
        if (str_eq(n->lists[i]->region, region))
            return n->lists[i];
    if (n->n_lists == NODE_REGIONS_MAX)
        return NULL;
    struct node_list *l = xzalloc(1, sizeof(*l));
    l->owner = n;
    str_cut(l->region, sizeof(l->region), region);
    n->lists[n->n_lists++] = l;
    return l;
}

const struct node_list *nodes_list(const struct nodes *n, const char *region)
{
    for (size_t i = 0; i < n->n_lists; i++)
        if (str_eq(n->lists[i]->region, region))
            return n->lists[i];
    return NULL;
}

static int by_node_id(const void *a, const void *b)
{
    return strcmp(((const struct node_told *)a)->node_id, ((const struct node_told *)b)->node_id);
}

static int by_node_name(const void *a, const void *b)
{
    int c = strcmp(((const struct node_told *)a)->name, ((const struct node_told *)b)->name);
    return c != 0 ? c : by_node_id(a, b);
}

/* Pages may overlap (before 1.9.9 and 1.10.2): each id counts once. */
static size_t drop_doubled(struct node_told *nodes, size_t n)
{
    size_t kept = 0;
    qsort(nodes, n, sizeof(*nodes), by_node_id);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || by_node_id(&nodes[kept - 1], &nodes[i]) != 0)
            nodes[kept++] = nodes[i];
    return kept;
}

static void list_ended(struct node_list *l)
{
    l->open = false;
    l->took_ms = clock_mono(l->owner->clock) - l->begun;
    l->due = l->begun + MIN_OF(10 * l->took_ms, (int64_t)NODES_LIST_AGE_MS);
    if (l->round == l->owner->round && l->owner->arena != NULL)
        l->owner->pending--;
}

static void list_complete(struct node_list *l)
{
    l->n_next = l->n_next == 0 ? 0 : drop_doubled(l->next, l->n_next);
    struct node_told *nodes = xrealloc(l->next, (l->n_next + 1) * sizeof(*nodes));
    for (size_t i = 0; i < l->n_next; i++) {
        nodes[i].client.list_at = l->begun;
        nodes[i].client.list_index = l->next_index;
    }
    if (l->n_next > 0)
        qsort(nodes, l->n_next, sizeof(*nodes), by_node_name);
    arena_free(&l->arenas[OLD]);
    l->arenas[OLD] = l->arenas[CURRENT];
    if (l->owner->alone)
        arena_free(&l->arenas[OLD]);
    l->arenas[CURRENT] = l->arenas[NEXT];
    l->arenas[NEXT] = (struct arena)ARENA_INIT;
    l->next = NULL;
    l->cap_next = 0;
    free(l->nodes);
    l->nodes = nodes;
    l->n = l->n_next;
    l->at = l->begun;
    l->problem[0] = '\0';
    l->denied = false;
    l->renewed = true;
    list_ended(l);
}

static void ask_page(struct node_list *l);

static void list_lost(struct node_list *l, const struct http_answer *answer, const struct err *why)
{
    nomad_why(why != NULL && why->kind == ERR_LIMIT ? NULL : answer, why, l->problem,
              sizeof(l->problem));
    l->denied = answer != NULL && answer->status == 403 && l->base.token != TOKEN_NOT;
    list_ended(l);
}

static void page_answered(void *ctx, const struct http_answer *answer, const struct err *why)
{
    struct node_list *l = ctx;
    autofree struct node_told *page = NULL;
    size_t n = 0;
    struct err err = ERR_INIT;
    if (answer == NULL || answer->status != 200 ||
        parse_nodes(answer->body, answer->body_len, &l->arenas[NEXT], &page, &n, &err) < 0) {
        list_lost(l, answer, err.kind != ERR_NONE ? &err : why);
        return;
    }
    if (l->paged && n > NODES_PAGE) {
        (void)err_set(&err, ERR_LIMIT, 0,
                      "the pages of Nomad's list of nodes are longer than was asked for");
        list_lost(l, answer, &err);
        return;
    }
    if (l->n_next + n > l->cap_next) {
        l->cap_next = MAX_OF(l->cap_next * 2, l->n_next + n);
        l->next = xrealloc(l->next, l->cap_next * sizeof(*l->next));
    }
    if (n > 0)
        memcpy(l->next + l->n_next, page, n * sizeof(*page));
    l->n_next += n;
    l->next_index = answer->nomad_index;
    if (!l->paged || answer->next_token[0] == '\0' || n == 0)
        list_complete(l);
    else if (nomad_pages_next(&l->pages, answer->next_token, &err) < 0)
        list_lost(l, answer, &err);
    else
        ask_page(l);
}

static void ask_page(struct node_list *l)
{
    auto_buf struct buf path = BUF_INIT;
    buf_add_str(&path, "/v1/nodes");
    char sign = '?';
    if (l->paged) {
        buf_printf(&path, "%cper_page=%d", sign, NODES_PAGE);
        sign = '&';
        if (l->pages.token != NULL) {
            buf_add_str(&path, "&next_token=");
            http_escape(&path, l->pages.token);
        }
    }
    if (l->with_region) {
        buf_printf(&path, "%cregion=", sign);
        http_escape(&path, l->region);
    }
    nomad_ask(l->owner->nomad, &(struct nomad_request){.base = &l->base,
                                                       .path = buf_str(&path),
                                                       .deadline_ms = NOMAD_LEADER_MS,
                                                       .max = PAGE_MAX,
                                                       .on_done = page_answered,
                                                       .ctx = l});
}

static int64_t list_due(const struct node_list *l)
{
    bool kept = l->owner->look && l->at != 0;
    return kept ? MAX_OF(l->due, l->at + NODES_LOOK_AGE_MS) : l->due;
}

static void begin_list(struct node_list *l, const struct nomad_base *base, bool with_region,
                       bool paged)
{
    struct nodes *n = l->owner;
    int64_t now = clock_mono(n->clock);
    if (l->open || l->renewed || now < list_due(l))
        return;
    arena_reset(&l->arenas[NEXT]);
    l->n_next = 0;
    l->base = *base;
    l->with_region = with_region;
    l->paged = paged;
    l->open = true;
    l->begun = now;
    l->round = n->round;
    n->pending++;
    nomad_pages_free(&l->pages);
    ask_page(l);
}

/* ---- hosts of interest: record, allocations, and the client's own answers ---- */

static struct interest *find_interest(struct nodes *n, const char *id)
{
    for (size_t i = 0; i < n->n_interests; i++)
        if (str_eq(n->interests[i]->id, id))
            return n->interests[i];
    return NULL;
}

static void want_node(struct nodes *n, const char *id, const char *name)
{
    struct interest *t = find_interest(n, id);
    if (t == NULL) {
        if (n->n_interests == NODES_INTEREST_MAX)
            return;
        t = xzalloc(1, sizeof(*t));
        t->owner = n;
        str_cut(t->id, sizeof(t->id), id);
        for (int q = 0; q < NODE_QUESTIONS; q++)
            t->asks[q] = (struct node_ask){.interest = t, .question = (enum node_question)q};
        n->interests[n->n_interests++] = t;
    }
    str_cut(t->name, sizeof(t->name), name);
    t->wanted = true;
}

void nodes_interest(struct nodes *n, const char *const *ids, const char *const *names, size_t count)
{
    for (size_t i = 0; i < n->n_interests; i++)
        n->interests[i]->wanted = false;
    for (size_t i = 0; i < count; i++)
        want_node(n, ids[i], names[i]);
}

static void take_node_record(struct interest *t, const struct http_answer *answer, struct err *err)
{
    bool tls = false;
    if (answer->status != 200 ||
        parse_node(answer->body, answer->body_len, t->owner->arena, &t->detail, &tls, err) < 0)
        return;
    if (!str_eq(t->detail.node_id, t->id)) {
        memset(&t->detail, 0, sizeof(t->detail));
        return;
    }
    t->detail.client.detail_at = t->asks[ASK_NODE].at;
    t->detail.client.list_index = answer->nomad_index;
    str_cut(t->http_addr, sizeof(t->http_addr), t->detail.client.http_addr);
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
    t->self_denied = answer->status == 403;
    if (answer->status == 200 &&
        parse_self(answer->body, answer->body_len, t->owner->arena, &t->own, err) == 0)
        t->own_at = t->asks[ASK_OWN_SELF].at;
}

/* The body is the same JSON with status 200 and with status 500. */
static void take_own_health(struct interest *t, const struct http_answer *answer, struct err *err)
{
    if (parse_health(answer->body, answer->body_len, "client", &t->own_healthy, err) < 0)
        t->own_healthy = TRI_UNKNOWN;
    else
        t->health_at = t->asks[ASK_OWN_HEALTH].at;
}

static void (*const takers[])(struct interest *, const struct http_answer *, struct err *) = {
    [ASK_NODE] = take_node_record,
    [ASK_ALLOCS] = take_allocs,
    [ASK_OWN_SELF] = take_own_self,
    [ASK_OWN_HEALTH] = take_own_health,
};
_Static_assert(ARRAY_LEN(takers) == NODE_QUESTIONS, "a question without a taker");

static void ask_itself(struct interest *t);

static void on_node_answered(void *ctx, const struct http_answer *answer, const struct err *why)
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

static void ask_node(struct interest *t, enum node_question q, const struct nomad_base *base,
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
                                                       .on_done = on_node_answered,
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
    ask_node(t, ASK_NODE, base, buf_str(&path), NOMAD_LEADER_MS);
    int64_t rest = MIN_OF(10 * t->allocs_took, (int64_t)NODES_ALLOCS_MS);
    if (clock_mono(t->owner->clock) - t->allocs_at < rest && t->allocs_at != 0)
        return;
    path.len = of_node;
    buf_printf(&path, "/allocations%s", buf_str(&query));
    ask_node(t, ASK_ALLOCS, base, buf_str(&path), NOMAD_LEADER_MS);
}

/* The client's own address is in its record, so that the first time the record must come first. */
static void ask_itself(struct interest *t)
{
    const struct nomad_whom whom = {t->id, t->name, t->region};
    struct nomad_base base;
    if (t->http_addr[0] == '\0' ||
        nomad_base_at(t->owner->nomad, &whom, t->http_addr, t->tls, &base) < 0)
        return;
    if (!t->self_denied)
        ask_node(t, ASK_OWN_SELF, &base, "/v1/agent/self", NOMAD_LOCAL_MS);
    ask_node(t, ASK_OWN_HEALTH, &base, "/v1/agent/health?type=client", NOMAD_LOCAL_MS);
}

static bool lists_node(const struct node_list *l, const char *id)
{
    for (size_t i = 0; i < l->n; i++)
        if (str_eq(l->nodes[i].node_id, id))
            return true;
    return false;
}

static void ask_details(struct nodes *n, const struct node_list *l, const struct nomad_base *base,
                        bool with_region)
{
    for (size_t i = 0; i < n->n_interests; i++) {
        struct interest *t = n->interests[i];
        bool here = t->hint < l->n && str_eq(l->nodes[t->hint].node_id, t->id);
        if (!t->wanted || (!here && !lists_node(l, t->id)))
            continue;
        str_cut(t->region, sizeof(t->region), l->region);
        ask_record(t, l, base, with_region);
        ask_itself(t);
    }
}

static void merge_interest(const struct interest *t, struct host *h, struct arena *a)
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
        c->heartbeat_at = t->own_at;
        c->heartbeat_age_ms = t->own.heartbeat_age_ms;
        c->heartbeat_ttl_ms = t->own.heartbeat_ttl_ms;
    }
    c->health_at = t->health_at;
    c->own_healthy = t->own_healthy;
    c->allocs_at = t->allocs_at;
    c->n_allocs = t->n_allocs;
    c->allocs = arena_array(a, t->n_allocs + 1, sizeof(*c->allocs));
    for (size_t i = 0; i < t->n_allocs; i++) {
        c->allocs[i] = t->allocs[i];
        c->allocs[i].id = arena_strdup(a, t->allocs[i].id);
        c->allocs[i].client_status = arena_strdup(a, t->allocs[i].client_status);
        int64_t *starts = arena_array(a, t->allocs[i].n_starts + 1, sizeof(*starts));
        memcpy(starts, t->allocs[i].starts, t->allocs[i].n_starts * sizeof(*starts));
        c->allocs[i].starts = starts;
    }
}

/* ---- rounds ---- */

void nodes_begin(struct nodes *n, struct arena *arena, uint64_t round)
{
    n->arena = arena;
    n->round = round;
    n->pending = n->pending_slow = 0;
    size_t kept = 0;
    for (size_t i = 0; i < n->n_interests; i++) {
        struct interest *t = n->interests[i];
        memset(&t->detail, 0, sizeof(t->detail));
        memset(&t->own, 0, sizeof(t->own));
        t->own_at = t->health_at = 0;
        t->own_healthy = TRI_UNKNOWN;
        bool open = false;
        for (int q = 0; q < NODE_QUESTIONS; q++)
            open |= t->asks[q].open;
        if (t->wanted || open) {
            n->interests[kept++] = t;
            continue;
        }
        arena_free(&t->allocs_arena);
        free(t);
    }
    n->n_interests = kept;
}

void nodes_end(struct nodes *n)
{
    n->arena = NULL;
    for (size_t i = 0; i < n->n_lists; i++)
        n->lists[i]->renewed = false;
}

void nodes_ask_region(struct nodes *n, const char *region, const struct nomad_base *base,
                      bool with_region, bool paged)
{
    struct node_list *l = node_list_of(n, region);
    if (l == NULL || n->arena == NULL)
        return;
    begin_list(l, base, with_region, paged);
    ask_details(n, l, base, with_region);
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
            merge_interest(t, &hosts[t->hint], a);
    }
}
