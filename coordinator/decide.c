#include "decide_watch.h"

#include <inttypes.h>

#define MARGIN_MS 60000 /* beyond an agent's own deadline before we give up on its answer */

/* ---- names ---- */

const char *reason_name(enum reason r)
{
    static const char *const names[REASON_COUNT] = {
        [REASON_NONE] = "none",
        [REASON_GATE] = "gate",
        [REASON_GATE_UNKNOWN] = "gate-unknown",
        [REASON_SETTLING] = "settling",
        [REASON_STAGING] = "staging",
        [REASON_IN_FLIGHT] = "in-flight",
        [REASON_LIMIT] = "limit",
        [REASON_CANARY] = "canary",
        [REASON_SOAK] = "soak",
        [REASON_DRAIN] = "drain",
        [REASON_LEADER] = "leader",
        [REASON_SERVERS] = "servers",
        [REASON_LEASE] = "lease",
        [REASON_OBSERVE] = "observe",
        [REASON_RETRY] = "retry",
        [REASON_UNDO] = "undo",
        [REASON_SNAPSHOT] = "snapshot",
        [REASON_COUNTS] = "counts",
    };
    return (unsigned)r < REASON_COUNT ? names[r] : "unknown";
}

const char *intent_name(enum intent_kind k)
{
    static const char *const names[INTENT_KIND_COUNT] = {
        [0] = "none",
        [INTENT_CLAIM] = "claim",
        [INTENT_STAGE] = "stage",
        [INTENT_SWAP] = "swap",
        [INTENT_REVERT] = "revert",
        [INTENT_RESEND] = "resend",
        [INTENT_DRAIN] = "drain",
        [INTENT_RESTORE] = "restore",
        [INTENT_TRANSFER] = "transfer",
        [INTENT_SNAPSHOT] = "snapshot",
        [INTENT_MARK] = "mark",
        [INTENT_RUN] = "run",
        [INTENT_STOP] = "stop",
        [INTENT_PAUSE] = "pause",
    };
    return (unsigned)k < INTENT_KIND_COUNT ? names[k] : "unknown";
}

/* ---- budgets ---- */

static const char *advice_after(const struct situation *s, size_t i)
{
    const struct host *h = world_host(s->world, s->plan->hosts[i].key);

    if (h != NULL && host_newer(s, h))
        return "Plan anew: caravan abort, then caravan plan VERSION.";
    return failure_advice(s->ledger->hosts[i].failure);
}

static void check_budgets(const struct situation *s, struct decision *d)
{
    uint32_t failed = 0, skipped = 0;
    size_t last_failed = 0, last_skipped = 0;

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
            intend_stop(s, d, p->name, advice_after(s, i), "%s %s: %s",
                        p->is_server ? "server" : "canary", p->name, h->text);
            return;
        }
    }
    if (failed > s->plan->policy.max_failures)
        intend_stop(s, d, s->plan->hosts[last_failed].name, advice_after(s, last_failed),
                    "%s: %s (%" PRIu32 " failed, %" PRIu32 " allowed)",
                    s->plan->hosts[last_failed].name, s->ledger->hosts[last_failed].text, failed,
                    s->plan->policy.max_failures);
    else if (skipped > s->plan->policy.max_skipped)
        intend_stop(s, d, s->plan->hosts[last_skipped].name,
                    "Bring the host back; or begin anew with --max-skipped N.",
                    "%s skipped, %s: %s (%" PRIu32 " skipped, %" PRIu32 " allowed)",
                    s->plan->hosts[last_skipped].name,
                    skip_name(s->ledger->hosts[last_skipped].skip),
                    s->ledger->hosts[last_skipped].text, skipped, s->plan->policy.max_skipped);
}

/* ---- a run that waits too long stops, and says for what ---- */

