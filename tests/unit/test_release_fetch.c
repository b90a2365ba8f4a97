/* release_fetch.h: a release from a vendor who behaves, and from all who do not. Whatever goes
 * wrong, the releases of this machine are as they were. timeout: 300 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sys/resource.h>
#include "console_fixture.h"
#include "download.h"
#include "file.h"
#include "keys.h"
#include "release_fetch.h"
#include "skip_because.h"
#include "vendor_fixture.h"

#define V    "2.0.5"
#define ZIP  "nomad_2.0.5_linux_amd64.zip"
#define SUMS "SHA256SUMS"
#define SIG  ".sig"
#define SIZE 200000

static struct console_fixture fixture;
static struct trust trust;
static struct keypair *release_key;
static struct vendor *vendor;
static char noise[SIZE]; /* a binary that does not compress */
static struct digest listing;
static char from[300];
static int stop_fd = -1;

/* ---- what does not change ---- */

static struct digest_state *walked;

static int walk(const char *path, const struct stat *st, int type, struct FTW *at)
{
    char line[600];
    (void)at;
    int n = snprintf(line, sizeof line, "%s %d %lld %lld\n", path, type, (long long)st->st_size,
                     type == FTW_F ? (long long)st->st_mtim.tv_nsec : 0);
    digest_add(walked, line, (size_t)n);
    return 0;
}

static void list_releases(struct digest *ret)
{
    struct digest_state s;
    char dir[300];
    struct err err = ERR_INIT;
    digest_init(&s);
    walked = &s;
    assert_int_equal(state_path(&fixture.conf, "releases", dir, &err), 0);
    nftw(dir, walk, 16, FTW_PHYS);
    digest_final(&s, ret);
}

/* Nothing of a question to gpgv is left, nor of a text under way. */
static int find_left(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    return strstr(path + at->base, "vendor.") != NULL || strstr(path + at->base, ".tmp") != NULL;
}

/* ---- fetching ---- */

static int fetch_as(const char *version, const char *arch, uint64_t max, struct stored_release *r,
                    struct err *err)
{
    struct build_target t = {"linux", ""};
    struct gpgv_verdict signer;
    str_cut(t.arch, sizeof t.arch, arch);
    const struct release_fetch f = {.conf = &fixture.conf,
                                    .trust = &trust,
                                    .key = release_key,
                                    .clock = clock_system(),
                                    .version = version,
                                    .from = from,
                                    .targets = &t,
                                    .n_targets = 1,
                                    .max = max,
                                    .deadline_ms = 20000,
                                    .speed_window_s = 1,
                                    .stop_fd = stop_fd};
    return release_fetch(&f, r, &signer, err);
}

static void fetches(const char *version)
{
    struct stored_release r;
    struct err err = ERR_INIT;
    if (fetch_as(version, "amd64", 0, &r, &err) < 0)
        fail_msg("%s", err.text);
    assert_string_equal(r.manifest.version, version);
    assert_true(r.manifest.sums_len > 0 && r.manifest.sums_sig_len > 0);
    stored_release_free(&r);
}

static void refuses_of(const char *version, enum err_kind kind, const char *text)
{
    struct stored_release r;
    struct err err = ERR_INIT;
    struct digest now;
    if (fetch_as(version, "amd64", 4 << 20, &r, &err) == 0)
        fail_msg("fetched, but should be refused: %s", text);
    if (err.kind != kind || strstr(err.text, text) == NULL)
        fail_msg("kind %s, want %s: %s", err_kind_name(err.kind), text, err.text);
    list_releases(&now);
    assert_true(digest_eq(&now, &listing));
    assert_int_equal(nftw(fixture.conf.state_dir, find_left, 16, FTW_PHYS), 0);
}

static void refuses(enum err_kind kind, const char *text)
{
    refuses_of(V, kind, text);
}

static void make_release(const char *version)
{
    const struct zip_member members[] = {{.name = "LICENSE.txt", .content = "x", .len = 1},
                                         {.name = "nomad", .content = noise, .len = SIZE}};
    vendor_zip(vendor, version, "amd64", members, 2);
}

/* ---- one site for all, signed by every key; a state of its own for each test ---- */

