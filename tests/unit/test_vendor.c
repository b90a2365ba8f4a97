/* vendor.h and phase_vendor.c on a model host: a release without HashiCorp's signature is not
 * installed, and disk and record stay as they were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "model_vendor.h"
#include "str.h"
#include "swap_bench.h"

struct bench {
    struct swap_bench b;
    uint64_t sequence;
};

static int set_up(void **state)
{
    struct bench *t = xzalloc(1, sizeof(*t));

    swap_bench_open(&t->b);
    t->b.s.law.require_vendor_signature = true;
    t->b.s.phases.conf.vendor_keys = model_vendor_keys;
    model_vendor_open(&t->b.m);
    *state = t;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *t = *state;

    swap_bench_close(&t->b);
    free(t);
    return 0;
}

/* The fault of the release, of the sandbox's answers, or of caravan-fetch's answers. */
struct wrong {
    const char *name;
    void (*with)(struct manifest *m, struct model_host *h);
    enum refusal refusal; /* of the order; NONE: it fails while staging */
    enum failure failure;
    const char *text;
    unsigned fetched; /* was anything downloaded? */
};

static void no_sums(struct manifest *m, struct model_host *h)
{
    (void)h;
    m->sums_len = 0;
}

static void no_signature(struct manifest *m, struct model_host *h)
{
    (void)h;
    m->sums_sig_len = 0;
}

static void bare(struct manifest *m, struct model_host *h)
{
    (void)h;
    m->builds[0].packing = PACKING_BARE;
    m->builds[0].fetch_size = m->builds[0].size;
    m->builds[0].fetch_digest = m->builds[0].digest;
}

static void other_name(struct manifest *m, struct model_host *h)
{
    (void)h;
    memcpy(m->sums + 2 * DIGEST_LEN + 2, "n0mad", 5);
}

static void other_digest(struct manifest *m, struct model_host *h)
{
    (void)h;
    m->sums[0] = m->sums[0] == '0' ? '1' : '0';
}

static void no_sums_file(struct manifest *m, struct model_host *h)
{
    (void)h;
    m->sums[2 * DIGEST_LEN] = 'x';
}

static void no_gpgv(struct manifest *m, struct model_host *h)
{
    (void)m;
    h->vendor.no_gpgv = true;
}

static void late_gpgv(struct manifest *m, struct model_host *h)
{
    (void)m;
    h->vendor.late_gpgv = true;
}

static void no_keyring(struct manifest *m, struct model_host *h)
{
    (void)m;
    model_fs_drop(&h->fs, MODEL_KEYS);
}

static void keyring_of_others(struct manifest *m, struct model_host *h)
{
    (void)m;
    h->attributes[1].mode = 0664;
}

static void torn_keyring(struct manifest *m, struct model_host *h)
{
    static const char torn[] = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n";

    (void)m;
    model_fs_put(&h->fs, MODEL_KEYS, torn, sizeof(torn) - 1, 0644);
}

static void another_zip(struct manifest *m, struct model_host *h)
{
    (void)m;
    h->brings = "mute";
}

static void a_bad_zip(struct manifest *m, struct model_host *h)
{
    (void)m;
    h->vendor.bad_zip = true;
}

static void other_bytes(struct manifest *m, struct model_host *h)
{
    (void)m;
    h->vendor.unzips = "mute";
}

static void it_hangs_up(struct manifest *m, struct model_host *h)
{
    (void)m;
    h->vendor.stops_at = 600;
}

static const struct wrong wrongs[] = {
    {"no sums", no_sums, REFUSAL_MANIFEST, FAILURE_NONE, "the manifest contains none", 0},
    {"no signature", no_signature, REFUSAL_MANIFEST, FAILURE_NONE, "the manifest contains none", 0},
    {"a bare binary", bare, REFUSAL_MANIFEST, FAILURE_NONE, "bare binary", 0},
    {"another name", other_name, REFUSAL_NONE, FAILURE_REFUSED_BY_LAW, "nomad_1.1.0", 0},
    {"another digest", other_digest, REFUSAL_NONE, FAILURE_REFUSED_BY_LAW,
     "another digest for nomad_", 0},
    {"no SHA256SUMS", no_sums_file, REFUSAL_NONE, FAILURE_REFUSED_BY_LAW, "", 0},
    {"no gpgv", no_gpgv, REFUSAL_NONE, FAILURE_REFUSED_BY_LAW, "gpgv is not installed", 0},
    {"late gpgv", late_gpgv, REFUSAL_NONE, FAILURE_IO, "not end in time", 0},
    {"no keyring", no_keyring, REFUSAL_NONE, FAILURE_REFUSED_BY_LAW, "does not exist", 0},
    {"a keyring of others", keyring_of_others, REFUSAL_NONE, FAILURE_REFUSED_BY_LAW,
     "others than root may write", 0},
    {"a torn keyring", torn_keyring, REFUSAL_NONE, FAILURE_REFUSED_BY_LAW, "the keyring", 0},
    {"another zip", another_zip, REFUSAL_NONE, FAILURE_BAD_DIGEST, "is not the signed file", 1},
    {"a bad zip", a_bad_zip, REFUSAL_NONE, FAILURE_BAD_ARCHIVE, "nomad twice", 1},
    {"other bytes", other_bytes, REFUSAL_NONE, FAILURE_BAD_DIGEST,
     "is not the binary that the manifest names", 1},
    {"it hangs up", it_hangs_up, REFUSAL_NONE, FAILURE_IO, "hung up", 1},
};

