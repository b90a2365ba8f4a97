/*
 * known_hosts.h - the agents' keys, remembered by Nomad's id as SSH remembers hosts.
 *
 * A text file in the state directory, one line a key:
 *     <Nomad id> <64 hexadecimal digits> <host name> <what messages to it are sealed to>
 * sorted by id. A host that is server and client has a line for each id, with the
 * same key. `caravan enroll` adds; nothing here ever replaces a key: a changed key
 * is an error that names the host, both fingerprints and the command that accepts it (ERR_CRYPTO).
 * That command, `caravan enroll --rekey`, and `--forget` remove the old key with all of its lines.
 *
 * A host that was enrolled by its address, before Nomad listed it, has a line
 *     agent/<32 digits of the key's fingerprint> <key> <address, as agent_place.h names it> <box
 * key> which binds the key to that address. Nothing on the wire tells a machine id: it is the host
 * that binds its key to its machine, and makes another one on another machine. The line stays when
 * the host has lines by Nomad's ids, too.
 *
 * What messages are sealed to, the box key, is derived from the key (crypto.h), which costs a fifth
 * of all that a question costs here: so it is kept, 64 digits, and 8 more that bind it to its key.
 * They find damage and edits, not malice: who may write the file can replace the keys themselves.
 * Where it is missing (0.1.0 wrote none) or not of this key it is derived, and the next `caravan
 * enroll` writes it. It is no secret.
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
    struct boxkey box; /* all zero: not derived */
};

struct known_hosts {
    char path[300];
    struct known_host *items; /* sorted by id */
    size_t n, cap;
    bool dirty;
};

/* An absent file is an empty list. Box keys that are missing are derived. */
MUST_CHECK int known_hosts_load(const char *path, struct known_hosts *ret, struct err *err);
/* The text alone, nothing derived: tests and fuzzing. */
MUST_CHECK int known_hosts_parse(const char *name, const char *text, size_t n,
                                 struct known_hosts *ret, struct err *err);
void known_hosts_free(struct known_hosts *k);
const struct known_host *known_hosts_find(const struct known_hosts *k, const char *id);
/* The host that was enrolled by this address (agent_place.name); NULL: none. */
const struct known_host *known_hosts_at(const struct known_hosts *k, const char *address);
/* The first line with this key that was not enrolled by this address; NULL: none. */
const struct known_host *known_hosts_elsewhere(const struct known_hosts *k,
                                               const struct pubkey *key, const char *address);
#define JOINER_PREFIX "agent/"
/* What a host is known by that was enrolled by its address. */
void joiner_key(char dst[static UUID_MAX], const struct pubkey *key);
bool known_host_joins(const struct known_host *h);
/* All lines, those of one key together: first what Nomad knows it by, then what it was enrolled by.
 * The caller frees the list. */
const struct known_host **known_hosts_by_key(const struct known_hosts *k);
/* What messages to it are sealed to. ERR_CRYPTO: its key is not a usable one. */
MUST_CHECK int known_host_box(const struct known_host *h, struct boxkey *ret, struct err *err);
/* 1: added; 0: known with this key; -1: see above. */
MUST_CHECK int known_hosts_add(struct known_hosts *k, const char *id, const char *name,
                               const struct pubkey *key, struct err *err);
/* All lines with this key; how many there were. */
size_t known_hosts_remove(struct known_hosts *k, const struct pubkey *key);
/* Durable; nothing when nothing was added, removed or derived. */
MUST_CHECK int known_hosts_save(struct known_hosts *k, struct err *err);

#endif
