#include "coord_conf.h"

#include <inttypes.h>
#include <stddef.h>
#include "buf.h"
#include "file.h"
#include "key_file.h"
#include "signer.h"
#include "url_hide.h"

#define TOKEN_FILE_MAX (64 * 1024)

#define AT(f)   offsetof(struct coord_conf, f)
#define SIZE(f) (int64_t)sizeof(((struct coord_conf *)0)->f)
#define TEXT(s, k, f, d, h)                                                                        \
    {                                                                                              \
        s, k, CONF_TEXT, AT(f), 0, SIZE(f), d, h                                                   \
    }
#define TIME(k, f, lo, hi, d, h)                                                                   \
    {                                                                                              \
        "defaults", k, CONF_DURATION, AT(f), lo, hi, d, h                                          \
    }
#define NUMBER(k, f, lo, hi, d, h)                                                                 \
    {                                                                                              \
        "defaults", k, CONF_NUMBER, AT(f), lo, hi, d, h                                            \
    }
#define HOUR 3600000

static const struct conf_key keys[] = {
    TEXT("nomad", "address", address, "http://127.0.0.1:4646",
         "HTTP API of any one server: http://, https:// or unix:///path (NOMAD_ADDR)"),
    TEXT("nomad", "token", token, "",
         "ACL token (NOMAD_TOKEN). Prefer the environment variable; a file with a token must have "
         "mode 0600"),
    TEXT("nomad", "region", region, "", "upgrade only this region; empty: all (NOMAD_REGION)"),
    TEXT("nomad", "ca_file", ca_file, "", "CA certificate, PEM (NOMAD_CACERT)"),
    TEXT("nomad", "ca_path", ca_path, "", "directory of CA certificates (NOMAD_CAPATH)"),
    TEXT("nomad", "client_cert", client_cert, "", "client certificate, PEM (NOMAD_CLIENT_CERT)"),
    TEXT("nomad", "client_key", client_key, "",
         "private key of the client certificate, PEM (NOMAD_CLIENT_KEY)"),
    TEXT("nomad", "tls_server_name", tls_server_name, "",
         "name that server certificates must have, such as server.global.nomad "
         "(NOMAD_TLS_SERVER_NAME)"),

    {"nomad", "token_in_clear", CONF_BOOL, AT(token_in_clear), 0, 0, "no",
     "yes: without TLS, send the token also to servers that only the cluster's own lists name. no: "
     "without TLS, send it only to NOMAD_ADDR, to servers in [servers], and to this machine"},

    TEXT("paths", "state_dir", state_dir, "",
         "directory of the ledger, releases and enrolled hosts; empty: /var/lib/caravan for root, "
         "~/.local/state/caravan for other users"),
    {"paths", "hazards_dir", CONF_PATH, AT(hazards_dir), 0, SIZE(hazards_dir), "",
     "directory of your own files of hazards (*.conf); empty: hazards.d beside this file"},

    TEXT("defaults", "max_parallel", max_parallel, "1",
         "how many clients may be upgraded at the same time: N or N%"),
    NUMBER("canary", canary, 0, 10000, "1", "how many clients are upgraded first"),
    TIME("soak", soak_ms, 0, 48 * HOUR, "2m",
         "how long the canaries run before the other clients follow"),
    TIME("settle", settle_ms, 0, HOUR, "10s", "how long a gate must pass without a break"),
    NUMBER("settle_answers", settle_answers, 1, 1000, "5",
           "how many answers in a row must pass, in addition to settle"),
    NUMBER("max_failures", max_failures, 0, 100000, "0", "how many clients may fail"),
    NUMBER("max_skipped", max_skipped, 0, 100000, "0", "how many clients may be skipped"),
    TIME("server_deadline", server_deadline_ms, 1000, 4 * HOUR, "10m",
         "how long a server may take to be ready again"),
    TIME("client_deadline", client_deadline_ms, 1000, 4 * HOUR, "2m",
         "how long a client may take to be ready again"),
    TIME("hold", hold_ms, 1, HOUR, "5s",
         "how long the host itself watches the new binary; at least 1ms"),
    {"defaults", "drain", CONF_BOOL, AT(drain), 0, 0, "no",
     "yes: drain each client before its upgrade"},
    TIME("drain_deadline", drain_deadline_ms, 1000, 48 * HOUR, "1h", "how long a drain may take"),
    TIME("lease", lease_ms, 5000, HOUR / 4, "120s",
         "how long an agent promises to obey one run only"),
    TIME("renew", renew_ms, 1000, HOUR / 4, "30s", "how often the lease is renewed"),
    TIME("stage_deadline", stage_deadline_ms, 1000, 24 * HOUR, "30m",
         "how long a host may take to fetch the release"),
    NUMBER("stage_parallel", stage_parallel, 1, 1000, "32",
           "how many hosts may fetch at the same time"),
    NUMBER("unproven_days", unproven_days, 0, 3650, "7",
           "for how many days after its release the plan calls a version unproven; 0: never"),
    TIME("removed_watch", removed_watch_ms, 0, 24 * HOUR, "2m",
         "how long caravan replace watches that no removed server comes back"),
    {"defaults", "speed_min", CONF_SIZE, AT(speed_min), 0, 0, "10K",
     "a fetch that is slower than this many bytes a second is given up"},

    {"vendor", "keyring", CONF_PATH, AT(vendor_keyring), 0, SIZE(vendor_keyring), "",
     "file of OpenPGP keys, armoured or binary, that may sign releases besides HashiCorp's key"},
    {"vendor", "shipped_keyring", CONF_PATH, AT(vendor_shipped), 0, SIZE(vendor_shipped),
     "/usr/share/caravan/hashicorp.asc", "HashiCorp's release key, which the package installs"},
    TEXT("vendor", "key_ids", vendor_key_ids, "72D7468F",
         "last 8 digits of key ids, with blanks between: caravan release fetch looks for a "
         "signature file of each of these keys"),
    TEXT("vendor", "from", vendor_from, "",
         "where releases are fetched from, as with --from; empty: HashiCorp's release site"),
    {"vendor", "gpgv", CONF_PATH, AT(vendor_gpgv), 0, SIZE(vendor_gpgv), "/usr/bin/gpgv",
     "program that checks HashiCorp's signatures"},

    TEXT("serve", "listen", serve_listen, "",
         "ADDRESS:PORT where hosts fetch releases that have no other place; empty: port 4651 of "
         "the address from which this machine reaches the hosts"),
    TEXT(
        "serve", "url", serve_url, "",
        "base URL that hosts get instead of http://ADDRESS:PORT; needed when a proxy or an address "
        "translation is between this machine and the hosts"),
    TEXT("serve", "allow_from", serve_allow_from, "",
         "addresses and ranges (10.0.0.0/8), with blanks between, that may fetch; empty: every "
         "address"),
    {"serve", "rate", CONF_SIZE, AT(serve_rate), 0, 0, "100M",
     "bytes a second for all hosts together; 0: no limit"},

    TEXT("keys", "operator", key_operator, "operator",
         "name of the key that signs orders: keys/NAME.key beside this file"),
    TEXT("keys", "release", key_release, "release", "name of the key that signs releases"),
    TEXT("keys", "root", key_root, "root", "name of the key that signs the trust file"),
    TEXT("keys", "observer", key_observer, "observer",
         "name of the key that signs questions to agents; this key has no passphrase. If this "
         "machine or the trust file does not have it, the operator key signs questions"),
    TEXT("keys", "signer", signer, "",
         "program with arguments that signs with root and release keys of which only the public "
         "part, keys/NAME.pub, is on this machine; caravan(1) describes its protocol"),
    {"keys", "signer_deadline", CONF_DURATION, AT(signer_ms), 1000, HOUR / 6, "60s",
     "how long the signer may take for one signature"},

    {"agents", "*", CONF_MAP, 0, 0, 0, NULL,
     "Nomad id or name = HOST:PORT of the caravan-agent; default: the host's address, port 4650"},
    {"servers", "*", CONF_MAP, 0, 0, 0, NULL,
     "Nomad id or name = address of its HTTP API; default: the server's address, with the port of "
     "[nomad] address"},

    /* A key of 0.1.0, not shown any more. It is read so that context_load_conf can warn about it.
     */
    TEXT("defaults", "autopilot_cleanup", past_cleanup, "", ""),
};
#define PAST_KEYS 1
_Static_assert(ARRAY_LEN(keys) <= COORD_KEYS_MAX, "struct coord_conf has too few sources");

