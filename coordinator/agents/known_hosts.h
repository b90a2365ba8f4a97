/*
 * known_hosts.h - the keys of enrolled agents, by Nomad's ids, as SSH remembers the keys of hosts.
 *
 * The file is a text file in the state directory, sorted by id, with one line for each id:
 *
 *     <Nomad id> <key: 64 hexadecimal digits> <host name> <box key>
 *
 * A host that is server and client has a line for each of its ids, with the same key. `caravan
 * enroll` adds lines. No function here replaces a key: a changed key is ERR_CRYPTO, and the text
 * names the host, both fingerprints, and the command that accepts the new key. That command,
 * `caravan enroll --rekey`, and `caravan enroll --forget` remove the old key with all its lines.
 *
 * A host that was enrolled by its address, before Nomad listed the host, has a line
 *
 *     agent/<32 digits of the key's fingerprint> <key> <address> <box key>
 *
 * which binds the key to that address (agent_place.name). Messages contain no machine id: the host
 * itself binds its key to its machine, and makes another key on another machine. The line stays
 * when the host gets lines by Nomad's ids.
 *
 * Messages are sealed to the box key, which is derived from the key (crypto.h). Deriving it costs a
 * fifth of the whole cost of a question, so that the file stores it: 64 digits, and 8 more that
 * bind it to the key. The 8 digits find damage and edits, not malice: anybody who may write to the
 * file can replace the keys themselves. A box key that is missing (0.1.0 wrote none) or does not
 * belong to the key is derived again, and the next `caravan enroll` writes it. A box key is no
 * secret.
 */
#ifndef KNOWN_HOSTS_H
#define KNOWN_HOSTS_H

#include "crypto.h"
#include "message.h"

#define KNOWN_HOSTS_NAME "known_hosts"

struct known_host {
    char id[UUID_MAX];
    char name[NAME_MAX_LEN];
    struct pubkey key;
    struct boxkey box; /* all zero: not derived yet */
};

struct known_hosts {
    char path[300];
    struct known_host *items; /* sorted by id */
    size_t n, cap;
    bool dirty;
};

/* If the file does not exist, the list is empty. If a line has no box key (crypto.h), the function
 * derives the box key from the key of the host. */
MUST_CHECK int known_hosts_load(const char *path, struct known_hosts *ret, struct err *err);
/* Parses a text without deriving box keys; for tests and fuzzing. `name` is used in error texts. */
MUST_CHECK int known_hosts_parse(const char *name, const char *text, size_t n,
                                 struct known_hosts *ret, struct err *err);
void known_hosts_free(struct known_hosts *k);
const struct known_host *known_hosts_find(const struct known_hosts *k, const char *id);
/* The line of the host that was enrolled by this address (agent_place.name). NULL: there is none.
 */
const struct known_host *known_hosts_at(const struct known_hosts *k, const char *address);
/* The first line with this key that is not the line by this address. NULL: there is none. */
const struct known_host *known_hosts_elsewhere(const struct known_hosts *k,
                                               const struct pubkey *key, const char *address);
#define JOINER_PREFIX "agent/"
/* The id of the line by address: JOINER_PREFIX and the digits of the fingerprint. */
void joining_key(char dst[static UUID_MAX], const struct pubkey *key);
/* Is this a line by address? */
bool known_host_joins(const struct known_host *h);
/* All lines, sorted by key: for each key first the lines by Nomad's ids, then the line by address.
 * The caller frees the list. */
const struct known_host **known_hosts_by_key(const struct known_hosts *k);
/* The host's box key. ERR_CRYPTO: no box key can be derived from the host's key. */
MUST_CHECK int known_host_box(const struct known_host *h, struct boxkey *ret, struct err *err);
/* 1: added; 0: the id is known with this key already; -1: the id has another key (ERR_CRYPTO), or
 * is no id (ERR_FORMAT). */
MUST_CHECK int known_hosts_add(struct known_hosts *k, const char *id, const char *name,
                               const struct pubkey *key, struct err *err);
/* Removes all lines with this key. Returns how many there were. */
size_t known_hosts_remove(struct known_hosts *k, const struct pubkey *key);
/* Writes the file durably, if a line was added or removed or a box key was derived. */
MUST_CHECK int known_hosts_save(struct known_hosts *k, struct err *err);

#endif
