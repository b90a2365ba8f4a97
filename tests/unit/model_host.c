#include "model_host.h"
#include "model_ask.h"
#include "model_vendor.h"
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>
#include "elf_arch.h"
#include "str.h"

#define POLLS_STOP  2
#define POLLS_START 2
#define BOOT_MS     5000

/* ---- binaries ---- */

/* The inode of the running program. */
static void read_header(char dst[static ELF_HEADER])
{
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

    if (fd < 0 || read(fd, dst, ELF_HEADER) != ELF_HEADER)
        abort();
    close(fd);
}

void model_binary(const char *kind, char dst[static MODEL_BINARY])
{
    bool own = str_starts(kind, "\177ELF");

    memset(dst, '.', MODEL_BINARY);
    if (!own)
        read_header(dst);
    memcpy(dst + (own ? 0 : ELF_HEADER), kind, strlen(kind));
    memcpy(dst + MODEL_BINARY - 3, "end", 3);
}

void model_digest(const char *kind, struct digest *ret)
{
    char binary[MODEL_BINARY];

    model_binary(kind, binary);
    crypto_digest(binary, sizeof(binary), ret);
}

const char *model_kind(const struct model_file *f)
{
    static const char *const kinds[] = {"old", "new", "bad", "mute", "zip"};
    char whole[MODEL_BINARY];

    if (f == NULL)
        return "none";
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        model_binary(kinds[i], whole);
        if (f->len == MODEL_BINARY && memcmp(f->data, whole, MODEL_BINARY) == 0)
            return kinds[i];
    }
    return "torn";
}

/* ---- crashes ---- */

int model_step(struct model_host *m, struct err *err)
{
    if (!m->dead && ++m->operations == m->crash_at)
        m->dead = true;
    return m->dead ? err_set(err, ERR_IO, 0, "dead") : 0;
}

int model_alive(const struct model_host *m, struct err *err)
{
    return m->dead ? err_set(err, ERR_IO, 0, "dead") : 0;
}

static int port_newest(void *ctx, const char *dir, int64_t *ret_ns, struct err *err)
{
    const struct model_host *m = ctx;

    (void)dir;
    if (m->raft_newest_ns < 0)
        return err_set(err, ERR_IO, 0, "read all of %s", dir);
    *ret_ns = m->raft_newest_ns != 0 ? m->raft_newest_ns : 1;
    return model_alive(m, err);
}

static int64_t port_uptime(void *ctx)
{
    const struct model_host *m = ctx;

    return m->uptime_ms;
}

static int64_t port_wall(void *ctx)
{
    const struct model_host *m = ctx;

    return m->wall_ns + m->uptime_ms * 1000000;
}

/* ---- processes ---- */

void model_start_service(struct model_host *m)
{
    int inode = model_fs_through(&m->fs, MODEL_TARGET);
    const char *kind = model_kind(model_fs_file(&m->fs, MODEL_TARGET));

    if (m->process.there)
        return;
    m->last_pid++;
    if (str_eq(kind, "new") || str_eq(kind, "bad") || str_eq(kind, "mute"))
        m->ran_new_bytes = true;
    else if (m->ran_new_bytes)
        m->ran_old_again = true;
    m->process = (struct model_process){.there = !m->host_ails && !str_eq(kind, "bad") &&
                                                 !str_eq(kind, "torn") && !str_eq(kind, "none") &&
                                                 !str_eq(kind, "zip"),
                                        .inode = inode,
                                        .pid = m->last_pid,
                                        .since_ms = m->uptime_ms};
}

static int port_process(void *ctx, uint32_t pid, struct host_process *ret, struct err *err)
{
    const struct model_host *m = ctx;

    *ret = (struct host_process){.there = m->process.there && m->process.pid == pid,
                                 .dev = 1,
                                 .ino = (uint64_t)m->process.inode};
    return model_alive(m, err);
}

static int service_begin(void *self, enum service_act act, struct err *err)
{
    struct model_host *m = self;

    if (model_step(m, err) < 0)
        return -1;
    if (m->no_manager)
        return err_set(err, ERR_NETWORK, 0, "no service manager");
    m->act = act;
    m->begun[act]++;
    m->commands = act == SERVICE_ACT_RESTART ? 2 : 1;
    m->polls = act == SERVICE_ACT_START ? POLLS_START : POLLS_STOP;
    return 0;
}

