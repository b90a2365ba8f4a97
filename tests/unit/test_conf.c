#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "conf.h"
#include "file.h"
#include "scratch_dir.h"
#include "str.h"

struct settings {
    char name[8];
    char path[32];
    bool on;
    int64_t number;
    int64_t wait;
    uint64_t size;
    char pairs[200];
};

#define AT(field) offsetof(struct settings, field)
static const struct conf_key keys[] = {
    {"main", "name", CONF_TEXT, AT(name), 0, sizeof(((struct settings *)0)->name), "one",
     "A name."},
    {"main", "path", CONF_PATH, AT(path), 0, sizeof(((struct settings *)0)->path), NULL, "A path."},
    {"main", "on", CONF_BOOL, AT(on), 0, 0, "yes", "A switch."},
    {"limits", "number", CONF_NUMBER, AT(number), -5, 10, "3", "A number."},
    {"limits", "wait", CONF_DURATION, AT(wait), 1000, 60000, "10s", "A duration."},
    {"limits", "size", CONF_SIZE, AT(size), 0, 0, "1K", "A size."},
    {"hosts", "*", CONF_MAP, 0, 0, 0, NULL, "Names and addresses."},
};

static int on_pair(void *base, const char *section, const char *key, const char *value,
                   struct err *err)
{
    struct settings *s = base;
    size_t n = strlen(s->pairs);
    if (str_eq(value, "bad"))
        return err_set(err, ERR_CONFIG, 0, "%s: no such address", key);
    snprintf(s->pairs + n, sizeof(s->pairs) - n, "%s.%s=%s;", section, key, value);
    return 0;
}

static const struct conf table = {.keys = keys, .n_keys = ARRAY_LEN(keys), .on_pair = on_pair};

static void defaults_then_file(void **state)
{
    (void)state;
    struct settings s = {0};
    struct err err = ERR_INIT;
    assert_int_equal(conf_defaults(&table, &s, &err), 0);
    assert_string_equal(s.name, "one");
    assert_string_equal(s.path, "");
    assert_true(s.on);
    assert_int_equal(s.number, 3);
    assert_int_equal(s.wait, 10000);
    assert_int_equal(s.size, 1024);
    assert_int_equal(conf_parse(&table, "x",
                                "\xef\xbb\xbf# comment\r\n"
                                "; comment = x\n\n"
                                "[main]\r\n"
                                "name = two\r\n"
                                "  path=/a b;c#d\n"
                                "\ton = off\n"
                                "[limits]\n"
                                "number = -5\n"
                                "wait = 1m\n"
                                "size = 2M\n"
                                "[hosts]\n"
                                "a = 1:2\n"
                                "b-1 = [::1]:4 = 5\n"
                                "[main]",
                                &s, &err),
                     0);
    assert_string_equal(s.name, "two");
    assert_string_equal(s.path, "/a b;c#d");
    assert_false(s.on);
    assert_int_equal(s.number, -5);
    assert_int_equal(s.wait, 60000);
    assert_int_equal(s.size, 2 << 20);
    assert_string_equal(s.pairs, "hosts.a=1:2;hosts.b-1=[::1]:4 = 5;");
}

static void refusals_name_file_and_line(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"[main]\nnmae = x\n", "f:2: unknown key \"nmae\" in [main]; did you mean key \"name\"?"},
        {"[main]\nzzzzzz = x\n", "f:2: unknown key \"zzzzzz\" in [main]"},
        {"[mian]\nname = x\n", "f:2: unknown section [mian]; did you mean section \"main\"?"},
        {"[elsewhere]\nname = x\n", "f:2: unknown section [elsewhere]"},
        {"name = x\n", "f:1: a key before the first [section]"},
        {"[main]\nname = x\n\nname = y\n", "f:4: name is given twice in [main]"},
        {"[main]\nname = x\n[limits]\n[main]\nname = y\n", "f:5: name is given twice in [main]"},
        {"[hosts]\na = 1\na = 2\n", "f:3: a is given twice in [hosts]"},
        {"[hosts]\n\na = bad\n", "f:3: a: no such address"},
        {"[hosts]\n= 1\n", "f:2: a value without a key"},
        {"[main]\njust words\n", "f:2: neither [section] nor key = value"},
        {"[main]\nname: x = y\n", "f:2: a key cannot contain \":\"; write key = value"},
        {"[main\nname = x\n", "f:1: a [section] without its ]"},
        {"[main] name = x\n", "f:1: there is text after the ]"},
        {"[main]\nname = x ; why\n",
         "f:2: a comment must be on a line of its own (\" ;\" in a value)"},
        {"[main]\nname = a\x1b[0m\n", "f:2: the line contains a control character"},
        {"[main]\nname = 12345678\n", "f:2: name is longer than 7 bytes"},
        {"[main]\npath = a/b\n", "f:2: path must be an absolute path, not \"a/b\""},
        {"[main]\non = maybe\n", "f:2: on must be yes or no, not \"maybe\""},
        {"[limits]\nnumber = 11\n", "f:2: number must be -5 to 10"},
        {"[limits]\nnumber = 1x\n", "f:2: number must be a number, not \"1x\""},
        {"[limits]\nwait = 10\n",
         "f:2: wait must be a duration such as 500ms, 10s or 2m, not \"10\""},
        {"[limits]\nwait = 2m\n", "f:2: wait must be 1000 to 60000 ms"},
        {"[limits]\nsize = big\n", "f:2: size must be a size such as 64K or 150M, not \"big\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct settings s = {0};
        struct err err = ERR_INIT;
        if (conf_parse(&table, "f", rows[i][0], &s, &err) == 0)
            fail_msg("took %s", rows[i][0]);
        assert_int_equal(err.kind, ERR_CONFIG);
        assert_string_equal(err.text, rows[i][1]);
    }
}

