#include "keys.h"

#include "file.h"

static const enum role key_roles[] = {ROLE_ROOT, ROLE_RELEASE, ROLE_OPERATOR, ROLE_OBSERVER};

int key_path(const struct coord_conf *c, enum role role, char dst[static 300], struct err *err)
{
    char name[64];
    snprintf(name, sizeof name, "keys/%s.key", role_name(role));
    return conf_path(c, name, dst, err);
}

/* Nothing may be there yet: keys that hosts may trust already are never replaced. */
static int check_absent(const struct coord_conf *c, struct err *err)
{
    char path[300];
    if (conf_path(c, TRUST_NAME, path, err) < 0)
        return -1;
    if (access(path, F_OK) == 0)
        return err_set(err, ERR_REFUSED, 0,
                       "%s is there already: nothing was changed. Keys that hosts may trust are "
                       "never replaced; name another directory with --config for another cluster",
                       path);
    for (size_t i = 0; i < ARRAY_LEN(key_roles); i++) {
        if (key_path(c, key_roles[i], path, err) < 0)
            return -1;
        if (access(path, F_OK) == 0)
            return err_set(err, ERR_REFUSED, 0,
                           "%s is there already, but no trust file: an earlier init was "
                           "interrupted. No host can trust it yet: remove the folder it is in and "
                           "run init again",
                           path);
    }
    return 0;
}

static int write_public(const struct coord_conf *c, enum role role, const struct pubkey *key,
                        struct err *err)
{
    struct key_public k = {.purpose = role, .key = *key};
    auto_buf struct buf text = BUF_INIT;
    char name[64], path[300];
    str_cut(k.name, sizeof k.name, role_name(role));
    key_public_pack(&k, &text);
    snprintf(name, sizeof name, "keys/%s.pub", role_name(role));
    return conf_path(c, name, path, err) < 0 ? -1
                                             : file_create(path, text.data, text.len, 0644, err);
}

static int make_keys(const struct coord_conf *c, struct keypair *keys[], const char *name,
                     struct err *err)
{
    char path[300], dir[300], label[NAME_MAX_LEN * 2];
    if (conf_path(c, "keys", dir, err) < 0 || file_make_dirs(c->dir, 0755, err) < 0 ||
        file_make_dirs(dir, 0700, err) < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(key_roles); i++) {
        if (key_path(c, key_roles[i], path, err) < 0)
            return -1;
        keys[i] = keypair_generate();
        snprintf(label, sizeof label, "%s %s", name, role_name(key_roles[i]));
        if (keypair_save(keys[i], path, label, 0600, err) < 0 ||
            write_public(c, key_roles[i], keypair_public(keys[i]), err) < 0)
            return -1;
    }
    return 0;
}

static int write_trust(const struct coord_conf *c, const struct trust *t,
                       const struct keypair *root, struct err *err)
{
    auto_buf struct buf body = BUF_INIT, file = BUF_INIT;
    char path[300];
    if (conf_path(c, TRUST_NAME, path, err) < 0 || trust_pack(t, &body, err) < 0 ||
        container_pack(CONTAINER_TRUST, body.data, body.len, &root, 1, &file, err) < 0)
        return -1;
    return file_create(path, file.data, file.len, 0644, err);
}

int keys_make_solo(const struct coord_conf *c, const char *name, struct trust *ret, struct err *err)
{
    struct trust t;
    memset(&t, 0, sizeof t);
    if (name[0] == '\0' || str_copy(t.name, sizeof t.name, name) < 0)
        return err_set(err, ERR_USAGE, 0, "the cluster's name must have 1 to %d bytes",
                       NAME_MAX_LEN - 1);
    if (check_absent(c, err) < 0)
        return -1;
    struct keypair *keys[ARRAY_LEN(key_roles)] = {NULL};
    int rc = make_keys(c, keys, name, err);
    t.version = 1;
    t.solo = true;
    crypto_random(t.cluster, sizeof t.cluster);
    for (size_t i = 0; rc == 0 && i < ARRAY_LEN(key_roles); i++) {
        struct role_keys *role = &t.roles[key_roles[i]];
        role->threshold = role->n = 1;
        role->keys[0] = *keypair_public(keys[i]);
    }
    if (rc == 0)
        rc = write_trust(c, &t, keys[0], err);
    for (size_t i = 0; i < ARRAY_LEN(key_roles); i++)
        keypair_free(keys[i]);
    if (rc == 0)
        *ret = t;
    return rc;
}

