#include "cleanup.h"
#include "fuzz_target.h"
#include "stop_commands.h"

/* After a command that takes something away, further commands do not change the result. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autofree char *text = fuzz_text(data, size), *more = NULL;

    (void)!stop_takes_away(text);
    FUZZ_CHECK(asprintf(&more, "ExecStop=/bin/rm -r /x; %s", text) >= 0);
    FUZZ_CHECK(stop_takes_away(more));
    return 0;
}
