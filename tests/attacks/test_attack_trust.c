/* Trust files that must not be adopted, and keys that must not count: any more, yet, or for this
 * purpose. caravan-swap has a trust with 2 of 3 root keys, 2 of 2 release keys, and two operators;
 * the key of one operator expires. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "str.h"
#include "swap_bench.h"

#define DAY  INT64_C(86400)
#define YEAR (365 * DAY)

enum { ROOT_A, ROOT_B, ROOT_C, REL_A, REL_B, KEYS };

struct attack {
    struct swap_bench b;
    struct keypair *k[KEYS];
    int64_t now_s; /* the host's clock */
    uint64_t sequence;
};

static void name_key(struct trust *t, enum role role, const struct keypair *k, const char *name,
                     int64_t expires_s)
{
    struct role_keys *r = &t->roles[role];

    r->keys[r->n] = *keypair_public(k);
    r->about[r->n].expires_s = expires_s;
    str_cut(r->about[r->n].name, KEY_NAME_MAX, name);
    r->n++;
    r->threshold = role == ROLE_ROOT || role == ROLE_RELEASE ? 2 : 1;
}

static int set_up(void **state)
{
    struct attack *a = xzalloc(1, sizeof(*a));
    struct trust t;

    swap_bench_open(&a->b);
    for (size_t i = 0; i < KEYS; i++) {
        unsigned char seed[32] = {(unsigned char)(0x40 + i)};
        a->k[i] = keypair_from_seed(seed);
    }
    a->now_s = a->b.m.wall_ns / 1000000000;
    memset(&t, 0, sizeof(t));
    memcpy(t.cluster, a->b.desk.trust.cluster, CLUSTER_ID_LEN);
    t.version = 5;
    t.format = 2;
    t.created_s = a->now_s;
    str_cut(t.name, sizeof(t.name), "desk");
    name_key(&t, ROLE_ROOT, a->k[ROOT_A], "root-a", 0);
    name_key(&t, ROLE_ROOT, a->k[ROOT_B], "root-b", 0);
    name_key(&t, ROLE_ROOT, a->k[ROOT_C], "root-c", 0);
    name_key(&t, ROLE_RELEASE, a->k[REL_A], "rel-a", 0);
    name_key(&t, ROLE_RELEASE, a->k[REL_B], "rel-b", 0);
    name_key(&t, ROLE_OPERATOR, a->b.desk.operator, "anna", 0);
    name_key(&t, ROLE_OPERATOR, a->b.desk.other_operator, "berta", a->now_s + 30 * DAY);
    name_key(&t, ROLE_OBSERVER, a->b.desk.observer, "watch", 0);
    a->b.s.trust = a->b.desk.trust = t;
    *state = a;
    return 0;
}

static int tear_down(void **state)
{
    struct attack *a = *state;

    swap_bench_close(&a->b);
    for (size_t i = 0; i < KEYS; i++)
        keypair_free(a->k[i]);
    free(a);
    return 0;
}

/* ---- trust files ---- */

/* The next version, signed by these keys. */
static enum refusal bring(struct attack *a, const struct trust *t, const int *by, size_t n)
{
    const struct keypair *keys[SIGS_MAX];
    struct order *o = desk_order(&a->b.desk, MSG_TRUST, 0, 0);
    auto_buf struct buf body = BUF_INIT, file = BUF_INIT;
    struct err err = ERR_INIT;

    for (size_t i = 0; i < n; i++)
        keys[i] = a->k[by[i]];
    if (trust_pack(t, &body, &err) < 0 ||
        container_pack(CONTAINER_TRUST, body.data, body.len, keys, n, &file, &err) < 0)
        fail_msg("%s", err.text);
    memcpy(o->u.trust.file, file.data, file.len);
    o->u.trust.len = file.len;
    return swap_bench_say(&a->b, o, a->b.desk.operator, NULL);
}

static struct trust next_of(const struct attack *a)
{
    struct trust t = a->b.s.trust;

    t.version++;
    return t;
}

