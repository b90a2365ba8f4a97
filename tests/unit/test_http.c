#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <cmocka.h>
#include "clock.h"
#include "file.h"
#include "http.h"
#include "http_server.h"
#include "scratch_dir.h"
#include "str.h"

struct bench {
    struct http *h;
    struct http_server *server;
    char base[64];
    int deaf; /* listens and never answers */
    char deaf_base[64];
};

static uint16_t port_of(int fd)
{
    struct sockaddr_in in;
    socklen_t n = sizeof(in);
    getsockname(fd, (struct sockaddr *)&in, &n);
    return ntohs(in.sin_port);
}

static int set_up(void **state)
{
    static struct bench b;
    struct err err = ERR_INIT;
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    scratch_enter();
    if (http_new(&b.h, &err) < 0)
        return -1;
    b.server = http_server_start(NULL, NULL, NULL);
    snprintf(b.base, sizeof(b.base), "http://127.0.0.1:%u", http_server_port(b.server));
    b.deaf = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(b.deaf, (struct sockaddr *)&in, sizeof(in)) < 0 || listen(b.deaf, 5) < 0)
        return -1;
    snprintf(b.deaf_base, sizeof(b.deaf_base), "http://127.0.0.1:%u", port_of(b.deaf));
    *state = &b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    http_free(b->h);
    http_server_stop(b->server);
    close(b->deaf);
    return 0;
}

static struct http_request request(const char *url)
{
    return (struct http_request){.url = url, .deadline_ms = 20000};
}

static const char *url_of(const char *base, const char *path)
{
    static char url[4096];
    snprintf(url, sizeof(url), "%s%s", base, path);
    return url;
}

