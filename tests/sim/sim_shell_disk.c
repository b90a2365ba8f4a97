#include "sim_shell.h"
#include <fcntl.h>
#include "crypto.h"
#include "file.h"
#include "sim_build.h"
#include "str.h"

#define STATE_MAX (UINT64_C(1) << 30)

/* The durable state in its memory form: only the same build of the stand-in can read it. */
struct head {
    uint32_t wire, slot_size;
    uint64_t n_slots;
    struct sim_durable durable; /* its pointers have no meaning in the file */
};

static void state_path(const struct sim_shell *s, char *dst, size_t n)
{
    const struct sim_config *c = &s->conf.node;
    snprintf(dst, n, "%s/%s", c->data_dir, c->server ? "server/raft/raft.db" : "client/state.db");
}

/* Reads the id from the file. If there is no file, makes an id and writes it. */
static int load_id(const struct sim_shell *s, const char *name, struct sim_id *id, struct err *err)
{
    char path[256], text[SIM_UUID_TEXT];
    auto_buf struct buf content = BUF_INIT;
    bool there;
    snprintf(path, sizeof(path), "%s/%s", s->conf.node.data_dir, name);
    if (file_read_if(path, 64, FILE_FOLLOW, &content, &there, err) < 0)
        return -1;
    if (there && sim_id_parse(buf_str(&content), id) == 0)
        return 0;
    sim_id_text(text, id);
    return file_replace(path, text, strlen(text), 0600, err);
}

static int load_state(struct sim_shell *s, struct err *err)
{
    char path[256];
    struct head h;
    auto_buf struct buf content = BUF_INIT;
    bool there;
    struct sim_durable *d = &s->node.durable;
    state_path(s, path, sizeof(path));
    if (file_read_if(path, STATE_MAX, FILE_FOLLOW, &content, &there, err) < 0)
        return -1;
    if (!there || content.len == 0)
        return 0;
    if (content.len >= sizeof(h))
        memcpy(&h, content.data, sizeof(h));
    if (content.len < sizeof(h) || h.wire != SIM_WIRE || h.slot_size != sizeof(struct sim_slot) ||
        content.len != sizeof(h) + h.n_slots * sizeof(struct sim_slot))
        return err_set(err, ERR_FORMAT, 0, "failed to open raft log: %s: unknown format", path);
    struct sim_state fresh = d->state;
    *d = h.durable;
    d->state = fresh;
    const struct sim_slot *slots =
        (const struct sim_slot *)(const void *)(content.data + sizeof(h));
    for (int i = h.durable.state.head; i >= 0; i = slots[i].next)
        sim_state_apply(&d->state, &slots[i].r);
    d->state.last_index = h.durable.state.last_index;
    d->state.last_term = h.durable.state.last_term;
    memcpy(d->state.terms, h.durable.state.terms, sizeof(d->state.terms));
    d->state.n_terms = h.durable.state.n_terms;
    return 0;
}

/* From 1.4 to 1.8 each server has the root keys of its region in files: the names are equal on all
 * servers, and each server encrypts the contents by itself. Since 1.9 raft contains the keys, and
 * old files stay. */
static int make_keystore(const struct sim_shell *s, struct err *err)
{
    const struct sim_config *c = &s->conf.node;
    char path[256], key[320], name[65], hex[2 * 32 + 1];
    unsigned char secret[32];
    struct digest d;
    auto_buf struct buf text = BUF_INIT;
    struct stat st;

    if (!c->server || !sim_build_at_least(s->settings.version, 1, 4, 0) ||
        sim_build_at_least(s->settings.version, 1, 9, 0))
        return 0;
    crypto_digest(c->region, strlen(c->region), &d);
    digest_hex(name, &d);
    snprintf(path, sizeof(path), "%s/server/keystore", c->data_dir);
    snprintf(key, sizeof(key), "%s/%.8s-%.4s-%.4s-%.4s-%.12s.nks.json", path, name, name + 8,
             name + 12, name + 16, name + 20);
    if (file_make_dirs(path, 0700, err) < 0)
        return -1;
    if (lstat(key, &st) == 0)
        return 0;
    crypto_random(secret, sizeof(secret));
    str_hex(hex, secret, sizeof(secret));
    buf_printf(&text,
               "{\"Meta\":{\"Algorithm\":\"aes256-gcm\",\"State\":\"active\"},\"KEK\":\"%s\"}",
               hex);
    return file_replace(key, text.data, text.len, 0600, err);
}

int sim_disk_load(struct sim_shell *s, struct err *err)
{
    static const char *const dirs[] = {"server/raft", "client", "alloc", "tasks"};
    for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
        char path[256];
        snprintf(path, sizeof(path), "%s/%s", s->conf.node.data_dir, dirs[i]);
        bool server = i == 0;
        if ((server ? s->conf.node.server : s->conf.node.client) &&
            file_make_dirs(path, 0700, err) < 0)
            return -1;
    }
    if (make_keystore(s, err) < 0 || load_state(s, err) < 0)
        return -1;
    if (s->conf.node.server && load_id(s, "server/node-id", &s->node.durable.server_id, err) < 0)
        return -1;
    if (s->conf.node.client && load_id(s, "client/client-id", &s->node.durable.client_id, err) < 0)
        return -1;
    return 0;
}

/* Replaces the file by a rename, without fsync: the state must survive the process, not the
 * machine. The process keeps the newest file open, as Nomad does: Caravan finds the data_dir by
 * open files. */
int sim_disk_save(struct sim_shell *s, struct err *err)
{
    char path[256], temporary[264];
    const struct sim_durable *d = &s->node.durable;
    struct head h = {.wire = SIM_WIRE, .slot_size = sizeof(struct sim_slot)};
    h.n_slots = (uint64_t)d->state.n;
    h.durable = *d;
    state_path(s, path, sizeof(path));
    snprintf(temporary, sizeof(temporary), "%s.new", path);
    autofile FILE *f = fopen(temporary, "wb");
    if (f == NULL)
        return err_set(err, ERR_IO, errno, "open %s", temporary);
    bool ok = fwrite(&h, sizeof(h), 1, f) == 1;
    ok = ok && (d->state.n == 0 || fwrite(d->state.slots, sizeof(struct sim_slot),
                                          (size_t)d->state.n, f) == (size_t)d->state.n);
    if (!ok || fflush(f) != 0 || rename(temporary, path) < 0)
        return err_set(err, ERR_IO, errno, "write %s", path);
    if (s->state_fd > 0)
        close(s->state_fd);
    s->state_fd = fcntl(fileno(f), F_DUPFD_CLOEXEC, 3);
    s->node.dirty = false;
    s->saved_ms = s->node.now;
    return 0;
}