static int set_up_group(void **state)
{
    struct err err = ERR_INIT;
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    if (crypto_init(&err) < 0)
        return -1;
    crypto_random(noise, sizeof noise);
    vendor = vendor_open();
    if (vendor == NULL)
        return 0;
    make_release("1.0.0");
    vendor_sign(vendor, "1.0.0", "good", NULL, NULL);
    make_release(V);
    vendor_sign(vendor, V, "good", NULL, "A0");
    vendor_sign(vendor, V, "expired", "20200601T000000", "A1");
    vendor_sign(vendor, V, "expired", "20220601T000000", "A2");
    vendor_sign(vendor, V, "revoked", "20250601T000000", "A3");
    vendor_sign(vendor, V, "sub", NULL, "A4");
    vendor_sign(vendor, V, "good unknown", NULL, "A5");
    vendor_sign(vendor, V, "unknown good", NULL, "A6");
    vendor_sign(vendor, V, "young", "21000201T000000", "A7");
    vendor_sign(vendor, V, "unknown", NULL, "A8");
    vendor_spoil_keys(vendor);
    return 0;
}

static int tear_down_group(void **state)
{
    (void)state;
    vendor_close(vendor);
    return 0;
}

static int set_up(void **state)
{
    struct err err = ERR_INIT;
    (void)state;
    if (vendor == NULL)
        return 0;
    if (console_fixture_begin(&fixture) < 0 ||
        keys_make_solo(&fixture.conf, "test", &trust, &err) < 0 ||
        keys_load(&fixture.conf, ROLE_RELEASE, &release_key, &err) < 0)
        return -1;
    str_cut(fixture.conf.vendor_keyring, sizeof fixture.conf.vendor_keyring, vendor_ring(vendor));
    str_cut(fixture.conf.vendor_shipped, sizeof fixture.conf.vendor_shipped, "/nonexistent");
    str_cut(fixture.conf.vendor_key_ids, sizeof fixture.conf.vendor_key_ids, "A0");
    vendor_behave(vendor, MIRROR_PLAIN, "");
    vendor_url(vendor, from);
    stop_fd = -1;
    fetches("1.0.0");
    list_releases(&listing);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (vendor == NULL)
        return 0;
    keypair_free(release_key);
    console_fixture_end(&fixture);
    return 0;
}

static bool has_vendor(void)
{
    if (vendor == NULL)
        skip_because("there is no gpg to make keys with");
    return vendor != NULL;
}

static void signed_by(const char *id)
{
    str_cut(fixture.conf.vendor_key_ids, sizeof fixture.conf.vendor_key_ids, id);
}

/* ---- who behaves ---- */

static void test_a_release_is_fetched(void **state)
{
    struct err err = ERR_INIT;
    struct stored_release r;
    struct digest zip;
    auto_buf struct buf source = BUF_INIT;
    char path[300], fpr[41];
    (void)state;
    if (!has_vendor())
        return;
    fetches(V);
    assert_int_equal(release_load(&fixture.conf, &trust, V, &r, &err), 0);
    const struct build *b = manifest_build(&r.manifest, "linux", "amd64");
    assert_non_null(b);
    assert_int_equal(b->packing, PACKING_ZIP);
    assert_int_equal(b->size, SIZE);
    assert_true(vendor_names_build((char *)r.manifest.sums, r.manifest.sums_len, V, b));
    assert_int_equal(release_zip_path(&fixture.conf, V, "linux", "amd64", path, &err), 0);
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(digest_fd(fd, 1 << 20, &zip, NULL, &err), 0);
    assert_true(digest_eq(&zip, &b->fetch_digest));
    assert_int_equal(release_source(&fixture.conf, V, &source, &err), 0);
    vendor_fingerprint(vendor, "good", fpr);
    assert_non_null(strstr(buf_str(&source), fpr));
    assert_non_null(strstr(buf_str(&source), from));
    assert_int_equal(state_path(&fixture.conf, "fetching/" V, path, &err), 0);
    assert_int_equal(access(path, F_OK), -1);
    stored_release_free(&r);
}

