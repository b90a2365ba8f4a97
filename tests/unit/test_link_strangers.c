#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <cmocka.h>
#include "link_fixture.h"
#include "skip_because.h"
#include "sp.h"

#define CROWD 1000

/* The bytes that a stranger sends before it falls silent. */
enum habit { SILENT, HALF_GREETING, GREETING, HALF_HEAD, HALF_FRAME, HABITS };

static size_t words(enum habit h, unsigned char dst[64])
{
    static const size_t lengths[HABITS] = {0, 3, SP_HELLO_LEN, SP_HELLO_LEN + 5,
                                           SP_HELLO_LEN + SP_HEAD_LEN + 20};
    memset(dst, 'x', 64);
    sp_hello(dst, SP_REQ);
    sp_head(dst + SP_HELLO_LEN, 7, 16000);
    return lengths[h];
}

/* Connects from 127.0.<a>.<b> to the listener; -1: the listener refused at once. */
static int stranger(const struct fixture *f, unsigned a, unsigned b, enum habit h)
{
    unsigned char say[64];
    size_t n = words(h, say);
    struct sockaddr_in from = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(0x7f000000u | a << 8 | b)};
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)link_server_port(f->server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ||
        send(fd, say, n, MSG_NOSIGNAL) < (ssize_t)n) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Has the other side closed the connection? Waits at most ms. */
static bool is_closed(int fd, int ms)
{
    char drain[64];
    int64_t end = fixture_ms() + ms;

    if (fd < 0)
        return true;
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int64_t left = end - fixture_ms();
        if (poll(&p, 1, left > 0 ? (int)left : 0) <= 0)
            return false;
        if (recv(fd, drain, sizeof(drain), MSG_DONTWAIT) <= 0)
            return true;
    }
}

static size_t count_files(void)
{
    size_t n = 0;
    DIR *d = opendir("/proc/self/fd");
    assert_non_null(d);
    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n;
}

static void listen_with(struct fixture *f, int max, int each, int64_t idle_ms, const char *allow)
{
    fixture_init(f);
    fixture_listen(f,
                   (struct link_server_config){.contexts = 8,
                                               .max_pipes = max,
                                               .max_pipes_each = each,
                                               .idle_ms = idle_ms,
                                               .allow_from = allow},
                   "127.0.0.1");
}

/* The longest of n calls in ms; fails the test if a call gets no answer. */
static int64_t ask(struct fixture *f, int n)
{
    int64_t longest = 0;
    for (int i = 0; i < n; i++) {
        struct outcome o = {.done = false};
        fixture_ask(f, "still there?", 5000, &o);
        if (o.kind != ERR_NONE)
            fail_msg("call %d: %s", i, o.text);
        longest = MAX_OF(longest, o.took_ms);
        buf_free(&o.answer);
    }
    return longest;
}

static void test_a_thousand_idle_strangers(void **state)
{
    struct fixture f;
    struct rlimit files;
    int fds[CROWD];
    (void)state;
    /* Both ends are in this process; main has raised the limit of descriptors. */
    if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur < 2 * CROWD + 500)
        skip_because("too few descriptors are allowed here");
    for (int far = 0; far < 2; far++) { /* from many addresses, then all from the caller's own */
        listen_with(&f, 200, far == 0 ? 16 : 200, 60000, "");
        int64_t longest = 0;
        for (unsigned i = 0; i < CROWD; i++) {
            fds[i] = stranger(&f, far == 0 ? 1 + i / 200 : 0, far == 0 ? 1 + i % 200 : 1,
                              (enum habit)(i % HABITS));
            if (i % 50 == 49) /* also while they come */
                longest = MAX_OF(longest, ask(&f, 1));
        }
        longest = MAX_OF(longest, ask(&f, 20));
        size_t left = 0;
        for (size_t i = 0; i < CROWD; i++)
            left += is_closed(fds[i], 0) ? 0 : 1;
        print_message("# %d connections made, %zu kept; longest of 40 calls: %lld ms\n", CROWD,
                      left, (long long)longest);
        assert_true(longest < 2000);
        assert_in_range(left, 1, 200);
        for (size_t i = 0; i < CROWD; i++) {
            if (fds[i] >= 0)
                close(fds[i]);
        }
        fixture_done(&f);
    }
}

