#include "config_trial.h"
#include <errno.h>
#include <sys/stat.h>
#include "command_line.h"
#include "config_files.h"
#include "file.h"
#include "str.h"
#include "version.h"

#define CMDLINE_MAX (16 * 1024)
#define REJECTED    1 /* exit status; 127 means an unknown command */
#define FIRST       "1.3.0"

static const char *find_option_value(const char *word)
{
    static const char *const names[] = {"-config=", "--config="};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (str_starts(word, names[i]))
            return word + strlen(names[i]);
    }
    return NULL;
}

static bool is_config_option(const char *word)
{
    return str_eq(word, "-config") || str_eq(word, "--config");
}

/* Takes the next word; NULL: there is none. */
static const char *take_next_argument(const char **at, const char *end)
{
    const char *word = *at;

    if (word >= end)
        return NULL;
    *at = word + strlen(word) + 1;
    return word;
}

/* Why this path cannot be used; NULL: it can. */
static const char *explain_path_fault(const char *path, size_t count)
{
    if (path == NULL)
        return "the last -config names no path";
    if (strchr(path, '$') != NULL)
        return "a -config path contains a variable";
    if (path[0] != '/')
        return "a -config path is relative";
    return count == CONFIG_TRIAL_PATHS ? "there are too many -config paths" : NULL;
}

size_t config_trial_paths(const char *words, size_t n,
                          const char *ret_paths[static CONFIG_TRIAL_PATHS], bool *ret_more,
                          const char **ret_why)
{
    const char *at = words, *end = words + n, *word;
    size_t count = 0;

    *ret_more = false;
    *ret_why = "its command line cannot be read";
    if (n == 0 || words[n - 1] != '\0' || take_next_argument(&at, end) == NULL)
        return 0;
    word = take_next_argument(&at, end);
    *ret_why = "it is not started by \"nomad agent\"";
    if (word == NULL || !str_eq(word, "agent"))
        return 0;
    while ((word = take_next_argument(&at, end)) != NULL) {
        const char *path =
            is_config_option(word) ? take_next_argument(&at, end) : find_option_value(word);

        if (path == NULL && !is_config_option(word)) {
            *ret_more = true;
            continue;
        }
        *ret_why = explain_path_fault(path, count);
        if (*ret_why != NULL)
            return 0;
        ret_paths[count++] = path;
    }
    *ret_why = "it is started without -config";
    return count;
}

struct answer {
    int status;  /* exit status; -1: the binary could not be run to its end */
    bool denied; /* the output mentions denied permission */
    bool broken; /* a file could not be loaded; flags or the environment cannot repair that */
    struct buf said;
};

static void cleanup_answer(struct answer *a)
{
    buf_free(&a->said);
}

static int run_validate(const struct config_trial *t, int binary, const struct config_files *files,
                        struct fetch_ran *ret, struct err *err)
{
    int all[1 + FETCH_FILES_MAX] = {binary};
    struct fetch_call *call = NULL;
    int rc = fetch_call_begin(t->who, FETCH_TRIES, &call, err);

    memcpy(all + 1, files->fds, files->n * sizeof(all[0]));
    if (rc == 0)
        rc = fetch_call_try(call, true, all, 1 + files->n, ret, err);
    fetch_call_end(call);
    return rc;
}

static void validate_files(const struct config_trial *t, int binary,
                           const struct config_files *files, struct answer *ret)
{
    auto_buf struct buf named = BUF_INIT;
    struct fetch_ran r = {.said = BUF_INIT};
    struct err err = ERR_INIT;
    const char *out;

    *ret = (struct answer){.status = -1, .said = BUF_INIT};
    if (run_validate(t, binary, files, &r, &err) < 0) {
        (void)buf_printf(&ret->said, "%.160s", err.text);
        return;
    }
    config_files_put_back(files, buf_str(&r.said), &named);
    buf_free(&r.said);
    out = buf_str(&named);
    ret->status = r.exit_code;
    ret->denied = strcasestr(out, "permission denied") != NULL;
    ret->broken = strstr(out, "Error loading configuration") != NULL;
    /* The first line only counts the errors. */
    if (strstr(out, "error occurred:\n") != NULL)
        out = strstr(out, "error occurred:\n") + strlen("error occurred:\n");
    out += strspn(out, " \t*\n");
    str_escape(&ret->said, out, MIN_OF(strcspn(out, "\n"), (size_t)160));
}

