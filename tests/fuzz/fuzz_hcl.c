#include "fuzz_target.h"
#include "hcl.h"
#include "str.h"

static uint32_t lines_before(const char *text, const char *end)
{
    uint32_t n = 1;

    for (; text < end; text++)
        n += *text == '\n';
    return n;
}

static void is_within(const char *from, const struct hcl *h)
{
    FUZZ_CHECK(h->n == 0 || (h->at >= from && h->at + h->n <= h->next));
    FUZZ_CHECK((h->kind != HCL_WORD || h->n > 0) && (h->kind != HCL_SIGN || h->n == 0));
    FUZZ_CHECK(h->kind != HCL_WORD || memchr(h->at, '\n', h->n) == NULL);
}

/* Every token comes after the one before it. Reading again from the start of a token gives the same
 * token. */
static void walk(const char *text, size_t size, struct hcl h)
{
    size_t tokens = 0;

    for (;;) {
        struct hcl before = h, again;
        enum hcl_kind kind = hcl_next(&h);

        FUZZ_CHECK(kind == h.kind && h.next <= h.end && h.end == text + size);
        FUZZ_CHECK(h.line == lines_before(text, h.next));
        if (kind == HCL_END)
            break;
        FUZZ_CHECK(h.next > before.next && ++tokens <= size);
        is_within(before.next, &h);
        again = hcl_of_text(before.next, (size_t)(before.end - before.next), before.form);
        FUZZ_CHECK(hcl_next(&again) == kind && again.next == h.next && again.n == h.n);
    }
    FUZZ_CHECK(h.next == h.end && hcl_next(&h) == HCL_END);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = size > 0 ? (const char *)data : "";

    walk(text, size, hcl_of_text(text, size, HCL_NATIVE));
    walk(text, size, hcl_of_text(text, size, HCL_PLAIN));
    walk(text, size, hcl_of_file(text, size));
    return 0;
}
