/* tcp_table.h and sockets.h: which process listens at which address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include "scratch_dir.h"
#include "sockets.h"
#include "str.h"

#define HEAD                                                                                       \
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "  \
    "inode\n"
#define TAIL " 00000000:00000000 00:00000000 00000000     0        0 "

static void each_line(void **state)
{
    static const char four[] =
        HEAD "   0: 0100007F:1226 00000000:0000 0A" TAIL "1234 1 0000000000000000 100 0 0 10 0\n"
             "   1: 0100007F:1227 0100007F:9999 01" TAIL "1235 1 0000000000000000 20 4 30 10 -1\n"
             "   2: 00000000:1227 00000000:0000 0A" TAIL "1236 1\n"
             "   3: 0100007F 00000000:0000 0A" TAIL "1237 1\n"
             "   4: 0100007F:12 00000000:0000 0A" TAIL "1237 1\n"
             "   5: 0100007F:1228 00000000:0000 0A" TAIL "x 1\n"
             "  6: 0100007F:1229 0000";
    static const char six[] =
        "   0: 00000000000000000000000000000000:1226 00000000000000000000000000000000:0000 0A" TAIL
        "77 1\n"
        "   1: 00000000000000000000000001000000:1230 00000000000000000000000000000000:0000 0A" TAIL
        "78 1\n";
    autofree struct tcp_table *t = xzalloc(1, sizeof(*t));

    (void)state;
    tcp_table_add(t, four, false);
    assert_int_equal(t->n, 2);
    tcp_table_add(t, six, true);
    assert_int_equal(t->n, 4);
    assert_string_equal(t->list[0].address, "127.0.0.1");
    assert_int_equal(t->list[0].port, 0x1226);
    assert_int_equal(t->list[0].inode, 1234);
    assert_false(t->list[0].any);
    assert_true(t->list[1].any);
    assert_true(t->list[2].any && t->list[2].six);
    assert_string_equal(t->list[3].address, "::1");

    assert_ptr_equal(tcp_table_at(t, "127.0.0.1", 0x1226), &t->list[0]);
    assert_ptr_equal(tcp_table_at(t, "127.0.0.2", 0x1226), &t->list[2]); /* :: takes IPv4, too */
    assert_ptr_equal(tcp_table_at(t, "127.0.0.2", 0x1227), &t->list[1]);
    assert_null(tcp_table_at(t, "::1", 0x1227));
    assert_ptr_equal(tcp_table_at(t, "::1", 0x1230), &t->list[3]);
    assert_null(tcp_table_at(t, "127.0.0.1", 0x1230));

    assert_ptr_equal(tcp_table_against(t, "", 0x1230), &t->list[3]);
    assert_null(tcp_table_against(t, "10.0.0.1", 0x1230));
    assert_ptr_equal(tcp_table_against(t, "10.0.0.1", 0x1227), &t->list[1]);
    t->list[1].own = true;
    assert_null(tcp_table_against(t, "10.0.0.1", 0x1227));
    assert_ptr_equal(tcp_table_own(t, 0x1227), &t->list[1]);
    assert_null(tcp_table_own(t, 0x1230));
}

static void more_than_fit(void **state)
{
    autofree struct tcp_table *t = xzalloc(1, sizeof(*t));

    (void)state;
    for (int i = 0; i <= TCP_LISTENERS; i++)
        tcp_table_add(t, "   0: 0100007F:1226 00000000:0000 0A" TAIL "1234 1\n", false);
    assert_int_equal(t->n, TCP_LISTENERS);
    assert_true(t->more);
}

static void ours(void **state)
{
    autofree struct tcp_table *t = xzalloc(1, sizeof(*t));
    struct sockaddr_in at = {.sin_family = AF_INET};
    const struct tcp_listener *l;
    socklen_t n = sizeof(at);
    struct host_owner owner;
    struct err err = ERR_INIT;

    (void)state;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    autoclose int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    assert_int_equal(sockets_listening("/proc", (uint32_t)getpid(), t, &err), 0);
    l = tcp_table_at(t, "127.0.0.1", ntohs(at.sin_port));
    assert_non_null(l);
    assert_true(l->own);
    sockets_owner("/proc", l->inode, (uint32_t)getppid(), &owner);
    assert_true(owner.there && owner.own);
    assert_int_equal(owner.pid, getpid());
    assert_string_equal(owner.name, "test_sockets");
    sockets_owner("/proc", l->inode, 0, &owner);
    assert_true(owner.there && !owner.own);
    sockets_owner("/proc", UINT64_MAX, 0, &owner);
    assert_false(owner.there);
    assert_int_equal(sockets_listening("/none", 1, t, &err), -1);
}

/* As on a busy host: the kernel lists far more connections than the function reads. */
static void many_connections(void **state)
{
    autofree struct tcp_table *t = xzalloc(1, sizeof(*t));
    auto_buf struct buf text = BUF_INIT;
    struct err err = ERR_INIT;
    char *dir = scratch_open();
    char path[300];

    (void)state;
    (void)buf_add_str(&text, HEAD "   0: 0100007F:1226 00000000:0000 0A" TAIL "1234 1\n");
    for (int i = 0; i < 20000; i++)
        (void)buf_printf(&text, "%4d: 0100007F:1226 0100007F:9999 06" TAIL "0 1\n", i);
    scratch_path(dir, "7", path);
    assert_int_equal(mkdir(path, 0700), 0);
    scratch_path(dir, "7/net", path);
    assert_int_equal(mkdir(path, 0700), 0);
    scratch_write(dir, "7/net/tcp", buf_str(&text), 0600);
    assert_int_equal(sockets_listening(dir, 7, t, &err), 0);
    assert_int_equal(t->n, 1);
    scratch_close(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line),
        cmocka_unit_test(more_than_fit),
        cmocka_unit_test(ours),
        cmocka_unit_test(many_connections),
    };

    return cmocka_run_group_tests_name("sockets", tests, NULL, NULL);
}
