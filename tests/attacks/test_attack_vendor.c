/*
 * An attacker who has all keys of Caravan and controls caravan-fetch, against a host whose root
 * demands HashiCorp's own signature. With the real phases, ports, caravan-fetch, sandbox and gpgv;
 * gpg makes the keys of the vendor for this test.
 * timeout: 180
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sys/select.h>
#include <sys/stat.h>
#include "nomad_on_host.h"
#include "file.h"
#include "host_linux.h"
#include "phases.h"
#include "scratch_dir.h"
#include "skip_because.h"
#include "spawn.h"
#include "str.h"
#include "trial.h"
#include "zip_fixture.h"

#define FETCHER   65533
#define VERIFIER  65532
#define STEPS_MAX 4000
#define BOMB      (96U << 20)

/* DIR contains SUMS, and CASE.sig and CASE.keys for each case. gpg gets the times as options. */
static const char make_keys[] =
    "set -e; cd \"$1\"; export GNUPGHOME=$PWD/home; mkdir -m 700 home\n"
    "g() { when=$1; shift; gpg -q --batch --no-tty --yes --pinentry-mode loopback --passphrase '' "
    "--faked-system-time \"$when\" \"$@\"; }\n"
    "new() { g \"$1\" --quick-gen-key \"$2 <$2@example.org>\" ed25519 sign never; }\n"
    "fpr() { gpg -q --batch --with-colons --list-keys \"$1\" | sed -n "
    "'s/^fpr:*\\([0-9A-F]*\\):/\\1/p' "
    "| head -n 1; }\n"
    "sign() { g \"$1\" -u \"<$2@example.org>\" -o \"$3.sig\" --detach-sign SUMS; }\n"
    "keys() { gpg -q --batch $3 --export \"<$1@example.org>\" >\"$2.keys\"; }\n"
    "new 20200101T000000 vendor; sign 20210101T000000 vendor good; keys vendor good --armor\n"
    "cp good.keys other_text.keys; cp good.sig other_text.sig\n"
    "new 20200101T000000 stranger; sign 20210101T000000 stranger unknown; cp good.keys "
    "unknown.keys\n"
    "g 20210101T000000 -u '<stranger@example.org>' -u '<vendor@example.org>' -o two.sig "
    "--detach-sign SUMS; cp good.keys two.keys\n"
    "new 20200101T000000 old; sign 20210101T000000 old before; sign 20240101T000000 old after\n"
    "g 20200601T000000 --quick-set-expire \"$(fpr old)\" 2022-01-01\n"
    "keys old before; cp before.keys after.keys\n"
    "new 20200101T000000 gone; sign 20210101T000000 gone revoked\n"
    "sed 's/^:---/---/' home/openpgp-revocs.d/\"$(fpr gone)\".rev | gpg -q --batch --import\n"
    "keys gone revoked\n"
    "new 20200101T000000 sub; g 20200102T000000 --quick-add-key \"$(fpr sub)\" ed25519 sign never\n"
    "sign 20210101T000000 sub subkey; keys sub subkey\n"
    "new 20400101T000000 young; sign 20400102T000000 young young\n"
    "g 20400102T000000 --export '<young@example.org>' >young.keys\n"
    "gpgconf --kill all\n";

static const char program[] = "#!/bin/sh\necho Nomad v1.11.4\n";

struct bench {
    char *dir;
    struct agent_conf conf;
    struct host_linux l;
    struct host host;
    struct service service;
    struct phases p;
    struct phases_config pc;
    char fetch_dir[300], swap[300], target[320], hold[300], config[300], agent_conf[300], keys[300];
    const char *brings; /* the file that caravan-fetch delivers */
};

static struct bench *bench;

static int service_state_of(void *self, struct service_state *ret, struct err *err)
{
    (void)self;
    (void)err;
    *ret = (struct service_state){.active = TRI_NO, .ended = true};
    return 0;
}

static int service_about_of(void *self, struct service_about *ret, struct err *err)
{
    (void)self;
    (void)err;
    memset(ret, 0, sizeof(*ret));
    return 0;
}

static int fetch_begin(void *ctx, const struct fetch_get *job, struct err *err)
{
    (void)ctx;
    (void)job;
    (void)err;
    return 0;
}