static int on_address_pair(void *base, const char *section, const char *key, const char *value,
                           struct err *err)
{
    struct coord_conf *c = base;
    struct address_map *m = str_eq(section, "agents") ? &c->agents : &c->servers;
    if (value[0] == '\0')
        return err_set(err, ERR_CONFIG, 0, "%s has no address", key);
    m->items = xrealloc(m->items, (m->n + 1) * sizeof(*m->items));
    m->items[m->n].name = xstrdup(key);
    m->items[m->n].address = xstrdup(value);
    m->n++;
    return 0;
}

const struct conf coord_conf_table = {
    .keys = keys, .n_keys = ARRAY_LEN(keys) - PAST_KEYS, .on_pair = on_address_pair};
static const struct conf table_with_past = {
    .keys = keys, .n_keys = ARRAY_LEN(keys), .on_pair = on_address_pair};

static const struct {
    const char *name;
    size_t offset, size;
} environment[] = {
#define ENV(n, f)                                                                                  \
    {                                                                                              \
        n, AT(f), sizeof(((struct coord_conf *)0)->f)                                              \
    }
    ENV("NOMAD_ADDR", address),          ENV("NOMAD_TOKEN", token),
    ENV("NOMAD_REGION", region),         ENV("NOMAD_CACERT", ca_file),
    ENV("NOMAD_CAPATH", ca_path),        ENV("NOMAD_CLIENT_CERT", client_cert),
    ENV("NOMAD_CLIENT_KEY", client_key), ENV("NOMAD_TLS_SERVER_NAME", tls_server_name),
};

