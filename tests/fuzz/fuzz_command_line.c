#include "cleanup.h"
#include "command_line.h"
#include "config_trial.h"
#include "fuzz_target.h"

static void paths_of(const char *words, size_t n)
{
    const char *paths[CONFIG_TRIAL_PATHS], *why = NULL;
    bool more = false;
    size_t count = config_trial_paths(words, n, paths, &more, &why);

    FUZZ_CHECK(count <= CONFIG_TRIAL_PATHS && (count > 0 || why != NULL));
    for (size_t i = 0; i < count; i++) {
        FUZZ_CHECK(paths[i] > words && paths[i] < words + n && paths[i][0] == '/');
        FUZZ_CHECK(memchr(paths[i], 0, (size_t)(words + n - paths[i])) != NULL);
    }
}

/* The bytes of /proc/PID/cmdline, perhaps cut off: a process writes its own. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *words = (const char *)data;

    paths_of(words, size);
    FUZZ_CHECK(!command_line_is_agent(words, size) || size >= sizeof("agent"));
    FUZZ_CHECK(!command_line_has(words, size, "dev") || memmem(words, size, "-dev", 4) != NULL);
    return 0;
}
