#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <cmocka.h>
#include "clock.h"
#include "file.h"
#include "scratch_dir.h"
#include "served_fixture.h"
#include "str.h"

#define LEN (300 * 1000)

static const struct file_server_limits usual = {
    .connections = 40, .per_address = 20, .floor = 1024, .window_ms = 10000, .request_ms = 10000};

static int enter(void **state)
{
    struct served *s = xzalloc(1, sizeof(*s));
    served_open(s, LEN);
    served_start(s, &usual);
    *state = s;
    return 0;
}

static int enter_idle(void **state)
{
    struct served *s = xzalloc(1, sizeof(*s));
    served_open(s, LEN);
    *state = s;
    return 0;
}

static int leave(void **state)
{
    served_close(*state);
    free(*state);
    return 0;
}

static void expect_header(const struct buf *answer, const char *name, const char *want)
{
    char value[200];
    served_header(answer, name, value, sizeof(value));
    assert_string_equal(value, want);
}

static void expect_bytes(const struct served *s, const struct buf *answer, size_t first, size_t n)
{
    char length[24];
    size_t len = 0;
    const unsigned char *body = served_body(answer, &len);
    assert_int_equal(len, n);
    assert_memory_equal(body, s->bytes + first, n);
    snprintf(length, sizeof(length), "%zu", n);
    expect_header(answer, "Content-Length", length);
}

static void the_whole_file_comes(void **state)
{
    struct served *s = *state;
    auto_buf struct buf a = BUF_INIT;
    char etag[80];
    assert_int_equal(served_ask(s, "GET", s->url_path, "", &a), 200);
    expect_bytes(s, &a, 0, LEN);
    expect_header(&a, "Accept-Ranges", "bytes");
    expect_header(&a, "Content-Type", "application/octet-stream");
    expect_header(&a, "Content-Range", "");
    snprintf(etag, sizeof(etag), "\"%s\"", s->url_path + 1);
    expect_header(&a, "ETag", etag);
    struct file_server_counts n = file_server_counts(s->server);
    assert_int_equal(n.answered, 1);
    assert_int_equal(n.bytes, LEN);
    assert_int_equal(n.refused + n.cut, 0);
}

