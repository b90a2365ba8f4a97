/* knows-servers: the servers that a client knows, as its own Nomad reports them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "facts_servers.h"
#include "scratch_dir.h"
#include "str.h"
#include "swap_bench.h"

static int set_up(void **state)
{
    struct swap_bench *b = NULL;

    if (swap_bench_set_up(state) != 0)
        return -1;
    b = *state;
    b->s.nomad.stamp.main_pid = 42;
    b->m.process.there = true;
    b->m.uptime_ms += 60000;
    b->s.phases.asked.api = TRI_YES;
    b->s.phases.conf.api = "https://127.0.0.1:4646";
    str_cut(b->s.nomad.client_id, sizeof(b->s.nomad.client_id), "22222222-3333");
    return 0;
}

static struct fact told(struct swap_bench *b, const char *token_file)
{
    struct fact f = {.value = TRI_NO};

    assert_true(facts_servers(&b->s.phases, &b->s.nomad, token_file, &f));
    assert_string_equal(f.id, "knows-servers");
    return f;
}

static void is_unknown(struct swap_bench *b, const char *token_file, const char *why)
{
    struct fact f = told(b, token_file);

    assert_int_equal(f.value, TRI_UNKNOWN);
    if (strstr(f.text, why) == NULL)
        fail_msg("\"%s\" says nothing of: %s", f.text, why);
}

static void the_list_is_told(void **state)
{
    static const struct {
        const char *says, *text;
        enum tri value;
    } rows[] = {
        {"[\"10.0.0.2:4647\",\"10.0.0.1:4647\"]", "10.0.0.2:4647, 10.0.0.1:4647", TRI_YES},
        {"[ \"[fd00::1]:4647\" ]\n", "[fd00::1]:4647", TRI_YES},
        {"[]", "", TRI_NO},
        {"", "Nomad's answer is no list of servers", TRI_UNKNOWN},
        {"{\"a\":1}", "Nomad's answer is no list of servers", TRI_UNKNOWN},
        {"[\"a\\u0007\"]", "Nomad's answer is no list of servers", TRI_UNKNOWN},
    };
    struct swap_bench *b = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        b->m.servers = rows[i].says;
        struct fact f = told(b, "");
        assert_int_equal(f.value, rows[i].value);
        assert_string_equal(f.text, rows[i].text);
    }
}

/* The text has at most 255 bytes; a longer list is not reported at all. */
static void more_than_fit_are_not_told(void **state)
{
    struct swap_bench *b = *state;
    auto_buf struct buf many = BUF_INIT;

    for (int i = 0; i < 18; i++)
        buf_printf(&many, "%s\"10.0.0.%d:4647\"", i == 0 ? "[" : ",", 100 + i);
    buf_add_str(&many, "]");
    b->m.servers = buf_str(&many);
    is_unknown(b, "", "Nomad knows 18 servers, more than a fact can list");
}

static void who_refuses_is_told(void **state)
{
    struct swap_bench *b = *state;
    char file[300];

    b->m.servers_refused = true;
    is_unknown(b, "", "403: it needs a token with agent:read, which root may give");
    scratch_path(b->dir, "token", file);
    is_unknown(b, file, "[nomad] token_file");
    scratch_write(b->dir, "token", "SECRET-1234\n", 0600);
    b->m.token = "SECRET-1234";
    assert_string_equal(told(b, file).text, "10.0.0.1:4647");
    b->m.token = "another";
    is_unknown(b, file, "403 to the token of [nomad] token_file");
    b->m.servers_refused = false;
    b->m.status = 501;
    is_unknown(b, file, "HTTP status 501");
}

static void who_is_not_asked(void **state)
{
    struct swap_bench *b = *state;
    struct fact f = {.value = TRI_NO};
    unsigned asks = b->m.asks;

    b->s.phases.asked.api = TRI_NO;
    is_unknown(b, "", "does not answer");
    b->s.phases.asked.api = TRI_YES;
    b->s.nomad.stamp.main_pid = 0;
    is_unknown(b, "", "does not answer");
    b->s.nomad.client_id[0] = '\0';
    assert_false(facts_servers(&b->s.phases, &b->s.nomad, "", &f)); /* there is no fact */
    assert_int_equal(b->m.asks, asks);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, swap_bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_list_is_told),
        CASE(more_than_fit_are_not_told),
        CASE(who_refuses_is_told),
        CASE(who_is_not_asked),
    };

    return cmocka_run_group_tests_name("facts_servers", tests, NULL, NULL);
}
