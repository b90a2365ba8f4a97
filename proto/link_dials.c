#include <nng/nng.h>
#include "compiler.h"
#include "link_dials.h"

/* nng's counters of a dialer, and what each means to people. */
static const struct {
    const char *name;
    const char *why;
} counters[] = {
    {"refused", "connection refused: nothing listens there"},
    {"disconnect", "the connection was closed before it could be used"},
    {"timeout", "it does not answer"},
    {"proto", "something else than Caravan's agent listens there"},
    {"auth", "authentication failed"},
    {"oom", "this machine is out of memory or descriptors"},
    {"other", "it cannot be reached, or does not speak to us"},
};

static const char *failure_of(nng_stat *dialer, int *ret_id)
{
    const char *why = NULL;

    for (nng_stat *s = nng_stat_child(dialer); s != NULL; s = nng_stat_next(s)) {
        if (strcmp(nng_stat_name(s), "id") == 0)
            *ret_id = (int)nng_stat_value(s);
        for (size_t i = 0; i < ARRAY_LEN(counters); i++) {
            if (strcmp(nng_stat_name(s), counters[i].name) == 0 && nng_stat_value(s) > 0)
                why = counters[i].why;
        }
    }
    return why;
}

void link_dials_failed(void (*on_failed)(void *ctx, int dialer, const char *why), void *ctx)
{
    nng_stat *root;

    if (nng_stats_get(&root) != 0)
        return;
    for (nng_stat *s = nng_stat_child(root); s != NULL; s = nng_stat_next(s)) {
        int id = 0;
        const char *why = strcmp(nng_stat_name(s), "dialer") == 0 ? failure_of(s, &id) : NULL;
        if (why != NULL)
            on_failed(ctx, id, why);
    }
    nng_stats_free(root);
}