static void test_a_directory_is_as_good(void **state)
{
    (void)state;
    if (!has_vendor())
        return;
    str_cut(from, sizeof from, vendor_site(vendor));
    fetches(V);
    snprintf(from, sizeof from, "%s/nomad/1.0.0", vendor_site(vendor));
    fetches("1.0.0");
    snprintf(from, sizeof from, "%s/nomad", vendor_site(vendor));
    fetches("1.0.0");
    list_releases(&listing);
    refuses_of("2.0.9", ERR_NOTFOUND, "nor has nomad/2.0.9");
}

static void test_what_is_there_is_not_fetched_again(void **state)
{
    (void)state;
    if (!has_vendor())
        return;
    fetches(V);
    unsigned n = vendor_requests(vendor, ZIP);
    fetches(V);
    assert_int_equal(vendor_requests(vendor, ZIP), n);
}

static void test_another_architecture_joins(void **state)
{
    const struct zip_member members[] = {{.name = "nomad", .content = noise, .len = SIZE}};
    struct err err = ERR_INIT;
    struct stored_release r;
    (void)state;
    if (!has_vendor())
        return;
    vendor_zip(vendor, "2.2.0", "amd64", members, 1);
    vendor_zip(vendor, "2.2.0", "arm64", members, 1);
    vendor_sign(vendor, "2.2.0", "good", NULL, NULL);
    fetches("2.2.0");
    assert_int_equal(fetch_as("2.2.0", "arm64", 0, &r, &err), 0);
    assert_int_equal(r.manifest.n_builds, 2);
    stored_release_free(&r);
    assert_int_equal(fetch_as("2.2.0", "s390x", 0, &r, &err), -1);
    assert_int_equal(err.kind, ERR_NOTFOUND);
    assert_non_null(strstr(err.text, "linux/amd64, linux/arm64"));
}

static void test_editions(void **state)
{
    (void)state;
    if (!has_vendor())
        return;
    static const char *const versions[] = {"2.0.5+ent", "2.0.5+ent.fips1402", "2.0.6-rc.1"};
    for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
        make_release(versions[i]);
        vendor_sign(vendor, versions[i], "good", NULL, NULL);
        fetches(versions[i]);
    }
}

/* ---- signatures ---- */

static void test_an_expired_key_that_signed_before(void **state)
{
    (void)state;
    if (!has_vendor())
        return;
    signed_by("A1");
    fetches(V);
}

static void test_an_expired_key_that_signed_after(void **state)
{
    (void)state;
    if (!has_vendor())
        return;
    signed_by("A2");
    refuses(ERR_CRYPTO, "after its key had expired");
}

static void test_a_revoked_key(void **state)
{
    (void)state;
    if (!has_vendor())
        return;
    signed_by("A3");
    refuses(ERR_CRYPTO, "revoked");
}

static void test_a_subkey(void **state)
{
    (void)state;
    if (!has_vendor())
        return;
    signed_by("A4");
    fetches(V);
}

static void test_two_keys_of_which_one_is_unknown(void **state)
{
    (void)state;
    if (!has_vendor())
        return;
    signed_by("A5");
    fetches(V);
    signed_by("A6");
    fetches(V);
}

static void test_a_key_younger_than_the_clock(void **state)
{
    (void)state;
    if (!has_vendor())
        return;
    signed_by("A7");
    fetches(V);
}

static void test_an_unknown_key(void **state)
{
    (void)state;
    if (!has_vendor())
        return;
    signed_by("A8");
    refuses(ERR_CRYPTO, "not in the keyring");
}

static void test_the_next_signature_is_tried(void **state)
{
    (void)state;
    if (!has_vendor())
        return;
    signed_by("FFFF A8 A3 A4");
    fetches(V);
}

static void test_no_signature(void **state)
{
    (void)state;
    if (!has_vendor())
        return;
    signed_by("FFFF");
    refuses(ERR_NOTFOUND, "SHA256SUMS.FFFF.sig");
}

/* A signature of another SHA256SUMS: of the same site, an hour before somebody changed it. */
static void test_a_signature_of_something_else(void **state)
{
    (void)state;
    if (!has_vendor())
        return;
    make_release("2.3.0");
    vendor_sign(vendor, "2.3.0", "good", NULL, NULL);
    make_release("2.3.0"); /* a second line */
    refuses_of("2.3.0", ERR_CRYPTO, "does not fit");
}

