/* layout.h: numbers of every width, and their ranges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "layout.h"

struct widths {
    uint8_t a;
    uint16_t b;
    uint32_t c;
    uint64_t d;
    bool e;
    struct {
        uint32_t f;
    } in;
};

static const struct field fields[] = {
    ROW_UINT("a", widths, a),
    ROW_UINT("b", widths, b),
    ROW_UINT("c", widths, c),
    ROW_LATER("d", widths, d),
    ROW("e", widths, e, FIELD_BOOL),
    {FIELD(widths, in.f, FIELD_UINT), .min = 3, .max = 9},
    ROW_ENUM("choice", widths, c, 1, 2),
};

static void test_every_width(void **state)
{
    struct widths w = {0};
    char *base = (char *)&w;
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        layout_store(base + fields[i].offset, fields[i].size, 0x8182838485868788u);
        uint64_t all = fields[i].size == 8 ? UINT64_MAX : ((uint64_t)1 << (8 * fields[i].size)) - 1;
        assert_true(layout_load(base + fields[i].offset, fields[i].size) ==
                    (0x8182838485868788u & all));
    }
    assert_true(w.a == 0x88 && w.b == 0x8788 && w.c == 0x85868788 && !w.e && w.in.f == 0);
    assert_true(fields[3].later && !fields[2].later);
    assert_string_equal(fields[5].name, "in.f");
}

static void test_range(void **state)
{
    static const struct {
        size_t field;
        uint64_t v;
        int rv;
        enum err_kind kind;
    } table[] = {
        {0, 255, 0, 0},
        {0, 256, -1, ERR_LIMIT},
        {1, 65536, -1, ERR_LIMIT},
        {3, UINT64_MAX, 0, 0},
        {4, 1, 0, 0},
        {4, 2, -1, ERR_LIMIT},
        {5, 2, -1, ERR_LIMIT},
        {5, 9, 0, 0},
        {5, 10, -1, ERR_LIMIT},
        {6, 0, -1, ERR_FORMAT},
        {6, 2, 0, 0},
        {6, 3, -1, ERR_FORMAT},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct err err = ERR_INIT;
        assert_int_equal(layout_range(&fields[table[i].field], table[i].v, &err), table[i].rv);
        if (table[i].rv < 0)
            assert_int_equal(err.kind, table[i].kind);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_width),
        cmocka_unit_test(test_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
