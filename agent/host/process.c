#include "process.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <sys/stat.h>
#include "file.h"
#include "proc_stat.h"
#include "str.h"

#define BINARY_MAX (4ULL << 30)

uint64_t process_start(pid_t pid)
{
    auto_buf struct buf b = BUF_INIT;
    struct proc_stat stat;
    struct err err = ERR_INIT;
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (pid <= 0 || file_read(path, 4096, 0, &b, &err) < 0 ||
        proc_stat_parse(buf_str(&b), &stat) < 0)
        return 0;
    return stat.state == 'Z' || stat.state == 'X' ? 0 : stat.start;
}

int process_executes(pid_t pid, struct host_process *ret, struct err *err)
{
    char path[64];
    struct stat st;

    snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
    if (stat(path, &st) < 0) {
        if (errno != ENOENT && errno != ESRCH)
            return err_set(err, ERR_IO, errno, "find the file that process %d executes", (int)pid);
        *ret = (struct host_process){.there = false};
        return 0;
    }
    *ret = (struct host_process){.there = true, .dev = st.st_dev, .ino = st.st_ino};
    return 0;
}

int process_digest(pid_t pid, struct digest *ret, struct err *err)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(err, ERR_IO, errno, "open %s", path);
    return digest_fd(fd, BINARY_MAX, ret, NULL, err);
}

int process_data_dir_parse(const char *target, char *dst, size_t n)
{
    /* Files below data_dir that a running Nomad always has open: server, client. */
    static const char *const known[] = {"/server/raft/raft.db", "/client/state.db"};
    const char *end = strstr(target, "/server/raft/wal/");

    for (size_t i = 0; end == NULL && i < ARRAY_LEN(known); i++) {
        if (str_ends(target, known[i]))
            end = target + strlen(target) - strlen(known[i]);
    }
    if (target[0] != '/' || end == NULL || (size_t)(end - target) >= n)
        return -1;
    memcpy(dst, target, (size_t)(end - target));
    dst[end - target] = '\0';
    return 0;
}

void process_data_dir(pid_t pid, char *dst, size_t n)
{
    char path[64], target[PATH_MAX];
    const struct dirent *e;

    dst[0] = '\0';
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    autodir DIR *d = opendir(path);
    while (d != NULL && (e = readdir(d)) != NULL) {
        ssize_t len = readlinkat(dirfd(d), e->d_name, target, sizeof(target) - 1);

        if (len <= 0)
            continue;
        target[len] = '\0';
        if (process_data_dir_parse(target, dst, n) == 0)
            return;
    }
}

int process_user(pid_t pid, struct path_user *ret, struct err *err)
{
    auto_buf struct buf b = BUF_INIT;
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    if (file_read(path, 16384, 0, &b, err) < 0)
        return -1;
    return path_user_parse(buf_str(&b), ret) < 0
               ? err_set(err, ERR_FORMAT, 0, "%s has an unknown format", path)
               : 0;
}

int process_user_named(const char *name, struct path_user *ret, struct err *err)
{
    gid_t groups[PATH_GROUPS];
    int n = PATH_GROUPS;
    const struct passwd *pw = getpwnam(name[0] != '\0' ? name : "root");

    if (pw == NULL)
        return err_set(err, ERR_NOTFOUND, 0, "there is no user %.60s", name);
    *ret = (struct path_user){.uid = pw->pw_uid, .gid = pw->pw_gid};
    ret->reads_all = ret->writes_all = pw->pw_uid == 0;
    ret->more_groups = getgrouplist(pw->pw_name, pw->pw_gid, groups, &n) < 0;
    for (int i = 0; i < n && i < PATH_GROUPS; i++)
        ret->groups[ret->n_groups++] = groups[i];
    return 0;
}

pid_t process_pid_parse(const char *text)
{
    char number[24];
    uint64_t pid = 0;

    str_cut(number, sizeof(number), text);
    number[strcspn(number, " \t\r\n")] = '\0';
    return str_to_u64(number, INT_MAX, &pid) < 0 ? 0 : (pid_t)pid;
}

pid_t process_pid_file(const char *path)
{
    auto_buf struct buf b = BUF_INIT;
    struct err err = ERR_INIT;

    return file_read(path, 64, FILE_FOLLOW, &b, &err) < 0 ? 0 : process_pid_parse(buf_str(&b));
}
