#include "seed_serve.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include "clock.h"
#include "file.h"
#include "str.h"

struct kept {
    size_t n;
    char paths[SEED_FILES_MAX][256];
    struct served_file files[SEED_FILES_MAX];
};

/* ---- the directory ---- */

static int add_served_file(const char *dir, int at, const char *name, struct kept *k,
                           struct err *err)
{
    struct served_file *f = &k->files[k->n];
    char *path = k->paths[k->n];
    struct stat st;

    if (strlen(name) != 64 || digest_from_hex(name, &f->digest) < 0 ||
        fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
        return 0;
    if (snprintf(path, sizeof(k->paths[0]), "%s/%s", dir, name) >= (int)sizeof(k->paths[0]))
        return err_set(err, ERR_CONFIG, 0, "the path of %s is too long", dir);
    f->path = path;
    f->size = (uint64_t)st.st_size;
    k->n++;
    return 0;
}

static int list_served_files(const char *dir, struct kept *k, struct err *err)
{
    const struct dirent *e;
    autodir DIR *d = opendir(dir);

    if (d == NULL)
        return err_set(err, ERR_IO, errno, "read %s", dir);
    while (k->n < SEED_FILES_MAX && (e = readdir(d)) != NULL)
        if (add_served_file(dir, dirfd(d), e->d_name, k, err) < 0)
            return -1;
    return 0;
}

/* ---- serving ---- */

/* The watch begins before the directory is read, so no change is missed. A file that is still being
 * written has another name, and its creation is not watched. */
static int watch_seed_dir(const char *dir, int *ret_fd, struct err *err)
{
    autoclose int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

    if (fd < 0 || inotify_add_watch(fd, dir,
                                    IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF |
                                        IN_MOVE_SELF | IN_ONLYDIR) < 0)
        return err_set(err, ERR_IO, errno, "watch %s", dir);
    *ret_fd = take_fd(&fd);
    return 0;
}

/* A number that grows with every answer, and during an answer. */
static uint64_t count_answers(const struct file_server *server)
{
    struct file_server_counts n = file_server_counts(server);

    return n.answered + n.bytes;
}

static int wait_until_idle(const struct file_server *server, int watched, int64_t idle_ms,
                           struct err *err)
{
    uint64_t before, now = count_answers(server);

    do {
        struct pollfd p = {.fd = watched, .events = POLLIN};
        int rc = poll(&p, 1, (int)idle_ms);

        if (rc < 0 && errno != EINTR)
            return err_set(err, ERR_IO, errno, "wait");
        if (rc > 0)
            return 0;
        before = now;
        now = count_answers(server);
    } while (now != before);
    return 0;
}

int seed_serve(const struct seed_serve *s, struct err *err)
{
    autofree struct kept *k = xzalloc(1, sizeof(*k));
    struct file_server *server = NULL;
    autoclose int watched = -1;

    if (watch_seed_dir(s->dir, &watched, err) < 0 || list_served_files(s->dir, k, err) < 0 ||
        file_server_start_at(s->fd, k->files, k->n, &s->limits, &server, err) < 0)
        return -1;
    int rc = wait_until_idle(server, watched, s->idle_ms, err);
    file_server_stop(server);
    return rc;
}
