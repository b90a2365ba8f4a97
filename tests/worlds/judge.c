/* The invariants of the design, by number, judged on the true state: all fifteen, and as the
 * last one that every run ends, with a true cause. Of 6 and 9, only what a coordinator can break
 * is judged: the bytes that it orders, and that a host carries out an order once, where and when
 * it is meant. Unpacking, signatures and roles belong to the agent; the agent's own tests judge
 * them. */
#include "keystore_on_disk.h"
#include "truth.h"

const char *invariant_name(int invariant)
{
    static const char *const names[INVARIANTS + 1] = {
        "",
        "1 all servers well before a server's swap",
        "2 a quorum without it",
        "3 leader last",
        "4 clients after their servers",
        "5 limits and budgets",
        "6 only bytes named or run before",
        "7 effects noted and undone, no others'",
        "8 unknown never passes",
        "9 an order is carried out once, as meant",
        "10 paused or aborted begins nothing",
        "11 done is read back",
        "12 the host that answers is the host",
        "13 every host has reported before any swap",
        "14 done is the same node as before",
        "15 servers are replaced one by one, and only ended servers are removed",
        "16 every run ends, with a true cause",
    };
    return names[invariant];
}

void judge_says(struct truth *t, int invariant, const char *fmt, ...)
{
    va_list ap;

    if (t->violated != 0)
        return;
    t->violated = invariant;
    va_start(ap, fmt);
    vsnprintf(t->verdict, sizeof(t->verdict), fmt, ap);
    va_end(ap);
    t_say(t, "VIOLATED %d: %s", invariant, t->verdict);
}

static const struct ledger_host *committed_row(const struct truth *t, int host)
{
    return t->committed.hosts == NULL ? NULL : ledger_host_const(&t->committed, t->hosts[host].key);
}

static enum host_state ledger_state_of(const struct truth *t, int host)
{
    const struct ledger_host *h = committed_row(t, host);
    return h == NULL ? HOST_PENDING : h->state;
}

/* ---- at every step ---- */

/* The host has left and stays away, or is to; or it is not planned; or it is still to join. */
bool judge_past(const struct truth *t, int i)
{
    const struct t_host *h = &t->hosts[i];
    const struct plan_host *p = plan_host(&t->plan, h->key);

    return t_waits_to_join(h) || (h->dead && !h->up) ||
           (h->left && !h->up && (p == NULL || p->role != ROLE_UPGRADE));
}

static void step_sick(struct truth *t, int r)
{
    for (int i = 0; i < t->n_hosts; i++) {
        struct t_host *h = &t->hosts[i];
        if (!h->is_server || h->region != r)
            continue;
        bool ill = h->exists && !t_healthy(t, i) && !judge_past(t, i);
        h->sick_ms = !ill ? 0 : h->sick_ms != 0 ? h->sick_ms : t->now;
    }
}

/* Returns how long one cause has kept a region from being well: a server that is no healthy
 * voter, or a region without a leader. Each answer may be 5 s old, so two causes one after the
 * other do not count as one lasting cause (seed 95430: s1 ended 0.2 s after its answer, while s3
 * was still catching up; when s3 reported that it was well, s1's answer was 4.3 s old). */
static int64_t longest_sick(const struct truth *t, int r)
{
    int64_t longest = t->regions[r].leader < 0 ? t->now - t->regions[r].leader_ms : 0;

    for (int i = 0; i < t->n_hosts; i++)
        if (t->hosts[i].is_server && t->hosts[i].region == r && t->hosts[i].sick_ms != 0)
            longest = MAX_OF(longest, t->now - t->hosts[i].sick_ms);
    return longest;
}

/* The host carried out an order of the run, or the run's drain is on, and the host has not been
 * well since. */
static void step_flying(struct truth *t, int i)
{
    struct t_host *h = &t->hosts[i];
    bool working = t_agent_works(t, i) && h->agent.phase != PHASE_FETCHING;

    if (working || h->drain_ours || (h->stop_obeyed && !h->out))
        h->flying = true;
    else if (h->out)
        h->flying = false;
    else if (ledger_state_of(t, i) == HOST_FAILED)
        h->flying = false; /* its flight is over; now it counts as a failure */
    else if (h->flying && (h->is_server ? t_healthy(t, i) : t_settled(t, i)))
        h->flying = false;
}

