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
                      "back. What restarted by itself, or by somebody's wish, does so at any "
                      "time: that is no fault of the release.",
                  server_advice[] =
                      "See nomad operator raft list-peers, nomad operator autopilot health, and "
                      "Nomad's log on that host: does it restore still (then wait), or not reach "
                      "the other servers (ports 4647, 4648)? Restart no server meanwhile.",
                  both_advice[] =
                      "See nomad operator raft list-peers and nomad operator autopilot health for "
                      "the server, nomad node status for the client that it is as well, and "
                      "Nomad's log on that host. Restart no server meanwhile.",
                  client_advice[] =
                      "See nomad node status of that node, and Nomad's log on that host: does it "
                      "reach the servers (port 4647), and is it ready there? Raise the deadline "
                      "(client_deadline in caravan.conf, for the next run) only where it was "
                      "merely slow.",
                  reverted_advice[] =
                      "It runs the old version again. See in Nomad's log on that host why it was "
                      "not ready with the new one, before any further host is upgraded.";

static const char *after_gates(const struct plan_host *p, const struct host *h,
                               const struct ledger_host *lh)
{
    if (lh->outcome == OUTCOME_REVERTED)
        return reverted_advice;
    if (lh->failure == FAILURE_NOT_READY)
        return lh->outcome == OUTCOME_NONE ? drain_advice : allocs_advice;
    if (p->is_server && h != NULL && h->is_client)
        return both_advice;
    return p->is_server ? server_advice : client_advice;
}

/* ---- what an agent would not obey ---- */

static const char *const refused[REFUSAL_COUNT] = {
    [REFUSAL_HELD] = "That is root's word there: ask who put it there (a hold file), or has not "
                     "allowed it ([law] in agent.conf), and why, before it is changed. Where it is "
                     "root's hours, go on in the next ones.",
    [REFUSAL_QUORUM] = "See that the region's other servers run and serve (nomad server members, "
                       "nomad operator raft list-peers); a server that restores its state needs "
                       "only time. Restart none of them for it.",
    [REFUSAL_ROLE] = "That host's trust does not name the key that gives these orders: see that "
                     "the newest trust package is installed there. Where root names other "
                     "operators ([law] operators in agent.conf), have one of them give the order.",
    [REFUSAL_MANIFEST] = "That host's trust does not take the release as it is signed, or the "
                         "release has no such build: see that the newest trust package is "
                         "installed there, and what caravan release list says. An older version "
                         "than settled there needs its manifest signed anew.",
    [REFUSAL_URL] = "Root there lets binaries come from some places only (url_prefixes in "
                    "agent.conf): add the release again with a --url that is one of them, or ask "
                    "root.",
    [REFUSAL_UNSUPPORTED] = "Upgrade the package caravan-agent there: it is older than this "
                            "caravan and knows no such order.",
    [REFUSAL_FORMAT] = "Bring caravan here and caravan-agent there to the same version.",
};

const char *advice_refused(enum refusal refusal)
{
    const char *text = (unsigned)refusal < REFUSAL_COUNT ? refused[refusal] : NULL;

    return text != NULL ? text : failure_advice(FAILURE_REFUSED_BY_LAW);
}

/* Nothing of a host's turn has been seen. */
static bool order_refused(const struct ledger_host *lh)
{
    return lh->failure == FAILURE_REFUSED_BY_LAW && lh->failed_in == PHASE_IDLE;
}

/* ---- what is left with the new binary ---- */

static const char left_advice[] =
    "See in Nomad's log on that host why it does not come up, and mend that there, with the new "
    "binary in place: put no older one back by hand, it may not be able to read what the new one "
    "has written. Restart no other server meanwhile.";

static bool left_new(const struct ledger_host *lh)
{
    return lh->failed_in == PHASE_PROBING && lh->outcome == OUTCOME_LEFT &&
           (lh->failure == FAILURE_WILL_NOT_START || lh->failure == FAILURE_CRASH_LOOP);
}

