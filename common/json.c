#include <jansson.h>
/* The library has macros of these names. */
#undef json_is_object
#undef json_is_array
#include "json.h"
#include "str.h"

/* struct json is jansson's json_t under another name. */
static json_t *to_jansson(const struct json *v)
{
    return (json_t *)(uintptr_t)v;
}

static struct json *from_jansson(json_t *v)
{
    if (v == NULL)
        die_oom(); /* the callers have excluded all other reasons */
    return (struct json *)(void *)v;
}

static bool is_json_type(const struct json *v, json_type type)
{
    return v != NULL && json_typeof(to_jansson(v)) == type;
}

int json_parse(const void *p, size_t n, size_t max, struct json **ret, struct err *err)
{
    json_error_t why;
    if (n > max)
        return err_set(err, ERR_LIMIT, 0, "JSON of %zu bytes, more than %zu", n, max);
    json_t *v = json_loadb(p, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (v == NULL)
        return err_set(err, ERR_FORMAT, 0, "not JSON: line %d, column %d: %s", why.line, why.column,
                       why.text);
    *ret = from_jansson(v);
    return 0;
}

void json_free(struct json *root)
{
    json_decref(to_jansson(root));
}

const struct json *json_get(const struct json *o, const char *key)
{
    return (const struct json *)(const void *)json_object_get(to_jansson(o), key);
}

bool json_has(const struct json *o, const char *key)
{
    const struct json *v = json_get(o, key);
    return v != NULL && !is_json_type(v, JSON_NULL);
}

bool json_is_object(const struct json *v)
{
    return is_json_type(v, JSON_OBJECT);
}

bool json_is_array(const struct json *v)
{
    return is_json_type(v, JSON_ARRAY);
}

bool json_is_text(const struct json *v)
{
    return is_json_type(v, JSON_STRING);
}

bool json_is_int(const struct json *v)
{
    return is_json_type(v, JSON_INTEGER);
}

bool json_is_bool(const struct json *v)
{
    return is_json_type(v, JSON_TRUE) || is_json_type(v, JSON_FALSE);
}

size_t json_len(const struct json *v)
{
    return json_is_array(v) ? json_array_size(to_jansson(v)) : json_object_size(to_jansson(v));
}

const struct json *json_item(const struct json *a, size_t i)
{
    return (const struct json *)(const void *)json_array_get(to_jansson(a), i);
}

const struct json *json_pair(const struct json *o, size_t i, const char **ret_key)
{
    void *at = json_object_iter(to_jansson(o));
    for (; at != NULL && i > 0; i--)
        at = json_object_iter_next(to_jansson(o), at);
    if (at == NULL)
        return NULL;
    *ret_key = json_object_iter_key(at);
    return (const struct json *)(const void *)json_object_iter_value(at);
}

const char *json_text_of(const struct json *v, const char *def)
{
    return json_is_text(v) ? json_string_value(to_jansson(v)) : def;
}

int64_t json_int_of(const struct json *v, int64_t def)
{
    return json_is_int(v) ? (int64_t)json_integer_value(to_jansson(v)) : def;
}

bool json_bool_of(const struct json *v, bool def)
{
    return json_is_bool(v) ? is_json_type(v, JSON_TRUE) : def;
}

const char *json_str(const struct json *o, const char *key, const char *def)
{
    return json_text_of(json_get(o, key), def);
}

int64_t json_int(const struct json *o, const char *key, int64_t def)
{
    return json_int_of(json_get(o, key), def);
}

bool json_bool(const struct json *o, const char *key, bool def)
{
    return json_bool_of(json_get(o, key), def);
}

/* ---- writing ---- */

struct json *json_new_object(void)
{
    return from_jansson(json_object());
}

struct json *json_new_array(void)
{
    return from_jansson(json_array());
}

static struct json *new_json_text(const char *v)
{
    if (v == NULL)
        return from_jansson(json_null());
    json_t *text = json_string(v);
    if (text != NULL)
        return from_jansson(text);
    auto_buf struct buf visible = BUF_INIT;
    str_escape(&visible, v, strlen(v));
    return from_jansson(json_string(buf_str(&visible)));
}

void json_set(struct json *o, const char *key, struct json *v)
{
    if (json_object_set_new(to_jansson(o), key, to_jansson(v)) < 0)
        die_oom();
}

void json_add(struct json *a, struct json *v)
{
    if (json_array_append_new(to_jansson(a), to_jansson(v)) < 0)
        die_oom();
}

void json_set_str(struct json *o, const char *key, const char *v)
{
    json_set(o, key, new_json_text(v));
}

void json_set_int(struct json *o, const char *key, int64_t v)
{
    json_set(o, key, from_jansson(json_integer((json_int_t)v)));
}

void json_set_bool(struct json *o, const char *key, bool v)
{
    json_set(o, key, from_jansson(json_boolean(v)));
}

void json_set_null(struct json *o, const char *key)
{
    json_set(o, key, from_jansson(json_null()));
}

void json_add_str(struct json *a, const char *v)
{
    json_add(a, new_json_text(v));
}

static int add_piece(const char *p, size_t n, void *out)
{
    return buf_add(out, p, n);
}

/* Writes unseen characters as \u escapes. The value stays the same: characters other than ASCII
 * occur only inside strings. */
static void add_visible(const char *s, size_t n, struct buf *out)
{
    for (size_t len; n > 0; s += len, n -= len) {
        uint32_t c = 0;
        bool unseen = false;
        len = MAX_OF(str_code_point(s, n, &c, &unseen), (size_t)1);
        if (!unseen)
            buf_add(out, s, len);
        else if (c > 0xffff)
            buf_printf(out, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10), 0xdc00 + (c & 0x3ff));
        else
            buf_printf(out, "\\u%04x", c);
    }
}

void json_text(const struct json *v, struct buf *out)
{
    /* Cannot fail: `plain` has no limit. If `out` has a limit, the text is cut there. */
    auto_buf struct buf plain = BUF_INIT;
    (void)json_dump_callback(to_jansson(v), add_piece, &plain, JSON_COMPACT | JSON_ENCODE_ANY);
    add_visible(buf_str(&plain), plain.len, out);
}
