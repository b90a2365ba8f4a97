#include "binary_trial.h"
#include "str.h"
#include "version.h"

/* The most useful line of a program's output: the loader's message about the C library, else the
 * first line. Control characters are escaped. */
static void copy_useful_line(const struct buf *out, char *dst, size_t n)
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

static bool prints_version(const char *out, const char *version, char *ret_text)
{
    struct version says, named;
    struct err err = ERR_INIT;
    char text[VERSION_TEXT];

    if (version_parse_output(out, &says, &err) < 0) {
        snprintf(ret_text, TEXT_MAX, "the new binary does not print its version: %.180s", err.text);
        return false;
    }
    if (version_parse(version, &named, &err) < 0 || version_same(&says, &named))
        return true;
    version_text(text, &says);
    snprintf(ret_text, TEXT_MAX, "the new binary says it is %s, the manifest says %s", text,
             version);
    return false;
}

static bool judge_version_run(const struct fetch_ran *r, const char *version,
                              char ret_text[static TEXT_MAX])
{
    char line[160];

    if (r->exit_code == 0)
        return prints_version(buf_str(&r->said), version, ret_text);
    copy_useful_line(&r->said, line, sizeof(line));
    snprintf(ret_text, TEXT_MAX, "the new binary does not run here (%s %d): %s",
             r->exit_code < 0 ? "signal" : "exit status",
             r->exit_code < 0 ? r->signal : r->exit_code, line);
    return false;
}

static int run_version_trial(const struct fetch_who *who, int binary, struct fetch_ran *ret,
                             struct err *err)
{
    struct fetch_call *call = NULL;
    int rc = fetch_call_begin(who, FETCH_TRIES, &call, err);

    if (rc == 0)
        rc = fetch_call_try(call, false, &binary, 1, ret, err);
    fetch_call_end(call);
    return rc;
}

int binary_trial(const struct fetch_who *who, int binary, const char *version,
                 enum failure *ret_failure, char ret_text[static TEXT_MAX], struct err *err)
{
    struct fetch_ran r = {.said = BUF_INIT};
    int rc = run_version_trial(who, binary, &r, err);

    *ret_failure = FAILURE_NONE;
    if (rc < 0 && err->kind != ERR_REFUSED && err->kind != ERR_TIMEOUT)
        return -1;
    if (rc < 0)
        snprintf(ret_text, TEXT_MAX, "the new binary could not be run to its end: %.180s",
                 err->text);
    if (rc < 0 || !judge_version_run(&r, version, ret_text))
        *ret_failure = FAILURE_WRONG_BUILD;
    buf_free(&r.said);
    return 0;
}

enum tri binary_trial_version(const struct fetch_who *who, int binary,
                              char ret_version[static VERSION_TEXT], char ret_text[static TEXT_MAX])
{
    struct fetch_ran r = {.said = BUF_INIT};
    struct version says;
    struct err err = ERR_INIT;
    enum tri nomad = TRI_YES;
    char line[160];

    ret_version[0] = ret_text[0] = '\0';
    if (run_version_trial(who, binary, &r, &err) < 0) {
        snprintf(ret_text, TEXT_MAX, "%.240s", err.text);
        return err.kind == ERR_REFUSED ? TRI_NO : TRI_UNKNOWN;
    }
    copy_useful_line(&r.said, line, sizeof(line));
    if (r.exit_code != 0)
        snprintf(ret_text, TEXT_MAX, "its `version` ends with %s %d: %s",
                 r.exit_code < 0 ? "signal" : "status", r.exit_code < 0 ? r.signal : r.exit_code,
                 line);
    else if (version_parse_output(buf_str(&r.said), &says, &err) < 0)
        snprintf(ret_text, TEXT_MAX, "its `version` prints \"%s\"", line);
    else
        version_text(ret_version, &says);
    if (ret_version[0] == '\0')
        nomad = TRI_NO;
    buf_free(&r.said);
    return nomad;
}
