/*
 * Trust files. First byte even: the rest is a body that the root in force has signed, as a
 * successor to adopt. Odd: the rest is a whole anchor from a stranger, which may be a sequence.
 */
#include "fuzz_keys.h"
#include "trust_sequence.h"

static void from_a_stranger(const uint8_t *p, size_t n)
{
    static struct trust t, now;
    struct err err = ERR_INIT, rest = ERR_INIT;
    struct trust_at at;
    uint32_t last;

    if (trust_sequence_begin(p, n, &t, &at, &rest, &err) == 0) {
        FUZZ_CHECK(t.roles[ROLE_ROOT].n >= 1 && t.version >= 1);
        FUZZ_CHECK(at.p >= p && at.len > 0 && at.p + at.len <= p + n);
        /* A host that has begun with a sequence finds nothing more to adopt in it. */
        now = t;
        (void)!trust_sequence_follow(p, n, TRUST_ANY_DAY, &now, &at, &last, &err);
        FUZZ_CHECK(now.version == t.version && at.len == 0);
    }
}

static void properly_signed(const uint8_t *p, size_t n)
{
    const struct keypair *const keys[] = {fuzz_key(5)};
    auto_buf struct buf file = BUF_INIT, again = BUF_INIT;
    struct err err = ERR_INIT;
    static struct trust now, next;

    memset(&now, 0, sizeof(now));
    for (size_t i = 0; i < CLUSTER_ID_LEN; i++)
        now.cluster[i] = (unsigned char)(0xc0 + i);
    now.version = 1;
    now.roles[ROLE_ROOT] = (struct role_keys){.threshold = 1, .n = 1};
    now.roles[ROLE_ROOT].keys[0] = *keypair_public(fuzz_key(5));
    if (container_pack(CONTAINER_TRUST, p, n, keys, 1, &file, &err) < 0) {
        FUZZ_CHECK(err.kind == ERR_LIMIT);
        return;
    }
    if (trust_read(p, n, &next, &err) == 0) {
        FUZZ_CHECK(trust_pack(&next, &again, &err) == 0);
        fuzz_same(&again, p, n);
        FUZZ_CHECK(next.format == 2 || !trust_has_expiry(&next));
    }
    if (trust_next_check(&now, file.data, file.len, &next, &err) == 0)
        FUZZ_CHECK(next.version == now.version + 1);
}

FUZZ_TWO_WAYS(properly_signed, from_a_stranger)
