#include "link_chain.h"
#include <limits.h>
#include <sys/stat.h>
#include "str.h"

#define LINKS_MAX 40 /* the kernel's own limit */

/* Resolves the directory of the path, and keeps the last name. */
static int resolve_directory(const char *path, char dst[static PATH_MAX])
{
    char dir[PATH_MAX], real[PATH_MAX];
    const char *base = strrchr(path, '/');

    if (base == NULL || base[1] == '\0' ||
        snprintf(dir, sizeof(dir), "%.*s", (int)(base - path), path) >= (int)sizeof(dir))
        return -1;
    if (realpath(dir[0] != '\0' ? dir : "/", real) == NULL)
        return -1;
    return snprintf(dst, PATH_MAX, "%s%s", str_eq(real, "/") ? "" : real, base) >= PATH_MAX ? -1
                                                                                            : 0;
}

/* Replaces path by the target of the link. 0: path is not a link, or the target cannot be resolved.
 */
static int follow_one_link(char path[static PATH_MAX])
{
    char to[PATH_MAX], joined[2 * PATH_MAX];
    ssize_t n = readlink(path, to, sizeof(to) - 1);

    if (n <= 0)
        return 0;
    to[n] = '\0';
    if (to[0] == '/')
        return resolve_directory(to, path) < 0 ? 0 : 1;
    snprintf(joined, sizeof(joined), "%.*s/%s", (int)(strrchr(path, '/') - path), path, to);
    return strlen(joined) >= PATH_MAX || resolve_directory(joined, path) < 0 ? 0 : 1;
}

void link_chain(const char *name, const char *target, struct host_link_chain *ret)
{
    char at[PATH_MAX], to[PATH_MAX];
    struct stat a, b;

    *ret = (struct host_link_chain){.there = stat(name, &a) == 0};
    if (resolve_directory(name, at) < 0 || resolve_directory(target, to) < 0)
        return;
    for (int i = 0; i < LINKS_MAX && !ret->through; i++) {
        ret->through = str_eq(at, to);
        if (follow_one_link(at) == 0)
            break;
    }
    ret->through = ret->through || str_eq(at, to);
    ret->same = ret->there && stat(target, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}
