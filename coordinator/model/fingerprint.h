/*
 * fingerprint.h - the features of a host before its turn, and whether it still has them. Pure.
 *
 * A fingerprint is plain bytes: the features one after the other, each with a letter for its kind,
 * its key and its value. The ledger keeps a fingerprint while a host is in flight (invariant 14).
 * Values are for comparison only: control characters become blanks, and the end of a long value
 * becomes a hash. Only a feature that was there before can make a difference. A new feature makes
 * none.
 *
 *     fingerprint_take(before) ... swap ... fingerprint_take(after)
 *     fingerprint_compare  ->  differences  ->  differences_fail, differences_describe
 *
 * same_node.h does all of this for a host of the ledger.
 */
#ifndef FINGERPRINT_H
#define FINGERPRINT_H

#include "world.h"

#define FINGERPRINT_ATTRIBUTES                                                                     \
    512                       /* so many attributes of a node are kept, and as many metadata keys */
#define FEATURE_KEY_MAX   256 /* a longer key is not kept */
#define FEATURE_VALUE_MAX 120

enum difference_kind {
    DIFFERENCE_VANISHED,  /* fails */
    DIFFERENCE_CHANGED,   /* fails */
    DIFFERENCE_EXPLAINED, /* vanished or changed, and the reason is known */
    DIFFERENCE_TOLD       /* another value, where any value is allowed */
};

struct difference { /* the texts point into the two fingerprints */
    enum feature_kind what;
    enum difference_kind kind;
    const char *key, *before, *after; /* after "": vanished */
};

/* What is known about the change from one fingerprint to the other. */
struct fingerprint_way {
    const char *from, *to; /* versions; from "": unknown */
    uint32_t explained;    /* kinds (1 << enum) that something else explains, such as a drain */
};

/* Returns what could not be read of the host after `since` and just now; NULL: a fingerprint can
 * be taken. */
const char *fingerprint_lacks(const struct host *h, int64_t since, int64_t now);
/* Writes the fingerprint into *ret. kept: for the ledger, within the limits above. Returns NULL,
 * or why not, as fingerprint_lacks. */
const char *fingerprint_take(const struct world *w, const struct host *h, int64_t since,
                             int64_t now, bool kept, struct buf *ret);
/* Reads the features one after the other. Begin with *at = 0. False: there is no more, or the
 * bytes are no fingerprint. */
bool fingerprint_next(const struct buf *f, size_t *at, struct feature *ret);
/* Returns the value of the feature of this kind without a key; NULL: there is none. */
const char *fingerprint_value(const struct buf *f, enum feature_kind what);
/* Sets this value, if the fingerprint has the feature. */
void fingerprint_set(struct buf *f, enum feature_kind what, const char *value);
/* Finds the differences; differences that let the host fail come first. Returns how many. The
 * caller frees *ret. */
size_t fingerprint_compare(const struct buf *before, const struct buf *after,
                           const struct fingerprint_way *way, struct difference **ret);

/* Writes what lets the host fail, in one line: "c1 came back without 10 of its attributes
 * (consul.version, ...)". Returns its kind; FEATURE_NONE: nothing fails. */
enum feature_kind differences_fail(const struct difference *d, size_t n, const char *host,
                                   char *dst, size_t size);
/* Writes the differences that do not fail, in one line; "": there are none. */
void differences_describe(const struct difference *d, size_t n, char *dst, size_t size);

const char *feature_name(enum feature_kind what); /* "attribute" */
/* Returns what to do when a host fails for this kind. */
const char *feature_advice(enum feature_kind what);
/* True if the new binary may be the reason for the difference, so that the old binary would
 * bring the feature back. */
bool feature_of_binary(enum feature_kind what);

#endif
