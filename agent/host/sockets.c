#include "sockets.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include "file.h"
#include "proc_stat.h"
#include "str.h"

#define TABLE_MAX   (256 * 1024)
#define PARENTS_MAX 8

/* Reads only the first TABLE_MAX bytes: the kernel lists the listening sockets before the very many
 * others of a busy host. */
static int add_tcp_table(const char *proc, uint32_t pid, const char *name, struct tcp_table *ret,
                         struct err *err)
{
    autofree char *text = xzalloc(TABLE_MAX + 1, 1);
    size_t len = 0;
    ssize_t n = 1;
    char path[300];

    snprintf(path, sizeof(path), "%.240s/%u/net/%s", proc, pid != 0 ? pid : 1, name);
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && len < TABLE_MAX && (n = read(fd, text + len, TABLE_MAX - len)) > 0)
        len += (size_t)n;
    if (fd < 0 || n < 0)
        return err_set(err, ERR_IO, errno, "read %s", path);
    tcp_table_add(ret, text, str_ends(name, "6"));
    return 0;
}

static bool read_socket_link(int dir, const char *name, uint64_t *ret)
{
    static const char prefix[] = "socket:[";
    char link[64];
    ssize_t n = readlinkat(dir, name, link, sizeof(link) - 1);

    if (n <= 0)
        return false;
    link[n] = '\0';
    if (!str_starts(link, prefix) || link[n - 1] != ']')
        return false;
    link[n - 1] = '\0';
    return str_to_u64(link + strlen(prefix), UINT64_MAX, ret) == 0;
}

typedef bool on_socket(void *ctx, uint64_t inode);

/* Calls fn for each socket of the process, until fn returns true. Returns true then. */
static bool for_each_socket(const char *proc, uint32_t pid, on_socket *fn, void *ctx)
{
    const struct dirent *e;
    uint64_t inode = 0;
    char path[64];

    snprintf(path, sizeof(path), "%.20s/%u/fd", proc, pid);
    autodir DIR *d = opendir(path);
    while (d != NULL && (e = readdir(d)) != NULL) {
        if (read_socket_link(dirfd(d), e->d_name, &inode) && fn(ctx, inode))
            return true;
    }
    return false;
}

static bool mark_own_listener(void *ctx, uint64_t inode)
{
    struct tcp_table *t = ctx;

    for (uint32_t i = 0; i < t->n; i++)
        t->list[i].own = t->list[i].own || t->list[i].inode == inode;
    return false;
}

static bool is_wanted_inode(void *ctx, uint64_t inode)
{
    const uint64_t *wanted = ctx;

    return *wanted == inode;
}

int sockets_listening(const char *proc, uint32_t pid, struct tcp_table *ret, struct err *err)
{
    struct err none = ERR_INIT;

    *ret = (struct tcp_table){.n = 0};
    if (add_tcp_table(proc, pid, "tcp", ret, err) < 0)
        return -1;
    (void)!add_tcp_table(proc, pid, "tcp6", ret, &none); /* a kernel without IPv6 */
    if (pid != 0)
        (void)for_each_socket(proc, pid, mark_own_listener, ret);
    return 0;
}

/* ---- the owner ---- */

static uint32_t read_parent(const char *proc, uint32_t pid)
{
    auto_buf struct buf text = BUF_INIT;
    struct proc_stat stat;
    struct err err = ERR_INIT;
    char path[64];

    snprintf(path, sizeof(path), "%.20s/%u/stat", proc, pid);
    if (file_read(path, 4096, 0, &text, &err) < 0 || proc_stat_parse(buf_str(&text), &stat) < 0)
        return 0;
    return stat.parent;
}

static bool descends_from(const char *proc, uint32_t pid, uint32_t from)
{
    for (int i = 0; i < PARENTS_MAX && pid > 1; i++) {
        if (pid == from)
            return true;
        pid = read_parent(proc, pid);
    }
    return false;
}

static void fill_owner(const char *proc, uint32_t pid, uint32_t main_pid, struct host_owner *ret)
{
    auto_buf struct buf name = BUF_INIT;
    struct err err = ERR_INIT;
    char path[64];

    *ret = (struct host_owner){.there = true, .pid = pid};
    ret->own = main_pid != 0 && descends_from(proc, pid, main_pid);
    snprintf(path, sizeof(path), "%.20s/%u/comm", proc, pid);
    if (file_read(path, 64, 0, &name, &err) == 0)
        snprintf(ret->name, sizeof(ret->name), "%.*s", (int)strcspn(buf_str(&name), "\n"),
                 buf_str(&name));
}

void sockets_owner(const char *proc, uint64_t inode, uint32_t main_pid, struct host_owner *ret)
{
    const struct dirent *e;
    uint64_t pid = 0;

    *ret = (struct host_owner){.there = false};
    autodir DIR *d = opendir(proc);
    while (d != NULL && (e = readdir(d)) != NULL) {
        if (str_to_u64(e->d_name, UINT32_MAX, &pid) == 0 &&
            for_each_socket(proc, (uint32_t)pid, is_wanted_inode, &inode)) {
            fill_owner(proc, (uint32_t)pid, main_pid, ret);
            return;
        }
    }
}
