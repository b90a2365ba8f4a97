#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "str.h"
#include "trust_sequence.h"

enum { OBS, OPER, REL1, REL2, REL3, ROOT1, ROOT2, ROOT3, STRANGER, ROOT4, ROOT5, KEYS };

#define NOW INT64_C(1800000000)
#define DAY INT64_C(86400)

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
    t.format = 1;
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
    sign(ring, &t, ROOT1, ROOT1, &file); /* the same key twice counts once */
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
    assert_int_equal(trust_next_check(&now, file.data, file.len, &back, &err), 0);
    assert_int_equal(back.version, 6);
    assert_int_equal(trust_next_check(&next, file.data, file.len, &back, &err), -1); /* not newer */
    assert_int_equal(err.kind, ERR_STATE);
    sign(ring, &next, ROOT1, STRANGER, &file);
    assert_int_equal(trust_next_check(&now, file.data, file.len, &back, &err), -1);
    assert_int_equal(err.kind, ERR_CRYPTO);

    /* Signed by its own new root keys, but not by enough keys of the trust in force. */
    give(&next, ring, ROLE_ROOT, 1, STRANGER, 1);
    sign(ring, &next, STRANGER, ROOT1, &file);
    assert_int_equal(trust_next_check(&now, file.data, file.len, &back, &err), -1);
    assert_int_equal(err.kind, ERR_CRYPTO);
    /* Signed by enough keys of the trust in force, but without a signature that shows that somebody
     * has the new root key. */
    sign(ring, &next, ROOT2, ROOT1, &file);
    assert_int_equal(trust_next_check(&now, file.data, file.len, &back, &err), -1);
    assert_int_equal(err.kind, ERR_CRYPTO);
    assert_non_null(strstr(err.text, "do not show their keys"));
    give(&next, ring, ROLE_ROOT, 2, ROOT1, 3);

    next.cluster[0] ^= 1;
    sign(ring, &next, ROOT2, ROOT1, &file);
    assert_int_equal(trust_next_check(&now, file.data, file.len, &back, &err), -1);
    assert_int_equal(err.kind, ERR_CRYPTO);
}

/* ---- body format 2 ---- */

static void call(struct trust *t, enum role role, uint32_t i, const char *name, int64_t expires_s)
{
    str_cut(t->roles[role].about[i].name, KEY_NAME_MAX, name);
    t->roles[role].about[i].expires_s = expires_s;
}

/* The same with names; the operator and the first release key expire in 90 days. */
static struct trust named(const struct keyring *ring, uint32_t version)
{
    struct trust t = sample(ring, version);
    t.format = 2;
    t.created_s = NOW;
    call(&t, ROLE_OBSERVER, 0, "watch", 0);
    call(&t, ROLE_OPERATOR, 0, "anna", NOW + 90 * DAY);
    call(&t, ROLE_RELEASE, 0, "rel-a", NOW + 90 * DAY);
    call(&t, ROLE_RELEASE, 1, "rel-b", 0);
    call(&t, ROLE_RELEASE, 2, "rel-c", 0);
    call(&t, ROLE_ROOT, 0, "root-1", 0);
    call(&t, ROLE_ROOT, 1, "root-2", 0);
    call(&t, ROLE_ROOT, 2, "root-3", 0);
    return t;
}

static void test_keys_have_names(void **state)
{
    const struct keyring *ring = *state;
    struct trust t = named(ring, 3), back;
    struct err err = ERR_INIT;
    auto_buf struct buf body = BUF_INIT;
    enum role role;
    uint32_t i;
    char name[KEY_NAME_MAX];
    assert_int_equal(trust_pack(&t, &body, &err), 0);
    assert_int_equal(trust_read(body.data, body.len, &back, &err), 0);
    assert_memory_equal(&t, &back, sizeof(t));
    for (size_t n = 0; n < body.len; n++)
        assert_int_equal(trust_read(body.data, n, &back, &err), -1);
    assert_true(trust_find_name(&t, "root-2", &role, &i));
    assert_int_equal(role, ROLE_ROOT);
    assert_int_equal(i, 1);
    assert_false(trust_find_name(&t, "nobody", &role, &i));
    assert_true(trust_name_in(&t, ROLE_ROOT, &t.roles[ROLE_ROOT].keys[1], name));
    assert_string_equal(name, "root-2");
    assert_false(trust_name_in(&t, ROLE_OPERATOR, &t.roles[ROLE_ROOT].keys[1], name));
    assert_string_equal(name, "");
    assert_int_equal(trust_format_needed(&t), 2);

    struct trust plain = sample(ring, 1);
    trust_key_name(&plain, ROLE_RELEASE, 1, name);
    assert_string_equal(name, "release-2");
    assert_int_equal(trust_format_needed(&plain), 1);
    call(&plain, ROLE_RELEASE, 1, "release-2", 0); /* this is its name anyway */
    assert_int_equal(trust_format_needed(&plain), 1);
    call(&plain, ROLE_RELEASE, 1, "berta", 0);
    assert_int_equal(trust_pack(&plain, &body, &err), -1); /* format 1 would lose the name */
}

