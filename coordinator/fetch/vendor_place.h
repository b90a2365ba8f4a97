/*
 * vendor_place.h - the place that releases come from: a site with HashiCorp's layout, or a
 * directory.
 *
 * A site "https://host/base" has the files of 2.0.5 at https://host/base/nomad/2.0.5/. A directory
 * has the files in itself, or below it in nomad/2.0.5/ or 2.0.5/; no network is used then. Symbolic
 * links are followed, because the directory is the operator's own.
 */
#ifndef VENDOR_PLACE_H
#define VENDOR_PLACE_H

#include "buf.h"
#include "download.h"

struct vendor_place {
    char base[600]; /* text before the name of a file, with a slash at its end */
    bool is_dir;
    struct download how; /* limits; url is set for each file */
};

/* from: a URL or a directory. ERR_USAGE: `from` is neither. ERR_NOTFOUND: the directory does not
 * have the version. */
MUST_CHECK int vendor_place_open(const char *from, const char *version, const struct download *how,
                                 struct vendor_place *ret, struct err *err);
/* Reads a small file. work: path of a temporary file, which is removed afterwards. ERR_NOTFOUND:
 * the place has no such file. */
MUST_CHECK int vendor_place_text(const struct vendor_place *p, const char *name, size_t max,
                                 const char *work, struct buf *ret, struct err *err);
/* Reads a file of any size into fd. *from: as for download(). */
MUST_CHECK int vendor_place_file(const struct vendor_place *p, const char *name, int fd,
                                 uint64_t *from, struct err *err);

#endif
