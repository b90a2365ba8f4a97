#include "autopilot_calls.h"

#include "act_order.h"
#include "autopilot.h"
#include "lease_book.h"

#define OPERATE_MS       30000 /* a read and a write, each with its own deadline */
#define OPERATE_AGAIN_MS 15000
#define NOTE_AGAIN_MS    5000 /* servers wait for it, or the end of the run does */

struct note_call {
    char key[UUID_MAX];
    bool put, cleared;
    bool clear;       /* what was asked for last */
    int64_t asked_ms; /* 0: nothing outstanding */
    int64_t retry_ms;
    uint32_t tries;
    uint64_t sequence; /* last note order's */
    unsigned char nonce[NONCE_LEN];
};

struct autopilot_call {
    uint32_t id;
    enum autopilot_step step;  /* planned in this tick, not yet carried out */
    enum autopilot_step doing; /* outstanding with Nomad */
    int64_t asked_ms, retry_ms;
    uint32_t tries;
    bool seen; /* now: read since our last write was answered */
    struct autopilot_setting now;
    struct note_call *notes;
    size_t n_notes;
};

struct autopilot_calls {
    struct autopilot_call calls[EFFECTS_MAX]; /* by row of the ledger */
};

void autopilot_init(struct run *r)
{
    r->autopilot = xzalloc(1, sizeof(*r->autopilot));
}

void autopilot_free(struct run *r)
{
    for (size_t i = 0; r->autopilot != NULL && i < EFFECTS_MAX; i++)
        free(r->autopilot->calls[i].notes);
    free(r->autopilot);
    r->autopilot = NULL;
}

void autopilot_add(struct run *r, const struct intent *in)
{
    struct effect *e = ledger_effect_add(r->config->ledger, EFFECT_AUTOPILOT, "");

    if (e == NULL)
        return;
    str_cut(e->region, sizeof(e->region), in->host);
    run_moved(r);
}

static int64_t now_of(const struct run *r)
{
    return r->config->ports->now(r->config->ports->ctx);
}

static struct autopilot_call *call_of(struct run *r, size_t row)
{
    struct autopilot_call *c = &r->autopilot->calls[row];

    if (c->id == r->config->ledger->effects[row].id)
        return c;
    free(c->notes);
    *c = (struct autopilot_call){.id = r->config->ledger->effects[row].id};
    return c;
}

static int64_t backoff(uint32_t *tries, int64_t most)
{
    int64_t wait = (int64_t)1000 << MIN_OF(*tries, 4U);

    (*tries)++;
    return MIN_OF(wait, most);
}

static struct note_call *note_of(struct autopilot_call *c, const char *key)
{
    for (size_t i = 0; i < c->n_notes; i++)
        if (str_eq(c->notes[i].key, key))
            return &c->notes[i];
    c->notes = xrealloc(c->notes, (c->n_notes + 1) * sizeof(*c->notes));
    struct note_call *n = &c->notes[c->n_notes++];
    *n = (struct note_call){.put = false};
    str_cut(n->key, sizeof(n->key), key);
    return n;
}

static bool at_all(const struct run *r, const struct effect *e, struct autopilot_call *c,
                   bool cleared)
{
    size_t at = 0, n = 0;

    for (const char *key; (key = lease_server(r, e->region, &at)) != NULL; n++) {
        const struct note_call *note = note_of(c, key);
        if (cleared ? !note->cleared : !note->put)
            return false;
    }
    return n > 0;
}

static void tell(struct run *r, const struct effect *e, const char *text)
{
    struct ledger_region *g = ledger_region(r->config->ledger, e->region);

    if (g == NULL)
        return;
    str_cut(g->autopilot, sizeof(g->autopilot), text);
    g->dirty = true;
}

/* ---- before the commit ---- */

static void ends(struct run *r, struct effect *e, const struct autopilot_call *c)
{
    char text[160];

    autopilot_outcome(e, c->seen ? &c->now : NULL, text, sizeof(text));
    tell(r, e, text);
    e->undone = e->dirty = true;
    e->problem[0] = '\0';
    e->done_ms = now_of(r);
    r->moved = true; /* what is waited for in vain at the end is waited for no longer */
}

