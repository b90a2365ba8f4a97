#include "trial.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <linux/mount.h>
#include "file.h"
#include "gpgv_status.h"
#include "spawn.h"
#include "str.h"

#define CAP_LAST_KNOWN 63
#define FILE_BYTES_MAX (1024 * 1024)
#define WRITTEN_MAX    (64 * 1024 * 1024)

static int set_no_wall(struct err *err, const char *what)
{
    return err_set(err, ERR_STATE, errno, "this host has no safe place to try a binary: %s", what);
}

/* ---- the wall ---- */

static int write_to_proc(const char *path, const char *text)
{
    autoclose int fd = open(path, O_WRONLY | O_CLOEXEC);

    return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
}

/* The new user namespace contains only this process's own user. Children of this process are in the
 * new process namespace, so they reach no process outside. */
static int make_namespaces(struct err *err)
{
    char uid[48], gid[48];

    snprintf(uid, sizeof(uid), "%u %u 1", (unsigned)geteuid(), (unsigned)geteuid());
    snprintf(gid, sizeof(gid), "%u %u 1", (unsigned)getegid(), (unsigned)getegid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWPID) < 0)
        return set_no_wall(err, "the kernel gives no namespaces");
    if (write_to_proc("/proc/self/setgroups", "deny") < 0 ||
        write_to_proc("/proc/self/uid_map", uid) < 0 ||
        write_to_proc("/proc/self/gid_map", gid) < 0)
        return set_no_wall(err, "a user namespace");
    return 0;
}

static int make_mounts(struct err *err)
{
    struct mount_attr quiet = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID};

    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &quiet, sizeof(quiet)) < 0)
        return set_no_wall(err, "a read-only root");
    if (mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, NULL) < 0 ||
        mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=80m") < 0)
        return set_no_wall(err, "an empty /run and /tmp");
    return 0;
}