static int fetch_poll(void *ctx, struct fetch_news *ret, struct err *err)
{
    char from[300], got[300];

    (void)ctx;
    (void)err;
    scratch_path(bench->dir, bench->brings, from);
    scratch_path(bench->dir, "fetch/got", got);
    assert_int_equal(link(from, got), 0);
    *ret = (struct fetch_news){.state = FETCH_DONE};
    str_cut(ret->path, sizeof(ret->path), got);
    return 0;
}

static void nothing(void *ctx)
{
    (void)ctx;
}

static void on_note(void *ctx, enum log_level level, enum log_event event, const char *text)
{
    (void)ctx;
    (void)level;
    (void)event;
    print_message("# %s\n", text);
}

static void fill(struct bench *b)
{
    static const struct {
        const char *name;
        mode_t mode;
    } dirs[] = {{"bin", 0755}, {"fetch", 0755}, {"swap", 0700}};
    char path[300];

    for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
        scratch_path(b->dir, dirs[i].name, path);
        assert_int_equal(mkdir(path, dirs[i].mode), 0);
    }
    scratch_path(b->dir, "fetch", b->fetch_dir);
    scratch_path(b->dir, "swap", b->swap);
    scratch_path(b->dir, "hold", b->hold);
    scratch_path(b->dir, "agent.conf", b->agent_conf);
    snprintf(b->target, sizeof(b->target), "%s/bin/nomad", b->dir);
    scratch_write(b->dir, "bin/nomad", "\177ELF, the old binary", 0755);
    scratch_write(b->dir, "agent.conf", "", 0644);
    assert_int_equal(chmod(b->dir, 0755), 0);
}

static int set_up(void **state)
{
    struct bench *b = xzalloc(1, sizeof(*b));
    struct err err = ERR_INIT;

    bench = b;
    b->dir = scratch_open();
    fill(b);
    scratch_program(b->dir, "caravan-fetch", b->conf.fetch_program, sizeof(b->conf.fetch_program));
    b->l.who = (struct fetch_who){.conf = &b->conf,
                                  .config = b->agent_conf,
                                  .drop = geteuid() == 0,
                                  .uid = FETCHER,
                                  .gid = FETCHER,
                                  .ask_uid = FETCHER,
                                  .ask_gid = FETCHER,
                                  .try_uid = 65534,
                                  .try_gid = 65534,
                                  .verify_uid = VERIFIER,
                                  .verify_gid = VERIFIER};
    b->service = (struct service){.self = b, .state = service_state_of, .about = service_about_of};
    b->l.service = b->service;
    b->host = host_linux(&b->l);
    b->host.service = &b->service;
    b->host.fetch_begin = fetch_begin;
    b->host.fetch_poll = fetch_poll;
    b->host.fetch_end = nothing;
    b->pc = (struct phases_config){.dir = b->swap,
                                   .fetch_dir = b->fetch_dir,
                                   .binary = b->target,
                                   .data_dir = "",
                                   .hold_file = b->hold,
                                   .vendor_keys = {.vendor = b->keys, .own = ""},
                                   .changed = nothing,
                                   .note = on_note,
                                   .ctx = b};
    assert_int_equal(phases_open(&b->host, &b->pc, &b->p, &err), 0);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    phases_close(&b->p);
    host_linux_done(&b->l);
    scratch_close(b->dir);
    free(b);
    return 0;
}

/* ---- a release ---- */

static void read_file(const struct bench *b, const char *name, struct buf *ret)
{
    char path[300];
    struct err err = ERR_INIT;

    scratch_path(b->dir, name, path);
    if (file_read(path, BOMB, 0, ret, &err) < 0)
        fail_msg("%s", err.text);
}

static void digest_of(const struct bench *b, const char *name, uint64_t *size, struct digest *ret)
{
    auto_buf struct buf bytes = BUF_INIT;

    read_file(b, name, &bytes);
    crypto_digest(bytes.data, bytes.len, ret);
    *size = bytes.len;
}

/* SUMS names this file as the zip of the release. */
static void write_sums(const struct bench *b, const char *zip)
{
    char text[400], hex[65], name[VENDOR_NAME_MAX];
    struct digest digest;
    uint64_t size;

    digest_of(b, zip, &size, &digest);
    digest_hex(hex, &digest);
    vendor_zip_name(name, "1.11.4", "linux", go_arch());
    snprintf(text, sizeof(text), "%s  %s\n", hex, name);
    scratch_write(b->dir, "SUMS", text, 0644);
}

