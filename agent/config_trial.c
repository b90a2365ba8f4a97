#include "config_trial.h"
#include <sys/stat.h>
#include "file.h"
#include "spawn.h"
#include "str.h"

#define TRIAL_MS    10000
#define CMDLINE_MAX (16 * 1024)
#define REJECTED    1 /* exit status; 127 is an unknown command */

static const char *option_value(const char *word)
{
    static const char *const names[] = {"-config=", "--config="};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (str_starts(word, names[i]))
            return word + strlen(names[i]);
    }
    return NULL;
}

static bool is_option(const char *word)
{
    return str_eq(word, "-config") || str_eq(word, "--config");
}

/* The next word, NULL at the end. */
static const char *next_word(const char **at, const char *end)
{
    const char *word = *at;

    if (word >= end)
        return NULL;
    *at = word + strlen(word) + 1;
    return word;
}

size_t config_trial_paths(const char *cmdline, size_t n,
                          const char *ret_paths[static CONFIG_TRIAL_PATHS])
{
    const char *at = cmdline, *end = cmdline + n, *word;
    size_t count = 0;

    if (n == 0 || cmdline[n - 1] != '\0' || next_word(&at, end) == NULL)
        return 0;
    word = next_word(&at, end);
    if (word == NULL || !str_eq(word, "agent"))
        return 0;
    while ((word = next_word(&at, end)) != NULL) {
        const char *path = is_option(word) ? next_word(&at, end) : option_value(word);

        /* A relative path is relative to a directory that is not ours. */
        if (path == NULL || path[0] != '/' || count == CONFIG_TRIAL_PATHS)
            return 0;
        ret_paths[count++] = path;
    }
    return count;
}

static int run(const char *binary, const char *const *paths, size_t n, const struct stat *owner,
               struct spawn_result *ret, struct err *err)
{
    const char *argv[CONFIG_TRIAL_PATHS + 4] = {binary, "config", "validate"};
    struct spawn s = {.argv = argv,
                      .deadline_ms = TRIAL_MS,
                      .out_max = CMDLINE_MAX,
                      .drop = geteuid() == 0,
                      .uid = owner->st_uid,
                      .gid = owner->st_gid,
                      .pass_fd = -1};

    memcpy(argv + 3, paths, n * sizeof(paths[0]));
    return spawn_run(&s, clock_system(), ret, err);
}

bool config_trial_rejects(const char *binary, pid_t main_pid, char ret_text[static TEXT_MAX])
{
    auto_buf struct buf cmdline = BUF_INIT;
    auto_buf struct buf said = BUF_INIT;
    const char *paths[CONFIG_TRIAL_PATHS];
    struct spawn_result r = {.out = BUF_INIT};
    struct err err = ERR_INIT;
    struct stat owner;
    char path[64];
    bool rejected;
    size_t n;

    snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)main_pid);
    if (main_pid <= 0 || stat(path, &owner) < 0 ||
        file_read(path, CMDLINE_MAX, 0, &cmdline, &err) < 0)
        return false;
    n = config_trial_paths((const char *)cmdline.data, cmdline.len, paths);
    if (n == 0 || run(binary, paths, n, &owner, &r, &err) < 0)
        return false;
    rejected = r.exit_code == REJECTED;
    str_escape(&said, buf_str(&r.out), MIN_OF(r.out.len, (size_t)160));
    snprintf(ret_text, TEXT_MAX, "the new binary rejects the configuration: %.200s",
             buf_str(&said));
    buf_free(&r.out);
    return rejected;
}
