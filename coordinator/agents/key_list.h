/*
 * key_list.h - fingerprints that were collected on the hosts themselves, for `caravan enroll
 * --from`.
 *
 * One host a line, as `caravan-agent --fingerprint` prints it and `caravan enroll --export` does:
 *     <host> SHA256:<32 hexadecimal digits, in small letters>    # a remark
 * host: its Nomad id, its name as Nomad lists it, or an address as agent_place.h takes it. Empty
 * lines and those that begin with # are passed over. The fingerprint is the first 16 bytes of the
 * key's SHA-256, 128 bits: whoever wants another key with the same one makes 2^128 of them.
 *
 * Strict: a host named twice and a fingerprint given to two hosts (a copied machine) are errors, as
 * is everything else; each tells file and line. At most 8 MiB, 65,536 hosts, 256 bytes a line.
 * Pure but for key_list_load.
 */
#ifndef KEY_LIST_H
#define KEY_LIST_H

#include "crypto.h"
#include "message.h"

#define KEY_LIST_SIZE  (8U * 1024 * 1024)
#define KEY_LIST_HOSTS 65536
#define KEY_LIST_LINE  256

struct key_line {
    char host[NAME_MAX_LEN]; /* an address: as agent_place.name has it */
    char fingerprint[FINGERPRINT_LEN];
    unsigned number; /* of the line, from 1 */
};

struct key_list {
    char name[300];         /* the file's, for people */
    struct key_line *items; /* sorted by host */
    size_t n;
};

/* "-" is standard input. A file of another user, or one that anybody may write, is refused. */
MUST_CHECK int key_list_load(const char *path, struct key_list *ret, struct err *err);
/* ERR_CONFIG, with name and line. ret owns nothing after an error. */
MUST_CHECK int key_list_parse(const char *name, const char *text, size_t n, struct key_list *ret,
                              struct err *err);
void key_list_free(struct key_list *l);
/* Its index; n of the list: none. */
size_t key_list_find(const struct key_list *l, const char *host);
#define auto_key_list CLEANUP(key_list_free)

#endif
