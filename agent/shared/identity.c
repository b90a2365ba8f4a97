#include "identity.h"
#include <errno.h>
#include <sys/stat.h>
#include "file.h"
#include "str.h"

#define MACHINE_ID_MAX 256
#define BINDING        "caravan/machine/v1"

/* machine-id(5) calls the id confidential, so only a digest of it is stored. */
static int read_machine_digest(const char *path, char hex[static 65], struct err *err)
{
    auto_buf struct buf b = BUF_INIT;
    auto_buf struct buf bound = BUF_INIT;
    struct digest d;

    if (file_read(path, MACHINE_ID_MAX, FILE_FOLLOW, &b, err) < 0)
        return err_wrap(err, "read the machine id ([agent] machine_id; run "
                             "systemd-machine-id-setup if there is none)");
    while (b.len > 0 && (b.data[b.len - 1] == '\n' || b.data[b.len - 1] == ' '))
        b.len--;
    if (b.len < 16)
        return err_set(err, ERR_CONFIG, 0,
                       "%s does not contain a machine id: run systemd-machine-id-setup", path);
    (void)buf_add_str(&bound, BINDING);
    (void)buf_add(&bound, b.data, b.len);
    crypto_digest(bound.data, bound.len, &d);
    digest_hex(hex, &d);
    return 0;
}

/* *ret_known false: there is no binding yet. *ret_same: the binding is for this machine. */
static int read_binding(const char *path, const char *hex, bool *ret_known, bool *ret_same,
                        struct err *err)
{
    auto_buf struct buf b = BUF_INIT;

    if (file_read_if(path, 128, 0, &b, ret_known, err) < 0)
        return -1;
    *ret_same = *ret_known && str_starts(buf_str(&b), hex);
    return 0;
}

static int write_binding(const char *path, const char *hex, struct err *err)
{
    char line[80];

    snprintf(line, sizeof(line), "%s\n", hex);
    return file_replace(path, line, strlen(line), 0600, err);
}

/* ---- root's key ---- */

struct binding {
    char hex[65];
    bool known, same;
};

/* Adopts the key of an older version, in which the listener owned the only key. The file's mode and
 * owner do not matter; a file that is not a valid key is not adopted. */
static bool adopt_listener_key(const struct identity_where *w, struct keypair **ret)
{
    struct err unread = ERR_INIT;

    return keypair_load_as(w->copy_path, 0, ret, &unread) == 0;
}

static int make_host_key(const struct identity_where *w, const struct binding *b,
                         struct keypair **ret, bool *ret_made, struct err *err)
{
    bool elsewhere = b->known && !b->same && !w->unfinished;

    *ret_made = elsewhere || !adopt_listener_key(w, ret);
    if (*ret_made)
        *ret = keypair_generate();
    return keypair_save(*ret, w->key_path, "host", 0600, err);
}

/* The binding is written last. So a key without a binding was made on this machine, and only the
 * binding is missing. */
static int open_host_key(const struct identity_where *w, const struct binding *b,
                         struct keypair **ret, struct identity_changes *told, struct err *err)
{
    bool there = access(w->key_path, F_OK) == 0, elsewhere = b->known && !b->same;

    if (there && elsewhere && !w->unfinished) {
        if (file_remove(w->key_path, err) < 0)
            return -1;
        there = false;
    }
    if (there ? keypair_load(w->key_path, ret, err) < 0
              : make_host_key(w, b, ret, &told->made, err) < 0)
        return -1;
    told->moved = elsewhere && !told->made;
    return (b->known && b->same) || told->moved ? 0 : write_binding(w->machine_path, b->hex, err);
}

/* ---- the listener's copy ---- */

static mode_t choose_copy_mode(const struct identity_where *w)
{
    return w->give ? 0640 : 0600;
}

