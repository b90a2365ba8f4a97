/*
 * known_hosts.h - the agents' keys, remembered by Nomad's id as SSH remembers hosts.
 *
 * A text file in the state directory, one line a key:
 *     <Nomad id> <64 hexadecimal digits> <host name>
 * sorted by id. A host that is server and client has a line for each id, with the
 * same key. `caravan enroll` adds; nothing here ever replaces a key: a changed key
 * is an error that names the host and both fingerprints (ERR_CRYPTO).
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
};

struct known_hosts {
    char path[300];
    struct known_host *items; /* sorted by id */
    size_t n, cap;
    bool dirty;
};

/* An absent file is an empty list. */
MUST_CHECK int known_hosts_load(const char *path, struct known_hosts *ret, struct err *err);
/* The text alone: tests and fuzzing. */
MUST_CHECK int known_hosts_parse(const char *name, const char *text, size_t n,
                                 struct known_hosts *ret, struct err *err);
void known_hosts_free(struct known_hosts *k);
const struct known_host *known_hosts_find(const struct known_hosts *k, const char *id);
/* 1: added; 0: known with this key; -1: see above. */
MUST_CHECK int known_hosts_add(struct known_hosts *k, const char *id, const char *name,
                               const struct pubkey *key, struct err *err);
/* Durable; nothing when nothing was added. */
MUST_CHECK int known_hosts_save(struct known_hosts *k, struct err *err);

#endif
