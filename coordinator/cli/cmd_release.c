#include "run_command.h"
#include "commands.h"
#include "fetching.h"
#include "publish.h"
#include "release_check.h"
#include "release_draft.h"
#include "release_files.h"
#include "serving.h"
#include "table.h"
#include "version.h"

static int check_add_options(const struct options *o, struct err *err)
{
    if (o->file == NULL || o->arch.n != 1)
        return err_set(err, ERR_USAGE, 0,
                       "expected: caravan release add VERSION --os linux --arch amd64 --file PATH "
                       "[--url URL...]");
    for (size_t i = 0; i < o->url.n; i++)
        if (!str_starts(o->url.items[i], "https://") && !str_starts(o->url.items[i], "http://") &&
            !str_starts(o->url.items[i], "file:///"))
            return err_set(err, ERR_USAGE, 0,
                           "--url %s must begin with https://, http:// or "
                           "file:///",
                           o->url.items[i]);
    return 0;
}

/* Without --url this machine keeps the file, and hosts fetch the file from this machine. */
static int store_build(const struct command_context *c, const char *version,
                       const struct keypair *key, const struct build *b, struct stored_release *ret,
                       struct err *err)
{
    const struct options *o = &c->opt;
    int64_t now_s = clock_wall(c->clock) / 1000;
    return o->url.n > 0 ? release_add(&c->conf, &c->trust, key, version, o->not_a_prerelease, b,
                                      o->url.items, o->url.n, now_s, ret, err)
                        : release_add_file(&c->conf, &c->trust, key, version, o->not_a_prerelease,
                                           b, o->file, now_s, ret, err);
}

/* Prints which signatures are missing, and how to add them. */
static void print_signed(const struct command_context *c, const char *version)
{
    auto_release_draft struct release_draft d = {.d = {.n_sigs = 0}};
    struct err why = ERR_INIT;
    char path[300];
    if (release_manifest_path(&c->conf, version, path, &why) < 0 ||
        release_draft_load(path, &d, &why) < 0) {
        printf("%s\n", why.text);
    } else if (release_draft_check(&c->trust, &d, clock_wall(c->clock) / 1000, &why) == 0) {
        fputs("Signed", stdout);
    } else {
        printf(
            "Not signed by all keys that must sign: %s.\n"
            "Carry %s to the machine of a release key and run there: caravan release sign FILE. "
            "Bring the file back and run the same command here. Until then no host installs this "
            "release",
            why.text, path);
    }
}

static void print_added(const struct command_context *c, const struct stored_release *r,
                        const struct build *b)
{
    char hex[65], size[24];
    digest_hex(hex, &b->digest);
    str_for_bytes(size, sizeof(size), b->size);
    printf("Release %s for %s/%s: %s %s\n  SHA-256 %s\n", r->manifest.version, b->os, b->arch,
           b->packing == PACKING_ZIP ? "a zip with a binary of" : "a bare binary of", size, hex);
    if (r->own_build)
        printf("  A build of your own; not a prerelease.\n");
    if (release_places_of(r, b) == 0)
        printf("  This machine keeps the file: hosts fetch it from here during a run.\n");
    print_signed(c, r->manifest.version);
    printf("; %u build%s in this release. Caravan did not run the binary and asked no host.\n",
           r->manifest.n_builds, r->manifest.n_builds == 1 ? "" : "s");
}

static int add_release(struct command_context *c, const char *version, struct err *err)
{
    const struct options *o = &c->opt;
    const char *os = o->os != NULL ? o->os : "linux";
    struct build b;
    autoclose int lock = -1;
    auto_keypair struct keypair *key = NULL;
    struct stored_release r;
    if (check_add_options(o, err) < 0 || context_load_conf(c, err) < 0 ||
        keys_trust(&c->conf, &c->trust, err) < 0 ||
        keys_load_release(&c->conf, &c->trust, &key, err) < 0 ||
        publish_measure(o->file, version, os, o->arch.items[0], NULL, &b, err) < 0 ||
        release_lock(&c->conf, &lock, err) < 0 || store_build(c, version, key, &b, &r, err) < 0)
        return -1;
    print_added(c, &r, &b);
    stored_release_free(&r);
    return 0;
}

