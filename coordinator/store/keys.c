#include "keys.h"

#include "file.h"
#include "passphrase.h"
#include "signer.h"
#include "trust_edit.h"

static const enum role key_roles[] = {ROLE_ROOT, ROLE_RELEASE, ROLE_OPERATOR, ROLE_OBSERVER};

const char *key_name(const struct coord_conf *c, enum role role)
{
    const char *const names[ROLE_COUNT] = {[ROLE_NONE] = "",
                                           [ROLE_OBSERVER] = c->key_observer,
                                           [ROLE_OPERATOR] = c->key_operator,
                                           [ROLE_RELEASE] = c->key_release,
                                           [ROLE_ROOT] = c->key_root};
    /* In a configuration that was not loaded the names are empty. */
    return names[role][0] != '\0' ? names[role] : role_name(role);
}

int key_name_check(const char *name, struct err *err)
{
    return trust_name_ok(name)
               ? 0
               : err_set(err, ERR_USAGE, 0,
                         "\"%s\" is no valid name of a key. A name has 1 to %d of a-z, 0-9, '.', "
                         "'_' and '-', and begins with a letter or a digit",
                         name, KEY_NAME_MAX - 1);
}

int key_place(const struct coord_conf *c, const char *name, const char *suffix,
              char dst[static 300], struct err *err)
{
    char file[64];
    if (key_name_check(name, err) < 0)
        return -1;
    snprintf(file, sizeof(file), "keys/%s%s", name, suffix);
    return conf_path(c, file, dst, err);
}

int key_path(const struct coord_conf *c, enum role role, char dst[static 300], struct err *err)
{
    return key_place(c, key_name(c, role), ".key", dst, err);
}

/* ---- the files of one key ---- */

struct found_key {
    struct key_public about;
    enum key_where where;
    char path[300]; /* the file that was found */
    struct key_file file;
    struct keypair *key; /* KEY_OPEN */
};

static void found_free(struct found_key *f)
{
    keypair_free(f->key);
}
#define auto_found CLEANUP(found_free)

/* If the files of a key name no purpose, only [keys] says what the key is for. */
static enum role purpose_by_name(const struct coord_conf *c, const char *name)
{
    for (enum role r = ROLE_OBSERVER; r < ROLE_COUNT; r++)
        if (str_eq(key_name(c, r), name))
            return r;
    return ROLE_NONE;
}

static int read_secret(const char *path, struct found_key *f, bool *ret_there, struct err *err)
{
    auto_buf struct buf text = BUF_INIT;
    if (file_read_if(path, KEY_FILE_MAX, FILE_PRIVATE, &text, ret_there, err) < 0)
        return err_wrap(err, "read a secret key");
    bool locked = *ret_there && key_file_is_locked(buf_str(&text), text.len);
    int rc = locked ? key_file_parse(buf_str(&text), text.len, &f->file, err) : 0;
    if (text.data != NULL)
        crypto_wipe(text.data, text.cap);
    if (rc < 0)
        return err_wrap(err, "%s", path);
    f->where = locked ? KEY_LOCKED : KEY_OPEN;
    return !*ret_there || locked ? 0 : keypair_load(path, &f->key, err);
}

static int read_public(const char *path, struct key_public *ret, bool *ret_there, struct err *err)
{
    auto_buf struct buf text = BUF_INIT;
    if (file_read_if(path, KEY_FILE_MAX, FILE_FOLLOW, &text, ret_there, err) < 0)
        return -1;
    if (*ret_there && key_public_parse(buf_str(&text), text.len, ret, err) < 0)
        return err_wrap(err, "%s", path);
    return 0;
}

/* If the name of a file and the name in the file differ, the file may be the wrong key. */
static int check_key_name(const char *path, const char *told, const char *name, struct err *err)
{
    return str_eq(told, name)
               ? 0
               : err_set(err, ERR_CONFIG, 0,
                         "%s contains the key %s: rename the file to the name of its key", path,
                         told);
}

