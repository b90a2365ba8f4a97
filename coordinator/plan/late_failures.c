#include "late_failures.h"

/* Finds the oldest version that an upgraded host came from. */
static bool find_oldest_from(const struct plan *p, const struct ledger *l, struct version *ret)
{
    struct err unused = ERR_INIT;
    bool found = false;

    for (size_t i = 0; i < p->n_hosts && i < l->n_hosts; i++) {
        struct version v;
        if (p->hosts[i].already || l->hosts[i].state != HOST_DONE ||
            version_parse(p->hosts[i].from, &v, &unused) < 0)
            continue;
        if (!found || version_cmp(&v, ret) < 0)
            *ret = v;
        found = true;
    }
    return found;
}

static bool late_applies(const struct late *row, const struct version *from,
                         const struct version *to)
{
    if (row->target != NULL && !version_within(to, row->target))
        return false;
    return row->crossing == NULL ||
           (version_has(to, row->crossing) && !version_has(from, row->crossing));
}

size_t late_failures(const struct plan *p, const struct ledger *l, int64_t now_wall_ms,
                     struct late_due ret[static LATE_FAILURES_MAX])
{
    struct err unused = ERR_INIT;
    struct version from, to;
    size_t n = 0;

    if (!run_ended(l->state) || l->state == RUN_STAGED || l->ended_wall_ms == 0 ||
        !find_oldest_from(p, l, &from) || version_parse(p->target, &to, &unused) < 0)
        return 0;
    for (size_t i = 0; i < p->hazards->n_lates && n < LATE_FAILURES_MAX; i++) {
        const struct late *row = &p->hazards->lates[i];
        int64_t due = l->ended_wall_ms + row->after_ms;
        if (late_applies(row, &from, &to) && (now_wall_ms == 0 || now_wall_ms < due))
            ret[n++] = (struct late_due){row, due};
    }
    return n;
}
