#include "manifest.h"
#include "codec_layout.h"

static const unsigned char magic[4] = {'C', 'R', 'V', 'C'};

#define CONTAINER_HEADER_LEN 9 /* magic, type, body length */
#define SIGNATURE_LEN        (KEY_LEN + SIG_LEN)
#define FORMAT_NOW           1 /* format of the manifest's body */

/* ---- the container ---- */

static const struct {
    const char *name;
    const char *domain;
    size_t max;
} types[] = {
    [0] = {NULL, NULL, 0},
    [CONTAINER_MANIFEST] = {"manifest", "caravan/manifest/v1", MANIFEST_MAX},
    [CONTAINER_TRUST] = {"trust file", "caravan/trust/v1", TRUST_MAX},
};

const char *container_domain(enum container_type type)
{
    return types[type].domain;
}

int container_join(enum container_type type, const void *body, size_t n,
                   const struct signature *sigs, size_t n_sigs, struct buf *ret, struct err *err)
{
    auto_buf struct buf out = BUF_INIT;

    if (n_sigs > SIGS_MAX)
        return err_set(err, ERR_LIMIT, 0, "a %s has room for %d signatures, not for %zu",
                       types[type].name, SIGS_MAX, n_sigs);
    (void)buf_add(&out, magic, sizeof(magic));
    (void)buf_add_byte(&out, (unsigned char)type);
    (void)buf_add_u32(&out, (uint32_t)n);
    (void)buf_add(&out, body, n);
    (void)buf_add_byte(&out, (unsigned char)n_sigs);
    for (size_t i = 0; i < n_sigs; i++) {
        (void)buf_add(&out, sigs[i].key.bytes, KEY_LEN);
        (void)buf_add(&out, sigs[i].sig, SIG_LEN);
    }
    if (out.len > types[type].max || buf_add(ret, out.data, out.len) < 0)
        return err_set(err, ERR_LIMIT, 0, "a %s of %zu bytes, at most %zu are allowed",
                       types[type].name, out.len, types[type].max);
    return 0;
}

int container_pack(enum container_type type, const void *body, size_t n,
                   const struct keypair *const *keys, size_t n_keys, struct buf *ret,
                   struct err *err)
{
    struct signature sigs[SIGS_MAX];

    if (n_keys < 1 || n_keys > SIGS_MAX)
        return err_set(err, ERR_USAGE, 0, "a %s needs 1 to %d signatures, not %zu",
                       types[type].name, SIGS_MAX, n_keys);
    for (size_t i = 0; i < n_keys; i++) {
        sigs[i].key = *keypair_public(keys[i]);
        if (keypair_sign(keys[i], types[type].domain, body, n, sigs[i].sig, err) < 0)
            return err_wrap(err, "sign a %s", types[type].name);
    }
    return container_join(type, body, n, sigs, n_keys, ret, err);
}

size_t container_length(const void *p, size_t n)
{
    const unsigned char *at = p;

    if (n < CONTAINER_HEADER_LEN + 1 || memcmp(at, magic, sizeof(magic)) != 0)
        return 0;
    size_t body_len = get_u32(at + 5);
    if (body_len > n - CONTAINER_HEADER_LEN - 1)
        return 0;
    size_t len = CONTAINER_HEADER_LEN + body_len + 1 +
                 (size_t)at[CONTAINER_HEADER_LEN + body_len] * SIGNATURE_LEN;
    return len <= n ? len : 0;
}

int container_split_draft(enum container_type type, const void *p, size_t n, struct container *ret,
                          struct err *err)
{
    const unsigned char *at = p;
    const char *name = types[type].name;
    struct container c = {.n_sigs = 0};

