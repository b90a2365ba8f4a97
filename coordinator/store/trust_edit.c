#include "trust_edit.h"

#include "clock.h"
#include "str.h"

int trust_edit_first(const char *name, struct trust *ret, struct err *err)
{
    memset(ret, 0, sizeof(*ret));
    if (name[0] == '\0' || str_copy(ret->name, sizeof(ret->name), name) < 0)
        return err_set(err, ERR_USAGE, 0, "the cluster's name must have 1 to %d bytes",
                       NAME_MAX_LEN - 1);
    ret->version = 1;
    crypto_random(ret->cluster, sizeof(ret->cluster));
    return 0;
}

void trust_edit_begin(const struct trust *now, int64_t now_s, struct trust *ret)
{
    *ret = *now;
    ret->version++;
    ret->format = 2;
    ret->created_s = now_s;
    for (enum role r = ROLE_OBSERVER; r < ROLE_COUNT; r++)
        for (uint32_t i = 0; i < ret->roles[r].n; i++)
            trust_key_name(now, r, i, ret->roles[r].about[i].name);
}

static int check_new(const struct trust *t, const struct key_public *k, enum role role,
                     int64_t expires_s, struct err *err)
{
    enum role has;
    uint32_t i;
    char name[KEY_NAME_MAX];
    if (k->purpose != role)
        return err_set(err, ERR_REFUSED, 0, "key %s was made for %s, not for %s", k->name,
                       role_name(k->purpose), role_name(role));
    if (trust_find_key(t, &k->key, &has, &i)) {
        trust_key_name(t, has, i, name);
        return err_set(err, ERR_REFUSED, 0,
                       "this key is in the trust file already: it is %s, a key for %s", name,
                       role_name(has));
    }
    if (trust_find_name(t, k->name, &has, &i))
        return err_set(err, ERR_REFUSED, 0,
                       "another %s key is called %s already: give the new key another name in its "
                       ".pub file, or remove the other key first",
                       role_name(has), k->name);
    if (role == ROLE_ROOT && expires_s != 0)
        return err_set(err, ERR_REFUSED, 0,
                       "root keys do not expire: leave out --expires, and remove the key when it "
                       "is not needed any more");
    return 0;
}

static void put_trust_key(struct role_keys *r, uint32_t i, const struct key_public *k,
                          int64_t expires_s)
{
    r->keys[i] = k->key;
    str_cut(r->about[i].name, sizeof(r->about[i].name), k->name);
    r->about[i].expires_s = expires_s;
}

int trust_edit_add(struct trust *t, const struct key_public *k, enum role role, int64_t expires_s,
                   struct err *err)
{
    struct role_keys *r = &t->roles[role];
    if (check_new(t, k, role, expires_s, err) < 0)
        return -1;
    if (r->n >= KEYS_MAX)
        return err_set(err, ERR_REFUSED, 0,
                       "there are %u %s keys already, and at most %d are possible", (unsigned)r->n,
                       role_name(role), KEYS_MAX);
    put_trust_key(r, r->n++, k, expires_s);
    r->threshold = MAX_OF(r->threshold, 1u);
    return 0;
}

static int find_key_by_name(const struct trust *t, const char *name, enum role *ret_role,
                            uint32_t *ret_i, struct err *err)
{
    if (trust_find_name(t, name, ret_role, ret_i))
        return 0;
    return err_set(err, ERR_NOTFOUND, 0,
                   "no key is called %s: `caravan trust show` lists the names", name);
}

int trust_edit_remove(struct trust *t, const char *name, struct err *err)
{
    enum role role;
    uint32_t i;
    if (find_key_by_name(t, name, &role, &i, err) < 0)
        return -1;
    struct role_keys *r = &t->roles[role];
    if (r->n == 1 && role != ROLE_OBSERVER)
        return err_set(err, ERR_REFUSED, 0,
                       "%s is the only %s key: add another key first, or replace this key with "
                       "`caravan trust rotate`",
                       name, role_name(role));
    if (r->n == r->threshold && r->n > 1)
        return err_set(err, ERR_REFUSED, 0,
                       "%u of %u %s keys must sign, so that no key can be removed: add another key "
                       "first, or lower the number with --threshold",
                       (unsigned)r->threshold, (unsigned)r->n, role_name(role));
    r->n--;
    memmove(&r->keys[i], &r->keys[i + 1], (r->n - i) * sizeof(r->keys[0]));
    memmove(&r->about[i], &r->about[i + 1], (r->n - i) * sizeof(r->about[0]));
    memset(&r->keys[r->n], 0, sizeof(r->keys[0]));
    memset(&r->about[r->n], 0, sizeof(r->about[0]));
    r->threshold = r->n == 0 ? 0 : r->threshold;
    return 0;
}