/* The limit that the operator asked for, computed here again. */
static uint32_t limit_of(const struct truth *t)
{
    const struct policy *p = &t->policy;
    uint32_t n = p->parallel;

    if (p->parallel_percent > 0)
        n = (uint32_t)((t->plan.n_clients * p->parallel_percent + 99) / 100);
    return n == 0 ? 1 : n;
}

void judge_step(struct truth *t)
{
    uint32_t clients = 0, servers = 0;

    judge_held_up(t);
    for (int r = 0; r < t->n_regions; r++) {
        step_sick(t, r);
        judge_needed(t, r);
    }
    for (int i = 0; i < t->n_hosts; i++) {
        judge_out(t, i);
        step_flying(t, i);
        if (!t->hosts[i].flying || !t->hosts[i].listed || ledger_state_of(t, i) == HOST_FAILED)
            continue;
        clients += !t->hosts[i].is_server;
        servers += t->hosts[i].is_server;
    }
    if (clients > limit_of(t))
        judge_says(t, 5, "%u clients in flight, %u allowed", clients, limit_of(t));
    if (servers > 1)
        judge_says(t, 1, "%u servers in flight", servers);
}

/* The ledger calls the host done from now on. */
static void judge_marked(struct truth *t, size_t i)
{
    int k = t_host_of(t, t->committed.hosts[i].key);
    struct t_host *h = &t->hosts[k];
    bool done = t->committed.hosts[i].state == HOST_DONE;

    if (!done || h->marked || t->plan.hosts[i].already) {
        /* The host had settled before its drain was undone. Others may have acted there
         * meanwhile. */
        h->restored = t->committed.hosts[i].state == HOST_RESTORING;
        h->marked = done;
        return;
    }
    h->marked = true;
    t->effect_ms = t->now;
    counts.judged[8]++;
    if (h->role != ROLE_UPGRADE)
        judge_role_done(t, k);
    if (h->role == ROLE_LEAVES)
        return;
    if (!h->restored)
        judge_settled_heard(t, k, t->committed.hosts[i].order);
    if (!h->listed || t->now - h->strange_ms < 2 * JUDGE_STALE_MS)
        return;
    if (h->disk == BIN_OLD)
        judge_says(t, 8, "%s is called done with the old binary", h->name);
    if (h->is_server && h->never && h->running == BIN_NEW &&
        h->stuck_index < t->committed.hosts[i].base_leader_index)
        judge_says(t, 8, "%s is called done and never caught up", h->name);
    if (judge_empty(t, k) && h->up && t->now - h->up_ms > JUDGE_STALE_MS)
        judge_says(t, 8, "%s is called done and its state is empty", h->name);
    if (!h->is_server && !t->policy.drain && h->tasks_lost && h->n_allocs > 0)
        judge_says(t, 8, "%s is called done and lost its tasks", h->name);
    if (!h->is_server && !h->restored && h->up && h->recorded != BIN_NEW &&
        t->now - h->up_ms > JUDGE_STALE_MS)
        judge_says(t, 8, "%s is called done and its record is old", h->name);
}

/* The soak counts from when as many clients as there should be canaries were committed as done. */
void judge_commit(struct truth *t)
{
    uint32_t done = 0;

    for (size_t i = 0; i < t->committed.n_hosts; i++) {
        judge_marked(t, i);
        judge_same(t, i);
        if (t->committed.hosts[i].state == HOST_FAILED) /* a resume may come before the next step */
            step_flying(t, t_host_of(t, t->committed.hosts[i].key));
    }

    for (size_t i = t->plan.n_servers; i < t->committed.n_hosts; i++)
        done += t->committed.hosts[i].state == HOST_DONE && !t->plan.hosts[i].already;
    if (t->canaries_known || done < t->policy.canary)
        return;
    t->canaries_known = true;
    t->canary_ms = t->now;
}

/* ---- when an order is sent ---- */

