#include "crash_stage.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include "agent_session.h"
#include "clock.h"
#include "file.h"
#include "free_port.h"
#include "process.h"
#include "spawn.h"
#include "str.h"
#include "swap_channel.h"
#include "vendor.h"
#include "zip_fixture.h"

#define WAIT_MS 30000

NORETURN static void give_up(const char *what, const struct err *err)
{
    fprintf(stderr, "stage: %s: %s\n", what, err != NULL ? err->text : strerror(errno));
    abort();
}

void stage_path(const struct crash_stage *st, const char *name, char dst[static 256])
{
    snprintf(dst, 256, "%s/%s", st->dir, name);
}

static void put(const struct crash_stage *st, const char *name, const void *p, size_t n,
                mode_t mode)
{
    char path[256];
    struct err err = ERR_INIT;

    stage_path(st, name, path);
    if (file_replace(path, p, n, mode, &err) < 0)
        give_up("write", &err);
}

static void make_dir(const struct crash_stage *st, const char *name, mode_t mode)
{
    char path[256];

    stage_path(st, name, path);
    if (mkdir(path, mode) < 0 && errno != EEXIST)
        give_up(path, NULL);
}

/* The pocket program with a text appended. */
static void make_binary(struct crash_stage *st, const char *name, const char *version,
                        const char *mode, struct digest *ret, uint64_t *ret_size)
{
    auto_buf struct buf b = BUF_INIT;
    char path[300];
    struct err err = ERR_INIT;

    snprintf(path, sizeof(path), "%s/tests/pocket", st->programs);
    if (file_read(path, 16 << 20, 0, &b, &err) < 0)
        give_up("the pocket program", &err);
    (void)buf_printf(&b, "%0120d\npocket %s %s\n", 0, version, mode);
    put(st, name, b.data, b.len, 0755);
    crypto_digest(b.data, b.len, ret);
    *ret_size = b.len;
}

static void write_conf(const struct crash_stage *st)
{
    auto_buf struct buf b = BUF_INIT;
    const char *d = st->dir;

    (void)buf_printf(&b, "[agent]\nuser = nobody\nstate_dir = %s/state\nrun_dir = %s/run\n", d, d);
    (void)buf_printf(&b, "machine_id = %s/machine-id\n[trust]\nanchor = %s/trust\n", d, d);
    (void)buf_printf(&b, "[nomad]\nservice = command\nbinary = %s/bin/nomad\n", d);
    (void)buf_printf(&b, "data_dir = %s/data\nmetadata_address = \n", d);
    (void)buf_printf(&b, "address = http://127.0.0.1:%u\n", st->port);
    (void)buf_printf(&b, "[command]\nstart = %s/pocket start %s %u\n", d, d, st->port);
    (void)buf_printf(&b, "stop = %s/pocket stop %s\n", d, d);
    (void)buf_printf(&b, "status = %s/pocket status %s\npid_file = %s/pid\n", d, d, d);
    (void)buf_printf(
        &b, "[law]\nhold_file = %s/hold\ngap = 0\nallow_file_urls = yes\nallow_stop = yes\n", d);
    if (st->vendor)
        (void)buf_printf(&b, "require_vendor_signature = yes\nvendor_keyring = %s/keys\n", d);
    if (st->seed)
        (void)buf_printf(&b, "[seed]\nurl = http://127.0.0.1:1/\n");
    (void)buf_printf(&b, "[fetch]\nfetch_program = %s/caravan-fetch\n", st->programs);
    put(st, "agent.conf", b.data, b.len, 0644);
}

static int listen_at(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    str_cut(a.sun_path, sizeof(a.sun_path), path);
    (void)unlink(path);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 8) < 0)
        give_up(path, NULL);
    return fd;
}

