/* Keys on disk: the sources of the passphrase, refusals, and signers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include "context_fixture.h"
#include "file.h"
#include "keys.h"
#include "passphrase.h"
#include "scratch_dir.h"

#define WORDS 8

/* One configuration for each test. asked: how often a person was asked; `who` answers the words in
 * turn. */
struct bench {
    struct context_fixture f;
    struct passphrase_sources from;
    const char *words[WORDS];
    unsigned asked;
    char prompt[400];
    struct err err;
};

static int answer(void *ctx, const char *prompt, char dst[static PASSPHRASE_SIZE], struct err *err)
{
    struct bench *b = ctx;
    const char *word = b->asked < WORDS ? b->words[b->asked] : NULL;
    b->asked++;
    str_cut(b->prompt, sizeof(b->prompt), prompt);
    return word == NULL ? err_set(err, ERR_STATE, 0, "interrupted")
                        : str_copy(dst, PASSPHRASE_SIZE, word);
}

static void begin(struct bench *b)
{
    memset(b, 0, sizeof(*b));
    assert_int_equal(crypto_init(&b->err), 0);
    assert_int_equal(context_fixture_begin(&b->f), 0);
    b->from = (struct passphrase_sources){
        .fd = -1, .new_fd = -1, .ask = answer, .ctx = b, .clock = clock_system()};
}

/* A new run of the program begins: nothing is remembered from the run before. */
static struct coord_conf *run(struct bench *b, const char *first, const char *second,
                              const char *third)
{
    const char *words[WORDS] = {first, second, third, third};
    passphrase_free(b->f.conf.passphrase);
    b->f.conf.passphrase = passphrase_new(&b->from);
    memcpy(b->words, words, sizeof(words));
    b->asked = 0;
    b->err = (struct err)ERR_INIT;
    return &b->f.conf;
}

static void end(struct bench *b)
{
    passphrase_free(b->f.conf.passphrase);
    context_fixture_end(&b->f);
}

static int load(const struct coord_conf *c, enum role role, struct err *err)
{
    auto_keypair struct keypair *k = NULL;
    return keys_load(c, role, &k, err);
}

static void make_solo(struct bench *b, const char *passphrase)
{
    struct trust t;
    assert_int_equal(keys_make_solo(run(b, passphrase, passphrase, NULL), "t", &t, &b->err), 0);
    assert_int_equal(b->asked, 2);
}

static void key_text(struct bench *b, const char *name, struct buf *ret)
{
    char path[300];
    assert_int_equal(key_place(&b->f.conf, name, ".key", path, &b->err), 0);
    assert_int_equal(file_read(path, KEY_FILE_MAX, FILE_PRIVATE, ret, &b->err), 0);
}

static bool is_locked(struct bench *b, const char *name)
{
    auto_buf struct buf text = BUF_INIT;
    key_text(b, name, &text);
    return key_file_is_locked(buf_str(&text), text.len);
}

static void a_passphrase_is_asked_once_a_run(void **state)
{
    struct bench b;
    (void)state;
    begin(&b);
    make_solo(&b, "one");
    assert_true(is_locked(&b, "root") && is_locked(&b, "release") && is_locked(&b, "operator"));
    assert_false(is_locked(&b, "observer"));
    const struct coord_conf *c = run(&b, "one", NULL, NULL);
    assert_int_equal(load(c, ROLE_OBSERVER, &b.err), 0);
    assert_int_equal(b.asked, 0);
    assert_int_equal(load(c, ROLE_OPERATOR, &b.err), 0);
    assert_int_equal(load(c, ROLE_RELEASE, &b.err), 0);
    assert_int_equal(load(c, ROLE_ROOT, &b.err), 0);
    assert_int_equal(b.asked, 1);
    assert_non_null(strstr(b.prompt, "operator.key"));
    end(&b);
}

static void asked_again_for_a_key_of_another_passphrase(void **state)
{
    struct bench b;
    struct key_public k;
    (void)state;
    begin(&b);
    make_solo(&b, "one");
    assert_int_equal(keys_make(run(&b, "two", "two", NULL), "alice", ROLE_OPERATOR, &k, &b.err), 0);
    struct coord_conf *c = run(&b, "one", "two", NULL);
    assert_int_equal(load(c, ROLE_RELEASE, &b.err), 0);
    str_cut(c->key_operator, sizeof(c->key_operator), "alice");
    assert_int_equal(load(c, ROLE_OPERATOR, &b.err), 0);
    assert_int_equal(b.asked, 2);
    assert_non_null(strstr(b.prompt, "alice.key"));
    end(&b);
}

