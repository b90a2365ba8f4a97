#include "agent_place.h"
#include "cleanup.h"
#include "fuzz_target.h"
#include "key_list.h"
#include "str.h"

/* An accepted list is sorted and complete, with each host and each fingerprint once. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct key_list l;
    struct err err = ERR_INIT;

    if (key_list_parse("keys", (const char *)data, size, &l, &err) < 0) {
        FUZZ_CHECK(err.kind == ERR_CONFIG);
        return 0;
    }
    FUZZ_CHECK(l.n <= KEY_LIST_HOSTS);
    for (size_t i = 0; i < l.n; i++) {
        FUZZ_CHECK(key_list_find(&l, l.items[i].host) == i);
        FUZZ_CHECK(i == 0 || strcmp(l.items[i - 1].host, l.items[i].host) < 0);
        FUZZ_CHECK(i == 0 || !str_eq(l.items[i - 1].fingerprint, l.items[i].fingerprint));
        FUZZ_CHECK(strlen(l.items[i].fingerprint) == FINGERPRINT_LEN - 1);
    }
    key_list_free(&l);
    return 0;
}
