#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "file.h"
#include "order_desk.h"
#include "scratch_dir.h"
#include "skip_because.h"
#include "spawn.h"
#include "str.h"
#include "trust_package.h"

#define DPKG_DEB "/usr/bin/dpkg-deb"
#define MADE_S   1700000000

struct bench {
    struct desk desk;
    struct buf file, package;
    char *dir;
    char path[300];
};

static int enter(void **state)
{
    struct bench *b = xzalloc(1, sizeof(*b));
    struct err err = ERR_INIT;
    char name[TRUST_PACKAGE_NAME_MAX];

    desk_open(&b->desk);
    desk_trust_file(&b->desk, &b->file);
    b->dir = scratch_open();
    trust_package_name(&b->desk.trust, name);
    scratch_path(b->dir, name, b->path);
    if (trust_package_pack(&b->desk.trust, &b->file, MADE_S, &b->package, &err) < 0 ||
        file_create(b->path, b->package.data, b->package.len, 0644, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return -1;
    }
    *state = b;
    return 0;
}

static int leave(void **state)
{
    struct bench *b = *state;
    scratch_close(b->dir);
    buf_free(&b->file);
    buf_free(&b->package);
    desk_close(&b->desk);
    free(b);
    return 0;
}

/* dpkg-deb's output about the package; without dpkg-deb the test is skipped. */
static void ask_dpkg(struct bench *b, const char *what, const char *more, struct spawn_result *r)
{
    const char *argv[] = {DPKG_DEB, what, b->path, more, NULL};
    struct spawn s = {.argv = argv, .deadline_ms = 20000, .out_max = 65536, .pass_fd = -1};
    struct err err = ERR_INIT;

    if (access(DPKG_DEB, X_OK) < 0)
        skip_because("no dpkg-deb here");
    if (spawn_run(&s, clock_system(), r, &err) < 0)
        fail_msg("%s", err.text);
    if (r->exit_code != 0)
        fail_msg("dpkg-deb %s: %s", what, buf_str(&r->out));
}

static void assert_says(const struct spawn_result *r, const char *text)
{
    if (strstr(buf_str(&r->out), text) == NULL)
        fail_msg("no \"%s\" in: %s", text, buf_str(&r->out));
}

static void is_named_by_the_trusts_version(void **state)
{
    struct bench *b = *state;
    struct trust t = b->desk.trust;
    char name[TRUST_PACKAGE_NAME_MAX];

    t.version = 4294967295u;
    trust_package_name(&t, name);
    assert_string_equal(name, "caravan-trust_4294967295_all.deb");
}

static void dpkg_reads_what_it_is(void **state)
{
    struct bench *b = *state;
    struct spawn_result r = {.out = BUF_INIT};
    char print[FINGERPRINT_LEN], version[40];

    ask_dpkg(b, "--info", NULL, &r);
    snprintf(version, sizeof(version), "Version: %u\n", b->desk.trust.version);
    assert_says(&r, "Package: caravan-trust\n");
    assert_says(&r, version);
    assert_says(&r, "Architecture: all\n");
    pubkey_fingerprint(print, &b->desk.trust.roles[ROLE_ROOT].keys[0]);
    assert_says(&r, print);
    /* The package has no scripts and no questions. */
    assert_null(strstr(buf_str(&r.out), "postinst"));
    assert_null(strstr(buf_str(&r.out), "conffiles"));
    buf_free(&r.out);
}

static void holds_the_trust_file_and_nothing_else(void **state)
{
    struct bench *b = *state;
    struct spawn_result r = {.out = BUF_INIT};
    size_t lines = 0;

    ask_dpkg(b, "--contents", NULL, &r);
    for (size_t i = 0; i < r.out.len; i++)
        lines += r.out.data[i] == '\n';
    assert_int_equal(lines, 4);
    assert_says(&r, "drwxr-xr-x root/root         0 2023-11-14 22:13 ./etc/caravan/\n");
    assert_says(&r, "-rw-r--r-- root/root");
    assert_says(&r, " 2023-11-14 22:13 ./etc/caravan/trust\n");
    buf_free(&r.out);
}

static void the_file_comes_out_as_it_went_in(void **state)
{
    struct bench *b = *state;
    struct spawn_result r = {.out = BUF_INIT};
    auto_buf struct buf out = BUF_INIT;
    struct err err = ERR_INIT;
    struct digest in_digest, out_digest;
    struct trust t;
    char tree[300], path[400];

    scratch_path(b->dir, "tree", tree);
    ask_dpkg(b, "--extract", tree, &r);
    snprintf(path, sizeof(path), "%s/etc/caravan/trust", tree);
    if (file_read(path, TRUST_MAX, 0, &out, &err) < 0)
        fail_msg("%s", err.text);
    crypto_digest(b->file.data, b->file.len, &in_digest);
    crypto_digest(out.data, out.len, &out_digest);
    assert_true(digest_eq(&in_digest, &out_digest));
    assert_int_equal(trust_from_anchor(out.data, out.len, &t, &err), 0);
    buf_free(&r.out);
}

static void equal_trusts_make_equal_packages(void **state)
{
    struct bench *b = *state;
    struct err err = ERR_INIT;
    auto_buf struct buf again = BUF_INIT;

    if (trust_package_pack(&b->desk.trust, &b->file, MADE_S, &again, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(again.len, b->package.len);
    assert_memory_equal(again.data, b->package.data, again.len);
}

/* The name of a cluster cannot add a line to the control file. */
static void a_name_stays_a_name(void **state)
{
    struct bench *b = *state;
    struct trust t = b->desk.trust;
    struct spawn_result r = {.out = BUF_INIT};
    auto_buf struct buf package = BUF_INIT;
    struct err err = ERR_INIT;

    str_cut(t.name, sizeof(t.name), "a\nDepends: evil <x@y>");
    if (trust_package_pack(&t, &b->file, MADE_S, &package, &err) < 0 ||
        file_replace(b->path, package.data, package.len, 0644, &err) < 0)
        fail_msg("%s", err.text);
    ask_dpkg(b, "--field", "Depends", &r);
    assert_null(strstr(buf_str(&r.out), "evil"));
    buf_free(&r.out);
    ask_dpkg(b, "--field", "Maintainer", &r);
    assert_says(&r, "operators of a-Depends- evil -x-y- <root@localhost>\n");
    buf_free(&r.out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(is_named_by_the_trusts_version, enter, leave),
        cmocka_unit_test_setup_teardown(dpkg_reads_what_it_is, enter, leave),
        cmocka_unit_test_setup_teardown(holds_the_trust_file_and_nothing_else, enter, leave),
        cmocka_unit_test_setup_teardown(the_file_comes_out_as_it_went_in, enter, leave),
        cmocka_unit_test_setup_teardown(equal_trusts_make_equal_packages, enter, leave),
        cmocka_unit_test_setup_teardown(a_name_stays_a_name, enter, leave),
    };
    struct err err = ERR_INIT;
    if (crypto_init(&err) < 0)
        return 1;
    return cmocka_run_group_tests_name("trust_package", tests, NULL, NULL);
}
