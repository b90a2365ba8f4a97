#include "cleanup.h"
#include "fuzz_target.h"
#include "unit_files.h"
#include "str.h"

/* A unit file of somebody else's, read by root. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char program[] = "/bin/nomad";
    autofree char *text = fuzz_text(data, size);
    bool starts = unit_text_starts(text, program);

    FUZZ_CHECK(!starts || (strstr(text, "ExecStart") != NULL && strstr(text, program) != NULL));
    return 0;
}
