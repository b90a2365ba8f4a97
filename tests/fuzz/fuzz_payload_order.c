/* Payloads of orders, after their signature was verified. The first byte is the kind and the
 * version; the rest is the payload. */
#include "codec.h"
#include "fuzz_keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct order o;
    auto_buf struct buf again = BUF_INIT;
    struct err err = ERR_INIT;

    if (n == 0)
        return 0;
    o.head = (struct header){.kind = (enum message_kind)(data[0] % 16),
                             .version = (uint8_t)(1 + data[0] / 16 % 2)};
    if (codec_read_order(data + 1, n - 1, &o, &err) < 0) {
        FUZZ_CHECK(err.kind == ERR_FORMAT || err.kind == ERR_LIMIT);
        return 0;
    }
    FUZZ_CHECK(codec_pack_order(&o, &again, &err) == 0);
    fuzz_same(&again, data + 1, n - 1);
    return 0;
}
