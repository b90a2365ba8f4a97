#include "trust.h"
#include "codec_layout.h"
#include "str.h"

/* ---- the body, in both formats ---- */

static const struct field key_item = {
    .name = "key", .type = FIELD_BYTES, .size = sizeof(struct pubkey)};

static const struct field role_fields[] = {
    {FIELD(role_keys, threshold, FIELD_UINT), .max = KEYS_MAX},
    {FIELD(role_keys, keys, FIELD_LIST), .max = KEYS_MAX, .count = offsetof(struct role_keys, n),
     .item = &key_item},
};
static const struct layout role_layout = LAYOUT("role", role_fields);

struct trust_body {
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
    {BODY(format, FIELD_UINT), .min = 1, .max = TRUST_FORMAT_MAX},
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

/* Format 2: the name and the expiry of a key follow the key. */
struct named_key {
    struct pubkey key;
    struct key_about about;
};
struct named_role {
    uint32_t threshold;
    uint32_t n;
    struct named_key keys[KEYS_MAX];
};
struct named_body {
    struct trust t; /* without its roles */
    struct named_role roles[ROLE_COUNT];
};

static const struct field named_key_fields[] = {
    {FIELD(named_key, key, FIELD_BYTES)},
    {FIELD_AS("name", named_key, about.name, FIELD_NAME)},
    {FIELD_AS("expires_s", named_key, about.expires_s, FIELD_INT)},
};
static const struct layout named_key_layout = LAYOUT("named key", named_key_fields);
static const struct field named_key_item = {.name = "named key",
                                            .type = FIELD_STRUCT,
                                            .size = sizeof(struct named_key),
                                            .sub = &named_key_layout};
static const struct field named_role_fields[] = {
    {FIELD(named_role, threshold, FIELD_UINT), .max = KEYS_MAX},
    {FIELD(named_role, keys, FIELD_LIST), .max = KEYS_MAX, .count = offsetof(struct named_role, n),
     .item = &named_key_item},
};
static const struct layout named_role_layout = LAYOUT("named role", named_role_fields);

#define NAMED(member, t_) FIELD_AS(#member, named_body, t.member, t_)
#define NAMED_ROLE(role, text)                                                                     \
    {                                                                                              \
        .name = (text), .type = FIELD_STRUCT, .offset = offsetof(struct named_body, roles[role]),  \
        .size = sizeof(struct named_role), .sub = &named_role_layout                               \
    }

static const struct field named_fields[] = {
    {NAMED(format, FIELD_UINT), .min = 2, .max = TRUST_FORMAT_MAX},
    {NAMED(cluster, FIELD_BYTES)},
    {NAMED(version, FIELD_UINT), .min = 1, .max = UINT32_MAX},
    {NAMED(solo, FIELD_BOOL)},
    {NAMED(name, FIELD_NAME)},
    {NAMED(created_s, FIELD_INT)},
    NAMED_ROLE(ROLE_OBSERVER, "observer"),
    NAMED_ROLE(ROLE_OPERATOR, "operator"),
    NAMED_ROLE(ROLE_RELEASE, "release"),
    NAMED_ROLE(ROLE_ROOT, "root"),
};
static const struct layout named_layout = LAYOUT("trust file", named_fields);

static void roles_to_named(const struct trust *t, struct named_body *ret)
{
    for (enum role r = ROLE_OBSERVER; r < ROLE_COUNT; r++) {
        ret->roles[r].threshold = t->roles[r].threshold;
        ret->roles[r].n = t->roles[r].n;
        for (uint32_t i = 0; i < t->roles[r].n; i++)
            ret->roles[r].keys[i] = (struct named_key){t->roles[r].keys[i], t->roles[r].about[i]};
    }
}

static void roles_from_named(const struct named_body *b, struct trust *ret)
{
    for (enum role r = ROLE_OBSERVER; r < ROLE_COUNT; r++) {
        ret->roles[r].threshold = b->roles[r].threshold;
        ret->roles[r].n = b->roles[r].n;
        for (uint32_t i = 0; i < b->roles[r].n; i++) {
            ret->roles[r].keys[i] = b->roles[r].keys[i].key;
            ret->roles[r].about[i] = b->roles[r].keys[i].about;
        }
    }
}

/* ---- the rules for a trust file ---- */

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

bool trust_name_ok(const char *name)
{
    size_t n = strnlen(name, KEY_NAME_MAX);

    if (n < 1 || n >= KEY_NAME_MAX || strchr("._-", name[0]) != NULL)
        return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == n;
}

static int check_about(const struct trust *t, enum role role, uint32_t i, struct err *err)
{
    const struct key_about *about = &t->roles[role].about[i];
    enum role r;
    uint32_t k;

    if (!trust_name_ok(about->name))
        return err_set(err, ERR_FORMAT, 0,
                       "%s: the name of key %u must be 1 to %d of a-z, 0-9, and after the first "
                       ". _ -",
                       role_name(role), (unsigned)i + 1, KEY_NAME_MAX - 1);
    if (trust_find_name(t, about->name, &r, &k) && (r != role || k != i))
        return err_set(err, ERR_FORMAT, 0, "two keys are called %s", about->name);
    if (trust_find_key(t, &t->roles[role].keys[i], &r, &k) && (r != role || k != i))
        return err_set(err, ERR_FORMAT, 0, "key %s has two purposes, %s and %s", about->name,
                       role_name(r), role_name(role));
    if (about->expires_s < 0 || (role == ROLE_ROOT && about->expires_s != 0))
        return err_set(err, ERR_FORMAT, 0, "key %s: %s", about->name,
                       role == ROLE_ROOT ? "root keys do not expire" : "its expiry is no time");
    return 0;
}

static int check_named(const struct trust *t, struct err *err)
{
    if (t->created_s <= 0 || t->created_s > INT64_MAX / 1000)
        return err_set(err, ERR_FORMAT, 0, "it does not say when it was made");
    if (t->roles[ROLE_ROOT].threshold > ROOT_SIGNERS_MAX)
        return err_set(err, ERR_LIMIT, 0,
                       "root: %u keys must sign, at most %d may: old and new roots sign one file",
                       (unsigned)t->roles[ROLE_ROOT].threshold, ROOT_SIGNERS_MAX);
    if (t->roles[ROLE_RELEASE].threshold > SIGS_MAX)
        return err_set(err, ERR_LIMIT, 0,
                       "release: %u keys must sign, a manifest has room for %d signatures",
                       (unsigned)t->roles[ROLE_RELEASE].threshold, SIGS_MAX);
    for (enum role r = ROLE_OBSERVER; r < ROLE_COUNT; r++) {
        for (uint32_t i = 0; i < t->roles[r].n; i++) {
            if (check_about(t, r, i, err) < 0)
                return -1;
        }
    }
    return 0;
}

static int check_unnamed(const struct trust *t, struct err *err)
{
    return trust_format_needed(t) == 1
               ? 0
               : err_set(err, ERR_FORMAT, 0,
                         "format 1 has no room for the names and expiries of keys");
}

static int check_trust(const struct trust *t, struct err *err)
{
    for (enum role r = ROLE_OBSERVER; r < ROLE_COUNT; r++) {
        if (check_role(&t->roles[r], r, err) < 0)
            return -1;
    }
    if (t->roles[ROLE_ROOT].n == 0)
        return err_set(err, ERR_FORMAT, 0, "root: it has no key, so nobody could ever change it");
    return t->format == 2 ? check_named(t, err) : check_unnamed(t, err);
}

int trust_pack(const struct trust *t, struct buf *ret_body, struct err *err)
{
    if (check_trust(t, err) < 0)
        return err_wrap(err, "pack trust file");
    if (t->format != 2) {
        struct trust_body body = {.t = *t};
        body.t.format = 1;
        return layout_pack(&body_layout, &body, TRUST_MAX, ret_body, err);
    }
    struct named_body body = {.t = *t};
    roles_to_named(t, &body);
    return layout_pack(&named_layout, &body, TRUST_MAX, ret_body, err);
}

static int read_unnamed(const void *body, size_t n, struct trust *ret, struct err *err)
{
    struct trust_body b;

    memset(&b, 0, sizeof(b));
    if (layout_read(&body_layout, body, n, &b, err) < 0)
        return -1;
    *ret = b.t;
    return 0;
}

static int read_named(const void *body, size_t n, struct trust *ret, struct err *err)
{
    struct named_body b;

    memset(&b, 0, sizeof(b));
    if (layout_read(&named_layout, body, n, &b, err) < 0)
        return -1;
    *ret = b.t;
    roles_from_named(&b, ret);
    return 0;
}

int trust_read(const void *body, size_t n, struct trust *ret, struct err *err)
{
    const unsigned char *p = body;
    struct trust t;

    /* The head of the array is one byte; the next byte is the format. */
    if ((n >= 2 && p[1] == 2 ? read_named(body, n, &t, err) : read_unnamed(body, n, &t, err)) < 0)
        return -1;
    if (check_trust(&t, err) < 0)
        return err_wrap(err, "read trust file");
    *ret = t;
    return 0;
}

/* ---- names ---- */

static void name_of_role(enum role role, uint32_t i, char dst[static KEY_NAME_MAX])
{
    if (i == 0)
        str_cut(dst, KEY_NAME_MAX, role_name(role));
    else
        snprintf(dst, KEY_NAME_MAX, "%.16s-%u", role_name(role), (unsigned)i + 1);
}

void trust_key_name(const struct trust *t, enum role role, uint32_t i,
                    char dst[static KEY_NAME_MAX])
{
    const char *name = t->roles[role].about[i].name;

    if (name[0] != '\0')
        str_cut(dst, KEY_NAME_MAX, name);
    else
        name_of_role(role, i, dst);
}

bool trust_find_name(const struct trust *t, const char *name, enum role *ret_role, uint32_t *ret_i)
{
    char have[KEY_NAME_MAX];

    for (enum role r = ROLE_OBSERVER; r < ROLE_COUNT; r++) {
        for (uint32_t i = 0; i < t->roles[r].n; i++) {
            trust_key_name(t, r, i, have);
            if (!str_eq(have, name))
                continue;
            *ret_role = r;
            *ret_i = i;
            return true;
        }
    }
    return false;
}

bool trust_find_key(const struct trust *t, const struct pubkey *key, enum role *ret_role,
                    uint32_t *ret_i)
{
    for (enum role r = ROLE_OBSERVER; r < ROLE_COUNT; r++) {
        for (uint32_t i = 0; i < t->roles[r].n; i++) {
            if (!pubkey_eq(&t->roles[r].keys[i], key))
                continue;
            *ret_role = r;
            *ret_i = i;
            return true;
        }
    }
    return false;
}

bool trust_name_in(const struct trust *t, enum role role, const struct pubkey *key,
                   char dst[static KEY_NAME_MAX])
{
    dst[0] = '\0';
    for (uint32_t i = 0; i < t->roles[role].n && dst[0] == '\0'; i++) {
        if (pubkey_eq(&t->roles[role].keys[i], key))
            trust_key_name(t, role, i, dst);
    }
    return dst[0] != '\0';
}

uint32_t trust_format_needed(const struct trust *t)
{
    char plain[KEY_NAME_MAX];

    for (enum role r = ROLE_OBSERVER; r < ROLE_COUNT; r++) {
        for (uint32_t i = 0; i < t->roles[r].n; i++) {
            const struct key_about *about = &t->roles[r].about[i];
            name_of_role(r, i, plain);
            if (about->expires_s != 0 || (about->name[0] != '\0' && !str_eq(about->name, plain)))
                return 2;
        }
    }
    return 1;
}

/* ---- time ---- */

enum key_time trust_key_time(const struct trust *t, enum role role, uint32_t i, int64_t wall_s)
{
    int64_t expires_s = t->roles[role].about[i].expires_s;