/* Ends the running command. */
static void end_command(struct model_host *m)
{
    if (m->commands == 2 || m->act == SERVICE_ACT_STOP)
        m->process.there = m->process.there && m->never_stops;
    else
        model_start_service(m);
    m->commands--;
    m->polls = POLLS_START;
}

static int service_poll(void *self, enum service_progress *ret, char ret_text[static TEXT_MAX],
                        struct err *err)
{
    struct model_host *m = self;

    (void)ret_text;
    if (model_step(m, err) < 0)
        return -1;
    if (m->commands > 0 && m->polls-- == 0)
        end_command(m);
    *ret = m->commands > 0 ? SERVICE_WORKING : SERVICE_DONE;
    return 0;
}

/* A process that ends by itself ends when somebody looks. */
static void let_time_pass(struct model_host *m)
{
    const struct model_file *f = &m->fs.files[m->process.inode];

    if (m->process.there && m->ends_after_ms != 0 && str_eq(model_kind(f), "new") &&
        m->uptime_ms - m->process.since_ms >= m->ends_after_ms) {
        m->process.there = false;
        if (m->restarts) {
            m->n_restarts++;
            model_start_service(m);
        }
    }
}

static int service_state_of(void *self, struct service_state *ret, struct err *err)
{
    struct model_host *m = self;

    let_time_pass(m);
    if (m->no_manager)
        return err_set(err, ERR_NETWORK, 0, "no service manager");
    *ret = (struct service_state){.active = m->process.there ? TRI_YES : TRI_NO,
                                  .ended = !m->process.there && m->commands == 0,
                                  .main_pid = m->process.there ? m->process.pid : 0,
                                  .main_start = m->process.pid,
                                  .restarts = m->n_restarts,
                                  .text = "model"};
    return model_alive(m, err);
}

static int service_at_boot(void *self, bool starts, struct err *err)
{
    struct model_host *m = self;

    if (m->no_manager)
        return err_set(err, ERR_NETWORK, 0, "no service manager");
    if (m->static_boot != NULL)
        return err_set(err, ERR_REFUSED, 0, "%s", m->static_boot);
    if (m->disabled != starts)
        return model_alive(m, err);
    if (model_step(m, err) < 0)
        return -1;
    m->disabled = !starts;
    return 0;
}

static int service_about_of(void *self, struct service_about *ret, struct err *err)
{
    const struct model_host *m = self;

    if (m->no_about)
        return err_set(err, ERR_NETWORK, 0, "no service manager");
    *ret = m->about;
    return 0;
}

static enum tri service_active_of(void *self, const char *unit)
{
    const struct model_host *m = self;

    (void)unit;
    return m->no_manager ? TRI_UNKNOWN : m->seed_socket ? TRI_YES : TRI_NO;
}

static void service_evidence(void *self, char *dst, size_t n)
{
    (void)self;
    str_cut(dst, n, "the model has none");
}

static int port_try(void *ctx, int binary, const char *version, enum failure *ret_failure,
                    char ret_text[static TEXT_MAX], struct err *err)
{
    const struct model_host *m = ctx;

    (void)binary;
    (void)version;
    snprintf(ret_text, TEXT_MAX, "tried");
    *ret_failure = m->try_fails;
    return model_step(ctx, err);
}

static enum tri port_version_of(void *ctx, int binary, char ret_version[static VERSION_TEXT],
                                char ret_text[static TEXT_MAX])
{
    struct model_host *m = ctx;

    (void)binary;
    m->versions_asked++;
    str_cut(ret_version, VERSION_TEXT, m->nomad != TRI_NO ? "1.9.7" : "");
    str_cut(ret_text, TEXT_MAX, m->nomad != TRI_NO ? "" : "its `version` prints \"x 1\"");
    return m->nomad != TRI_NO ? TRI_YES : TRI_NO;
}

/* ---- answers about the host ---- */

