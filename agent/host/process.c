#include "process.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include "file.h"
#include "str.h"

#define BINARY_MAX (4ULL << 30)

uint64_t process_start(pid_t pid)
{
    auto_buf struct buf b = BUF_INIT;
    struct err err = ERR_INIT;
    char path[64];
    char *rest;
    uint64_t ticks = 0;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (pid <= 0 || file_read(path, 4096, 0, &b, &err) < 0 || b.len == 0)
        return 0;
    /* The name in field 2 may hold anything, also blanks and parentheses. */
    rest = strrchr((char *)b.data, ')');
    if (rest == NULL || rest[1] != ' ' || rest[2] == 'Z' || rest[2] == 'X')
        return 0;
    rest += 2;
    for (int field = 3; field < 22; field++) {
        rest = strchr(rest, ' ');
        if (rest == NULL)
            return 0;
        rest++;
    }
    rest[strcspn(rest, " ")] = '\0';
    return str_to_u64(rest, UINT64_MAX, &ticks) < 0 ? 0 : ticks;
}

int process_executes(pid_t pid, struct host_process *ret, struct err *err)
{
    struct host_process p = {.there = false};
    char path[64], target[PATH_MAX];
    struct stat st;
    ssize_t n;

    snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
    if (stat(path, &st) < 0) {
        if (errno != ENOENT && errno != ESRCH)
            return err_set(err, ERR_IO, errno, "see what process %d executes", (int)pid);
        *ret = p;
        return 0;
    }
    n = readlink(path, target, sizeof(target) - 1);
    target[n < 0 ? 0 : n] = '\0';
    p = (struct host_process){.there = true,
                              .dev = st.st_dev,
                              .ino = st.st_ino,
                              .deleted = str_ends(target, " (deleted)")};
    *ret = p;
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

/* What Nomad always has open below its data_dir, server or client. */
static bool strip_known(char *path)
{
    static const char *const known[] = {"/server/raft/raft.db", "/client/state.db"};
    char *wal = strstr(path, "/server/raft/wal/");

    if (wal != NULL) {
        *wal = '\0';
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (str_ends(path, known[i])) {
            path[strlen(path) - strlen(known[i])] = '\0';
            return true;
        }
    }
    return false;
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
        if (target[0] == '/' && strip_known(target) && str_copy(dst, n, target) == 0)
            return;
    }
}

pid_t process_pid_file(const char *path)
{
    auto_buf struct buf b = BUF_INIT;
    struct err err = ERR_INIT;
    uint64_t pid = 0;

    if (file_read(path, 64, FILE_FOLLOW, &b, &err) < 0 || b.len == 0)
        return 0;
    b.data[strcspn((char *)b.data, " \t\r\n")] = '\0';
    return str_to_u64((char *)b.data, INT_MAX, &pid) < 0 ? 0 : (pid_t)pid;
}
