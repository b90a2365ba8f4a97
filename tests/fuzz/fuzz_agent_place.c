#include "agent_place.h"
#include "address.h"
#include "cleanup.h"
#include "err.h"
#include "fuzz_target.h"
#include "str.h"

/* An accepted text is an address, and the name that is made for it parses to the same place. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autofree char *text = xalloc(size + 1);
    struct agent_place p, again;
    struct address a;
    struct err err = ERR_INIT;

    memcpy(text, data, size);
    text[size] = '\0';
    if (agent_place(text, &p, &err) < 0) {
        FUZZ_CHECK(err.kind == ERR_USAGE);
        return 0;
    }
    FUZZ_CHECK(address_parse(p.ip, &a));
    FUZZ_CHECK(agent_place(p.name, &again, &err) == 0);
    FUZZ_CHECK(str_eq(p.address, again.address) && str_eq(p.ip, again.ip));
    return 0;
}
