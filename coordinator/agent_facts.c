#include "agent_facts.h"

#include "agents_parts.h"

struct host_fact *host_facts_pack(const struct fact *facts, size_t n)
{
    size_t size = n * sizeof(struct host_fact);
    if (n == 0)
        return NULL;
    for (size_t i = 0; i < n; i++)
        size += strlen(facts[i].id) + strlen(facts[i].text) + 2;
    struct host_fact *packed = xalloc(size);
    char *at = (char *)(packed + n);
    for (size_t i = 0; i < n; i++) {
        packed[i].value = facts[i].value;
        packed[i].id = at;
        at = stpcpy(at, facts[i].id) + 1;
        packed[i].text = at;
        at = stpcpy(at, facts[i].text) + 1;
    }
    return packed;
}

void agent_take_facts(struct agent *g, const struct receipt_status *s)
{
    free(g->facts);
    g->n_facts = MIN_OF(s->n_facts, (uint32_t)FACTS_MAX);
    g->facts = host_facts_pack(s->facts, g->n_facts);
}

const struct host_fact *agents_facts(const struct agents *a, const char *key, size_t *ret_n)
{
    const struct agent *g = agents_find(a, key);
    *ret_n = g != NULL ? g->n_facts : 0;
    return g != NULL ? g->facts : NULL;
}
