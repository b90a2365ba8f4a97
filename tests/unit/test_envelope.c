#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "codec.h"
#include "envelope.h"
#include "message_samples.h"

static struct keypair *key_of(unsigned char first)
{
    unsigned char seed[32] = {first};
    return keypair_from_seed(seed);
}

/* A signed order of one kind: most tests start with it. */
static void make(enum message_kind kind, const struct keypair *from, const struct keypair *to,
                 struct order *o, struct buf *inner)
{
    struct samples s = {.state = 7, .small = true};
    struct err err = ERR_INIT;
    sample_header(&s, kind, false, &o->head);
    o->head.receiver = *keypair_public(to);
    sample_order(&s, kind, o);
    assert_int_equal(envelope_sign_order(o, from, inner, &err), 0);
}

static void test_every_message_survives_the_way(void **state)
{
    struct samples s = {.state = 8, .small = true};
    auto_keypair struct keypair *from = key_of(1);
    auto_keypair struct keypair *to = key_of(2);
    struct err err = ERR_INIT;
    (void)state;
    for (enum message_kind k = MSG_HELLO; k < MSG_KIND_COUNT; k++) {
        auto_buf struct buf inner = BUF_INIT, frame = BUF_INIT, opened = BUF_INIT;
        enum frame_format format = FRAME_PLAIN;
        struct verified v;
        struct receipt r, back;
        memset(&r, 0, sizeof(r));
        sample_header(&s, k, true, &r.head);
        sample_receipt(&s, k, &r);
        assert_int_equal(envelope_sign_receipt(&r, from, &inner, &err), 0);
        assert_int_equal(envelope_seal(inner.data, inner.len, keypair_public(to), &frame, &err), 0);
        assert_int_equal(frame.len, OUTER_HEADER_LEN + inner.len + SEAL_OVERHEAD);
        assert_int_equal(
            envelope_open(frame.data, frame.len, to, INNER_RECEIPT_MAX, &opened, &format, &err), 0);
        assert_int_equal(format, FRAME_SEALED);
        assert_int_equal(opened.len, inner.len);
        assert_memory_equal(opened.data, inner.data, inner.len);
        assert_int_equal(envelope_verify(opened.data, opened.len, &v, &err), 0);
        r.head.sender = *keypair_public(from);
        assert_memory_equal(&v.head, &r.head, sizeof(r.head));
        back.head = v.head;
        assert_int_equal(codec_read_receipt(v.payload, v.payload_len, &back, &err), 0);
        receipt_done_with(&r);
        receipt_done_with(&back);
    }
}

static void test_each_byte_is_signed(void **state)
{
    auto_keypair struct keypair *from = key_of(1);
    auto_keypair struct keypair *to = key_of(2);
    auto_buf struct buf inner = BUF_INIT;
    struct order o = {.head = {.kind = MSG_NONE}};
    struct err err = ERR_INIT;
    struct verified v;
    (void)state;
    make(MSG_SWAP, from, to, &o, &inner);
    assert_int_equal(envelope_verify(inner.data, inner.len, &v, &err), 0);
    for (size_t i = 0; i < inner.len; i++) {
        inner.data[i] ^= 1;
        if (envelope_verify(inner.data, inner.len, &v, &err) == 0)
            fail_msg("byte %zu can be changed", i);
        inner.data[i] ^= 1;
    }
    for (size_t n = 0; n < inner.len; n++)
        assert_int_equal(envelope_verify(inner.data, n, &v, &err), -1);
    assert_int_equal(buf_add_byte(&inner, 0), 0);
    assert_int_equal(envelope_verify(inner.data, inner.len, &v, &err), -1);
    assert_int_equal(err.kind, ERR_FORMAT);
}

static void test_a_signature_means_one_thing(void **state)
{
    /* The same signed bytes are not accepted as another kind, direction or version. */
    static const char *const domains[] = {"caravan/cancel/v2", "caravan/swap-receipt/v2",
                                          "caravan/swap/v1", "caravan/manifest/v1", ""};
    auto_keypair struct keypair *from = key_of(1);
    auto_buf struct buf inner = BUF_INIT;
    struct order o = {.head = {.kind = MSG_NONE}};
    struct err err = ERR_INIT;
    struct verified v;
    (void)state;
    make(MSG_SWAP, from, from, &o, &inner);
    for (size_t i = 0; i < ARRAY_LEN(domains); i++) {
        crypto_sign_bytes(from, domains[i], inner.data, inner.len - SIG_LEN,
                          inner.data + inner.len - SIG_LEN);
        assert_int_equal(envelope_verify(inner.data, inner.len, &v, &err), -1);
        assert_int_equal(err.kind, ERR_CRYPTO);
    }
    crypto_sign_bytes(from, "caravan/swap/v2", inner.data, inner.len - SIG_LEN,
                      inner.data + inner.len - SIG_LEN);
    assert_int_equal(envelope_verify(inner.data, inner.len, &v, &err), 0);
}