static int64_t patience(const struct policy *p, enum reason reason)
{
    int64_t general = p->server_deadline_ms;

    switch (reason) {
    case REASON_STAGING:
        return p->stage_deadline_ms + MARGIN_MS;
    case REASON_RETRY: /* an order without an answer: what answers takes seconds for it */
        return 3 * MARGIN_MS;
    case REASON_IN_FLIGHT:
    case REASON_CANARY:
    case REASON_LIMIT:
        return MAX_OF(p->server_deadline_ms, p->client_deadline_ms) + p->hold_ms + 3 * MARGIN_MS;
    case REASON_SOAK:
        return p->soak_ms + general;
    case REASON_SNAPSHOT:
        return SNAPSHOT_OLD_MS + MARGIN_MS;
    case REASON_DRAIN:
        return p->drain_deadline_ms + 3 * MARGIN_MS;
    case REASON_NONE:
    case REASON_GATE:
    case REASON_GATE_UNKNOWN:
    case REASON_SETTLING:
    case REASON_LEADER:
    case REASON_SERVERS:
    case REASON_LEASE:
    case REASON_OBSERVE:
    case REASON_UNDO:
    case REASON_COUNTS:
    case REASON_COUNT:
        break;
    }
    return general + p->settle_ms;
}

/* What to do about what was waited for. */
static const char *advice_for(enum reason reason)
{
    static const char gates[] =
        "Bring the cluster to what the cause asks for (nomad server members, "
        "nomad node status).",
                      agents[] = "See on that host that it is up and its agent runs: systemctl "
                                 "status caravan-agent caravan-swap nomad.",
                      leases[] =
                          "See that caravan-agent runs on that server, and that no other run "
                          "holds it: caravan status.";
    static const char *const advice[REASON_COUNT] = {
        [REASON_NONE] = gates,
        [REASON_GATE] = gates,
        [REASON_GATE_UNKNOWN] =
            "See why Nomad does not answer what the cause asks: caravan status.",
        [REASON_SETTLING] = gates,
        [REASON_STAGING] = agents,
        [REASON_IN_FLIGHT] = agents,
        [REASON_LIMIT] = agents,
        [REASON_CANARY] = agents,
        [REASON_SOAK] = gates,
        [REASON_DRAIN] = "See which allocations do not move: nomad node status -allocs.",
        [REASON_LEADER] = "See that the region has a leader: nomad operator raft list-peers.",
        [REASON_SERVERS] = gates,
        [REASON_LEASE] = leases,
        [REASON_OBSERVE] = "See what does not answer: caravan status.",
        [REASON_RETRY] = agents,
        [REASON_SNAPSHOT] = "See that the leader answers: caravan status.",
        [REASON_COUNTS] = "See why Nomad does not list them: nomad status, nomad node status.",
        [REASON_UNDO] = "See that Nomad takes changes and that host's agent runs: caravan status.",
    };
    return advice[(unsigned)reason < REASON_COUNT ? reason : REASON_NONE];
}

static bool only_repeats(const struct decision *d)
{
    for (size_t i = 0; i < d->n_intents; i++)
        if (d->intents[i].kind != INTENT_RESEND && d->intents[i].kind != INTENT_CLAIM)
            return false;
    return true;
}

/* "c4 (swapping): " into dst; what is left to say of the text after the host's name. */
static const char *who_waits(const struct situation *s, const struct plan_host *h, const char *text,
                             char dst[static NAME_MAX_LEN + 24])
{
    dst[0] = '\0';
    if (h == NULL)
        return text;
    enum host_state state = s->ledger->hosts[h - s->plan->hosts].state;
    snprintf(dst, NAME_MAX_LEN + 24, "%s (%s): ", h->name, host_state_name(state));
    size_t n = strlen(h->name);
    return str_starts(text, h->name) && text[n] == ':' && text[n + 1] == ' ' ? text + n + 2 : text;
}

const struct waiting *decision_waits(const struct decision *d)
{
    const struct waiting *first = d->n_waiting > 0 ? &d->waiting[0] : NULL;

    for (size_t i = 0; i < d->n_waiting; i++) {
        if (d->waiting[i].reason == REASON_SETTLING)
            return NULL; /* all is well just now */
        if (first->key[0] == '\0' && d->waiting[i].key[0] != '\0')
            first = &d->waiting[i]; /* one host's name says more than a count */
    }
    return first;
}

void waiting_id(const struct waiting *w, char dst[static UUID_MAX + 16])
{
    snprintf(dst, UUID_MAX + 16, "%d/%s", w != NULL ? (int)w->reason : 0, w != NULL ? w->key : "");
}

