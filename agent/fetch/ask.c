#include "ask.h"
#include "str.h"

static int check_path(const char *path, struct err *err)
{
    if (!str_starts(path, "/v1/"))
        return err_set(err, ERR_REFUSED, 0, "not a path of Nomad's API: %.100s", path);
    for (const char *p = path; *p != '\0'; p++)
        if (*p <= ' ' || *p > '~')
            return err_set(err, ERR_REFUSED, 0, "a blank or control character in the path");
    return 0;
}

static const char *or_null(const char *s)
{
    return s[0] != '\0' ? s : NULL;
}

int ask_api(struct http *h, const struct agent_conf *c, const char *path, int64_t deadline_ms,
            int *ret_status, struct buf *ret_body, struct err *err)
{
    static const char unix_prefix[] = "unix://";
    bool is_unix = str_starts(c->address, unix_prefix);
    const char *base = is_unix ? "http://localhost" : c->address;
    size_t n = strlen(base);
    char url[sizeof(c->address) + FETCH_LINE_MAX];
    struct http_answer answer;

    if (check_path(path, err) < 0)
        return -1;
    while (n > 0 && base[n - 1] == '/')
        n--;
    snprintf(url, sizeof(url), "%.*s%s", (int)n, base, path);
    const struct http_tls tls = {
        .ca_file = or_null(c->ca_file),
        .client_cert = or_null(c->client_cert),
        .client_key = or_null(c->client_key),
        .server_name = or_null(c->tls_server_name),
    };
    const struct http_request r = {
        .url = url,
        .unix_socket = is_unix ? c->address + strlen(unix_prefix) : NULL,
        .deadline_ms = MIN_OF(deadline_ms, ASK_DEADLINE_MAX_MS),
        .max = FETCH_ANSWER_MAX,
        .tls = &tls,
    };
    if (http_do(h, &r, &answer, err) < 0)
        return -1;
    *ret_status = answer.status;
    return buf_add(ret_body, answer.body, answer.body_len);
}
