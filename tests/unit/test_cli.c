#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "cli.h"
#include "str.h"

enum { ALL = 1, UPGRADE = 2, SHOW = 4 };

struct options {
    bool yes;
    bool verbose;
    const char *config;
    struct cli_list servers;
    struct cli_list accept;
    int64_t settle;
    int64_t canary;
};

#define AT(field) offsetof(struct options, field)
static const struct cli_option options[] = {
    {"yes", 'y', CLI_FLAG, AT(yes), NULL, "Ask nothing.", 0, 0, UPGRADE},
    {"verbose", 'v', CLI_FLAG, AT(verbose), NULL, "Say more.", 0, 0, ALL},
    {"config", 'c', CLI_TEXT, AT(config), "FILE", "Read FILE.", 0, 0, ALL},
    {"servers", 0, CLI_LIST, AT(servers), "NAME,..", "Only these.", 0, 0, UPGRADE},
    {"accept", 0, CLI_REPEAT, AT(accept), "ID", "Accept a hazard.", 0, 0, UPGRADE},
    {"settle", 0, CLI_DURATION, AT(settle), "TIME", "How long.", 0, 0, UPGRADE},
    {"canary", 0, CLI_NUMBER, AT(canary), "N", "How many first.", 0, 100, UPGRADE},
    {"where", 0, CLI_TEXT, AT(config), "URL", "From there.", 0, 0, UPGRADE},
    {"where", 0, CLI_TEXT, AT(config), "DIR", "In there.", 0, 0, SHOW},
};
static const struct cli_command commands[] = {
    {"status", NULL, "Show.", NULL, 0, 0, ALL, NULL},
    {"upgrade", "VERSION", "Upgrade.", "More about it.", 1, 1, ALL | UPGRADE, NULL},
    {"show", "[RUN]", "One run.", NULL, 0, 1, ALL | SHOW, NULL},
};
static const struct cli cli = {"caravan",         "Rolling upgrades.", "0.1.0",
                               commands,          ARRAY_LEN(commands), options,
                               ARRAY_LEN(options)};

#define WORDS_MAX 32
struct parsed {
    char *words[WORDS_MAX];
    int n;
    struct options o;
    const struct cli_command *command;
    int argc;
    char **argv;
    char *printed;
    size_t printed_len;
    struct err err;
};

static int parse_with(const struct cli *table, struct parsed *p, const char *line)
{
    memset(p, 0, sizeof(*p));
    p->words[p->n++] = xstrdup("caravan");
    autofree char *copy = xstrdup(line);
    char *rest = NULL;
    for (char *w = strtok_r(copy, " ", &rest); w != NULL; w = strtok_r(NULL, " ", &rest))
        p->words[p->n++] = xstrdup(str_eq(w, "EMPTY") ? "" : w);
    char *argv[WORDS_MAX];
    memcpy(argv, p->words, sizeof(argv));
    autofile FILE *out = open_memstream(&p->printed, &p->printed_len);
    static char *kept[WORDS_MAX];
    memcpy(kept, argv, sizeof(kept));
    return cli_parse(table, p->n, kept, &p->o, out, &p->command, &p->argc, &p->argv, &p->err);
}

static void done(struct parsed *p)
{
    for (int i = 0; i < p->n; i++)
        free(p->words[i]);
    free(p->printed);
}

static void options_stand_anywhere(void **state)
{
    (void)state;
    struct parsed p;
    assert_int_equal(parse_with(&cli, &p, "-v --config a.conf upgrade --yes 2.0.5 --settle=10s"),
                     0);
    assert_string_equal(p.command->name, "upgrade");
    assert_int_equal(p.argc, 1);
    assert_string_equal(p.argv[0], "2.0.5");
    assert_true(p.o.yes && p.o.verbose);
    assert_string_equal(p.o.config, "a.conf");
    assert_int_equal(p.o.settle, 10000);
    done(&p);
}

static void short_ones_together(void **state)
{
    (void)state;
    struct parsed p;
    assert_int_equal(parse_with(&cli, &p, "upgrade -yvca.conf 1 --canary -c b.conf"), -1);
    done(&p);
    assert_int_equal(parse_with(&cli, &p, "upgrade -yvca.conf 1 -c b.conf --canary 3"), 0);
    assert_true(p.o.yes && p.o.verbose);
    assert_string_equal(p.o.config, "b.conf");
    assert_int_equal(p.o.canary, 3);
    done(&p);
}

static void lists(void **state)
{
    (void)state;
    struct parsed p;
    assert_int_equal(
        parse_with(&cli, &p, "upgrade 1 --servers a,b --servers=c --accept x,y --accept z"), 0);
    assert_int_equal(p.o.servers.n, 3);
    assert_string_equal(p.o.servers.items[1], "b");
    assert_string_equal(p.o.servers.items[2], "c");
    assert_int_equal(p.o.accept.n, 2);
    assert_string_equal(p.o.accept.items[0], "x,y");
    done(&p);
}

static void double_dash_ends_options(void **state)
{
    (void)state;
    struct parsed p;
    assert_int_equal(parse_with(&cli, &p, "upgrade -- --yes"), 0);
    assert_int_equal(p.argc, 1);
    assert_string_equal(p.argv[0], "--yes");
    assert_false(p.o.yes);
    done(&p);
    assert_int_equal(parse_with(&cli, &p, "show -"), 0);
    assert_string_equal(p.argv[0], "-");
    done(&p);
}

