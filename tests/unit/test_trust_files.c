/* The next version of a trust file: edited, signed on one or several machines, put into force, and
 * interrupted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "context_fixture.h"
#include "file.h"
#include "keys.h"
#include "trust_edit.h"

#define NOW INT64_C(1800000000)

/* The coordinator's directory, and the directory of a machine with other keys. */
struct bench {
    struct context_fixture here, away;
    struct trust first;
};

static int set_up(void **state)
{
    struct bench *b = xzalloc(1, sizeof(*b));
    struct trust unused;
    struct err err = ERR_INIT;
    if (crypto_init(&err) < 0 || context_fixture_begin(&b->here) < 0 ||
        context_fixture_begin(&b->away) < 0 ||
        keys_make_solo(&b->here.conf, "north", &b->first, &err) < 0 ||
        keys_make_solo(&b->away.conf, "away", &unused, &err) < 0)
        return -1;
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    context_fixture_end(&b->here);
    context_fixture_end(&b->away);
    free(b);
    return 0;
}

static void place(const struct coord_conf *c, const char *name, char dst[static 300])
{
    struct err err = ERR_INIT;
    assert_int_equal(conf_path(c, name, dst, &err), 0);
}

/* A key of the other machine, under another name. */
static struct key_public away_key(const struct bench *b, enum role role, const char *name)
{
    auto_keypair struct keypair *k = NULL;
    struct err err = ERR_INIT;
    struct key_public p = {.purpose = role};
    assert_int_equal(keys_load(&b->away.conf, role, &k, &err), 0);
    p.key = *keypair_public(k);
    str_cut(p.name, sizeof(p.name), name);
    return p;
}

static struct trust now_of(const struct coord_conf *c)
{
    struct trust t;
    struct err err = ERR_INIT;
    if (keys_trust(c, &t, &err) < 0)
        fail_msg("%s", err.text);
    return t;
}

/* ---- edits ---- */

static void test_edits(void **state)
{
    const struct bench *b = *state;
    const struct key_public berta = away_key(b, ROLE_OPERATOR, "berta");
    const struct key_public root = away_key(b, ROLE_ROOT, "root");
    struct trust t;
    struct err err = ERR_INIT;
    trust_edit_begin(&b->first, NOW, &t);
    assert_int_equal(t.version, 2);
    assert_string_equal(t.roles[ROLE_OPERATOR].about[0].name, "operator");

    assert_int_equal(trust_edit_add(&t, &berta, ROLE_RELEASE, 0, &err), -1); /* another purpose */
    assert_non_null(strstr(err.text, "was made for operator"));
    assert_int_equal(trust_edit_remove(&t, "operator", &err), -1); /* nobody could give orders */
    assert_int_equal(err.kind, ERR_REFUSED);
    assert_int_equal(trust_edit_add(&t, &berta, ROLE_OPERATOR, NOW + 86400, &err), 0);
    assert_int_equal(trust_edit_add(&t, &berta, ROLE_OPERATOR, 0, &err), -1); /* twice */
    assert_non_null(strstr(err.text, "already: it is berta"));
    assert_int_equal(trust_edit_add(&t, &root, ROLE_ROOT, 0, &err), -1); /* the name is taken */
    assert_int_equal(trust_edit_rotate(&t, "root", &root, 0, &err), 0);  /* and by which key */
    assert_true(pubkey_eq(&t.roles[ROLE_ROOT].keys[0], &root.key));
    assert_int_equal(trust_edit_rotate(&t, "root", &root, 0, &err), -1);
    assert_int_equal(trust_edit_threshold(&t, ROLE_ROOT, 2, &err), -1); /* of one */
    assert_int_equal(trust_edit_threshold(&t, ROLE_OPERATOR, 2, &err), -1);
    assert_int_equal(trust_edit_remove(&t, "operator", &err), 0);
    assert_int_equal(t.roles[ROLE_OPERATOR].n, 1);
    assert_string_equal(t.roles[ROLE_OPERATOR].about[0].name, "berta");
    assert_int_equal(trust_edit_remove(&t, "nobody", &err), -1);
    assert_int_equal(err.kind, ERR_NOTFOUND);
}

