#include "caravan_version.h"
#include "clock.h"
#include "http_transfer.h"
#include "str.h"

/* ---- what comes in ---- */

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
    struct transfer *t = ctx;
    n *= size;
    if (n > t->max - t->got)
        return 0;
    t->got += n;
    if (t->on_data == NULL) {
        buf_add(&t->body, p, n);
        return n;
    }
    t->refused = t->on_data(t->ctx, p, n) < 0;
    return t->refused ? 0 : n;
}

static size_t on_header(char *p, size_t size, size_t n, void *ctx)
{
    struct transfer *t = ctx;
    (void)p;
    n *= size;
    t->got_headers += n;
    return t->got_headers > HTTP_HEADERS_MAX ? 0 : n;
}

/* ---- setting up ---- */

/* curl_easy_setopt fails for want of memory, or when this libcurl lacks the option. */
#define SET(option, value)                                                                         \
    do {                                                                                           \
        CURLcode set_ = curl_easy_setopt(t->easy, option, value);                                  \
        if (set_ != CURLE_OK)                                                                      \
            return err_set(err, ERR_STATE, 0, "libcurl: " #option ": %s",                          \
                           curl_easy_strerror(set_));                                              \
    } while (0)

static struct curl_slist *append(struct curl_slist *list, const char *fmt, ...) PRINTF(2, 3);
static struct curl_slist *append(struct curl_slist *list, const char *fmt, ...)
{
    auto_buf struct buf line = BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&line, fmt, ap);
    va_end(ap);
    struct curl_slist *longer = curl_slist_append(list, buf_str(&line));
    if (longer == NULL)
        die_oom();
    return longer;
}

/* No header of ours may break its line. */
static bool is_header_text(const char *s)
{
    for (; *s != '\0'; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            return false;
    return true;
}

/* The scheme alone is allowed, and on redirects nothing weaker. */
static int set_protocols(struct transfer *t, const struct http_request *r, struct err *err)
{
    static const struct {
        const char *front, *first, *redirect;
    } schemes[] = {
        {"https://", "https", "https"},
        {"http://", "http,https", "http,https"} /* curl wants both lists to allow a redirect */,
        {"file://", "file", "file"},
    };
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        if (!str_starts(r->url, schemes[i].front))
            continue;
        if (str_eq(schemes[i].first, "file") && !r->allow_file)
            break;
        SET(CURLOPT_PROTOCOLS_STR, schemes[i].first);
        SET(CURLOPT_REDIR_PROTOCOLS_STR, schemes[i].redirect);
        return 0;
    }
    return err_set(err, ERR_USAGE, 0, "%s: only %shttp:// and https:// can be asked here", r->url,
                   r->allow_file ? "file://, " : "");
}

static int set_limits(struct transfer *t, const struct http_request *r, struct err *err)
{
    int64_t connect = r->connect_deadline_ms > 0 ? r->connect_deadline_ms : r->deadline_ms;
    if (r->deadline_ms <= 0)
        return err_set(err, ERR_USAGE, 0, "%s: a request needs a deadline", r->url);
    SET(CURLOPT_TIMEOUT_MS, (long)r->deadline_ms);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)MIN_OF(connect, r->deadline_ms));
    SET(CURLOPT_LOW_SPEED_LIMIT, (long)r->speed_min);
    SET(CURLOPT_LOW_SPEED_TIME, (long)r->speed_window);
    SET(CURLOPT_FOLLOWLOCATION, r->redirects > 0 ? 1L : 0L);
    SET(CURLOPT_MAXREDIRS, (long)MAX_OF(r->redirects, 0));
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_USERAGENT, "caravan/" CARAVAN_VERSION);
    return 0;
}

/* The name in place of the URL's host, and the way to the host all the same. */
static int name_server(struct transfer *t, CURLU *u, const char *name, struct err *err)
{
    char *host = NULL, *port = NULL, *url = NULL;
    int rv = -1;
    if (curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
        curl_url_set(u, CURLUPART_HOST, name, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_URL, &url, 0) == CURLUE_OK) {
        t->connect_to = append(NULL, "::%s:%s", host, port);
        t->headers = append(t->headers, "Host: %s:%s", host, port);
        rv = curl_easy_setopt(t->easy, CURLOPT_URL, url) == CURLE_OK ? 0 : -1;
    }
    curl_free(host);
    curl_free(port);
    curl_free(url);
    return rv == 0 ? 0 : err_set(err, ERR_USAGE, 0, "%s cannot be asked as \"%s\"", t->label, name);
}

