#include "trust.h"
#include "codec_layout.h"

#define FORMAT_NOW 1 /* of the trust's body */

static const struct field key_item = {
    .name = "key", .type = FIELD_BYTES, .size = sizeof(struct pubkey)};

static const struct field role_fields[] = {
    {FIELD(role_keys, threshold, FIELD_UINT), .max = KEYS_MAX},
    {FIELD(role_keys, keys, FIELD_LIST), .max = KEYS_MAX, .count = offsetof(struct role_keys, n),
     .item = &key_item},
};
static const struct layout role_layout = LAYOUT("role", role_fields);

struct trust_body {
    uint32_t format;
    struct trust t;
};

#define BODY(member, t_)                                                                           \
    .name = #member, .type = (t_), .offset = offsetof(struct trust_body, t.member),                \
    .size = sizeof(((struct trust_body *)0)->t.member)
#define ROLE_ROW(role, text)                                                                       \
    {                                                                                              \
        .name = (text), .type = FIELD_STRUCT,                                                      \
        .offset = offsetof(struct trust_body, t.roles[role]), .size = sizeof(struct role_keys),    \
        .sub = &role_layout                                                                        \
    }

static const struct field body_fields[] = {
    {FIELD(trust_body, format, FIELD_UINT), .min = FORMAT_NOW, .max = FORMAT_NOW},
    {BODY(cluster, FIELD_BYTES)},
    {BODY(version, FIELD_UINT), .min = 1, .max = UINT32_MAX},
    {BODY(solo, FIELD_BOOL)},
    {BODY(name, FIELD_NAME)},
    ROLE_ROW(ROLE_OBSERVER, "observer"),
    ROLE_ROW(ROLE_OPERATOR, "operator"),
    ROLE_ROW(ROLE_RELEASE, "release"),
    ROLE_ROW(ROLE_ROOT, "root"),
};
static const struct layout body_layout = LAYOUT("trust file", body_fields);

static bool has_key(const struct role_keys *r, uint32_t before, const struct pubkey *key)
{
    for (uint32_t i = 0; i < before; i++) {
        if (pubkey_eq(&r->keys[i], key))
            return true;
    }
    return false;
}

static int check_role(const struct role_keys *r, enum role role, struct err *err)
{
    bool signs_orders = role == ROLE_OBSERVER || role == ROLE_OPERATOR;

    if (r->n > KEYS_MAX)
        return err_set(err, ERR_LIMIT, 0, "%s: %u keys, at most %d are allowed", role_name(role),
                       (unsigned)r->n, KEYS_MAX);
    if (r->n > 0 && (r->threshold < 1 || r->threshold > r->n))
        return err_set(err, ERR_FORMAT, 0, "%s: %u of %u keys cannot sign", role_name(role),
                       (unsigned)r->threshold, (unsigned)r->n);
    if (signs_orders && r->threshold > 1)
        return err_set(err, ERR_FORMAT, 0, "%s: an order is signed by one key, not by %u",
                       role_name(role), (unsigned)r->threshold);
    for (uint32_t i = 0; i < r->n; i++) {
        if (pubkey_is_zero(&r->keys[i]) || has_key(r, i, &r->keys[i]))
            return err_set(err, ERR_FORMAT, 0, "%s: a key is named twice, or is zero",
                           role_name(role));
    }
    return 0;
}

static int check_trust(const struct trust *t, struct err *err)
{
    for (enum role r = ROLE_OBSERVER; r < ROLE_COUNT; r++) {
        if (check_role(&t->roles[r], r, err) < 0)
            return -1;
    }
    if (t->roles[ROLE_ROOT].n == 0)
        return err_set(err, ERR_FORMAT, 0, "root: it has no key, so nobody could ever change it");
    return 0;
}

int trust_pack(const struct trust *t, struct buf *ret_body, struct err *err)
{
    struct trust_body body = {.format = FORMAT_NOW, .t = *t};

    if (check_trust(t, err) < 0)
        return err_wrap(err, "pack trust file");
    return layout_pack(&body_layout, &body, TRUST_MAX, ret_body, err);
}

