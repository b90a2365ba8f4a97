#include "host_linux_ask.h"
#include <errno.h>
#include <pwd.h>
#include <sys/stat.h>
#include "config_trial.h"
#include "file.h"
#include "process.h"
#include "spawn.h"
#include "str.h"
#include "version.h"

#define TRY_MS      10000
#define TRY_OUT_MAX (16 * 1024)
#define CMDLINE_MAX (16 * 1024)

/* The line of what a program printed that says most, without what a terminal would obey:
 * the loader's complaint about the C library, else the first. */
static void telling_line(const struct buf *out, char *dst, size_t n)
{
    auto_buf struct buf line = BUF_INIT;
    const char *s = buf_str(out), *glibc = strstr(s, "GLIBC_");

    while (glibc != NULL && glibc > s && glibc[-1] != '\n')
        glibc--;
    if (glibc != NULL)
        s = glibc;
    str_escape(&line, s, strcspn(s, "\n"));
    str_cut(dst, n, buf_str(&line));
}

static int run_version(const char *path, bool drop, uid_t uid, gid_t gid, struct spawn_result *ret,
                       struct err *err)
{
    const char *argv[] = {path, "version", NULL};
    struct spawn s = {.argv = argv,
                      .deadline_ms = TRY_MS,
                      .out_max = TRY_OUT_MAX,
                      .drop = drop,
                      .no_network = drop,
                      .uid = uid,
                      .gid = gid,
                      .pass_fd = -1};

    return spawn_run(&s, clock_system(), ret, err);
}

/* As nobody; where nobody may not even come near it (a directory of its user alone), as the
 * user that reads the network, which owns nothing of Nomad's either. */
static int run_unprivileged(const struct host_linux *l, const char *path, struct spawn_result *ret,
                            struct err *err)
{
    const struct passwd *nobody = l->who.drop ? getpwnam("nobody") : NULL;

    if (nobody != NULL && run_version(path, true, nobody->pw_uid, nobody->pw_gid, ret, err) == 0)
        return 0;
    if (nobody != NULL && err->sys != EACCES)
        return -1;
    return run_version(path, l->who.drop, l->who.uid, l->who.gid, ret, err);
}

static bool says_version(const char *out, const char *version, char *ret_text)
{
    struct version says, named;
    struct err err = ERR_INIT;
    char text[VERSION_TEXT];

    if (version_parse_output(out, &says, &err) < 0) {
        snprintf(ret_text, TEXT_MAX, "the new binary does not say its version: %.180s", err.text);
        return false;
    }
    if (version_parse(version, &named, &err) < 0 || version_same(&says, &named))
        return true;
    version_text(text, &says);
    snprintf(ret_text, TEXT_MAX, "the new binary says it is %s, the manifest says %s", text,
             version);
    return false;
}

static int port_try(void *ctx, const char *path, const char *version, enum failure *ret_failure,
                    char ret_text[static TEXT_MAX], struct err *err)
{
    struct spawn_result r = {.out = BUF_INIT};
    char line[160];
    bool fits;

    if (run_unprivileged(ctx, path, &r, err) < 0)
        return -1;
    telling_line(&r.out, line, sizeof(line));
    if (r.exit_code != 0) {
        snprintf(ret_text, TEXT_MAX, "the new binary does not run here (%s %d): %s",
                 r.exit_code < 0 ? "signal" : "exit status",
                 r.exit_code < 0 ? r.signal : r.exit_code, line);
        fits = false;
    } else {
        fits = says_version(buf_str(&r.out), version, ret_text);
    }
    buf_free(&r.out);
    *ret_failure = fits ? FAILURE_NONE : FAILURE_WRONG_BUILD;
    return 0;
}

/* ---- the configuration ---- */

/* Who the unit's process is: by its User=, else by the process that runs. */
static bool find_owner(const struct service_about *about, const struct stat *process, uid_t *uid,
                       gid_t *gid)
{
    const struct passwd *pw =
        about->unit && !about->missing && about->user[0] != '\0' ? getpwnam(about->user) : NULL;

    *uid = pw != NULL ? pw->pw_uid : process->st_uid;
    *gid = pw != NULL ? pw->pw_gid : process->st_gid;
    return pw != NULL || process->st_nlink != 0 || (about->unit && about->user[0] == '\0');
}

