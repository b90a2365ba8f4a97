#include "config_files.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "config_name.h"
#include "dir_names.h"
#include "dir_writers.h"
#include "file.h"
#include "str.h"

void config_files_close(struct config_files *f)
{
    while (f->n > 0)
        close(f->fds[--f->n]);
}

static int open_parent_dir(const char *path, int *ret, struct err *err)
{
    char dir[512];

    if (file_dir_of(path, dir, sizeof(dir), err) < 0)
        return -1;
    *ret = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *ret < 0 ? err_set(err, ERR_IO, errno, "open %s", dir) : 0;
}

/* A second name of another user's file: somebody who can write into the directory may have linked a
 * file that he cannot read himself. */
static int check_second_link(int dir, int file, const char *path, struct err *err)
{
    struct stat d, f;

    if (fstat(dir, &d) < 0 || fstat(file, &f) < 0)
        return err_set(err, ERR_IO, errno, "look at %s", path);
    if (f.st_nlink > 1 && f.st_uid != d.st_uid)
        return err_set(err, ERR_FORMAT, 0, "%s is a second hard link to another user's file", path);
    return 0;
}

static int add_config_file(struct config_files *f, const char *path, struct err *err)
{
    char who[128];
    struct stat st;

    if (f->n == FETCH_FILES_MAX)
        return err_set(err, ERR_LIMIT, 0, "Nomad's configuration has more than %d files",
                       FETCH_FILES_MAX);
    autoclose int dir = -1;
    if (open_parent_dir(path, &dir, err) < 0 || dir_writers(dir, who, sizeof(who), err) < 0)
        return -1;
    autoclose int fd =
        openat(dir, strrchr(path, '/') + 1,
               O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (who[0] != '\0' ? O_NOFOLLOW : 0));
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_set(err, ERR_IO, errno, "open %s", path);
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_FORMAT, 0, "%s is not a regular file", path);
    if (who[0] != '\0' && check_second_link(dir, fd, path, err) < 0)
        return -1;
    str_cut(f->names[f->n], sizeof(f->names[0]), path);
    f->fds[f->n++] = take_fd(&fd);
    return 0;
}

static int open_config_path(struct config_files *f, const char *path, struct err *err)
{
    autofree struct host_names *names = xzalloc(1, sizeof(*names));
    char file[512];

    if (dir_names(path, names, err) < 0)
        return -1;
    if (!names->dir)
        return add_config_file(f, path, err);
    if (names->more)
        return err_set(err, ERR_LIMIT, 0, "the directory %s contains too many files", path);
    for (uint32_t i = 0; i < names->n; i++) {
        if (config_name_of(names->list[i].name) != CONFIG_NAME_READ)
            continue;
        snprintf(file, sizeof(file), "%.350s/%s", path, names->list[i].name);
        if (add_config_file(f, file, err) < 0)
            return -1;
    }
    return 0;
}

int config_files_open(const char *const *paths, size_t n, struct config_files *ret, struct err *err)
{
    ret->n = 0;
    for (size_t i = 0; i < n; i++) {
        if (open_config_path(ret, paths[i], err) < 0) {
            config_files_close(ret);
            return -1;
        }
    }
    return ret->n > 0 ? 0
                      : err_set(err, ERR_NOTFOUND, 0,
                                "%s contains no configuration file that Nomad reads", paths[0]);
}

void config_files_put_back(const struct config_files *f, const char *text, struct buf *ret)
{
    static const char place[] = TRIAL_DIR "/";
    const size_t n = sizeof(place) - 1;

    while (*text != '\0') {
        char digits[4] = {0};
        uint64_t number = 0;

        if (strncmp(text, place, n) == 0 && strspn(text + n, "0123456789") == 3) {
            memcpy(digits, text + n, 3);
            number = strtoul(digits, NULL, 10);
            if (number < f->n) {
                (void)buf_add_str(ret, f->names[number]);
                text += n + 3;
                continue;
            }
        }
        (void)buf_add_byte(ret, (unsigned char)*text++);
    }
}
