/*
 * msgpack_tree.h - compares msgpack-c's own unpacker with our cursor on the same bytes.
 */
#ifndef MSGPACK_TREE_H
#define MSGPACK_TREE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <msgpack.h>
#include "cursor.h"

UNUSED static void same_as_tree(struct cursor *c, const msgpack_object *o)
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

UNUSED static void compare_with_tree(const void *p, size_t n)
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

#endif
