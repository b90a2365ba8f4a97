#include <curl/curl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include "caravan_version.h"
#include "clock.h"
#include "http.h"
#include "str.h"

#define WATCHES          8
#define HTTP_BODY_MAX    (8 * 1024 * 1024) /* when the request names no maximum */
#define HTTP_HEADERS_MAX (64 * 1024)

/* One request as libcurl sees it. Before transfer_free, remove `easy` from the multi handle. */
struct transfer {
    struct transfer *next;
    CURL *easy;
    struct curl_slist *headers;
    struct curl_slist *connect_to;
    char *label; /* "GET http://..." for errors */
    char why[CURL_ERROR_SIZE];
    int64_t began, until, connect_ms;
    bool secure;        /* the present URL is https */
    bool follows;       /* the request follows redirects */
    int redirects;      /* how many more redirects to follow */
    struct err refusal; /* why a redirect or an answer was refused */
    size_t max;
    size_t got; /* bytes of the body that have arrived */
    size_t got_headers;
    bool refused; /* on_head or on_data returned -1 */
    bool headed;  /* the head was checked */
    bool keep;    /* keep the answer when the request has ended: http_do */
    struct buf body;
    int (*check_url)(void *ctx, const char *url, struct err *err);
    int (*on_head)(void *ctx, const struct http_answer *head);
    int (*on_data)(void *ctx, const void *p, size_t n);
    void (*on_done)(void *ctx, const struct http_answer *answer, const struct err *err);
    void *ctx;
};

struct http {
    CURLM *multi;
    struct transfer *open; /* list of the open requests */
    size_t n_open;
    struct transfer *last; /* the last request of http_do; its caller may still read the answer */
    bool single;           /* http_do waits: leave watches and wakes to the next http_wait */
    atomic_bool woken;
    struct {
        int fd; /* -1: the slot is free */
        bool *ready;
    } watches[WATCHES];
};

/* ---- a transfer: receiving ---- */

/* A header of the last answer, after any redirects; "": absent. */
static const char *find_header(struct transfer *t, const char *name)
{
    struct curl_header *h;
    return curl_easy_header(t->easy, name, 0, CURLH_HEADER, -1, &h) == CURLHE_OK ? h->value : "";
}

static long read_status(struct transfer *t)
{
    long status = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* Is this the answer of a redirect that will be followed? */
static bool is_followed_redirect(struct transfer *t)
{
    long status = t->follows ? read_status(t) : 0;
    return status >= 300 && status < 400 && find_header(t, "Location")[0] != '\0';
}

static void fill_answer(struct transfer *t, struct http_answer *a)
{
    uint64_t number;
    long status = read_status(t);
    *a = (struct http_answer){
        .status = status >= 200 ? (int)status : 0, /* "100 Continue" is not yet an answer */
        .body = (const unsigned char *)buf_str(&t->body),
        .body_len = t->body.len,
        .next_token = find_header(t, "X-Nomad-NextToken"),
        .digest = find_header(t, "Digest"),
        .length = -1,
        .range = find_header(t, "Content-Range"),
        .took_ms = clock_mono(clock_system()) - t->began,
    };
    if (str_to_u64(find_header(t, "X-Nomad-Index"), UINT64_MAX, &number) == 0)
        a->nomad_index = number;
    if (str_to_u64(find_header(t, "Content-Length"), INT64_MAX, &number) == 0)
        a->length = (int64_t)number;
}

/* Refuses an encoded body: Caravan never asks for an encoding and never decodes one. */
static int check_encoding(struct transfer *t)
{
    static const char *const names[] = {"Content-Encoding", "Transfer-Encoding"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *value = find_header(t, names[i]);
        if (value[0] != '\0' && strcasecmp(value, "identity") != 0 &&
            strcasecmp(value, "chunked") != 0)
            return err_set(&t->refusal, ERR_FORMAT, 0,
                           "%s: the answer is encoded (%s: %.40s), which was not asked for",
                           t->label, names[i], value);
    }
    return 0;
}

static int check_head(struct transfer *t)
{
    struct http_answer head;
    if (t->headed)
        return 0;
    t->headed = true;
    if (check_encoding(t) < 0)
        return -1;
    if (t->on_head == NULL)
        return 0;
    fill_answer(t, &head);
    t->refused = t->on_head(t->ctx, &head) < 0;
    return t->refused ? -1 : 0;
}

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
    struct transfer *t = ctx;
    bool on = is_followed_redirect(t);
    n *= size;
    if (n > (on ? HTTP_BODY_MAX : t->max) - t->got)
        return 0;
    t->got += n;
    if (on)
        return n;
    if (check_head(t) < 0)
        return 0;
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

/* ---- a transfer: setting up ---- */

/* curl_easy_setopt fails when memory is short, or when this libcurl does not have the option. */
#define SET(option, value)                                                                         \
    do {                                                                                           \
        CURLcode set_ = curl_easy_setopt(t->easy, option, value);                                  \
        if (set_ != CURLE_OK)                                                                      \
            return err_set(err, ERR_STATE, 0, "libcurl: " #option ": %s",                          \
                           curl_easy_strerror(set_));                                              \
    } while (0)

static struct curl_slist *append_header(struct curl_slist *list, const char *fmt, ...) PRINTF(2, 3);
static struct curl_slist *append_header(struct curl_slist *list, const char *fmt, ...)
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

/* A control character could end the line of a header. */
static bool is_header_text(const char *s)
{
    for (; *s != '\0'; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            return false;
    return true;
}

/* Allows libcurl the scheme of the URL and no other. */
static int set_protocol(struct transfer *t, const char *url, bool allow_file, struct err *err)
{
    static const char *const schemes[] = {"https", "http", "file"};
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        if (!str_starts(url, schemes[i]) || !str_starts(url + strlen(schemes[i]), "://"))
            continue;
        if (str_eq(schemes[i], "file") && !allow_file)
            break;
        t->secure = str_eq(schemes[i], "https");
        SET(CURLOPT_PROTOCOLS_STR, schemes[i]);
        return 0;
    }
    return err_set(err, ERR_USAGE, 0, "%s: only %shttp:// and https:// URLs are allowed here", url,
                   allow_file ? "file://, " : "");
}

static int set_time_limits(struct transfer *t, int64_t left, struct err *err)
{
    if (left <= 0)
        return err_set(err, ERR_TIMEOUT, 0, "%s: the deadline has passed", t->label);
    SET(CURLOPT_TIMEOUT_MS, (long)left);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)MIN_OF(t->connect_ms, left));
    return 0;
}

