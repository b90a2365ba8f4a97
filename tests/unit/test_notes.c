#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "notes.h"

static enum refusal put(struct notes *n, uint32_t slot, const char *text)
{
    static struct order_note o;
    char why[TEXT_MAX];
    memset(&o, 0, sizeof(o));
    o.slot = slot;
    o.run_id[0] = 'r';
    o.len = strlen(text);
    memcpy(o.text, text, o.len);
    return notes_apply(n, &o, why);
}

static enum refusal clear(struct notes *n, uint32_t slot)
{
    static struct order_note o;
    char why[TEXT_MAX];
    o.clear = true;
    o.slot = slot;
    return notes_apply(n, &o, why);
}

static void expect(const struct notes *n, const char *shown)
{
    char all[256] = "";
    for (uint32_t i = 0; i < n->n; i++)
        snprintf(all + strlen(all), sizeof(all) - strlen(all), "%u=%.*s ", n->items[i].slot,
                 (int)n->items[i].len, (const char *)n->items[i].text);
    assert_string_equal(all, shown);
}

static void put_replace_clear(void **state)
{
    (void)state;
    static struct notes n;
    memset(&n, 0, sizeof(n));
    assert_int_equal(put(&n, 7, "seven"), REFUSAL_NONE);
    assert_int_equal(put(&n, 3, "three"), REFUSAL_NONE);
    assert_int_equal(put(&n, 5, "five"), REFUSAL_NONE);
    expect(&n, "3=three 5=five 7=seven ");
    assert_int_equal(put(&n, 5, "FIVE!"), REFUSAL_NONE);
    expect(&n, "3=three 5=FIVE! 7=seven ");
    assert_int_equal(n.items[1].run_id[0], 'r');
    assert_int_equal(clear(&n, 3), REFUSAL_NONE);
    assert_int_equal(clear(&n, 3), REFUSAL_NONE);
    expect(&n, "5=FIVE! 7=seven ");
    assert_int_equal(clear(&n, 7), REFUSAL_NONE);
    assert_int_equal(clear(&n, 5), REFUSAL_NONE);
    expect(&n, "");
}

static void limits_hold(void **state)
{
    (void)state;
    static struct notes n;
    static struct order_note big;
    char why[TEXT_MAX] = "";

    memset(&n, 0, sizeof(n));
    for (uint32_t i = 0; i < NOTES_MAX; i++)
        assert_int_equal(put(&n, i * 2, "x"), REFUSAL_NONE);
    assert_int_equal(put(&n, 1, "one more"), REFUSAL_LIMIT);
    assert_int_equal(n.n, NOTES_MAX);
    assert_int_equal(put(&n, 4, "replaces"), REFUSAL_NONE);
    assert_int_equal(put(&n, 4, ""), REFUSAL_FORMAT);
    big.slot = 4;
    big.len = NOTE_MAX + 1;
    assert_int_equal(notes_apply(&n, &big, why), REFUSAL_FORMAT);
    assert_int_not_equal(why[0], '\0');
    big.len = NOTE_MAX;
    assert_int_equal(notes_apply(&n, &big, why), REFUSAL_NONE);
    assert_int_equal(n.items[2].len, NOTE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(put_replace_clear),
        cmocka_unit_test(limits_hold),
    };
    return cmocka_run_group_tests_name("notes", tests, NULL, NULL);
}
