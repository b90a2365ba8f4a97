/* heartbeat.h and heartbeat_due.h: Nomad's answer, the fact's text, and when the fact is out of
 * date. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "heartbeat_due.h"
#include "str.h"

static void the_text_is_read_as_it_was_written(void **state)
{
    static const struct heartbeat rows[] = {
        {0, 1, 1},
        {1234, 15000, 987654},
        {HEARTBEAT_MOST_MS, HEARTBEAT_MOST_MS, INT64_C(1) << 53},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[HEARTBEAT_TEXT];
        struct heartbeat b;
        struct err err = ERR_INIT;

        heartbeat_text(&rows[i], text);
        assert_true(strlen(text) < TEXT_MAX);
        assert_int_equal(heartbeat_parse(text, &b, &err), 0);
        assert_memory_equal(&b, &rows[i], sizeof(b));
    }
    char text[HEARTBEAT_TEXT];
    heartbeat_text(&rows[1], text);
    assert_string_equal(text, "age=1234 ttl=15000 at=987654");
}

static void nothing_else_is_read(void **state)
{
    static const char *const rows[] = {
        "",
        "age=1234 ttl=15000",
        "age=1234 ttl=15000 at=",
        "age=1234 ttl=15000 at=0",
        "age=1234 ttl=0 at=1",
        "age=-1 ttl=15000 at=1",
        "age=1234 ttl=3600001 at=1",
        "age=3600001 ttl=1 at=1",
        "age=1234 ttl=15000 at=9007199254740993",
        "age=1234 ttl=15000 at=1 ",
        "age=1234  ttl=15000 at=1",
        " age=1234 ttl=15000 at=1",
        "age=1234 at=1 ttl=15000",
        "age=12x4 ttl=15000 at=1",
        "age=1234\tttl=15000\tat=1",
        "age=00000000000000000000000000000000000000000001 ttl=1 at=1",
        "age=1234 ttl=15000 at=18446744073709551616",
        "AGE=1234 ttl=15000 at=1",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct heartbeat b = {-7, -7, -7};
        struct err err = ERR_INIT;

        if (heartbeat_parse(rows[i], &b, &err) == 0)
            fail_msg("taken: \"%s\"", rows[i]);
        assert_int_equal(err.kind, ERR_FORMAT);
        assert_int_equal(b.age_ms, -7);
    }
}

/* Of 255 bytes, the maximum of a fact. */
static void a_full_text_is_none(void **state)
{
    char text[TEXT_MAX];
    struct heartbeat b;
    struct err err = ERR_INIT;

    (void)state;
    memset(text, '1', sizeof(text) - 1);
    memcpy(text, "age=", 4);
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(heartbeat_parse(text, &b, &err), -1);
    memset(text, ' ', sizeof(text) - 1);
    memcpy(text, "age=1 ttl=1 at=1", 16);
    assert_int_equal(heartbeat_parse(text, &b, &err), -1);
}

static void what_nomad_says(void **state)
{
    static const struct {
        const char *last, *ttl;
        int64_t age, wants;
    } rows[] = {
        {"10.379s", "10.803s", 10379, 10803},
        {"0s", "15s", 0, 15000},
        {"1ns", "1m30s", 1, 90000},
        {"", "15s", -1, 15000},
        {"-1s", "1h0m0s", -1, 3600000},
        {"1h0m0.1s", "1h", -1, 3600000},
        {"1e9h", "soon", -1, -1},
        {"2562047h47m16.854775807s", "0", -1, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_json struct json *j = NULL;
        char text[256];
        struct heartbeat b;
        struct err err = ERR_INIT;

        int n = snprintf(text, sizeof(text),
                         "{\"stats\":{\"client\":{\"last_heartbeat\":\"%s\","
                         "\"heartbeat_ttl\":\"%s\"}}}",
                         rows[i].last, rows[i].ttl);
        assert_int_equal(json_parse(text, (size_t)n, sizeof(text), &j, &err), 0);
        heartbeat_of_self(j, &b);
        assert_int_equal(b.age_ms, rows[i].age);
        assert_int_equal(b.ttl_ms, rows[i].wants);
        assert_int_equal(heartbeat_known(&b), rows[i].age >= 0 && rows[i].wants > 0);
    }
    struct heartbeat none;
    heartbeat_of_self(NULL, &none);
    assert_false(heartbeat_known(&none));
}

static void it_is_due_when_the_next_one_has_come(void **state)
{
    static const struct {
        const char *id, *text;
        enum tri value;
        enum phase phase;
        int64_t due;
    } rows[] = {
        {HEARTBEAT_FACT, "age=5000 ttl=15000 at=1000", TRI_YES, PHASE_STAGED, 11000},
        {HEARTBEAT_FACT, "age=14999 ttl=15000 at=1000", TRI_YES, PHASE_STAGED, 1001},
        {HEARTBEAT_FACT, "age=15000 ttl=15000 at=1000", TRI_YES, PHASE_STAGED, 3000}, /* late */
        {HEARTBEAT_FACT, "age=90000 ttl=15000 at=1000", TRI_YES, PHASE_STAGED, 3000},
        {HEARTBEAT_FACT, "age=5000 ttl=15000 at=1000", TRI_YES, PHASE_IDLE, INT64_MAX},
        {HEARTBEAT_FACT, "age=5000 ttl=15000 at=1000", TRI_YES, PHASE_SETTLED, INT64_MAX},
        {HEARTBEAT_FACT, "age=5000 ttl=15000 at=1000", TRI_YES, PHASE_PROBING, INT64_MAX},
        {HEARTBEAT_FACT, "age=5000 ttl=15000 at=1000", TRI_UNKNOWN, PHASE_STAGED, INT64_MAX},
        {HEARTBEAT_FACT, "Nomad answers 403", TRI_YES, PHASE_STAGED, INT64_MAX},
        {"held", "age=5000 ttl=15000 at=1000", TRI_YES, PHASE_STAGED, INT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fact facts[2] = {{.id = "other"}, {.value = rows[i].value}};

        str_cut(facts[1].id, sizeof(facts[1].id), rows[i].id);
        str_cut(facts[1].text, sizeof(facts[1].text), rows[i].text);
        assert_true(heartbeat_due_ms(rows[i].phase, facts, 2) == rows[i].due);
        assert_true(heartbeat_due_ms(rows[i].phase, facts, 1) == INT64_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_is_read_as_it_was_written),
        cmocka_unit_test(nothing_else_is_read),
        cmocka_unit_test(a_full_text_is_none),
        cmocka_unit_test(what_nomad_says),
        cmocka_unit_test(it_is_due_when_the_next_one_has_come),
    };

    return cmocka_run_group_tests_name("heartbeat", tests, NULL, NULL);
}
