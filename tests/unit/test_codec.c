#include <inttypes.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <msgpack.h>
#include "codec.h"
#include "codec_layout.h"
#include "cursor.h"
#include "message_samples.h"

#define ROUNDS 200

/* ---- round trips ---- */

static void order_round_trip(struct samples *s, enum message_kind kind)
{
    struct order o = {.head = {.kind = kind, .version = 1}}, back = o;
    auto_buf struct buf bytes = BUF_INIT, again = BUF_INIT;
    struct err err = ERR_INIT;

    sample_order(s, kind, &o);
    if (codec_pack_order(&o, &bytes, &err) < 0)
        fail_msg("%s", err.text);
    memset(&back.u, 0xaa, sizeof(back.u));
    if (codec_read_order(bytes.data, bytes.len, &back, &err) < 0)
        fail_msg("%s", err.text);
    assert_memory_equal(&o.u, &back.u, sizeof(o.u));
    assert_int_equal(codec_pack_order(&back, &again, &err), 0);
    assert_int_equal(bytes.len, again.len);
    assert_memory_equal(bytes.data, again.data, bytes.len);
}

static void receipt_round_trip(struct samples *s, enum message_kind kind)
{
    struct receipt r = {.head = {.kind = kind, .version = 1, .is_receipt = true}}, back = r;
    auto_buf struct buf bytes = BUF_INIT, again = BUF_INIT;
    struct err err = ERR_INIT;

    do { /* a full status is larger than a receipt may be: that is tested below */
        receipt_done_with(&r);
        sample_receipt(s, kind, &r);
    } while (codec_pack_receipt(&r, &bytes, &err) < 0);
    memset(&back.u, 0xaa, sizeof(back.u));
    if (codec_read_receipt(bytes.data, bytes.len, &back, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(codec_pack_receipt(&back, &again, &err), 0);
    assert_int_equal(bytes.len, again.len);
    assert_memory_equal(bytes.data, again.data, bytes.len);
    if (kind == MSG_STATUS) {
        struct note *mine = r.u.status.notes, *theirs = back.u.status.notes;
        assert_int_equal(r.u.status.n_notes, back.u.status.n_notes);
        if (r.u.status.n_notes > 0)
            assert_memory_equal(mine, theirs, r.u.status.n_notes * sizeof(*mine));
        free(mine);
        free(theirs);
        r.u.status.notes = back.u.status.notes = NULL;
    }
    assert_memory_equal(&r.u, &back.u, sizeof(r.u));
}

static void test_every_order_comes_back(void **state)
{
    struct samples s = {.state = 42};
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        for (enum message_kind k = MSG_HELLO; k < MSG_KIND_COUNT; k++)
            order_round_trip(&s, k);
    }
}

static void test_every_receipt_comes_back(void **state)
{
    struct samples s = {.state = 43};
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        for (enum message_kind k = MSG_HELLO; k < MSG_KIND_COUNT; k++)
            receipt_round_trip(&s, k);
    }
}

/* ---- the cursor against msgpack-c's own unpacker ---- */

static void same_as_tree(struct cursor *c, const msgpack_object *o)
{
    struct err err = ERR_INIT;
    const unsigned char *p;
    uint64_t u;
    int64_t i;
    size_t n;
    uint32_t count;
    bool b;

    if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER) {
        assert_int_equal(cursor_uint(c, &u, &err), 0);
        assert_int_equal(u, o->via.u64);
    } else if (o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER) {
        assert_int_equal(cursor_int(c, &i, &err), 0);
        assert_int_equal(i, o->via.i64);
    } else if (o->type == MSGPACK_OBJECT_BOOLEAN) {
        assert_int_equal(cursor_bool(c, &b, &err), 0);
        assert_int_equal(b, o->via.boolean);
    } else if (o->type == MSGPACK_OBJECT_STR) {
        assert_int_equal(cursor_text(c, &p, &n, &err), 0);
        assert_int_equal(n, o->via.str.size);
        assert_memory_equal(p, o->via.str.ptr, n);
    } else if (o->type == MSGPACK_OBJECT_BIN) {
        assert_int_equal(cursor_bytes(c, &p, &n, &err), 0);
        assert_int_equal(n, o->via.bin.size);
        assert_memory_equal(p, o->via.bin.ptr, n);
    } else {
        assert_int_equal(o->type, MSGPACK_OBJECT_ARRAY);
        assert_int_equal(cursor_array(c, &count, &err), 0);
        assert_int_equal(count, o->via.array.size);
        for (uint32_t k = 0; k < count; k++)
            same_as_tree(c, &o->via.array.ptr[k]);
    }
}

