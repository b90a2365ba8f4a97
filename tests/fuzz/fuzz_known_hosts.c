#include "cleanup.h"
#include "fuzz_target.h"
#include "known_hosts.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct known_hosts k;
    struct err err = ERR_INIT;

    if (known_hosts_parse("known_hosts", (const char *)data, size, &k, &err) < 0) {
        FUZZ_CHECK(err.kind == ERR_CONFIG || err.kind == ERR_FORMAT || err.kind == ERR_CRYPTO);
        return 0;
    }
    for (size_t i = 0; i < k.n; i++) {
        struct boxkey box;
        (void)!known_host_box(&k.items[i], &box, &err);
        FUZZ_CHECK(known_hosts_find(&k, k.items[i].id) == &k.items[i]);
        FUZZ_CHECK(i == 0 || strcmp(k.items[i - 1].id, k.items[i].id) < 0);
    }
    known_hosts_free(&k);
    return 0;
}
