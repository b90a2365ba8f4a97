#include "facts_config.h"
#include "certificate_names.h"
#include "command_line.h"
#include "config_findings.h"
#include "config_name.h"
#include "config_trial.h"
#include "facts_ready.h"
#include "facts_values.h"
#include "str.h"

#define FILE_MAX    (1024 * 1024)
#define FILES_MAX   100
#define BYTES_MAX   (16 * 1024 * 1024) /* of all of them */
#define CMDLINE_MAX 4096

struct reading {
    struct surveying *s;
    const struct host *h;
    struct buf words; /* of the command that starts Nomad, each ends in NUL */
    size_t n_paths;
    const char *why;  /* why there are no paths */
    const char *part; /* why some words are missing; NULL: all words are known */
    uint32_t files;
    size_t bytes;
    struct config_findings f;
    struct config_times times;
    struct host_names names;
};

/* ---- what is read ---- */

static void take_newer(int64_t ns, const char *path, int64_t *newest, char place[CONFIG_PLACE])
{
    auto_buf struct buf name = BUF_INIT;

    if (ns <= *newest)
        return;
    *newest = ns;
    str_escape(&name, path, strlen(path));
    str_cut(place, CONFIG_PLACE, buf_str(&name));
}

/* For a directory: the time when a name was added or removed. */
static void note_times(struct reading *r, const char *path, bool dir)
{
    struct host_stat st = {.there = false};
    struct err err = ERR_INIT;

    if (r->h->stat_through(r->h->ctx, HOST_OWN_PATH, path, &st, &err) < 0 || !st.there)
        return;
    if (!dir)
        take_newer(st.mtime_ns, path, &r->times.written_ns, r->times.written);
    take_newer(dir ? st.mtime_ns : st.ctime_ns, path, &r->times.touched_ns, r->times.touched);
}

/* The unit may give Nomad another root or other mounts (RootDirectory=, BindPaths=). Then Nomad
 * reads another file under this path than caravan-swap. */
static bool differs_for_nomad(const struct reading *r, const char *path)
{
    struct host_stat ours = {.there = false}, its = {.there = false};
    char root[32], inside[600];
    struct err err = ERR_INIT;

    snprintf(root, sizeof(root), "/proc/%u/root", r->s->f->stamp.main_pid);
    snprintf(inside, sizeof(inside), "%s%.500s", root, path);
    if (r->s->f->stamp.main_pid == 0 ||
        r->h->stat_through(r->h->ctx, HOST_OWN_PATH, root, &its, &err) < 0 || !its.there ||
        r->h->stat_through(r->h->ctx, HOST_OWN_PATH, path, &ours, &err) < 0 ||
        r->h->stat_through(r->h->ctx, HOST_OWN_PATH, inside, &its, &err) < 0)
        return false;
    return ours.there != its.there || ours.dev != its.dev || ours.ino != its.ino;
}

static const char other_file[] = "is not what Nomad's process sees there";

static void read_config_file(struct reading *r, const char *path)
{
    auto_buf struct buf text = BUF_INIT;
    struct err err = ERR_INIT;

    if (r->files == FILES_MAX || r->bytes >= BYTES_MAX) {
        config_findings_miss(&r->f, path, "was not read: there are too many files");
        return;
    }
    if (differs_for_nomad(r, path)) {
        config_findings_miss(&r->f, path, other_file);
        return;
    }
    r->files++;
    note_times(r, path, false);
    if (host_read_through(r->h, path, FILE_MAX, &text, &err) < 0) {
        config_findings_miss(&r->f, path,
                             err.kind == ERR_LIMIT ? "is larger than 1 MiB" : "cannot be read");
        return;
    }
    r->bytes += text.len;
    config_findings_add(&r->f, path, buf_str(&text), text.len);
}

static void read_config_name(struct reading *r, const char *dir, const char *name)
{
    enum config_name kind = config_name_of(name);
    char path[512];

    snprintf(path, sizeof(path), "%.350s/%s", dir, name);
    if (kind == CONFIG_NAME_READ)
        read_config_file(r, path);
    else if (kind == CONFIG_NAME_LEFTOVER)
        config_findings_aside(&r->f, path);
}

