#include "fuzz_target.h"
#include "json.h"
#include "str.h"

#define DEPTH 40

/* Calls every accessor on every value, whatever its type is. */
static size_t walk(const struct json *v, int depth)
{
    size_t seen = 1;
    const char *key = NULL;
    (void)json_int_of(v, 1);
    (void)json_bool_of(v, true);
    FUZZ_CHECK(json_text_of(v, "d") != NULL);
    FUZZ_CHECK(json_is_object(v) + json_is_array(v) + json_is_text(v) + json_is_int(v) +
                   json_is_bool(v) <=
               1);
    for (size_t i = 0; depth > 0 && i < json_len(v) && i < 50; i++) {
        const struct json *item = json_is_array(v) ? json_item(v, i) : json_pair(v, i, &key);
        FUZZ_CHECK(item != NULL);
        if (json_is_object(v))
            FUZZ_CHECK(json_get(v, key) == item);
        seen += walk(item, depth - 1);
    }
    return seen;
}

/* A written text, read back and written again, is the same text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_json struct json *v = NULL;
    auto_json struct json *again = NULL;
    auto_buf struct buf once = BUF_INIT;
    auto_buf struct buf twice = BUF_INIT;
    struct err err = ERR_INIT;
    if (json_parse(data, size, 64 * 1024, &v, &err) < 0) {
        FUZZ_CHECK(err.kind == ERR_FORMAT || err.kind == ERR_LIMIT);
        return 0;
    }
    walk(v, DEPTH);
    (void)json_get(v, "a");
    json_text(v, &once);
    FUZZ_CHECK(json_parse(once.data, once.len, SIZE_MAX, &again, &err) == 0);
    json_text(again, &twice);
    FUZZ_CHECK(str_eq(buf_str(&once), buf_str(&twice)));
    return 0;
}
