/* Faults of machines, networks and leadership, and the table of all faults. */
#include "truth_faults.h"

/* See truth_faults.h. */
int fault_pick(struct truth *t, enum which which)
{
    int found[T_HOSTS], n = 0;

    for (int i = 0; i < t->n_hosts; i++) {
        const struct t_host *h = &t->hosts[i];
        bool there = h->listed || (h->role == ROLE_JOINS && which == ANY);
        if (h->exists && there && h->machine_up &&
            ((h->is_server && (which & SERVER)) || (!h->is_server && (which & CLIENT))))
            found[n++] = i;
        if (n > 0 && found[n - 1] == i && t->aimed == i)
            return i;
    }
    if (t->aimed >= 0)
        return -1;
    return n == 0 ? -1 : found[t_between(t, 0, n - 1)];
}

int fault_region(struct truth *t)
{
    return t->aimed >= 0 ? t->hosts[t->aimed].region : (int)t_between(t, 0, t->n_regions - 1);
}

int fault_pick_marked(struct truth *t, enum which which)
{
    int i = fault_pick(t, which);
    if (i >= 0)
        t->hosts[i].faulted = true;
    return i;
}

void fault_power_off(struct truth *t, int i)
{
    t_stop(t, i);
    t->hosts[i].machine_up = false;
    t->hosts[i].agent.generation++;
}

static bool reboot_host(struct truth *t, int i)
{
    if (i < 0)
        return false;
    fault_power_off(t, i);
    t_schedule(t, t_between(t, 2000, 35000), T_BOOT, i, 0, -1, 0);
    return true;
}

bool server_reboots(struct truth *t)
{
    return reboot_host(t, fault_pick_marked(t, SERVER));
}

bool client_reboots(struct truth *t)
{
    return reboot_host(t, fault_pick_marked(t, CLIENT));
}

/* Down for long enough to be removed as a voter. */
bool server_evicted(struct truth *t)
{
    int i = fault_pick_marked(t, SERVER);
    if (i < 0)
        return false;
    fault_power_off(t, i);
    t_schedule(t, t_between(t, 50000, 80000), T_BOOT, i, 0, -1, 0);
    return true;
}

static bool kill_server(struct truth *t, enum which which)
{
    int i = fault_pick_marked(t, which);
    if (i < 0)
        return false;
    fault_power_off(t, i);
    return true;
}

bool server_dies(struct truth *t)
{
    return kill_server(t, SERVER);
}

bool client_dies(struct truth *t)
{
    return kill_server(t, CLIENT);
}

static bool stranger_restarts(struct truth *t, enum which which)
{
    int i = fault_pick_marked(t, which);
    if (i < 0)
        return false;
    t_restart(t, i, t_between(t, 50, 9000));
    return true;
}

bool server_restarted(struct truth *t)
{
    return stranger_restarts(t, SERVER);
}

bool client_restarted(struct truth *t)
{
    return stranger_restarts(t, CLIENT);
}

bool leader_moves(struct truth *t)
{
    int i = fault_pick(t, SERVER);
    if (i < 0 || !t_healthy(t, i) || t->hosts[i].never || t->regions[t->hosts[i].region].leader < 0)
        return false;
    t->regions[t->hosts[i].region].faulted = true;
    t_lead(t, t->hosts[i].region, i);
    return true;
}

bool no_leader(struct truth *t)
{
    int r = fault_region(t);
    t->regions[r].faulted = true;
    if (t->regions[r].leader < 0)
        return false;
    t_lead(t, r, -1);
    return true;
}

bool region_cut(struct truth *t)
{
    int r = fault_region(t);
    t->regions[r].faulted = true;
    t->regions[r].cut_ms = t->now + t_between(t, 2000, 40000);
    return true;
}

bool api_cut(struct truth *t)
{
    int i = fault_pick_marked(t, ANY);
    if (i < 0)
        return false;
    t->hosts[i].api_cut_ms = t->now + t_between(t, 2000, 40000);
    return true;
}

bool agent_cut(struct truth *t)
{
    int i = fault_pick_marked(t, ANY);
    if (i < 0)
        return false;
    t->hosts[i].agent_cut_ms = t->now + t_between(t, 3000, 150000);
    return true;
}

bool agent_gone(struct truth *t)
{
    int i = fault_pick_marked(t, ANY);
    if (i < 0)
        return false;
    t->hosts[i].agent.up = false;
    return true;
}

