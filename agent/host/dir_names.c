#include "dir_names.h"
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include "str.h"

static int by_dir_name(const void *a, const void *b)
{
    return strcmp(((const struct host_name *)a)->name, ((const struct host_name *)b)->name);
}

int dir_names(const char *path, struct host_names *ret, struct err *err)
{
    const struct dirent *e;
    struct stat st;
    int sys;

    *ret = (struct host_names){.dir = true};
    autodir DIR *d = opendir(path);
    if (d == NULL && errno == ENOTDIR) {
        ret->dir = false;
        return 0;
    }
    sys = errno;
    if (d == NULL)
        return err_set(err, sys == ENOENT ? ERR_NOTFOUND : ERR_IO, sys, "read directory %s", path);
    while ((e = readdir(d)) != NULL) {
        struct host_name *name = &ret->list[MIN_OF(ret->n, HOST_NAMES - 1U)];

        if (fstatat(dirfd(d), e->d_name, &st, 0) < 0)
            st.st_mode = 0; /* a broken link */
        if (S_ISDIR(st.st_mode))
            continue;
        ret->more = ret->more || ret->n == HOST_NAMES || strlen(e->d_name) >= sizeof(name->name);
        if (ret->more)
            continue;
        str_cut(name->name, sizeof(name->name), e->d_name);
        name->program = S_ISREG(st.st_mode) && (st.st_mode & 0111) != 0;
        ret->n++;
    }
    qsort(ret->list, ret->n, sizeof(ret->list[0]), by_dir_name);
    return 0;
}
