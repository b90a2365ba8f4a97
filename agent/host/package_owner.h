/*
 * package_owner.h - does a package own a file, and is it kept from upgrades?
 *
 * Asks the package managers' own programs (dpkg-query, rpm) about the path as it is named
 * and, where /bin is a link into /usr, by its other name. Kept: the package is held
 * (apt-mark hold, a dnf versionlock) or the file is diverted by somebody other than the
 * package itself. Managers that are not installed own nothing.
 *
 * The texts of the answers are parsed by pure functions, for the tests.
 */
#ifndef PACKAGE_OWNER_H
#define PACKAGE_OWNER_H

#include "host.h"

struct package_where {
    const char *dpkg_query;   /* /usr/bin/dpkg-query */
    const char *dpkg_admin;   /* NULL: its own, /var/lib/dpkg */
    const char *rpm;          /* /usr/bin/rpm */
    const char *rpm_db;       /* NULL: its own */
    const char *rpm_files[6]; /* one of them is there where rpm is used; NULL at the end */
    const char *locks[4];     /* version lock files of dnf and yum, NULL at the end */
};

void package_owner(const struct package_where *w, const char *path, struct host_package *ret);
void package_where_usual(struct package_where *ret);

/* dpkg-query -S about a path: the owner, "" none; who diverts it, "" nobody ("local" for
 * the administrator). */
void package_read_search(const char *out, char ret_owner[static 64], char ret_diverted[static 64]);
/* Does a version lock's text name this package? */
bool package_is_locked(const char *text, const char *name);

#endif