static void read_config_path(struct reading *r, const char *path)
{
    struct err err = ERR_INIT;

    if (differs_for_nomad(r, path)) {
        config_findings_miss(&r->f, path, other_file);
        return;
    }
    if (r->h->names(r->h->ctx, path, &r->names, &err) < 0) {
        config_findings_miss(&r->f, path, "cannot be read");
        return;
    }
    if (!r->names.dir)
        read_config_file(r, path);
    else
        note_times(r, path, true);
    for (uint32_t i = 0; i < r->names.n; i++)
        read_config_name(r, path, r->names.list[i].name);
    if (r->names.more)
        config_findings_miss(&r->f, path, "contains too many files");
}

/* If only a part of the words is known, the function takes that part: the files that it names
 * count. */
static void take_start_words(struct reading *r)
{
    const struct service_about *about = &r->s->about;
    auto_buf struct buf running = BUF_INIT;
    struct command_line_start start;
    struct err err = ERR_INIT;
    char cmdline[64];

    snprintf(cmdline, sizeof(cmdline), "/proc/%u/cmdline", r->s->f->stamp.main_pid);
    if (r->s->f->stamp.main_pid == 0 ||
        host_read_through(r->h, cmdline, CMDLINE_MAX, &running, &err) < 0)
        buf_clear(&running);
    start = command_line_of_start(about->words, r->s->asked ? about->words_len : 0,
                                  (const char *)running.data, running.len);
    buf_clear(&r->words);
    (void)buf_add(&r->words, start.words, start.n);
    r->part = start.why;
}

static void read_config_files(struct reading *r)
{
    const char *paths[CONFIG_TRIAL_PATHS];
    bool more;

    take_start_words(r);
    r->n_paths = config_trial_paths(buf_str(&r->words), r->words.len, paths, &more, &r->why);
    for (size_t i = 0; i < r->n_paths; i++)
        read_config_path(r, paths[i]);
}

/* Why a key may be configured although no file that was read contains it. NULL: all was read. */
static const char *why_incomplete(const struct reading *r)
{
    if (r->part != NULL)
        return r->part;
    return r->n_paths == 0 ? r->why : r->f.unread > 0 ? r->f.why : NULL;
}

/* ---- the facts ---- */

/* Nomad reads only the files that its command names. A key that none of them has is absent. */
static void report_key(struct reading *r, const struct config_wanted *wanted, const char *found)
{
    const char *option = wanted->option, *why = why_incomplete(r);
    char id[40];

    snprintf(id, sizeof(id), "key.%s", wanted->key);
    if (found[0] != '\0')
        fact_add(r->s, id, TRI_YES, "%s", found);
    else if (option != NULL && command_line_has(buf_str(&r->words), r->words.len, option))
        fact_add(r->s, id, TRI_YES, "the option -%s of Nomad's command", option);
    else if (why != NULL)
        fact_add(r->s, id, TRI_UNKNOWN, "%s", why);
    else
        fact_add(r->s, id, TRI_NO, "not in the %u %s of Nomad's configuration", r->f.files,
                 str_count(r->f.files, "file", "files"));
}

static void report_keys(struct reading *r)
{
    for (size_t i = 0; i < CONFIG_WANTED; i++)
        report_key(r, &config_wanted[i], r->f.found[i]);
}

static void report_second_config(struct reading *r)
{
    static const char id[] = "second-config";
    const char *why = why_incomplete(r);

    if (r->f.n_whole > 1)
        fact_add(r->s, id, TRI_YES, "%.100s and %.100s both name a data_dir: Nomad merges them",
                 r->f.whole[0], r->f.whole[1]);
    else if (why != NULL)
        fact_add(r->s, id, TRI_UNKNOWN, "%s", why);
    else
        fact_add(r->s, id, TRI_NO, "%s", "");
}

static void report_leftovers(struct reading *r)
{
    static const char id[] = "config-leftovers";
    const char *why = why_incomplete(r);

    if (r->f.leftover[0] != '\0')
        fact_add(r->s, id, TRI_YES, "Nomad does not read %s", r->f.leftover);
    else if (why != NULL)
        fact_add(r->s, id, TRI_UNKNOWN, "%s", why);
    else
        fact_add(r->s, id, TRI_NO, "%s", "");
}

/* The first program without a plugin block; NULL: none. */
static const char *find_unlisted_plugin(const struct reading *r)
{
    for (uint32_t i = 0; i < r->names.n; i++) {
        if (r->names.list[i].program && !config_findings_plugin(&r->f, r->names.list[i].name))
            return r->names.list[i].name;
    }
    return NULL;
}