static void make_files(struct crash_stage *st, const char *mode)
{
    auto_buf struct buf trust = BUF_INIT;
    char path[256];

    if (mkdir(st->dir, 0755) < 0 && errno != EEXIST)
        give_up(st->dir, NULL);
    /* caravan-fetch runs as another user when we are root. */
    if (chmod(st->dir, 0755) < 0)
        give_up(st->dir, NULL);
    make_dir(st, "bin", 0755);
    make_dir(st, "run", 0755);
    make_dir(st, "offer", 0755);
    make_binary(st, "pocket", "0.0.0", "good", &st->old, &st->old_size);
    make_binary(st, "bin/nomad", "1.0.0", "good", &st->old, &st->old_size);
    make_binary(st, "offer/nomad", "1.1.0", mode, &st->fresh, &st->fresh_size);
    put(st, "machine-id", "0123456789abcdef0123456789abcdef\n", 33, 0644);
    desk_trust_file(&st->desk, &trust);
    put(st, "trust", trust.data, trust.len, 0644);
    write_conf(st);
    stage_path(st, "run/swap.sock", path);
    st->listen = listen_at(path);
}

void stage_open(struct crash_stage *st, const char *dir, const char *programs, const char *mode)
{
    struct err err = ERR_INIT;

    *st = (struct crash_stage){.port = free_port(), .listen = -1, .conn = -1};
    str_cut(st->dir, sizeof(st->dir), dir);
    str_cut(st->programs, sizeof(st->programs), programs);
    snprintf(st->preload, sizeof(st->preload), "%s/tests/preload_count.so", programs);
    desk_open(&st->desk);
    if (agent_session_read(st->desk.session, &err) < 0)
        give_up("session", &err);
    make_files(st, mode);
}

static void run(const char *const *argv)
{
    struct spawn s = {.argv = argv, .deadline_ms = 10000, .out_max = 4096, .pass_fd = -1};
    struct spawn_result r = {.out = BUF_INIT};
    struct err err = ERR_INIT;

    s.quiet = true;
    if (spawn_run(&s, clock_system(), &r, &err) < 0)
        give_up(argv[0], &err);
    buf_free(&r.out);
}

static void read_into(const struct crash_stage *st, const char *name, struct buf *ret)
{
    char path[256];
    struct err err = ERR_INIT;

    stage_path(st, name, path);
    if (file_read(path, 16 << 20, 0, ret, &err) < 0)
        give_up("read", &err);
}

/* Makes a release whose build is this zip, with sums that have no signature yet. */
static void fill_vendor(const struct crash_stage *st, struct manifest *m)
{
    struct build *b = &m->builds[0];
    auto_buf struct buf zip = BUF_INIT, sig = BUF_INIT;
    char name[VENDOR_NAME_MAX], hex[65], path[256];

    read_into(st, "offer/zip", &zip);
    b->packing = PACKING_ZIP;
    b->fetch_size = zip.len;
    crypto_digest(zip.data, zip.len, &b->fetch_digest);
    digest_hex(hex, &b->fetch_digest);
    vendor_zip_name(name, m->version, b->os, b->arch);
    m->sums_len = (size_t)snprintf((char *)m->sums, sizeof(m->sums), "%s  %s\n", hex, name);
    stage_path(st, "SUMS.sig", path);
    if (access(path, F_OK) < 0)
        return;
    read_into(st, "SUMS.sig", &sig);
    memcpy(m->sums_sig, sig.data, sig.len);
    m->sums_sig_len = sig.len;
}

void stage_sign(struct crash_stage *st)
{
    static const char script[] = "cd \"$1\" && export GNUPGHOME=$PWD/home && mkdir -m 700 home && "
                                 "gpg -q --batch --passphrase '' "
                                 "--quick-gen-key vendor ed25519 sign never && gpg -q --batch "
                                 "--export >keys && gpg -q --batch "
                                 "--detach-sign SUMS; gpgconf --kill all; rm -rf home";
    const char *argv[] = {"/bin/sh", "-c", script, "sh", st->dir, NULL};
    struct manifest m = {.version = "1.1.0", .builds = {{.os = "linux", .arch = "amd64"}}};
    auto_buf struct buf binary = BUF_INIT;
    char path[256];

    st->vendor = true;
    write_conf(st);
    read_into(st, "offer/nomad", &binary);
    const struct zip_member member = {"nomad", binary.data, binary.len, 0, NULL};
    stage_path(st, "offer/zip", path);
    zip_make(path, &member, 1);
    fill_vendor(st, &m);
    put(st, "SUMS", m.sums, m.sums_len, 0644);
    run(argv);
}