static int set_url(struct transfer *t, const struct http_request *r, struct err *err)
{
    const char *name = r->tls != NULL ? r->tls->server_name : NULL;
    CURLU *u = curl_url();
    if (u == NULL)
        die_oom();
    CURLUcode bad = curl_url_set(u, CURLUPART_URL, r->url, 0);
    int rv = 0;
    if (bad != CURLUE_OK)
        rv = err_set(err, ERR_USAGE, 0, "%s: %s", r->url, curl_url_strerror(bad));
    else if (name != NULL && str_starts(r->url, "https://"))
        rv = name_server(t, u, name, err);
    else if (curl_easy_setopt(t->easy, CURLOPT_URL, r->url) != CURLE_OK)
        die_oom();
    curl_url_cleanup(u);
    return rv;
}

static int set_tls(struct transfer *t, const struct http_tls *tls, struct err *err)
{
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (tls == NULL)
        return 0;
    if (tls->ca_file != NULL)
        SET(CURLOPT_CAINFO, tls->ca_file);
    if (tls->ca_path != NULL)
        SET(CURLOPT_CAPATH, tls->ca_path);
    if (tls->client_cert != NULL)
        SET(CURLOPT_SSLCERT, tls->client_cert);
    if (tls->client_key != NULL)
        SET(CURLOPT_SSLKEY, tls->client_key);
    SET(CURLOPT_SSL_VERIFYPEER, tls->skip_verify ? 0L : 1L);
    SET(CURLOPT_SSL_VERIFYHOST, tls->skip_verify ? 0L : 2L);
    return 0;
}

static int set_request(struct transfer *t, const struct http_request *r, struct err *err)
{
    if (r->token != NULL && r->redirects > 0)
        return err_set(err, ERR_USAGE, 0, "%s: a token is not sent where redirects may lead",
                       r->url);
    if (r->token != NULL && !is_header_text(r->token))
        return err_set(err, ERR_USAGE, 0, "the token holds a control character");
    if (r->token != NULL)
        t->headers = append(t->headers, "X-Nomad-Token: %s", r->token);
    if (r->body != NULL) {
        t->headers = append(t->headers, "Content-Type: application/json");
        t->headers = append(t->headers, "Expect:"); /* no round trip before the body */
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_len);
        SET(CURLOPT_COPYPOSTFIELDS, (const char *)r->body);
    }
    if (r->method != NULL)
        SET(CURLOPT_CUSTOMREQUEST, r->method);
    if (r->method != NULL && str_eq(r->method, "HEAD"))
        SET(CURLOPT_NOBODY, 1L);
    if (r->unix_socket != NULL)
        SET(CURLOPT_UNIX_SOCKET_PATH, r->unix_socket);
    SET(CURLOPT_HTTPHEADER, t->headers);
    SET(CURLOPT_CONNECT_TO, t->connect_to);
    return 0;
}

static int set_up(struct transfer *t, const struct http_request *r, struct err *err)
{
    if (set_protocols(t, r, err) < 0 || set_limits(t, r, err) < 0 || set_url(t, r, err) < 0 ||
        set_tls(t, r->tls, err) < 0 || set_request(t, r, err) < 0)
        return -1;
    SET(CURLOPT_PRIVATE, (char *)t);
    SET(CURLOPT_ERRORBUFFER, t->why);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, t);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, t);
    return 0;
}

