#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <cmocka.h>
#include "envelope.h"
#include "link_fixture.h"
#include "skip_because.h"

static const struct link_server_config usual = {
    .contexts = 8, .max_pipes = 300, .max_pipes_each = 300, .idle_ms = 30000};

static int setup(void **state)
{
    struct fixture *f = xzalloc(1, sizeof(*f));
    fixture_init(f);
    fixture_listen(f, usual, "127.0.0.1");
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture_done(*state);
    free(*state);
    return 0;
}

static void test_a_call_is_answered(void **state)
{
    struct fixture *f = *state;
    struct outcome o = {.done = false};
    fixture_ask(f, "hello", 5000, &o);
    assert_string_equal(o.text, "");
    assert_int_equal(o.kind, ERR_NONE);
    assert_string_equal(buf_str(&o.answer), "hello");
    assert_int_equal(links_open(f->links), 0);
    buf_free(&o.answer);
}

static void test_more_calls_than_may_be_open(void **state)
{
    enum { N = 3 * LINK_CALLS_MAX / 2 };
    struct fixture *f = *state;
    struct outcome *o = xzalloc(N, sizeof(*o));
    for (size_t i = 0; i < N; i++)
        fixture_call(f, f->address, &i, sizeof(i), 15000, &o[i]);
    assert_int_equal(links_open(f->links), N);
    for (size_t i = 0; i < N; i++) {
        assert_true(fixture_wait(f, &o[i]));
        if (o[i].kind != ERR_NONE)
            fail_msg("call %zu: %s", i, o[i].text);
        assert_int_equal(o[i].answer.len, sizeof(i));
        assert_memory_equal(o[i].answer.data, &i, sizeof(i));
        buf_free(&o[i].answer);
    }
    assert_int_equal(links_open(f->links), 0);
    free(o);
}

static void test_the_largest_frame_passes(void **state)
{
    struct fixture *f = *state;
    struct outcome o = {.done = false};
    struct err err = ERR_INIT;
    autofree char *frame = memset(xalloc(FRAME_ORDER_MAX + 1), 'x', FRAME_ORDER_MAX + 1);
    fixture_call(f, f->address, frame, FRAME_ORDER_MAX, 5000, &o);
    assert_true(fixture_wait(f, &o));
    assert_string_equal(o.text, "");
    assert_int_equal(o.answer.len, FRAME_ORDER_MAX);
    buf_free(&o.answer);
    assert_int_equal(
        links_call(f->links, f->address, frame, FRAME_ORDER_MAX + 1, 5000, NULL, NULL, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
}

static void test_strangers_get_no_answer(void **state)
{
    struct fixture *f = *state;
    struct outcome o = {.done = false};
    fixture_ask(f, "drop me", 10000, &o);
    assert_int_equal(o.kind, ERR_NETWORK);
    assert_true(o.took_ms < 5000);
    assert_int_equal(f->handled, 1); /* and nng does not send it again */
}

static void test_bad_arguments(void **state)
{
    static const char *const bad[] = {"10.0.0.1", "10.0.0.1:", ":4650", "a/b:1", "x@y:1", ""};
    struct fixture *f = *state;
    struct err err = ERR_INIT;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(links_call(f->links, bad[i], "x", 1, 1000, NULL, NULL, &err), -1);
        assert_int_equal(err.kind, ERR_USAGE);
    }
    assert_int_equal(links_call(f->links, f->address, "x", 1, 0, NULL, NULL, &err), -1);
    assert_int_equal(links_open(f->links), 0);
}

/* A socket on which nobody accepts: bound, with or without listen. */
static int deaf(bool listening, char address[static 64])
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(sa);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &n), 0);
    if (listening)
        assert_int_equal(listen(fd, 8), 0);
    snprintf(address, 64, "127.0.0.1:%d", ntohs(sa.sin_port));
    return fd;
}

static void test_a_refused_connection_is_told_at_once(void **state)
{
    struct fixture *f = *state;
    struct outcome o = {.done = false};
    char address[64];
    autoclose int fd = deaf(false, address);
    fixture_call(f, address, "x", 1, 15000, &o);
    assert_true(fixture_wait(f, &o));
    assert_int_equal(o.kind, ERR_NETWORK);
    assert_non_null(strstr(o.text, "refused"));
    assert_true(o.took_ms < 3000);
}