static int check_parts(const struct found_key *f, const struct key_public *public,
                       const char *pub_path, struct err *err)
{
    if (pubkey_eq(&f->about.key, &public->key) &&
        (f->where == KEY_OPEN || f->about.purpose == public->purpose))
        return 0;
    return err_set(err, ERR_CONFIG, 0,
                   "%s and %s belong to two different keys: restore the right file from a copy",
                   f->path, pub_path);
}

static int no_such_key(const char *name, const char *path, struct err *err)
{
    return err_set(
        err, ERR_NOTFOUND, 0,
        "there is no key %s at %s. If your key has another name, write the name into "
        "[keys] of caravan.conf (`caravan key list` lists the keys). If your keys are in "
        "another directory, name it with --config. If you have no key yet, run `caravan "
        "init`, or `caravan key new` for a single key",
        name, path);
}

static int find_key_files(const struct coord_conf *c, const char *name, struct found_key *f,
                          struct err *err)
{
    char pub_path[300];
    struct key_public public = {.purpose = ROLE_NONE};
    bool secret_there = false, public_there = false;
    memset(f, 0, sizeof(*f));
    if (key_place(c, name, ".key", f->path, err) < 0 ||
        key_place(c, name, ".pub", pub_path, err) < 0 ||
        read_secret(f->path, f, &secret_there, err) < 0 ||
        read_public(pub_path, &public, &public_there, err) < 0)
        return -1;
    if (!secret_there && !public_there)
        return no_such_key(name, f->path, err);
    if (!secret_there) {
        f->where = KEY_ELSEWHERE;
        f->about = public;
        str_cut(f->path, sizeof(f->path), pub_path);
    } else if (f->where == KEY_LOCKED) {
        f->about = f->file.about;
    } else {
        str_cut(f->about.name, sizeof(f->about.name), name);
        f->about.purpose = public_there ? public.purpose : purpose_by_name(c, name);
        f->about.key = *keypair_public(f->key);
    }
    if (check_key_name(f->path, f->about.name, name, err) < 0 ||
        (public_there && check_key_name(pub_path, public.name, name, err) < 0))
        return -1;
    return public_there ? check_parts(f, &public, pub_path, err) : 0;
}

/* ---- opening a key ---- */

static int open_locked(const struct coord_conf *c, struct found_key *f, struct err *err)
{
    const char *passphrase = NULL;
    if (c->passphrase == NULL)
        return err_set(err, ERR_REFUSED, 0, "%s is encrypted, and no passphrase was given",
                       f->path);
    for (bool again = false;; again = true) {
        struct err why = ERR_INIT;
        if (passphrase_of_run(c->passphrase, f->path, again, &passphrase, err) < 0)
            return -1;
        if (key_file_open(&f->file, passphrase, &f->key, &why) == 0)
            return 0;
        if (why.kind != ERR_CRYPTO) {
            *err = why;
            return err_wrap(err, "%s", f->path);
        }
    }
}

static int open_elsewhere(const struct coord_conf *c, struct found_key *f, struct err *err)
{
    bool may = f->about.purpose == ROLE_ROOT || f->about.purpose == ROLE_RELEASE;
    if (!may)
        return err_set(err, ERR_NOTFOUND, 0,
                       "only the public part of the key %s is on this machine, %s: put its secret "
                       "part beside that file. [keys] signer can sign only with root and release "
                       "keys",
                       f->about.name, f->path);
    if (c->signer[0] == '\0')
        return err_set(err, ERR_NOTFOUND, 0,
                       "only the public part of the key %s is on this machine, %s: put its secret "
                       "part beside that file, or name a program that signs with this key in "
                       "[keys] signer",
                       f->about.name, f->path);
    f->key = keypair_elsewhere(&f->about.key, f->about.name, signer_sign, (void *)c);
    return 0;
}

static int open_found(const struct coord_conf *c, struct found_key *f, struct err *err)
{
    if (f->where == KEY_LOCKED)
        return open_locked(c, f, err);
    return f->where == KEY_ELSEWHERE ? open_elsewhere(c, f, err) : 0;
}