static void assert_answer(struct http *h, const struct http_request *r, int status,
                          const char *want)
{
    struct http_answer a;
    struct err err = ERR_INIT;
    if (http_do(h, r, &a, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(a.status, status);
    if (want != NULL && memmem(a.body, a.body_len, want, strlen(want)) == NULL)
        fail_msg("%s", (const char *)a.body);
}

static void assert_error(struct http *h, const struct http_request *r, enum err_kind kind)
{
    struct http_answer a;
    struct err err = ERR_INIT;
    assert_int_equal(http_do(h, r, &a, &err), -1);
    if (err.kind != kind)
        fail_msg("%s: %s", err_kind_name(err.kind), err.text);
    assert_non_null(strstr(err.text, r->url));
}

static void tells_what_nomad_says(void **state)
{
    struct bench *b = *state;
    struct http_request r = request(url_of(b->base, "/nomad"));
    struct http_answer a;
    struct err err = ERR_INIT;
    assert_int_equal(http_do(b->h, &r, &a, &err), 0);
    assert_int_equal(a.status, 200);
    assert_int_equal(a.body_len, 2);
    assert_memory_equal(a.body, "{}", 2);
    assert_true(a.nomad_index == UINT64_MAX);
    assert_string_equal(a.next_token, "next/1");
    assert_string_equal(a.digest, "sha-256=abc=");
    r.url = url_of(b->base, "/echo");
    assert_int_equal(http_do(b->h, &r, &a, &err), 0);
    assert_int_equal(a.nomad_index, 0);
    assert_string_equal(a.next_token, "");
}

static void any_status_is_an_answer(void **state)
{
    struct bench *b = *state;
    static const int all[] = {200, 403, 404, 429, 500, 503};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        char path[32];
        snprintf(path, sizeof(path), "/status/%d", all[i]);
        struct http_request r = request(url_of(b->base, path));
        assert_answer(b->h, &r, all[i], "GET /status/");
    }
}

static void sends_what_it_is_told(void **state)
{
    struct bench *b = *state;
    struct http_request r = request(url_of(b->base, "/echo"));
    assert_answer(b->h, &r, 200, "GET /echo");
    assert_answer(b->h, &r, 200, "token=- type=- encoding=- body=");
    r.token = "s3cret";
    r.body = "{\"a\":1}";
    r.body_len = 7;
    assert_answer(b->h, &r, 200, "POST /echo");
    r.method = "PUT";
    assert_answer(b->h, &r, 200, "PUT /echo");
    assert_answer(b->h, &r, 200, "token=s3cret type=application/json encoding=- body={\"a\":1}");
    r.body_len = 0;
    assert_answer(b->h, &r, 200, "body=");
    r.token = "a\r\nX-Other: b";
    struct http_answer a;
    struct err err = ERR_INIT;
    assert_int_equal(http_do(b->h, &r, &a, &err), -1);
    assert_int_equal(err.kind, ERR_USAGE);
    assert_null(strstr(err.text, "Other"));
}

static void answers_have_a_limit(void **state)
{
    struct bench *b = *state;
    struct http_request r = request(url_of(b->base, "/bytes/100000"));
    r.max = 100000;
    assert_answer(b->h, &r, 200, NULL);
    r.max = 99999;
    assert_error(b->h, &r, ERR_LIMIT);
    r = request(url_of(b->base, "/bytes/9000000"));
    assert_error(b->h, &r, ERR_LIMIT);
    r = request(url_of(b->base, "/headers"));
    assert_error(b->h, &r, ERR_LIMIT);
}

struct taken {
    size_t bytes, most;
    int calls, done;
    int status;
    struct err err;
    struct http *again;
    const char *url;
};

static int take(void *ctx, const void *p, size_t n)
{
    struct taken *t = ctx;
    (void)p;
    t->bytes += n;
    t->calls++;
    return t->bytes > t->most ? -1 : 0;
}

static void on_done(void *ctx, const struct http_answer *answer, const struct err *err)
{
    struct taken *t = ctx;
    struct err ignored = ERR_INIT;
    t->done++;
    t->status = answer->status;
    if (err != NULL)
        t->err = *err;
    if (t->again != NULL) {
        struct http_request r = request(t->url);
        r.on_done = on_done;
        r.ctx = t;
        struct http *h = take_ptr(&t->again);
        assert_int_equal(http_start(h, &r, &ignored), 0);
    }
}

static void wait_all(struct http *h)
{
    struct err err = ERR_INIT;
    while (http_open(h) > 0)
        if (http_wait(h, 20000, &err) < 0)
            fail_msg("%s", err.text);
}

static void pieces_go_to_the_taker(void **state)
{
    struct bench *b = *state;
    struct taken t = {.most = 1000000};
    struct err err = ERR_INIT;
    struct http_request r = request(url_of(b->base, "/bytes/1000000"));
    r.on_data = take;
    r.on_done = on_done;
    r.ctx = &t;
    assert_int_equal(http_start(b->h, &r, &err), 0);
    wait_all(b->h);
    assert_int_equal(t.bytes, 1000000);
    assert_true(t.calls > 1);
    assert_int_equal(t.done, 1);
    assert_int_equal(t.status, 200);
    assert_int_equal(t.err.kind, ERR_NONE);
    t = (struct taken){.most = 500000};
    assert_int_equal(http_start(b->h, &r, &err), 0);
    wait_all(b->h);
    assert_int_equal(t.err.kind, ERR_IO);
    assert_true(t.bytes < 1000000);
}

/* How often the server was asked, what it received, and its answer. */
struct doorman {
    struct taken t;
    int heads, says;
    int64_t length;
};

static int look_at_head(void *ctx, const struct http_answer *head)
{
    struct doorman *d = ctx;
    d->heads++;
    d->length = head->length;
    assert_int_equal(head->status, 200);
    assert_string_equal(head->range, "");
    return d->says;
}

static void the_head_is_seen_before_the_body(void **state)
{
    struct bench *b = *state;
    struct doorman d = {.t = {.most = 1000000}};
    struct err err = ERR_INIT;
    struct http_request r = request(url_of(b->base, "/bytes/1000000"));
    r.on_head = look_at_head;
    r.on_data = take;
    r.on_done = on_done;
    r.from = 5; /* this server knows no ranges */
    r.ctx = &d;
    assert_int_equal(http_start(b->h, &r, &err), 0);
    wait_all(b->h);
    assert_int_equal(d.heads, 1);
    assert_int_equal(d.length, 1000000);
    assert_int_equal(d.t.bytes, 1000000);
    d = (struct doorman){.t = {.most = 1000000}, .says = -1};
    assert_int_equal(http_start(b->h, &r, &err), 0);
    wait_all(b->h);
    assert_int_equal(d.t.bytes, 0);
    assert_int_equal(d.t.err.kind, ERR_IO);
}

static void deadlines(void **state)
{
    struct bench *b = *state;
    struct http_request r = request(url_of(b->deaf_base, "/"));
    int64_t began = clock_mono(clock_system());
    r.deadline_ms = 150;
    assert_error(b->h, &r, ERR_TIMEOUT);
    r.deadline_ms = 20000;
    r.speed_min = 1000;
    r.speed_window = 1;
    assert_error(b->h, &r, ERR_TIMEOUT);
    assert_true(clock_mono(clock_system()) - began < 15000);
    r.deadline_ms = 0;
    assert_error(b->h, &r, ERR_USAGE);
}

static void nobody_there(void **state)
{
    struct bench *b = *state;
    char url[64];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/", port_of(fd));
    struct http_request r = request(url);
    assert_error(b->h, &r, ERR_NETWORK);
    close(fd);
}

static void redirects_only_when_asked(void **state)
{
    struct bench *b = *state;
    char target[200], loop[200];
    snprintf(target, sizeof(target), "%s/to/%s/echo", b->base, b->base);
    snprintf(loop, sizeof(loop), "%s/to//to//to/x", b->base);
    struct http_request r = request(target);
    assert_answer(b->h, &r, 302, "elsewhere");
    r.redirects = 1;
    assert_answer(b->h, &r, 200, "GET /echo");
    r.url = loop;
    assert_error(b->h, &r, ERR_REFUSED);
    r.url = url_of(b->base, "/to/file:///etc/passwd");
    r.allow_file = true;
    assert_error(b->h, &r, ERR_REFUSED);
    r.token = "s3cret";
    assert_error(b->h, &r, ERR_USAGE);
}

static void only_the_urls_protocol(void **state)
{
    struct bench *b = *state;
    struct err err = ERR_INIT;
    char dir[4096], url[4200];
    assert_int_equal(file_replace("here", "content", 7, 0600, &err), 0);
    assert_non_null(getcwd(dir, sizeof(dir)));
    snprintf(url, sizeof(url), "file://%s/here", dir);
    struct http_request r = request(url);
    assert_error(b->h, &r, ERR_USAGE);
    r.allow_file = true;
    assert_answer(b->h, &r, 200, "content");
    r.url = "file:///no/such/file";
    assert_error(b->h, &r, ERR_NOTFOUND);
    r.url = "ftp://127.0.0.1/";
    assert_error(b->h, &r, ERR_USAGE);
    r.url = "http://[::1/";
    assert_error(b->h, &r, ERR_USAGE);
}

static void through_a_unix_socket(void **state)
{
    struct bench *b = *state;
    struct http_server *s = http_server_start(NULL, NULL, "sock");
    struct http_request r = request("http://localhost/echo");
    r.unix_socket = "sock";
    assert_answer(b->h, &r, 200, "GET /echo host=localhost");
    http_server_stop(s);
    unlink("sock");
}

static void no_proxy_from_the_environment(void **state)
{
    struct bench *b = *state;
    setenv("http_proxy", b->deaf_base, 1);
    setenv("ALL_PROXY", b->deaf_base, 1);
    struct http_request r = request(url_of(b->base, "/echo"));
    r.deadline_ms = 5000;
    assert_answer(b->h, &r, 200, "GET /echo");
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
}

static void many_at_once(void **state)
{
    struct bench *b = *state;
    struct taken t[200] = {0};
    struct err err = ERR_INIT;
    char url[128];
    str_cut(url, sizeof(url), url_of(b->base, "/bytes/1000"));
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        struct http_request r = request(url);
        r.on_done = on_done;
        r.ctx = &t[i];
        if (i % 2 == 0) {
            t[i].again = b->h;
            t[i].url = url;
        }
        assert_int_equal(http_start(b->h, &r, &err), 0);
    }
    assert_int_equal(http_open(b->h), 200);
    wait_all(b->h);
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        assert_int_equal(t[i].done, i % 2 == 0 ? 2 : 1);
        assert_int_equal(t[i].status, 200);
    }
}

