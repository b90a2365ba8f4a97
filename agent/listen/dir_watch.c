#include <errno.h>
#include <stdbool.h>
#include <sys/inotify.h>
#include "dir_watch.h"

int dir_watch_open(int *ret_fd, struct err *err)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd < 0)
        return err_set(err, ERR_IO, errno, "start watching directories");
    *ret_fd = fd;
    return 0;
}

int dir_watch_add(int fd, const char *dir, struct err *err)
{
    const uint32_t what = IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE | IN_ATTRIB | IN_ONLYDIR;
    if (inotify_add_watch(fd, dir, what) < 0)
        return err_set(err, ERR_IO, errno, "watch %s", dir);
    return 0;
}

int dir_watch_drain(int fd, struct err *err)
{
    _Alignas(struct inotify_event) char events[4096];
    int changes = 0;
    bool gone = false;

    for (;;) {
        ssize_t n = read(fd, events, sizeof(events));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN)
            return err_set(err, ERR_IO, errno, "read the changes of a watched directory");
        if (n <= 0)
            break;
        for (ssize_t at = 0; at < n;) {
            const struct inotify_event *e =
                (const struct inotify_event *)(const void *)(events + at);
            gone = gone || (e->mask & IN_IGNORED) != 0;
            changes++;
            at += (ssize_t)(sizeof(*e) + e->len);
        }
    }
    if (gone)
        return err_set(err, ERR_STATE, 0, "a watched directory was removed");
    return changes;
}
