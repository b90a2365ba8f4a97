/* Keys made once, releases measured, signed, merged, and found again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "context_fixture.h"
#include "file.h"
#include "keys.h"
#include "publish.h"
#include "release_files.h"
#include "zip_fixture.h"

static struct context_fixture fixture;
static struct trust trust;
static struct keypair *release_key;

static int set_up(void **state)
{
    struct err err = ERR_INIT;
    (void)state;
    if (crypto_init(&err) < 0 || context_fixture_begin(&fixture) < 0 ||
        keys_make_solo(&fixture.conf, "test", &trust, &err) < 0)
        return -1;
    return keys_load(&fixture.conf, ROLE_RELEASE, &release_key, &err);
}

static int tear_down(void **state)
{
    (void)state;
    keypair_free(release_key);
    context_fixture_end(&fixture);
    return 0;
}

static const char *const urls[] = {"https://mirror.example/nomad", "file:///srv/nomad"};

static void test_keys_are_private_and_never_replaced(void **state)
{
    struct trust again, read;
    struct err err = ERR_INIT;
    struct stat st;
    char path[300];
    (void)state;
    for (enum role r = ROLE_OBSERVER; r < ROLE_COUNT; r++) {
        auto_keypair struct keypair *k = NULL;
        assert_int_equal(key_path(&fixture.conf, r, path, &err), 0);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_int_equal(keys_load(&fixture.conf, r, &k, &err), 0);
        assert_true(trust_allows(&trust, keypair_public(k), r, 1));
    }
    assert_int_equal(keys_make_solo(&fixture.conf, "test", &again, &err), -1);
    assert_int_equal(err.kind, ERR_REFUSED);
    assert_int_equal(keys_trust(&fixture.conf, &read, &err), 0);
    assert_memory_equal(read.cluster, trust.cluster, CLUSTER_ID_LEN);
    assert_true(read.solo);
    /* every role has its own key */
    assert_false(pubkey_eq(&read.roles[ROLE_ROOT].keys[0], &read.roles[ROLE_OPERATOR].keys[0]));
}

static void test_half_an_init_is_told(void **state)
{
    struct err err = ERR_INIT;
    struct trust t;
    char trust_file[300], kept[300];
    (void)state;
    assert_int_equal(conf_path(&fixture.conf, TRUST_NAME, trust_file, &err), 0);
    assert_int_equal(conf_path(&fixture.conf, "kept", kept, &err), 0);
    assert_int_equal(rename(trust_file, kept), 0);
    assert_int_equal(keys_make_solo(&fixture.conf, "test", &t, &err), -1);
    assert_non_null(strstr(err.text, "interrupted"));
    assert_int_equal(keys_trust(&fixture.conf, &t, &err), -1);
    assert_int_equal(err.kind, ERR_NOTFOUND);
    assert_int_equal(rename(kept, trust_file), 0);
}

static void test_a_zip_is_measured_inside(void **state)
{
    static const char binary[] = "#!/bin/sh\necho a binary\n";
    const struct zip_member members[] = {
        {.name = "LICENSE.txt", .content = "x", .len = 1},
        {.name = "nomad", .content = binary, .len = sizeof(binary)}};
    struct err err = ERR_INIT;
    struct build b;
    struct digest d;
    char path[300];
    (void)state;
    snprintf(path, sizeof(path), "%s/nomad_1.9.7_linux_amd64.zip", fixture.dir);
    zip_make(path, members, 2);
    if (publish_measure(path, "1.9.7", "linux", "amd64", NULL, &b, &err) < 0)
        fail_msg("%s", err.text);
    crypto_digest(binary, sizeof(binary), &d);
    assert_int_equal(b.packing, PACKING_ZIP);
    assert_int_equal(b.size, sizeof(binary));
    assert_true(digest_eq(&b.digest, &d));
    assert_false(digest_eq(&b.fetch_digest, &d));
    /* the manifest says another version than the file's name */
    assert_int_equal(publish_measure(path, "1.9.8", "linux", "amd64", NULL, &b, &err), -1);
    assert_int_equal(publish_measure(path, "1.9.7", "linux", "arm64", NULL, &b, &err), -1);
}