static void prefixes(void **state)
{
    (void)state;
    struct parsed p;
    assert_int_equal(parse_with(&cli, &p, "upgrade 1 --can=2"), 0);
    assert_int_equal(p.o.canary, 2);
    done(&p);
    assert_int_equal(parse_with(&cli, &p, "upgrade 1 --se=2s"), -1);
    assert_string_equal(p.err.text, "--se could be --servers, --settle");
    done(&p);
}

/* Every verb accepts the option and prints its own help for it; a common prefix of both rows is not
 * ambiguous. */
static void one_name_for_two_verbs(void **state)
{
    (void)state;
    struct parsed p;
    assert_int_equal(parse_with(&cli, &p, "upgrade 1 --where a"), 0);
    assert_string_equal(p.o.config, "a");
    done(&p);
    assert_int_equal(parse_with(&cli, &p, "show --where x"), 0);
    assert_string_equal(p.o.config, "x");
    done(&p);
    assert_int_equal(parse_with(&cli, &p, "show --whe b"), 0);
    assert_string_equal(p.o.config, "b");
    done(&p);
    assert_int_equal(parse_with(&cli, &p, "status --where c"), -1);
    assert_string_equal(p.err.text, "--where is not an option of `caravan status`");
    done(&p);
    assert_int_equal(parse_with(&cli, &p, "show --help"), 1);
    assert_non_null(strstr(p.printed, "      --where DIR             In there.\n"));
    assert_null(strstr(p.printed, "URL"));
    done(&p);
}

static void refusals_name_what_is_wrong(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", "a command is missing; `caravan --help` lists the commands"},
        {"upgrad 1", "unknown command \"upgrad\"; did you mean \"upgrade\"?"},
        {"frobnicate", "unknown command \"frobnicate\""},
        {"upgrade", "`caravan upgrade` needs VERSION"},
        {"upgrade 1 2", "`caravan upgrade` does not take the argument \"2\""},
        {"status x", "`caravan status` does not take the argument \"x\""},
        {"status --yes", "--yes is not an option of `caravan status`"},
        {"upgrade 1 --servrs x", "unknown option --servrs; did you mean --servers?"},
        {"upgrade 1 --qqqqqqqq", "unknown option --qqqqqqqq"},
        {"upgrade 1 -q", "unknown option -q"},
        {"upgrade 1 --yes=no", "--yes takes no value"},
        {"upgrade 1 --settle", "--settle needs a value: TIME"},
        {"upgrade 1 --settle 10", "--settle takes a duration such as 500ms, 10s or 2m, not \"10\""},
        {"upgrade 1 --canary 101", "--canary takes a number from 0 to 100, not \"101\""},
        {"upgrade 1 --canary=", "--canary takes a number from 0 to 100, not \"\""},
        {"upgrade 1 --servers a,,b", "--servers takes names that are not empty, not \"\""},
        {"upgrade 1 --=x", "unknown option --"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct parsed p;
        assert_int_equal(parse_with(&cli, &p, rows[i][0]), -1);
        assert_int_equal(p.err.kind, ERR_USAGE);
        assert_string_equal(p.err.text, rows[i][1]);
        assert_int_equal(p.printed_len, 0);
        done(&p);
    }
}

static void help_comes_from_the_tables(void **state)
{
    (void)state;
    struct parsed p;
    assert_int_equal(parse_with(&cli, &p, "--help"), 1);
    assert_non_null(strstr(p.printed, "  upgrade VERSION             Upgrade.\n"));
    assert_non_null(strstr(p.printed, "  -c, --config FILE           Read FILE.\n"));
    assert_null(strstr(p.printed, "--canary"));
    done(&p);
    assert_int_equal(parse_with(&cli, &p, "upgrade -h"), 1);
    assert_true(str_starts(p.printed, "Usage: caravan upgrade VERSION [OPTION]...\nUpgrade.\n"));
    assert_non_null(strstr(p.printed, "\nMore about it.\n"));
    assert_non_null(strstr(p.printed, "      --canary N              How many first.\n"));
    done(&p);
    assert_int_equal(parse_with(&cli, &p, "status --version"), 1);
    assert_string_equal(p.printed, "caravan 0.1.0\n");
    done(&p);
}

static void programs_without_verbs(void **state)
{
    (void)state;
    const struct cli plain = {"caravan-agent", "x", "1", NULL, 0, options, ARRAY_LEN(options)};
    struct parsed p;
    assert_int_equal(parse_with(&plain, &p, "a --yes b"), 0);
    assert_null(p.command);
    assert_int_equal(p.argc, 2);
    assert_string_equal(p.argv[1], "b");
    assert_true(p.o.yes);
    done(&p);
    assert_int_equal(parse_with(&plain, &p, "a -h"), 1);
    assert_true(str_starts(p.printed, "Usage: caravan-agent [OPTION]...\nx\n"));
    done(&p);
}

static void too_many_are_refused(void **state)
{
    (void)state;
    auto_buf struct buf line = BUF_INIT;
    struct parsed p;
    buf_add_str(&line, "upgrade 1 --servers=a");
    for (int i = 0; i < CLI_LIST_MAX; i++)
        buf_add_str(&line, ",a");
    assert_int_equal(parse_with(&cli, &p, buf_str(&line)), -1);
    assert_string_equal(p.err.text, "--servers is given more than 64 times");
    done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_stand_anywhere),
        cmocka_unit_test(short_ones_together),
        cmocka_unit_test(lists),
        cmocka_unit_test(double_dash_ends_options),
        cmocka_unit_test(prefixes),
        cmocka_unit_test(one_name_for_two_verbs),
        cmocka_unit_test(refusals_name_what_is_wrong),
        cmocka_unit_test(help_comes_from_the_tables),
        cmocka_unit_test(programs_without_verbs),
        cmocka_unit_test(too_many_are_refused),
    };
    return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
