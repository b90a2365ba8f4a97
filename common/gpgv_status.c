#include "gpgv_status.h"

#include <inttypes.h>
#include "str.h"

#define PREFIX    "[GNUPG:] "
#define WORDS_MAX 12
#define LINE_LEN  512

/* The content of the status lines since the last NEWSIG. */
struct block {
    bool open;
    bool good, expired_key; /* GOODSIG, EXPKEYSIG */
    size_t n_valid;         /* number of VALIDSIG lines */
    const char *spoiled;    /* why the block can never be good; NULL: no such line */
    bool revoked;
    bool odd; /* a VALIDSIG or KEYEXPIRED line that Caravan does not accept */
    bool has_expiry;
    int64_t expiry_s; /* the earliest KEYEXPIRED */
    int64_t made_s;
    char signer[OPENPGP_FPR], key[OPENPGP_FPR];
};

int gpgv_args(const struct gpgv_call *c, const char *ret[static GPGV_ARGS], struct err *err)
{
    const char *program = c->program != NULL ? c->program : GPGV_PROGRAM;
    const char *paths[] = {program, c->home, c->keyring, c->signature, c->signed_file};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        if (paths[i][0] != '/')
            return err_set(err, ERR_USAGE, 0, "gpgv: %s is not an absolute path", paths[i]);
    const char *args[GPGV_ARGS] = {program,      "--status-fd", "1",
                                   "--log-file", "/dev/null",   "--ignore-time-conflict",
                                   "--homedir",  c->home,       "--keyring",
                                   c->keyring,   c->signature,  c->signed_file};
    memcpy(ret, args, sizeof(args));
    return 0;
}

/* Splits the line at every blank. The words point into line, which is changed. */
static size_t split_status_line(char *line, const char *words[static WORDS_MAX])
{
    size_t n = 0;
    words[n++] = line;
    for (; *line != '\0' && n < WORDS_MAX; line++) {
        if (*line != ' ')
            continue;
        *line = '\0';
        words[n++] = line + 1;
    }
    return n;
}

/* A fingerprint has 40 digits: only keys of version 4 sign releases today. */
static int copy_fingerprint(char dst[static OPENPGP_FPR], const char *s)
{
    unsigned char bytes[20];
    if (str_unhex(s, bytes, sizeof(bytes)) < 0)
        return -1;
    return str_copy(dst, OPENPGP_FPR, s);
}

static bool is_strong_hash(const char *s)
{
    static const char *const good[] = {"8", "9", "10"}; /* SHA-256, -384, -512 */
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        if (str_eq(s, good[i]))
            return true;
    return false;
}

/* The words: VALIDSIG fpr date made expires version - algorithm hash class primary-fpr */
static void take_valid(struct block *b, const char *const *w, size_t n)
{
    b->n_valid++;
    b->odd |= n < 11 || copy_fingerprint(b->signer, w[1]) < 0 || str_to_i64(w[3], &b->made_s) < 0 ||
              b->made_s < 0 || !is_strong_hash(w[8]) || !str_eq(w[9], "00") ||
              copy_fingerprint(b->key, w[10]) < 0;
}

static void take_expiry(struct block *b, const char *const *w, size_t n)
{
    int64_t at = 0;
    if (n < 2 || str_to_i64(w[1], &at) < 0 || at < 0) {
        b->odd = true;
        return;
    }
    b->expiry_s = b->has_expiry ? MIN_OF(b->expiry_s, at) : at;
    b->has_expiry = true;
}

static void take_spoiler(struct block *b, const char *word)
{
    static const struct {
        const char *word, *why;
        bool revoked;
    } spoilers[] = {
        {"REVKEYSIG", "its key was revoked", true},
        {"KEYREVOKED", "its key was revoked", true},
        {"BADSIG", "it does not match the file", false},
        {"NO_PUBKEY", "its key is not in the keyring", false},
        {"ERRSIG", "it could not be checked", false},
        {"EXPSIG", "the signature itself has expired", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(spoilers); i++)
        if (str_eq(word, spoilers[i].word)) {
            b->spoiled = spoilers[i].why;
            b->revoked |= spoilers[i].revoked;
        }
}

/* Says why the block is not good; NULL: it is good. */
static const char *find_block_fault(const struct block *b)
{
    if (b->spoiled != NULL)
        return b->spoiled;
    if (b->n_valid != 1 || b->odd || b->good == b->expired_key)
        return "it is not a plain signature of a file with SHA-256 or better";
    if (b->expired_key && (!b->has_expiry || b->made_s >= b->expiry_s))
        return "it was made after its key had expired";
    return NULL;
}

static void close_block(struct block *b, struct gpgv_verdict *v)
{
    const char *why = b->open ? find_block_fault(b) : NULL;
    if (b->open && why == NULL && !v->good) {
        v->good = true;
        v->made_s = b->made_s;
        str_cut(v->key, sizeof(v->key), b->key);
        str_cut(v->signer, sizeof(v->signer), b->signer);
    } else if (b->open && why != NULL) {
        str_cut(v->why, sizeof(v->why), why);
        v->revoked |= b->revoked;
    }
    memset(b, 0, sizeof(*b));
}

static void take_status_line(char *line, struct block *b, struct gpgv_verdict *v)
{
    const char *w[WORDS_MAX];
    size_t n = split_status_line(line, w);
    if (str_eq(w[0], "NEWSIG")) {
        close_block(b, v);
        b->open = true;
    }
    if (!b->open)
        return;
    b->good |= str_eq(w[0], "GOODSIG");
    b->expired_key |= str_eq(w[0], "EXPKEYSIG");
    if (str_eq(w[0], "VALIDSIG"))
        take_valid(b, w, n);
    else if (str_eq(w[0], "KEYEXPIRED"))
        take_expiry(b, w, n);
    else
        take_spoiler(b, w[0]);
}

void gpgv_judge(const char *status, size_t n, struct gpgv_verdict *ret)
{
    const char *at = status, *end = status + n;
    struct block b;
    char line[LINE_LEN];
    memset(ret, 0, sizeof(*ret));
    memset(&b, 0, sizeof(b));
    str_cut(ret->why, sizeof(ret->why), "there is no signature");
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((stop != NULL ? stop : end) - at), skip = strlen(PREFIX);
        if (len > skip && memcmp(at, PREFIX, skip) == 0) {
            size_t take = MIN_OF(len - skip, sizeof(line) - 1);
            memcpy(line, at + skip, take);
            line[take] = '\0';
            take_status_line(line, &b, ret);
        }
        at += len + (stop != NULL);
    }
    close_block(&b, ret);
    if (ret->good) {
        ret->why[0] = '\0';
        ret->revoked = false;
    }
}

void gpgv_join(struct gpgv_verdict *v, const struct gpgv_verdict *other)
{
    if (v->good ? !other->good && other->revoked : other->good && !v->revoked)
        *v = *other;
}
