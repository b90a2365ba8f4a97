/* release_fetch.h: a release from a vendor who behaves, signed by keys of every kind, on a machine
 * that may lack a program. After every failure the releases of this machine are unchanged.
 * timeout: 200 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include "download.h"
#include "fetch_bench.h"
#include "file.h"
#include "publish.h"
#include "release_check.h"
#include "release_files.h"
#include "scratch_dir.h"
#include "skip_because.h"
/* ---- who behaves ---- */

VENDOR_TEST(test_a_release_is_fetched)
{
    struct err err = ERR_INIT;
    struct stored_release r;
    struct digest zip;
    auto_buf struct buf source = BUF_INIT;
    char path[300], fpr[41];
    fetches(V);
    assert_int_equal(release_load(&bench.fixture.conf, &bench.trust, V, &r, &err), 0);
    const struct build *b = manifest_build(&r.manifest, "linux", "amd64");
    assert_non_null(b);
    assert_int_equal(b->packing, PACKING_ZIP);
    assert_int_equal(b->size, SIZE);
    assert_true(vendor_names_build((char *)r.manifest.sums, r.manifest.sums_len, V, b));
    assert_int_equal(release_zip_path(&bench.fixture.conf, V, "linux", "amd64", path, &err), 0);
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(digest_fd(fd, 1 << 20, &zip, NULL, &err), 0);
    assert_true(digest_eq(&zip, &b->fetch_digest));
    assert_int_equal(release_source(&bench.fixture.conf, V, &source, &err), 0);
    vendor_fingerprint(bench.vendor, "good", fpr);
    assert_non_null(strstr(buf_str(&source), fpr));
    assert_non_null(strstr(buf_str(&source), bench.from));
    assert_int_equal(state_path(&bench.fixture.conf, "fetching/" V, path, &err), 0);
    assert_int_equal(access(path, F_OK), -1);
    stored_release_free(&r);
}

VENDOR_TEST(test_a_directory_is_as_good)
{
    str_cut(bench.from, sizeof(bench.from), vendor_site(bench.vendor));
    fetches(V);
    snprintf(bench.from, sizeof(bench.from), "%s/nomad/1.0.0", vendor_site(bench.vendor));
    fetches("1.0.0");
    snprintf(bench.from, sizeof(bench.from), "%s/nomad", vendor_site(bench.vendor));
    fetches("1.0.0");
    list_releases(&bench.listing);
    refuses_of("2.0.9", ERR_NOTFOUND, "nor in the directories nomad/2.0.9");
}

VENDOR_TEST(test_what_is_there_is_not_fetched_again)
{
    fetches(V);
    unsigned n = vendor_requests(bench.vendor, ZIP);
    fetches(V);
    assert_int_equal(vendor_requests(bench.vendor, ZIP), n);
}

VENDOR_TEST(test_another_architecture_joins)
{
    const struct zip_member members[] = {{.name = "nomad", .content = bench.noise, .len = SIZE}};
    struct err err = ERR_INIT;
    struct stored_release r;
    vendor_zip(bench.vendor, "2.2.0", "amd64", members, 1);
    vendor_zip(bench.vendor, "2.2.0", "arm64", members, 1);
    vendor_sign(bench.vendor, "2.2.0", "good", NULL, NULL);
    fetches("2.2.0");
    assert_int_equal(fetch_as("2.2.0", "arm64", 0, &r, &err), 0);
    assert_int_equal(r.manifest.n_builds, 2);
    stored_release_free(&r);
    assert_int_equal(fetch_as("2.2.0", "s390x", 0, &r, &err), -1);
    assert_int_equal(err.kind, ERR_NOTFOUND);
    assert_non_null(strstr(err.text, "linux/amd64, linux/arm64"));
}

VENDOR_TEST(test_editions)
{
    static const char *const versions[] = {"2.0.5+ent", "2.0.5+ent.fips1402", "2.0.6-rc.1"};
    for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
        make_release(versions[i]);
        vendor_sign(bench.vendor, versions[i], "good", NULL, NULL);
        fetches(versions[i]);
    }
}

/* ---- signatures ---- */

VENDOR_TEST(test_an_expired_key_that_signed_before)
{
    signed_by("A1");
    fetches(V);
}

