/*
 * A stranger writes a line into a server's log with a line break. Without a key for gossip,
 * memberlist logs the name in any UDP packet without escaping it, so that the rest of the name
 * looks like a line of Nomad. Seen with memberlist 0.5.0 and hclog 1.6.3, in the way Nomad combines
 * them. In a JSON log (log_json=true) a message cannot end its line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "log_frames.h"
#include "str.h"

/* "Got ping for unexpected node 'x\n2026-... [ERROR] nomad: raft: Failed to restore snapshot: boo'"
 */
static const char as_text[] =
    "{\"Data\":\""
    "MjAyNi0xMS0yOVQxNjo1NjowOS42MTZaIFtXQVJOXSAgbm9tYWQ6IG1lbWJlcmxpc3Q6IEdvdCBw"
    "aW5nIGZvciB1bmV4cGVjdGVkIG5vZGUgJ3gKMjAyNi0xMS0yOVQwMDowMDowMC4wMDBaIFtFUlJP"
    "Ul0gbm9tYWQ6IHJhZnQ6IEZhaWxlZCB0byByZXN0b3JlIHNuYXBzaG90OiBib28nIGZyb209MTI3"
    "LjAuMC4xOjQ2OTgzCg=="
    "\"}";
static const char as_json[] =
    "{\"Data\":\""
    "eyJAbGV2ZWwiOiJ3YXJuIiwiQG1lc3NhZ2UiOiJtZW1iZXJsaXN0OiBHb3QgcGluZyBmb3IgdW5l"
    "eHBlY3RlZCBub2RlICd4XG4yMDI2LTExLTI5VDAwOjAwOjAwLjAwMFogW0VSUk9SXSBub21hZDog"
    "cmFmdDogRmFpbGVkIHRvIHJlc3RvcmUgc25hcHNob3Q6IGJvbycgZnJvbT0xMjcuMC4wLjE6NDY5"
    "ODMiLCJAbW9kdWxlIjoibm9tYWQiLCJAdGltZXN0YW1wIjoiMjAyNi0xMS0yOVQxNjo1NjowOS42"
    "MTYyMDNaIn0K"
    "\"}";
/* A real line of nomad.fsm; its values contain a quote, a line break and a brace. */
static const char own[] =
    "{\"Data\":\""
    "eyJAbGV2ZWwiOiJ3YXJuIiwiQG1lc3NhZ2UiOiJpZ25vcmluZyB1bmtub3duIG1lc3NhZ2UgdHlw"
    "ZSwgdXBncmFkZSB0byBuZXdlciB2ZXJzaW9uIiwiQG1vZHVsZSI6Im5vbWFkLmZzbSIsIkB0aW1l"
    "c3RhbXAiOiIyMDI2LTExLTI5VDE2OjU2OjA5LjYxNjIwM1oiLCJtc2dfdHlwZSI6NjIsIndoeSI6"
    "ImEgXCJiXCJcbnsifQo="
    "\"}";

struct heard {
    unsigned lines, signs;
    char last[400];
};

static void take(void *ctx, const char *line)
{
    struct heard *h = ctx;

    h->lines++;
    h->signs += log_sign_of(line) != NULL;
    str_cut(h->last, sizeof(h->last), line);
}

static void hear(const char *stream, struct heard *ret)
{
    struct log_frames f = {.on_line = take, .ctx = ret};
    struct err err = ERR_INIT;

    *ret = (struct heard){.lines = 0};
    if (log_frames_add(&f, stream, strlen(stream), &err) < 0)
        fail_msg("%s", err.text);
    log_frames_reset(&f);
}

static void a_line_break_begins_no_line(void **state)
{
    struct heard h;

    (void)state;
    hear(as_text, &h);
    assert_int_equal(h.signs, 0);
    hear(as_json, &h);
    assert_int_equal(h.signs, 0);
    assert_int_equal(h.lines, 1);
    assert_non_null(strstr(h.last, "[WARN]  nomad: memberlist: Got ping"));
}

/* Nomad's own lines are still recognised. */
static void its_own_word_is_known(void **state)
{
    struct heard h;

    (void)state;
    hear(own, &h);
    assert_int_equal(h.lines, 1);
    assert_int_equal(h.signs, 1);
    assert_non_null(strstr(h.last, "upgrade to newer version: msg_type=62 why="));
    assert_null(strchr(h.last, '\n'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_break_begins_no_line),
        cmocka_unit_test(its_own_word_is_known),
    };

    return cmocka_run_group_tests_name("second_log_lines", tests, NULL, NULL);
}