static void test_kinds_and_versions(void **state)
{
    auto_keypair struct keypair *key = key_of(1);
    auto_buf struct buf inner = BUF_INIT;
    struct err err = ERR_INIT;
    struct header h = {.kind = MSG_HELLO, .version = 2};
    (void)state;
    assert_int_equal(envelope_sign(&h, "", 0, key, &inner, &err), -1); /* hello keeps version 1 */
    assert_int_equal(err.kind, ERR_FORMAT);
    h = (struct header){.kind = MSG_KIND_COUNT, .version = 1};
    assert_int_equal(envelope_sign(&h, "", 0, key, &inner, &err), -1);
    h = (struct header){.kind = MSG_NONE, .version = 1};
    assert_int_equal(envelope_sign(&h, "", 0, key, &inner, &err), -1);
    h = (struct header){.kind = MSG_SWAP, .version = 0};
    assert_int_equal(envelope_sign(&h, "", 0, key, &inner, &err), -1);
    h = (struct header){.kind = MSG_SWAP, .version = 1};
    autofree char *large = xzalloc(1, ORDER_PAYLOAD_MAX + 1);
    assert_int_equal(envelope_sign(&h, large, ORDER_PAYLOAD_MAX + 1, key, &inner, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_int_equal(inner.len, 0);
    assert_int_equal(envelope_sign(&h, large, ORDER_PAYLOAD_MAX, key, &inner, &err), 0);
    assert_int_equal(inner.len, INNER_ORDER_MAX);
}

static void test_the_seal(void **state)
{
    auto_keypair struct keypair *from = key_of(1);
    auto_keypair struct keypair *to = key_of(2);
    auto_buf struct buf inner = BUF_INIT, frame = BUF_INIT, opened = BUF_INIT, again = BUF_INIT;
    struct order o = {.head = {.kind = MSG_NONE}};
    struct err err = ERR_INIT;
    enum frame_format format = FRAME_PLAIN;
    (void)state;
    make(MSG_STAGE, from, to, &o, &inner);
    assert_int_equal(envelope_seal(inner.data, inner.len, keypair_public(to), &frame, &err), 0);
    assert_int_equal(
        envelope_open(frame.data, frame.len, from, INNER_ORDER_MAX, &opened, &format, &err), -1);
    assert_int_equal(err.kind, ERR_CRYPTO);
    for (size_t i = 0; i < frame.len; i += i < 16 ? 1 : 13) {
        frame.data[i] ^= 1;
        assert_int_equal(
            envelope_open(frame.data, frame.len, to, INNER_ORDER_MAX, &opened, &format, &err), -1);
        frame.data[i] ^= 1;
    }
    for (size_t n = 0; n < frame.len; n += n < 16 ? 1 : 13)
        assert_int_equal(envelope_open(frame.data, n, to, INNER_ORDER_MAX, &opened, &format, &err),
                         -1);
    assert_int_equal(
        envelope_open(frame.data, frame.len, to, inner.len - 1, &opened, &format, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_int_equal(opened.len, 0);
    assert_int_equal(format, FRAME_PLAIN);
    /* Sealing the same bytes twice gives different frames of the same content. */
    assert_int_equal(envelope_seal(inner.data, inner.len, keypair_public(to), &again, &err), 0);
    assert_memory_not_equal(frame.data + OUTER_HEADER_LEN, again.data + OUTER_HEADER_LEN,
                            again.len - OUTER_HEADER_LEN);
    assert_int_equal(envelope_open(again.data, again.len, to, inner.len, &opened, &format, &err),
                     0);
    assert_memory_equal(opened.data, inner.data, inner.len);
}

static void test_only_enrolment_is_plain(void **state)
{
    auto_keypair struct keypair *from = key_of(1);
    auto_buf struct buf hello = BUF_INIT, swap = BUF_INIT, frame = BUF_INIT, out = BUF_INIT;
    struct order o = {.head = {.kind = MSG_NONE}};
    struct err err = ERR_INIT;
    enum frame_format format = FRAME_SEALED;
    struct header h = {.kind = MSG_HELLO, .version = 1};
    (void)state;
    assert_int_equal(envelope_sign(&h, "\x92\x01\x01", 3, from, &hello, &err), 0);
    assert_int_equal(envelope_plain(hello.data, hello.len, &frame, &err), 0);
    assert_int_equal(
        envelope_open(frame.data, frame.len, from, INNER_ORDER_MAX, &out, &format, &err), 0);
    assert_int_equal(format, FRAME_PLAIN);
    assert_int_equal(out.len, hello.len);

    make(MSG_SWAP, from, from, &o, &swap);
    assert_int_equal(envelope_plain(swap.data, swap.len, &out, &err), -1);
    make(MSG_HELLO, from, from, &o, &swap); /* a hello to one particular host */
    assert_int_equal(envelope_plain(swap.data, swap.len, &out, &err), -1);
    assert_int_equal(err.kind, ERR_FORMAT);

    /* The receiving side checks this too, whoever made the frame. */
    frame.data[OUTER_HEADER_LEN] = MSG_SWAP;
    assert_int_equal(
        envelope_open(frame.data, frame.len, from, INNER_ORDER_MAX, &out, &format, &err), -1);
    frame.data[OUTER_HEADER_LEN] = MSG_HELLO;
    frame.data[OUTER_HEADER_LEN + 50] = 1; /* the receiver */
    assert_int_equal(
        envelope_open(frame.data, frame.len, from, INNER_ORDER_MAX, &out, &format, &err), -1);
    assert_int_equal(err.kind, ERR_FORMAT);
}

static void test_answers(void **state)
{
    auto_keypair struct keypair *asker = key_of(1);
    auto_keypair struct keypair *host = key_of(2);
    auto_keypair struct keypair *other = key_of(3);
    auto_buf struct buf inner = BUF_INIT;
    struct order o = {.head = {.kind = MSG_NONE}};
    struct err err = ERR_INIT;
    struct verified order;
    (void)state;
    make(MSG_SWAP, asker, host, &o, &inner);
    assert_int_equal(envelope_verify(inner.data, inner.len, &order, &err), 0);

    const struct verified good = {.head = {.kind = MSG_SWAP,
                                           .is_receipt = true,
                                           .version = WIRE_MAX,
                                           .sender = *keypair_public(host),
                                           .receiver = *keypair_public(asker),
                                           .order = order.digest}};
    struct verified r[9];
    for (size_t i = 0; i < ARRAY_LEN(r); i++) {
        r[i] = good;
        memcpy(r[i].head.cluster, order.head.cluster, CLUSTER_ID_LEN);
        memcpy(r[i].head.nonce, order.head.nonce, NONCE_LEN);
    }
    r[1].head.is_receipt = false;
    r[2].head.kind = MSG_REVERT;
    r[3].head.cluster[0] ^= 1;
    r[4].head.sender = *keypair_public(other);
    r[5].head.receiver = *keypair_public(other);
    r[6].head.nonce[15] ^= 1;
    r[7].head.order.bytes[31] ^= 1;
    r[8].head.version = 1;
    assert_int_equal(
        envelope_answers(&r[0], &order.head, &order.digest, keypair_public(host), &err), 0);
    assert_int_equal(envelope_answers(&r[4], &order.head, &order.digest, NULL, &err), 0);
    for (size_t i = 1; i < ARRAY_LEN(r); i++) {
        assert_int_equal(
            envelope_answers(&r[i], &order.head, &order.digest, keypair_public(host), &err), -1);
        assert_int_equal(err.kind, ERR_CRYPTO);
    }
}

static int start(void **state)
{
    struct err err = ERR_INIT;
    (void)state;
    return crypto_init(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_message_survives_the_way),
        cmocka_unit_test(test_each_byte_is_signed),
        cmocka_unit_test(test_a_signature_means_one_thing),
        cmocka_unit_test(test_kinds_and_versions),
        cmocka_unit_test(test_the_seal),
        cmocka_unit_test(test_only_enrolment_is_plain),
        cmocka_unit_test(test_answers),
    };
    return cmocka_run_group_tests_name("envelope", tests, start, NULL);
}
