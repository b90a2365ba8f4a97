/*
 * binary_trial.h - does a binary run on this host, and does it have the right version?
 *
 * Runs `version` of the open binary for at most 10 s behind the wall of trial.h: caravan-fetch runs
 * it, without rights and without a network. Only the version is taken from the output. Messages
 * that show the output to people escape control characters. Waits for the binary to end. One
 * thread: the thread of caravan-swap's phases.
 */
#ifndef BINARY_TRIAL_H
#define BINARY_TRIAL_H

#include "fetch_call.h"
#include "version.h"

/* version: from the manifest; a version that cannot be parsed is not compared. *ret_failure:
 * FAILURE_NONE if the binary runs on this host and prints this version; else ret_text says what is
 * wrong with the binary. -1: this host could not try the binary, so nothing is known about it. */
MUST_CHECK int binary_trial(const struct fetch_who *who, int binary, const char *version,
                            enum failure *ret_failure, char ret_text[static TEXT_MAX],
                            struct err *err);
/* The version that a binary prints. TRI_NO: it prints no version of Nomad, or it fails.
 * TRI_UNKNOWN: this host could not try it. For both, ret_text is the reason. */
enum tri binary_trial_version(const struct fetch_who *who, int binary,
                              char ret_version[static VERSION_TEXT],
                              char ret_text[static TEXT_MAX]);

#endif
