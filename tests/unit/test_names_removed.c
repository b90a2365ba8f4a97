/* Who still names a server that leaves, as the agents report. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "names_removed.h"
#include "replace_desk.h"

#define Y TRI_YES
#define N TRI_NO
#define U TRI_UNKNOWN

/* The plan asks n1. s2 (10.0.0.2) and s1 leave; at the time of the look s2 has left. */
static const struct {
    const char *joins;
    enum tri joins_is;
    const char *knows;
    enum tri before, after; /* the removal of s2 */
    const char *server;     /* after */
    bool files;
} rows[] = {
    {"10.0.0.3", Y, NULL, N, N, "", false},
    {"", N, NULL, N, N, "", false},
    {"10.0.0.3:4648, 10.0.0.2:4648", Y, NULL, Y, Y, "s2", true},
    {"10.0.0.2", Y, NULL, Y, Y, "s2", true},
    {"10.0.0.1", Y, NULL, Y, N, "", false},                 /* s1 has not left yet */
    {"10.0.0.20,10.0.0.22:4648", Y, NULL, N, N, "", false}, /* a common beginning is no match */
    {"s2.example:4648", Y, NULL, U, U, "", false},
    {"provider=aws", Y, NULL, U, U, "", false},
    {"provider=aws, 10.0.0.2", Y, NULL, Y, Y, "s2", true},
    {"a.hcl could not be read", U, NULL, U, U, "", false},
    {"10.0.0.3", Y, "10.0.0.1:4647, 10.0.0.2:4647", N, Y, "s2", false},
    {"10.0.0.3", Y, "10.0.0.1:4647, 10.0.0.3:4647", N, N, "", false},
    {"10.0.0.2", Y, "10.0.0.2:4647", Y, Y, "s2", true},
    {"a.hcl could not be read", U, "10.0.0.2:4647", U, Y, "s2", false},
    {NULL, U, NULL, U, U, "", false},
};

static void s2_has_left(struct replace_desk *d)
{
    struct ledger_host *lh = replace_desk_host(d, "s2");

    lh->state = HOST_DONE;
    lh->settled_ms = lh->effect_ms = d->f.w.begun_ms;
    replace_desk_look(d, KNOWN_FOR_MS + 4000);
}

static void tells(struct replace_desk *d, size_t i)
{
    struct agent_view *a = &d->f.hosts[3].agent;

    d->facts[3][0] = (struct fact_view){"joins", rows[i].joins_is, rows[i].joins};
    d->facts[3][1] = (struct fact_view){"knows-servers", Y, rows[i].knows};
    a->n_facts = rows[i].joins == NULL ? 0 : rows[i].knows == NULL ? 1 : 2;
}

static void test_by_what_is_told(void **state)
{
    struct replace_desk *d = replace_desk_open();
    const struct host *h = &d->f.hosts[3];
    (void)state;

    s2_has_left(d);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        tells(d, i);
        struct names_removed before = names_removed(&d->f.w, &d->f.plan, NULL, h);
        struct names_removed after = names_removed(&d->f.w, &d->f.plan, &d->f.ledger, h);
        if (before.names != rows[i].before || after.names != rows[i].after)
            fail_msg("row %zu: %d, %d", i, (int)before.names, (int)after.names);
        if (after.names == Y) {
            assert_string_equal(after.server->name, rows[i].server);
            assert_int_equal(after.files, rows[i].files);
        }
        assert_int_equal(after.names == U, after.why[0] != '\0');
    }
    replace_desk_close(d);
}

/* A report of a client's servers from before or right after the removal says nothing. */
static void test_told_too_early(void **state)
{
    struct replace_desk *d = replace_desk_open();
    const struct host *h = &d->f.hosts[3];
    (void)state;

    s2_has_left(d);
    tells(d, 10);
    replace_desk_host(d, "s2")->settled_ms += 5000;
    assert_int_equal(names_removed(&d->f.w, &d->f.plan, &d->f.ledger, h).names, N);
    replace_desk_close(d);
}

/* Servers that leave are not asked. */
static void test_text(void **state)
{
    struct replace_desk *d = replace_desk_open();
    char text[TEXT_MAX];
    (void)state;

    s2_has_left(d);
    tells(d, 3);
    d->facts[2][0] = (struct fact_view){"joins", Y, "10.0.0.2"};
    assert_int_equal(names_removed_text(&d->f.w, &d->f.plan, &d->f.ledger, Y, text), 2);
    assert_string_equal(text, "s3 (s2, in its files), 10.0.0.21 (s2, in its files)");
    assert_int_equal(names_removed_text(&d->f.w, &d->f.plan, &d->f.ledger, U, text), 0);
    assert_string_equal(text, "");
    d->f.hosts[2].agent.n_facts = 0;
    d->f.hosts[2].agent.enrolled = false;
    assert_int_equal(names_removed_text(&d->f.w, &d->f.plan, &d->f.ledger, U, text), 1);
    assert_string_equal(text, "s3 (no enrolled agent)");
    replace_desk_close(d);
}

/* The text names some and counts all. */
static void test_many(void **state)
{
    struct replace_desk *d = replace_desk_open();
    struct host hosts[20];
    struct world w = d->f.w;
    char text[TEXT_MAX];
    (void)state;

    s2_has_left(d);
    tells(d, 3);
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
        hosts[i] = d->f.hosts[3];
    w.hosts = hosts;
    w.n_hosts = ARRAY_LEN(hosts);
    hosts[0] = d->f.hosts[1]; /* s2's own row contains its address */
    w.by_key.slots = NULL;
    assert_int_equal(names_removed_text(&w, &d->f.plan, NULL, Y, text), 19);
    assert_non_null(strstr(text, " more"));
    assert_true(strlen(text) < TEXT_MAX - 1);
    replace_desk_close(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_what_is_told),
        cmocka_unit_test(test_told_too_early),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