static void test_silence_ends_at_the_deadline(void **state)
{
    struct fixture *f = *state;
    struct outcome o[2] = {{.done = false}};
    char address[64];
    autoclose int fd = deaf(true, address); /* connects, and never sends anything */
    fixture_call(f, address, "x", 1, 300, &o[0]);
    fixture_call(f, f->address, "hold", 4, 300, &o[1]);
    assert_true(fixture_wait(f, &o[0]) && fixture_wait(f, &o[1]));
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(o[i].kind, ERR_TIMEOUT);
        assert_in_range(o[i].took_ms, 280, 5000);
        assert_non_null(strstr(o[i].text, "did not answer in time"));
        assert_non_null(strstr(o[i].text, "perhaps another program"));
    }
    fixture_release(f);
}

static void test_the_queue_has_deadlines_too(void **state)
{
    enum { N = LINK_CALLS_MAX };
    struct fixture *f = *state;
    struct outcome *o = xzalloc(N, sizeof(*o)), late = {.done = false};
    char address[64];
    autoclose int fd = deaf(true, address);
    for (size_t i = 0; i < N; i++)
        fixture_call(f, address, "x", 1, 1500, &o[i]);
    fixture_call(f, f->address, "x", 1, 200, &late);
    assert_true(fixture_wait(f, &late));
    assert_int_equal(late.kind, ERR_TIMEOUT);
    assert_in_range(late.took_ms, 190, 1400);
    for (size_t i = 0; i < N; i++)
        assert_true(fixture_wait(f, &o[i]) && o[i].kind == ERR_TIMEOUT);
    free(o);
}

static void test_freeing_with_calls_open(void **state)
{
    struct fixture *f = *state;
    struct outcome o[40] = {{.done = false}};
    char address[64];
    autoclose int fd = deaf(true, address);
    for (size_t i = 0; i < 40; i++)
        fixture_call(f, i % 2 == 0 ? address : f->address, "hold", 4, 10000, &o[i]);
    fixture_wait_held(f, 1);
    /* teardown frees the links first; no callback is called */
}

static void test_ipv6(void **state)
{
    struct fixture f;
    struct outcome o = {.done = false};
    struct sockaddr_in6 sa = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    autoclose int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)state;
    if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
        skip_because("there is no IPv6 here");
    fixture_init(&f);
    fixture_listen(&f, usual, "[::1]");
    fixture_ask(&f, "six", 5000, &o);
    assert_string_equal(buf_str(&o.answer), "six");
    buf_free(&o.answer);
    fixture_done(&f);
}

/* Callers send while the listener stops: nothing may crash or hang. */
static void test_stopping_under_load(void **state)
{
    (void)state;
    for (int round = 0; round < 10; round++) {
        struct fixture f;
        struct outcome o[60] = {{.done = false}};
        fixture_init(&f);
        fixture_listen(&f, usual, "127.0.0.1");
        for (size_t i = 0; i < ARRAY_LEN(o); i++)
            fixture_call(&f, f.address, "x", 1, 2000, &o[i]);
        fixture_wait_held(&f, round * 5);
        link_server_stop(take_ptr(&f.server));
        for (size_t i = 0; i < ARRAY_LEN(o); i++) {
            assert_true(fixture_wait(&f, &o[i]));
            buf_free(&o[i].answer);
        }
        fixture_done(&f);
    }
}

static void test_bad_configurations(void **state)
{
    struct link_server_config c[5];
    struct fixture *f = *state;
    struct link_server *s = NULL;
    struct err err = ERR_INIT;
    for (size_t i = 0; i < ARRAY_LEN(c); i++) {
        c[i] = usual;
        c[i].address = "127.0.0.1:0";
        c[i].handle = (int (*)(void *, const void *, size_t, struct buf *))abort;
    }
    c[0].contexts = 0;
    c[1].max_pipes = 100000000; /* more than the number of possible descriptors */
    c[2].allow_from = "10.0.0.0/8 nonsense";
    c[3].address = f->address; /* taken */
    c[4].address = "127.0.0.1";
    static const enum err_kind kinds[] = {ERR_USAGE, ERR_CONFIG, ERR_CONFIG, ERR_BUSY, ERR_USAGE};
    for (size_t i = 0; i < ARRAY_LEN(c); i++) {
        assert_int_equal(link_server_start(&c[i], &s, &err), -1);
        assert_int_equal(err.kind, kinds[i]);
        assert_null(s);
    }
    link_server_stop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_call_is_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(test_more_calls_than_may_be_open, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_largest_frame_passes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_strangers_get_no_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_arguments, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_refused_connection_is_told_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_silence_ends_at_the_deadline, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_queue_has_deadlines_too, setup, teardown),
        cmocka_unit_test_setup_teardown(test_freeing_with_calls_open, setup, teardown),
        cmocka_unit_test(test_ipv6),
        cmocka_unit_test(test_stopping_under_load),
        cmocka_unit_test_setup_teardown(test_bad_configurations, setup, teardown),
    };
    return cmocka_run_group_tests_name("links", tests, NULL, NULL);
}
