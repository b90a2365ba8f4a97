#include "reason.h"

#include "decide_safeguards.h"

#define MARGIN_MS 60000 /* how long the run waits after an agent's own deadline */

/* ---- how long the run waits ---- */

static int64_t patience_for_servers(const struct plan *plan)
{
    return plan_longest_server_ms(plan) + plan->policy.settle_ms;
}

static int64_t patience_for_staging(const struct plan *plan)
{
    return plan->policy.stage_deadline_ms + MARGIN_MS;
}

static int64_t patience_for_hosts(const struct plan *plan)
{
    const struct policy *p = &plan->policy;

    return MAX_OF(plan_longest_server_ms(plan), p->client_deadline_ms) + p->hold_ms + 3 * MARGIN_MS;
}

static int64_t patience_for_soak(const struct plan *plan)
{
    return plan->policy.soak_ms + plan_longest_server_ms(plan);
}

static int64_t patience_for_drain(const struct plan *plan)
{
    return plan->policy.drain_deadline_ms + 3 * MARGIN_MS;
}

/* An agent that answers at all answers an order within seconds. */
static int64_t patience_for_orders(const struct plan *plan)
{
    (void)plan;
    return 3 * MARGIN_MS;
}

static int64_t patience_for_snapshot(const struct plan *plan)
{
    (void)plan;
    return SNAPSHOT_OLD_MS + MARGIN_MS;
}

static int64_t patience_for_watch(const struct plan *plan)
{
    return plan->policy.replace.watch_ms + plan_longest_server_ms(plan);
}

/* ---- what to do ---- */

static const char gates[] =
    "Repair the fault that the cause names. These commands show more: nomad server members, nomad "
    "node status.";
static const char agents[] = "See that the host is up and that its agent runs: systemctl status "
                             "caravan-agent caravan-swap nomad.";
static const char unasked[] =
    "The cause names a question that Nomad does not answer. See why: caravan status.";
static const char drains[] =
    "See which allocations do not move: nomad node status -allocs of that node.";
static const char leaders[] =
    "See which server leads the region, and which servers vote: nomad operator raft list-peers "
    "-stale.";
static const char leases[] = "See that caravan-agent runs on that server, and that no other run "
                             "holds its lease: caravan status.";
static const char looks[] = "See which host or server does not answer: caravan status.";
static const char undoing[] =
    "See that Nomad accepts changes and that the agent of that host runs: caravan status.";
static const char snapshots[] = "See that the leader of the region answers: caravan status.";
static const char lists[] =
    "See why Nomad does not list these objects: nomad status, nomad node status.";

static const char died[] =
    "Start Nomad on that host again, then type caravan resume. If Nomad cannot start there, type "
    "caravan abort: as long as no server has left, this takes out the servers that have joined. "
    "Then begin a new run with --accept dead: and the name of the host.";
static const char away[] =
    "See which removed server runs again (nomad server members), and stop Nomad on that host.";

/* ---- the table ---- */

const struct reason_row *reason_row(enum reason r)
{
    static const struct reason_row unknown = {"unknown", patience_for_servers, gates, false};
    static const struct reason_row rows[REASON_COUNT] = {
        [REASON_NONE] = {"none", patience_for_servers, gates, false},
        [REASON_GATE] = {"gate", patience_for_servers, gates, false},
        [REASON_GATE_UNKNOWN] = {"gate-unknown", patience_for_servers, unasked, false},
        [REASON_SETTLING] = {"settling", patience_for_servers, gates, true},
        [REASON_STAGING] = {"staging", patience_for_staging, agents, false},
        [REASON_IN_FLIGHT] = {"in-flight", patience_for_hosts, agents, false},
        [REASON_LIMIT] = {"limit", patience_for_hosts, agents, false},
        [REASON_CANARY] = {"canary", patience_for_hosts, agents, false},
        [REASON_SOAK] = {"soak", patience_for_soak, gates, false},
        [REASON_DRAIN] = {"drain", patience_for_drain, drains, false},
        [REASON_LEADER] = {"leader", patience_for_servers, leaders, false},
        [REASON_SERVERS] = {"servers", patience_for_servers, gates, false},
        [REASON_LEASE] = {"lease", patience_for_servers, leases, false},
        [REASON_OBSERVE] = {"observe", patience_for_servers, looks, false},
        [REASON_RETRY] = {"retry", patience_for_orders, agents, false},
        [REASON_UNDO] = {"undo", patience_for_servers, undoing, false},
        [REASON_SNAPSHOT] = {"snapshot", patience_for_snapshot, snapshots, false},
        [REASON_KEYSTORE] = {"keystore", patience_for_servers, agents, false},
        [REASON_COUNTS] = {"counts", patience_for_servers, lists, false},
        [REASON_DIED] = {"died", patience_for_servers, died, false},
        [REASON_WATCH] = {"watch", patience_for_watch, away, false},
    };
    return (unsigned)r < REASON_COUNT ? &rows[r] : &unknown;
}

const char *reason_name(enum reason r)
{
    return reason_row(r)->name;
}

enum reason reason_of(enum verdict_kind gate)
{
    return gate == GATE_FAIL ? REASON_GATE : REASON_GATE_UNKNOWN;
}