VENDOR_TEST(test_an_expired_key_that_signed_after)
{
    signed_by("A2");
    refuses(ERR_CRYPTO, "after its key had expired");
}

VENDOR_TEST(test_a_revoked_key)
{
    signed_by("A3");
    refuses(ERR_CRYPTO, "revoked");
}

/* Of two copies of a key gpgv uses only the first: the result must not depend on which keyring
 * contains the revocation. */
VENDOR_TEST(test_a_key_that_one_keyring_knows_as_revoked)
{
    struct coord_conf *c = &bench.fixture.conf;
    const char *rings[] = {vendor_old_ring(bench.vendor), vendor_ring(bench.vendor)};
    for (size_t i = 0; i < ARRAY_LEN(rings); i++) {
        str_cut(c->vendor_shipped, sizeof(c->vendor_shipped), rings[i]);
        str_cut(c->vendor_keyring, sizeof(c->vendor_keyring), rings[1 - i]);
        signed_by("A3");
        refuses(ERR_CRYPTO, "revoked");
    }
    signed_by("A0");
    fetches(V);
}

VENDOR_TEST(test_a_subkey)
{
    signed_by("A4");
    fetches(V);
}

VENDOR_TEST(test_two_keys_of_which_one_is_unknown)
{
    signed_by("A5");
    fetches(V);
    signed_by("A6");
    fetches(V);
}

VENDOR_TEST(test_a_key_younger_than_the_clock)
{
    signed_by("A7");
    fetches(V);
}

VENDOR_TEST(test_an_unknown_key)
{
    signed_by("A8");
    refuses(ERR_CRYPTO, "not in the keyring");
}

VENDOR_TEST(test_the_next_signature_is_tried)
{
    signed_by("FFFF A8 A3 A4");
    fetches(V);
}

/* A zip above the hosts' limit: reported before the large download, and the next place is tried. */
VENDOR_TEST(test_too_many_signatures)
{
    auto_buf struct buf one = BUF_INIT, many = BUF_INIT;
    struct err err = ERR_INIT;
    char path[600];
    unsigned n = vendor_requests(bench.vendor, ZIP);
    snprintf(path, sizeof(path), "%s/nomad/" V "/nomad_" V "_" SUMS ".A0.sig",
             vendor_site(bench.vendor));
    assert_int_equal(file_read(path, 4096, 0, &one, &err), 0);
    while (many.len <= SUMS_SIG_MAX)
        buf_add(&many, one.data, one.len);
    snprintf(path, sizeof(path), "%s/nomad/" V "/nomad_" V "_" SUMS ".AA.sig",
             vendor_site(bench.vendor));
    assert_int_equal(file_replace(path, many.data, many.len, 0644, &err), 0);
    signed_by("AA");
    refuses(ERR_LIMIT, "a file with fewer signatures is needed");
    assert_int_equal(vendor_requests(bench.vendor, ZIP), n);
    while (many.len <= 300 * one.len)
        buf_add(&many, one.data, one.len);
    assert_int_equal(file_replace(path, many.data, many.len, 0644, &err), 0);
    refuses(ERR_LIMIT, "larger than 16384 bytes");
    signed_by("AA A0");
    fetches(V);
}

/* The name of a directory cannot add a line to a file. */
VENDOR_TEST(test_a_name_with_lines)
{
    auto_buf struct buf source = BUF_INIT;
    struct err err = ERR_INIT;
    char dir[300];
    snprintf(dir, sizeof(dir), "%.100s/x\nsigned by AAAA", vendor_dir(bench.vendor));
    assert_int_equal(rename(vendor_site(bench.vendor), dir), 0);
    str_cut(bench.from, sizeof(bench.from), dir);
    fetches(V);
    assert_int_equal(rename(dir, vendor_site(bench.vendor)), 0);
    assert_int_equal(release_source(&bench.fixture.conf, V, &source, &err), 0);
    assert_null(strstr(buf_str(&source), "\nsigned by AAAA"));
    assert_non_null(strstr(buf_str(&source), "x\\x0asigned by AAAA"));
}

VENDOR_TEST(test_no_signature)
{
    signed_by("FFFF");
    refuses(ERR_NOTFOUND, "SHA256SUMS.FFFF.sig");
}

/* A signature of another SHA256SUMS: of the same site, from an hour before somebody changed the
 * file. */