static void compare_with_tree(const void *p, size_t n)
{
    struct cursor c = {p, n, 0};
    struct err err = ERR_INIT;
    msgpack_unpacked tree;
    size_t off = 0;

    msgpack_unpacked_init(&tree);
    assert_int_equal(msgpack_unpack_next(&tree, (const char *)p, n, &off), MSGPACK_UNPACK_SUCCESS);
    assert_int_equal(off, n);
    same_as_tree(&c, &tree.data);
    assert_int_equal(cursor_end(&c, &err), 0);
    msgpack_unpacked_destroy(&tree);
}

static void test_messages_read_as_msgpack_c_reads_them(void **state)
{
    struct samples s = {.state = 44};
    struct err err = ERR_INIT;
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        for (enum message_kind k = MSG_HELLO; k < MSG_KIND_COUNT; k++) {
            auto_buf struct buf bytes = BUF_INIT;
            struct order o = {.head = {.kind = k, .version = 1}};
            struct receipt r = {.head = {.kind = k, .version = 1, .is_receipt = true}};
            sample_order(&s, k, &o);
            assert_int_equal(codec_pack_order(&o, &bytes, &err), 0);
            compare_with_tree(bytes.data, bytes.len);
            buf_clear(&bytes);
            sample_receipt(&s, k, &r);
            if (codec_pack_receipt(&r, &bytes, &err) == 0)
                compare_with_tree(bytes.data, bytes.len);
            receipt_done_with(&r);
        }
    }
}

/* Values of every form at every edge, nested at random. */
static void pack_anything(struct samples *s, msgpack_packer *pk, int depth)
{
    static const char body[70000];
    char text[300] = "";
    uint64_t pick = sample_below(s, depth < 4 ? 7 : 6);
    static const size_t sizes[] = {0, 1, 31, 32, 255, 256, 65535, 65536};
    size_t n = sizes[sample_below(s, ARRAY_LEN(sizes) - (depth > 0 ? 2 : 0))];

    if (pick == 0)
        msgpack_pack_uint64(pk, sample_number(s, UINT64_MAX));
    else if (pick == 1)
        msgpack_pack_int64(pk, -(int64_t)sample_number(s, INT64_MAX));
    else if (pick == 2)
        sample_below(s, 2) == 0 ? msgpack_pack_true(pk) : msgpack_pack_false(pk);
    else if (pick == 3)
        msgpack_pack_bin_with_body(pk, body, n);
    else if (pick <= 5) {
        sample_text(s, text, sizeof(text));
        msgpack_pack_str_with_body(pk, text, strlen(text));
    } else {
        static const size_t counts[] = {0, 1, 15, 16, 17};
        size_t count = counts[sample_below(s, ARRAY_LEN(counts) - (depth > 1 ? 3 : 0))];
        msgpack_pack_array(pk, count);
        for (size_t i = 0; i < count; i++)
            pack_anything(s, pk, depth + 1);
    }
}

static void test_cursor_takes_what_msgpack_c_packs(void **state)
{
    struct samples s = {.state = 45};
    (void)state;
    for (int i = 0; i < 2000; i++) {
        msgpack_sbuffer out;
        msgpack_packer pk;
        msgpack_sbuffer_init(&out);
        msgpack_packer_init(&pk, &out, msgpack_sbuffer_write);
        pack_anything(&s, &pk, 0);
        compare_with_tree(out.data, out.size);
        msgpack_sbuffer_destroy(&out);
    }
}