int trust_edit_rotate(struct trust *t, const char *name, const struct key_public *k,
                      int64_t expires_s, struct err *err)
{
    struct trust without = *t;
    enum role role;
    uint32_t i;
    if (find_key_by_name(t, name, &role, &i, err) < 0)
        return -1;
    if (pubkey_eq(&t->roles[role].keys[i], &k->key))
        return err_set(
            err, ERR_REFUSED, 0,
            "%s is in the trust file already, with this very key: `caravan trust rotate` needs "
            "another key",
            name);
    /* The new key may have the name of the old key. */
    without.roles[role].about[i].name[0] = '.';
    if (check_new(&without, k, role, expires_s, err) < 0)
        return -1;
    put_trust_key(&t->roles[role], i, k, expires_s);
    return 0;
}

int trust_edit_threshold(struct trust *t, enum role role, uint32_t threshold, struct err *err)
{
    struct role_keys *r = &t->roles[role];
    uint32_t most = role == ROLE_ROOT ? ROOT_SIGNERS_MAX : role == ROLE_RELEASE ? SIGS_MAX : 1;
    if (threshold > MIN_OF(most, r->n))
        return err_set(
            err, ERR_REFUSED, 0,
            "--threshold %u is too high: the role %s has %u %s, and the threshold of this "
            "role can be at most %u",
            (unsigned)threshold, role_name(role), (unsigned)r->n, str_count(r->n, "key", "keys"),
            (unsigned)most);
    r->threshold = threshold;
    return 0;
}

static int drop_names(struct trust *t, struct err *err)
{
    if (trust_has_expiry(t))
        return err_set(err, ERR_REFUSED, 0,
                       "a key of this trust file has an expiry, which format 1 cannot express");
    for (enum role r = ROLE_OBSERVER; r < ROLE_COUNT; r++)
        memset(t->roles[r].about, 0, sizeof(t->roles[r].about));
    t->format = 1;
    t->created_s = 0;
    return 0;
}

/* If all operator keys have expired, nobody can order anything or push a later version. */
static int check_operators(const struct trust *t, struct err *err)
{
    const struct role_keys *r = &t->roles[ROLE_OPERATOR];
    for (uint32_t i = 0; i < r->n; i++)
        if (trust_key_time(t, ROLE_OPERATOR, i, t->created_s) == KEY_IN_TIME)
            return 0;
    return r->n == 0 ? 0
                     : err_set(err, ERR_REFUSED, 0,
                               "all remaining operator keys have expired: no host would carry out "
                               "any order, nor accept a later version by an order. Add an operator "
                               "key first");
}

int trust_edit_end(const struct trust *now, uint32_t format, struct trust *t, struct err *err)
{
    if (check_operators(t, err) < 0)
        return -1;
    if (format == 1 || (format == 0 && now->format != 2 && trust_format_needed(t) == 1))
        return drop_names(t, err);
    t->format = 2;
    return 0;
}

int trust_edit_day(const struct trust *t, int64_t now_s, struct err *err)
{
    char made[21];
    if (!trust_is_ahead(t, now_s))
        return 0;
    clock_rfc3339(made, t->created_s * 1000);
    return err_set(err, ERR_REFUSED, 0,
                   "version %u is dated %s, which is ahead of this machine's clock. Hosts would "
                   "accept none of its keys that have an expiry. Find out which clock is wrong. If "
                   "it was the clock of the machine that made this version, restore the previous "
                   "trust file from a copy, and make the version again",
                   (unsigned)t->version, made);
}
