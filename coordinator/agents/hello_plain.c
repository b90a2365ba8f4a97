#include "hello_plain.h"

#include "codec.h"
#include "envelope.h"

#define HELLO_MAX (64 * 1024) /* bytes of a frame, sealed or not */

int hello_plain(const struct trust *t, const struct keypair *key, struct header *ret,
                struct digest *ret_digest, struct buf *ret_frame, struct err *err)
{
    auto_buf struct buf inner = BUF_INIT;
    autofree struct order *o = xzalloc(1, sizeof(*o));
    o->head.kind = MSG_HELLO;
    o->head.version = 1;
    o->head.sender = *keypair_public(key);
    memcpy(o->head.cluster, t->cluster, CLUSTER_ID_LEN);
    crypto_random(o->head.nonce, sizeof(o->head.nonce));
    o->u.hello = (struct order_hello){.wire_min = WIRE_MIN, .wire_max = WIRE_MAX};
    if (envelope_sign_order(o, key, &inner, err) < 0 ||
        envelope_plain(inner.data, inner.len, ret_frame, err) < 0)
        return -1;
    crypto_digest(inner.data, inner.len, ret_digest);
    *ret = o->head;
    return 0;
}

int hello_plain_read(const void *frame, size_t n, const struct keypair *key,
                     const struct header *order, const struct digest *digest,
                     struct pubkey *ret_key, struct receipt *ret, struct err *err)
{
    auto_buf struct buf inner = BUF_INIT;
    enum frame_format format = FRAME_PLAIN;
    struct verified v;
    if (n > HELLO_MAX)
        return err_set(err, ERR_LIMIT, 0, "the answer is larger than %d bytes", HELLO_MAX);
    if (envelope_open(frame, n, key, INNER_RECEIPT_MAX, &inner, &format, err) < 0 ||
        envelope_verify(inner.data, inner.len, &v, err) < 0 ||
        envelope_answers(&v, order, digest, &v.head.sender, err) < 0)
        return -1;
    memset(ret, 0, sizeof(*ret));
    ret->head = v.head;
    if (codec_read_receipt(v.payload, v.payload_len, ret, err) < 0)
        return -1;
    *ret_key = v.head.sender;
    return 0;
}
