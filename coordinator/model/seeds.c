#include "seeds.h"

#include "place_rule.h"
#include "str.h"
#include "url_plain.h"

#define DIGEST_HEX 64

/* ---- which hosts are seeds ---- */

const char *seed_place_base(const struct host *h)
{
    const struct fact_view *f = agent_fact(&h->agent, "seed");
    char plain[URL_MAX_LEN];

    if (f == NULL || f->value != TRI_YES || !h->agent.enrolled || h->agent.misplaced ||
        h->agent.hello_at == 0 || h->agent.address == NULL)
        return NULL;
    size_t n = strlen(f->text);
    bool web = str_starts(f->text, "http://") || str_starts(f->text, "https://");
    if (!web || f->text[n - 1] != '/' || n + DIGEST_HEX >= URL_MAX_LEN ||
        url_plain(f->text, plain) != NULL || url_has_query(plain))
        return NULL;
    return url_is_at(plain, h->agent.address) ? f->text : NULL;
}

bool seed_has(const struct host *seed, const struct digest *binary)
{
    const struct work_state *work = &seed->agent.work;

    return work->phase == PHASE_STAGED && digest_eq(&work->target, binary);
}

int seed_group_cmp(const struct host *a, const struct host *b)
{
    int c = strcmp(a->region, b->region);

    if (c == 0)
        c = strcmp(host_dc(a), host_dc(b));
    if (c == 0)
        c = strcmp(a->agent.hello.arch, b->agent.hello.arch);
    return c != 0 ? c : strcmp(a->agent.hello.os, b->agent.hello.os);
}

static int by_group(const void *a, const void *b, void *ctx)
{
    const struct host *hosts = ctx;
    uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
    int c = seed_group_cmp(&hosts[i], &hosts[k]);

    return c != 0 ? c : (i > k) - (i < k);
}

size_t seeds_find(const struct host *hosts, size_t n, uint32_t *dst)
{
    size_t found = 0;

    for (size_t i = 0; i < n; i++)
        if (seed_place_base(&hosts[i]) != NULL && host_dc(&hosts[i])[0] != '\0')
            dst[found++] = (uint32_t)i;
    qsort_r(dst, found, sizeof(*dst), by_group, (void *)(uintptr_t)hosts);
    return found;
}

size_t seeds_from(const struct world *w, const struct host *h)
{
    size_t low = 0, high = w->n_seeds;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (seed_group_cmp(&w->hosts[w->seeds[mid]], h) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* ---- places for one host ---- */

/* Writes the seed's place for h into dst. False: the seed is of no use to h now. */
static bool seed_place_for(const struct host *seed, const struct host *h,
                           const struct digest *binary, const struct digest *file,
                           char dst[static URL_MAX_LEN])
{
    const char *base = seed_place_base(seed), *own = seed_place_base(h), *unsure = NULL;
    char hex[DIGEST_HEX + 1];

    if (base == NULL || seed == h || (own != NULL && str_eq(base, own)) || !seed_has(seed, binary))
        return false;
    digest_hex(hex, file);
    snprintf(dst, URL_MAX_LEN, "%s%s", base, hex);
    return place_refused(&h->agent, dst, &unsure) == NULL && unsure == NULL;
}

static void put_seed_place(struct order_stage *o, uint32_t at, const char *place)
{
    for (uint32_t i = 0; i < at; i++)
        if (str_eq(o->urls[i], place))
            return; /* two seeds have the same place */
    memmove(o->urls[at + 1], o->urls[at], (o->n_urls - at) * sizeof(*o->urls));
    str_cut(o->urls[at], sizeof(*o->urls), place);
    o->n_urls++;
}

static size_t spread_key(const char *key, size_t n)
{
    return (size_t)((key_hash(key) >> 20) % n);
}

void seeds_lead(const struct world *w, const struct host *h, const struct digest *binary,
                const struct digest *file, struct order_stage *o)
{
    size_t from = seeds_from(w, h), n = 0;
    uint32_t own = o->n_urls;
    char place[URL_MAX_LEN];

    while (from + n < w->n_seeds && seed_group_cmp(&w->hosts[w->seeds[from + n]], h) == 0)
        n++;
    size_t first = n > 0 ? spread_key(h->key, n) : 0;
    for (size_t i = 0; i < n && o->n_urls - own < SEEDS_TOLD && o->n_urls < URLS_MAX; i++) {
        const struct host *seed = &w->hosts[w->seeds[from + (first + i) % n]];
        if (seed_place_for(seed, h, binary, file, place))
            put_seed_place(o, o->n_urls - own, place);
    }
}
