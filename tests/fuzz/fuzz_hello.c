/*
 * The answer to the hello of enrolment, when the coordinator knows nothing about the other side.
 * First byte even: the rest is a frame from a stranger. Odd: the rest is the payload of a receipt
 * that a stranger has correctly signed, with a key of its own, and sealed.
 */
#include "envelope.h"
#include "fuzz_keys.h"
#include "hello_plain.h"

static void answer(const uint8_t *p, size_t n, bool by_rule)
{
    autofree struct receipt *r = xzalloc(1, sizeof(*r));
    auto_buf struct buf inner = BUF_INIT, frame = BUF_INIT;
    struct header order = {.kind = MSG_HELLO, .version = 1};
    struct digest digest;
    struct pubkey who;
    struct err err = ERR_INIT;

    memset(&digest, 7, sizeof(digest));
    order.sender = *keypair_public(fuzz_key(1));
    struct header head = order;
    head.is_receipt = true;
    head.receiver = order.sender;
    head.order = digest;
    if (by_rule && (envelope_sign(&head, p, n, fuzz_key(2), &inner, &err) < 0 ||
                    envelope_seal(inner.data, inner.len, &order.sender, &frame, &err) < 0))
        return;
    if (!by_rule)
        (void)buf_add(&frame, p, n);
    if (hello_plain_read(frame.data, frame.len, fuzz_key(1), &order, &digest, &who, r, &err) < 0) {
        FUZZ_CHECK(err.kind != ERR_NONE);
        return;
    }
    FUZZ_CHECK(by_rule && pubkey_eq(&who, keypair_public(fuzz_key(2))));
    receipt_done_with(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n > 0)
        answer(data + 1, n - 1, data[0] % 2 != 0);
    return 0;
}
