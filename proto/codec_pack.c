#include <inttypes.h>
#include <limits.h>
#include <msgpack/pack.h>
#include "codec_layout.h"
#include "cursor.h"

static int append_packed(void *data, const char *p, size_t n)
{
    return buf_add(data, p, n);
}

static int pack_all_fields(msgpack_packer *pk, const struct layout *l, const char *base,
                           struct err *err);

/* Checks the range before it writes the number. */
static int pack_number_field(msgpack_packer *pk, const struct field *f, const char *at,
                             struct err *err)
{
    uint64_t v = layout_load(at, f->size);
    if (layout_range(f, v, err) < 0)
        return -1;
    msgpack_pack_uint64(pk, v);
    return 0;
}

static int pack_int_field(msgpack_packer *pk, const struct field *f, const char *at,
                          struct err *err)
{
    int64_t v;
    (void)f;
    (void)err;
    memcpy(&v, at, sizeof(v));
    msgpack_pack_int64(pk, v);
    return 0;
}

static int pack_bool_field(msgpack_packer *pk, const struct field *f, const char *at,
                           struct err *err)
{
    (void)f;
    (void)err;
    if (*at != 0)
        msgpack_pack_true(pk);
    else
        msgpack_pack_false(pk);
    return 0;
}

static int pack_name_field(msgpack_packer *pk, const struct field *f, const char *at,
                           struct err *err)
{
    size_t n = strnlen(at, f->size);
    if (n == f->size)
        return err_set(err, ERR_LIMIT, 0, "the text is longer than %zu bytes", f->size - 1);
    const unsigned char *p = (const unsigned char *)at;
    for (size_t i = 0, len; i < n; i += len) {
        len = utf8_char_len(p + i, n - i);
        if (len == 0)
            return err_set(err, ERR_FORMAT, 0, "the text is not valid UTF-8");
    }
    msgpack_pack_str(pk, n);
    msgpack_pack_str_body(pk, at, n);
    return 0;
}

static int pack_prose_field(msgpack_packer *pk, const struct field *f, const char *at,
                            struct err *err)
{
    size_t n = strnlen(at, f->size);
    if (n == f->size)
        return err_set(err, ERR_LIMIT, 0, "the text is longer than %zu bytes", f->size - 1);
    const unsigned char *p = (const unsigned char *)at;
    msgpack_pack_str(pk, n);
    for (size_t i = 0; i < n;) {
        size_t len = utf8_char_len(p + i, n - i);
        msgpack_pack_str_body(pk, len > 0 ? at + i : "?", MAX_OF(len, (size_t)1));
        i += MAX_OF(len, (size_t)1);
    }
    return 0;
}

static int pack_bytes_field(msgpack_packer *pk, const struct field *f, const char *at,
                            struct err *err)
{
    (void)err;
    msgpack_pack_bin(pk, f->size);
    msgpack_pack_bin_body(pk, at, f->size);
    return 0;
}

static int pack_struct_field(msgpack_packer *pk, const struct field *f, const char *at,
                             struct err *err)
{
    return pack_all_fields(pk, f->sub, at, err);
}

typedef int pack_fn(msgpack_packer *pk, const struct field *f, const char *at, struct err *err);

static pack_fn *const packers[FIELD_TYPE_COUNT] = {
    [FIELD_UINT] = pack_number_field, [FIELD_INT] = pack_int_field,
    [FIELD_BOOL] = pack_bool_field,   [FIELD_ENUM] = pack_number_field,
    [FIELD_NAME] = pack_name_field,   [FIELD_PROSE] = pack_prose_field,
    [FIELD_BYTES] = pack_bytes_field, [FIELD_STRUCT] = pack_struct_field,
};

static int pack_blob_field(msgpack_packer *pk, const struct field *f, const char *base,
                           struct err *err)
{
    uint64_t n = layout_load(base + f->count, sizeof(size_t));
    if (n > f->max)
        return err_set(err, ERR_LIMIT, 0, "%" PRIu64 " bytes, at most %" PRIu64 " are allowed", n,
                       f->max);
    msgpack_pack_bin(pk, (size_t)n);
    msgpack_pack_bin_body(pk, base + f->offset, (size_t)n);
    return 0;
}

static int pack_list_field(msgpack_packer *pk, const struct field *f, const char *base,
                           struct err *err)
{
    uint64_t n = layout_load(base + f->count, sizeof(uint32_t));
    if (n > f->max)
        return err_set(err, ERR_LIMIT, 0, "%" PRIu64 " items, at most %" PRIu64 " are allowed", n,
                       f->max);
    const char *items = base + f->offset;
    if (f->type == FIELD_OWNED)
        memcpy(&items, base + f->offset, sizeof(items));
    msgpack_pack_array(pk, (size_t)n);
    for (uint64_t i = 0; i < n; i++) {
        if (packers[f->item->type](pk, f->item, items + i * f->item->size, err) < 0)
            return err_wrap(err, "item %" PRIu64, i);
    }
    return 0;
}

static int pack_one_field(msgpack_packer *pk, const struct field *f, const char *base,
                          struct err *err)
{
    if (f->type == FIELD_BLOB)
        return pack_blob_field(pk, f, base, err);
    if (f->type == FIELD_LIST || f->type == FIELD_OWNED)
        return pack_list_field(pk, f, base, err);
    return packers[f->type](pk, f, base + f->offset, err);
}

static int pack_all_fields(msgpack_packer *pk, const struct layout *l, const char *base,
                           struct err *err)
{
    msgpack_pack_array(pk, l->n);
    for (uint32_t i = 0; i < l->n; i++) {
        if (pack_one_field(pk, &l->fields[i], base, err) < 0)
            return err_wrap(err, "%s", l->fields[i].name);
    }
    return 0;
}

int layout_pack(const struct layout *l, const void *base, size_t max, struct buf *ret,
                struct err *err)
{
    auto_buf struct buf bytes = BUF_INIT;
    msgpack_packer pk;

    msgpack_packer_init(&pk, &bytes, append_packed);
    if (pack_all_fields(&pk, l, base, err) < 0)
        return err_wrap(err, "pack %s", l->name);
    if (bytes.len > max)
        return err_set(err, ERR_LIMIT, 0, "pack %s: %zu bytes, at most %zu are allowed", l->name,
                       bytes.len, max);
    if (buf_add(ret, bytes.data, bytes.len) < 0)
        return err_set(err, ERR_LIMIT, 0, "pack %s: the buffer has no room for %zu bytes", l->name,
                       bytes.len);
    return 0;
}