int transfer_new(const struct http_request *r, struct transfer **ret, struct err *err)
{
    struct transfer *t = xzalloc(1, sizeof(*t));
    t->easy = curl_easy_init();
    if (t->easy == NULL ||
        asprintf(&t->label, "%s %s", r->method != NULL ? r->method : "GET", r->url) < 0)
        die_oom();
    t->began = clock_mono(clock_system());
    t->max = r->max > 0 ? r->max : HTTP_BODY_MAX;
    t->on_data = r->on_data;
    t->on_done = r->on_done;
    t->ctx = r->ctx;
    if (set_up(t, r, err) < 0) {
        transfer_free(t);
        return -1;
    }
    *ret = t;
    return 0;
}

void transfer_free(struct transfer *t)
{
    if (t == NULL)
        return;
    curl_easy_cleanup(t->easy);
    curl_slist_free_all(t->headers);
    curl_slist_free_all(t->connect_to);
    buf_free(&t->body);
    free(t->label);
    free(t);
}

/* ---- what came of it ---- */

/* Of the last answer, after any redirect; "" when absent. */
static const char *header(struct transfer *t, const char *name)
{
    struct curl_header *h;
    return curl_easy_header(t->easy, name, 0, CURLH_HEADER, -1, &h) == CURLHE_OK ? h->value : "";
}

static void fill_answer(struct transfer *t, struct http_answer *a)
{
    long status = 0;
    uint64_t number;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    *a = (struct http_answer){
        .status = (int)status,
        .content_type = header(t, "Content-Type"),
        .body = (const unsigned char *)buf_str(&t->body),
        .body_len = t->body.len,
        .known_leader = -1,
        .last_contact_ms = -1,
        .next_token = header(t, "X-Nomad-NextToken"),
        .digest = header(t, "Digest"),
        .took_ms = clock_mono(clock_system()) - t->began,
    };
    if (str_to_u64(header(t, "X-Nomad-Index"), UINT64_MAX, &number) == 0)
        a->nomad_index = number;
    if (str_to_u64(header(t, "X-Nomad-LastContact"), INT64_MAX, &number) == 0)
        a->last_contact_ms = (int64_t)number;
    if (str_eq(header(t, "X-Nomad-KnownLeader"), "true"))
        a->known_leader = 1;
    else if (str_eq(header(t, "X-Nomad-KnownLeader"), "false"))
        a->known_leader = 0;
}

static enum err_kind kind_of(CURLcode code)
{
    static const struct {
        CURLcode code;
        enum err_kind kind;
    } kinds[] = {
        {CURLE_OPERATION_TIMEDOUT, ERR_TIMEOUT},      {CURLE_URL_MALFORMAT, ERR_USAGE},
        {CURLE_UNSUPPORTED_PROTOCOL, ERR_REFUSED},    {CURLE_TOO_MANY_REDIRECTS, ERR_REFUSED},
        {CURLE_PEER_FAILED_VERIFICATION, ERR_CRYPTO}, {CURLE_SSL_CERTPROBLEM, ERR_CONFIG},
        {CURLE_SSL_CACERT_BADFILE, ERR_CONFIG},       {CURLE_FILE_COULDNT_READ_FILE, ERR_NOTFOUND},
        {CURLE_WEIRD_SERVER_REPLY, ERR_FORMAT},
    };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (kinds[i].code == code)
            return kinds[i].kind;
    return ERR_NETWORK;
}

int transfer_judge(struct transfer *t, CURLcode code, struct http_answer *ret, struct err *err)
{
    fill_answer(t, ret);
    if (code == CURLE_OUT_OF_MEMORY)
        die_oom();
    if (t->got_headers > HTTP_HEADERS_MAX)
        return err_set(err, ERR_LIMIT, 0, "%s: more than %d bytes of headers", t->label,
                       HTTP_HEADERS_MAX);
    if (t->refused)
        return err_set(err, ERR_IO, 0, "%s: its bytes could not be taken", t->label);
    if (code == CURLE_WRITE_ERROR)
        return err_set(err, ERR_LIMIT, 0, "%s: the answer is larger than %zu bytes", t->label,
                       t->max);
    if (code != CURLE_OK)
        return err_set(err, kind_of(code), 0, "%s: %s", t->label,
                       t->why[0] != '\0' ? t->why : curl_easy_strerror(code));
    /* Reading a file has no status of its own. */
    if (ret->status == 0)
        ret->status = 200;
    return 0;
}