static void test_one_address_has_its_share(void **state)
{
    struct fixture f;
    int fds[12];
    size_t left = 0;
    (void)state;
    listen_with(&f, 100, 4, 60000, NULL);
    for (unsigned i = 0; i < 12; i++)
        fds[i] = stranger(&f, 0, 9, GREETING);
    for (size_t i = 0; i < 8; i++) /* the listener closes the oldest */
        assert_true(is_closed(fds[i], 3000));
    for (size_t i = 8; i < 12; i++)
        left += is_closed(fds[i], 0) ? 0 : 1;
    assert_int_equal(left, 4);
    (void)ask(&f, 3);
    for (size_t i = 0; i < 12; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    fixture_done(&f);
}

static void test_only_the_allowed_are_heard(void **state)
{
    struct fixture f;
    (void)state;
    listen_with(&f, 100, 100, 60000, "127.0.0.1 127.0.3.0/24");
    int out = stranger(&f, 0, 2, SILENT), in = stranger(&f, 3, 77, SILENT);
    assert_true(is_closed(out, 3000));
    (void)ask(&f, 1);
    assert_false(is_closed(in, 0));
    if (out >= 0)
        close(out);
    close(in);
    fixture_done(&f);
}

static void test_garbage_ends_the_connection(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
    } rows[] = {
        {"GET / HTTP/1.1\r\n\r\n", 18},
        {"\0SP\0\0\x31\0\0", 8}, /* a REP */
        {"\0SP\0\0\x30\0\1", 8},
        {"\0SP\0\0\x30\0\0\0\0\0\0\0\0\0\3\x80\0\0\1", 20}, /* shorter than its id */
        {"\0SP\0\0\x30\0\0\0\0\0\0\0\0\0\5\0\0\0\1x", 21},  /* no id */
        {"\0SP\0\0\x30\0\0\0\0\0\0\0\1\0\0\x80\0\0\1", 20}, /* 64 KiB */
        {"\0SP\0\0\x30\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x80\0\0\1", 20},
    };
    struct fixture f;
    (void)state;
    listen_with(&f, 100, 100, 60000, NULL);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int fd = stranger(&f, 0, 1, SILENT);
        assert_int_equal(send(fd, rows[i].bytes, rows[i].n, MSG_NOSIGNAL), (ssize_t)rows[i].n);
        if (!is_closed(fd, 3000))
            fail_msg("row %zu was let be", i);
        close(fd);
    }
    assert_int_equal(f.handled, 0);
    fixture_done(&f);
}

static void test_idle_connections_are_closed(void **state)
{
    struct fixture f;
    (void)state;
    listen_with(&f, 100, 100, 300, NULL);
    int greets = stranger(&f, 0, 1, GREETING), drips = stranger(&f, 0, 1, GREETING);
    int64_t began = fixture_ms();
    for (int i = 0; i < 11 && !is_closed(drips, 100); i++) /* one byte of the head at a time */
        (void)!send(drips, "\0", 1, MSG_NOSIGNAL);
    assert_true(is_closed(drips, 1000));
    assert_true(is_closed(greets, 1000));
    assert_in_range(fixture_ms() - began, 250, 1900);
    close(greets);
    close(drips);
    fixture_done(&f);
}

/* The listener needs time to close connections, and both ends count for the same limit of this
 * process (1024 on many machines). So strangers come only as fast as the listener closes the last
 * ones. */
static void wait_for_files(struct fixture *f, size_t most)
{
    int64_t end = fixture_ms() + 5000;
    while (count_files() > most) {
        if (fixture_ms() > end)
            fail_msg("%zu descriptors are open, more than %zu, for 5 s", count_files(), most);
        (void)ask(f, 1);
    }
}

/* The listener closes strangers in the middle of a message, again and again. nng's own REP socket
 * hangs within seconds of this (proto/README.md). */
static void test_dripping_strangers(void **state)
{
    enum { N = 60 };
    struct fixture f;
    int fds[N], made = 0;
    (void)state;
    listen_with(&f, 100, 30, 60000, NULL);
    size_t before = count_files();
    for (size_t i = 0; i < N; i++)
        fds[i] = -1;
    for (int64_t end = fixture_ms() + 3000; fixture_ms() < end;) {
        wait_for_files(&f, before + 500);
        for (unsigned i = 0; i < N; i++) {
            if (fds[i] < 0) {
                fds[i] = stranger(&f, 0, 1, HALF_FRAME);
                made++;
            } else if (send(fds[i], "xyz", 1 + i % 3, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
                close(fds[i]);
                fds[i] = -1;
            }
        }
    }
    for (size_t i = 0; i < N; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    (void)ask(&f, 10);
    wait_for_files(&f, before + 2);
    print_message("# %d connections made; descriptors before %zu, after %zu\n", made, before,
                  count_files());
    assert_true(made > 2 * N);
    fixture_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_thousand_idle_strangers),
        cmocka_unit_test(test_one_address_has_its_share),
        cmocka_unit_test(test_only_the_allowed_are_heard),
        cmocka_unit_test(test_garbage_ends_the_connection),
        cmocka_unit_test(test_idle_connections_are_closed),
        cmocka_unit_test(test_dripping_strangers),
    };
    /* Both ends of a thousand connections are in this process. */
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < 4096) {
        files.rlim_cur = MIN_OF(files.rlim_max, (rlim_t)4096);
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    return cmocka_run_group_tests_name("link_strangers", tests, NULL, NULL);
}
