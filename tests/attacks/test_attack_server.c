/* Attacks of strangers on the server of releases: the server goes on serving others, and serves
 * only its files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <cmocka.h>
#include "clock.h"
#include "served_fixture.h"
#include "str.h"

#define LEN (16 * 1000 * 1000) /* bytes; more than fit into the buffers of sockets */

/* Short times, for a short test. On loopback no honest client is as slow as the minimum. */
static const struct file_server_limits limits = {
    .connections = 12, .per_address = 6, .floor = 64 * 1024, .window_ms = 500, .request_ms = 500};

static int enter(void **state)
{
    struct served *s = xzalloc(1, sizeof(*s));
    served_open(s, LEN);
    served_start(s, &limits);
    *state = s;
    return 0;
}

static int leave(void **state)
{
    served_close(*state);
    free(*state);
    return 0;
}

/* An honest client gets its range. */
static void others_are_served(const struct served *s)
{
    auto_buf struct buf a = BUF_INIT;
    size_t len = 0;
    if (served_ask(s, "GET", s->url_path, "Range: bytes=1000-1999\r\n", &a) != 206)
        fail_msg("an honest request: %.100s", buf_str(&a));
    const unsigned char *body = served_body(&a, &len);
    assert_int_equal(len, 1000);
    assert_memory_equal(body, s->bytes + 1000, 1000);
}

struct waiting {
    const struct served *s;
    uint64_t cut;
};

static bool is_cut(void *ctx)
{
    const struct waiting *w = ctx;
    return file_server_counts(w->s->server).cut >= w->cut;
}

static void until_cut(const struct served *s, uint64_t n)
{
    struct waiting w = {s, n};
    served_until(is_cut, &w);
}

static int begin_whole(const struct served *s, const char *from)
{
    auto_buf struct buf request = BUF_INIT;
    int fd = served_connect(s, from);
    buf_printf(&request, "GET %s HTTP/1.1\r\nHost: here\r\n\r\n", s->url_path);
    served_send(fd, request.data, request.len);
    return fd;
}

static void who_reads_nothing_is_cut_off(void **state)
{
    struct served *s = *state;
    int fd = begin_whole(s, NULL);
    others_are_served(s);
    until_cut(s, 1);
    others_are_served(s);
    close(fd);
}

/* Reads a few bytes now and then: never idle, and never done. */
static void who_drips_is_cut_off(void **state)
{
    struct served *s = *state;
    struct waiting w = {s, 1};
    int fd = begin_whole(s, NULL);
    unsigned char some[64];
    int64_t end = clock_mono(clock_system()) + 20000;
    while (!is_cut(&w)) {
        assert_true(clock_mono(clock_system()) < end);
        if (recv(fd, some, sizeof(some), MSG_DONTWAIT) < 0)
            assert_true(errno == EAGAIN || errno == ECONNRESET);
        clock_sleep(clock_system(), 5); /* the pause of a slow reader */
    }
    close(fd);
    others_are_served(s);
}

static void who_never_ends_the_head_is_cut_off(void **state)
{
    struct served *s = *state;
    struct waiting w = {s, 1};
    int fd = served_connect(s, NULL);
    int64_t end = clock_mono(clock_system()) + 20000;
    served_send(fd, "GET / HTTP/1.1\r\n", 16);
    while (!is_cut(&w)) {
        assert_true(clock_mono(clock_system()) < end);
        served_send(fd, "A: b\r\n", 6);
        clock_sleep(clock_system(), 20); /* the pause of a slow writer */
    }
    close(fd);
    others_are_served(s);
}

static void who_says_nothing_is_cut_off(void **state)
{
    struct served *s = *state;
    int fd = served_connect(s, NULL);
    until_cut(s, 1);
    close(fd);
    others_are_served(s);
}

static void one_address_does_not_take_every_connection(void **state)
{
    struct served *s = *state;
    struct file_server_limits patient = limits;
    int held[20];
    file_server_stop(s->server);
    patient.request_ms = 600000; /* so that no client is cut off */
    served_start(s, &patient);
    for (size_t i = 0; i < ARRAY_LEN(held); i++)
        held[i] = served_connect(s, "127.0.0.2");
    others_are_served(s);
    for (size_t i = 0; i < ARRAY_LEN(held); i++)
        close(held[i]);
}

