/*
 * unpack.h - one member out of a release's zip: libarchive, and only here (and publish).
 *
 * The zip's own size and digest were checked before. All the same nothing in it
 * chooses a name, a mode or a size: the member's bytes go into a descriptor the
 * caller opened, never more than `size` of them, and count only when size and
 * SHA-256 are those wanted. Other members are skipped when they are regular files
 * with a plain name (releases since 2024 carry LICENSE.txt); the whole zip is
 * refused when it holds a path, a link, a special file, an encrypted member, the
 * member twice, or more than UNPACK_MEMBERS_MAX members.
 *
 * Errors: ERR_FORMAT the zip is not as it should be; ERR_CRYPTO size or digest of
 * the member is not the one wanted; ERR_NOSPACE, ERR_IO writing; ERR_STATE stopped.
 */
#ifndef UNPACK_H
#define UNPACK_H

#include "crypto.h"

#define UNPACK_MEMBERS_MAX 16

struct unpack {
    const char *member; /* "nomad" */
    uint64_t size;
    struct digest digest;
    /* Asked between blocks of 64 KiB; true stops (ERR_STATE). May be NULL. */
    bool (*stop)(void *ctx);
    void *ctx;
};

/* zip_fd: read from its start (pread semantics are not needed; it is seeked). */
MUST_CHECK int unpack_member(int zip_fd, const struct unpack *u, int out_fd, struct err *err);

#endif
