/* The position of a key is found, for any number of keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "key_index.h"

#define N 1000

static const char *text_at(const void *array, size_t place)
{
    return ((const char *const *)array)[place];
}

static void test_each_key_is_found(void **state)
{
    static char texts[N][40];
    const char *keys[N];
    struct arena a = ARENA_INIT;
    struct key_index x;
    (void)state;
    for (int i = 0; i < N; i++) {
        (void)snprintf(texts[i], sizeof(texts[i]), "c%08x-0000-4000-8000-%012x", i, i);
        keys[i] = texts[i];
    }
    for (size_t n = 0; n <= N; n += n < 20 ? 1 : 97) {
        key_index_make(&x, n, text_at, keys, &a);
        for (size_t i = 0; i < N; i++)
            assert_true(key_index_find(&x, texts[i], text_at, keys) == (i < n ? i : SIZE_MAX));
    }
    assert_true(key_index_find(&x, "", text_at, keys) == SIZE_MAX);
    arena_free(&a);
}

static void test_the_first_of_two_is_found(void **state)
{
    const char *keys[] = {"a", "b", "a", "b", ""};
    struct arena a = ARENA_INIT;
    struct key_index x;
    (void)state;
    key_index_make(&x, 5, text_at, keys, &a);
    assert_int_equal(key_index_find(&x, "a", text_at, keys), 0);
    assert_int_equal(key_index_find(&x, "b", text_at, keys), 1);
    assert_int_equal(key_index_find(&x, "", text_at, keys), 4);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_key_is_found),
        cmocka_unit_test(test_the_first_of_two_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
