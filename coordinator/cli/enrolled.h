/*
 * enrolled.h - hosts that are enrolled already: their keys written out, forgotten, exchanged.
 *
 * A host is named by its Nomad id, by its name, or by an address. Its key goes with all lines that
 * have it. Each asks once, but for --yes; a host of a run that has not ended is not forgotten
 * (ERR_REFUSED), nor is the key exchanged of a new server that joins in it, which the run knows by
 * its key.
 */
#ifndef ENROLLED_H
#define ENROLLED_H

#include "command_context.h"
#include "key_list.h"

/* A line for each key, as key_list.h reads it: the Nomad id, or the address of who was enrolled by
 * it and has none yet. */
MUST_CHECK int enrolled_export(struct command_context *c, struct err *err);
void enrolled_write(const struct known_hosts *known, FILE *out);

MUST_CHECK int enrolled_forget(struct command_context *c, const char *host, struct err *err);
/* The key that all lines of this host have. ERR_NOTFOUND; ERR_USAGE: several hosts are called so.
 */
MUST_CHECK int enrolled_key_of(const struct known_hosts *known, const char *host,
                               struct pubkey *ret, struct err *err);

/* keys: without a question, if its line has the new fingerprint; NULL: asks. */
MUST_CHECK int enrolled_rekey(struct command_context *c, const char *host,
                              const struct key_list *keys, struct err *err);

#endif