int keys_load(const struct coord_conf *c, enum role role, struct keypair **ret, struct err *err)
{
    char path[300];
    if (key_path(c, role, path, err) < 0)
        return -1;
    if (access(path, F_OK) < 0 && errno == ENOENT)
        return err_set(err, ERR_NOTFOUND, 0,
                       "no %s key at %s: run `caravan init` first, or name the directory of your "
                       "keys with --config",
                       role_name(role), path);
    return keypair_load(path, ret, err);
}

int keys_trust(const struct coord_conf *c, struct trust *ret, struct err *err)
{
    auto_trust_kept struct trust_kept kept = {.sequence = BUF_INIT};
    if (trust_kept_load(c, &kept, err) < 0)
        return -1;
    *ret = kept.now;
    return 0;
}

int keys_load_release(const struct coord_conf *c, const struct trust *t, struct keypair **ret,
                      struct err *err)
{
    struct err why = ERR_INIT;
    *ret = NULL;
    if (keys_load(c, ROLE_RELEASE, ret, &why) == 0 || (why.kind == ERR_NOTFOUND && !t->solo))
        return 0;
    *err = why;
    return -1;
}

/* ---- by name ---- */

static int key_place(const struct coord_conf *c, const char *name, const char *suffix,
                     char dst[static 300], struct err *err)
{
    char file[64];
    snprintf(file, sizeof file, "keys/%.31s%s", name, suffix);
    return conf_path(c, file, dst, err);
}

int keys_load_named(const struct coord_conf *c, const char *name, enum role purpose,
                    struct keypair **ret, struct err *err)
{
    char path[300];
    (void)purpose;
    return key_place(c, name, ".key", path, err) < 0 ? -1 : keypair_load(path, ret, err);
}

int key_public_load(const char *path, struct key_public *ret, struct err *err)
{
    auto_buf struct buf text = BUF_INIT;
    return file_read(path, KEY_FILE_MAX, FILE_FOLLOW, &text, err) < 0 ||
                   key_public_parse(buf_str(&text), text.len, ret, err) < 0
               ? err_wrap(err, "%s", path)
               : 0;
}

static void list_public(const struct coord_conf *c, const char *name, struct key_listed *ret)
{
    auto_buf struct buf text = BUF_INIT;
    struct err err = ERR_INIT;
    char path[300];
    bool there = false;
    if (key_place(c, name, ".key", path, &err) == 0)
        ret->where = access(path, F_OK) == 0 ? KEY_OPEN : KEY_ELSEWHERE;
    if (key_place(c, name, ".pub", path, &err) == 0 &&
        file_read_if(path, KEY_FILE_MAX, FILE_FOLLOW, &text, &there, &err) == 0 && there &&
        key_public_parse(buf_str(&text), text.len, &ret->about, &err) == 0)
        return;
    /* Of a key that 0.1.0 made there is no other file. */
    auto_keypair struct keypair *key = NULL;
    if (!there && keys_load_named(c, name, ROLE_NONE, &key, &err) == 0) {
        ret->about = (struct key_public){.purpose = ROLE_NONE, .key = *keypair_public(key)};
        str_cut(ret->about.name, sizeof ret->about.name, name);
        return;
    }
    str_cut(ret->about.name, sizeof ret->about.name, name);
    ret->where = KEY_WRONG;
    str_cut(ret->why, sizeof ret->why, err.text);
}

static size_t add_names(const struct names *files, size_t suffix, struct key_listed *list, size_t n,
                        const struct coord_conf *c)
{
    for (size_t i = 0; i < files->n; i++) {
        char name[KEY_NAME_MAX] = "";
        size_t len = strlen(files->items[i]) - suffix;
        bool known = len >= sizeof name;
        if (!known)
            memcpy(name, files->items[i], len);
        for (size_t k = 0; k < n; k++)
            known |= str_eq(list[k].about.name, name);
        if (!known)
            list_public(c, name, &list[n++]);
    }
    return n;
}

int keys_list(const struct coord_conf *c, struct key_listed **ret, size_t *ret_n, struct err *err)
{
    auto_names struct names public = NAMES_INIT, secret = NAMES_INIT;
    char dir[300];
    *ret = NULL;
    *ret_n = 0;
    if (conf_path(c, "keys", dir, err) < 0)
        return -1;
    if (access(dir, F_OK) < 0 && errno == ENOENT)
        return 0;
    if (file_names(dir, ".pub", KEYS_LISTED, 0, &public, err) < 0 ||
        file_names(dir, ".key", KEYS_LISTED, 0, &secret, err) < 0)
        return -1;
    *ret = xzalloc(public.n + secret.n + 1, sizeof **ret);
    *ret_n = add_names(&public, 4, *ret, 0, c);
    *ret_n = add_names(&secret, 4, *ret, *ret_n, c);
    return 0;
}