static bool run_sh(const struct bench *b, const char *script)
{
    const char *argv[] = {"/bin/sh", "-c", script, "sh", b->dir, NULL};
    const struct spawn s = {.argv = argv, .deadline_ms = 60000, .out_max = 65536, .pass_fd = -1};
    struct spawn_result r = {.out = BUF_INIT};
    struct err err = ERR_INIT;
    bool good = spawn_run(&s, clock_system(), &r, &err) == 0 && r.exit_code == 0;

    if (!good)
        print_message("# %s %s\n", err.text, buf_str(&r.out));
    buf_free(&r.out);
    return good;
}

static bool has_gpg(void)
{
    return access("/usr/bin/gpg", X_OK) == 0 && access("/usr/bin/gpgv", X_OK) == 0;
}

static void set_vendor(struct bench *b, const char *which, const char *sums, struct vendor_job *j)
{
    auto_buf struct buf text = BUF_INIT, sig = BUF_INIT;
    char name[64];

    read_file(b, sums, &text);
    snprintf(name, sizeof(name), "%s.sig", which);
    read_file(b, name, &sig);
    snprintf(b->keys, sizeof(b->keys), "%.250s/%.40s.keys", b->dir, which);
    j->asked = true;
    memcpy(j->sums, text.data, text.len);
    j->sums_len = text.len;
    memcpy(j->sig, sig.data, sig.len);
    j->sig_len = sig.len;
    vendor_zip_name(j->zip, "1.11.4", "linux", go_arch());
}

/* The manifest names the zip and the program in it; caravan-fetch delivers the file `brings`. */
static enum phase stage(struct bench *b, const char *which, const char *sums, const char *zip)
{
    struct stage_job *job = xzalloc(1, sizeof(*job));
    struct record next = b->p.rec;
    struct err err = ERR_INIT;

    set_vendor(b, which, sums, &job->vendor);
    job->zip = true;
    job->get.deadline_ms = 5000;
    digest_of(b, zip, &job->get.fetch_size, &job->get.fetch_digest);
    next.phase = PHASE_FETCHING;
    next.target_size = strlen(program);
    str_cut(next.version, sizeof(next.version), "1.11.4");
    crypto_digest(program, strlen(program), &next.target);
    b->brings = b->brings != NULL ? b->brings : zip;
    assert_int_equal(phases_accept(&b->p, &next, job, &err), 0);
    free(job);
    for (int i = 0; phases_works(&b->p); i++) {
        struct timespec wait = {0, 1000000};

        assert_true(i < STEPS_MAX);
        phases_step(&b->p);
        if (b->p.now.wake_ms > 0)
            (void)pselect(0, NULL, NULL, NULL, &wait, NULL);
    }
    return b->p.rec.phase;
}

static void nothing_is_left(const struct bench *b, const char *name)
{
    static const char *const gone[] = {"bin/.nomad.caravan-new", "swap/zip"};
    auto_buf struct buf now = BUF_INIT;
    char path[300];

    for (size_t i = 0; i < ARRAY_LEN(gone); i++) {
        scratch_path(b->dir, gone[i], path);
        if (access(path, F_OK) == 0)
            fail_msg("%s: %s was left", name, gone[i]);
    }
    read_file(b, "bin/nomad", &now);
    assert_string_equal(buf_str(&now), "\177ELF, the old binary");
    assert_int_equal(b->p.rec.vendor_signed, 0);
}

static void make_good_zip(const struct bench *b)
{
    const struct zip_member members[] = {{"LICENSE.txt", "free\n", 5, 0, NULL},
                                         {"nomad", program, strlen(program), 0, NULL}};
    char path[300];

    scratch_path(b->dir, "good.zip", path);
    zip_make(path, members, ARRAY_LEN(members));
}

/* ---- signatures ---- */

static const struct {
    const char *which;
    bool good;
    const char *text;
} signatures[] = {
    {"good", true, ""},
    {"two", true, ""},
    {"before", true, ""},
    {"subkey", true, ""},
    {"young", true, ""},
    {"after", false, "after its key had expired"},
    {"revoked", false, "revoked"},
    {"unknown", false, "not in the keyring"},
    {"other_text", false, "does not match"},
};