static void drop_capabilities(void)
{
    for (unsigned long cap = 0; cap <= CAP_LAST_KNOWN; cap++)
        (void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

/* Starts this program again as the first process of the process namespace. When the first process
 * ends, the kernel ends all others in the namespace, also those that a trial has left behind. The
 * first process ends when this process ends, because its conversation ends then. */
static int start_first_process(struct err *err)
{
    const char *argv[] = {"/proc/self/exe", "--sandboxed", NULL};
    int pair[2];
    pid_t first;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return set_no_wall(err, "a socket pair");
    const struct spawn s = {.argv = argv, .pass_fd = -1, .talk_fd = pair[1]};
    int rv = spawn_start(&s, &first, err);
    close(pair[1]);
    if (rv < 0) {
        close(pair[0]);
        return set_no_wall(err, "a process namespace");
    }
    return 0; /* pair[0] stays open until this process ends */
}

int trial_build_wall(struct err *err)
{
    if (make_namespaces(err) < 0 || make_mounts(err) < 0)
        return -1;
    drop_capabilities();
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return set_no_wall(err, "no new rights");
    return start_first_process(err);
}

/* Needed under systemd too: the unit's limits are for everything in the unit. */
static void set_trial_limits(void)
{
    static const struct {
        __rlimit_resource_t what;
        rlim_t most;
    } limits[] = {{RLIMIT_CORE, 0}, {RLIMIT_FSIZE, WRITTEN_MAX}, {RLIMIT_NOFILE, 256}};

    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        struct rlimit l = {limits[i].most, limits[i].most};

        (void)setrlimit(limits[i].what, &l);
    }
}

/* ---- the files ---- */

static int read_trial_file(int fd, struct buf *ret, struct err *err)
{
    unsigned char piece[16 * 1024];
    ssize_t n;

    while ((n = pread(fd, piece, sizeof(piece), (off_t)ret->len)) > 0) {
        if (ret->len + (size_t)n > FILE_BYTES_MAX)
            return err_set(err, ERR_STATE, 0, "a configuration file is larger than 1 MiB");
        (void)buf_add(ret, piece, (size_t)n);
    }
    return n < 0 ? set_no_wall(err, "a configuration file cannot be read") : 0;
}

static int copy_trial_file(const char *dir, size_t i, int from, struct err *err)
{
    auto_buf struct buf text = BUF_INIT;
    char path[128];

    if (read_trial_file(from, &text, err) < 0)
        return -1;
    snprintf(path, sizeof(path), TRIAL_FILE, dir, (unsigned)i);
    autoclose int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (to < 0 || file_write_all(to, text.data, text.len, err) < 0)
        return set_no_wall(err, "its configuration cannot be written there");
    return 0;
}

static int copy_trial_files(const struct trial_job *j, struct err *err)
{
    if (mkdir(j->dir, 0700) < 0)
        return set_no_wall(err, j->dir);
    for (size_t i = 0; i < j->n_files; i++) {
        if (copy_trial_file(j->dir, i, j->files[i], err) < 0)
            return -1;
    }
    return 0;
}

/* ---- the run ---- */

/* Sets ERR_STATE for errors that are not the binary's fault: no right to execute, or no memory. */
static int run_behind_wall(const struct spawn *s, const struct clock *clock,
                           struct spawn_result *ret, struct err *err)
{
    if (spawn_run(s, clock, ret, err) == 0)
        return 0;
    if (err->sys == EACCES || err->sys == EPERM || err->sys == EAGAIN || err->sys == ENOMEM)
        err->kind = ERR_STATE;
    else if (err->kind == ERR_STATE)
        err->kind = ERR_IO;
    return -1;
}

int trial_run(const struct trial_job *j, const struct clock *clock, struct trial_answer *ret,
              struct err *err)
{
    const char *argv[FETCH_FILES_MAX + 4] = {"nomad", "version"};
    char paths[FETCH_FILES_MAX][64];
    struct spawn s = {.argv = argv,
                      .deadline_ms = MIN_OF(j->deadline_ms, (int64_t)FETCH_TRY_MS),
                      .out_max = FETCH_SAID_MAX,
                      .pass_fd = j->binary,
                      .run_passed = true};
    struct spawn_result r = {.out = BUF_INIT};

    set_trial_limits();
    if (j->validate && copy_trial_files(j, err) < 0)
        return -1;
    for (size_t i = 0; j->validate && i < j->n_files; i++) {
        snprintf(paths[i], sizeof(paths[i]), TRIAL_FILE, j->dir, (unsigned)i);
        argv[1] = "config";
        argv[2] = "validate";
        argv[3 + i] = paths[i];
    }
    if (run_behind_wall(&s, clock, &r, err) < 0)
        return -1;
    *ret = (struct trial_answer){.exit_code = r.exit_code, .signal = r.signal, .said = r.out};
    return 0;
}

static int make_gpgv_args(const struct trial_job *j, char paths[static 4][64], struct gpgv_call *c,
                          const char *argv[static GPGV_ARGS], struct err *err)
{
    for (unsigned i = 0; i < 3; i++)
        snprintf(paths[i], 64, TRIAL_FILE, j->dir, i);
    snprintf(paths[3], 64, "%s/home", j->dir);
    *c = (struct gpgv_call){.program = j->gpgv,
                            .home = paths[3],
                            .keyring = paths[0],
                            .signature = paths[1],
                            .signed_file = paths[2]};
    return gpgv_args(c, argv, err);
}

int trial_verify(const struct trial_job *j, const struct clock *clock, struct trial_answer *ret,
                 struct err *err)
{
    const char *argv[GPGV_ARGS];
    char paths[4][64];
    struct gpgv_call call;
    struct spawn s = {.argv = argv,
                      .deadline_ms = MIN_OF(j->deadline_ms, (int64_t)FETCH_TRY_MS),
                      .out_max = FETCH_SAID_MAX,
                      .pass_fd = -1};
    struct spawn_result r = {.out = BUF_INIT};

    set_trial_limits();
    if (copy_trial_files(j, err) < 0 || make_gpgv_args(j, paths, &call, argv, err) < 0)
        return -1;
    if (mkdir(paths[3], 0700) < 0)
        return set_no_wall(err, paths[3]);
    if (run_behind_wall(&s, clock, &r, err) < 0)
        return err->kind != ERR_NOTFOUND
                   ? -1
                   : err_set(err, ERR_STATE, 0,
                             "gpgv is not installed on this host (%s): install the package gpgv",
                             argv[0]);
    *ret = (struct trial_answer){.exit_code = r.exit_code, .signal = r.signal, .said = r.out};
    return 0;
}