/* The lowest format that can contain everything. Caravan never goes back by itself; on request it
 * does, if only names are lost. */
static void test_which_format_is_written(void **state)
{
    const struct bench *b = *state;
    const struct key_public plain = away_key(b, ROLE_OPERATOR, "operator-2");
    const struct key_public berta = away_key(b, ROLE_RELEASE, "berta");
    struct trust t;
    struct err err = ERR_INIT;
    auto_buf struct buf body = BUF_INIT;
    trust_edit_begin(&b->first, NOW, &t);
    assert_int_equal(trust_edit_add(&t, &plain, ROLE_OPERATOR, 0, &err), 0);
    assert_int_equal(trust_edit_end(&b->first, 0, &t, &err), 0);
    assert_int_equal(t.format, 1); /* this is its name anyway */
    assert_int_equal(trust_pack(&t, &body, &err), 0);

    trust_edit_begin(&b->first, NOW, &t);
    assert_int_equal(trust_edit_add(&t, &berta, ROLE_RELEASE, 0, &err), 0);
    assert_int_equal(trust_edit_end(&b->first, 0, &t, &err), 0);
    assert_int_equal(t.format, 2);
    assert_int_equal(trust_edit_end(&b->first, 1, &t, &err), 0); /* agents without a later format */
    assert_int_equal(t.format, 1);

    trust_edit_begin(&b->first, NOW, &t);
    assert_int_equal(trust_edit_add(&t, &berta, ROLE_RELEASE, NOW + 86400, &err), 0);
    assert_int_equal(trust_edit_end(&b->first, 1, &t, &err), -1);
    assert_int_equal(err.kind, ERR_REFUSED);
    assert_int_equal(trust_edit_end(&b->first, 0, &t, &err), 0);
    struct trust now = t, next;
    trust_edit_begin(&now, NOW, &next);
    assert_int_equal(trust_edit_remove(&next, "berta", &err), 0);
    assert_int_equal(trust_edit_end(&now, 0, &next, &err), 0);
    assert_int_equal(next.format, 2);
}

static void test_an_operator_in_time_is_left(void **state)
{
    const struct bench *b = *state;
    const struct key_public berta = away_key(b, ROLE_OPERATOR, "berta");
    struct trust now, t;
    struct err err = ERR_INIT;
    trust_edit_begin(&b->first, NOW, &now);
    assert_int_equal(trust_edit_add(&now, &berta, ROLE_OPERATOR, NOW + 86400, &err), 0);
    assert_int_equal(trust_edit_end(&b->first, 0, &now, &err), 0);
    trust_edit_begin(&now, NOW + 3600, &t);
    assert_int_equal(trust_edit_remove(&t, "operator", &err), 0);
    assert_int_equal(trust_edit_end(&now, 0, &t, &err), 0);
    trust_edit_begin(&now, NOW + 86400, &t);
    assert_int_equal(trust_edit_remove(&t, "operator", &err), 0);
    assert_int_equal(trust_edit_end(&now, 0, &t, &err), -1);
    assert_int_equal(err.kind, ERR_REFUSED);
}

/* ---- drafts ---- */

/* A root key of the other machine replaces the root key. */
static void make_rotation(const struct bench *b, struct trust_draft *ret)
{
    const struct key_public root = away_key(b, ROLE_ROOT, "root-2");
    struct trust now = now_of(&b->here.conf), t;
    struct err err = ERR_INIT;
    trust_edit_begin(&now, NOW, &t);
    if (trust_edit_rotate(&t, "root", &root, 0, &err) < 0 ||
        trust_edit_end(&now, 0, &t, &err) < 0 || trust_draft_new(&t, ret, &err) < 0)
        fail_msg("%s", err.text);
}