static void test_zips_that_are_refused(void **state)
{
    const struct zip_member none[] = {{.name = "nomad.txt", .content = "x", .len = 1}};
    const struct zip_member twice[] = {{.name = "nomad", .content = "x", .len = 1},
                                       {.name = "nomad", .content = "y", .len = 1}};
    struct err err = ERR_INIT;
    struct build b;
    char path[300];
    (void)state;
    snprintf(path, sizeof(path), "%s/n.zip", fixture.dir);
    zip_make(path, none, 1);
    assert_int_equal(publish_measure(path, "1.9.7", "linux", "amd64", NULL, &b, &err), -1);
    zip_make(path, twice, 2);
    assert_int_equal(publish_measure(path, "1.9.7", "linux", "amd64", NULL, &b, &err), -1);
    context_fixture_write(&fixture, "n.zip", "PK\003\004 and nothing", 16, path);
    assert_int_equal(publish_measure(path, "1.9.7", "linux", "amd64", NULL, &b, &err), -1);
    context_fixture_write(&fixture, "n.zip", "", 0, path);
    assert_int_equal(publish_measure(path, "1.9.7", "linux", "amd64", NULL, &b, &err), -1);
    assert_int_equal(publish_measure(fixture.dir, "1.9.7", "linux", "amd64", NULL, &b, &err), -1);
    assert_int_equal(publish_measure(path, "1.9.7", "linux", "amd64 x", NULL, &b, &err), -1);
}

static void test_an_elf_file_for_another_machine(void **state)
{
    unsigned char elf[64] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    struct err err = ERR_INIT;
    struct build b;
    char path[300];
    (void)state;
    elf[18] = 183; /* arm64 */
    context_fixture_write(&fixture, "elf", elf, sizeof(elf), path);
    assert_int_equal(publish_measure(path, "1.9.7", "linux", "arm64", NULL, &b, &err), 0);
    assert_int_equal(b.packing, PACKING_BARE);
    assert_int_equal(publish_measure(path, "1.9.7", "linux", "amd64", NULL, &b, &err), -1);
    assert_int_equal(err.kind, ERR_USAGE);
}

static struct build build_of(const char *arch, unsigned char digest)
{
    struct build b;
    memset(&b, 0, sizeof(b));
    str_cut(b.os, sizeof(b.os), "linux");
    str_cut(b.arch, sizeof(b.arch), arch);
    b.packing = PACKING_BARE;
    b.size = b.fetch_size = 10;
    memset(b.digest.bytes, digest, DIGEST_LEN);
    b.fetch_digest = b.digest;
    return b;
}

static void test_builds_are_merged_and_signed_anew(void **state)
{
    struct err err = ERR_INIT;
    struct stored_release r;
    struct build amd = build_of("amd64", 1), arm = build_of("arm64", 2);
    struct build other = build_of("amd64", 3);
    struct order_stage stage;
    (void)state;
    assert_int_equal(release_load(&fixture.conf, &trust, "1.11.4", &r, &err), -1);
    assert_int_equal(err.kind, ERR_NOTFOUND);
    assert_int_equal(release_add(&fixture.conf, &trust, release_key, "1.11.4", false, &amd, urls, 1,
                                 5, &r, &err),
                     0);
    stored_release_free(&r);
    assert_int_equal(release_add(&fixture.conf, &trust, release_key, "1.11.4", false, &arm, urls, 2,
                                 6, &r, &err),
                     0);
    assert_int_equal(r.manifest.n_builds, 2);
    assert_int_equal(r.manifest.created_s, 6);
    stored_release_free(&r);
    /* the same file again: another place, and no third build */
    assert_int_equal(release_add(&fixture.conf, &trust, release_key, "1.11.4", false, &amd, urls, 2,
                                 3, &r, &err),
                     0);
    assert_int_equal(r.manifest.created_s, 7); /* newer, although the clock went back */
    stored_release_free(&r);
    /* other bytes under a version that hosts may have: refused, and nothing changes */
    assert_int_equal(release_add(&fixture.conf, &trust, release_key, "1.11.4", false, &other, urls,
                                 1, 8, &r, &err),
                     -1);
    assert_int_equal(err.kind, ERR_REFUSED);
    assert_int_equal(release_load(&fixture.conf, &trust, "1.11.4", &r, &err), 0);
    assert_int_equal(r.manifest.n_builds, 2);
    assert_int_equal(r.n_places, 4);
    assert_true(digest_eq(&manifest_build(&r.manifest, "linux", "amd64")->digest, &amd.digest));
    assert_int_equal(release_stage(&r, "linux", "arm64", &stage, &err), 0);
    assert_int_equal(stage.n_urls, 2);
    assert_string_equal(stage.urls[0], urls[0]);
    struct manifest m;
    assert_int_equal(trust_manifest(&trust, stage.manifest, stage.manifest_len, 1, &m, &err), 0);
    assert_int_equal(release_stage(&r, "darwin", "arm64", &stage, &err), -1);
    stored_release_free(&r);
}

static void test_a_manifest_signed_by_another_key(void **state)
{
    struct err err = ERR_INIT;
    struct stored_release r;
    struct build b = build_of("amd64", 1);
    auto_keypair struct keypair *stranger = keypair_generate();
    (void)state;
    assert_int_equal(
        release_add(&fixture.conf, &trust, stranger, "1.12.1", false, &b, urls, 1, 5, &r, &err), 0);
    stored_release_free(&r);
    assert_int_equal(release_load(&fixture.conf, &trust, "1.12.1", &r, &err), -1);
    assert_int_not_equal(err.kind, ERR_NOTFOUND);
}

