#include "cleanup.h"
#include "fuzz_target.h"
#include "unit_files.h"
#include "str.h"

/* A unit file that somebody else wrote and root reads. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char program[] = "/bin/nomad";
    autofree char *text = fuzz_text(data, size);
    enum tri starts = unit_text_starts(text, program);

    FUZZ_CHECK(starts == TRI_NO ||
               (strstr(text, "ExecStart") != NULL && strstr(text, program) != NULL));
    FUZZ_CHECK(starts != TRI_YES || strstr(text, "agent") != NULL);
    return 0;
}