/* Whatever one of the six takes, msgpack-c reads as the same, and packs as the same bytes. */
static void same_or_refused(const unsigned char *p, size_t n)
{
    struct err err = ERR_INIT;
    const unsigned char *at;
    uint64_t u = 0;
    int64_t i = 0;
    size_t len = 0;
    uint32_t count;
    bool b = false;
    struct cursor c[6];
    for (size_t k = 0; k < ARRAY_LEN(c); k++)
        c[k] = (struct cursor){p, n, 0};
    const bool taken[] = {
        cursor_uint(&c[0], &u, &err) == 0,         cursor_int(&c[1], &i, &err) == 0,
        cursor_bool(&c[2], &b, &err) == 0,         cursor_text(&c[3], &at, &len, &err) == 0,
        cursor_bytes(&c[4], &at, &len, &err) == 0, cursor_array(&c[5], &count, &err) == 0,
    };
    for (size_t k = 0; k < 5; k++) {
        if (!taken[k]) {
            assert_int_equal(c[k].at, 0);
            continue;
        }
        compare_with_tree(p, c[k].at);
        msgpack_sbuffer out;
        msgpack_packer pk;
        msgpack_unpacked tree;
        msgpack_sbuffer_init(&out);
        msgpack_packer_init(&pk, &out, msgpack_sbuffer_write);
        msgpack_unpacked_init(&tree);
        (void)msgpack_unpack_next(&tree, (const char *)p, c[k].at, NULL);
        msgpack_pack_object(&pk, tree.data);
        assert_int_equal(out.size, c[k].at);
        assert_memory_equal(out.data, p, out.size);
        msgpack_unpacked_destroy(&tree);
        msgpack_sbuffer_destroy(&out);
    }
}

static void test_cursor_and_msgpack_c_agree_on_random_bytes(void **state)
{
    struct samples s = {.state = 46};
    unsigned char p[40];
    (void)state;
    for (int i = 0; i < 50000; i++) {
        size_t n = 1 + (size_t)sample_below(&s, sizeof(p));
        sample_bytes(&s, p, n);
        p[0] = (unsigned char)i; /* every tag, many times */
        same_or_refused(p, n);
    }
}

/* ---- what must be refused ---- */

static const struct {
    const char *bytes;
    size_t n;
    int which; /* cursor function: u i b t y a */
} refused[] = {
    {"\xcc\x7f", 2, 'u'},
    {"\xcd\x00\xff", 3, 'u'},
    {"\xce\x00\x00\xff\xff", 5, 'u'},
    {"\xcf\x00\x00\x00\x00\xff\xff\xff\xff", 9, 'u'},
    {"\xcc", 1, 'u'},
    {"\xff", 1, 'u'},
    {"\xd0\x01", 2, 'u'},
    {"", 0, 'u'},
    {"\xd0\xe0", 2, 'i'},
    {"\xd0\x05", 2, 'i'},
    {"\xd1\xff\x80", 3, 'i'},
    {"\xd1\x00\x05", 3, 'i'},
    {"\xd2\xff\xff\x80\x00", 5, 'i'},
    {"\xd3\xff\xff\xff\xff\x80\x00\x00\x00", 9, 'i'},
    {"\xd3\x00\x00\x00\x00\x00\x00\x00\x01", 9, 'i'},
    {"\xcf\x80\x00\x00\x00\x00\x00\x00\x00", 9, 'i'},
    {"\xc0", 1, 'b'},
    {"\x01", 1, 'b'},
    {"\xd9\x01"
     "a",
     3, 't'},
    {"\xda\x00\x20", 3, 't'},
    {"\xa1", 1, 't'},
    {"\xa2"
     "a",
     2, 't'},
    {"\xa1\x00", 2, 't'},
    {"\xa2\xc0\xaf", 3, 't'},         /* overlong */
    {"\xa3\xed\xa0\x80", 4, 't'},     /* surrogate */
    {"\xa4\xf4\x90\x80\x80", 5, 't'}, /* above U+10FFFF */
    {"\xa1\x80", 2, 't'},
    {"\xa2\xe2\x82", 3, 't'}, /* cut */
    {"\xc4\x01x", 3, 't'},
    {"\xc5\x00\x01x", 4, 'y'},
    {"\xc6\x00\x00\x00\x01x", 6, 'y'},
    {"\xc4\x02x", 3, 'y'},
    {"\xa1x", 2, 'y'},
    {"\xdc\x00\x0f", 3, 'a'},
    {"\xdd\x00\x00\x00\x10", 5, 'a'},
    {"\xdd\x10\x00\x00\x00", 5, 'a'}, /* asks for 2^28 elements */
    {"\x92\x01", 2, 'a'},
    {"\x80", 1, 'a'},
    {"\xc1", 1, 'a'},
    {"\xca\x00\x00\x00\x00", 5, 'u'},
    {"\xd4\x01\x01", 3, 'y'},
};

