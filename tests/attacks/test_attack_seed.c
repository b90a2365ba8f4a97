/* seed_serve.h: which files can be read by somebody who may connect to a seed, or who has put
 * something into its directory; and when the seed ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <cmocka.h>
#include "clock.h"
#include "file.h"
#include "scratch_dir.h"
#include "seed_serve.h"
#include "served_fixture.h"
#include "str.h"

#define LEN     (200 * 1000)
#define IDLE_MS 20000

struct bench {
    struct served s; /* only its file; the test makes the server */
    char dir[300], kept[400];
    struct seed_serve serve;
    pthread_t thread;
    bool runs;
    int rc;
    struct err err;
};

static int set_up(void **state)
{
    struct bench *b = xzalloc(1, sizeof(*b));
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(at);

    served_open(&b->s, LEN);
    scratch_path(b->s.dir, "seed", b->dir);
    assert_int_equal(mkdir(b->dir, 0755), 0);
    snprintf(b->kept, sizeof(b->kept), "%s%s", b->dir, b->s.url_path);
    assert_int_equal(rename(b->s.path, b->kept), 0);
    b->serve = (struct seed_serve){.dir = b->dir,
                                   .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                                   .idle_ms = IDLE_MS,
                                   .limits = {.connections = 8,
                                              .per_address = 8,
                                              .floor = 1024,
                                              .window_ms = 10000,
                                              .request_ms = 10000}};
    assert_int_equal(bind(b->serve.fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(b->serve.fd, 8), 0);
    assert_int_equal(getsockname(b->serve.fd, (struct sockaddr *)&at, &n), 0);
    b->s.port = ntohs(at.sin_port);
    *state = b;
    return 0;
}

static void *run(void *ctx)
{
    struct bench *b = ctx;

    b->rc = seed_serve(&b->serve, &b->err);
    return NULL;
}

static void begin(struct bench *b)
{
    b->err = (struct err)ERR_INIT;
    assert_int_equal(pthread_create(&b->thread, NULL, run, b), 0);
    b->runs = true;
}

/* Waits until the seed has ended by itself. */
static int ended(struct bench *b)
{
    if (b->runs)
        pthread_join(b->thread, NULL);
    b->runs = false;
    return b->rc;
}

/* The seed must end at once, not only when nobody has asked for some time. */
static void expect_end_at_once(struct bench *b)
{
    int64_t begun = clock_mono(clock_system());

    assert_int_equal(ended(b), 0);
    assert_true(clock_mono(clock_system()) - begun < IDLE_MS / 2);
}

/* Puts a new file into the directory, which makes the seed end. */
static void change(struct bench *b)
{
    char from[400], to[400];
    struct err err = ERR_INIT;

    snprintf(from, sizeof(from), "%s/.new", b->dir);
    snprintf(to, sizeof(to), "%s/other", b->dir);
    assert_int_equal(file_replace(from, "x", 1, 0644, &err), 0);
    assert_int_equal(rename(from, to), 0);
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    if (b->runs)
        change(b);
    (void)ended(b);
    close(b->serve.fd);
    b->s.server = NULL;
    served_close(&b->s);
    free(b);
    return 0;
}

static int ask(struct bench *b, const char *path, size_t *ret_len)
{
    auto_buf struct buf a = BUF_INIT;
    int status = served_ask(&b->s, "GET", path, "", &a);
    const unsigned char *body = served_body(&a, ret_len);

    if (status == 200)
        assert_memory_equal(body, b->s.bytes, MIN_OF(*ret_len, b->s.len));
    return status;
}

static void only_digests_are_served(void **state)
{
    struct bench *b = *state;
    char upper[80];
    size_t len = 0;
    struct err err = ERR_INIT;
    char path[400];
    const char *const others[] = {
        "/",  "",         "/other", "/.new", "/../state", "/seed/",      "/%2e",
        "//", "/./other", "/.",     upper,   "/*",        "/etc/passwd", "/%2e%2e/nomad.zip"};

    str_cut(upper, sizeof(upper), b->s.url_path);
    for (size_t i = 0; upper[i] != '\0'; i++)
        if (upper[i] >= 'a' && upper[i] <= 'f')
            upper[i] = (char)(upper[i] - 'a' + 'A');
    snprintf(path, sizeof(path), "%s/other", b->dir);
    assert_int_equal(file_replace(path, "secret", 6, 0644, &err), 0);
    snprintf(path, sizeof(path), "%s%s", b->dir, upper);
    assert_int_equal(link(b->kept, path), 0);
    begin(b);
    assert_int_equal(ask(b, b->s.url_path, &len), 200);
    assert_int_equal(len, LEN);
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        int status = ask(b, others[i], &len);
        if (status == 200 || status == 206)
            fail_msg("%s is served", others[i]);
    }
}

