#include <errno.h>
#include <sodium.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include "crypto.h"
#include "file.h"
#include "str.h"

#define KEY_FILE_MAX   512
#define KEY_FILE_FIRST "caravan secret key v1 "
#define SEED_LEN       32

_Static_assert(KEY_LEN == crypto_sign_PUBLICKEYBYTES, "key");
_Static_assert(SIG_LEN == crypto_sign_BYTES, "signature");
_Static_assert(DIGEST_LEN == crypto_hash_sha256_BYTES, "digest");
_Static_assert(sizeof(struct boxkey) == crypto_box_PUBLICKEYBYTES, "box key");
_Static_assert(SEAL_OVERHEAD == crypto_box_SEALBYTES, "seal");
_Static_assert(sizeof(((struct locked_seed *)0)->salt) == crypto_pwhash_SALTBYTES, "salt");
_Static_assert(sizeof(((struct locked_seed *)0)->nonce) ==
                   crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
               "nonce");
_Static_assert(sizeof(((struct locked_seed *)0)->box) ==
                   SEED_LEN + crypto_aead_xchacha20poly1305_ietf_ABYTES,
               "box");
_Static_assert(sizeof(crypto_hash_sha256_state) <= sizeof(((struct digest_state *)0)->opaque),
               "room for the state");

/* The whole struct is in sodium_malloc memory. */
struct keypair {
    struct pubkey pub;
    unsigned char secret[crypto_sign_SECRETKEYBYTES]; /* seed, then public key */
    unsigned char box_secret[crypto_box_SECRETKEYBYTES];
    unsigned char box_public[crypto_box_PUBLICKEYBYTES];
    key_signer *sign; /* NULL: the secret part is in this struct */
    void *sign_ctx;
    char name[32];
};

int crypto_init(struct err *err)
{
    if (sodium_init() < 0)
        return err_set(err, ERR_CRYPTO, 0, "libsodium does not work on this machine");
    return 0;
}

void crypto_forbid_dumps(void)
{
    const struct rlimit none = {0, 0};

    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* a core dump to a program is under no limit */
}

/* ---- keys ---- */

static struct keypair *alloc_keypair(void)
{
    struct keypair *k = sodium_malloc(sizeof(*k));
    if (k == NULL)
        die_oom();
    sodium_memzero(k, sizeof(*k));
    return k;
}

struct keypair *keypair_from_seed(const unsigned char seed[static 32])
{
    struct keypair *k = alloc_keypair();
    crypto_sign_seed_keypair(k->pub.bytes, k->secret, seed);
    if (crypto_sign_ed25519_pk_to_curve25519(k->box_public, k->pub.bytes) != 0)
        abort(); /* cannot happen: a new key is on the curve */
    crypto_sign_ed25519_sk_to_curve25519(k->box_secret, k->secret);
    sodium_mprotect_readonly(k);
    return k;
}

struct keypair *keypair_generate(void)
{
    unsigned char seed[32];
    randombytes_buf(seed, sizeof(seed));
    struct keypair *k = keypair_from_seed(seed);
    sodium_memzero(seed, sizeof(seed));
    return k;
}

struct keypair *keypair_elsewhere(const struct pubkey *pub, const char *name, key_signer *sign,
                                  void *ctx)
{
    struct keypair *k = alloc_keypair();
    str_cut(k->name, sizeof(k->name), name);
    k->pub = *pub;
    k->sign = sign;
    k->sign_ctx = ctx;
    sodium_mprotect_readonly(k);
    return k;
}

void keypair_free(struct keypair *k)
{
    sodium_free(k);
}

const struct pubkey *keypair_public(const struct keypair *k)
{
    return &k->pub;
}

static void cleanup_secret_buf(struct buf *b)
{
    if (b->data != NULL)
        sodium_memzero(b->data, b->cap);
    buf_free(b);
}
#define auto_secret_buf CLEANUP(cleanup_secret_buf)

/* Parses the two lines that crypto.h describes. Nothing may follow them. */
static int parse_key_file(char *text, unsigned char seed[static 32])
{
    char *end = strchr(text, '\n');
    if (end == NULL || !str_starts(text, KEY_FILE_FIRST))
        return -1;
    char *hex = end + 1;
    size_t n = strlen(hex);
    if (n == 65 && hex[64] == '\n')
        hex[64] = '\0';
    return str_unhex(hex, seed, 32);
}

