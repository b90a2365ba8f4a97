#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "manifest.h"

static struct keypair *key_of(unsigned char first)
{
    unsigned char seed[32] = {first};
    return keypair_from_seed(seed);
}

static struct manifest sample(void)
{
    struct manifest m;
    memset(&m, 0, sizeof(m));
    memcpy(m.version, "2.0.5+ent", 10);
    m.created_s = 1789000000;
    m.n_builds = 2;
    for (uint32_t i = 0; i < 2; i++) {
        struct build *b = &m.builds[i];
        memcpy(b->os, "linux", 6);
        memcpy(b->arch, i == 0 ? "amd64" : "arm64", 6);
        b->packing = i == 0 ? PACKING_ZIP : PACKING_BARE;
        b->fetch_size = i == 0 ? 50000000 : 150000000;
        b->size = 150000000;
        memset(b->digest.bytes, 0x11, DIGEST_LEN);
        memset(b->fetch_digest.bytes, i == 0 ? 0x22 : 0x11, DIGEST_LEN);
    }
    return m;
}

static void test_a_manifest_comes_back(void **state)
{
    struct manifest m = sample(), back;
    struct err err = ERR_INIT;
    auto_buf struct buf body = BUF_INIT;
    (void)state;
    m.sums_len = 5;
    memcpy(m.sums, "a\0b\nc", 5);
    m.sums_sig_len = SUMS_SIG_MAX;
    assert_int_equal(manifest_pack(&m, &body, &err), 0);
    assert_int_equal(manifest_read(body.data, body.len, &back, &err), 0);
    assert_memory_equal(&m, &back, sizeof(m));
    assert_ptr_equal(manifest_build(&back, "linux", "arm64"), &back.builds[1]);
    assert_null(manifest_build(&back, "linux", "386"));
    for (size_t n = 0; n < body.len; n++)
        assert_int_equal(manifest_read(body.data, n, &back, &err), -1);
}

static void test_bad_manifests(void **state)
{
    struct manifest m[12];
    struct err err = ERR_INIT;
    auto_buf struct buf body = BUF_INIT;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(m); i++)
        m[i] = sample();
    m[0].n_builds = 0;
    m[1].n_builds = BUILDS_MAX + 1;
    memcpy(m[2].builds[1].arch, "amd64", 6); /* twice */
    m[3].builds[1].size++;                   /* bare, but different */
    m[4].builds[1].fetch_digest.bytes[0] = 9;
    m[5].builds[0].size = 0;
    m[6].builds[0].packing = 0;
    memcpy(m[7].version, "../x", 5);
    m[8].version[0] = '\0';
    memset(m[9].version, '1', sizeof(m[9].version));
    memcpy(m[10].builds[0].os, "li/ux", 6);
    m[11].sums_len = SUMS_MAX + 1;
    for (size_t i = 0; i < ARRAY_LEN(m); i++) {
        if (manifest_pack(&m[i], &body, &err) == 0)
            fail_msg("manifest %zu was packed", i);
        assert_int_equal(body.len, 0);
    }
}

static void test_reading_checks_what_packing_checks(void **state)
{
    struct manifest m = sample(), back;
    struct err err = ERR_INIT;
    auto_buf struct buf body = BUF_INIT;
    (void)state;
    assert_int_equal(manifest_pack(&m, &body, &err), 0);
    unsigned char *arch = memmem(body.data, body.len, "arm64", 5);
    assert_non_null(arch);
    memcpy(arch, "amd64", 5);
    assert_int_equal(manifest_read(body.data, body.len, &back, &err), -1);
    assert_int_equal(err.kind, ERR_FORMAT);
    assert_non_null(strstr(err.text, "twice"));
    memcpy(arch, "arm64", 5);
    body.data[1] = 2; /* a later format */
    assert_int_equal(manifest_read(body.data, body.len, &back, &err), -1);
    assert_non_null(strstr(err.text, "format"));
}

