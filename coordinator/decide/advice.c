#include "advice.h"

#include "fingerprint.h"
#include "hazards.h"

/* ---- a failure that the coordinator's own gates found ---- */

static const char drain_advice[] =
    "See which allocations do not move, and why (nomad node status -allocs of that node). Caravan "
    "did not touch Nomad there. If the jobs only need more time to move, use a longer --deadline.",
                  allocs_advice[] =
                      "See nomad node status -allocs of that node, and nomad alloc status of the "
                      "allocations that do not run. Nomad on that host is healthy, so another "
                      "restart of Nomad does not bring the allocations back. If an allocation "
                      "failed by itself, or somebody restarted it, the release is not the cause.",
                  server_advice[] =
                      "See nomad operator raft list-peers, nomad operator autopilot health, and "
                      "Nomad's log on that host. If that server still restores its state, wait. "
                      "If it does not reach the other servers, find out why (ports 4647 and 4648). "
                      "Restart no server meanwhile.",
                  both_advice[] =
                      "This host is a server and a client. See nomad operator raft list-peers and "
                      "nomad operator autopilot health for the server, nomad node status for the "
                      "client, and Nomad's log on that host. Restart no server meanwhile.",
                  client_advice[] =
                      "See nomad node status of that node, and Nomad's log on that host. Check "
                      "that the host reaches the servers (port 4647) and that the servers list "
                      "its node as ready. If the client was only slow, raise client_deadline in "
                      "caravan.conf for the next run.",
                  reverted_advice[] =
                      "That host runs the old version again. Before you upgrade another host, see "
                      "in Nomad's log on that host why it was not ready with the new version.";

