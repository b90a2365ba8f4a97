/*
 * fingerprint.h - what a host was known by before its turn, and is it still. Pure.
 *
 * A fingerprint is plain bytes: its features one after the other, each a letter for its kind, its
 * key and its value. The ledger keeps one while a host is in flight (invariant 14). Values are for
 * comparing, not for reading back: control characters become blanks, and of a long one the end
 * becomes a hash. What two fingerprints do not both have is a difference only when it was there
 * before; what is new is none.
 *
 *     fingerprint_take(before) ... swap ... fingerprint_take(after)
 *     fingerprint_compare  ->  differences  ->  differences_fail, differences_tell
 *
 * same_node.h asks all of it about a host of the ledger.
 */
#ifndef FINGERPRINT_H
#define FINGERPRINT_H

#include "world.h"

#define FINGERPRINT_ATTRIBUTES 512 /* that are kept of a node; the same of its metadata */
#define FEATURE_KEY_MAX        256 /* a longer key is not kept */
#define FEATURE_VALUE_MAX      120

enum difference_kind {
    DIFFERENCE_VANISHED,  /* fails */
    DIFFERENCE_CHANGED,   /* fails */
    DIFFERENCE_EXPLAINED, /* vanished or changed, and it is known why */
    DIFFERENCE_TOLD       /* another value of what may have any */
};

struct difference { /* texts are in the two fingerprints */
    enum feature_kind what;
    enum difference_kind kind;
    const char *key, *before, *after; /* after "": vanished */
};

/* What is known of the way between the two. */
struct fingerprint_way {
    const char *from, *to; /* versions; from "": unknown */
    uint32_t explained;    /* kinds (1 << enum) that something else explains: a drain */
};

/* What could not be read of it after `since`, and lately; NULL: it can be taken. */
const char *fingerprint_lacks(const struct host *h, int64_t since, int64_t now);
/* `kept`: for the ledger, no more than the limits. NULL: it is in *ret; else as above. */
const char *fingerprint_take(const struct world *w, const struct host *h, int64_t since,
                             int64_t now, bool kept, struct buf *ret);
/* The features one after the other: begin with *at = 0. false: no more, or not a fingerprint. */
bool fingerprint_next(const struct buf *f, size_t *at, struct feature *ret);
/* The value of the feature without a key; NULL: it has none. */
const char *fingerprint_value(const struct buf *f, enum feature_kind what);
/* Sets it, where there is one. */
void fingerprint_set(struct buf *f, enum feature_kind what, const char *value);
/* Those that fail first; *ret is the caller's to free; how many. */
size_t fingerprint_compare(const struct buf *before, const struct buf *after,
                           const struct fingerprint_way *way, struct difference **ret);

/* What fails, in one line: "c1 came back without 10 of its attributes (consul.version, ...)"; of
 * which kind it is. FEATURE_NONE: nothing fails. */
enum feature_kind differences_fail(const struct difference *d, size_t n, const char *host,
                                   char *dst, size_t size);
/* What is only told, in one line; "" nothing. */
void differences_tell(const struct difference *d, size_t n, char *dst, size_t size);

const char *feature_name(enum feature_kind what); /* "attribute" */
/* What to do where a host fails for this kind. */
const char *feature_advice(enum feature_kind what);
/* May the binary be why it differs, so that the old one would bring it back? */
bool feature_of_binary(enum feature_kind what);

#endif
