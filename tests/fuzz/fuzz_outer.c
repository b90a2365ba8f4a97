/*
 * The outer frame. First byte even: the rest is a frame from a stranger. Odd: the target seals the
 * rest in a proper frame; opening the frame must give the same bytes.
 */
#include "envelope.h"
#include "fuzz_keys.h"

static void from_a_stranger(const uint8_t *p, size_t n)
{
    auto_buf struct buf inner = BUF_INIT, again = BUF_INIT;
    struct err err = ERR_INIT;
    enum frame_format format;

    if (envelope_open(p, n, fuzz_key(2), INNER_ORDER_MAX, &inner, &format, &err) < 0) {
        FUZZ_CHECK(err.kind != ERR_NONE && inner.len == 0);
        return;
    }
    FUZZ_CHECK(inner.len <= INNER_ORDER_MAX);
    if (format == FRAME_PLAIN) {
        FUZZ_CHECK(envelope_plain(inner.data, inner.len, &again, &err) == 0);
        fuzz_same(&again, p, n);
    }
}

static void there_and_back(const uint8_t *p, size_t n)
{
    auto_buf struct buf frame = BUF_INIT, inner = BUF_INIT;
    struct err err = ERR_INIT;
    enum frame_format format;

    if (envelope_seal(p, n, keypair_public(fuzz_key(2)), &frame, &err) < 0) {
        FUZZ_CHECK(n > INNER_RECEIPT_MAX);
        return;
    }
    FUZZ_CHECK(envelope_open(frame.data, frame.len, fuzz_key(2), INNER_RECEIPT_MAX, &inner, &format,
                             &err) == 0);
    FUZZ_CHECK(format == FRAME_SEALED);
    fuzz_same(&inner, p, n);
    FUZZ_CHECK(n == 0 ||
               envelope_open(frame.data, frame.len, fuzz_key(2), n - 1, &inner, &format, &err) < 0);
}

FUZZ_TWO_WAYS(from_a_stranger, there_and_back)
