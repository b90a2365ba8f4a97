/* A run that waits too long stops, and names what it waited for. */
#include "decide.h"

/* ---- how long the run waited for each thing ---- */

static bool is_waited_for(const struct waited *e, const struct waiting *w)
{
    return e->reason == (int)(w != NULL ? w->reason : REASON_NONE) &&
           str_eq(e->key, w != NULL ? w->key : "");
}

/* Returns the row of this wait. If the table is full, the row of the shortest wait is used
 * again. */
static size_t waited_row(struct evidence *e, const struct waiting *w)
{
    size_t least = 0;

    for (size_t i = 0; i < e->n_waited; i++) {
        if (is_waited_for(&e->waited[i], w))
            return i;
        if (e->waited[i].ms < e->waited[least].ms)
            least = i;
    }
    size_t at = e->n_waited < WAITED_MAX ? e->n_waited++ : least;
    e->waited[at] = (struct waited){.reason = (int)(w != NULL ? w->reason : REASON_NONE)};
    str_cut(e->waited[at].key, sizeof(e->waited[at].key), w != NULL ? w->key : "");
    return at;
}

void note_waits(struct evidence *e, const struct decision *d, int64_t now)
{
    const struct waiting *w = decision_waits(d);

    if (e->progress_ms != e->waited_from_ms)
        e->n_waited = 0;
    e->waited_from_ms = e->progress_ms;
    if (e->n_waited > 0)
        e->waited[e->waits].ms += now - e->noted_ms;
    if (e->n_waited == 0 || !is_waited_for(&e->waited[e->waits], w)) {
        e->waits = waited_row(e, w);
        e->waits_ms = now;
    }
    str_cut(e->waited[e->waits].text, sizeof(e->waited->text), w != NULL ? w->text : "");
    e->noted_ms = now;
    if (!decision_waits_for(d, REASON_COUNTS))
        e->counting_ms = 0;
    else if (e->counting_ms == 0)
        e->counting_ms = now;
}

/* Returns what the run has waited for longest; `now` when it has waited for nothing. */
static struct waiting longest_wait(const struct evidence *e, const struct waiting *now)
{
    const struct waited *most = NULL;
    struct waiting w = *now;

    for (size_t i = 0; i < e->n_waited; i++)
        if (e->waited[i].reason != REASON_NONE && (most == NULL || e->waited[i].ms > most->ms))
            most = &e->waited[i];
    if (most == NULL || is_waited_for(most, now))
        return w;
    w.reason = (enum reason)most->reason;
    str_cut(w.key, sizeof(w.key), most->key);
    str_cut(w.text, sizeof(w.text), most->text);
    return w;
}

/* ---- a wait in vain ---- */

static bool only_repeats(const struct decision *d)
{
    for (size_t i = 0; i < d->n_intents; i++)
        if (d->intents[i].kind != INTENT_RESEND && d->intents[i].kind != INTENT_CLAIM)
            return false;
    return true;
}

/* Writes "c4 (swapping): " into dst. Returns the rest of the text, without the host's name in
 * front. */
static const char *name_waiting_host(const struct situation *s, const struct plan_host *h,
                                     const char *text, char dst[static NAME_MAX_LEN + 24])
{
    dst[0] = '\0';
    if (h == NULL)
        return text;
    enum host_state state = s->ledger->hosts[h - s->plan->hosts].state;
    snprintf(dst, NAME_MAX_LEN + 24, "%s (%s): ", h->name, host_state_name(state));
    size_t n = strlen(h->name);
    return str_starts(text, h->name) && text[n] == ':' && text[n + 1] == ' ' ? text + n + 2 : text;
}

/* One wait that lasts longer than its patience stops the run. Several waits together stop the
 * run after three times that long. */
static bool is_too_long(const struct situation *s, const struct decision *d,
                        const struct waiting *first, int64_t since, struct waiting *ret_cause)
{
    const struct evidence *e = s->evidence;
    int64_t longest = 0;

    for (size_t i = 0; i < d->n_waiting; i++)
        longest = MAX_OF(longest, reason_row(d->waiting[i].reason)->patience(s->plan));
    bool same = e->n_waited > 0 && is_waited_for(&e->waited[e->waits], first) &&
                s->now - e->waits_ms > longest;
    *ret_cause = same ? *first : longest_wait(e, first);
    return since > longest && (same || since > 3 * longest);
}

void check_patience(const struct situation *s, struct decision *d)
{
    const struct waiting *first = decision_waits(d);
    int64_t since = s->now - s->evidence->progress_ms;
    char took[24], ails[200] = "";
    struct waiting cause;

    if (first == NULL || !only_repeats(d) || !is_too_long(s, d, first, since, &cause))
        return;
    str_for_ms(took, sizeof(took), since);
    const char *advice = reason_row(cause.reason)->advice;
    const struct plan_host *h = plan_host(s->plan, cause.key);
    if (h != NULL && strstr(cause.text, "region ") == NULL)
        region_trouble(s, h->region, ails);
    if (s->ledger->state == RUN_ABORTING) {
        struct intent *in = intent_new(d, INTENT_RUN, "");
        in->run = RUN_STOPPED;
        str_cut(in->host, sizeof(in->host), h != NULL ? h->name : "");
        snprintf(in->advice, sizeof(in->advice), "%s To go on with the abort: caravan resume.",
                 advice);
        snprintf(in->text, sizeof(in->text), "waited %s in vain to undo the rest: %s%.160s", took,
                 cause.text, ails);
    } else if (s->ledger->ending != RUN_NONE) {
        intend_run(d, s->ledger->ending);
    } else {
        char who[NAME_MAX_LEN + 24];
        const char *what = name_waiting_host(s, h, cause.text, who);
        intend_stop(s, d, h != NULL ? h->name : "", advice, "%swaited %s in vain: %s%.160s", who,
                    took, what, ails);
    }
}
