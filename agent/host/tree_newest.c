#include "tree_newest.h"
#include <errno.h>
#include <fts.h>
#include <sys/stat.h>
#include <unistd.h>

static int64_t convert_to_ns(const struct timespec *t)
{
    return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

static int find_newest_time(FTS *tree, int64_t *newest)
{
    const FTSENT *e;

    errno = 0;
    while ((e = fts_read(tree)) != NULL) {
        if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR || e->fts_info == FTS_NS) {
            errno = e->fts_errno;
            return -1;
        }
        *newest = MAX_OF(*newest, convert_to_ns(&e->fts_statp->st_mtim));
        *newest = MAX_OF(*newest, convert_to_ns(&e->fts_statp->st_ctim));
    }
    return errno != 0 ? -1 : 0;
}

int tree_newest(const char *dir, int64_t *ret_ns, struct err *err)
{
    char root[512];
    char *const roots[] = {root, NULL};
    int64_t newest = 0;
    FTS *tree;
    int rc;

    snprintf(root, sizeof(root), "%s", dir);
    if (access(dir, F_OK) < 0 && errno == ENOENT) {
        *ret_ns = 0;
        return 0;
    }
    tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    rc = tree == NULL ? -1 : find_newest_time(tree, &newest);
    if (rc < 0)
        err_set(err, ERR_IO, errno, "read all of %s", dir);
    if (tree != NULL)
        fts_close(tree);
    if (rc == 0)
        *ret_ns = newest;
    return rc;
}
