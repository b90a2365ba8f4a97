/* Payloads of receipts, after their signature was verified. The first byte is the kind and the
 * version; the rest is the payload. */
#include "codec.h"
#include "fuzz_keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct receipt r;
    auto_buf struct buf again = BUF_INIT;
    struct err err = ERR_INIT;

    if (n == 0)
        return 0;
    r.head = (struct header){.kind = (enum message_kind)(data[0] % 16),
                             .is_receipt = true,
                             .version = (uint8_t)(1 + data[0] / 16 % 2)};
    if (codec_read_receipt(data + 1, n - 1, &r, &err) < 0) {
        FUZZ_CHECK(err.kind == ERR_FORMAT || err.kind == ERR_LIMIT);
        return 0;
    }
    FUZZ_CHECK(codec_pack_receipt(&r, &again, &err) == 0);
    fuzz_same(&again, data + 1, n - 1);
    receipt_done_with(&r);
    return 0;
}
