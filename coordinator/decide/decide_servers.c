/* Servers: one at a time, followers first, the leader last. */
#include "decide.h"

#include "decide_keystore.h"
#include "decide_safeguards.h"
#include "fingerprint.h"
#include "raft_view.h"

/* True if somebody else has upgraded the server. Then its gates are asked and its objects
 * counted before another server is changed. If that is not certain (the agent is silent, or the
 * build is another), the server has its turn first, unless it leads. */
static bool is_upgraded_by_others(const struct situation *s, size_t i)
{
    const struct plan_host *p = &s->plan->hosts[i];
    const struct host *h = s->world != NULL ? world_host(s->world, p->key) : NULL;
    enum host_state state = s->ledger->hosts[i].state;

    if (h == NULL || host_finished(state) || host_in_flight(state))
        return false;
    if (host_is_newer(s, h))
        return true; /* its turn stops the run */
    if (!str_eq(host_version(s->world, h), s->plan->target))
        return false;
    return region_leader(s->world, s->plan, s->ledger, p->region, s->now) != h ||
           host_disagrees(h, s->now) != NULL || host_runs_target(s, i, h);
}

const char *region_at_work(const struct situation *s)
{
    const char *first = NULL;

    for (size_t i = 0; i < s->plan->n_servers; i++) {
        if (is_upgraded_by_others(s, i))
            return s->plan->hosts[i].region;
        if (first == NULL && !host_finished(s->ledger->hosts[i].state))
            first = s->plan->hosts[i].region;
    }
    return first;
}

static bool is_to_do(const struct situation *s, size_t i, const char *region)
{
    return str_eq(s->plan->hosts[i].region, region) && !host_finished(s->ledger->hosts[i].state);
}

/* Returns the next server, by live data: first a server that others upgraded, then a follower if
 * there is one. */
static size_t next_to_upgrade(const struct situation *s, const char *region,
                              const struct host *leader)
{
    size_t leads = SIZE_MAX;

    for (size_t i = 0; i < s->plan->n_servers; i++)
        if (is_to_do(s, i, region) && is_upgraded_by_others(s, i))
            return i;
    for (size_t i = 0; i < s->plan->n_servers; i++) {
        if (!is_to_do(s, i, region))
            continue;
        if (!str_eq(s->plan->hosts[i].key, leader->key))
            return i;
        leads = i;
    }
    return leads;
}

/* Returns the key of an upgraded server of the region, which can lead; NULL: none. */
static const char *upgraded_heir(const struct situation *s, const char *region)
{
    for (size_t i = 0; i < s->plan->n_servers; i++)
        if (str_eq(s->plan->hosts[i].region, region) && s->ledger->hosts[i].state == HOST_DONE)
            return s->plan->hosts[i].key;
    return NULL;
}

/* The plan's pair of versions is known to crash old followers when the new binary leads. */
bool early_leader(const struct situation *s, struct decision *d, const char *region,
                  const struct host *leader)
{
    if (!s->plan->bad_leader_pair || !str_eq(host_version(s->world, leader), s->plan->target))
        return false;
    intend_stop(s, d, leader->name,
                "Move leadership back to a server on the old version (nomad operator raft "
                "transfer-leadership, since Nomad 1.7). See that all servers are well, then type "
                "caravan resume.",
                "%s leads region %s on %s while others run the old version: this pair is known to "
                "crash old followers",
                leader->name, region, s->plan->target);
    waiting_for(d, REASON_LEADER, leader->key, "%s leads too early", leader->name);
    return true;
}

bool all_counted(const struct situation *s, struct decision *d, const struct host *leader)
{
    return counts_before(s, d, leader) && counts_after(s, d, false);
}

static void begin_swap(const struct situation *s, struct decision *d, size_t i,
                       const struct host *leader)
{
    const struct plan_host *p = &s->plan->hosts[i];
    const struct ledger_host *lh = &s->ledger->hosts[i];
    const struct host *h = world_host(s->world, p->key);
    const char *why = host_disagrees(h, s->now);

    if (why != NULL) {
        waiting_for(d, REASON_OBSERVE, p->key, "%s: %s", p->name, why);
        return;
    }
    if (host_is_newer(s, h)) {
        intend_stop(s, d, p->name, "Make a new plan: caravan abort, then caravan plan VERSION.",
                    "%s now runs %s, newer than %s", p->name, host_version(s->world, h),
                    s->plan->target);
        return;
    }
    if (!call_due(&lh->call, s->now)) {
        waiting_for(d, REASON_RETRY, p->key, "%s: %s", p->name, lh->text);
        return;
    }
    if (host_runs_target(s, i, h)) {
        if (all_counted(s, d, leader))
            intend_mark(d, p->key, HOST_SETTLING, "runs %s already; Caravan only checks its gates",
                        s->plan->target);
        return;
    }
    why = host_may_run_target(s, i, h) ? "it is not known yet whether it already runs the target"
                                       : fingerprint_lacks(h, 0, s->now);
    if (why == NULL && h->is_client && !is_fresh(h->client.allocs_at, s->now))
        why = "its allocations could not be read";
    if (why != NULL) {
        waiting_for(d, REASON_OBSERVE, p->key, "%s: %s", p->name, why);
        return;
    }
    struct gate_result g = gate_quorum(s->world, s->plan, s->ledger, p->key, s->now);
    if (g.kind != GATE_PASS) {
        waiting_for(d, reason_of(g.kind), p->key, "%s", g.text);
        return;
    }
    if (all_counted(s, d, leader))
        intent_new(d, INTENT_SWAP, p->key);
}

