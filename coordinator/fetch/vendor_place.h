/*
 * vendor_place.h - where releases come from: a site with HashiCorp's layout, or a directory.
 *
 * A site "https://host/base" has the files of 2.0.5 at https://host/base/nomad/2.0.5/. A
 * directory has them in itself, or in nomad/2.0.5/ or 2.0.5/ below; nothing else is asked
 * there, and symbolic links are followed, for it is the operator's.
 */
#ifndef VENDOR_PLACE_H
#define VENDOR_PLACE_H

#include "buf.h"
#include "download.h"

struct vendor_place {
    char base[600]; /* what stands before a file's name, with its slash */
    bool is_dir;
    struct download how; /* limits; url is filled for each file */
};

/* from: a URL or a directory. ERR_USAGE, ERR_NOTFOUND (a directory without the version). */
MUST_CHECK int vendor_place_open(const char *from, const char *version, const struct download *how,
                                 struct vendor_place *ret, struct err *err);
/* A small file. ERR_NOTFOUND when it is not there. work: a path for as long as it takes. */
MUST_CHECK int vendor_place_text(const struct vendor_place *p, const char *name, size_t max,
                                 const char *work, struct buf *ret, struct err *err);
/* A file of any size into fd, of which *from bytes are there already. */
MUST_CHECK int vendor_place_file(const struct vendor_place *p, const char *name, int fd,
                                 uint64_t *from, struct err *err);

#endif