static void test_a_good_signature_and_another_file_name(void **state)
{
    auto_buf struct buf text = BUF_INIT;
    char path[600];
    struct err err = ERR_INIT;
    (void)state;
    if (!has_vendor())
        return;
    snprintf(path, sizeof path, "%s/nomad/" V "/nomad_" V "_" SUMS, vendor_site(vendor));
    assert_int_equal(file_read(path, 4096, 0, &text, &err), 0);
    memcpy(strstr((char *)text.data, ZIP), "Nomad", 5);
    make_release("2.4.0");
    vendor_sums(vendor, "2.4.0", buf_str(&text));
    vendor_sign(vendor, "2.4.0", "good", NULL, NULL);
    refuses_of("2.4.0", ERR_NOTFOUND, "SHA256SUMS has no nomad_2.4.0_linux_amd64.zip");
}

static void test_a_mirror_that_serves_another_version(void **state)
{
    auto_buf struct buf text = BUF_INIT;
    char path[600];
    struct err err = ERR_INIT;
    (void)state;
    if (!has_vendor())
        return;
    snprintf(path, sizeof path, "%s/nomad/1.0.0/nomad_1.0.0_" SUMS, vendor_site(vendor));
    assert_int_equal(file_read(path, 4096, 0, &text, &err), 0);
    make_release("2.5.0");
    vendor_sums(vendor, "2.5.0", buf_str(&text));
    vendor_sign(vendor, "2.5.0", "good", NULL, NULL);
    refuses_of("2.5.0", ERR_NOTFOUND, "of 2.5.0 it has nothing");
}

static void test_gpgv_is_missing(void **state)
{
    (void)state;
    if (!has_vendor())
        return;
    str_cut(fixture.conf.vendor_gpgv, sizeof fixture.conf.vendor_gpgv, "/nonexistent/gpgv");
    refuses(ERR_STATE, "gpgv is missing");
}

/* Whose exit status is all that it says. */
static void test_gpgv_says_nothing(void **state)
{
    (void)state;
    if (!has_vendor())
        return;
    str_cut(fixture.conf.vendor_gpgv, sizeof fixture.conf.vendor_gpgv, "/bin/true");
    refuses(ERR_CRYPTO, "there is no signature");
}

static void test_keyrings(void **state)
{
    struct coord_conf *c = &fixture.conf;
    (void)state;
    if (!has_vendor())
        return;
    c->vendor_keyring[0] = '\0';
    refuses(ERR_CONFIG, "there are no keys");
    str_cut(c->vendor_keyring, sizeof c->vendor_keyring, "/nonexistent/ring");
    refuses(ERR_CONFIG, "[vendor] keyring");
    snprintf(c->vendor_keyring, sizeof c->vendor_keyring, "%.200s/nomad/" V "/" ZIP,
             vendor_site(vendor));
    refuses(ERR_CONFIG, "the vendor's keys in");
    c->vendor_keyring[0] = '\0'; /* the shipped one alone, and both */
    str_cut(c->vendor_shipped, sizeof c->vendor_shipped, vendor_ring(vendor));
    fetches(V);
    str_cut(c->vendor_keyring, sizeof c->vendor_keyring, vendor_ring(vendor));
    fetches(V);
}

/* ---- mirrors ---- */

static void test_a_slow_mirror(void **state)
{
    (void)state;
    if (!has_vendor())
        return;
    vendor_behave(vendor, MIRROR_SLOW, SUMS);
    refuses(ERR_TIMEOUT, SUMS);
    vendor_behave(vendor, MIRROR_SLOW, ZIP);
    refuses(ERR_TIMEOUT, ZIP);
}

static void test_an_endless_mirror(void **state)
{
    (void)state;
    if (!has_vendor())
        return;
    vendor_behave(vendor, MIRROR_ENDLESS, SUMS);
    refuses(ERR_LIMIT, "larger than 4096 bytes");
    vendor_behave(vendor, MIRROR_ENDLESS, SIG);
    refuses(ERR_LIMIT, "larger than");
    vendor_behave(vendor, MIRROR_ENDLESS, ZIP);
    refuses(ERR_LIMIT, "larger than");
}