static const char *build_kind(const struct stored_release *r, const struct build *b)
{
    struct version v;
    struct err unused = ERR_INIT;
    if (r->own_build)
        return "your own build";
    bool of_vendor = vendor_names_build((const char *)r->manifest.sums, r->manifest.sums_len,
                                        r->manifest.version, b);
    bool pre = version_parse(r->manifest.version, &v, &unused) == 0 && v.pre[0] != '\0';
    if (of_vendor)
        return pre ? "vendor's prerelease" : "vendor's release";
    return pre ? "prerelease" : "added by hand";
}

/* Writes where hosts fetch the build: from the --url places, else from this machine. */
static void places_text(const struct command_context *c, const struct stored_release *r,
                        const struct build *b, char dst[static 40])
{
    size_t n = release_places_of(r, b);
    if (n > 0)
        snprintf(dst, 40, "%zu place%s", n, n == 1 ? "" : "s");
    else
        str_cut(dst, 40,
                release_file_exists(&c->conf, r->manifest.version, b) ? "this machine" : "nowhere");
}

static void add_release_row(struct table *t, const struct command_context *c, const char *version)
{
    struct stored_release r;
    struct err err = ERR_INIT;
    if (release_load(&c->conf, &c->trust, version, &r, &err) < 0) {
        table_row(t, COLOR_RED, (const char *[]){version, "", "", "", err.text});
        return;
    }
    for (uint32_t i = 0; i < r.manifest.n_builds; i++) {
        const struct build *b = &r.manifest.builds[i];
        char build[40], size[24], text[40];
        snprintf(build, sizeof(build), "%s/%s", b->os, b->arch);
        str_for_bytes(size, sizeof(size), b->size);
        places_text(c, &r, b, text);
        table_row(t, COLOR_NONE, (const char *[]){version, build_kind(&r, b), build, size, text});
    }
    stored_release_free(&r);
}

