#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "connection_limits.h"

static struct address v4(unsigned char a, unsigned char b, unsigned char c, unsigned char d)
{
    const unsigned char p[4] = {a, b, c, d};
    return address_v4(p);
}

static struct address v6(unsigned char net, unsigned char host)
{
    struct address a = {{0xfd, 0, 0, 0, 0, 0, 0, net, 0, 0, 0, 0, 0, 0, 0, host}};
    return a;
}

/* ---- addresses ---- */

static bool holds(const char *list, struct address a)
{
    struct address_list l;
    struct err err = ERR_INIT;
    if (address_list_parse(list, &l, &err) < 0)
        fail_msg("%s", err.text);
    return address_list_holds(&l, &a);
}

static void test_lists(void **state)
{
    (void)state;
    assert_true(holds("", v4(8, 8, 8, 8)));
    assert_true(holds(NULL, v6(1, 1)));
    assert_true(holds("10.0.0.0/8", v4(10, 255, 0, 1)));
    assert_false(holds("10.0.0.0/8", v4(11, 0, 0, 1)));
    assert_true(holds(" 192.0.2.7\t10.1.2.0/23 ", v4(10, 1, 3, 9)));
    assert_false(holds("192.0.2.7 10.1.2.0/23", v4(10, 1, 4, 0)));
    assert_true(holds("192.0.2.7", v4(192, 0, 2, 7)));
    assert_false(holds("192.0.2.7", v4(192, 0, 2, 6)));
    assert_true(holds("fd00::/8", v6(3, 1)));
    assert_false(holds("fd00::/8", v4(10, 0, 0, 1)));
    assert_true(holds("fd00:0:0:3::/64", v6(3, 200)));
    assert_false(holds("fd00:0:0:3::/64", v6(4, 200)));
    assert_true(holds("0.0.0.0/0", v4(1, 2, 3, 4)));
    assert_false(holds("0.0.0.0/0", v6(1, 1)));
    assert_true(holds("::/0", v4(1, 2, 3, 4)));
    assert_true(holds("::ffff:10.0.0.0/104", v4(10, 2, 3, 4)));
}

static void test_one_address(void **state)
{
    static const char *const none[] = {"", "10.0.0", "10.0.0.0/8", "c1", "10.0.0.1 "};
    struct address a, b = v4(10, 0, 0, 1);
    (void)state;
    assert_true(address_parse("10.0.0.1", &a));
    assert_memory_equal(&a, &b, sizeof(a));
    assert_true(address_parse("::ffff:10.0.0.1", &a));
    assert_memory_equal(&a, &b, sizeof(a));
    assert_true(address_parse("fd00::1", &a));
    for (size_t i = 0; i < ARRAY_LEN(none); i++)
        if (address_parse(none[i], &a))
            fail_msg("\"%s\" was taken", none[i]);
}

static void test_bad_lists(void **state)
{
    static const char *const bad[] = {"10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/",    "10.0.0",
                                      "localhost",  "fd00::/129",  "10.0.0.0/8/8", "10.0.0.0/-1",
                                      "/8",         "fd00::1/64",  "10.0.0.0 x"};
    struct address_list l = {.n = 7};
    struct err err = ERR_INIT;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (address_list_parse(bad[i], &l, &err) == 0)
            fail_msg("%s was taken", bad[i]);
        assert_int_equal(err.kind, ERR_CONFIG);
        assert_int_equal(l.n, 7);
    }
}

static void test_parties(void **state)
{
    struct address a = v4(10, 0, 0, 1), b = v4(10, 0, 0, 2), c = v6(1, 1), d = v6(1, 2),
                   e = v6(2, 1);
    (void)state;
    assert_false(address_same_party(&a, &b));
    assert_true(address_same_party(&a, &a));
    assert_true(address_same_party(&c, &d)); /* one network of 64 bits */
    assert_false(address_same_party(&c, &e));
    assert_false(address_same_party(&a, &c));
}

/* ---- the crowd ---- */

static bool join(struct connection_limits *c, uint32_t pipe, unsigned char who)
{
    struct address a = v4(10, 0, 0, who);
    return connection_limits_admit(c, pipe, &a);
}

