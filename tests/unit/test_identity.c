/* identity.h and trust_store.h: the key is made once and bound to the machine; the trust follows
 * signed versions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "file.h"
#include "identity.h"
#include "order_desk.h"
#include "scratch_dir.h"
#include "str.h"
#include "trust_sequence.h"
#include "trust_store.h"

static const struct log quiet = {.level = LOG_ERROR, .program = "test"};

struct bench {
    char *dir;
    char key[300], copy[300], machine[300], id[300], trust[300], anchor[300];
    bool unfinished;
    int64_t wall_s;               /* the clock of this host */
    struct identity_changes told; /* of the last open */
    struct desk desk;
};

static int set_up(void **state)
{
    struct bench *b = xzalloc(1, sizeof(*b));

    desk_open(&b->desk);
    b->dir = scratch_open();
    scratch_path(b->dir, "root.key", b->key);
    scratch_path(b->dir, "host.key", b->copy);
    scratch_path(b->dir, "machine", b->machine);
    scratch_path(b->dir, "machine-id", b->id);
    scratch_path(b->dir, "trust", b->trust);
    scratch_path(b->dir, "anchor", b->anchor);
    scratch_write(b->dir, "machine-id", "0123456789abcdef0123456789abcdef\n", 0644);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    desk_close(&b->desk);
    scratch_close(b->dir);
    free(b);
    return 0;
}

static int open_key(struct bench *b, struct pubkey *ret, struct err *err)
{
    const struct identity_where w = {.key_path = b->key,
                                     .copy_path = b->copy,
                                     .machine_path = b->machine,
                                     .machine_id = b->id,
                                     .unfinished = b->unfinished};
    auto_keypair struct keypair *k = NULL;

    if (identity_open(&w, &k, &b->told, err) < 0)
        return -1;
    *ret = *keypair_public(k);
    return 0;
}

/* In every case the listener's copy is the same key. */
static struct pubkey key(struct bench *b, bool made)
{
    auto_keypair struct keypair *copy = NULL;
    struct pubkey k;
    struct stat st;
    struct err err = ERR_INIT;

