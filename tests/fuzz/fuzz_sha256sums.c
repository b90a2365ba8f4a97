#include <string.h>
#include "fuzz_target.h"
#include "sha256sums.h"
#include "vendor_names.h"

/* Every line is inside the text. The digest that is found for the name of a line is the digest of
 * that line. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size), name[300];
    const char *at = text, *end = text + size;
    struct sum_line line;
    struct digest found;
    struct err err = ERR_INIT;

    for (int rc = 1; rc > 0;) {
        const char *before = at;
        rc = sha256sums_next(&at, end, &line, &err);
        FUZZ_CHECK(at >= before && at <= end && (rc > 0) == (at > before));
        FUZZ_CHECK(rc >= 0 || err.kind == ERR_FORMAT);
        if (rc <= 0 || line.name_len >= sizeof(name))
            continue;
        FUZZ_CHECK(line.name > before && line.name + line.name_len <= at);
        snprintf(name, sizeof(name), "%.*s", (int)line.name_len, line.name);
        if (sha256sums_find(text, size, name, &found, &err) == 0)
            FUZZ_CHECK(digest_eq(&found, &line.digest));
    }
    struct build_target targets[4];
    size_t n = vendor_targets(text, size, "2.0.5", targets, 4);
    FUZZ_CHECK(n <= 4);
    for (size_t i = 0; i < n; i++) {
        vendor_zip_name(name, "2.0.5", targets[i].os, targets[i].arch);
        FUZZ_CHECK(memmem(text, size, name, strlen(name)) != NULL);
    }
    free(text);
    return 0;
}
