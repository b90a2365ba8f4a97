#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <cmocka.h>
#include "fetch_session.h"
#include "fetch_job.h"
#include "file.h"
#include "http_server.h"
#include "place_fixture.h"
#include "scratch_dir.h"
#include "str.h"

/* A session on one end of a socket pair, as systemd starts it; the test uses the other end. */
struct bench {
    pthread_t thread;
    int ends[2];
    struct agent_conf conf;
    struct fetch_session session;
    struct place *place;
    int rv;
    struct err err;
};

static const char body[] = "a binary, of a kind";

static void *serve(void *arg)
{
    struct bench *b = arg;
    b->rv = fetch_session_run(&b->session, &b->err);
    shutdown(b->ends[1], SHUT_RDWR);
    return NULL;
}

static int enter(void **state)
{
    struct bench *b = xzalloc(1, sizeof(*b));
    if (crypto_init(&b->err) < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, b->ends) < 0)
        return -1;
    b->place = place_start(body, strlen(body));
    snprintf(b->conf.address, sizeof(b->conf.address), "http://127.0.0.1:%d/",
             place_port(b->place));
    b->session = (struct fetch_session){
        .in = b->ends[1], .out = b->ends[1], .conf = &b->conf, .clock = clock_system()};
    *state = b;
    return pthread_create(&b->thread, NULL, serve, b);
}

static void end(struct bench *b)
{
    shutdown(b->ends[0], SHUT_WR);
    pthread_join(b->thread, NULL);
    b->thread = 0;
}

static int leave(void **state)
{
    struct bench *b = *state;
    if (b->thread != 0)
        end(b);
    close(b->ends[0]);
    close(b->ends[1]);
    place_stop(b->place);
    free(b);
    return 0;
}

static void say(struct bench *b, const char *text)
{
    assert_int_equal(write(b->ends[0], text, strlen(text)), strlen(text));
}

static void hear(struct bench *b, const char *want)
{
    char got[512] = "";
    size_t n = 0;
    while (n < strlen(want)) {
        ssize_t r = read(b->ends[0], got + n, strlen(want) - n);
        if (r <= 0)
            break;
        n += (size_t)r;
        got[n] = '\0';
    }
    assert_string_equal(got, want);
}

static void questions_one_after_the_other(void **state)
{
    struct bench *b = *state;
    say(b, "ask 5000 /v1/agent/health\n");
    hear(b, "answer 200 16\n/v1/agent/health");
    say(b, "ask 5000 /v1/status/leader\nknock 5000 127.0.0.1 9 local");
    hear(b, "answer 200 17\n/v1/status/leader");
    say(b, "host 9\n");
    hear(b, "heard nobody unknown\n"); /* host names are not resolved */
    say(b, "metadata 5000\n");
    hear(b, "heard unknown\n"); /* root has configured no address */
    end(b);
    assert_int_equal(b->rv, 0);
}

static void another_configuration_can_be_named(void **state)
{
    struct bench *b = *state;
    char text[300], path[300], line[400];
    char *dir = scratch_open();

    snprintf(text, sizeof(text), "[nomad]\naddress = %s\n", b->conf.address);
    scratch_write(dir, "other.conf", text, 0644);
    scratch_path(dir, "other.conf", path);
    /* No server answers at the first address. */
    str_cut(b->conf.address, sizeof(b->conf.address), "http://127.0.0.1:9");
    snprintf(line, sizeof(line), "conf %s\nask 5000 /v1/agent/health\n", path);
    say(b, line);
    hear(b, "answer 200 16\n/v1/agent/health");
    /* Allowed only before the first question. */
    say(b, line);
    end(b);
    scratch_close(dir);
    assert_int_equal(b->rv, -1);
    assert_int_equal(b->err.kind, ERR_FORMAT);
}

