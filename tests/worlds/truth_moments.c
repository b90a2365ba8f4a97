/* Faults at the moments that matter most. Chance alone would hit these moments in hardly any
 * world. */
#include "truth_faults.h"

/* ---- what goes wrong then, if it is not another file's fault ---- */

bool ended_at_start(struct truth *t)
{
    t_schedule(t, 0, T_CONTROL, -1, 0, -1,
               (int64_t)(t_more(t) % 2 > 0 ? REQUEST_PAUSE : REQUEST_ABORT));
    return true;
}

static enum host_state state_of(const struct truth *t, int host)
{
    const struct ledger_host *l = ledger_host_const(&t->committed, t->hosts[host].key);
    return l == NULL ? HOST_GONE : l->state;
}

/* Before its turn, while another server has its turn. In a replacement no later turn of this
 * server would show it. */
bool by_hand_empty(struct truth *t)
{
    int i = fault_pick(t, SERVER);

    if (i < 0 || t->replaces || state_of(t, i) != HOST_STAGED || !t->hosts[i].up ||
        t_agent_works(t, i))
        return false;
    t->aimed = i;
    t->hosts[i].loses = true;
    return server_by_hand(t);
}

bool last_empty(struct truth *t)
{
    for (size_t i = 0; i < t->plan.n_servers; i++)
        if (!host_finished(t->committed.hosts[i].state) &&
            !str_eq(t->committed.hosts[i].key, t->hosts[t->aimed].key))
            return false;
    t->hosts[t->aimed].faulted = t->hosts[t->aimed].loses = true;
    return true;
}

bool tasks_lost(struct truth *t)
{
    struct t_host *h = &t->hosts[t->aimed];

    if (h->defect != DEFECT_NONE || h->n_allocs == 0 || t->policy.drain)
        return false;
    h->defect = DEFECT_TASKS;
    return true;
}

/* The reason lies in the host, but nobody can be asked when that should show. */
bool not_ready_unknown(struct truth *t)
{
    struct t_host *h = &t->hosts[t->aimed];
    int64_t deadline = h->is_server ? t->policy.server_deadline_ms : t->policy.client_deadline_ms;

    if (h->defect != DEFECT_NONE)
        return false;
    h->defect = DEFECT_NEVER;
    t_schedule(t, deadline + (int64_t)(t_more(t) % 10000), T_FAULT, t->aimed, 0, -1,
               FAULT_REGION_CUT);
    return true;
}

/* The run holds the host's lease, and must wait before it begins anything there. */
bool elsewhere(struct truth *t)
{
    t->aimed = fault_pick(t, SERVER);
    if (t->aimed < 0)
        return false;
    t->regions[t->hosts[t->aimed].region].faulted = true;
    t->regions[t->hosts[t->aimed].region].cut_ms = t->now + 6000 + (int64_t)(t_more(t) % 9000);
    return misplaced(t);
}

/* Its agent does not answer for longer than an answer of Nomad's stays fresh. Meanwhile others
 * drain the host. */
bool drained_before(struct truth *t)
{
    int64_t in = 500 + (int64_t)(t_more(t) % 1500);

    if (t->hosts[t->aimed].draining)
        return false;
    t->hosts[t->aimed].faulted = true;
    t->hosts[t->aimed].agent_cut_ms = t->now + in + JUDGE_STALE_MS + (int64_t)(t_more(t) % 9000);
    t_schedule(t, in, T_FAULT, t->aimed, 0, -1, FAULT_STRANGER_DRAINS);
    return true;
}

/* The process that undid the drain ends before it gets the answer, and somebody makes the node
 * ineligible. */
bool marked_after(struct truth *t)
{
    t->crash_at = 1;
    t->crash_after = t->reboots = false;
    t_schedule(t, (int64_t)(t_more(t) % 9000), T_FAULT, t->aimed, 0, -1, FAULT_STRANGER_INELIGIBLE);
    return true;
}

/* ---- when ---- */