static const char *process_env(const char *name)
{
    return getenv(name);
}

static size_t key_size(const struct conf_key *k)
{
    static const size_t sizes[] = {
        [CONF_BOOL] = sizeof(bool),
        [CONF_NUMBER] = sizeof(int64_t),
        [CONF_DURATION] = sizeof(int64_t),
        [CONF_SIZE] = sizeof(uint64_t),
        [CONF_MAP] = 0,
    };
    return k->type == CONF_TEXT || k->type == CONF_PATH ? (size_t)k->max : sizes[k->type];
}

static void map_free(struct address_map *m)
{
    for (size_t i = 0; i < m->n; i++) {
        free(m->items[i].name);
        free(m->items[i].address);
    }
    free(m->items);
    *m = (struct address_map){NULL, 0};
}

void coord_conf_free(struct coord_conf *c)
{
    map_free(&c->agents);
    map_free(&c->servers);
}

/* To find out which keys the file sets, read it into two structs filled with different bytes. A
 * value whose first byte is the same in both structs came from the file. */
static int read_conf_file(struct coord_conf *c, struct err *err)
{
    struct coord_conf *a = xzalloc(1, sizeof(*a)), *b = xzalloc(1, sizeof(*b));
    memset(a, 'a', sizeof(*a));
    memset(b, 'b', sizeof(*b));
    a->agents = a->servers = b->agents = b->servers = (struct address_map){NULL, 0};
    struct err unused = ERR_INIT;
    int rc = conf_read(&table_with_past, c->file, c, err);
    if (rc == 0 && (conf_read(&table_with_past, c->file, a, &unused) < 0 ||
                    conf_read(&table_with_past, c->file, b, &unused) < 0))
        rc = err_set(err, ERR_CONFIG, 0, "%s changed while it was read", c->file);
    for (size_t i = 0; rc == 0 && i < coord_conf_table.n_keys; i++) {
        size_t n = keys[i].type == CONF_MAP ? 0 : 1;
        const char *p = (const char *)a + keys[i].offset, *q = (const char *)b + keys[i].offset;
        if (n > 0 && key_size(&keys[i]) > 0 && memcmp(p, q, n) == 0)
            c->source[i] = SOURCE_FILE;
    }
    coord_conf_free(a);
    coord_conf_free(b);
    free(a);
    free(b);
    return rc;
}

static int read_conf_environment(struct coord_conf *c, const char *(*env)(const char *),
                                 struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(environment); i++) {
        const char *value = env(environment[i].name);
        if (value == NULL || value[0] == '\0')
            continue;
        if (str_copy((char *)c + environment[i].offset, environment[i].size, value) < 0)
            return err_set(err, ERR_CONFIG, 0, "%s is longer than %zu bytes", environment[i].name,
                           environment[i].size - 1);
        for (size_t k = 0; k < ARRAY_LEN(keys); k++)
            if (keys[k].type == CONF_TEXT && keys[k].offset == environment[i].offset)
                c->source[k] = SOURCE_ENVIRONMENT;
    }
    return 0;
}

static int join_dir(char *dst, size_t n, const char *a, const char *b, struct err *err)
{
    int len = snprintf(dst, n, "%s/%s", a, b);
    if (len < 0 || (size_t)len >= n)
        return err_set(err, ERR_LIMIT, 0, "path too long: %s/%s", a, b);
    return 0;
}