static void each_signature_counts_or_not(void **state)
{
    struct bench *b = *state;
    auto_buf struct buf sums = BUF_INIT;

    if (!has_gpg())
        skip_because("there is no gpg to make keys with");
    make_good_zip(b);
    write_sums(b, "good.zip");
    assert_true(run_sh(b, make_keys));
    read_file(b, "SUMS", &sums);
    (void)buf_add_str(&sums,
                      "0000000000000000000000000000000000000000000000000000000000000000  x\n");
    scratch_write(b->dir, "MORE", buf_str(&sums), 0644);
    for (size_t i = 0; i < ARRAY_LEN(signatures); i++) {
        bool other = str_eq(signatures[i].which, "other_text");

        print_message("# %s\n", signatures[i].which);
        assert_int_equal(stage(b, signatures[i].which, other ? "MORE" : "SUMS", "good.zip"),
                         signatures[i].good ? PHASE_STAGED : PHASE_FAILED);
        if (signatures[i].good) {
            assert_int_equal(b->p.rec.vendor_signed, 1);
            continue;
        }
        assert_int_equal(b->p.rec.verdict.failure, FAILURE_REFUSED_BY_LAW);
        if (strstr(b->p.rec.verdict.text, signatures[i].text) == NULL)
            fail_msg("%s: %s", signatures[i].which, b->p.rec.verdict.text);
    }
}

/* ---- zips, all of them signed ---- */

static char *bomb;

static const struct {
    const char *name;
    struct zip_member members[3];
    size_t n;
    enum failure failure;
} zips[] = {
    {"up.zip", {{"../nomad", "x", 1, 0, NULL}}, 1, FAILURE_BAD_ARCHIVE},
    {"up_beside.zip",
     {{"nomad", program, sizeof(program) - 1, 0, NULL}, {"../x", "x", 1, 0, NULL}},
     2,
     FAILURE_BAD_ARCHIVE},
    {"absolute.zip",
     {{"nomad", program, sizeof(program) - 1, 0, NULL}, {"/etc/x", "x", 1, 0, NULL}},
     2,
     FAILURE_BAD_ARCHIVE},
    {"link.zip", {{"nomad", "", 0, S_IFLNK, "/etc/shadow"}}, 1, FAILURE_BAD_ARCHIVE},
    {"twice.zip",
     {{"nomad", program, sizeof(program) - 1, 0, NULL},
      {"nomad", program, sizeof(program) - 1, 0, NULL}},
     2,
     FAILURE_BAD_ARCHIVE},
    {"none.zip", {{"consul", program, sizeof(program) - 1, 0, NULL}}, 1, FAILURE_BAD_ARCHIVE},
    {"other.zip",
     {{"nomad", "#!/bin/sh\necho Nomad v1.11.5\n", 29, 0, NULL}},
     1,
     FAILURE_BAD_ARCHIVE},
    {"bomb.zip", {{"nomad", NULL, BOMB, 0, NULL}}, 1, FAILURE_BAD_ARCHIVE},
};

static void make_bad_zip(const struct bench *b, size_t i)
{
    struct zip_member members[3];
    char path[300];

    memcpy(members, zips[i].members, sizeof(members));
    if (members[0].content == NULL)
        members[0].content = bomb;
    scratch_path(b->dir, zips[i].name, path);
    zip_make(path, members, zips[i].n);
}

static const char sign_sums[] =
    "set -e; cd \"$1\"; export GNUPGHOME=$PWD/home; [ -d home ] || { mkdir -m 700 home; gpg -q "
    "--batch "
    "--passphrase '' --quick-gen-key vendor ed25519 sign never; gpg -q --export >good.keys; }\n"
    "gpg -q --batch --yes -o good.sig --detach-sign SUMS; gpgconf --kill all\n";

/* HashiCorp would never sign such a zip. caravan-swap does not trust the unpacking program anyway.
 */
static void a_hostile_zip_leaves_nothing(void **state)
{
    struct bench *b = *state;

    if (!has_gpg())
        skip_because("there is no gpg to make keys with");
    bomb = xzalloc(1, BOMB);
    for (size_t i = 0; i < ARRAY_LEN(zips); i++) {
        make_bad_zip(b, i);
        write_sums(b, zips[i].name);
        assert_true(run_sh(b, sign_sums));
        b->brings = NULL;
        assert_int_equal(stage(b, "good", "SUMS", zips[i].name), PHASE_FAILED);
        if (b->p.rec.verdict.failure != zips[i].failure)
            fail_msg("%s: %s", zips[i].name, b->p.rec.verdict.text);
        nothing_is_left(b, zips[i].name);
    }
    free(bomb);
}

