#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "trust.h"

enum { OBS, OPER, REL1, REL2, REL3, ROOT1, ROOT2, ROOT3, STRANGER, KEYS };

struct keyring {
    struct keypair *k[KEYS];
};

static int setup(void **state)
{
    struct err err = ERR_INIT;
    if (crypto_init(&err) < 0)
        return -1;
    struct keyring *ring = xzalloc(1, sizeof(*ring));
    for (size_t i = 0; i < KEYS; i++) {
        unsigned char seed[32] = {(unsigned char)(i + 1)};
        ring->k[i] = keypair_from_seed(seed);
    }
    *state = ring;
    return 0;
}

static int teardown(void **state)
{
    struct keyring *ring = *state;
    for (size_t i = 0; i < KEYS; i++)
        keypair_free(ring->k[i]);
    free(ring);
    return 0;
}

static void give(struct trust *t, const struct keyring *ring, enum role role, uint32_t threshold,
                 size_t first, uint32_t n)
{
    t->roles[role].threshold = threshold;
    t->roles[role].n = n;
    for (uint32_t i = 0; i < n; i++)
        t->roles[role].keys[i] = *keypair_public(ring->k[first + i]);
}

/* 1 observer, 1 operator, 2 of 3 release, 2 of 3 root. */
static struct trust sample(const struct keyring *ring, uint32_t version)
{
    struct trust t;
    memset(&t, 0, sizeof(t));
    memset(t.cluster, 0xc1, sizeof(t.cluster));
    memcpy(t.name, "north", 6);
    t.version = version;
    give(&t, ring, ROLE_OBSERVER, 1, OBS, 1);
    give(&t, ring, ROLE_OPERATOR, 1, OPER, 1);
    give(&t, ring, ROLE_RELEASE, 2, REL1, 3);
    give(&t, ring, ROLE_ROOT, 2, ROOT1, 3);
    return t;
}

static void sign(const struct keyring *ring, const struct trust *t, size_t key1, size_t key2,
                 struct buf *out)
{
    const struct keypair *const keys[] = {ring->k[key1], ring->k[key2]};
    auto_buf struct buf body = BUF_INIT;
    struct err err = ERR_INIT;
    assert_int_equal(trust_pack(t, &body, &err), 0);
    buf_clear(out);
    assert_int_equal(container_pack(CONTAINER_TRUST, body.data, body.len, keys, 2, out, &err), 0);
}

static void test_a_trust_file_comes_back(void **state)
{
    const struct keyring *ring = *state;
    struct trust t = sample(ring, 3), back;
    struct err err = ERR_INIT;
    auto_buf struct buf body = BUF_INIT;
    t.solo = true;
    assert_int_equal(trust_pack(&t, &body, &err), 0);
    assert_int_equal(trust_read(body.data, body.len, &back, &err), 0);
    assert_memory_equal(&t, &back, sizeof(t));
    for (size_t n = 0; n < body.len; n++)
        assert_int_equal(trust_read(body.data, n, &back, &err), -1);
}

static void test_bad_trust_files(void **state)
{
    const struct keyring *ring = *state;
    struct trust t[9];
    struct err err = ERR_INIT;
    auto_buf struct buf body = BUF_INIT;
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        t[i] = sample(ring, 1);
    t[0].version = 0;
    t[1].roles[ROLE_ROOT].n = 0;
    t[2].roles[ROLE_ROOT].threshold = 4;
    t[3].roles[ROLE_RELEASE].threshold = 0;
    t[4].roles[ROLE_RELEASE].keys[2] = t[4].roles[ROLE_RELEASE].keys[0];
    memset(&t[5].roles[ROLE_OPERATOR].keys[0], 0, sizeof(struct pubkey));
    give(&t[6], ring, ROLE_OPERATOR, 2, OBS, 2);
    t[7].roles[ROLE_ROOT].n = KEYS_MAX + 1;
    memset(t[8].name, 'n', sizeof(t[8].name));
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        if (trust_pack(&t[i], &body, &err) == 0)
            fail_msg("trust file %zu was packed", i);
    }
}

static void test_the_anchor_signs_itself(void **state)
{
    const struct keyring *ring = *state;
    struct trust t = sample(ring, 1), back;
    struct err err = ERR_INIT;
    auto_buf struct buf file = BUF_INIT;
    sign(ring, &t, ROOT1, ROOT3, &file);
    assert_int_equal(trust_from_anchor(file.data, file.len, &back, &err), 0);
    assert_memory_equal(&t, &back, sizeof(t));
    sign(ring, &t, ROOT1, ROOT1, &file); /* one key twice is one */
    assert_int_equal(trust_from_anchor(file.data, file.len, &back, &err), -1);
    assert_int_equal(err.kind, ERR_CRYPTO);
    sign(ring, &t, ROOT1, REL1, &file);
    assert_int_equal(trust_from_anchor(file.data, file.len, &back, &err), -1);
}