/* The file is refused for this reason, and nothing has changed. */
static void refused(struct attack *a, const struct trust *t, const int *by, size_t n,
                    const char *why)
{
    uint32_t was = a->b.s.trust.version;

    assert_int_equal(bring(a, t, by, n), REFUSAL_MANIFEST);
    if (strstr(a->b.done.text, why) == NULL)
        fail_msg("refused with: %s", a->b.done.text);
    assert_int_equal(a->b.s.trust.version, was);
    assert_int_equal(a->b.done.trust_version, was);
}

static const int two_roots[] = {ROOT_A, ROOT_B};

static void wrong_cluster(void **state)
{
    struct attack *a = *state;
    struct trust t = next_of(a);

    t.cluster[3] ^= 1;
    refused(a, &t, two_roots, 2, "for another cluster");
}

static void an_older_trust_file(void **state)
{
    struct attack *a = *state;
    struct trust t = next_of(a);

    assert_int_equal(bring(a, &t, two_roots, 2), REFUSAL_NONE);
    refused(a, &t, two_roots, 2, "version 6 is in force already");
    t.version = 5;
    refused(a, &t, two_roots, 2, "version 6 is in force already");
}

static void a_skipped_version(void **state)
{
    struct attack *a = *state;
    struct trust t = next_of(a);

    t.version = 7;
    refused(a, &t, two_roots, 2, "version 6 is left out");
}

static void a_threshold_met_twice_by_one_key(void **state)
{
    static const int by[] = {ROOT_A, ROOT_A, ROOT_A};
    struct attack *a = *state;
    struct trust t = next_of(a);

    refused(a, &t, by, 3, "1 of the root keys signed it, trust version 5 demands 2");
}

static void keys_of_the_wrong_role(void **state)
{
    static const int by[] = {ROOT_A, REL_A, REL_B};
    struct attack *a = *state;
    struct trust t = next_of(a);

    refused(a, &t, by, 3, "1 of the root keys signed it, trust version 5 demands 2");
}

/* The old root keys have signed. Of the new root keys only root-b has signed; two must. */
static void a_root_that_nobody_has(void **state)
{
    struct attack *a = *state;
    struct trust t = next_of(a);

    memset(&t.roles[ROLE_ROOT].keys[0], 0x77, sizeof(struct pubkey));
    refused(a, &t, two_roots, 2, "its own roots do not show their keys");
}

/* A former root key signs a trust file. */
static void a_removed_root(void **state)
{
    static const int after[] = {ROOT_A, ROOT_B};
    static const int left[] = {ROOT_B, ROOT_C};
    struct attack *a = *state;
    struct trust t = next_of(a), again;

    t.roles[ROLE_ROOT].keys[0] = t.roles[ROLE_ROOT].keys[2];
    t.roles[ROLE_ROOT].about[0] = t.roles[ROLE_ROOT].about[2];
    t.roles[ROLE_ROOT].n = 2;
    static const int all[] = {ROOT_A, ROOT_B, ROOT_C};
    assert_int_equal(bring(a, &t, all, 3), REFUSAL_NONE);
    again = next_of(a);
    refused(a, &again, after, 2, "no signature of: root-c");
    assert_int_equal(bring(a, &again, left, 2), REFUSAL_NONE);
}

/* ---- keys that give orders ---- */

static enum refusal swap_ordered(struct attack *a, const struct keypair *by)
{
    return swap_bench_say(&a->b, swap_bench_swap(&a->b, 1, ++a->sequence), by, NULL);
}

/* Nothing is staged. A key that counts gets a receipt that says so; another key gets no answer. */
static bool counts(struct attack *a, const struct keypair *by)
{
    enum refusal r = swap_ordered(a, by);

    if (r != REFUSAL_PHASE && r != REFUSAL_COUNT && r != REFUSAL_ROLE && r != REFUSAL_DIGEST)
        fail_msg("refusal %d: %s", (int)r, a->b.done.text);
    return r != REFUSAL_COUNT && r != REFUSAL_ROLE;
}

static void set_clock(struct attack *a, int64_t wall_s)
{
    a->b.m.wall_ns = wall_s * 1000000000;
}

static void an_unknown_key(void **state)
{
    struct attack *a = *state;

    assert_false(counts(a, a->b.desk.stranger));
}