static void *wake_soon(void *ctx)
{
    clock_sleep(clock_system(), 50);
    http_wake(ctx);
    return NULL;
}

static void waits_for_calls_and_descriptors(void **state)
{
    struct bench *b = *state;
    struct err err = ERR_INIT;
    pthread_t thread;
    bool ready = true;
    autoclose int fd = eventfd(0, EFD_CLOEXEC);
    assert_int_equal(http_watch(b->h, 8, fd, &ready, &err), -1);
    assert_int_equal(http_watch(b->h, 3, fd, &ready, &err), 0);
    assert_int_equal(http_wait(b->h, 20, &err), 0);
    assert_false(ready);
    int64_t began = clock_mono(clock_system());
    assert_int_equal(pthread_create(&thread, NULL, wake_soon, b->h), 0);
    assert_int_equal(http_wait(b->h, 20000, &err), 0);
    pthread_join(thread, NULL);
    assert_false(ready);
    assert_int_equal(eventfd_write(fd, 1), 0);
    assert_int_equal(http_wait(b->h, 20000, &err), 0);
    assert_true(ready);
    /* Waiting for one request does not remove the wake-up and the descriptor of the others. */
    struct http_request r = request(url_of(b->base, "/echo"));
    ready = false;
    http_wake(b->h);
    assert_answer(b->h, &r, 200, "GET");
    assert_false(ready);
    assert_int_equal(http_watch(b->h, 3, -1, NULL, &err), 0);
    assert_int_equal(http_wait(b->h, 20000, &err), 0);
    assert_true(clock_mono(clock_system()) - began < 15000);
}

