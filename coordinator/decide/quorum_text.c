#include "quorum_text.h"

#include "raft_view.h"

/* Without a world, or while every server refuses the token, all counts are 0. */
static struct voter_count count_region_voters(const struct situation *s, const char *region)
{
    struct gate_result unused;
    struct raft_view v;

    if (s->world == NULL || (s->world->refused != NULL && s->world->refused[0] != '\0'))
        return (struct voter_count){0};
    raft_view_init(&v, s->world, s->plan, s->ledger, region, s->now, &unused);
    return gate_voters(&v);
}

/* A server that does not answer Caravan may still vote. If the region has a leader, more voters
 * are well than Caravan sees. */
static const char *quorum_consequence(const struct voter_count *t, uint32_t quorum)
{
    if (t->well == quorum)
        return "no other may fail";
    return t->led ? "but the region has a leader, so other voters that Caravan cannot ask are well"
                  : "no leader can be elected";
}

void quorum_text(const struct situation *s, const char *region, char *dst, size_t n)
{
    struct voter_count t = count_region_voters(s, region);
    uint32_t quorum = quorum_of(t.base);

    dst[0] = '\0';
    if (t.listed == 0 || t.base == 0 || t.well >= t.base)
        return;
    if (t.well > quorum)
        snprintf(dst, n, "; region %s: of %u voters %u are well, %u are a quorum: %u more may fail",
                 region, t.base, t.well, quorum, t.well - quorum);
    else
        snprintf(dst, n, "; region %s: of %u voters %u %s well, %u are a quorum: %s", region,
                 t.base, t.well, str_count(t.well, "is", "are"), quorum,
                 quorum_consequence(&t, quorum));
}

void quorum_commands(const struct situation *s, const char *region, char *dst, size_t n)
{
    struct voter_count t = count_region_voters(s, region);

    dst[0] = '\0';
    if (t.listed == 0 || t.base == 0 || t.well >= t.base || t.away == NULL)
        return;
    if (is_fresh(t.away->server.self_at, s->now))
        snprintf(dst, n,
                 "nomad operator raft list-peers; nomad server members; on %.32s: "
                 "journalctl -u nomad -n 50.",
                 t.away->name);
    else
        snprintf(dst, n,
                 "On %.32s: systemctl status nomad; journalctl -u nomad -n 50. Do not remove it "
                 "from raft only because it does not answer Caravan. First see nomad operator raft "
                 "list-peers and nomad server members on another server.",
                 t.away->name);
}
