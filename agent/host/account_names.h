/*
 * account_names.h - is there a user or a group of this name on the host?
 *
 * Asked as every program asks (getpwnam), so that who is told only by a directory server is found
 * as well. One thread.
 */
#ifndef ACCOUNT_NAMES_H
#define ACCOUNT_NAMES_H

#include <stdbool.h>
#include "message.h"

/* A number is always there. TRI_UNKNOWN: not found, but others than this host's own files are
 * asked for names, and they may not have answered. */
enum tri account_there(bool group, const char *name);
/* Of the text of /etc/nsswitch.conf: do only this host's own files tell names of this kind
 * ("passwd", "group")? Pure. */
bool account_sources_own(const char *text, const char *kind);

#endif
