#include "cleanup.h"
#include "fuzz_target.h"
#include "operators.h"

/* The value of [law] operators in root's own agent.conf. The text that reports it parses to the
 * same list. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autofree char *text = fuzz_text(data, size);
    struct err err = ERR_INIT;
    struct operators o, again;
    char told[TEXT_MAX];

    if (operators_parse(text, &o, &err) < 0) {
        FUZZ_CHECK(err.kind == ERR_CONFIG);
        return 0;
    }
    FUZZ_CHECK(o.n <= KEYS_MAX);
    for (size_t i = 0; i < o.n; i++)
        FUZZ_CHECK(trust_name_ok(o.names[i]));
    operators_text(&o, told);
    FUZZ_CHECK(strlen(told) < TEXT_MAX);
    if (strlen(told) == TEXT_MAX - 1)
        return 0; /* the text may have been cut */
    FUZZ_CHECK(operators_parse(told, &again, &err) == 0 && again.n == o.n);
    for (size_t i = 0; i < o.n; i++)
        FUZZ_CHECK(strcmp(again.names[i], o.names[i]) == 0);
    return 0;
}
