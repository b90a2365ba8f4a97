#include "late_failures.h"

#include "counts.h"

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

    if (!run_ended(l->state) || l->ended_wall_ms == 0 || !oldest(p, l, &from) ||
        version_parse(p->target, &to, &unused) < 0)
        return 0;
    for (size_t i = 0; i < p->hazards->n_lates && n < LATE_FAILURES_MAX; i++) {
        const struct late *row = &p->hazards->lates[i];
        int64_t due = l->ended_wall_ms + row->after_ms;
        if (applies(row, &from, &to) && (now_wall_ms == 0 || now_wall_ms < due))
            ret[n++] = (struct late_due){row, due};
    }
    return n;
}

bool counts_taken(const int64_t n[static OBJECT_KINDS])
{
    for (size_t i = 0; i < OBJECT_KINDS; i++)
        if (n[i] != 0)
            return true;
    return false;
}

enum since counts_since(const int64_t then[static OBJECT_KINDS],
                        const int64_t now[static OBJECT_KINDS], char *text, size_t size)
{
    char had[160], have[160], lost[120];

    counts_text(then, had, sizeof(had));
    counts_text(now, have, sizeof(have));
    if (!counts_comparable(then, now)) {
        snprintf(text, size, "%s; when the run ended %s", have, had);
        return SINCE_UNKNOWN;
    }
    if (counts_fell(then, now, lost, sizeof(lost))) {
        snprintf(text, size, "%s since the run ended: %s, then %s", lost, have, had);
        return SINCE_FELL;
    }
    bool same = str_eq(had, have);
    snprintf(text, size, same ? "%s, as when the run ended" : "%s; when the run ended %s", have,
             had);
    return same ? SINCE_SAME : SINCE_CHANGED;
}

bool counts_missing(const struct counted leader[static 2], const struct counted mine[static 2],
                    char *text, size_t size)
{
    char older[120], lost[120];

    if (!counts_in_turn(leader, mine) ||
        !counts_lack(leader[1].n, mine[1].n, older, sizeof(older)) ||
        !counts_lack(leader[0].n, mine[0].n, lost, sizeof(lost)))
        return false;
    snprintf(text, size, "%s", lost);
    return true;
}