/* The directory is `root` for root; for other users $<xdg>/caravan, or $HOME/<fallback>/caravan. */
static int standard_dir(char *dst, size_t n, const char *(*env)(const char *), const char *root,
                        const char *xdg, const char *fallback, struct err *err)
{
    if (geteuid() == 0)
        return str_copy(dst, n, root) < 0 ? err_set(err, ERR_LIMIT, 0, "path too long") : 0;
    const char *base = env(xdg);
    if (base != NULL && base[0] == '/')
        return join_dir(dst, n, base, "caravan", err);
    const char *home = env("HOME");
    if (home == NULL || home[0] != '/')
        return err_set(err, ERR_CONFIG, 0, "HOME is not set: name the configuration with --config");
    char rest[64];
    snprintf(rest, sizeof(rest), "%s/caravan", fallback);
    return join_dir(dst, n, home, rest, err);
}

/* --config names the file or its directory. The directory need not exist: `caravan init` makes it.
 */
static int place_named(struct coord_conf *c, const char *option, struct err *err)
{
    autofree char *absolute = realpath(option, NULL);
    struct stat st;
    if (absolute == NULL && errno == ENOENT && !str_ends(option, ".conf")) {
        char cwd[256] = "";
        if (option[0] == '/')
            return str_copy(c->dir, sizeof(c->dir), option) < 0
                       ? err_set(err, ERR_LIMIT, 0, "path too long: %s", option)
                       : join_dir(c->file, sizeof(c->file), c->dir, CONF_NAME, err);
        if (getcwd(cwd, sizeof(cwd)) == NULL)
            return err_set(err, ERR_CONFIG, errno, "--config %s", option);
        return join_dir(c->dir, sizeof(c->dir), cwd, option, err) < 0
                   ? -1
                   : join_dir(c->file, sizeof(c->file), c->dir, CONF_NAME, err);
    }
    if (absolute == NULL || stat(absolute, &st) < 0)
        return err_set(err, ERR_CONFIG, errno, "--config %s", option);
    if (S_ISDIR(st.st_mode)) {
        if (str_copy(c->dir, sizeof(c->dir), absolute) < 0)
            return err_set(err, ERR_LIMIT, 0, "path too long: %s", absolute);
        return join_dir(c->file, sizeof(c->file), absolute, CONF_NAME, err);
    }
    if (str_copy(c->file, sizeof(c->file), absolute) < 0)
        return err_set(err, ERR_LIMIT, 0, "path too long: %s", absolute);
    return file_dir_of(absolute, c->dir, sizeof(c->dir), err);
}

static int find_places(struct coord_conf *c, const char *option, const char *(*env)(const char *),
                       char state[static 256], struct err *err)
{
    char standard[256] = "";
    struct err none = ERR_INIT;
    if (standard_dir(standard, sizeof(standard), env, "/etc/caravan", "XDG_CONFIG_HOME", ".config",
                     &none) < 0 ||
        standard_dir(state, 256, env, "/var/lib/caravan", "XDG_STATE_HOME", ".local/state", &none) <
            0) {
        if (option == NULL) {
            *err = none;
            return -1;
        }
    }
    if (option == NULL) {
        str_cut(c->dir, sizeof(c->dir), standard);
        return join_dir(c->file, sizeof(c->file), c->dir, CONF_NAME, err);
    }
    if (place_named(c, option, err) < 0)
        return -1;
    c->elsewhere = !str_eq(c->dir, standard);
    return c->elsewhere ? join_dir(state, 256, c->dir, "state", err) : 0;
}

/* A file with a secret must be as private as a key file. */
static int check_private(const char *path, const char *what, struct err *err)
{
    auto_buf struct buf unused = BUF_INIT;
    return file_read(path, TOKEN_FILE_MAX, FILE_FOLLOW | FILE_PRIVATE, &unused, err) < 0
               ? err_wrap(err, "the file contains %s", what)
               : 0;
}

static int check_secrets(const struct coord_conf *c, struct err *err)
{
    char shown[sizeof(c->vendor_from)];
    url_shown(shown, sizeof(shown), c->vendor_from);
    if (c->token[0] != '\0')
        return check_private(c->file, "Nomad's token", err);
    return str_eq(shown, c->vendor_from)
               ? 0
               : check_private(c->file, "a user and password in [vendor] from", err);
}

static int check_keys(const struct coord_conf *c, struct err *err)
{
    const char *names[] = {c->key_operator, c->key_release, c->key_root, c->key_observer};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (!trust_name_ok(names[i]))
            return err_set(err, ERR_CONFIG, 0,
                           "%s: \"%s\" in [keys] is no valid name of a key. A name has 1 to %d of "
                           "a-z, 0-9, '.', '_' and '-', and begins with a letter or a digit",
                           c->file, names[i], KEY_NAME_MAX - 1);
    return signer_check(c, err);
}

