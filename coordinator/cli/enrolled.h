/*
 * enrolled.h - exports, forgets and exchanges the keys of hosts that are enrolled.
 *
 * The operator names a host by its Nomad id, its name, or an address. To forget or exchange a key
 * removes all lines of known_hosts that have this key. Each function asks once, unless --yes is
 * given. ERR_REFUSED: a run that has not ended has this host (forget), or the host is a new server
 * that joins in such a run (rekey): the run knows the new server by its key.
 */
#ifndef ENROLLED_H
#define ENROLLED_H

#include "command_context.h"
#include "key_list.h"

/* Prints one line for each key, in the format of key_list.h. The first word is the Nomad id; for a
 * host that was enrolled by its address and has no Nomad id yet, the address. */
MUST_CHECK int enrolled_export(struct command_context *c, struct err *err);
void enrolled_write(const struct known_hosts *known, FILE *out);

MUST_CHECK int enrolled_forget(struct command_context *c, const char *host, struct err *err);
/* Finds the key of this host. ERR_NOTFOUND: no such host. ERR_USAGE: hosts with different keys have
 * this name. */
MUST_CHECK int enrolled_key_of(const struct known_hosts *known, const char *host,
                               struct pubkey *ret, struct err *err);

/* keys: accept the new key without a question if its line has the new fingerprint. NULL: ask. */
MUST_CHECK int enrolled_rekey(struct command_context *c, const char *host,
                              const struct key_list *keys, struct err *err);

#endif
