/*
 * zip_fixture.h - zips for tests, good and bad, written with libarchive.
 */
#ifndef ZIP_FIXTURE_H
#define ZIP_FIXTURE_H

#include <stdint.h>
#include <sys/types.h>
#include "compiler.h"

struct zip_member {
    const char *name;
    const void *content;
    size_t len;
    unsigned type; /* AE_IFREG when 0 */
    const char *link_to;
};

/* Writes the members to a new file at path; aborts on failure. */
void zip_make(const char *path, const struct zip_member *members, size_t n);

#endif
