#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "run_desk.h"
#include "str.h"

static int64_t now(void *ctx)
{
    return ((const struct run_desk *)ctx)->now;
}

static void random_bytes(void *ctx, void *p, size_t n)
{
    static unsigned char next;

    (void)ctx;
    memset(p, ++next, n);
}

static int sign(void *ctx, const char *key, const struct order *o, struct buf *ret_inner,
                struct digest *ret_digest, struct err *err)
{
    struct run_desk *d = ctx;

    (void)key;
    (void)err;
    d->signed_last = *o;
    memset(ret_digest, 0, sizeof(*ret_digest));
    return buf_add_str(ret_inner, "order");
}

static void send(void *ctx, const char *key, enum message_kind kind,
                 const unsigned char nonce[static NONCE_LEN], const struct buf *inner)
{
    struct run_desk *d = ctx;
    struct sent_order *s;

    (void)inner;
    assert_true(d->n_sent < RUN_DESK_SENT);
    s = &d->sent[d->n_sent++];
    str_cut(s->key, sizeof(s->key), key);
    s->kind = kind;
    if (kind == MSG_NOTE)
        s->note = d->signed_last.u.note;
    memcpy(s->nonce, nonce, NONCE_LEN);
}

struct run_desk *run_desk_open(enum run_state state)
{
    struct run_desk *d = xzalloc(1, sizeof(*d));

    small_fleet_init(&d->f);
    small_fleet_run(&d->f, state);
    d->now = SMALL_NOW;
    d->ports =
        (struct ports){.ctx = d, .now = now, .random = random_bytes, .sign = sign, .send = send};
    d->config = (struct run_config){.plan = &d->f.plan, .ledger = &d->f.ledger, .ports = &d->ports};
    d->run = (struct run){.config = &d->config, .world = &d->f.w};
    return d;
}

void run_desk_close(struct run_desk *d)
{
    small_fleet_free(&d->f);
    free(d);
}

unsigned run_desk_sent(const struct run_desk *d, enum message_kind kind, const char *key,
                       const struct sent_order **ret)
{
    unsigned n = 0;

    for (size_t i = 0; i < d->n_sent; i++) {
        const struct sent_order *s = &d->sent[i];

        if (s->kind != kind || (key != NULL && !str_eq(s->key, key)))
            continue;
        n++;
        if (ret != NULL)
            *ret = s;
    }
    return n;
}
