#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "fetch_job.h"
#include "str.h"

#define HEX  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define HEY  "10112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define REST "packing zip\nbinary 9 " HEY "\nspeed 100\ndeadline 60000\ndir /d\n"

static void text_comes_back(void **state)
{
    (void)state;
    struct fetch_get g = {.n_urls = 2,
                          .fetch_size = 5,
                          .size = 9,
                          .packing = PACKING_ZIP,
                          .speed_min = 100,
                          .deadline_ms = 60000};
    struct fetch_get back;
    auto_buf struct buf b = BUF_INIT;
    struct err err = ERR_INIT;

    memset(g.digest.bytes, 0x42, DIGEST_LEN);
    memset(g.fetch_digest.bytes, 0x43, DIGEST_LEN);
    str_cut(g.urls[0], URL_MAX_LEN, "https://example.com/nomad.zip?a=b c");
    str_cut(g.urls[1], URL_MAX_LEN, "file:///a/b");
    str_cut(g.dir, sizeof(g.dir), "/var/lib/caravan/fetch");
    fetch_get_text(&g, &b);
    assert_true(str_starts(buf_str(&b), "get\n"));
    assert_true(str_ends(buf_str(&b), "\ngo\n"));
    if (fetch_get_parse((char *)b.data + 4, b.len - 4 - 3, &back, &err) < 0)
        fail_msg("%s", err.text);
    assert_memory_equal(&g, &back, sizeof(g));
}

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
        enum err_kind kind;
    } rows[] = {
        {"", "no line \"url\"", ERR_FORMAT},
        {"url http://a\nfetch 5 " HEX "\npacking zip\n", "no line \"binary\"", ERR_FORMAT},
        {"url http://a\nfetch 5 " HEX "\nfetch 5 " HEX "\n", "two lines", ERR_FORMAT},
        {"url \nfetch 5 " HEX "\n" REST, "url is empty", ERR_FORMAT},
        {"hello\n", "not a line", ERR_FORMAT},
        {"urls http://a\n", "not a line", ERR_FORMAT},
        {"url http://a\nfetch 0 " HEX "\n" REST, "not a size", ERR_FORMAT},
        {"url http://a\nfetch -1 " HEX "\n" REST, "not a size", ERR_FORMAT},
        {"url http://a\nfetch 99999999999999999999 " HEX "\n" REST, "not a size", ERR_FORMAT},
        {"url http://a\nfetch 5 " HEX "0\n" REST, "not a SHA-256", ERR_FORMAT},
        {"url http://a\nfetch 5\n" REST, "not a size and a digest", ERR_FORMAT},
        {"packing tar\n", "neither bare nor zip", ERR_FORMAT},
        {"dir relative\n", "not an absolute path", ERR_FORMAT},
        {"deadline 0\n", "not a deadline", ERR_FORMAT},
        {"speed fast\n", "not a speed", ERR_FORMAT},
        {"url http://a\r\n", "carriage return", ERR_FORMAT},
        {"url http://a\nfetch 5 " HEX "\npacking bare\nbinary 9 " HEY
         "\nspeed 0\ndeadline 1\ndir /d\n",
         "must be the same", ERR_FORMAT},
        {"url 1\nurl 2\nurl 3\nurl 4\nurl 5\nurl 6\nurl 7\nurl 8\nurl 9\n", "more than 8",
         ERR_LIMIT},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fetch_get g;
        struct err err = ERR_INIT;
        assert_int_equal(fetch_get_parse(rows[i].text, strlen(rows[i].text), &g, &err), -1);
        if (err.kind != rows[i].kind || strstr(err.text, rows[i].why) == NULL)
            fail_msg("%s: %s", rows[i].text, err.text);
    }
}

static void long_lines_and_nul_are_refused(void **state)
{
    (void)state;
    static char text[FETCH_LINE_MAX + 1];
    struct fetch_get g;
    struct err err = ERR_INIT;
    memset(text, 'u', sizeof(text));
    assert_int_equal(fetch_get_parse(text, sizeof(text), &g, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_int_equal(fetch_get_parse("url a\0b\n", 8, &g, &err), -1);
    assert_int_equal(err.kind, ERR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_comes_back),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(long_lines_and_nul_are_refused),
    };
    return cmocka_run_group_tests_name("fetch_job", tests, NULL, NULL);
}
