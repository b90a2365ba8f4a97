#include "late_failures.h"

#define MINUTE_MS ((int64_t)60 * 1000)
#define HOUR_MS   (60 * MINUTE_MS)

static const struct late lates[] = {
    {.id = "identities",
     .targets = "1.11.0-1.11.3",
     .after_ms = 24 * HOUR_MS,
     .what = "the leader may take servers for older than they are and not renew the clients' "
             "identities: then all clients go down at once, about 24 hours after",
     .look = "`caravan status`: is every client ready? Before that, restart every server once "
             "more, one by one, or go on to 2.0.6 or later"},
    {.id = "keyring-in-raft",
     .since = "1.9.0",
     .after_ms = 10 * MINUTE_MS,
     .what = "the keyring moves into raft in the background, which a key that was only "
             "prepublished can keep from ending",
     .look = "`nomad operator root keyring list`: is one key active, does a new job start? Keep "
             "copies of the old keystores for as long as older snapshots matter"},
    {.id = "dead-batch",
     .since = "1.3.9 1.4.4",
     .after_ms = 24 * HOUR_MS,
     .what = "evaluations and allocations of dead batch jobs are collected after 24 hours "
             "(batch_eval_gc_threshold)",
     .look = "`caravan status`: fewer allocations of batch jobs are no loss then"},
};

/* The oldest version an upgraded host came from. */
static bool oldest(const struct plan *p, const struct ledger *l, struct version *ret)
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

static bool applies(const struct late *row, const struct version *from, const struct version *to)
{
    if (row->targets != NULL && !version_within(to, row->targets))
        return false;
    return row->since == NULL || (version_has(to, row->since) && !version_has(from, row->since));
}

size_t late_failures(const struct plan *p, const struct ledger *l, int64_t now_wall_ms,
                     struct late_due ret[static LATE_FAILURES_MAX])
{
    struct err unused = ERR_INIT;
    struct version from, to;
    size_t n = 0;

    if (!run_ended(l->state) || l->ended_wall_ms == 0 || !oldest(p, l, &from) ||
        version_parse(p->target, &to, &unused) < 0)
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(lates) && n < LATE_FAILURES_MAX; i++) {
        int64_t due = l->ended_wall_ms + lates[i].after_ms;
        if (applies(&lates[i], &from, &to) && (now_wall_ms == 0 || now_wall_ms < due))
            ret[n++] = (struct late_due){&lates[i], due};
    }
    return n;
}
