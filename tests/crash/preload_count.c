/*
 * preload_count - a library that ends its process before the N-th effect.
 *
 * N is CARAVAN_CRASH_AT; 0 or unset: never. An effect is a system call that changes something that
 * others can see: files, names, metadata, processes, messages. Writing to standard error is not an
 * effect. The process ends with _exit(137): no destructor runs and no buffer is flushed, as with
 * SIGKILL. Effects of child processes do not count, because children get another environment.
 */
#define _GNU_SOURCE 1
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_ulong effects;

static void effect(void)
{
    const char *at = getenv("CARAVAN_CRASH_AT");
    unsigned long n = at != NULL ? strtoul(at, NULL, 10) : 0;

    if (n > 0 && atomic_fetch_add(&effects, 1) + 1 == n)
        _exit(137);
}

/* Counts an effect, then calls the next definition of the same name. */
#define NEXT(type, name, args)                                                                     \
    static type(*next) args;                                                                       \
    if (next == NULL)                                                                              \
    next = (type(*) args)(uintptr_t)dlsym(RTLD_NEXT, name)

#define COUNT(type, name, params, args)                                                            \
    __attribute__((visibility("default"))) type name params                                        \
    {                                                                                              \
        NEXT(type, #name, params);                                                                 \
        effect();                                                                                  \
        return next args;                                                                          \
    }

COUNT(int, rename, (const char *from, const char *to), (from, to))
COUNT(int, link, (const char *from, const char *to), (from, to))
COUNT(int, renameat, (int dir, const char *from, int to_dir, const char *to),
      (dir, from, to_dir, to))
COUNT(int, linkat, (int dir, const char *from, int to_dir, const char *to, int flags),
      (dir, from, to_dir, to, flags))
COUNT(int, unlink, (const char *path), (path))
COUNT(int, unlinkat, (int dir, const char *path, int flags), (dir, path, flags))
COUNT(int, fsync, (int fd), (fd))
COUNT(int, fdatasync, (int fd), (fd))
COUNT(int, mkdir, (const char *path, mode_t mode), (path, mode))
COUNT(int, rmdir, (const char *path), (path))
COUNT(int, ftruncate, (int fd, off_t n), (fd, n))
COUNT(int, chown, (const char *path, uid_t uid, gid_t gid), (path, uid, gid))
COUNT(int, lchown, (const char *path, uid_t uid, gid_t gid), (path, uid, gid))
COUNT(int, fchown, (int fd, uid_t uid, gid_t gid), (fd, uid, gid))
COUNT(int, chmod, (const char *path, mode_t mode), (path, mode))
COUNT(int, fchmod, (int fd, mode_t mode), (fd, mode))
COUNT(int, kill, (pid_t pid, int sig), (pid, sig))
COUNT(ssize_t, send, (int fd, const void *p, size_t n, int flags), (fd, p, n, flags))
COUNT(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags), (fd, m, flags))
COUNT(pid_t, fork, (void), ())

/* Pretends that dpkg-query does not exist: it reads the lists of all packages, which takes 0.2 s at
 * each survey and took two thirds of the time of this test. No effect depends on its answer; on a
 * host without dpkg-query the binary belongs to no package. */
__attribute__((visibility("default"))) int posix_spawn(pid_t *pid, const char *path,
                                                       const posix_spawn_file_actions_t *a,
                                                       const posix_spawnattr_t *t,
                                                       char *const argv[], char *const env[])
{
    NEXT(int, "posix_spawn",
         (pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,
          char *const[], char *const[]));
    effect();
    return strstr(path, "/dpkg-query") != NULL ? ENOENT : next(pid, path, a, t, argv, env);
}

__attribute__((visibility("default"))) ssize_t write(int fd, const void *p, size_t n)
{
    NEXT(ssize_t, "write", (int, const void *, size_t));
    if (fd != STDERR_FILENO)
        effect();
    return next(fd, p, n);
}

/* open is an effect only with O_CREAT. */
#define COUNT_CREATION(name, params, types, ...)                                                   \
    __attribute__((visibility("default"))) int name params                                         \
    {                                                                                              \
        NEXT(int, #name, types);                                                                   \
        mode_t mode = 0;                                                                           \
        va_list ap;                                                                                \
                                                                                                   \
        va_start(ap, flags);                                                                       \
        if ((flags & O_CREAT) != 0)                                                                \
            mode = va_arg(ap, mode_t);                                                             \
        va_end(ap);                                                                                \
        if ((flags & O_CREAT) != 0)                                                                \
            effect();                                                                              \
        return next(__VA_ARGS__, flags, mode);                                                     \
    }

COUNT_CREATION(open, (const char *path, int flags, ...), (const char *, int, ...), path)
COUNT_CREATION(openat, (int dir, const char *path, int flags, ...), (int, const char *, int, ...),
               dir, path)
