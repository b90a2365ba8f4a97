/* Hosts of a plan by their keys: see plan.h. */
#include "plan.h"

static int by_key(const void *a, const void *b, void *ctx)
{
    const struct plan_host *hosts = ctx;
    return strcmp(hosts[*(const uint32_t *)a].key, hosts[*(const uint32_t *)b].key);
}

void plan_sort_keys(struct plan *p)
{
    uint32_t *index = arena_array(&p->arena, p->n_hosts, sizeof(*index));

    for (size_t i = 0; i < p->n_hosts; i++)
        index[i] = (uint32_t)i;
    qsort_r(index, p->n_hosts, sizeof(*index), by_key, p->hosts);
    p->by_key = index;
}

static size_t search(const struct plan *p, const char *key)
{
    size_t low = 0, high = p->n_hosts;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = strcmp(key, p->hosts[p->by_key[mid]].key);
        if (c == 0)
            return p->by_key[mid];
        if (c < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return SIZE_MAX;
}

size_t plan_index(const struct plan *p, const char *key)
{
    if (p->by_key != NULL)
        return search(p, key);
    for (size_t i = 0; i < p->n_hosts; i++)
        if (str_eq(p->hosts[i].key, key))
            return i;
    return SIZE_MAX;
}

const struct plan_host *plan_host(const struct plan *p, const char *key)
{
    size_t i = plan_index(p, key);
    return i == SIZE_MAX ? NULL : &p->hosts[i];
}
