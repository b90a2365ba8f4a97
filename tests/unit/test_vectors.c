/*
 * The golden vectors: tests/vectors/README.md. `test_vectors --print DIR` writes the missing files
 * of the present version, `--corpus DIR` writes seeds for the fuzz targets; without an option this
 * is a cmocka program.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <cmocka.h>
#include "codec.h"
#include "file.h"
#include "str.h"
#include "vector_cases.h"

#define FILE_MAX 400000

struct bench {
    struct vector_keys keys;
    struct vector_set set;
    char dir[400];
};

static void bench_init(struct bench *b)
{
    const char *root = getenv("CARAVAN_ROOT");
    memset(b, 0, sizeof(*b));
    vector_keys_init(&b->keys);
    vector_valid(&b->keys, &b->set);
    vector_invalid(&b->keys, &b->set);
    snprintf(b->dir, sizeof(b->dir), "%.300s/tests/vectors", root != NULL ? root : ".");
}

static void bench_free(struct bench *b)
{
    vector_set_free(&b->set);
    vector_keys_free(&b->keys);
}

static int setup(void **state)
{
    *state = xalloc(sizeof(struct bench));
    bench_init(*state);
    return 0;
}

static int teardown(void **state)
{
    bench_free(*state);
    free(*state);
    return 0;
}

/* ---- files ---- */

struct vector_file {
    char stage[16], expect[16], reason[80];
    struct buf bytes;
};

/* Copies the value of a line "# key: value" into dst. */
static void take_line(const char *line, const char *key, char *dst, size_t n)
{
    size_t len = strlen(key);
    if (strncmp(line, "# ", 2) == 0 && strncmp(line + 2, key, len) == 0 && line[2 + len] == ':')
        snprintf(dst, n, "%s", line + len + 4);
}

static void parse(const char *path, struct vector_file *ret)
{
    auto_buf struct buf text = BUF_INIT;
    struct err err = ERR_INIT;
    unsigned char byte;

    memset(ret, 0, sizeof(*ret));
    if (file_read(path, FILE_MAX, 0, &text, &err) < 0)
        fail_msg("%s", err.text);
    char *rest = (char *)text.data, *line;
    while ((line = strsep(&rest, "\n")) != NULL) {
        take_line(line, "stage", ret->stage, sizeof(ret->stage));
        take_line(line, "expect", ret->expect, sizeof(ret->expect));
        take_line(line, "reason", ret->reason, sizeof(ret->reason));
        for (const char *p = line; line[0] != '#' && p[0] != '\0'; p += 2) {
            const char digits[3] = {p[0], p[1], '\0'};
            if (str_unhex(digits, &byte, 1) < 0)
                fail_msg("%s: %.10s is not hexadecimal", path, p);
            (void)buf_add_byte(&ret->bytes, byte);
        }
    }
}

static void render(const struct vector_case *c, struct buf *out)
{
    (void)buf_printf(out, "# %s\n# stage: %s\n# expect: %s\n", c->what, c->stage,
                     c->expect == ERR_NONE ? "ok" : err_kind_name(c->expect));
    if (c->reason != NULL && c->reason[0] != '\0')
        (void)buf_printf(out, "# reason: %s\n", c->reason);
    for (size_t i = 0; i < c->bytes.len; i++)
        (void)buf_printf(out, "%02x%s", c->bytes.data[i],
                         i % 32 == 31 || i + 1 == c->bytes.len ? "\n" : "");
}

/* ---- what a receiver makes of the bytes ---- */

static int same(const struct buf *again, const void *p, size_t n, struct err *err)
{
    if (again->len == n && memcmp(again->data, p, n) == 0)
        return 0;
    return err_set(err, ERR_STATE, 0, "what was read packs to other bytes");
}

static int read_inner(const void *p, size_t n, struct err *err)
{
    auto_buf struct buf again = BUF_INIT;
    struct verified v;
    struct order o;
    struct receipt r;

    if (envelope_verify(p, n, &v, err) < 0)
        return -1;
    if (!v.head.is_receipt) {
        o.head = v.head;
        if (codec_read_order(v.payload, v.payload_len, &o, err) < 0 ||
            codec_pack_order(&o, &again, err) < 0)
            return -1;
    } else {
        r.head = v.head;
        if (codec_read_receipt(v.payload, v.payload_len, &r, err) < 0)
            return -1;
        int rv = codec_pack_receipt(&r, &again, err);
        receipt_done_with(&r);
        if (rv < 0)
            return -1;
    }
    return same(&again, v.payload, v.payload_len, err);
}

