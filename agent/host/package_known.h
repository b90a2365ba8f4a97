/*
 * package_known.h - which package owns a file, asked again only after the package managers wrote.
 *
 * dpkg-query reads the lists of every package for its answer, which takes a tenth of a second of a
 * processor; a host's facts are told several times in an upgrade. The answer is kept for one path,
 * beside what stat tells of the managers' own files (dpkg and rpm replace, or add to, one of them
 * at every change; apt-mark and version locks write there, too). An answer that is unknown is not
 * kept.
 *
 * Zeroed at first; one thread.
 */
#ifndef PACKAGE_KNOWN_H
#define PACKAGE_KNOWN_H

#include "package_owner.h"

struct package_stamp {
    uint64_t dev, ino, size;
    int64_t changed_ns; /* 0: there is none */
};

struct package_known {
    char path[256]; /* "": nothing is known; a longer one is not kept */
    struct package_stamp stamps[20];
    struct host_package answer;
};

/* package_owner, or what it answered when nothing has changed since. */
void package_known_owner(struct package_known *k, const struct package_where *w, const char *path,
                         struct host_package *ret);

#endif
