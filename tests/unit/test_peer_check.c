/* peer_check.h: what the RPC port of a server shows, for every kind of server. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <cmocka.h>
#include "cleanup.h"
#include "clock.h"
#include "free_port.h"
#include "peer_check.h"
#include "peer_answer.h"

#define LONG_MS  20000 /* longer than any test waits: only an answer ends the wait */
#define SHORT_MS 150   /* of a peer that never answers */

enum { SERVER_HELLO, ALERT, PING_ACK, HTTP, FRAGMENT, NOTHING };

static const struct said {
    size_t n;
    unsigned char bytes[24];
} words[] = {
    [SERVER_HELLO] = {9, {22, 3, 3, 0, 122, 2, 0, 0, 118}},
    [ALERT] = {7, {21, 3, 3, 0, 2, 2, 40}},
    [PING_ACK] = {12, {0, 2, 0, 2, 0, 0, 0, 0, 'c', 'r', 'v', 'n'}},
    [HTTP] = {12, "HTTP/1.1 400"},
    [FRAGMENT] = {3, {22, 3, 3}},
    [NOTHING] = {0, ""},
};

/* The answers of one kind of server to each question. Like Nomad it first reads only the first
 * byte, and closes after its answer, except after a fragment. */
struct kind {
    int tls, yamux;
    bool in_pieces;
};

static const struct kind plain = {NOTHING, PING_ACK, false};
static const struct kind secured = {SERVER_HELLO, NOTHING, false};
static const struct kind closes = {NOTHING, NOTHING, false};

struct server {
    const struct kind *kind; /* NULL: binds, and never accepts */
    int listener;
    pthread_t thread;
    unsigned asked; /* number of connections */
    struct checked_peer peer;
};

static void say(int fd, const struct said *w, bool in_pieces)
{
    for (size_t at = 0, n; at < w->n; at += n) {
        n = in_pieces ? 1 : w->n;
        if (send(fd, w->bytes + at, n, MSG_NOSIGNAL) < 0)
            return;
    }
}

static void *serve(void *arg)
{
    struct server *s = arg;
    unsigned char rest[256];
    int fd;

    while ((fd = accept(s->listener, NULL, NULL)) >= 0) {
        unsigned char byte = 0;
        ssize_t got = recv(fd, &byte, 1, 0);
        int said = got != 1 ? NOTHING : byte == 4 ? s->kind->tls : s->kind->yamux;

        s->asked++;
        if (words[said].n > 0 && recv(fd, rest, sizeof(rest), 0) > 0)
            say(fd, &words[said], s->kind->in_pieces);
        while (said == FRAGMENT && recv(fd, rest, sizeof(rest), 0) > 0)
            continue;
        close(fd);
    }
    return NULL;
}

