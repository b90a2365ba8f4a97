#include <string.h>
#include "fuzz_target.h"
#include "peer_answer.h"

/* Bytes from a stranger at a server's RPC port, as they arrive: once the answer is known, more
 * bytes do not change it. */
static void feed(enum peer_question q, const uint8_t *data, size_t size)
{
    enum peer_answer heard = PEER_ANSWER_MORE;
    size_t n = 0;

    while (n < size && n < PEER_ANSWER_MAX) {
        unsigned char *got = malloc(++n); /* exactly as many bytes as have arrived */

        if (got == NULL)
            abort();
        memcpy(got, data, n);
        enum peer_answer now = peer_answer_judge(q, got, n);
        free(got);
        FUZZ_CHECK(heard == PEER_ANSWER_MORE || now == heard);
        heard = now;
    }
    FUZZ_CHECK(n < PEER_ANSWER_MAX || heard != PEER_ANSWER_MORE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    feed(PEER_QUESTION_TLS, data, size);
    feed(PEER_QUESTION_YAMUX, data, size);
    return 0;
}
