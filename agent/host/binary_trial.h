/*
 * binary_trial.h - does a binary run on this host, and is it the version it should be?
 *
 * Runs the open file's `version` for at most 10 s behind the wall of try.h: by caravan-fetch,
 * without rights and without network. Nothing of what it prints is believed but the version; it
 * is told to people with its control characters escaped. Waits for the program: one thread, that
 * of caravan-swap's phases.
 */
#ifndef BINARY_TRIAL_H
#define BINARY_TRIAL_H

#include "fetch_call.h"
#include "version.h"

/* version: of the manifest; one that cannot be parsed is not compared. *ret_failure:
 * FAILURE_NONE when it runs here and says so, else ret_text tells what is wrong with it. -1: it
 * could not be tried, which says nothing of it. */
MUST_CHECK int binary_trial(const struct fetch_who *who, int binary, const char *version,
                            enum failure *ret_failure, char ret_text[static TEXT_MAX],
                            struct err *err);
/* The version that any binary prints. TRI_NO: it prints no version of Nomad's, or ends otherwise;
 * TRI_UNKNOWN: it could not be tried; both with the reason. */
enum tri binary_trial_version(const struct fetch_who *who, int binary,
                              char ret_version[static VERSION_TEXT],
                              char ret_text[static TEXT_MAX]);

#endif
