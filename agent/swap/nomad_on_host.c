#include "nomad_on_host.h"
#include "elf_arch.h"
#include "file.h"
#include "process.h"
#include "str.h"

const char *go_os(void)
{
    return "linux";
}

const char *go_arch(void)
{
    return elf_arch_here();
}

void nomad_id_parse(const char *text, char dst[static UUID_MAX])
{
    size_t n = strspn(text, "0123456789abcdefABCDEF-");

    dst[0] = '\0';
    if (n == 0 || n >= UUID_MAX || !strchr("\r\n", text[n]))
        return;
    memcpy(dst, text, n);
    dst[n] = '\0';
}

static void read_id_file(const char *data_dir, const char *name, char dst[static UUID_MAX])
{
    auto_buf struct buf b = BUF_INIT;
    struct err err = ERR_INIT;
    char path[512];

    dst[0] = '\0';
    snprintf(path, sizeof(path), "%s/%s", data_dir, name);
    if (data_dir[0] != '\0' && file_read(path, 256, 0, &b, &err) == 0)
        nomad_id_parse(buf_str(&b), dst);
}

int nomad_on_host_hash(const struct host *h, const struct shelf *s, struct known_file *ret,
                       struct err *err)
{
    struct shelf_read r = SHELF_READ_INIT;
    int rc;

    if (shelf_open(h, s, s->name, SHELF_BINARY_MAX, &r, err) < 0)
        return -1;
    while ((rc = shelf_step(h, &r, err)) > 0)
        ;
    if (rc == 0)
        shelf_learn(ret, &r.stat, &r.digest);
    shelf_close(h, &r);
    return rc;
}

/* While the phases work, they rename files of the shelf. Then only the record knows the digest of
 * the file in place. */
static void learn_disk(struct phases *p, struct nomad_on_host *f, bool *ret_learned)
{
    const struct host *h = p->host;
    struct host_stat now = {.there = false};
    struct err err = ERR_INIT;

    /* At rest, open the directory again if somebody replaced it. A swap compares the directory
     * with the one of the stage. */
    if (!phases_works(p) && shelf_look(h, &p->shelf, &err) < 0)
        return;
    if (h->stat_through(h->ctx, p->shelf.at, p->shelf.name, &now, &err) < 0 || !now.there)
        return;
    f->stamp.dev = now.dev;
    f->stamp.ino = now.ino;
    f->stamp.ctime_ns = now.ctime_ns;
    if (!shelf_known(&p->rec.disk, &now) && !phases_works(p) &&
        nomad_on_host_hash(h, &p->shelf, &p->rec.disk, &err) == 0)
        *ret_learned = true;
    if (shelf_known(&p->rec.disk, &now))
        f->disk = p->rec.disk.digest;
}

static bool is_kept_binary(const struct phases *p, const struct host_process *proc)
{
    struct host_stat old;
    struct err err = ERR_INIT;

    return p->host->stat_through(p->host->ctx, p->shelf.at, p->shelf.old, &old, &err) == 0 &&
           old.there && old.dev == proc->dev && old.ino == proc->ino;
}

static void learn_running(const struct phases *p, pid_t pid, struct nomad_on_host *f)
{
    struct host_process proc = {.there = false};
    struct err err = ERR_INIT;

    if (p->host->process(p->host->ctx, (uint32_t)pid, &proc, &err) < 0 || !proc.there)
        return;
    if (proc.dev == f->stamp.dev && proc.ino == f->stamp.ino) {
        f->running = f->disk;
    } else if (is_kept_binary(p, &proc)) {
        f->running = p->rec.previous;
    } else if (f->ran.dev == proc.dev && f->ran.ino == proc.ino) {
        f->running = f->ran.digest;
    } else if (process_digest(pid, &f->running, &err) == 0) {
        f->ran = (struct known_file){.digest = f->running, .dev = proc.dev, .ino = proc.ino};
    }
}

static void learn_service(const struct phases *p, struct nomad_on_host *f)
{
    const struct service *s = p->host->service;
    struct service_state state = {.active = TRI_UNKNOWN};
    struct err err = ERR_INIT;

    if (s->state(s->self, &state, &err) < 0)
        str_cut(state.text, sizeof(state.text), err.text);
    f->active = state.active;
    f->stamp.main_pid = state.main_pid;
    f->stamp.main_start = state.main_pid != 0 ? state.main_start : 0;
    str_cut(f->service_text, sizeof(f->service_text), state.text);
}

static void learn_hold(const struct phases *p, struct nomad_on_host *f)
{
    struct host_stat held;
    struct err err = ERR_INIT;

    if (p->host->stat(p->host->ctx, HOST_OWN_PATH, p->conf.hold_file, &held, &err) == 0)
        f->held = held.there ? TRI_YES : TRI_NO;
}

void nomad_on_host_read(struct phases *p, const char *conf_data_dir, struct nomad_on_host *f,
                        bool *ret_learned)
{
    struct nomad_on_host was = *f;

    *f = (struct nomad_on_host){.ran = was.ran};
    *ret_learned = false;
    learn_service(p, f);
    learn_hold(p, f);
    learn_disk(p, f, ret_learned);
    if (!phases_works(p) && f->active == TRI_YES && record_runs(&p->rec, f->stamp.main_start))
        *ret_learned = true;
    if (f->stamp.main_pid != 0)
        learn_running(p, (pid_t)f->stamp.main_pid, f);
    if (conf_data_dir[0] != '\0')
        str_cut(f->data_dir, sizeof(f->data_dir), conf_data_dir);
    else if (f->stamp.main_pid != 0)
        process_data_dir((pid_t)f->stamp.main_pid, f->data_dir, sizeof(f->data_dir));
    /* A stopped Nomad has no open files: the last known directory still holds. */
    if (f->data_dir[0] == '\0')
        str_cut(f->data_dir, sizeof(f->data_dir), was.data_dir);
    read_id_file(f->data_dir, "server/node-id", f->server_id);
    read_id_file(f->data_dir, "client/client-id", f->client_id);
}

bool nomad_on_host_is_old(const struct phases *p, const struct nomad_on_host *f)
{
    struct nomad_on_host now = {.active = TRI_UNKNOWN};
    struct host_stat st = {.there = false};
    struct err err = ERR_INIT;

    learn_service(p, &now);
    learn_hold(p, &now);
    /* By the whole path, because somebody may have replaced the directory too. */
    if (p->host->stat_through(p->host->ctx, HOST_OWN_PATH, p->shelf.target, &st, &err) < 0 ||
        !st.there)
        st = (struct host_stat){.there = false};
    return now.stamp.main_pid != f->stamp.main_pid || now.stamp.main_start != f->stamp.main_start ||
           now.active != f->active || now.held != f->held || st.dev != f->stamp.dev ||
           st.ino != f->stamp.ino || st.ctime_ns != f->stamp.ctime_ns;
}
