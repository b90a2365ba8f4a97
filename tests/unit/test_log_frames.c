#include "log_frames.h"
#include "snapshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

struct heard {
    char lines[8][80];
    size_t n;
};

static void take(void *ctx, const char *line)
{
    struct heard *h = ctx;
    assert_true(h->n < 8);
    str_cut(h->lines[h->n++], sizeof(h->lines[0]), line);
}

static int feed(struct log_frames *f, const char *text, size_t piece)
{
    struct err err = ERR_INIT;
    size_t len = strlen(text);
    for (size_t at = 0; at < len; at += piece)
        if (log_frames_add(f, text + at, MIN_OF(piece, len - at), &err) < 0)
            return -1;
    return 0;
}

/* "    [WARN]  a: x=1\n    [ERR" "OR] b\n\n", with heartbeats and blanks between. */
static const char stream[] = "{}{\"Data\":\"ICAgIFtXQVJOXSAgYTogeD0xCiAgICBbRVJS\",\"FileEvent\":"
                             "\"log\",\"Offset\":23}\n {}{\"Offset\":3,\"Data\":\"T1JdIGIKCg==\"}";

static void test_frames(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < sizeof(stream); piece++) {
        struct heard h = {.n = 0};
        struct log_frames f = {.on_line = take, .ctx = &h};
        assert_int_equal(feed(&f, stream, piece), 0);
        assert_int_equal(h.n, 2);
        assert_string_equal(h.lines[0], "| [WARN]  a: x=1");
        assert_string_equal(h.lines[1], "| [ERROR] b");
        log_frames_reset(&f);
    }
}

static void test_plain(void **state)
{
    struct heard h = {.n = 0};
    struct log_frames f = {.on_line = take, .ctx = &h};
    (void)state;
    assert_int_equal(feed(&f, "  one\r\n\ntwo\nhalf", 3), 0);
    assert_int_equal(h.n, 2);
    assert_string_equal(h.lines[0], "| one");
    assert_string_equal(h.lines[1], "| two");
    log_frames_reset(&f);
}

static void test_not_frames(void **state)
{
    static const char *const bad[] = {"{}x", "{\"Data\":\"*\"}", "{\"Data\":\"YQ==\",}", "{}}"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct heard h = {.n = 0};
        struct log_frames f = {.on_line = take, .ctx = &h};
        assert_int_equal(feed(&f, bad[i], 100), -1);
        log_frames_reset(&f);
    }
    struct heard h = {.n = 0};
    struct log_frames f = {.on_line = take, .ctx = &h};
    autofree char *endless = xalloc(LOG_FRAME_MAX + 20);
    memset(endless, '{', LOG_FRAME_MAX + 19);
    endless[LOG_FRAME_MAX + 19] = '\0';
    assert_int_equal(feed(&f, endless, 4096), -1);
    log_frames_reset(&f);
}

static void test_signs(void **state)
{
    static const struct {
        const char *line;
        bool harm;
    } cases[] = {
        {"2026-11-29T13:25:49.001Z [WARN]  nomad.fsm: ignoring unknown message type, upgrade to "
         "newer version: msg_type=62",
         true},
        {"[WARN]  nomad.fsm: ignoring unknown message type, upgrade to newer version: type=62",
         true},
        {"2026-11-29T13:25:49.001+0100 [ERROR] nomad.raft: failed to restore snapshot: id=2-18 "
         "error=\"Unrecognized snapshot type: [29]\"",
         true},
        {"[ERROR] nomad: raft: Failed to restore snapshot: Unrecognized snapshot type: 27", true},
        {"[ERROR] nomad.keyring: could not initialize keyring: error=\"x\"", true},
        {"[ERROR] nomad.keyring: root key cannot be decrypted: error=\"x\"", true},
        {"[WARN]  nomad.keyring: root key cannot be decrypted by some KMS providers: error=x",
         false},
        {"[WARN]  nomad.raft: failed to contact: server-id=5 time=501ms", false},
        {"[ERROR] nomad.raft: failed to appendEntries to: peer=\"{Voter 5 10.0.0.1:4647}\"", false},
        {"[WARN]  nomad: memberlist: Refuting a suspect message", false},
        {"[ERROR] nomad: failed to replicate: rpc error: can't find method X", false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(log_sign_of(cases[i].line) != NULL, cases[i].harm);
    for (size_t i = 0; i < log_signs_len; i++)
        assert_true(log_signs[i].advice[0] != '\0');
}

static void test_snapshot_digest(void **state)
{
    struct digest d;
    (void)state;
    crypto_digest("abc", 3, &d);
    static const char good[] = "sha-256=ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
    assert_null(snapshot_wrong(good, &d));
    assert_non_null(snapshot_wrong("", &d));
    assert_non_null(snapshot_wrong("sha-256=", &d));
    assert_non_null(snapshot_wrong("sha-256=ungW", &d));
    assert_non_null(snapshot_wrong("md5=ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", &d));
    assert_non_null(snapshot_wrong("sha-256=ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=x", &d));
    crypto_digest("abd", 3, &d);
    assert_non_null(snapshot_wrong(good, &d));
}

static void test_snapshot_name(void **state)
{
    char name[120];
    (void)state;
    snapshot_name("0123456789abcdef", "global", name, sizeof(name));
    assert_string_equal(name, "snapshot-01234567-global.snap");
    snapshot_name("0123456789abcdef", "../eu west.1", name, sizeof(name));
    assert_string_equal(name, "snapshot-01234567-___eu_west_1.snap");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames),          cmocka_unit_test(test_plain),
        cmocka_unit_test(test_not_frames),      cmocka_unit_test(test_signs),
        cmocka_unit_test(test_snapshot_digest), cmocka_unit_test(test_snapshot_name),
    };
    return cmocka_run_group_tests_name("log_frames", tests, NULL, NULL);
}