void stage_service(struct crash_stage *st, bool start)
{
    char pocket[256], port[8];

    stage_path(st, "pocket", pocket);
    snprintf(port, sizeof(port), "%u", st->port);
    const char *begin[] = {pocket, "start", st->dir, port, NULL};
    const char *end[] = {pocket, "stop", st->dir, NULL};
    run(start ? begin : end);
}

bool stage_service_runs(const struct crash_stage *st, bool *ret_runs_target)
{
    char path[256];
    struct stat target;
    struct host_process proc = {.there = false};
    struct err err = ERR_INIT;
    pid_t pid;

    stage_path(st, "pid", path);
    pid = process_pid_file(path);
    stage_path(st, "bin/nomad", path);
    *ret_runs_target = false;
    if (process_start(pid) == 0 || stat(path, &target) < 0 ||
        process_executes(pid, &proc, &err) < 0)
        return false;
    *ret_runs_target = proc.ino == target.st_ino && proc.dev == target.st_dev;
    return true;
}

void stage_close(struct crash_stage *st)
{
    const char *argv[] = {"/bin/rm", "-rf", st->dir, NULL};

    stage_stop(st);
    stage_service(st, false);
    close(st->listen);
    desk_close(&st->desk);
    run(argv);
}

/* ---- caravan-swap ---- */

