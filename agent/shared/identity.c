#include "identity.h"
#include <errno.h>
#include <sys/stat.h>
#include "file.h"
#include "str.h"

#define MACHINE_ID_MAX 256
#define BINDING        "caravan/machine/v1"

/* The id itself is meant to stay on the machine: only its digest is written down. */
static int machine_digest(const char *path, char hex[static 65], struct err *err)
{
    auto_buf struct buf b = BUF_INIT;
    auto_buf struct buf bound = BUF_INIT;
    struct digest d;

    if (file_read(path, MACHINE_ID_MAX, FILE_FOLLOW, &b, err) < 0)
        return err_wrap(err, "the machine id ([agent] machine_id; systemd-machine-id-setup makes "
                             "one)");
    while (b.len > 0 && (b.data[b.len - 1] == '\n' || b.data[b.len - 1] == ' '))
        b.len--;
    if (b.len < 16)
        return err_set(err, ERR_CONFIG, 0, "%s holds no machine id: run systemd-machine-id-setup",
                       path);
    (void)buf_add_str(&bound, BINDING);
    (void)buf_add(&bound, b.data, b.len);
    crypto_digest(bound.data, bound.len, &d);
    digest_hex(hex, &d);
    return 0;
}

/* *ret_known false: no binding was written down yet. */
static int bound_here(const char *path, const char *hex, bool *ret_known, bool *ret_same,
                      struct err *err)
{
    auto_buf struct buf b = BUF_INIT;

    if (file_read_if(path, 128, 0, &b, ret_known, err) < 0)
        return -1;
    *ret_same = *ret_known && str_starts(buf_str(&b), hex);
    return 0;
}

static int bind_here(const char *path, const char *hex, struct err *err)
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

/* Once, after an upgrade: until then the listener owned the only key. What it made of it (another
 * mode, other bytes) does not matter: what is no key is not taken over. */
static bool take_over(const struct identity_where *w, struct keypair **ret)
{
    struct err unread = ERR_INIT;

    return keypair_load_as(w->copy_path, 0, ret, &unread) == 0;
}

static int make_key(const struct identity_where *w, const struct binding *b, struct keypair **ret,
                    bool *ret_made, struct err *err)
{
    bool elsewhere = b->known && !b->same && !w->unfinished;

    *ret_made = elsewhere || !take_over(w, ret);
    if (*ret_made)
        *ret = keypair_generate();
    return keypair_save(*ret, w->key_path, "host", 0600, err);
}

/* The binding is written last: a key without one was made here, just now. */
static int open_key(const struct identity_where *w, const struct binding *b, struct keypair **ret,
                    struct identity_told *told, struct err *err)
{
    bool there = access(w->key_path, F_OK) == 0, elsewhere = b->known && !b->same;

    if (there && elsewhere && !w->unfinished) {
        if (file_remove(w->key_path, err) < 0)
            return -1;
        there = false;
    }
    if (there ? keypair_load(w->key_path, ret, err) < 0 : make_key(w, b, ret, &told->made, err) < 0)
        return -1;
    told->moved = elsewhere && !told->made;
    return (b->known && b->same) || told->moved ? 0 : bind_here(w->machine_path, b->hex, err);
}

/* ---- the listener's copy ---- */

static mode_t copy_mode(const struct identity_where *w)
{
    return w->give ? 0640 : 0600;
}

static bool is_as_it_should_be(const struct identity_where *w)
{
    struct stat st;

    return lstat(w->copy_path, &st) == 0 && S_ISREG(st.st_mode) &&
           (st.st_mode & 07777) == copy_mode(w) &&
           (!w->give || (st.st_uid == w->uid && st.st_gid == w->gid));
}

/* Absent for a moment; caravan-agent has it in memory, or waits for it. */
static int write_copy(const struct identity_where *w, const struct keypair *key, struct err *err)
{
    if (file_remove(w->copy_path, err) < 0 ||
        keypair_save(key, w->copy_path, "host", copy_mode(w), err) < 0)
        return -1;
    if (w->give && lchown(w->copy_path, w->uid, w->gid) < 0)
        return err_set(err, ERR_IO, errno, "give %s to the agent's group", w->copy_path);
    return 0;
}

static int keep_copy(const struct identity_where *w, const struct keypair *key,
                     struct identity_told *told, struct err *err)
{
    auto_keypair struct keypair *copy = NULL;
    struct err why = ERR_INIT;
    bool read = keypair_load_as(w->copy_path, 0, &copy, &why) == 0;
    bool same = read && pubkey_eq(keypair_public(copy), keypair_public(key));

    if (same && is_as_it_should_be(w))
        return 0;
    told->replaced = !same && !told->made && why.kind != ERR_NOTFOUND;
    return write_copy(w, key, err);
}

int identity_open(const struct identity_where *w, struct keypair **ret,
                  struct identity_told *ret_told, struct err *err)
{
    struct identity_told told = {.made = false};
    struct binding b = {.known = false};
    auto_keypair struct keypair *key = NULL;
    bool goes_on = w->unfinished && access(w->key_path, F_OK) == 0;
    int rv = machine_digest(w->machine_id, b.hex, err);

    if (rv == 0)
        rv = bound_here(w->machine_path, b.hex, &b.known, &b.same, err);
    if (rv < 0 && goes_on) {
        *err = (struct err)ERR_INIT;
        b.known = true; /* and not the same, as far as can be told */
        rv = 0;
    }
    if (rv < 0 || open_key(w, &b, &key, &told, err) < 0)
        return err_wrap(err, "this host's identity");
    /* What was begun is ended without it, on a full disk too; the next start tries again. */
    if (keep_copy(w, key, &told, err) < 0 && !goes_on)
        return err_wrap(err, "this host's identity");
    *ret = take_ptr(&key);
    *ret_told = told;
    return 0;
}

/* ---- told ---- */

static int no_key(const struct identity_where *w, int why, struct err *err)
{
    if (why == EACCES || why == EPERM)
        return err_set(err, ERR_REFUSED, 0, "%s is root's: ask as root", w->key_path);
    return err_set(
        err, ERR_NOTFOUND, 0,
        "this host has no key yet (%s is not there): caravan-swap makes it when it is "
        "first started. Start caravan-agent.service, and see its journal when the key is "
        "still not there",
        w->key_path);
}

int identity_fingerprint(const struct identity_where *w, char dst[static FINGERPRINT_LEN],
                         struct err *err)
{
    auto_keypair struct keypair *key = NULL;
    struct binding b = {.known = false};

    if (access(w->key_path, F_OK) < 0)
        return no_key(w, errno, err);
    if (keypair_load(w->key_path, &key, err) < 0 || machine_digest(w->machine_id, b.hex, err) < 0 ||
        bound_here(w->machine_path, b.hex, &b.known, &b.same, err) < 0)
        return err_wrap(err, "this host's key");
    if (b.known && !b.same)
        return err_set(err, ERR_STATE, 0,
                       "the key in %s was made on another machine, of which this one is a copy: "
                       "start caravan-agent.service, so that caravan-swap makes this host's own, "
                       "and ask again",
                       w->key_path);
    pubkey_fingerprint(dst, keypair_public(key));
    return 0;
}
