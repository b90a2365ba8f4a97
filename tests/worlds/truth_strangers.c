/* What strangers, other operators and the operator do. */
#include "counts.h"
#include "truth_faults.h"

bool stranger_drains(struct truth *t)
{
    int i = fault_pick_marked(t, CLIENT);
    if (i < 0)
        return false;
    struct t_host *h = &t->hosts[i];
    t_drained(t, h);
    h->draining = h->strangers_drain = true;
    h->drain_ours = h->last_drain_ours = false;
    h->eligible = false;
    h->eligibility_ms = t->now;
    h->modify_index++;
    h->drain_end_ms = t->now + t_between(t, 1000, 60000);
    t_schedule(t, h->drain_end_ms - t->now, T_DRAINED, i, 0, -1, h->drain_end_ms);
    return true;
}

bool stranger_ineligible(struct truth *t)
{
    int i = fault_pick(t, CLIENT);
    if (i < 0 || t->hosts[i].draining || !t->hosts[i].eligible)
        return false;
    t->hosts[i].faulted = true;
    t->hosts[i].eligible = false;
    t->hosts[i].strangers_ineligible = t->hosts[i].taken_out = true;
    t->hosts[i].eligibility_ms = t->now;
    t->hosts[i].modify_index++;
    return true;
}

bool stranger_undrains(struct truth *t)
{
    int i = fault_pick(t, CLIENT);
    if (i < 0 || !t->hosts[i].draining)
        return false;
    struct t_host *h = &t->hosts[i];
    h->faulted = true;
    h->draining = h->drain_ours = h->strangers_drain = h->taken_out = false;
    h->eligible = true;
    h->modify_index++;
    return true;
}

static bool by_hand(struct truth *t, enum which which, enum t_binary to)
{
    int i = fault_pick_marked(t, which);
    if (i < 0 || t_agent_works(t, i))
        return false;
    struct t_host *h = &t->hosts[i];
    h->previous = h->disk;
    h->disk = to;
    h->strange_ms = t->now;
    t_restart(t, i, t_between(t, 100, 3000));
    return true;
}

bool server_by_hand(struct truth *t)
{
    return by_hand(t, SERVER, BIN_NEW);
}

bool client_by_hand(struct truth *t)
{
    return by_hand(t, CLIENT, BIN_NEW);
}

bool server_newer(struct truth *t)
{
    return by_hand(t, SERVER, BIN_OTHER);
}

bool client_newer(struct truth *t)
{
    return by_hand(t, CLIENT, BIN_OTHER);
}

/* A host that the ledger already calls done, while another host is being swapped. */
bool done_by_hand(struct truth *t)
{
    for (int n = 0; n < 8; n++) {
        int i = fault_pick(t, CLIENT);
        const struct ledger_host *l =
            i < 0 ? NULL : ledger_host_const(&t->committed, t->hosts[i].key);
        if (l == NULL || l->state != HOST_DONE || t_agent_works(t, i))
            continue;
        t->hosts[i].faulted = true;
        t->hosts[i].disk = BIN_OTHER;
        t->hosts[i].strange_ms = t->now;
        t_restart(t, i, t_between(t, 50, 300));
        return true;
    }
    return false;
}

bool server_added(struct truth *t)
{
    int r = (int)t_between(t, 0, t->n_regions - 1), i = t_add_host(t, true, r);
    if (i < 0)
        return false;
    struct t_host *h = &t->hosts[i];
    h->voter = false;
    h->faulted = true;
    t->regions[r].faulted = true;
    t_schedule(t, t_between(t, 10000, 21000), T_PROMOTE, i, h->life, -1, 0);
    return true;
}

bool client_added(struct truth *t)
{
    return t_add_host(t, false, (int)t_between(t, 0, t->n_regions - 1)) >= 0;
}

bool client_purged(struct truth *t)
{
    int i = fault_pick_marked(t, CLIENT);
    if (i < 0)
        return false;
    fault_power_off(t, i);
    t->hosts[i].listed = t->hosts[i].exists = false;
    return true;
}

