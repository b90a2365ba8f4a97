#include "file_users.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "command_line.h"
#include "proc_stat.h"
#include "str.h"

/* Reads at most n - 1 bytes and adds a NUL. Returns the number of bytes; 0: nothing was read. */
static size_t read_proc_file(int proc, const char *pid, const char *name, char *dst, size_t n)
{
    char path[64];

    snprintf(path, sizeof(path), "%.20s/%s", pid, name);
    autoclose int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, dst, n - 1) : -1;
    dst[MAX_OF(got, 0)] = '\0';
    return (size_t)MAX_OF(got, 0);
}

/* Nomad starts helpers from its own binary (logmon, executor, ...), and people run commands. They
 * end by themselves; only another agent would go on to run the replaced file. */
static bool process_is_agent(int proc, const char *pid)
{
    char line[256];
    size_t n = read_proc_file(proc, pid, "cmdline", line, sizeof(line));

    return command_line_is_agent(line, n);
}

/* A new child of an agent has the agent's command line until it executes another program. */
static bool process_is_child(int proc, const char *pid, uint32_t parent)
{
    char line[1024];
    struct proc_stat stat;

    return parent != 0 && read_proc_file(proc, pid, "stat", line, sizeof(line)) > 0 &&
           proc_stat_parse(line, &stat) == 0 && stat.parent == parent;
}

int file_users(const char *proc, uint64_t dev, uint64_t ino, uint32_t except,
               struct host_users *ret, struct err *err)
{
    struct host_users u = {.n = 0};
    const struct dirent *e;

    autodir DIR *d = opendir(proc);
    if (d == NULL)
        return err_set(err, ERR_IO, errno, "read %s", proc);
    while ((e = readdir(d)) != NULL) {
        char path[64];
        struct stat st;
        uint64_t pid = 0;

        if (str_to_u64(e->d_name, UINT32_MAX, &pid) < 0 || pid == except)
            continue;
        snprintf(path, sizeof(path), "%.20s/exe", e->d_name);
        if (fstatat(dirfd(d), path, &st, 0) < 0 || st.st_dev != dev || st.st_ino != ino ||
            !process_is_agent(dirfd(d), e->d_name) || process_is_child(dirfd(d), e->d_name, except))
            continue;
        if (u.n++ == 0)
            u.pid = (uint32_t)pid;
    }
    *ret = u;
    return 0;
}