static struct order *stage(struct bench *t, const struct wrong *w)
{
    struct order *o = swap_bench_stage(&t->b, 1, ++t->sequence);
    struct manifest m;
    struct err err = ERR_INIT;

    if (trust_manifest(&t->b.desk.trust, o->u.stage.manifest, o->u.stage.manifest_len, 1, &m,
                       &err) < 0)
        fail_msg("%s", err.text);
    model_vendor_manifest(&m);
    if (w != NULL)
        w->with(&m, &t->b.m);
    desk_manifest(&o->u.stage, t->b.desk.operator, & m);
    return o;
}

static enum refusal say(struct bench *t, struct order *o)
{
    return swap_bench_say(&t->b, o, t->b.desk.operator, NULL);
}

static void nothing_is_left(struct bench *t, const struct wrong *w)
{
    const struct model_fs *fs = &t->b.m.fs;

    if (model_fs_find(fs, MODEL_FRESH) != 0 || model_fs_find(fs, MODEL_DIR "/zip") != 0)
        fail_msg("%s: something was left", w->name);
    assert_string_equal(model_kind(model_fs_file(fs, MODEL_TARGET)), "old");
    assert_int_equal(t->b.s.phases.rec.vendor_signed, 0);
    assert_int_equal(t->b.s.phases.rec.settled_s, 0);
    assert_int_equal(say(t, swap_bench_swap(&t->b, 1, ++t->sequence)), REFUSAL_PHASE);
}

static void what_is_not_signed_is_not_installed(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrongs); i++) {
        const struct wrong *w = &wrongs[i];
        void *own = NULL;
        struct bench *t;

        assert_int_equal(set_up(&own), 0);
        t = own;
        print_message("# %s\n", w->name);
        assert_int_equal(say(t, stage(t, w)), w->refusal);
        if (w->refusal == REFUSAL_NONE) {
            assert_int_equal(swap_bench_rest(&t->b), PHASE_FAILED);
            assert_int_equal(t->b.s.phases.rec.verdict.failure, w->failure);
        }
        const char *text =
            w->refusal == REFUSAL_NONE ? t->b.s.phases.rec.verdict.text : t->b.done.text;
        if (strstr(text, w->text) == NULL)
            fail_msg("%s: %s", w->name, text);
        assert_int_equal(model_fs_find(&t->b.m.fs, MODEL_FETCH "/fetched") != 0 ||
                             t->b.m.vendor.unzipped != 0,
                         w->fetched);
        nothing_is_left(t, w);
        (void)tear_down(&own);
    }
}

static void what_is_signed_is(void **state)
{
    struct bench *t = *state;

    assert_int_equal(say(t, stage(t, NULL)), REFUSAL_NONE);
    assert_int_equal(t->b.m.vendor.verified, 0);
    assert_int_equal(swap_bench_rest(&t->b), PHASE_STAGED);
    assert_int_equal(t->b.m.vendor.verified, 1);
    assert_int_equal(model_fs_find(&t->b.m.fs, MODEL_DIR "/zip"), 0);
    assert_int_equal(model_fs_find(&t->b.m.fs, MODEL_FETCH "/fetched"), 0);
    assert_int_equal(say(t, swap_bench_swap(&t->b, 1, ++t->sequence)), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(&t->b), PHASE_SETTLED);
    assert_string_equal(model_kind(model_fs_file(&t->b.m.fs, MODEL_TARGET)), "new");
}

/* Lines of gpgv (test_gpgv_status tests all forms). */
static void gpgvs_lines_are_judged_by_root(void **state)
{
#define VALID                                                                                      \
    "[GNUPG:] VALIDSIG 0000000000000000000000000000000000000001 2026-01-01 1767225600 0 4 0 1 8 "  \
    "00 0000000000000000000000000000000000000001\n"
    static const struct {
        const char *status;
        enum phase phase;
    } rows[] = {
        {"", PHASE_FAILED},
        {"[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG 1 x\n", PHASE_FAILED},
        {"[GNUPG:] NEWSIG\n[GNUPG:] REVKEYSIG 1 x\n" VALID, PHASE_FAILED},
        {"[GNUPG:] NEWSIG\n[GNUPG:] KEYEXPIRED 1767225600\n[GNUPG:] EXPKEYSIG 1 x\n" VALID,
         PHASE_FAILED},
        {"[GNUPG:] NEWSIG\n[GNUPG:] KEYEXPIRED 1767225601\n[GNUPG:] EXPKEYSIG 1 x\n" VALID,
         PHASE_STAGED},
        {"[GNUPG:] NEWSIG\n[GNUPG:] ERRSIG 2 1 8 00 1 9 -\n[GNUPG:] NO_PUBKEY 2\n[GNUPG:] NEWSIG\n"
         "[GNUPG:] GOODSIG 1 x\n" VALID,
         PHASE_STAGED},
        {"[GNUPG:] NEWSIG\n[GNUPG:] BADSIG 1 x\n", PHASE_FAILED},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        void *own = NULL;
        struct bench *t;

        assert_int_equal(set_up(&own), 0);
        t = own;
        t->b.m.vendor.status = rows[i].status;
        assert_int_equal(say(t, stage(t, NULL)), REFUSAL_NONE);
        assert_int_equal(swap_bench_rest(&t->b), rows[i].phase);
        (void)tear_down(&own);
    }
}

