#include "facts_paths.h"
#include <sys/stat.h>
#include "certificate_names.h"
#include "command_line.h"
#include "facts_values.h"
#include "str.h"

#define WISHES         (CONFIG_PATHS + 20)
#define BY_ENV         2
#define ENVIRON_MAX    65536
#define INTERFACES_MAX 262144

/* At its start Nomad opens these files below data_dir, if they exist. */
static const struct {
    const char *name;
    uint32_t need;
    enum config_value when;
} inner[] = {
    {"server/raft", PATH_READ | PATH_WRITE, VALUE_SERVER},
    {"server/raft/raft.db", PATH_READ | PATH_WRITE, VALUE_SERVER},
    {"server/raft/wal", PATH_READ | PATH_WRITE, VALUE_SERVER},
    {"server/serf", PATH_READ | PATH_WRITE, VALUE_SERVER},
    {"server/keystore", PATH_READ | PATH_WRITE, VALUE_SERVER},
    {"server/node-id", PATH_READ, VALUE_SERVER},
    {"client", PATH_READ | PATH_WRITE, VALUE_CLIENT},
    {"client/state.db", PATH_READ | PATH_WRITE, VALUE_CLIENT},
    {"client/client-id", PATH_READ, VALUE_CLIENT},
    {"client/secret-id", PATH_READ, VALUE_CLIENT},
};

/* Variables that set values which the files do not set (command/agent/command.go, Consul's API). */
static const struct {
    const char *name, *block, *key;
} by_env[BY_ENV] = {
    {"NOMAD_LICENSE_PATH", "server", "license_path"},
    {"CONSUL_CACERT", "consul", "ca_file"},
};

static const uint32_t needs[] = {
    [PATH_VOLUME] = 0,
    [PATH_DIR] = PATH_READ | PATH_ENTER,
    [PATH_PLUGINS] = PATH_READ | PATH_ENTER,
    [PATH_TREE] = PATH_READ | PATH_WRITE | PATH_ENTER,
    [PATH_FILE] = PATH_READ,
    [PATH_CERTIFICATE] = PATH_READ,
    [PATH_AUTHORITY] = PATH_READ,
};

/* The first finding of the most serious kind. */
struct finding {
    enum tri value;
    uint32_t n; /* findings of that kind */
    char text[TEXT_MAX];
};

struct paths {
    struct surveying *s;
    const struct config_read *c;
    struct path_user user;
    char no_user[TEXT_MAX]; /* why the user is not known; "": it is known */
    char data_dir[256];     /* "": unknown */
    uint32_t n;
    struct path_question questions[WISHES];
    const struct config_path *of[WISHES]; /* NULL: not a path of the configuration */
    struct host_look looks[WISHES];
    bool inner[WISHES]; /* below data_dir, may be missing */
    struct config_path by_env[BY_ENV];
    struct buf environment; /* of the running process: "NAME=VALUE", each ends in NUL */
    int peers, raft;        /* index into looks; -1: not asked */
    struct finding unusable, expired;
};

/* ---- the list of paths ---- */

static int wish_path(struct paths *p, const char *path, uint32_t need)
{
    struct path_question *w = &p->questions[p->n];

    if (p->n == WISHES || str_copy(w->path, sizeof(w->path), path) < 0)
        return -1;
    w->need = p->no_user[0] != '\0' ? 0 : need;
    return (int)p->n++;
}

static PRINTF(3, 4) void note_finding(struct finding *f, enum tri value, const char *fmt, ...)
{
    bool first = f->value == TRI_NO || (f->value == TRI_UNKNOWN && value == TRI_YES);
    va_list ap;

    f->n = first ? 1 : f->n + (f->value == value);
    if (!first)
        return;
    f->value = value;
    va_start(ap, fmt);
    vsnprintf(f->text, sizeof(f->text), fmt, ap);
    va_end(ap);
}

