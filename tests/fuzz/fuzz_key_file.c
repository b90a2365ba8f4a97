#include "cleanup.h"
#include "fuzz_target.h"
#include "key_file.h"
#include "str.h"

/* What is taken is what packing would make, with a name and a purpose. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_buf struct buf again = BUF_INIT;
    struct key_public k;
    struct err err = ERR_INIT;

    if (key_public_parse((const char *)data, size, &k, &err) < 0) {
        FUZZ_CHECK(err.kind == ERR_FORMAT);
        return 0;
    }
    FUZZ_CHECK(trust_name_ok(k.name) && k.purpose > ROLE_NONE && k.purpose < ROLE_COUNT);
    key_public_pack(&k, &again);
    FUZZ_CHECK(again.len == size && memcmp(again.data, data, size) == 0);
    return 0;
}
