#include "shell_ports.h"

#include "nomad_operate.h"
#include "str.h"

void shell_init(struct shell *s, struct console *c, struct ledger_store *store,
                const struct stored_release *release)
{
    memset(s, 0, sizeof *s);
    s->console = c;
    s->store = store;
    s->release = release;
    s->last = &s->operated;
}

void shell_done(struct shell *s)
{
    agent_event_free(&s->current);
    while (s->operated != NULL) {
        struct shell_operated *next = s->operated->next;
        free(s->operated);
        s->operated = next;
    }
    s->last = &s->operated;
}

static int64_t shell_now(void *ctx)
{
    const struct shell *s = ctx;
    return clock_mono(s->console->clock);
}

static void shell_random(void *ctx, void *p, size_t n)
{
    (void)ctx;
    crypto_random(p, n);
}

static int shell_commit(void *ctx, struct ledger *l, struct err *err)
{
    struct shell *s = ctx;
    if (ledger_store_commit(s->store, l, err) < 0)
        return -1;
    /* What was decided waits for what comes of it; at the end, for every host's last word. */
    observer_stir(s->console->observer, l->state == RUN_VERIFYING);
    return 0;
}

static int shell_sign(void *ctx, const char *key, const struct order *o, struct buf *ret_inner,
                      struct digest *ret_digest, struct err *err)
{
    struct shell *s = ctx;
    return agents_sign(s->console->agents, key, o, ret_inner, ret_digest, err);
}

static void shell_send(void *ctx, const char *key, enum message_kind kind,
                       const unsigned char nonce[static NONCE_LEN], const struct buf *inner)
{
    struct shell *s = ctx;
    agents_send(s->console->agents, key, kind, nonce, inner->data, inner->len);
}

static void operated(void *ctx, uint32_t effect, bool ok, const char *why)
{
    struct shell *s = ctx;
    struct shell_operated *o = xzalloc(1, sizeof *o);
    o->effect = effect;
    o->ok = ok;
    str_cut(o->why, sizeof o->why, why);
    *s->last = o;
    s->last = &o->next;
}

static void shell_operate(void *ctx, const struct operate *o)
{
    struct shell *s = ctx;
    struct nomad_base base;
    observer_speaker(s->console->observer, o->region, &base);
    nomad_operate(s->console->nomad, &base, o, operated, s);
}

static void shell_interest(void *ctx, const char *const *keys, size_t n)
{
    struct shell *s = ctx;
    observer_interest(s->console->observer, keys, n);
}

/* What cannot be filled stays empty: the host refuses an order without a manifest. */
static void shell_stage_order(void *ctx, const char *key, struct order_stage *ret)
{
    const struct shell *s = ctx;
    const struct world *w = observer_world(s->console->observer);
    const struct host *h = w != NULL ? world_host(w, key) : NULL;
    struct err err = ERR_INIT;
    memset(ret, 0, sizeof *ret);
    if (h == NULL || s->release == NULL ||
        release_stage(s->release, h->agent.os, h->agent.arch, ret, &err) < 0)
        return;
    ret->speed_min = (uint32_t)MIN_OF(s->console->conf.speed_min, (uint64_t)UINT32_MAX);
    ret->deadline_ms = (uint32_t)s->console->conf.stage_deadline_ms;
}

static bool take_operated(struct shell *s, struct event *ret)
{
    struct shell_operated *o = s->operated;
    if (o == NULL)
        return false;
    s->operated = o->next;
    if (s->operated == NULL)
        s->last = &s->operated;
    str_cut(s->text, sizeof s->text, o->why);
    *ret = (struct event){.kind = EV_OPERATED, .effect = o->effect, .ok = o->ok, .text = s->text};
    free(o);
    return true;
}

static bool take_agent(struct shell *s, struct event *ret)
{
    agent_event_free(&s->current);
    if (!agents_next(s->console->agents, &s->current))
        return false;
    const struct agent_event *e = &s->current;
    *ret = (struct event){.kind = e->receipt != NULL ? EV_RECEIPT : EV_NO_ANSWER,
                          .key = e->key,
                          .order = e->kind,
                          .asked_ms = e->asked_ms,
                          .receipt = e->receipt,
                          .text = e->text};
    memcpy(ret->nonce, e->nonce, NONCE_LEN);
    return true;
}

static bool take_control(struct shell *s, struct event *ret)
{
    enum control what;
    if (!control_read(&s->console->signals, &what))
        return false;
    *ret = (struct event){.kind = EV_CONTROL, .control = what};
    return true;
}

static bool take_world(struct shell *s, struct event *ret)
{
    const struct world *w = observer_take(s->console->observer);
    if (w == NULL)
        return false;
    *ret = (struct event){.kind = EV_WORLD, .world = w};
    return true;
}

static int shell_next(void *ctx, int64_t until_ms, struct event *ret, struct err *err)
{
    struct shell *s = ctx;
    for (bool looked = false;; looked = true) {
        if (take_control(s, ret) || take_operated(s, ret) || take_agent(s, ret) ||
            take_world(s, ret))
            return 0;
        if (looked && shell_now(s) >= until_ms)
            break;
        if (console_wait(s->console, until_ms, err) < 0)
            return -1;
    }
    *ret = (struct event){.kind = EV_TIMEOUT};
    return 0;
}

struct ports shell_ports(struct shell *s)
{
    return (struct ports){.ctx = s,
                          .now = shell_now,
                          .random = shell_random,
                          .commit = shell_commit,
                          .sign = shell_sign,
                          .send = shell_send,
                          .operate = shell_operate,
                          .interest = shell_interest,
                          .stage_order = shell_stage_order,
                          .next = shell_next};
}
