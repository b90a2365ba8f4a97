#include "identity.h"
#include <errno.h>
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

static int make_key(const char *path, struct err *err)
{
    auto_keypair struct keypair *k = keypair_generate();

    return keypair_save(k, path, "host", 0600, err);
}

static int bind_here(const char *path, const char *hex, struct err *err)
{
    char line[80];

    snprintf(line, sizeof(line), "%s\n", hex);
    return file_replace(path, line, strlen(line), 0600, err);
}

/* The binding is written last: a key without one was made here, just now. */
static int make_if_needed(const struct identity_where *w, const char *hex, bool *ret_made,
                          struct err *err)
{
    bool known = false, same = false;
    bool there = access(w->key_path, F_OK) == 0;

    if (bound_here(w->machine_path, hex, &known, &same, err) < 0)
        return -1;
    *ret_made = !there || (known && !same);
    if (there && known && !same && file_remove(w->key_path, err) < 0)
        return -1;
    if (*ret_made && make_key(w->key_path, err) < 0)
        return -1;
    return known && same ? 0 : bind_here(w->machine_path, hex, err);
}

int identity_open(const struct identity_where *w, struct keypair **ret, bool *ret_made,
                  struct err *err)
{
    char hex[65];
    bool made = false;

    if (machine_digest(w->machine_id, hex, err) < 0 || make_if_needed(w, hex, &made, err) < 0)
        return err_wrap(err, "this host's identity");
    if (w->give && lchown(w->key_path, w->uid, w->gid) < 0)
        return err_set(err, ERR_IO, errno, "give %s to the agent's user", w->key_path);
    if (keypair_load(w->key_path, ret, err) < 0)
        return -1;
    *ret_made = made;
    return 0;
}