static void keys_that_do_not_operate(void **state)
{
    struct attack *a = *state;

    assert_false(counts(a, a->b.desk.observer));
    assert_false(counts(a, a->k[ROOT_A]));
    assert_false(counts(a, a->k[REL_A]));
    assert_true(counts(a, a->b.desk.operator));
}

static void an_expired_key(void **state)
{
    struct attack *a = *state;

    assert_true(counts(a, a->b.desk.other_operator));
    set_clock(a, a->now_s + 30 * DAY - 60);
    assert_true(counts(a, a->b.desk.other_operator));
    set_clock(a, a->now_s + 30 * DAY + 60);
    assert_false(counts(a, a->b.desk.other_operator));
    assert_true(counts(a, a->b.desk.operator));
}

static void a_revoked_key(void **state)
{
    struct attack *a = *state;
    struct trust t = next_of(a);

    t.roles[ROLE_OPERATOR].n = 1;
    assert_int_equal(bring(a, &t, two_roots, 2), REFUSAL_NONE);
    assert_false(counts(a, a->b.desk.other_operator));
    assert_true(counts(a, a->b.desk.operator));
}

/* A clock that is a year ahead: keys that expire within that year do not count. A clock that is a
 * year behind: nobody knows whether a key has expired, so these keys do not count either. A key
 * without an expiry counts, and can send a trust file, whatever the clock is. */
static void a_clock_a_year_off(void **state)
{
    struct attack *a = *state;
    struct trust t = next_of(a);

    set_clock(a, a->now_s + YEAR);
    assert_false(counts(a, a->b.desk.other_operator));
    assert_true(counts(a, a->b.desk.operator));
    set_clock(a, a->now_s - YEAR);
    assert_false(counts(a, a->b.desk.other_operator));
    assert_true(counts(a, a->b.desk.operator));
    assert_int_equal(bring(a, &t, two_roots, 2), REFUSAL_NONE);
}

/* ---- manifests ---- */

static enum refusal stage_by(struct attack *a, int first, int second)
{
    struct order *o = swap_bench_stage(&a->b, 1, ++a->sequence);
    const struct keypair *keys[] = {a->k[first], a->k[second]};
    auto_buf struct buf file = BUF_INIT;
    struct container c;
    struct err err = ERR_INIT;

    if (container_split(CONTAINER_MANIFEST, o->u.stage.manifest, o->u.stage.manifest_len, &c,
                        &err) < 0 ||
        container_pack(CONTAINER_MANIFEST, c.body, c.body_len, keys, 2, &file, &err) < 0)
        fail_msg("%s", err.text);
    memcpy(o->u.stage.manifest, file.data, file.len);
    o->u.stage.manifest_len = file.len;
    return swap_bench_say(&a->b, o, a->b.desk.operator, NULL);
}

static void a_release_of_one_signature(void **state)
{
    struct attack *a = *state;

    assert_int_equal(stage_by(a, REL_A, REL_A), REFUSAL_MANIFEST);
    assert_int_equal(stage_by(a, REL_A, ROOT_A), REFUSAL_MANIFEST);
    assert_non_null(strstr(a->b.done.text, "no signature of: rel-b"));
    a->b.s.trust.roles[ROLE_RELEASE].about[1].expires_s = a->now_s + DAY;
    set_clock(a, a->now_s + 2 * DAY);
    assert_int_equal(stage_by(a, REL_A, REL_B), REFUSAL_MANIFEST);
    set_clock(a, a->now_s);
    assert_int_equal(stage_by(a, REL_A, REL_B), REFUSAL_NONE);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(wrong_cluster),
        CASE(an_older_trust_file),
        CASE(a_skipped_version),
        CASE(a_threshold_met_twice_by_one_key),
        CASE(keys_of_the_wrong_role),
        CASE(a_root_that_nobody_has),
        CASE(a_removed_root),
        CASE(an_unknown_key),
        CASE(keys_that_do_not_operate),
        CASE(an_expired_key),
        CASE(a_revoked_key),
        CASE(a_clock_a_year_off),
        CASE(a_release_of_one_signature),
    };

    return cmocka_run_group_tests_name("attack_trust", tests, NULL, NULL);
}