/* Judges every server that is still to be changed, and not only this one. */
static void judge_copies(struct truth *t, const struct t_host *swapped)
{
    for (size_t i = 0; i < t->plan.n_servers && !t->no_keystore; i++) {
        int k = t_host_of(t, t->plan.hosts[i].key);
        enum host_state state = t->committed.hosts[i].state;

        if (k >= 0 && !t->hosts[k].copied && !t->hosts[k].dead && t->hosts[k].role != ROLE_JOINS &&
            t->hosts[k].running == BIN_OLD && t->hosts[k].disk == BIN_OLD &&
            !host_finished(state) && keystore_on_disk(t->versions[BIN_OLD]))
            judge_says(t, 7, "swap of %s without a copy of the keystore of %s", swapped->name,
                       t->hosts[k].name);
    }
}

static void judge_leader(struct truth *t, int host)
{
    const struct t_host *h = &t->hosts[host];
    const struct t_region *r = &t->regions[h->region];

    counts.judged[3]++;
    if (t->now - r->leader_ms <= JUDGE_STALE_MS)
        return;
    for (int i = 0; i < t->n_hosts; i++) {
        const struct t_host *o = &t->hosts[i];
        if (i == host || !o->is_server || o->region != h->region || !o->exists ||
            plan_host(&t->plan, o->key) == NULL || host_finished(ledger_state_of(t, i)))
            continue;
        if (r->leader == host && o->running == BIN_OLD)
            judge_says(t, 3, "swap of the leader %s before %s", h->name, o->name);
    }
    if (t->plan.bad_leader_pair && r->leader >= 0 && r->leader != host &&
        t->hosts[r->leader].running == BIN_NEW &&
        t->now - t->hosts[r->leader].up_ms > JUDGE_STALE_MS)
        judge_says(t, 3, "swap of %s while %s leads on the new version", h->name,
                   t->hosts[r->leader].name);
}

/* Judges what must be done before the first server is changed. */
static void judge_before(struct truth *t, const struct t_host *h)
{
    const struct t_region *r = &t->regions[h->region];

    if (!r->saved && !t->no_management)
        judge_says(t, 7, "swap of %s without a snapshot of region %s", h->name, r->name);
    judge_copies(t, h);
}

static void judge_server(struct truth *t, int host)
{
    const struct t_host *h = &t->hosts[host];
    size_t healthy, voters = t_voters(t, h->region, &healthy, host);
    bool needed = h->needed_ms != 0 && !(t->policy.accept_outage && voters <= 2);

    counts.judged[1]++;
    counts.judged[2]++;
    counts.granted[0] += needed;
    if (t->server_settled_ms > 0 && t->now - t->server_settled_ms < t->policy.settle_ms)
        judge_says(t, 1, "swap of %s %lld ms after the last server settled", h->name,
                   (long long)(t->now - t->server_settled_ms));
    for (int i = 0; i < t->n_hosts; i++)
        if (t->hosts[i].empty && i != host && t->hosts[i].listed && t->hosts[i].up &&
            t->now - t->hosts[i].up_ms > JUDGE_STALE_MS)
            judge_says(t, 1, "swap of %s while the state of %s is empty", h->name,
                       t->hosts[i].name);
    for (size_t i = 0; i < t->plan.n_servers; i++)
        if (t->committed.hosts[i].state == HOST_FAILED)
            judge_says(t, 1, "swap of %s after a server has failed", h->name);
    for (int i = 0; i < t->n_regions; i++)
        if (longest_sick(t, i) > JUDGE_STALE_MS)
            judge_says(t, 1, "swap of %s while region %s is not well for %lld ms", h->name,
                       t->regions[i].name, (long long)longest_sick(t, i));
    judge_regions(t, h);
    if (needed && h->needed_ms < judge_told_ms(t, h->region))
        judge_says(t, 2, "swap of %s: %zu of %zu voters would be left, for %lld ms", h->name,
                   healthy, voters, (long long)(t->now - h->needed_ms));
    judge_before(t, h);
    judge_leader(t, host);
}

