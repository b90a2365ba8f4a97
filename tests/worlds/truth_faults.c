/* Strangers and faults: what happens to the fleet while the run is on. */
#include "truth.h"

enum which { SERVER = 1, CLIENT = 2, ANY = 3 };

/* A random host of the kind that is there; -1: none. */
static int pick(struct truth *t, enum which which)
{
    int found[T_HOSTS], n = 0;

    for (int i = 0; i < t->n_hosts; i++) {
        const struct t_host *h = &t->hosts[i];
        if (h->exists && h->listed && h->machine_up &&
            ((h->is_server && (which & SERVER)) || (!h->is_server && (which & CLIENT))))
            found[n++] = i;
    }
    return n == 0 ? -1 : found[t_between(t, 0, n - 1)];
}

static int pick_faulted(struct truth *t, enum which which)
{
    int i = pick(t, which);
    if (i >= 0)
        t->hosts[i].faulted = true;
    return i;
}

static void power_off(struct truth *t, int i)
{
    t_stop(t, i);
    t->hosts[i].machine_up = false;
    t->hosts[i].agent.generation++;
}

static bool reboot(struct truth *t, int i)
{
    if (i < 0)
        return false;
    power_off(t, i);
    t_schedule(t, t_between(t, 2000, 35000), T_BOOT, i, 0, -1, 0);
    return true;
}

static bool server_reboots(struct truth *t)
{
    return reboot(t, pick_faulted(t, SERVER));
}

static bool client_reboots(struct truth *t)
{
    return reboot(t, pick_faulted(t, CLIENT));
}

/* Long enough to be removed as a voter. */
static bool server_evicted(struct truth *t)
{
    int i = pick_faulted(t, SERVER);
    if (i < 0)
        return false;
    power_off(t, i);
    t_schedule(t, t_between(t, 50000, 80000), T_BOOT, i, 0, -1, 0);
    return true;
}

static bool dies(struct truth *t, enum which which)
{
    int i = pick_faulted(t, which);
    if (i < 0)
        return false;
    power_off(t, i);
    return true;
}

static bool server_dies(struct truth *t)
{
    return dies(t, SERVER);
}

static bool client_dies(struct truth *t)
{
    return dies(t, CLIENT);
}

static bool stranger_restarts(struct truth *t, enum which which)
{
    int i = pick_faulted(t, which);
    if (i < 0)
        return false;
    t_restart(t, i, t_between(t, 50, 9000));
    return true;
}

static bool server_restarted(struct truth *t)
{
    return stranger_restarts(t, SERVER);
}

static bool client_restarted(struct truth *t)
{
    return stranger_restarts(t, CLIENT);
}

static bool leader_moves(struct truth *t)
{
    int i = pick(t, SERVER);
    if (i < 0 || !t_healthy(t, i) || t->hosts[i].never || t->regions[t->hosts[i].region].leader < 0)
        return false;
    t->regions[t->hosts[i].region].faulted = true;
    t_lead(t, t->hosts[i].region, i);
    return true;
}

static bool no_leader(struct truth *t)
{
    int r = (int)t_between(t, 0, t->n_regions - 1);
    t->regions[r].faulted = true;
    if (t->regions[r].leader < 0)
        return false;
    t_lead(t, r, -1);
    return true;
}

static bool region_cut(struct truth *t)
{
    int r = (int)t_between(t, 0, t->n_regions - 1);
    t->regions[r].faulted = true;
    t->regions[r].cut_ms = t->now + t_between(t, 2000, 40000);
    return true;
}

static bool api_cut(struct truth *t)
{
    int i = pick_faulted(t, ANY);
    if (i < 0)
        return false;
    t->hosts[i].api_cut_ms = t->now + t_between(t, 2000, 40000);
    return true;
}

static bool agent_cut(struct truth *t)
{
    int i = pick_faulted(t, ANY);
    if (i < 0)
        return false;
    t->hosts[i].agent_cut_ms = t->now + t_between(t, 3000, 150000);
    return true;
}

static bool agent_gone(struct truth *t)
{
    int i = pick_faulted(t, ANY);
    if (i < 0)
        return false;
    t->hosts[i].agent.up = false;
    return true;
}

static bool swap_gone(struct truth *t)
{
    int i = pick_faulted(t, ANY);
    if (i < 0)
        return false;
    t->hosts[i].agent.swap_gone = true;
    return true;
}

static bool stranger_drains(struct truth *t)
{
    int i = pick_faulted(t, CLIENT);
    if (i < 0)
        return false;
    struct t_host *h = &t->hosts[i];
    h->draining = h->strangers_drain = true;
    h->drain_ours = h->last_drain_ours = false;
    h->eligible = false;
    h->eligibility_ms = t->now;
    h->modify_index++;
    h->drain_end_ms = t->now + t_between(t, 1000, 60000);
    t_schedule(t, h->drain_end_ms - t->now, T_DRAINED, i, 0, -1, h->drain_end_ms);
    return true;
}