/* Only root may write to the directory. A file that somebody else put there is not served. */
static void a_link_is_nothing(void **state)
{
    struct bench *b = *state;
    size_t len = 0;
    char away[400];

    snprintf(away, sizeof(away), "%s/elsewhere", b->s.dir);
    assert_int_equal(rename(b->kept, away), 0);
    assert_int_equal(symlink(away, b->kept), 0);
    begin(b);
    assert_int_equal(ask(b, b->s.url_path, &len), 404);
}

static void other_bytes_than_its_name_says_are_not_served(void **state)
{
    struct bench *b = *state;
    struct err err = ERR_INIT;

    b->s.bytes[LEN / 2] ^= 1;
    assert_int_equal(file_replace(b->kept, b->s.bytes, LEN, 0644, &err), 0);
    assert_int_equal(seed_serve(&b->serve, &b->err), -1);
    assert_int_equal(b->err.kind, ERR_CRYPTO);
}

/* After the file was changed no byte of it is sent, not even in a transfer that had begun. */
static void a_file_changed_while_served_breaks_off(void **state)
{
    struct bench *b = *state;
    size_t len = 0;

    begin(b);
    assert_int_equal(ask(b, b->s.url_path, &len), 200);
    int fd = open(b->kept, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "changed", 7, 100), 7);
    close(fd);
    assert_int_equal(ask(b, b->s.url_path, &len), 404);
}

static void it_ends_when_a_file_comes_or_goes(void **state)
{
    struct bench *b = *state;
    size_t len = 0;

    begin(b);
    assert_int_equal(ask(b, b->s.url_path, &len), 200);
    change(b);
    expect_end_at_once(b);
    begin(b);
    assert_int_equal(ask(b, b->s.url_path, &len), 200);
    assert_int_equal(unlink(b->kept), 0);
    expect_end_at_once(b);
    /* The socket still listens: a client that connected meanwhile gets the file or a 404. */
    begin(b);
    assert_int_equal(ask(b, b->s.url_path, &len), 404);
}

static void it_ends_when_nobody_asks(void **state)
{
    struct bench *b = *state;
    size_t len = 0;

    b->serve.idle_ms = 300;
    begin(b);
    assert_int_equal(ask(b, b->s.url_path, &len), 200);
    assert_int_equal(ended(b), 0);
}

static void who_is_not_allowed_reads_nothing(void **state)
{
    struct bench *b = *state;
    size_t len = 0;

    assert_int_equal(address_list_parse("192.0.2.0/24", &b->serve.limits.allow, &b->err), 0);
    begin(b);
    assert_int_equal(ask(b, b->s.url_path, &len), 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(only_digests_are_served),
        CASE(a_link_is_nothing),
        CASE(other_bytes_than_its_name_says_are_not_served),
        CASE(a_file_changed_while_served_breaks_off),
        CASE(it_ends_when_a_file_comes_or_goes),
        CASE(it_ends_when_nobody_asks),
        CASE(who_is_not_allowed_reads_nothing),
    };

    return cmocka_run_group_tests_name("attack_seed", tests, NULL, NULL);
}
