#include "decide.h"

#include "advice.h"
#include "decide_keystore.h"
#include "decide_safeguards.h"
#include "fingerprint.h"

#include <inttypes.h>

/* ---- budgets ---- */

/* A failure to stage changes nothing on a host. So the run first waits for the answers of the
 * other hosts, and then reports all failures at once. A host that refuses has answered already
 * (decide_staging.c). */
static bool are_others_staging(const struct situation *s)
{
    for (size_t i = 0; s->ledger->state == RUN_STAGING && i < s->ledger->n_hosts; i++)
        if (s->ledger->hosts[i].state == HOST_STAGING && s->ledger->hosts[i].text[0] == '\0')
            return true;
    return false;
}

/* Writes "; s1, s2 and 3 more failed, too" into dst. */
static const char *list_others_failed(const struct situation *s, size_t but, char dst[static 128])
{
    size_t n = 0, len = 0;

    dst[0] = '\0';
    for (size_t i = 0; i < s->ledger->n_hosts; i++) {
        if (i == but || s->ledger->hosts[i].state != HOST_FAILED)
            continue;
        if (n++ < 3)
            len += (size_t)snprintf(dst + len, 128 - len, "%s%.24s", n == 1 ? "; " : ", ",
                                    s->plan->hosts[i].name);
    }
    if (n > 3)
        len += (size_t)snprintf(dst + len, 128 - len, " and %zu more", n - 3);
    if (n > 0)
        snprintf(dst + len, 128 - len, " failed, too");
    return dst;
}

static void stop_for_skipped(const struct situation *s, struct decision *d, size_t last,
                             uint32_t skipped)
{
    const struct ledger_host *lh = &s->ledger->hosts[last];
    char advice[ADVICE_MAX];

    snprintf(advice, sizeof(advice),
             "%s Or type caravan abort, and begin a new run with --max-skipped N.",
             advice_skipped(lh->skip));
    intend_stop(s, d, s->plan->hosts[last].name, advice,
                "%s skipped, %s: %s (%" PRIu32 " skipped, %" PRIu32 " allowed)",
                s->plan->hosts[last].name, skip_name(lh->skip), lh->text, skipped,
                s->plan->policy.max_skipped);
}

static void check_budgets(const struct situation *s, struct decision *d)
{
    uint32_t failed = 0, skipped = 0;
    size_t last_failed = 0, last_skipped = 0;
    char more[128];

    if (are_others_staging(s))
        return;
    for (size_t i = 0; i < s->ledger->n_hosts; i++) {
        const struct ledger_host *h = &s->ledger->hosts[i];
        const struct plan_host *p = &s->plan->hosts[i];
        if (h->state == HOST_SKIPPED) {
            skipped++;
            last_skipped = i;
        }
        if (h->state != HOST_FAILED)
            continue;
        failed++;
        last_failed = i;
        if (p->is_server || (s->plan->policy.canary > 0 && !s->ledger->canaries_done)) {
            intend_stop(s, d, p->name, advice_after(s, i), "%s %s: %s%s",
                        p->is_server ? "server" : "canary", p->name, h->text,
                        list_others_failed(s, i, more));
            return;
        }
    }
    if (failed > s->plan->policy.max_failures)
        intend_stop(s, d, s->plan->hosts[last_failed].name, advice_after(s, last_failed),
                    "%s: %s (%" PRIu32 " failed, %" PRIu32 " allowed)",
                    s->plan->hosts[last_failed].name, s->ledger->hosts[last_failed].text, failed,
                    s->plan->policy.max_failures);
    else if (skipped > s->plan->policy.max_skipped)
        stop_for_skipped(s, d, last_skipped, skipped);
}

/* ---- the states of the run, without the hosts in flight ---- */

static bool all_staged(const struct situation *s)
{
    for (size_t i = 0; i < s->ledger->n_hosts; i++)
        if (s->ledger->hosts[i].state == HOST_PENDING || s->ledger->hosts[i].state == HOST_STAGING)
            return false;
    return true;
}

