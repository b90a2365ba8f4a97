/* Invariant 15: servers are replaced one by one, new servers first. No server is stopped that a
 * quorum needs, before or after. Peer and member are removed only after the process has ended. */
#include "truth.h"

static bool is_done(const struct truth *t, int host)
{
    const struct ledger_host *l = ledger_host_const(&t->committed, t->hosts[host].key);
    return l != NULL && l->state == HOST_DONE;
}

void judge_out(struct truth *t, int i)
{
    struct t_host *h = &t->hosts[i];
    bool out = h->role != ROLE_UPGRADE && !h->up && (h->left || !h->listed) && !h->peer;

    if (out && !h->out && h->stop_obeyed) /* otherwise the run need not have waited for it */
        t->out_ms = t->now;
    if (out && !h->out && h->role == ROLE_LEAVES && (h->stop_obeyed || h->dead))
        t_moment(t, MOMENT_OUT, i);
    h->out = out;
}

/* All new servers have joined before any server leaves. */
static void judge_joined(struct truth *t, const struct t_host *leaves)
{
    for (int i = 0; i < t->n_hosts; i++)
        if (t->hosts[i].role == ROLE_JOINS && !is_done(t, i))
            judge_says(t, INVARIANT_REPLACE, "%s is to leave, and %s has not joined", leaves->name,
                       t->hosts[i].name);
}

void judge_last(struct truth *t, int host)
{
    const struct t_region *r = &t->regions[t->hosts[host].region];

    counts.judged[3]++;
    for (int i = 0; i < t->n_hosts; i++)
        if (i != host && t->hosts[i].role == ROLE_LEAVES && r->leader == host &&
            !judge_past(t, i) && t->hosts[i].listed && t->now - r->leader_ms > JUDGE_STALE_MS &&
            !host_finished(ledger_host_const(&t->committed, t->hosts[i].key)->state))
            judge_says(t, 3, "the leader %s leaves before %s has left", t->hosts[host].name,
                       t->hosts[i].name);
}

/* The dead servers have left, and no server that had left is back. */
static void judge_before_it(struct truth *t, int host)
{
    for (int i = 0; i < t->n_hosts; i++) {
        const struct t_host *h = &t->hosts[i];
        if (h->dead && !h->up && h->peer)
            judge_says(t, INVARIANT_REPLACE, "stop of %s before %s, which is dead, is out",
                       t->hosts[host].name, h->name);
        if (h->role == ROLE_UPGRADE && h->empty && h->up && t->now - h->up_ms > JUDGE_STALE_MS)
            judge_says(t, INVARIANT_REPLACE, "stop of %s while the state of %s is empty",
                       t->hosts[host].name, h->name);
        if (h->role == ROLE_LEAVES && is_done(t, i) && h->up && t->now - h->up_ms > JUDGE_STALE_MS)
            judge_says(t, INVARIANT_REPLACE, "stop of %s while %s, which had left, is back",
                       t->hosts[host].name, h->name);
    }
}

/* Judges whether the other voters can go on without the server, by what could be known. */
static void judge_stop(struct truth *t, int host)
{
    const struct t_host *h = &t->hosts[host];
    size_t healthy, voters = t_voters(t, h->region, &healthy, host);

    counts.judged[2]++;
    if (h->needed_ms != 0 && h->needed_ms < judge_told_ms(t, h->region))
        judge_says(t, 2, "stop of %s: %zu of %zu voters would be left, for %lld ms", h->name,
                   healthy, voters, (long long)(t->now - h->needed_ms));
    if (h->role != ROLE_LEAVES)
        return;
    if (t->paused || t->aborted)
        judge_says(t, 10, "stop of %s begun in a run that is paused or aborted", h->name);
    if (t->out_ms > 0 && t->now - t->out_ms < t->policy.settle_ms)
        judge_says(t, 1, "stop of %s %lld ms after the last server has left", h->name,
                   (long long)(t->now - t->out_ms));
    if (t->server_settled_ms > 0 && t->now - t->server_settled_ms < t->policy.settle_ms)
        judge_says(t, 1, "stop of %s %lld ms after the last server settled", h->name,
                   (long long)(t->now - t->server_settled_ms));
    judge_last(t, host);
    judge_before_it(t, host);
    for (int i = 0; i < t->n_hosts; i++)
        if (i != host && t->hosts[i].is_server && t->hosts[i].sick_ms != 0 &&
            t->hosts[i].sick_ms < judge_told_ms(t, h->region))
            judge_says(t, 1, "stop of %s while server %s is not well for %lld ms", h->name,
                       t->hosts[i].name, (long long)(t->now - t->hosts[i].sick_ms));
}

