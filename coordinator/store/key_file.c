#include "key_file.h"

#include "str.h"

#define LOCKED_FIRST "caravan secret key v"
#define OPEN_FIRST   "caravan secret key v1 "

enum role key_purpose(const char *word)
{
    for (enum role r = ROLE_OBSERVER; r < ROLE_COUNT; r++)
        if (str_eq(word, role_name(r)))
            return r;
    return ROLE_NONE;
}

/* ---- words between single blanks ---- */

/* Returns the word before `end` and moves *text behind `end`, which becomes a NUL. NULL: there is
 * no `end`. */
static char *word_until(char **text, char end)
{
    char *word = *text, *at = strchr(word, end);
    if (at == NULL)
        return NULL;
    *at = '\0';
    *text = at + 1;
    return word;
}

static int read_key_name(char **text, char end, char dst[static KEY_NAME_MAX])
{
    const char *word = word_until(text, end);
    if (word == NULL || !trust_name_ok(word))
        return -1;
    return str_copy(dst, KEY_NAME_MAX, word);
}

static int read_purpose(char **text, char end, enum role *ret)
{
    const char *word = word_until(text, end);
    *ret = word != NULL ? key_purpose(word) : ROLE_NONE;
    return *ret == ROLE_NONE ? -1 : 0;
}

static int read_hex(char **text, char end, unsigned char *dst, size_t n)
{
    const char *word = word_until(text, end);
    return word != NULL ? str_unhex(word, dst, n) : -1;
}

static int read_u32(char **text, char end, uint32_t *ret)
{
    const char *word = word_until(text, end);
    uint64_t value = 0;
    if (word == NULL || str_to_u64(word, UINT32_MAX, &value) < 0)
        return -1;
    *ret = (uint32_t)value;
    return 0;
}

static int expect_word(char **text, char end, const char *word)
{
    const char *there = word_until(text, end);
    return there != NULL && str_eq(there, word) ? 0 : -1;
}

/* A copy that may be changed. NULL: the text is too long or contains a NUL. */
static char *copy_of(const char *text, size_t n)
{
    if (n > KEY_FILE_MAX || memchr(text, '\0', n) != NULL)
        return NULL;
    char *copy = xzalloc(n + 1, 1);
    memcpy(copy, text, n);
    return copy;
}

static bool is_same_text(const struct buf *packed, const char *text, size_t n)
{
    return packed->len == n && memcmp(packed->data, text, n) == 0;
}

/* ---- the public part ---- */

void key_public_pack(const struct key_public *k, struct buf *ret)
{
    char hex[65];
    pubkey_hex(hex, &k->key);
    buf_printf(ret, "caravan-key 1 %s %s %s\n", k->name, hex, role_name(k->purpose));
}

int key_public_parse(const char *text, size_t n, struct key_public *ret, struct err *err)
{
    autofree char *copy = copy_of(text, n);
    auto_buf struct buf again = BUF_INIT;
    struct key_public k = {.purpose = ROLE_NONE};
    char *at = copy;
    bool good = copy != NULL && expect_word(&at, ' ', "caravan-key") == 0 &&
                expect_word(&at, ' ', "1") == 0 && read_key_name(&at, ' ', k.name) == 0 &&
                read_hex(&at, ' ', k.key.bytes, KEY_LEN) == 0 &&
                read_purpose(&at, '\n', &k.purpose) == 0;
    if (good)
        key_public_pack(&k, &again);
    if (!good || !is_same_text(&again, text, n))
        return err_set(err, ERR_FORMAT, 0,
                       "this is not the public part of a key, which is one line \"caravan-key 1 "
                       "NAME KEY PURPOSE\"");
    *ret = k;
    return 0;
}

/* ---- encrypted with a passphrase ---- */

static void add_about(const struct key_public *k, struct buf *ret)
{
    char hex[65];
    pubkey_hex(hex, &k->key);
    buf_printf(ret, LOCKED_FIRST "2 %s %s\npublic %s\n", k->name, role_name(k->purpose), hex);
}

