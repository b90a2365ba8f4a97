/*
 * package_owner.h - does a package own a file, and do upgrades leave that package alone?
 *
 * Asks the package managers' own programs (dpkg-query, rpm) about the given path. Where /bin is a
 * link into /usr, it asks dpkg about the file's other name too. `kept` means that the package is
 * held (apt-mark hold), that a version lock names it (dnf, yum), or that somebody other than the
 * package itself diverts the file. A package manager that is not installed owns nothing.
 *
 * Pure functions parse the answers, so that tests can call them.
 */
#ifndef PACKAGE_OWNER_H
#define PACKAGE_OWNER_H

#include "host.h"

struct package_where {
    const char *dpkg_query;   /* /usr/bin/dpkg-query */
    const char *dpkg_admin;   /* NULL: dpkg's default, /var/lib/dpkg */
    const char *rpm;          /* /usr/bin/rpm */
    const char *rpm_db;       /* NULL: rpm's default */
    const char *rpm_files[6]; /* if rpm is in use, one of these exists; NULL at the end */
    const char *locks[4];     /* version lock files of dnf and yum; NULL at the end */
};

void package_owner(const struct package_where *w, const char *path, struct host_package *ret);
void package_where_usual(struct package_where *ret);

/* Parses the output of dpkg-query -S. ret_owner: the package; "": none. ret_diverted: the package
 * that diverts the file; "local": the administrator; "": nobody. */
void package_read_search(const char *out, char ret_owner[static 64], char ret_diverted[static 64]);
/* Parses "WANT VERSION" of dpkg-query -W: is the package held? The version is cut to 30 bytes. */
bool package_read_want(const char *out, char ret_version[static 32]);
/* Parses the first line of rpm -qf, "NAME VERSION-RELEASE": the name, and the whole line; long ones
 * are cut. */
void package_read_file(const char *out, char ret_name[static 64], char ret_full[static 64]);
/* Does the text of a version lock file name this package? */
bool package_is_locked(const char *text, const char *name);

#endif
