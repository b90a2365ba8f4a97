#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "arena.h"

static void gives_zeroed_aligned_memory(void **state)
{
    (void)state;
    auto_arena struct arena a = ARENA_INIT;
    for (size_t n = 0; n < 3000; n += 7) {
        unsigned char *p = arena_alloc(&a, n);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xff, n);
    }
}

static void strings(void **state)
{
    (void)state;
    auto_arena struct arena a = ARENA_INIT;
    char *one = arena_strdup(&a, "one");
    char *two = arena_strndup(&a, "twofold", 3);
    char *cut = arena_strndup(&a, "x", 100);
    char *text = arena_printf(&a, "%s-%d", one, 7);
    assert_string_equal(one, "one");
    assert_string_equal(two, "two");
    assert_string_equal(cut, "x");
    assert_string_equal(text, "one-7");
}

/* After a reset, memory is zeroed again when it is allocated, and the arena keeps the largest
 * block. */
static void reset_starts_over(void **state)
{
    (void)state;
    auto_arena struct arena a = ARENA_INIT;
    memset(arena_alloc(&a, 3 * 1024 * 1024), 0xff, 3 * 1024 * 1024);
    memset(arena_alloc(&a, 5 * 1024 * 1024), 0xff, 5 * 1024 * 1024);
    memset(arena_alloc(&a, 100), 0xff, 100);
    struct arena_block *before = a.head;
    arena_reset(&a);
    assert_int_equal(a.used, 0);
    const unsigned char *p = arena_alloc(&a, 5 * 1024 * 1024);
    for (size_t i = 0; i < 5 * 1024 * 1024; i++)
        if (p[i] != 0)
            fail_msg("byte %zu is not zero", i);
    assert_ptr_not_equal(a.head, before);
    struct arena_block *head = a.head;
    arena_reset(&a);
    arena_alloc(&a, 4 * 1024 * 1024);
    assert_ptr_equal(a.head, head);
}

static void free_twice_and_empty(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    arena_reset(&a);
    arena_free(&a);
    arena_alloc(&a, 1);
    arena_free(&a);
    arena_free(&a);
    assert_null(a.head);
    assert_int_equal(a.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_zeroed_aligned_memory),
        cmocka_unit_test(strings),
        cmocka_unit_test(reset_starts_over),
        cmocka_unit_test(free_twice_and_empty),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