static void plan_row(struct run *r, size_t row, int64_t now)
{
    struct effect *e = &r->config->ledger->effects[row];
    struct autopilot_call *c = call_of(r, row);

    if (e->undo && e->undo_ms == 0) {
        e->undo_ms = now;
        run_moved(r); /* it waited for a server in flight: now it has its own time */
    }
    c->step = AUTOPILOT_NONE;
    if ((c->doing != AUTOPILOT_NONE && now < c->asked_ms + OPERATE_MS) || now < c->retry_ms)
        return;
    if (!e->undo && !e->undone && !run_may_begin(r))
        return;
    c->doing = AUTOPILOT_NONE;
    c->step = autopilot_next(e, c->seen ? &c->now : NULL);
    if (c->step == AUTOPILOT_END) {
        ends(r, e, c);
    } else if (c->step == AUTOPILOT_NOTE && at_all(r, e, c, false)) {
        e->noted = e->dirty = true;
        e->problem[0] = '\0';
        run_moved(r);
    } else if (c->step == AUTOPILOT_CLEAR && (e->before[0] == '\0' || at_all(r, e, c, true))) {
        e->note_cleared = e->dirty = true;
        r->moved = true;
    } else if (c->step == AUTOPILOT_SET) {
        e->attempts++;
        e->dirty = true;
    } else if (c->step == AUTOPILOT_RESTORE && !e->restoring) {
        e->restoring = e->dirty = true;
    }
}

void autopilot_plan(struct run *r)
{
    const struct ledger *l = r->config->ledger;

    for (size_t i = 0; i < l->n_effects; i++)
        if (l->effects[i].kind == EFFECT_AUTOPILOT && !effect_finished(&l->effects[i]))
            plan_row(r, i, now_of(r));
}

/* ---- after it ---- */

static void operate(struct run *r, const struct effect *e, struct autopilot_call *c)
{
    const struct ports *ports = r->config->ports;
    char run[2 * RUN_ID_LEN + 1];
    bool read = c->step == AUTOPILOT_READ;

    str_hex(run, r->config->ledger->run_id, RUN_ID_LEN);
    struct operate o = {
        .op = read ? OP_AUTOPILOT_READ : OP_AUTOPILOT,
        .effect = e->id,
        .region = e->region,
        .node_id = "",
        .peer_id = "",
        .eligible = c->step == AUTOPILOT_RESTORE && e->setting.cleanup,
        .index = c->step == AUTOPILOT_RESTORE ? c->now.index : e->setting.index,
        .run_hex = run,
    };
    c->doing = c->step;
    c->asked_ms = now_of(r);
    if (!read)
        c->seen = false;
    ports->operate(ports->ctx, &o);
}

static int ask_note(struct run *r, const struct effect *e, struct note_call *n, bool clear,
                    struct err *err)
{
    const struct ports *ports = r->config->ports;
    const struct host *h = r->world != NULL ? world_host(r->world, n->key) : NULL;
    autofree struct order *o = xzalloc(1, sizeof(*o));
    auto_buf struct buf inner = BUF_INIT;
    struct digest digest;
    int64_t now = now_of(r);

    if (now < n->retry_ms || (n->asked_ms > 0 && now < n->asked_ms + ANSWER_MS))
        return 0;
    if (!order_head(r, n->key, MSG_NOTE, o) || o->head.epoch == 0)
        return 0; /* no hello, no lease */
    n->sequence = MAX_OF(n->sequence, h->agent.agent_sequence) + 1;
    o->head.sequence = n->sequence;
    o->u.note.clear = n->clear = clear;
    o->u.note.slot = e->id;
    memcpy(o->u.note.run_id, r->config->ledger->run_id, RUN_ID_LEN);
    if (!clear) {
        autopilot_note(e, r->config->ledger, (char *)o->u.note.text, NOTE_MAX);
        o->u.note.len = strlen((char *)o->u.note.text);
    }
    if (ports->sign(ports->ctx, n->key, o, &inner, &digest, err) < 0)
        return err_wrap(err, "sign a note order");
    memcpy(n->nonce, o->head.nonce, NONCE_LEN);
    n->asked_ms = now;
    ports->send(ports->ctx, n->key, MSG_NOTE, o->head.nonce, &inner);
    return 0;
}

static int ask_notes(struct run *r, const struct effect *e, struct autopilot_call *c,
                     struct err *err)
{
    bool clear = c->step == AUTOPILOT_CLEAR;
    size_t at = 0;

    for (const char *key; (key = lease_server(r, e->region, &at)) != NULL;) {
        struct note_call *n = note_of(c, key);
        if ((clear ? !n->cleared : !n->put) && ask_note(r, e, n, clear, err) < 0)
            return -1;
    }
    return 0;
}