/* An operator key may do what an observer key may. If no file names a purpose, [keys] decides. */
static bool serves_purpose(enum role purpose, enum role need)
{
    return purpose == need || purpose == ROLE_NONE ||
           (purpose == ROLE_OPERATOR && need == ROLE_OBSERVER);
}

int keys_load_named(const struct coord_conf *c, const char *name, enum role purpose,
                    struct keypair **ret, struct err *err)
{
    auto_found struct found_key f;
    if (find_key_files(c, name, &f, err) < 0)
        return -1;
    if (!serves_purpose(f.about.purpose, purpose))
        return err_set(err, ERR_CONFIG, 0, "the key %s is for the purpose %s, not %s: see [keys]",
                       name, role_name(f.about.purpose), role_name(purpose));
    if (open_found(c, &f, err) < 0)
        return -1;
    *ret = take_ptr(&f.key);
    return 0;
}

int keys_load(const struct coord_conf *c, enum role role, struct keypair **ret, struct err *err)
{
    return keys_load_named(c, key_name(c, role), role, ret, err);
}

/* ---- making a key ---- */

static int write_public(const struct coord_conf *c, const struct key_public *about, struct err *err)
{
    auto_buf struct buf public = BUF_INIT;
    char path[300];
    if (key_place(c, about->name, ".pub", path, err) < 0)
        return -1;
    key_public_pack(about, &public);
    return file_create(path, public.data, public.len, 0644, err);
}

static int write_secret(const char *path, const struct keypair *k, const struct key_public *about,
                        const char *passphrase, struct err *err)
{
    auto_buf struct buf text = BUF_INIT;
    char label[NAME_MAX_LEN];
    struct key_file file;
    snprintf(label, sizeof(label), "%s %s", about->name, role_name(about->purpose));
    if (passphrase == NULL)
        return keypair_save(k, path, label, 0600, err);
    if (key_file_lock(k, about, passphrase, &file, err) < 0)
        return -1;
    key_file_pack(&file, &text);
    return file_create(path, text.data, text.len, 0600, err);
}

/* passphrase NULL: the key is not encrypted. */
static int write_key(const struct coord_conf *c, const struct keypair *k,
                     const struct key_public *about, const char *passphrase, struct err *err)
{
    char path[300];
    return key_place(c, about->name, ".key", path, err) < 0 ||
                   write_secret(path, k, about, passphrase, err) < 0
               ? -1
               : write_public(c, about, err);
}

/* Also removes temporary files that a crash left; these may contain secret keys. */
static int make_key_dirs(const struct coord_conf *c, struct err *err)
{
    char dir[300];
    return conf_path(c, "keys", dir, err) < 0 || file_make_dirs(c->dir, 0755, err) < 0 ||
                   file_make_dirs(dir, 0700, err) < 0 || file_sweep(dir, err) < 0
               ? -1
               : 0;
}

static int passphrase_for_new(const struct coord_conf *c, enum role purpose, const char **ret,
                              struct err *err)
{
    *ret = NULL;
    if (purpose == ROLE_OBSERVER || c->passphrase == NULL)
        return 0;
    return passphrase_of_new_keys(c->passphrase, ret, err);
}

static int check_key_free(const struct coord_conf *c, const char *name, struct err *err)
{
    static const char *const suffixes[] = {".key", ".pub"};
    char path[300];
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        if (key_place(c, name, suffixes[i], path, err) < 0)
            return -1;
        if (access(path, F_OK) == 0)
            return err_set(
                err, ERR_REFUSED, 0,
                "%s exists already: nothing was changed. Keys are never replaced; choose "
                "another name",
                path);
    }
    return 0;
}