/* "client host_volume "x"", "tls key_file" */
static void name_path(const struct config_path *k, char dst[static 160])
{
    const struct config_path_row *row = &config_path_rows[k->row];
    auto_buf struct buf name = BUF_INIT;

    str_escape(&name, k->name, strlen(k->name));
    if (row->kind == PATH_VOLUME)
        snprintf(dst, 160, "host_volume \"%.80s\"", buf_str(&name));
    else
        snprintf(dst, 160, "%s%s%s", row->block[0] != NULL ? row->block[0] : "",
                 row->block[0] != NULL ? " " : "", row->key);
}

/* Does an option of Nomad's command set this path? Then the files do not count. The option has the
 * name of the key (-data-dir), or of block and key for a block that may stand several times
 * (-consul-ca-file). */
static bool is_set_by_option(const struct paths *p, const struct config_path_row *row)
{
    char option[64];

    snprintf(option, sizeof(option), "%s%s%s", row->many ? row->block[0] : "", row->many ? "-" : "",
             row->key);
    for (char *s = option; *s != '\0'; s++)
        *s = *s == '_' ? '-' : *s;
    return row->kind != PATH_VOLUME && command_line_has(p->c->words, p->c->words_len, option);
}

/* ---- the paths in the environment ---- */

/* "": the variable is not set. */
static const char *environment_value(const struct paths *p, const char *name)
{
    const char *s = buf_str(&p->environment);
    size_t n = strlen(name);

    for (size_t at = 0; at < p->environment.len; at += strlen(s + at) + 1) {
        if (strncmp(s + at, name, n) == 0 && s[at + n] == '=')
            return s + at + n + 1;
    }
    return "";
}

/* The environment of the running process. The environment of the next start may be another: the
 * fact config-newer covers this. */
static void read_nomad_environment(struct paths *p)
{
    struct err err = ERR_INIT;
    char path[64];

    snprintf(path, sizeof(path), "/proc/%u/environ", p->s->f->stamp.main_pid);
    if (p->s->f->stamp.main_pid == 0 ||
        host_read_through(p->s->h, path, ENVIRON_MAX, &p->environment, &err) < 0)
        buf_clear(&p->environment);
}

/* Only Nomad Enterprise needs a licence. It opens no file if the environment contains the licence.
 */
static bool needs_licence(const struct paths *p)
{
    const struct version_said *v = &p->s->p->in_place;
    bool known = v->nomad == TRI_YES && digest_eq(&v->of, &p->s->f->disk);

    return environment_value(p, "NOMAD_LICENSE")[0] == '\0' &&
           (!known || strstr(v->version, "ent") != NULL);
}

/* ---- the paths in the files ---- */

/* Nomad needs the paths of Consul only with TLS. A variable switches TLS on if no file sets it. */
static bool is_path_needed(const struct paths *p, const struct config_path *k)
{
    const char *by_variable = environment_value(p, "CONSUL_HTTP_SSL");
    bool sure;
    struct config_said ssl = facts_value_of(p->c, VALUE_CONSUL_SSL, &sure);

    if (config_path_rows[k->row].when[0] != VALUE_CONSUL_SSL)
        return config_values_needs(&p->c->f->values, k);
    if (!ssl.said && by_variable[0] != '\0')
        (void)config_value_override(VALUE_CONSUL_SSL, by_variable, &ssl);
    return config_said_true(&ssl) != TRI_NO;
}

static bool is_file(enum config_path_kind kind)
{
    return kind == PATH_FILE || kind == PATH_CERTIFICATE || kind == PATH_AUTHORITY;
}

static void wish_configured(struct paths *p, const struct config_path *k)
{
    enum config_path_kind kind = config_path_rows[k->row].kind;
    char name[160];
    int at;

    if (!is_path_needed(p, k) || is_set_by_option(p, &config_path_rows[k->row]) ||
        (k->is.plain && k->is.text[0] == '\0') ||
        (str_eq(config_path_rows[k->row].key, "license_path") && !needs_licence(p)))
        return;
    name_path(k, name);
    if (!k->is.plain || k->is.text[0] != '/') {
        note_finding(&p->unusable, TRI_UNKNOWN, "%s (%s): not an absolute path in plain text", name,
                     k->is.place);
        return;
    }
    at = wish_path(p, k->is.text, needs[kind]);
    if (at < 0)
        return;
    p->of[at] = k;
    p->questions[at].kind = is_file(kind);
    p->questions[at].content = kind == PATH_CERTIFICATE || kind == PATH_AUTHORITY;
}

