#include "walls.h"

/* As in Nomad's own comparisons, the prerelease part does not count: 1.10.0-rc.1 writes the same
 * data as 1.10.0. */
static bool writes_feature(const struct wall *w, const struct version *v)
{
    struct version r = *v;

    r.pre[0] = '\0';
    return version_cmp_text(&r, w->from) >= 0 &&
           (w->before == NULL || version_cmp_text(&r, w->before) < 0);
}

static bool knows_feature(const struct hazards *h, const struct version *v, const char *feature)
{
    for (size_t i = 0; i < h->n_walls; i++)
        if (str_eq(h->walls[i].feature, feature) && writes_feature(&h->walls[i], v))
            return true;
    return false;
}

bool version_wall(const struct hazards *h, const struct version *from, const struct version *to)
{
    if (version_is_ent(to) && !version_is_ent(from))
        return true;
    for (size_t i = 0; i < h->n_walls; i++)
        if (writes_feature(&h->walls[i], to) && !knows_feature(h, from, h->walls[i].feature))
            return true;
    return false;
}

bool version_same_client_state(const struct hazards *h, const struct version *a,
                               const struct version *b)
{
    for (size_t i = 0; i < h->n_walls; i++)
        if (h->walls[i].clients &&
            writes_feature(&h->walls[i], a) != writes_feature(&h->walls[i], b))
            return false;
    return true;
}

bool version_bad_leader(const struct hazards *h, const struct version *from,
                        const struct version *to)
{
    for (size_t i = 0; i < h->n_bad_leaders; i++) {
        const struct bad_leader *b = &h->bad_leaders[i];
        if (version_cmp_text(to, b->first) >= 0 && version_cmp_text(to, b->last) <= 0 &&
            version_cmp_text(from, b->first) < 0 && (!b->ent || version_is_ent(to)))
            return true;
    }
    return false;
}
