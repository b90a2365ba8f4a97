#include "walls.h"

#include "compiler.h"

enum { /* bits */
       F_SCHEDULER = 1U << 0,
       F_TYPES_094 = 1U << 1,
       F_TYPES_0104 = 1U << 2,
       F_CSI = 1U << 3,
       F_TYPES_0112 = 1U << 4,
       F_NAMESPACES = 1U << 5,
       F_ONE_TIME = 1U << 6,
       F_BBOLT = 1U << 7,
       F_VARIABLES = 1U << 8,
       F_AUTH = 1U << 9,
       F_POOLS = 1U << 10,
       F_SUBMISSION = 1U << 11,
       F_WRAPPED_KEYS = 1U << 12,
       F_HOST_VOLUMES = 1U << 13,
       F_ENTERPRISE = 1U << 14,
};

static const struct {
    const char *from, *before; /* before: NULL for ever since */
    uint32_t bit;
} feature_table[] = {
    {"0.9.0", NULL, F_SCHEDULER},     {"0.9.4", NULL, F_TYPES_094},
    {"0.10.4", NULL, F_TYPES_0104},   {"0.11.0", NULL, F_CSI},
    {"0.11.2", NULL, F_TYPES_0112},   {"1.0.0", NULL, F_NAMESPACES},
    {"1.1.0", NULL, F_ONE_TIME},      {"1.3.0", NULL, F_BBOLT},
    {"1.4.0", NULL, F_VARIABLES},     {"1.5.0", NULL, F_AUTH},
    {"1.6.0", NULL, F_POOLS},         {"1.6.6", "1.7.0", F_SUBMISSION},
    {"1.7.3", NULL, F_SUBMISSION},    {"1.9.0", NULL, F_WRAPPED_KEYS},
    {"1.10.0", NULL, F_HOST_VOLUMES},
};

/* Nomad's own comparisons ignore the prerelease part: 1.10.0-rc.1 writes what 1.10.0 writes. */
static struct version without_pre(const struct version *v)
{
    struct version r = *v;
    r.pre[0] = '\0';
    return r;
}

/* Bits of what this server version may have written. */
static uint32_t features(const struct version *v)
{
    struct version r = without_pre(v);
    uint32_t bits = version_is_ent(v) ? F_ENTERPRISE : 0;

    for (size_t i = 0; i < ARRAY_LEN(feature_table); i++)
        if (version_cmp_text(&r, feature_table[i].from) >= 0 &&
            (feature_table[i].before == NULL || version_cmp_text(&r, feature_table[i].before) < 0))
            bits |= feature_table[i].bit;
    return bits;
}

bool version_wall(const struct version *from, const struct version *to)
{
    return (features(to) & ~features(from)) != 0;
}

int version_client_state(const struct version *v)
{
    struct version r = without_pre(v);
    if (version_cmp_text(&r, "0.9.0") < 0)
        return 1;
    return version_cmp_text(&r, "1.3.0") < 0 ? 2 : 3;
}

/* Leaders from first to last crashed followers older than first (Nomad #10943, #14819,
 * #26425: the last three in Enterprise). */
static const struct {
    const char *first, *last;
    bool ent;
} bad_leaders[] = {
    {"1.1.0", "1.1.2", false},  {"1.4.0", "1.4.1", false},  {"1.8.14", "1.8.15", true},
    {"1.9.10", "1.9.11", true}, {"1.10.2", "1.10.3", true},
};

bool version_bad_leader(const struct version *from, const struct version *to)
{
    for (size_t i = 0; i < ARRAY_LEN(bad_leaders); i++)
        if (version_cmp_text(to, bad_leaders[i].first) >= 0 &&
            version_cmp_text(to, bad_leaders[i].last) <= 0 &&
            version_cmp_text(from, bad_leaders[i].first) < 0 &&
            (!bad_leaders[i].ent || version_is_ent(to)))
            return true;
    return false;
}
