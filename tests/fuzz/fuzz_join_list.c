#include "cleanup.h"
#include "fuzz_target.h"
#include "join_list.h"

/* If the list contains the server's own address, the other entries change nothing. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autofree char *text = fuzz_text(data, size), *more = NULL;
    const struct host h = {.addr = "10.0.0.1"};

    (void)!join_list_names(text, &h);
    FUZZ_CHECK(asprintf(&more, "%s,10.0.0.1:4648", text) >= 0);
    FUZZ_CHECK(join_list_names(more, &h) == TRI_YES);
    return 0;
}