static bool can_be_asked(const char *words, size_t n)
{
    const char *paths[CONFIG_TRIAL_PATHS], *why = NULL;
    bool more = false;

    return config_trial_paths(words, n, paths, &more, &why) > 0;
}

/* What the unit starts next counts; where that cannot be read (a script, a variable), what
 * runs now. */
static enum tri port_try_config(void *ctx, const char *path, const char *old, const char *version,
                                char ret_text[static TEXT_MAX])
{
    const struct host_linux *l = ctx;
    struct config_trial t = {.binary = path, .version = version, .old = old, .drop = l->who.drop};
    autofree struct service_about *about = xzalloc(1, sizeof(*about));
    auto_buf struct buf cmdline = BUF_INIT;
    struct service_state state = {.main_pid = 0};
    struct stat process = {.st_nlink = 0};
    struct err err = ERR_INIT;
    char proc[64];

    if (l->service.about(l->service.self, about, &err) < 0)
        memset(about, 0, sizeof(*about));
    if (l->service.state(l->service.self, &state, &err) == 0 && state.main_pid != 0) {
        snprintf(proc, sizeof(proc), "/proc/%u/cmdline", state.main_pid);
        if (stat(proc, &process) < 0 || file_read(proc, CMDLINE_MAX, 0, &cmdline, &err) < 0)
            process.st_nlink = 0;
    }
    t.words = about->words;
    t.words_len = about->words_len;
    if (!can_be_asked(t.words, t.words_len) && cmdline.len > 0) {
        t.words = (const char *)cmdline.data;
        t.words_len = cmdline.len;
    }
    if (t.words_len == 0 || !find_owner(about, &process, &t.uid, &t.gid)) {
        snprintf(ret_text, TEXT_MAX, "what starts Nomad here is not known%s",
                 state.main_pid == 0 ? ": it does not run" : "");
        return TRI_UNKNOWN;
    }
    return config_trial_rejects(&t, ret_text);
}

static int port_process(void *ctx, uint32_t pid, struct host_process *ret, struct err *err)
{
    (void)ctx;
    return process_executes((pid_t)pid, ret, err);
}

static int port_fetch_begin(void *ctx, const struct fetch_get *job, struct err *err)
{
    struct host_linux *l = ctx;

    fetch_call_end(take_ptr(&l->fetching));
    if (fetch_call_begin(&l->who, &l->fetching, err) < 0)
        return -1;
    return fetch_call_get(l->fetching, job, err);
}

static int port_fetch_poll(void *ctx, struct fetch_news *ret, struct err *err)
{
    struct host_linux *l = ctx;

    if (l->fetching == NULL)
        return err_set(err, ERR_STATE, 0, "nothing is being fetched");
    return fetch_call_poll(l->fetching, ret, err);
}

static void port_fetch_end(void *ctx)
{
    struct host_linux *l = ctx;

    fetch_call_end(take_ptr(&l->fetching));
}

static void port_ask_end(void *ctx)
{
    struct host_linux *l = ctx;

    fetch_call_end(take_ptr(&l->asking));
}

static int session(struct host_linux *l, struct err *err)
{
    return l->asking != NULL ? 0 : fetch_call_begin(&l->who, &l->asking, err);
}

/* A broken session is not used again: the next question starts another. */
static int done(struct host_linux *l, int rc, const struct err *err)
{
    if (rc < 0 && err->kind == ERR_STATE)
        port_ask_end(l);
    return rc;
}

static int port_ask(void *ctx, const char *path, int64_t deadline_ms, int *ret_status,
                    struct buf *ret_body, struct err *err)
{
    struct host_linux *l = ctx;

    if (session(l, err) < 0)
        return -1;
    return done(l, fetch_call_ask(l->asking, path, deadline_ms, ret_status, ret_body, err), err);
}

static int port_knock(void *ctx, const char *address, int64_t deadline_ms, enum tri *ret_open,
                      struct err *err)
{
    struct host_linux *l = ctx;

    if (session(l, err) < 0)
        return -1;
    return done(l, fetch_call_knock(l->asking, address, deadline_ms, ret_open, err), err);
}

void host_linux_ask(struct host *h)
{
    h->try_binary = port_try;
    h->try_config = port_try_config;
    h->process = port_process;
    h->fetch_begin = port_fetch_begin;
    h->fetch_poll = port_fetch_poll;
    h->fetch_end = port_fetch_end;
    h->ask = port_ask;
    h->knock = port_knock;
    h->ask_end = port_ask_end;
}