void key_file_pack(const struct key_file *f, struct buf *ret)
{
    const struct locked_seed *s = &f->seed;
    char salt[2 * sizeof(s->salt) + 1], nonce[2 * sizeof(s->nonce) + 1],
        box[2 * sizeof(s->box) + 1];
    char hex[65];
    struct digest d;
    size_t before = ret->len;
    str_hex(salt, s->salt, sizeof(s->salt));
    str_hex(nonce, s->nonce, sizeof(s->nonce));
    str_hex(box, s->box, sizeof(s->box));
    add_about(&f->about, ret);
    buf_printf(ret, "argon2id %u %u %s\nxchacha20poly1305 %s %s\n", s->ops, s->mem_kib, salt, nonce,
               box);
    crypto_digest(ret->data + before, ret->len - before, &d);
    digest_hex(hex, &d);
    buf_printf(ret, "check %s\n", hex);
}

bool key_file_is_locked(const char *text, size_t n)
{
    size_t first = strlen(LOCKED_FIRST), open = strlen(OPEN_FIRST);
    return n >= first && memcmp(text, LOCKED_FIRST, first) == 0 &&
           (n < open || memcmp(text, OPEN_FIRST, open) != 0);
}

static int read_lines(char *at, struct key_file *f)
{
    struct locked_seed *s = &f->seed;
    return expect_word(&at, ' ', "caravan") < 0 || expect_word(&at, ' ', "secret") < 0 ||
                   expect_word(&at, ' ', "key") < 0 || expect_word(&at, ' ', "v2") < 0 ||
                   read_key_name(&at, ' ', f->about.name) < 0 ||
                   read_purpose(&at, '\n', &f->about.purpose) < 0 ||
                   expect_word(&at, ' ', "public") < 0 ||
                   read_hex(&at, '\n', f->about.key.bytes, KEY_LEN) < 0 ||
                   expect_word(&at, ' ', "argon2id") < 0 || read_u32(&at, ' ', &s->ops) < 0 ||
                   read_u32(&at, ' ', &s->mem_kib) < 0 ||
                   read_hex(&at, '\n', s->salt, sizeof(s->salt)) < 0 ||
                   expect_word(&at, ' ', "xchacha20poly1305") < 0 ||
                   read_hex(&at, ' ', s->nonce, sizeof(s->nonce)) < 0 ||
                   read_hex(&at, '\n', s->box, sizeof(s->box)) < 0
               ? -1
               : 0;
}

int key_file_parse(const char *text, size_t n, struct key_file *ret, struct err *err)
{
    static const char version[] = LOCKED_FIRST "2 ";
    autofree char *copy = copy_of(text, n);
    auto_buf struct buf again = BUF_INIT;
    struct key_file f;
    memset(&f, 0, sizeof(f));
    if (copy != NULL && key_file_is_locked(text, n) && !str_starts(copy, version))
        return err_set(err, ERR_FORMAT, 0,
                       "this version of Caravan cannot read the key file: a later version wrote "
                       "it, or it is damaged");
    bool good = copy != NULL && read_lines(copy, &f) == 0;
    if (good)
        key_file_pack(&f, &again);
    if (!good || !is_same_text(&again, text, n))
        return err_set(err, ERR_FORMAT, 0,
                       "the key file is damaged, and no passphrase can open it: restore it from a "
                       "copy");
    *ret = f;
    return 0;
}

int key_file_lock(const struct keypair *k, const struct key_public *about, const char *passphrase,
                  struct key_file *ret, struct err *err)
{
    auto_buf struct buf lines = BUF_INIT;
    ret->about = *about;
    ret->about.key = *keypair_public(k);
    add_about(&ret->about, &lines);
    return keypair_lock(k, passphrase, lines.data, lines.len, &ret->seed, err);
}

int key_file_open(const struct key_file *f, const char *passphrase, struct keypair **ret,
                  struct err *err)
{
    auto_buf struct buf lines = BUF_INIT;
    auto_keypair struct keypair *k = NULL;
    add_about(&f->about, &lines);
    if (keypair_unlock(&f->seed, passphrase, lines.data, lines.len, &k, err) < 0)
        return -1;
    if (!pubkey_eq(keypair_public(k), &f->about.key))
        return err_set(err, ERR_FORMAT, 0, "the key file names a public key that is not its own");
    *ret = take_ptr(&k);
    return 0;
}