/* The token is sent in a header, and occurs in no answer. */
static void a_heartbeat_is_asked_for_with_a_token(void **state)
{
    struct bench *b = *state;
    struct http_server *nomad = http_server_start(NULL, NULL, NULL);
    static const struct {
        const char *token, *answer;
    } rows[] = {
        {"may-read", "heartbeat 1234 15000\n"},
        {"of-a-server", "none Nomad's answer contains no heartbeat of a client\n"},
        {"of-nobody", "none Nomad's answer to /v1/agent/self: "},
        {"SECRET-1234", "none Nomad answers 403 to the token of [nomad] token_file: it needs "
                        "agent:read\n"},
        {"may-read", "heartbeat 1234 15000\n"},
    };

    snprintf(b->conf.address, sizeof(b->conf.address), "http://127.0.0.1:%u",
             (unsigned)http_server_port(nomad));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char line[64], rest[512];
        snprintf(line, sizeof(line), "heartbeat 5000\n%s\n", rows[i].token);
        say(b, line);
        hear(b, rows[i].answer);
        if (rows[i].answer[strlen(rows[i].answer) - 1] != '\n')
            assert_true(read(b->ends[0], rest, sizeof(rest)) > 0);
    }
    /* No server answers: the text does not contain the token. */
    str_cut(b->conf.address, sizeof(b->conf.address), "http://127.0.0.1:9");
    say(b, "heartbeat 5000\nSECRET-1234\n");
    char got[512] = "";
    assert_true(read(b->ends[0], got, sizeof(got) - 1) > 0);
    assert_true(str_starts(got, "none "));
    assert_null(strstr(got, "SECRET"));
    http_server_stop(nomad);
}

/* Each question may have a token; the next question has none. */
static void a_question_may_have_a_token(void **state)
{
    struct bench *b = *state;
    struct http_server *nomad = http_server_start(NULL, NULL, NULL);
    static const struct {
        const char *says, *token;
    } rows[] = {{"ask-as 5000 /v1/agent/servers\nSECRET-1234\n", " token=SECRET-1234 "},
                {"ask 5000 /v1/agent/servers\n", " token=- "}};

    snprintf(b->conf.address, sizeof(b->conf.address), "http://127.0.0.1:%u",
             (unsigned)http_server_port(nomad));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char got[512] = "";
        size_t n = 0;
        say(b, rows[i].says);
        while (strstr(got, "body=") == NULL) { /* the server's answer contains the last token */
            ssize_t r = read(b->ends[0], got + n, sizeof(got) - 1 - n);
            assert_true(r > 0);
            n += (size_t)r;
        }
        assert_true(str_starts(got, "answer 200 "));
        assert_non_null(strstr(got, "GET /v1/agent/servers "));
        assert_non_null(strstr(got, rows[i].token));
    }
    say(b, "ask-as 5000 /ok\nSECRET-1234\n");
    hear(b, "none not a path of Nomad's API: /ok\n");
    http_server_stop(nomad);
}

static void no_token_behind_a_question_ends_it(void **state)
{
    struct bench *b = *state;

    say(b, "heartbeat 5000\nSECRET 1234\n");
    end(b);
    assert_int_equal(b->rv, -1);
    assert_int_equal(b->err.kind, ERR_FORMAT);
    assert_null(strstr(b->err.text, "SECRET"));
    assert_int_equal(place_requests(b->place), 0);
}

static void only_nomads_api_is_asked(void **state)
{
    struct bench *b = *state;
    static const char *const paths[] = {"/ok", "http://127.0.0.1:1/v1/", "/v1", "/v1/a b",
                                        "@/v1/x"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        char line[128], got[512];
        snprintf(line, sizeof(line), "ask 5000 %s\n", paths[i]);
        say(b, line);
        ssize_t n = read(b->ends[0], got, sizeof(got) - 1);
        assert_true(n > 5);
        assert_memory_equal(got, "none ", 5);
    }
    assert_int_equal(place_requests(b->place), 0);
}

static void large_answers_are_none(void **state)
{
    struct bench *b = *state;
    say(b, "ask 5000 /v1/large\n");
    hear(b, "none ");
}

static void get_tells_how_it_ended(void **state)
{
    struct bench *b = *state;
    struct fetch_get g = {.n_urls = 1,
                          .packing = PACKING_BARE,
                          .deadline_ms = 10000,
                          .fetch_size = strlen(body),
                          .size = strlen(body)};
    char dir[64], want[200], hex[65];
    auto_buf struct buf text = BUF_INIT;

    scratch_make(dir, sizeof(dir));
    str_cut(g.dir, sizeof(g.dir), dir);
    snprintf(g.urls[0], URL_MAX_LEN, "http://127.0.0.1:%d/ok", place_port(b->place));
    crypto_digest(body, strlen(body), &g.digest);
    g.fetch_digest = g.digest;
    digest_hex(hex, &g.digest);
    fetch_get_text(&g, &text);
    say(b, buf_str(&text));
    snprintf(want, sizeof(want), "progress %zu %zu\ndone %s/%s\n", strlen(body), strlen(body), dir,
             hex);
    hear(b, want);
    pthread_join(b->thread, NULL); /* one job, then the program ends by itself */
    b->thread = 0;
    assert_int_equal(b->rv, 0);
    snprintf(want, sizeof(want), "%s/%s", dir, hex);
    assert_int_equal(unlink(want), 0);
    assert_int_equal(rmdir(dir), 0);
}