    if (expires_s == 0)
        return KEY_IN_TIME;
    if (wall_s >= expires_s)
        return KEY_EXPIRED;
    return wall_s < t->created_s - TRUST_CLOCK_SLACK_S ? KEY_TIME_UNKNOWN : KEY_IN_TIME;
}

bool trust_is_ahead(const struct trust *t, int64_t wall_s)
{
    return trust_has_expiry(t) && wall_s < t->created_s - TRUST_CLOCK_SLACK_S;
}

bool trust_has_expiry(const struct trust *t)
{
    for (enum role r = ROLE_OBSERVER; r < ROLE_COUNT; r++) {
        for (uint32_t i = 0; i < t->roles[r].n; i++) {
            if (t->roles[r].about[i].expires_s != 0)
                return true;
        }
    }
    return false;
}

/* ---- signatures ---- */

/* Adds the names of the keys that have not expired and did not sign. */
static void add_missing(struct err *err, const struct trust *t, enum role role,
                        enum container_type type, const struct container *c, int64_t wall_s)
{
    char list[200] = "", name[KEY_NAME_MAX];
    size_t at = 0;

    for (uint32_t i = 0; i < t->roles[role].n && at < sizeof(list) - KEY_NAME_MAX - 2; i++) {
        if (trust_key_time(t, role, i, wall_s) != KEY_IN_TIME ||
            container_count(type, c, &t->roles[role].keys[i], 1) > 0)
            continue;
        trust_key_name(t, role, i, name);
        at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s", at > 0 ? ", " : "", name);
    }
    size_t used = strlen(err->text);
    if (at > 0)
        snprintf(err->text + used, sizeof(err->text) - used, "; no signature of: %s", list);
}

/* How many keys of the role have not expired and signed the container. */
static size_t signed_in_time(const struct trust *t, enum role role, enum container_type type,
                             const struct container *c, int64_t wall_s)
{
    const struct role_keys *r = &t->roles[role];
    struct pubkey keys[KEYS_MAX];
    size_t n = 0;

    for (uint32_t i = 0; i < r->n; i++) {
        if (trust_key_time(t, role, i, wall_s) == KEY_IN_TIME)
            keys[n++] = r->keys[i];
    }
    return container_count(type, c, keys, n);
}

/* At least one key must have signed, even when the threshold is 0. */
int trust_demand(const struct trust *t, enum role role, enum container_type type,
                 const struct container *c, int64_t wall_s, struct err *err)
{
    size_t needed = MAX_OF(t->roles[role].threshold, 1u);
    size_t found = signed_in_time(t, role, type, c, wall_s);

    if (found >= needed)
        return 0;
    (void)err_set(err, ERR_CRYPTO, 0, "%zu of the %s keys signed it, trust version %u demands %zu",
                  found, role_name(role), (unsigned)t->version, needed);
    add_missing(err, t, role, type, c, wall_s);
    return -1;
}

/* Root keys do not expire, so any time is right here. */
static int demand_root(const struct trust *t, const struct container *c, struct err *err)
{
    return trust_demand(t, ROLE_ROOT, CONTAINER_TRUST, c, INT64_MAX, err);
}

int trust_from_anchor(const void *p, size_t n, struct trust *ret, struct err *err)
{
    struct container c;
    struct trust t;

    if (container_split(CONTAINER_TRUST, p, n, &c, err) < 0 ||
        trust_read(c.body, c.body_len, &t, err) < 0)
        return -1;
    if (demand_root(&t, &c, err) < 0)
        return err_wrap(err, "the anchor is not signed by its own root");
    *ret = t;
    return 0;
}

static int check_follows(const struct trust *now, const struct trust *next, struct err *err)
{
    if (memcmp(next->cluster, now->cluster, CLUSTER_ID_LEN) != 0)
        return err_set(err, ERR_CRYPTO, 0, "the trust file is for another cluster, %s", next->name);
    if (next->version <= now->version)
        return err_set(err, ERR_STATE, 0,
                       "the trust file has version %u, version %u is in force already",
                       (unsigned)next->version, (unsigned)now->version);
    if (next->version - now->version > 1)
        return err_set(err, ERR_STATE, 0,
                       "the trust file has version %u, version %u is in force, and version %u is "
                       "left out: each version is adopted by the one before it",
                       (unsigned)next->version, (unsigned)now->version, (unsigned)now->version + 1);
    return 0;
}

int trust_next_check(const struct trust *now, const void *p, size_t n, struct trust *ret,
                     struct err *err)
{
    struct container c;
    struct trust t;