static void judge_client(struct truth *t, int host)
{
    const struct t_host *h = &t->hosts[host];

    counts.judged[4]++;
    counts.judged[5]++;
    for (int i = 0; i < t->n_hosts; i++) {
        const struct t_host *o = &t->hosts[i];
        if (!o->is_server || !o->exists || (!o->up && o->left))
            continue;
        if (o->region == h->region && o->running == BIN_OLD && t->now - o->up_ms > JUDGE_STALE_MS)
            judge_says(t, 4, "swap of %s while server %s runs the old version", h->name, o->name);
        if (plan_host(&t->plan, o->key) != NULL && !host_finished(ledger_state_of(t, i)))
            judge_says(t, 4, "swap of %s before server %s was finished", h->name, o->name);
    }
    judge_region(t, h);
    for (size_t i = t->plan.n_servers; i < t->committed.n_hosts && !t->canaries_known; i++)
        if (t->policy.canary > 0 && t->committed.hosts[i].state == HOST_FAILED)
            judge_says(t, 5, "swap of %s after a canary has failed", h->name);
    if (t->committed.failures > t->policy.max_failures)
        judge_says(t, 5, "swap of %s after %u failures", h->name, t->committed.failures);
    if (t->policy.canary == 0)
        return;
    if (t->canaries_known && t->now - t->canary_ms < t->policy.soak_ms)
        judge_says(t, 5, "swap of %s %lld ms after the canaries", h->name,
                   (long long)(t->now - t->canary_ms));
    uint32_t begun = 0;
    for (size_t i = t->plan.n_servers; i < t->committed.n_hosts; i++)
        begun += host_in_flight(t->committed.hosts[i].state) ||
                 (t->committed.hosts[i].state == HOST_DONE && !t->plan.hosts[i].already);
    if (!t->canaries_known && begun > t->policy.canary)
        judge_says(t, 5, "swap of %s before the canaries have settled", h->name);
}

/* Paused for long enough that the coordinator knows it. */
static bool paused_at_agent(const struct truth *t)
{
    for (int i = 0; i < t->n_hosts; i++) {
        const struct t_host *h = &t->hosts[i];
        if (h->is_server && h->exists && h->machine_up && h->agent.up && h->agent.lease.held &&
            h->agent.lease.paused && h->paused_ms > 0 && t->now - h->paused_ms > JUDGE_STALE_MS &&
            t->now - h->agent_cut_ms > JUDGE_STALE_MS && !h->misplaced && t_tells(t, i) &&
            t->now - h->trust_ms > JUDGE_STALE_MS &&
            memcmp(h->agent.lease.run_id, t->run_id, RUN_ID_LEN) == 0)
            return true;
    }
    return false;
}

/* The bytes must be the release's build for the host's os and arch, or a binary that has run
 * there. */
static void judge_bytes(struct truth *t, const struct t_host *h, const struct t_wire *o)
{
    bool ran = false;

    counts.judged[6]++;
    for (int i = 0; i < BIN_COUNT; i++)
        ran = ran || (h->ran[i] && digest_eq(&o->revert.to, &t->digests[i][h->arch]));
    if (o->head.kind == MSG_REVERT && !ran)
        judge_says(t, 6, "revert of %s to what never ran there", h->name);
    if (o->head.kind == MSG_SWAP && !digest_eq(&o->swap.digest, &t->digests[BIN_NEW][h->arch]))
        judge_says(t, 6, "swap of %s to what is not the release's build for it", h->name);
}

static void judge_preserve(struct truth *t, const struct t_host *h)
{
    if (t->paused || t->aborted)
        judge_says(t, 10, "a copy of %s's keystore is ordered in a run that is paused or aborted",
                   h->name);
    if (h->misplaced && t->now - h->misplaced_ms > JUDGE_STALE_MS)
        judge_says(t, 12, "a copy of %s's keystore is ordered, where another agent answers",
                   h->name);
}

static bool is_of_the_ledger(enum message_kind k)
{
    return k == MSG_SWAP || k == MSG_STAGE || k == MSG_REVERT || k == MSG_SERVICE;
}

/* The order is too late, or from another boot, so the host does not carry it out. */
static bool is_late(const struct truth *t, const struct t_host *h, const struct t_wire *o)
{
    return (uint64_t)(t->now - h->agent.boot_ms) > o->head.time_ms ||
           memcmp(h->agent.session, o->head.session, SESSION_LEN) != 0;
}

static void judge_not_dead(struct truth *t, const struct t_host *h, const struct t_wire *o)
{
    if (h->dead && !h->up)
        judge_says(t, INVARIANT_REPLACE, "a %s order to %s, which is dead",
                   message_kind_name(o->head.kind), h->name);
}