VENDOR_TEST(test_a_signature_of_something_else)
{
    make_release("2.3.0");
    vendor_sign(bench.vendor, "2.3.0", "good", NULL, NULL);
    make_release("2.3.0"); /* a second line */
    refuses_of("2.3.0", ERR_CRYPTO, "does not match the file");
}

VENDOR_TEST(test_a_good_signature_and_another_file_name)
{
    auto_buf struct buf text = BUF_INIT;
    char path[600];
    struct err err = ERR_INIT;
    snprintf(path, sizeof(path), "%s/nomad/" V "/nomad_" V "_" SUMS, vendor_site(bench.vendor));
    assert_int_equal(file_read(path, 4096, 0, &text, &err), 0);
    memcpy(strstr((char *)text.data, ZIP), "Nomad", 5);
    make_release("2.4.0");
    vendor_sums(bench.vendor, "2.4.0", buf_str(&text));
    vendor_sign(bench.vendor, "2.4.0", "good", NULL, NULL);
    refuses_of("2.4.0", ERR_NOTFOUND, "SHA256SUMS has no nomad_2.4.0_linux_amd64.zip");
}

VENDOR_TEST(test_a_mirror_that_serves_another_version)
{
    auto_buf struct buf text = BUF_INIT;
    char path[600];
    struct err err = ERR_INIT;
    snprintf(path, sizeof(path), "%s/nomad/1.0.0/nomad_1.0.0_" SUMS, vendor_site(bench.vendor));
    assert_int_equal(file_read(path, 4096, 0, &text, &err), 0);
    make_release("2.5.0");
    vendor_sums(bench.vendor, "2.5.0", buf_str(&text));
    vendor_sign(bench.vendor, "2.5.0", "good", NULL, NULL);
    refuses_of("2.5.0", ERR_NOTFOUND, "of 2.5.0 it has nothing");
}

VENDOR_TEST(test_gpgv_is_missing)
{
    str_cut(bench.fixture.conf.vendor_gpgv, sizeof(bench.fixture.conf.vendor_gpgv),
            "/nonexistent/gpgv");
    refuses(ERR_STATE, "gpgv is missing");
}

/* A program that reports only by its exit status. */
VENDOR_TEST(test_gpgv_says_nothing)
{
    str_cut(bench.fixture.conf.vendor_gpgv, sizeof(bench.fixture.conf.vendor_gpgv), "/bin/true");
    refuses(ERR_CRYPTO, "there is no signature");
}

VENDOR_TEST(test_keyrings)
{
    struct coord_conf *c = &bench.fixture.conf;
    c->vendor_keyring[0] = '\0';
    refuses(ERR_CONFIG, "there are no keys");
    str_cut(c->vendor_keyring, sizeof(c->vendor_keyring), "/nonexistent/ring");
    refuses(ERR_CONFIG, "[vendor] keyring");
    snprintf(c->vendor_keyring, sizeof(c->vendor_keyring), "%.200s/nomad/" V "/" ZIP,
             vendor_site(bench.vendor));
    refuses(ERR_CONFIG, "the vendor's keys in");
    str_cut(c->vendor_keyring, sizeof(c->vendor_keyring), vendor_ring(bench.vendor));
    assert_int_equal(chmod(c->vendor_keyring, 0666), 0);
    refuses(ERR_CONFIG, "may be changed by anybody");
    assert_int_equal(chmod(c->vendor_keyring, 0644), 0);
    c->vendor_keyring[0] = '\0'; /* the shipped keyring alone, and both keyrings */
    str_cut(c->vendor_shipped, sizeof(c->vendor_shipped), vendor_ring(bench.vendor));
    fetches(V);
    str_cut(c->vendor_keyring, sizeof(c->vendor_keyring), vendor_ring(bench.vendor));
    fetches(V);
}

/* ---- the machine ---- */

VENDOR_TEST(test_the_disk_is_full)
{
    struct rlimit was, little;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    little = was;
    little.rlim_cur = SIZE / 2;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    refuses(ERR_NOSPACE, "the disk is full");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    fetches(V);
}

