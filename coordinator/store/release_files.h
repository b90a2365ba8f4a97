/*
 * release_files.h - the files of builds, stored beside their manifest, to be served to hosts.
 *
 * The file of a build has the vendor's name, nomad_<version>_<os>_<arch>.zip; a bare binary has the
 * same name without ".zip". The file exists when the release was fetched, or when the build was
 * added without a place. A name proves nothing: the server checks size and digest (file_server.h).
 */
#ifndef RELEASE_FILES_H
#define RELEASE_FILES_H

#include "release_store.h"

MUST_CHECK int release_file_path(const struct coord_conf *c, const char *version,
                                 const struct build *b, char dst[static 300], struct err *err);
/* Copies the file `from`, from which b was measured, to the path of the build. The file gets this
 * name only when it is complete and durable. ERR_CRYPTO: the file has changed since it was
 * measured.
 */
MUST_CHECK int release_file_keep(const struct coord_conf *c, const char *version,
                                 const struct build *b, const char *from, struct err *err);
/* Is a regular file at the path of the build? */
bool release_file_exists(const struct coord_conf *c, const char *version, const struct build *b);
/* How many places were named for this build. */
size_t release_places_of(const struct stored_release *r, const struct build *b);

#endif
