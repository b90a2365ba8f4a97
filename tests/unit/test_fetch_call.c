/* fetch_call.h: the caller's side, against a caravan-fetch that answers as the test orders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include "clock.h"
#include "fetch_call.h"
#include "scratch_dir.h"
#include "str.h"

struct bench {
    char *dir;
    struct agent_conf conf;
    int listener;
    pid_t pid;
    struct fetch_call *call;
};

#define CONFIG "/a/b.conf"

/* One conversation: it begins with the name of the configuration; then all questions are sent at
 * once. */
NORETURN static void live(int listener, const char *say, size_t n)
{
    char heard[8192];
    int fd = accept(listener, NULL, NULL);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    ssize_t got = fd >= 0 ? recv(fd, heard, sizeof(heard) - 1, 0) : -1;
    heard[got < 0 ? 0 : got] = '\0';
    if (strncmp(heard, "conf " CONFIG "\n", strlen("conf " CONFIG "\n")) == 0)
        (void)!send(fd, say, n, MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
    while (fd >= 0 && recv(fd, heard, sizeof(heard), 0) > 0)
        ;
    _exit(0);
}

static int set_up(void **state)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    struct bench *b = xzalloc(1, sizeof(*b));

    b->dir = scratch_open();
    b->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(a.sun_path, sizeof(a.sun_path), "%.90s/fetch", b->dir);
    str_cut(b->conf.fetch_socket, sizeof(b->conf.fetch_socket), a.sun_path);
    if (bind(b->listener, (const struct sockaddr *)&a, sizeof(a)) < 0 || listen(b->listener, 4) < 0)
        return -1;
    *state = b;
    return 0;
}

static void hang_up(struct bench *b)
{
    fetch_call_end(b->call);
    b->call = NULL;
    if (b->pid > 0) {
        kill(b->pid, SIGKILL);
        waitpid(b->pid, NULL, 0);
    }
    b->pid = 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    hang_up(b);
    close(b->listener);
    scratch_close(b->dir);
    free(b);
    return 0;
}

static void says_bytes(struct bench *b, const char *say, size_t n)
{
    const struct fetch_who who = {.conf = &b->conf, .config = CONFIG};
    struct err err = ERR_INIT;

    hang_up(b);
    b->pid = fork();
    if (b->pid == 0)
        live(b->listener, say, n);
    if (fetch_call_begin(&who, FETCH_GETS, &b->call, &err) < 0)
        fail_msg("%s", err.text);
}

static void says(struct bench *b, const char *say)
{
    says_bytes(b, say, strlen(say));
}

static int ask(struct bench *b, int *ret_status, struct buf *ret, struct err *err)
{
    buf_clear(ret);
    return fetch_call_ask(b->call, "/v1/agent/health", 300, ret_status, ret, err);
}

static void a_heartbeat_is_two_numbers_within_bounds(void **state)
{
    static const struct {
        const char *says;
        enum err_kind kind; /* ERR_NONE: the answer is accepted */
    } rows[] = {
        {"heartbeat 1234 15000\n", ERR_NONE},      {"heartbeat 0 3600000\n", ERR_NONE},
        {"heartbeat 0 3600001\n", ERR_STATE},      {"heartbeat 3600001 15000\n", ERR_STATE},
        {"heartbeat 1234 0\n", ERR_STATE},         {"heartbeat -1 15000\n", ERR_STATE},
        {"heartbeat 1234\n", ERR_STATE},           {"heartbeat 1234 15000 1\n", ERR_STATE},
        {"none Nomad answers 403\n", ERR_NETWORK}, {"answer 200 0\n", ERR_STATE},
    };
    struct bench *b = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct heartbeat h = {.age_ms = -7};
        struct err err = ERR_INIT;

        says(b, rows[i].says);
        int rc = fetch_call_heartbeat(b->call, "token", 300, &h, &err);
        assert_int_equal(rc, rows[i].kind == ERR_NONE ? 0 : -1);
        if (rc < 0)
            assert_int_equal(err.kind, rows[i].kind);
        else
            assert_in_range(h.ttl_ms, 15000, 3600000);
        if (rc < 0)
            assert_int_equal(h.age_ms, -7);
    }
}