static bool do_files_name(const struct paths *p, uint32_t row)
{
    const struct config_values *v = &p->c->f->values;

    for (uint32_t i = 0; i < v->n_paths; i++) {
        if (v->paths[i].row == row && !(v->paths[i].is.plain && v->paths[i].is.text[0] == '\0'))
            return true;
    }
    return false;
}

static void wish_by_env(struct paths *p, size_t i)
{
    struct config_path *k = &p->by_env[i];
    const char *path = environment_value(p, by_env[i].name);
    uint32_t row = 0;

    while (row < CONFIG_PATH_ROWS && (config_path_rows[row].block[0] == NULL ||
                                      !str_eq(config_path_rows[row].block[0], by_env[i].block) ||
                                      !str_eq(config_path_rows[row].key, by_env[i].key)))
        row++;
    if (row == CONFIG_PATH_ROWS || path[0] == '\0' || do_files_name(p, row))
        return;
    *k = (struct config_path){.row = row, .is = {.said = true}};
    snprintf(k->is.place, sizeof(k->is.place), "%s in Nomad's environment", by_env[i].name);
    k->is.plain = str_copy(k->is.text, sizeof(k->is.text), path) == 0;
    wish_configured(p, k);
}

static bool may_be_server(const struct paths *p)
{
    return p->s->f->server_id[0] != '\0' || facts_value_true(p->c, VALUE_SERVER) != TRI_NO;
}

static void wish_raft(struct paths *p)
{
    char path[300];

    p->peers = p->raft = -1;
    if (p->data_dir[0] == '\0' || !may_be_server(p))
        return;
    snprintf(path, sizeof(path), "%.220s/server/raft/peers.json", p->data_dir);
    p->peers = wish_path(p, path, 0);
    if (p->s->f->server_id[0] == '\0')
        return;
    snprintf(path, sizeof(path), "%.220s/server/raft", p->data_dir);
    p->raft = wish_path(p, path, 0);
    if (p->raft >= 0)
        p->questions[p->raft].sum = true;
}

/* Does a client keep its state outside data_dir? Then this path is among those of the files. */
static bool has_state_dir(const struct paths *p)
{
    const struct config_values *v = &p->c->f->values;

    for (uint32_t i = 0; i < v->n_paths; i++) {
        if (str_eq(config_path_rows[v->paths[i].row].key, "state_dir"))
            return true;
    }
    return command_line_has(p->c->words, p->c->words_len, "state-dir");
}

/* Nomad does not open files that are left from a time when it was a server, or a client. */
static void wish_inner(struct paths *p)
{
    char path[300];

    for (size_t i = 0; i < ARRAY_LEN(inner) && p->data_dir[0] == '/'; i++) {
        int at;

        if (facts_value_true(p->c, inner[i].when) != TRI_YES ||
            (inner[i].when == VALUE_CLIENT && has_state_dir(p)))
            continue;
        snprintf(path, sizeof(path), "%.220s/%s", p->data_dir, inner[i].name);
        at = wish_path(p, path, inner[i].need);
        if (at >= 0)
            p->inner[at] = true;
    }
}

static void wish_all(struct paths *p)
{
    const struct config_values *v = &p->c->f->values;
    const char *running = p->s->f->data_dir, *said = config_values_text(v, VALUE_DATA_DIR);

    str_cut(p->data_dir, sizeof(p->data_dir), running[0] != '\0' ? running : said);
    wish_raft(p);
    for (uint32_t i = 0; i < v->n_paths; i++)
        wish_configured(p, &v->paths[i]);
    if ((!v->said[VALUE_DATA_DIR].said ||
         command_line_has(p->c->words, p->c->words_len, "data-dir")) &&
        p->data_dir[0] == '/')
        (void)!wish_path(p, p->data_dir, needs[PATH_TREE]);
    for (size_t i = 0; i < BY_ENV; i++)
        wish_by_env(p, i);
    wish_inner(p);
}