/* A file without this line is read as before; a stored line stays. */
static void test_own_builds(void **state)
{
    struct err err = ERR_INIT;
    struct stored_release r;
    struct release plan;
    struct build amd = build_of("amd64", 1), arm = build_of("arm64", 2);
    char path[300], dir[300];
    auto_buf struct buf text = BUF_INIT;
    (void)state;
    static const char own[] = "1.12.9-acme1";
    assert_int_equal(
        release_add(&fixture.conf, &trust, release_key, own, false, &amd, urls, 1, 5, &r, &err), 0);
    assert_false(r.own_build);
    stored_release_free(&r);
    assert_int_equal(state_path(&fixture.conf, "releases", dir, &err), 0);
    snprintf(path, sizeof(path), "%s/%s/places", dir, own);
    assert_int_equal(file_read(path, 4096, 0, &text, &err), 0);
    assert_string_equal(buf_str(&text), "linux amd64 https://mirror.example/nomad\n");
    struct stat st; /* a URL may contain a password */
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(
        release_add(&fixture.conf, &trust, release_key, own, true, &amd, urls, 1, 5, &r, &err), 0);
    stored_release_free(&r);
    assert_int_equal(
        release_add(&fixture.conf, &trust, release_key, own, false, &arm, urls, 1, 5, &r, &err), 0);
    stored_release_free(&r);
    assert_int_equal(release_load(&fixture.conf, &trust, own, &r, &err), 0);
    assert_true(r.own_build);
    assert_int_equal(r.n_places, 2);
    release_for_plan(&r, &plan);
    assert_true(plan.own_build);
    stored_release_free(&r);
}

/* A new signature is newer than the one before, also if the clock went back. If a wrong clock dated
 * a release, removing the release removes that date, as hosts advise (law.c). */
static void test_a_date_from_the_future(void **state)
{
    static const struct {
        int64_t now_s;
        bool remove_before;
        int64_t created_s;
    } rows[] = {{4000000000, false, 4000000000}, {5, false, 4000000001}, {7, true, 7}};
    struct build b = build_of("amd64", 1);
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = ERR_INIT;
        struct stored_release r;
        if (rows[i].remove_before)
            assert_int_equal(release_remove(&fixture.conf, "1.12.8", &err), 0);
        assert_int_equal(release_add(&fixture.conf, &trust, release_key, "1.12.8", false, &b, urls,
                                     1, rows[i].now_s, &r, &err),
                         0);
        assert_int_equal(r.manifest.created_s, rows[i].created_s);
        stored_release_free(&r);
    }
}

static void test_what_is_no_own_build(void **state)
{
    static const char *const bad[] = {"1.9.13", "1.11.0-rc.1", "1.11.0-beta2", "1.11.0-dev",
                                      "1.11.0-alpha"};
    static const char *const good[] = {"1.11.0-development1", "1.11.0-rcx", "1.11.0-1.acme",
                                       "1.11.0-acme+ent"};
    struct build b = build_of("amd64", 1);
    struct stored_release r;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err err = ERR_INIT;
        assert_int_equal(
            release_add(&fixture.conf, &trust, release_key, bad[i], true, &b, urls, 1, 5, &r, &err),
            -1);
        assert_int_equal(err.kind, ERR_USAGE);
        assert_int_equal(release_load(&fixture.conf, &trust, bad[i], &r, &err), -1);
    }
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct err err = ERR_INIT;
        if (release_add(&fixture.conf, &trust, release_key, good[i], true, &b, urls, 1, 5, &r,
                        &err) < 0)
            fail_msg("%s: %s", good[i], err.text);
        stored_release_free(&r);
    }
}

/* ---- files beside the manifest ---- */

static const char zip_bytes[] = "not looked into here";

static struct build build_of_file(enum packing packing)
{
    struct build b = build_of("amd64", 1);
    b.packing = packing;
    b.fetch_size = sizeof(zip_bytes);
    crypto_digest(zip_bytes, sizeof(zip_bytes), &b.fetch_digest);
    return b;
}

