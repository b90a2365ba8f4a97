#include "swap_bench.h"
#include "model_swap.h"
#include "scratch_dir.h"
#include "str.h"

#define STEPS_MAX 3000

void swap_bench_open(struct swap_bench *b)
{
    struct err err = ERR_INIT;

    memset(b, 0, sizeof(*b));
    b->dir = scratch_open();
    desk_open(&b->desk);
    model_open(&b->m, "new");
    model_swap(&b->s, &b->m, &b->desk);
    b->s.law = (struct law){.url_prefixes = "https://good.example/", .gap_ms = 30000};
    snprintf(b->s.trust_path, sizeof(b->s.trust_path), "%.150s/trust", b->dir);
    if (model_swap_open(&b->s, model_phases(NULL), &err) < 0)
        abort();
}

void swap_bench_close(struct swap_bench *b)
{
    phases_close(&b->s.phases);
    desk_close(&b->desk);
    scratch_close(b->dir);
    buf_free(&b->inner);
}

/* ---- orders ---- */

struct order *swap_bench_order(const struct swap_bench *b, enum message_kind kind, uint64_t epoch,
                               uint64_t sequence)
{
    struct order *o = desk_order(&b->desk, kind, epoch, sequence);

    o->head.time_ms = (uint64_t)b->m.uptime_ms + 8000;
    return o;
}

/* A bare build of "new" for this machine. */
static void put_manifest(const char *version, int64_t created_s, const struct keypair *by,
                         struct order_stage *st)
{
    struct manifest m = {.created_s = created_s, .n_builds = 1};
    struct build *build = &m.builds[0];

    str_cut(m.version, sizeof(m.version), version);
    *build = (struct build){
        .os = "linux", .packing = PACKING_BARE, .size = MODEL_BINARY, .fetch_size = MODEL_BINARY};
    str_cut(build->arch, sizeof(build->arch), go_arch());
    model_digest("new", &build->digest);
    build->fetch_digest = build->digest;
    desk_manifest(st, by, &m);
}

static struct order *stage_of(const struct swap_bench *b, uint64_t epoch, uint64_t sequence,
                              const char *version, int64_t created_s, const struct keypair *by)
{
    struct order *o = swap_bench_order(b, MSG_STAGE, epoch, sequence);
    struct order_stage *st = &o->u.stage;

    put_manifest(version, created_s, by, st);
    st->n_urls = 1;
    str_cut(st->urls[0], sizeof(st->urls[0]), "https://good.example/nomad");
    return o;
}

struct order *swap_bench_stage(const struct swap_bench *b, uint64_t epoch, uint64_t sequence)
{
    return stage_of(b, epoch, sequence, "1.1.0", 1, b->desk.operator);
}

struct order *swap_bench_stage_of(const struct swap_bench *b, uint64_t sequence,
                                  const char *version, int64_t created_s, const struct keypair *by)
{
    return stage_of(b, 1, sequence, version, created_s, by);
}

struct order *swap_bench_swap(const struct swap_bench *b, uint64_t epoch, uint64_t sequence)
{
    struct order *o = swap_bench_order(b, MSG_SWAP, epoch, sequence);

    o->u.swap = (struct order_swap){.on_not_ready = ON_REVERT, .hold_ms = 100, .deadline_ms = 2000};
    model_digest("new", &o->u.swap.digest);
    return o;
}

static void unname(struct role_keys *r, const struct pubkey *key)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < r->n; i++)
        if (!pubkey_eq(&r->keys[i], key))
            r->keys[n++] = r->keys[i];
    r->n = n;
}

struct order *swap_bench_revoke(const struct swap_bench *b, const struct keypair *who)
{
    struct order *o = desk_order(&b->desk, MSG_TRUST, 0, 0);
    struct desk next = b->desk;
    auto_buf struct buf file = BUF_INIT;

    next.trust = b->s.trust;
    next.trust.version++;
    for (int role = 0; role < ROLE_COUNT; role++)
        unname(&next.trust.roles[role], keypair_public(who));
    desk_trust_file(&next, &file);
    memcpy(o->u.trust.file, file.data, file.len);
    o->u.trust.len = file.len;
    return o;
}

/* ---- their receipts and effects ---- */

enum refusal swap_bench_again(struct swap_bench *b, const struct buf *inner,
                              const struct buf *lease)
{
    const struct swap_packet p = {inner->data, inner->len, lease->data, lease->len};
    auto_buf struct buf answer = BUF_INIT;
    autofree struct receipt *r = xzalloc(1, sizeof(*r));
    struct verified v;
    struct err err = ERR_INIT;

    swap_answer_order(&b->s, &p, &answer);
    if (answer.len == 0)
        return REFUSAL_COUNT;
    if (envelope_verify(answer.data, answer.len, &v, &err) < 0)
        abort();
    r->head = v.head;
    if (codec_read_receipt(v.payload, v.payload_len, r, &err) < 0)
        abort();
    b->done = r->u.done;
    return b->done.refusal;
}

enum refusal swap_bench_say(struct swap_bench *b, struct order *o, const struct keypair *by,
                            const struct buf *lease)
{
    auto_buf struct buf own = BUF_INIT;

    desk_lease(&b->desk, LEASE_RENEW, o->head.epoch, (uint64_t)b->m.uptime_ms + 8000, &own);
    desk_inner(o, by, &b->inner);
    free(o);
    return swap_bench_again(b, &b->inner, lease != NULL ? lease : &own);
}

void swap_bench_step(struct swap_bench *b)
{
    struct phases *p = &b->s.phases;

    b->m.uptime_ms = MAX_OF(b->m.uptime_ms + 1, p->now.wake_ms);
    phases_step(p);
}

enum phase swap_bench_rest(struct swap_bench *b)
{
    struct phases *p = &b->s.phases;

    for (int i = 0; phases_works(p); i++) {
        if (i == STEPS_MAX)
            abort();
        swap_bench_step(b);
    }
    return p->rec.phase;
}

int swap_bench_set_up(void **state)
{
    struct swap_bench *b = xzalloc(1, sizeof(*b));

    swap_bench_open(b);
    *state = b;
    return 0;
}

int swap_bench_tear_down(void **state)
{
    swap_bench_close(*state);
    free(*state);
    return 0;
}
