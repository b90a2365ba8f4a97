/*
 * The inner bytes. First byte even: header and payload are the input; the target writes the right
 * sender and signature, so that bytes can only be refused for their form. Odd: the target changes
 * nothing; then only bytes that were really signed may be accepted (the corpus contains such).
 */
#include "codec.h"
#include "envelope.h"
#include "fuzz_keys.h"

#define AT_SENDER 18

static void sign(struct buf *b)
{
    const struct keypair *key = fuzz_key(1);
    const struct header h = {.kind = (enum message_kind)(b->data[0] & 0x7f),
                             .is_receipt = (b->data[0] & 0x80) != 0,
                             .version = b->data[1]};
    char domain[DOMAIN_MAX];

    envelope_domain(&h, domain);
    memcpy(b->data + AT_SENDER, keypair_public(key)->bytes, KEY_LEN);
    crypto_sign_bytes(key, domain, b->data, b->len - SIG_LEN, b->data + b->len - SIG_LEN);
}

static void read_payload(const struct verified *v)
{
    struct err err = ERR_INIT;
    struct order o;
    struct receipt r;

    if (!v->head.is_receipt) {
        o.head = v->head;
        (void)!codec_read_order(v->payload, v->payload_len, &o, &err);
        return;
    }
    r.head = v->head;
    if (codec_read_receipt(v->payload, v->payload_len, &r, &err) == 0)
        receipt_done_with(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    auto_buf struct buf inner = BUF_INIT, again = BUF_INIT;
    struct err err = ERR_INIT;
    struct verified v;

    if (n == 0)
        return 0;
    (void)buf_add(&inner, data + 1, n - 1);
    bool resigned = data[0] % 2 == 0 && inner.len >= INNER_HEADER_LEN + SIG_LEN;
    if (resigned)
        sign(&inner);
    if (envelope_verify(inner.data, inner.len, &v, &err) < 0) {
        FUZZ_CHECK(err.kind == ERR_FORMAT || err.kind == ERR_LIMIT ||
                   (err.kind == ERR_CRYPTO && !resigned));
        return 0;
    }
    if (resigned) {
        FUZZ_CHECK(envelope_sign(&v.head, v.payload, v.payload_len, fuzz_key(1), &again, &err) ==
                   0);
        fuzz_same(&again, inner.data, inner.len);
    }
    read_payload(&v);
    return 0;
}