static void test_a_draft_is_carried(void **state)
{
    const struct bench *b = *state;
    auto_trust_draft struct trust_draft d = {.d = {.n_sigs = 0}}, carried = {.d = {.n_sigs = 0}};
    auto_trust_kept struct trust_kept kept = {.sequence = BUF_INIT};
    struct err err = ERR_INIT;
    char path[300];
    size_t added = 0;
    bool there = false;
    make_rotation(b, &d);
    assert_int_equal(trust_draft_check(&d, &b->first, &err), -1);
    assert_int_equal(trust_draft_sign(&b->here.conf, &b->first, &d, &added, &err), 0);
    assert_int_equal(added, 1);
    assert_int_equal(trust_draft_check(&d, &b->first, &err), -1);
    assert_non_null(strstr(err.text, "no signature of: root-2"));
    assert_int_equal(trust_kept_load(&b->here.conf, &kept, &err), 0);
    assert_int_equal(trust_draft_settle(&b->here.conf, &d, &kept, &err), -1);
    assert_int_equal(now_of(&b->here.conf).version, 1);
    place(&b->here.conf, "carried", path);
    assert_int_equal(draft_save(&d.d, path, &err), 0);

    /* That machine does not know version 1: it signs with the keys that the draft names. */
    assert_int_equal(trust_draft_load(path, &carried, &there, &err), 0);
    assert_true(there);
    assert_int_equal(trust_draft_sign(&b->away.conf, NULL, &carried, &added, &err), 0);
    assert_int_equal(added, 1);
    assert_int_equal(trust_draft_check(&carried, NULL, &err), -1);
    assert_int_equal(err.kind, ERR_NOTFOUND);

    draft_merge(&d.d, &carried.d);
    assert_int_equal(trust_draft_check(&d, &b->first, &err), 0);
    assert_int_equal(trust_draft_settle(&b->here.conf, &d, &kept, &err), 0);
    struct trust now = now_of(&b->here.conf);
    assert_int_equal(now.version, 2);
    assert_true(pubkey_eq(&now.roles[ROLE_ROOT].keys[0], &d.t.roles[ROLE_ROOT].keys[0]));
    /* A finished draft that does not follow the trust in force. */
    assert_int_equal(trust_draft_check(&d, &now, &err), -1);
}

