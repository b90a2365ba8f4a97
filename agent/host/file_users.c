#include "file_users.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "str.h"

/* Always terminated; 0 when nothing could be read. */
static size_t read_of(int proc, const char *pid, const char *name, char *dst, size_t n)
{
    char path[64];

    snprintf(path, sizeof(path), "%.20s/%s", pid, name);
    autoclose int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, dst, n - 1) : -1;
    dst[MAX_OF(got, 0)] = '\0';
    return (size_t)MAX_OF(got, 0);
}

/* Nomad starts helpers from its own binary (logmon, executor, ...), and people run commands:
 * only another agent would go on with a file that is not there any more. */
static bool is_agent(int proc, const char *pid)
{
    char line[256];
    size_t n = read_of(proc, pid, "cmdline", line, sizeof(line));
    const char *second = line + strlen(line) + 1;

    return second < line + n && str_eq(second, "agent");
}

/* Until it executes something else, a child of an agent looks like its parent. proc(5): the fourth
 * field; the second is a name in brackets, which may hold brackets. */
static bool is_child(int proc, const char *pid, uint32_t parent)
{
    char line[512];
    unsigned of = 0;

    if (parent == 0 || read_of(proc, pid, "stat", line, sizeof(line)) == 0)
        return false;
    const char *rest = strrchr(line, ')');
    return rest != NULL && sscanf(rest, ") %*c %u", &of) == 1 && of == parent;
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
            !is_agent(dirfd(d), e->d_name) || is_child(dirfd(d), e->d_name, except))
            continue;
        if (u.n++ == 0)
            u.pid = (uint32_t)pid;
    }
    *ret = u;
    return 0;
}