static void a_wrong_passphrase_three_times(void **state)
{
    struct bench b;
    (void)state;
    begin(&b);
    make_solo(&b, "one");
    assert_int_equal(load(run(&b, "bad", "one", NULL), ROLE_OPERATOR, &b.err), 0);
    assert_int_equal(b.asked, 2);
    assert_non_null(strstr(b.prompt, "Wrong"));
    assert_int_equal(load(run(&b, "bad", "worse", "worst"), ROLE_OPERATOR, &b.err), -1);
    assert_int_equal(b.err.kind, ERR_REFUSED);
    assert_int_equal(b.asked, 3);
    assert_null(strstr(b.err.text, "worst"));
    end(&b);
}

static void new_ones_are_typed_twice_and_not_empty(void **state)
{
    struct bench b;
    struct trust t;
    char path[300];
    (void)state;
    begin(&b);
    assert_int_equal(keys_make_solo(run(&b, "one", "two", NULL), "t", &t, &b.err), -1);
    assert_non_null(strstr(b.err.text, "not the same"));
    assert_int_equal(keys_make_solo(run(&b, "", "", NULL), "t", &t, &b.err), -1);
    assert_non_null(strstr(b.err.text, "--no-passphrase"));
    assert_int_equal(key_path(&b.f.conf, ROLE_ROOT, path, &b.err), 0);
    assert_int_equal(access(path, F_OK), -1);
    b.from.none = true;
    assert_int_equal(keys_make_solo(run(&b, NULL, NULL, NULL), "t", &t, &b.err), 0);
    assert_int_equal(b.asked, 0);
    assert_false(is_locked(&b, "root"));
    end(&b);
}

static void without_a_terminal_both_ways_are_named(void **state)
{
    struct bench b;
    struct trust t;
    (void)state;
    begin(&b);
    make_solo(&b, "one");
    b.from.ask = NULL;
    assert_int_equal(load(run(&b, NULL, NULL, NULL), ROLE_OPERATOR, &b.err), -1);
    assert_int_equal(b.err.kind, ERR_REFUSED);
    assert_non_null(strstr(b.err.text, "--passphrase-fd"));
    assert_non_null(strstr(b.err.text, "credential"));
    scratch_remove(b.f.dir);
    assert_int_equal(keys_make_solo(run(&b, NULL, NULL, NULL), "t", &t, &b.err), -1);
    assert_int_equal(b.err.kind, ERR_REFUSED);
    assert_non_null(strstr(b.err.text, "--no-passphrase"));
    end(&b);
}

static int line_fd(const char *text, size_t n)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(write(ends[1], text, n), (ssize_t)n);
    close(ends[1]);
    return ends[0];
}

static int load_by_fd(struct bench *b, const char *text, size_t n)
{
    b->from.fd = line_fd(text, n);
    int rc = load(run(b, "one", NULL, NULL), ROLE_OPERATOR, &b->err);
    close(b->from.fd);
    assert_int_equal(b->asked, 0);
    return rc;
}

static void a_passphrase_by_descriptor(void **state)
{
    struct bench b;
    char large[PASSPHRASE_MAX + 2];
    (void)state;
    begin(&b);
    make_solo(&b, "one");
    memset(large, 'x', sizeof(large));
    assert_int_equal(load_by_fd(&b, "one\n", 4), 0);
    assert_int_equal(load_by_fd(&b, "one\nmore", 8), 0);
    assert_int_equal(load_by_fd(&b, "one", 3), 0);
    assert_int_equal(load_by_fd(&b, "two\n", 4), -1);
    assert_int_equal(b.err.kind, ERR_REFUSED);
    assert_int_equal(load_by_fd(&b, "\n", 1), -1);
    assert_non_null(strstr(b.err.text, "empty"));
    assert_int_equal(load_by_fd(&b, "on\0e\n", 5), -1);
    assert_int_equal(load_by_fd(&b, large, sizeof(large)), -1);
    assert_non_null(strstr(b.err.text, "longer"));
    b.from.fd = 987;
    assert_int_equal(load(run(&b, "one", NULL, NULL), ROLE_OPERATOR, &b.err), -1);
    assert_int_equal(b.err.kind, ERR_USAGE);
    end(&b);
}

static void a_descriptor_that_says_nothing_has_a_deadline(void **state)
{
    struct bench b;
    int ends[2];
    (void)state;
    begin(&b);
    make_solo(&b, "one");
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    b.from.fd = ends[0];
    b.from.deadline_ms = 50;
    assert_int_equal(load(run(&b, "one", NULL, NULL), ROLE_OPERATOR, &b.err), -1);
    assert_non_null(strstr(b.err.text, "within"));
    close(ends[0]);
    close(ends[1]);
    end(&b);
}

