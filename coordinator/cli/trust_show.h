/*
 * trust_show.h - prints a trust file for people.
 */
#ifndef TRUST_SHOW_H
#define TRUST_SHOW_H

#include "command_context.h"
#include "trust_files.h"

/* Prints the cluster, the version, and each key: role, name, fingerprint, expiry. */
void trust_show(const struct command_context *c, const struct trust *t);
/* Prints which keys signed the draft, and which signatures are missing. The names come from the
 * draft and from now, the version in force (NULL: unknown). */
void trust_show_signers(const struct trust_draft *d, const struct trust *now);
/* Prints what `next` changes, one line for each change. */
void trust_show_changes(const struct trust *now, const struct trust *next);

/* Returns words that say where to copy the trust file of this machine: "to each host as
 * /etc/caravan/trust", or "to the same place on each host" if `file` has that path already. */
const char *trust_copy_words(const char *file);

#endif