int keypair_load(const char *path, struct keypair **ret, struct err *err)
{
    return keypair_load_as(path, FILE_PRIVATE, ret, err);
}

int keypair_load_as(const char *path, unsigned flags, struct keypair **ret, struct err *err)
{
    auto_secret_buf struct buf text = BUF_INIT;
    unsigned char seed[32];
    if (file_read(path, KEY_FILE_MAX, flags, &text, err) < 0)
        return err_wrap(err, "read a secret key");
    if (strlen(buf_str(&text)) != text.len || text.len == 0 ||
        parse_key_file((char *)text.data, seed) < 0)
        return err_set(err, ERR_FORMAT, 0, "%s is not a Caravan secret key file", path);
    *ret = keypair_from_seed(seed);
    sodium_memzero(seed, sizeof(seed));
    return 0;
}

int keypair_save(const struct keypair *k, const char *path, const char *name, unsigned mode,
                 struct err *err)
{
    auto_secret_buf struct buf text = BUF_INIT;
    char hex[65];
    if (k->sign != NULL)
        return err_set(err, ERR_STATE, 0, "the secret part of this key is not on this machine");
    /* Allocate the largest size at once: a buffer that grows would leave copies in memory. */
    text.data = xalloc(KEY_FILE_MAX);
    text.cap = KEY_FILE_MAX;
    text.limit = KEY_FILE_MAX - 1;
    str_hex(hex, k->secret, 32);
    buf_add_str(&text, KEY_FILE_FIRST);
    str_escape(&text, name, strlen(name));
    int rv = buf_printf(&text, "\n%s\n", hex);
    sodium_memzero(hex, sizeof(hex));
    if (rv < 0)
        return err_set(err, ERR_LIMIT, 0, "the key's name is too long");
    return file_create(path, text.data, text.len, mode, err);
}

/* ---- keys under a passphrase ---- */

static int derive_lock_key(const struct locked_seed *l, const char *passphrase,
                           unsigned char ret[static crypto_aead_xchacha20poly1305_ietf_KEYBYTES],
                           struct err *err)
{
    if (crypto_pwhash(ret, crypto_aead_xchacha20poly1305_ietf_KEYBYTES, passphrase,
                      strlen(passphrase), l->salt, l->ops, (size_t)l->mem_kib * 1024,
                      crypto_pwhash_ALG_ARGON2ID13) != 0)
        return err_set(err, ERR_NOSPACE, 0,
                       "checking a passphrase needs %u MiB of memory, which are not free now",
                       l->mem_kib / 1024);
    return 0;
}

int keypair_lock(const struct keypair *k, const char *passphrase, const void *about, size_t n,
                 struct locked_seed *ret, struct err *err)
{
    unsigned char key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
    struct locked_seed l = {.ops = LOCK_OPS, .mem_kib = LOCK_MEM_KIB};
    if (k->sign != NULL)
        return err_set(err, ERR_STATE, 0, "the secret part of this key is not on this machine");
    randombytes_buf(l.salt, sizeof(l.salt));
    randombytes_buf(l.nonce, sizeof(l.nonce));
    if (derive_lock_key(&l, passphrase, key, err) < 0)
        return -1;
    crypto_aead_xchacha20poly1305_ietf_encrypt(l.box, NULL, k->secret, SEED_LEN, about, n, NULL,
                                               l.nonce, key);
    sodium_memzero(key, sizeof(key));
    *ret = l;
    return 0;
}