static void start(struct server *s, const struct kind *kind)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);

    *s = (struct server){.kind = kind, .listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_int_equal(bind(s->listener, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(s->listener, 8), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&a, &len), 0);
    snprintf(s->peer.host, sizeof(s->peer.host), "127.0.0.1");
    snprintf(s->peer.port, sizeof(s->peer.port), "%u", ntohs(a.sin_port));
    if (kind != NULL)
        assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void stop(struct server *s)
{
    shutdown(s->listener, SHUT_RDWR);
    if (s->kind != NULL)
        pthread_join(s->thread, NULL);
    close(s->listener);
}

static void shows(const struct kind *kind, int64_t ms, enum peer_check expected,
                  unsigned connections)
{
    struct server s;
    enum peer_check heard = PEER_UNKNOWN;

    start(&s, kind);
    peer_check_all(&s.peer, 1, ms, &heard);
    stop(&s);
    assert_string_equal(peer_check_word(heard), peer_check_word(expected));
    assert_int_equal(s.asked, connections);
}

static void a_server_that_serves_answers_one_of_two_questions(void **state)
{
    static const struct kind alert = {ALERT, NOTHING, false};
    static const struct kind both = {SERVER_HELLO, PING_ACK, false}; /* rpc_upgrade_mode */
    static const struct kind slowly = {SERVER_HELLO, NOTHING, true};
    static const struct kind slowly_plain = {NOTHING, PING_ACK, true};

    (void)state;
    shows(&secured, LONG_MS, PEER_SERVES, 1);
    shows(&alert, LONG_MS, PEER_SERVES, 1);
    shows(&both, LONG_MS, PEER_SERVES, 1);
    shows(&slowly, LONG_MS, PEER_SERVES, 1);
    shows(&plain, LONG_MS, PEER_SERVES, 2);
    shows(&slowly_plain, LONG_MS, PEER_SERVES, 2);
}

/* The kernel completes the handshake and receives the question; no process reads it. */
static void who_binds_and_does_not_accept_does_not_serve(void **state)
{
    (void)state;
    shows(NULL, SHORT_MS, PEER_MUTE, 0);
}

static void what_is_not_nomads_answer_is_none(void **state)
{
    static const struct kind web = {HTTP, HTTP, false};
    static const struct kind crossed = {PING_ACK, SERVER_HELLO, false};
    static const struct kind begins = {FRAGMENT, PING_ACK, false};

    (void)state;
    shows(&closes, LONG_MS, PEER_CLOSES, 2);
    shows(&web, LONG_MS, PEER_CLOSES, 2);
    shows(&crossed, LONG_MS, PEER_CLOSES, 2);
    shows(&begins, SHORT_MS, PEER_MUTE, 1);
}

static void nobody_and_names(void **state)
{
    static const struct checked_peer strange[] = {
        {"localhost", "4647"}, {"127.0.0.1", "0"}, {"127.0.0.1", "65536"}, {"127.0.0.1", "x"}};
    enum peer_check heard[ARRAY_LEN(strange)];
    struct checked_peer nobody = {.host = "127.0.0.1"};

    (void)state;
    snprintf(nobody.port, sizeof(nobody.port), "%u", free_port());
    peer_check_all(&nobody, 1, LONG_MS, heard);
    assert_int_equal(heard[0], PEER_NOBODY);
    peer_check_all(strange, ARRAY_LEN(strange), LONG_MS, heard);
    for (size_t i = 0; i < ARRAY_LEN(strange); i++)
        assert_int_equal(heard[i], PEER_UNKNOWN);
}

/* Many mute peers need no more time than one, and do not delay the other answers. */
static void all_are_asked_side_by_side(void **state)
{
    static struct server servers[FETCH_PEERS_MAX];
    struct checked_peer peers[FETCH_PEERS_MAX];
    enum peer_check heard[FETCH_PEERS_MAX];
    int64_t began = clock_mono(clock_system());

    (void)state;
    for (int i = 0; i < FETCH_PEERS_MAX; i++) {
        start(&servers[i], i == 7 ? &plain : i == 30 ? &secured : NULL);
        peers[i] = servers[i].peer;
    }
    peer_check_all(peers, FETCH_PEERS_MAX, 500, heard);
    assert_in_range(clock_mono(clock_system()) - began, 500, 5000);
    for (int i = 0; i < FETCH_PEERS_MAX; i++) {
        assert_int_equal(heard[i], i == 7 || i == 30 ? PEER_SERVES : PEER_MUTE);
        stop(&servers[i]);
    }
}

/* A full backlog accepts no further connection and sends no error, like a lost packet. */
static void a_connection_alone(void **state)
{
    struct checked_peer nobody = {.host = "127.0.0.1"}, name = {"localhost", "80"};
    struct server s;
    int full[3];

    (void)state;
    start(&s, NULL);
    assert_int_equal(peer_check_reach(&s.peer, LONG_MS), PEER_SERVES);
    assert_int_equal(listen(s.listener, 0), 0);
    for (size_t i = 0; i < ARRAY_LEN(full); i++) {
        struct sockaddr_in a;
        socklen_t len = sizeof(a);

        assert_int_equal(getsockname(s.listener, (struct sockaddr *)&a, &len), 0);
        full[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)!connect(full[i], (struct sockaddr *)&a, sizeof(a));
    }
    assert_int_equal(peer_check_reach(&s.peer, SHORT_MS), PEER_MUTE);
    for (size_t i = 0; i < ARRAY_LEN(full); i++)
        close(full[i]);
    stop(&s);
    snprintf(nobody.port, sizeof(nobody.port), "%u", free_port());
    assert_int_equal(peer_check_reach(&nobody, LONG_MS), PEER_NOBODY);
    assert_int_equal(peer_check_reach(&name, LONG_MS), PEER_UNKNOWN);
}

static void the_questions_are_whole(void **state)
{
    size_t n;
    const unsigned char *p = peer_question_bytes(PEER_QUESTION_TLS, &n);

    (void)state;
    assert_int_equal(p[0], 4);
    assert_int_equal(p[4] << 8 | p[5], n - 6);               /* the record */
    assert_int_equal(p[7] << 16 | p[8] << 8 | p[9], n - 10); /* the ClientHello */
    p = peer_question_bytes(PEER_QUESTION_YAMUX, &n);
    assert_int_equal(p[0], 3);
    assert_int_equal(n, 1 + PEER_ANSWER_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_that_serves_answers_one_of_two_questions),
        cmocka_unit_test(who_binds_and_does_not_accept_does_not_serve),
        cmocka_unit_test(what_is_not_nomads_answer_is_none),
        cmocka_unit_test(nobody_and_names),
        cmocka_unit_test(all_are_asked_side_by_side),
        cmocka_unit_test(a_connection_alone),
        cmocka_unit_test(the_questions_are_whole),
    };

    return cmocka_run_group_tests_name("peer_check", tests, NULL, NULL);
}
