#include "situation.h"

#include "version.h"

bool may_begin(const struct situation *s, struct decision *d)
{
    char old[24];

    if (s->ledger->ending != RUN_NONE || s->ledger->state == RUN_ABORTING)
        return false;
    if (!s->lease->majority || s->lease->paused || s->lease->taken) {
        waiting_for(d, REASON_LEASE, "", "%s", s->lease->text);
        return false;
    }
    if (!is_fresh(s->world->begun_ms, s->now)) {
        str_for_ms(old, sizeof(old), s->now - s->world->begun_ms);
        waiting_for(d, REASON_OBSERVE, "", "the last look at the fleet is %s old", old);
        return false;
    }
    return true;
}

const char *host_disagrees(const struct host *h, int64_t now)
{
    if (h == NULL)
        return "is not in the cluster's lists";
    if (!h->agent.enrolled)
        return "has no enrolled agent";
    if (h->agent.misplaced)
        return "its agent serves another Nomad";
    if (!is_fresh(h->agent.hello_at, now))
        return "its agent does not answer";
    return NULL;
}

static const char dead_advice[] =
    "On that host, type systemctl restart caravan-swap.socket caravan-swap. "
    "journalctl -u caravan-swap shows why caravan-swap stopped.";
static const char stranger_advice[] =
    "caravan trust show lists the operator keys. Copy the newest trust file to this machine, name "
    "in [keys] of caravan.conf an operator key that it names, then run caravan resume. Or run "
    "caravan resume on the machine of another operator.";

bool swap_is_dead(const struct situation *s, struct decision *d, size_t i)
{
    const struct ledger_host *lh = &s->ledger->hosts[i];
    const struct host *h = world_host(s->world, lh->key);
    const char *name = s->plan->hosts[i].name, *order = message_kind_name(lh->order);
    char took[24];

    if (lh->call.failures < SWAP_TRIES || h == NULL || !is_fresh(h->agent.hello_at, s->now))
        return false;
    str_for_ms(took, sizeof(took), s->now - lh->ordered_ms);
    if (h->agent.stranger)
        intend_stop(s, d, name, stranger_advice,
                    "%s: its agent answers, but not the %s order: its trust file, version %u, may "
                    "not name the operator key that signs here",
                    name, order, (unsigned)h->agent.hello.trust_version);
    else
        intend_stop(s, d, name, dead_advice,
                    lh->answered
                        ? "%s: its agent answers, but its caravan-swap, which accepted the %s "
                          "order %s ago, does not answer any more"
                        : "%s: its agent answers, but its caravan-swap has not answered the %s "
                          "order for %s",
                    name, order, took);
    return true;
}

bool order_is_void(const struct situation *s, struct decision *d, size_t i)
{
    const struct ledger_host *lh = &s->ledger->hosts[i];
    const struct host *h = world_host(s->world, lh->key);

    if (lh->answered || lh->receipt_ms == 0 || h == NULL || h->agent.status_at <= lh->receipt_ms ||
        h->agent.work.order_sequence >= lh->call.sequence)
        return false;
    intent_new(d, INTENT_WITHDRAW, lh->key);
    return true;
}

bool host_is_newer(const struct situation *s, const struct host *h)
{
    struct version now, target;
    struct err err;

    return version_parse(host_version(s->world, h), &now, &err) == 0 &&
           version_parse(s->plan->target, &target, &err) == 0 &&
           plan_cmp_target(s->plan, &now, &target) > 0;
}

static bool agent_reports_target(const struct situation *s, size_t i, const struct agent_view *a)
{
    const struct digest *target = &s->plan->hosts[i].digest;

    return a->hello_at != 0 && digest_eq(&a->hello.disk, target) &&
           digest_eq(&a->hello.running, target);
}

/* Both answers of the agent are young, and were asked for after the last thing that this run did
 * on the host. */
static bool has_answered_since_effect(const struct situation *s, size_t i,
                                      const struct agent_view *a)
{
    int64_t at = MIN_OF(a->hello_at, a->status_at);

    return is_fresh(at, s->now) && at > s->ledger->hosts[i].effect_ms;
}

bool host_runs_target(const struct situation *s, size_t i, const struct host *h)
{
    const struct agent_view *a = &h->agent;

    return agent_reports_target(s, i, a) && has_answered_since_effect(s, i, a) &&
           phase_rests(a->work.phase) && str_eq(host_version(s->world, h), s->plan->target);
}

bool host_may_run_target(const struct situation *s, size_t i, const struct host *h)
{
    const struct agent_view *a = &h->agent;

    return agent_reports_target(s, i, a) &&
           (!has_answered_since_effect(s, i, a) || str_eq(host_version(s->world, h), ""));
}

