#include <string.h>
#include "fuzz_target.h"
#include "knock_answer.h"

/* Bytes from a stranger at a server's RPC port, as they arrive: once the answer is known, more
 * bytes do not change it. */
static void feed(enum knock_question q, const uint8_t *data, size_t size)
{
    enum knock_heard heard = KNOCK_HEARD_MORE;
    size_t n = 0;

    while (n < size && n < KNOCK_ANSWER_MAX) {
        unsigned char *got = malloc(++n); /* exactly as many bytes as have arrived */

        if (got == NULL)
            abort();
        memcpy(got, data, n);
        enum knock_heard now = knock_answer(q, got, n);
        free(got);
        FUZZ_CHECK(heard == KNOCK_HEARD_MORE || now == heard);
        heard = now;
    }
    FUZZ_CHECK(n < KNOCK_ANSWER_MAX || heard != KNOCK_HEARD_MORE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    feed(KNOCK_TLS, data, size);
    feed(KNOCK_YAMUX, data, size);
    return 0;
}
