#include <inttypes.h>
#include "codec_layout.h"
#include "cursor.h"

static int read_all_fields(struct cursor *c, const struct layout *l, char *base, struct err *err);

/* Adds the position to the error: layout_range does not know it. */
static int check_field_range(const struct cursor *c, const struct field *f, uint64_t v,
                             struct err *err)
{
    if (layout_range(f, v, err) < 0)
        return err_wrap(err, "before byte %zu", c->at);
    return 0;
}

static int read_number_field(struct cursor *c, const struct field *f, char *at, struct err *err)
{
    uint64_t v;
    if (cursor_uint(c, &v, err) < 0 || check_field_range(c, f, v, err) < 0)
        return -1;
    layout_store(at, f->size, v);
    return 0;
}

static int read_int_field(struct cursor *c, const struct field *f, char *at, struct err *err)
{
    int64_t v;
    (void)f;
    if (cursor_int(c, &v, err) < 0)
        return -1;
    memcpy(at, &v, sizeof(v));
    return 0;
}

static int read_bool_field(struct cursor *c, const struct field *f, char *at, struct err *err)
{
    bool v;
    (void)f;
    if (cursor_bool(c, &v, err) < 0)
        return -1;
    memcpy(at, &v, sizeof(v));
    return 0;
}

static int read_text_field(struct cursor *c, const struct field *f, char *at, struct err *err)
{
    const unsigned char *p;
    size_t n;
    if (cursor_text(c, &p, &n, err) < 0)
        return -1;
    if (n >= f->size)
        return err_set(err, ERR_LIMIT, 0,
                       "before byte %zu: a text of %zu bytes, at most %zu are "
                       "allowed",
                       c->at, n, f->size - 1);
    memcpy(at, p, n); /* the bytes after it are zero already */
    return 0;
}

static int read_bytes_field(struct cursor *c, const struct field *f, char *at, struct err *err)
{
    const unsigned char *p;
    size_t n;
    if (cursor_bytes(c, &p, &n, err) < 0)
        return -1;
    if (n != f->size)
        return err_set(err, ERR_FORMAT, 0, "before byte %zu: %zu bytes, not %zu", c->at, n,
                       f->size);
    memcpy(at, p, n);
    return 0;
}

static int read_struct_field(struct cursor *c, const struct field *f, char *at, struct err *err)
{
    return read_all_fields(c, f->sub, at, err);
}

typedef int read_fn(struct cursor *c, const struct field *f, char *at, struct err *err);

static read_fn *const readers[FIELD_TYPE_COUNT] = {
    [FIELD_UINT] = read_number_field, [FIELD_INT] = read_int_field,
    [FIELD_BOOL] = read_bool_field,   [FIELD_ENUM] = read_number_field,
    [FIELD_NAME] = read_text_field,   [FIELD_PROSE] = read_text_field,
    [FIELD_BYTES] = read_bytes_field, [FIELD_STRUCT] = read_struct_field,
};

static int read_blob_field(struct cursor *c, const struct field *f, char *base, struct err *err)
{
    const unsigned char *p;
    size_t n;
    if (cursor_bytes(c, &p, &n, err) < 0)
        return -1;
    if (n > f->max)
        return err_set(err, ERR_LIMIT, 0,
                       "before byte %zu: %zu bytes, at most %" PRIu64 " are allowed", c->at, n,
                       f->max);
    memcpy(base + f->offset, p, n);
    memcpy(base + f->count, &n, sizeof(n));
    return 0;
}

static int read_list_field(struct cursor *c, const struct field *f, char *base, struct err *err)
{
    uint32_t n;
    if (cursor_array(c, &n, err) < 0)
        return -1;
    if (n > f->max)
        return err_set(err, ERR_LIMIT, 0,
                       "before byte %zu: %" PRIu32 " items, at most %" PRIu64 " are allowed", c->at,
                       n, f->max);
    char *items = base + f->offset;
    if (f->type == FIELD_OWNED) {
        items = n > 0 ? xzalloc(n, f->item->size) : NULL;
        memcpy(base + f->offset, &items, sizeof(items));
    }
    memcpy(base + f->count, &n, sizeof(n));
    for (uint32_t i = 0; i < n; i++) {
        if (readers[f->item->type](c, f->item, items + i * f->item->size, err) < 0)
            return err_wrap(err, "item %" PRIu32, i);
    }
    return 0;
}

static int read_one_field(struct cursor *c, const struct field *f, char *base, struct err *err)
{
    if (f->type == FIELD_BLOB)
        return read_blob_field(c, f, base, err);
    if (f->type == FIELD_LIST || f->type == FIELD_OWNED)
        return read_list_field(c, f, base, err);
    return readers[f->type](c, f, base + f->offset, err);
}

static int read_all_fields(struct cursor *c, const struct layout *l, char *base, struct err *err)
{
    uint32_t n;
    if (cursor_array(c, &n, err) < 0)
        return -1;
    if (n != l->n)
        return err_set(err, ERR_FORMAT, 0,
                       "before byte %zu: an array of %" PRIu32 ", not of %" PRIu32, c->at, n, l->n);
    for (uint32_t i = 0; i < n; i++) {
        if (read_one_field(c, &l->fields[i], base, err) < 0)
            return err_wrap(err, "%s", l->fields[i].name);
    }
    return 0;
}

int layout_read(const struct layout *l, const void *p, size_t n, void *base, struct err *err)
{
    struct cursor c = {p, n, 0};
    if (read_all_fields(&c, l, base, err) < 0 || cursor_end(&c, err) < 0)
        return err_wrap(err, "read %s", l->name);
    return 0;
}