static enum tri port_try_config(void *ctx, int binary, int old, const char *version,
                                char ret_text[static TEXT_MAX])
{
    struct model_host *m = ctx;

    (void)binary;
    (void)old;
    (void)version;
    m->trials++;
    str_cut(ret_text, TEXT_MAX, m->config_text != NULL ? m->config_text : "tried");
    return m->config_rejects != TRI_UNKNOWN ? m->config_rejects : TRI_NO;
}

static int port_way(void *ctx, const char *name, const char *target, struct host_link_chain *ret,
                    struct err *err)
{
    const struct model_host *m = ctx;

    (void)err;
    *ret = str_eq(name, target) ? (struct host_link_chain){true, true, true} : m->way;
    return 0;
}

static int port_users(void *ctx, uint64_t dev, uint64_t ino, uint32_t except,
                      struct host_users *ret, struct err *err)
{
    const struct model_host *m = ctx;

    (void)dev;
    (void)ino;
    (void)except;
    *ret = m->users;
    return model_alive(m, err);
}

static enum tri port_unit_naming(void *ctx, const char *program, const char *fragment, char *dst,
                                 size_t n)
{
    const struct model_host *m = ctx;

    (void)program;
    (void)fragment;
    str_cut(dst, n, m->unit_naming != NULL ? m->unit_naming : "");
    return m->unit_naming == NULL ? TRI_NO : m->unit_naming_unknown ? TRI_UNKNOWN : TRI_YES;
}

static enum tri port_account(void *ctx, bool group, const char *name)
{
    const struct model_host *m = ctx;

    (void)group;
    if (m->vague_account != NULL && str_eq(name, m->vague_account))
        return TRI_UNKNOWN;
    return m->no_account != NULL && str_eq(name, m->no_account) ? TRI_NO : TRI_YES;
}

static void port_package(void *ctx, const char *path, struct host_package *ret)
{
    const struct model_host *m = ctx;

    (void)path;
    *ret = m->package;
}

static enum tri port_package_lock(void *ctx)
{
    struct model_host *m = ctx;

    m->locks += m->lock != TRI_NO;
    return m->lock;
}

static void port_package_unlock(void *ctx)
{
    struct model_host *m = ctx;

    m->unlocks++;
}

static int port_clock(void *ctx, struct host_clock *ret, struct err *err)
{
    const struct model_host *m = ctx;

    *ret = m->clock;
    return model_alive(m, err);
}

static int port_attributes(void *ctx, int dir, const char *name, struct host_attributes *ret,
                           struct err *err)
{
    const struct model_host *m = ctx;

    (void)dir;
    *ret = m->attributes[!str_eq(name, "nomad")];
    return model_alive(m, err);
}

/* If the path is a name, it is a file. If names begin with the path, it is a directory. */
static int port_names(void *ctx, const char *path, struct host_names *ret, struct err *err)
{
    const struct model_host *m = ctx;
    size_t n = strlen(path);

    if (model_alive(m, err) < 0)
        return -1;
    int inode = model_fs_find(&m->fs, path);
    *ret = (struct host_names){.dir = inode == 0 || m->fs.files[inode].dir};
    for (int i = 0; i < MODEL_NAMES && ret->dir; i++) {
        const struct model_name *name = &m->fs.names[i];

        if (name->inode == 0 || strncmp(name->path, path, n) != 0 || name->path[n] != '/')
            continue;
        str_cut(ret->list[ret->n].name, sizeof(ret->list[0].name), name->path + n + 1);
        ret->list[ret->n++].program = (m->fs.files[name->inode].mode & 0111) != 0;
    }
    return ret->dir && ret->n == 0 ? err_set(err, ERR_NOTFOUND, 0, "%s is not there", path) : 0;
}

static int port_runs_as(void *ctx, uint32_t pid, const char *name, struct path_user *ret,
                        struct err *err)
{
    const struct model_host *m = ctx;

    if (m->no_user)
        return err_set(err, ERR_NOTFOUND, 0, "there is no user %s", name);
    *ret = pid == 0 && m->next_user != NULL ? *m->next_user : m->user;
    return 0;
}

