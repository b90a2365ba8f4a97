/*
 * trust_show.h - what a trust file says, for people.
 */
#ifndef TRUST_SHOW_H
#define TRUST_SHOW_H

#include "command_context.h"
#include "trust_files.h"

/* Cluster, version, and each key: role, name, fingerprint, expiry. */
void trust_show(const struct command_context *c, const struct trust *t);
/* Who signed the draft, by the names that it or now (NULL: unknown) has; who still must. */
void trust_show_signers(const struct trust_draft *d, const struct trust *now);
/* What the draft changes: a line each. */
void trust_show_changes(const struct trust *now, const struct trust *next);

/* How a host gets a trust file of this machine: "to the same place on each host", where the file is
 * called as there already. */
const char *trust_copy_words(const char *file);

#endif
