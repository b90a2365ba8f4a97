#include "host_linux_ask.h"
#include "config_trial.h"
#include "process.h"
#include "spawn.h"
#include "str.h"
#include "version.h"

#define TRY_MS      10000
#define TRY_OUT_MAX (16 * 1024)

/* The first line a program printed, without what a terminal would obey. */
static void first_line(const struct buf *out, char *dst, size_t n)
{
    auto_buf struct buf line = BUF_INIT;
    const char *s = buf_str(out);

    str_escape(&line, s, strcspn(s, "\n"));
    str_cut(dst, n, buf_str(&line));
}

static int run_version(const struct host_linux *l, const char *path, struct spawn_result *ret,
                       struct err *err)
{
    const char *argv[] = {path, "version", NULL};
    struct spawn s = {.argv = argv,
                      .deadline_ms = TRY_MS,
                      .out_max = TRY_OUT_MAX,
                      .drop = l->who.drop,
                      .uid = l->who.uid,
                      .gid = l->who.gid,
                      .pass_fd = -1};

    return spawn_run(&s, clock_system(), ret, err);
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

static bool config_rejected(const struct host_linux *l, const char *path, char *ret_text)
{
    const struct service *s = &l->service;
    struct service_state state;
    struct err err = ERR_INIT;

    return s->state(s->self, &state, &err) == 0 && state.active == TRI_YES &&
           config_trial_rejects(path, (pid_t)state.main_pid, ret_text);
}

static int port_try(void *ctx, const char *path, const char *version, enum failure *ret_failure,
                    char ret_text[static TEXT_MAX], struct err *err)
{
    struct spawn_result r = {.out = BUF_INIT};
    char line[160];
    bool fits;

    if (run_version(ctx, path, &r, err) < 0)
        return -1;
    first_line(&r.out, line, sizeof(line));
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
    if (fits && config_rejected(ctx, path, ret_text))
        *ret_failure = FAILURE_CONFIG_REJECTED;
    return 0;
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
    h->process = port_process;
    h->fetch_begin = port_fetch_begin;
    h->fetch_poll = port_fetch_poll;
    h->fetch_end = port_fetch_end;
    h->ask = port_ask;
    h->knock = port_knock;
    h->ask_end = port_ask_end;
}