static void a_passphrase_by_credential(void **state)
{
    struct bench b;
    (void)state;
    begin(&b);
    make_solo(&b, "one");
    b.from.credentials = b.f.dir;
    assert_int_equal(load(run(&b, "one", NULL, NULL), ROLE_OPERATOR, &b.err), 0);
    assert_int_equal(b.asked, 1); /* the file is missing: the program asks a person */
    scratch_write(b.f.dir, PASSPHRASE_CREDENTIAL, "one\n", 0400);
    assert_int_equal(load(run(&b, NULL, NULL, NULL), ROLE_OPERATOR, &b.err), 0);
    assert_int_equal(b.asked, 0);
    scratch_write(b.f.dir, PASSPHRASE_CREDENTIAL, "one\ntwo\n", 0400);
    assert_int_equal(load(run(&b, NULL, NULL, NULL), ROLE_OPERATOR, &b.err), -1);
    assert_non_null(strstr(b.err.text, "not one line"));
    scratch_write(b.f.dir, PASSPHRASE_CREDENTIAL, "one\n", 0444);
    assert_int_equal(load(run(&b, NULL, NULL, NULL), ROLE_OPERATOR, &b.err), -1);
    assert_int_equal(b.asked, 0);
    end(&b);
}

static void files_that_are_refused(void **state)
{
    struct bench b;
    char operator[300], release[300], kept[300];
    auto_buf struct buf text = BUF_INIT;
    (void)state;
    begin(&b);
    make_solo(&b, "one");
    const struct coord_conf *c = run(&b, "one", NULL, NULL);
    assert_int_equal(key_path(c, ROLE_OPERATOR, operator, & b.err), 0);
    assert_int_equal(key_path(c, ROLE_RELEASE, release, &b.err), 0);
    assert_int_equal(conf_path(c, "kept", kept, &b.err), 0);
    assert_int_equal(chmod(operator, 0644), 0);
    assert_int_equal(load(c, ROLE_OPERATOR, &b.err), -1);
    assert_int_equal(b.err.kind, ERR_CONFIG);
    assert_int_equal(chmod(operator, 0600), 0);
    assert_int_equal(rename(release, kept) | rename(operator, release) | rename(kept, operator), 0);
    assert_int_equal(load(c, ROLE_OPERATOR, &b.err), -1);
    assert_non_null(strstr(b.err.text, "contains the key release"));
    assert_int_equal(file_read(operator, KEY_FILE_MAX, FILE_PRIVATE, &text, &b.err), 0);
    assert_int_equal(file_replace(operator, text.data, text.len / 2, 0600, &b.err), 0);
    assert_int_equal(load(c, ROLE_OPERATOR, &b.err), -1);
    assert_non_null(strstr(b.err.text, "damaged"));
    assert_int_equal(b.asked, 0);
    end(&b);
}

static void a_key_of_another_purpose_is_refused(void **state)
{
    struct bench b;
    auto_keypair struct keypair *k = NULL;
    (void)state;
    begin(&b);
    make_solo(&b, "one");
    struct coord_conf *c = run(&b, "one", NULL, NULL);
    assert_int_equal(keys_load_named(c, "release", ROLE_OPERATOR, &k, &b.err), -1);
    assert_string_equal(key_name(c, ROLE_OPERATOR), "operator");
    str_cut(c->key_operator, sizeof(c->key_operator), "root");
    assert_string_equal(key_name(c, ROLE_OPERATOR), "root");
    assert_int_equal(load(c, ROLE_OPERATOR, &b.err), -1);
    assert_non_null(strstr(b.err.text, "purpose"));
    assert_int_equal(b.asked, 0);
    str_cut(c->key_observer, sizeof(c->key_observer), "release");
    assert_int_equal(load(c, ROLE_OBSERVER, &b.err), -1);
    str_cut(c->key_observer, sizeof(c->key_observer), "operator");
    assert_int_equal(load(c, ROLE_OBSERVER, &b.err), 0);
    end(&b);
}

