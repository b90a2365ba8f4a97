#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "http_range.h"
#include "str.h"

#define WHOLE   HTTP_RANGE_WHOLE
#define PART    HTTP_RANGE_PART
#define OUTSIDE HTTP_RANGE_OUTSIDE

static const struct row {
    const char *text;
    uint64_t size;
    enum http_range_kind kind;
    uint64_t first, last;
} rows[] = {
    {NULL, 10, WHOLE, 0, 9},
    {NULL, 0, WHOLE, 0, 0},
    {"bytes=0-9", 10, PART, 0, 9},
    {"bytes=0-0", 10, PART, 0, 0},
    {"bytes=9-9", 10, PART, 9, 9},
    {"bytes=3-", 10, PART, 3, 9},
    {"bytes=0-", 10, PART, 0, 9},
    {"bytes=3-100", 10, PART, 3, 9},
    {"bytes=3-18446744073709551615", 10, PART, 3, 9},
    {"bytes=-1", 10, PART, 9, 9},
    {"bytes=-10", 10, PART, 0, 9},
    {"bytes=-11", 10, PART, 0, 9},
    {"bytes=-18446744073709551615", 10, PART, 0, 9},
    /* The server does not have that part. */
    {"bytes=10-", 10, OUTSIDE, 0, 0},
    {"bytes=10-11", 10, OUTSIDE, 0, 0},
    {"bytes=18446744073709551615-", 10, OUTSIDE, 0, 0},
    {"bytes=-0", 10, OUTSIDE, 0, 0},
    {"bytes=0-", 0, OUTSIDE, 0, 0},
    {"bytes=-5", 0, OUTSIDE, 0, 0},
    {"bytes=0-0", 0, OUTSIDE, 0, 0},
    /* The server ignores the range. */
    {"", 10, WHOLE, 0, 9},
    {"bytes", 10, WHOLE, 0, 9},
    {"bytes=", 10, WHOLE, 0, 9},
    {"bytes=-", 10, WHOLE, 0, 9},
    {"bytes=5", 10, WHOLE, 0, 9},
    {"bytes=5-4", 10, WHOLE, 0, 9},
    {"bytes=--4", 10, WHOLE, 0, 9},
    {"bytes=-4-", 10, WHOLE, 0, 9},
    {"bytes=1-2-3", 10, WHOLE, 0, 9},
    {"bytes=+1-2", 10, WHOLE, 0, 9},
    {"bytes= 1-2", 10, WHOLE, 0, 9},
    {"bytes=1 -2", 10, WHOLE, 0, 9},
    {"bytes=1-2 ", 10, WHOLE, 0, 9},
    {"bytes=0x1-2", 10, WHOLE, 0, 9},
    {"bytes=0-1,3-4", 10, WHOLE, 0, 9},
    {"bytes=0-,0-,0-,0-", 10, WHOLE, 0, 9},
    {"bytes=,1-2", 10, WHOLE, 0, 9},
    {"bytes=18446744073709551616-", 10, WHOLE, 0, 9},
    {"bytes=1-18446744073709551616", 10, WHOLE, 0, 9},
    {"bytes=-99999999999999999999999", 10, WHOLE, 0, 9},
    {"Bytes=1-2", 10, WHOLE, 0, 9},
    {"items=1-2", 10, WHOLE, 0, 9},
    {" bytes=1-2", 10, WHOLE, 0, 9},
};

static void each_text_has_its_range(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct row *w = &rows[i];
        struct http_range r = http_range_of(w->text, w->size);
        if (r.kind != w->kind || r.first != w->first || r.last != w->last)
            fail_msg("%s of %llu: kind %d, %llu-%llu", w->text != NULL ? w->text : "none",
                     (unsigned long long)w->size, (int)r.kind, (unsigned long long)r.first,
                     (unsigned long long)r.last);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_text_has_its_range)};
    return cmocka_run_group_tests_name("http_range", tests, NULL, NULL);
}