bool host_done_by_us(const struct situation *s, size_t i)
{
    const struct ledger_host *h = &s->ledger->hosts[i];
    bool joined = s->plan->hosts[i].role == ROLE_JOINS && h->order == MSG_SERVICE;

    return h->state == HOST_DONE && (h->order == MSG_SWAP || joined);
}

void waiting_to_settle(const struct situation *s, struct decision *d, const char *key,
                       const char *name, const struct streak *e)
{
    const struct policy *p = &s->plan->policy;
    char so_far[24], asked[24];

    str_for_ms(so_far, sizeof(so_far), streak_ms(e));
    str_for_ms(asked, sizeof(asked), p->settle_ms);
    if (streak_ms(e) == 0)
        waiting_for(d, REASON_SETTLING, key, "%s is well now, must stay so for %s", name, asked);
    else if (streak_ms(e) < p->settle_ms)
        waiting_for(d, REASON_SETTLING, key, "%s is well for %s of %s", name, so_far, asked);
    else if (e->answers < p->settle_answers)
        waiting_for(d, REASON_SETTLING, key, "%s is well for %s, in %u of %u answers", name, so_far,
                    e->answers, p->settle_answers);
    else
        waiting_for(d, REASON_SETTLING, key, "%s was well; not asked since the last change", name);
}

/* The function asks the gate with answers no older than 5 s. The answers of the last round may
 * have been that old when the round ended. */
bool region_is_well(const struct situation *s, struct decision *d, const char *key,
                    const char *name)
{
    struct gate_result g = gate_region(s->world, s->plan, s->ledger, name, s->now);

    if (g.kind == GATE_PASS)
        return true;
    waiting_for(d, key[0] != '\0' ? REASON_SERVERS : reason_of(g.kind), key, "region %s: %s", name,
                g.text);
    return false;
}

static bool one_region_settled(const struct situation *s, struct decision *d, const char *name,
                               int64_t since)
{
    char key[sizeof(((struct streak *)NULL)->key)], shown[sizeof(key)];

    snprintf(shown, sizeof(shown), "region %s", name);
    snprintf(key, sizeof(key), "region/%s", name);
    if (evidence_settled(s->evidence, key, &s->plan->policy, since, s->now))
        return region_is_well(s, d, "", name);
    const struct streak *e = evidence_find(s->evidence, key);
    char why[TEXT_MAX] = "its gates have not been checked yet";
    if (e != NULL)
        streak_text(e, why, sizeof(why));
    if (e == NULL || e->last != GATE_PASS)
        waiting_for(d, reason_of(e != NULL ? e->last : GATE_UNKNOWN), "", "region %s: %s", name,
                    why);
    else
        waiting_to_settle(s, d, "", shown, e);
    return false;
}

bool regions_settled(const struct situation *s, struct decision *d, int64_t since)
{
    for (size_t i = 0; i < s->plan->n_regions; i++)
        if (!one_region_settled(s, d, s->plan->regions[i].name, since))
            return false;
    for (size_t i = 0; i < s->world->n_regions; i++)
        if (!one_region_settled(s, d, s->world->regions[i].name, since))
            return false;
    return true;
}

const char *region_trouble(const struct situation *s, const char *region, char dst[static 200])
{
    char key[sizeof(((struct streak *)NULL)->key)];

    snprintf(key, sizeof(key), "region/%s", region);
    const struct streak *e = evidence_find(s->evidence, key);
    dst[0] = '\0';
    if (e != NULL && e->last != GATE_PASS)
        snprintf(dst, 200, "; region %s: %.150s", region, e->text);
    return dst;
}

bool host_is_gone(const struct situation *s, size_t i)
{
    const struct plan_host *p = &s->plan->hosts[i];
    const struct region *r = world_region(s->world, p->region);

    if (r == NULL || world_host(s->world, p->key) != NULL)
        return false;
    int64_t at = p->is_server ? r->servers_at : r->nodes_at;
    return is_fresh(at, s->now) && at > s->ledger->hosts[i].effect_ms;
}

bool effects_undone(const struct situation *s, struct decision *d)
{
    const struct effect *first = NULL;

    for (size_t i = 0; i < s->ledger->n_effects; i++) {
        const struct effect *e = &s->ledger->effects[i];
        const struct ledger_host *h = ledger_host_const(s->ledger, e->key);
        if (effect_finished(e) || (e->kind == EFFECT_AUTOPILOT && e->note_cleared))
            continue;
        first = first != NULL ? first : e;
        if (!e->undo && (h == NULL || !host_in_flight(h->state)))
            intent_new(d, INTENT_RESTORE, e->key);
    }
    if (first == NULL)
        return true;
    const struct plan_host *p = plan_host(s->plan, first->key);
    waiting_for(d, REASON_UNDO, first->key, "%s: Caravan undoes its changes there",
                p != NULL ? p->name : "the cluster");
    return false;
}
