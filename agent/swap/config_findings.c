#include "config_findings.h"
#include "crypto.h"
#include "str.h"

const struct config_wanted config_wanted[CONFIG_WANTED] = {
    {"disable_tagged_metrics", {"telemetry", NULL}, NULL},
    {"backwards_compatible_metrics", {"telemetry", NULL}, NULL},
    {"license_path", {"server", NULL}, NULL},
    {"no_cgroups", {"plugin", NULL}, NULL},
    {"tls_prefer_server_cipher_suites", {"tls", NULL}, NULL},
    {"allow_unauthenticated", {"vault", "consul"}, "vault-allow-unauthenticated"},
    {"create_from_role", {"vault", NULL}, "vault-create-from-role"},
    {"task_token_ttl", {"vault", NULL}, NULL},
    {"disk_free_mb", {"client", NULL}, NULL},
    {"raft_boltdb", {"server", NULL}, NULL},
    {"raft_logstore", {"server", NULL}, NULL},
    {"docker", {"plugin", NULL}, NULL},
};

struct adding {
    struct config_findings *f;
    const char *path;
    char place[CONFIG_PLACE];
    bool escaped; /* the name of a key has an escape: the name may be any */
};

/* The name of a file may contain any byte. */
static void put_place(char dst[static CONFIG_PLACE], const char *path, const char *rest)
{
    auto_buf struct buf b = BUF_INIT;

    str_escape(&b, path, strlen(path));
    snprintf(dst, CONFIG_PLACE, "%.*s%s", CONFIG_PLACE - 64, buf_str(&b), rest);
}

static void put_place_line(char dst[static CONFIG_PLACE], const char *path, uint32_t line)
{
    char rest[32];

    snprintf(rest, sizeof(rest), ", line %u", line);
    put_place(dst, path, rest);
}

static void note_escape(struct adding *a, const struct config_key *k)
{
    a->escaped = a->escaped || memchr(k->name.at, '\\', k->name.n) != NULL;
}

static bool is_in_block(const struct config_key *k, const struct config_wanted *wanted)
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
            is_in_block(k, &config_wanted[i]))
            put_place_line(a->f->found[i], a->path, k->line);
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

/* 32 bits of a digest of a random key reveal nothing of the key. */
static void note_encrypt(struct adding *a, const struct config_key *k)
{
    static const char purpose[] = "caravan/gossip-key/v1";
    char key[128], of[sizeof(purpose) + sizeof(key)], hex[65];
    struct digest d;

    put_place_line(a->f->encrypt, a->path, k->line);
    a->f->encrypt_id[0] = '\0';
    put_value(key, sizeof(key), k);
    if (key[0] == '\0')
        return;
    memcpy(of, purpose, sizeof(purpose));
    memcpy(of + sizeof(purpose), key, strlen(key));
    crypto_digest(of, sizeof(purpose) + strlen(key), &d);
    digest_hex(hex, &d);
    str_cut(a->f->encrypt_id, sizeof(a->f->encrypt_id), hex);
}

static void note_config_value(struct adding *a, const struct config_key *k)
{
    if (k->depth == 0 && config_word_is(&k->name, "data_dir"))
        note_whole(a);
    if (k->depth == 1 && config_word_is(&k->path[0], "server") &&
        config_word_is(&k->name, "encrypt") && k->value.n > 0)
        note_encrypt(a, k);
    config_values_add(&a->f->values, a->place, k);
}

/* Nomad accepts both names of each list since 1.0. */
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

/* The lists that name servers, by the keys around each list. start_join and retry_join directly
 * in `server` are the older form. */
static const struct config_joins {
    const char *path[3];
} config_joins[] = {
    {{"server", "retry_join", NULL}},
    {{"server", "start_join", NULL}},
    {{"server", "server_join", "retry_join"}},
    {{"server", "server_join", "start_join"}},
    {{"client", "server_join", "retry_join"}},
    {{"client", "server_join", "start_join"}},
    {{"client", "servers", NULL}},
};

static bool names_servers(const struct config_key *k)
{
    for (size_t i = 0; i < ARRAY_LEN(config_joins); i++) {
        const char *const *path = config_joins[i].path;
        uint32_t n = path[2] != NULL ? 3 : 2;
        bool same = k->depth == n;

        for (uint32_t d = 0; same && d < n; d++)
            same = config_word_is(&k->path[d], path[d]);
        if (same)
            return true;
    }
    return false;
}

/* Keeps only the provider of a cloud join: the text after the provider may contain credentials. */
static void put_join_address(struct buf *ret, const struct config_word *w)
{
    static const char key[] = "provider=";
    const char *at = memmem(w->at, w->n, key, sizeof(key) - 1);
    size_t n = w->n;

    if (at == NULL) {
        str_escape(ret, w->at, n);
        return;
    }
    n -= (size_t)(at - w->at);
    for (size_t i = 0; i < n; i++) {
        if (at[i] == ' ' || at[i] == '\t')
            n = i;
    }
    str_escape(ret, at, n);
    (void)buf_add_str(ret, " ...");
}

static bool has_join(const char *list, const char *one)
{
    size_t n = strlen(one);

    for (const char *s = strstr(list, one); s != NULL; s = strstr(s + 1, one)) {
        if ((s == list || str_starts(s - 2, ", ")) && (s[n] == '\0' || str_starts(s + n, ", ")))
            return true;
    }
    return false;
}

static void note_join(struct adding *a, const struct config_key *k)
{
    struct config_findings *f = a->f;
    auto_buf struct buf one = BUF_INIT;
    size_t n = strlen(f->joins);

    if (k->value.n == 0 || !names_servers(k))
        return;
    put_join_address(&one, &k->value);
    if (has_join(f->joins, buf_str(&one)))
        return;
    if (n + one.len + 3 > sizeof(f->joins)) {
        f->more_joins = true;
        return;
    }
    snprintf(f->joins + n, sizeof(f->joins) - n, "%s%s", n > 0 ? ", " : "", buf_str(&one));
}

static void note_config_key(void *ctx, const struct config_key *k)
{
    if (k->member) {
        note_join(ctx, k);
        return;
    }
    note_escape(ctx, k);
    note_wanted(ctx, k);
    note_config_value(ctx, k);
    note_plugin(ctx, k);
    note_list(ctx, k);
}

void config_findings_add(struct config_findings *f, const char *path, const char *text, size_t n)
{
    struct adding a = {.f = f, .path = path};

    put_place(a.place, path, "");
    if (config_keys(text, n, note_config_key, &a) < 0)
        config_findings_miss(f, path, "is neither HCL nor JSON that Caravan can read");
    else if (a.escaped)
        config_findings_miss(f, path, "has a key that is written with escapes");
    else
        f->files++;
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

/* Reads the list as Nomad does: commas separate the names, blanks around a name do not count. */
static bool list_contains(const char *list, const char *name)
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
        n += !list_contains(f->denied, clouds[i]) &&
             (f->allowed[0] == '\0' || list_contains(f->allowed, clouds[i]));
    return n;
}