static void test_a_truncating_mirror(void **state)
{
    (void)state;
    if (!has_vendor())
        return;
    vendor_behave(vendor, MIRROR_TRUNCATED, SUMS);
    refuses(ERR_NETWORK, SUMS);
    vendor_behave(vendor, MIRROR_TRUNCATED, ZIP);
    refuses(ERR_NETWORK, ZIP);
}

static void test_mirrors_that_lie_about_the_size(void **state)
{
    (void)state;
    if (!has_vendor())
        return;
    vendor_behave(vendor, MIRROR_SAYS_LESS, ZIP);
    refuses(ERR_CRYPTO, "not the one that was signed");
    vendor_behave(vendor, MIRROR_SAYS_HUGE, ZIP);
    refuses(ERR_LIMIT, "says that it is larger");
    vendor_behave(vendor, MIRROR_SAYS_MORE, ZIP);
    refuses(ERR_NETWORK, ZIP);
}

static void test_a_mirror_that_sends_other_bytes(void **state)
{
    (void)state;
    if (!has_vendor())
        return;
    vendor_behave(vendor, MIRROR_OTHER, ZIP);
    refuses(ERR_CRYPTO, "not the one that was signed");
    vendor_behave(vendor, MIRROR_OTHER, SUMS);
    refuses(ERR_CRYPTO, "does not fit");
    vendor_behave(vendor, MIRROR_FAILS, ZIP);
    refuses(ERR_NETWORK, "HTTP status 503");
}

static void test_redirects(void **state)
{
    char to[300];
    (void)state;
    if (!has_vendor())
        return;
    vendor_behave(vendor, MIRROR_REDIRECTS, ZIP);
    snprintf(to, sizeof to, "file://%s/nomad/" V "/" ZIP, vendor_site(vendor));
    vendor_redirect(vendor, to);
    refuses(ERR_REFUSED, "redirect");
    vendor_redirect(vendor, "/nomad/" V "/" ZIP); /* for ever */
    refuses(ERR_REFUSED, "too many redirects");
    vendor_redirect(vendor, "ftp://127.0.0.1/x");
    refuses(ERR_REFUSED, "redirect");
    snprintf(to, sizeof to, "%s/nomad/" V "/other.zip", vendor_site(vendor));
    char zip[300];
    snprintf(zip, sizeof zip, "%s/nomad/" V "/" ZIP, vendor_site(vendor));
    unlink(to);
    assert_int_equal(link(zip, to), 0);
    vendor_redirect(vendor, "/nomad/" V "/other.zip");
    fetches(V);
}

static void test_a_file_url_is_no_place(void **state)
{
    (void)state;
    if (!has_vendor())
        return;
    snprintf(from, sizeof from, "file://%.200s", vendor_site(vendor));
    refuses(ERR_USAGE, "a directory, or a URL");
}

/* ---- parts ---- */

static void part_path(const char *end, char dst[static 300])
{
    struct err err = ERR_INIT;
    assert_int_equal(state_path(&fixture.conf, "fetching/" V "/" ZIP, dst, &err), 0);
    snprintf(dst + strlen(dst), 300 - strlen(dst), "%s", end);
}

static int64_t part_size(void)
{
    char path[300];
    struct stat st;
    part_path(".part", path);
    return stat(path, &st) < 0 ? -1 : (int64_t)st.st_size;
}

/* A part of somewhat less than half of the zip, from this place. */
static void leave_part(void)
{
    vendor_behave(vendor, MIRROR_TRUNCATED, ZIP);
    refuses(ERR_NETWORK, ZIP);
    assert_true(part_size() > SIZE / 4);
    vendor_behave(vendor, MIRROR_PLAIN, "");
}

static void test_a_part_is_gone_on_with(void **state)
{
    (void)state;
    if (!has_vendor())
        return;
    leave_part();
    int64_t had = part_size();
    fetches(V);
    assert_int_equal(vendor_last_from(vendor), had);
    assert_int_equal(part_size(), -1);
}

static void test_a_mirror_that_broke_off_is_asked_for_the_rest(void **state)
{
    (void)state;
    if (!has_vendor())
        return;
    vendor_behave(vendor, MIRROR_BROKEN_ONCE, ZIP);
    fetches(V);
    assert_true(vendor_last_from(vendor) > SIZE / 4);
}