int keys_make(const struct coord_conf *c, const char *name, enum role purpose,
              struct key_public *ret, struct err *err)
{
    auto_keypair struct keypair *k = NULL;
    const char *passphrase = NULL;
    struct key_public about = {.purpose = purpose};
    if (check_key_free(c, name, err) < 0 || passphrase_for_new(c, purpose, &passphrase, err) < 0 ||
        make_key_dirs(c, err) < 0)
        return -1;
    k = keypair_generate();
    about.key = *keypair_public(k);
    str_cut(about.name, sizeof(about.name), name);
    if (write_key(c, k, &about, passphrase, err) < 0)
        return -1;
    *ret = about;
    return 0;
}

/* ---- changing the passphrase ---- */

/* Packs the file with the new passphrase, and proves that the packed bytes can be opened again. */
static int lock_checked(const struct found_key *f, const char *passphrase, struct buf *ret,
                        struct err *err)
{
    struct key_file file, again;
    auto_keypair struct keypair *k = NULL;
    if (key_file_lock(f->key, &f->about, passphrase, &file, err) < 0)
        return -1;
    key_file_pack(&file, ret);
    return key_file_parse(buf_str(ret), ret->len, &again, err) < 0 ||
                   key_file_open(&again, passphrase, &k, err) < 0
               ? -1
               : 0;
}

static int check_changeable(const struct found_key *f, struct err *err)
{
    if (f->where == KEY_ELSEWHERE)
        return err_set(err, ERR_REFUSED, 0, "the secret part of the key %s is not on this machine",
                       f->about.name);
    if (f->about.purpose == ROLE_OBSERVER)
        return err_set(err, ERR_REFUSED, 0,
                       "%s is an observer key. Observer keys are never encrypted: they sign only "
                       "questions, which change nothing",
                       f->about.name);
    if (f->about.purpose == ROLE_NONE)
        return err_set(err, ERR_CONFIG, 0,
                       "no file names the purpose of the key %s: name the key in [keys], or write "
                       "its .pub file",
                       f->about.name);
    return 0;
}

static int write_missing_public(const struct coord_conf *c, const struct key_public *about,
                                struct err *err)
{
    char path[300];
    if (key_place(c, about->name, ".pub", path, err) < 0)
        return -1;
    return access(path, F_OK) == 0 ? 0 : write_public(c, about, err);
}

int keys_change(const struct coord_conf *c, const char *name, struct err *err)
{
    auto_buf struct buf text = BUF_INIT;
    auto_found struct found_key f;
    const char *passphrase = NULL;
    if (c->passphrase == NULL)
        return err_set(err, ERR_STATE, 0, "no passphrase was given to encrypt %s with", name);
    if (find_key_files(c, name, &f, err) < 0 || check_changeable(&f, err) < 0 ||
        open_found(c, &f, err) < 0 || make_key_dirs(c, err) < 0 ||
        passphrase_choose(c->passphrase, &passphrase, err) < 0 ||
        lock_checked(&f, passphrase, &text, err) < 0 || write_missing_public(c, &f.about, err) < 0)
        return -1;
    return file_replace(f.path, text.data, text.len, 0600, err);
}

/* ---- listing keys ---- */

static void list_one(const struct coord_conf *c, const char *name, struct key_listed *ret)
{
    auto_found struct found_key f;
    struct err err = ERR_INIT;
    memset(ret, 0, sizeof(*ret));
    if (find_key_files(c, name, &f, &err) == 0) {
        ret->about = f.about;
        ret->where = f.where;
    } else {
        ret->where = KEY_WRONG;
        str_cut(ret->about.name, sizeof(ret->about.name), name);
        str_cut(ret->why, sizeof(ret->why), err.text);
    }
    str_cut(ret->path, sizeof(ret->path), f.path);
}

static int by_listed_name(const void *a, const void *b)
{
    return strcmp(((const struct key_listed *)a)->about.name,
                  ((const struct key_listed *)b)->about.name);
}

static bool is_key_listed(const struct key_listed *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(list[i].about.name, name))
            return true;
    return false;
}

/* Adds the keys of these files that are not in the list yet. Removes the suffixes from the names.
 */