/* This number of local keys signs the draft, and then it is complete. */
static void is_completed_here(const struct bench *b, struct trust_draft *d, size_t signers)
{
    struct err err = ERR_INIT;
    size_t added = 0;
    if (trust_draft_sign(&b->here.conf, &b->first, d, &added, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(added, signers);
    assert_int_equal(trust_draft_check(d, &b->first, &err), 0);
}

/* A draft has room for few signatures: signatures that do not count do not use it. */
static void test_strangers_take_no_room(void **state)
{
    const struct bench *b = *state;
    auto_trust_draft struct trust_draft d = {.d = {.n_sigs = 0}};
    struct trust t;
    struct err err = ERR_INIT;
    trust_edit_begin(&b->first, NOW, &t);
    assert_int_equal(trust_draft_new(&t, &d, &err), 0);
    for (; d.d.n_sigs < SIGS_MAX; d.d.n_sigs++) {
        auto_keypair struct keypair *k = keypair_generate();
        struct signature *s = &d.d.sigs[d.d.n_sigs];
        s->key = *keypair_public(k);
        assert_int_equal(keypair_sign(k, container_domain(CONTAINER_TRUST), d.d.body.data,
                                      d.d.body.len, s->sig, &err),
                         0);
    }
    is_completed_here(b, &d, 1);
    assert_int_equal(d.d.n_sigs, 1);
}

/* This machine has more root keys than a draft has room for: only the necessary number signs. */
static void test_no_more_sign_than_must(void **state)
{
    const struct bench *b = *state;
    auto_trust_draft struct trust_draft d = {.d = {.n_sigs = 0}};
    struct trust t;
    struct err err = ERR_INIT;
    trust_edit_begin(&b->first, NOW, &t);
    for (int i = 0; i < SIGS_MAX; i++) {
        struct key_public k;
        char name[KEY_NAME_MAX];
        snprintf(name, sizeof(name), "root-%d", i + 2);
        if (keys_make(&b->here.conf, name, ROLE_ROOT, &k, &err) < 0 ||
            trust_edit_add(&t, &k, ROLE_ROOT, 0, &err) < 0)
            fail_msg("%s", err.text);
    }
    assert_int_equal(trust_edit_threshold(&t, ROLE_ROOT, 3, &err), 0);
    assert_int_equal(trust_draft_new(&t, &d, &err), 0);
    is_completed_here(b, &d, 3);
}

/* A key that the draft does not name, and a signature with a false name. */
static void test_foreign_signatures_are_left_out(void **state)
{
    const struct bench *b = *state;
    auto_trust_draft struct trust_draft d = {.d = {.n_sigs = 0}}, again = {.d = {.n_sigs = 0}};
    struct err err = ERR_INIT;
    char path[300];
    size_t added = 9;
    bool there;
    struct trust t;
    trust_edit_begin(&b->first, NOW, &t);
    assert_int_equal(trust_edit_end(&b->first, 0, &t, &err), 0);
    assert_int_equal(trust_draft_new(&t, &d, &err), 0);
    assert_int_equal(trust_draft_sign(&b->away.conf, &b->first, &d, &added, &err), 0);
    assert_int_equal(added, 0);
    assert_int_equal(trust_draft_sign(&b->here.conf, &b->first, &d, &added, &err), 0);
    assert_int_equal(added, 1);
    d.d.sigs[0].sig[5] ^= 1;
    place(&b->here.conf, "damaged", path);
    assert_int_equal(draft_save(&d.d, path, &err), 0);
    assert_int_equal(trust_draft_load(path, &again, &there, &err), 0);
    assert_int_equal(again.d.n_sigs, 0);
}

/* ---- the versions that are kept ---- */

static void next_version(const struct bench *b)
{
    auto_trust_kept struct trust_kept kept = {.sequence = BUF_INIT};
    auto_trust_draft struct trust_draft d = {.d = {.n_sigs = 0}};
    struct err err = ERR_INIT;
    struct trust t;
    size_t added;
    assert_int_equal(trust_kept_load(&b->here.conf, &kept, &err), 0);
    trust_edit_begin(&kept.now, NOW, &t);
    if (trust_edit_end(&kept.now, 2, &t, &err) < 0 || trust_draft_new(&t, &d, &err) < 0 ||
        trust_draft_sign(&b->here.conf, &kept.now, &d, &added, &err) < 0 ||
        trust_draft_settle(&b->here.conf, &d, &kept, &err) < 0)
        fail_msg("version %u: %s", (unsigned)t.version, err.text);
}

/* All versions are kept while there is room; then the oldest are removed, and the file stays
 * whole. */
static void test_versions_are_kept(void **state)
{
    const struct bench *b = *state;
    auto_trust_kept struct trust_kept kept = {.sequence = BUF_INIT};
    struct err err = ERR_INIT;
    struct trust one = b->first;
    struct trust_at at;
    uint32_t last;
    for (int i = 0; i < 3; i++)
        next_version(b);
    assert_int_equal(trust_kept_load(&b->here.conf, &kept, &err), 0);
    assert_int_equal(kept.now.version, 4);
    assert_int_equal(trust_sequence_follow(kept.sequence.data, kept.sequence.len, TRUST_ANY_DAY,
                                           &one, &at, &last, &err),
                     0);
    assert_int_equal(one.version, 4); /* a host with version 1 follows */

    for (int i = 0; i < 220; i++)
        next_version(b);
    trust_kept_free(&kept);
    assert_int_equal(trust_kept_load(&b->here.conf, &kept, &err), 0);
    assert_int_equal(kept.now.version, 224);
    assert_true(kept.sequence.len <= TRUST_SEQUENCE_MAX);
    assert_true(kept.sequence.len > TRUST_SEQUENCE_MAX / 2);
    one = b->first;
    assert_int_equal(trust_sequence_follow(kept.sequence.data, kept.sequence.len, TRUST_ANY_DAY,
                                           &one, &at, &last, &err),
                     -1);
    assert_non_null(strstr(err.text, "is left out"));
}

/* Every step that puts a version into force is a rename or a removal. Between any two steps the
 * directory contains the old version with its draft, or the new version with a draft that no longer
 * counts. A temporary name of a killed command does no harm. */
static void test_an_interruption_leaves_old_or_new(void **state)
{
    const struct bench *b = *state;
    auto_trust_draft struct trust_draft d = {.d = {.n_sigs = 0}}, left = {.d = {.n_sigs = 0}};
    auto_trust_kept struct trust_kept kept = {.sequence = BUF_INIT};
    struct err err = ERR_INIT;
    char draft[300], temporary[300];
    bool there = false;
    make_rotation(b, &d);
    place(&b->here.conf, TRUST_DRAFT_NAME, draft);
    size_t added;
    assert_int_equal(trust_draft_sign(&b->here.conf, &b->first, &d, &added, &err), 0);
    assert_int_equal(trust_draft_sign(&b->away.conf, &b->first, &d, &added, &err), 0);
    assert_int_equal(draft_save(&d.d, draft, &err), 0);
    place(&b->here.conf, ".tmp-trust-left", temporary);
    assert_int_equal(file_create(temporary, "half", 4, 0600, &err), 0);

    /* The draft was written, `trust` was not: the same command again continues. */
    assert_int_equal(now_of(&b->here.conf).version, 1);
    assert_int_equal(trust_kept_load(&b->here.conf, &kept, &err), 0);
    assert_int_equal(trust_draft_settle(&b->here.conf, &d, &kept, &err), 0);
    /* `trust` was written, and the draft was not removed. */
    assert_int_equal(draft_save(&d.d, draft, &err), 0);
    assert_int_equal(now_of(&b->here.conf).version, 2);
    assert_int_equal(trust_draft_load(draft, &left, &there, &err), 0);
    assert_true(there && left.t.version <= now_of(&b->here.conf).version);
}

static void test_a_version_dated_ahead_is_refused(void **state)
{
    struct trust t = {.version = 2, .created_s = 1000000};
    struct err err = ERR_INIT;
    (void)state;
    t.roles[ROLE_OPERATOR].n = 1;
    assert_int_equal(trust_edit_day(&t, 0, &err), 0); /* its key never expires */
    t.roles[ROLE_OPERATOR].about[0].expires_s = 9000000;
    assert_int_equal(trust_edit_day(&t, 1000000 - TRUST_CLOCK_SLACK_S, &err), 0);
    assert_int_equal(trust_edit_day(&t, 999999 - TRUST_CLOCK_SLACK_S, &err), -1);
    assert_int_equal(err.kind, ERR_REFUSED);
    assert_non_null(strstr(err.text, "dated 1970-01-12T13:46:40Z"));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_edits),
        CASE(test_which_format_is_written),
        CASE(test_an_operator_in_time_is_left),
        CASE(test_a_draft_is_carried),
        CASE(test_foreign_signatures_are_left_out),
        CASE(test_strangers_take_no_room),
        CASE(test_no_more_sign_than_must),
        CASE(test_versions_are_kept),
        CASE(test_an_interruption_leaves_old_or_new),
        CASE(test_a_version_dated_ahead_is_refused),
    };
    return cmocka_run_group_tests_name("trust_files", tests, NULL, NULL);
}