static void test_cursor_refuses(void **state)
{
    (void)state;
    for (size_t k = 0; k < ARRAY_LEN(refused); k++) {
        struct cursor c = {(const unsigned char *)refused[k].bytes, refused[k].n, 0};
        struct err err = ERR_INIT;
        const unsigned char *p = NULL;
        size_t n = 99;
        uint64_t u = 99;
        int64_t i = 99;
        uint32_t count = 99;
        bool b = true;
        int w = refused[k].which;
        int rv = w == 'u'   ? cursor_uint(&c, &u, &err)
                 : w == 'i' ? cursor_int(&c, &i, &err)
                 : w == 'b' ? cursor_bool(&c, &b, &err)
                 : w == 't' ? cursor_text(&c, &p, &n, &err)
                 : w == 'y' ? cursor_bytes(&c, &p, &n, &err)
                            : cursor_array(&c, &count, &err);
        if (rv == 0)
            fail_msg("row %zu was taken", k);
        assert_int_equal(err.kind, ERR_FORMAT);
        assert_int_equal(c.at, 0);
        assert_true(u == 99 && i == 99 && n == 99 && count == 99 && b && p == NULL);
    }
}

static void test_cut_or_longer_is_refused(void **state)
{
    struct samples s = {.state = 47, .small = true};
    (void)state;
    for (enum message_kind k = MSG_HELLO; k < MSG_KIND_COUNT; k++) {
        auto_buf struct buf bytes = BUF_INIT;
        struct err err = ERR_INIT;
        struct receipt r = {.head = {.kind = k, .version = 1, .is_receipt = true}}, back = r;
        sample_receipt(&s, k, &r);
        assert_int_equal(codec_pack_receipt(&r, &bytes, &err), 0);
        memset(&back.u, 0x5a, sizeof(back.u));
        struct receipt before = back;
        for (size_t n = 0; n < bytes.len; n++) {
            autofree unsigned char *cut = memcpy(xalloc(n), bytes.data, n);
            assert_int_equal(codec_read_receipt(cut, n, &back, &err), -1);
            assert_int_equal(err.kind, ERR_FORMAT);
        }
        assert_int_equal(buf_add_byte(&bytes, 0), 0);
        assert_int_equal(codec_read_receipt(bytes.data, bytes.len, &back, &err), -1);
        assert_memory_equal(&before, &back, sizeof(back)); /* outputs untouched */
        receipt_done_with(&r);
    }
}

