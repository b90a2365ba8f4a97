#include "nomad_api.h"
#include "str.h"

static int check_api_path(const char *path, struct err *err)
{
    if (!str_starts(path, "/v1/"))
        return err_set(err, ERR_REFUSED, 0, "not a path of Nomad's API: %.100s", path);
    for (const char *p = path; *p != '\0'; p++)
        if (*p <= ' ' || *p > '~')
            return err_set(err, ERR_REFUSED, 0,
                           "the path of the question contains a blank or a control character");
    return 0;
}

static const char *null_if_empty(const char *s)
{
    return s[0] != '\0' ? s : NULL;
}

struct question {
    const char *path;
    const char *token; /* NULL: none */
    size_t max;        /* bytes of the answer */
    int64_t deadline_ms;
};

/* The memory of the answer belongs to h. */
static int get_from_api(struct http *h, const struct agent_conf *c, const struct question *q,
                        struct http_answer *ret, struct err *err)
{
    static const char unix_prefix[] = "unix://";
    bool is_unix = str_starts(c->address, unix_prefix);
    const char *base = is_unix ? "http://localhost" : c->address;
    size_t n = strlen(base);
    char url[sizeof(c->address) + FETCH_LINE_MAX];

    while (n > 0 && base[n - 1] == '/')
        n--;
    snprintf(url, sizeof(url), "%.*s%s", (int)n, base, q->path);
    const struct http_tls tls = {
        .ca_file = null_if_empty(c->ca_file),
        .client_cert = null_if_empty(c->client_cert),
        .client_key = null_if_empty(c->client_key),
        .server_name = null_if_empty(c->tls_server_name),
    };
    const struct http_request r = {
        .url = url,
        .unix_socket = is_unix ? c->address + strlen(unix_prefix) : NULL,
        .token = q->token,
        .deadline_ms = MIN_OF(q->deadline_ms, NOMAD_API_DEADLINE_MAX_MS),
        .max = q->max,
        .tls = &tls,
    };
    return http_do(h, &r, ret, err);
}

int nomad_api_get(struct http *h, const struct agent_conf *c, const char *path, const char *token,
                  int64_t deadline_ms, int *ret_status, struct buf *ret_body, struct err *err)
{
    const struct question q = {
        .path = path, .token = token, .max = FETCH_ANSWER_MAX, .deadline_ms = deadline_ms};
    struct http_answer answer;

    if (check_api_path(path, err) < 0 || get_from_api(h, c, &q, &answer, err) < 0)
        return -1;
    *ret_status = answer.status;
    return buf_add(ret_body, answer.body, answer.body_len);
}

int nomad_api_get_heartbeat(struct http *h, const struct agent_conf *c, const char *token,
                            int64_t deadline_ms, struct heartbeat *ret, struct err *err)
{
    const struct question q = {.path = "/v1/agent/self",
                               .token = token,
                               .max = NOMAD_API_SELF_MAX,
                               .deadline_ms = deadline_ms};
    auto_json struct json *self = NULL;
    struct http_answer answer;
    struct heartbeat b;

    if (get_from_api(h, c, &q, &answer, err) < 0)
        return -1;
    if (answer.status == 403)
        return err_set(err, ERR_REFUSED, 0,
                       "Nomad answers 403 to the token of [nomad] token_file: it needs agent:read");
    if (answer.status != 200)
        return err_set(err, ERR_NETWORK, 0, "Nomad answers HTTP status %d", answer.status);
    if (json_parse(answer.body, answer.body_len, NOMAD_API_SELF_MAX, &self, err) < 0)
        return err_wrap(err, "Nomad's answer to /v1/agent/self");
    heartbeat_of_self(self, &b);
    if (!heartbeat_known(&b))
        return err_set(err, ERR_FORMAT, 0, "Nomad's answer contains no heartbeat of a client");
    *ret = b;
    return 0;
}
