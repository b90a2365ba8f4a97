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
    MIRROR_SLOW,        /* sends some bytes, then nothing more */
    MIRROR_ENDLESS,     /* never stops, and sends no length */
    MIRROR_TRUNCATED,   /* always ends the connection in the middle */
    MIRROR_BROKEN_ONCE, /* ends it in the middle the first time; then serves ranges */
    MIRROR_SAYS_MORE,   /* sends a length that is too large */
    MIRROR_SAYS_LESS,   /* sends a length that is too small */
    MIRROR_SAYS_HUGE,   /* 1 TiB */
    MIRROR_OTHER,       /* sends other bytes of the same length */
    MIRROR_REDIRECTS,   /* redirects to vendor_redirect */
    MIRROR_NO_RANGES,   /* sends the whole file, also for a range */
    MIRROR_WRONG_RANGE, /* claims to send another part */
    MIRROR_FAILS,       /* status 503 */
};

/* A site whose name does not resolve; the fixture answers for it as its proxy. */
#define VENDOR_BEHIND_PROXY "http://vendor.invalid"

struct vendor;

struct vendor *vendor_open(void);
void vendor_close(struct vendor *v);                 /* NULL is allowed */
const char *vendor_dir(const struct vendor *v);      /* for files of the test */
const char *vendor_site(const struct vendor *v);     /* the folder */
const char *vendor_ring(const struct vendor *v);     /* the keyring, armoured */
const char *vendor_old_ring(const struct vendor *v); /* the keyring before vendor_spoil_keys */
void vendor_url(const struct vendor *v, char dst[static 64]);
void vendor_fingerprint(const struct vendor *v, const char *key, char dst[static 41]);

/* Makes nomad_VERSION_linux_ARCH.zip with these members, and adds its line to SHA256SUMS. */
void vendor_zip(struct vendor *v, const char *version, const char *arch,
                const struct zip_member *members, size_t n);
/* Writes SHA256SUMS with other content. */
void vendor_sums(struct vendor *v, const char *version, const char *text);
/* Signs SHA256SUMS by these keys ("good unknown"), at this time ("20260101T000000"; NULL: now), as
 * SHA256SUMS.ID.sig, with ID NULL as SHA256SUMS.sig. */
void vendor_sign(struct vendor *v, const char *version, const char *keys, const char *at,
                 const char *id);
/* After what was signed by them: revoked is revoked, expired expires in 2021, and `ring` has all
 * keys but unknown, as they are then. */
void vendor_spoil_keys(struct vendor *v);
void vendor_unsign(struct vendor *v, const char *version);

/* From now on the server sends files with this ending in this manner. */
void vendor_behave(struct vendor *v, enum mirror_manner manner, const char *ends);
void vendor_redirect(struct vendor *v, const char *to);
unsigned vendor_requests(const struct vendor *v, const char *ends);
/* The first byte that the last request asked for. */
uint64_t vendor_last_from(const struct vendor *v);

#endif