/* libinih would read the rest of a long line as a line of its own. */
static void long_lines_are_refused(void **state)
{
    (void)state;
    for (size_t n = 190; n < 420; n++) {
        struct settings s = {0};
        struct err err = ERR_INIT;
        auto_buf struct buf text = BUF_INIT;
        buf_add_str(&text, "[hosts]\na = ");
        while (text.len < 8 + n)
            buf_add_byte(&text, 'x');
        buf_add_str(&text, "\nb = 2\n");
        int rv = conf_parse(&table, "f", buf_str(&text), &s, &err);
        assert_int_equal(rv, n <= 199 ? 0 : -1);
        if (rv < 0)
            assert_string_equal(err.text, "f:2: the line is longer than 199 bytes");
        else
            assert_true(str_ends(s.pairs, ";") || strlen(s.pairs) == sizeof(s.pairs) - 1);
    }
}

static void files_have_a_limit_and_no_nul(void **state)
{
    (void)state;
    struct settings s = {0};
    struct err err = ERR_INIT;
    scratch_enter();
    autofree char *big = xzalloc(64 * 1024 + 1, 1);
    memset(big, '\n', 64 * 1024 + 1);
    assert_int_equal(file_replace("c", big, 64 * 1024 + 1, 0600, &err), 0);
    assert_int_equal(conf_read(&table, "c", &s, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_int_equal(file_replace("c", big, 64 * 1024, 0600, &err), 0);
    assert_int_equal(conf_read(&table, "c", &s, &err), 0);
    assert_int_equal(file_replace("c", "[main]\n\0name = x", 16, 0600, &err), 0);
    assert_int_equal(conf_read(&table, "c", &s, &err), -1);
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_int_equal(conf_read(&table, "none", &s, &err), -1);
    assert_int_equal(err.kind, ERR_NOTFOUND);
    unlink("c");
}

/* The printed example has no effect, and without its comment signs it contains the defaults. */
static void the_example_parses(void **state)
{
    (void)state;
    autofree char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    conf_print(&table, out);
    fclose(out);
    struct settings s = {0}, want = {0};
    struct err err = ERR_INIT;
    assert_int_equal(conf_parse(&table, "example", text, &s, &err), 0);
    assert_memory_equal(&s, &want, sizeof(s));
    assert_int_equal(conf_defaults(&table, &want, &err), 0);
    auto_buf struct buf live = BUF_INIT;
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
        size_t len = strcspn(line, "\n") + 1;
        if (line[0] == '#' && line[1] != ' ' && !str_starts(line, "#name = \n"))
            buf_add(&live, line + 1, len - 1);
        else
            buf_add(&live, line, len);
    }
    if (conf_parse(&table, "example", buf_str(&live), &s, &err) < 0)
        fail_msg("%s", err.text);
    assert_memory_equal(&s, &want, sizeof(s));
}

/* ---- sections with names, values that go on ---- */

struct things {
    char told[400];
    int64_t number;
};

static const struct conf_key thing_keys[] = {
    {"thing *", "text", CONF_OWN, 0, 0, 0, NULL, "A text."},
    {"thing *", "number", CONF_NUMBER, offsetof(struct things, number), 0, 9, NULL, "A number."},
    {"all", "*", CONF_MAP, 0, 0, 0, NULL, "Free keys."},
};

static void tell(struct things *t, const char *what, const char *text)
{
    size_t n = strlen(t->told);
    snprintf(t->told + n, sizeof(t->told) - n, "%s %s|", what, text);
}

static int thing_pair(void *base, const char *section, const char *key, const char *value,
                      struct err *err)
{
    (void)err;
    tell(base, section, key);
    tell(base, "=", value);
    return 0;
}

static int thing_own(void *base, const struct conf_key *k, const char *value, struct err *err)
{
    return thing_pair(base, k->section, k->key, value, err);
}

static int thing_begin(void *base, const char *section, const char *name, struct err *err)
{
    if (str_eq(name, "bad"))
        return err_set(err, ERR_CONFIG, 0, "no such %s", section);
    tell(base, "begin", name);
    ((struct things *)base)->number = 0;
    return 0;
}

static int thing_end(void *base, struct err *err)
{
    struct things *t = base;
    if (t->number == 0)
        return err_set(err, ERR_CONFIG, 0, "it has no number");
    tell(base, "end", t->number == 1 ? "1" : "more");
    return 0;
}

static const struct conf things = {.keys = thing_keys,
                                   .n_keys = ARRAY_LEN(thing_keys),
                                   .on_pair = thing_pair,
                                   .on_own = thing_own,
                                   .begin = thing_begin,
                                   .end = thing_end,
                                   .continued = true,
                                   .file_max = 100};

static void sections_have_names(void **state)
{
    static const char *const rows[][2] = {
        {"[thing a]\nnumber = 1\n[thing b c]\nnumber = 2\ntext = x\n",
         "begin a|end 1|begin b c|thing * text|= x|end more|"},
        {"[all]\nk = v\n[thing a]\nnumber=1", "all k|= v|begin a|end 1|"},
        {"[thing a]\ntext = one\n  two = [2]\n\t#2\nnumber = 1\n",
         "begin a|thing * text|= one two = [2]|end 1|"},
        {"[thing a]\nnumber = 1\ntext =\n one: x", "begin a|thing * text|=  one: x|end 1|"},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct things t = {.number = 0};
        struct err err = ERR_INIT;
        if (conf_parse(&things, "f", rows[i][0], &t, &err) < 0)
            fail_msg("%zu: %s", i, err.text);
        assert_string_equal(t.told, rows[i][1]);
    }
}

static void named_sections_refuse_with_their_line(void **state)
{
    static const char *const rows[][2] = {
        {"[thing]\nnumber = 1\n",
         "f:1: unknown section [thing]; did you mean section \"thing *\"?"},
        {"[thing a]\n\n[thing b]\nnumber = 1\n", "f:1: it has no number"},
        {"[thing a]\nnumber = 1\n[thing b]\n", "f:3: it has no number"},
        {"[thing a]\nnumber = 1\n[thing bad]\n", "f:3: no such thing"},
        {"[thing a]\nnumber = 1\n number = 2\ntext = x\n",
         "f:2: number must be a number, not \"1 number = 2\""},
        {"[thing a]\nnumber = 1\nnumber = 2\n", "f:3: number is given twice in [thing a]"},
        {"[thing a]\ntxt = 1\n",
         "f:2: unknown key \"txt\" in [thing a]; did you mean key \"text\"?"},
        {"[thing a]\ntext = x\n y ; z\n",
         "f:3: a comment must be on a line of its own (\" ;\" in a value)"},
        {"[elsewhere]\n", "f:1: unknown section [elsewhere]"},
        {"[thing a]\nnumber = 1\ntext = x\n# so\n y\n", "f:5: neither [section] nor key = value"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct things t = {.number = 0};
        struct err err = ERR_INIT;
        if (conf_parse(&things, "f", rows[i][0], &t, &err) == 0)
            fail_msg("took %s", rows[i][0]);
        assert_string_equal(err.text, rows[i][1]);
    }
}

/* A value has a maximum length, over any number of lines. */
static void a_value_has_an_end(void **state)
{
    auto_buf struct buf text = BUF_INIT;
    struct things t = {.number = 0};
    struct err err = ERR_INIT;
    (void)state;
    buf_add_str(&text, "[thing a]\ntext = x\n");
    for (size_t i = 0; i < CONF_VALUE_MAX / 2; i++)
        buf_add_str(&text, " x\n");
    assert_int_equal(conf_parse(&things, "f", buf_str(&text), &t, &err), -1);
    assert_non_null(strstr(err.text, ": the value is too long"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_then_file),
        cmocka_unit_test(refusals_name_file_and_line),
        cmocka_unit_test(long_lines_are_refused),
        cmocka_unit_test(files_have_a_limit_and_no_nul),
        cmocka_unit_test(the_example_parses),
        cmocka_unit_test(sections_have_names),
        cmocka_unit_test(named_sections_refuse_with_their_line),
        cmocka_unit_test(a_value_has_an_end),
    };
    return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
