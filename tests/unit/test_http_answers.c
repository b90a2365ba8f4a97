/* http.h: malformed answers, byte for byte as a server may send them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include "clock.h"
#include "http.h"
#include "str.h"

#define OK "HTTP/1.1 200 OK\r\n"

static const struct {
    const char *answer;
    bool for_ever;      /* sent until the client closes the connection */
    enum err_kind kind; /* ERR_NONE: an answer with the body "body" */
    const char *says;
    int status;
} rows[] = {
    {OK "Content-Length: 4\r\n\r\nbody", false, ERR_NONE, "", 200},
    {"HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 4\r\n\r\nbody", false, ERR_NONE, "", 200},
    {OK "Content-Encoding: identity\r\nContent-Length: 4\r\n\r\nbody", false, ERR_NONE, "", 200},
    {OK "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n", false, ERR_NONE, "", 200},
    {OK "Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nbody", false, ERR_FORMAT,
     "the answer is encoded (Content-Encoding: gzip), which was not asked for", 200},
    {OK "Content-Encoding: br\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n", false,
     ERR_FORMAT, "(Content-Encoding: br)", 200},
    /* "body", compressed */
    {OK "Transfer-Encoding: gzip\r\nConnection: close\r\n\r\n"
        "\x1f\x8b\x08\x01\x01\x01\x01\x01\x02\x03\x4b\xca\x4f\xa9\x04",
     false, ERR_FORMAT, "Transfer-Encoding", 200},
    {OK "Transfer-Encoding: gzip, chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n", false, ERR_NETWORK, "",
     200},
    {"HTTP/1.1 100 Continue\r\n\r\n", true, ERR_LIMIT, "more than 65536 bytes of headers", 0},
    {"HTTP/1.1 100 Continue\r\n\r\n", false, ERR_NETWORK, "", 0},
};

struct raw {
    int fd;
    size_t row;
};

static void *serve(void *ctx)
{
    const struct raw *r = ctx;
    const char *answer = rows[r->row].answer;
    char request[4096];
    int c = accept4(r->fd, NULL, NULL, SOCK_CLOEXEC);
    if (c >= 0 && recv(c, request, sizeof(request), 0) > 0) {
        while (send(c, answer, strlen(answer), MSG_NOSIGNAL) > 0 && rows[r->row].for_ever)
            ;
        shutdown(c, SHUT_WR);
    }
    if (c >= 0)
        close(c);
    return NULL;
}

struct got {
    bool over;
    int status;
    struct buf body;
    struct err err;
};

static void on_done(void *ctx, const struct http_answer *answer, const struct err *err)
{
    struct got *g = ctx;
    g->over = true;
    g->status = answer->status;
    buf_add(&g->body, answer->body, answer->body_len);
    if (err != NULL)
        g->err = *err;
}

static void get(uint16_t port, struct got *ret)
{
    struct http *h = NULL;
    struct err err = ERR_INIT;
    char url[60];
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/file", port);
    const struct http_request r = {
        .url = url, .deadline_ms = 20000, .on_done = on_done, .ctx = ret};
    assert_int_equal(http_new(&h, &err), 0);
    assert_int_equal(http_start(h, &r, &err), 0);
    while (!ret->over)
        assert_true(http_wait(h, 20000, &err) >= 0);
    http_free(h);
}

static void ask(size_t row, struct got *ret)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct raw r = {socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), row};
    socklen_t n = sizeof(a);
    pthread_t thread;
    assert_int_equal(bind(r.fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(r.fd, 1), 0);
    assert_int_equal(getsockname(r.fd, (struct sockaddr *)&a, &n), 0);
    assert_int_equal(pthread_create(&thread, NULL, serve, &r), 0);
    get(ntohs(a.sin_port), ret);
    pthread_join(thread, NULL);
    close(r.fd);
}

static void answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct got g = {.body = BUF_INIT, .err = ERR_INIT};
        ask(i, &g);
        /* libcurl 8.14 (Debian 13) itself refuses such a Transfer-Encoding. */
        bool refused = rows[i].kind == ERR_FORMAT && g.err.kind == ERR_NETWORK;
        if ((g.err.kind != rows[i].kind && !refused) || strstr(g.err.text, rows[i].says) == NULL ||
            g.status != rows[i].status)
            fail_msg("row %zu: status %d, %s: %s", i, g.status, err_kind_name(g.err.kind),
                     g.err.text);
        if (g.err.kind == ERR_NONE)
            assert_string_equal(buf_str(&g.body), "body");
        buf_free(&g.body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests_name("http_answers", tests, NULL, NULL);
}