static bool copy_has_right_mode(const struct identity_where *w)
{
    struct stat st;

    return lstat(w->copy_path, &st) == 0 && S_ISREG(st.st_mode) &&
           (st.st_mode & 07777) == choose_copy_mode(w) &&
           (!w->give || (st.st_uid == w->uid && st.st_gid == w->gid));
}

/* The copy is absent for a moment: caravan-agent has its key in memory, or waits for the file. */
static int write_key_copy(const struct identity_where *w, const struct keypair *key,
                          struct err *err)
{
    if (file_remove(w->copy_path, err) < 0 ||
        keypair_save(key, w->copy_path, "host", choose_copy_mode(w), err) < 0)
        return -1;
    if (w->give && lchown(w->copy_path, w->uid, w->gid) < 0)
        return err_set(err, ERR_IO, errno, "change the group of %s to the agent's", w->copy_path);
    return 0;
}

static int refresh_key_copy(const struct identity_where *w, const struct keypair *key,
                            struct identity_changes *told, struct err *err)
{
    auto_keypair struct keypair *copy = NULL;
    struct err why = ERR_INIT;
    bool read = keypair_load_as(w->copy_path, 0, &copy, &why) == 0;
    bool same = read && pubkey_eq(keypair_public(copy), keypair_public(key));

    if (same && copy_has_right_mode(w))
        return 0;
    told->replaced = !same && !told->made && why.kind != ERR_NOTFOUND;
    return write_key_copy(w, key, err);
}

int identity_open(const struct identity_where *w, struct keypair **ret,
                  struct identity_changes *ret_told, struct err *err)
{
    struct identity_changes told = {.made = false};
    struct binding b = {.known = false};
    auto_keypair struct keypair *key = NULL;
    bool goes_on = w->unfinished && access(w->key_path, F_OK) == 0;
    int rv = read_machine_digest(w->machine_id, b.hex, err);

    if (rv == 0)
        rv = read_binding(w->machine_path, b.hex, &b.known, &b.same, err);
    if (rv < 0 && goes_on) {
        *err = (struct err)ERR_INIT;
        b.known = true; /* treat the machine as a different one */
        rv = 0;
    }
    if (rv < 0 || open_host_key(w, &b, &key, &told, err) < 0)
        return err_wrap(err, "open this host's identity");
    /* Unfinished work must end also without a copy (a full disk). The next start tries again. */
    if (refresh_key_copy(w, key, &told, err) < 0 && !goes_on)
        return err_wrap(err, "open this host's identity");
    *ret = take_ptr(&key);
    *ret_told = told;
    return 0;
}

/* ---- the fingerprint ---- */

static int explain_missing_key(const struct identity_where *w, int why, struct err *err)
{
    if (why == EACCES || why == EPERM)
        return err_set(err, ERR_REFUSED, 0, "only root can read %s: run this command as root",
                       w->key_path);
    return err_set(
        err, ERR_NOTFOUND, 0,
        "this host has no key yet (%s does not exist): caravan-swap makes the key when it first "
        "starts. Start caravan-agent.service. If the key is still missing then, read `journalctl "
        "-u caravan-swap`",
        w->key_path);
}

int identity_fingerprint(const struct identity_where *w, char dst[static FINGERPRINT_LEN],
                         struct err *err)
{
    auto_keypair struct keypair *key = NULL;
    struct binding b = {.known = false};

    if (access(w->key_path, F_OK) < 0)
        return explain_missing_key(w, errno, err);
    if (keypair_load(w->key_path, &key, err) < 0 ||
        read_machine_digest(w->machine_id, b.hex, err) < 0 ||
        read_binding(w->machine_path, b.hex, &b.known, &b.same, err) < 0)
        return err_wrap(err, "read this host's key");
    if (b.known && !b.same)
        return err_set(err, ERR_STATE, 0,
                       "the key in %s was made on another machine: this machine is a clone. Start "
                       "caravan-agent.service, so that caravan-swap makes a new key for this host; "
                       "then run this command again",
                       w->key_path);
    pubkey_fingerprint(dst, keypair_public(key));
    return 0;
}
