/* What an authentic answer, or none, says of an agent: see agents.h. */
#include "agent.h"

#include "str.h"

static void tried(struct agents *a, struct agent *g)
{
    if (!g->tried && a->untried > 0)
        a->untried--;
    g->tried = true;
}

void agent_take_hello(struct agents *a, struct agent *g, const struct receipt *r, int64_t asked)
{
    const struct receipt_hello *h = &r->u.hello;
    struct agent_view *v = &g->view;
    bool reborn = memcmp(v->session, r->head.session, SESSION_LEN) != 0;
    if (v->hello_at == 0 || reborn || v->phase != h->phase || !digest_eq(&v->running, &h->running))
        a->changes++;
    if (reborn)
        v->revision = 0;
    tried(a, g);
    g->failures = 0;
    g->hello_wanted = g->key_changed = false;
    g->problem[0] = '\0';
    str_cut(g->program, sizeof g->program, h->program);
    str_cut(g->os, sizeof g->os, h->os);
    str_cut(g->arch, sizeof g->arch, h->arch);
    str_cut(g->told_server, sizeof g->told_server, h->server_id);
    str_cut(g->told_client, sizeof g->told_client, h->client_id);
    v->hello_at = asked;
    v->disk = h->disk;
    v->running = h->running;
    v->stamp = h->stamp;
    memcpy(v->session, r->head.session, SESSION_LEN);
    v->uptime_ms = r->head.time_ms;
    v->swap_sequence = h->swap_sequence;
    v->swap_epoch = h->swap_epoch;
    v->agent_sequence = h->agent_sequence;
    v->trust_version = h->trust_version;
    if (asked > v->status_at)
        v->phase = h->phase;
    if (asked >= v->lease_at) {
        v->lease_at = asked;
        v->lease = h->lease;
    }
    agents_wake_at(a, g->interest || a->all ? 0 : INT64_MAX);
}

static void set_text(char **at, const char *text)
{
    if (*at != NULL && str_eq(*at, text))
        return;
    free(*at);
    *at = xstrdup(text);
}

/* An answer at once without news may tell of a lease or a note; two of them, that the host
 * holds back too many statuses already. */
static void ask_again(struct agent *g, bool news, int64_t now)
{
    g->empty_answers = news ? 0 : g->empty_answers + 1;
    g->status_due = g->empty_answers > 1 ? now + AGENT_CROWDED_MS : now;
}

void agent_take_status(struct agents *a, struct agent *g, struct receipt *r,
                       const struct agent_call *call)
{
    const struct receipt_status *s = &r->u.status;
    struct agent_view *v = &g->view;
    int64_t now = clock_mono(a->c.clock), asked = call->asked;
    bool instant = call->instant, held = !instant && now - asked > AGENT_HOLD_MS / 8;
    bool other = v->phase != s->phase || memcmp(&v->runs, &s->stamp, sizeof v->runs) != 0 ||
                 memcmp(v->session, r->head.session, SESSION_LEN) != 0;
    bool session = memcmp(v->session, r->head.session, SESSION_LEN) == 0;
    bool news = v->status_at == 0 || s->revision != call->after;
    if (!instant)
        ask_again(g, held || news, now);
    agents_wake_at(a, g->status_due);
    if (session && v->status_at != 0 && s->revision < v->revision)
        return; /* overtaken by a newer answer */
    if (other || v->order_sequence != s->order_sequence)
        a->changes++; /* progress alone can wait for the next look */
    /* What came at once counts from when it was asked: perhaps before what it is to prove. */
    g->instant_wanted |= !held && v->revision != s->revision && !a->c.once;
    g->hello_wanted |= other && !a->c.once; /* its digests may be others now */
    v->status_at = MAX_OF(v->status_at, held ? now : asked);
    v->revision = s->revision;
    v->phase = s->phase;
    v->failed_in = s->failed_in;
    v->order_sequence = s->order_sequence;
    v->target = s->target;
    v->previous = s->previous;
    v->done = s->done;
    v->total = s->total;
    v->failure = s->verdict.failure;
    set_text(&g->failure_text, s->verdict.text);
    set_text(&g->evidence, s->verdict.evidence);
    v->silence_ms = s->silence_ms;
    v->runs = s->stamp;
    v->lease_at = v->status_at;
    v->lease = s->lease;
    agent_facts_take(g, s);
    free(g->notes);
    g->notes = take_ptr(&r->u.status.notes);
    g->n_notes = s->n_notes;
    r->u.status.n_notes = 0;
}

void agent_no_answer(struct agents *a, struct agent *g, const struct agent_call *call,
                     const char *why)
{
    int64_t now = clock_mono(a->c.clock);
    if (call->plain || call->instant)
        return;
    if (call->kind == MSG_STATUS) {
        g->status_due = now + AGENT_RETRY_MS;
        g->hello_wanted = !a->c.once;
        if (a->c.once)
            g->view.status_at = call->asked;
        agents_wake_at(a, 0);
        return;
    }
    tried(a, g);
    str_cut(g->problem, sizeof g->problem, why);
    g->failures++;
    int64_t wait = AGENT_RETRY_MS << MIN_OF(g->failures - 1, 4u);
    int64_t most = g->interest ? AGENT_FRESH_MS : AGENT_RETRY_MAX;
    g->hello_due = now + MIN_OF(wait, most);
    if (g->failures == 1 || g->failures % 8 == 0)
        agent_ask_plain(a, g);
    agents_wake_at(a, g->hello_due);
}
