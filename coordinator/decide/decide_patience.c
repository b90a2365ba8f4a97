/* A run that waits too long stops, and says for what. */
#include "decide.h"

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
        longest = MAX_OF(longest, reason_row(d->waiting[i].reason)->patience(s->plan));
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
                 reason_row(first->reason)->advice);
        snprintf(in->text, sizeof(in->text), "waited %s in vain to undo the rest: %s%.160s", took,
                 first->text, ails);
    } else if (s->ledger->ending != RUN_NONE) {
        intend_run(d, s->ledger->ending);
    } else {
        char who[NAME_MAX_LEN + 24];
        const char *what = who_waits(s, h, first->text, who);
        intend_stop(s, d, h != NULL ? h->name : "", reason_row(first->reason)->advice,
                    "%swaited %s in vain: %s%.160s", who, took, what, ails);
    }
}