static bool stranger_ineligible(struct truth *t)
{
    int i = pick(t, CLIENT);
    if (i < 0 || t->hosts[i].draining || !t->hosts[i].eligible)
        return false;
    t->hosts[i].faulted = true;
    t->hosts[i].eligible = false;
    t->hosts[i].strangers_ineligible = true;
    t->hosts[i].eligibility_ms = t->now;
    t->hosts[i].modify_index++;
    return true;
}

static bool stranger_undrains(struct truth *t)
{
    int i = pick(t, CLIENT);
    if (i < 0 || !t->hosts[i].draining)
        return false;
    struct t_host *h = &t->hosts[i];
    h->faulted = true;
    h->draining = h->drain_ours = h->strangers_drain = false;
    h->eligible = true;
    h->modify_index++;
    return true;
}

static bool by_hand(struct truth *t, enum which which, enum t_binary to)
{
    int i = pick_faulted(t, which);
    if (i < 0 || t_agent_works(t, i))
        return false;
    struct t_host *h = &t->hosts[i];
    h->previous = h->disk;
    h->disk = to;
    h->strange_ms = t->now;
    t_restart(t, i, t_between(t, 100, 3000));
    return true;
}

static bool server_by_hand(struct truth *t)
{
    return by_hand(t, SERVER, BIN_NEW);
}

static bool client_by_hand(struct truth *t)
{
    return by_hand(t, CLIENT, BIN_NEW);
}

static bool server_newer(struct truth *t)
{
    return by_hand(t, SERVER, BIN_OTHER);
}

static bool client_newer(struct truth *t)
{
    return by_hand(t, CLIENT, BIN_OTHER);
}