static void test_a_file_is_kept_under_the_vendors_name(void **state)
{
    static const struct {
        enum packing packing;
        const char *name;
    } rows[] = {{PACKING_ZIP, "/releases/1.12.3/nomad_1.12.3_linux_amd64.zip"},
                {PACKING_BARE, "/releases/1.12.3/nomad_1.12.3_linux_amd64"}};
    struct err err = ERR_INIT;
    char from[300], path[300];
    struct stored_release r;
    (void)state;
    context_fixture_write(&fixture, "given", zip_bytes, sizeof(zip_bytes), from);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct build b = build_of_file(rows[i].packing);
        auto_buf struct buf got = BUF_INIT;
        struct stat st;
        if (i == 0) {
            assert_int_equal(release_add(&fixture.conf, &trust, release_key, "1.12.3", false, &b,
                                         NULL, 0, 5, &r, &err),
                             0);
            assert_int_equal(release_places_of(&r, &b), 0);
            stored_release_free(&r);
        }
        assert_false(release_file_exists(&fixture.conf, "1.12.3", &b));
        assert_int_equal(release_file_path(&fixture.conf, "1.12.3", &b, path, &err), 0);
        assert_true(str_ends(path, rows[i].name));
        if (release_file_keep(&fixture.conf, "1.12.3", &b, from, &err) < 0)
            fail_msg("%s", err.text);
        assert_true(release_file_exists(&fixture.conf, "1.12.3", &b));
        assert_int_equal(file_read(path, 4096, 0, &got, &err), 0);
        assert_int_equal(got.len, sizeof(zip_bytes));
        assert_memory_equal(got.data, zip_bytes, sizeof(zip_bytes));
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0644);
    }
}

/* Between the measurement and the copy somebody replaces the file. */
static void test_another_file_is_not_kept(void **state)
{
    static const char *const others[] = {"not looked into herE", "shorter", "",
                                         "not looked into here, and then some more"};
    struct build b = build_of_file(PACKING_ZIP);
    char from[300], path[300];
    (void)state;
    b.arch[0] = 'A'; /* no release exists yet */
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        struct err err = ERR_INIT;
        context_fixture_write(&fixture, "other", others[i], strlen(others[i]) + 1, from);
        assert_int_equal(release_file_keep(&fixture.conf, "1.12.3", &b, from, &err), -1);
        assert_int_equal(err.kind, ERR_CRYPTO);
        assert_false(release_file_exists(&fixture.conf, "1.12.3", &b));
        assert_int_equal(release_file_path(&fixture.conf, "1.12.3", &b, path, &err), 0);
        assert_int_equal(access(path, F_OK), -1);
        *strrchr(path, '/') = '\0';
        snprintf(from, sizeof(from), "%s/.tmp-%ld", path, (long)getpid());
        assert_int_equal(access(from, F_OK), -1);
    }
}

static void test_a_link_is_no_file(void **state)
{
    struct build b = build_of_file(PACKING_ZIP);
    struct err err = ERR_INIT;
    char path[300];
    (void)state;
    assert_int_equal(release_file_path(&fixture.conf, "1.12.3", &b, path, &err), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/etc/hostname", path), 0);
    assert_false(release_file_exists(&fixture.conf, "1.12.3", &b));
}

static void test_versions_are_folders_and_nothing_else(void **state)
{
    static const char *const bad[] = {"../1.2.3", "1.2.3/..", "v1.2.3", "1.2", ".", ""};
    struct err err = ERR_INIT;
    struct stored_release r;
    struct build b = build_of("amd64", 1);
    char **list = NULL;
    size_t n = 0;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(release_add(&fixture.conf, &trust, release_key, bad[i], false, &b, urls, 1,
                                     5, &r, &err),
                         -1);
    assert_int_equal(
        release_add(&fixture.conf, &trust, release_key, "1.9.12", false, &b, urls, 1, 5, &r, &err),
        0);
    stored_release_free(&r);
    assert_int_equal(release_versions(&fixture.conf, &list, &n, &err), 0);
    assert_true(n >= 2);
    assert_string_equal(list[0], "1.9.12"); /* before 1.11.4: ordered by number, not by letter */
    for (size_t i = 0; i < n; i++)
        free(list[i]);
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_are_private_and_never_replaced),
        cmocka_unit_test(test_half_an_init_is_told),
        cmocka_unit_test(test_a_zip_is_measured_inside),
        cmocka_unit_test(test_zips_that_are_refused),
        cmocka_unit_test(test_an_elf_file_for_another_machine),
        cmocka_unit_test(test_builds_are_merged_and_signed_anew),
        cmocka_unit_test(test_a_manifest_signed_by_another_key),
        cmocka_unit_test(test_own_builds),
        cmocka_unit_test(test_a_date_from_the_future),
        cmocka_unit_test(test_what_is_no_own_build),
        cmocka_unit_test(test_a_file_is_kept_under_the_vendors_name),
        cmocka_unit_test(test_another_file_is_not_kept),
        cmocka_unit_test(test_a_link_is_no_file),
        cmocka_unit_test(test_versions_are_folders_and_nothing_else),
    };
    return cmocka_run_group_tests_name("release_store", tests, set_up, tear_down);
}