/* One wait in vain stops the run, or all of them together, when they are three times as long. */
static bool too_long(const struct situation *s, const struct decision *d,
                     const struct waiting *first, int64_t *ret_since)
{
    char id[UUID_MAX + 16];
    int64_t longest = 0;

    for (size_t i = 0; i < d->n_waiting; i++)
        longest = MAX_OF(longest, patience(&s->plan->policy, d->waiting[i].reason));
    waiting_id(first, id);
    *ret_since = s->now - s->evidence->progress_ms;
    bool same = str_eq(id, s->evidence->wait) && s->now - s->evidence->wait_ms > longest;
    return *ret_since > longest && (same || *ret_since > 3 * longest);
}

static void check_patience(const struct situation *s, struct decision *d)
{
    const struct waiting *first = decision_waits(d);
    char took[24], ails[200] = "";
    int64_t since = 0;

    if (first == NULL || !only_repeats(d) || !too_long(s, d, first, &since))
        return;
    str_for_ms(took, sizeof(took), since);
    const struct plan_host *h = plan_host(s->plan, first->key);
    if (h != NULL && strstr(first->text, "region ") == NULL)
        region_ails(s, h->region, ails);
    if (s->ledger->state == RUN_ABORTING) {
        struct intent *in = intend(d, INTENT_RUN, "");
        in->run = RUN_STOPPED;
        str_cut(in->host, sizeof(in->host), h != NULL ? h->name : "");
        snprintf(in->advice, sizeof(in->advice), "%s To go on undoing: caravan resume.",
                 advice_for(first->reason));
        snprintf(in->text, sizeof(in->text), "could not be undone to the end: %s (for %s)%.160s",
                 first->text, took, ails);
    } else if (s->ledger->ending != RUN_NONE) {
        intend_run(d, s->ledger->ending);
    } else {
        char who[NAME_MAX_LEN + 24];
        const char *what = who_waits(s, h, first->text, who);
        intend_stop(s, d, h != NULL ? h->name : "", advice_for(first->reason),
                    "%swaited %s in vain: %s%.160s", who, took, what, ails);
    }
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
    else if (snapshots_taken(s, d))
        intend_run(d, RUN_STAGING);
}

static void decide_stage_state(const struct situation *s, struct decision *d)
{
    if (all_staged(s))
        intend_run(d, RUN_SERVERS);
    else
        decide_staging(s, d);
}

/* In flight because nothing is known of their orders: decide_flight states the wait for each. */
static size_t count_silent(const struct ledger *l)
{
    size_t n = 0;

    for (size_t i = 0; i < l->n_hosts; i++)
        n += (l->hosts[i].state == HOST_SWAPPING || l->hosts[i].state == HOST_REVERTING) &&
             !l->hosts[i].answered;
    return n;
}

/* All in flight have done what they were ordered. */
static bool only_settling(const struct ledger *l)
{
    for (size_t i = 0; i < l->n_hosts; i++)
        if (host_in_flight(l->hosts[i].state) && l->hosts[i].state != HOST_SETTLING)
            return false;
    return true;
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
    else if (undone && flying == 0)
        intend_run(d, end);
    if (flying > 0 && undone && end == RUN_STOPPED && only_settling(s->ledger) &&
        fallen_server(s) != NULL)
        intend_run(d, end); /* without a quorum none of them will settle: resume goes on */
}

static void check_gone(const struct situation *s, struct decision *d)
{
    for (size_t i = 0; i < s->ledger->n_hosts; i++)
        if (!host_finished(s->ledger->hosts[i].state) && host_is_gone(s, i))
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
    return k == INTENT_SWAP || k == INTENT_DRAIN || k == INTENT_TRANSFER || k == INTENT_STAGE;
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

void decide(const struct situation *s, struct decision *ret)
{
    static void (*const by_state[RUN_STATE_COUNT])(const struct situation *, struct decision *) = {
        [RUN_CLAIMING] = decide_claiming,   [RUN_STAGING] = decide_stage_state,
        [RUN_SERVERS] = decide_servers,     [RUN_CLIENTS] = decide_clients,
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
