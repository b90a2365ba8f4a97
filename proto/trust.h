/*
 * trust.h - who may sign what, in one cluster.
 *
 * A trust file is a container (manifest.h) whose body names the cluster, its own
 * version, and for each role the keys and how many of them must sign (threshold;
 * orders are signed by one key, so for observer and operator it is 1). The file a
 * host starts from is its anchor; what comes later is adopted one version after the
 * other (trust_next_check; trust_sequence.h for several at once). An operator may do
 * what an observer may.
 *
 * Body format 2 adds: every key has a name, unlike all others of the file, and may have
 * an expiry; root keys do not expire. A key has one purpose: it stands in one role only.
 * At most ROOT_SIGNERS_MAX roots have to sign: one container then has room for the
 * signatures of the old roots and of as many new ones, SIGS_MAX. Format 1 has neither; there
 * a key is called by its role (trust_key_name).
 *
 * Time: whoever asks gives the wall clock. An expired key is no key. A clock that says an
 * earlier day than the one on which the trust file was made is wrong, and when a key expires
 * is not known then: a key that ever does may ask (hello, status), and nothing else. Keys
 * without an expiry do not depend on any clock.
 */
#ifndef TRUST_H
#define TRUST_H

#include "manifest.h"

#define TRUST_FORMAT_MAX    2
#define TRUST_FORMAT_FACT   "trust-format" /* what an agent reads; format 1: none is told */
#define TRUST_FILE_FACT     "trust-file"   /* trust_mark of what is in force there */
#define TRUST_CLOCK_FACT    "trust-clock"  /* no: the host's clock is wrong, see below */
#define KEY_NAME_MAX        32             /* of a key, with NUL */
#define ROOT_SIGNERS_MAX    4
#define TRUST_CLOCK_SLACK_S 86400 /* a clock that is behind by less is not called wrong */

struct key_about {
    char name[KEY_NAME_MAX]; /* format 1: "" */
    int64_t expires_s;       /* wall clock, unix seconds; 0: never */
};

struct role_keys {
    uint32_t threshold;
    uint32_t n;
    struct pubkey keys[KEYS_MAX];
    struct key_about about[KEYS_MAX]; /* of the key at the same place */
};

struct trust {
    unsigned char cluster[CLUSTER_ID_LEN];
    uint32_t version;
    bool solo;               /* one person holds all keys: said wherever it matters */
    char name[NAME_MAX_LEN]; /* of the cluster, for people */
    struct role_keys roles[ROLE_COUNT];
    uint32_t format;   /* of the body; 0 is 1 */
    int64_t created_s; /* wall clock of whoever made it; format 1: 0 */
};

/* Packs by its format. What format 1 cannot say is refused: a name, an expiry. */
MUST_CHECK int trust_pack(const struct trust *t, struct buf *ret_body, struct err *err);
MUST_CHECK int trust_read(const void *body, size_t n, struct trust *ret, struct err *err);
/* 2 when a key has an expiry, or a name that trust_key_name would not give it; else 1. */
uint32_t trust_format_needed(const struct trust *t);

/* Letters a to z, digits, and after the first of them also . _ -; at most 31. */
bool trust_name_ok(const char *name);
/* Its name; where it has none, the role's: "operator", the second one is "operator-2". */
void trust_key_name(const struct trust *t, enum role role, uint32_t i,
                    char dst[static KEY_NAME_MAX]);
/* false: no key of the file is called so. */
bool trust_find_name(const struct trust *t, const char *name, enum role *ret_role, uint32_t *ret_i);
bool trust_find_key(const struct trust *t, const struct pubkey *key, enum role *ret_role,
                    uint32_t *ret_i);
/* The name of this key in this role (in format 1 it may stand in others, too). false: it has not
 * this role; dst is "" then. */
bool trust_name_in(const struct trust *t, enum role role, const struct pubkey *key,
                   char dst[static KEY_NAME_MAX]);

enum key_time { KEY_IN_TIME, KEY_EXPIRED, KEY_TIME_UNKNOWN };
enum key_time trust_key_time(const struct trust *t, enum role role, uint32_t i, int64_t wall_s);
/* Does any key of it expire, ever? */
bool trust_has_expiry(const struct trust *t);
/* By this clock it was made on a day that has not come, and a key of it expires: one of the two
 * clocks is wrong. */
bool trust_is_ahead(const struct trust *t, int64_t wall_s);

/* Reads an anchor: the container must be signed by its own root keys. */
MUST_CHECK int trust_from_anchor(const void *p, size_t n, struct trust *ret, struct err *err);
/* Reads the direct successor of `now`: version one higher, the same cluster, signed as `now`
 * demands and as it demands by itself, so that a new root shows that it has its key. ERR_STATE when
 * its version does not follow (older, the same, or one left out), ERR_CRYPTO when not signed so. */
MUST_CHECK int trust_next_check(const struct trust *now, const void *p, size_t n, struct trust *ret,
                                struct err *err);
/* Is this signed by as many keys of the role as t demands? ERR_CRYPTO tells how many did, and the
 * names of who did not. */
MUST_CHECK int trust_demand(const struct trust *t, enum role role, enum container_type type,
                            const struct container *c, int64_t wall_s, struct err *err);

/* May this key send orders that need this role, now? */
bool trust_allows(const struct trust *t, const struct pubkey *key, enum role need, int64_t wall_s);
/* May it send an order of this kind, now? A trust order also when its key is out of time: what it
 * brings the roots have signed, and a host whose operators' keys have all expired, or whose clock
 * is wrong, is helped by nothing else. */
bool trust_may_order(const struct trust *t, const struct pubkey *key, enum message_kind kind,
                     int64_t wall_s);
/* Tells two files of one version apart: 16 hexadecimal digits of the body's digest. */
#define TRUST_MARK_LEN 17
void trust_mark(const struct trust *t, char dst[static TRUST_MARK_LEN]);
/* Verifies a manifest container against the release role. */
MUST_CHECK int trust_manifest(const struct trust *t, const void *p, size_t n, int64_t wall_s,
                              struct manifest *ret, struct err *err);
/* How many of the release keys that are in time signed it; 0: also what is no manifest's container.
 */
uint32_t trust_signers(const struct trust *t, const void *p, size_t n, int64_t wall_s);

#endif