static int set_request_limits(struct transfer *t, const struct http_request *r, struct err *err)
{
    if (r->deadline_ms <= 0)
        return err_set(err, ERR_USAGE, 0, "%s: a request needs a deadline", r->url);
    t->until = t->began + r->deadline_ms;
    t->connect_ms = r->connect_deadline_ms > 0 ? r->connect_deadline_ms : r->deadline_ms;
    SET(CURLOPT_LOW_SPEED_LIMIT, (long)r->speed_min);
    SET(CURLOPT_LOW_SPEED_TIME, (long)r->speed_window);
    SET(CURLOPT_FOLLOWLOCATION, 0L); /* restart_redirected follows, after check_url */
    SET(CURLOPT_NOSIGNAL, 1L);
    if (!r->env_proxy)
        SET(CURLOPT_PROXY, "");
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_USERAGENT, "caravan/" CARAVAN_VERSION);
    return set_time_limits(t, r->deadline_ms, err);
}

/* Puts the name into the URL in place of the host, and still connects to the host. */
static int set_server_name(struct transfer *t, CURLU *u, const char *name, struct err *err)
{
    char *host = NULL, *port = NULL, *url = NULL;
    int rv = -1;
    if (curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
        curl_url_set(u, CURLUPART_HOST, name, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_URL, &url, 0) == CURLUE_OK) {
        t->connect_to = append_header(NULL, "::%s:%s", host, port);
        t->headers = append_header(t->headers, "Host: %s:%s", host, port);
        rv = curl_easy_setopt(t->easy, CURLOPT_URL, url) == CURLE_OK ? 0 : -1;
    }
    curl_free(host);
    curl_free(port);
    curl_free(url);
    return rv == 0 ? 0
                   : err_set(err, ERR_USAGE, 0, "%s: cannot use the server name \"%s\"", t->label,
                             name);
}

