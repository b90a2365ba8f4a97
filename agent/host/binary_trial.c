#include "binary_trial.h"
#include <errno.h>
#include <pwd.h>
#include "spawn.h"
#include "str.h"
#include "version.h"

#define TRY_MS      10000
#define TRY_OUT_MAX (16 * 1024)

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
static int run_unprivileged(const struct fetch_who *who, const char *path, struct spawn_result *ret,
                            struct err *err)
{
    const struct passwd *nobody = who->drop ? getpwnam("nobody") : NULL;

    if (nobody != NULL && run_version(path, true, nobody->pw_uid, nobody->pw_gid, ret, err) == 0)
        return 0;
    if (nobody != NULL && err->sys != EACCES)
        return -1;
    return run_version(path, who->drop, who->uid, who->gid, ret, err);
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

int binary_trial(const struct fetch_who *who, const char *path, const char *version,
                 enum failure *ret_failure, char ret_text[static TEXT_MAX], struct err *err)
{
    struct spawn_result r = {.out = BUF_INIT};
    char line[160];
    bool fits;

    if (run_unprivileged(who, path, &r, err) < 0)
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