/* Between fork and exec only calls that need no lock: this program has one thread. */
NORETURN static void become_swap(const struct crash_stage *st, unsigned at)
{
    char program[300], conf[256], text[24], log[256];

    snprintf(program, sizeof(program), "%s/caravan-swap", st->programs);
    stage_path(st, "agent.conf", conf);
    stage_path(st, "swap.log", log);
    snprintf(text, sizeof(text), "%d", (int)getpid());
    setenv("LISTEN_PID", text, 1);
    setenv("LISTEN_FDS", "1", 1);
    snprintf(text, sizeof(text), "%u", at);
    setenv("CARAVAN_CRASH_AT", text, 1);
    setenv("LD_PRELOAD", st->preload, 1);
    int err = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (err >= 0 && dup2(err, 2) == 2 && dup2(st->listen, 3) == 3) {
        (void)fcntl(3, F_SETFD, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl(program, program, "--config", conf, (char *)NULL);
    }
    _exit(126);
}

void stage_start(struct crash_stage *st, unsigned at)
{
    char view[256];

    /* A view of the dead caravan-swap must not be taken for one of the new process. */
    stage_path(st, "run/view", view);
    (void)unlink(view);
    st->swap = fork();
    if (st->swap < 0)
        give_up("fork", NULL);
    if (st->swap == 0)
        become_swap(st, at);
}

static void hang_up(struct crash_stage *st)
{
    if (st->conn >= 0)
        close(st->conn);
    st->conn = -1;
}

bool stage_alive(struct crash_stage *st)
{
    if (st->swap > 0 && waitpid(st->swap, &st->status, WNOHANG) == st->swap)
        st->swap = 0;
    return st->swap > 0;
}

void stage_stop(struct crash_stage *st)
{
    hang_up(st);
    if (!stage_alive(st))
        return;
    kill(st->swap, SIGTERM);
    while (waitpid(st->swap, &st->status, 0) < 0 && errno == EINTR)
        ;
    st->swap = 0;
}

/* ---- orders ---- */

/* The host's key exists once swap has started for the first time. */
static void know_host(struct crash_stage *st)
{
    char path[256];
    struct err err = ERR_INIT;
    struct keypair *k = NULL;

    stage_path(st, "state/swap/host.key", path);
    if (keypair_load(path, &k, &err) < 0)
        give_up("the host's key", &err);
    keypair_free(st->desk.host);
    st->desk.host = k;
}

/* Time enough for a caravan-swap that dies once and is started again. */
static uint64_t begin_by(void)
{
    return (uint64_t)clock_mono(clock_system()) + ORDER_BY_MAX_MS - 20000;
}

static struct order *next_order(struct crash_stage *st, enum message_kind kind)
{
    know_host(st);
    struct order *o = desk_order(&st->desk, kind, 1, ++st->sequence);

    o->head.time_ms = begin_by();
    return o;
}

static void sign_and_free(struct crash_stage *st, struct order *o, struct buf *ret_inner)
{
    desk_inner(o, st->desk.operator, ret_inner);
    free(o);
}

void stage_stage(struct crash_stage *st, struct buf *ret_inner)
{
    struct order *o = next_order(st, MSG_STAGE);
    struct manifest m = {.version = "1.1.0", .created_s = 1, .n_builds = 1};

    m.builds[0] = (struct build){.os = "linux",
                                 .arch = "amd64",
                                 .packing = PACKING_BARE,
                                 .fetch_size = st->fresh_size,
                                 .fetch_digest = st->fresh,
                                 .size = st->fresh_size,
                                 .digest = st->fresh};
    if (st->vendor)
        fill_vendor(st, &m);
    desk_manifest(&o->u.stage, st->desk.operator, & m);
    o->u.stage.n_urls = 1;
    snprintf(o->u.stage.urls[0], URL_MAX_LEN, "file://%s/offer/%s", st->dir,
             st->vendor ? "zip" : "nomad");
    o->u.stage.deadline_ms = 20000;
    sign_and_free(st, o, ret_inner);
}

void stage_swap(struct crash_stage *st, enum on_not_ready policy, struct buf *ret_inner)
{
    struct order *o = next_order(st, MSG_SWAP);

    o->u.swap = (struct order_swap){
        .digest = st->fresh, .on_not_ready = policy, .hold_ms = 1, .deadline_ms = 15000};
    sign_and_free(st, o, ret_inner);
}

void stage_revert(struct crash_stage *st, struct buf *ret_inner)
{
    struct order *o = next_order(st, MSG_REVERT);

    o->u.revert = (struct order_revert){
        .to = st->old, .why = FAILURE_NOT_CAUGHT_UP, .hold_ms = 1, .deadline_ms = 15000};
    sign_and_free(st, o, ret_inner);
}

void stage_preserve(struct crash_stage *st, struct buf *ret_inner)
{
    struct order *o = next_order(st, MSG_PRESERVE);

    memset(o->u.preserve.run_id, 0xa7, RUN_ID_LEN);
    sign_and_free(st, o, ret_inner);
}

void stage_end_service(struct crash_stage *st, struct buf *ret_inner)
{
    struct order *o = next_order(st, MSG_SERVICE);

    o->u.service.op = SERVICE_STOP;
    sign_and_free(st, o, ret_inner);
}

/* Appends to ret a trust file without the other operator. */
static void later_trust(const struct crash_stage *st, uint32_t version, struct buf *ret)
{
    struct desk next = st->desk;

    next.trust.version = version;
    next.trust.roles[ROLE_OPERATOR].n = 1;
    desk_trust_file(&next, ret);
}

void stage_anchor(const struct crash_stage *st)
{
    auto_buf struct buf file = BUF_INIT;

    desk_trust_file(&st->desk, &file);
    for (uint32_t v = 2; v <= STAGE_ANCHOR; v++)
        later_trust(st, v, &file);
    put(st, "trust", file.data, file.len, 0644);
}

void stage_trust(struct crash_stage *st, struct buf *ret_inner)
{
    struct order *o = desk_order(&st->desk, MSG_TRUST, 0, 0);
    auto_buf struct buf file = BUF_INIT;

    later_trust(st, 2, &file);
    memcpy(o->u.trust.file, file.data, file.len);
    o->u.trust.len = file.len;
    memset(o->head.session, 0, sizeof(o->head.session));
    sign_and_free(st, o, ret_inner);
}

static int call_once(struct crash_stage *st, const struct buf *inner, struct buf *ret)
{
    char path[256];
    auto_buf struct buf lease = BUF_INIT;
    struct err err = ERR_INIT;

    stage_path(st, "run/swap.sock", path);
    if (st->conn < 0 && swap_channel_connect(path, &st->conn, &err) < 0)
        return -1;
    desk_lease(&st->desk, LEASE_RENEW, 1, begin_by(), &lease);
    const struct swap_packet p = {inner->data, inner->len, lease.data, lease.len};
    if (swap_channel_call(st->conn, &p, ret, &err) == 0)
        return 0;
    hang_up(st);
    return -1;
}

enum refusal stage_send(struct crash_stage *st, const struct buf *inner, struct buf *ret_receipt)
{
    struct verified v;
    struct err err = ERR_INIT;

    /* A connection waits in the socket's queue until a new caravan-swap accepts it. The connection
     * to the dead one gets no answer. */
    for (int i = 0; call_once(st, inner, ret_receipt) < 0; i++) {
        if (i > 20)
            give_up("caravan-swap does not answer", NULL);
        if (!stage_alive(st)) {
            st->sent_twice = true;
            stage_start(st, 0);
        }
    }
    if (ret_receipt->len == 0)
        return REFUSAL_COUNT;
    struct receipt *r = xzalloc(1, sizeof(*r));
    if (envelope_verify(ret_receipt->data, ret_receipt->len, &v, &err) < 0)
        give_up("receipt", &err);
    r->head = v.head;
    if (codec_read_receipt(v.payload, v.payload_len, r, &err) < 0)
        give_up("receipt", &err);
    enum refusal refusal = r->u.done.refusal;
    free(r);
    return refusal;
}

static bool is_stopping(const struct swap_status *v)
{
    for (uint32_t i = 0; i < v->status.n_facts; i++) {
        if (str_eq(v->status.facts[i].id, "stopped"))
            return v->status.facts[i].value == TRI_UNKNOWN;
    }
    return false;
}

static bool view_rests(const struct crash_stage *st, struct swap_status *ret)
{
    char path[256];
    struct stat s;
    struct err err = ERR_INIT;

    stage_path(st, "run/view", path);
    if (swap_status_read(path, ret, &err) < 0 || !phase_rests(ret->status.work.phase) ||
        is_stopping(ret))
        return false;
    stage_path(st, "state/swap/unfinished", path);
    return stat(path, &s) < 0;
}

/* false: caravan-swap has died. */
static bool await(struct crash_stage *st, int watch, struct swap_status *ret)
{
    int64_t until = clock_mono(clock_system()) + WAIT_MS;

    while (stage_alive(st)) {
        struct pollfd p = {watch, POLLIN, 0};
        char drop[4096];

        if (view_rests(st, ret))
            return true;
        if (clock_mono(clock_system()) > until)
            give_up("caravan-swap does not come to rest", NULL);
        (void)poll(&p, 1, 20);
        while (read(watch, drop, sizeof(drop)) > 0)
            ;
    }
    return false;
}

static int watch_run(const struct crash_stage *st)
{
    char path[256];
    int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

    stage_path(st, "run", path);
    if (watch < 0 || inotify_add_watch(watch, path, IN_MOVED_TO) < 0)
        give_up("watch", NULL);
    return watch;
}

bool stage_await(struct crash_stage *st)
{
    autoclose int watch = watch_run(st);
    autofree struct swap_status *v = xzalloc(1, sizeof(*v));

    return await(st, watch, v);
}

void stage_rest(struct crash_stage *st, struct swap_status *ret)
{
    autoclose int watch = watch_run(st);

    for (int i = 0; !await(st, watch, ret); i++) {
        if (i == 3)
            give_up("caravan-swap ends again and again: see swap.log", NULL);
        stage_start(st, 0);
    }
}

/* ---- the keystore ---- */

static const char *const key_names[] = {"one.nks.json", "two.nks.json"};

void stage_keys(const struct crash_stage *st, char text)
{
    char name[64], whole[6000];

    make_dir(st, "data", 0700);
    make_dir(st, "data/server", 0700);
    make_dir(st, "data/server/keystore", 0700);
    put(st, "data/server/node-id", "11111111-2222-3333-4444-555555555555", 36, 0600);
    memset(whole, text, sizeof(whole)); /* longer than one piece */
    for (size_t i = 0; i < ARRAY_LEN(key_names); i++) {
        snprintf(name, sizeof(name), "data/server/keystore/%s", key_names[i]);
        put(st, name, whole, sizeof(whole), 0600);
    }
}

static char key_text(const char *path)
{
    auto_buf struct buf b = BUF_INIT;
    struct err err = ERR_INIT;
    struct stat s;

    if (file_read(path, 10000, 0, &b, &err) < 0 || b.len != 6000 || lstat(path, &s) < 0 ||
        (s.st_mode & 07777) != 0600)
        return '?';
    for (size_t i = 1; i < b.len; i++)
        if (b.data[i] != b.data[0])
            return '?';
    return (char)b.data[0];
}

char stage_copy(const struct crash_stage *st)
{
    char dir[256], path[300], text = 0;
    struct stat s;

    stage_path(st, "state/swap/keystore/a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7", dir);
    if (lstat(dir, &s) < 0)
        return 0;
    if ((s.st_mode & 07777) != 0700)
        return '?';
    for (size_t i = 0; i < ARRAY_LEN(key_names); i++) {
        snprintf(path, sizeof(path), "%s/%s", dir, key_names[i]);
        char is = key_text(path);
        if (i > 0 && is != text)
            return '?';
        text = is;
    }
    return text;
}

/* ---- what lies on disk ---- */

/* Deletes the content; the directory itself stays the same, as on a host. */
static void copy(const char *from, const char *to)
{
    char all[300];
    const char *make[] = {"/bin/mkdir", "-p", to, NULL};
    const char *drop[] = {"/usr/bin/find", to, "-mindepth", "1", "-delete", NULL};
    const char *take[] = {"/bin/cp", "-a", all, to, NULL};

    snprintf(all, sizeof(all), "%s/.", from);
    run(make);
    run(drop);
    run(take);
}

static const char *const kept[] = {"bin", "state"};

void stage_save(struct crash_stage *st)
{
    char from[256], to[256], name[64];

    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        snprintf(name, sizeof(name), "saved-%s", kept[i]);
        stage_path(st, kept[i], from);
        stage_path(st, name, to);
        copy(from, to);
    }
}

