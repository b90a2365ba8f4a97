/* A host is done when it was read back after the last effect. */
#include "decide.h"

#include "raft_view.h"

static int64_t last_effect_ms(const struct ledger *l)
{
    int64_t last = 0;

    for (size_t i = 0; i < l->n_hosts; i++)
        last = MAX_OF(last, MAX_OF(l->hosts[i].effect_ms, l->hosts[i].settled_ms));
    for (size_t i = 0; i < l->n_effects; i++)
        last = MAX_OF(last, l->effects[i].done_ms);
    return last;
}

static int64_t version_asked_ms(const struct host *h)
{
    return h->is_server ? h->server.self_at : h->client.list_at;
}

/* A host that has left must be listed as left by every server, in answers asked for after
 * `since`. */
static enum tri has_stayed_away(const struct situation *s, const struct plan_host *p, int64_t since,
                                char ret_why[160])
{
    const struct region *r = world_region(s->world, p->region);
    const struct host *h = world_host(s->world, p->key);

    if (r == NULL || r->servers_at <= since)
        return TRI_UNKNOWN;
    if (h == NULL || region_has_left(s->world, p->region, h->server_id, s->now))
        return TRI_YES;
    for (size_t i = 0; i < s->world->n_hosts && s->world->hosts[i].is_server; i++) {
        const struct host *by = &s->world->hosts[i];
        enum member_status is = raft_view_member_status(&by->server, h->server_id);
        if (by == h || by->server.members_at <= since ||
            (is != MEMBER_ALIVE && is != MEMBER_FAILED && is != MEMBER_LEAVING))
            continue;
        snprintf(ret_why, 160, "had left, and %.60s lists it again", by->name);
        return TRI_NO;
    }
    return TRI_UNKNOWN;
}

/* TRI_UNKNOWN: the host is not read back yet. TRI_NO: ret_why says what differs. */
static enum tri is_read_back(const struct situation *s, size_t i, int64_t since, char ret_why[160])
{
    const struct plan_host *p = &s->plan->hosts[i];
    const struct host *h = world_host(s->world, p->key);
    const char *version = h != NULL ? host_version(s->world, h) : "";

    if (p->role == ROLE_LEAVES)
        return has_stayed_away(s, p, since, ret_why);
    if (h == NULL || version_asked_ms(h) <= since || version[0] == '\0')
        return TRI_UNKNOWN;
    if (!str_eq(version, s->plan->target)) {
        snprintf(ret_why, 160, "runs %s, not %s", version, s->plan->target);
        return TRI_NO;
    }
    if (!p->managed)
        return TRI_YES; /* the host ran the target before and has no agent, so its version is all
                           that is known */
    if (h->agent.hello_at <= since || h->agent.misplaced)
        return TRI_UNKNOWN;
    if (digest_eq(&h->agent.hello.disk, &p->digest) &&
        digest_eq(&h->agent.hello.running, &p->digest))
        return TRI_YES;
    snprintf(ret_why, 160, "%s another binary than the release names",
             digest_eq(&h->agent.hello.disk, &p->digest) ? "still runs" : "has");
    return TRI_NO;
}

bool verify_wants(const struct situation *s, size_t i)
{
    char why[160];
    return s->ledger->hosts[i].state == HOST_DONE && s->world != NULL &&
           is_read_back(s, i, last_effect_ms(s->ledger), why) != TRI_YES;
}

void decide_verifying(const struct situation *s, struct decision *d)
{
    int64_t since = last_effect_ms(s->ledger);
    size_t left = 0, first = 0;
    char why[160];

    if (!stayed_away(s, d))
        return;
    for (size_t i = 0; i < s->ledger->n_hosts; i++) {
        const struct plan_host *p = &s->plan->hosts[i];
        if (s->ledger->hosts[i].state != HOST_DONE)
            continue;
        enum tri t = is_read_back(s, i, since, why);
        if (t == TRI_NO) {
            intend_stop(s, d, p->name,
                        "Find out who changed that host: caravan status shows the binaries.",
                        "Caravan read every host back at the end: %s %s", p->name, why);
            return;
        }
        if (t == TRI_YES)
            continue;
        if (host_is_gone(s, i)) {
            intend_mark(d, p->key, HOST_GONE, "is no longer in the cluster");
            continue;
        }
        first = left == 0 ? i : first;
        left++;
    }
    if (left > 0)
        waiting_for(d, REASON_OBSERVE, s->plan->hosts[first].key,
                    "%zu %s still to be read back, first %s", left,
                    str_count(left, "host is", "hosts are"), s->plan->hosts[first].name);
    else if (effects_undone(s, d))
        intend_run(d, RUN_DONE);
}