static bool is_dir(const struct model_fs *fs, const char *path)
{
    size_t n = strlen(path);

    for (int i = 0; i < MODEL_NAMES; i++) {
        const struct model_name *name = &fs->names[i];

        if (name->inode != 0 && strncmp(name->path, path, n) == 0 && name->path[n] == '/')
            return true;
    }
    return false;
}

static void add_up(const struct model_fs *fs, const char *path, struct host_look *ret)
{
    size_t n = strlen(path);

    for (int i = 0; i < MODEL_NAMES; i++) {
        const struct model_name *name = &fs->names[i];

        if (name->inode != 0 && strncmp(name->path, path, n) == 0 && name->path[n] == '/')
            ret->bytes += fs->files[name->inode].len;
    }
}

static int fits(const struct model_fs *fs, const char *pattern)
{
    for (int i = 0; i < MODEL_NAMES; i++)
        if (fs->names[i].inode != 0 && fnmatch(pattern, fs->names[i].path, FNM_PATHNAME) == 0)
            return fs->names[i].inode;
    return 0;
}

static void look(const struct model_host *m, const struct path_user *user,
                 const struct path_question *w, struct host_look *ret)
{
    int inode = w->pattern ? fits(&m->fs, w->path) : model_fs_through(&m->fs, w->path);
    const struct model_file *f = &m->fs.files[inode];
    bool dir = inode == 0 && is_dir(&m->fs, w->path);
    const struct path_owner o = {.mode = dir ? 0755 : f->mode,
                                 .dir = dir,
                                 .listed = m->listed != NULL && str_eq(m->listed, w->path)};
    enum tri may = path_may_access(user, &o, w->need);

    *ret = (struct host_look){.dir = dir, .content = BUF_INIT};
    if (m->hangs != NULL && str_eq(m->hangs, w->path))
        ret->end = LOOK_HANGS;
    else if (inode == 0 && !dir)
        ret->end = LOOK_MISSING;
    else
        ret->end = may == TRI_YES ? LOOK_FINE : may == TRI_NO ? LOOK_DENIED : LOOK_UNSURE;
    if (w->content && inode != 0 && may == TRI_YES)
        (void)buf_add(&ret->content, f->data, f->len);
    if (w->sum && dir)
        add_up(&m->fs, w->path, ret);
    ret->kind =
        (struct host_kind){.mode = dir ? S_IFDIR | 0755 : S_IFREG | f->mode, .size = f->len};
}

static int port_look_at(void *ctx, uint32_t pid, const struct path_user *user,
                        const struct path_question *questions, uint32_t n, struct host_look *ret,
                        struct err *err)
{
    struct model_host *m = ctx;

    (void)pid;
    m->looks++;
    for (uint32_t i = 0; i < n; i++)
        look(m, user, &questions[i], &ret[i]);
    return model_alive(m, err);
}

static int port_listeners(void *ctx, uint32_t pid, struct tcp_table *ret, struct err *err)
{
    const struct model_host *m = ctx;

    (void)pid;
    *ret = m->tcp;
    return m->no_tcp ? err_set(err, ERR_IO, 0, "no table") : 0;
}

static void port_socket_owner(void *ctx, uint64_t inode, uint32_t main_pid, struct host_owner *ret)
{
    const struct model_host *m = ctx;

    (void)inode;
    (void)main_pid;
    *ret = m->owner;
}

/* ---- fetching ---- */

static int port_fetch_begin(void *ctx, const struct fetch_get *job, struct err *err)
{
    struct model_host *m = ctx;

    (void)job;
    if (model_step(m, err) < 0)
        return -1;
    m->fetch_polls = m->fetch_takes != 0 ? m->fetch_takes : 2;
    m->fetches++;
    return 0;
}

