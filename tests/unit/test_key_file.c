/* The file of a key with a passphrase: only the passphrase opens it; hostile files are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "key_file.h"
#include "signer.h"
#include "str.h"

static struct keypair *key;
static struct key_file made;
static char text[KEY_FILE_MAX];
static size_t text_n;

static int set_up(void **state)
{
    auto_buf struct buf b = BUF_INIT;
    struct err err = ERR_INIT;
    struct key_public about = {.name = "alice", .purpose = ROLE_OPERATOR};
    (void)state;
    if (crypto_init(&err) < 0)
        return -1;
    key = keypair_generate();
    if (key_file_lock(key, &about, "horse battery", &made, &err) < 0)
        return -1;
    key_file_pack(&made, &b);
    text_n = b.len;
    return str_copy(text, sizeof(text), buf_str(&b));
}

static int tear_down(void **state)
{
    (void)state;
    keypair_free(key);
    return 0;
}

static int open_text(const char *s, size_t n, const char *passphrase, struct keypair **ret,
                     struct err *err)
{
    struct key_file f;
    return key_file_parse(s, n, &f, err) < 0 ? -1 : key_file_open(&f, passphrase, ret, err);
}

static void its_passphrase_opens_it(void **state)
{
    auto_keypair struct keypair *k = NULL;
    struct err err = ERR_INIT;
    unsigned char sig[SIG_LEN];
    (void)state;
    assert_true(key_file_is_locked(text, text_n));
    assert_int_equal(open_text(text, text_n, "horse battery", &k, &err), 0);
    crypto_sign_bytes(k, "d", "bytes", 5, sig);
    assert_true(crypto_verify_bytes(keypair_public(key), "d", "bytes", 5, sig));
    assert_int_equal(made.seed.ops, LOCK_OPS);
    assert_int_equal(made.seed.mem_kib, 32 * 1024);
}

static void the_seed_is_not_in_it(void **state)
{
    struct keypair *k =
        keypair_from_seed((const unsigned char *)"0123456789abcdef0123456789abcdef");
    struct key_public about = {.name = "bob", .purpose = ROLE_ROOT};
    auto_buf struct buf b = BUF_INIT;
    struct key_file f;
    struct err err = ERR_INIT;
    char hex[65];
    (void)state;
    assert_int_equal(key_file_lock(k, &about, "x", &f, &err), 0);
    key_file_pack(&f, &b);
    str_hex(hex, (const unsigned char *)"0123456789abcdef0123456789abcdef", 32);
    assert_null(strstr(buf_str(&b), hex));
    keypair_free(k);
}

static void a_wrong_passphrase_is_told_from_damage(void **state)
{
    auto_keypair struct keypair *k = NULL;
    struct err err = ERR_INIT;
    (void)state;
    assert_int_equal(open_text(text, text_n, "horse batterz", &k, &err), -1);
    assert_int_equal(err.kind, ERR_CRYPTO);
    assert_null(strstr(err.text, "batter"));
    assert_int_equal(open_text(text, text_n, "", &k, &err), -1);
    assert_int_equal(err.kind, ERR_CRYPTO);
    text[text_n / 2] ^= 1;
    assert_int_equal(open_text(text, text_n, "horse battery", &k, &err), -1);
    assert_int_equal(err.kind, ERR_FORMAT);
    assert_non_null(strstr(err.text, "damaged"));
    text[text_n / 2] ^= 1;
    assert_null(k);
}

static void cut_short_or_changed_it_is_damaged(void **state)
{
    struct key_file f;
    struct err err = ERR_INIT;
    char copy[KEY_FILE_MAX];
    (void)state;
    for (size_t n = 0; n < text_n; n++) {
        assert_int_equal(key_file_parse(text, n, &f, &err), -1);
        assert_int_equal(err.kind, ERR_FORMAT);
        memcpy(copy, text, text_n);
        copy[n] ^= 1;
        assert_int_equal(key_file_parse(copy, text_n, &f, &err), -1);
        assert_int_equal(err.kind, ERR_FORMAT);
    }
}

/* Somebody who can write the file can also write its last line. */
static int open_changed(void (*change)(struct key_file *f), struct err *err)
{
    auto_buf struct buf b = BUF_INIT;
    struct keypair *k = NULL;
    struct key_file f = made;
    change(&f);
    key_file_pack(&f, &b);
    int rc = open_text(buf_str(&b), b.len, "horse battery", &k, err);
    keypair_free(k);
    return rc;
}

static void another_name(struct key_file *f)
{
    f->about.name[0] = 'b';
}
static void another_purpose(struct key_file *f)
{
    f->about.purpose = ROLE_ROOT;
}
static void another_public(struct key_file *f)
{
    f->about.key.bytes[3] ^= 1;
}
static void another_salt(struct key_file *f)
{
    f->seed.salt[3] ^= 1;
}
static void another_box(struct key_file *f)
{
    f->seed.box[3] ^= 1;
}
static void fewer_rounds(struct key_file *f)
{
    f->seed.ops = 1;
}
static void nothing(struct key_file *f)
{
    (void)f;
}

