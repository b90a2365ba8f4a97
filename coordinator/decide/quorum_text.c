#include "quorum_text.h"

#include "raft_view.h"

struct tally {
    uint32_t base, well, listed;
    bool led; /* somebody knows a leader, just now */
    const struct host *away;
};

static uint32_t voters_before(const struct plan *p, const char *region)
{
    for (size_t i = 0; i < p->n_regions; i++)
        if (str_eq(p->regions[i].name, region))
            return p->regions[i].voters;
    return 0;
}

/* By fresh answers: it runs, knows a leader, and votes. What it does not tell this token, it may
 * tell the others. */
static bool is_well(const struct view *v, const struct host *h)
{
    const struct server_view *s = &h->server;

    char unused[TEXT_MAX];
    bool told = fresh(s->self_at, v->now) &&
                (str_eq(s->raft_state, "Leader") || str_eq(s->raft_state, "Follower"));

    return (told || server_denies(h, unused, sizeof(unused))) && fresh(s->leader_at, v->now) &&
           s->has_leader && view_voter(v, h) == TRI_YES;
}

static struct tally tally(const struct situation *s, const char *region)
{
    struct tally t = {.base = voters_before(s->plan, region)};
    struct gate_result unused;
    struct view v;

    if (s->world == NULL || (s->world->refused != NULL && s->world->refused[0] != '\0'))
        return (struct tally){0};
    view_init(&v, s->world, s->plan, region, s->now, &unused);
    for (size_t i = 0; i < v.n; i++) {
        bool well = is_well(&v, v.servers[i]);
        t.listed++;
        t.well += well;
        t.led |= fresh(v.servers[i]->server.leader_at, v.now) && v.servers[i]->server.has_leader;
        if (!well && (t.away == NULL || fresh(t.away->server.self_at, s->now)))
            t.away = v.servers[i]; /* who does not answer at all comes first */
    }
    return t;
}

/* Who does not answer us may still vote: where there is a leader, more are well than we see. */
static const char *what_follows(const struct tally *t, uint32_t quorum)
{
    if (t->well == quorum)
        return "no other may fail";
    return t->led ? "there is a leader all the same, so others vote whom Caravan cannot ask"
                  : "no leader can be elected";
}

void quorum_text(const struct situation *s, const char *region, char *dst, size_t n)
{
    struct tally t = tally(s, region);
    uint32_t quorum = t.base / 2 + 1;

    dst[0] = '\0';
    if (t.listed == 0 || t.base == 0 || t.well >= t.base)
        return;
    if (t.well > quorum)
        snprintf(dst, n, "; region %s: of %u voters %u are well, %u are a quorum: %u more may fail",
                 region, t.base, t.well, quorum, t.well - quorum);
    else
        snprintf(dst, n, "; region %s: of %u voters %u %s well, %u are a quorum: %s", region,
                 t.base, t.well, str_count(t.well, "is", "are"), quorum, what_follows(&t, quorum));
}

void quorum_commands(const struct situation *s, const char *region, char *dst, size_t n)
{
    struct tally t = tally(s, region);

    dst[0] = '\0';
    if (t.listed == 0 || t.base == 0 || t.well >= t.base || t.away == NULL)
        return;
    if (fresh(t.away->server.self_at, s->now))
        snprintf(dst, n,
                 "nomad operator raft list-peers; nomad server members; on %.32s: "
                 "journalctl -u nomad -n 50.",
                 t.away->name);
    else
        snprintf(dst, n,
                 "On %.32s: systemctl status nomad; journalctl -u nomad -n 50. That it does not "
                 "answer Caravan is no reason to remove it from raft: see nomad operator raft "
                 "list-peers and nomad server members by another server first.",
                 t.away->name);
}