int autopilot_do(struct run *r, struct err *err)
{
    const struct ledger *l = r->config->ledger;

    for (size_t i = 0; i < l->n_effects; i++) {
        const struct effect *e = &l->effects[i];
        struct autopilot_call *c = &r->autopilot->calls[i];
        if (c->id != e->id || e->kind != EFFECT_AUTOPILOT || effect_finished(e))
            continue;
        if (c->step == AUTOPILOT_READ || c->step == AUTOPILOT_SET || c->step == AUTOPILOT_RESTORE)
            operate(r, e, c);
        else if (c->step == AUTOPILOT_NOTE || c->step == AUTOPILOT_CLEAR) {
            if (ask_notes(r, e, c, err) < 0)
                return -1;
        }
        c->step = AUTOPILOT_NONE;
    }
    return 0;
}

/* ---- answers ---- */

static void was_read(struct run *r, struct effect *e, struct autopilot_call *c,
                     const struct autopilot_setting *now)
{
    bool was = e->done;

    c->seen = true;
    c->now = *now;
    c->tries = 0;
    if (!autopilot_learn(e, now))
        return;
    e->dirty = true;
    if (e->done && !was)
        tell(r, e,
             e->attempts > 0 ? "off while servers are changed"
                             : "it was off before, and is left so");
    run_moved(r);
}

static void operated(struct run *r, struct effect *e, struct autopilot_call *c,
                     const struct event *ev)
{
    bool read = c->doing == AUTOPILOT_READ, restore = c->doing == AUTOPILOT_RESTORE;

    if (ev->op != (read ? OP_AUTOPILOT_READ : OP_AUTOPILOT))
        return; /* of a question that was given up */
    c->doing = AUTOPILOT_NONE;
    r->moved = true;
    str_cut(e->problem, sizeof(e->problem), ev->ok ? "" : ev->text);
    e->refused = ev->final;
    if (!read) {
        e->done_ms = now_of(r);
        e->dirty = true;
        if (ev->unwritten && !restore)
            autopilot_unwritten(e);
    }
    if (!ev->ok)
        c->retry_ms = now_of(r) + backoff(&c->tries, OPERATE_AGAIN_MS);
    else if (read && ev->ok)
        was_read(r, e, c, &ev->setting);
}

static void noted(struct run *r, struct effect *e, struct note_call *n, const struct event *ev)
{
    n->asked_ms = 0;
    if (ev->kind == EV_RECEIPT)
        n->sequence = MAX_OF(n->sequence, ev->receipt->u.done.last_sequence);
    if (ev->kind == EV_RECEIPT && ev->receipt->u.done.refusal == REFUSAL_NONE) {
        n->put = n->put || !n->clear;
        n->cleared = n->cleared || n->clear;
        n->tries = 0;
        r->moved = true;
        return;
    }
    if (ev->kind == EV_RECEIPT && (ev->receipt->u.done.refusal == REFUSAL_LEASE ||
                                   ev->receipt->u.done.refusal == REFUSAL_EPOCH))
        lease_refused(r, n->key);
    n->retry_ms = now_of(r) + backoff(&n->tries, NOTE_AGAIN_MS);
    const struct host *h = r->world != NULL ? world_host(r->world, n->key) : NULL;
    snprintf(e->problem, sizeof(e->problem), "the agent of %s did not %s the note: %s",
             h != NULL ? h->name : n->key, n->clear ? "clear" : "take",
             ev->kind == EV_RECEIPT ? refusal_name(ev->receipt->u.done.refusal) : "no answer");
}

static void each_note(struct run *r, struct effect *e, struct autopilot_call *c,
                      const struct event *ev)
{
    for (size_t i = 0; i < c->n_notes; i++)
        if ((c->notes[i].asked_ms > 0 || ev->kind == EV_RECEIPT) &&
            str_eq(c->notes[i].key, ev->key) &&
            memcmp(c->notes[i].nonce, ev->nonce, NONCE_LEN) == 0)
            noted(r, e, &c->notes[i], ev);
}

void autopilot_event(struct run *r, const struct event *ev)
{
    struct ledger *l = r->config->ledger;

    for (size_t i = 0; i < l->n_effects; i++) {
        struct autopilot_call *c = &r->autopilot->calls[i];
        if (c->id == 0 || c->id != l->effects[i].id || l->effects[i].kind != EFFECT_AUTOPILOT)
            continue;
        if (ev->kind != EV_OPERATED)
            each_note(r, &l->effects[i], c, ev);
        else if (ev->effect == c->id && c->doing != AUTOPILOT_NONE)
            operated(r, &l->effects[i], c, ev);
    }
}
