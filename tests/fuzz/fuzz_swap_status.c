#include "fuzz_target.h"
#include "swap_status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autofree struct swap_status *v = xzalloc(1, sizeof(*v));
    auto_buf struct buf again = BUF_INIT;
    struct err err = ERR_INIT;

    if (swap_status_parse(data, size, v, &err) < 0) {
        FUZZ_CHECK(err.kind == ERR_FORMAT || err.kind == ERR_LIMIT);
        return 0;
    }
    FUZZ_CHECK(v->status.n_notes == 0 && v->status.n_log <= LOG_LINES_MAX);
    FUZZ_CHECK(swap_status_pack(v, &again, &err) == 0);
    FUZZ_CHECK(again.len == size && memcmp(again.data, data, size) == 0);
    return 0;
}
