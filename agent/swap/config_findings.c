#include "config_findings.h"
#include "str.h"

const struct config_wanted config_wanted[CONFIG_WANTED] = {
    {"disable_tagged_metrics", {"telemetry", NULL}},
    {"backwards_compatible_metrics", {"telemetry", NULL}},
    {"license_path", {"server", NULL}},
    {"no_cgroups", {"plugin", NULL}},
    {"tls_prefer_server_cipher_suites", {"tls", NULL}},
    {"allow_unauthenticated", {"vault", "consul"}},
    {"create_from_role", {"vault", NULL}},
    {"task_token_ttl", {"vault", NULL}},
    {"disk_free_mb", {"client", NULL}},
    {"raft_boltdb", {"server", NULL}},
    {"raft_logstore", {"server", NULL}},
    {"docker", {"plugin", NULL}},
};

struct adding {
    struct config_findings *f;
    const char *path;
    char place[CONFIG_PLACE];
};

/* Names of files may hold anything. */
static void put_place(char dst[static CONFIG_PLACE], const char *path, const char *rest)
{
    auto_buf struct buf b = BUF_INIT;

    str_escape(&b, path, strlen(path));
    snprintf(dst, CONFIG_PLACE, "%.*s%s", CONFIG_PLACE - 64, buf_str(&b), rest);
}

static void put_line(char dst[static CONFIG_PLACE], const char *path, uint32_t line)
{
    char rest[32];

    snprintf(rest, sizeof(rest), ", line %u", line);
    put_place(dst, path, rest);
}

static bool in_block(const struct config_key *k, const struct config_wanted *wanted)
{
    for (size_t i = 0; i < ARRAY_LEN(wanted->block) && k->depth > 0; i++) {
        if (wanted->block[i] != NULL && config_word_is(&k->path[0], wanted->block[i]))
            return true;
    }
    return false;
}

static void note_wanted(struct adding *a, const struct config_key *k)
{
    for (size_t i = 0; i < CONFIG_WANTED; i++) {
        if (a->f->found[i][0] == '\0' && config_word_is(&k->name, config_wanted[i].key) &&
            in_block(k, &config_wanted[i]))
            put_line(a->f->found[i], a->path, k->line);
    }
}

static void put_value(char *dst, size_t size, const struct config_key *k)
{
    const struct config_word *v = &k->value;

    dst[0] = '\0';
    if (!k->has_value || v->n >= size || memchr(v->at, '\\', v->n) != NULL ||
        memchr(v->at, '$', v->n) != NULL || memchr(v->at, '\0', v->n) != NULL)
        return;
    memcpy(dst, v->at, v->n);
    dst[v->n] = '\0';
}

static void note_whole(struct adding *a)
{
    struct config_findings *f = a->f;
    char place[CONFIG_PLACE];

    put_place(place, a->path, "");
    if (f->n_whole > 0 && str_eq(f->whole[0], place)) /* named twice */
        return;
    if (f->n_whole < ARRAY_LEN(f->whole))
        memcpy(f->whole[f->n_whole], place, sizeof(place));
    f->n_whole++;
}

static void note_value(struct adding *a, const struct config_key *k)
{
    if (k->depth == 0 && config_word_is(&k->name, "data_dir"))
        note_whole(a);
    config_values_add(&a->f->values, a->place, k);
}

/* Both names of each count since 1.0. */
static void note_list(struct adding *a, const struct config_key *k)
{
    struct config_findings *f = a->f;
    bool denies = config_word_is(&k->name, "fingerprint.denylist") ||
                  config_word_is(&k->name, "fingerprint.blacklist");
    char *dst = denies ? f->denied : f->allowed;

    if (k->depth != 2 || !config_word_is(&k->path[0], "client") ||
        !config_word_is(&k->path[1], "options") ||
        (!denies && !config_word_is(&k->name, "fingerprint.allowlist") &&
         !config_word_is(&k->name, "fingerprint.whitelist")))
        return;
    put_value(dst, sizeof(f->denied), k);
    f->odd_list = f->odd_list || (dst[0] == '\0' && (!k->has_value || k->value.n > 0));
}

static void note_plugin(struct adding *a, const struct config_key *k)
{
    struct config_findings *f = a->f;

    if (k->depth != 1 || !config_word_is(&k->path[0], "plugin"))
        return;
    if (f->n_plugins == CONFIG_PLUGINS || k->name.n >= sizeof(f->plugins[0])) {
        f->more_plugins = true;
        return;
    }
    snprintf(f->plugins[f->n_plugins++], sizeof(f->plugins[0]), "%.*s", (int)k->name.n, k->name.at);
}

static void on_key(void *ctx, const struct config_key *k)
{
    note_wanted(ctx, k);
    note_value(ctx, k);
    note_plugin(ctx, k);
    note_list(ctx, k);
}

void config_findings_add(struct config_findings *f, const char *path, const char *text, size_t n)
{
    struct adding a = {f, path, ""};

    put_place(a.place, path, "");
    if (config_keys(text, n, on_key, &a) == 0)
        f->files++;
    else
        config_findings_miss(f, path, "is neither HCL nor JSON that is understood here");
}

void config_findings_miss(struct config_findings *f, const char *path, const char *why)
{
    char rest[64];

    snprintf(rest, sizeof(rest), " %s", why);
    if (f->unread++ == 0)
        put_place(f->why, path, rest);
}

void config_findings_aside(struct config_findings *f, const char *path)
{
    if (f->leftover[0] == '\0')
        put_place(f->leftover, path, "");
}

bool config_findings_plugin(const struct config_findings *f, const char *name)
{
    for (uint32_t i = 0; i < f->n_plugins; i++) {
        if (str_eq(f->plugins[i], name))
            return true;
    }
    return false;
}

/* A list as Nomad reads it: commas between, blanks do not count. */
static bool lists(const char *list, const char *name)
{
    for (const char *s = list; *s != '\0'; s += *s == ',') {
        s += strspn(s, " \t");
        size_t n = strcspn(s, ",");
        size_t word = n;

        while (word > 0 && (s[word - 1] == ' ' || s[word - 1] == '\t'))
            word--;
        if (word == strlen(name) && memcmp(s, name, word) == 0)
            return true;
        s += n;
    }
    return false;
}

uint32_t config_findings_clouds(const struct config_findings *f)
{
    static const char *const clouds[CONFIG_CLOUDS] = {"env_aws", "env_azure", "env_digitalocean",
                                                      "env_gce"};
    uint32_t n = 0;

    for (size_t i = 0; i < CONFIG_CLOUDS; i++)
        n +=
            !lists(f->denied, clouds[i]) && (f->allowed[0] == '\0' || lists(f->allowed, clouds[i]));
    return n;
}
