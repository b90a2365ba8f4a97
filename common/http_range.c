#include "http_range.h"

#include "str.h"

#define UNIT   "bytes="
#define NUMBER 21 /* the digits of 2^64, and a NUL */

/* Reads a number from `from` up to `end`. False: there are no digits, too many, or other bytes. */
static bool read_range_number(const char *from, const char *end, uint64_t *ret)
{
    char digits[NUMBER];
    size_t n = (size_t)(end - from);

    if (n == 0 || n >= sizeof(digits))
        return false;
    memcpy(digits, from, n);
    digits[n] = '\0';
    return str_to_u64(digits, UINT64_MAX, ret) == 0;
}

static struct http_range make_outside_range(void)
{
    return (struct http_range){.kind = HTTP_RANGE_OUTSIDE};
}

static struct http_range make_part_range(uint64_t first, uint64_t last)
{
    return (struct http_range){.kind = HTTP_RANGE_PART, .first = first, .last = last};
}

struct http_range http_range_of(const char *text, uint64_t size)
{
    const struct http_range whole = {.kind = HTTP_RANGE_WHOLE, .last = size > 0 ? size - 1 : 0};
    uint64_t first = 0, last = 0;

    if (text == NULL || !str_starts(text, UNIT))
        return whole;
    const char *from = text + sizeof(UNIT) - 1, *dash = strchr(from, '-');
    if (dash == NULL)
        return whole;
    const char *rest = dash + 1, *end = rest + strlen(rest);
    if (dash == from) {
        if (!read_range_number(rest, end, &last))
            return whole;
        return last == 0 || size == 0 ? make_outside_range()
                                      : make_part_range(last < size ? size - last : 0, size - 1);
    }
    if (!read_range_number(from, dash, &first))
        return whole;
    last = UINT64_MAX;
    if (*rest != '\0' && (!read_range_number(rest, end, &last) || last < first))
        return whole;
    return first >= size ? make_outside_range()
                         : make_part_range(first, last < size ? last : size - 1);
}
