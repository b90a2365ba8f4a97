#include <string.h>
#include "fuzz_target.h"
#include "gpgv_status.h"

/* A good verdict names a key, and only certain words can make it good. Another verdict says why. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    struct gpgv_verdict v;

    gpgv_judge(text, size, &v);
    FUZZ_CHECK(v.good == (v.why[0] == '\0'));
    FUZZ_CHECK(strlen(v.key) == (v.good ? OPENPGP_FPR - 1 : 0) &&
               strlen(v.signer) == strlen(v.key));
    if (v.good) {
        FUZZ_CHECK(memmem(text, size, "[GNUPG:] NEWSIG", 15) != NULL);
        FUZZ_CHECK(memmem(text, size, "[GNUPG:] VALIDSIG ", 18) != NULL);
        FUZZ_CHECK(memmem(text, size, "[GNUPG:] GOODSIG", 16) != NULL ||
                   memmem(text, size, "[GNUPG:] KEYEXPIRED ", 20) != NULL);
    }
    free(text);
    return 0;
}