static void a_range_comes(void **state)
{
    struct served *s = *state;
    static const struct {
        const char *range;
        size_t first, n;
        const char *content_range;
    } rows[] = {
        {"bytes=0-0", 0, 1, "bytes 0-0/300000"},
        {"bytes=100000-", 100000, 200000, "bytes 100000-299999/300000"},
        {"bytes=299999-", 299999, 1, "bytes 299999-299999/300000"},
        {"bytes=-10", 299990, 10, "bytes 299990-299999/300000"},
        {"bytes=10-4000000", 10, 299990, "bytes 10-299999/300000"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_buf struct buf a = BUF_INIT;
        char header[64];
        snprintf(header, sizeof(header), "Range: %s\r\n", rows[i].range);
        assert_int_equal(served_ask(s, "GET", s->url_path, header, &a), 206);
        expect_bytes(s, &a, rows[i].first, rows[i].n);
        expect_header(&a, "Content-Range", rows[i].content_range);
    }
}

static void a_range_outside_is_told(void **state)
{
    struct served *s = *state;
    auto_buf struct buf a = BUF_INIT;
    assert_int_equal(served_ask(s, "GET", s->url_path, "Range: bytes=300000-\r\n", &a), 416);
    expect_header(&a, "Content-Range", "bytes */300000");
    assert_int_equal(file_server_counts(s->server).bytes, 0);
}

/* A part of another body must not be joined to the bytes from before. */
static void a_range_of_another_body_is_the_whole(void **state)
{
    struct served *s = *state;
    auto_buf struct buf other = BUF_INIT, same = BUF_INIT;
    char header[160];
    assert_int_equal(
        served_ask(s, "GET", s->url_path, "Range: bytes=10-\r\nIf-Range: \"other\"\r\n", &other),
        200);
    expect_bytes(s, &other, 0, LEN);
    snprintf(header, sizeof(header), "Range: bytes=10-\r\nIf-Range: \"%s\"\r\n", s->url_path + 1);
    assert_int_equal(served_ask(s, "GET", s->url_path, header, &same), 206);
    expect_bytes(s, &same, 10, LEN - 10);
}

static void head_has_no_body(void **state)
{
    struct served *s = *state;
    auto_buf struct buf a = BUF_INIT;
    size_t len = 0;
    assert_int_equal(served_ask(s, "HEAD", s->url_path, "", &a), 200);
    assert_non_null(served_body(&a, &len));
    assert_int_equal(len, 0);
    expect_header(&a, "Content-Length", "300000");
    assert_int_equal(file_server_counts(s->server).bytes, 0);
}

static void several_files_each_by_its_digest(void **state)
{
    struct served *s = *state;
    char path[300], hex[65], url[80];
    struct served_file files[2] = {s->file, {.path = path, .size = 5}};
    scratch_path(s->dir, "second", path);
    scratch_write(s->dir, "second", "hello", 0644);
    crypto_digest("hello", 5, &files[1].digest);
    digest_hex(hex, &files[1].digest);
    snprintf(url, sizeof(url), "/%s", hex);
    file_server_stop(s->server);
    struct err err = ERR_INIT;
    assert_int_equal(file_server_start("127.0.0.1:0", files, 2, &usual, &s->server, &err), 0);
    uint64_t port = 0;
    assert_int_equal(
        str_to_u64(strrchr(file_server_address(s->server), ':') + 1, UINT16_MAX, &port), 0);
    s->port = (int)port;
    auto_buf struct buf first = BUF_INIT, second = BUF_INIT;
    size_t len = 0;
    assert_int_equal(served_ask(s, "GET", s->url_path, "", &first), 200);
    expect_bytes(s, &first, 0, LEN);
    assert_int_equal(served_ask(s, "GET", url, "", &second), 200);
    assert_memory_equal(served_body(&second, &len), "hello", 5);
}

/* ---- what is not served ---- */

static enum err_kind start_with(const struct served *s, const struct served_file *f)
{
    struct file_server *server = NULL;
    struct err err = ERR_INIT;
    (void)s;
    assert_int_equal(file_server_start("127.0.0.1:0", f, 1, &usual, &server, &err), -1);
    return err.kind;
}

static void what_is_not_as_signed_is_not_offered(void **state)
{
    struct served *s = *state;
    char link[300];
    struct served_file f = s->file;
    f.digest.bytes[31] ^= 1;
    assert_int_equal(start_with(s, &f), ERR_CRYPTO);
    f = s->file;
    f.size = LEN - 1;
    assert_int_equal(start_with(s, &f), ERR_CRYPTO);
    f.size = LEN + 1;
    assert_int_equal(start_with(s, &f), ERR_CRYPTO);
    f = s->file;
    f.path = s->dir;
    assert_int_equal(start_with(s, &f), ERR_IO);
    scratch_path(s->dir, "link", link);
    assert_int_equal(symlink(s->path, link), 0);
    f.path = link;
    assert_int_equal(start_with(s, &f), ERR_IO);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(mkfifo(link, 0600), 0);
    assert_int_equal(start_with(s, &f), ERR_IO);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(start_with(s, &f), ERR_NOTFOUND);
}

static void changed(struct served *s, const char *how)
{
    auto_buf struct buf a = BUF_INIT;
    if (served_ask(s, "GET", s->url_path, "", &a) != 404)
        fail_msg("%s, and served", how);
    assert_int_equal(file_server_counts(s->server).bytes, 0);
}

static void what_was_written_to_is_not_served(void **state)
{
    struct served *s = *state;
    struct stat st;
    FILE *f = fopen(s->path, "re+");
    assert_int_equal(stat(s->path, &st), 0);
    assert_non_null(f);
    assert_int_equal(fputc('X', f), 'X');
    assert_int_equal(fclose(f), 0);
    const struct timespec times[] = {st.st_atim, st.st_mtim};
    assert_int_equal(utimensat(AT_FDCWD, s->path, times, 0), 0);
    changed(s, "written, and its time put back");
}

/* The descriptor belongs to the hashed file. If the file's name was removed, the server still
 * reports that. */
static void what_was_removed_is_not_served(void **state)
{
    struct served *s = *state;
    assert_int_equal(unlink(s->path), 0);
    changed(s, "removed");
}

static void a_change_breaks_off_what_is_under_way(void **state)
{
    struct served *s = *state;
    auto_buf struct buf request = BUF_INIT, a = BUF_INIT;
    unsigned char first[4096];
    size_t len = 0;
    served_close(s);
    served_open(s, 24 * 1000 * 1000);
    served_start(s, &usual);
    int fd = served_connect(s, NULL);
    buf_printf(&request, "GET %s HTTP/1.1\r\nHost: here\r\n\r\n", s->url_path);
    served_send(fd, request.data, request.len);
    ssize_t n = recv(fd, first, sizeof(first), 0);
    assert_true(n > 0);
    assert_int_equal(buf_add(&a, first, (size_t)n), 0);
    assert_int_equal(truncate(s->path, 1000), 0);
    (void)!served_read_all(fd, &a);
    close(fd);
    const unsigned char *body = served_body(&a, &len);
    assert_true(len < s->len);
    assert_memory_equal(body, s->bytes, len);
}

/* ---- where it listens ---- */

static void the_place_is_taken_before_a_file_is_read(void **state)
{
    struct served *s = *state;
    struct file_server *server = NULL;
    struct err err = ERR_INIT;
    const struct served_file none = {.path = "/nowhere/at/all", .size = 1};
    assert_int_equal(
        file_server_start(file_server_address(s->server), &none, 1, &usual, &server, &err), -1);
    assert_int_equal(err.kind, ERR_BUSY);
    assert_non_null(strstr(err.text, file_server_address(s->server)));
    assert_int_equal(file_server_start("203.0.113.7:0", &none, 1, &usual, &server, &err), -1);
    assert_int_equal(err.kind, ERR_CONFIG);
}

static void an_address_is_numbers(void **state)
{
    static const char *const wrong[] = {"",
                                        ":",
                                        ":80",
                                        "127.0.0.1",
                                        "127.0.0.1:",
                                        "here:80",
                                        "::1:80",
                                        "[::1]",
                                        "[::1]80",
                                        "[]:80",
                                        "[127.0.0.1]:80",
                                        "127.0.0.1:-1",
                                        "127.0.0.1:65536",
                                        "127.0.0.1:http",
                                        "127.0.0.1:80 "};
    struct served *s = *state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct file_server *server = NULL;
        struct err err = ERR_INIT;
        if (file_server_start(wrong[i], &s->file, 1, &usual, &server, &err) == 0 ||
            err.kind != ERR_USAGE)
            fail_msg("\"%s\" is no address: %s", wrong[i], err.text);
    }
}