static void test_another_place_begins_at_0(void **state)
{
    (void)state;
    if (!has_vendor())
        return;
    leave_part();
    snprintf(from + strlen(from), sizeof from - strlen(from), "/.");
    fetches(V);
    assert_int_equal(vendor_last_from(vendor), 0);
}

static void test_a_part_with_wrong_bytes_begins_at_0(void **state)
{
    char path[300];
    (void)state;
    if (!has_vendor())
        return;
    leave_part();
    part_path(".part", path);
    autoclose int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "wrong", 5, 100), 5);
    fetches(V);
    assert_int_equal(vendor_last_from(vendor), 0);
}

static void test_who_knows_no_ranges_sends_all(void **state)
{
    (void)state;
    if (!has_vendor())
        return;
    leave_part();
    vendor_behave(vendor, MIRROR_NO_RANGES, ZIP);
    fetches(V);
    assert_true(vendor_last_from(vendor) > 0);
}

static void test_another_part_than_asked_for(void **state)
{
    (void)state;
    if (!has_vendor())
        return;
    leave_part();
    vendor_behave(vendor, MIRROR_WRONG_RANGE, ZIP);
    refuses(ERR_NETWORK, "another part");
}

/* ---- zips ---- */

static void refuses_zip(const char *version, const struct zip_member *members, size_t n,
                        enum err_kind kind, const char *text)
{
    vendor_zip(vendor, version, "amd64", members, n);
    vendor_sign(vendor, version, "good", NULL, NULL);
    refuses_of(version, kind, text);
}

static void test_a_zip_with_a_way_up(void **state)
{
    const struct zip_member up[] = {{.name = "nomad", .content = noise, .len = 9},
                                    {.name = "../nomad", .content = "x", .len = 1}};
    (void)state;
    if (has_vendor())
        refuses_zip("3.0.0", up, 2, ERR_FORMAT, "holds a path");
}

static void test_a_zip_with_an_absolute_path(void **state)
{
    const struct zip_member root[] = {{.name = "nomad", .content = noise, .len = 9},
                                      {.name = "/etc/nomad", .content = "x", .len = 1}};
    (void)state;
    if (has_vendor())
        refuses_zip("3.0.1", root, 2, ERR_FORMAT, "holds a path");
}

static void test_a_zip_with_a_symbolic_link(void **state)
{
    const struct zip_member way[] = {{.name = "nomad", .content = noise, .len = 9},
                                     {.name = "link", .type = S_IFLNK, .link_to = "/etc/shadow"}};
    const struct zip_member self[] = {{.name = "nomad", .type = S_IFLNK, .link_to = "/bin/sh"}};
    (void)state;
    if (!has_vendor())
        return;
    refuses_zip("3.0.2", way, 2, ERR_FORMAT, "no regular file");
    refuses_zip("3.0.3", self, 1, ERR_FORMAT, "no regular file");
}

static void test_a_zip_with_two_members_of_one_name(void **state)
{
    const struct zip_member twice[] = {{.name = "nomad", .content = "x", .len = 1},
                                       {.name = "nomad", .content = "y", .len = 1}};
    (void)state;
    if (has_vendor())
        refuses_zip("3.0.4", twice, 2, ERR_FORMAT, "more than one file nomad");
}

static void test_a_bomb(void **state)
{
    autofree char *zeros = xzalloc(1, 8 << 20);
    const struct zip_member bomb[] = {{.name = "nomad", .content = zeros, .len = 8 << 20}};
    (void)state;
    if (has_vendor())
        refuses_zip("3.0.5", bomb, 1, ERR_LIMIT, "larger than");
}

static void test_no_zip_at_all(void **state)
{
    char path[600];
    struct err err = ERR_INIT;
    (void)state;
    if (!has_vendor())
        return;
    make_release("3.0.6");
    snprintf(path, sizeof path, "%s/nomad/3.0.6/nomad_3.0.6_linux_amd64.zip", vendor_site(vendor));
    assert_int_equal(file_replace(path, "hello", 5, 0644, &err), 0);
    vendor_sums(vendor, "3.0.6",
                "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824  "
                "nomad_3.0.6_linux_amd64.zip\n");
    vendor_sign(vendor, "3.0.6", "good", NULL, NULL);
    refuses_of("3.0.6", ERR_FORMAT, "is no zip");
}

