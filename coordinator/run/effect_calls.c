#include "effect_calls.h"

#include "orders_sent.h"
#include "effects.h"
#include "lease_book.h"

#define CLEAR_MS 10000 /* for one server's agent to remove its note of EFFECT_AUTOPILOT */

struct effect_call {
    uint32_t id;
    enum effect_step step; /* planned in this tick, or outstanding */
    struct call call;
    size_t server;    /* EFFECT_AUTOPILOT: where lease_server continues */
    int64_t since_ms; /* EFFECT_AUTOPILOT: when the present server was asked first */
};

struct effect_calls {
    struct effect_call calls[EFFECTS_MAX]; /* same index as the effects of the ledger */
};

void effects_init(struct run *r)
{
    r->calls = xzalloc(1, sizeof(*r->calls));
}

void effects_free(struct run *r)
{
    free(r->calls);
    r->calls = NULL;
}

static int64_t now_of(const struct run *r)
{
    return r->config->ports->now(r->config->ports->ctx);
}

static struct effect_call *call_of(struct run *r, size_t row)
{
    struct effect_call *c = &r->calls->calls[row];

    if (c->id != r->config->ledger->effects[row].id)
        *c = (struct effect_call){.id = r->config->ledger->effects[row].id};
    return c;
}

static bool effect_host_is_gone(const struct run *r, const char *key)
{
    const struct ledger_host *h = ledger_host_const(r->config->ledger, key);
    return h != NULL && h->state == HOST_GONE;
}

void effects_single(struct run *r, struct ledger_host *lh, const struct intent *in)
{
    enum effect_kind kind = in->kind == INTENT_TRANSFER      ? EFFECT_TRANSFER
                            : in->kind == INTENT_REMOVE_PEER ? EFFECT_REMOVE_PEER
                                                             : EFFECT_FORCE_LEAVE;
    struct effect *e = ledger_effect_add(r->config->ledger, kind, lh->key);

    if (e == NULL)
        return;
    str_cut(e->before, sizeof(e->before), lh->key);
    str_cut(e->ours, sizeof(e->ours), kind == EFFECT_TRANSFER ? in->peer : in->member);
    e->note_cleared = true;
    if (kind == EFFECT_TRANSFER)
        lh->transfers++;
    else
        lh->attempts++;
    lh->dirty = true;
    run_moved(r);
}

/* The host's own stop has done this effect: the run only notes it and undoes it. */
bool effects_give_back(struct run *r, struct ledger_host *lh)
{
    const struct host *h = world_host(r->world, lh->key);
    struct effect *e = ledger_effect(r->config->ledger, EFFECT_ELIGIBILITY, lh->key);

    if (e != NULL || h == NULL)
        return true;
    e = ledger_effect_add(r->config->ledger, EFFECT_ELIGIBILITY, lh->key);
    if (e == NULL)
        return false;
    snprintf(e->before, sizeof(e->before), "{\"eligible\":true,\"draining\":false}");
    effect_own_drain(h, e->ours, sizeof(e->ours));
    e->done = e->undo = true;
    e->attempts = 1;
    return true;
}

/* ---- before the commit ---- */

/* Each server's agent of the region keeps a note of EFFECT_AUTOPILOT. Chooses the next server to
 * ask; returns false when all have been asked. */
static bool next_server(struct run *r, struct effect *e, struct effect_call *c)
{
    const char *key = lease_server(r, e->region, &c->server);

    str_cut(e->key, sizeof(e->key), key != NULL ? key : "");
    c->since_ms = now_of(r);
    return key != NULL;
}

/* A silent agent does not hold the run up: `caravan status` shows the note that it keeps. */
static bool all_servers_asked(struct run *r, struct effect *e, struct effect_call *c, int64_t now)
{
    return (e->key[0] == '\0' || now - c->since_ms > CLEAR_MS) && !next_server(r, e, c);
}

static void plan_step(struct run *r, size_t row, int64_t now)
{
    struct effect *e = &r->config->ledger->effects[row];
    struct effect_call *c = call_of(r, row);

    if (!call_due(&c->call, now))
        return;
    c->step = STEP_NONE;
    c->call.outstanding = false;
    bool past = e->kind == EFFECT_AUTOPILOT;
    /* To remove a server that has stopped continues while the run ends, as the host's turn does. */
    bool ends = effect_is_single(e->kind) && e->kind != EFFECT_TRANSFER;
    if (!ends && !e->undo && !e->undone && !past && !run_may_begin(r))
        return;
    if (past ? !e->note_cleared && all_servers_asked(r, e, c, now)
             : e->undone && effect_host_is_gone(
                                r, e->key)) { /* there is no agent that could clear the note */
        e->note_cleared = e->dirty = true;
        return;
    }
    c->step =
        effect_next(e, r->config->ledger, r->world != NULL ? world_host(r->world, e->key) : NULL,
                    effect_host_is_gone(r, e->key), c->call.asked_ms, now);
    if (c->step == STEP_UNDONE) {
        e->undone = e->dirty = true;
        run_moved(r);
    }
    if (c->step == STEP_DO) {
        e->attempts++;
        e->dirty = true;
    }
}

void effects_plan(struct run *r)
{
    int64_t now = now_of(r);

    for (size_t i = 0; i < r->config->ledger->n_effects; i++)
        if (!effect_finished(&r->config->ledger->effects[i]))
            plan_step(r, i, now);
}

/* ---- after the commit ---- */

static bool is_note(const struct effect_call *c)
{
    return c->step == STEP_NOTE || c->step == STEP_CLEAR;
}