enum aim { ANYBODY, ITSELF };

static const struct {
    enum t_moment moment;
    uint32_t per_mille;
    int64_t from_ms, to_ms; /* after the moment */
    int fault;
    enum aim aim;
} table[] = {
    {MOMENT_PROCESS, 60, 0, 1500, FAULT_ENDED_AT_START, ANYBODY},
    {MOMENT_BEGUN, 500, 0, 0, FAULT_ENDED_AT_START, ANYBODY},
    {MOMENT_LOOK, 4, 0, 150, FAULT_REMOVED_THEN, ANYBODY},
    {MOMENT_LOOK, 2, 0, 150, FAULT_SERVER_RESTARTED, ANYBODY},
    {MOMENT_LOOK, 2, 0, 150, FAULT_LEADER_MOVES, ANYBODY},
    {MOMENT_LOOK, 2, 0, 150, FAULT_NO_LEADER, ANYBODY},
    {MOMENT_LOOK, 6, 0, 150, FAULT_HOLD, ITSELF},
    {MOMENT_LOOK, 4, 0, 150, FAULT_MISPLACED, ITSELF},
    {MOMENT_EFFECT, 30, 0, 200, FAULT_CRASH, ANYBODY},
    {MOMENT_EFFECT, 30, 0, 200, FAULT_LEAVES, ANYBODY},
    {MOMENT_SNAPSHOT, 16, 0, 5, FAULT_ELSEWHERE, ANYBODY},
    {MOMENT_ANSWER, 8, 0, 100, FAULT_REMOVED_THEN, ANYBODY},
    {MOMENT_TRANSFER, 60, 1, 1, FAULT_ENDED_AT_TRANSFER, ANYBODY},
    {MOMENT_TRANSFER, 200, 0, 60, FAULT_CRASH, ANYBODY},
    {MOMENT_ORDER, 8, 0, 40, FAULT_REMOVED_THEN, ANYBODY},
    {MOMENT_ORDER, 5, 0, 3, FAULT_AGENT_PAUSED, ITSELF},
    {MOMENT_NOTE, 200, 0, 0, FAULT_DRAINED_BEFORE, ITSELF},
    {MOMENT_GIVEN, 100, 0, 0, FAULT_MARKED_AFTER, ITSELF},
    {MOMENT_SERVER, 80, 0, 15000, FAULT_DONE_EMPTY, ANYBODY},
    {MOMENT_SERVER, 60, 0, 15000, FAULT_BY_HAND_EMPTY, ANYBODY},
    {MOMENT_SERVER, 20, 0, 15, FAULT_LAST_EMPTY, ITSELF},
    {MOMENT_SERVER, 10, 0, 15, FAULT_NOT_READY, ITSELF},
    {MOMENT_SERVER, 15, 0, 5000, FAULT_CRASH, ANYBODY},
    {MOMENT_CLIENT, 80, 1000, 15000, FAULT_DONE_BY_HAND, ANYBODY},
    {MOMENT_CLIENT, 15, 0, 15, FAULT_TASKS_LOST, ITSELF},
    {MOMENT_CLIENT, 15, 0, 15, FAULT_NOT_READY, ITSELF},
    {MOMENT_CLIENT, 15, 0, 5000, FAULT_CRASH, ANYBODY},
    {MOMENT_CLIENT, 50, 0, 3000, FAULT_STRANGER_DRAINS, ITSELF},
    {MOMENT_CLIENT, 20, 0, 3000, FAULT_STRANGER_INELIGIBLE, ITSELF},
    {MOMENT_CLIENT, 40, 0, 15, FAULT_ATTRIBUTE_LOST, ITSELF},
    {MOMENT_CLIENT, 60, 0, 15, FAULT_ATTRIBUTE_LATE, ITSELF},
    {MOMENT_CLIENT, 30, 0, 15, FAULT_OTHER_DATACENTER, ITSELF},
    {MOMENT_CLIENT, 60, 0, 15, FAULT_OWN_DRAIN, ITSELF},
    {MOMENT_SERVER, 10, 0, 15, FAULT_OTHER_DATACENTER, ITSELF},
    {MOMENT_LEDGER, 100, 0, 0, FAULT_KEPT_ELSEWHERE, ANYBODY},
    {MOMENT_SETTLED, 250, 0, 8000, FAULT_DONE_BY_HAND, ANYBODY},
    {MOMENT_DISABLED, 100, 0, 3000, FAULT_SERVER_RESTARTED, ANYBODY},
    {MOMENT_DISABLED, 50, 0, 3000, FAULT_NO_LEADER, ANYBODY},
    {MOMENT_DISABLED, 100, 0, 3000, FAULT_LEADER_MOVES, ANYBODY},
    {MOMENT_DISABLED, 30, 0, 3000, FAULT_LEADER_MOVES, ITSELF},
    {MOMENT_DISABLED, 50, 0, 5000, FAULT_CRASH, ANYBODY},
    {MOMENT_DISABLED, 30, 0, 3000, FAULT_AGENT_UNREACHABLE, ITSELF},
    {MOMENT_STOPPED, 60, 3000, 60000, FAULT_SERVER_RESTARTED, ITSELF},
    {MOMENT_STOPPED, 80, 0, 30000, FAULT_CRASH, ANYBODY},
    {MOMENT_STOPPED, 60, 0, 3000, FAULT_AGENT_UNREACHABLE, ITSELF},
    {MOMENT_JOINS, 60, 3000, 40000, FAULT_SERVER_REBOOTS, ITSELF},
    {MOMENT_JOINS, 40, 0, 40000, FAULT_PEER_REMOVED, ANYBODY},
    {MOMENT_JOINS, 30, 0, 40000, FAULT_SERVER_DIES, ANYBODY},
    {MOMENT_JOINS, 60, 0, 60000, FAULT_DEAD_LIVES, ANYBODY},
    {MOMENT_JOINS, 60, 0, 40000, FAULT_STAYS_EMPTY, ANYBODY},
    {MOMENT_OUT, 60, 0, 10000, FAULT_STAYS_EMPTY, ANYBODY},
    {MOMENT_OUT, 150, 0, 20000, FAULT_STARTED_AFTER, ITSELF},
};