/* One that the ledger calls done already; while another is being swapped. */
static bool done_by_hand(struct truth *t)
{
    for (int n = 0; n < 8; n++) {
        int i = pick(t, CLIENT);
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

static bool server_added(struct truth *t)
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

static bool client_added(struct truth *t)
{
    return t_add_host(t, false, (int)t_between(t, 0, t->n_regions - 1)) >= 0;
}

static bool client_purged(struct truth *t)
{
    int i = pick_faulted(t, CLIENT);
    if (i < 0)
        return false;
    power_off(t, i);
    t->hosts[i].listed = t->hosts[i].exists = false;
    return true;
}

/* Leaves and is pruned: no server lists it any more. */
static bool server_removed(struct truth *t)
{
    int i = pick(t, SERVER);
    size_t healthy;
    if (i < 0 || t_voters(t, t->hosts[i].region, &healthy, i) < 3)
        return false;
    t->hosts[i].faulted = true;
    t->regions[t->hosts[i].region].faulted = true;
    power_off(t, i);
    t->hosts[i].peer = t->hosts[i].voter = false;
    t->hosts[i].listed = t->hosts[i].exists = false;
    return true;
}

/* A second coordinator. With take_over it gets the lease; without, only what is free. */
static bool rogue(struct truth *t, bool take_over)
{
    struct t_wire w = {.head = {.kind = MSG_LEASE}};
    struct receipt_done done;

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

static bool rogue_takes(struct truth *t)
{
    return rogue(t, true);
}

static bool rogue_asks(struct truth *t)
{
    return rogue(t, false);
}

/* Another operator pauses the run at one server's agent. */
static bool agent_paused(struct truth *t)
{
    int i = pick(t, SERVER);
    if (i < 0 || !t->hosts[i].agent.lease.held)
        return false;
    t->hosts[i].agent.lease.paused = true;
    t->hosts[i].paused_ms = t->now;
    t->hosts[i].agent.lease.revision++;
    t->hosts[i].agent.revision++;
    t->agents_paused = true;
    return true;
}

static bool hold(struct truth *t)
{
    int i = pick_faulted(t, ANY);
    if (i < 0)
        return false;
    t->hosts[i].agent.held_by_root = true;
    return true;
}

static bool misplaced(struct truth *t)
{
    int i = pick_faulted(t, ANY);
    if (i < 0)
        return false;
    t->hosts[i].misplaced = true;
    t->hosts[i].misplaced_ms = t->now;
    return true;
}

static bool key_changed(struct truth *t)
{
    int i = pick_faulted(t, ANY);
    if (i < 0)
        return false;
    t->hosts[i].key_changed = true;
    t->hosts[i].misplaced_ms = t->now;
    return true;
}

static bool drain_hangs(struct truth *t)
{
    int i = pick_faulted(t, CLIENT);
    if (i < 0 || !t->policy.drain)
        return false;
    t->hosts[i].drain_hangs = true;
    return true;
}

static bool crash(struct truth *t)
{
    t->crash_at = t_between(t, 1, 12);
    t->crash_after = t_chance(t, 500);
    t->reboots = t_chance(t, 300);
    return true;
}

static bool told(struct truth *t, enum control what)
{
    t_schedule(t, 0, T_CONTROL, -1, 0, -1, (int64_t)what);
    return true;
}

static bool pause_asked(struct truth *t)
{
    return told(t, CONTROL_PAUSE);
}

static bool leave_asked(struct truth *t)
{
    return told(t, CONTROL_LEAVE);
}

static bool abort_asked(struct truth *t)
{
    return told(t, CONTROL_ABORT);
}

static const struct {
    const char *name;
    bool (*apply)(struct truth *t);
    uint32_t weight;
} table[FAULT_KINDS] = {
    {"server reboots", server_reboots, 6},
    {"server away until evicted", server_evicted, 4},
    {"server dies", server_dies, 3},
    {"server restarted by a stranger", server_restarted, 5},
    {"leadership moves", leader_moves, 8},
    {"leadership lost", no_leader, 5},
    {"region's API silent", region_cut, 5},
    {"host's API silent", api_cut, 5},
    {"agent unreachable for a while", agent_cut, 6},
    {"agent gone", agent_gone, 3},
    {"caravan-swap gone", swap_gone, 2},
    {"client reboots", client_reboots, 5},
    {"client dies", client_dies, 3},
    {"client restarted by a stranger", client_restarted, 3},
    {"drain by a stranger", stranger_drains, 5},
    {"made ineligible by a stranger", stranger_ineligible, 5},
    {"drain cancelled by a stranger", stranger_undrains, 4},
    {"server upgraded by hand", server_by_hand, 3},
    {"client upgraded by hand", client_by_hand, 3},
    {"server made newer by hand", server_newer, 2},
    {"client made newer by hand", client_newer, 2},
    {"server added", server_added, 3},
    {"client added", client_added, 3},
    {"client removed", client_purged, 3},
    {"server removed", server_removed, 3},
    {"second coordinator takes over", rogue_takes, 2},
    {"second coordinator asks", rogue_asks, 3},
    {"paused at an agent", agent_paused, 3},
    {"hold file", hold, 3},
    {"another host's agent answers", misplaced, 3},
    {"agent's key changed", key_changed, 2},
    {"drain hangs", drain_hangs, 3},
    {"coordinator crashes", crash, 12},
    {"operator pauses", pause_asked, 4},
    {"operator leaves at once", leave_asked, 4},
    {"operator aborts", abort_asked, 4},
    {"done, then changed by hand", done_by_hand, 0}, /* truth_agent.c: during a swap */
};

const char *fault_name(int kind)
{
    return table[kind].name;
}

void fault_apply(struct truth *t, int kind)
{
    if (!table[kind].apply(t))
        return;
    counts.faults[kind]++;
    t_say(t, "FAULT %s", table[kind].name);
}

static int choose(struct truth *t)
{
    int64_t sum = 0;
    for (int i = 0; i < FAULT_KINDS; i++)
        sum += table[i].weight;
    int64_t at = t_between(t, 0, sum - 1);
    for (int i = 0; i < FAULT_KINDS; i++) {
        at -= table[i].weight;
        if (at < 0)
            return i;
    }
    return 0;
}

static void choose_defects(struct truth *t)
{
    for (int i = 0; i < t->n_hosts; i++) {
        if (!t_chance(t, 60))
            continue;
        enum t_defect d = (enum t_defect)t_between(t, 1, DEFECT_COUNT - 1);
        if (d == DEFECT_TASKS && t->hosts[i].is_server)
            continue;
        t->hosts[i].defect = d;
        counts.defects[d]++;
        t_say(t, "%s: defect %d of the new binary", t->hosts[i].name, (int)d);
    }
}

void faults_plan(struct truth *t)
{
    t->faults_end = t->now;
    t->plain = t_chance(t, 100);
    if (t->plain)
        return;
    t->faults_end = t->now + t_between(t, 30000, 240000);
    t->loss = t_chance(t, 500) ? (uint32_t)t_between(t, 0, 200) : 0;
    t->late = t_chance(t, 400) ? (uint32_t)t_between(t, 0, 100) : 0;
    t->dup = t_chance(t, 400) ? (uint32_t)t_between(t, 0, 150) : 0;
    if (t_chance(t, 400))
        choose_defects(t);
    int n = (int)t_between(t, 0, 4);
    for (int i = 0; i < n; i++)
        t_schedule(t, t_between(t, 100, t->faults_end - t->now), T_FAULT, -1, 0, -1, choose(t));
}