static void ask_next_user(struct paths *p)
{
    const struct host *h = p->s->h;
    struct path_user next = {.uid = 0};
    struct err err = ERR_INIT;

    if (h->runs_as(h->ctx, p->s->f->stamp.main_pid, p->s->about.user, &p->user, &err) < 0)
        str_cut(p->no_user, sizeof(p->no_user), err.text);
    /* The unit may have another user by now; or its command has full privileges ("+"). A dynamic
     * user has no name. */
    else if (p->s->about.user[0] != '\0' &&
             h->runs_as(h->ctx, 0, p->s->about.user, &next, &err) == 0 && next.uid != p->user.uid)
        snprintf(
            p->no_user, sizeof(p->no_user),
            "the unit has User=%.60s, but Nomad runs as user %u: the user of the next start is not "
            "known",
            p->s->about.user, p->user.uid);
}

/* ---- paths that cannot be used ---- */

/* Why the answer about a path is not known; NULL: it is known. */
static const char *why_look_unknown(const struct host_look *l)
{
    switch (l->end) {
    case LOOK_UNKNOWN:
    case LOOK_SKIPPED:
        return "not examined, because other paths hang";
    case LOOK_UNSURE:
        return "an access list, or a file server, decides who may use it";
    case LOOK_FAILED:
        return strerror(l->error);
    case LOOK_HANGS:
        return "no answer within 2 s: is its file server down?";
    case LOOK_FINE:
    case LOOK_MISSING:
    case LOOK_DENIED:
    case LOOK_READ_ONLY:
        break;
    }
    return NULL;
}

/* Why Nomad cannot use the content. NULL: Nomad can use it, or the path is no file. */
static const char *content_fault(const struct paths *p, uint32_t i)
{
    static const char pem[] = "-----BEGIN CERTIFICATE-----";
    const struct host_look *l = &p->looks[i];

    if (p->of[i] == NULL || !is_file(config_path_rows[p->of[i]->row].kind))
        return NULL;
    if (l->dir)
        return "is a directory";
    if (S_ISREG(l->kind.mode) && l->kind.size == 0)
        return "is empty";
    return p->questions[i].content && S_ISREG(l->kind.mode) && !l->cut &&
                   memmem(buf_str(&l->content), l->content.len, pem, strlen(pem)) == NULL
               ? "contains no certificate"
               : NULL;
}

static void judge_path(struct paths *p, uint32_t i)
{
    static const char *const says[] = {
        [LOOK_MISSING] = "does not exist",
        [LOOK_READ_ONLY] = "is on a read-only file system",
    };
    const struct host_look *l = &p->looks[i];
    const char *path = p->questions[i].path, *unknown = why_look_unknown(l);
    const char *fault = content_fault(p, i);
    const char *where = l->where[0] != '\0' ? l->where : path;
    char name[160] = "data_dir";
    bool tree = p->of[i] != NULL ? config_path_rows[p->of[i]->row].kind == PATH_TREE : !p->inner[i];
    bool plugins = p->of[i] != NULL && config_path_rows[p->of[i]->row].kind == PATH_PLUGINS;

    if (p->inner[i] && l->end == LOOK_MISSING)
        return;
    if (p->of[i] != NULL)
        name_path(p->of[i], name);
    if (unknown != NULL)
        note_finding(&p->unusable, TRI_UNKNOWN, "%s: %.100s: %s", name, path, unknown);
    else if (l->end == LOOK_MISSING && plugins) /* Nomad only warns: pluginutils/loader/init.go */
        note_finding(&p->unusable, TRI_UNKNOWN,
                     "%s: %.100s does not exist: Nomad starts without plugins", name, path);
    else if (l->end == LOOK_DENIED)
        note_finding(&p->unusable, TRI_YES, "%s: Nomad runs as user %u, who may not use %.100s",
                     name, p->user.uid, where);
    else if (l->end != LOOK_FINE)
        note_finding(&p->unusable, TRI_YES, "%s: %.100s %s", name, where, says[l->end]);
    else if (tree && !l->dir)
        note_finding(&p->unusable, TRI_YES, "%s: %.100s is no directory", name, path);
    else if (fault != NULL)
        note_finding(&p->unusable, TRI_YES, "%s: %.100s %s", name, path, fault);
    else if (p->no_user[0] != '\0')
        note_finding(&p->unusable, TRI_UNKNOWN, "%.200s", p->no_user);
}