/* Returns a server that may be next; -1: no server is to be swapped now. */
static int may_be_next(struct truth *t)
{
    int found[T_HOSTS], n = 0;

    if (t->committed.state != RUN_SERVERS || ledger_in_flight(&t->committed, &t->plan, true) > 0)
        return -1;
    for (size_t i = 0; i < t->plan.n_servers; i++)
        if (t->committed.hosts[i].state == HOST_STAGED)
            found[n++] = t_host_of(t, t->committed.hosts[i].key);
    return n == 0 ? -1 : found[t_more(t) % (uint64_t)n];
}

static bool effect_begun(const struct truth *t)
{
    for (size_t i = 0; i < t->committed.n_effects; i++)
        if (t->committed.effects[i].attempts > 0 && !t->committed.effects[i].done &&
            !t->committed.effects[i].undo)
            return true;
    return false;
}

void t_moment(struct truth *t, enum t_moment moment, int host)
{
    if (!t_faulty(t) || (moment == MOMENT_BEGUN && !effect_begun(t)))
        return;
    if (moment == MOMENT_LOOK && (host = may_be_next(t)) < 0)
        return;
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (table[i].moment != moment || t_more(t) % 1000 >= table[i].per_mille)
            continue;
        uint64_t span = (uint64_t)(table[i].to_ms - table[i].from_ms + 1);
        int64_t in = table[i].from_ms + (int64_t)(t_more(t) % span);
        t->faults_end = MAX_OF(t->faults_end, t->now + in + 1);
        t_schedule(t, in, T_FAULT, table[i].aim == ITSELF ? host : -1, 0, -1, table[i].fault);
    }
}
