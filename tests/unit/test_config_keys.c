/* config_keys.h: the keys in a text, and their positions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "buf.h"
#include "config_keys.h"

static void add_word(struct buf *b, const struct config_word *w)
{
    (void)buf_add(b, w->at, w->n);
}

/* a>b=value@line, blanks between; a member of a list has no name: a>=value@line */
static void on_key(void *ctx, const struct config_key *k)
{
    struct buf *b = ctx;

    for (uint32_t i = 0; i < k->depth; i++) {
        add_word(b, &k->path[i]);
        (void)buf_add_str(b, ">");
    }
    add_word(b, &k->name);
    if (k->has_value) {
        (void)buf_add_str(b, "=");
        add_word(b, &k->value);
    }
    (void)buf_printf(b, "@%u ", k->line);
}

static const struct {
    const char *text, *keys;
    int rc;
} rows[] = {
    /* plain keys */
    {"", "", 0},
    {"a = 1", "a@1 ", 0},
    {"a = 1\nb=true\n\nc = \"x\"", "a@1 b@2 c=x@4 ", 0},
    {"a = -1.5e3 b = 2", "a@1 b@1 ", 0},
    {"\"a\" = \"x\"", "a=x@1 ", 0},
    {"\xef\xbb\xbf"
     "a = 1",
     "a@1 ", 0},
    {"a = 1\r\nb = 2\r\n", "a@1 b@2 ", 0},
    {"a = []\nb = [1, \"x\", ]\nc = 1", "a@1 b@2 b>@2 b>=x@2 c@3 ", 0},
    {"s { j = [\"a\", \"b\"] k = \"c\" }", "s@1 s>j@1 s>j>=a@1 s>j>=b@1 s>k=c@1 ", 0},
    {"l = [[\"a\"], <<E\nx\nE\n]", "l@1 l>=a@1 ", 0},
    /* blocks and labels */
    {"t {\n a = 1\n}\nb = 2", "t@1 t>a@2 b@4 ", 0},
    {"plugin \"raw exec\" {\n config {\n no = true } }",
     "plugin@1 plugin>raw exec@1 plugin>raw exec>config@2 plugin>raw exec>config>no@3 ", 0},
    {"t = { a = \"1\" }", "t@1 t>a=1@1 ", 0},
    {"t { } t { a = 1 }", "t@1 t@1 t>a@1 ", 0},
    {"l = [{ a = 1 }, { b = 2 }]\nc = 3", "l@1 l>a@1 l>b@1 c@2 ", 0},
    /* comments hide */
    {"# a = 1\nb = 2", "b@2 ", 0},
    {"// a = 1\nb = 2 # c = 3\nd = 4 // e", "b@2 d@3 ", 0},
    {"/* a = 1\n b = 2 */ c = 3", "c@2 ", 0},
    {"/* /* a = 1 */ b = 2", "b@1 ", 0},
    {"/**/a = 1", "a@1 ", 0},
    {"a = 1 # to the end", "a@1 ", 0},
    {"t { # } \n a = 1 }", "t@1 t>a@2 ", 0},
    {"a /* = 1\n */ = 2", "a@2 ", 0},
    /* strings hide, and hide comments */
    {"a = \"# b = 1\"\nc = 2", "a=# b = 1@1 c@2 ", 0},
    {"a = \"/* x\"\nb = \"*/\"", "a=/* x@1 b=*/@2 ", 0},
    {"a = \"http://x\"\nb = 1", "a=http://x@1 b@2 ", 0},
    {"a = \"\\\" b = { \"\nc = 1", "a=\\\" b = { @1 c@2 ", 0},
    {"a = \"\\\\\"\nb = 1", "a=\\\\@1 b@2 ", 0},
    {"a = \"${x(\"y\")}\"\nb = 1", "a=${x(\"y\")}@1 b@2 ", 0},
    {"a = \"{\"\nb = 1", "a={@1 b@2 ", 0},
    /* heredocs */
    {"a = <<EOF\nb = 1\n# x {\nEOF\nc = 2", "a@4 c@5 ", 0},
    {"a = <<-EOF\n  b = 1\n  EOF\nc = 2", "a@3 c@4 ", 0},
    {"a = <<EOF\nEOFX\nXEOF\n\tEOF\r\nc = 2", "a@4 c@5 ", 0},
    {"a = <<EOF\nEOF", "a@2 ", 0},
    /* JSON */
    {"{\"a\": 1, \"t\": {\"b\": \"x\"}}", "a@1 t@1 t>b=x@1 ", 0},
    {" \n{\"t\": [{\"a\": true}]}", "t@2 t>a@2 ", 0},
    {"{\"plugin\": [{\"docker\": [{\"config\": {\"x\": null}}]}]}",
     "plugin@1 plugin>docker@1 plugin>docker>config@1 plugin>docker>config>x@1 ", 0},
    {"{\"a\": \"${\", \"b\": 1}", "a=${@1 b@1 ", 0},
    {"{\"a\": \"b\\\": 1\", \"c\": [\"d\", \"e\"]}", "a=b\\\": 1@1 c@1 c>=d@1 c>=e@1 ", 0},
    /* text that cannot be parsed, and the keys before the error */
    {"a = 1\nb = \"x", "a@1 ", -1},
    {"a = \"x\ny\"", "", -1},
    {"a = 1 /* b", "a@1 ", -1},
    {"a = <<EOF\nEO", "", -1},
    {"a = <<\nEOF", "", -1},
    {"a = 1 }", "a@1 ", -1},
    {"t { a = 1", "t@1 t>a@1 ", -1},
    {"t { a = [1 }", "t@1 t>a@1 t>a>@1 ", -1},
    {"t [ }", "t@1 ", -1},
    {"a", "", -1},
    {"a =", "", -1},
    {"a = = 1", "", -1},
    {"= 1", "", -1},
    {"a = b(1)", "a@1 ", -1},
    {"a b = 1", "", -1},
    {"t { a }", "t@1 ", -1},
};