static void test_changed_bytes_are_refused_or_mean_what_they_say(void **state)
{
    struct samples s = {.state = 48};
    size_t taken = 0, tried = 0;
    (void)state;
    for (int round = 0; round < 20; round++) {
        for (enum message_kind k = MSG_HELLO; k < MSG_KIND_COUNT; k++) {
            struct err err = ERR_INIT;
            auto_buf struct buf bytes = BUF_INIT, again = BUF_INIT;
            struct order o = {.head = {.kind = k, .version = 1}};
            sample_order(&s, k, &o);
            assert_int_equal(codec_pack_order(&o, &bytes, &err), 0);
            for (size_t i = 0; i < MIN_OF(bytes.len, (size_t)64); i++) {
                unsigned char was = bytes.data[i];
                bytes.data[i] = (unsigned char)sample_bits(&s);
                tried++;
                if (codec_read_order(bytes.data, bytes.len, &o, &err) == 0) {
                    taken++;
                    buf_clear(&again);
                    assert_int_equal(codec_pack_order(&o, &again, &err), 0);
                    assert_int_equal(again.len, bytes.len);
                    assert_memory_equal(again.data, bytes.data, bytes.len);
                }
                bytes.data[i] = was;
            }
        }
    }
    assert_true(taken > 0 && taken < tried);
}

/* ---- ranges ---- */

static int packs(const struct order *o, struct err *err)
{
    auto_buf struct buf bytes = BUF_INIT;
    return codec_pack_order(o, &bytes, err);
}