static void ending_with_requests_open(void **state)
{
    struct bench *b = *state;
    struct http *h = NULL;
    struct taken t = {0};
    struct err err = ERR_INIT;
    assert_int_equal(http_new(&h, &err), 0);
    for (int i = 0; i < 5; i++) {
        struct http_request r = request(url_of(b->deaf_base, "/"));
        r.on_done = on_done;
        r.ctx = &t;
        assert_int_equal(http_start(h, &r, &err), 0);
    }
    assert_int_equal(http_wait(h, 10, &err), 0);
    http_free(h);
    http_free(NULL);
    assert_int_equal(t.done, 0);
}

static void tls_checks_the_name(void **state)
{
    struct bench *b = *state;
    autofree char *cert = NULL;
    autofree char *key = NULL;
    char url[64], host[64];
    struct err err = ERR_INIT;
    http_server_certificate("server.global.nomad", &cert, &key);
    assert_int_equal(file_replace("ca.pem", cert, strlen(cert), 0600, &err), 0);
    struct http_server *s = http_server_start(cert, key, NULL);
    snprintf(url, sizeof(url), "https://127.0.0.1:%u/echo", http_server_port(s));
    snprintf(host, sizeof(host), "host=127.0.0.1:%u", http_server_port(s));
    struct http_tls tls = {.ca_file = "ca.pem", .server_name = "server.global.nomad"};
    struct http_request r = request(url);
    r.tls = &tls;
    assert_answer(b->h, &r, 200, host);
    tls.server_name = "server.other.nomad";
    assert_error(b->h, &r, ERR_CRYPTO);
    tls.server_name = NULL;
    assert_error(b->h, &r, ERR_CRYPTO);
    tls.skip_verify = true;
    assert_answer(b->h, &r, 200, host);
    /* A redirect may go from http to https, and never from https to http. */
    char up[200], down[200];
    snprintf(up, sizeof(up), "%s/to/%s", b->base, url);
    snprintf(down, sizeof(down), "%.*sto/%s/echo", (int)(strlen(url) - 4), url, b->base);
    r.redirects = 1;
    r.url = up;
    assert_answer(b->h, &r, 200, host);
    r.url = down;
    assert_error(b->h, &r, ERR_REFUSED);
    r.redirects = 0;
    r.url = url;
    r.tls = NULL;
    assert_error(b->h, &r, ERR_CRYPTO);
    tls = (struct http_tls){.ca_file = "none.pem", .server_name = "server.global.nomad"};
    r.tls = &tls;
    assert_error(b->h, &r, ERR_CONFIG);
    http_server_stop(s);
}

static void escapes_for_urls(void **state)
{
    (void)state;
    auto_buf struct buf out = BUF_INIT;
    http_escape(&out, "a-Z_0.~ /?&=%\xc3\xa9");
    assert_string_equal(buf_str(&out), "a-Z_0.~%20%2F%3F%26%3D%25%C3%A9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_nomad_says),
        cmocka_unit_test(any_status_is_an_answer),
        cmocka_unit_test(sends_what_it_is_told),
        cmocka_unit_test(answers_have_a_limit),
        cmocka_unit_test(pieces_go_to_the_taker),
        cmocka_unit_test(the_head_is_seen_before_the_body),
        cmocka_unit_test(deadlines),
        cmocka_unit_test(nobody_there),
        cmocka_unit_test(redirects_only_when_asked),
        cmocka_unit_test(only_the_urls_protocol),
        cmocka_unit_test(through_a_unix_socket),
        cmocka_unit_test(no_proxy_from_the_environment),
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(waits_for_calls_and_descriptors),
        cmocka_unit_test(ending_with_requests_open),
        cmocka_unit_test(tls_checks_the_name),
        cmocka_unit_test(escapes_for_urls),
    };
    return cmocka_run_group_tests_name("http", tests, set_up, tear_down);
}