static int receive(const struct bench *b, const char *stage, const struct buf *bytes,
                   struct err *err)
{
    auto_buf struct buf inner = BUF_INIT, again = BUF_INIT;
    enum frame_format format;
    struct manifest m;
    struct trust t, now;

    vector_trust(&b->keys, &now);
    if (strcmp(stage, "inner") == 0)
        return read_inner(bytes->data, bytes->len, err);
    if (strcmp(stage, "frame") == 0)
        return envelope_open(bytes->data, bytes->len, b->keys.k[KEY_HOST], INNER_ORDER_MAX, &inner,
                             &format, err) < 0
                   ? -1
                   : read_inner(inner.data, inner.len, err);
    if (strcmp(stage, "manifest") == 0) {
        if (trust_manifest(&now, bytes->data, bytes->len, 1, &m, err) < 0 ||
            manifest_pack(&m, &again, err) < 0)
            return -1;
        return same(&again, bytes->data + 9, again.len, err);
    }
    if ((strcmp(stage, "anchor") == 0
             ? trust_from_anchor(bytes->data, bytes->len, &t, err)
             : trust_next_check(&now, bytes->data, bytes->len, &t, err)) < 0 ||
        trust_pack(&t, &again, err) < 0)
        return -1;
    return same(&again, bytes->data + 9, again.len, err);
}

static void check_file(const struct bench *b, const char *path)
{
    struct vector_file f;
    struct err err = ERR_INIT;

    parse(path, &f);
    int rv = receive(b, f.stage, &f.bytes, &err);
    const char *got = rv == 0 ? "ok" : err_kind_name(err.kind);
    if (strcmp(got, f.expect) != 0 || strstr(rv == 0 ? "" : err.text, f.reason) == NULL)
        fail_msg("%s: expected %s (%s), got %s (%s)", path, f.expect, f.reason, got,
                 rv == 0 ? "" : err.text);
    buf_free(&f.bytes);
}

/* ---- the tests ---- */

static void test_every_file_of_every_version(void **state)
{
    const struct bench *b = *state;
    struct dirent **versions, **files;
    size_t seen = 0;
    int n = scandir(b->dir, &versions, NULL, alphasort);
    assert_true(n > 0);
    for (int i = 0; i < n; i++) {
        char dir[800], path[1200];
        snprintf(dir, sizeof(dir), "%s/%s", b->dir, versions[i]->d_name);
        int m = versions[i]->d_name[0] == 'v' ? scandir(dir, &files, NULL, alphasort) : 0;
        for (int k = 0; k < m; k++) {
            if (str_ends(files[k]->d_name, ".hex")) {
                snprintf(path, sizeof(path), "%s/%s", dir, files[k]->d_name);
                check_file(b, path);
                seen++;
            }
            free(files[k]);
        }
        if (m > 0)
            free(files);
        free(versions[i]);
    }
    free(versions);
    print_message("# %zu vectors\n", seen);
    assert_true(seen >= b->set.n);
}

static void test_this_version_makes_the_same_bytes(void **state)
{
    const struct bench *b = *state;
    for (size_t i = 0; i < b->set.n; i++) {
        const struct vector_case *c = &b->set.cases[i];
        auto_buf struct buf there = BUF_INIT, made = BUF_INIT;
        struct err err = ERR_INIT;
        char path[600];
        snprintf(path, sizeof(path), "%s/v%d/%s.hex", b->dir, WIRE_MAX, c->name);
        if (file_read(path, FILE_MAX, 0, &there, &err) < 0)
            fail_msg("%s", err.text);
        render(c, &made);
        if (!c->sealed && (made.len != there.len || memcmp(made.data, there.data, made.len) != 0))
            fail_msg("%s is not what this build makes:\n%s", path, buf_str(&made));
    }
}

static void test_the_present_version_has_no_other_files(void **state)
{
    const struct bench *b = *state;
    struct dirent **files;
    char dir[500];
    size_t hex = 0;
    snprintf(dir, sizeof(dir), "%s/v%d", b->dir, WIRE_MAX);
    int n = scandir(dir, &files, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        hex += str_ends(files[i]->d_name, ".hex") ? 1 : 0;
        free(files[i]);
    }
    free(files);
    assert_int_equal(hex, b->set.n);
}

