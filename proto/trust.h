/*
 * trust.h - the trust file of a cluster: which keys may sign what.
 *
 * A trust file is a container (manifest.h). Its body names the cluster, its own version, and for
 * each role the keys and the threshold, which is the number of keys that must sign. One key signs
 * an order, so the threshold of observer and operator is 1. The first trust file of a host is its
 * anchor. A host adopts later files one version after the other (trust_next_check; trust_sequence.h
 * for several at once). An operator may do everything that an observer may.
 *
 * Body format 2 adds names and expiries of keys. Every key has a name that no other key in the file
 * has, and may have an expiry; root keys do not expire. A key has one purpose: it is in one role
 * only. At most ROOT_SIGNERS_MAX root keys must sign, so that one container has room for the
 * signatures of the old root keys and of as many new ones (SIGS_MAX). Format 1 has no names and no
 * expiries; there, the name of a key is made from its role (trust_key_name).
 *
 * Time: the caller passes the wall clock. An expired key counts for nothing. If the clock is more
 * than TRUST_CLOCK_SLACK_S before the time at which the trust file was made, the clock is wrong,
 * and nobody can say whether a key has expired. Then keys that have an expiry may only ask (hello,
 * status). Keys without an expiry do not depend on any clock.
 */
#ifndef TRUST_H
#define TRUST_H

#include "manifest.h"

#define TRUST_FORMAT_MAX    2
#define TRUST_FORMAT_FACT   "trust-format" /* highest format the agent reads; absent: 1 */
#define TRUST_FILE_FACT     "trust-file"   /* trust_mark of the trust in force on the host */
#define TRUST_CLOCK_FACT    "trust-clock"  /* no: the clock of the host is wrong */
#define KEY_NAME_MAX        32             /* bytes of a key's name, with NUL */
#define ROOT_SIGNERS_MAX    4
#define TRUST_CLOCK_SLACK_S 86400 /* a clock that is behind by less does not count as wrong */

struct key_about {
    char name[KEY_NAME_MAX]; /* format 1: "" */
    int64_t expires_s;       /* wall clock, unix seconds; 0: never */
};

struct role_keys {
    uint32_t threshold;
    uint32_t n;
    struct pubkey keys[KEYS_MAX];
    struct key_about about[KEYS_MAX]; /* about[i] describes keys[i] */
};

struct trust {
    unsigned char cluster[CLUSTER_ID_LEN];
    uint32_t version;
    bool solo;               /* one person holds all keys; Caravan says so wherever it matters */
    char name[NAME_MAX_LEN]; /* name of the cluster, for people */
    struct role_keys roles[ROLE_COUNT];
    uint32_t format;   /* of the body; 0 means 1 */
    int64_t created_s; /* wall clock of the machine that made the file; format 1: 0 */
};

/* Packs the body in its format. Format 1 refuses names and expiries, which it cannot express. */
MUST_CHECK int trust_pack(const struct trust *t, struct buf *ret_body, struct err *err);
MUST_CHECK int trust_read(const void *body, size_t n, struct trust *ret, struct err *err);
/* 2 if a key has an expiry, or a name that trust_key_name would not make for it; otherwise 1. */
uint32_t trust_format_needed(const struct trust *t);

/* May a key have this name? Allowed are 1 to 31 characters: a to z, 0 to 9, and . _ - except as the
 * first character. */
bool trust_name_ok(const char *name);
/* Writes the name of the key. If the key has none, the name is made from the role: "operator", for
 * the second key "operator-2". */
void trust_key_name(const struct trust *t, enum role role, uint32_t i,
                    char dst[static KEY_NAME_MAX]);
/* Find a key by its name or by its bytes. False: the file has no such key. */
bool trust_find_name(const struct trust *t, const char *name, enum role *ret_role, uint32_t *ret_i);
bool trust_find_key(const struct trust *t, const struct pubkey *key, enum role *ret_role,
                    uint32_t *ret_i);
/* Writes the name of this key in this role (in format 1 a key may have several roles). False: the
 * key does not have this role; dst is "". */
bool trust_name_in(const struct trust *t, enum role role, const struct pubkey *key,
                   char dst[static KEY_NAME_MAX]);

enum key_time { KEY_IN_TIME, KEY_EXPIRED, KEY_TIME_UNKNOWN };
enum key_time trust_key_time(const struct trust *t, enum role role, uint32_t i, int64_t wall_s);
/* Does any key in the file have an expiry? */
bool trust_has_expiry(const struct trust *t);
/* By this clock it was made on a day that has not come, and a key of it expires: one of the two
 * clocks is wrong. */
bool trust_is_ahead(const struct trust *t, int64_t wall_s);

/* Reads an anchor. As many of its own root keys must have signed it as it demands. */
MUST_CHECK int trust_from_anchor(const void *p, size_t n, struct trust *ret, struct err *err);
/* Reads the direct successor of `now`: its version is one higher, the cluster is the same, and as
 * many root keys have signed it as `now` demands and as the successor itself demands. So a new root
 * proves that it has its key. ERR_STATE: the version does not follow (it is older, the same, or a
 * version is left out). ERR_CRYPTO: too few signatures, or another cluster. */
MUST_CHECK int trust_next_check(const struct trust *now, const void *p, size_t n, struct trust *ret,
                                struct err *err);
/* Checks that as many keys of the role have signed the container as t demands. ERR_CRYPTO: the text
 * says how many have signed, and names the keys that have not. */
MUST_CHECK int trust_demand(const struct trust *t, enum role role, enum container_type type,
                            const struct container *c, int64_t wall_s, struct err *err);

/* May this key now send orders that need this role? */
bool trust_allows(const struct trust *t, const struct pubkey *key, enum role need, int64_t wall_s);
/* May this key now send an order of this kind? An operator may send a trust order even with an
 * expired key: the root keys have signed the trust file in it, and nothing else can help a host
 * whose operators' keys have all expired, or whose clock is wrong. */
bool trust_may_order(const struct trust *t, const struct pubkey *key, enum message_kind kind,
                     int64_t wall_s);
/* 16 hexadecimal digits of the body's digest, which distinguish two files of the same version. */
#define TRUST_MARK_LEN 17
void trust_mark(const struct trust *t, char dst[static TRUST_MARK_LEN]);
/* Verifies a manifest container against the release role and reads the manifest. */
MUST_CHECK int trust_manifest(const struct trust *t, const void *p, size_t n, int64_t wall_s,
                              struct manifest *ret, struct err *err);
/* How many release keys that have not expired signed it. 0: none, or the bytes are not the
 * container of a manifest. */
uint32_t trust_signers(const struct trust *t, const void *p, size_t n, int64_t wall_s);

#endif