static int put_note(struct run *r, const struct effect *e, struct effect_call *c, struct err *err)
{
    const struct host *h = r->world != NULL ? world_host(r->world, e->key) : NULL;
    autofree struct order *o = xzalloc(1, sizeof(*o));

    o->head.kind = MSG_NOTE;
    o->head.sequence = MAX_OF(c->call.sequence, h != NULL ? h->agent.hello.agent_sequence : 0) + 1;
    o->u.note.clear = c->step == STEP_CLEAR;
    o->u.note.slot = e->id;
    memcpy(o->u.note.run_id, r->config->ledger->run_id, RUN_ID_LEN);
    if (!o->u.note.clear) {
        effect_note(e, r->config->ledger, (char *)o->u.note.text, NOTE_MAX);
        o->u.note.len = strlen((char *)o->u.note.text);
    }
    int rv = order_send(r, e->key, o, &c->call, err);
    if (rv == 1) { /* the agent has sent no hello, or the run does not hold its lease */
        c->step = STEP_NONE;
        c->call.retry_ms = now_of(r) + CALL_FIRST_MS;
    }
    return MIN_OF(rv, 0);
}

static enum operation operation_of(const struct effect *e, const struct effect_call *c)
{
    static const enum operation single[] = {[EFFECT_TRANSFER] = OP_TRANSFER,
                                            [EFFECT_REMOVE_PEER] = OP_REMOVE_PEER,
                                            [EFFECT_FORCE_LEAVE] = OP_FORCE_LEAVE};

    if (effect_is_single(e->kind))
        return single[e->kind];
    return c->step == STEP_DO ? OP_DRAIN : OP_UNDRAIN;
}

static void begin_operation(struct run *r, const struct effect *e, struct effect_call *c)
{
    const struct ports *ports = r->config->ports;
    const struct plan_host *p = plan_host(r->config->plan, e->key);
    const struct host *h = r->world != NULL ? world_host(r->world, e->key) : NULL;
    bool node = !effect_is_single(e->kind) && h != NULL && h->node_id[0] != '\0';
    char run[2 * RUN_ID_LEN + 1];

    str_hex(run, r->config->ledger->run_id, RUN_ID_LEN);
    struct nomad_operation o = {
        .op = operation_of(e, c),
        .effect = e->id,
        .region = p != NULL ? p->region : "",
        .node_id = node ? h->node_id : e->key,
        .peer_id = e->ours,
        .member = e->ours,
        .eligible = true,
        .deadline_ms = r->config->plan->policy.drain_deadline_ms,
        .run_hex = run,
    };
    call_begin(&c->call, ports->now(ports->ctx), CALL_ANSWER_MS);
    ports->operate(ports->ctx, &o);
}

int effects_do(struct run *r, struct err *err)
{
    struct ledger *l = r->config->ledger;

    for (size_t i = 0; i < l->n_effects; i++) {
        struct effect_call *c = &r->calls->calls[i];
        if (c->id != l->effects[i].id || c->call.outstanding || c->step == STEP_NONE ||
            c->step == STEP_UNDONE)
            continue;
        if (!is_note(c))
            begin_operation(r, &l->effects[i], c);
        else if (put_note(r, &l->effects[i], c, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- answers ---- */

static void end_step(struct run *r, struct effect_call *c, bool ok)
{
    c->step = STEP_NONE;
    if (ok)
        call_succeeded(&c->call);
    else
        call_failed(&c->call, now_of(r));
}

static void end_note(struct run *r, struct effect *e, struct effect_call *c, const struct event *ev)
{
    if (ev->kind == EV_RECEIPT)
        c->call.sequence = MAX_OF(c->call.sequence, ev->receipt->u.done.last_sequence);
    if (ev->kind == EV_NO_ANSWER || ev->receipt->u.done.refusal != REFUSAL_NONE) {
        if (ev->kind == EV_RECEIPT)
            lease_refused_by(r, e->key, ev->receipt->u.done.refusal);
        end_step(r, c, false);
        return;
    }
    if (c->step == STEP_NOTE)
        e->noted = true;
    else
        e->note_cleared = e->kind != EFFECT_AUTOPILOT || !next_server(r, e, c);
    end_step(r, c, true);
    e->dirty = true;
    run_moved(r);
}

static void end_operation(struct run *r, struct effect *e, struct effect_call *c,
                          const struct event *ev)
{
    bool begun = c->step == STEP_DO;

    e->done_ms = now_of(r);
    e->dirty = true;
    if (effect_is_single(e->kind)) { /* accepted or not: the next observation shows the result */
        e->done = ev->ok;
        e->undo = true;
    } else if (ev->ok && begun) {
        e->done = true;
    } else if (!ev->ok) {
        end_step(r, c, false);
        return;
    }
    end_step(r, c, true);
    if (begun)
        run_moved(r); /* an undo counts when an observation shows it */
}

void effects_event(struct run *r, const struct event *ev)
{
    struct ledger *l = r->config->ledger;

    for (size_t i = 0; i < l->n_effects; i++) {
        struct effect_call *c = &r->calls->calls[i];
        if (c->id == 0 || c->id != l->effects[i].id || !c->call.outstanding)
            continue;
        if (ev->kind == EV_OPERATED && !is_note(c) && ev->effect == c->id)
            end_operation(r, &l->effects[i], c, ev);
        else if (ev->kind != EV_OPERATED && is_note(c) && str_eq(ev->key, l->effects[i].key) &&
                 call_is(&c->call, ev->nonce))
            end_note(r, &l->effects[i], c, ev);
    }
}
