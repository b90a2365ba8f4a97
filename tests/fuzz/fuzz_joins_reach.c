#include "facts_joins.h"
#include "fuzz_target.h"

/* Whatever the list is, the question goes to an address with a port. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autofree char *text = fuzz_text(data, size);
    struct joins_asked asked;

    joins_ask(text, &asked);
    FUZZ_CHECK(asked.n <= FETCH_PEERS_MAX);
    for (uint32_t i = 0; i < asked.n; i++)
        FUZZ_CHECK(strlen(asked.addresses[i]) > 5 &&
                   strcmp(strrchr(asked.addresses[i], ':'), ":4647") == 0);
    return 0;
}
