/*
 * release_store.h - the releases stored on this machine.
 *
 * <state_dir>/releases/<version>/manifest is the signed container (manifest.h). The file `places`
 * beside the manifest says where hosts fetch each build, one line for each place:
 *
 *     <os> <arch> <url>
 *
 * If the operator said that the suffix of this version is his own, `places` also has the line
 *
 *     not-a-prerelease
 *
 * Places are not signed: hosts check the fetched file against the manifest. Adding a build for
 * another system or architecture signs the merged manifest again. Adding the same build again adds
 * places. Adding other bytes for an existing build is refused, because hosts may have the first
 * ones already. Every signing gives the manifest a later date (created_s), because a host accepts
 * an older version only with a manifest of a later date.
 *
 * A release that was fetched from the vendor (release_add_vendor) has more: SHA256SUMS and its
 * signature in the manifest; the zips beside the manifest, under the vendor's names, to be served
 * to hosts; and the file `source`, lines for people that say where the release came from and which
 * key signed it. The manifest is written last and removed first. A folder without a manifest is no
 * release but the rest of a killed command; the next command that adds or removes this version
 * clears the folder.
 *
 * A caller that changes or checks releases holds release_lock.
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
    bool own_build;       /* the file `places` has the line "not-a-prerelease" */
    struct buf container; /* the signed bytes of the manifest */
    uint32_t signers;     /* how many release keys signed it */
    size_t n_places;
    struct place *places;
};

/* Is this version written as Caravan writes versions, such as "2.0.5+ent"? The text is also the
 * name of a folder. ERR_USAGE: it is not; the text shows the right spelling. */
MUST_CHECK int release_version_ok(const char *version, struct err *err);
/* The path of the manifest, whether the file exists or not. */
MUST_CHECK int release_manifest_path(const struct coord_conf *c, const char *version,
                                     char dst[static 300], struct err *err);
/* Loads a release; the caller frees *ret with stored_release_free. ERR_NOTFOUND: the release was
 * not added. ERR_CRYPTO: solo trust, and the manifest is not signed as the trust demands.
 * ERR_REFUSED: the trust is not solo, and signatures are still missing (release_draft.h). */
MUST_CHECK int release_load(const struct coord_conf *c, const struct trust *t, const char *version,
                            struct stored_release *ret, struct err *err);
/* Parses the text of the file `places` into ret->places, which has room for PLACES_MAX, and sets
 * ret->own_build. */
MUST_CHECK int release_places_parse(const char *text, struct stored_release *ret, struct err *err);
void stored_release_free(struct stored_release *r);

/* Merges the build and its places into the release, signs the manifest, and stores the release;
 * *ret is the result. key NULL: this machine has no release key, and the stored manifest is a
 * draft. If the trust is not solo, the manifest is a draft until enough keys have signed.
 * own_build: the suffix of the version is the operator's own; this stays so for later calls.
 * ERR_USAGE: own_build, but the version has no suffix, or a suffix of Nomad's own prereleases. */
MUST_CHECK int release_add(const struct coord_conf *c, const struct trust *t,
                           const struct keypair *key, const char *version, bool own_build,
                           const struct build *b, const char *const *urls, size_t n_urls,
                           int64_t now_s, struct stored_release *ret, struct err *err);
/* Like release_add, for a build without a place. The file from which b was measured is copied to
 * the folder of the manifest (release_files.h) before the manifest names the build. */
MUST_CHECK int release_add_file(const struct coord_conf *c, const struct trust *t,
                                const struct keypair *key, const char *version, bool own_build,
                                const struct build *b, const char *file, int64_t now_s,
                                struct stored_release *ret, struct err *err);

/* Files of the vendor, fetched and verified by the caller: SHA256SUMS, its binary signature, and
 * the builds, measured from the zips in `dir`. The zips are moved to the release. */
struct vendor_files {
    const char *version;
    const char *dir;
    const struct build *builds;
    size_t n_builds;
    const void *sums, *sig;
    size_t sums_len, sig_len;
    const char *source; /* the text for the file `source` */
};
MUST_CHECK int release_add_vendor(const struct coord_conf *c, const struct trust *t,
                                  const struct keypair *key, const struct vendor_files *v,
                                  int64_t now_s, struct stored_release *ret, struct err *err);
/* Do both builds have the same file with the same binary? Ignores os and arch. */
bool release_same_build(const struct build *a, const struct build *b);
/* The path of the zip of a build, whether the file exists or not. */
MUST_CHECK int release_zip_path(const struct coord_conf *c, const char *version, const char *os,
                                const char *arch, char dst[static 300], struct err *err);
/* The text of the file `source`; "" when the release was added by hand. */
MUST_CHECK int release_source(const struct coord_conf *c, const char *version, struct buf *ret,
                              struct err *err);
/* Removes the release, and what a killed command left of it. ERR_NOTFOUND: there is nothing of it.
 */
MUST_CHECK int release_remove(const struct coord_conf *c, const char *version, struct err *err);
/* The caller closes *ret_fd to release the lock. The text of ERR_BUSY names the process id of the
 * process that holds the lock. */
MUST_CHECK int release_lock(const struct coord_conf *c, int *ret_fd, struct err *err);

/* The stored versions in ascending order. The caller frees each text and the array. */
MUST_CHECK int release_versions(const struct coord_conf *c, char ***ret, size_t *ret_n,
                                struct err *err);

/* The values that a plan needs. The URLs in *ret are r's: they are valid as long as r. */
void release_for_plan(const struct stored_release *r, struct release *ret);
/* Fills the stage order for a host's os and arch. ERR_NOTFOUND: the release has no such build, or
 * no place for it. */
MUST_CHECK int release_stage(const struct stored_release *r, const char *os, const char *arch,
                             struct order_stage *ret, struct err *err);

#endif