static void what_is_no_token_is_not_sent(void **state)
{
    struct bench *b = *state;
    char long_one[FETCH_TOKEN_MAX + 1] = "";
    const char *const tokens[] = {"", "a b", "a\nget", "a\x7f", "\xc3\xa4", long_one};

    auto_buf struct buf body = BUF_INIT;
    int status = 0;

    memset(long_one, 'a', FETCH_TOKEN_MAX);
    says(b, "heartbeat 1 1\n");
    for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
        struct heartbeat h;
        struct err err = ERR_INIT;

        assert_int_equal(fetch_call_heartbeat(b->call, tokens[i], 300, &h, &err), -1);
        assert_int_equal(err.kind, ERR_FORMAT);
        err.kind = ERR_NONE;
        assert_int_equal(
            fetch_call_ask_as(b->call, tokens[i], "/v1/agent/servers", 300, &status, &body, &err),
            -1);
        assert_int_equal(err.kind, ERR_FORMAT);
    }
    long_one[FETCH_TOKEN_MAX - 1] = '\0';
    assert_true(fetch_token_fits(long_one));
}

static void answers_are_taken_whole(void **state)
{
    struct bench *b = *state;
    auto_buf struct buf body = BUF_INIT;
    auto_buf struct buf large = BUF_INIT;
    struct err err = ERR_INIT;
    int status = 0;

    says(b, "answer 200 5\nhelloanswer 500 0\nnone connection refused\n");
    assert_int_equal(ask(b, &status, &body, &err), 0);
    assert_int_equal(status, 200);
    assert_string_equal(buf_str(&body), "hello");
    assert_int_equal(ask(b, &status, &body, &err), 0);
    assert_int_equal(status, 500);
    assert_int_equal(body.len, 0);
    assert_int_equal(ask(b, &status, &body, &err), -1);
    assert_int_equal(err.kind, ERR_NETWORK);
    assert_non_null(strstr(err.text, "refused"));

    (void)buf_printf(&large, "answer 200 %d\n", FETCH_ANSWER_MAX);
    for (int i = 0; i < FETCH_ANSWER_MAX; i++)
        (void)buf_add_byte(&large, (unsigned char)i);
    says_bytes(b, (const char *)large.data, large.len);
    assert_int_equal(ask(b, &status, &body, &err), 0);
    assert_int_equal(body.len, FETCH_ANSWER_MAX);
}

static void nonsense_breaks_the_session(void **state)
{
    static const char *const wrong[] = {
        "hello\n",
        "answer 200\n",
        "answer 1000 5\nhello",
        "answer 200 65537\n",
        "answer x 5\n",
        "answer 200 5\nhel",
        "answer 200 -1\n",
        "\n",
        "",
    };
    struct bench *b = *state;
    auto_buf struct buf body = BUF_INIT;
    auto_buf struct buf line = BUF_INIT;
    int status = 0;

    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct err err = ERR_INIT;

        says(b, wrong[i]);
        assert_int_equal(ask(b, &status, &body, &err), -1);
        assert_int_equal(err.kind, ERR_STATE);
    }
    for (int i = 0; i < FETCH_LINE_MAX + 10; i++)
        (void)buf_add_byte(&line, 'x');
    says_bytes(b, (const char *)line.data, line.len);
    struct err err = ERR_INIT;
    assert_int_equal(ask(b, &status, &body, &err), -1);
    says_bytes(b, "none a\0b\n", 9);
    assert_int_equal(ask(b, &status, &body, &err), -1);
    assert_int_equal(err.kind, ERR_STATE);
}