    if (n > types[type].max)
        return err_set(err, ERR_LIMIT, 0, "a %s of %zu bytes, at most %zu are allowed", name, n,
                       types[type].max);
    if (n < CONTAINER_HEADER_LEN + 1 || memcmp(at, magic, sizeof(magic)) != 0 || at[4] != type)
        return err_set(err, ERR_FORMAT, 0, "these bytes are not a %s", name);
    c.body_len = get_u32(at + 5);
    if (c.body_len > n - CONTAINER_HEADER_LEN - 1)
        return err_set(err, ERR_FORMAT, 0, "a %s cut short: its body has %zu bytes", name,
                       c.body_len);
    c.body = at + CONTAINER_HEADER_LEN;
    at = c.body + c.body_len;
    c.n_sigs = *at++;
    if (c.n_sigs > SIGS_MAX)
        return err_set(err, ERR_LIMIT, 0, "a %s with %u signatures, 1 to %d are allowed", name,
                       (unsigned)c.n_sigs, SIGS_MAX);
    if (n != CONTAINER_HEADER_LEN + c.body_len + 1 + c.n_sigs * SIGNATURE_LEN)
        return err_set(err, ERR_FORMAT, 0, "a %s of %zu bytes does not end with its signatures",
                       name, n);
    for (uint32_t i = 0; i < c.n_sigs; i++, at += SIGNATURE_LEN) {
        memcpy(c.sigs[i].key.bytes, at, KEY_LEN);
        memcpy(c.sigs[i].sig, at + KEY_LEN, SIG_LEN);
    }
    *ret = c;
    return 0;
}

int container_split(enum container_type type, const void *p, size_t n, struct container *ret,
                    struct err *err)
{
    struct container c;

    if (container_split_draft(type, p, n, &c, err) < 0)
        return -1;
    if (c.n_sigs < 1)
        return err_set(err, ERR_FORMAT, 0, "a %s with 0 signatures, 1 to %d are allowed",
                       types[type].name, SIGS_MAX);
    *ret = c;
    return 0;
}

static bool is_signed_by(enum container_type type, const struct container *c,
                         const struct pubkey *key)
{
    for (uint32_t i = 0; i < c->n_sigs; i++) {
        if (pubkey_eq(&c->sigs[i].key, key) &&
            crypto_verify_bytes(key, types[type].domain, c->body, c->body_len, c->sigs[i].sig))
            return true;
    }
    return false;
}

size_t container_count(enum container_type type, const struct container *c,
                       const struct pubkey *keys, size_t n_keys)
{
    size_t count = 0;

    for (size_t i = 0; i < n_keys; i++) {
        bool seen = false;
        for (size_t j = 0; j < i; j++)
            seen = seen || pubkey_eq(&keys[i], &keys[j]);
        if (!seen && is_signed_by(type, c, &keys[i]))
            count++;
    }
    return count;
}

/* ---- the manifest's body ---- */

static const struct field build_fields[] = {
    {FIELD(build, os, FIELD_NAME)},
    {FIELD(build, arch, FIELD_NAME)},
    {FIELD(build, packing, FIELD_ENUM), .min = PACKING_BARE, .max = PACKING_ZIP},
    {FIELD(build, fetch_size, FIELD_UINT), .min = 1, .max = UINT64_MAX},
    {FIELD(build, fetch_digest, FIELD_BYTES)},
    {FIELD(build, size, FIELD_UINT), .min = 1, .max = UINT64_MAX},
    {FIELD(build, digest, FIELD_BYTES)},
};
static const struct layout build_layout = LAYOUT("build", build_fields);
static const struct field build_item = {
    .name = "build", .type = FIELD_STRUCT, .size = sizeof(struct build), .sub = &build_layout};

/* The body begins with its format, so that an older Caravan recognises a later format. */
struct manifest_body {
    uint32_t format;
    struct manifest m;
};

#define BODY(member, t)                                                                            \
    .name = #member, .type = (t), .offset = offsetof(struct manifest_body, m.member),              \
    .size = sizeof(((struct manifest_body *)0)->m.member)