static void six_is_spoken(void **state)
{
    struct served *s = *state;
    struct err err = ERR_INIT;
    if (file_server_start("[::1]:0", &s->file, 1, &usual, &s->server, &err) < 0) {
        assert_int_equal(err.kind, ERR_CONFIG); /* IPv6 is not available here */
        return;
    }
    assert_true(str_starts(file_server_address(s->server), "[::1]:"));
}

/* ---- who may ask ---- */

static struct file_server_limits allowing(const char *list)
{
    struct file_server_limits limits = usual;
    struct err err = ERR_INIT;
    if (address_list_parse(list, &limits.allow, &err) < 0)
        fail_msg("%s", err.text);
    return limits;
}

static bool six_is_here(void)
{
    const struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    autoclose int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0;
}

/* Closes fd. Returns the number of received bytes. */
static size_t ask_through(const struct served *s, int fd)
{
    auto_buf struct buf request = BUF_INIT, answer = BUF_INIT;
    buf_printf(&request, "GET %s HTTP/1.1\r\nHost: here\r\n\r\n", s->url_path);
    served_send(fd, request.data, request.len);
    (void)!served_read_all(fd, &answer);
    close(fd);
    return answer.len;
}

static void only_who_is_allowed_is_heard(void **state)
{
    struct served *s = *state;
    const struct file_server_limits limits = allowing("192.0.2.0/24 127.0.7.0/24");
    served_start(s, &limits);
    assert_int_equal(ask_through(s, served_connect(s, "127.0.0.1")), 0);
    assert_int_equal(ask_through(s, served_connect(s, "127.0.8.1")), 0);
    assert_int_equal(file_server_counts(s->server).shut_out, 2);
    assert_true(ask_through(s, served_connect(s, "127.0.7.1")) > LEN);
    assert_int_equal(file_server_counts(s->server).shut_out, 2);
    assert_int_equal(file_server_counts(s->server).answered, 1);
}

