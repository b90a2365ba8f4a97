/*
 * fetching.h - a release fetched from the command line: for which machines, and how far it is.
 *
 * `release fetch` and the offer of plan and upgrade are one: fetch_release. Which machines there
 * are is asked of the fleet's agents unless --arch says it.
 */
#ifndef FETCHING_H
#define FETCHING_H

#include "command_context.h"
#include "release_store.h"

/* Fetches, shows it, and tells what came of it. ret: NULL when nobody wants it. */
MUST_CHECK int fetch_release(struct command_context *c, const char *version,
                             struct stored_release *ret, struct err *err);
/* For a version that is not here: on a terminal asks whether to fetch it and does; else ERR_REFUSED
 * with the command to type. */
MUST_CHECK int offer_release(struct command_context *c, const char *version,
                             struct stored_release *ret, struct err *err);

#endif