static void test_signatures_are_counted_by_key(void **state)
{
    auto_keypair struct keypair *a = key_of(1);
    auto_keypair struct keypair *b = key_of(2);
    auto_keypair struct keypair *c = key_of(3);
    const struct keypair *const signers[] = {a, b, a};
    const struct pubkey all[] = {*keypair_public(a), *keypair_public(b), *keypair_public(c),
                                 *keypair_public(a)};
    struct err err = ERR_INIT;
    struct container box;
    auto_buf struct buf out = BUF_INIT;
    (void)state;
    assert_int_equal(container_pack(CONTAINER_MANIFEST, "body", 4, signers, 3, &out, &err), 0);
    assert_int_equal(container_split(CONTAINER_MANIFEST, out.data, out.len, &box, &err), 0);
    assert_int_equal(box.body_len, 4);
    assert_memory_equal(box.body, "body", 4);
    assert_int_equal(container_count(CONTAINER_MANIFEST, &box, all, 4), 2); /* a once, b */
    assert_int_equal(container_count(CONTAINER_MANIFEST, &box, all + 2, 1), 0);
    assert_int_equal(container_count(CONTAINER_TRUST, &box, all, 4), 0); /* another domain */

    out.data[9] ^= 1; /* the body */
    assert_int_equal(container_split(CONTAINER_MANIFEST, out.data, out.len, &box, &err), 0);
    assert_int_equal(container_count(CONTAINER_MANIFEST, &box, all, 4), 0);
    out.data[9] ^= 1;
    out.data[out.len - 1] ^= 1; /* a second signature by a: the first still counts */
    assert_int_equal(container_split(CONTAINER_MANIFEST, out.data, out.len, &box, &err), 0);
    assert_int_equal(container_count(CONTAINER_MANIFEST, &box, all, 4), 2);
}

static void test_containers_are_exact(void **state)
{
    auto_keypair struct keypair *a = key_of(1);
    const struct keypair *keys[SIGS_MAX + 1];
    struct err err = ERR_INIT;
    struct container box = {.body_len = 77};
    auto_buf struct buf out = BUF_INIT;
    autofree char *large = xzalloc(1, MANIFEST_MAX);
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        keys[i] = a;
    assert_int_equal(container_pack(CONTAINER_TRUST, "b", 1, keys, 0, &out, &err), -1);
    assert_int_equal(container_pack(CONTAINER_TRUST, "b", 1, keys, SIGS_MAX + 1, &out, &err), -1);
    assert_int_equal(container_pack(CONTAINER_TRUST, large, TRUST_MAX, keys, 1, &out, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_int_equal(container_pack(CONTAINER_TRUST, "body", 4, keys, 1, &out, &err), 0);
    for (size_t n = 0; n < out.len; n++)
        assert_int_equal(container_split(CONTAINER_TRUST, out.data, n, &box, &err), -1);
    assert_int_equal(container_split(CONTAINER_MANIFEST, out.data, out.len, &box, &err), -1);
    out.data[13] = 0; /* number of signatures */
    assert_int_equal(container_split(CONTAINER_TRUST, out.data, 14, &box, &err), -1);
    out.data[13] = 1;
    out.data[5] = 0xff; /* a body of 4 GiB */
    assert_int_equal(container_split(CONTAINER_TRUST, out.data, out.len, &box, &err), -1);
    out.data[5] = 0;
    assert_int_equal(buf_add_byte(&out, 0), 0);
    assert_int_equal(container_split(CONTAINER_TRUST, out.data, out.len, &box, &err), -1);
    assert_int_equal(box.body_len, 77);
}

static int start(void **state)
{
    struct err err = ERR_INIT;
    (void)state;
    return crypto_init(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_manifest_comes_back),
        cmocka_unit_test(test_bad_manifests),
        cmocka_unit_test(test_reading_checks_what_packing_checks),
        cmocka_unit_test(test_signatures_are_counted_by_key),
        cmocka_unit_test(test_containers_are_exact),
    };
    return cmocka_run_group_tests_name("manifest", tests, start, NULL);
}
