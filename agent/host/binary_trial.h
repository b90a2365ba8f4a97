/*
 * binary_trial.h - does a binary run on this host, and is it the version it should be?
 *
 * Runs `PATH version` for at most 10 s, without rights and without network: as nobody, or,
 * where nobody may not come near the file, as the user of caravan-fetch. Nothing of what it
 * prints is believed but the version; it is told to people with its control characters
 * escaped. Waits for the program: one thread, that of caravan-swap's phases.
 */
#ifndef BINARY_TRIAL_H
#define BINARY_TRIAL_H

#include "fetch_call.h"

/* version: of the manifest; one that cannot be parsed is not compared. *ret_failure:
 * FAILURE_NONE when it runs here and says so, else ret_text tells what is wrong with it. -1: it
 * could not be tried. */
MUST_CHECK int binary_trial(const struct fetch_who *who, const char *path, const char *version,
                            enum failure *ret_failure, char ret_text[static TEXT_MAX],
                            struct err *err);

#endif
