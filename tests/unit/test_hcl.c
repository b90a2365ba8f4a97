/* hcl.h: the tokens of a text, and the position after each token. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "buf.h"
#include "hcl.h"
#include "str.h"

/* Words as they are, "strings", <heredocs>, a sign by itself; blanks between. What ends a text
 * early is told as it begins: a comment by its first two bytes, all else by a question mark. */
static void tell(struct buf *b, const struct hcl *h)
{
    switch (h->kind) {
    case HCL_WORD:
        (void)buf_printf(b, "%.*s ", (int)h->n, h->at);
        break;
    case HCL_STRING:
        (void)buf_printf(b, "\"%.*s\" ", (int)h->n, h->at);
        break;
    case HCL_HEREDOC:
        (void)buf_printf(b, "<%.*s> ", (int)h->n, h->at);
        break;
    case HCL_SIGN:
        (void)buf_printf(b, "%c ", h->sign);
        break;
    case HCL_OPEN_COMMENT:
        (void)buf_add_str(b, "/*");
        break;
    case HCL_BAD:
        (void)buf_add_str(b, "?");
        break;
    case HCL_END:
        break;
    }
}

static uint32_t tokens(struct hcl h, struct buf *b)
{
    while (hcl_next(&h) != HCL_END && h.kind != HCL_BAD)
        tell(b, &h);
    tell(b, &h);
    return h.line;
}

static const struct {
    const char *text, *native, *plain; /* plain NULL: the same */
    uint32_t line;                     /* where native ends */
} rows[] = {
    {"", "", NULL, 1},
    {" \t\r\n\n", "", NULL, 3},
    {"a = 1", "a = 1 ", NULL, 1},
    {"a_b-c.d+1=-1.5e3", "a_b-c.d+1 = -1.5e3 ", NULL, 1},
    {"\xc3\xbc{}[],:;", "\xc3\xbc { } [ ] , : ; ", NULL, 1},
    {"f(x) ? 1 : 2", "f ( x ) ? 1 : 2 ", NULL, 1},
    {"a/b", "a / b ", NULL, 1},
    {"a<b", "a < b ", NULL, 1},
    {"a\vb\f", "a \v b \f ", NULL, 1},
    /* comments */
    {"a # b\nc // d\n/* e\n f */ g", "a c g ", NULL, 4},
    {"a/*b*/c//", "a c ", NULL, 1},
    {"//* a\nb", "b ", NULL, 2},
    {"/* /* a */ b */", "b * / ", NULL, 1},
    {"a /*/", "a /*", NULL, 1},
    {"a /* b\n*", "a /*", NULL, 2},
    /* strings */
    {"\"\" \"a b\"", "\"\" \"a b\" ", NULL, 1},
    {"\"# a\" \"/*\" \"<<\"", "\"# a\" \"/*\" \"<<\" ", NULL, 1},
    {"\"a\\\"b\" c", "\"a\\\"b\" c ", NULL, 1},
    {"\"a\\\\\" b", "\"a\\\\\" b ", NULL, 1},
    {"\"a\nb\"", "?", NULL, 1},
    {"\"a", "?", NULL, 1},
    {"\"a\\", "?", NULL, 1},
    {"\"${f(\"x\")}\" b", "\"${f(\"x\")}\" b ", "\"${f(\" x \")}\" b ", 1},
    {"\"${a\n}\" b", "\"${a\n}\" b ", "?", 2},
    {"\"${{}\" a}\" b", "\"${{}\" a}\" b ", "\"${{}\" a } ?", 1},
    {"\"{\" a", "\"{\" a ", NULL, 1},
    {"\"${\" a", "?", "\"${\" a ", 1},
    /* heredocs */
    {"<<A\nb\n# c\nA\nd", "<b\n# c\n> d ", "< < A b A d ", 5},
    {"<<-A\n b\n A\r\nc", "< b\n> c ", "< < -A b A c ", 4},
    {"<<A\nAB\nA", "<AB\n> ", "< < A AB A ", 3},
    {"<<A\nA", "<> ", "< < A A ", 2},
    {"<<A\nB", "?", "< < A B ", 2},
    {"<<\nA", "?", "< < A ", 1},
    {"<<A", "?", "< < A ", 1},
};

static void same(size_t i, const char *form, const struct buf *b, const char *want)
{
    if (!str_eq(buf_str(b), want))
        fail_msg("%s\n%s gives \"%s\"\nnot \"%s\"", rows[i].text, form, buf_str(b), want);
}

static void each_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *text = rows[i].text;
        auto_buf struct buf native = BUF_INIT, plain = BUF_INIT;
        uint32_t line = tokens(hcl_of_text(text, strlen(text), HCL_NATIVE), &native);

        (void)tokens(hcl_of_text(text, strlen(text), HCL_PLAIN), &plain);
        same(i, "native", &native, rows[i].native);
        same(i, "plain", &plain, rows[i].plain != NULL ? rows[i].plain : rows[i].native);
        if (line != rows[i].line)
            fail_msg("%s\nends at line %u, not %u", text, line, rows[i].line);
    }
}

static void files(void **state)
{
    static const char mark[] = "\xef\xbb\xbf{\"a\": \"${\"}";
    auto_buf struct buf b = BUF_INIT;
    struct hcl h = hcl_of_file(mark, sizeof(mark) - 1);

    (void)state;
    assert_int_equal(h.form, HCL_PLAIN);
    (void)tokens(h, &b);
    assert_string_equal(buf_str(&b), "{ \"a\" : \"${\" } ");
    assert_int_equal(hcl_of_file(" \v\n{", 4).form, HCL_PLAIN);
    assert_int_equal(hcl_of_file("a {", 3).form, HCL_NATIVE);
    assert_int_equal(hcl_of_file("# {", 3).form, HCL_NATIVE);
    assert_int_equal(hcl_of_file("", 0).form, HCL_NATIVE);
}

static void anchors_have_a_limit(void **state)
{
    char text[2 * HCL_ANCHOR_MAX + 8];

    (void)state;
    for (int n = HCL_ANCHOR_MAX; n <= HCL_ANCHOR_MAX + 1; n++) {
        char anchor[HCL_ANCHOR_MAX + 2] = "";
        struct hcl h;

        memset(anchor, 'A', (size_t)n);
        snprintf(text, sizeof(text), "<<%s\n%s", anchor, anchor);
        h = hcl_of_text(text, strlen(text), HCL_NATIVE);
        assert_int_equal(hcl_next(&h), n > HCL_ANCHOR_MAX ? HCL_BAD : HCL_HEREDOC);
    }
}

/* A NUL is a sign. After the end there is only the end. A copy of the reader can look ahead. */
static void the_end_and_ahead(void **state)
{
    struct hcl h = hcl_of_text("a\0b", 3, HCL_NATIVE), copy;

    (void)state;
    assert_int_equal(hcl_next(&h), HCL_WORD);
    copy = h;
    assert_int_equal(hcl_next(&copy), HCL_SIGN);
    assert_int_equal(copy.sign, '\0');
    assert_int_equal(hcl_next(&copy), HCL_WORD);
    assert_int_equal(hcl_next(&copy), HCL_END);
    assert_int_equal(hcl_next(&copy), HCL_END);
    assert_int_equal(hcl_next(&h), HCL_SIGN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_text),
        cmocka_unit_test(files),
        cmocka_unit_test(anchors_have_a_limit),
        cmocka_unit_test(the_end_and_ahead),
    };

    return cmocka_run_group_tests_name("hcl", tests, NULL, NULL);
}
