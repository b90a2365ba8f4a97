/* command_line.h: the words that show how Nomad starts next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "command_line.h"
#include "str.h"

/* A blank stands for NUL; each text ends in NUL if its line does. */
static size_t words_of(const char *line, char dst[static 256])
{
    size_t n = strlen(line);

    for (size_t i = 0; i < n; i++)
        dst[i] = line[i] == ' ' ? '\0' : line[i];
    return n;
}

enum from { UNIT, RUNNING, PART, NOTHING };

static const struct {
    const char *unit, *running;
    enum from from;
} rows[] = {
    {"/n agent -config /a ", "/n agent -config /b ",
     UNIT}, /* changed since the start: the next start counts */
    {"/n agent -config /a ", "", UNIT},
    {"", "/n agent -config /b ", RUNNING},
    {"", "", NOTHING},
    {"", "/n agent -config /b", NOTHING}, /* cut off */
    /* Variables: the words of the process contain their values. */
    {"/n agent -config /a ${O} ", "/n agent -config /a -config=/b ", RUNNING},
    {"/n agent -config /a ${O} ", "/n agent -config /a  ", RUNNING}, /* no value: one empty word */
    {"/n agent -config /a ${O} ", "/n agent -config /a ", PART},
    {"/n agent -config /a $O ", "/n agent -config /a ", RUNNING},
    {"/n agent -config /a $O ", "/n agent -config /a -config /b -dev ", RUNNING},
    {"/n agent $O -config /a ", "/n agent -config /b -config /a ", RUNNING},
    {"/n agent $O -config /a $P ", "/n agent -config /b -config /a -dev ", RUNNING},
    {"/n agent -config=${D}/x ", "/n agent -config=/b/x ", RUNNING},
    {"/n agent -config /a$$b ", "/n agent -config /a$b ", RUNNING},
    {"/n $VERB -config /a ", "/n agent -config /a ", RUNNING},
    /* The words do not belong to this unit. */
    {"/n agent -config /a ${O} ", "/n agent -config /c -config=/b ", PART},
    {"/n agent -config /a ${O} ", "/m agent -config /a -config=/b ", PART},
    {"/n agent $O -config /a ", "/n agent -config /b ", PART},
    {"/n agent -config=${D}/x ", "/n agent -data-dir=/x ", PART},
    {"/n agent -config /a ${O} ", "", PART},
    {"/n agent -config /a ${O} ", "/n agent -config /a -dev", PART}, /* cut off */
    /* A script: the process that it has started counts. */
    {"/srv/start ", "/n agent -config /b ", RUNNING},
    {"/bin/sh -c x$O ", "/n agent -config /b ", RUNNING},
    {"/srv/start $O ", "/n agent -config /b ", RUNNING},
    {"/srv/start ", "/bin/sh /srv/start ", UNIT},
    {"/srv/start ", "", UNIT},
};

static void words_of_the_next_start(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char unit[256], running[256];
        size_t n = words_of(rows[i].unit, unit), m = words_of(rows[i].running, running);
        struct command_line_start s = command_line_of_start(unit, n, running, m);
        enum from from = s.n == 0 ? NOTHING : s.words == running ? RUNNING : UNIT;

        if (from == UNIT && s.why != NULL)
            from = PART;
        if (from != rows[i].from || (s.why != NULL) != (from == PART || from == NOTHING))
            fail_msg("%s| %s: %d %s", rows[i].unit, rows[i].running, (int)from,
                     s.why != NULL ? s.why : "");
    }
}

static void values_of_options(void **state)
{
    static const char words[] = "nomad\0agent\0-dc\0one\0--dc=two\0-server\0-client=false\0"
                                "-dcx=no\0---dc=no\0-node";
    (void)state;

    assert_string_equal(command_line_value(words, sizeof(words), "dc", false), "two");
    assert_string_equal(command_line_value(words, sizeof(words), "server", true), "true");
    assert_string_equal(command_line_value(words, sizeof(words), "client", true), "false");
    assert_null(command_line_value(words, sizeof(words), "node", false)); /* without a value */
    assert_null(command_line_value(words, sizeof(words), "region", false));
    assert_null(command_line_value(words, sizeof(words) - 1, "dc", false)); /* cut off */
    assert_null(command_line_value("", 0, "dc", false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_options),
        cmocka_unit_test(words_of_the_next_start),
    };

    return cmocka_run_group_tests_name("command_line", tests, NULL, NULL);
}
