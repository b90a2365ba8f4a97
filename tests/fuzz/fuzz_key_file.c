#include "cleanup.h"
#include "fuzz_target.h"
#include "key_file.h"
#include "signer.h"
#include "str.h"

static void locked(const char *text, size_t n)
{
    auto_buf struct buf again = BUF_INIT;
    struct key_file f;
    struct err err = ERR_INIT;

    memset(&f, 0, sizeof(f));
    if (key_file_parse(text, n, &f, &err) < 0) {
        FUZZ_CHECK(err.kind == ERR_FORMAT && f.about.name[0] == '\0');
        return;
    }
    FUZZ_CHECK(key_file_is_locked(text, n) && trust_name_ok(f.about.name));
    FUZZ_CHECK(f.about.purpose > ROLE_NONE && f.about.purpose < ROLE_COUNT);
    key_file_pack(&f, &again);
    FUZZ_CHECK(again.len == n && memcmp(again.data, text, n) == 0);
}

/* An attacker can compute the right last line, too. With the right last line the rest is parsed. */
static void locked_with_its_check(const char *text, size_t n)
{
    auto_buf struct buf whole = BUF_INIT;
    struct digest d;
    char hex[65];

    buf_add(&whole, text, n);
    crypto_digest(text, n, &d);
    digest_hex(hex, &d);
    buf_printf(&whole, "check %s\n", hex);
    locked(buf_str(&whole), whole.len);
}

static void public_part(const char *text, size_t n)
{
    auto_buf struct buf again = BUF_INIT;
    struct key_public k;
    struct err err = ERR_INIT;

    if (key_public_parse(text, n, &k, &err) < 0) {
        FUZZ_CHECK(err.kind == ERR_FORMAT);
        return;
    }
    FUZZ_CHECK(trust_name_ok(k.name) && key_purpose(role_name(k.purpose)) == k.purpose);
    key_public_pack(&k, &again);
    FUZZ_CHECK(again.len == n && memcmp(again.data, text, n) == 0);
}

/* The output of the program of [keys] signer. */
static void signature(const char *text, size_t n)
{
    unsigned char sig[SIG_LEN], first = 7;

    sig[0] = first;
    if (signer_answer(text, n, sig) < 0)
        return;
    FUZZ_CHECK(n >= (size_t)2 * SIG_LEN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autofree char *text = fuzz_text(data, size);

    locked(text, size);
    locked_with_its_check(text, size);
    public_part(text, size);
    signature(text, size);
    return 0;
}