/* Uses the URL as libcurl's parser writes it: so the checked URL is the requested URL. */
static int set_parsed(struct transfer *t, CURLU *u, const struct http_request *r, struct err *err)
{
    const char *name = r->tls != NULL ? r->tls->server_name : NULL;
    char *url = NULL;
    int rv = 0;
    if (curl_url_get(u, CURLUPART_URL, &url, 0) != CURLUE_OK)
        die_oom();
    if (set_protocol(t, url, r->allow_file, err) < 0 ||
        (t->check_url != NULL && t->check_url(t->ctx, url, err) < 0))
        rv = -1;
    else if (name != NULL && t->secure)
        rv = set_server_name(t, u, name, err);
    else if (curl_easy_setopt(t->easy, CURLOPT_URL, url) != CURLE_OK)
        die_oom();
    curl_free(url);
    return rv;
}

static int set_url(struct transfer *t, const struct http_request *r, struct err *err)
{
    CURLU *u = curl_url();
    if (u == NULL)
        die_oom();
    CURLUcode bad = curl_url_set(u, CURLUPART_URL, r->url, CURLU_NON_SUPPORT_SCHEME);
    int rv = bad != CURLUE_OK ? err_set(err, ERR_USAGE, 0, "%s: %s", r->url, curl_url_strerror(bad))
                              : set_parsed(t, u, r, err);
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
    bool plain = r->token == NULL && r->body == NULL && r->method == NULL &&
                 r->unix_socket == NULL && (r->tls == NULL || r->tls->server_name == NULL);
    if (r->redirects > 0 && !plain)
        return err_set(err, ERR_USAGE, 0, "%s: only a plain GET may follow redirects", r->url);
    if (r->token != NULL && !is_header_text(r->token))
        return err_set(err, ERR_USAGE, 0, "the token contains a control character");
    if (r->token != NULL)
        t->headers = append_header(t->headers, "X-Nomad-Token: %s", r->token);
    if (r->from > 0)
        t->headers = append_header(t->headers, "Range: bytes=%" PRIu64 "-", r->from);
    if (r->body != NULL) {
        t->headers = append_header(t->headers, "Content-Type: application/json");
        t->headers = append_header(t->headers, "Expect:"); /* no round trip before the body */
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

static int set_up_transfer(struct transfer *t, const struct http_request *r, struct err *err)
{
    if (set_request_limits(t, r, err) < 0 || set_url(t, r, err) < 0 ||
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

static void transfer_free(struct transfer *t)
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

static int transfer_new(const struct http_request *r, struct transfer **ret, struct err *err)
{
    struct transfer *t = xzalloc(1, sizeof(*t));
    t->easy = curl_easy_init();
    if (t->easy == NULL ||
        asprintf(&t->label, "%s %s", r->method != NULL ? r->method : "GET", r->url) < 0)
        die_oom();
    t->began = clock_mono(clock_system());
    t->max = r->max > 0 ? r->max : HTTP_BODY_MAX;
    t->follows = r->redirects > 0;
    t->redirects = r->redirects;
    t->check_url = r->check_url;
    t->on_head = r->on_head;
    t->on_data = r->on_data;
    t->on_done = r->on_done;
    t->ctx = r->ctx;
    if (set_up_transfer(t, r, err) < 0) {
        transfer_free(t);
        return -1;
    }
    *ret = t;
    return 0;
}

/* ---- a transfer: its result ---- */

static enum err_kind map_curl_code(CURLcode code)
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

/* Fills in the answer as far as it has arrived. -1: the transfer failed, whatever its status. */
static int transfer_judge(struct transfer *t, CURLcode code, struct http_answer *ret,
                          struct err *err)
{
    fill_answer(t, ret);
    if (code == CURLE_OUT_OF_MEMORY)
        die_oom();
    if (t->refusal.kind != ERR_NONE) {
        *err = t->refusal;
        return -1;
    }
    if (t->got_headers > HTTP_HEADERS_MAX)
        return err_set(err, ERR_LIMIT, 0, "%s: more than %d bytes of headers", t->label,
                       HTTP_HEADERS_MAX);
    if (t->refused)
        return err_set(err, ERR_IO, 0, "%s: the received bytes could not be used", t->label);
    if (code == CURLE_WRITE_ERROR)
        return err_set(err, ERR_LIMIT, 0, "%s: the answer is larger than %zu bytes", t->label,
                       t->max);
    if (code != CURLE_OK)
        return err_set(err, map_curl_code(code), 0, "%s: %s", t->label,
                       t->why[0] != '\0' ? t->why : curl_easy_strerror(code));
    /* A file:// URL has no HTTP status. */
    if (read_status(t) == 0)
        ret->status = 200;
    return 0;
}

/* ---- all transfers of a struct http ---- */

int http_new(struct http **ret, struct err *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return err_set(err, ERR_STATE, 0, "libcurl does not work on this machine");
    struct http *h = xzalloc(1, sizeof(*h));
    h->multi = curl_multi_init();
    if (h->multi == NULL)
        die_oom();
    for (size_t i = 0; i < WATCHES; i++)
        h->watches[i].fd = -1;
    *ret = h;
    return 0;
}

static void unlink_transfer(struct http *h, struct transfer *t)
{
    struct transfer **at = &h->open;
    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    h->n_open--;
    curl_multi_remove_handle(h->multi, t->easy);
}

void http_free(struct http *h)
{
    if (h == NULL)
        return;
    while (h->open != NULL) {
        struct transfer *t = h->open;
        unlink_transfer(h, t);
        transfer_free(t);
    }
    transfer_free(h->last);
    curl_multi_cleanup(h->multi);
    free(h);
}

static int start_transfer(struct http *h, const struct http_request *r, bool keep, struct err *err)
{
    struct transfer *t = NULL;
    if (transfer_new(r, &t, err) < 0)
        return -1;
    t->keep = keep;
    CURLMcode rv = curl_multi_add_handle(h->multi, t->easy);
    if (rv != CURLM_OK) {
        transfer_free(t);
        return err_set(err, ERR_STATE, 0, "libcurl: %s", curl_multi_strerror(rv));
    }
    t->next = h->open;
    h->open = t;
    h->n_open++;
    return 0;
}

int http_start(struct http *h, const struct http_request *r, struct err *err)
{
    return start_transfer(h, r, false, err);
}

size_t http_open(const struct http *h)
{
    return h->n_open;
}

/* Sets the target of the redirect as the new URL, with the same checks as for the first URL. */
static int follow_redirect(struct transfer *t, struct err *err)
{
    char *url = NULL;
    bool secure = t->secure;
    curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &url);
    if (t->redirects == 0 || url == NULL)
        return err_set(err, ERR_REFUSED, 0, "%s: %s", t->label,
                       url == NULL ? "a redirect leads nowhere" : "too many redirects");
    t->redirects--;
    t->got = 0;
    const struct http_request there = {.url = url};
    if (set_url(t, &there, err) < 0) {
        err->kind = ERR_REFUSED;
        return err_wrap(err, "%s: a redirect", t->label);
    }
    if (secure && !t->secure)
        return err_set(err, ERR_REFUSED, 0, "%s: a redirect leads away from https://", t->label);
    return set_time_limits(t, t->until - clock_mono(clock_system()), err);
}

/* Starts the request again at the target of a redirect. False: there is none, or it was refused. */
static bool restart_redirected(struct http *h, struct transfer *t, CURLcode code)
{
    if (code != CURLE_OK || !is_followed_redirect(t) || follow_redirect(t, &t->refusal) < 0)
        return false;
    curl_multi_remove_handle(h->multi, t->easy);
    CURLMcode rv = curl_multi_add_handle(h->multi, t->easy);
    if (rv != CURLM_OK)
        (void)err_set(&t->refusal, ERR_STATE, 0, "libcurl: %s", curl_multi_strerror(rv));
    return rv == CURLM_OK;
}

/* Handles a finished transfer. False: the request goes on at the target of a redirect. */
static bool finish_transfer(struct http *h, CURL *easy, CURLcode code)
{
    struct transfer *t = NULL;
    struct http_answer answer;
    struct err why = ERR_INIT;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&t);
    if (restart_redirected(h, t, code))
        return false;
    int rv = transfer_judge(t, code, &answer, &why);
    unlink_transfer(h, t);
    if (t->on_done != NULL)
        t->on_done(t->ctx, &answer, rv < 0 ? &why : NULL);
    if (t->keep) {
        transfer_free(h->last);
        h->last = t;
    } else {
        transfer_free(t);
    }
    return true;
}

/* Lets libcurl do what it can do without waiting. Returns how many requests have ended, or -1. */
static int perform_transfers(struct http *h, struct err *err)
{
    int running, left;
    int finished = 0;
    CURLMcode rv = curl_multi_perform(h->multi, &running);
    if (rv != CURLM_OK)
        return err_set(err, ERR_STATE, 0, "libcurl: %s", curl_multi_strerror(rv));
    for (CURLMsg *m = curl_multi_info_read(h->multi, &left); m != NULL;
         m = curl_multi_info_read(h->multi, &left)) {
        if (m->msg != CURLMSG_DONE)
            continue;
        /* Copy the fields: finish_transfer frees the handle that contains the message. */
        CURL *easy = m->easy_handle;
        CURLcode code = m->data.result;
        finished += finish_transfer(h, easy, code);
    }
    return finished;
}

/* Waits once. Sets *ret_called when http_wake was called or a watched descriptor is readable. */
static int sleep_once(struct http *h, int timeout, bool *ret_called, struct err *err)
{
    struct curl_waitfd fds[WATCHES];
    bool *ready[WATCHES];
    unsigned n = 0;
    for (size_t i = 0; i < WATCHES; i++) {
        if (h->watches[i].fd < 0 || h->single)
            continue;
        fds[n] = (struct curl_waitfd){h->watches[i].fd, CURL_WAIT_POLLIN, 0};
        ready[n++] = h->watches[i].ready;
    }
    CURLMcode rv = curl_multi_poll(h->multi, fds, n, timeout, NULL);
    if (rv != CURLM_OK)
        return err_set(err, ERR_STATE, 0, "libcurl: %s", curl_multi_strerror(rv));
    for (unsigned i = 0; i < n; i++) {
        *ready[i] = fds[i].revents != 0;
        *ret_called |= *ready[i];
    }
    if (!h->single)
        *ret_called |= atomic_exchange(&h->woken, false);
    return 0;
}

int http_wait(struct http *h, int64_t timeout_ms, struct err *err)
{
    const struct clock *clock = clock_system();
    int64_t until = timeout_ms < 0 ? INT64_MAX : clock_mono(clock) + timeout_ms;
    bool called = !h->single && atomic_exchange(&h->woken, false);
    for (;;) {
        int finished = perform_transfers(h, err);
        if (finished < 0)
            return -1;
        int64_t left = until - clock_mono(clock);
        bool over = finished > 0 || called || left <= 0;
        /* Call it also when the wait is over: every http_wait checks the watched descriptors. */
        if (sleep_once(h, over ? 0 : (int)MIN_OF(left, (int64_t)60000), &called, err) < 0)
            return -1;
        if (over)
            return finished;
    }
}

void http_wake(struct http *h)
{
    atomic_store(&h->woken, true);
    curl_multi_wakeup(h->multi);
}

int http_watch(struct http *h, int slot, int fd, bool *ready, struct err *err)
{
    if (slot < 0 || slot >= WATCHES)
        return err_set(err, ERR_USAGE, 0, "there are only %d slots for descriptors", WATCHES);
    h->watches[slot].fd = fd;
    h->watches[slot].ready = ready;
    return 0;
}

/* ---- one request at a time ---- */

struct single {
    bool over;
    bool failed;
    struct http_answer answer;
    struct err err;
};

static void on_single(void *ctx, const struct http_answer *answer, const struct err *err)
{
    struct single *s = ctx;
    s->over = true;
    s->failed = err != NULL;
    s->answer = *answer;
    if (err != NULL)
        s->err = *err;
}

/* Frees the request of http_do after the multi handle failed: its ctx will not exist any more. */
static void forget_kept(struct http *h)
{
    struct transfer *t = h->open;
    while (t != NULL && !t->keep)
        t = t->next;
    if (t != NULL) {
        unlink_transfer(h, t);
        transfer_free(t);
    }
}

int http_do(struct http *h, const struct http_request *r, struct http_answer *ret, struct err *err)
{
    struct single s = {.err = ERR_INIT};
    struct http_request mine = *r;
    mine.on_done = on_single;
    mine.ctx = &s;
    if (r->on_head != NULL || r->on_data != NULL || r->check_url != NULL)
        return err_set(err, ERR_USAGE, 0, "http_do passes no ctx to callbacks: use http_start");
    if (start_transfer(h, &mine, true, err) < 0)
        return -1;
    h->single = true;
    int rv = 0;
    while (rv >= 0 && !s.over)
        rv = http_wait(h, -1, err);
    h->single = false;
    if (rv < 0) {
        forget_kept(h);
        return -1;
    }
    if (s.failed) {
        *err = s.err;
        return -1;
    }
    *ret = s.answer;
    return 0;
}

void http_escape(struct buf *out, const char *s)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    for (; *s != '\0'; s++) {
        if (strchr(plain, *s) != NULL)
            buf_add(out, s, 1);
        else
            buf_printf(out, "%%%02X", (unsigned char)*s);
    }
}
