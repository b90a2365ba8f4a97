#include <archive_entry.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <cmocka.h>
#include "file.h"
#include "scratch_dir.h"
#include "unpack.h"
#include "zip_fixture.h"

#define BINARY_LEN (300 * 1024)

struct bench {
    char dir[64], zip[96], out[96];
    unsigned char binary[BINARY_LEN];
};

static int enter(void **state)
{
    struct bench *b = xzalloc(1, sizeof(*b));
    struct err err = ERR_INIT;

    scratch_make(b->dir, sizeof(b->dir));
    if (crypto_init(&err) < 0)
        return -1;
    snprintf(b->zip, sizeof(b->zip), "%s/a.zip", b->dir);
    snprintf(b->out, sizeof(b->out), "%s/out", b->dir);
    for (size_t i = 0; i < BINARY_LEN; i++)
        b->binary[i] = (unsigned char)(i * 7 + i / 251);
    *state = b;
    return 0;
}

static int leave(void **state)
{
    struct bench *b = *state;
    unlink(b->zip);
    unlink(b->out);
    int rv = rmdir(b->dir);
    free(b);
    return rv;
}

static struct unpack wanted(const struct bench *b)
{
    struct unpack u = {.member = "nomad", .size = BINARY_LEN};
    crypto_digest(b->binary, BINARY_LEN, &u.digest);
    return u;
}

