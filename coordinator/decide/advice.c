#include "advice.h"

#include "fingerprint.h"
#include "hazards.h"

/* ---- what the coordinator's own gates have concluded ---- */

static const char drain_advice[] =
    "See which allocations do not move, and why (nomad node status -allocs of that node). Nomad "
    "was not touched there. A longer --deadline is for jobs that take long to move.",
                  allocs_advice[] =
                      "See nomad node status -allocs of that node, and nomad alloc status of those "
                      "that do not run. Its Nomad is well: another restart would not bring them "
                      "back.",
                  server_advice[] =
                      "See nomad operator raft list-peers, nomad operator autopilot health, and "
                      "Nomad's log on that host: does it restore still (then wait), or not reach "
                      "the other servers (ports 4647, 4648)? Restart no server meanwhile.",
                  client_advice[] =
                      "See nomad node status of that node, and Nomad's log on that host: does it "
                      "reach the servers (port 4647), and is it ready there? Raise the deadline "
                      "only where it was merely slow.",
                  reverted_advice[] =
                      "It runs the old version again. See in Nomad's log on that host why it was "
                      "not ready with the new one, before any further host is upgraded.";

static const char *after_gates(const struct plan_host *p, const struct ledger_host *lh)
{
    if (lh->outcome == OUTCOME_REVERTED)
        return reverted_advice;
    if (lh->failure == FAILURE_NOT_READY)
        return lh->outcome == OUTCOME_NONE ? drain_advice : allocs_advice;
    return p->is_server ? server_advice : client_advice;
}

/* Its agent always says in which phase. */
static bool by_gates(const struct ledger_host *lh)
{
    return lh->failed_in == PHASE_IDLE &&
           (lh->failure == FAILURE_NOT_READY || lh->failure == FAILURE_NOT_CAUGHT_UP);
}

const char *advice_after(const struct situation *s, size_t i)
{
    const struct ledger_host *lh = &s->ledger->hosts[i];
    const struct host *h = world_host(s->world, s->plan->hosts[i].key);
    const char *row = hazards_advice(s->plan->hazards, lh->text);

    if (h != NULL && host_newer(s, h))
        return "Plan anew: caravan abort, then caravan plan VERSION.";
    if (lh->differs != FEATURE_NONE)
        return feature_advice(lh->differs);
    if (by_gates(lh))
        return after_gates(&s->plan->hosts[i], lh);
    return row != NULL ? row : failure_advice(lh->failure);
}
