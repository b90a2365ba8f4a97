/* release_fetch.h: mirrors that misbehave, parts from earlier fetches, files that are no zips.
 * After every failure the releases of this machine are unchanged.
 * timeout: 200 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include "fetch_bench.h"
#include "file.h"
/* ---- mirrors ---- */

VENDOR_TEST(test_a_slow_mirror)
{
    vendor_behave(bench.vendor, MIRROR_SLOW, SUMS);
    refuses(ERR_TIMEOUT, "too slow");
    vendor_behave(bench.vendor, MIRROR_SLOW, ZIP);
    refuses(ERR_TIMEOUT, "too slow");
}

/* Fast enough for the minimum speed, but too slow for the deadline. */
VENDOR_TEST(test_a_deadline)
{
    bench.fixture.conf.speed_min = 0;
    bench.deadline_ms = 700;
    vendor_behave(bench.vendor, MIRROR_SLOW, ZIP);
    refuses(ERR_TIMEOUT, ZIP);
}

VENDOR_TEST(test_an_endless_mirror)
{
    vendor_behave(bench.vendor, MIRROR_ENDLESS, SUMS);
    refuses(ERR_LIMIT, "larger than 4096 bytes");
    vendor_behave(bench.vendor, MIRROR_ENDLESS, SIG);
    refuses(ERR_LIMIT, "larger than");
    vendor_behave(bench.vendor, MIRROR_ENDLESS, ZIP);
    refuses(ERR_LIMIT, "larger than");
}

VENDOR_TEST(test_a_truncating_mirror)
{
    vendor_behave(bench.vendor, MIRROR_TRUNCATED, SUMS);
    refuses(ERR_NETWORK, SUMS);
    vendor_behave(bench.vendor, MIRROR_TRUNCATED, ZIP);
    refuses(ERR_NETWORK, ZIP);
}

VENDOR_TEST(test_mirrors_that_lie_about_the_size)
{
    vendor_behave(bench.vendor, MIRROR_SAYS_LESS, ZIP);
    refuses(ERR_CRYPTO, "not the one that was signed");
    vendor_behave(bench.vendor, MIRROR_SAYS_HUGE, ZIP);
    refuses(ERR_LIMIT, "says that the file is larger");
    vendor_behave(bench.vendor, MIRROR_SAYS_MORE, ZIP);
    refuses(ERR_NETWORK, ZIP);
}

VENDOR_TEST(test_a_mirror_that_sends_other_bytes)
{
    vendor_behave(bench.vendor, MIRROR_OTHER, ZIP);
    refuses(ERR_CRYPTO, "not the one that was signed");
    vendor_behave(bench.vendor, MIRROR_OTHER, SUMS);
    refuses(ERR_CRYPTO, "does not match");
    vendor_behave(bench.vendor, MIRROR_FAILS, ZIP);
    refuses(ERR_NETWORK, "HTTP status 503");
}

VENDOR_TEST(test_redirects)
{
    char to[300];
    vendor_behave(bench.vendor, MIRROR_REDIRECTS, ZIP);
    snprintf(to, sizeof(to), "file://%s/nomad/" V "/" ZIP, vendor_site(bench.vendor));
    vendor_redirect(bench.vendor, to);
    refuses(ERR_REFUSED, "redirect");
    vendor_redirect(bench.vendor, "/nomad/" V "/" ZIP); /* for ever */
    refuses(ERR_REFUSED, "too many redirects");
    vendor_redirect(bench.vendor, "ftp://127.0.0.1/x");
    refuses(ERR_REFUSED, "redirect");
    snprintf(to, sizeof(to), "%s/nomad/" V "/other.zip", vendor_site(bench.vendor));
    char zip[300];
    snprintf(zip, sizeof(zip), "%s/nomad/" V "/" ZIP, vendor_site(bench.vendor));
    unlink(to);
    assert_int_equal(link(zip, to), 0);
    vendor_redirect(bench.vendor, "/nomad/" V "/other.zip");
    fetches(V);
}

VENDOR_TEST(test_a_file_url_is_no_place)
{
    snprintf(bench.from, sizeof(bench.from), "file://%.200s", vendor_site(bench.vendor));
    refuses(ERR_USAGE, "give a directory, or a URL");
}

/* ---- a place that asks who comes ---- */

static const char *const secret = "hunter2";

static int finds_secret(const char *path, const struct stat *st, int type, struct FTW *at)
{
    auto_buf struct buf text = BUF_INIT;
    struct err err = ERR_INIT;
    (void)st;
    (void)at;
    if (type != FTW_F)
        return 0;
    if (file_read(path, 1 << 20, 0, &text, &err) < 0)
        fail_msg("%s", err.text);
    return memmem(text.data, text.len, secret, strlen(secret)) != NULL;
}