void stage_restore(struct crash_stage *st)
{
    char from[256], to[256], name[64];

    stage_stop(st);
    stage_service(st, false);
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        snprintf(name, sizeof(name), "saved-%s", kept[i]);
        stage_path(st, name, from);
        stage_path(st, kept[i], to);
        copy(from, to);
    }
    stage_path(st, "run/view", to);
    (void)unlink(to);
}

enum stage_binary stage_kept(const struct crash_stage *st)
{
    auto_buf struct buf b = BUF_INIT;
    char name[80] = "state/seed/", path[256];
    struct digest d;
    struct err err = ERR_INIT;

    digest_hex(name + strlen(name), &st->fresh);
    stage_path(st, name, path);
    if (access(path, F_OK) < 0)
        return BINARY_NONE;
    if (file_read(path, 16 << 20, 0, &b, &err) < 0)
        return BINARY_TORN;
    crypto_digest(b.data, b.len, &d);
    return digest_eq(&d, &st->fresh) ? BINARY_NEW : BINARY_TORN;
}

void stage_seed(struct crash_stage *st)
{
    st->seed = true;
    write_conf(st);
}

enum stage_binary stage_target(const struct crash_stage *st)
{
    auto_buf struct buf b = BUF_INIT;
    char path[256];
    struct digest d;
    struct err err = ERR_INIT;

    stage_path(st, "bin/nomad", path);
    if (file_read(path, 16 << 20, 0, &b, &err) < 0)
        return BINARY_NONE;
    crypto_digest(b.data, b.len, &d);
    return digest_eq(&d, &st->old)     ? BINARY_OLD
           : digest_eq(&d, &st->fresh) ? BINARY_NEW
                                       : BINARY_TORN;
}