int trust_read(const void *body, size_t n, struct trust *ret, struct err *err)
{
    struct trust_body b;

    memset(&b, 0, sizeof(b));
    if (layout_read(&body_layout, body, n, &b, err) < 0)
        return -1;
    if (check_trust(&b.t, err) < 0)
        return err_wrap(err, "read trust file");
    *ret = b.t;
    return 0;
}

/* As many keys as the role demands, and never none. */
static int demand(enum container_type type, const struct container *c, const struct trust *t,
                  enum role role, struct err *err)
{
    const struct role_keys *r = &t->roles[role];
    size_t needed = MAX_OF(r->threshold, 1u);
    size_t found = container_count(type, c, r->keys, r->n);

    if (found < needed)
        return err_set(err, ERR_CRYPTO, 0,
                       "%zu of the %s keys signed it, trust version %u demands %zu", found,
                       role_name(role), (unsigned)t->version, needed);
    return 0;
}

int trust_from_anchor(const void *p, size_t n, struct trust *ret, struct err *err)
{
    struct container c;
    struct trust t;

    if (container_split(CONTAINER_TRUST, p, n, &c, err) < 0 ||
        trust_read(c.body, c.body_len, &t, err) < 0)
        return -1;
    if (demand(CONTAINER_TRUST, &c, &t, ROLE_ROOT, err) < 0)
        return err_wrap(err, "the anchor is not signed by its own root");
    *ret = t;
    return 0;
}

int trust_adopt(const struct trust *now, const void *p, size_t n, struct trust *ret,
                struct err *err)
{
    struct container c;
    struct trust t;

    if (container_split(CONTAINER_TRUST, p, n, &c, err) < 0)
        return -1;
    if (demand(CONTAINER_TRUST, &c, now, ROLE_ROOT, err) < 0)
        return err_wrap(err, "the trust file is refused");
    if (trust_read(c.body, c.body_len, &t, err) < 0)
        return -1;
    if (memcmp(t.cluster, now->cluster, CLUSTER_ID_LEN) != 0)
        return err_set(err, ERR_CRYPTO, 0, "the trust file is for another cluster, %s", t.name);
    if (t.version <= now->version)
        return err_set(err, ERR_STATE, 0,
                       "the trust file has version %u, version %u is in force already",
                       (unsigned)t.version, (unsigned)now->version);
    *ret = t;
    return 0;
}

bool trust_allows(const struct trust *t, const struct pubkey *key, enum role need)
{
    /* Which roles meet a need, as bits. */
#define BIT(role) (1u << (role))
    static const unsigned meets[] = {
        [ROLE_NONE] = BIT(ROLE_OBSERVER) | BIT(ROLE_OPERATOR) | BIT(ROLE_RELEASE) | BIT(ROLE_ROOT),
        [ROLE_OBSERVER] = BIT(ROLE_OBSERVER) | BIT(ROLE_OPERATOR),
        [ROLE_OPERATOR] = BIT(ROLE_OPERATOR),
        [ROLE_RELEASE] = BIT(ROLE_RELEASE),
        [ROLE_ROOT] = BIT(ROLE_ROOT),
    };
    _Static_assert(ARRAY_LEN(meets) == ROLE_COUNT, "a row for every role");

    if ((size_t)need >= ARRAY_LEN(meets))
        return false;
    for (enum role r = ROLE_OBSERVER; r < ROLE_COUNT; r++) {
        if ((meets[need] & BIT(r)) != 0 && has_key(&t->roles[r], t->roles[r].n, key))
            return true;
    }
    return false;
#undef BIT
}

int trust_manifest(const struct trust *t, const void *p, size_t n, struct manifest *ret,
                   struct err *err)
{
    struct container c;

    if (container_split(CONTAINER_MANIFEST, p, n, &c, err) < 0)
        return -1;
    if (demand(CONTAINER_MANIFEST, &c, t, ROLE_RELEASE, err) < 0)
        return err_wrap(err, "the manifest is refused");
    return manifest_read(c.body, c.body_len, ret, err);
}