/* Attackers from many addresses hold all connections. They are cut off as too slow, and the next
 * client is served. */
static void many_addresses_do_not_take_them_for_long(void **state)
{
    struct served *s = *state;
    int held[30];
    for (size_t i = 0; i < ARRAY_LEN(held); i++) {
        char from[16];
        snprintf(from, sizeof(from), "127.0.0.%d", 10 + (int)i);
        held[i] = served_connect(s, from);
    }
    others_are_served(s);
    assert_true(file_server_counts(s->server).cut > 0);
    for (size_t i = 0; i < ARRAY_LEN(held); i++)
        close(held[i]);
}

static void a_head_has_a_limit(void **state)
{
    struct served *s = *state;
    static const char *const forms[] = {
        "GET /%s HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\nA: %s\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n%s: a\r\n\r\n", "%s"};
    char *much = xalloc(4 * 1000 * 1000 + 1);
    memset(much, 'a', 4 * 1000 * 1000);
    much[4 * 1000 * 1000] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        auto_buf struct buf request = BUF_INIT, a = BUF_INIT;
        const char *at = strstr(forms[i], "%s");
        int fd = served_connect(s, NULL);
        buf_add(&request, forms[i], (size_t)(at - forms[i]));
        buf_add_str(&request, much);
        buf_add_str(&request, at + 2);
        served_send(fd, request.data, request.len);
        (void)!served_read_all(fd, &a);
        close(fd);
        assert_false(str_starts(buf_str(&a), "HTTP/1.1 2"));
        others_are_served(s);
    }
    free(much);
}

/* Many small headers. */
static void headers_have_a_limit(void **state)
{
    struct served *s = *state;
    auto_buf struct buf headers = BUF_INIT, a = BUF_INIT;
    for (int i = 0; i < 5000; i++)
        buf_printf(&headers, "A%d: b\r\n", i);
    assert_int_not_equal(served_ask(s, "GET", s->url_path, buf_str(&headers), &a), 200);
    assert_int_equal(file_server_counts(s->server).bytes, 0);
    others_are_served(s);
}

static void no_way_leads_elsewhere(void **state)
{
    struct served *s = *state;
    static const char *const forms[] = {"/",
                                        "//%s",
                                        "/%s/",
                                        "/%s/..",
                                        "/./%s",
                                        "/../%s",
                                        "/%%2e%%2e/%s",
                                        "/x/../%s",
                                        "/%%2f%s",
                                        "/%s%%00",
                                        "/%s?",
                                        "/%s?a=b",
                                        "/%s#a",
                                        "/%s;a",
                                        "%s",
                                        "http://here/%s",
                                        "*",
                                        "/%.63s",
                                        "/%s0",
                                        "/nomad.zip",
                                        "/etc/passwd",
                                        "/../../../../etc/passwd",
                                        "/%%2e%%2e/%%2e%%2e/etc/passwd",
                                        "\\%s"};
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        auto_buf struct buf a = BUF_INIT;
        char path[200];
        const char *rest = strstr(forms[i], "%s");
        bool less = strstr(forms[i], "%.63s") != NULL;
        size_t n = 0;
        for (const char *f = forms[i]; *f != '\0'; f++) {
            if (f == rest || (less && f[0] == '%')) {
                n += (size_t)snprintf(path + n, sizeof(path) - n, "%.*s", less ? 63 : 64,
                                      s->url_path + 1);
                f += less ? 4 : 1;
                continue;
            }
            path[n++] = *f;
            f += f[0] == '%' && f[1] == '%';
        }
        path[n] = '\0';
        int status = served_ask(s, "GET", path, "", &a);
        if (status != 404 && status != 400 && status != 0)
            fail_msg("%s: %d", path, status);
    }
    assert_int_equal(file_server_counts(s->server).bytes, 0);
}

static void digits_in_capitals_are_another_path(void **state)
{
    struct served *s = *state;
    auto_buf struct buf a = BUF_INIT;
    char path[80];
    snprintf(path, sizeof(path), "%s", s->url_path);
    for (char *p = path; *p != '\0'; p++)
        *p = (char)(*p >= 'a' && *p <= 'f' ? *p - 'a' + 'A' : *p);
    assert_string_not_equal(path, s->url_path);
    assert_int_equal(served_ask(s, "GET", path, "", &a), 404);
}