static const struct field body_fields[] = {
    {FIELD(manifest_body, format, FIELD_UINT), .min = FORMAT_NOW, .max = FORMAT_NOW},
    {BODY(version, FIELD_NAME)},
    {BODY(created_s, FIELD_INT)},
    {BODY(builds, FIELD_LIST), .max = BUILDS_MAX,
     .count = offsetof(struct manifest_body, m.n_builds), .item = &build_item},
    {BODY(sums, FIELD_BLOB), .max = SUMS_MAX, .count = offsetof(struct manifest_body, m.sums_len)},
    {BODY(sums_sig, FIELD_BLOB), .max = SUMS_SIG_MAX,
     .count = offsetof(struct manifest_body, m.sums_sig_len)},
};
static const struct layout body_layout = LAYOUT("manifest", body_fields);

/* Is the word safe to use in paths and in texts for people? `more`: other characters allowed. */
static bool is_manifest_word(const char *s, const char *more)
{
    if (*s == '\0' || *s == '.' || *s == '-')
        return false;
    for (; *s != '\0'; s++) {
        bool plain =
            (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9');
        if (!plain && strchr(more, *s) == NULL)
            return false;
    }
    return true;
}

static int check_manifest_build(const struct manifest *m, uint32_t i, struct err *err)
{
    const struct build *b = &m->builds[i];

    if (!is_manifest_word(b->os, "") || !is_manifest_word(b->arch, "_"))
        return err_set(err, ERR_FORMAT, 0,
                       "build %u: its system or architecture is not a plain word", (unsigned)i);
    if (b->packing == PACKING_BARE &&
        (b->size != b->fetch_size || !digest_eq(&b->digest, &b->fetch_digest)))
        return err_set(err, ERR_FORMAT, 0,
                       "build %s/%s: for a bare binary both sizes and both digests must be equal",
                       b->os, b->arch);
    for (uint32_t j = 0; j < i; j++) {
        if (strcmp(b->os, m->builds[j].os) == 0 && strcmp(b->arch, m->builds[j].arch) == 0)
            return err_set(err, ERR_FORMAT, 0, "build %s/%s is named twice", b->os, b->arch);
    }
    return 0;
}

static int check_manifest(const struct manifest *m, struct err *err)
{
    if (!is_manifest_word(m->version, ".-+"))
        return err_set(err, ERR_FORMAT, 0, "its version is no version");
    if (m->n_builds == 0)
        return err_set(err, ERR_FORMAT, 0, "it names no build");
    for (uint32_t i = 0; i < m->n_builds; i++) {
        if (check_manifest_build(m, i, err) < 0)
            return -1;
    }
    return 0;
}

int manifest_pack(const struct manifest *m, struct buf *ret_body, struct err *err)
{
    struct manifest_body body = {.format = FORMAT_NOW, .m = *m};
    auto_buf struct buf bytes = BUF_INIT;

    /* Pack first: packing checks lengths and the ends of texts, and check_manifest relies on that.
     */
    if (layout_pack(&body_layout, &body, MANIFEST_MAX, &bytes, err) < 0)
        return -1;
    if (check_manifest(m, err) < 0)
        return err_wrap(err, "pack manifest");
    if (buf_add(ret_body, bytes.data, bytes.len) < 0)
        return err_set(err, ERR_LIMIT, 0, "pack manifest: the buffer has no room for %zu bytes",
                       bytes.len);
    return 0;
}

int manifest_read(const void *body, size_t n, struct manifest *ret, struct err *err)
{
    struct manifest_body b;

    memset(&b, 0, sizeof(b));
    if (layout_read(&body_layout, body, n, &b, err) < 0)
        return -1;
    if (check_manifest(&b.m, err) < 0)
        return err_wrap(err, "read manifest");
    *ret = b.m;
    return 0;
}

const struct build *manifest_build(const struct manifest *m, const char *os, const char *arch)
{
    for (uint32_t i = 0; i < m->n_builds; i++) {
        if (strcmp(m->builds[i].os, os) == 0 && strcmp(m->builds[i].arch, arch) == 0)
            return &m->builds[i];
    }
    return NULL;
}