/* A file from caravan-fetch is never synced: caravan-swap must not rely on its durability. */
static int port_fetch_poll(void *ctx, struct fetch_news *ret, struct err *err)
{
    struct model_host *m = ctx;
    char binary[MODEL_BINARY];
    int h;

    if (model_step(m, err) < 0)
        return -1;
    *ret = (struct fetch_news){.state = FETCH_WORKING, .total = MODEL_BINARY};
    if (m->fetch_fails != FAILURE_NONE) {
        *ret = (struct fetch_news){
            .state = FETCH_FAILED, .failure = m->fetch_fails, .text = "fetched nothing"};
        return 0;
    }
    if (--m->fetch_polls > 0)
        return 0;
    model_binary(m->brings != NULL ? m->brings : m->offer, binary);
    model_fs_unlink(&m->fs, MODEL_FETCH "/fetched");
    h = model_fs_create(&m->fs, MODEL_FETCH "/fetched", 0600);
    model_fs_write(&m->fs, h, binary, sizeof(binary));
    m->fs.handles[h] = 0;
    ret->state = FETCH_DONE;
    str_cut(ret->path, sizeof(ret->path), MODEL_FETCH "/fetched");
    return 0;
}

static void port_fetch_end(void *ctx)
{
    struct model_host *m = ctx;

    m->fetch_polls = 0;
}

/* ---- the whole host ---- */

static const struct host ports = {
    .newest = port_newest,
    .names = port_names,
    .uptime = port_uptime,
    .wall = port_wall,
    .try_binary = port_try,
    .version_of = port_version_of,
    .try_config = port_try_config,
    .way = port_way,
    .users = port_users,
    .unit_naming = port_unit_naming,
    .account = port_account,
    .package = port_package,
    .package_lock = port_package_lock,
    .package_unlock = port_package_unlock,
    .clock = port_clock,
    .attributes = port_attributes,
    .process = port_process,
    .runs_as = port_runs_as,
    .look_at = port_look_at,
    .listeners = port_listeners,
    .socket_owner = port_socket_owner,
    .fetch_begin = port_fetch_begin,
    .fetch_poll = port_fetch_poll,
    .fetch_end = port_fetch_end,
    .ask = model_ask,
    .ask_as = model_ask_as,
    .heartbeat = model_heartbeat,
    .check_peers = model_check_peers,
    .metadata = model_metadata,
    .ask_end = model_ask_end,
};

void model_open(struct model_host *m, const char *offer)
{
    char binary[MODEL_BINARY];

    memset((char *)m + sizeof(m->fs), 0, sizeof(*m) - sizeof(m->fs));
    model_fs_reset(&m->fs);
    m->host = ports;
    model_files(&m->host);
    model_vendor_ports(&m->host);
    m->host.ctx = m;
    m->host.service = &m->service;
    m->service = (struct service){.self = m,
                                  .begin = service_begin,
                                  .poll = service_poll,
                                  .state = service_state_of,
                                  .at_boot = service_at_boot,
                                  .about = service_about_of,
                                  .active = service_active_of,
                                  .evidence = service_evidence};
    m->offer = offer;
    m->uptime_ms = BOOT_MS;
    m->wall_ns = 1700000000000000000;
    model_fs_put_dir(&m->fs, MODEL_SEED);
    model_binary("old", binary);
    model_fs_put(&m->fs, MODEL_TARGET, binary, sizeof(binary), 0755);
    model_start_service(m);
}

void model_link(struct model_host *m)
{
    char binary[MODEL_BINARY];

    model_binary("old", binary);
    model_fs_put(&m->fs, MODEL_STORE, binary, sizeof(binary), 0755);
    model_fs_put_link(&m->fs, MODEL_TARGET, MODEL_STORE);
    m->process.inode = model_fs_through(&m->fs, MODEL_TARGET);
}

void model_revive(struct model_host *m)
{
    if (m->commands > 0)
        end_command(m);
    m->commands = 0;
    m->fetch_polls = 0;
    memset(m->fs.handles, 0, sizeof(m->fs.handles));
    memset(m->fs.dirs, 0, sizeof(m->fs.dirs));
    m->dead = false;
    m->crash_at = 0;
}

void model_reboot(struct model_host *m, enum model_loss loss, uint64_t *random, bool init)
{
    bool was_active = m->process.there;

    m->process.there = false;
    m->commands = 0;
    m->fetch_polls = 0;
    model_fs_crash(&m->fs, loss, random);
    m->dead = false;
    m->crash_at = 0;
    m->boots++;
    m->wall_ns += 60000000000;
    m->uptime_ms = BOOT_MS;
    (void)was_active;
    if (init && !m->disabled)
        model_start_service(m);
}