/* ---- the machine ---- */

static void test_the_disk_is_full(void **state)
{
    struct rlimit was, little;
    (void)state;
    if (!has_vendor())
        return;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    little = was;
    little.rlim_cur = SIZE / 2;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    refuses(ERR_NOSPACE, "the disk is full");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    fetches(V);
}

static void test_room_is_asked_for_before(void **state)
{
    struct err err = ERR_INIT;
    char path[300];
    (void)state;
    if (!has_vendor())
        return;
    console_fixture_write(&fixture, "x", "", 0, path);
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(download_room(fd, 1, &err), 0);
    assert_int_equal(download_room(fd, 1ULL << 60, &err), -1);
    assert_int_equal(err.kind, ERR_NOSPACE);
    assert_non_null(strstr(err.text, "are missing"));
}

static void test_two_at_once(void **state)
{
    struct err err = ERR_INIT;
    char pid[40];
    (void)state;
    if (!has_vendor())
        return;
    autoclose int lock = -1;
    assert_int_equal(release_lock(&fixture.conf, &lock, &err), 0);
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    refuses(ERR_BUSY, pid);
}

static void test_an_interrupt_leaves_only_the_part(void **state)
{
    int ends[2];
    char path[300];
    (void)state;
    if (!has_vendor())
        return;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    leave_part();
    int64_t had = part_size();
    stop_fd = ends[0];
    vendor_behave(vendor, MIRROR_SLOW, SUMS);
    refuses(ERR_STATE, "interrupted");
    str_cut(from, sizeof from, vendor_site(vendor));
    refuses(ERR_STATE, "interrupted");
    assert_int_equal(part_size(), had);
    part_path(".from", path);
    assert_int_equal(access(path, F_OK), 0);
    close(ends[0]);
    close(ends[1]);
}

static void test_what_a_kill_left_is_swept(void **state)
{
    struct err err = ERR_INIT;
    char path[300];
    (void)state;
    if (!has_vendor())
        return;
    assert_int_equal(state_path(&fixture.conf, "vendor.abcdef/home", path, &err), 0);
    assert_int_equal(file_make_dirs(path, 0700, &err), 0);
    fetches(V);
    assert_int_equal(access(path, F_OK), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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
        TEST(test_a_subkey),
        TEST(test_two_keys_of_which_one_is_unknown),
        TEST(test_a_key_younger_than_the_clock),
        TEST(test_an_unknown_key),
        TEST(test_the_next_signature_is_tried),
        TEST(test_no_signature),
        TEST(test_a_signature_of_something_else),
        TEST(test_a_good_signature_and_another_file_name),
        TEST(test_a_mirror_that_serves_another_version),
        TEST(test_gpgv_is_missing),
        TEST(test_gpgv_says_nothing),
        TEST(test_keyrings),
        TEST(test_a_slow_mirror),
        TEST(test_an_endless_mirror),
        TEST(test_a_truncating_mirror),
        TEST(test_mirrors_that_lie_about_the_size),
        TEST(test_a_mirror_that_sends_other_bytes),
        TEST(test_redirects),
        TEST(test_a_file_url_is_no_place),
        TEST(test_a_part_is_gone_on_with),
        TEST(test_a_mirror_that_broke_off_is_asked_for_the_rest),
        TEST(test_another_place_begins_at_0),
        TEST(test_a_part_with_wrong_bytes_begins_at_0),
        TEST(test_who_knows_no_ranges_sends_all),
        TEST(test_another_part_than_asked_for),
        TEST(test_a_zip_with_a_way_up),
        TEST(test_a_zip_with_an_absolute_path),
        TEST(test_a_zip_with_a_symbolic_link),
        TEST(test_a_zip_with_two_members_of_one_name),
        TEST(test_a_bomb),
        TEST(test_no_zip_at_all),
        TEST(test_the_disk_is_full),
        TEST(test_room_is_asked_for_before),
        TEST(test_two_at_once),
        TEST(test_an_interrupt_leaves_only_the_part),
        TEST(test_what_a_kill_left_is_swept),
    };
    return cmocka_run_group_tests_name("release_fetch", tests, set_up_group, tear_down_group);
}