static void each_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_buf struct buf b = BUF_INIT;
        int rc = config_keys(rows[i].text, strlen(rows[i].text), on_key, &b);

        if (rc != rows[i].rc || (rc == 0 && strcmp(buf_str(&b), rows[i].keys) != 0))
            fail_msg("%s\ngives %d \"%s\"\nnot   %d \"%s\"", rows[i].text, rc, buf_str(&b),
                     rows[i].rc, rows[i].keys);
        if (rc < 0 && strncmp(buf_str(&b), rows[i].keys, b.len) != 0)
            fail_msg("%s\ngives \"%s\" first", rows[i].text, buf_str(&b));
    }
}

static void deeper_than_the_limit(void **state)
{
    char text[4 * CONFIG_DEPTH + 8];
    uint32_t n = 0;

    (void)state;
    for (uint32_t depth = CONFIG_DEPTH; depth <= CONFIG_DEPTH + 1; depth++) {
        auto_buf struct buf b = BUF_INIT;

        n = 0;
        for (uint32_t i = 0; i < depth; i++, n += 2)
            memcpy(text + n, "a{", 2);
        memset(text + n, '}', depth);
        assert_int_equal(config_keys(text, n + depth, on_key, &b), depth > CONFIG_DEPTH ? -1 : 0);
    }
    memset(text, '[', sizeof(text));
    assert_int_equal(config_keys(text, sizeof(text), on_key, NULL), -1);
}

static void bytes_that_are_no_text(void **state)
{
    auto_buf struct buf b = BUF_INIT;

    (void)state;
    assert_int_equal(config_keys("a = 1\0b = 2", 11, on_key, &b), -1);
    assert_string_equal(buf_str(&b), "a@1 ");
    assert_int_equal(config_keys("a = \"\0\"", 7, on_key, &b), 0);
}

static void keys_of_either_case(void **state)
{
    struct config_word w = {"Region_x", 6};

    (void)state;
    assert_true(config_word_is(&w, "region"));
    assert_false(config_word_is(&w, "regio"));
    assert_false(config_word_is(&w, "region_"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_text),
        cmocka_unit_test(deeper_than_the_limit),
        cmocka_unit_test(bytes_that_are_no_text),
        cmocka_unit_test(keys_of_either_case),
    };

    return cmocka_run_group_tests_name("config_keys", tests, NULL, NULL);
}