int keypair_unlock(const struct locked_seed *l, const char *passphrase, const void *about, size_t n,
                   struct keypair **ret, struct err *err)
{
    unsigned char key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES], seed[SEED_LEN];
    if (l->ops < crypto_pwhash_argon2id_OPSLIMIT_MIN || l->ops > LOCK_OPS_MAX ||
        l->mem_kib < crypto_pwhash_argon2id_MEMLIMIT_MIN / 1024 || l->mem_kib > LOCK_MEM_KIB_MAX)
        return err_set(err, ERR_LIMIT, 0,
                       "asks for %u rounds of Argon2id over %u KiB; allowed are 1 to %d rounds "
                       "over 8 to %d KiB",
                       l->ops, l->mem_kib, LOCK_OPS_MAX, LOCK_MEM_KIB_MAX);
    if (derive_lock_key(l, passphrase, key, err) < 0)
        return -1;
    int bad = crypto_aead_xchacha20poly1305_ietf_decrypt(seed, NULL, NULL, l->box, sizeof(l->box),
                                                         about, n, l->nonce, key);
    sodium_memzero(key, sizeof(key));
    if (bad != 0)
        return err_set(err, ERR_CRYPTO, 0, "the passphrase does not open the key");
    *ret = keypair_from_seed(seed);
    sodium_memzero(seed, sizeof(seed));
    return 0;
}

bool pubkey_eq(const struct pubkey *a, const struct pubkey *b)
{
    return memcmp(a->bytes, b->bytes, KEY_LEN) == 0;
}

bool pubkey_is_zero(const struct pubkey *k)
{
    return sodium_is_zero(k->bytes, KEY_LEN);
}

int pubkey_from_hex(const char *s, struct pubkey *ret)
{
    return str_unhex(s, ret->bytes, KEY_LEN);
}

void pubkey_hex(char dst[static 65], const struct pubkey *k)
{
    str_hex(dst, k->bytes, KEY_LEN);
}

void pubkey_fingerprint(char dst[static FINGERPRINT_LEN], const struct pubkey *k)
{
    static const char front[] = "SHA256:";
    struct digest d;
    crypto_digest(k->bytes, KEY_LEN, &d);
    memcpy(dst, front, sizeof(front));
    str_hex(dst + sizeof(front) - 1, d.bytes, 16);
}

/* ---- signatures ---- */

/* Joins the domain, a NUL byte and the bytes, because a detached Ed25519 signature is over one
 * string (the multi-part functions of libsodium use another algorithm). */
static void join_domain(struct buf *b, const char *domain, const void *p, size_t n)
{
    buf_add(b, domain, strlen(domain) + 1);
    buf_add(b, p, n);
}

void crypto_sign_bytes(const struct keypair *k, const char *domain, const void *p, size_t n,
                       unsigned char ret_sig[static SIG_LEN])
{
    auto_buf struct buf b = BUF_INIT;
    if (k->sign != NULL)
        abort(); /* a mistake of the caller: such keys need keypair_sign */
    join_domain(&b, domain, p, n);
    crypto_sign_detached(ret_sig, NULL, b.data, b.len, k->secret);
}

static int sign_elsewhere(const struct keypair *k, const char *domain, const void *p, size_t n,
                          unsigned char ret_sig[static SIG_LEN], struct err *err)
{
    auto_buf struct buf b = BUF_INIT;
    join_domain(&b, domain, p, n);
    if (k->sign(k->sign_ctx, k->name, b.data, b.len, ret_sig, err) < 0)
        return -1;
    if (!crypto_verify_bytes(&k->pub, domain, p, n, ret_sig))
        return err_set(err, ERR_CRYPTO, 0,
                       "the signer returned a signature that is not valid for this key; the "
                       "signature was not used");
    return 0;
}

int keypair_sign(const struct keypair *k, const char *domain, const void *p, size_t n,
                 unsigned char ret_sig[static SIG_LEN], struct err *err)
{
    if (k->sign != NULL)
        return sign_elsewhere(k, domain, p, n, ret_sig, err);
    crypto_sign_bytes(k, domain, p, n, ret_sig);
    return 0;
}

bool crypto_verify_bytes(const struct pubkey *k, const char *domain, const void *p, size_t n,
                         const unsigned char sig[static SIG_LEN])
{
    auto_buf struct buf b = BUF_INIT;
    join_domain(&b, domain, p, n);
    return crypto_sign_verify_detached(sig, b.data, b.len, k->bytes) == 0;
}

/* ---- sealed boxes ---- */

static int refuse_unusable_key(struct err *err)
{
    return err_set(err, ERR_CRYPTO, 0, "the receiver's key is not a usable key");
}

int boxkey_of(const struct pubkey *k, struct boxkey *ret, struct err *err)
{
    struct boxkey box;
    if (crypto_sign_ed25519_pk_to_curve25519(box.bytes, k->bytes) != 0)
        return refuse_unusable_key(err);
    *ret = box;
    return 0;
}

