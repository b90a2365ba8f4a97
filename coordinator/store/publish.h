/*
 * publish.h - measures what is to be released: libarchive, and only here (and in
 * the agent's unpack).
 *
 * publish_measure reads a file once to hash it and, when its first bytes are a
 * zip's, once more to unpack the member `nomad` through the digest. Nothing is
 * written and nothing is run. What can be told without running is checked: a zip
 * holds exactly one `nomad` and nothing that hosts would refuse (a path, a link, an
 * encrypted member, more than 16 members), an ELF file is for the architecture named, and a
 * name as HashiCorp gives it (nomad_1.9.7_linux_amd64.zip) fits version, os and arch.
 */
#ifndef PUBLISH_H
#define PUBLISH_H

#include "manifest.h"

#define RELEASE_FILE_MAX (1024ULL * 1024 * 1024)

/* What is known of the file before it is measured. */
struct publish_want {
    const struct digest *digest; /* NULL: any; else ERR_CRYPTO before anything in it is read */
    uint64_t max;                /* of the file, and of the member: ERR_LIMIT */
    bool zip;                    /* a bare binary will not do: ERR_FORMAT */
};

/* os and arch of *ret are filled from the arguments. want: NULL: any file up to RELEASE_FILE_MAX.
 */
MUST_CHECK int publish_measure(const char *path, const char *version, const char *os,
                               const char *arch, const struct publish_want *want, struct build *ret,
                               struct err *err);

#endif
