/* Compares the tables of proto/README.md with the tables of the code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "codec_layout.h"
#include "envelope.h"
#include "file.h"

static int setup(void **state)
{
    const char *root = getenv("CARAVAN_ROOT");
    struct err err = ERR_INIT;
    struct buf *text = xzalloc(1, sizeof(*text));
    char path[400];
    snprintf(path, sizeof(path), "%.300s/proto/README.md", root != NULL ? root : ".");
    if (file_read(path, 1 << 20, 0, text, &err) < 0) {
        fprintf(stderr, "# %s\n", err.text);
        return -1;
    }
    *state = text;
    return 0;
}

static int teardown(void **state)
{
    buf_free(*state);
    free(*state);
    return 0;
}

static void describe_type(const struct field *f, struct buf *out)
{
    static const char *const words[FIELD_TYPE_COUNT] = {
        [FIELD_INT] = "i64",     [FIELD_BOOL] = "bool",     [FIELD_ENUM] = "enum",
        [FIELD_NAME] = "text ",  [FIELD_PROSE] = "prose ",  [FIELD_BYTES] = "bytes ",
        [FIELD_BLOB] = "blob ",  [FIELD_STRUCT] = "struct", [FIELD_LIST] = "list ",
        [FIELD_OWNED] = "list ",
    };
    unsigned long long size = f->size, max = f->max;

    if (f->type == FIELD_UINT) {
        (void)buf_printf(out, "u%llu", size * 8);
        if (f->max != UINT64_MAX)
            (void)buf_printf(out, " (<= %llu)", max);
        return;
    }
    (void)buf_add_str(out, words[f->type]);
    if (f->type == FIELD_NAME || f->type == FIELD_PROSE)
        (void)buf_printf(out, "%llu", size - 1);
    if (f->type == FIELD_BYTES)
        (void)buf_printf(out, "%llu", size);
    if (f->type == FIELD_BLOB || f->item != NULL)
        (void)buf_printf(out, "%llu", max);
    if (f->item != NULL) {
        (void)buf_add_str(out, " of ");
        if (f->item->type == FIELD_STRUCT)
            (void)buf_add_str(out, f->item->sub->name);
        else
            describe_type(f->item, out);
    }
}

static void describe(const struct layout *l, struct buf *out)
{
    for (uint32_t i = 0; i < l->n; i++) {
        (void)buf_printf(out, "%s%s ", i > 0 ? ", " : "", l->fields[i].name);
        describe_type(&l->fields[i], out);
    }
}

/* There must be a row "| <start> |...| <fields> |". */
static void expect_row(const struct buf *readme, const char *start, const struct layout *l)
{
    auto_buf struct buf fields = BUF_INIT, from = BUF_INIT;
    describe(l, &fields);
    (void)buf_printf(&from, "\n| %s |", start);
    const char *row = strstr(buf_str(readme), buf_str(&from));
    if (row == NULL)
        fail_msg("no row for %s", start);
    const char *end = strchr(row + 1, '\n');
    (void)buf_add_str(&fields, " |\n");
    size_t n = fields.len;
    if ((size_t)(end + 1 - row) < n || memcmp(end + 1 - n, fields.data, n) != 0)
        fail_msg("the row of %s does not say: %s", start, buf_str(&fields));
}

static unsigned newest(enum message_kind kind)
{
    return kind == MSG_HELLO ? 1 : WIRE_MAX;
}

static void test_orders(void **state)
{
    for (enum message_kind k = MSG_HELLO; k < MSG_KIND_COUNT; k++) {
        char start[40];
        snprintf(start, sizeof(start), "%d %s", (int)k, message_kind_name(k));
        expect_row(*state, start, message_layout(k, false, newest(k)));
    }
}

static void expect_structs(const struct buf *readme, const struct layout *l)
{
    for (uint32_t i = 0; i < l->n; i++) {
        const struct field *f = l->fields[i].item != NULL ? l->fields[i].item : &l->fields[i];
        if (f->type == FIELD_STRUCT)
            expect_row(readme, f->sub->name, f->sub);
    }
}

static void test_receipts(void **state)
{
    expect_row(*state, "hello", message_layout(MSG_HELLO, true, 1));
    expect_row(*state, "status", message_layout(MSG_STATUS, true, WIRE_MAX));
    for (enum message_kind k = MSG_LEASE; k < MSG_KIND_COUNT; k++)
        expect_row(*state, "done", message_layout(k, true, WIRE_MAX));
    expect_structs(*state, message_layout(MSG_HELLO, true, 1));
    expect_structs(*state, message_layout(MSG_STATUS, true, WIRE_MAX));
    expect_structs(*state, message_layout(MSG_LEASE, true, WIRE_MAX));
}

static void test_sizes(void **state)
{
    char text[80];
    assert_int_equal(FRAME_ORDER_MAX, 16679);
    assert_int_equal(FRAME_RECEIPT_MAX, 65831);
    snprintf(text, sizeof(text), "%d,%03d / %d,%03d bytes", FRAME_ORDER_MAX / 1000,
             FRAME_ORDER_MAX % 1000, FRAME_RECEIPT_MAX / 1000, FRAME_RECEIPT_MAX % 1000);
    assert_non_null(strstr(buf_str(*state), text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_receipts),
        cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests_name("wire_readme", tests, setup, teardown);
}
