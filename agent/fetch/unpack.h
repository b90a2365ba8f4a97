/*
 * unpack.h - unpacks one member of a release's zip. Uses libarchive, and is the only user besides
 * publish.
 *
 * The caller has checked the size and the digest of the zip itself. Nevertheless nothing in the
 * zip chooses a name, a mode or a size: the member's bytes go into a descriptor that the caller
 * opened, at most `size` bytes, and count only if size and SHA-256 are right. Other members are
 * skipped if they are regular files with a plain name (releases since 2024 contain LICENSE.txt).
 * The whole zip is refused if it contains a path, a link, a special file, an encrypted member, the
 * member twice, or more than UNPACK_MEMBERS_MAX members.
 *
 * ERR_FORMAT: the zip is wrong. ERR_CRYPTO: the size or digest of the member is wrong. ERR_NOSPACE,
 * ERR_IO: writing failed. ERR_STATE: `stop` returned true.
 */
#ifndef UNPACK_H
#define UNPACK_H

#include "crypto.h"

#define UNPACK_MEMBERS_MAX 16

struct unpack {
    const char *member; /* "nomad" */
    uint64_t size;
    struct digest digest;
    /* Called between blocks of 64 KiB; true: stop (ERR_STATE). May be NULL. */
    bool (*stop)(void *ctx);
    void *ctx;
};

/* zip_fd: a seekable file, read from its start; its read position changes. */
MUST_CHECK int unpack_member(int zip_fd, const struct unpack *u, int out_fd, struct err *err);

#endif