/* The secrets of a fetch are in no file and in no text, after success and after failure. */
VENDOR_TEST(test_a_password_is_nowhere)
{
    struct stored_release r;
    struct err err = ERR_INIT;
    char site[64];
    vendor_url(bench.vendor, site);
    snprintf(bench.from, sizeof(bench.from), "http://joe:%s@%s", secret, site + strlen("http://"));
    static const enum mirror_manner manners[] = {MIRROR_TRUNCATED, MIRROR_FAILS, MIRROR_OTHER,
                                                 MIRROR_ENDLESS};
    for (size_t i = 0; i < ARRAY_LEN(manners); i++) {
        vendor_behave(bench.vendor, manners[i], i % 2 == 0 ? ZIP : SUMS);
        assert_int_equal(fetch_as(V, "amd64", 4 << 20, &r, &err), -1);
        assert_null(strstr(err.text, secret));
        assert_int_equal(nftw(bench.fixture.conf.state_dir, finds_secret, 16, FTW_PHYS), 0);
    }
    vendor_behave(bench.vendor, MIRROR_PLAIN, "");
    fetches(V);
    assert_int_equal(nftw(bench.fixture.conf.state_dir, finds_secret, 16, FTW_PHYS), 0);
}

/* Proxies of the environment apply to the fetch, and do not affect the check of the signature. */
VENDOR_TEST(test_through_a_proxy)
{
    char proxy[64];
    str_cut(bench.from, sizeof(bench.from), VENDOR_BEHIND_PROXY);
    refuses(ERR_NETWORK, "vendor.invalid");
    vendor_url(bench.vendor, proxy);
    setenv("http_proxy", proxy, 1);
    vendor_behave(bench.vendor, MIRROR_OTHER, ZIP);
    refuses(ERR_CRYPTO, "not the one that was signed");
    vendor_behave(bench.vendor, MIRROR_PLAIN, "");
    setenv("no_proxy", "vendor.invalid", 1);
    refuses(ERR_NETWORK, "vendor.invalid");
    unsetenv("no_proxy");
    fetches(V);
    unsetenv("http_proxy");
}

/* ---- parts ---- */

static void part_path(const char *end, char dst[static 300])
{
    struct err err = ERR_INIT;
    assert_int_equal(state_path(&bench.fixture.conf, "fetching/" V "/" ZIP, dst, &err), 0);
    snprintf(dst + strlen(dst), 300 - strlen(dst), "%s", end);
}

static int64_t part_size(void)
{
    char path[300];
    struct stat st;
    part_path(".part", path);
    return stat(path, &st) < 0 ? -1 : (int64_t)st.st_size;
}

/* A part of a little less than half of the zip, from this place. */
static void leave_part(void)
{
    vendor_behave(bench.vendor, MIRROR_TRUNCATED, ZIP);
    refuses(ERR_NETWORK, ZIP);
    assert_true(part_size() > SIZE / 4);
    vendor_behave(bench.vendor, MIRROR_PLAIN, "");
}

VENDOR_TEST(test_a_part_is_gone_on_with)
{
    leave_part();
    int64_t had = part_size();
    fetches(V);
    assert_int_equal(vendor_last_from(bench.vendor), had);
    assert_int_equal(part_size(), -1);
}

VENDOR_TEST(test_a_mirror_that_broke_off_is_asked_for_the_rest)
{
    vendor_behave(bench.vendor, MIRROR_BROKEN_ONCE, ZIP);
    fetches(V);
    assert_true(vendor_last_from(bench.vendor) > SIZE / 4);
}

VENDOR_TEST(test_another_place_begins_at_0)
{
    leave_part();
    snprintf(bench.from + strlen(bench.from), sizeof(bench.from) - strlen(bench.from), "/.");
    fetches(V);
    assert_int_equal(vendor_last_from(bench.vendor), 0);
}

VENDOR_TEST(test_a_part_with_wrong_bytes_begins_at_0)
{
    char path[300];
    leave_part();
    part_path(".part", path);
    autoclose int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "wrong", 5, 100), 5);
    fetches(V);
    assert_int_equal(vendor_last_from(bench.vendor), 0);
}

VENDOR_TEST(test_who_knows_no_ranges_sends_all)
{
    leave_part();
    vendor_behave(bench.vendor, MIRROR_NO_RANGES, ZIP);
    fetches(V);
    assert_true(vendor_last_from(bench.vendor) > 0);
}

VENDOR_TEST(test_another_part_than_asked_for)
{
    leave_part();
    vendor_behave(bench.vendor, MIRROR_WRONG_RANGE, ZIP);
    fetches(V);
    assert_int_equal(vendor_last_from(bench.vendor), 0);
}

