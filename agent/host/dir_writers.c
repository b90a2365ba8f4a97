#include "dir_writers.h"
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include "str.h"

#define ACL_PLAIN 28 /* bytes of an access list that only repeats the mode: 4 + 3 x 8 */

static bool is_root_or_own(uid_t uid)
{
    return uid == 0 || uid == geteuid();
}

static bool is_root_or_own_by_name(const char *name)
{
    const struct passwd *pw = getpwnam(name);

    return pw != NULL && is_root_or_own(pw->pw_uid);
}

/* Checks the members that the group lists, and the users whose primary group it is. */
static bool has_other_members(gid_t gid)
{
    const struct group *g = getgrgid(gid);
    const struct passwd *pw;
    bool others = g == NULL;

    for (char **m = g != NULL ? g->gr_mem : NULL; m != NULL && *m != NULL && !others; m++)
        others = !is_root_or_own_by_name(*m);
    setpwent();
    while (!others && (pw = getpwent()) != NULL)
        others = pw->pw_gid == gid && !is_root_or_own(pw->pw_uid);
    endpwent();
    return others;
}

/* With an access list the group bits of the mode are its mask: the most that the users and groups
 * in the list may do. */
static bool has_access_list(int dir)
{
    return fgetxattr(dir, "system.posix_acl_access", NULL, 0) > ACL_PLAIN;
}

int dir_writers(int dir, char *dst, size_t n, struct err *err)
{
    const struct passwd *pw;
    const struct group *g;
    struct stat st;

    if (fstat(dir, &st) < 0)
        return err_set(err, ERR_IO, errno, "look at a directory");
    dst[0] = '\0';
    if (!is_root_or_own(st.st_uid)) {
        pw = getpwuid(st.st_uid);
        snprintf(dst, n, "user %.60s (%u), its owner", pw != NULL ? pw->pw_name : "without a name",
                 (unsigned)st.st_uid);
    } else if ((st.st_mode & S_IWOTH) != 0) {
        str_cut(dst, n, "everybody");
    } else if ((st.st_mode & S_IWGRP) != 0 && has_access_list(dir)) {
        str_cut(dst, n, "others, by its access list");
    } else if ((st.st_mode & S_IWGRP) != 0 && has_other_members(st.st_gid)) {
        g = getgrgid(st.st_gid);
        snprintf(dst, n, "group %.60s (%u)", g != NULL ? g->gr_name : "without a name",
                 (unsigned)st.st_gid);
    }
    return 0;
}