static void knocks(void **state)
{
    struct bench *b = *state;
    struct err err = ERR_INIT;
    static const char peers[PEER_COUNT][FETCH_PEER_MAX] = {
        "10.0.0.1:4647", "[::1]:4647", "10.0.0.3:4647", "10.0.0.4:4647", "10.0.0.5:4647"};
    enum peer_check heard[PEER_COUNT];

    says(b, "heard unknown serves mute closes nobody\n");
    assert_int_equal(fetch_call_check_peers(b->call, peers, PEER_COUNT, 300, heard, &err), 0);
    for (int k = 0; k < PEER_COUNT; k++)
        assert_int_equal(heard[k], k);
    /* More, fewer or other words than requested are no answer. */
    static const char *const answers[] = {"heard serves\n",
                                          "heard serves serves serves\n",
                                          "heard serves maybe\n",
                                          "heard serves servesx\n",
                                          "heard serves serves \n",
                                          "heard  serves serves\n",
                                          "yes\n",
                                          "heard\n",
                                          "heardserves serves\n",
                                          "herd serves serves\n"};
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        says(b, answers[i]);
        assert_int_equal(fetch_call_check_peers(b->call, peers, 2, 300, heard, &err), -1);
        assert_int_equal(err.kind, ERR_STATE);
    }
    static const char wrong[][FETCH_PEER_MAX] = {
        "", "nohost", ":4647", "a:", "a:0", "a:65536", "a:x", "a:1x"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_int_equal(fetch_call_check_peers(b->call, &wrong[i], 1, 300, heard, &err), -1);
        assert_int_equal(err.kind, ERR_FORMAT);
    }
    assert_int_equal(fetch_call_check_peers(b->call, peers, 0, 300, heard, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    says(b, "heard mute\nheard mute mute\n");
    assert_int_equal(fetch_call_metadata(b->call, 300, heard, &err), 0);
    assert_int_equal(heard[0], PEER_MUTE);
    assert_int_equal(fetch_call_metadata(b->call, 300, heard, &err), -1);
    assert_int_equal(err.kind, ERR_STATE);
}

/* Steps until the call has ended. */
static int news(struct bench *b, struct fetch_news *ret, struct err *err)
{
    const struct fetch_get job = {.n_urls = 1,
                                  .urls = {"https://x/"},
                                  .packing = PACKING_BARE,
                                  .deadline_ms = 1000,
                                  .dir = "/x"};
    int64_t until = clock_mono(clock_system()) + 5000;

    if (fetch_call_get(b->call, &job, err) < 0)
        return -1;
    do {
        if (fetch_call_poll(b->call, ret, err) < 0)
            return -1;
        assert_true(clock_mono(clock_system()) < until);
    } while (ret->state == FETCH_WORKING);
    return 0;
}

static void a_get_ends_in_one_of_two_ways(void **state)
{
    struct bench *b = *state;
    struct fetch_news n;
    struct err err = ERR_INIT;

    says(b, "progress 10 100\nprogress 100 100\ndone /x/abc\n");
    assert_int_equal(news(b, &n, &err), 0);
    assert_int_equal(n.state, FETCH_DONE);
    assert_string_equal(n.path, "/x/abc");
    says(b, "progress 10 100\nfailed bad-digest the zip is another\n");
    assert_int_equal(news(b, &n, &err), 0);
    assert_int_equal(n.state, FETCH_FAILED);
    assert_int_equal(n.failure, FAILURE_BAD_DIGEST);
    assert_string_equal(n.text, "the zip is another");
    says(b, "failed something-new text\n");
    assert_int_equal(news(b, &n, &err), 0);
    assert_int_equal(n.failure, FAILURE_IO);
    says(b, "progress 10 100\n"); /* and then the end */
    assert_int_equal(news(b, &n, &err), -1);
    says(b, "finished\n");
    assert_int_equal(news(b, &n, &err), -1);
}

/* Reports come faster than any download: root must not be kept busy by them. */
static void who_talks_without_end_is_ended(void **state)
{
    struct bench *b = *state;
    auto_buf struct buf talk = BUF_INIT;
    struct fetch_news n = {.done = 0};
    struct err err = ERR_INIT;

    for (unsigned i = 0; i < 20000; i++)
        (void)buf_printf(&talk, "progress %u 100000\n", i);
    says_bytes(b, (const char *)talk.data, talk.len);
    assert_int_equal(news(b, &n, &err), -1);
    assert_int_equal(err.kind, ERR_STATE);
    assert_non_null(strstr(err.text, "sends too many lines"));
    /* A burst is fine. */
    buf_clear(&talk);
    for (unsigned i = 0; i < 90; i++)
        (void)buf_printf(&talk, "progress %u 100000\n", i);
    (void)buf_add_str(&talk, "done /x/abc\n");
    says_bytes(b, (const char *)talk.data, talk.len);
    assert_int_equal(news(b, &n, &err), 0);
}

static void nobody_there_is_an_error(void **state)
{
    struct bench *b = *state;
    const struct fetch_who who = {.conf = &b->conf};
    struct err err = ERR_INIT;

    str_cut(b->conf.fetch_socket, sizeof(b->conf.fetch_socket), "/nonexistent/fetch");
    assert_int_equal(fetch_call_begin(&who, FETCH_GETS, &b->call, &err), -1);
    b->conf.fetch_socket[0] = '\0';
    str_cut(b->conf.fetch_program, sizeof(b->conf.fetch_program), "/nonexistent/caravan-fetch");
    struct fetch_who child = {.conf = &b->conf, .config = "/x"};
    assert_int_equal(fetch_call_begin(&child, FETCH_GETS, &b->call, &err), -1);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(answers_are_taken_whole),
        CASE(a_heartbeat_is_two_numbers_within_bounds),
        CASE(what_is_no_token_is_not_sent),
        CASE(nonsense_breaks_the_session),
        CASE(knocks),
        CASE(a_get_ends_in_one_of_two_ways),
        CASE(nobody_there_is_an_error),
        CASE(who_talks_without_end_is_ended),
    };

    return cmocka_run_group_tests_name("fetch_call", tests, NULL, NULL);
}