    if (open_key(b, &k, &err) < 0 || keypair_load(b->copy, &copy, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(b->told.made, made);
    assert_true(pubkey_eq(&k, keypair_public(copy)));
    assert_int_equal(stat(b->copy, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600); /* there is no listener user to give it to */
    return k;
}

static void a_key_is_made_once(void **state)
{
    struct bench *b = *state;
    struct pubkey first = key(b, true), again = key(b, false);
    struct stat st;

    assert_true(pubkey_eq(&first, &again));
    assert_int_equal(stat(b->key, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_clone_makes_its_own(void **state)
{
    struct bench *b = *state;
    struct pubkey first = key(b, true), clone;

    scratch_write(b->dir, "machine-id", "fedcba9876543210fedcba9876543210\n", 0644);
    clone = key(b, true);
    assert_false(pubkey_eq(&first, &clone));
    first = key(b, false);
    assert_true(pubkey_eq(&first, &clone));
}

/* Killed between key and binding, and between the old key and the new key. */
static void a_crash_in_between_is_made_good(void **state)
{
    struct bench *b = *state;
    struct pubkey first = key(b, true), again;

    assert_int_equal(unlink(b->machine), 0);
    again = key(b, false);
    assert_true(pubkey_eq(&first, &again));
    assert_int_equal(access(b->machine, F_OK), 0);
    assert_int_equal(unlink(b->key), 0);
    assert_int_equal(unlink(b->copy), 0);
    again = key(b, true);
    assert_false(pubkey_eq(&first, &again));
}

static void no_machine_id_is_an_error(void **state)
{
    struct bench *b = *state;
    struct pubkey k;
    struct err err = ERR_INIT;

    scratch_write(b->dir, "machine-id", "uninitialized\n", 0644);
    assert_int_equal(open_key(b, &k, &err), -1);
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_int_equal(unlink(b->id), 0);
    assert_int_equal(open_key(b, &k, &err), -1);
    assert_int_equal(access(b->key, F_OK), -1);
}

/* ---- trust ---- */

static int told(const struct bench *b, char dst[static FINGERPRINT_LEN], struct err *err)
{
    const struct identity_where w = {
        .key_path = b->key, .machine_path = b->machine, .machine_id = b->id};

    return identity_fingerprint(&w, dst, err);
}

/* A question makes no key. A key of another machine counts as none, because the next start removes
 * it. */
static void its_fingerprint_is_told(void **state)
{
    struct bench *b = *state;
    char print[FINGERPRINT_LEN], want[FINGERPRINT_LEN];
    struct err err = ERR_INIT;

    assert_int_equal(told(b, print, &err), -1);
    assert_int_equal(err.kind, ERR_NOTFOUND);
    assert_int_equal(access(b->key, F_OK), -1);
    struct pubkey k = key(b, true);
    pubkey_fingerprint(want, &k);
    assert_int_equal(told(b, print, &err), 0);
    assert_string_equal(print, want);
    scratch_write(b->dir, "machine-id", "fedcba9876543210fedcba9876543210\n", 0644);
    assert_int_equal(told(b, print, &err), -1);
    assert_int_equal(err.kind, ERR_STATE);
    assert_non_null(strstr(err.text, "another machine"));
    k = key(b, true);
    pubkey_fingerprint(want, &k);
    assert_int_equal(told(b, print, &err), 0);
    assert_string_equal(print, want);
    assert_int_equal(unlink(b->id), 0);
    assert_int_equal(told(b, print, &err), -1);
}

static void put_trust(const struct bench *b, const char *path, uint32_t version,
                      const struct keypair *signer)
{
    struct trust t = b->desk.trust;
    const struct keypair *keys[] = {signer};
    auto_buf struct buf body = BUF_INIT;
    auto_buf struct buf file = BUF_INIT;
    struct err err = ERR_INIT;

    t.version = version;
    if (trust_pack(&t, &body, &err) < 0 ||
        container_pack(CONTAINER_TRUST, body.data, body.len, keys, 1, &file, &err) < 0 ||
        file_replace(path, file.data, file.len, 0644, &err) < 0)
        fail_msg("%s", err.text);
}

#define DAY_S INT64_C(86400)

/* Appends a version of format 2 with an operator's key that expires, made on this day. */
static void add_dated(const struct bench *b, uint32_t version, int64_t made_s)
{
    const struct desk *d = &b->desk;
    const struct keypair *keys[] = {d->operator, d->stranger, d->other_operator, d->observer};
    static const enum role roles[] = {ROLE_ROOT, ROLE_RELEASE, ROLE_OPERATOR, ROLE_OBSERVER};
    static const char *const names[] = {"root", "rel", "anna", "watch"};
    struct trust t = {.version = version, .format = 2, .created_s = made_s};
    auto_buf struct buf body = BUF_INIT, file = BUF_INIT;
    struct err err = ERR_INIT;
    bool there;

    memcpy(t.cluster, d->trust.cluster, CLUSTER_ID_LEN);
    str_cut(t.name, sizeof(t.name), "desk");
    for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
        struct role_keys *r = &t.roles[roles[i]];
        *r = (struct role_keys){.threshold = 1, .n = 1, .keys = {*keypair_public(keys[i])}};
        str_cut(r->about[0].name, sizeof(r->about[0].name), names[i]);
    }
    t.roles[ROLE_OPERATOR].about[0].expires_s = made_s + 300 * DAY_S;
    if (trust_pack(&t, &body, &err) < 0 ||
        file_read_if(b->anchor, TRUST_SEQUENCE_MAX, 0, &file, &there, &err) < 0 ||
        container_pack(CONTAINER_TRUST, body.data, body.len, keys, 1, &file, &err) < 0 ||
        file_replace(b->anchor, file.data, file.len, 0644, &err) < 0)
        fail_msg("%s", err.text);
}

/* The versions first to last, one after the other. */
static void put_sequence(const struct bench *b, const char *path, uint32_t first, uint32_t last)
{
    auto_buf struct buf all = BUF_INIT;
    struct err err = ERR_INIT;

    for (uint32_t v = first; v <= last; v++) {
        put_trust(b, path, v, b->desk.operator);
        if (file_read(path, TRUST_MAX, 0, &all, &err) < 0)
            fail_msg("%s", err.text);
    }
    if (file_replace(path, all.data, all.len, 0644, &err) < 0)
        fail_msg("%s", err.text);
}

static uint32_t version_in_force(const struct bench *b)
{
    struct trust t = {.version = 0};
    struct err err = ERR_INIT;

    if (trust_store_open(b->trust, b->anchor, b->wall_s, &quiet, &t, &err) < 0)
        return 0;
    return t.version;
}

static void the_anchor_is_adopted_at_first(void **state)
{
    struct bench *b = *state;

    assert_int_equal(version_in_force(b), 0); /* neither file exists */
    put_trust(b, b->anchor, 3, b->desk.operator);
    assert_int_equal(version_in_force(b), 3);
    assert_int_equal(unlink(b->anchor), 0); /* no longer needed */
    assert_int_equal(version_in_force(b), 3);
}

static void an_anchor_signed_by_others_is_refused(void **state)
{
    struct bench *b = *state;

    put_trust(b, b->anchor, 3, b->desk.stranger);
    assert_int_equal(version_in_force(b), 0);
}

static void later_it_must_be_newer_and_signed(void **state)
{
    struct bench *b = *state;

    put_trust(b, b->anchor, 3, b->desk.operator);
    assert_int_equal(version_in_force(b), 3);
    put_trust(b, b->anchor, 2, b->desk.operator);
    assert_int_equal(version_in_force(b), 3);
    put_trust(b, b->anchor, 9, b->desk.stranger);
    assert_int_equal(version_in_force(b), 3);
    put_trust(b, b->anchor, 5, b->desk.operator); /* version 4 is missing */
    assert_int_equal(version_in_force(b), 3);
    put_trust(b, b->anchor, 4, b->desk.operator);
    assert_int_equal(version_in_force(b), 4);
    put_trust(b, b->anchor, 3, b->desk.operator);
    assert_int_equal(version_in_force(b), 4);
    assert_int_equal(unlink(b->trust), 0); /* root restores the anchor */
    assert_int_equal(version_in_force(b), 3);
}

static void three_rotations_slept_through_are_followed(void **state)
{
    struct bench *b = *state;

    put_trust(b, b->anchor, 3, b->desk.operator);
    assert_int_equal(version_in_force(b), 3);
    put_sequence(b, b->anchor, 2, 6);
    assert_int_equal(version_in_force(b), 6);
    assert_int_equal(version_in_force(b), 6);
    put_sequence(b, b->anchor, 8, 9); /* version 7 is missing: nothing proves version 8 */
    assert_int_equal(version_in_force(b), 6);
    assert_int_equal(unlink(b->trust), 0);
    assert_int_equal(version_in_force(b), 9); /* root starts again with the file at the anchor */
}

/* Configuration management still writes the file from before the revocation. */
static void an_older_anchor_after_a_revocation_is_ignored(void **state)
{
    struct bench *b = *state;
    struct trust t = {.version = 0};
    struct err err = ERR_INIT;
    const struct pubkey *thief = keypair_public(b->desk.other_operator);

    put_trust(b, b->anchor, 1, b->desk.operator);
    assert_int_equal(version_in_force(b), 1);
    struct role_keys all = b->desk.trust.roles[ROLE_OPERATOR];
    b->desk.trust.roles[ROLE_OPERATOR].n = 1; /* the other operator's key leaked */
    put_trust(b, b->anchor, 2, b->desk.operator);
    assert_int_equal(trust_store_open(b->trust, b->anchor, b->wall_s, &quiet, &t, &err), 0);
    assert_false(trust_allows(&t, thief, ROLE_NONE, 1));
    b->desk.trust.roles[ROLE_OPERATOR] = all;
    put_trust(b, b->anchor, 1, b->desk.operator);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(trust_store_open(b->trust, b->anchor, b->wall_s, &quiet, &t, &err), 0);
        assert_int_equal(t.version, 2);
        assert_false(trust_allows(&t, thief, ROLE_NONE, 1));
    }
    put_trust(b, b->anchor, 2, b->desk.operator); /* another version 2, also genuine */
    assert_int_equal(trust_store_open(b->trust, b->anchor, b->wall_s, &quiet, &t, &err), 0);
    assert_false(trust_allows(&t, thief, ROLE_NONE, 1));
}

/* This version would leave the host with an operator whom the host does not obey. */
static void an_anchor_dated_ahead_waits(void **state)
{
    struct bench *b = *state;
    int64_t today = 1800000000;

    b->wall_s = today;
    add_dated(b, 1, today - DAY_S);
    assert_int_equal(version_in_force(b), 1);
    add_dated(b, 2, today + TRUST_CLOCK_SLACK_S); /* clocks differ */
    assert_int_equal(version_in_force(b), 2);
    add_dated(b, 3, today + 30 * DAY_S);
    assert_int_equal(version_in_force(b), 2);
    assert_int_equal(version_in_force(b), 2);
    b->wall_s = today + 30 * DAY_S - TRUST_CLOCK_SLACK_S - 1;
    assert_int_equal(version_in_force(b), 2);
    b->wall_s++; /* the host's clock was wrong, and is right again */
    assert_int_equal(version_in_force(b), 3);
    b->wall_s = today; /* the trust in force stays */
    assert_int_equal(version_in_force(b), 3);
}

/* A machine with a wrong clock made this version, and a machine with a right clock the next one. */
static void an_anchor_dated_ahead_is_a_step(void **state)
{
    struct bench *b = *state;
    int64_t today = 1800000000;

    b->wall_s = today;
    add_dated(b, 1, today);
    assert_int_equal(version_in_force(b), 1);
    add_dated(b, 2, today + 3000 * DAY_S);
    assert_int_equal(version_in_force(b), 1);
    add_dated(b, 3, today + 60);
    assert_int_equal(version_in_force(b), 3);
}

/* A host whose clock is years behind: it has no other trust, and in an hour its clock will be as
 * wrong. */
static void the_first_anchor_may_be_dated_ahead(void **state)
{
    struct bench *b = *state;
    int64_t today = 1800000000;

    b->wall_s = 0;
    add_dated(b, 1, today);
    assert_int_equal(version_in_force(b), 1);
    add_dated(b, 2, today + 60); /* the version was pushed to all other hosts */
    assert_int_equal(version_in_force(b), 1);
    b->wall_s = today + 120;
    assert_int_equal(version_in_force(b), 2);
}

static void a_damaged_trust_stops(void **state)
{
    struct bench *b = *state;

    put_trust(b, b->anchor, 3, b->desk.operator);
    scratch_write(b->dir, "trust", "damaged", 0644);
    assert_int_equal(version_in_force(b), 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_key_is_made_once),
        CASE(a_clone_makes_its_own),
        CASE(a_crash_in_between_is_made_good),
        CASE(no_machine_id_is_an_error),
        CASE(its_fingerprint_is_told),
        CASE(the_anchor_is_adopted_at_first),
        CASE(an_anchor_signed_by_others_is_refused),
        CASE(later_it_must_be_newer_and_signed),
        CASE(three_rotations_slept_through_are_followed),
        CASE(an_older_anchor_after_a_revocation_is_ignored),
        CASE(an_anchor_dated_ahead_waits),
        CASE(an_anchor_dated_ahead_is_a_step),
        CASE(the_first_anchor_may_be_dated_ahead),
        CASE(a_damaged_trust_stops),
    };

    return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