static size_t ask_by_six(struct served *s, const char *list)
{
    const struct file_server_limits limits = allowing(list);
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct err err = ERR_INIT;
    uint64_t port = 0;
    if (file_server_start("[::1]:0", &s->file, 1, &limits, &s->server, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(
        str_to_u64(strrchr(file_server_address(s->server), ':') + 1, UINT16_MAX, &port), 0);
    to.sin6_port = htons((uint16_t)port);
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    size_t n = ask_through(s, fd);
    file_server_stop(s->server);
    s->server = NULL;
    return n;
}

static void by_six_as_well(void **state)
{
    struct served *s = *state;
    if (!six_is_here())
        return;
    assert_int_equal(ask_by_six(s, "fd00::/8 127.0.0.0/8"), 0);
    assert_true(ask_by_six(s, "fd00::/8 ::1") > LEN);
}

/* As with systemd: the socket queues connections while no server runs, and they are served
 * later. */
static void a_socket_goes_on_listening(void **state)
{
    struct served *s = *state;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(at);
    struct err err = ERR_INIT;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(file_server_start_at(fd, &s->file, 1, &usual, &s->server, &err), -1);
    assert_int_equal(err.kind, ERR_USAGE);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    s->port = ntohs(at.sin_port);
    for (int i = 0; i < 3; i++) {
        auto_buf struct buf a = BUF_INIT;
        int early = served_connect(s, NULL);
        if (file_server_start_at(fd, &s->file, 1, &usual, &s->server, &err) < 0)
            fail_msg("%s", err.text);
        assert_true(ask_through(s, early) > LEN);
        assert_int_equal(served_ask(s, "GET", s->url_path, "", &a), 200);
        expect_bytes(s, &a, 0, LEN);
        file_server_stop(s->server);
        s->server = NULL;
    }
    close(fd);
}

/* ---- how fast ---- */

static void no_faster_than_told(void **state)
{
    struct served *s = *state;
    const struct file_server_limits slow = {.connections = 8,
                                            .per_address = 8,
                                            .rate = 200 * 1000,
                                            .floor = 1024,
                                            .window_ms = 10000,
                                            .request_ms = 10000};
    auto_buf struct buf a = BUF_INIT;
    served_start(s, &slow);
    int64_t begun = clock_mono(clock_system());
    assert_int_equal(served_ask(s, "GET", s->url_path, "", &a), 200);
    expect_bytes(s, &a, 0, LEN);
    /* The bytes of a quarter of a second and two blocks may arrive at once. */
    assert_true(clock_mono(clock_system()) - begun >= 750);
    assert_int_equal(file_server_counts(s->server).cut, 0);
}

#define T(f, in) cmocka_unit_test_setup_teardown(f, in, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_whole_file_comes, enter),
        T(a_range_comes, enter),
        T(a_range_outside_is_told, enter),
        T(a_range_of_another_body_is_the_whole, enter),
        T(head_has_no_body, enter),
        T(several_files_each_by_its_digest, enter),
        T(what_is_not_as_signed_is_not_offered, enter_idle),
        T(what_was_written_to_is_not_served, enter),
        T(what_was_removed_is_not_served, enter),
        T(a_change_breaks_off_what_is_under_way, enter),
        T(the_place_is_taken_before_a_file_is_read, enter),
        T(an_address_is_numbers, enter_idle),
        T(six_is_spoken, enter_idle),
        T(only_who_is_allowed_is_heard, enter_idle),
        T(by_six_as_well, enter_idle),
        T(a_socket_goes_on_listening, enter_idle),
        T(no_faster_than_told, enter_idle),
    };
    return cmocka_run_group_tests_name("file_server", tests, NULL, NULL);
}