static int run(const struct bench *b, const struct unpack *u, struct err *err)
{
    autoclose int zip = open(b->zip, O_RDONLY | O_CLOEXEC);
    autoclose int out = open(b->out, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(zip >= 0 && out >= 0);
    return unpack_member(zip, u, out, err);
}

static int run_on(const struct bench *b, const struct zip_member *members, size_t n,
                  struct err *err)
{
    struct unpack u = wanted(b);
    zip_make(b->zip, members, n);
    return run(b, &u, err);
}

static void member_comes_out_whole(void **state)
{
    struct bench *b = *state;
    const struct zip_member members[] = {
        {.name = "LICENSE.txt", .content = "free", .len = 4},
        {.name = "nomad", .content = b->binary, .len = BINARY_LEN},
    };
    auto_buf struct buf got = BUF_INIT;
    struct err err = ERR_INIT;
    if (run_on(b, members, 2, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(file_read(b->out, BINARY_LEN + 1, 0, &got, &err), 0);
    assert_int_equal(got.len, BINARY_LEN);
    assert_memory_equal(got.data, b->binary, BINARY_LEN);
}

static void strange_zips_are_refused(void **state)
{
    struct bench *b = *state;
    const struct zip_member good = {.name = "nomad", .content = b->binary, .len = BINARY_LEN};
    const struct {
        struct zip_member members[2];
        size_t n;
        enum err_kind kind;
        const char *why;
    } rows[] = {
        {{{.name = "consul", .content = "x", .len = 1}}, 1, ERR_FORMAT, "does not contain nomad"},
        {{{.name = "NOMAD", .content = b->binary, .len = BINARY_LEN}},
         1,
         ERR_FORMAT,
         "does not contain nomad"},
        {{{.name = "bin/nomad", .content = b->binary, .len = BINARY_LEN}},
         1,
         ERR_FORMAT,
         "contains a path"},
        {{{.name = "../nomad", .content = "x", .len = 1}, good}, 2, ERR_FORMAT, "contains a path"},
        {{{.name = "/etc/passwd", .content = "x", .len = 1}, good},
         2,
         ERR_FORMAT,
         "contains a path"},
        {{{.name = "..", .content = "x", .len = 1}, good}, 2, ERR_FORMAT, "contains a path"},
        {{good, {.name = "d", .type = AE_IFDIR}}, 2, ERR_FORMAT, "path"},
        {{{.name = "nomad", .type = AE_IFLNK, .link_to = "/bin/sh"}},
         1,
         ERR_FORMAT,
         "not a regular file"},
        {{good, good}, 2, ERR_FORMAT, "twice"},
        {{{.name = "nomad", .content = b->binary, .len = BINARY_LEN - 1}},
         1,
         ERR_CRYPTO,
         "were signed"},
        {{{.name = "nomad", .content = b->zip, .len = 4}}, 1, ERR_CRYPTO, "were signed"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = ERR_INIT;
        assert_int_equal(run_on(b, rows[i].members, rows[i].n, &err), -1);
        if (err.kind != rows[i].kind || strstr(err.text, rows[i].why) == NULL)
            fail_msg("row %zu: %s", i, err.text);
    }
}

static void other_bytes_are_noticed(void **state)
{
    struct bench *b = *state;
    const struct zip_member m = {.name = "nomad", .content = b->binary, .len = BINARY_LEN};
    struct unpack u = wanted(b);
    struct err err = ERR_INIT;
    u.digest.bytes[31] ^= 1;
    zip_make(b->zip, &m, 1);
    assert_int_equal(run(b, &u, &err), -1);
    assert_int_equal(err.kind, ERR_CRYPTO);
}

/* A header with a false size must not make a larger file than the signed one. */
static void never_more_than_was_signed(void **state)
{
    struct bench *b = *state;
    const struct zip_member m = {.name = "nomad", .content = b->binary, .len = BINARY_LEN};
    auto_buf struct buf zip = BUF_INIT;
    struct unpack u = wanted(b);
    struct stat st;
    struct err err = ERR_INIT;
    const unsigned char real[4] = {BINARY_LEN & 0xff, BINARY_LEN >> 8 & 0xff, BINARY_LEN >> 16, 0};

    zip_make(b->zip, &m, 1);
    assert_int_equal(file_read(b->zip, 1 << 20, 0, &zip, &err), 0);
    u.size = 1000;
    int changed = 0;
    for (size_t i = 0; i + 4 <= zip.len; i++) {
        if (memcmp(zip.data + i, real, 4) == 0) {
            memcpy(zip.data + i, "\xe8\x03\0\0", 4);
            changed++;
        }
    }
    assert_true(changed >= 1);
    assert_int_equal(file_replace(b->zip, zip.data, zip.len, 0600, &err), 0);
    assert_int_equal(run(b, &u, &err), -1);
    assert_int_equal(stat(b->out, &st), 0);
    assert_in_range(st.st_size, 0, 1000);
}

static void damage_and_noise_are_refused(void **state)
{
    struct bench *b = *state;
    const struct zip_member m = {.name = "nomad", .content = b->binary, .len = BINARY_LEN};
    auto_buf struct buf zip = BUF_INIT;
    struct unpack u = wanted(b);
    struct err err = ERR_INIT;

    zip_make(b->zip, &m, 1);
    assert_int_equal(file_read(b->zip, 1 << 20, 0, &zip, &err), 0);
    for (size_t n = 0; n < zip.len; n += zip.len / 40) {
        assert_int_equal(file_replace(b->zip, zip.data, n, 0600, &err), 0);
        assert_int_equal(run(b, &u, &err), -1);
    }
    for (size_t i = 100; i < 200; i += 7)
        zip.data[i] ^= 0xff;
    assert_int_equal(file_replace(b->zip, zip.data, zip.len, 0600, &err), 0);
    assert_int_equal(run(b, &u, &err), -1);
}

static bool at_once(void *ctx)
{
    (void)ctx;
    return true;
}

static void stops_when_told(void **state)
{
    struct bench *b = *state;
    const struct zip_member m = {.name = "nomad", .content = b->binary, .len = BINARY_LEN};
    struct unpack u = wanted(b);
    struct err err = ERR_INIT;
    zip_make(b->zip, &m, 1);
    u.stop = at_once;
    assert_int_equal(run(b, &u, &err), -1);
    assert_int_equal(err.kind, ERR_STATE);
}

static void a_full_disk_is_no_space(void **state)
{
    struct bench *b = *state;
    const struct zip_member m = {.name = "nomad", .content = b->binary, .len = BINARY_LEN};
    struct unpack u = wanted(b);
    struct err err = ERR_INIT;
    zip_make(b->zip, &m, 1);
    autoclose int zip = open(b->zip, O_RDONLY | O_CLOEXEC);
    autoclose int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(full >= 0);
    assert_int_equal(unpack_member(zip, &u, full, &err), -1);
    assert_int_equal(err.kind, ERR_NOSPACE);
}

#define T(f) cmocka_unit_test_setup_teardown(f, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(member_comes_out_whole),     T(strange_zips_are_refused),     T(other_bytes_are_noticed),
        T(never_more_than_was_signed), T(damage_and_noise_are_refused), T(stops_when_told),
        T(a_full_disk_is_no_space),
    };
    return cmocka_run_group_tests_name("unpack", tests, NULL, NULL);
}
