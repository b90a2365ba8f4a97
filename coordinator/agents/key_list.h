/*
 * key_list.h - a list of hosts and fingerprints, for `caravan enroll --from`.
 *
 * The fingerprints were collected on the hosts themselves. Each line names one host, as
 * `caravan-agent --fingerprint` and `caravan enroll --export` print it:
 *
 *     <host> SHA256:<32 hexadecimal digits, in small letters>    # a remark
 *
 * host: the host's Nomad id, its name in Nomad, or an address that agent_place.h accepts. Empty
 * lines and lines that begin with # are skipped. The fingerprint is the first 16 bytes of the key's
 * SHA-256, 128 bits: to find another key with the same fingerprint takes 2^128 attempts.
 *
 * The format is strict: everything else is an error with file and line, also a host that is named
 * twice, and a fingerprint that two hosts have (a copied machine). A list has at most 8 MiB and
 * 65,536 hosts, a line at most 256 bytes. Pure, except for key_list_load.
 */
#ifndef KEY_LIST_H
#define KEY_LIST_H

#include "crypto.h"
#include "message.h"

#define KEY_LIST_SIZE  (8U * 1024 * 1024)
#define KEY_LIST_HOSTS 65536
#define KEY_LIST_LINE  256

struct key_line {
    char host[NAME_MAX_LEN]; /* an address is in the form of agent_place.name */
    char fingerprint[FINGERPRINT_LEN];
    unsigned number; /* number of the line, from 1 */
};

struct key_list {
    char name[300];         /* name of the file, for error texts */
    struct key_line *items; /* sorted by host */
    size_t n;
};

/* path "-": standard input. A file of another user, or a file that others may write to, is refused.
 */
MUST_CHECK int key_list_load(const char *path, struct key_list *ret, struct err *err);
/* ERR_CONFIG names the file and the line. After an error *ret needs no freeing. */
MUST_CHECK int key_list_parse(const char *name, const char *text, size_t n, struct key_list *ret,
                              struct err *err);
void key_list_free(struct key_list *l);
/* The index of the host's line; l->n: the list does not have the host. */
size_t key_list_find(const struct key_list *l, const char *host);
#define auto_key_list CLEANUP(key_list_free)

#endif
