#include "cleanup.h"
#include "command_line.h"
#include "config_files.h"
#include "config_trial.h"
#include "fuzz_target.h"
#include "str.h"

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

/* What a new binary prints about its configuration files, with the file names that people know. */
static void put_back(const uint8_t *data, size_t size)
{
    static const struct config_files files = {.n = 2, .names = {"/etc/nomad.d/a.hcl", "/b.hcl"}};
    autofree char *text = fuzz_text(data, size);
    auto_buf struct buf said = BUF_INIT;

    config_files_put_back(&files, text, &said);
    for (const char *at = buf_str(&said); (at = strstr(at, TRIAL_DIR "/")) != NULL;) {
        at += sizeof(TRIAL_DIR);
        FUZZ_CHECK(strspn(at, "0123456789") != 3 || strtoul(at, NULL, 10) >= files.n);
    }
    FUZZ_CHECK(strstr(text, TRIAL_DIR) != NULL || str_eq(buf_str(&said), text));
}

/* The first half is the command in a unit; the second half is the command line that runs. */
static void next_start(const char *words, size_t n)
{
    size_t half = n / 2;
    struct command_line_start s = command_line_of_start(words, half, words + half, n - half);

    FUZZ_CHECK(s.n == 0 || s.words == words || s.words == words + half);
    FUZZ_CHECK(s.n > 0 || s.why != NULL);
    FUZZ_CHECK(s.words != words || s.why != NULL || memchr(words, '$', half) == NULL);
}

static void value_of(const char *words, size_t n)
{
    const char *value = command_line_value(words, n, "dc", false);

    FUZZ_CHECK(value == NULL || (value > words && value < words + n));
    FUZZ_CHECK(value == NULL || memchr(value, 0, (size_t)(words + n - value)) != NULL);
}

/* The bytes of /proc/PID/cmdline, perhaps cut. A process can change its own command line. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *words = (const char *)data;

    paths_of(words, size);
    put_back(data, size);
    next_start(words, size);
    value_of(words, size);
    FUZZ_CHECK(!command_line_is_agent(words, size) || size >= sizeof("agent"));
    FUZZ_CHECK(!command_line_has(words, size, "dev") || memmem(words, size, "-dev", 4) != NULL);
    return 0;
}
