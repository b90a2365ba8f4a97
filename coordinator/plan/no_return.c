#include "no_return.h"

#include "raft_view.h"
#include "walls.h"

const struct plan_host *no_return_step(const struct plan *p, const char *region)
{
    const struct plan_host *last = NULL;
    struct version from, to;
    struct err unused = ERR_INIT;
    bool wall = false;

    if (p->replaces || version_parse(p->target, &to, &unused) < 0)
        return NULL; /* a replaced server has no way back except its old data */
    for (size_t i = 0; i < p->n_servers; i++) {
        const struct plan_host *h = &p->hosts[i];
        if (h->already || !str_eq(h->region, region))
            continue;
        last = h; /* in forecast order the leader is the last, if it is planned */
        wall |= version_parse(h->from, &from, &unused) < 0 || version_wall(p->hazards, &from, &to);
    }
    return wall ? last : NULL;
}

const struct host *no_return_crossed(const struct plan *p, const struct world *w,
                                     const char *region, int64_t now)
{
    if (no_return_step(p, region) == NULL)
        return NULL;
    const struct host *leader = region_leader(w, p, NULL, region, now);
    return leader != NULL && str_eq(leader->server.version, p->target) ? leader : NULL;
}