static void a_forged_file_does_not_open(void **state)
{
    void (*const changes[])(struct key_file *) = {another_name, another_purpose, another_public,
                                                  another_salt, another_box,     fewer_rounds};
    struct err err = ERR_INIT;
    (void)state;
    assert_int_equal(open_changed(nothing, &err), 0);
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        assert_int_equal(open_changed(changes[i], &err), -1);
        assert_int_equal(err.kind, ERR_CRYPTO);
    }
}

static void much_memory(struct key_file *f)
{
    f->seed.mem_kib = LOCK_MEM_KIB_MAX + 1;
}
static void four_gib(struct key_file *f)
{
    f->seed.mem_kib = 4194304;
}
static void no_memory(struct key_file *f)
{
    f->seed.mem_kib = 7;
}
static void many_rounds(struct key_file *f)
{
    f->seed.ops = UINT32_MAX;
}
static void no_rounds(struct key_file *f)
{
    f->seed.ops = 0;
}

static void limits_hold_before_they_are_used(void **state)
{
    void (*const changes[])(struct key_file *) = {much_memory, four_gib, no_memory, many_rounds,
                                                  no_rounds};
    struct err err = ERR_INIT;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        assert_int_equal(open_changed(changes[i], &err), -1);
        assert_int_equal(err.kind, ERR_LIMIT);
    }
}

static void a_later_version_is_told(void **state)
{
    static const char later[] = "caravan secret key v3 alice operator\n";
    struct key_file f;
    struct err err = ERR_INIT;
    (void)state;
    assert_true(key_file_is_locked(later, strlen(later)));
    assert_int_equal(key_file_parse(later, strlen(later), &f, &err), -1);
    assert_non_null(strstr(err.text, "later"));
    assert_false(key_file_is_locked("caravan secret key v1 x\n", 24));
    assert_false(key_file_is_locked("", 0));
}

static void names(void **state)
{
    static const char *const good[] = {"a", "operator", "7", "a.b_c-d",
                                       "abcdefghijklmnopqrstuvwxyz01234"};
    static const char *const bad[] = {
        "",    ".",   "..",   "-a",  "_a",       "A",
        "a b", "a/b", "../a", "a\n", "\xc3\xa9", "abcdefghijklmnopqrstuvwxyz012345"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_true(trust_name_ok(good[i]));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(trust_name_ok(bad[i]));
    assert_int_equal(key_purpose("root"), ROLE_ROOT);
    assert_int_equal(key_purpose("observer"), ROLE_OBSERVER);
    assert_int_equal(key_purpose("none"), ROLE_NONE);
    assert_int_equal(key_purpose(""), ROLE_NONE);
}

static void the_public_line(void **state)
{
    auto_buf struct buf b = BUF_INIT;
    struct key_public k = {.name = "alice", .purpose = ROLE_RELEASE}, back;
    struct err err = ERR_INIT;
    (void)state;
    k.key = *keypair_public(key);
    key_public_pack(&k, &b);
    assert_int_equal(key_public_parse(buf_str(&b), b.len, &back, &err), 0);
    assert_true(pubkey_eq(&back.key, &k.key) && str_eq(back.name, "alice"));
    assert_int_equal(back.purpose, ROLE_RELEASE);
    for (size_t n = 0; n < b.len; n++)
        assert_int_equal(key_public_parse(buf_str(&b), n, &back, &err), -1);
    buf_add_str(&b, "\n");
    assert_int_equal(key_public_parse(buf_str(&b), b.len, &back, &err), -1);
}

static void the_last_line_of_a_signer(void **state)
{
    char line[200], hex[2 * SIG_LEN + 1];
    unsigned char sig[SIG_LEN], want[SIG_LEN];
    (void)state;
    memset(want, 0xab, sizeof(want));
    str_hex(hex, want, SIG_LEN);
    snprintf(line, sizeof(line), "touch it\n%s\n", hex);
    assert_int_equal(signer_answer(line, strlen(line), sig), 0);
    assert_memory_equal(sig, want, SIG_LEN);
    assert_int_equal(signer_answer(hex, strlen(hex), sig), 0);
    assert_int_equal(signer_answer(hex, strlen(hex) - 1, sig), -1);
    snprintf(line, sizeof(line), "%s\nthanks\n", hex);
    assert_int_equal(signer_answer(line, strlen(line), sig), -1);
    assert_int_equal(signer_answer("", 0, sig), -1);
    assert_int_equal(signer_answer("\n", 1, sig), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_passphrase_opens_it),
        cmocka_unit_test(the_seed_is_not_in_it),
        cmocka_unit_test(a_wrong_passphrase_is_told_from_damage),
        cmocka_unit_test(cut_short_or_changed_it_is_damaged),
        cmocka_unit_test(a_forged_file_does_not_open),
        cmocka_unit_test(limits_hold_before_they_are_used),
        cmocka_unit_test(a_later_version_is_told),
        cmocka_unit_test(names),
        cmocka_unit_test(the_public_line),
        cmocka_unit_test(the_last_line_of_a_signer),
    };
    return cmocka_run_group_tests_name("key_file", tests, set_up, tear_down);
}
