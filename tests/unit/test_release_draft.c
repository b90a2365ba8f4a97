/* A release that needs signatures of two keys on separate machines: without both it counts for
 * nothing, and signatures of other bytes or for another purpose do not count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "context_fixture.h"
#include "file.h"
#include "keys.h"
#include "release_draft.h"

struct bench {
    struct context_fixture here, away; /* each has one release key of two */
    struct trust t;
    struct keypair *key;
};

static int set_up(void **state)
{
    struct bench *b = xzalloc(1, sizeof(*b));
    struct trust other;
    struct err err = ERR_INIT;
    if (crypto_init(&err) < 0 || context_fixture_begin(&b->here) < 0 ||
        context_fixture_begin(&b->away) < 0 ||
        keys_make_solo(&b->here.conf, "north", &b->t, &err) < 0 ||
        keys_make_solo(&b->away.conf, "away", &other, &err) < 0 ||
        keys_load(&b->here.conf, ROLE_RELEASE, &b->key, &err) < 0)
        return -1;
    b->t.solo = false;
    b->t.roles[ROLE_RELEASE].keys[1] = other.roles[ROLE_RELEASE].keys[0];
    b->t.roles[ROLE_RELEASE].n = b->t.roles[ROLE_RELEASE].threshold = 2;
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    keypair_free(b->key);
    context_fixture_end(&b->here);
    context_fixture_end(&b->away);
    free(b);
    return 0;
}

static void add(const struct bench *b, const struct keypair *key, const char *arch)
{
    static const char *const urls[] = {"https://mirror.example/nomad"};
    struct build build = {"linux", "", PACKING_BARE, 5, {{1}}, 5, {{1}}};
    struct stored_release r;
    struct err err = ERR_INIT;
    str_cut(build.arch, sizeof(build.arch), arch);
    if (release_add(&b->here.conf, &b->t, key, "1.11.4", false, &build, urls, 1, 5, &r, &err) < 0)
        fail_msg("%s", err.text);
    stored_release_free(&r);
}

static void load(const struct coord_conf *c, struct release_draft *ret)
{
    char path[300];
    struct err err = ERR_INIT;
    if (release_manifest_path(c, "1.11.4", path, &err) < 0 ||
        release_draft_load(path, ret, &err) < 0)
        fail_msg("%s", err.text);
}

/* Refused for this reason; "": accepted. */
static void check_load(const struct bench *b, const char *why)
{
    struct stored_release r;
    struct err err = ERR_INIT;
    int rc = release_load(&b->here.conf, &b->t, "1.11.4", &r, &err);
    if (rc == 0)
        stored_release_free(&r);
    if ((rc == 0) != (why[0] == '\0') || (rc < 0 && strstr(err.text, why) == NULL))
        fail_msg("%d: %s", rc, rc < 0 ? err.text : "");
    if (rc < 0)
        assert_int_equal(err.kind, ERR_REFUSED); /* nothing was changed: exit status 4 */
}

static void test_two_sign_who_never_meet(void **state)
{
    const struct bench *b = *state;
    auto_release_draft struct release_draft d = {.d = {.n_sigs = 0}};
    struct err err = ERR_INIT;
    size_t added = 0;
    bool kept = false;
    add(b, NULL, "amd64");
    check_load(b, "0 of the release keys signed it, trust version 1 demands 2; no signature of: "
                  "release, release-2");
    add(b, b->key, "arm64"); /* a draft accepts another build, and is then signed again */
    check_load(b, "1 of the release keys signed it, trust version 1 demands 2; no signature of: "
                  "release-2");
    load(&b->here.conf, &d);
    assert_int_equal(d.manifest.n_builds, 2);
    /* On this machine no trust file is known: every release key signs, and no key of another
     * purpose. */
    assert_int_equal(release_draft_sign(&b->away.conf, NULL, 1, &d, &added, &err), 0);
    assert_int_equal(added, 1);
    assert_int_equal(release_draft_sign(&b->away.conf, NULL, 1, &d, &added, &err), 0);
    assert_int_equal(added, 0);
    assert_int_equal(release_draft_check(&b->t, &d, 1, &err), 0);
    check_load(b, "demands 2");
    assert_int_equal(release_draft_keep(&b->here.conf, &d, &kept, &err), 0);
    assert_true(kept);
    check_load(b, "");
}

