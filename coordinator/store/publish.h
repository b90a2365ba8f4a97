/*
 * publish.h - measures the file of a build before a release is made of it. Uses libarchive.
 *
 * publish_measure reads the file once to hash it. If the file begins like a zip, the function reads
 * it a second time to unpack the member `nomad` and hash it. The function writes nothing and runs
 * nothing. It checks what can be checked without running the binary:
 *
 *   - A zip contains exactly one file `nomad`, and nothing that hosts would refuse: a path, a link,
 *     an encrypted member, more than 16 members.
 *   - An ELF file is for the named architecture.
 *   - A file with a name of HashiCorp's (nomad_1.9.7_linux_amd64.zip) fits version, os and arch.
 */
#ifndef PUBLISH_H
#define PUBLISH_H

#include "manifest.h"

#define RELEASE_FILE_MAX (1024ULL * 1024 * 1024)

/* What the caller demands of the file. */
struct publish_want {
    const struct digest *digest; /* of the file; NULL: any. Checked before the content is read;
                                  * ERR_CRYPTO */
    uint64_t max;                /* bytes, of the file and of its member; ERR_LIMIT */
    bool zip;                    /* the file must be a zip; ERR_FORMAT */
};

/* Fills *ret, with os and arch from the arguments. want NULL: any file up to RELEASE_FILE_MAX.
 * ERR_USAGE: the file, its name or its architecture does not fit. */
MUST_CHECK int publish_measure(const char *path, const char *version, const char *os,
                               const char *arch, const struct publish_want *want, struct build *ret,
                               struct err *err);

#endif