/* The server leaves and is pruned, so no server lists it any more. */
bool server_removed(struct truth *t)
{
    int i = fault_pick(t, SERVER);
    size_t healthy;
    if (i < 0 || t_voters(t, t->hosts[i].region, &healthy, i) < 3)
        return false;
    t->hosts[i].faulted = true;
    t->regions[t->hosts[i].region].faulted = true;
    fault_power_off(t, i);
    t->hosts[i].peer = t->hosts[i].voter = false;
    t->hosts[i].listed = t->hosts[i].exists = false;
    return true;
}

bool started_after(struct truth *t)
{
    struct t_host *h = &t->hosts[t->aimed];

    if (h->up || !h->machine_up)
        return false;
    h->faulted = true;
    t_start(t, t->aimed);
    return h->up;
}

/* The machine of a dead server starts again, and Nomad with it. */
bool dead_starts(struct truth *t)
{
    for (int i = 0; i < t->n_hosts; i++) {
        if (!t->hosts[i].dead || t->hosts[i].machine_up)
            continue;
        t->hosts[i].faulted = true;
        t_agent_boot(t, i);
        return true;
    }
    return false;
}

/* A living server is removed from raft. The leader adds it again, and later it votes again. */
bool peer_removed(struct truth *t)
{
    int i = fault_pick(t, SERVER);

    if (i < 0 || !t->hosts[i].up || t->hosts[i].role == ROLE_JOINS ||
        !t_remove_peer(t, t->hosts[i].id))
        return false;
    t->hosts[i].faulted = true;
    return true;
}

/* Nobody can notice a loss from before the first count, or a loss between a count and the step
 * that the count was for. */
static bool loss_is_seen(const struct truth *t)
{
    bool counted = false;

    for (size_t i = 0; i < t->committed.n_regions; i++)
        counted = counted || counts_taken(t->committed.regions[i].last);
    for (size_t i = 0; i < t->committed.n_hosts; i++)
        counted = counted && !host_in_flight(t->committed.hosts[i].state);
    return counted;
}

bool stays_empty(struct truth *t)
{
    int i = fault_pick(t, SERVER);

    if (i < 0 || !loss_is_seen(t) || !t->replaces || t->hosts[i].role != ROLE_UPGRADE ||
        !t->hosts[i].up)
        return false;
    t->hosts[i].faulted = t->hosts[i].loses = true;
    t_restart(t, i, 50 + (int64_t)(t_more(t) % 300));
    return true;
}

/* A second coordinator. With take_over it takes the run's leases over; without it takes only
 * free leases. */
static bool order_as_rogue(struct truth *t, bool take_over)
{
    struct t_wire w = {.head = {.kind = MSG_LEASE}};
    struct receipt_done done;

    w.key = t_key_of_others();
    memset(w.lease.run_id, 0xee, RUN_ID_LEN);
    w.lease.op = LEASE_TAKE;
    w.lease.ttl_ms = 60000;
    w.lease.take_over = take_over;
    for (int i = 0; i < t->n_hosts; i++) {
        struct t_host *h = &t->hosts[i];
        struct digest d;
        if (!h->exists || !h->agent.up || !h->machine_up)
            continue;
        w.lease.expect = h->agent.lease.revision;
        memcpy(w.head.session, h->agent.session, SESSION_LEN);
        memset(&d, 0, sizeof(d));
        uint64_t r = t_random(t);
        memcpy(d.bytes, &r, sizeof(r));
        t_agent_order(t, i, &w, &d, &done);
        if (done.refusal == REFUSAL_NONE)
            t->taken_over = true;
    }
    return true;
}

bool rogue_takes(struct truth *t)
{
    return order_as_rogue(t, true);
}

bool rogue_asks(struct truth *t)
{
    return order_as_rogue(t, false);
}

/* Another operator pauses the run at one server's agent. */
bool agent_paused(struct truth *t)
{
    int i = fault_pick(t, SERVER);
    if (i < 0 || !t->hosts[i].agent.lease.held)
        return false;
    t->hosts[i].agent.lease.paused = true;
    t->hosts[i].paused_ms = t->now;
    t->hosts[i].agent.lease.revision++;
    t->hosts[i].agent.revision++;
    t->agents_paused = true;
    return true;
}

bool hold(struct truth *t)
{
    int i = fault_pick_marked(t, ANY);
    if (i < 0)
        return false;
    t->hosts[i].agent.held_by_root = true;
    return true;
}