static void decide_claiming(const struct situation *s, struct decision *d)
{
    if (!s->lease->all)
        waiting_for(d, REASON_LEASE, "", "%s", s->lease->text);
    else if (s->plan->policy.stage_only || (snapshots_taken(s, d) && keystores_copied(s, d)))
        intend_run(d, RUN_STAGING);
}

static void decide_stage_state(const struct situation *s, struct decision *d)
{
    if (all_staged(s))
        intend_run(d, s->plan->policy.stage_only ? RUN_STAGED : RUN_SERVERS);
    else
        decide_staging(s, d);
}

/* Counts the hosts that are in flight because nothing is known of their orders. decide_flight
 * states the wait for each of them. */
static size_t count_silent(const struct ledger *l)
{
    size_t n = 0;

    for (size_t i = 0; i < l->n_hosts; i++)
        n += (l->hosts[i].state == HOST_SWAPPING || l->hosts[i].state == HOST_REVERTING) &&
             (!l->hosts[i].answered || l->hosts[i].call.failures >= SWAP_TRIES);
    return n;
}

/* By its agent, the host has carried out its order. This holds also while no single leader is
 * known, when settling cannot begin. */
static bool has_carried_out_order(const struct situation *s, const struct ledger_host *lh)
{
    const struct host *h = world_host(s->world, lh->key);

    if (lh->state == HOST_SETTLING)
        return true;
    return lh->state == HOST_SWAPPING && h != NULL && h->agent.status_at > lh->effect_ms &&
           h->agent.work.order_sequence == lh->call.sequence &&
           h->agent.work.phase == PHASE_SETTLED;
}

/* Every host in flight has carried out its order. */
static bool are_all_settling(const struct situation *s)
{
    for (size_t i = 0; i < s->ledger->n_hosts; i++) {
        const struct ledger_host *lh = &s->ledger->hosts[i];
        if (host_in_flight(lh->state) && !has_carried_out_order(s, lh))
            return false;
    }
    return true;
}

/* Every host in flight has used up its time to be ready. The reason lies outside these hosts,
 * because otherwise their turns would have ended. */
static bool are_all_overdue(const struct situation *s)
{
    for (size_t i = 0; i < s->ledger->n_hosts; i++) {
        const struct ledger_host *h = &s->ledger->hosts[i];
        int64_t deadline = plan_ready_ms(s->plan, &s->plan->hosts[i]);
        if (host_in_flight(h->state) && s->now - h->effect_ms <= deadline)
            return false;
    }
    return true;
}

static bool some_turn_ends(const struct decision *d)
{
    for (size_t i = 0; i < d->n_intents; i++)
        if (d->intents[i].kind == INTENT_MARK || d->intents[i].kind == INTENT_REVERT)
            return true;
    return false;
}

/* Hosts in flight go on. When no host is in flight and all effects are undone, the run ends. */
static void decide_ending(const struct situation *s, struct decision *d)
{
    enum run_state end = s->ledger->state == RUN_ABORTING ? RUN_ABORTED : s->ledger->ending;
    size_t flying =
        ledger_in_flight(s->ledger, s->plan, true) + ledger_in_flight(s->ledger, s->plan, false);
    size_t silent = count_silent(s->ledger);

    bool undone = effects_undone(s, d);
    if (flying > silent)
        waiting_for(d, REASON_IN_FLIGHT, "", "%zu %s still to finish %s", flying,
                    str_count(flying, "host has", "hosts have"),
                    str_count(flying, "its turn", "their turns"));
    else if (undone && flying == 0 && (end != RUN_ABORTED || joined_undone(s, d)))
        intend_run(d, end);
    if (flying > 0 && undone && end == RUN_STOPPED && are_all_settling(s) && !some_turn_ends(d) &&
        (fallen_server(s) != NULL || are_all_overdue(s)))
        intend_run(d, end); /* no host can settle while this lasts; resume goes on */
}

