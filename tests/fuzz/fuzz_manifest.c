/*
 * Manifests. First byte even: the rest is a body, with the signatures that the trust demands. Odd:
 * the rest is a whole container from a stranger.
 */
#include "fuzz_keys.h"
#include "trust.h"

static void from_a_stranger(const uint8_t *p, size_t n)
{
    struct container c;
    struct err err = ERR_INIT;

    if (container_split(CONTAINER_MANIFEST, p, n, &c, &err) < 0)
        return;
    FUZZ_CHECK(c.n_sigs >= 1 && c.n_sigs <= SIGS_MAX);
    FUZZ_CHECK(c.body >= p && c.body + c.body_len < p + n);
    (void)container_count(CONTAINER_MANIFEST, &c, keypair_public(fuzz_key(3)), 1);
}

static void properly_signed(const uint8_t *p, size_t n)
{
    static struct manifest m;
    static struct trust t;
    const struct keypair *const keys[] = {fuzz_key(3)};
    auto_buf struct buf file = BUF_INIT, again = BUF_INIT;
    struct err err = ERR_INIT;

    t.roles[ROLE_RELEASE] = (struct role_keys){.threshold = 1, .n = 1};
    t.roles[ROLE_RELEASE].keys[0] = *keypair_public(fuzz_key(3));
    if (container_pack(CONTAINER_MANIFEST, p, n, keys, 1, &file, &err) < 0) {
        FUZZ_CHECK(err.kind == ERR_LIMIT);
        return;
    }
    if (trust_manifest(&t, file.data, file.len, 1, &m, &err) < 0) {
        FUZZ_CHECK(err.kind == ERR_FORMAT || err.kind == ERR_LIMIT);
        return;
    }
    FUZZ_CHECK(manifest_pack(&m, &again, &err) == 0);
    fuzz_same(&again, p, n);
}

FUZZ_TWO_WAYS(properly_signed, from_a_stranger)