/* A server that the ledger already calls done, while other servers of its region are not done. */
bool done_empty(struct truth *t)
{
    int left = 0, done = -1;

    for (size_t i = 0; t->committed.state == RUN_SERVERS && i < t->plan.n_servers; i++) {
        left += !host_finished(t->committed.hosts[i].state);
        if (t->committed.hosts[i].state == HOST_DONE && !t->plan.hosts[i].already)
            done = t_host_of(t, t->committed.hosts[i].key);
    }
    if (done < 0 || left < 1 || !t->hosts[done].up || t_agent_works(t, done))
        return false;
    t->hosts[done].faulted = t->hosts[done].loses = true;
    t_restart(t, done, 50 + (int64_t)(t_more(t) % 300));
    return true;
}

/* Somebody switches autopilot's dead-server cleanup on or off. */
bool cleanup_written(struct truth *t)
{
    t->regions[t_more(t) % (uint64_t)t->n_regions].cleanup = t_more(t) % 2 > 0;
    return true;
}

bool misplaced(struct truth *t)
{
    int i = fault_pick_marked(t, ANY);
    if (i < 0)
        return false;
    t->hosts[i].misplaced = true;
    t->hosts[i].misplaced_ms = t->now;
    return true;
}

bool drain_hangs(struct truth *t)
{
    int i = fault_pick_marked(t, CLIENT);
    if (i < 0 || !t->policy.drain)
        return false;
    t->hosts[i].drain_hangs = true;
    return true;
}

bool crash(struct truth *t)
{
    t->crash_at = t_between(t, 1, 12);
    t->crash_after = t_chance(t, 500);
    t->reboots = t_chance(t, 500);
    return true;
}

static bool tell_control(struct truth *t, enum operator_request what)
{
    t_schedule(t, 0, T_CONTROL, -1, 0, -1, (int64_t)what);
    return true;
}

bool pause_asked(struct truth *t)
{
    return tell_control(t, REQUEST_PAUSE);
}

bool leave_asked(struct truth *t)
{
    return tell_control(t, REQUEST_LEAVE);
}

bool abort_asked(struct truth *t)
{
    return tell_control(t, REQUEST_ABORT);
}

bool ended_at_transfer(struct truth *t)
{
    return tell_control(t, t_chance(t, 500) ? REQUEST_PAUSE : REQUEST_ABORT);
}

/* Somebody removed the agent's staged file. */
bool staged_lost(struct truth *t)
{
    int i = fault_pick_marked(t, ANY);
    if (i < 0 || t->hosts[i].agent.phase != PHASE_STAGED)
        return false;
    t->hosts[i].agent.staged = false;
    return true;
}

bool disk_full(struct truth *t)
{
    int i = fault_pick_marked(t, ANY);
    if (i < 0)
        return false;
    t->hosts[i].agent.full_ms = t->now + t_between(t, 2000, 60000);
    return true;
}

/* The disk is full just when a swap order comes. A copy of the order comes when there is room
 * again. */
bool disk_full_once(struct truth *t)
{
    t->hosts[t->swap_host].agent.full_ms = t->now + 500;
    t->hosts[t->swap_host].faulted = true;
    return true;
}

/* Another machine goes on from a copy of the ledger: the same run, epoch and sequence, and its
 * order comes first. The order disturbs no host: a stage, or a revert where nothing can be
 * reverted. */
bool copy_orders(struct truth *t)
{
    struct t_wire w = t->swap_sent;
    struct t_host *h = &t->hosts[t->swap_host];
    struct receipt_done done;
    struct digest d = {{0}};

    if (!h->exists || !h->agent.up || !h->machine_up || h->agent.swap_gone ||
        !t_obeys(t, t->swap_host, w.key) || t_agent_works(t, t->swap_host) ||
        h->previous != h->disk)
        return false;
    h->faulted = true;
    w.head.kind = t_chance(t, 500) ? MSG_STAGE : MSG_REVERT;
    for (size_t i = 0; i < NONCE_LEN; i++)
        w.head.nonce[i] = (unsigned char)t_random(t);
    memcpy(d.bytes + 8, w.head.nonce, NONCE_LEN);
    t_agent_order(t, t->swap_host, &w, &d, &done);
    return true;
}