    if (container_split(CONTAINER_TRUST, p, n, &c, err) < 0)
        return -1;
    if (demand_root(now, &c, err) < 0)
        return err_wrap(err, "the trust file is refused");
    if (trust_read(c.body, c.body_len, &t, err) < 0 || check_follows(now, &t, err) < 0)
        return -1;
    if (demand_root(&t, &c, err) < 0)
        return err_wrap(err, "the trust file is refused: its own roots do not show their keys");
    *ret = t;
    return 0;
}

bool trust_allows(const struct trust *t, const struct pubkey *key, enum role need, int64_t wall_s)
{
    /* The roles that meet each need, as bits. */
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
    /* Hello and status change nothing. They are allowed at an unknown time, so that people can see
     * a host with a wrong clock. */
    bool only_asks = need == ROLE_NONE || need == ROLE_OBSERVER;
    for (enum role r = ROLE_OBSERVER; r < ROLE_COUNT; r++) {
        for (uint32_t i = 0; (meets[need] & BIT(r)) != 0 && i < t->roles[r].n; i++) {
            enum key_time time = trust_key_time(t, r, i, wall_s);
            if (pubkey_eq(&t->roles[r].keys[i], key) &&
                (time == KEY_IN_TIME || (time == KEY_TIME_UNKNOWN && only_asks)))
                return true;
        }
    }
    return false;
#undef BIT
}

bool trust_may_order(const struct trust *t, const struct pubkey *key, enum message_kind kind,
                     int64_t wall_s)
{
    enum role role;
    uint32_t i;

    if (trust_allows(t, key, message_role(kind), wall_s))
        return true;
    return kind == MSG_TRUST && trust_find_key(t, key, &role, &i) && role == ROLE_OPERATOR;
}

void trust_mark(const struct trust *t, char dst[static TRUST_MARK_LEN])
{
    auto_buf struct buf body = BUF_INIT;
    struct err unused = ERR_INIT;
    struct digest d;
    char hex[65];

    dst[0] = '\0';
    if (trust_pack(t, &body, &unused) < 0)
        return;
    crypto_digest(body.data, body.len, &d);
    digest_hex(hex, &d);
    str_cut(dst, TRUST_MARK_LEN, hex);
}

int trust_manifest(const struct trust *t, const void *p, size_t n, int64_t wall_s,
                   struct manifest *ret, struct err *err)
{
    struct container c;

    if (container_split(CONTAINER_MANIFEST, p, n, &c, err) < 0)
        return -1;
    if (trust_demand(t, ROLE_RELEASE, CONTAINER_MANIFEST, &c, wall_s, err) < 0)
        return err_wrap(err, "the manifest is refused");
    return manifest_read(c.body, c.body_len, ret, err);
}

uint32_t trust_signers(const struct trust *t, const void *p, size_t n, int64_t wall_s)
{
    struct err err = ERR_INIT;
    struct container c;

    if (container_split(CONTAINER_MANIFEST, p, n, &c, &err) < 0)
        return 0;
    return (uint32_t)signed_in_time(t, ROLE_RELEASE, CONTAINER_MANIFEST, &c, wall_s);
}