static void keys_are_made_once(void **state)
{
    struct bench b;
    struct key_public k, parsed;
    auto_buf struct buf text = BUF_INIT;
    char path[300];
    struct stat st;
    (void)state;
    begin(&b);
    struct coord_conf *c = run(&b, "one", "one", NULL);
    assert_int_equal(keys_make(c, "../x", ROLE_OPERATOR, &k, &b.err), -1);
    assert_int_equal(keys_make(c, "bob", ROLE_OPERATOR, &k, &b.err), 0);
    assert_int_equal(key_place(c, "bob", ".key", path, &b.err) | stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(key_place(c, "bob", ".pub", path, &b.err), 0);
    assert_int_equal(file_read(path, KEY_FILE_MAX, 0, &text, &b.err), 0);
    assert_int_equal(key_public_parse(buf_str(&text), text.len, &parsed, &b.err), 0);
    assert_true(pubkey_eq(&parsed.key, &k.key));
    assert_int_equal(keys_make(c, "bob", ROLE_OPERATOR, &k, &b.err), -1);
    assert_int_equal(b.err.kind, ERR_REFUSED);
    assert_int_equal(key_place(c, "bob", ".key", path, &b.err) | unlink(path), 0);
    assert_int_equal(keys_make(c, "bob", ROLE_OPERATOR, &k, &b.err), -1);
    assert_int_equal(b.err.kind, ERR_REFUSED);
    end(&b);
}

static void the_passphrase_is_changed_and_the_key_is_not(void **state)
{
    struct bench b;
    auto_keypair struct keypair *before = NULL, *after = NULL;
    struct trust t;
    (void)state;
    begin(&b);
    b.from.none = true;
    assert_int_equal(keys_make_solo(run(&b, NULL, NULL, NULL), "t", &t, &b.err), 0);
    b.from.none = false;
    assert_int_equal(keys_load(&b.f.conf, ROLE_OPERATOR, &before, &b.err), 0);
    assert_int_equal(keys_change(run(&b, "one", "one", NULL), "operator", &b.err), 0);
    assert_int_equal(keys_change(run(&b, "one", "two", "two"), "operator", &b.err), 0);
    assert_true(is_locked(&b, "operator"));
    assert_int_equal(load(run(&b, "one", NULL, NULL), ROLE_OPERATOR, &b.err), -1);
    assert_int_equal(keys_load(run(&b, "two", NULL, NULL), ROLE_OPERATOR, &after, &b.err), 0);
    assert_true(pubkey_eq(keypair_public(before), keypair_public(after)));
    assert_int_equal(keys_change(run(&b, "one", "one", NULL), "observer", &b.err), -1);
    assert_int_equal(b.err.kind, ERR_REFUSED);
    end(&b);
}

static void what_is_there_is_listed(void **state)
{
    struct bench b;
    autofree struct key_listed *list = NULL;
    size_t n = 0;
    char path[300];
    (void)state;
    begin(&b);
    assert_int_equal(keys_list(&b.f.conf, &list, &n, &b.err), -1);
    make_solo(&b, "one");
    assert_int_equal(key_path(&b.f.conf, ROLE_ROOT, path, &b.err) | unlink(path), 0);
    scratch_write(b.f.dir, "keys/torn.key", "caravan secret key v2 torn", 0600);
    assert_int_equal(keys_list(&b.f.conf, &list, &n, &b.err), 0);
    assert_int_equal(n, 5);
    assert_int_equal(list[0].where, KEY_OPEN); /* observer */
    assert_int_equal(list[1].where, KEY_LOCKED);
    assert_int_equal(list[3].where, KEY_ELSEWHERE);
    assert_string_equal(list[3].about.name, "root");
    assert_int_equal(list[3].about.purpose, ROLE_ROOT);
    assert_int_equal(list[4].where, KEY_WRONG);
    end(&b);
}

/* ---- signers ---- */

/* A root key whose secret part only the signer can find. */
static void begin_signer(struct bench *b, const char *how)
{
    struct trust t;
    char program[200], moved[300], path[300];
    begin(b);
    b->from.none = true;
    assert_int_equal(keys_make_solo(run(b, NULL, NULL, NULL), "t", &t, &b->err), 0);
    assert_int_equal(conf_path(&b->f.conf, "tests", moved, &b->err) | mkdir(moved, 0700), 0);
    scratch_program(b->f.dir, "tests/signer", program, sizeof(program));
    assert_int_equal(conf_path(&b->f.conf, "token.key", moved, &b->err), 0);
    assert_int_equal(key_path(&b->f.conf, ROLE_ROOT, path, &b->err) | rename(path, moved), 0);
    snprintf(b->f.conf.signer, sizeof(b->f.conf.signer), "%s %s %s", program, moved, how);
    b->f.conf.signer_ms = 1000;
}

static int sign_by_signer(struct bench *b)
{
    auto_keypair struct keypair *k = NULL;
    unsigned char sig[SIG_LEN];
    assert_int_equal(keys_load(&b->f.conf, ROLE_ROOT, &k, &b->err), 0);
    int rc = keypair_sign(k, "caravan/trust/v1", "body", 4, sig, &b->err);
    if (rc == 0)
        assert_true(crypto_verify_bytes(keypair_public(k), "caravan/trust/v1", "body", 4, sig));
    return rc;
}

static void a_signer_signs(void **state)
{
    struct bench b;
    (void)state;
    begin_signer(&b, "");
    assert_int_equal(sign_by_signer(&b), 0);
    end(&b);
}

static void refuses(const char *how, enum err_kind kind, const char *word)
{
    struct bench b;
    begin_signer(&b, how);
    assert_int_equal(sign_by_signer(&b), -1);
    assert_int_equal(b.err.kind, kind);
    if (strstr(b.err.text, word) == NULL)
        fail_msg("%s", b.err.text);
    end(&b);
}

static void a_signer_that_hangs(void **state)
{
    (void)state;
    refuses("hang", ERR_REFUSED, "did not end within");
}

static void a_signer_that_lies(void **state)
{
    (void)state;
    refuses("lie", ERR_CRYPTO, "not valid for this key");
}

static void a_signer_that_dies(void **state)
{
    (void)state;
    refuses("die", ERR_REFUSED, "signal 9");
}

static void a_signer_that_prints_too_much(void **state)
{
    (void)state;
    refuses("flood", ERR_REFUSED, "signer");
}

/* The signer inherits nothing of ours except the stated values. */
static void a_signer_has_an_environment_of_its_own(void **state)
{
    static const char *const ours[] = {"NOMAD_TOKEN", "CREDENTIALS_DIRECTORY", "LD_LIBRARY_PATH",
                                       "PATHS"};
    struct bench b;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ours); i++)
        setenv(ours[i], "x", 1);
    setenv("SIGNER_SLOT", "7", 1);
    begin_signer(&b, "environment");
    assert_int_equal(sign_by_signer(&b), -1);
    for (size_t i = 0; i < ARRAY_LEN(ours); i++)
        assert_null(strstr(b.err.text, ours[i]));
    assert_non_null(strstr(b.err.text, "PATH "));
    assert_non_null(strstr(b.err.text, "SIGNER_SLOT "));
    for (size_t i = 0; i < ARRAY_LEN(ours); i++)
        unsetenv(ours[i]);
    end(&b);
}

