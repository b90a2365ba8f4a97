/* Our code against nng's own REQ and REP sockets: both must send the same bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include "envelope.h"
#include "link_fixture.h"

static void test_nngs_req_asks_our_listener(void **state)
{
    struct fixture f;
    nng_socket req;
    char url[80];
    (void)state;
    fixture_init(&f);
    fixture_listen(&f,
                   (struct link_server_config){
                       .contexts = 8, .max_pipes = 10, .max_pipes_each = 10, .idle_ms = 30000},
                   "127.0.0.1");
    snprintf(url, sizeof(url), "tcp://%s", f.address);
    assert_int_equal(nng_req0_open(&req), 0);
    assert_int_equal(nng_socket_set_ms(req, NNG_OPT_RECVTIMEO, 5000), 0);
    assert_int_equal(nng_dial(req, url, NULL, 0), 0);
    for (size_t n = 0; n <= FRAME_ORDER_MAX; n = n * 3 + 1) { /* several on one connection */
        nng_msg *msg;
        assert_int_equal(nng_msg_alloc(&msg, n), 0);
        memset(nng_msg_body(msg), (int)n, n);
        assert_int_equal(nng_sendmsg(req, msg, 0), 0);
        assert_int_equal(nng_recvmsg(req, &msg, 0), 0);
        assert_int_equal(nng_msg_len(msg), n);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(((unsigned char *)nng_msg_body(msg))[i], (unsigned char)n);
        nng_msg_free(msg);
    }
    nng_close(req);
    fixture_done(&f);
}

static void *rep_thread(void *arg)
{
    nng_socket rep = {.id = *(uint32_t *)arg};
    nng_msg *msg;

    while (nng_recvmsg(rep, &msg, 0) == 0) {
        if (nng_msg_len(msg) == 1) { /* announces more than a receipt may contain */
            nng_msg_clear(msg);
            (void)nng_msg_realloc(msg, FRAME_RECEIPT_MAX + 1);
        } else if (nng_msg_len(msg) == 2) {
            (void)nng_msg_realloc(msg, FRAME_RECEIPT_MAX);
        }
        if (nng_sendmsg(rep, msg, 0) != 0)
            nng_msg_free(msg);
    }
    return NULL;
}

static void test_we_ask_nngs_rep(void **state)
{
    struct fixture f;
    nng_socket rep;
    nng_listener l;
    pthread_t thread;
    struct outcome o = {.done = false};
    int port;
    char address[64];
    (void)state;
    fixture_init(&f);
    assert_int_equal(nng_rep0_open(&rep), 0);
    assert_int_equal(nng_socket_set_ms(rep, NNG_OPT_RECVTIMEO, 2000), 0);
    assert_int_equal(nng_listen(rep, "tcp://127.0.0.1:0", &l, 0), 0);
    assert_int_equal(nng_listener_get_int(l, NNG_OPT_TCP_BOUND_PORT, &port), 0);
    snprintf(address, sizeof(address), "127.0.0.1:%d", port);
    assert_int_equal(pthread_create(&thread, NULL, rep_thread, &rep.id), 0);

    fixture_call(&f, address, "hello", 5, 5000, &o);
    assert_true(fixture_wait(&f, &o));
    assert_string_equal(buf_str(&o.answer), "hello");
    fixture_call(&f, address, "", 0, 5000, &o);
    assert_true(fixture_wait(&f, &o) && o.kind == ERR_NONE);
    assert_int_equal(o.answer.len, 0);
    fixture_call(&f, address, "22", 2, 5000, &o);
    assert_true(fixture_wait(&f, &o) && o.kind == ERR_NONE);
    assert_int_equal(o.answer.len, FRAME_RECEIPT_MAX);
    fixture_call(&f, address, "1", 1, 5000, &o);
    assert_true(fixture_wait(&f, &o));
    assert_int_equal(o.kind, ERR_LIMIT);

    pthread_join(thread, NULL); /* when its receive times out */
    nng_close(rep);
    buf_free(&o.answer);
    fixture_done(&f);
}

static void test_something_else_listens(void **state)
{
    struct fixture f;
    nng_socket other;
    nng_listener l;
    struct outcome o = {.done = false};
    int port;
    char address[64];
    (void)state;
    fixture_init(&f);
    assert_int_equal(nng_req0_open(&other), 0); /* greets as a REQ socket */
    assert_int_equal(nng_listen(other, "tcp://127.0.0.1:0", &l, 0), 0);
    assert_int_equal(nng_listener_get_int(l, NNG_OPT_TCP_BOUND_PORT, &port), 0);
    snprintf(address, sizeof(address), "127.0.0.1:%d", port);
    fixture_call(&f, address, "hello", 5, 10000, &o);
    assert_true(fixture_wait(&f, &o));
    assert_int_equal(o.kind, ERR_NETWORK);
    nng_close(other);
    fixture_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nngs_req_asks_our_listener),
        cmocka_unit_test(test_we_ask_nngs_rep),
        cmocka_unit_test(test_something_else_listens),
    };
    return cmocka_run_group_tests_name("link_nng", tests, NULL, NULL);
}
