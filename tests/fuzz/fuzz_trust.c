/*
 * Trust files. First byte even: the rest is a body, signed by the root in force, offered
 * for adoption. Odd: the rest is a whole anchor from a stranger.
 */
#include "fuzz_keys.h"
#include "trust.h"

static void from_a_stranger(const uint8_t *p, size_t n)
{
    struct err err = ERR_INIT;
    struct trust t;

    if (trust_from_anchor(p, n, &t, &err) == 0)
        FUZZ_CHECK(t.roles[ROLE_ROOT].n >= 1 && t.version >= 1);
}

static void properly_signed(const uint8_t *p, size_t n)
{
    const struct keypair *const keys[] = {fuzz_key(5)};
    auto_buf struct buf file = BUF_INIT, again = BUF_INIT;
    struct err err = ERR_INIT;
    struct trust now, next;

    memset(&now, 0, sizeof(now));
    for (size_t i = 0; i < CLUSTER_ID_LEN; i++)
        now.cluster[i] = (unsigned char)(0xc0 + i);
    now.roles[ROLE_ROOT] = (struct role_keys){.threshold = 1, .n = 1};
    now.roles[ROLE_ROOT].keys[0] = *keypair_public(fuzz_key(5));
    if (container_pack(CONTAINER_TRUST, p, n, keys, 1, &file, &err) < 0) {
        FUZZ_CHECK(err.kind == ERR_LIMIT);
        return;
    }
    if (trust_adopt(&now, file.data, file.len, &next, &err) < 0)
        return;
    FUZZ_CHECK(next.version > now.version);
    FUZZ_CHECK(trust_pack(&next, &again, &err) == 0);
    fuzz_same(&again, p, n);
}

FUZZ_TWO_WAYS(properly_signed, from_a_stranger)