static enum tri set_config_unknown(char ret_text[static TEXT_MAX], const char *why)
{
    snprintf(ret_text, TEXT_MAX,
             "the new binary could not be asked about the configuration: %.180s", why);
    return TRI_UNKNOWN;
}

static bool old_binary_rejects(const struct config_trial *t, const struct config_files *files)
{
    CLEANUP(cleanup_answer) struct answer a = {.status = 0};

    if (t->old >= 0)
        validate_files(t, t->old, files, &a);
    return a.status == REJECTED;
}

static enum tri judge_config(const struct config_trial *t, const struct config_files *files,
                             bool more, char ret_text[static TEXT_MAX])
{
    CLEANUP(cleanup_answer) struct answer a = {.status = 0};

    validate_files(t, t->binary, files, &a);
    if (a.status == 0) {
        snprintf(ret_text, TEXT_MAX, "the new binary accepts %.200s%s", files->names[0],
                 files->n > 1 ? " and the others" : "");
        return TRI_NO;
    }
    if (a.status != REJECTED || a.denied)
        return set_config_unknown(ret_text, buf_str(&a.said));
    if (!a.broken && more)
        return set_config_unknown(
            ret_text, "other options of Nomad's command line may complete the configuration");
    if (!a.broken && old_binary_rejects(t, files))
        /* The coordinator (hazard_rejected) looks for the words "rejects it too". */
        return set_config_unknown(ret_text, "the binary in place rejects it too, and runs with it");
    snprintf(ret_text, TEXT_MAX, "the new binary rejects the configuration: %.200s",
             buf_str(&a.said));
    return TRI_YES;
}

/* If the running process has its own root or mounts, it may read other files under these names. */
static bool sees_other_file(uint32_t pid, const char *path)
{
    struct stat ours, its;
    char inside[600];

    snprintf(inside, sizeof(inside), "/proc/%u/root%.500s", pid, path);
    if (pid == 0 || stat(path, &ours) < 0)
        return false;
    if (stat(inside, &its) < 0)
        return errno == ENOENT;
    return its.st_dev != ours.st_dev || its.st_ino != ours.st_ino;
}

enum tri config_trial_rejects(const struct config_trial *t, char ret_text[static TEXT_MAX])
{
    autofree struct config_files *files = xzalloc(1, sizeof(*files));
    const char *paths[CONFIG_TRIAL_PATHS];
    const char *why = NULL;
    struct version v;
    struct err err = ERR_INIT;
    bool more = false;
    enum tri rejects;
    size_t n;

    if (version_parse(t->version, &v, &err) == 0 && version_cmp_text(&v, FIRST) < 0)
        return set_config_unknown(ret_text, "Nomad before " FIRST " has no config validate");
    n = config_trial_paths(t->words, t->words_len, paths, &more, &why);
    if (n == 0)
        return set_config_unknown(ret_text, why);
    for (size_t i = 0; i < n; i++) {
        if (sees_other_file(t->main_pid, paths[i]))
            return set_config_unknown(ret_text,
                                      "the running Nomad sees other files under these names");
    }
    if (config_files_open(paths, n, files, &err) < 0)
        return set_config_unknown(ret_text, err.text);
    rejects = judge_config(t, files, more, ret_text);
    config_files_close(files);
    return rejects;
}

/* ---- the command that starts Nomad on this host ---- */

enum tri config_trial_of_service(const struct service *service, const struct fetch_who *who,
                                 int binary, int old, const char *version,
                                 char ret_text[static TEXT_MAX])
{
    struct config_trial t = {.who = who, .binary = binary, .version = version, .old = old};
    autofree struct service_about *about = xzalloc(1, sizeof(*about));
    auto_buf struct buf cmdline = BUF_INIT;
    struct service_state state = {.main_pid = 0};
    struct command_line_start start;
    struct err err = ERR_INIT;
    char proc[64];

    if (service->about(service->self, about, &err) < 0)
        memset(about, 0, sizeof(*about));
    if (service->state(service->self, &state, &err) == 0 && state.main_pid != 0) {
        snprintf(proc, sizeof(proc), "/proc/%u/cmdline", state.main_pid);
        if (file_read(proc, CMDLINE_MAX, 0, &cmdline, &err) < 0)
            buf_clear(&cmdline);
    }
    t.main_pid = state.main_pid;
    start = command_line_of_start(about->words, about->words_len, (const char *)cmdline.data,
                                  cmdline.len);
    if (start.why != NULL)
        return set_config_unknown(ret_text, start.why);
    t.words = start.words;
    t.words_len = start.n;
    return config_trial_rejects(&t, ret_text);
}
