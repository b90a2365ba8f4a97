/*
 * fetching.h - fetches a release from the command line, and prints the progress.
 *
 * `release fetch` calls fetch_release, and so do plan and upgrade through offer_release. --arch
 * says for which architectures; without --arch the fleet's agents are asked.
 */
#ifndef FETCHING_H
#define FETCHING_H

#include "command_context.h"
#include "release_store.h"

/* Fetches the release, and prints progress and result. ret may be NULL. */
MUST_CHECK int fetch_release(struct command_context *c, const char *version,
                             struct stored_release *ret, struct err *err);
/* For a version that is not on this machine. On a terminal asks whether to fetch it, and fetches
 * it. Otherwise ERR_REFUSED; the text has the command to run. */
MUST_CHECK int offer_release(struct command_context *c, const char *version,
                             struct stored_release *ret, struct err *err);

#endif