static int load_conf(const char *option, const char *(*env)(const char *), struct coord_conf *c,
                     struct err *err)
{
    char state[256];
    if (conf_defaults(&coord_conf_table, c, err) < 0 || find_places(c, option, env, state, err) < 0)
        return -1;
    c->file_there = access(c->file, F_OK) == 0;
    if (c->file_there && read_conf_file(c, err) < 0)
        return -1;
    if (check_keys(c, err) < 0 || (c->file_there && check_secrets(c, err) < 0))
        return -1;
    if (c->state_dir[0] == '\0')
        str_cut(c->state_dir, sizeof(c->state_dir), state);
    if (c->state_dir[0] != '/')
        return err_set(err, ERR_CONFIG, 0, "%s: [paths] state_dir must be absolute: %s", c->file,
                       c->state_dir);
    return read_conf_environment(c, env, err);
}

int coord_conf_load(const char *config_option, const char *(*env)(const char *name),
                    struct coord_conf *ret, struct err *err)
{
    struct coord_conf c;
    memset(&c, 0, sizeof(c));
    if (load_conf(config_option, env != NULL ? env : process_env, &c, err) < 0) {
        coord_conf_free(&c);
        return -1;
    }
    *ret = c;
    return 0;
}

const char *address_map_find(const struct address_map *m, const char *id, const char *name)
{
    for (size_t i = 0; i < m->n; i++)
        if ((id[0] != '\0' && str_eq(m->items[i].name, id)) ||
            (name[0] != '\0' && str_eq(m->items[i].name, name)))
            return m->items[i].address;
    return NULL;
}

int conf_path(const struct coord_conf *c, const char *name, char dst[static 300], struct err *err)
{
    return join_dir(dst, 300, c->dir, name, err);
}

int state_path(const struct coord_conf *c, const char *name, char dst[static 300], struct err *err)
{
    return join_dir(dst, 300, c->state_dir, name, err);
}

static void show_value(const struct coord_conf *c, const struct conf_key *k, FILE *out)
{
    const char *p = (const char *)c + k->offset;
    char text[32];
    int64_t number = 0;
    uint64_t size = 0;
    if (k->type == CONF_BOOL) {
        fputs(*(const bool *)p ? "yes" : "no", out);
    } else if (k->type == CONF_NUMBER) {
        memcpy(&number, p, sizeof(number));
        fprintf(out, "%" PRId64, number);
    } else if (k->type == CONF_DURATION) {
        memcpy(&number, p, sizeof(number));
        str_for_ms(text, sizeof(text), number);
        fputs(text, out);
    } else if (k->type == CONF_SIZE) {
        memcpy(&size, p, sizeof(size));
        fprintf(out, "%" PRIu64, size);
    } else if (k->offset == AT(token) && p[0] != '\0') {
        fputs("(set, not shown)", out);
    } else {
        auto_buf struct buf safe = BUF_INIT;
        char shown[600];
        url_shown(shown, sizeof(shown), p);
        str_escape(&safe, shown, strlen(shown));
        fputs(safe.len > 0 ? buf_str(&safe) : "(empty)", out);
    }
}

void coord_conf_show(const struct coord_conf *c, FILE *out)
{
    static const char *const from[] = {
        [SOURCE_DEFAULT] = "default",
        [SOURCE_FILE] = "file",
        [SOURCE_ENVIRONMENT] = "environment",
    };
    fprintf(out, "file       %s%s\n", c->file, c->file_there ? "" : " (does not exist)");
    fprintf(out, "directory  %s (keys, trust)\n", c->dir);
    const char *section = "";
    for (size_t i = 0; i < coord_conf_table.n_keys; i++) {
        if (keys[i].type == CONF_MAP)
            continue;
        if (!str_eq(section, keys[i].section))
            fprintf(out, "\n[%s]\n", section = keys[i].section);
        fprintf(out, "%-17s = ", keys[i].key);
        show_value(c, &keys[i], out);
        fprintf(out, "    # %s\n", from[c->source[i]]);
    }
    const struct address_map *maps[] = {&c->agents, &c->servers};
    for (size_t m = 0; m < ARRAY_LEN(maps); m++) {
        if (maps[m]->n > 0)
            fprintf(out, "\n[%s]\n", m == 0 ? "agents" : "servers");
        for (size_t i = 0; i < maps[m]->n; i++) {
            char shown[600];
            url_shown(shown, sizeof(shown), maps[m]->items[i].address);
            fprintf(out, "%s = %s    # file\n", maps[m]->items[i].name, shown);
        }
    }
}
