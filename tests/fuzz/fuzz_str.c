#include "crypto.h"
#include "fuzz_target.h"
#include "str.h"
#include "url_hide.h"
#include "version.h"

static void numbers(const char *s)
{
    uint64_t u;
    int64_t i;
    char back[32];
    if (str_to_u64(s, UINT64_MAX, &u) == 0) {
        snprintf(back, sizeof(back), "%llu", (unsigned long long)u);
        FUZZ_CHECK(str_eq(back, s + MIN_OF(strspn(s, "0"), strlen(s) - 1)));
    }
    if (str_to_u64(s, 1000, &u) == 0)
        FUZZ_CHECK(u <= 1000);
    if (str_to_i64(s, &i) == 0)
        FUZZ_CHECK((s[0] == '-') == (i < 0) || i == 0);
    if (str_duration_ms(s, &i) == 0)
        FUZZ_CHECK(i >= 0);
    (void)!str_go_duration(s, &i);
    (void)!str_size(s, &u);
}

static void hexadecimal(const char *s, size_t n)
{
    unsigned char bytes[64];
    char back[129];
    size_t half = n / 2 < sizeof(bytes) ? n / 2 : sizeof(bytes);
    if (str_unhex(s, bytes, half) < 0)
        return;
    str_hex(back, bytes, half);
    FUZZ_CHECK(strcasecmp(back, s) == 0);
}

/* An accepted text is written again as it was. */
static void keys(const char *s, size_t n)
{
    struct digest d;
    struct pubkey k;
    unsigned char bytes[64];
    char back[65];
    size_t len = 0;
    if (digest_from_hex(s, &d) == 0) {
        digest_hex(back, &d);
        FUZZ_CHECK(strcasecmp(back, s) == 0 && pubkey_from_hex(s, &k) == 0);
    }
    if (base64_decode(s, n, bytes, sizeof(bytes), &len) == 0)
        FUZZ_CHECK(len <= sizeof(bytes) && len <= n);
}

/* The escaped text contains nothing that moves a cursor or ends a line. Escaping it again does not
 * change it. */
static void escapes(const uint8_t *data, size_t size)
{
    auto_buf struct buf once = BUF_INIT;
    auto_buf struct buf twice = BUF_INIT;
    str_escape(&once, (const char *)data, size);
    for (size_t i = 0; i < once.len; i++)
        FUZZ_CHECK(once.data[i] >= 0x20 && once.data[i] != 0x7f);
    str_escape(&twice, buf_str(&once), once.len);
    FUZZ_CHECK(str_eq(buf_str(&once), buf_str(&twice)));
}

/* The text contains no user of a URL any more. Hiding again does not change the text. */
static void urls(const char *s)
{
    autofree char *once = xstrdup(s), *twice = NULL;
    const char *at, *url;
    url_hide(once);
    twice = xstrdup(once);
    url_hide(twice);
    FUZZ_CHECK(str_eq(once, twice) && strlen(once) <= strlen(s));
    for (url = once; (url = strstr(url, "://")) != NULL;) {
        url += strlen("://");
        at = url + strcspn(url, "/?# \t\r\n\"'<>@");
        FUZZ_CHECK(*at != '@' || strspn(url, "*") == (size_t)(at - url));
    }
}

static void versions(const char *s)
{
    struct version v, back;
    struct err err = ERR_INIT;
    char text[VERSION_TEXT], path[64];
    (void)!version_parse_output(s, &v, &err);
    if (version_find(s, &v))
        FUZZ_CHECK(strchr(s, '.') != NULL && v.major <= 0xffff && v.minor <= 0xffff);
    if (version_parse(s, &v, &err) < 0)
        return;
    version_text(text, &v);
    FUZZ_CHECK(str_eq(text, s + (s[0] == 'v')));
    FUZZ_CHECK(version_parse(text, &back, &err) == 0 && version_same(&v, &back));
    version_parse("1.9.7", &back, &err) < 0 ? abort() : (void)0;
    FUZZ_CHECK((version_cmp(&v, &back) > 0) == (version_cmp(&back, &v) < 0));
    FUZZ_CHECK(version_minor_distance(&v, &back) == -version_minor_distance(&back, &v));
    version_path(path, sizeof(path), &back, &v);
}

static void names(const char *s, size_t n)
{
    auto_buf struct buf wrapped = BUF_INIT;
    const char *half = s + n / 2;
    FUZZ_CHECK(str_distance(s, half) == str_distance(half, s));
    FUZZ_CHECK(str_distance(s, s) == 0);
    str_wrap(&wrapped, s, "# ", 20);
    FUZZ_CHECK(wrapped.len == 0 || str_ends(buf_str(&wrapped), "\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autofree char *text = xzalloc(size + 1, 1);
    if (size > 0)
        memcpy(text, data, size);
    numbers(text);
    hexadecimal(text, strlen(text));
    keys(text, strlen(text));
    escapes(data, size);
    versions(text);
    urls(text);
    names(text, strlen(text));
    return 0;
}