static bool find_plugins(const struct reading *r, char dst[static 300])
{
    const struct config_values *v = &r->f.values;
    const char *plugins = config_values_text(v, VALUE_PLUGIN_DIR);
    const char *data =
        r->s->f->data_dir[0] != '\0' ? r->s->f->data_dir : config_values_text(v, VALUE_DATA_DIR);

    if (plugins[0] != '\0')
        snprintf(dst, 300, "%s", plugins);
    else
        snprintf(dst, 300, "%s/plugins", data);
    return dst[0] == '/' && (plugins[0] != '\0' || data[0] != '\0') &&
           !command_line_has(buf_str(&r->words), r->words.len, "plugin-dir");
}

static void report_plugins(struct reading *r)
{
    static const char id[] = "plugin-unlisted";
    auto_buf struct buf name = BUF_INIT;
    const char *why = why_incomplete(r), *first;
    struct err err = ERR_INIT;
    char dir[300];

    if (why != NULL)
        fact_add(r->s, id, TRI_UNKNOWN, "%s", why);
    else if (!find_plugins(r, dir))
        fact_add(r->s, id, TRI_UNKNOWN, "the directory of plugins is not known");
    else if (r->h->names(r->h->ctx, dir, &r->names, &err) < 0 && err.kind == ERR_NOTFOUND)
        fact_add(r->s, id, TRI_NO, "there is no directory of plugins");
    else if (err.kind != ERR_NONE)
        fact_add(r->s, id, TRI_UNKNOWN, "the directory of plugins cannot be read");
    else if ((first = find_unlisted_plugin(r)) == NULL && !r->names.more)
        fact_add(r->s, id, TRI_NO, "%s", "");
    else if (first == NULL || r->f.more_plugins)
        fact_add(r->s, id, TRI_UNKNOWN, "there are more plugins than can be compared");
    else {
        str_escape(&name, first, strlen(first));
        fact_add(r->s, id, TRI_YES, "%s", buf_str(&name));
    }
}

/* A wildcard may fit, and so may any name if the region is not known. Nomad's own verification
 * decides. */
static enum tri judge_names(const struct certificate_names *names, const char *region)
{
    enum tri has = names->more || names->n == 0 ? TRI_UNKNOWN : TRI_NO;
    char wanted[96];

    snprintf(wanted, sizeof(wanted), "server.%s.nomad", region);
    for (uint32_t i = 0; i < names->n; i++) {
        const char *name = names->name[i];

        if (region[0] != '\0' && strcasecmp(name, wanted) == 0)
            return TRI_YES;
        if (name[0] == '*' || (region[0] == '\0' && str_starts(name, "server.")))
            has = TRI_UNKNOWN;
    }
    return has;
}

static void report_certificate(struct reading *r)
{
    static const char id[] = "tls-names";
    static const char *const says[] = {
        [TRI_UNKNOWN] = "the certificate has other names, some of which may fit this region",
        [TRI_NO] = "the certificate has other names only",
        [TRI_YES] = "",
    };
    autofree struct certificate_names *names = xzalloc(1, sizeof(*names));
    const char *file = config_values_text(&r->f.values, VALUE_CERT_FILE);
    const char *region = config_values_text(&r->f.values, VALUE_REGION), *why = why_incomplete(r);
    auto_buf struct buf pem = BUF_INIT;
    struct err err = ERR_INIT;
    enum tri has;

    if (region[0] == '\0' && why == NULL)
        region = "global";
    if (file[0] != '/') {
        fact_add(r->s, id, TRI_UNKNOWN, "%s",
                 why != NULL ? why : "Nomad's files name no tls cert_file with an absolute path");
    } else if (host_read_through(r->h, file, FILE_MAX, &pem, &err) < 0 ||
               certificate_names(buf_str(&pem), pem.len, names) < 0) {
        fact_add(r->s, id, TRI_UNKNOWN, "tls cert_file cannot be read as a certificate");
    } else {
        has = judge_names(
            names, command_line_has(buf_str(&r->words), r->words.len, "region") ? "" : region);
        fact_add(r->s, id, has, "%s", says[has]);
    }
}

/* ---- the wait for a cloud's metadata ---- */

#define CLOUD_S 2 /* for each: the timeouts in Nomad's client/fingerprint/env_*.go, 1.2 to 2.0 */

/* The fingerprinters ask one after the other (fingerprint_manager.go), before the client registers.
 */
