/*
 * vendor_fixture.h - a vendor of releases for tests: keys of every kind, a site, and mirrors that
 * misbehave on demand.
 *
 * vendor_open makes the keys with gpg in a directory of its own; NULL: there is no gpg. Keys, by
 * their user id: good, sub (signs by a subkey), expired (in 2021), revoked, young (of 2100) and
 * unknown, which `ring` lacks. The site is a folder with HashiCorp's layout, served over HTTP with
 * ranges. Any failure aborts: it is a test.
 */
#ifndef VENDOR_FIXTURE_H
#define VENDOR_FIXTURE_H

#include "zip_fixture.h"

enum mirror_manner {
    MIRROR_PLAIN,
    MIRROR_SLOW,        /* some bytes, then nothing more */
    MIRROR_ENDLESS,     /* never stops, and says no length */
    MIRROR_TRUNCATED,   /* ends the connection in the middle, always */
    MIRROR_BROKEN_ONCE, /* in the middle, the first time; then it goes on by ranges */
    MIRROR_SAYS_MORE,   /* a length that is too large */
    MIRROR_SAYS_LESS,   /* and one that is too small */
    MIRROR_SAYS_HUGE,   /* 1 TiB */
    MIRROR_OTHER,       /* other bytes of the same length */
    MIRROR_REDIRECTS,   /* to vendor_redirect */
    MIRROR_NO_RANGES,   /* sends all, whatever it is asked for */
    MIRROR_WRONG_RANGE, /* says that it sends another part */
    MIRROR_FAILS,       /* status 503 */
};

/* A site that nobody finds by its name; asked as a proxy for it the fixture answers. */
#define VENDOR_BEHIND_PROXY "http://vendor.invalid"

struct vendor;

struct vendor *vendor_open(void);
void vendor_close(struct vendor *v);                 /* NULL is fine */
const char *vendor_dir(const struct vendor *v);      /* of the test's own files */
const char *vendor_site(const struct vendor *v);     /* the folder */
const char *vendor_ring(const struct vendor *v);     /* the keyring, armoured */
const char *vendor_old_ring(const struct vendor *v); /* as it was before vendor_spoil_keys */
void vendor_url(const struct vendor *v, char dst[static 64]);
void vendor_fingerprint(const struct vendor *v, const char *key, char dst[static 41]);

/* A zip with these members as nomad_VERSION_linux_ARCH.zip, and its line in SHA256SUMS. */
void vendor_zip(struct vendor *v, const char *version, const char *arch,
                const struct zip_member *members, size_t n);
/* SHA256SUMS with other content. */
void vendor_sums(struct vendor *v, const char *version, const char *text);
/* Signs SHA256SUMS by these keys ("good unknown"), at this time ("20260101T000000"; NULL: now), as
 * SHA256SUMS.ID.sig, with ID NULL as SHA256SUMS.sig. */
void vendor_sign(struct vendor *v, const char *version, const char *keys, const char *at,
                 const char *id);
/* After what was signed by them: revoked is revoked, expired expires in 2021, and `ring` has all
 * keys but unknown, as they are then. */
void vendor_spoil_keys(struct vendor *v);
void vendor_unsign(struct vendor *v, const char *version);

/* How files whose name ends so are sent from now on. */
void vendor_behave(struct vendor *v, enum mirror_manner manner, const char *ends);
void vendor_redirect(struct vendor *v, const char *to);
unsigned vendor_requests(const struct vendor *v, const char *ends);
/* The first byte asked for by the last request. */
uint64_t vendor_last_from(const struct vendor *v);

#endif
