#include "order_desk.h"
#include "str.h"

static struct keypair *key_of(unsigned char n)
{
    unsigned char seed[32] = {n};
    return keypair_from_seed(seed);
}

static void name_key(struct trust *t, enum role role, const struct keypair *k)
{
    struct role_keys *r = &t->roles[role];
    r->threshold = 1;
    r->keys[r->n++] = *keypair_public(k);
}

void desk_open(struct desk *d)
{
    struct err err = ERR_INIT;
    if (crypto_init(&err) < 0)
        abort();
    memset(d, 0, sizeof(*d));
    d->host = key_of(1);
    d->operator= key_of(2);
    d->other_operator = key_of(3);
    d->observer = key_of(4);
    d->stranger = key_of(5);
    memset(d->session, 0x5e, sizeof(d->session));
    memset(d->trust.cluster, 0xc1, CLUSTER_ID_LEN);
    d->trust.version = 1;
    d->trust.solo = true;
    str_cut(d->trust.name, sizeof(d->trust.name), "desk");
    name_key(&d->trust, ROLE_ROOT, d->operator);
    name_key(&d->trust, ROLE_RELEASE, d->operator);
    name_key(&d->trust, ROLE_OPERATOR, d->operator);
    name_key(&d->trust, ROLE_OPERATOR, d->other_operator);
    name_key(&d->trust, ROLE_OBSERVER, d->observer);
}

void desk_close(struct desk *d)
{
    keypair_free(d->host);
    keypair_free(d->operator);
    keypair_free(d->other_operator);
    keypair_free(d->observer);
    keypair_free(d->stranger);
}

void desk_trust_file(const struct desk *d, struct buf *ret)
{
    auto_buf struct buf body = BUF_INIT;
    struct err err = ERR_INIT;
    const struct keypair *keys[] = {d->operator};
    if (trust_pack(&d->trust, &body, &err) < 0 ||
        container_pack(CONTAINER_TRUST, body.data, body.len, keys, 1, ret, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
}

struct order *desk_order(const struct desk *d, enum message_kind kind, uint64_t epoch,
                         uint64_t sequence)
{
    struct order *o = xzalloc(1, sizeof(*o));
    o->head.kind = kind;
    o->head.version = kind == MSG_HELLO ? 1 : WIRE_MAX;
    memcpy(o->head.cluster, d->trust.cluster, CLUSTER_ID_LEN);
    o->head.receiver = *keypair_public(d->host);
    crypto_random(o->head.nonce, NONCE_LEN);
    if (message_owner(kind) != OWNER_NOBODY)
        memcpy(o->head.session, d->session, SESSION_LEN);
    o->head.epoch = epoch;
    o->head.sequence = sequence;
    return o;
}

void desk_manifest(struct order_stage *st, const struct keypair *by, const struct manifest *m)
{
    const struct keypair *keys[] = {by};
    auto_buf struct buf body = BUF_INIT;
    auto_buf struct buf file = BUF_INIT;
    struct err err = ERR_INIT;

    if (manifest_pack(m, &body, &err) < 0 ||
        container_pack(CONTAINER_MANIFEST, body.data, body.len, keys, 1, &file, &err) < 0)
        abort();
    memcpy(st->manifest, file.data, file.len);
    st->manifest_len = file.len;
}

void desk_stage(struct order_stage *st, const struct keypair *by, const char *arch, uint64_t size,
                const struct digest *digest)
{
    struct manifest m = {.version = "1.1.0", .created_s = 1, .n_builds = 1};

    m.builds[0] = (struct build){.os = "linux",
                                 .packing = PACKING_BARE,
                                 .fetch_size = size,
                                 .fetch_digest = *digest,
                                 .size = size,
                                 .digest = *digest};
    str_cut(m.builds[0].arch, sizeof(m.builds[0].arch), arch);
    desk_manifest(st, by, &m);
}

void desk_lease(const struct desk *d, enum lease_op op, uint64_t epoch, uint64_t time_ms,
                struct buf *ret_inner)
{
    autofree struct order *o = desk_order(d, MSG_LEASE, epoch, 0);

    o->head.time_ms = time_ms;
    o->u.lease = (struct order_lease){.op = op, .run_id = {'a'}, .ttl_ms = 120000};
    desk_inner(o, d->operator, ret_inner);
}

void desk_inner(const struct order *o, const struct keypair *by, struct buf *ret_inner)
{
    struct err err = ERR_INIT;
    buf_clear(ret_inner);
    if (envelope_sign_order(o, by, ret_inner, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
}

void desk_seal(const struct desk *d, const struct buf *inner, struct buf *ret_frame)
{
    struct err err = ERR_INIT;
    buf_clear(ret_frame);
    if (envelope_seal(inner->data, inner->len, keypair_public(d->host), ret_frame, &err) < 0)
        abort();
}

void desk_frame(const struct desk *d, const struct order *o, const struct keypair *by,
                struct buf *ret_inner, struct buf *ret_frame)
{
    desk_inner(o, by, ret_inner);
    desk_seal(d, ret_inner, ret_frame);
}

struct receipt *desk_receipt(const struct desk *d, const struct keypair *by,
                             const struct buf *inner, const void *frame, size_t n, struct err *err)
{
    auto_buf struct buf opened = BUF_INIT;
    enum frame_format format;
    struct verified order, v;

    if (envelope_verify(inner->data, inner->len, &order, err) < 0 ||
        envelope_open(frame, n, by, INNER_RECEIPT_MAX, &opened, &format, err) < 0 ||
        envelope_verify(opened.data, opened.len, &v, err) < 0 ||
        envelope_answers(&v, &order.head, &order.digest, keypair_public(d->host), err) < 0)
        return NULL;
    struct receipt *r = xzalloc(1, sizeof(*r));
    r->head = v.head;
    if (codec_read_receipt(v.payload, v.payload_len, r, err) < 0) {
        free(r);
        return NULL;
    }
    return r;
}
