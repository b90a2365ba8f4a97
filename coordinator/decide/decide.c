#include "decide.h"

#include "advice.h"
#include "decide_keystore.h"
#include "decide_watch.h"
#include "fingerprint.h"

#include <inttypes.h>

/* ---- budgets ---- */

/* Nothing was touched by a failure to stage: what the others say is heard first, so that all are
 * told at once. One that refuses (decide_staging.c) has said it. */
static bool others_stage(const struct situation *s)
{
    for (size_t i = 0; s->ledger->state == RUN_STAGING && i < s->ledger->n_hosts; i++)
        if (s->ledger->hosts[i].state == HOST_STAGING && s->ledger->hosts[i].text[0] == '\0')
            return true;
    return false;
}

/* "; s1, s2 and 3 more failed, too" into dst. */
static const char *others_failed(const struct situation *s, size_t but, char dst[static 128])
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

    snprintf(advice, sizeof(advice), "%s Or abort, and begin anew with --max-skipped N.",
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

    if (others_stage(s))
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
                        others_failed(s, i, more));
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

/* ---- what each state of the run does, beside the hosts in flight ---- */

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

/* In flight because nothing is known of their orders: decide_flight states the wait for each. */
static size_t count_silent(const struct ledger *l)
{
    size_t n = 0;

    for (size_t i = 0; i < l->n_hosts; i++)
        n += (l->hosts[i].state == HOST_SWAPPING || l->hosts[i].state == HOST_REVERTING) &&
             (!l->hosts[i].answered || l->hosts[i].call.failures >= SWAP_TRIES);
    return n;
}

/* By its agent, also where nobody clearly leads, so that settling could not begin. */
static bool has_obeyed(const struct situation *s, const struct ledger_host *lh)
{
    const struct host *h = world_host(s->world, lh->key);

    if (lh->state == HOST_SETTLING)
        return true;
    return lh->state == HOST_SWAPPING && h != NULL && h->agent.status_at > lh->effect_ms &&
           h->agent.work.order_sequence == lh->call.sequence &&
           h->agent.work.phase == PHASE_SETTLED;
}

/* All in flight have done what they were ordered. */
static bool only_settling(const struct situation *s)
{
    for (size_t i = 0; i < s->ledger->n_hosts; i++) {
        const struct ledger_host *lh = &s->ledger->hosts[i];
        if (host_in_flight(lh->state) && !has_obeyed(s, lh))
            return false;
    }
    return true;
}

/* Each of them has had its time to be ready, and what it lacks is not its own: its turn would have
 * been ended else. */
static bool overdue(const struct situation *s)
{
    for (size_t i = 0; i < s->ledger->n_hosts; i++) {
        const struct ledger_host *h = &s->ledger->hosts[i];
        int64_t deadline = plan_ready_ms(s->plan, &s->plan->hosts[i]);
        if (host_in_flight(h->state) && s->now - h->effect_ms <= deadline)
            return false;
    }
    return true;
}

static bool turn_ends(const struct decision *d)
{
    for (size_t i = 0; i < d->n_intents; i++)
        if (d->intents[i].kind == INTENT_MARK || d->intents[i].kind == INTENT_REVERT)
            return true;
    return false;
}

/* Hosts in flight go on; when none is left and all is undone, the end. */
static void decide_ending(const struct situation *s, struct decision *d)
{
    enum run_state end = s->ledger->state == RUN_ABORTING ? RUN_ABORTED : s->ledger->ending;
    size_t flying =
        ledger_in_flight(s->ledger, s->plan, true) + ledger_in_flight(s->ledger, s->plan, false);
    size_t silent = count_silent(s->ledger);

    bool undone = effects_undone(s, d);
    if (flying > silent)
        waiting_for(d, REASON_IN_FLIGHT, "", "%zu %s to finish what %s", flying,
                    str_count(flying, "host has", "hosts have"),
                    str_count(flying, "it began", "they began"));
    else if (undone && flying == 0 && (end != RUN_ABORTED || joined_undone(s, d)))
        intend_run(d, end);
    if (flying > 0 && undone && end == RUN_STOPPED && only_settling(s) && !turn_ends(d) &&
        (fallen_server(s) != NULL || overdue(s)))
        intend_run(d, end); /* none of them will settle while this lasts: resume goes on */
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
        intend_stop(s, d, "", "Find out who took it over: caravan status.", "%s", s->lease->text);
    else if (s->lease->paused && s->ledger->ending == RUN_NONE)
        intend(d, INTENT_PAUSE, "");
}

static bool begins(enum intent_kind k)
{
    return k == INTENT_SWAP || k == INTENT_DRAIN || k == INTENT_TRANSFER || k == INTENT_STAGE ||
           k == INTENT_SERVICE;
}

/* A host that fails or is skipped in this very tick may use up a budget: first that, then (at
 * once, in the next tick) what may be begun. */
static void failures_first(struct decision *d)
{
    size_t kept = 0;
    bool ended = false;

    for (size_t i = 0; i < d->n_intents; i++)
        ended =
            ended || (d->intents[i].kind == INTENT_MARK &&
                      (d->intents[i].failure != FAILURE_NONE ||
                       d->intents[i].state == HOST_FAILED || d->intents[i].state == HOST_SKIPPED));
    for (size_t i = 0; ended && i < d->n_intents; i++)
        if (!begins(d->intents[i].kind)) {
            if (kept != i)
                d->intents[kept] = d->intents[i];
            kept++;
        }
    if (ended)
        d->n_intents = kept;
}

static bool ends_now(const struct decision *d)
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
    else if (!ends_now(ret))
        by_state[l->state](s, ret);
    failures_first(ret);
    check_patience(s, ret);
}
