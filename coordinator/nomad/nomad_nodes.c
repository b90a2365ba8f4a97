/* Lists of nodes, page by page. */
#include "nomad_nodes.h"

#include "str.h"

#define PAGE_MAX (64 * 1024 * 1024)

enum { CURRENT, OLD, NEXT };

void nodes_init(struct nodes *n, struct nomad_http *nomad, const struct clock *clock)
{
    memset(n, 0, sizeof *n);
    n->nomad = nomad;
    n->clock = clock;
}

void nodes_free(struct nodes *n)
{
    for (size_t i = 0; i < n->n_lists; i++) {
        for (size_t a = 0; a < ARRAY_LEN(n->lists[i]->arenas); a++)
            arena_free(&n->lists[i]->arenas[a]);
        free(n->lists[i]->hosts);
        free(n->lists[i]->old);
        free(n->lists[i]->next);
        free(n->lists[i]);
    }
    for (size_t i = 0; i < n->n_interests; i++) {
        arena_free(&n->interests[i]->allocs_arena);
        free(n->interests[i]);
    }
    memset(n, 0, sizeof *n);
}

static struct node_list *list_of(struct nodes *n, const char *region)
{
    for (size_t i = 0; i < n->n_lists; i++)
        if (str_eq(n->lists[i]->region, region))
            return n->lists[i];
    if (n->n_lists == NODE_REGIONS_MAX)
        return NULL;
    struct node_list *l = xzalloc(1, sizeof *l);
    l->owner = n;
    str_cut(l->region, sizeof l->region, region);
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

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct host *)a)->node_id, ((const struct host *)b)->node_id);
}

static int by_name(const void *a, const void *b)
{
    int c = strcmp(((const struct host *)a)->name, ((const struct host *)b)->name);
    return c != 0 ? c : by_id(a, b);
}

/* Pages may overlap (before 1.9.9 and 1.10.2): an id counts once. */
static size_t drop_doubled(struct host *hosts, size_t n)
{
    size_t kept = 0;
    qsort(hosts, n, sizeof *hosts, by_id);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || by_id(&hosts[kept - 1], &hosts[i]) != 0)
            hosts[kept++] = hosts[i];
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

static void forget_old(struct node_list *l)
{
    arena_free(&l->arenas[OLD]);
    free(take_ptr(&l->old));
}

static void list_complete(struct node_list *l)
{
    l->n_next = l->n_next == 0 ? 0 : drop_doubled(l->next, l->n_next);
    struct host *hosts = xrealloc(l->next, (l->n_next + 1) * sizeof *hosts);
    const char *region = arena_strdup(&l->arenas[NEXT], l->region);
    for (size_t i = 0; i < l->n_next; i++) {
        hosts[i].region = region;
        hosts[i].client.list_at = l->begun;
        hosts[i].client.list_index = l->next_index;
    }
    if (l->n_next > 0)
        qsort(hosts, l->n_next, sizeof *hosts, by_name);
    forget_old(l);
    l->old = l->hosts;
    l->arenas[OLD] = l->arenas[CURRENT];
    if (l->owner->alone)
        forget_old(l);
    l->arenas[CURRENT] = l->arenas[NEXT];
    l->arenas[NEXT] = (struct arena)ARENA_INIT;
    l->next = NULL;
    l->cap_next = 0;
    l->hosts = hosts;
    l->n = l->n_next;
    l->at = l->begun;
    l->index = l->next_index;
    l->problem[0] = '\0';
    l->denied = false;
    l->renewed = true;
    list_ended(l);
}

static void ask_page(struct node_list *l, const char *token);

static void page_answered(void *ctx, const struct http_answer *answer, const struct err *why)
{
    struct node_list *l = ctx;
    autofree struct host *page = NULL;
    size_t n = 0;
    struct err err = ERR_INIT;
    if (answer == NULL || answer->status != 200 ||
        parse_nodes(answer->body, answer->body_len, &l->arenas[NEXT], &page, &n, &err) < 0) {
        nomad_why(answer, err.kind != ERR_NONE ? &err : why, l->problem, sizeof l->problem);
        l->denied = answer != NULL && answer->status == 403;
        list_ended(l);
        return;
    }
    if (l->n_next + n > l->cap_next) {
        l->cap_next = MAX_OF(l->cap_next * 2, l->n_next + n);
        l->next = xrealloc(l->next, l->cap_next * sizeof *l->next);
    }
    if (n > 0)
        memcpy(l->next + l->n_next, page, n * sizeof *page);
    l->n_next += n;
    l->next_index = answer->nomad_index;
    if (l->paged && answer->next_token[0] != '\0' && n > 0)
        ask_page(l, answer->next_token);
    else
        list_complete(l);
}

static void ask_page(struct node_list *l, const char *token)
{
    auto_buf struct buf path = BUF_INIT;
    buf_add_str(&path, "/v1/nodes");
    char sign = '?';
    if (l->paged) {
        buf_printf(&path, "%cper_page=%d", sign, NODES_PAGE);
        sign = '&';
        if (token[0] != '\0') {
            buf_add_str(&path, "&next_token=");
            http_escape(&path, token);
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

static void begin_list(struct node_list *l, const struct nomad_base *base, bool with_region,
                       bool paged)
{
    struct nodes *n = l->owner;
    int64_t now = clock_mono(n->clock);
    if (l->open || l->renewed || now < l->due)
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
    ask_page(l, "");
}

void nodes_begin(struct nodes *n, struct arena *arena, uint64_t round)
{
    n->arena = arena;
    n->round = round;
    n->pending = n->pending_slow = 0;
    size_t kept = 0;
    for (size_t i = 0; i < n->n_interests; i++) {
        struct interest *t = n->interests[i];
        memset(&t->detail, 0, sizeof t->detail);
        memset(&t->own, 0, sizeof t->own);
        t->own_at = 0;
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
    struct node_list *l = list_of(n, region);
    if (l == NULL || n->arena == NULL)
        return;
    begin_list(l, base, with_region, paged);
    nodes_ask_details(n, l, base, with_region);
}