static void report_metadata_probes(struct reading *r)
{
    static const char id[] = "metadata-probes";
    const struct phases *p = r->s->p;
    const char *why = why_incomplete(r);
    uint32_t n = config_findings_clouds(&r->f);

    if (r->s->f->client_id[0] == '\0')
        return;
    if (p->metadata == PEER_SERVES)
        fact_add(r->s, id, TRI_NO, "a cloud's metadata service answers");
    else if (p->metadata == PEER_NOBODY)
        fact_add(r->s, id, TRI_NO, "no metadata service exists, and Nomad learns that at once");
    else if (p->metadata != PEER_MUTE)
        fact_add(r->s, id, TRI_UNKNOWN,
                 "whether a cloud's metadata service answers was not checked");
    else if (why != NULL || r->f.odd_list)
        fact_add(r->s, id, TRI_UNKNOWN, "%s",
                 why != NULL ? why : "a list of fingerprinters is not plain text");
    else if (n == 0)
        fact_add(r->s, id, TRI_NO, "no fingerprinter asks");
    else
        fact_add(r->s, id, TRI_YES,
                 "each start waits %u s for a cloud's metadata, but no service answers: %u %s",
                 n * CLOUD_S, n, str_count(n, "fingerprinter asks", "fingerprinters ask"));
}

/* ---- the host ---- */

static bool file_says(const struct host *h, const char *path, const char *word)
{
    auto_buf struct buf text = BUF_INIT;
    struct err err = ERR_INIT;

    return host_read_through(h, path, 4096, &text, &err) == 0 &&
           strcasestr(buf_str(&text), word) != NULL;
}

/* The firmware says so, or on older instances the hypervisor. */
static bool is_ec2(const struct host *h)
{
    return file_says(h, "/sys/class/dmi/id/sys_vendor", "amazon") ||
           file_says(h, "/sys/class/dmi/id/bios_version", "amazon") ||
           file_says(h, "/sys/hypervisor/uuid", "ec2");
}

static void ask_dmidecode(struct surveying *s)
{
    static const char *const places[] = {"/usr/sbin/dmidecode",       "/usr/bin/dmidecode",
                                         "/sbin/dmidecode",           "/bin/dmidecode",
                                         "/usr/local/sbin/dmidecode", "/usr/local/bin/dmidecode"};
    const struct host *h = s->h;
    struct err err = ERR_INIT;

    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        struct host_stat st = {.there = false};

        if (h->stat_through(h->ctx, HOST_OWN_PATH, places[i], &st, &err) < 0) {
            fact_unknown(s, "dmidecode", &err);
            return;
        }
        if (st.there && (st.mode & 0111) != 0) {
            fact_add(s, "dmidecode", TRI_YES, "%s", places[i]);
            return;
        }
    }
    if (is_ec2(h))
        fact_add(s, "dmidecode", TRI_NO, "%s", "");
    else
        fact_add(s, "dmidecode", TRI_YES, "not needed: this is no EC2 instance");
}

/* Generators write their files again at each reload: the time of such a file has no meaning. */
static void note_unit_file(struct reading *r, const char *path)
{
    if (path[0] == '/' && !str_starts(path, "/run/systemd/generator"))
        note_times(r, path, false);
}

/* The next start also reads the files of the environment and of the unit. */
static void note_environment(struct reading *r)
{
    const struct service_about *about = &r->s->about;
    char drop_ins[sizeof(about->drop_ins)], *rest = drop_ins, *path;

    note_unit_file(r, r->s->asked ? about->fragment : "");
    str_cut(drop_ins, sizeof(drop_ins), r->s->asked ? about->drop_ins : "");
    while ((path = strsep(&rest, " ")) != NULL)
        note_unit_file(r, path);
    for (uint32_t i = 0; r->s->asked && i < about->files.n; i++)
        note_times(r, about->files.list[i].path, false);
}

static void report_read_config(struct reading *r)
{
    const struct config_read c = {.f = &r->f,
                                  .times = &r->times,
                                  .words = buf_str(&r->words),
                                  .words_len = r->words.len,
                                  .whole = r->part == NULL && r->words.len > 0,
                                  .why = why_incomplete(r)};

    note_environment(r);
    facts_of_values(r->s, &c);
    facts_of_readiness(r->s, &c);
    facts_of_joins(r->s, &c);
    facts_of_joining(r->s, &c);
}

void facts_of_config(struct surveying *s)
{
    autofree struct reading *r = xzalloc(1, sizeof(*r));

    *r = (struct reading){.s = s, .h = s->h, .words = BUF_INIT};
    read_config_files(r);
    report_keys(r);
    report_second_config(r);
    report_leftovers(r);
    report_plugins(r);
    report_certificate(r);
    ask_dmidecode(s);
    report_metadata_probes(r);
    report_read_config(r);
    buf_free(&r->words);
}
