/*
 * release_store.h - the releases added on this machine.
 *
 * <state_dir>/releases/<version>/manifest is the signed container (manifest.h),
 * places beside it says where hosts fetch each build, one line a place:
 *     <os> <arch> <url>
 * and, where the operator said that the suffix of this version is his own, the line
 *     not-a-prerelease
 * Places are not signed: what they give is checked against the manifest. Adding a
 * build for another os or architecture signs the merged manifest anew; the same
 * build again adds places; other bytes for a build already there are refused, for
 * hosts may have them. Every signing makes a manifest newer than it was (created_s): root on a
 * host takes an older version only by a newer manifest.
 *
 * What was fetched from the vendor (release_add_vendor) brings more: SHA256SUMS and its signature
 * in the manifest; beside it the zips under the vendor's names, for who serves them; and `source`,
 * lines for people: where it came from, which key signed. The manifest is written last and removed
 * first: a folder without one is no release, but what a command left that was killed; the next that
 * adds or removes this version clears it away.
 *
 * Who changes or checks releases holds release_lock.
 */
#ifndef RELEASE_STORE_H
#define RELEASE_STORE_H

#include "coord_conf.h"
#include "plan.h"
#include "trust.h"
#include "vendor_names.h"

#define PLACES_MAX      (BUILDS_MAX * URLS_MAX)
#define SOURCE_FILE_MAX 4096

struct place {
    char os[16], arch[16];
    char url[URL_MAX_LEN];
};

struct stored_release {
    struct manifest manifest;
    bool own_build;       /* not-a-prerelease */
    struct buf container; /* as signed */
    uint32_t signers;     /* release keys that signed it */
    size_t n_places;
    struct place *places;
};

/* A version as it is written here: "2.0.5+ent", which is a folder's name, too. ERR_USAGE. */
MUST_CHECK int release_version_ok(const char *version, struct err *err);
/* Where the signed container is, or would be. */
MUST_CHECK int release_manifest_path(const struct coord_conf *c, const char *version,
                                     char dst[static 300], struct err *err);
/* ERR_NOTFOUND when it was not added; ERR_CRYPTO when it is not signed as trust demands,
 * ERR_REFUSED where several people sign (no solo trust) and some have not yet: release_draft.h. */
MUST_CHECK int release_load(const struct coord_conf *c, const struct trust *t, const char *version,
                            struct stored_release *ret, struct err *err);
/* The text of the file places, into ret->places of PLACES_MAX, and ret->own_build. */
MUST_CHECK int release_places_parse(const char *text, struct stored_release *ret, struct err *err);
void stored_release_free(struct stored_release *r);

/* Merges the build and its places in, signs, stores. key NULL: nobody here signs; what is stored is
 * a draft then, and without a solo trust so is what one key of several signed. ret->... is the
 * outcome. own_build: the version's suffix is the operator's own; once said it stays. ERR_USAGE
 * where it has none, or one that Nomad's own prereleases have. */
MUST_CHECK int release_add(const struct coord_conf *c, const struct trust *t,
                           const struct keypair *key, const char *version, bool own_build,
                           const struct build *b, const char *const *urls, size_t n_urls,
                           int64_t now_s, struct stored_release *ret, struct err *err);
/* The same for a build without a place: its file, of which b was measured, is kept beside the
 * manifest (release_files.h), and is there before the manifest names it. */
MUST_CHECK int release_add_file(const struct coord_conf *c, const struct trust *t,
                                const struct keypair *key, const char *version, bool own_build,
                                const struct build *b, const char *file, int64_t now_s,
                                struct stored_release *ret, struct err *err);

/* Fetched and verified: SHA256SUMS, its signature (binary), builds measured from the zips in dir,
 * which are moved. */
struct vendor_files {
    const char *version;
    const char *dir;
    const struct build *builds;
    size_t n_builds;
    const void *sums, *sig;
    size_t sums_len, sig_len;
    const char *source; /* the text of that file */
};
MUST_CHECK int release_add_vendor(const struct coord_conf *c, const struct trust *t,
                                  const struct keypair *key, const struct vendor_files *v,
                                  int64_t now_s, struct stored_release *ret, struct err *err);
/* The same file with the same binary in it, whatever machine it is for. */
bool release_same_build(const struct build *a, const struct build *b);
/* Where the zip of a fetched build is, or would be. */
MUST_CHECK int release_zip_path(const struct coord_conf *c, const char *version, const char *os,
                                const char *arch, char dst[static 300], struct err *err);
/* The text of `source`; "" when the release was added by hand. */
MUST_CHECK int release_source(const struct coord_conf *c, const char *version, struct buf *ret,
                              struct err *err);
/* All of it, also what a removal or an addition that was cut short left. ERR_NOTFOUND. */
MUST_CHECK int release_remove(const struct coord_conf *c, const char *version, struct err *err);
/* ERR_BUSY names the pid of who has it. */
MUST_CHECK int release_lock(const struct coord_conf *c, int *ret_fd, struct err *err);

/* Versions that were added, in Nomad's order. The caller frees each and the array. */
MUST_CHECK int release_versions(const struct coord_conf *c, char ***ret, size_t *ret_n,
                                struct err *err);

/* What the plan needs of it; its URLs are borrowed from r. */
void release_for_plan(const struct stored_release *r, struct release *ret);
/* The stage order for a host's os and arch. -1 when there is no such build or place. */
MUST_CHECK int release_stage(const struct stored_release *r, const char *os, const char *arch,
                             struct order_stage *ret, struct err *err);

#endif