VENDOR_TEST(test_room_is_asked_for_before)
{
    struct err err = ERR_INIT;
    char path[300];
    context_fixture_write(&bench.fixture, "x", "", 0, path);
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(download_room(fd, 1, &err), 0);
    assert_int_equal(download_room(fd, 1ULL << 60, &err), -1);
    assert_int_equal(err.kind, ERR_NOSPACE);
    assert_non_null(strstr(err.text, "are missing"));
}

VENDOR_TEST(test_two_at_once)
{
    struct err err = ERR_INIT;
    char pid[40];
    autoclose int lock = -1;
    assert_int_equal(release_lock(&bench.fixture.conf, &lock, &err), 0);
    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    refuses(ERR_BUSY, pid);
}

VENDOR_TEST(test_what_a_kill_left_is_swept)
{
    struct err err = ERR_INIT;
    char path[300];
    assert_int_equal(state_path(&bench.fixture.conf, "vendor.abcdef/home", path, &err), 0);
    assert_int_equal(file_make_dirs(path, 0700, &err), 0);
    fetches(V);
    assert_int_equal(access(path, F_OK), -1);
}

/* ---- checked again ---- */

static struct build_check checks(const char *version, bool of_vendor)
{
    struct release_check r;
    struct err err = ERR_INIT;
    if (release_check(&bench.fixture.conf, &bench.trust, version, clock_system(), &r, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(r.of_vendor, of_vendor);
    assert_int_equal(r.signer.good, of_vendor);
    assert_int_equal(r.n_builds, 1);
    return r.builds[0];
}

VENDOR_TEST(test_it_is_verified_without_the_vendor)
{
    char path[300];
    struct err err = ERR_INIT;
    fetches(V);
    unsigned n = vendor_requests(bench.vendor, "");
    assert_int_equal(checks(V, true).result, CHECK_GOOD);
    assert_int_equal(release_zip_path(&bench.fixture.conf, V, "linux", "amd64", path, &err), 0);
    autoclose int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "wrong", 5, 100), 5);
    struct build_check b = checks(V, true);
    assert_int_equal(b.result, CHECK_BAD);
    assert_non_null(strstr(b.why, "not the one that was signed"));
    unlink(path);
    assert_int_equal(checks(V, true).result, CHECK_BAD);
    assert_int_equal(vendor_requests(bench.vendor, ""), n);
}

VENDOR_TEST(test_a_key_that_is_trusted_no_longer)
{
    struct release_check r;
    struct err err = ERR_INIT;
    struct coord_conf *c = &bench.fixture.conf;
    fetches(V);
    str_cut(c->vendor_keyring, sizeof(c->vendor_keyring), "deploy/keys/hashicorp.asc");
    if (access(c->vendor_keyring, R_OK) < 0)
        skip_because("not run from the sources' folder");
    assert_int_equal(release_check(c, &bench.trust, V, clock_system(), &r, &err), -1);
    assert_int_equal(err.kind, ERR_CRYPTO);
    assert_non_null(strstr(err.text, "not in the keyring"));
    str_cut(c->vendor_gpgv, sizeof(c->vendor_gpgv), "/nonexistent/gpgv");
    assert_int_equal(release_check(c, &bench.trust, V, clock_system(), &r, &err), -1);
    assert_int_equal(err.kind, ERR_STATE);
}

VENDOR_TEST(test_a_build_of_ones_own)
{
    struct build b = {.os = "linux", .arch = "amd64", .packing = PACKING_BARE};
    static const char *const url[] = {"https://mirror.example/nomad"};
    struct stored_release r;
    struct err err = ERR_INIT;
    b.size = b.fetch_size = 10;
    memset(b.digest.bytes, 7, DIGEST_LEN);
    b.fetch_digest = b.digest;
    assert_int_equal(release_add(&bench.fixture.conf, &bench.trust, bench.release_key, "4.0.0",
                                 false, &b, url, 1, 5, &r, &err),
                     0);
    stored_release_free(&r);
    assert_int_equal(checks("4.0.0", false).result, CHECK_OWN);
}