static void test_adoption(void **state)
{
    const struct keyring *ring = *state;
    struct trust now = sample(ring, 5), next = sample(ring, 6), back;
    struct err err = ERR_INIT;
    auto_buf struct buf file = BUF_INIT;
    sign(ring, &next, ROOT1, ROOT2, &file);
    assert_int_equal(trust_adopt(&now, file.data, file.len, &back, &err), 0);
    assert_int_equal(back.version, 6);
    assert_int_equal(trust_adopt(&next, file.data, file.len, &back, &err), -1); /* not newer */
    assert_int_equal(err.kind, ERR_STATE);
    sign(ring, &next, ROOT1, STRANGER, &file);
    assert_int_equal(trust_adopt(&now, file.data, file.len, &back, &err), -1);
    assert_int_equal(err.kind, ERR_CRYPTO);

    /* Signed by its own new roots, but not as the trust in force demands. */
    give(&next, ring, ROLE_ROOT, 1, STRANGER, 1);
    sign(ring, &next, STRANGER, ROOT1, &file);
    assert_int_equal(trust_adopt(&now, file.data, file.len, &back, &err), -1);
    assert_int_equal(err.kind, ERR_CRYPTO);
    sign(ring, &next, ROOT2, ROOT1, &file); /* roots may be replaced by the old ones */
    assert_int_equal(trust_adopt(&now, file.data, file.len, &back, &err), 0);

    next.cluster[0] ^= 1;
    sign(ring, &next, ROOT2, ROOT1, &file);
    assert_int_equal(trust_adopt(&now, file.data, file.len, &back, &err), -1);
    assert_int_equal(err.kind, ERR_CRYPTO);
}

static void test_roles(void **state)
{
    const struct keyring *ring = *state;
    const struct trust t = sample(ring, 1);
    static const struct {
        size_t key;
        bool any, observer, operator, release, root;
    } rows[] = {
        {OBS, true, true, false, false, false},        {OPER, true, true, true, false, false},
        {REL1, true, false, false, true, false},       {ROOT1, true, false, false, false, true},
        {STRANGER, false, false, false, false, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct pubkey *k = keypair_public(ring->k[rows[i].key]);
        assert_int_equal(trust_allows(&t, k, ROLE_NONE), rows[i].any);
        assert_int_equal(trust_allows(&t, k, ROLE_OBSERVER), rows[i].observer);
        assert_int_equal(trust_allows(&t, k, ROLE_OPERATOR), rows[i].operator);
        assert_int_equal(trust_allows(&t, k, ROLE_RELEASE), rows[i].release);
        assert_int_equal(trust_allows(&t, k, ROLE_ROOT), rows[i].root);
        assert_false(trust_allows(&t, k, ROLE_COUNT));
    }
}

static void test_release_keys_sign_manifests(void **state)
{
    const struct keyring *ring = *state;
    struct trust t = sample(ring, 1);
    struct manifest m = {.version = "2.0.5", .n_builds = 1}, back;
    struct err err = ERR_INIT;
    auto_buf struct buf body = BUF_INIT, good = BUF_INIT, bad = BUF_INIT, file = BUF_INIT;
    m.builds[0] = (struct build){"linux", "amd64", PACKING_BARE, 5, {{1}}, 5, {{1}}};
    assert_int_equal(manifest_pack(&m, &body, &err), 0);
    const struct keypair *const two[] = {ring->k[REL1], ring->k[REL3]};
    const struct keypair *const wrong[] = {ring->k[REL1], ring->k[ROOT1]};
    assert_int_equal(container_pack(CONTAINER_MANIFEST, body.data, body.len, two, 2, &good, &err),
                     0);
    assert_int_equal(container_pack(CONTAINER_MANIFEST, body.data, body.len, wrong, 2, &bad, &err),
                     0);
    assert_int_equal(trust_manifest(&t, good.data, good.len, &back, &err), 0);
    assert_string_equal(back.version, "2.0.5");
    assert_int_equal(trust_manifest(&t, bad.data, bad.len, &back, &err), -1);
    assert_int_equal(err.kind, ERR_CRYPTO);
    sign(ring, &t, REL1, REL2, &file); /* a trust file is no manifest */
    assert_int_equal(trust_manifest(&t, file.data, file.len, &back, &err), -1);
    give(&t, ring, ROLE_RELEASE, 0, REL1, 0); /* nobody may: then nothing passes */
    assert_int_equal(trust_manifest(&t, good.data, good.len, &back, &err), -1);
    assert_int_equal(err.kind, ERR_CRYPTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_trust_file_comes_back),
        cmocka_unit_test(test_bad_trust_files),
        cmocka_unit_test(test_the_anchor_signs_itself),
        cmocka_unit_test(test_adoption),
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_release_keys_sign_manifests),
    };
    return cmocka_run_group_tests_name("trust", tests, setup, teardown);
}