static void check_gone(const struct situation *s, struct decision *d)
{
    for (size_t i = 0; i < s->ledger->n_hosts; i++)
        if (!host_finished(s->ledger->hosts[i].state) && !host_served(s->ledger->hosts[i].state) &&
            host_is_gone(s, i))
            intend_mark(d, s->ledger->hosts[i].key, HOST_GONE, "is no longer in the cluster");
}

static void check_pause(const struct situation *s, struct decision *d)
{
    if (s->lease->taken)
        intend_stop(s, d, "", "Find out who took over the run: caravan status.", "%s",
                    s->lease->text);
    else if (s->lease->paused && s->ledger->ending == RUN_NONE)
        intent_new(d, INTENT_PAUSE, "");
}

static bool begins_new_work(enum intent_kind k)
{
    return k == INTENT_SWAP || k == INTENT_DRAIN || k == INTENT_TRANSFER || k == INTENT_STAGE ||
           k == INTENT_SERVICE;
}

/* A host that fails or is skipped in this tick may use up a budget. So this tick only commits
 * that, and begins nothing. The next tick, at once, decides what may begin. */
static void keep_failures_only(struct decision *d)
{
    size_t kept = 0;
    bool ended = false;

    for (size_t i = 0; i < d->n_intents; i++)
        ended =
            ended || (d->intents[i].kind == INTENT_MARK &&
                      (d->intents[i].failure != FAILURE_NONE ||
                       d->intents[i].state == HOST_FAILED || d->intents[i].state == HOST_SKIPPED));
    for (size_t i = 0; ended && i < d->n_intents; i++)
        if (!begins_new_work(d->intents[i].kind)) {
            if (kept != i)
                d->intents[kept] = d->intents[i];
            kept++;
        }
    if (ended)
        d->n_intents = kept;
}

static bool is_run_ending(const struct decision *d)
{
    for (size_t i = 0; i < d->n_intents; i++)
        if (d->intents[i].kind == INTENT_STOP || d->intents[i].kind == INTENT_PAUSE)
            return true;
    return false;
}

static void decide_either(const struct situation *s, struct decision *d)
{
    (s->plan->replaces ? decide_replace : decide_servers)(s, d);
}

void decide(const struct situation *s, struct decision *ret)
{
    static void (*const by_state[RUN_STATE_COUNT])(const struct situation *, struct decision *) = {
        [RUN_CLAIMING] = decide_claiming,   [RUN_STAGING] = decide_stage_state,
        [RUN_SERVERS] = decide_either,      [RUN_CLIENTS] = decide_clients,
        [RUN_VERIFYING] = decide_verifying, [RUN_ABORTING] = decide_ending,
    };
    const struct ledger *l = s->ledger;

    ret->n_intents = 0;
    ret->n_waiting = 0;
    if (run_ended(l->state))
        return;
    if (s->world == NULL) {
        waiting_for(ret, REASON_OBSERVE, "", "the first look at the fleet");
        check_patience(s, ret);
        return;
    }
    check_gone(s, ret);
    if (s->plan->replaces && l->state != RUN_ABORTING) {
        check_dead(s, ret);
        check_returned(s, ret);
    }
    for (size_t i = 0; i < l->n_hosts; i++)
        if (host_in_flight(l->hosts[i].state))
            decide_flight(s, ret, i);
    if (l->state != RUN_ABORTING) {
        check_budgets(s, ret);
        check_fallen(s, ret);
        check_pause(s, ret);
        check_alarm(s, ret);
    }
    if (l->ending != RUN_NONE)
        decide_ending(s, ret);
    else if (!is_run_ending(ret))
        by_state[l->state](s, ret);
    keep_failures_only(ret);
    check_patience(s, ret);
}