/* Prints where the release came from and who signed it, as recorded when it was stored. */
static void show_source(const struct command_context *c, const char *version)
{
    auto_buf struct buf text = BUF_INIT;
    struct err unused = ERR_INIT;
    char *save = NULL;
    if (release_source(&c->conf, version, &text, &unused) < 0 || text.len == 0)
        return;
    printf("\n%s\n", version);
    for (char *line = strtok_r((char *)text.data, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        fputs("  ", stdout);
        print_safe(stdout, line);
        fputc('\n', stdout);
    }
}

static int open_store(struct command_context *c, struct err *err)
{
    return context_load_conf(c, err) < 0 ? -1 : keys_trust(&c->conf, &c->trust, err);
}

static int fetch_verb(struct command_context *c, const char *version, struct err *err)
{
    if (c->opt.file != NULL || c->opt.url.n > 0 || c->opt.not_a_prerelease)
        return err_set(err, ERR_USAGE, 0,
                       "--file, --url and --not-a-prerelease are for `caravan release add`");
    return fetch_release(c, version, NULL, err);
}

static int list_releases(struct command_context *c, const char *version, struct err *err)
{
    char **versions = NULL;
    size_t n = 0;
    (void)version;
    if (open_store(c, err) < 0 || release_versions(&c->conf, &versions, &n, err) < 0)
        return -1;
    struct table t;
    table_init(&t, (const char *[]){"RELEASE", "KIND", "BUILD", "BINARY", "FETCHED FROM"}, 5);
    for (size_t i = 0; i < n; i++)
        add_release_row(&t, c, versions[i]);
    if (n > 0)
        table_print(&t, context_has_color(c, stdout), stdout);
    else
        printf(
            "There is no release on this machine yet. To get one: caravan release fetch VERSION\n");
    table_free(&t);
    for (size_t i = 0; i < n; i++) {
        if (c->opt.verbose)
            show_source(c, versions[i]);
        free(versions[i]);
    }
    free(versions);
    return 0;
}

/* ---- verify ---- */

static bool show_check(const char *version, const struct release_check *r)
{
    bool good = true;
    if (r->of_vendor)
        printf("%s: SHA256SUMS is signed by %s\n", version, r->signer.key);
    else
        printf("%s: a build of your own; only your release key signed it\n", version);
    for (size_t i = 0; i < r->n_builds; i++) {
        const struct build_check *b = &r->builds[i];
        printf("  %s/%s: ", b->os, b->arch);
        print_safe(stdout, b->result == CHECK_GOOD  ? "exactly what the vendor signed"
                           : b->result == CHECK_OWN ? "your own build; no vendor signed it"
                                                    : b->why);
        fputc('\n', stdout);
        good &= b->result != CHECK_BAD;
    }
    return good;
}

static int verify_one(struct command_context *c, const char *version, size_t *bad, struct err *err)
{
    struct release_check r;
    struct err why = ERR_INIT;
    int rc = release_check(&c->conf, &c->trust, version, c->clock, &r, &why);
    /* If gpgv or the keys are missing, the release is neither good nor bad: stop with the error. */
    if (rc < 0 && (why.kind == ERR_STATE || why.kind == ERR_CONFIG || why.kind == ERR_NOTFOUND)) {
        *err = why;
        return -1;
    }
    if (rc < 0) {
        print_safe(stdout, why.text);
        fputc('\n', stdout);
    }
    *bad += rc < 0 || !show_check(version, &r);
    return 0;
}

static int verify_all(struct command_context *c, size_t *bad, struct err *err)
{
    char **versions = NULL;
    size_t n = 0;
    int rc = release_versions(&c->conf, &versions, &n, err);
    for (size_t i = 0; i < n; i++) {
        if (rc == 0)
            rc = verify_one(c, versions[i], bad, err);
        free(versions[i]);
    }
    free(versions);
    return rc;
}

static int verify_releases(struct command_context *c, const char *version, struct err *err)
{
    size_t bad = 0;
    autoclose int lock = -1;
    if (open_store(c, err) < 0 || release_lock(&c->conf, &lock, err) < 0 ||
        (version != NULL ? verify_one(c, version, &bad, err) : verify_all(c, &bad, err)) < 0)
        return -1;
    fflush(stdout);
    return bad == 0
               ? 0
               : err_set(err, ERR_CRYPTO, 0,
                         "%zu %s not what was signed. Run caravan release remove VERSION, then "
                         "fetch the release again",
                         bad, str_count(bad, "release is", "releases are"));
}

/* ---- remove ---- */

/* Refuses while a run that has not ended needs the release. */
static int check_release_runs(struct command_context *c, const char *version, struct err *err)
{
    struct ledger_store *store = NULL;
    autofree struct stored_run *runs = NULL;
    char id[2 * RUN_ID_LEN + 1];
    size_t n = 0;
    int rc = ledger_store_open_if(&c->conf, c->clock, &store, err);
    if (rc == 0 && store != NULL)
        rc = ledger_store_runs(store, &runs, &n, err);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        if (!str_eq(runs[i].target, version) || run_is_over(runs[i].state))
            continue;
        str_hex(id, runs[i].run_id, RUN_ID_LEN);
        rc =
            err_set(err, ERR_REFUSED, 0,
                    "run %.8s to %s has not ended and needs this release: first run caravan resume "
                    "%.8s, or caravan abort %.8s",
                    id, version, id, id);
    }
    ledger_store_close(store);
    return rc;
}

static int remove_release(struct command_context *c, const char *version, struct err *err)
{
    autoclose int lock = -1;
    if (context_load_conf(c, err) < 0 || release_lock(&c->conf, &lock, err) < 0 ||
        check_release_runs(c, version, err) < 0 || release_remove(&c->conf, version, err) < 0)
        return -1;
    printf("Removed release %s from this machine. Hosts keep the binaries that they have.\n",
           version);
    return 0;
}

