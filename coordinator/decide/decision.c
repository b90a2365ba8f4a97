#include "decision.h"

#include "quorum_text.h"
#include "situation.h"

/* ---- what the run waits for ---- */

const struct waiting *decision_waits(const struct decision *d)
{
    const struct waiting *first = d->n_waiting > 0 ? &d->waiting[0] : NULL;

    for (size_t i = 0; i < d->n_waiting; i++) {
        if (reason_row(d->waiting[i].reason)->well)
            return NULL;
        if (first->key[0] == '\0' && d->waiting[i].key[0] != '\0')
            first = &d->waiting[i]; /* the name of a host is more useful than a count */
    }
    return first;
}

bool decision_waits_for(const struct decision *d, enum reason reason)
{
    for (size_t i = 0; i < d->n_waiting; i++)
        if (d->waiting[i].reason == reason)
            return true;
    return false;
}

/* When the table of waits is full, other waits may be missing from it. */
int64_t decision_rests_until(const struct decision *d, int64_t now)
{
    int64_t first = INT64_MAX;

    if (d->n_intents > 0 || d->n_waiting == 0 || d->n_waiting == WAITING_MAX)
        return 0;
    for (size_t i = 0; i < d->n_waiting; i++)
        first = MIN_OF(first, d->waiting[i].until_ms);
    return first - REST_LEAD_MS > now ? first - REST_LEAD_MS : 0;
}

/* ---- adding to a decision ---- */

struct intent *intent_new(struct decision *d, enum intent_kind kind, const char *key)
{
    struct intent *in = &d->intents[d->n_intents];

    if (d->n_intents < INTENTS_MAX)
        d->n_intents++;
    else
        in = &d->overflow;
    memset(in, 0, sizeof(*in));
    in->kind = kind;
    str_cut(in->key, sizeof(in->key), key);
    return in;
}

static void add_wait(struct decision *d, const struct waiting *w, const char *key, const char *fmt,
                     va_list ap) PRINTF(4, 0);
static void add_wait(struct decision *d, const struct waiting *w, const char *key, const char *fmt,
                     va_list ap)
{
    if (d->n_waiting == WAITING_MAX)
        return;
    struct waiting *added = &d->waiting[d->n_waiting++];
    *added = *w;
    str_cut(added->key, sizeof(added->key), key);
    vsnprintf(added->text, sizeof(added->text), fmt, ap);
}

void waiting_for(struct decision *d, enum reason reason, const char *key, const char *fmt, ...)
{
    const struct waiting w = {.reason = reason};
    va_list ap;

    va_start(ap, fmt);
    add_wait(d, &w, key, fmt, ap);
    va_end(ap);
}

void waiting_until(struct decision *d, enum reason reason, const char *key, int64_t until_ms,
                   const char *fmt, ...)
{
    const struct waiting w = {.reason = reason, .until_ms = until_ms};
    va_list ap;

    va_start(ap, fmt);
    add_wait(d, &w, key, fmt, ap);
    va_end(ap);
}

void intend_mark(struct decision *d, const char *key, enum host_state state, const char *fmt, ...)
{
    struct intent *in = intent_new(d, INTENT_MARK, key);
    va_list ap;

    in->state = state;
    va_start(ap, fmt);
    vsnprintf(in->text, sizeof(in->text), fmt, ap);
    va_end(ap);
}

void intend_run(struct decision *d, enum run_state run)
{
    intent_new(d, INTENT_RUN, "")->run = run;
}

/* Appends to the text of a stop how many voters are left, and writes into commands what to type
 * for the first server that is away. commands is "" when no server is away. That server may have
 * nothing to do with the cause of the stop. */
static void append_quorum(const struct situation *s, struct intent *in,
                          char commands[static TEXT_MAX])
{
    size_t len = strlen(in->text);

    commands[0] = '\0';
    for (size_t i = 0; i < s->plan->n_regions; i++) {
        quorum_text(s, s->plan->regions[i].name, in->text + len, sizeof(in->text) - len);
        if (in->text[len] == '\0')
            continue;
        quorum_commands(s, s->plan->regions[i].name, commands, TEXT_MAX);
        return;
    }
}

void intend_stop(const struct situation *s, struct decision *d, const char *host,
                 const char *advice, const char *fmt, ...)
{
    char commands[TEXT_MAX];
    va_list ap;

    if (s->ledger->ending != RUN_NONE)
        return;
    for (size_t i = 0; i < d->n_intents; i++)
        if (d->intents[i].kind == INTENT_STOP)
            return; /* the first cause is the one to report */
    struct intent *in = intent_new(d, INTENT_STOP, "");
    str_cut(in->host, sizeof(in->host), host);
    va_start(ap, fmt);
    vsnprintf(in->text, sizeof(in->text), fmt, ap);
    va_end(ap);
    append_quorum(s, in, commands);
    snprintf(in->advice, sizeof(in->advice),
             "%s%s%s To go on: caravan resume. To end the run: caravan abort.", advice,
             commands[0] != '\0' ? " Servers: " : "", commands);
}

struct intent *intend_conclude(const struct situation *s, struct decision *d, size_t i,
                               enum outcome outcome, enum failure failure, const char *fmt, ...)
{
    const char *key = s->ledger->hosts[i].key;
    struct intent *in = intent_new(d, INTENT_MARK, key);
    va_list ap;

    in->state = outcome == OUTCOME_SETTLED ? HOST_DONE : HOST_FAILED;
    if (ledger_effect_const(s->ledger, EFFECT_DRAIN, key) != NULL)
        in->state = HOST_RESTORING;
    in->outcome = outcome;
    in->failure = failure;
    va_start(ap, fmt);
    vsnprintf(in->text, sizeof(in->text), fmt, ap);
    va_end(ap);
    return in;
}
