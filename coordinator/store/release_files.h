/*
 * release_files.h - the files of builds that lie beside their manifest, for who serves them.
 *
 * A build's file has the vendor's name, nomad_<version>_<os>_<arch>.zip; a bare binary the same
 * without ".zip". It is there when the release was fetched, or was added without a place of its
 * own. Nothing is trusted by its name: what serves files checks size and digest (file_server.h).
 */
#ifndef RELEASE_FILES_H
#define RELEASE_FILES_H

#include "release_store.h"

MUST_CHECK int release_file_path(const struct coord_conf *c, const char *version,
                                 const struct build *b, char dst[static 300], struct err *err);
/* Copies the file that b was measured from there, durably, under the name last. ERR_CRYPTO: it is
 * another one by now. */
MUST_CHECK int release_file_keep(const struct coord_conf *c, const char *version,
                                 const struct build *b, const char *from, struct err *err);
/* Is a regular file there? */
bool release_file_there(const struct coord_conf *c, const char *version, const struct build *b);
/* Places that were named for this build. */
size_t release_places_of(const struct stored_release *r, const struct build *b);

#endif