/* ---- serve ---- */

static int serve_releases(struct command_context *c, const char *version, struct err *err)
{
    (void)version;
    return serving_of_all(c, err);
}

/* ---- sign ---- */

static void show_manifest(const struct manifest *m)
{
    char hex[65], when[21];
    clock_rfc3339(when, m->created_s * 1000);
    printf("Release %s, made at %s, %s\n", m->version, when,
           m->sums_len > 0 ? "with HashiCorp's SHA256SUMS" : "a build of your own");
    for (uint32_t i = 0; i < m->n_builds; i++) {
        digest_hex(hex, &m->builds[i].digest);
        printf("  %s/%s, SHA-256 of the binary %s\n", m->builds[i].os, m->builds[i].arch, hex);
    }
}

static int confirm_sign(struct command_context *c, const char *version, struct err *err)
{
    char question[120];
    snprintf(question, sizeof(question),
             "Sign release %.63s with the release keys on this machine?", version);
    return context_confirm(c, question, "nothing was signed", err);
}

/* Without a trust file every release key of this machine signs. */
static int sign_release(struct command_context *c, const char *path, struct err *err)
{
    auto_release_draft struct release_draft d = {.d = {.n_sigs = 0}};
    autoclose int lock = -1;
    struct err why = ERR_INIT;
    size_t added = 0;
    bool kept = false;
    if (context_load_conf(c, err) < 0 || release_lock(&c->conf, &lock, err) < 0 ||
        release_draft_load(path, &d, err) < 0)
        return -1;
    bool knows = keys_trust(&c->conf, &c->trust, &why) == 0;
    const struct trust *t = knows ? &c->trust : NULL;
    int64_t wall_s = clock_wall(c->clock) / 1000;
    show_manifest(&d.manifest);
    if (((!knows || release_draft_check(t, &d, wall_s, &why) < 0) &&
         confirm_sign(c, d.manifest.version, err) < 0) ||
        release_draft_sign(&c->conf, t, wall_s, &d, &added, err) < 0 ||
        release_draft_keep(&c->conf, &d, &kept, err) < 0 || draft_save(&d.d, path, err) < 0)
        return -1;
    printf("%zu %s added; the manifest now has %zu.\n", added,
           str_count(added, "signature was", "signatures were"), d.d.n_sigs);
    if (d.d.passed_over[0] != '\0') {
        fputs("Not used on this machine: ", stdout);
        print_safe(stdout, d.d.passed_over);
        putchar('\n');
    }
    if (knows && release_draft_check(t, &d, wall_s, &why) < 0)
        printf("Signatures are still missing: %s\n", why.text);
    else if (kept)
        printf("Release %s has all signatures: hosts may install it.\n", d.manifest.version);
    return 0;
}

/* ---- the verb ---- */

static const struct {
    const char *name;
    int min_args, max_args;
    int (*run)(struct command_context *c, const char *version, struct err *err);
} words[] = {
    {"fetch", 1, 1, fetch_verb},      {"add", 1, 1, add_release},
    {"list", 0, 0, list_releases},    {"verify", 0, 1, verify_releases},
    {"remove", 1, 1, remove_release}, {"serve", 0, 0, serve_releases},
    {"sign", 1, 1, sign_release},
};

int cmd_release(void *ctx, int argc, char **argv)
{
    struct err err = ERR_INIT;
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_eq(argv[0], words[i].name) && argc - 1 >= words[i].min_args &&
            argc - 1 <= words[i].max_args)
            return words[i].run(ctx, argc > 1 ? argv[1] : NULL, &err) < 0 ? command_fail(&err)
                                                                          : EXIT_DONE;
    (void)err_set(
        &err, ERR_USAGE, 0,
        "expected `caravan release fetch VERSION`, `add VERSION`, `list`, `verify [VERSION]`, "
        "`sign FILE`, `remove VERSION` or `serve`");
    return command_fail(&err);
}