static void test_bad_named_trust_files(void **state)
{
    const struct keyring *ring = *state;
    struct trust t[13];
    struct err err = ERR_INIT;
    auto_buf struct buf body = BUF_INIT;
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        t[i] = named(ring, 2);
    t[0].created_s = 0;
    t[12].created_s = INT64_MAX;
    call(&t[1], ROLE_ROOT, 0, "root-1", NOW + DAY); /* root keys do not expire */
    call(&t[2], ROLE_OPERATOR, 0, "", 0);
    call(&t[3], ROLE_OPERATOR, 0, "Anna", 0);
    call(&t[4], ROLE_OPERATOR, 0, "a/b", 0);
    call(&t[5], ROLE_OPERATOR, 0, ".anna", 0);
    call(&t[6], ROLE_OPERATOR, 0, "root-1", 0); /* two with one name */
    memset(t[7].roles[ROLE_OPERATOR].about[0].name, 'a', KEY_NAME_MAX);
    t[8].roles[ROLE_OPERATOR].keys[0] = t[8].roles[ROLE_ROOT].keys[0]; /* one key, two purposes */
    call(&t[9], ROLE_OPERATOR, 0, "anna", -1);
    t[10].roles[ROLE_RELEASE].keys[2] = t[10].roles[ROLE_RELEASE].keys[0];
    t[11].roles[ROLE_ROOT].n = t[11].roles[ROLE_ROOT].threshold = 5;
    for (uint32_t k = 0; k < 5; k++) {
        char name[KEY_NAME_MAX];
        snprintf(name, sizeof(name), "r%u", (unsigned)k);
        t[11].roles[ROLE_ROOT].keys[k] =
            *keypair_public(ring->k[k < 3 ? ROOT1 + k : ROOT4 + k - 3]);
        call(&t[11], ROLE_ROOT, k, name, 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        if (trust_pack(&t[i], &body, &err) == 0)
            fail_msg("trust file %zu was packed", i);
    }
}

/* An operator's key that expires, one that does not, and the observer's. */
static void test_an_expired_key_is_no_key(void **state)
{
    const struct keyring *ring = *state;
    const struct trust t = named(ring, 2);
    const struct pubkey *anna = keypair_public(ring->k[OPER]);
    static const struct {
        int64_t at;
        bool asks, orders;
    } rows[] = {
        {NOW, true, true},
        {NOW + 90 * DAY - 1, true, true},
        {NOW + 90 * DAY, false, false},
        {NOW + 365 * DAY, false, false},
        {NOW - DAY + 1, true, true}, /* a small difference between clocks */
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(trust_allows(&t, anna, ROLE_NONE, rows[i].at), rows[i].asks);
        assert_int_equal(trust_allows(&t, anna, ROLE_OBSERVER, rows[i].at), rows[i].asks);
        assert_int_equal(trust_allows(&t, anna, ROLE_OPERATOR, rows[i].at), rows[i].orders);
        assert_true(trust_allows(&t, keypair_public(ring->k[OBS]), ROLE_OBSERVER, rows[i].at));
    }
}

/* The clock is ahead: a key that expires within the year does not count. The clock is behind:
 * nobody can know, so orders are refused, and only the question for the host's clock is allowed.
 * Keys without an expiry are not affected. */
static void test_a_clock_a_year_off(void **state)
{
    const struct keyring *ring = *state;
    struct trust t = named(ring, 2);
    const struct pubkey *anna = keypair_public(ring->k[OPER]);
    assert_false(trust_allows(&t, anna, ROLE_OPERATOR, NOW + 365 * DAY));
    assert_false(trust_allows(&t, anna, ROLE_NONE, NOW + 365 * DAY));
    for (int64_t at = 0; at <= NOW - 365 * DAY; at += NOW - 365 * DAY) {
        assert_false(trust_allows(&t, anna, ROLE_OPERATOR, at));
        assert_true(trust_allows(&t, anna, ROLE_NONE, at));
        assert_true(trust_allows(&t, anna, ROLE_OBSERVER, at));
    }
    call(&t, ROLE_OPERATOR, 0, "anna", 0);
    assert_true(trust_allows(&t, anna, ROLE_OPERATOR, NOW + 365 * DAY));
    assert_true(trust_allows(&t, anna, ROLE_OPERATOR, 0));
}

/* ---- versions, one after the other ---- */

static void sign_all(const struct keyring *ring, const struct trust *t, const size_t *keys,
                     size_t n, struct buf *out)
{
    const struct keypair *all[SIGS_MAX];
    auto_buf struct buf body = BUF_INIT;
    struct err err = ERR_INIT;
    for (size_t i = 0; i < n; i++)
        all[i] = ring->k[keys[i]];
    assert_int_equal(trust_pack(t, &body, &err), 0);
    buf_clear(out);
    assert_int_equal(container_pack(CONTAINER_TRUST, body.data, body.len, all, n, out, &err), 0);
}

/* Each row: the keys that sign version 3. It follows version 2 and replaces root-1 by the stranger.
 * The text names the missing signatures. */
/* The order may bring the solution: a version that names a key which is still valid. */
static void test_a_trust_order_out_of_time(void **state)
{
    static const int64_t clocks[] = {NOW, NOW + 91 * DAY, NOW - 400 * DAY};
    const struct keyring *ring = *state;
    const struct trust t = named(ring, 3);
    const struct pubkey *anna = &t.roles[ROLE_OPERATOR].keys[0];
    for (size_t i = 0; i < ARRAY_LEN(clocks); i++) {
        assert_true(trust_may_order(&t, anna, MSG_TRUST, clocks[i]));
        assert_int_equal(trust_may_order(&t, anna, MSG_SWAP, clocks[i]), i == 0);
        assert_false(trust_may_order(&t, &t.roles[ROLE_OBSERVER].keys[0], MSG_TRUST, clocks[i]));
        assert_false(trust_may_order(&t, &t.roles[ROLE_ROOT].keys[0], MSG_TRUST, clocks[i]));
    }
}

/* Two files of one version have different marks; the same file has the same mark. */
static void test_marks(void **state)
{
    const struct keyring *ring = *state;
    struct trust t = named(ring, 3), other = t;
    char mark[TRUST_MARK_LEN], again[TRUST_MARK_LEN];
    trust_mark(&t, mark);
    assert_int_equal(strlen(mark), TRUST_MARK_LEN - 1);
    trust_mark(&other, again);
    assert_string_equal(mark, again);
    other.roles[ROLE_OPERATOR].about[0].expires_s++;
    trust_mark(&other, again);
    assert_string_not_equal(mark, again);
}

static void test_a_new_root_shows_its_key(void **state)
{
    const struct keyring *ring = *state;
    const struct trust now = named(ring, 2);
    struct trust next = named(ring, 3), back;
    auto_buf struct buf file = BUF_INIT;
    next.roles[ROLE_ROOT].keys[0] = *keypair_public(ring->k[STRANGER]);
    call(&next, ROLE_ROOT, 0, "root-4", 0);
    static const struct {
        size_t keys[4], n;
        bool good;
        const char *missing;
    } rows[] = {
        {{ROOT2, ROOT3}, 2, true, NULL}, /* two of the new keys, too */
        {{ROOT1, ROOT2, STRANGER}, 3, true, NULL},
        {{ROOT1, ROOT2}, 2, false, "no signature of: root-4, root-3"},
        {{STRANGER, ROOT2}, 2, false, "no signature of: root-1, root-3"},
        {{ROOT1, ROOT1, STRANGER, STRANGER}, 4, false, "1 of the root keys"},
        {{REL1, REL2, OPER}, 3, false, "0 of the root keys"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = ERR_INIT;
        sign_all(ring, &next, rows[i].keys, rows[i].n, &file);
        int rc = trust_next_check(&now, file.data, file.len, &back, &err);
        if ((rc == 0) != rows[i].good || (rc < 0 && strstr(err.text, rows[i].missing) == NULL))
            fail_msg("row %zu: %d %s", i, rc, err.text);
    }
}

/* Four other root keys replace all four: one container has room for all necessary signatures. */
static void test_all_roots_at_once(void **state)
{
    const struct keyring *ring = *state;
    struct trust now = named(ring, 2), next = named(ring, 3), back;
    auto_buf struct buf file = BUF_INIT;
    struct err err = ERR_INIT;
    static const size_t old[4] = {ROOT1, ROOT2, ROOT3, ROOT4};
    static const size_t new[4] = {STRANGER, ROOT5, REL3, REL2};
    static const size_t all[8] = {ROOT1, ROOT2, ROOT3, ROOT4, STRANGER, ROOT5, REL3, REL2};
    next.roles[ROLE_RELEASE].n = next.roles[ROLE_RELEASE].threshold = 1;
    for (uint32_t i = 0; i < 4; i++) {
        char name[KEY_NAME_MAX];
        now.roles[ROLE_ROOT].keys[i] = *keypair_public(ring->k[old[i]]);
        next.roles[ROLE_ROOT].keys[i] = *keypair_public(ring->k[new[i]]);
        snprintf(name, sizeof(name), "r%u", (unsigned)i);
        call(&now, ROLE_ROOT, i, name, 0);
        call(&next, ROLE_ROOT, i, name, 0);
    }
    now.roles[ROLE_ROOT].n = now.roles[ROLE_ROOT].threshold = 4;
    next.roles[ROLE_ROOT].n = next.roles[ROLE_ROOT].threshold = 4;
    sign_all(ring, &next, all, 8, &file);
    assert_int_equal(trust_next_check(&now, file.data, file.len, &back, &err), 0);
    sign_all(ring, &next, all, 7, &file);
    assert_int_equal(trust_next_check(&now, file.data, file.len, &back, &err), -1);
}

/* The largest possible trust file fits into a file, and so into an order. */
static void test_the_largest_trust_file(void **state)
{
    const struct keyring *ring = *state;
    struct trust t = named(ring, UINT32_MAX), back;
    auto_buf struct buf file = BUF_INIT;
    struct err err = ERR_INIT;
    static const size_t signers[8] = {ROOT1, ROOT2, ROOT3, OBS, OPER, REL1, REL2, REL3};
    memset(t.name, 'n', sizeof(t.name) - 1);
    for (enum role r = ROLE_OBSERVER; r < ROLE_COUNT; r++) {
        t.roles[r].n = KEYS_MAX;
        t.roles[r].threshold = r == ROLE_ROOT ? 3 : r == ROLE_RELEASE ? 8 : 1;
        for (uint32_t i = 0; i < KEYS_MAX; i++) {
            if (r != ROLE_ROOT || i >= 3) {
                memset(&t.roles[r].keys[i], (int)r * 16 + (int)i + 1, sizeof(struct pubkey));
            }
            snprintf(t.roles[r].about[i].name, KEY_NAME_MAX, "%s-%02u-is-a-long-name-xxxxxxxxxx",
                     r == ROLE_ROOT       ? "root"
                     : r == ROLE_RELEASE  ? "rels"
                     : r == ROLE_OPERATOR ? "oper"
                                          : "obse",
                     (unsigned)i);
            t.roles[r].about[i].expires_s = r == ROLE_ROOT ? 0 : INT64_MAX;
        }
    }
    sign_all(ring, &t, signers, 8, &file);
    assert_int_equal(trust_from_anchor(file.data, file.len, &back, &err), 0);
    assert_memory_equal(&t, &back, sizeof(t));
    assert_true(file.len < TRUST_MAX);
}

static void put(const struct keyring *ring, uint32_t version, struct buf *all)
{
    static const size_t roots[] = {ROOT1, ROOT2};
    const struct trust t = named(ring, version);
    auto_buf struct buf one = BUF_INIT;
    sign_all(ring, &t, roots, 2, &one);
    assert_int_equal(buf_add(all, one.data, one.len), 0);
}

static void test_a_sequence_is_followed(void **state)
{
    const struct keyring *ring = *state;
    auto_buf struct buf all = BUF_INIT, hole = BUF_INIT;
    struct err err = ERR_INIT, rest = ERR_INIT;
    struct trust t, now = named(ring, 3);
    struct trust_at at;
    uint32_t last;
    for (uint32_t v = 2; v <= 5; v++)
        put(ring, v, &all);
    assert_int_equal(trust_sequence_begin(all.data, all.len, &t, &at, &rest, &err), 0);
    assert_int_equal(t.version, 5);
    assert_int_equal(rest.kind, ERR_NONE);
    assert_ptr_equal(at.p + at.len, all.data + all.len);
    assert_int_equal(
        trust_sequence_follow(all.data, all.len, TRUST_ANY_DAY, &now, &at, &last, &err), 0);
    assert_int_equal(now.version, 5);
    assert_int_equal(last, 5);
    assert_int_equal(
        trust_sequence_follow(all.data, all.len, TRUST_ANY_DAY, &now, &at, &last, &err), 0);
    assert_int_equal(at.len, 0); /* nothing newer */

    /* A version is missing: the versions before it count, and the text reports the rest. */
    put(ring, 2, &hole);
    put(ring, 3, &hole);
    put(ring, 5, &hole);
    now = named(ring, 2);
    assert_int_equal(
        trust_sequence_follow(hole.data, hole.len, TRUST_ANY_DAY, &now, &at, &last, &err), -1);
    assert_non_null(strstr(err.text, "version 4 is left out"));
    assert_int_equal(now.version, 3);
    assert_true(at.len > 0);
    assert_int_equal(trust_sequence_begin(hole.data, hole.len, &t, &at, &rest, &err), 0);
    assert_int_equal(t.version, 3);
    assert_int_equal(rest.kind, ERR_STATE);

    /* Cut at any byte: only whole containers count. */
    for (size_t n = 0; n < all.len; n += 7) {
        now = named(ring, 2);
        int rc = trust_sequence_follow(all.data, n, TRUST_ANY_DAY, &now, &at, &last, &err);
        assert_true(rc == 0 || now.version <= 5);
        assert_true(now.version < 5);
    }
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
        assert_int_equal(trust_allows(&t, k, ROLE_NONE, NOW), rows[i].any);
        assert_int_equal(trust_allows(&t, k, ROLE_OBSERVER, NOW), rows[i].observer);
        assert_int_equal(trust_allows(&t, k, ROLE_OPERATOR, NOW), rows[i].operator);
        assert_int_equal(trust_allows(&t, k, ROLE_RELEASE, NOW), rows[i].release);
        assert_int_equal(trust_allows(&t, k, ROLE_ROOT, NOW), rows[i].root);
        assert_false(trust_allows(&t, k, ROLE_COUNT, NOW));
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
    assert_int_equal(trust_manifest(&t, good.data, good.len, NOW, &back, &err), 0);
    assert_string_equal(back.version, "2.0.5");
    assert_int_equal(trust_manifest(&t, bad.data, bad.len, NOW, &back, &err), -1);
    assert_int_equal(err.kind, ERR_CRYPTO);
    sign(ring, &t, REL1, REL2, &file); /* a trust file is no manifest */
    assert_int_equal(trust_manifest(&t, file.data, file.len, NOW, &back, &err), -1);
    give(&t, ring, ROLE_RELEASE, 0, REL1, 0); /* no key may sign: then nothing passes */
    assert_int_equal(trust_manifest(&t, good.data, good.len, NOW, &back, &err), -1);
    assert_int_equal(err.kind, ERR_CRYPTO);
}

/* 2 of 3 signed; one of the keys has expired since, or that is unknown. */
static void test_expired_keys_sign_no_manifests(void **state)
{
    const struct keyring *ring = *state;
    const struct trust t = named(ring, 2);
    struct manifest m = {.version = "2.0.5", .n_builds = 1}, back;
    struct err err = ERR_INIT;
    auto_buf struct buf body = BUF_INIT, file = BUF_INIT;
    const struct keypair *const two[] = {ring->k[REL1], ring->k[REL2]};
    m.builds[0] = (struct build){"linux", "amd64", PACKING_BARE, 5, {{1}}, 5, {{1}}};
    assert_int_equal(manifest_pack(&m, &body, &err), 0);
    assert_int_equal(container_pack(CONTAINER_MANIFEST, body.data, body.len, two, 2, &file, &err),
                     0);
    assert_int_equal(trust_manifest(&t, file.data, file.len, NOW, &back, &err), 0);
    assert_int_equal(trust_manifest(&t, file.data, file.len, NOW + 90 * DAY, &back, &err), -1);
    assert_non_null(strstr(err.text, "1 of the release keys signed it, trust version 2 demands 2; "
                                     "no signature of: rel-c"));
    assert_int_equal(trust_manifest(&t, file.data, file.len, NOW - 365 * DAY, &back, &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_trust_file_comes_back),
        cmocka_unit_test(test_bad_trust_files),
        cmocka_unit_test(test_the_anchor_signs_itself),
        cmocka_unit_test(test_adoption),
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_keys_have_names),
        cmocka_unit_test(test_bad_named_trust_files),
        cmocka_unit_test(test_an_expired_key_is_no_key),
        cmocka_unit_test(test_a_clock_a_year_off),
        cmocka_unit_test(test_a_trust_order_out_of_time),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_a_new_root_shows_its_key),
        cmocka_unit_test(test_all_roots_at_once),
        cmocka_unit_test(test_the_largest_trust_file),
        cmocka_unit_test(test_a_sequence_is_followed),
        cmocka_unit_test(test_expired_keys_sign_no_manifests),
        cmocka_unit_test(test_release_keys_sign_manifests),
    };
    return cmocka_run_group_tests_name("trust", tests, setup, teardown);
}