static void test_signatures_of_other_bytes_do_not_count(void **state)
{
    const struct bench *b = *state;
    auto_release_draft struct release_draft d = {.d = {.n_sigs = 0}};
    struct err err = ERR_INIT;
    size_t added = 0;
    bool kept = true;
    add(b, b->key, "amd64");
    load(&b->here.conf, &d);
    assert_int_equal(release_draft_sign(&b->away.conf, &b->t, 1, &d, &added, &err), 0);
    assert_int_equal(added, 1);
    add(b, b->key, "arm64"); /* meanwhile */
    assert_int_equal(release_draft_keep(&b->here.conf, &d, &kept, &err), 0);
    assert_false(kept);
    check_load(b, "no signature of: release-2");
}

/* One machine has more release keys than a container has room for: only the necessary number
 * signs. */
static void test_many_release_keys(void **state)
{
    struct bench *b = *state;
    auto_release_draft struct release_draft d = {.d = {.n_sigs = 0}};
    struct role_keys *r = &b->t.roles[ROLE_RELEASE];
    struct err err = ERR_INIT;
    size_t added = 0;
    for (int i = 0; i < SIGS_MAX + 1; i++) {
        struct key_public k;
        char name[16];
        snprintf(name, sizeof(name), "many-%d", i);
        assert_int_equal(keys_make(&b->away.conf, name, ROLE_RELEASE, &k, &err), 0);
        if (r->n < KEYS_MAX)
            r->keys[r->n++] = k.key;
    }
    add(b, NULL, "amd64");
    load(&b->here.conf, &d);
    assert_int_equal(release_draft_sign(&b->away.conf, &b->t, 1, &d, &added, &err), 0);
    assert_int_equal(added, 2);
    assert_int_equal(release_draft_check(&b->t, &d, 1, &err), 0);
    /* Without a known trust file all of them sign, up to the room of the container. */
    d.d.n_sigs = 0;
    assert_int_equal(release_draft_sign(&b->away.conf, NULL, 1, &d, &added, &err), 0);
    assert_int_equal(added, SIGS_MAX);
    assert_int_equal(release_draft_sign(&b->away.conf, NULL, 1, &d, &added, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    /* An expired key does not sign. */
    d.d.n_sigs = 0;
    for (uint32_t i = 0; i < r->n; i++)
        r->about[i].expires_s = 5;
    assert_int_equal(release_draft_sign(&b->away.conf, &b->t, 9, &d, &added, &err), 0);
    assert_int_equal(added, 0);
}

/* A key whose file is a link is refused, and the message names the file. */
static void test_a_refused_key_is_named(void **state)
{
    struct bench *b = *state;
    auto_release_draft struct release_draft d = {.d = {.n_sigs = 0}};
    struct err err = ERR_INIT;
    char path[300], kept[320];
    size_t added = 0;
    add(b, NULL, "amd64");
    load(&b->here.conf, &d);
    assert_int_equal(key_path(&b->away.conf, ROLE_RELEASE, path, &err), 0);
    snprintf(kept, sizeof(kept), "%s.kept", path);
    assert_int_equal(rename(path, kept), 0);
    assert_int_equal(symlink(kept, path), 0);
    assert_int_equal(release_draft_sign(&b->away.conf, &b->t, 1, &d, &added, &err), 0);
    assert_int_equal(added, 0);
    assert_non_null(strstr(d.d.passed_over, "key release: "));
}

static void test_no_key_is_wanted_where_one_person_signs(void **state)
{
    struct bench *b = *state;
    struct keypair *key = NULL;
    struct err err = ERR_INIT;
    char path[300];
    assert_int_equal(key_path(&b->here.conf, ROLE_RELEASE, path, &err), 0);
    assert_int_equal(keys_load_release(&b->here.conf, &b->t, &key, &err), 0);
    assert_non_null(key);
    keypair_free(take_ptr(&key));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(conf_path(&b->here.conf, "keys/release.pub", path, &err), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(keys_load_release(&b->here.conf, &b->t, &key, &err), 0);
    assert_null(key);
    b->t.solo = true;
    assert_int_equal(keys_load_release(&b->here.conf, &b->t, &key, &err), -1);
    assert_int_equal(err.kind, ERR_NOTFOUND);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_two_sign_who_never_meet),
        CASE(test_signatures_of_other_bytes_do_not_count),
        CASE(test_many_release_keys),
        CASE(test_a_refused_key_is_named),
        CASE(test_no_key_is_wanted_where_one_person_signs),
    };
    return cmocka_run_group_tests_name("release_draft", tests, NULL, NULL);
}