static void get_tells_why_it_failed(void **state)
{
    struct bench *b = *state;
    struct fetch_get g = {.n_urls = 1,
                          .packing = PACKING_BARE,
                          .deadline_ms = 10000,
                          .fetch_size = 5,
                          .size = 5,
                          .dir = "/nonexistent/caravan"};
    auto_buf struct buf text = BUF_INIT;
    str_cut(g.urls[0], URL_MAX_LEN, "http://127.0.0.1:9/x");
    fetch_get_text(&g, &text);
    say(b, buf_str(&text));
    hear(b, "failed io open /nonexistent/caravan: No such file");
}

static void nonsense_ends_it(void **state)
{
    struct bench *b = *state;
    say(b, "tell 5 me\n");
    pthread_join(b->thread, NULL);
    b->thread = 0;
    assert_int_equal(b->rv, -1);
    assert_int_equal(b->err.kind, ERR_FORMAT);
}

static void an_endless_line_ends_it(void **state)
{
    struct bench *b = *state;
    char piece[1024];
    memset(piece, 'a', sizeof(piece));
    for (int i = 0; i < 3; i++)
        if (send(b->ends[0], piece, sizeof(piece), MSG_NOSIGNAL) < 0)
            break;
    pthread_join(b->thread, NULL);
    b->thread = 0;
    assert_int_equal(b->rv, -1);
    assert_int_equal(b->err.kind, ERR_LIMIT);
}

static void unix_sockets_are_asked(void **state)
{
    struct bench *b = *state;
    char dir[64], path[96], request[256];
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

    scratch_make(dir, sizeof(dir));
    snprintf(path, sizeof(path), "%s/s", dir);
    assert_int_equal(str_copy(a.sun_path, sizeof(a.sun_path), path), 0);
    autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(fd, 1), 0);
    snprintf(b->conf.address, sizeof(b->conf.address), "unix://%s", path);
    say(b, "ask 5000 /v1/agent/health\n");
    autoclose int c = accept(fd, NULL, NULL);
    ssize_t n = read(c, request, sizeof(request) - 1);
    assert_true(n > 0);
    request[n] = '\0';
    assert_non_null(strstr(request, "GET /v1/agent/health HTTP/1.1\r\n"));
    assert_int_equal(write(c, answer, strlen(answer)), strlen(answer));
    hear(b, "answer 200 2\n{}");
    unlink(path);
    rmdir(dir);
}

static void long_paths_are_asked_whole(void **state)
{
    struct bench *b = *state;
    struct buf path = BUF_INIT;
    /* The server answers with the path: the longest allowed path arrives whole. */
    buf_add_str(&path, "ask 5000 /v1/");
    while (path.len < FETCH_LINE_MAX - 2)
        buf_add_byte(&path, 'x');
    buf_add_byte(&path, '\n');
    say(b, buf_str(&path));
    hear(b, "answer 200 2037\n/v1/xxx");
    buf_free(&path);
}

/* The binary's descriptor comes with the line; without it there is no trial. */
static void a_trial_without_its_files_ends_it(void **state)
{
    static const char *const lines[] = {
        "try 1000 version\n",
        "try 1000 validate\n",
        "try 1000 agent\n",
        "try version\n",
        "verify 1000\n",
        "verify\n",
        "verify 1000 x\n",
        "unzip 1000 5\n",
        "unzip 1000 0 0000000000000000000000000000000000000000000000000000000000000000\n",
        "unzip 1000 5 0000000000000000000000000000000000000000000000000000000000000000\n",
    };

    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        struct bench *b;

        leave(state);
        enter(state);
        b = *state;
        say(b, lines[i]);
        end(b);
        assert_int_equal(b->rv, -1);
        assert_int_equal(b->err.kind, ERR_FORMAT);
    }
}

#define T(f) cmocka_unit_test_setup_teardown(f, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(questions_one_after_the_other), T(another_configuration_can_be_named),
        T(only_nomads_api_is_asked),      T(a_heartbeat_is_asked_for_with_a_token),
        T(a_question_may_have_a_token),   T(no_token_behind_a_question_ends_it),
        T(large_answers_are_none),        T(get_tells_how_it_ended),
        T(get_tells_why_it_failed),       T(nonsense_ends_it),
        T(an_endless_line_ends_it),       T(unix_sockets_are_asked),
        T(long_paths_are_asked_whole),    T(a_trial_without_its_files_ends_it),
    };
    return cmocka_run_group_tests_name("fetch_session", tests, NULL, NULL);
}
