/*
 * account_names.h - does a user or a group with this name exist on the host?
 *
 * Asks as every program asks (getpwnam), so users of a directory server are found too. One thread.
 */
#ifndef ACCOUNT_NAMES_H
#define ACCOUNT_NAMES_H

#include <stdbool.h>
#include "message.h"

/* The answer for a number is always TRI_YES. TRI_UNKNOWN: the name was not found, but this host
 * also asks other sources than its own files, and these sources may not have answered. */
enum tri account_exists(bool group, const char *name);
/* text: /etc/nsswitch.conf. Do names of this kind ("passwd", "group") come only from this host's
 * own files? Pure. */
bool account_sources_own(const char *text, const char *kind);

#endif