static const char *advice_after_gates(const struct plan_host *p, const struct host *h,
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

/* ---- an order that an agent refused ---- */

static const char *const refused[REFUSAL_COUNT] = {
    [REFUSAL_HELD] = "Root on that host forbids the order. If a hold file forbids it, ask who put "
                     "it there, and why. If [law] in agent.conf does not allow the order, ask who "
                     "wrote that. Do this before anybody changes either. If the reason is the "
                     "hours in [law], type caravan resume when these hours have begun.",
    [REFUSAL_QUORUM] = "See that the region's other servers run and answer (nomad server members, "
                       "nomad operator raft list-peers). If a server restores its state, wait. "
                       "Restart none of them for this.",
    [REFUSAL_ROLE] = "The trust file on that host does not name the key that signed this order. "
                     "See that the newest trust package is installed there. If root names other "
                     "operators there ([law] operators in agent.conf), have one of them give the "
                     "order.",
    [REFUSAL_MANIFEST] = "By the trust file on that host, the signatures of the release are not "
                         "enough, or the release has no build for that host. See that the newest "
                         "trust package is installed there, and see caravan release list. A "
                         "version older than the last one that settled there needs a manifest "
                         "that is signed again.",
    [REFUSAL_URL] = "Root on that host allows binaries from some places only (url_prefixes in "
                    "agent.conf). Add the release again with a --url at one of these places, or "
                    "ask root.",
    [REFUSAL_UNSUPPORTED] = "Upgrade the package caravan-agent there. It is older than this "
                            "caravan and does not know this order.",
    [REFUSAL_FORMAT] = "Install the same version of caravan here and of caravan-agent there.",
};

const char *advice_refused(enum refusal refusal)
{
    const char *text = (unsigned)refusal < REFUSAL_COUNT ? refused[refusal] : NULL;

    return text != NULL ? text : failure_advice(FAILURE_REFUSED_BY_LAW);
}

/* The agent refused the order before any phase of the turn. */
static bool is_order_refused(const struct ledger_host *lh)
{
    return lh->failure == FAILURE_REFUSED_BY_LAW && lh->failed_in == PHASE_IDLE;
}

/* ---- a host that keeps the new binary ---- */

static const char left_advice[] =
    "See in Nomad's log on that host why Nomad does not start, and repair that. Keep the new "
    "binary: put no older one back by hand, because an older binary may not be able to read what "
    "the new one has written. Restart no other server meanwhile.";

static bool is_left_with_new_binary(const struct ledger_host *lh)
{
    return lh->failed_in == PHASE_PROBING && lh->outcome == OUTCOME_LEFT &&
           (lh->failure == FAILURE_WILL_NOT_START || lh->failure == FAILURE_CRASH_LOOP);
}

static const char
    undone_advice[] =
        "See in Nomad's log on that host why the server did not join. Its unit is disabled, its "
        "Nomad is stopped, and it is no longer in the cluster. This run does not start it again. "
        "Type caravan abort: as long as no server has left, this also takes out the other new "
        "servers. Then begin a new run with a host whose data_dir is empty.",
    stays_advice[] =
        "See on that host what Nomad does (systemctl status nomad). See whether the other servers "
        "list the host (nomad server members, nomad operator raft list-peers). While its Nomad "
        "runs, remove neither its peer nor its member: the leader would add them again. caravan "
        "resume begins its turn again: the agent disables the unit and stops Nomad, then Caravan "
        "takes the server out of the cluster.",
    disabled_advice[] =
        "The unit on that host is disabled and its Nomad still runs. After a reboot of that host, "
        "Nomad does not start by itself. Ask root to allow the stop (allow_stop in agent.conf, the "
        "hold file), then type caravan resume. Or type caravan abort, which enables the unit "
        "again.",
    dead_advice[] =
        "Stop Nomad on that host and see that it does not start with the machine "
        "(systemctl disable --now nomad). Then type caravan resume: Caravan takes the "
        "server out of the cluster. Or type caravan abort, and begin a new run without "
        "--accept dead: and its name. Then its agent disables the unit and stops Nomad.";

/* An agent's failure always names a phase, so without a phase the coordinator's gates found the
 * failure. */
static bool was_found_by_gates(const struct ledger_host *lh)
{
    return lh->failed_in == PHASE_IDLE &&
           (lh->failure == FAILURE_NOT_READY || lh->failure == FAILURE_NOT_CAUGHT_UP);
}

/* The host carried out the order to disable its unit, but not the order to stop. */
static bool is_unit_disabled(const struct plan_host *p, const struct host *h)
{
    const struct fact_view *f = h != NULL ? agent_fact(&h->agent, "unit-enabled") : NULL;

    return p->role == ROLE_LEAVES && f != NULL && f->value == TRI_NO;
}

const char *advice_after(const struct situation *s, size_t i)
{
    const struct ledger_host *lh = &s->ledger->hosts[i];
    const struct host *h = world_host(s->world, s->plan->hosts[i].key);
    const char *row = hazards_advice(s->plan->hazards, lh->text);

    if (h != NULL && host_is_newer(s, h))
        return "Make a new plan: caravan abort, then caravan plan VERSION.";
    if (lh->outcome == OUTCOME_UNDONE)
        return undone_advice;
    if (s->plan->hosts[i].dead)
        return dead_advice;
    if (s->plan->hosts[i].role == ROLE_LEAVES && lh->failure != FAILURE_REFUSED_BY_LAW)
        return stays_advice;
    if (is_order_refused(lh) && is_unit_disabled(&s->plan->hosts[i], h))
        return disabled_advice;
    if (lh->differs != FEATURE_NONE)
        return feature_advice(lh->differs);
    if (was_found_by_gates(lh))
        return advice_after_gates(&s->plan->hosts[i], h, lh);
    if (row != NULL)
        return row;
    if (is_left_with_new_binary(lh))
        return left_advice;
    return is_order_refused(lh) ? advice_refused(lh->refusal) : failure_advice(lh->failure);
}

const char *advice_skipped(enum skip_why why)
{
    static const char *const advice[SKIP_COUNT] = {
        [SKIP_NONE] = "See what keeps the host from its turn: caravan status.",
        [SKIP_UNREACHABLE] = "See that the host is up, that caravan-agent runs there, and that "
                             "this machine reaches its port 4650. `caravan enroll` shows whether "
                             "the key of its agent has changed, and `caravan enroll --rekey HOST` "
                             "accepts another key.",
        [SKIP_DOWN] = "See why the node is not ready: nomad node status of that node, and Nomad's "
                      "log on that host.",
        [SKIP_HELD] = "Ask who holds it: root by a hold file, the operator of another run, or the "
                      "person who drains the node. Wait for them.",
        [SKIP_UNMANAGED] = "Install caravan-agent there, then type caravan enroll.",
    };
    return advice[(unsigned)why < SKIP_COUNT ? why : SKIP_NONE];
}
