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
        if (keypair_save(keys[i], path, label, 0600, err) < 0)
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
    auto_buf struct buf file = BUF_INIT;
    char path[300];
    bool there = false;
    if (conf_path(c, TRUST_NAME, path, err) < 0 ||
        file_read_if(path, TRUST_MAX, FILE_FOLLOW, &file, &there, err) < 0)
        return -1;
    if (!there)
        return err_set(err, ERR_NOTFOUND, 0,
                       "no trust file at %s: run `caravan init` first, or name its directory with "
                       "--config",
                       path);
    if (trust_from_anchor(file.data, file.len, ret, err) < 0)
        return err_wrap(err, "%s", path);
    return 0;
}
