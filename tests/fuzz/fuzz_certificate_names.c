#include <sodium.h>
#include "buf.h"
#include "certificate_names.h"
#include "fuzz_target.h"

static void read_times(const char *pem, size_t n)
{
    struct certificate_time t = {.begins = 7, .ends = 7};
    size_t at = 0, was = 0;
    int rc;

    while ((rc = certificate_next(pem, n, &at, &t)) == 0) {
        FUZZ_CHECK(at > was && at <= n);
        was = at;
    }
    FUZZ_CHECK(at <= n && (was > 0 || (t.begins == 7 && t.ends == 7)));
}

static void read_it(const char *pem, size_t n)
{
    struct certificate_names names = {.n = 7};

    read_times(pem, n);
    if (certificate_names(pem, n, &names) < 0) {
        FUZZ_CHECK(names.n == 7);
        return;
    }
    FUZZ_CHECK(names.n <= CERTIFICATE_NAMES);
    for (uint32_t i = 0; i < names.n; i++)
        FUZZ_CHECK(memchr(names.name[i], 0, sizeof(names.name[i])) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t room = sodium_base64_ENCODED_LEN(size, sodium_base64_VARIANT_ORIGINAL);
    autofree char *letters = xzalloc(room, 1);
    auto_buf struct buf pem = BUF_INIT;

    (void)buf_add(&pem, data, size);
    read_it(buf_str(&pem), pem.len);
    /* The same bytes as base64 in a PEM block. */
    sodium_bin2base64(letters, room, data, size, sodium_base64_VARIANT_ORIGINAL);
    buf_clear(&pem);
    (void)buf_printf(&pem, "-----BEGIN CERTIFICATE-----\n%s\n-----END", letters);
    read_it(buf_str(&pem), pem.len);
    return 0;
}
