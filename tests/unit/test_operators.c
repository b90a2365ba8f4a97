/* operators.h: what root may write, and whose orders of which kind the host then obeys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "operators.h"
#include "order_desk.h"
#include "str.h"

static struct operators parse(const char *text)
{
    struct operators o;
    struct err err = ERR_INIT;

    if (operators_parse(text, &o, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return o;
}

static void what_root_may_write(void **state)
{
    static const struct {
        const char *text, *told;
        size_t n;
    } rows[] = {
        {"", "", 0},
        {" \t", "", 0},
        {"anna", "anna", 1},
        {" anna ", "anna", 1},
        {"anna,berta", "anna, berta", 2},
        {"operator ,\toperator-2", "operator, operator-2", 2},
        {"a.b_c-1", "a.b_c-1", 1},
        {"abcdefghijklmnopqrstuvwxyz01234", "abcdefghijklmnopqrstuvwxyz01234", 1},
        {"a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p", "a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p", 16},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct operators o = parse(rows[i].text);
        char told[TEXT_MAX];

        operators_text(&o, told);
        assert_int_equal(o.n, rows[i].n);
        assert_string_equal(told, rows[i].told);
    }
}

static void what_is_refused(void **state)
{
    static const char *const texts[] = {
        "Anna",
        "anna berta",
        "anna,",
        ",anna",
        "anna,,berta",
        "anna, ,berta",
        ",",
        "-anna",
        ".",
        "anna;berta",
        "ann\xc3\xa4",
        "abcdefghijklmnopqrstuvwxyz012345",
        "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct err err = ERR_INIT;
        struct operators o;

        if (operators_parse(texts[i], &o, &err) == 0)
            fail_msg("taken: %s", texts[i]);
        assert_int_equal(err.kind, ERR_CONFIG);
    }
}

static const enum message_kind limited[] = {MSG_STAGE,  MSG_SWAP,     MSG_CANCEL,
                                            MSG_REVERT, MSG_PRESERVE, MSG_SERVICE};
static const enum message_kind open_to_all[] = {MSG_HELLO, MSG_STATUS, MSG_LEASE, MSG_NOTE,
                                                MSG_TRUST};

static bool may(const struct desk *d, const struct operators *o, const struct keypair *by,
                enum message_kind kind, char why[static TEXT_MAX])
{
    struct header h = {.kind = kind, .sender = *keypair_public(by)};

    return operators_may(o, &d->trust, &h, 0, why);
}

static void of_each_kind(const struct desk *d, const struct operators *o, const struct keypair *by,
                         bool orders, bool asks)
{
    char why[TEXT_MAX];

    for (size_t i = 0; i < ARRAY_LEN(limited); i++)
        assert_int_equal(may(d, o, by, limited[i], why), orders);
    for (size_t i = 0; i < ARRAY_LEN(open_to_all); i++) {
        bool question = message_role(open_to_all[i]) != ROLE_OPERATOR;

        assert_int_equal(may(d, o, by, open_to_all[i], why), asks || (question && orders));
        assert_string_equal(why, "");
    }
    assert_int_equal(ARRAY_LEN(limited) + ARRAY_LEN(open_to_all), MSG_KIND_COUNT - 1);
}

/* In a trust file of format 1 the position of a key is its name. */
static void who_may_order(void **state)
{
    struct operators none = parse(""), one = parse("operator-2"), both, nobody = parse("anna");
    struct desk d;

    (void)state;
    both = parse("operator-2, operator");
    desk_open(&d);
    of_each_kind(&d, NULL, d.operator, true, true);
    of_each_kind(&d, &none, d.other_operator, true, true);
    of_each_kind(&d, &both, d.operator, true, true);
    of_each_kind(&d, &both, d.other_operator, true, true);
    of_each_kind(&d, &one, d.other_operator, true, true);
    of_each_kind(&d, &one, d.operator, false, true);
    of_each_kind(&d, &nobody, d.operator, false, true);
    of_each_kind(&d, &nobody, d.other_operator, false, true);
    desk_close(&d);
}

/* The list only restricts: a name in the list makes nobody an operator. */
static void the_list_gives_nothing(void **state)
{
    struct operators o = parse("observer, root, release, operator");
    char why[TEXT_MAX];
    struct desk d;

    (void)state;
    desk_open(&d);
    for (size_t i = 0; i < ARRAY_LEN(limited); i++) {
        assert_false(may(&d, &o, d.observer, limited[i], why));
        assert_string_equal(why, "");
        assert_false(may(&d, &o, d.stranger, limited[i], why));
    }
    assert_true(may(&d, &o, d.observer, MSG_STATUS, why));
    assert_false(may(&d, &o, d.observer, MSG_TRUST, why));
    desk_close(&d);
}

/* Format 2: keys have their own names, and a key that the trust no longer contains has no name. */
static void names_of_their_own(void **state)
{
    struct operators o = parse("berta");
    char why[TEXT_MAX];
    struct desk d;

    (void)state;
    desk_open(&d);
    str_cut(d.trust.roles[ROLE_OPERATOR].about[0].name, KEY_NAME_MAX, "anna");
    str_cut(d.trust.roles[ROLE_OPERATOR].about[1].name, KEY_NAME_MAX, "berta");
    assert_true(may(&d, &o, d.other_operator, MSG_SWAP, why));
    assert_false(may(&d, &o, d.operator, MSG_SWAP, why));
    assert_string_equal(why,
                        "root allows only these operators on this host: berta ([law] operators "
                        "in agent.conf); the key of this order is anna");
    d.trust.roles[ROLE_OPERATOR].n = 1;
    assert_false(may(&d, &o, d.other_operator, MSG_SWAP, why));
    d.trust.roles[ROLE_OPERATOR].about[0].expires_s = 1;
    o = parse("anna");
    assert_true(may(&d, &o, d.operator, MSG_SWAP, why));
    struct header h = {.kind = MSG_SWAP, .sender = *keypair_public(d.operator)};
    assert_false(operators_may(&o, &d.trust, &h, 2, why)); /* expired */
    desk_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_root_may_write), cmocka_unit_test(what_is_refused),
        cmocka_unit_test(who_may_order),       cmocka_unit_test(the_list_gives_nothing),
        cmocka_unit_test(names_of_their_own),
    };
    return cmocka_run_group_tests_name("operators", tests, NULL, NULL);
}