int crypto_seal_boxed(const struct boxkey *to, const void *p, size_t n, struct buf *ret,
                      struct err *err)
{
    autofree unsigned char *sealed = xalloc(n + SEAL_OVERHEAD);
    if (crypto_box_seal(sealed, p, n, to->bytes) != 0)
        return refuse_unusable_key(err);
    if (buf_add(ret, sealed, n + SEAL_OVERHEAD) < 0)
        return err_set(err, ERR_LIMIT, 0, "no room for a box of %zu bytes", n + SEAL_OVERHEAD);
    return 0;
}

int crypto_open(const struct keypair *k, const void *p, size_t n, struct buf *ret, struct err *err)
{
    if (n < SEAL_OVERHEAD)
        return err_set(err, ERR_CRYPTO, 0, "a sealed box of %zu bytes is too short", n);
    autofree unsigned char *plain = xalloc(n - SEAL_OVERHEAD);
    if (crypto_box_seal_open(plain, p, n, k->box_public, k->box_secret) != 0)
        return err_set(err, ERR_CRYPTO, 0, "the box is sealed to another key, or was changed");
    if (buf_add(ret, plain, n - SEAL_OVERHEAD) < 0)
        return err_set(err, ERR_LIMIT, 0, "no room for %zu bytes", n - SEAL_OVERHEAD);
    return 0;
}

/* ---- digests ---- */

void crypto_digest(const void *p, size_t n, struct digest *ret)
{
    crypto_hash_sha256(ret->bytes, p, n);
}

bool digest_eq(const struct digest *a, const struct digest *b)
{
    return memcmp(a->bytes, b->bytes, DIGEST_LEN) == 0;
}

bool digest_is_zero(const struct digest *d)
{
    return sodium_is_zero(d->bytes, DIGEST_LEN);
}

void digest_hex(char dst[static 65], const struct digest *d)
{
    str_hex(dst, d->bytes, DIGEST_LEN);
}

int digest_from_hex(const char *s, struct digest *ret)
{
    return str_unhex(s, ret->bytes, DIGEST_LEN);
}

static crypto_hash_sha256_state *as_sha_state(struct digest_state *s)
{
    return (crypto_hash_sha256_state *)(void *)s->opaque;
}

void digest_init(struct digest_state *s)
{
    crypto_hash_sha256_init(as_sha_state(s));
}

void digest_add(struct digest_state *s, const void *p, size_t n)
{
    crypto_hash_sha256_update(as_sha_state(s), p, n);
}

void digest_final(struct digest_state *s, struct digest *ret)
{
    crypto_hash_sha256_final(as_sha_state(s), ret->bytes);
}

int digest_fd(int fd, uint64_t max, struct digest *ret, uint64_t *ret_size, struct err *err)
{
    enum { PIECE = 64 * 1024 };
    autofree unsigned char *piece = xalloc(PIECE);
    struct digest_state s;
    uint64_t size = 0;
    digest_init(&s);
    for (;;) {
        ssize_t n = pread(fd, piece, PIECE, (off_t)size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(err, ERR_IO, errno, "read");
        if (n == 0)
            break;
        size += (uint64_t)n;
        if (size > max)
            return err_set(err, ERR_LIMIT, 0, "larger than %llu bytes", (unsigned long long)max);
        digest_add(&s, piece, (size_t)n);
    }
    digest_final(&s, ret);
    if (ret_size != NULL)
        *ret_size = size;
    return 0;
}

int base64_decode(const char *s, size_t n, void *dst, size_t max, size_t *ret_n)
{
    return sodium_base642bin(dst, max, s, n, NULL, ret_n, NULL, sodium_base64_VARIANT_ORIGINAL);
}

void crypto_random(void *p, size_t n)
{
    randombytes_buf(p, n);
}

void crypto_wipe(void *p, size_t n)
{
    sodium_memzero(p, n);
}

void *secret_new(size_t n)
{
    void *p = sodium_malloc(n);
    if (p == NULL)
        die_oom();
    sodium_memzero(p, n);
    return p;
}

void secret_free(void *p)
{
    sodium_free(p);
}