void judge_send(struct truth *t, int host, const struct t_wire *o)
{
    struct t_host *h = &t->hosts[host];
    const struct ledger_host *l = committed_row(t, host);

    if (o->head.kind == MSG_LEASE && o->lease.take_over)
        judge_says(t, 9, "the lease of %s is taken from another run", h->name);
    if (o->head.kind == MSG_PRESERVE)
        judge_preserve(t, h);
    judge_not_dead(t, h, o);
    if (!is_of_the_ledger(o->head.kind))
        return;
    if (l == NULL || memcmp(l->call.nonce, o->head.nonce, NONCE_LEN) != 0)
        judge_says(t, 7, "an order to %s that is not in the ledger", h->name);
    if (o->head.kind == MSG_SWAP || o->head.kind == MSG_REVERT)
        judge_bytes(t, h, o);
    bool again = memcmp(h->last_nonce, o->head.nonce, NONCE_LEN) == 0;
    memcpy(h->last_nonce, o->head.nonce, NONCE_LEN);
    again = again && h->agent.order_sequence >= o->head.sequence; /* it was carried out */
    if (again || is_late(t, h, o))
        return;
    if (o->head.kind != MSG_STAGE && t->policy.stage_only)
        judge_says(t, 10, "%s of %s by a run that only stages", message_kind_name(o->head.kind),
                   h->name);
    if (o->head.kind == MSG_REVERT) {
        judge_revert(t, host);
        return;
    }
    if (o->head.kind == MSG_SERVICE) {
        judge_service(t, host, o);
        return;
    }
    counts.judged[10]++;
    if (t->paused || t->aborted)
        judge_says(t, 10, "%s of %s begun in a run that is paused or aborted",
                   message_kind_name(o->head.kind), h->name);
    if (o->head.kind != MSG_SWAP)
        return;
    if (paused_at_agent(t))
        judge_says(t, 10, "swap of %s while an agent says the run is paused", h->name);
    judge_fingerprint(t, h, l);
    counts.judged[12]++;
    if (h->misplaced && t->now - h->misplaced_ms > JUDGE_STALE_MS)
        judge_says(t, 12, "swap of %s, where another agent answers", h->name);
    judge_ready(t, host);
    if (h->is_server)
        judge_server(t, host);
    else
        judge_client(t, host);
}

static void judge_once(struct truth *t, struct t_host *h, const struct t_wire *o)
{
    counts.judged[9]++;
    for (uint32_t i = 0; i < MIN_OF(h->n_obeyed, (uint32_t)T_OBEYED); i++)
        if (memcmp(h->obeyed[i], o->head.nonce, NONCE_LEN) == 0)
            judge_says(t, 9, "%s carries out one order twice", h->name);
    memcpy(h->obeyed[h->n_obeyed++ % T_OBEYED], o->head.nonce, NONCE_LEN);
    if (strncmp((const char *)o->head.receiver.bytes, h->key, KEY_LEN - 1) != 0)
        judge_says(t, 9, "%s carries out an order for another host", h->name);
    if (memcmp(o->head.session, h->agent.session, SESSION_LEN) != 0)
        judge_says(t, 9, "%s carries out an order of another boot", h->name);
    if (memcmp(h->agent.lease.run_id, t->run_id, RUN_ID_LEN) != 0 ||
        t->now >= h->agent.lease_until || o->head.epoch != h->agent.lease.epoch)
        judge_says(t, 9, "%s carries out an order without the lease of this run", h->name);
}

void judge_obeyed(struct truth *t, int host, const struct t_wire *o)
{
    struct t_host *h = &t->hosts[host];

    judge_once(t, h, o);
    if (o->head.kind != MSG_STAGE && o->head.kind != MSG_PRESERVE &&
        !host_in_flight(ledger_state_of(t, host)))
        judge_says(t, h->is_server ? 1 : 5,
                   "%s carries out a %s order, but the ledger says it is %s", h->name,
                   message_kind_name(o->head.kind), host_state_name(ledger_state_of(t, host)));
    for (int i = 0; o->head.kind == MSG_SWAP && h->is_server && i < t->n_regions; i++)
        if (longest_sick(t, i) > JUDGE_STALE_MS + SWAP_BY_MS)
            judge_says(t, 1, "%s carries out a swap order while region %s is not well for %lld ms",
                       h->name, t->regions[i].name, (long long)longest_sick(t, i));
}