static void signers_hold_root_and_release_keys_only(void **state)
{
    struct bench b;
    char path[300];
    (void)state;
    begin_signer(&b, "");
    assert_int_equal(key_path(&b.f.conf, ROLE_OPERATOR, path, &b.err) | unlink(path), 0);
    assert_int_equal(load(&b.f.conf, ROLE_OPERATOR, &b.err), -1);
    assert_int_equal(b.err.kind, ERR_NOTFOUND);
    b.f.conf.signer[0] = '\0';
    assert_int_equal(load(&b.f.conf, ROLE_ROOT, &b.err), -1);
    assert_non_null(strstr(b.err.text, "[keys] signer"));
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_passphrase_is_asked_once_a_run),
        cmocka_unit_test(asked_again_for_a_key_of_another_passphrase),
        cmocka_unit_test(a_wrong_passphrase_three_times),
        cmocka_unit_test(new_ones_are_typed_twice_and_not_empty),
        cmocka_unit_test(without_a_terminal_both_ways_are_named),
        cmocka_unit_test(a_passphrase_by_descriptor),
        cmocka_unit_test(a_descriptor_that_says_nothing_has_a_deadline),
        cmocka_unit_test(a_passphrase_by_credential),
        cmocka_unit_test(files_that_are_refused),
        cmocka_unit_test(a_key_of_another_purpose_is_refused),
        cmocka_unit_test(keys_are_made_once),
        cmocka_unit_test(the_passphrase_is_changed_and_the_key_is_not),
        cmocka_unit_test(what_is_there_is_listed),
        cmocka_unit_test(a_signer_signs),
        cmocka_unit_test(a_signer_that_hangs),
        cmocka_unit_test(a_signer_that_lies),
        cmocka_unit_test(a_signer_that_dies),
        cmocka_unit_test(a_signer_that_prints_too_much),
        cmocka_unit_test(a_signer_has_an_environment_of_its_own),
        cmocka_unit_test(signers_hold_root_and_release_keys_only),
    };
    return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
