/*
 * package_known.h - the package that owns a file, asked again only after the package managers
 * wrote.
 *
 * dpkg-query reads the file lists of all packages for its answer, which takes a tenth of a second
 * of CPU time. A host's facts are reported several times in an upgrade. So the answer is kept for
 * one path, together with the stat results of the package managers' own files. At every change,
 * dpkg and rpm replace one of these files or append to it; apt-mark and version locks write there
 * too. An unknown answer is not kept.
 *
 * The caller zeroes the struct before the first call. One thread.
 */
#ifndef PACKAGE_KNOWN_H
#define PACKAGE_KNOWN_H

#include "package_owner.h"

struct package_stamp {
    uint64_t dev, ino, size;
    int64_t changed_ns; /* ctime; 0: the file does not exist */
};

struct package_known {
    char path[256]; /* the path of the answer; "": no answer is kept; a longer path is not kept */
    struct package_stamp stamps[20];
    struct host_package answer;
};

/* Returns the kept answer if no file has changed, else asks package_owner. */
void package_known_owner(struct package_known *k, const struct package_where *w, const char *path,
                         struct host_package *ret);

#endif