static void begin_leader_turn(const struct situation *s, struct decision *d, size_t i,
                              const struct host *leader)
{
    const char *to = upgraded_heir(s, leader->region);

    if (!s->plan->transfer || to == NULL || is_upgraded_by_others(s, i) ||
        s->ledger->hosts[i].transfers >= TRANSFERS_MAX) {
        begin_swap(s, d, i, leader);
        return;
    }
    if (!all_counted(s, d, leader))
        return;
    struct intent *in = intent_new(d, INTENT_TRANSFER, s->plan->hosts[i].key);
    str_cut(in->peer, sizeof(in->peer), to); /* the key of an upgraded server is its raft id */
}

bool transfer_asked(const struct situation *s, struct decision *d)
{
    for (size_t i = 0; i < s->ledger->n_effects; i++) {
        const struct effect *e = &s->ledger->effects[i];
        if (e->kind == EFFECT_TRANSFER && !effect_finished(e)) {
            waiting_for(d, REASON_LEADER, e->key, "leadership is being transferred");
            return true;
        }
    }
    return false;
}

/* ---- a release that ends after it had settled ---- */

static bool has_fallen(const struct situation *s, size_t i, const struct host *h)
{
    const struct ledger_host *lh = &s->ledger->hosts[i];
    const struct agent_view *a = &h->agent;

    if (!host_done_by_us(s, i) || host_disagrees(h, s->now) != NULL ||
        a->hello_at <= lh->settled_ms)
        return false;
    return digest_is_zero(&a->hello.running) ||
           (lh->base_stamp.main_start != 0 &&
            a->hello.stamp.main_start != lh->base_stamp.main_start);
}

/* A fallen server reported before that it follows, and may not have been asked since. So it does
 * not count. */
static bool region_lacks_quorum(const struct situation *s, const char *region)
{
    struct gate_result unused;
    struct raft_view v;

    raft_view_init(&v, s->world, s->plan, s->ledger, region, s->now, &unused);
    for (size_t k = 0; k < s->plan->n_servers; k++) {
        const struct host *h = world_host(s->world, s->plan->hosts[k].key);
        if (h != NULL && has_fallen(s, k, h))
            raft_view_leave_out(&v, h);
    }
    struct voter_count t = gate_voters(&v);
    return t.up < quorum_of(t.base);
}

const struct plan_host *fallen_server(const struct situation *s)
{
    for (size_t i = 0; i < s->plan->n_servers; i++) {
        const struct plan_host *p = &s->plan->hosts[i];
        const struct host *h = world_host(s->world, p->key);
        if (h != NULL && has_fallen(s, i, h) && region_lacks_quorum(s, p->region))
            return p;
    }
    return NULL;
}

void check_fallen(const struct situation *s, struct decision *d)
{
    const struct plan_host *p = fallen_server(s);

    if (p == NULL)
        return;
    intend_stop(s, d, p->name,
                "First start Nomad on that host again. journalctl -u nomad on that host shows why "
                "it ended.",
                "server %s: its Nomad ended after it had settled on %s, and region %s has no "
                "quorum without it",
                p->name, s->plan->target, p->region);
    waiting_for(d, REASON_GATE, p->key, "%s: its Nomad ended", p->name);
}

void decide_servers(const struct situation *s, struct decision *d)
{
    const char *region = region_at_work(s);

    decide_staging(s, d);
    if (region == NULL) {
        if (counts_after(s, d, true))
            intend_run(d, RUN_CLIENTS);
        return;
    }
    if (ledger_in_flight(s->ledger, s->plan, true) > 0 || transfer_asked(s, d) || !may_begin(s, d))
        return;
    if (!s->lease->all) {
        waiting_for(d, REASON_LEASE, "", "%s", s->lease->text);
        return;
    }
    if (!regions_settled(s, d, servers_disturbed(s->ledger, s->plan)))
        return;
    const struct host *leader = region_leader(s->world, s->plan, s->ledger, region, s->now);
    if (leader == NULL) {
        waiting_for(d, REASON_LEADER, "", "region %s: no single leader is known", region);
        return;
    }
    size_t next = next_to_upgrade(s, region, leader);
    bool leads = str_eq(s->plan->hosts[next].key, leader->key);
    if (early_leader(s, d, region, leader))
        return;
    if (s->ledger->hosts[next].state != HOST_STAGED)
        waiting_for(d, REASON_STAGING, s->plan->hosts[next].key, "%s is not staged",
                    s->plan->hosts[next].name);
    else if (!snapshots_taken(s, d) || !keystores_copied(s, d))
        return;
    else if (leads)
        begin_leader_turn(s, d, next, leader);
    else
        begin_swap(s, d, next, leader);
}
