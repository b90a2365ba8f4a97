/* arguments.h: errors in the arguments are reported before any file is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "arguments.h"
#include "str.h"

static const struct {
    const char *verb, *words; /* separated by blanks */
    const char *says;         /* NULL: the command line is right */
    struct options o;
} rows[] = {
    {"upgrade", "2.0.5", NULL, {.max_parallel = "25%"}},
    {"upgrade", "2.0.5", "--max-parallel: \"0\" is not a number", {.max_parallel = "0"}},
    {"plan", "2.0.5", "--max-parallel", {.max_parallel = "a few"}},
    {"stage", "soon", "\"soon\" is not a version", {.yes = true}},
    {"upgrade", "2.0.5", "--deadline above 0", {.drain = true}},
    {"upgrade", "2.0.5", "--running: ", {.running = "old"}},
    {"replace", "2.0.5", "name the servers that join", {.add = {.n = 1, .items = {"10.0.0.21"}}}},
    {"replace",
     "2.0.5",
     "--add: 10.0.0.999 is no address",
     {.add = {.n = 1, .items = {"10.0.0.999"}}, .remove = {.n = 1, .items = {"s1"}}}},
    {"enroll", "", "names 10.0.0.1 twice", {.host = {.n = 2, .items = {"10.0.0.1", "10.0.0.1"}}}},
    {"resume", "abc", "at least 4 digits", {.yes = true}},
    {"abort", "wxyz", "at least 4 digits", {.yes = true}},
    {"show", "beef", NULL, {.yes = true}},
    {"audit", "prove", "expected `caravan audit verify", {.yes = false}},
    {"audit", "export", "--ask is for", {.ask = true}},
    {"audit", "verify beef", "leave out RUN", {.ask = true}},
    {"token-policy", "2", "is not a version", {.yes = false}},
    {"release", "fetch 2.x", "is not a version", {.yes = false}},
    {"release", "sign FILE", NULL, {.yes = false}},
    {"trust", "add wizard x.pub", "wizard is not a role", {.yes = false}},
    {"trust", "add operator x.pub", NULL, {.expires = "2027-12-31"}},
    {"trust", "rotate anna x.pub", "expected a day", {.expires = "2027-02-30"}},
    {"trust",
     "remove anna",
     "--expires is for `caravan trust add` and `rotate`",
     {.expires = "never"}},
    {"trust", "push", "--threshold and --format are for", {.threshold = 2}},
    {"key", "new a", "--purpose must be", {.purpose = "any"}},
    {"key", "new A!", "is no valid name of a key", {.purpose = "root"}},
    {"key", "change a", "--purpose is for", {.purpose = "root"}},
    {"key", "list", NULL, {.json = true}},
    {"init", "", "do not use it with --split", {.solo = true, .split = true}},
    {"status", "", NULL, {.json = true}},
};

static void words_are_checked_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct options o = rows[i].o;
        struct err err = ERR_INIT;
        char words[64], *argv[4] = {NULL}, *rest = words;
        int argc = 0;

        str_cut(words, sizeof(words), rows[i].words);
        while (argc < 4 && words[0] != '\0' && (argv[argc] = strsep(&rest, " ")) != NULL)
            argc++;
        o.threshold = o.threshold == 0 ? OPTION_UNSET : o.threshold;
        o.format = OPTION_UNSET;
        int rc = arguments_check(rows[i].verb, &o, argc, argv, &err);
        if ((rc == 0) != (rows[i].says == NULL))
            fail_msg("%s %s: %s", rows[i].verb, rows[i].words, rc == 0 ? "accepted" : err.text);
        if (rc < 0 && (err.kind != ERR_USAGE || strstr(err.text, rows[i].says) == NULL))
            fail_msg("%s %s: %s", rows[i].verb, rows[i].words, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(words_are_checked_alone)};

    return cmocka_run_group_tests_name("arguments", tests, NULL, NULL);
}