/* The text of /proc/PID/net/dev: "  eth0: 1 2 3". */
static bool has_interface(const char *table, const char *name)
{
    size_t n = strlen(name);

    for (const char *line = table; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        const char *s = line + strspn(line, " ");
        if (strncmp(s, name, n) == 0 && s[n] == ':')
            return true;
    }
    return false;
}

/* A client does not start if its configured interface does not exist
 * (client/fingerprint/network.go). The interfaces of the process's own network count. */
static void judge_interface(struct paths *p)
{
    bool sure;
    struct config_said name = facts_value_of(p->c, VALUE_INTERFACE, &sure);
    auto_buf struct buf table = BUF_INIT;
    struct err err = ERR_INIT;
    char path[64];

    snprintf(path, sizeof(path), "/proc/%u/net/dev", p->s->f->stamp.main_pid);
    if (!sure || !name.plain || name.text[0] == '\0' || p->s->f->stamp.main_pid == 0 ||
        facts_value_true(p->c, VALUE_CLIENT) != TRI_YES ||
        host_read_through(p->s->h, path, INTERFACES_MAX, &table, &err) < 0)
        return;
    if (!has_interface(buf_str(&table), name.text))
        note_finding(&p->unusable, TRI_YES,
                     "client network_interface (%.100s): there is no interface %.60s", name.place,
                     name.text);
}

static void report_finding(struct paths *p, const char *id, struct finding *f)
{
    char more[32] = "";

    if (f->value != TRI_YES && p->c->why != NULL)
        note_finding(f, TRI_UNKNOWN, "%s", p->c->why);
    if (f->value != TRI_YES && p->c->f->values.more_paths)
        note_finding(f, TRI_UNKNOWN, "Nomad's files name more paths than caravan-swap examines");
    if (f->n > 1)
        snprintf(more, sizeof(more), "; and %u more", f->n - 1);
    fact_add(p->s, id, f->value, "%.220s%s", f->text, more);
}

/* ---- certificates ---- */

struct expiry {
    uint32_t n, over;
    int64_t begins, ends; /* of the first certificate that is not valid now */
};

/* -1: the text cannot be read as certificates. */
static int read_certificate_expiry(const struct host_look *l, int64_t now_s, struct expiry *ret)
{
    const char *pem = buf_str(&l->content);
    struct certificate_time t;
    size_t at = 0;
    int rc;

    *ret = (struct expiry){.n = 0};
    while ((rc = certificate_next(pem, l->content.len, &at, &t)) == 0) {
        bool over = now_s > t.ends || now_s < t.begins;

        if (over && ret->over++ == 0) {
            ret->begins = t.begins;
            ret->ends = t.ends;
        }
        ret->n++;
    }
    return rc < 0 || ret->n == 0 || l->cut ? -1 : 0;
}

static void date_of(int64_t s, char dst[static 24])
{
    time_t t = (time_t)s;
    struct tm tm;

    if (gmtime_r(&t, &tm) == NULL || strftime(dst, 24, "%Y-%m-%d %H:%M", &tm) == 0)
        dst[0] = '\0';
}

/* Of a bundle of authorities, only the authority that signed matters. The host does not know which
 * authority that is. */
