#include "fuzz_target.h"
#include "record.h"

/* The target writes the right last line, so that the lines above it are parsed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autofree struct record *r = xzalloc(1, sizeof(*r));
    auto_buf struct buf again = BUF_INIT;
    struct err err = ERR_INIT;

    if (size > RECORD_MAX)
        return 0;
    if (record_parse_body((const char *)data, size, r, &err) < 0) {
        FUZZ_CHECK(err.kind == ERR_FORMAT);
        return 0;
    }
    FUZZ_CHECK(r->phase < PHASE_COUNT && r->verdict.failure < FAILURE_COUNT);
    record_text(r, &again);
    FUZZ_CHECK(again.len > size && memcmp(again.data, data, size) == 0);
    FUZZ_CHECK(record_parse(again.data, again.len, r, &err) == 0);
    return 0;
}