/* A part from a killed fetch may be larger than the file: it must not block later fetches. */
VENDOR_TEST(test_a_part_that_is_longer_than_its_file)
{
    char path[300];
    leave_part();
    part_path(".part", path);
    assert_int_equal(truncate(path, 2 * SIZE), 0);
    fetches(V);
    assert_int_equal(vendor_last_from(bench.vendor), 0);
    assert_int_equal(part_size(), -1);
}

/* ---- an interrupt ---- */

VENDOR_TEST(test_an_interrupt_leaves_only_the_part)
{
    int ends[2];
    char path[300];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    leave_part();
    int64_t had = part_size();
    bench.stop_fd = ends[0];
    vendor_behave(bench.vendor, MIRROR_SLOW, SUMS);
    refuses(ERR_STATE, "interrupted");
    str_cut(bench.from, sizeof(bench.from), vendor_site(bench.vendor));
    refuses(ERR_STATE, "interrupted");
    assert_int_equal(part_size(), had);
    part_path(".from", path);
    assert_int_equal(access(path, F_OK), 0);
    close(ends[0]);
    close(ends[1]);
}

/* ---- zips ---- */

static void refuses_zip(const char *version, const struct zip_member *members, size_t n,
                        enum err_kind kind, const char *text)
{
    vendor_zip(bench.vendor, version, "amd64", members, n);
    vendor_sign(bench.vendor, version, "good", NULL, NULL);
    refuses_of(version, kind, text);
}

static void test_a_zip_with_a_way_up(void **state)
{
    const struct zip_member up[] = {{.name = "nomad", .content = bench.noise, .len = 9},
                                    {.name = "../nomad", .content = "x", .len = 1}};
    (void)state;
    if (has_vendor())
        refuses_zip("3.0.0", up, 2, ERR_FORMAT, "contains a path");
}

static void test_a_zip_with_an_absolute_path(void **state)
{
    const struct zip_member root[] = {{.name = "nomad", .content = bench.noise, .len = 9},
                                      {.name = "/etc/nomad", .content = "x", .len = 1}};
    (void)state;
    if (has_vendor())
        refuses_zip("3.0.1", root, 2, ERR_FORMAT, "contains a path");
}

VENDOR_TEST(test_a_zip_with_a_symbolic_link)
{
    const struct zip_member way[] = {{.name = "nomad", .content = bench.noise, .len = 9},
                                     {.name = "link", .type = S_IFLNK, .link_to = "/etc/shadow"}};
    const struct zip_member self[] = {{.name = "nomad", .type = S_IFLNK, .link_to = "/bin/sh"}};
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

VENDOR_TEST(test_no_zip_at_all)
{
    char path[600];
    struct err err = ERR_INIT;
    make_release("3.0.6");
    snprintf(path, sizeof(path), "%s/nomad/3.0.6/nomad_3.0.6_linux_amd64.zip",
             vendor_site(bench.vendor));
    assert_int_equal(file_replace(path, "hello", 5, 0644, &err), 0);
    vendor_sums(bench.vendor, "3.0.6",
                "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824  "
                "nomad_3.0.6_linux_amd64.zip\n");
    vendor_sign(bench.vendor, "3.0.6", "good", NULL, NULL);
    refuses_of("3.0.6", ERR_FORMAT, "is no zip");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_begin, bench_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_slow_mirror),
        TEST(test_a_deadline),
        TEST(test_an_endless_mirror),
        TEST(test_a_truncating_mirror),
        TEST(test_mirrors_that_lie_about_the_size),
        TEST(test_a_mirror_that_sends_other_bytes),
        TEST(test_redirects),
        TEST(test_a_file_url_is_no_place),
        TEST(test_a_password_is_nowhere),
        TEST(test_through_a_proxy),
        TEST(test_a_part_is_gone_on_with),
        TEST(test_a_mirror_that_broke_off_is_asked_for_the_rest),
        TEST(test_another_place_begins_at_0),
        TEST(test_a_part_with_wrong_bytes_begins_at_0),
        TEST(test_who_knows_no_ranges_sends_all),
        TEST(test_another_part_than_asked_for),
        TEST(test_a_part_that_is_longer_than_its_file),
        TEST(test_an_interrupt_leaves_only_the_part),
        TEST(test_a_zip_with_a_way_up),
        TEST(test_a_zip_with_an_absolute_path),
        TEST(test_a_zip_with_a_symbolic_link),
        TEST(test_a_zip_with_two_members_of_one_name),
        TEST(test_a_bomb),
        TEST(test_no_zip_at_all),
    };
    return cmocka_run_group_tests_name("fetch_mirrors", tests, bench_open, bench_close);
}
