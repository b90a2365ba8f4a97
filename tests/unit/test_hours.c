/* hours.h: the accepted texts, and the minutes of the week in each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "hours.h"
#include "str.h"

#define AT(day, hour, minute) ((day)*HOURS_DAY + (hour)*60 + (minute))
enum { MON, TUE, WED, THU, FRI, SAT, SUN };

static struct hours parse(const char *text)
{
    struct hours h;
    struct err err = ERR_INIT;

    if (hours_parse(text, &h, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return h;
}

static void what_is_in(void **state)
{
    static const struct {
        const char *text;
        int minute;
        bool in;
        int left;
    } rows[] = {
        {"", AT(WED, 12, 0), true, HOURS_WEEK},
        {"00:00-24:00", AT(SUN, 23, 59), true, HOURS_WEEK},
        {"22:00-23:00", AT(MON, 21, 59), false, 1}, /* before */
        {"22:00-23:00", AT(MON, 22, 0), true, 60},  /* in */
        {"22:00-23:00", AT(MON, 22, 59), true, 1},
        {"22:00-23:00", AT(MON, 23, 0), false, 23 * 60}, /* after the end: the next day */
        {"22:00-05:00", AT(TUE, 23, 0), true, 6 * 60},   /* across midnight */
        {"22:00-05:00", AT(WED, 4, 59), true, 1},
        {"22:00-05:00", AT(WED, 5, 0), false, 17 * 60},
        {"22:00-05:00", AT(SUN, 23, 0), true, 6 * 60}, /* and the week's end */
        {"22:00-05:00", AT(MON, 0, 0), true, 5 * 60},
        {"20:00-24:00", AT(MON, 23, 59), true, 1},
        {"20:00-00:00", AT(MON, 23, 59), true, 1},
        {"fri 22:00-05:00", AT(SAT, 4, 59), true, 1}, /* hours belong to their first day */
        {"fri 22:00-05:00", AT(FRI, 4, 59), false, 17 * 60 + 1},
        {"fri 22:00-05:00", AT(SAT, 22, 0), false, 6 * HOURS_DAY},
        {"mon-fri 22:00-05:00", AT(SAT, 1, 0), true, 4 * 60},
        {"mon-fri 22:00-05:00", AT(SUN, 1, 0), false, HOURS_DAY + 21 * 60},
        {"mon-fri 22:00-05:00", AT(MON, 1, 0), false, 21 * 60},
        {"sun-tue 01:00-02:00", AT(MON, 1, 30), true, 30},
        {"sun-tue 01:00-02:00", AT(WED, 1, 30), false, 4 * HOURS_DAY - 30},
        {"sat 00:00-24:00, sun 00:00-12:00", AT(SAT, 6, 0), true, 30 * 60},
        {"01:00-02:00,03:00-04:00 utc", AT(THU, 2, 30), false, 30},
        {"\tMON \t01:00-02:00 , Tue 03:00-04:00\tUTC ", AT(TUE, 3, 0), true, 60},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct hours h = parse(rows[i].text);
        int left = 0;

        if (hours_hold(&h, rows[i].minute, &left) != rows[i].in || left != rows[i].left)
            fail_msg("%s at %d: %s, for %d", rows[i].text, rows[i].minute,
                     rows[i].in ? "not in" : "in", left);
    }
}

static void utc_or_local(void **state)
{
    (void)state;
    assert_false(parse("01:00-02:00").utc);
    assert_true(parse("01:00-02:00 UTC").utc);
    assert_true(parse("mon 01:00-02:00, 03:00-04:00 utc").utc);
}

static void what_is_refused(void **state)
{
    static const char *const texts[] = {
        "22:00",
        "22:00-",
        "22-05",
        "22:00-05:0",
        "24:00-05:00",
        "22:00-24:01",
        "22:60-05:00",
        "25:00-26:00",
        "22:00-22:00",
        "00:00-00:00",
        "22:00 - 05:00",
        "22:00-05:00,",
        ",22:00-05:00",
        "mo 22:00-05:00",
        "mon22:00-05:00",
        "mon- 22:00-05:00",
        "mon,tue 22:00-05:00",
        "monday 22:00-05:00",
        "22:00-05:00 CET",
        "22:00-05:00UTC",
        "UTC",
        "mon",
        "-1:00-05:00",
        "22:00-05:00 mon",
        "22:00-05:00;23:00-24:00",
        "x",
        ",",
        "mon-fri-sun 01:00-02:00",
    };
    auto_buf struct buf many = BUF_INIT;
    struct hours h;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct err err = ERR_INIT;

        if (hours_parse(texts[i], &h, &err) == 0)
            fail_msg("taken: %s", texts[i]);
        assert_int_equal(err.kind, ERR_CONFIG);
    }
    for (int i = 0; i <= HOURS_WINDOWS; i++) {
        struct err err = ERR_INIT;

        (void)buf_printf(&many, "%s01:00-02:00", i > 0 ? "," : "");
        assert_int_equal(hours_parse(buf_str(&many), &h, &err) == 0, i < HOURS_WINDOWS);
    }
}

static void as_people_read_it(void **state)
{
    char text[HOURS_TEXT];

    (void)state;
    hours_text(AT(MON, 22, 0), text);
    assert_string_equal(text, "Mon 22:00");
    hours_text(AT(SUN, 0, 5), text);
    assert_string_equal(text, "Sun 00:05");
    hours_text(HOURS_WEEK, text);
    assert_string_equal(text, "Mon 00:00");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_in),
        cmocka_unit_test(utc_or_local),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(as_people_read_it),
    };
    return cmocka_run_group_tests_name("hours", tests, NULL, NULL);
}