bool swap_gone(struct truth *t)
{
    int i = fault_pick_marked(t, ANY);
    if (i < 0)
        return false;
    t->hosts[i].agent.swap_gone = true;
    return true;
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
    {"another host's agent answers", misplaced, 6},
    {"drain hangs", drain_hangs, 3},
    {"coordinator crashes", crash, 12},
    {"operator pauses", pause_asked, 4},
    {"operator leaves at once", leave_asked, 4},
    {"operator aborts", abort_asked, 4},
    {"done, then changed by hand", done_by_hand, 0},        /* truth_moments.c: during a swap */
    {"ended while leadership moves", ended_at_transfer, 0}, /* truth_moments.c: during one */
    {"what was staged is lost", staged_lost, 3},
    {"a copy of the coordinator orders", copy_orders, 0}, /* truth_ports.c: before a swap order */
    {"disk full", disk_full, 3},
    {"disk full, and the order again", disk_full_once, 0}, /* truth_ports.c: at a swap order */
    {"dead-server cleanup set by a stranger", cleanup_written, 0},
    {"done, then restarted with an empty state", done_empty, 0},
    /* truth_moments.c: */
    {"ended before the first look", ended_at_start, 0},
    {"server removed just then", server_removed, 0},
    {"server upgraded by hand, its state lost", by_hand_empty, 0},
    {"the last server loses its state", last_empty, 0},
    {"tasks lost by a swap", tasks_lost, 0},
    {"not ready, and its region silent then", not_ready_unknown, 0},
    {"another agent, and Nomad silent", elsewhere, 0},
    {"drained by a stranger, before the note is answered", drained_before, 0},
    {"an attribute is lost by a swap", attribute_lost, 0},
    {"an attribute comes late after a swap", attribute_late, 0},
    {"another datacenter after a swap", comes_back_elsewhere, 0},
    {"drains itself when it stops", drains_itself, 0},
    {"goes on without what was kept", kept_elsewhere, 0},
    {"ended as it gave a client back, which others mark then", marked_after, 0},
    {"a server that was removed is started by hand", started_after, 0},
    {"a server planned as dead is alive", dead_starts, 0},
    {"an old server's peer removed by hand", peer_removed, 0},
    {"a server that stays is restarted with an empty state", stays_empty, 0},
    /* truth_trust.c: */
    {"trust without the run's only key", trust_reaches, 0},
    {"trust without the run's operator's key", trust_reaches, 0},
    {"trust with the run's key as an observer's", trust_reaches, 0},
    {"trust with other keys of others", trust_reaches, 0},
    {"root's list of other operators", trust_reaches, 0},
    {"trust that is right again", trust_reaches, 0},
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

static int choose_fault(struct truth *t)
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
        bool counted = t->hosts[i].is_server &&
                       (!t->replaces || t->hosts[i].role == ROLE_JOINS); /* when it has settled */
        if (d == DEFECT_EMPTY && !counted)
            continue;
        t->hosts[i].defect = d;
        counts.defects[d]++;
        t_say(t, "%s: defect %d of the new binary", t->hosts[i].name, (int)d);
    }
}

/* Somebody made a client ineligible before the run. */
static void choose_ineligible(struct truth *t)
{
    for (int i = 0; i < t->n_hosts; i++) {
        struct t_host *h = &t->hosts[i];
        if (h->is_server || t_more(t) % 12 > 0)
            continue;
        h->eligible = false;
        h->strangers_ineligible = h->taken_out = true;
    }
}

void faults_plan(struct truth *t)
{
    t->faults_end = t->now;
    t->plain = t_chance(t, t->rotation == ROTATION_NONE ? 100 : 350);
    if (t->plain)
        return;
    t->faults_end = t->now + t_between(t, 30000, 240000);
    t->loss = t_chance(t, 500) ? (uint32_t)t_between(t, 0, 200) : 0;
    t->late = t_chance(t, 400) ? (uint32_t)t_between(t, 0, 100) : 0;
    t->dup = t_chance(t, 400) ? (uint32_t)t_between(t, 0, 150) : 0;
    if (t_chance(t, 400))
        choose_defects(t);
    choose_ineligible(t);
    int n = t_more(t) % 5 < 2 ? (int)(t_more(t) % 3) : 0;
    for (int i = 0; i < n; i++)
        t_schedule(t, 100 + (int64_t)(t_more(t) % (uint64_t)(t->faults_end - t->now)), T_FAULT, -1,
                   0, -1, FAULT_CLEANUP);
    n = (int)t_between(t, 0, 4);
    for (int i = 0; i < n; i++)
        t_schedule(t, t_between(t, 100, t->faults_end - t->now), T_FAULT, -1, 0, -1,
                   choose_fault(t));
}
