#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <signal.h>
#include "clock.h"
#include "fetch_bench.h"
#include "keys.h"
#include "skip_because.h"

struct fetch_bench bench;

/* ---- what does not change ---- */

static struct digest_state *walked;

static int walk(const char *path, const struct stat *st, int type, struct FTW *at)
{
    char line[600];
    (void)at;
    int n = snprintf(line, sizeof(line), "%s %d %lld %lld\n", path, type, (long long)st->st_size,
                     type == FTW_F ? (long long)st->st_mtim.tv_nsec : 0);
    digest_add(walked, line, (size_t)n);
    return 0;
}

void list_releases(struct digest *ret)
{
    struct digest_state s;
    char dir[300];
    struct err err = ERR_INIT;
    digest_init(&s);
    walked = &s;
    assert_int_equal(state_path(&bench.fixture.conf, "releases", dir, &err), 0);
    nftw(dir, walk, 16, FTW_PHYS);
    digest_final(&s, ret);
}

/* No file of a question to gpgv is left, and no incomplete text. */
static int find_left(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    return strstr(path + at->base, "vendor.") != NULL || strstr(path + at->base, ".tmp") != NULL;
}

/* ---- fetching ---- */

int fetch_as(const char *version, const char *arch, uint64_t max, struct stored_release *r,
             struct err *err)
{
    struct build_target t = {"linux", ""};
    struct gpgv_verdict signer;
    str_cut(t.arch, sizeof(t.arch), arch);
    const struct release_fetch f = {.conf = &bench.fixture.conf,
                                    .trust = &bench.trust,
                                    .key = bench.release_key,
                                    .clock = clock_system(),
                                    .version = version,
                                    .from = bench.from,
                                    .targets = &t,
                                    .n_targets = 1,
                                    .max = max,
                                    .deadline_ms = bench.deadline_ms,
                                    .speed_window_s = 1,
                                    .stop_fd = bench.stop_fd};
    return release_fetch(&f, r, &signer, err);
}

void fetches(const char *version)
{
    struct stored_release r;
    struct err err = ERR_INIT;
    if (fetch_as(version, "amd64", 0, &r, &err) < 0)
        fail_msg("%s", err.text);
    assert_string_equal(r.manifest.version, version);
    assert_true(r.manifest.sums_len > 0 && r.manifest.sums_sig_len > 0);
    stored_release_free(&r);
}

void refuses_of(const char *version, enum err_kind kind, const char *text)
{
    struct stored_release r;
    struct err err = ERR_INIT;
    struct digest now;
    if (fetch_as(version, "amd64", 4 << 20, &r, &err) == 0)
        fail_msg("fetched, but should be refused: %s", text);
    if (err.kind != kind || strstr(err.text, text) == NULL)
        fail_msg("kind %s, want %s: %s", err_kind_name(err.kind), text, err.text);
    list_releases(&now);
    assert_true(digest_eq(&now, &bench.listing));
    assert_int_equal(nftw(bench.fixture.conf.state_dir, find_left, 16, FTW_PHYS), 0);
}

void refuses(enum err_kind kind, const char *text)
{
    refuses_of(V, kind, text);
}

void make_release(const char *version)
{
    const struct zip_member members[] = {{.name = "LICENSE.txt", .content = "x", .len = 1},
                                         {.name = "nomad", .content = bench.noise, .len = SIZE}};
    vendor_zip(bench.vendor, version, "amd64", members, 2);
}

/* ---- one site for all, signed by every key; a state of its own for each test ---- */

int bench_open(void **state)
{
    struct err err = ERR_INIT;
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    if (crypto_init(&err) < 0)
        return -1;
    crypto_random(bench.noise, sizeof(bench.noise));
    bench.vendor = vendor_open();
    if (bench.vendor == NULL)
        return 0;
    make_release("1.0.0");
    vendor_sign(bench.vendor, "1.0.0", "good", NULL, NULL);
    make_release(V);
    vendor_sign(bench.vendor, V, "good", NULL, "A0");
    vendor_sign(bench.vendor, V, "expired", "20200601T000000", "A1");
    vendor_sign(bench.vendor, V, "expired", "20220601T000000", "A2");
    vendor_sign(bench.vendor, V, "revoked", "20250601T000000", "A3");
    vendor_sign(bench.vendor, V, "sub", NULL, "A4");
    vendor_sign(bench.vendor, V, "good unknown", NULL, "A5");
    vendor_sign(bench.vendor, V, "unknown good", NULL, "A6");
    vendor_sign(bench.vendor, V, "young", "21000201T000000", "A7");
    vendor_sign(bench.vendor, V, "unknown", NULL, "A8");
    vendor_spoil_keys(bench.vendor);
    return 0;
}

int bench_close(void **state)
{
    (void)state;
    vendor_close(bench.vendor);
    return 0;
}

int bench_begin(void **state)
{
    struct err err = ERR_INIT;
    (void)state;
    if (bench.vendor == NULL)
        return 0;
    if (context_fixture_begin(&bench.fixture) < 0 ||
        keys_make_solo(&bench.fixture.conf, "test", &bench.trust, &err) < 0 ||
        keys_load(&bench.fixture.conf, ROLE_RELEASE, &bench.release_key, &err) < 0)
        return -1;
    str_cut(bench.fixture.conf.vendor_keyring, sizeof(bench.fixture.conf.vendor_keyring),
            vendor_ring(bench.vendor));
    str_cut(bench.fixture.conf.vendor_shipped, sizeof(bench.fixture.conf.vendor_shipped),
            "/nonexistent");
    str_cut(bench.fixture.conf.vendor_key_ids, sizeof(bench.fixture.conf.vendor_key_ids), "A0");
    vendor_behave(bench.vendor, MIRROR_PLAIN, "");
    vendor_url(bench.vendor, bench.from);
    bench.stop_fd = -1;
    bench.deadline_ms = 20000;
    fetches("1.0.0");
    list_releases(&bench.listing);
    return 0;
}

int bench_end(void **state)
{
    (void)state;
    if (bench.vendor == NULL)
        return 0;
    keypair_free(bench.release_key);
    context_fixture_end(&bench.fixture);
    return 0;
}

bool has_vendor(void)
{
    if (bench.vendor == NULL)
        skip_because("there is no gpg to make keys with");
    return bench.vendor != NULL;
}

void signed_by(const char *id)
{
    str_cut(bench.fixture.conf.vendor_key_ids, sizeof(bench.fixture.conf.vendor_key_ids), id);
}
