/* A run that waits too long stops, and says for what. */
#include "decide.h"

#include "decide_watch.h"

#define MARGIN_MS 60000 /* beyond an agent's own deadline before we give up on its answer */

static int64_t patience(const struct plan *plan, enum reason reason)
{
    const struct policy *p = &plan->policy;
    int64_t general = plan_longest_server_ms(plan);

    switch (reason) {
    case REASON_STAGING:
        return p->stage_deadline_ms + MARGIN_MS;
    case REASON_RETRY: /* an order without an answer: what answers takes seconds for it */
        return 3 * MARGIN_MS;
    case REASON_IN_FLIGHT:
    case REASON_CANARY:
    case REASON_LIMIT:
        return MAX_OF(general, p->client_deadline_ms) + p->hold_ms + 3 * MARGIN_MS;
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
    case REASON_KEYSTORE:
    case REASON_COUNTS:
    case REASON_AUTOPILOT:
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
        [REASON_LEADER] =
            "See who leads the region, and who could: nomad operator raft list-peers -stale.",
        [REASON_SERVERS] = gates,
        [REASON_LEASE] = leases,
        [REASON_OBSERVE] = "See what does not answer: caravan status.",
        [REASON_RETRY] = agents,
        [REASON_SNAPSHOT] = "See that the leader answers: caravan status.",
        [REASON_KEYSTORE] = agents,
        [REASON_COUNTS] = "See why Nomad does not list them: nomad status, nomad node status.",
        [REASON_AUTOPILOT] =
            "See that Nomad takes changes (nomad operator autopilot get-config) and that the "
            "servers' agents run: caravan status.",
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

/* One wait in vain stops the run, or all of them together, when they are three times as long. */
static bool too_long(const struct situation *s, const struct decision *d,
                     const struct waiting *first, int64_t *ret_since)
{
    char id[UUID_MAX + 16];
    int64_t longest = 0;

    for (size_t i = 0; i < d->n_waiting; i++)
        longest = MAX_OF(longest, patience(s->plan, d->waiting[i].reason));
    waiting_id(first, id);
    *ret_since = s->now - s->evidence->progress_ms;
    bool same = str_eq(id, s->evidence->wait) && s->now - s->evidence->wait_ms > longest;
    return *ret_since > longest && (same || *ret_since > 3 * longest);
}

void check_patience(const struct situation *s, struct decision *d)
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
        snprintf(in->text, sizeof(in->text), "waited %s in vain to undo the rest: %s%.160s", took,
                 first->text, ails);
    } else if (s->ledger->ending != RUN_NONE) {
        intend_run(d, s->ledger->ending);
    } else {
        char who[NAME_MAX_LEN + 24];
        const char *what = who_waits(s, h, first->text, who);
        intend_stop(s, d, h != NULL ? h->name : "", advice_for(first->reason),
                    "%swaited %s in vain: %s%.160s", who, took, what, ails);
    }
}