/* Hosts fetch a release without a URL from here: a changed or missing file is found. */
VENDOR_TEST(test_a_build_of_ones_own_that_is_kept_here)
{
    const struct coord_conf *c = &bench.fixture.conf;
    static const char binary[] = "a binary of one's own";
    struct stored_release r;
    struct err err = ERR_INIT;
    struct build b;
    char from[300], kept[300];
    scratch_write(vendor_dir(bench.vendor), "own", binary, 0755);
    scratch_path(vendor_dir(bench.vendor), "own", from);
    assert_int_equal(publish_measure(from, "4.0.0", "linux", "amd64", NULL, &b, &err), 0);
    assert_int_equal(
        release_add(c, &bench.trust, bench.release_key, "4.0.0", false, &b, NULL, 0, 5, &r, &err),
        0);
    stored_release_free(&r);
    assert_int_equal(checks("4.0.0", false).result, CHECK_BAD);
    assert_int_equal(release_file_keep(c, "4.0.0", &b, from, &err), 0);
    assert_int_equal(checks("4.0.0", false).result, CHECK_OWN);
    assert_int_equal(release_file_path(c, "4.0.0", &b, kept, &err), 0);
    assert_int_equal(file_replace(kept, "A", 1, 0644, &err), 0);
    assert_int_equal(checks("4.0.0", false).result, CHECK_BAD);
    assert_int_equal(file_replace(kept, "another binary, changed", 21, 0644, &err), 0);
    struct build_check found = checks("4.0.0", false);
    assert_int_equal(found.result, CHECK_BAD);
    assert_non_null(strstr(found.why, "not the one that was signed"));
}

/* The vendor's SHA256SUMS differs from the one at the fetch of the first build. */
VENDOR_TEST(test_a_release_that_changed_behind_its_version)
{
    const struct zip_member members[] = {{.name = "nomad", .content = bench.noise, .len = 9}};
    make_release("4.1.0");
    vendor_sign(bench.vendor, "4.1.0", "good", NULL, NULL);
    fetches("4.1.0");
    list_releases(&bench.listing);
    vendor_sums(bench.vendor, "4.1.0", "");
    vendor_zip(bench.vendor, "4.1.0", "amd64", members, 1);
    vendor_sign(bench.vendor, "4.1.0", "good", NULL, NULL);
    refuses_of("4.1.0", ERR_REFUSED, "another digest");
}

VENDOR_TEST(test_removed)
{
    struct err err = ERR_INIT;
    struct digest now;
    list_releases(&bench.listing);
    fetches(V);
    assert_int_equal(release_remove(&bench.fixture.conf, V, &err), 0);
    list_releases(&now);
    assert_int_equal(release_remove(&bench.fixture.conf, V, &err), -1);
    assert_int_equal(err.kind, ERR_NOTFOUND);
    assert_int_equal(release_remove(&bench.fixture.conf, "../x", &err), -1);
    assert_true(digest_eq(&now, &bench.listing));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_begin, bench_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_release_is_fetched),
        TEST(test_a_directory_is_as_good),
        TEST(test_what_is_there_is_not_fetched_again),
        TEST(test_another_architecture_joins),
        TEST(test_editions),
        TEST(test_an_expired_key_that_signed_before),
        TEST(test_an_expired_key_that_signed_after),
        TEST(test_a_revoked_key),
        TEST(test_a_key_that_one_keyring_knows_as_revoked),
        TEST(test_a_subkey),
        TEST(test_two_keys_of_which_one_is_unknown),
        TEST(test_a_key_younger_than_the_clock),
        TEST(test_an_unknown_key),
        TEST(test_the_next_signature_is_tried),
        TEST(test_too_many_signatures),
        TEST(test_a_name_with_lines),
        TEST(test_no_signature),
        TEST(test_a_signature_of_something_else),
        TEST(test_a_good_signature_and_another_file_name),
        TEST(test_a_mirror_that_serves_another_version),
        TEST(test_gpgv_is_missing),
        TEST(test_gpgv_says_nothing),
        TEST(test_keyrings),
        TEST(test_the_disk_is_full),
        TEST(test_room_is_asked_for_before),
        TEST(test_two_at_once),
        TEST(test_what_a_kill_left_is_swept),
        TEST(test_it_is_verified_without_the_vendor),
        TEST(test_a_key_that_is_trusted_no_longer),
        TEST(test_a_build_of_ones_own),
        TEST(test_a_build_of_ones_own_that_is_kept_here),
        TEST(test_a_release_that_changed_behind_its_version),
        TEST(test_removed),
    };
    return cmocka_run_group_tests_name("release_fetch", tests, bench_open, bench_close);
}