static void judge_certificate(struct paths *p, uint32_t i)
{
    bool chain = config_path_rows[p->of[i]->row].kind == PATH_CERTIFICATE;
    int64_t now_s = p->s->h->wall(p->s->h->ctx) / 1000000000;
    const char *path = p->questions[i].path;
    struct expiry e;
    char name[160], date[24];

    name_path(p->of[i], name);
    if (p->looks[i].end != LOOK_FINE && p->looks[i].end != LOOK_UNSURE) {
        note_finding(&p->expired, TRI_UNKNOWN, "%s: %.120s was not read", name, path);
        return;
    }
    if (read_certificate_expiry(&p->looks[i], now_s, &e) < 0) {
        note_finding(&p->expired, TRI_UNKNOWN, "%s: %.120s %s", name, path,
                     p->looks[i].cut ? "is larger than caravan-swap reads"
                                     : "is no certificate that caravan-swap can read");
        return;
    }
    if (e.over == 0)
        return;
    date_of(now_s < e.begins ? e.begins : e.ends, date);
    note_finding(&p->expired, chain || e.over == e.n ? TRI_YES : TRI_UNKNOWN,
                 "%s: %.120s %s %s UTC%s", name, path, now_s < e.begins ? "begins" : "ended", date,
                 chain || e.over == e.n ? "" : ": one of several in the file");
}

/* ---- raft ---- */

static void report_peers_file(struct paths *p)
{
    static const char id[] = "raft-peers-file";
    const struct host_look *l = p->peers >= 0 ? &p->looks[p->peers] : NULL;

    if (!may_be_server(p))
        fact_add(p->s, id, TRI_NO, "Nomad is no server here");
    else if (l == NULL)
        fact_add(p->s, id, TRI_UNKNOWN, "Nomad's data_dir is not known");
    else if (l->end == LOOK_MISSING)
        fact_add(p->s, id, TRI_NO, "%s", "");
    else if (l->end == LOOK_FINE || l->end == LOOK_UNSURE)
        fact_add(p->s, id, TRI_YES, "%.250s", p->questions[p->peers].path);
    else
        fact_add(p->s, id, TRI_UNKNOWN, "%.150s: %.80s", p->questions[p->peers].path,
                 l->end == LOOK_DENIED ? "Nomad's user may not look at it" : why_look_unknown(l));
}

static void report_raft_size(struct paths *p)
{
    static const char id[] = "raft-size";
    const struct host_look *l = p->raft >= 0 ? &p->looks[p->raft] : NULL;

    if (p->s->f->server_id[0] == '\0')
        return;
    if (l == NULL || (l->end != LOOK_FINE && l->end != LOOK_UNSURE))
        fact_add(p->s, id, TRI_UNKNOWN, "server/raft in Nomad's data_dir could not be read");
    else if (l->cut)
        fact_add(p->s, id, TRI_UNKNOWN, "server/raft contains more files than are counted");
    else
        fact_add(p->s, id, TRI_YES, "%llu", (unsigned long long)l->bytes);
}

/* ---- all paths ---- */

static void judge_all(struct paths *p)
{
    for (uint32_t i = 0; i < p->n; i++) {
        if ((int)i == p->peers || (int)i == p->raft)
            continue;
        judge_path(p, i);
        if (p->questions[i].content)
            judge_certificate(p, i);
    }
}

void facts_of_paths(struct surveying *s, const struct config_read *c)
{
    autofree struct paths *p = xzalloc(1, sizeof(*p));
    struct err err = ERR_INIT;

    p->s = s;
    p->c = c;
    p->unusable.value = p->expired.value = TRI_NO;
    p->environment = (struct buf)BUF_INIT;
    ask_next_user(p);
    read_nomad_environment(p);
    wish_all(p);
    if (p->n > 0 && s->h->look_at(s->h->ctx, s->f->stamp.main_pid, &p->user, p->questions, p->n,
                                  p->looks, &err) < 0) {
        note_finding(&p->unusable, TRI_UNKNOWN, "%s", err.text);
        note_finding(&p->expired, TRI_UNKNOWN, "%s", err.text);
        for (uint32_t i = 0; i < p->n; i++)
            p->looks[i].end = LOOK_UNKNOWN;
    } else {
        judge_all(p);
    }
    judge_interface(p);
    report_finding(p, "path-unusable", &p->unusable);
    report_finding(p, "certificate-expired", &p->expired);
    report_peers_file(p);
    report_raft_size(p);
    buf_free(&p->environment);
    for (uint32_t i = 0; i < p->n; i++)
        buf_free(&p->looks[i].content);
}
