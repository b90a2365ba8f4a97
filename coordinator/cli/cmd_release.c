#include "commands.h"
#include "publish.h"
#include "release_store.h"
#include "table.h"
#include "version.h"

static int check_options(const struct options *o, struct err *err)
{
    if (o->file == NULL || o->arch == NULL || o->url.n == 0)
        return err_set(err, ERR_USAGE, 0,
                       "want: caravan release add VERSION --os linux --arch amd64 --file PATH "
                       "--url URL [--url URL...]");
    for (size_t i = 0; i < o->url.n; i++)
        if (!str_starts(o->url.items[i], "https://") && !str_starts(o->url.items[i], "http://") &&
            !str_starts(o->url.items[i], "file:///"))
            return err_set(err, ERR_USAGE, 0,
                           "--url %s: must begin with https://, http:// or "
                           "file:///",
                           o->url.items[i]);
    return 0;
}

static void tell(const struct stored_release *r, const struct build *b)
{
    char hex[65], size[24];
    digest_hex(hex, &b->digest);
    str_for_bytes(size, sizeof size, b->size);
    printf("Release %s for %s/%s: %s %s\n  SHA-256 %s\n", r->manifest.version, b->os, b->arch,
           b->packing == PACKING_ZIP ? "a zip with a binary of" : "a bare binary of", size, hex);
    if (r->own_build)
        printf("  A build of your own, no prerelease.\n");
    printf("Signed; %u build%s in this release. Nothing was run and no host was asked.\n",
           r->manifest.n_builds, r->manifest.n_builds == 1 ? "" : "s");
}

static int add(struct console *c, const char *version, struct err *err)
{
    const struct options *o = &c->opt;
    const char *os = o->os != NULL ? o->os : "linux";
    struct build b;
    auto_keypair struct keypair *key = NULL;
    struct stored_release r;
    if (check_options(o, err) < 0 || console_conf(c, err) < 0 ||
        keys_trust(&c->conf, &c->trust, err) < 0 ||
        keys_load(&c->conf, ROLE_RELEASE, &key, err) < 0 ||
        publish_measure(o->file, version, os, o->arch, NULL, &b, err) < 0 ||
        release_add(&c->conf, &c->trust, key, version, o->not_a_prerelease, &b, o->url.items,
                    o->url.n, clock_wall(c->clock) / 1000, &r, err) < 0)
        return -1;
    tell(&r, &b);
    stored_release_free(&r);
    return 0;
}

static const char *kind(const struct stored_release *r)
{
    struct version v;
    struct err unused = ERR_INIT;
    if (r->own_build)
        return "your own build";
    return version_parse(r->manifest.version, &v, &unused) == 0 && v.pre[0] != '\0' ? "prerelease"
                                                                                    : "release";
}

static void row(struct table *t, const struct console *c, const char *version)
{
    struct stored_release r;
    struct err err = ERR_INIT;
    if (release_load(&c->conf, &c->trust, version, &r, &err) < 0) {
        table_row(t, COLOR_RED, (const char *[]){version, "", "", "", err.text});
        return;
    }
    for (uint32_t i = 0; i < r.manifest.n_builds; i++) {
        const struct build *b = &r.manifest.builds[i];
        char build[40], size[24];
        size_t places = 0;
        for (size_t p = 0; p < r.n_places; p++)
            places += str_eq(r.places[p].os, b->os) && str_eq(r.places[p].arch, b->arch);
        snprintf(build, sizeof build, "%s/%s", b->os, b->arch);
        str_for_bytes(size, sizeof size, b->size);
        char text[40];
        snprintf(text, sizeof text, "%zu place%s", places, places == 1 ? "" : "s");
        table_row(t, COLOR_NONE, (const char *[]){version, kind(&r), build, size, text});
    }
    stored_release_free(&r);
}

static int list(struct console *c, struct err *err)
{
    char **versions = NULL;
    size_t n = 0;
    if (console_conf(c, err) < 0 || keys_trust(&c->conf, &c->trust, err) < 0 ||
        release_versions(&c->conf, &versions, &n, err) < 0)
        return -1;
    struct table t;
    table_init(&t, (const char *[]){"RELEASE", "KIND", "BUILD", "BINARY", "FETCHED FROM"}, 5);
    for (size_t i = 0; i < n; i++) {
        row(&t, c, versions[i]);
        free(versions[i]);
    }
    free(versions);
    if (n > 0)
        table_print(&t, console_color(c, stdout), stdout);
    else
        printf("No release was added yet: caravan release add VERSION --os linux --arch amd64 "
               "--file PATH --url URL\n");
    table_free(&t);
    return 0;
}

int cmd_release(void *ctx, int argc, char **argv)
{
    struct console *c = ctx;
    struct err err = ERR_INIT;
    int rc;
    if (argc == 2 && str_eq(argv[0], "add"))
        rc = add(c, argv[1], &err);
    else if (argc == 1 && str_eq(argv[0], "list"))
        rc = list(c, &err);
    else
        rc = err_set(&err, ERR_USAGE, 0,
                     "want `caravan release add VERSION` or `caravan release "
                     "list`");
    return rc < 0 ? command_fail(&err) : EXIT_DONE;
}