static const char
    undone_advice[] =
        "See Nomad's log on that host for why it did not join. It is disabled, stopped and out of "
        "the cluster, and this run does not start it again: abort, which takes out what else has "
        "joined as long as no server has left, and begin anew with a host whose data_dir is empty.",
    stays_advice[] =
        "See on that host what Nomad does (systemctl status nomad), and whether the others list it "
        "(nomad server members, nomad operator raft list-peers). While its process runs, remove "
        "neither its peer nor its member: the leader takes it back. To resume begins its turn "
        "anew: "
        "its agent disables and stops it, then it is taken out.",
    disabled_advice[] =
        "Its unit is disabled, and its Nomad runs on: it does not come back by itself when its "
        "host starts anew. Let root allow the stop (allow_stop in agent.conf, the hold file) and "
        "go on, or abort, which enables it again.",
    dead_advice[] = "Stop its Nomad on that host and see that it does not start with its machine "
                    "(systemctl disable --now nomad), then go on: what is left of it is taken out. "
                    "Or abort, and begin anew without --accept dead: and its name: then its agent "
                    "disables and stops it.";

/* Its agent always says in which phase. */
static bool by_gates(const struct ledger_host *lh)
{
    return lh->failed_in == PHASE_IDLE &&
           (lh->failure == FAILURE_NOT_READY || lh->failure == FAILURE_NOT_CAUGHT_UP);
}

/* Its disable was obeyed, and its stop was not. */
static bool is_disabled(const struct plan_host *p, const struct host *h)
{
    const struct fact_view *f = h != NULL ? agent_fact(&h->agent, "unit-enabled") : NULL;

    return p->role == ROLE_LEAVES && f != NULL && f->value == TRI_NO;
}

const char *advice_after(const struct situation *s, size_t i)
{
    const struct ledger_host *lh = &s->ledger->hosts[i];
    const struct host *h = world_host(s->world, s->plan->hosts[i].key);
    const char *row = hazards_advice(s->plan->hazards, lh->text);

    if (h != NULL && host_newer(s, h))
        return "Plan anew: caravan abort, then caravan plan VERSION.";
    if (lh->outcome == OUTCOME_UNDONE)
        return undone_advice;
    if (s->plan->hosts[i].dead)
        return dead_advice;
    if (s->plan->hosts[i].role == ROLE_LEAVES && lh->failure != FAILURE_REFUSED_BY_LAW)
        return stays_advice;
    if (order_refused(lh) && is_disabled(&s->plan->hosts[i], h))
        return disabled_advice;
    if (lh->differs != FEATURE_NONE)
        return feature_advice(lh->differs);
    if (by_gates(lh))
        return after_gates(&s->plan->hosts[i], h, lh);
    if (row != NULL)
        return row;
    if (left_new(lh))
        return left_advice;
    return order_refused(lh) ? advice_refused(lh->refusal) : failure_advice(lh->failure);
}

const char *advice_skipped(enum skip_why why)
{
    static const char *const advice[SKIP_COUNT] = {
        [SKIP_NONE] = "See what keeps it: caravan status.",
        [SKIP_UNREACHABLE] = "See on that host that it is up, that caravan-agent runs there, and "
                             "that port 4650 lets this machine through. `caravan enroll` tells "
                             "whether its key has changed, and `caravan enroll --rekey HOST` "
                             "accepts another one.",
        [SKIP_DOWN] = "See why Nomad does not have it ready: nomad node status of that node, and "
                      "Nomad's log there.",
        [SKIP_HELD] = "Ask who holds it: root by a hold file, another run, or who drains it. Wait "
                      "for them.",
        [SKIP_UNMANAGED] = "Install caravan-agent there, then caravan enroll.",
    };
    return advice[(unsigned)why < SKIP_COUNT ? why : SKIP_NONE];
}