static void test_the_silent_go_first(void **state)
{
    struct connection_limits *c = connection_limits_new(3, 3);
    (void)state;
    assert_true(join(c, 1, 1) && join(c, 2, 2) && join(c, 3, 3));
    connection_limits_begin_serving(c, 1);
    connection_limits_end_serving(c, 1);
    assert_int_equal(connection_limits_to_close(c), 0);
    assert_true(join(c, 4, 4));
    assert_int_equal(connection_limits_to_close(c), 2); /* not 1: it has sent something */
    assert_int_equal(connection_limits_to_close(c), 0); /* named once */
    assert_int_equal(connection_limits_count(c), 3);
    connection_limits_remove(c, 2);
    assert_int_equal(connection_limits_count(c), 3);
    connection_limits_free(c);
}

static void test_who_is_served_stays(void **state)
{
    struct connection_limits *c = connection_limits_new(2, 2);
    (void)state;
    assert_true(join(c, 1, 1) && join(c, 2, 2));
    connection_limits_begin_serving(c, 1);
    assert_true(join(c, 3, 3));
    assert_int_equal(connection_limits_to_close(c), 2);
    connection_limits_remove(c, 2);
    connection_limits_begin_serving(c, 3);
    assert_false(join(c, 4, 4)); /* both are being served */
    assert_int_equal(connection_limits_to_close(c), 0);
    connection_limits_end_serving(c, 1);
    assert_true(join(c, 5, 5));
    assert_int_equal(connection_limits_to_close(c), 1);
    connection_limits_free(c);
}

static void test_a_full_party_pays_itself(void **state)
{
    struct connection_limits *c = connection_limits_new(10, 2);
    (void)state;
    assert_true(join(c, 1, 1) && join(c, 2, 2) && join(c, 3, 2));
    assert_true(join(c, 4, 2));
    assert_int_equal(connection_limits_to_close(c), 2); /* not 1, although 1 is older */
    connection_limits_begin_serving(c, 3);
    connection_limits_begin_serving(c, 4);
    assert_false(join(c, 5, 2));
    assert_true(join(c, 6, 3));
    assert_int_equal(connection_limits_count(c), 4);
    connection_limits_free(c);
}

static void test_the_largest_party_pays(void **state)
{
    struct connection_limits *c = connection_limits_new(4, 4);
    (void)state;
    assert_true(join(c, 1, 1)); /* the coordinator, silent for the longest time */
    assert_true(join(c, 2, 66) && join(c, 3, 66) && join(c, 4, 66));
    assert_true(join(c, 5, 2));
    assert_int_equal(connection_limits_to_close(c), 2);
    connection_limits_remove(c, 2);
    assert_true(join(c, 6, 3)); /* 66 still has two, the largest number */
    assert_int_equal(connection_limits_to_close(c), 3);
    connection_limits_free(c);
}

static void test_strange_numbers(void **state)
{
    struct connection_limits *c = connection_limits_new(4, 4);
    (void)state;
    assert_true(join(c, 1, 1) && join(c, 2, 1));
    connection_limits_remove(c, 1);
    connection_limits_remove(c, 2);
    connection_limits_remove(c, 77);
    connection_limits_begin_serving(c, 77);
    connection_limits_end_serving(c, 77);
    assert_int_equal(connection_limits_count(c), 0);
    assert_int_equal(connection_limits_to_close(c), 0);
    connection_limits_free(c);
    connection_limits_free(NULL);
}

static void test_those_told_to_go_take_room_for_a_moment_only(void **state)
{
    struct connection_limits *c = connection_limits_new(2, 2);
    (void)state;
    assert_true(join(c, 1, 1) && join(c, 2, 2) && join(c, 3, 3) && join(c, 4, 4));
    assert_false(join(c, 5, 5)); /* no connection has been closed yet: 4 of 2 */
    assert_int_equal(connection_limits_count(c), 2);
    connection_limits_remove(c, 1);
    assert_true(join(c, 5, 5));
    assert_int_equal(connection_limits_count(c), 2);
    connection_limits_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_one_address),
        cmocka_unit_test(test_bad_lists),
        cmocka_unit_test(test_parties),
        cmocka_unit_test(test_the_silent_go_first),
        cmocka_unit_test(test_who_is_served_stays),
        cmocka_unit_test(test_a_full_party_pays_itself),
        cmocka_unit_test(test_the_largest_party_pays),
        cmocka_unit_test(test_strange_numbers),
        cmocka_unit_test(test_those_told_to_go_take_room_for_a_moment_only),
    };
    return cmocka_run_group_tests_name("connection_limits", tests, NULL, NULL);
}
