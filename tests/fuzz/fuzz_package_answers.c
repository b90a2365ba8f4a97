#include "cleanup.h"
#include "fuzz_target.h"
#include "package_owner.h"
#include "str.h"

static void check_word(const char *s)
{
    FUZZ_CHECK(strnlen(s, 64) < 64 && strchr(s, '\n') == NULL);
}

/* The output of dpkg-query and rpm, and a version lock file, which root reads. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autofree char *text = fuzz_text(data, size);
    char owner[64], diverted[64], name[64], full[64], version[32];

    package_read_search(text, owner, diverted);
    check_word(owner);
    check_word(diverted);
    package_read_file(text, name, full);
    check_word(name);
    check_word(full);
    FUZZ_CHECK(str_starts(full, name) && strchr(name, ' ') == NULL);
    bool held = package_read_want(text, version);
    FUZZ_CHECK(strnlen(version, sizeof(version)) < sizeof(version));
    FUZZ_CHECK(!held || str_starts(text, "hold "));
    FUZZ_CHECK(!package_is_locked(text, "nomad") || strstr(text, "nomad") != NULL);
    return 0;
}