static void test_packing_keeps_the_limits(void **state)
{
    struct err err = ERR_INIT;
    struct order o = {.head = {.kind = MSG_STATUS, .version = 1}};
    (void)state;
    o.u.status.wait_ms = STATUS_WAIT_MAX_MS;
    assert_int_equal(packs(&o, &err), 0);
    o.u.status.wait_ms++;
    assert_int_equal(packs(&o, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_non_null(strstr(err.text, "wait_ms"));

    memset(&o.u, 0, sizeof(o.u));
    o.head.kind = MSG_LEASE; /* op 0 is none */
    assert_int_equal(packs(&o, &err), -1);
    assert_int_equal(err.kind, ERR_FORMAT);

    memset(&o.u, 0, sizeof(o.u));
    o.head.kind = MSG_NOTE;
    o.u.note.len = NOTE_MAX + 1;
    assert_int_equal(packs(&o, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);

    memset(&o.u, 0, sizeof(o.u));
    o.head.kind = MSG_STAGE;
    o.u.stage.n_urls = URLS_MAX + 1;
    assert_int_equal(packs(&o, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    o.u.stage.n_urls = 1;
    memset(o.u.stage.urls[0], 'u', URL_MAX_LEN); /* no NUL */
    assert_int_equal(packs(&o, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    memcpy(o.u.stage.urls[0], "http://\xff", 9);
    assert_int_equal(packs(&o, &err), -1);
    assert_int_equal(err.kind, ERR_FORMAT);

    memset(&o.u, 0, sizeof(o.u)); /* each within its limit, too much together */
    o.u.stage.manifest_len = MANIFEST_MAX;
    o.u.stage.n_urls = URLS_MAX;
    for (int i = 0; i < URLS_MAX; i++)
        memset(o.u.stage.urls[i], 'u', URL_MAX_LEN - 1);
    assert_int_equal(packs(&o, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
}

static void test_kinds_versions_and_directions(void **state)
{
    struct err err = ERR_INIT;
    struct order o = {.head = {.kind = MSG_NONE, .version = 1}};
    (void)state;
    assert_int_equal(packs(&o, &err), -1);
    assert_int_equal(err.kind, ERR_FORMAT);
    o.head = (struct header){.kind = MSG_CANCEL, .version = 2};
    assert_int_equal(packs(&o, &err), -1);
    assert_int_equal(err.kind, ERR_FORMAT);
    o.head = (struct header){.kind = MSG_KIND_COUNT, .version = 1};
    assert_int_equal(packs(&o, &err), -1);
    o.head = (struct header){.kind = MSG_CANCEL, .version = 1, .is_receipt = true};
    assert_int_equal(packs(&o, &err), -1);
    assert_int_equal(err.kind, ERR_USAGE);
}

static void test_prose_is_repaired(void **state)
{
    struct err err = ERR_INIT;
    auto_buf struct buf bytes = BUF_INIT;
    struct receipt r = {.head = {.kind = MSG_SWAP, .version = 1, .is_receipt = true}};
    (void)state;
    memcpy(r.u.done.text, "bad \xff\xe2\x82 end \xc3\xa9", 14);
    assert_int_equal(codec_pack_receipt(&r, &bytes, &err), 0);
    assert_int_equal(codec_read_receipt(bytes.data, bytes.len, &r, &err), 0);
    assert_string_equal(r.u.done.text, "bad ??? end \xc3\xa9");
}

static void test_a_full_status_is_too_large(void **state)
{
    struct err err = ERR_INIT;
    auto_buf struct buf bytes = BUF_INIT;
    struct receipt r = {.head = {.kind = MSG_STATUS, .version = 1, .is_receipt = true}};
    (void)state;
    r.u.status.n_notes = NOTES_MAX;
    r.u.status.notes = xzalloc(NOTES_MAX, sizeof(struct note));
    for (int i = 0; i < NOTES_MAX; i++)
        r.u.status.notes[i].len = NOTE_MAX;
    r.u.status.n_facts = FACTS_MAX;
    for (int i = 0; i < FACTS_MAX; i++)
        memset(r.u.status.facts[i].text, 'f', TEXT_MAX - 1);
    r.u.status.n_log = LOG_LINES_MAX;
    assert_int_equal(codec_pack_receipt(&r, &bytes, &err), 0);
    for (int i = 0; i < LOG_LINES_MAX; i++)
        memset(r.u.status.log[i].text, 'l', TEXT_MAX - 1);
    memset(r.u.status.verdict.evidence, 'e', sizeof(r.u.status.verdict.evidence) - 1);
    size_t before = bytes.len;
    int rv = codec_pack_receipt(&r, &bytes, &err);
    assert_int_equal(rv, -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_int_equal(bytes.len, before);
    receipt_done_with(&r);
}

static unsigned depth_of(const struct layout *l);

static unsigned depth_of_field(const struct field *f)
{
    if (f->type == FIELD_STRUCT)
        return depth_of(f->sub);
    return f->item != NULL ? 1 + depth_of_field(f->item) : 0;
}

static unsigned depth_of(const struct layout *l)
{
    unsigned deepest = 0;
    for (uint32_t i = 0; i < l->n; i++)
        deepest = MAX_OF(deepest, depth_of_field(&l->fields[i]));
    return deepest + 1;
}

static void test_no_message_is_too_deep(void **state)
{
    (void)state;
    for (enum message_kind k = MSG_HELLO; k < MSG_KIND_COUNT; k++) {
        assert_true(depth_of(message_layout(k, false, 1)) <= PAYLOAD_DEPTH_MAX);
        assert_true(depth_of(message_layout(k, true, 1)) <= PAYLOAD_DEPTH_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_order_comes_back),
        cmocka_unit_test(test_every_receipt_comes_back),
        cmocka_unit_test(test_messages_read_as_msgpack_c_reads_them),
        cmocka_unit_test(test_cursor_takes_what_msgpack_c_packs),
        cmocka_unit_test(test_cursor_and_msgpack_c_agree_on_random_bytes),
        cmocka_unit_test(test_cursor_refuses),
        cmocka_unit_test(test_cut_or_longer_is_refused),
        cmocka_unit_test(test_changed_bytes_are_refused_or_mean_what_they_say),
        cmocka_unit_test(test_packing_keeps_the_limits),
        cmocka_unit_test(test_kinds_versions_and_directions),
        cmocka_unit_test(test_prose_is_repaired),
        cmocka_unit_test(test_a_full_status_is_too_large),
        cmocka_unit_test(test_no_message_is_too_deep),
    };
    return cmocka_run_group_tests_name("codec", tests, NULL, NULL);
}
