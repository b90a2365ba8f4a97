#include "agent_store.h"
#include "fuzz_target.h"

/* The target computes the right checksum, so that the input reaches the code after that check. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autofree struct agent_state *s = xzalloc(1, sizeof(*s));
    auto_buf struct buf bytes = BUF_INIT, again = BUF_INIT;
    struct digest d;
    struct err err = ERR_INIT;

    if (size > AGENT_STORE_MAX)
        return 0;
    buf_add(&bytes, data, size);
    crypto_digest(bytes.data != NULL ? bytes.data : (const void *)"", bytes.len, &d);
    buf_add(&bytes, d.bytes, DIGEST_LEN);
    if (agent_state_parse(bytes.data, bytes.len, s, &err) < 0) {
        FUZZ_CHECK(err.kind == ERR_FORMAT);
        return 0;
    }
    FUZZ_CHECK(s->notes.n <= NOTES_MAX && s->lease.ttl_ms <= LEASE_MAX_MS);
    agent_state_pack(s, &again);
    FUZZ_CHECK(again.len == bytes.len && memcmp(again.data, bytes.data, bytes.len) == 0);
    return 0;
}
