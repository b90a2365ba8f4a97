#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "version.h"

static struct version parsed(const char *text)
{
    struct version v = {0};
    struct err err = ERR_INIT;
    if (version_parse(text, &v, &err) < 0)
        fail_msg("%s", err.text);
    return v;
}

static void reads_and_writes(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "1.9.7", "0.12.12", "1.10.0-rc.1", "2.0.5+ent", "1.11.0-beta.1+ent.fips1403", "1.9.0-dev"};
    char text[VERSION_TEXT];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct version v = parsed(rows[i]);
        version_text(text, &v);
        assert_string_equal(text, rows[i]);
    }
    struct version v = parsed("v1.2.3");
    version_text(text, &v);
    assert_string_equal(text, "1.2.3");
    v = parsed("9999.9999.9999-aaaaaaaaaaaaaaaaaaaaaaa+bbbbbbbbbbbbbbbbbbbbbbb");
    version_text(text, &v);
    assert_int_equal(strlen(text), 62);
}

static void refuses(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",        "1",         "1.2",       "1.2.3.4",     "1.2.x",
        "01.2.3",  "1.2.3-",    "1.2.3+",    "1.2.3-a.",    "1.2.3-.a",
        "1.2.3 ",  " 1.2.3",    "1..3",      "-1.2.3",      "1.2.3-a..b",
        "vv1.2.3", "10000.0.0", "1.2.3-a_b", "1.2.3+ent+x", "1.2.3-aaaaaaaaaaaaaaaaaaaaaaaa"};
    struct version v;
    struct err err = ERR_INIT;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (version_parse(rows[i], &v, &err) == 0)
            fail_msg("took \"%s\"", rows[i]);
    assert_int_equal(err.kind, ERR_FORMAT);
}

static void reads_what_nomad_prints(void **state)
{
    (void)state;
    struct version v;
    struct err err = ERR_INIT;
    static const char *const good[] = {"Nomad v1.9.7\nBuildDate 2025-01-01T00:00:00Z\n",
                                       "Nomad v1.9.7 (abcdef+CHANGES)", "Nomad v1.9.7"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_int_equal(version_parse_output(good[i], &v, &err), 0);
        assert_int_equal(version_cmp_text(&v, "1.9.7"), 0);
    }
    static const char *const bad[] = {"", "Nomad ", "Consul v1.9.7", "Nomad v1.9.7;", "v1.9.7"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(version_parse_output(bad[i], &v, &err), -1);
}

/* semver 2.0.0 section 11, with Nomad's version texts. */
static void order(void **state)
{
    (void)state;
    static const char *const rising[] = {
        "0.12.12",    "1.0.0-alpha",  "1.0.0-alpha.1", "1.0.0-alpha.beta",
        "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
        "1.0.0",      "1.0.1",        "1.9.9",         "1.10.0-beta.1",
        "1.10.0",     "1.11.3",       "2.0.0-dev",     "2.0.0",
        "2.1.0",
    };
    for (size_t i = 0; i < ARRAY_LEN(rising); i++)
        for (size_t j = 0; j < ARRAY_LEN(rising); j++) {
            struct version a = parsed(rising[i]);
            struct version b = parsed(rising[j]);
            int c = version_cmp(&a, &b);
            assert_int_equal((c > 0) - (c < 0), (i > j) - (i < j));
        }
}

static void metadata_is_kept_but_not_ordered(void **state)
{
    (void)state;
    struct version ce = parsed("1.9.7");
    struct version ent = parsed("1.9.7+ent");
    struct version fips = parsed("1.9.7+ent.fips1403");
    assert_int_equal(version_cmp(&ce, &ent), 0);
    assert_false(version_same(&ce, &ent));
    assert_true(version_same(&ent, &ent));
    assert_false(version_is_ent(&ce));
    assert_true(version_is_ent(&ent));
    assert_true(version_is_ent(&fips));
    assert_false(version_is_fips(&ent));
    assert_true(version_is_fips(&fips));
}

static void steps_between_minors(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        int steps;
        const char *path;
    } rows[] = {
        {"1.9.1", "1.9.7", 0, ""},           {"1.9.1", "1.10.0", 1, ""},
        {"1.8.0", "1.11.3", 3, "1.9, 1.10"}, {"1.11.3", "2.0.0", 1, ""},
        {"1.10.0", "2.1.0", 3, "1.11, 2.0"}, {"0.12.12", "1.0.18", 1, ""},
        {"0.11.0", "1.1.0", 3, "0.12, 1.0"}, {"2.0.5", "1.11.0", -1, ""},
        {"1.13.0", "2.0.0", 1000, ""},       {"2.0.0", "0.13.0", -1000, ""},
        {"3.0.0", "3.0.1", 0, ""},           {"2.0.0", "3.0.0", 1000, ""},
    };
    char path[64];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct version a = parsed(rows[i].from);
        struct version b = parsed(rows[i].to);
        assert_int_equal(version_minor_distance(&a, &b), rows[i].steps);
        version_path(path, sizeof(path), &a, &b);
        assert_string_equal(path, rows[i].path);
    }
}