/* The last server that joined is taken out first. */
static void judge_order_back(struct truth *t, int host)
{
    for (int i = host + 1; i < t->n_hosts; i++)
        if (t->hosts[i].role == ROLE_JOINS && is_done(t, i) && t->hosts[i].up)
            judge_says(t, INVARIANT_REPLACE, "%s is taken out again before %s", t->hosts[host].name,
                       t->hosts[i].name);
}

void judge_service(struct truth *t, int host, const struct t_wire *o)
{
    const struct t_host *h = &t->hosts[host];

    counts.judged[INVARIANT_REPLACE]++;
    counts.judged[12]++;
    if (h->misplaced && t->now - h->misplaced_ms > JUDGE_STALE_MS)
        judge_says(t, 12, "an order to the service of %s, where another agent answers", h->name);
    if (h->role == ROLE_UPGRADE)
        judge_says(t, INVARIANT_REPLACE, "an order to the service of %s, which stays", h->name);
    if (h->role == ROLE_LEAVES && o->service != SERVICE_ENABLE)
        judge_joined(t, h);
    if (o->service == SERVICE_STOP && h->enabled)
        judge_says(t, INVARIANT_REPLACE, "stop of %s, which would start with its machine", h->name);
    if (o->service == SERVICE_STOP)
        judge_stop(t, host);
    if (o->service == SERVICE_STOP && h->role == ROLE_JOINS && t->aborted)
        judge_order_back(t, host);
    if (o->service == SERVICE_ENABLE && h->role == ROLE_JOINS && !h->voter && h->up &&
        t->now - h->up_ms > JUDGE_STALE_MS)
        judge_says(t, INVARIANT_REPLACE, "%s is enabled and does not vote", h->name);
}

void judge_removal(struct truth *t, int host, const struct nomad_operation *o)
{
    const struct t_host *h = &t->hosts[host];
    const char *what = o->op == OP_REMOVE_PEER ? "its raft peer" : "its member";
    bool right = o->op == OP_REMOVE_PEER ? str_eq(o->peer_id, h->id)
                                         : o->member != NULL && str_eq(o->member, h->member);

    counts.judged[INVARIANT_REPLACE]++;
    if (h->role == ROLE_UPGRADE || !right)
        judge_says(t, INVARIANT_REPLACE,
                   "%s of %s is removed, under another name or of one that "
                   "stays",
                   what, h->name);
    if (h->up && t->now - h->up_ms > JUDGE_STALE_MS)
        judge_says(t, INVARIANT_REPLACE, "%s is removed while %s is alive", what, h->name);
    if (h->role == ROLE_LEAVES)
        judge_joined(t, h);
}

/* The ledger calls it done. */
void judge_role_done(struct truth *t, int host)
{
    const struct t_host *h = &t->hosts[host];
    bool just_now = h->up && t->now - h->up_ms <= JUDGE_STALE_MS;

    counts.judged[INVARIANT_REPLACE]++;
    if (h->role == ROLE_LEAVES && !just_now && (h->up || (!h->left && h->listed) || h->peer))
        judge_says(t, INVARIANT_REPLACE, "%s is said to have left, and it %s", h->name,
                   h->up     ? "lives"
                   : h->peer ? "is a raft peer"
                             : "is listed");
    if (h->role == ROLE_JOINS && h->up && !just_now && !h->voter)
        judge_says(t, INVARIANT_REPLACE, "%s is said to have joined, and does not vote", h->name);
    if (h->role == ROLE_JOINS && !h->enabled)
        judge_says(t, INVARIANT_REPLACE, "%s is said to have joined, and is not enabled", h->name);
}

void judge_replaced(struct truth *t)
{
    size_t healthy, voters = t_voters(t, 0, &healthy, -1), planned = t->voters_first;
    bool trouble = t->regions[0].faulted;

    counts.judged[INVARIANT_REPLACE]++;
    for (int i = 0; i < t->n_hosts; i++) {
        const struct t_host *h = &t->hosts[i];
        trouble = trouble || (h->is_server && h->faulted);
        /* It was done some seconds ago, because leases are given back after that. */
        if (h->role == ROLE_LEAVES && h->up && t->now - h->up_ms > 2 * JUDGE_STALE_MS)
            judge_says(t, INVARIANT_REPLACE, "done, and the removed server %s is alive", h->name);
        planned += h->role == ROLE_JOINS;
        planned -= h->role == ROLE_LEAVES;
    }
    if (t->out_ms > 0 && t->now - t->out_ms < t->policy.replace.watch_ms)
        judge_says(t, INVARIANT_REPLACE, "done %lld ms after the last server has left",
                   (long long)(t->now - t->out_ms));
    if (!trouble && voters != planned)
        judge_says(t, INVARIANT_REPLACE, "done, and %zu servers vote, %zu were planned", voters,
                   planned);
}
