#include "layout.h"

#include <inttypes.h>
#include <string.h>
#include "compiler.h"

uint64_t layout_load(const void *p, size_t size)
{
    union {
        uint8_t v8;
        uint16_t v16;
        uint32_t v32;
        uint64_t v64;
    } v = {.v64 = 0};

    memcpy(&v, p, size);
    const uint64_t by_size[] = {[1] = v.v8, [2] = v.v16, [4] = v.v32, [8] = v.v64};
    return by_size[size];
}

void layout_store(void *p, size_t size, uint64_t v)
{
    uint8_t v8 = (uint8_t)v;
    uint16_t v16 = (uint16_t)v;
    uint32_t v32 = (uint32_t)v;
    const void *const from[] = {[1] = &v8, [2] = &v16, [4] = &v32, [8] = &v};

    memcpy(p, from[size], size);
}

int layout_range(const struct field *f, uint64_t v, struct err *err)
{
    uint64_t widest = f->size >= 8 ? UINT64_MAX : ((uint64_t)1 << (8 * f->size)) - 1;
    uint64_t max = f->type == FIELD_BOOL ? 1 : MIN_OF(f->max, widest);

    if (v >= f->min && v <= max)
        return 0;
    return err_set(err, f->type == FIELD_ENUM ? ERR_FORMAT : ERR_LIMIT, 0,
                   "%" PRIu64 " is not within %" PRIu64 " to %" PRIu64, v, f->min, max);
}