static void changes_come_with_lists(void **state)
{
    (void)state;
    static const struct {
        const char *v, *since;
        bool has;
    } rows[] = {
        {"1.9.9", "1.8.14 1.9.10 1.10.2", false},  {"1.9.10", "1.8.14 1.9.10 1.10.2", true},
        {"1.10.1", "1.8.14 1.9.10 1.10.2", false}, {"1.10.2", "1.8.14 1.9.10 1.10.2", true},
        {"1.7.9", "1.8.14 1.9.10 1.10.2", false},  {"2.0.0", "1.8.14 1.9.10 1.10.2", true},
        {"1.0.0", "0.12.10 1.0.3", false},         {"0.12.11", "0.12.10 1.0.3", true},
        {"0.11.8", "0.12.10 1.0.3", false},        {"1.10.0-rc.1", "1.10.0", true},
        {"1.11.5", "1.11.5+ent 2.0.1", false},     {"1.11.5+ent", "1.11.5+ent 2.0.1", true},
        {"1.11.4+ent", "1.11.5+ent 2.0.1", false}, {"2.0.1", "1.11.5+ent 2.0.1", true},
        {"1.7.2", "1.6.6 1.7.3", false},           {"1.6.6", "1.6.6 1.7.3", true},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct version v = parsed(rows[i].v);
        if (version_has(&v, rows[i].since) != rows[i].has)
            fail_msg("%s of %s", rows[i].v, rows[i].since);
    }
}

static void ranges_hold_both_ends(void **state)
{
    (void)state;
    static const struct {
        const char *v, *ranges;
        bool in;
    } rows[] = {
        {"1.9.4", "1.8.9-1.8.11 1.9.4-1.9.6", true},
        {"1.9.6", "1.8.9-1.8.11 1.9.4-1.9.6", true},
        {"1.9.7", "1.8.9-1.8.11 1.9.4-1.9.6", false},
        {"1.8.8", "1.8.9-1.8.11", false},
        {"2.0.1", "2.0.1", true},
        {"2.0.2", "2.0.1", false},
        {"1.10.2", "1.10.2-1.10.3+ent", false},
        {"1.10.3+ent", "1.10.2-1.10.3+ent", true},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct version v = parsed(rows[i].v);
        if (version_within(&v, rows[i].ranges) != rows[i].in)
            fail_msg("%s in %s", rows[i].v, rows[i].ranges);
    }
}

static void begins_days(void **state)
{
    static const struct {
        const char *day;
        int64_t s; /* date -u -d DAY +%s */
    } rows[] = {
        {"1970-01-01", 0},          {"2000-02-29", 951782400},  {"2000-03-01", 951868800},
        {"2024-02-29", 1709164800}, {"2024-12-31", 1735603200}, {"2026-11-29", 1795910400},
        {"2100-03-01", 4107542400},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (version_day_ms(rows[i].day) != rows[i].s * 1000)
            fail_msg("%s begins at %lld", rows[i].day, (long long)version_day_ms(rows[i].day));
    assert_int_equal(version_day_ms("2026-11-29T15:04:05Z"), version_day_ms("2026-11-29"));
    assert_int_equal(version_day_ms(""), -1);
    assert_int_equal(version_day_ms("yesterday"), -1);
    assert_int_equal(version_day_ms("2026-13-01"), -1);
    assert_int_equal(version_day_ms("2026-00-10"), -1);
    assert_int_equal(version_day_ms("1969-12-31"), -1);
}

static void compares_numbers(void **state)
{
    struct version a = parsed("1.0.2"), b = parsed("1.0.2-acme1"), c = parsed("1.0.3-acme1");
    (void)state;
    assert_int_equal(version_cmp_numbers(&a, &b), 0);
    assert_true(version_cmp(&a, &b) > 0);
    assert_true(version_cmp_numbers(&a, &c) < 0 && version_cmp_numbers(&c, &b) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes),
        cmocka_unit_test(begins_days),
        cmocka_unit_test(compares_numbers),
        cmocka_unit_test(refuses),
        cmocka_unit_test(reads_what_nomad_prints),
        cmocka_unit_test(order),
        cmocka_unit_test(metadata_is_kept_but_not_ordered),
        cmocka_unit_test(steps_between_minors),
        cmocka_unit_test(changes_come_with_lists),
        cmocka_unit_test(ranges_hold_both_ends),
    };
    return cmocka_run_group_tests_name("version", tests, NULL, NULL);
}