static void list_those(const struct coord_conf *c, const struct names *names,
                       struct key_listed *list, size_t *n)
{
    for (size_t i = 0; i < names->n; i++) {
        char *name = names->items[i];
        name[strlen(name) - strlen(".key")] = '\0';
        if (trust_name_ok(name) && !is_key_listed(list, *n, name))
            list_one(c, name, &list[(*n)++]);
    }
}

int keys_list(const struct coord_conf *c, struct key_listed **ret, size_t *ret_n, struct err *err)
{
    auto_names struct names secret = NAMES_INIT, public = NAMES_INIT;
    char dir[300];
    *ret = NULL;
    *ret_n = 0;
    if (conf_path(c, "keys", dir, err) < 0)
        return -1;
    if (access(dir, F_OK) < 0)
        return err_set(
            err, ERR_NOTFOUND, 0,
            "there are no keys, because there is no directory %s: make all keys with "
            "`caravan init` or one with `caravan key new`, or name the directory of your "
            "keys with --config",
            dir);
    if (file_names(dir, ".key", KEYS_LISTED, 0, &secret, err) < 0 ||
        file_names(dir, ".pub", KEYS_LISTED, 0, &public, err) < 0)
        return -1;
    *ret = xzalloc(secret.n + public.n + 1, sizeof(**ret));
    list_those(c, &secret, *ret, ret_n);
    list_those(c, &public, *ret, ret_n);
    qsort(*ret, *ret_n, sizeof(**ret), by_listed_name);
    return 0;
}

/* ---- solo ---- */

/* Hosts may trust keys that exist already, so that those keys are never replaced. */
static int check_no_keys(const struct coord_conf *c, struct err *err)
{
    char path[300];
    if (conf_path(c, TRUST_NAME, path, err) < 0)
        return -1;
    if (access(path, F_OK) == 0)
        return err_set(err, ERR_REFUSED, 0,
                       "%s exists already: nothing was changed. Keys that hosts may trust are "
                       "never replaced. For another cluster, name another directory with --config",
                       path);
    for (size_t i = 0; i < ARRAY_LEN(key_roles); i++) {
        if (key_path(c, key_roles[i], path, err) < 0)
            return -1;
        if (access(path, F_OK) == 0)
            return err_set(err, ERR_REFUSED, 0,
                           "%s exists already, but there is no trust file: an earlier `caravan "
                           "init` was interrupted. No host can trust this key yet: remove the "
                           "directory of the key and run `caravan init` again",
                           path);
    }
    return 0;
}

static int make_keys(const struct coord_conf *c, struct keypair *keys[], struct err *err)
{
    const char *passphrase = NULL;
    if (passphrase_for_new(c, ROLE_ROOT, &passphrase, err) < 0 || make_key_dirs(c, err) < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(key_roles); i++) {
        struct key_public about = {.purpose = key_roles[i]};
        keys[i] = keypair_generate();
        about.key = *keypair_public(keys[i]);
        str_cut(about.name, sizeof(about.name), key_name(c, key_roles[i]));
        if (write_key(c, keys[i], &about, about.purpose != ROLE_OBSERVER ? passphrase : NULL, err) <
            0)
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
    if (trust_edit_first(name, &t, err) < 0 || check_no_keys(c, err) < 0)
        return -1;
    struct keypair *keys[ARRAY_LEN(key_roles)] = {NULL};
    int rc = make_keys(c, keys, err);
    t.solo = true;
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

int key_public_load(const char *path, struct key_public *ret, struct err *err)
{
    bool there = false;
    if (read_public(path, ret, &there, err) < 0)
        return -1;
    return there ? 0 : err_set(err, ERR_NOTFOUND, 0, "there is no file %s", path);
}

int keys_public(const struct coord_conf *c, enum role role, struct key_public *ret, struct err *err)
{
    auto_found struct found_key f;
    if (find_key_files(c, key_name(c, role), &f, err) < 0)
        return -1;
    *ret = f.about;
    return 0;
}
