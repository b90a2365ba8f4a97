#include "cleanup.h"
#include "fuzz_target.h"
#include "http_range.h"
#include "str.h"

/* Whatever the request is, the part is within the body and never longer than the body. */
static void check(const char *text, uint64_t size)
{
    struct http_range r = http_range_of(text, size);

    switch (r.kind) {
    case HTTP_RANGE_WHOLE:
        FUZZ_CHECK(r.first == 0 && r.last == (size > 0 ? size - 1 : 0));
        break;
    case HTTP_RANGE_PART:
        FUZZ_CHECK(str_starts(text, "bytes=") && size > 0);
        FUZZ_CHECK(r.first <= r.last && r.last < size);
        break;
    case HTTP_RANGE_OUTSIDE:
        FUZZ_CHECK(str_starts(text, "bytes=") && r.first == 0 && r.last == 0);
        break;
    default:
        FUZZ_CHECK(false);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t sizes[] = {0, 1, 10, 150 << 20, UINT64_MAX};
    autofree char *text = fuzz_text(data, size);

    for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
        check(text, sizes[i]);
    return 0;
}