/* Of two copies of a key gpgv uses only the first: so it runs with each keyring as the first one.
 */
static void a_key_is_revoked_by_either_keyring(void **state)
{
    static const char revoked[] = "[GNUPG:] NEWSIG\n[GNUPG:] REVKEYSIG 1 x\n" VALID;
    static const char unknown[] =
        "[GNUPG:] NEWSIG\n[GNUPG:] ERRSIG 2 1 8 00 1 9 -\n[GNUPG:] NO_PUBKEY 2\n";
    static const struct {
        const char *first, *second;
        enum phase phase;
    } rows[] = {{NULL, revoked, PHASE_FAILED},
                {revoked, NULL, PHASE_FAILED},
                {revoked, revoked, PHASE_FAILED},
                {unknown, unknown, PHASE_FAILED},
                {NULL, NULL, PHASE_STAGED}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        void *own = NULL;
        struct bench *t;

        assert_int_equal(set_up(&own), 0);
        t = own;
        t->b.s.phases.conf.vendor_keys.own = MODEL_KEYS;
        t->b.m.vendor.status = rows[i].first;
        t->b.m.vendor.status_again = rows[i].second != NULL ? rows[i].second : MODEL_GOOD;
        assert_int_equal(say(t, stage(t, NULL)), REFUSAL_NONE);
        assert_int_equal(swap_bench_rest(&t->b), rows[i].phase);
        assert_int_equal(t->b.m.vendor.verified, 2);
        (void)tear_down(&own);
    }
}

/* Root demanded the signature only after the stage, which did not check it: stage again. */
static void what_was_staged_before_is_staged_again(void **state)
{
    struct bench *t = *state;

    t->b.s.law.require_vendor_signature = false;
    t->b.m.brings = NULL;
    assert_int_equal(say(t, swap_bench_stage(&t->b, 1, ++t->sequence)), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(&t->b), PHASE_STAGED);
    t->b.s.law.require_vendor_signature = true;
    t->b.m.brings = "zip";
    assert_int_equal(say(t, swap_bench_swap(&t->b, 1, ++t->sequence)), REFUSAL_DIGEST);
    assert_int_equal(say(t, stage(t, NULL)), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(&t->b), PHASE_STAGED);
    assert_int_equal(say(t, swap_bench_swap(&t->b, 1, ++t->sequence)), REFUSAL_NONE);
}

static void it_can_be_cancelled_at_any_step(void **state)
{
    (void)state;
    for (int at = 0;; at++) {
        void *own = NULL;
        struct bench *t;
        struct phases *p;

        assert_int_equal(set_up(&own), 0);
        t = own;
        p = &t->b.s.phases;
        assert_int_equal(say(t, stage(t, NULL)), REFUSAL_NONE);
        for (int i = 0; i < at && phases_works(p); i++)
            swap_bench_step(&t->b);
        bool works = phases_works(p) && p->rec.phase == PHASE_FETCHING;
        phases_cancel(p);
        if (works && swap_bench_rest(&t->b) == PHASE_FAILED) {
            assert_int_equal(p->rec.verdict.failure, FAILURE_CANCELLED);
            assert_int_equal(model_fs_find(&t->b.m.fs, MODEL_FRESH), 0);
            assert_int_equal(model_fs_find(&t->b.m.fs, MODEL_DIR "/zip"), 0);
        }
        (void)tear_down(&own);
        if (!works) {
            assert_true(at > 8);
            return;
        }
    }
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_is_signed_is),
        cmocka_unit_test(what_is_not_signed_is_not_installed),
        cmocka_unit_test(gpgvs_lines_are_judged_by_root),
        cmocka_unit_test(a_key_is_revoked_by_either_keyring),
        CASE(what_was_staged_before_is_staged_again),
        cmocka_unit_test(it_can_be_cancelled_at_any_step),
    };
    struct err err = ERR_INIT;

    if (crypto_init(&err) < 0)
        return 1;
    return cmocka_run_group_tests_name("vendor", tests, NULL, NULL);
}