/* caravan-swap does not believe caravan-fetch, which may deliver any file. */
static void another_zip_is_not_taken(void **state)
{
    struct bench *b = *state;
    const struct zip_member evil = {"nomad", "#!/bin/sh\nrm -rf\n", 17, 0, NULL};
    char path[300];

    if (!has_gpg())
        skip_because("there is no gpg to make keys with");
    make_good_zip(b);
    write_sums(b, "good.zip");
    assert_true(run_sh(b, sign_sums));
    scratch_path(b->dir, "evil.zip", path);
    zip_make(path, &evil, 1);
    b->brings = "evil.zip";
    assert_int_equal(stage(b, "good", "SUMS", "good.zip"), PHASE_FAILED);
    assert_int_equal(b->p.rec.verdict.failure, FAILURE_BAD_DIGEST);
    nothing_is_left(b, "evil.zip");
    /* The manifest, signed with all keys of Caravan, names the file. SHA256SUMS does not. */
    assert_int_equal(stage(b, "good", "SUMS", "evil.zip"), PHASE_FAILED);
    assert_int_equal(b->p.rec.verdict.failure, FAILURE_REFUSED_BY_LAW);
    nothing_is_left(b, "evil.zip");
}

/* Another process of gpgv's user could answer in the place of gpgv. */
static void gpgvs_user_runs_nothing_else(void **state)
{
    struct bench *b = *state;
    const uid_t shared[] = {FETCHER, 65534};

    if (geteuid() != 0)
        skip_because("only root gives caravan-fetch users of their own");
    make_good_zip(b);
    write_sums(b, "good.zip");
    scratch_write(b->dir, "good.sig", "\x88", 0644);
    scratch_write(b->dir, "good.keys", "\x99", 0644);
    for (size_t i = 0; i < ARRAY_LEN(shared); i++) {
        b->l.who.verify_uid = shared[i];
        assert_int_equal(stage(b, "good", "SUMS", "good.zip"), PHASE_FAILED);
        assert_non_null(strstr(b->p.rec.verdict.text, "no user caravan-verify"));
        nothing_is_left(b, "a shared user");
    }
}

static int verify_by(struct bench *b, const char *gpgv, struct trial_answer *ret, struct err *err)
{
    int files[3];
    char dir[300];

    scratch_path(b->dir, "try", dir);
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        files[i] = open(b->agent_conf, O_RDONLY | O_CLOEXEC);
    const struct trial_job j = {
        .binary = -1, .files = files, .n_files = 3, .deadline_ms = 1000, .dir = dir, .gpgv = gpgv};
    int rc = trial_verify(&j, clock_system(), ret, err);
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        close(files[i]);
    return rc;
}

static void without_gpgv_it_says_so(void **state)
{
    struct trial_answer a = {.said = BUF_INIT};
    struct err err = ERR_INIT;

    assert_int_equal(verify_by(*state, "/nonexistent/gpgv", &a, &err), -1);
    assert_int_equal(err.kind, ERR_STATE);
    assert_non_null(strstr(err.text, "install the package gpgv"));
}

/* caravan-swap waits for the check, and answers nothing meanwhile. */
static void a_gpgv_that_hangs_is_ended(void **state)
{
    struct bench *b = *state;
    char script[300];
    struct trial_answer a = {.said = BUF_INIT};
    struct err err = ERR_INIT;
    int64_t began = clock_mono(clock_system());

    scratch_write(b->dir, "gpgv", "#!/bin/sh\necho '[GNUPG:] NEWSIG'\nexec sleep 100\n", 0755);
    scratch_path(b->dir, "gpgv", script);
    assert_int_equal(verify_by(b, script, &a, &err), -1);
    assert_int_equal(err.kind, ERR_TIMEOUT);
    assert_in_range(clock_mono(clock_system()) - began, 1000, 8000);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(each_signature_counts_or_not), CASE(a_hostile_zip_leaves_nothing),
        CASE(another_zip_is_not_taken),     CASE(gpgvs_user_runs_nothing_else),
        CASE(without_gpgv_it_says_so),      CASE(a_gpgv_that_hangs_is_ended),
    };
    struct err err = ERR_INIT;

    if (crypto_init(&err) < 0)
        return 1;
    return cmocka_run_group_tests_name("attack_vendor", tests, NULL, NULL);
}