static void only_get_and_head(void **state)
{
    struct served *s = *state;
    static const char *const methods[] = {"POST",    "PUT",   "DELETE", "OPTIONS", "TRACE",
                                          "CONNECT", "PATCH", "get",    "PROPFIND"};
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        auto_buf struct buf a = BUF_INIT;
        int status = served_ask(s, methods[i], s->url_path, "", &a);
        if (status != 405)
            fail_msg("%s: %d", methods[i], status);
    }
    assert_int_equal(file_server_counts(s->server).bytes, 0);
}

/* The server answers before the body arrives, and does not read a client that goes on sending. */
static void no_body_is_taken(void **state)
{
    struct served *s = *state;
    auto_buf struct buf request = BUF_INIT, a = BUF_INIT;
    unsigned char *much = xzalloc(1, LEN);
    int fd = served_connect(s, NULL);
    buf_printf(&request, "POST %s HTTP/1.1\r\nHost: here\r\nContent-Length: 999999999999\r\n\r\n",
               s->url_path);
    served_send(fd, request.data, request.len);
    served_send(fd, much, LEN);
    (void)!served_read_all(fd, &a);
    close(fd);
    free(much);
    others_are_served(s);
}

/* A request asks ten thousand times for the whole file. The file is sent once. */
static void many_ranges_are_none(void **state)
{
    struct served *s = *state;
    auto_buf struct buf headers = BUF_INIT, a = BUF_INIT;
    size_t len = 0;
    buf_add_str(&headers, "Range: bytes=0-");
    for (int i = 0; i < 1000; i++)
        buf_add_str(&headers, ",0-");
    buf_add_str(&headers, "\r\n");
    assert_int_equal(served_ask(s, "GET", s->url_path, buf_str(&headers), &a), 200);
    (void)!served_body(&a, &len);
    assert_int_equal(len, LEN);
    assert_int_equal(file_server_counts(s->server).bytes, LEN);
}

static void what_is_no_http_is_harmless(void **state)
{
    struct served *s = *state;
    static const struct {
        const char *bytes;
        size_t n;
    } rows[] = {
        {"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03", 11}, /* TLS */
        {"\0\0\0\0\0\0\0\0", 8},
        {"CRVN\1\0\0\0", 8},
        {"GET\r\n\r\n", 7},
        {"GET / HTTP/9.9\r\n\r\n", 18},
        {"\r\n\r\n\r\n\r\n\r\n", 10},
        {"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n", 65},
        {"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 38},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_buf struct buf a = BUF_INIT;
        int fd = served_connect(s, NULL);
        served_send(fd, rows[i].bytes, rows[i].n);
        shutdown(fd, SHUT_WR);
        (void)!served_read_all(fd, &a);
        close(fd);
        assert_false(str_starts(buf_str(&a), "HTTP/1.1 2"));
    }
    assert_int_equal(file_server_counts(s->server).bytes, 0);
    others_are_served(s);
}

/* A connection gets one answer, whatever follows the first request. */
static void a_pile_of_requests_has_one_answer(void **state)
{
    struct served *s = *state;
    auto_buf struct buf request = BUF_INIT, a = BUF_INIT;
    int fd = served_connect(s, NULL);
    for (int i = 0; i < 40; i++)
        buf_printf(&request, "GET %s HTTP/1.1\r\nHost: here\r\nRange: bytes=0-9\r\n\r\n",
                   s->url_path);
    served_send(fd, request.data, request.len);
    (void)!served_read_all(fd, &a);
    close(fd);
    assert_int_equal(file_server_counts(s->server).answered, 1);
    others_are_served(s);
}

#define T(f) cmocka_unit_test_setup_teardown(f, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(who_reads_nothing_is_cut_off),
        T(who_drips_is_cut_off),
        T(who_never_ends_the_head_is_cut_off),
        T(who_says_nothing_is_cut_off),
        T(one_address_does_not_take_every_connection),
        T(many_addresses_do_not_take_them_for_long),
        T(a_head_has_a_limit),
        T(headers_have_a_limit),
        T(no_way_leads_elsewhere),
        T(digits_in_capitals_are_another_path),
        T(only_get_and_head),
        T(no_body_is_taken),
        T(many_ranges_are_none),
        T(what_is_no_http_is_harmless),
        T(a_pile_of_requests_has_one_answer),
    };
    return cmocka_run_group_tests_name("attack_server", tests, NULL, NULL);
}