static int print_missing(const char *dir)
{
    struct bench b;
    struct err err = ERR_INIT;
    int failed = 0;

    bench_init(&b);
    if (mkdir(dir, 0755) < 0 && errno != EEXIST)
        failed = err_set(&err, ERR_IO, errno, "make %s", dir);
    for (size_t i = 0; i < b.set.n && failed == 0; i++) {
        auto_buf struct buf out = BUF_INIT;
        char path[600];
        snprintf(path, sizeof(path), "%s/%s.hex", dir, b.set.cases[i].name);
        render(&b.set.cases[i], &out);
        if (file_create(path, out.data, out.len, 0644, &err) == 0)
            printf("%s\n", path);
        else
            failed = err.kind == ERR_BUSY ? 0 : -1;
    }
    if (failed != 0)
        fprintf(stderr, "%s\n", err.text);
    bench_free(&b);
    return failed == 0 ? 0 : 1;
}

/* ---- seeds for the fuzz targets: each takes one byte before its input; payloads: kind and
 * version ---- */

static int write_seed(const char *dir, const char *target, const char *name, unsigned char first,
                      const void *p, size_t n, struct err *err)
{
    auto_buf struct buf out = BUF_INIT;
    char path[700];

    (void)buf_add_byte(&out, first);
    (void)buf_add(&out, p, n);
    snprintf(path, sizeof(path), "%s/%s", dir, target);
    if (file_make_dirs(path, 0755, err) < 0)
        return -1;
    snprintf(path, sizeof(path), "%s/%s/%s", dir, target, name);
    return file_replace(path, out.data, out.len, 0644, err);
}

static int write_inner_seeds(const char *dir, const struct vector_case *c, struct err *err)
{
    const unsigned char *p = c->bytes.data;
    size_t n = c->bytes.len, frame = INNER_HEADER_LEN + SIG_LEN;

    if (write_seed(dir, "inner", c->name, (unsigned char)(c->expect == ERR_CRYPTO ? 1 : 0), p, n,
                   err) < 0)
        return -1;
    if (n < frame || (p[0] & 0x7f) >= MSG_KIND_COUNT)
        return 0;
    return write_seed(dir, (p[0] & 0x80) != 0 ? "payload_receipt" : "payload_order", c->name,
                      (unsigned char)((p[0] & 0x7f) | (p[1] == 2 ? 0x10 : 0)), p + INNER_HEADER_LEN,
                      n - frame, err);
}

static int write_container_seeds(const char *dir, const char *target, const struct vector_case *c,
                                 struct err *err)
{
    size_t body = c->bytes.len > 9 ? get_u32(c->bytes.data + 5) : 0;
    char name[80];

    snprintf(name, sizeof(name), "%s-whole", c->name);
    if (write_seed(dir, target, name, 1, c->bytes.data, c->bytes.len, err) < 0)
        return -1;
    if (body + 9 > c->bytes.len)
        return 0;
    return write_seed(dir, target, c->name, 0, c->bytes.data + 9, body, err);
}

static int write_corpus(const char *dir)
{
    struct bench b;
    struct err err = ERR_INIT;
    int rv = 0;

    bench_init(&b);
    for (size_t i = 0; i < b.set.n && rv == 0; i++) {
        const struct vector_case *c = &b.set.cases[i];
        if (strcmp(c->stage, "frame") == 0)
            rv = write_seed(dir, "outer", c->name, 0, c->bytes.data, c->bytes.len, &err);
        else if (strcmp(c->stage, "inner") == 0)
            rv = write_inner_seeds(dir, c, &err);
        else
            rv = write_container_seeds(
                dir, strcmp(c->stage, "manifest") == 0 ? "manifest" : "trust", c, &err);
    }
    if (rv < 0)
        fprintf(stderr, "%s\n", err.text);
    bench_free(&b);
    return rv == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_file_of_every_version),
        cmocka_unit_test(test_this_version_makes_the_same_bytes),
        cmocka_unit_test(test_the_present_version_has_no_other_files),
    };
    if (argc == 3 && strcmp(argv[1], "--print") == 0)
        return print_missing(argv[2]);
    if (argc == 3 && strcmp(argv[1], "--corpus") == 0)
        return write_corpus(argv[2]);
    return cmocka_run_group_tests_name("vectors", tests, setup, teardown);
}
