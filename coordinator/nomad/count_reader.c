#include "count_reader.h"

#include "counts.h"

struct count_ask {
    struct counting *owner;
    struct count_scan scan;
    int64_t n;
};

struct counting {
    struct count_reader *reader;
    char key[UUID_MAX];
    bool wanted;
    size_t open;
    int64_t at, due;
    struct count_ask asks[OBJECT_KINDS];
    struct counted counted[2];
};

static const char *const paths[OBJECT_KINDS] = {
    [OBJECT_JOBS] = "/v1/jobs?namespace=*&stale",
    [OBJECT_NODES] = "/v1/nodes?stale",
    [OBJECT_ALLOCS] = "/v1/allocations?namespace=*&task_states=false&stale",
    [OBJECT_NAMESPACES] = "/v1/namespaces?stale",
};

void count_reader_init(struct count_reader *r, struct nomad_http *nomad, const struct clock *clock)
{
    *r = (struct count_reader){.nomad = nomad, .clock = clock};
}

void count_reader_free(struct count_reader *r)
{
    for (size_t i = 0; i < r->n; i++)
        free(r->list[i]);
    r->n = 0;
}

static struct counting *find_counting(const struct count_reader *r, const char *key)
{
    for (size_t i = 0; i < r->n; i++)
        if (str_eq(r->list[i]->key, key))
            return r->list[i];
    return NULL;
}

/* A counting with open questions is freed later, when its answers have come. */
static void drop_unwanted_counts(struct count_reader *r)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->n; i++)
        if (r->list[i]->wanted || r->list[i]->open > 0)
            r->list[kept++] = r->list[i];
        else
            free(r->list[i]);
    r->n = kept;
}

void count_reader_want(struct count_reader *r, const char *const *keys, size_t n)
{
    for (size_t i = 0; i < r->n; i++)
        r->list[i]->wanted = false;
    for (size_t i = 0; i < n; i++) {
        struct counting *c = find_counting(r, keys[i]);
        if (c == NULL && r->n == COUNT_SERVERS)
            drop_unwanted_counts(r);
        if (c == NULL && r->n < COUNT_SERVERS) {
            c = r->list[r->n++] = xzalloc(1, sizeof(*c));
            c->reader = r;
            str_cut(c->key, sizeof(c->key), keys[i]);
        }
        if (c != NULL)
            c->wanted = true;
    }
}

static int on_list_piece(void *ctx, const void *p, size_t n)
{
    struct count_ask *a = ctx;
    count_scan_add(&a->scan, p, n);
    return 0;
}

static int64_t count_of_answer(const struct count_ask *a, const struct http_answer *answer,
                               const struct err *err)
{
    static const int denied[] = {403, 404, 405, 501};
    if (answer == NULL || err != NULL)
        return COUNT_UNKNOWN;
    for (size_t i = 0; i < ARRAY_LEN(denied); i++)
        if (answer->status == denied[i])
            return COUNT_DENIED;
    return answer->status == 200 ? count_scan_end(&a->scan) : COUNT_UNKNOWN;
}

static void on_list_counted(void *ctx, const struct http_answer *answer, const struct err *err)
{
    struct count_ask *a = ctx;
    struct counting *c = a->owner;
    a->n = count_of_answer(a, answer, err);
    if (--c->open > 0)
        return;
    int64_t now = clock_mono(c->reader->clock);
    c->due = now + MIN_OF(10 * (now - c->at), (int64_t)COUNT_REST_MAX_MS);
    c->reader->changes++;
    c->counted[1] = c->counted[0];
    c->counted[0].at = c->at;
    for (size_t i = 0; i < OBJECT_KINDS; i++)
        c->counted[0].n[i] = c->asks[i].n;
}

static void ask_counts(struct counting *c, const struct nomad_base *base, int64_t now)
{
    c->at = now;
    c->open = OBJECT_KINDS;
    for (size_t i = 0; i < OBJECT_KINDS; i++) {
        c->asks[i] = (struct count_ask){.owner = c, .n = COUNT_UNKNOWN};
        nomad_ask(c->reader->nomad, &(struct nomad_request){.base = base,
                                                            .path = paths[i],
                                                            .deadline_ms = COUNT_DEADLINE_MS,
                                                            .max = COUNT_MAX,
                                                            .on_data = on_list_piece,
                                                            .on_done = on_list_counted,
                                                            .ctx = &c->asks[i]});
    }
}

void count_reader_tick(struct count_reader *r, const struct servers *s)
{
    int64_t now = clock_mono(r->clock);
    for (size_t i = 0; i < r->n; i++) {
        struct counting *c = r->list[i];
        if (!c->wanted || c->open > 0 || now < c->due)
            continue;
        for (size_t k = 0; k < s->n; k++)
            if (str_eq(s->slots[k]->id, c->key) && s->slots[k]->has_base) {
                ask_counts(c, &s->slots[k]->base, now);
                break;
            }
    }
}

void count_reader_fill(const struct count_reader *r, struct world *w)
{
    for (size_t i = 0; i < w->n_hosts && w->hosts[i].is_server; i++) {
        const struct counting *c = find_counting(r, w->hosts[i].server_id);
        if (c != NULL)
            memcpy(w->hosts[i].server.counted, c->counted, sizeof(c->counted));
    }
}
