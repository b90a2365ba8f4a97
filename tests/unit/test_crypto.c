#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "crypto.h"
#include "file.h"
#include "scratch_dir.h"
#include "str.h"

static int start(void **state)
{
    struct err err = ERR_INIT;
    (void)state;
    scratch_enter();
    return crypto_init(&err);
}

static struct keypair *key_of(unsigned char fill)
{
    unsigned char seed[32];
    memset(seed, fill, sizeof(seed));
    return keypair_from_seed(seed);
}

/* RFC 8032, 7.1, test 1: the public key of a seed. */
static void seed_gives_the_known_key(void **state)
{
    (void)state;
    unsigned char seed[32];
    char hex[65];
    assert_int_equal(
        str_unhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", seed, 32), 0);
    auto_keypair struct keypair *k = keypair_from_seed(seed);
    pubkey_hex(hex, keypair_public(k));
    assert_string_equal(hex, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
}

static void a_signature_is_for_one_purpose(void **state)
{
    (void)state;
    auto_keypair struct keypair *k = key_of(1);
    auto_keypair struct keypair *other = key_of(2);
    unsigned char sig[SIG_LEN];
    const struct pubkey *pub = keypair_public(k);
    crypto_sign_bytes(k, "caravan/swap/v1", "bytes", 5, sig);
    assert_true(crypto_verify_bytes(pub, "caravan/swap/v1", "bytes", 5, sig));
    assert_false(crypto_verify_bytes(pub, "caravan/swap/v2", "bytes", 5, sig));
    assert_false(crypto_verify_bytes(pub, "caravan/swap/v1", "bytez", 5, sig));
    assert_false(crypto_verify_bytes(pub, "caravan/swap/v1", "bytes", 4, sig));
    assert_false(crypto_verify_bytes(keypair_public(other), "caravan/swap/v1", "bytes", 5, sig));
    for (size_t i = 0; i < SIG_LEN; i++) {
        sig[i] ^= 1;
        assert_false(crypto_verify_bytes(pub, "caravan/swap/v1", "bytes", 5, sig));
        sig[i] ^= 1;
    }
}

/* The signature also covers the border between domain and bytes. */
static void domain_and_bytes_do_not_run_together(void **state)
{
    (void)state;
    auto_keypair struct keypair *k = key_of(1);
    unsigned char sig[SIG_LEN];
    crypto_sign_bytes(k, "ab", "cd", 2, sig);
    assert_false(crypto_verify_bytes(keypair_public(k), "abc", "d", 1, sig));
    assert_false(crypto_verify_bytes(keypair_public(k), "a", "bcd", 3, sig));
}

static void zero_keys_verify_nothing(void **state)
{
    (void)state;
    struct pubkey zero = {{0}};
    unsigned char sig[SIG_LEN] = {0};
    struct err err = ERR_INIT;
    auto_buf struct buf box = BUF_INIT;
    assert_true(pubkey_is_zero(&zero));
    assert_false(crypto_verify_bytes(&zero, "d", "", 0, sig));
    struct boxkey derived, none = {{0}};
    assert_int_equal(boxkey_of(&zero, &derived, &err), -1);
    assert_int_equal(err.kind, ERR_CRYPTO);
    assert_int_equal(crypto_seal_boxed(&none, "x", 1, &box, &err), -1);
    assert_int_equal(box.len, 0);
}

static void seal(const struct keypair *k, const void *p, size_t n, struct buf *ret)
{
    struct boxkey to;
    struct err err = ERR_INIT;
    assert_int_equal(boxkey_of(keypair_public(k), &to, &err), 0);
    assert_int_equal(crypto_seal_boxed(&to, p, n, ret, &err), 0);
}

static void boxes_open_for_their_receiver_only(void **state)
{
    (void)state;
    auto_keypair struct keypair *k = key_of(1);
    auto_keypair struct keypair *other = key_of(2);
    auto_buf struct buf box = BUF_INIT;
    auto_buf struct buf plain = BUF_INIT;
    struct err err = ERR_INIT;
    seal(k, "secret", 6, &box);
    assert_int_equal(box.len, 6 + SEAL_OVERHEAD);
    assert_int_equal(crypto_open(other, box.data, box.len, &plain, &err), -1);
    assert_int_equal(err.kind, ERR_CRYPTO);
    for (size_t i = 0; i < box.len; i++) {
        box.data[i] ^= 0x80;
        /* X25519 ignores the first bit of a curve point's last byte, but the nonce depends on that
         * bit. */
        assert_int_equal(crypto_open(k, box.data, box.len, &plain, &err), -1);
        box.data[i] ^= 0x80;
    }
    for (size_t n = 0; n < box.len; n++)
        assert_int_equal(crypto_open(k, box.data, n, &plain, &err), -1);
    assert_int_equal(plain.len, 0);
    assert_int_equal(crypto_open(k, box.data, box.len, &plain, &err), 0);
    assert_string_equal(buf_str(&plain), "secret");
}

static void empty_boxes(void **state)
{
    (void)state;
    auto_keypair struct keypair *k = key_of(1);
    auto_buf struct buf box = BUF_INIT;
    auto_buf struct buf plain = BUF_INIT;
    struct err err = ERR_INIT;
    seal(k, "", 0, &box);
    assert_int_equal(crypto_open(k, box.data, box.len, &plain, &err), 0);
    assert_int_equal(plain.len, 0);
}

static void key_files(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct stat st;
    auto_keypair struct keypair *k = keypair_generate();
    auto_keypair struct keypair *back = NULL;
    assert_int_equal(keypair_save(k, "key", "laptop\nforged", 0600, &err), 0);
    assert_int_equal(stat("key", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(keypair_load("key", &back, &err), 0);
    assert_true(pubkey_eq(keypair_public(k), keypair_public(back)));
    assert_int_equal(keypair_save(k, "key", "again", 0600, &err), -1);
    assert_int_equal(err.kind, ERR_BUSY);
    assert_int_equal(chmod("key", 0640), 0);
    struct keypair *none = NULL;
    assert_int_equal(keypair_load("key", &none, &err), -1);
    assert_int_equal(err.kind, ERR_CONFIG);
    unlink("key");
}

static void assert_no_key(const char *text)
{
    struct err err = ERR_INIT;
    struct keypair *k = NULL;
    assert_int_equal(file_replace("key", text, strlen(text), 0600, &err), 0);
    if (keypair_load("key", &k, &err) == 0)
        fail_msg("took %s", text);
    assert_null(k);
    unlink("key");
}

static void broken_key_files(void **state)
{
    (void)state;
    static const char hex[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    static const char *const shapes[] = {"%s",
                                         "caravan secret key v2 x\n%s\n",
                                         "caravan secret key v1 x\n%sff\n",
                                         "caravan secret key v1 x\n%.60s\n",
                                         "caravan secret key v1 x\n%s\n\n",
                                         "caravan secret key v1 x\n%s\njunk",
                                         "caravan secret key v1 x %s",
                                         "caravan secret key v1 x\n\n%s\n"};
    assert_no_key("");
    for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
        char text[200];
        const char *at = strstr(shapes[i], "%");
        snprintf(text, sizeof(text), "%.*s%.*s%s", (int)(at - shapes[i]), shapes[i],
                 at[1] == '.' ? 60 : 64, hex, at + (at[1] == '.' ? 5 : 2));
        assert_no_key(text);
    }
}

static void fingerprints(void **state)
{
    (void)state;
    auto_keypair struct keypair *k = key_of(1);
    char text[FINGERPRINT_LEN], hex[65];
    struct digest d;
    pubkey_fingerprint(text, keypair_public(k));
    crypto_digest(keypair_public(k)->bytes, KEY_LEN, &d);
    digest_hex(hex, &d);
    assert_int_equal(strlen(text), FINGERPRINT_LEN - 1);
    assert_int_equal(strncmp(text, "SHA256:", 7), 0);
    assert_int_equal(strncmp(text + 7, hex, 32), 0);
}

/* FIPS 180-2, B.1. */
static void digests(void **state)
{
    (void)state;
    struct digest d, pieces, back;
    struct digest_state s;
    char hex[65];
    crypto_digest("abc", 3, &d);
    digest_hex(hex, &d);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_init(&s);
    digest_add(&s, "a", 1);
    digest_add(&s, "bc", 2);
    digest_final(&s, &pieces);
    assert_true(digest_eq(&d, &pieces));
    assert_int_equal(digest_from_hex(hex, &back), 0);
    assert_true(digest_eq(&d, &back));
    assert_false(digest_is_zero(&d));
    memset(&d, 0, sizeof(d));
    assert_true(digest_is_zero(&d));
}

static void digests_of_files_have_a_limit(void **state)
{
    (void)state;
    enum { SIZE = 200 * 1000 };
    autofree unsigned char *bytes = xzalloc(SIZE, 1);
    struct err err = ERR_INIT;
    struct digest want, got;
    uint64_t size = 0;
    crypto_random(bytes, SIZE);
    crypto_digest(bytes, SIZE, &want);
    assert_int_equal(file_replace("big", bytes, SIZE, 0600, &err), 0);
    autoclose int fd = open("big", O_RDONLY | O_CLOEXEC);
    assert_true(lseek(fd, 77, SEEK_SET) == 77);
    assert_int_equal(digest_fd(fd, SIZE, &got, &size, &err), 0);
    assert_true(digest_eq(&want, &got));
    assert_int_equal(size, SIZE);
    assert_int_equal(digest_fd(fd, SIZE - 1, &got, NULL, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    unlink("big");
}

/* In a child process: the leak sanitizer must look into this process. */
static void no_dumps(void **state)
{
    struct rlimit core;
    int status = 0;
    pid_t child = fork();
    (void)state;
    if (child == 0) {
        bool was = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1;
        crypto_forbid_dumps();
        bool none = getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 && core.rlim_max == 0;
        _exit(was && none && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seed_gives_the_known_key),
        cmocka_unit_test(a_signature_is_for_one_purpose),
        cmocka_unit_test(domain_and_bytes_do_not_run_together),
        cmocka_unit_test(zero_keys_verify_nothing),
        cmocka_unit_test(boxes_open_for_their_receiver_only),
        cmocka_unit_test(empty_boxes),
        cmocka_unit_test(key_files),
        cmocka_unit_test(broken_key_files),
        cmocka_unit_test(fingerprints),
        cmocka_unit_test(digests),
        cmocka_unit_test(digests_of_files_have_a_limit),
        cmocka_unit_test(no_dumps),
    };
    return cmocka_run_group_tests_name("crypto", tests, start, NULL);
}
