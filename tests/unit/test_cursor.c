#include "msgpack_tree.h"
#include "message_samples.h"

/* Values of every form, at the limits of every form, nested at random. */
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

/* Whatever one of the six functions accepts, msgpack-c reads as the same value and packs as the
 * same bytes. */
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
    int which; /* the cursor function: u i b t y a */
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
    {"\xdd\x10\x00\x00\x00", 5, 'a'}, /* announces 2^28 elements */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cursor_takes_what_msgpack_c_packs),
        cmocka_unit_test(test_cursor_and_msgpack_c_agree_on_random_bytes),
        cmocka_unit_test(test_cursor_refuses),
    };
    return cmocka_run_group_tests_name("cursor", tests, NULL, NULL);
}
