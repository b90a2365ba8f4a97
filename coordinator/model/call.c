#include "call.h"

#include <string.h>

int64_t call_wait_ms(uint32_t failures)
{
    return MIN_OF((int64_t)CALL_FIRST_MS << MIN_OF(failures, 4U), (int64_t)CALL_WAIT_MAX);
}

void call_begin(struct call *c, int64_t now, int64_t answer_ms)
{
    c->outstanding = true;
    c->asked_ms = now;
    c->retry_ms = answer_ms == INT64_MAX ? INT64_MAX : now + answer_ms;
}

void call_failed(struct call *c, int64_t now)
{
    c->outstanding = false;
    c->retry_ms = now + call_wait_ms(c->failures++);
}

void call_succeeded(struct call *c)
{
    c->outstanding = false;
    c->failures = 0;
    c->retry_ms = 0;
}

bool call_due(const struct call *c, int64_t now)
{
    return now >= c->retry_ms;
}

bool call_is(const struct call *c, const unsigned char nonce[static NONCE_LEN])
{
    return memcmp(c->nonce, nonce, NONCE_LEN) == 0;
}
