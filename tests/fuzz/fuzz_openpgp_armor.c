#include "fuzz_target.h"
#include "openpgp_armor.h"

/* The result is never longer than the input; after a failure the result is empty. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    for (int kind = OPENPGP_KEYS; kind <= OPENPGP_SIGNATURES; kind++) {
        auto_buf struct buf out = BUF_INIT;
        struct err err = ERR_INIT;
        int rc = openpgp_dearmor((enum openpgp_kind)kind, text, size, &out, &err);
        FUZZ_CHECK(rc == 0 ? out.len > 0 && out.len <= size
                           : out.len == 0 && err.kind == ERR_FORMAT);
    }
    free(text);
    return 0;
}
