#include "fingerprint.h"

#include <inttypes.h>
#include "gate.h"
#include "version.h"

enum change { FAILS, TELLS, IS_NOTHING };

/* A server may be needed for a quorum. */
#define RESTART_IT "restart Nomad there (a server only while all the others are healthy)."

/* A run compares a host with the same fingerprint until the run ends. */
#define MEANT " If the host should stay as it is now, type caravan abort and begin a new run."

static const struct {
    char letter; /* ledgers contain it: never change it */
    const char *one, *many;
    enum change vanished, changed;
    bool of_binary;
    const char *advice;
    const char *well; /* only this value must stay; NULL: any value must stay */
    const char *lost; /* text when the value is lost; NULL: the usual text */
} kinds[FEATURE_KINDS] = {
    [FEATURE_NONE] = {'-', "", "", IS_NOTHING, IS_NOTHING, false, "", NULL, NULL},
    [FEATURE_ID] =
        {'i', "node id", "", FAILS, FAILS, false,
         "Find out why Nomad has lost its id there. Does data_dir in its configuration name "
         "another directory than before, or is that directory empty or not mounted? "
         "Bring the old directory back, and then " RESTART_IT " Copy no id by hand.",
         NULL, NULL},
    [FEATURE_NAME] = {'n', "name", "", FAILS, FAILS, false,
                      "Put the name in Nomad's configuration on that host (or its host name) back, "
                      "and " RESTART_IT MEANT,
                      NULL, NULL},
    [FEATURE_REGION] =
        {'g', "region", "", FAILS, FAILS, false,
         "Put the region in Nomad's configuration on that host back, and " RESTART_IT, NULL, NULL},
    [FEATURE_DC] = {'d', "datacenter", "", FAILS, FAILS, false,
                    "Put the datacenter in Nomad's "
                    "configuration on that host back, and " RESTART_IT MEANT,
                    NULL, NULL},
    [FEATURE_CLASS] = {'c', "node class", "", FAILS, FAILS, false,
                       "Put client.node_class in Nomad's configuration on that host back, and "
                       "restart Nomad there." MEANT,
                       NULL, NULL},
    [FEATURE_POOL] = {'p', "node pool", "", FAILS, FAILS, false,
                      "Put client.node_pool in Nomad's configuration on that host back, and "
                      "restart Nomad there." MEANT,
                      NULL, NULL},
    [FEATURE_RAFT] = {'r', "address in the raft configuration", "", FAILS, FAILS, false,
                      "See nomad operator raft list-peers, and advertise.rpc in Nomad's "
                      "configuration on that host.",
                      NULL, NULL},
    [FEATURE_VOTER] = {'v', "vote", "", FAILS, FAILS, false,
                       "See nomad operator raft list-peers and nomad operator autopilot health: "
                       "the server must vote again.",
                       "yes", "is not a voter any more"},
    [FEATURE_DRIVER] =
        {'D', "driver", "drivers", FAILS, FAILS, true,
         "See in nomad node status -verbose of that node what its driver reports, and "
         "repair that on the host." MEANT,
         "healthy", NULL},
    [FEATURE_VOLUME] =
        {'V', "host volume", "host volumes", FAILS, FAILS, true,
         "See on that host that host_volume in Nomad's configuration is as before, and "
         "that its paths exist and are mounted. Only then restart Nomad there." MEANT,
         NULL, NULL},
    [FEATURE_ATTRIBUTE] =
        {'A', "attribute", "attributes", FAILS, TELLS, true,
         "See on that host whether the programs that provide these attributes run "
         "(consul.*: Consul's agent, vault.*: Vault, driver.*: that driver)." MEANT,
         NULL, NULL},
    [FEATURE_META] = {'M', "metadata key", "metadata keys", FAILS, TELLS, true,
                      "See client.meta in Nomad's configuration on that host. nomad node meta read "
                      "shows the keys that were set while Nomad ran." MEANT,
                      NULL, NULL},
    [FEATURE_ELIGIBILITY] =
        {'e', "eligibility", "", FAILS, FAILS, false,
         "Find out who set it (nomad node status -verbose NODE shows events): "
         "an operator, or a drain that ExecStop= of Nomad's unit begins at each "
         "stop. If nobody wants it, type nomad node eligibility -enable NODE." MEANT,
         "eligible", NULL},
    [FEATURE_DRAIN] =
        {'w', "drain state", "", FAILS, FAILS, false,
         "Find out who drains it: an operator, or ExecStop= of Nomad's unit, which "
         "does so at each stop (systemctl cat). If nobody wants the drain, type nomad "
         "node drain -disable NODE." MEANT,
         "none", NULL},
    [FEATURE_DRAINED] = {'l', "last drain", "", IS_NOTHING, IS_NOTHING, false, "", NULL, NULL},
    [FEATURE_UNIT] = {'u', "unit", "units", FAILS, FAILS, false,
                      "See on that host why these units are not active (systemctl status), and "
                      "start them (systemctl start). They stop together with Nomad's unit, and did "
                      "not start again with it.",
                      NULL, NULL},
    [FEATURE_DEVICE] =
        {'G', "device", "devices", FAILS, FAILS, true,
         "See nomad node status -verbose of that node, and what the device plugin "
         "reports in Nomad's log. The plugin must be in Nomad's plugin_dir, and must "
         "find the driver of the device on that host." MEANT,
         "healthy", NULL},
    [FEATURE_NETWORK] =
        {'N', "network", "networks", FAILS, FAILS, true,
         "See on that host what provides the network: for bridge the kernel "
         "module, for cni/NAME the file in cni_config_dir, for host_network its "
         "interface, which must be up. Nomad looks for networks when it starts." MEANT,
         NULL, NULL},
};

const char *feature_name(enum feature_kind what)
{
    return (unsigned)what < FEATURE_KINDS ? kinds[what].one : "";
}

const char *feature_advice(enum feature_kind what)
{
    return (unsigned)what < FEATURE_KINDS ? kinds[what].advice : "";
}

bool feature_of_binary(enum feature_kind what)
{
    return (unsigned)what < FEATURE_KINDS && kinds[what].of_binary;
}

static enum feature_kind feature_of_letter(char letter)
{
    for (unsigned i = 1; i < FEATURE_KINDS; i++)
        if (kinds[i].letter == letter)
            return (enum feature_kind)i;
    return FEATURE_NONE;
}

/* ---- what a version takes away ---- */

/* From the source of each version's fingerprinters (client/fingerprint, client/client.go) at the
 * tags v1.0.18 to v2.0.5, and from the changelogs. A star stands for a cluster's name. */
static const struct {
    enum feature_kind what;
    const char *key;
    const char *since, *below; /* since: first version without it, "": any; below: first version
                                  with it again, "": none */
} taken_away[] = {
    /* 1.7.0: os.cgroups.version took its place */
    {FEATURE_ATTRIBUTE, "unique.cgroup.version", "1.7.0", ""},
    {FEATURE_ATTRIBUTE, "unique.cgroup.mountpoint", "1.7.0", ""},
    /* 1.7.0: now one value for each kind of core. All cores without a second thread count as the
     * kind that has none (numalib, gradeOf): cpu.frequency.efficiency took its place on most
     * virtual machines. */
    {FEATURE_ATTRIBUTE, "cpu.frequency", "1.7.0", ""},
    /* 1.7.0: read from the processor, which reports it on amd64 only */
    {FEATURE_ATTRIBUTE, "cpu.modelname", "1.7.0", ""},
    /* 1.7.0: cpu.*.performance */
    {FEATURE_ATTRIBUTE, "cpu.frequency.power", "1.7.0", ""},
    {FEATURE_ATTRIBUTE, "cpu.numcores.power", "1.7.0", ""},
    /* 1.8.0: client.go does not set them any more */
    {FEATURE_META, "connect.log_level", "1.8.0", ""},
    {FEATURE_META, "connect.proxy_concurrency", "1.8.0", ""},
    /* 1.9.7, 1.8.11, 1.7.19: unique.advertise.address, unique.consul.dns.addr */
    {FEATURE_ATTRIBUTE, "nomad.advertise.address", "1.9.7", ""},
    {FEATURE_ATTRIBUTE, "nomad.advertise.address", "1.8.11", "1.9.0"},
    {FEATURE_ATTRIBUTE, "nomad.advertise.address", "1.7.19", "1.8.0"},
    {FEATURE_ATTRIBUTE, "consul.dns.addr", "1.9.7", ""},
    {FEATURE_ATTRIBUTE, "consul.dns.addr", "1.8.11", "1.9.0"},
    {FEATURE_ATTRIBUTE, "consul.dns.addr", "1.7.19", "1.8.0"},
    {FEATURE_ATTRIBUTE, "consul.*.dns.addr", "1.9.7", ""},
    {FEATURE_ATTRIBUTE, "consul.*.dns.addr", "1.8.11", "1.9.0"},
    {FEATURE_ATTRIBUTE, "consul.*.dns.addr", "1.7.19", "1.8.0"},
    /* 1.11.1: GH-27019 */
    {FEATURE_ATTRIBUTE, "unique.storage.bytesfree", "1.11.1", ""},
    /* Only in builds without the tag "release" (register_testing.go). */
    {FEATURE_DRIVER, "mock_driver", "", ""},
    {FEATURE_ATTRIBUTE, "driver.mock", "", ""},
    {FEATURE_ATTRIBUTE, "driver.mock_driver", "", ""},
};

/* Attributes that differ after every upgrade, or change by themselves. Nobody wants to read
 * about them. */
static const char *const moves[] = {"nomad.version", "nomad.revision", "unique.storage.bytesfree",
                                    "unique.storage.bytestotal",
                                    "os.signals"}; /* in another order after each start */

static bool key_fits(const char *pattern, const char *key)
{
    const char *star = strchr(pattern, '*');

    if (star == NULL)
        return str_eq(pattern, key);
    size_t head = (size_t)(star - pattern);
    return strncmp(pattern, key, head) == 0 && strlen(key) > strlen(pattern) - 1 &&
           str_ends(key, star + 1);
}

/* An unknown version is not below any version, so it explains nothing. */
static bool is_version_below(const char *version, const char *other)
{
    struct version v;
    struct err err = ERR_INIT;
    return version_parse(version, &v, &err) == 0 && version_cmp_text(&v, other) < 0;
}

static bool is_version_from(const char *version, const char *other)
{
    struct version v;
    struct err err = ERR_INIT;
    return version_parse(version, &v, &err) == 0 && version_cmp_text(&v, other) >= 0;
}

static bool version_lacks_feature(const char *version, size_t row)
{
    const char *since = taken_away[row].since, *below = taken_away[row].below;
    return is_version_from(version, since) &&
           (below[0] == '\0' || is_version_below(version, below));
}

/* True if the old version has the feature, and the version that runs now does not. */
static bool release_takes(const struct feature *f, const struct fingerprint_way *way)
{
    for (size_t i = 0; i < ARRAY_LEN(taken_away); i++)
        if (taken_away[i].what == f->what && key_fits(taken_away[i].key, f->key) &&
            (taken_away[i].since[0] == '\0' ||
             (version_lacks_feature(way->to, i) && !version_lacks_feature(way->from, i))))
            return true;
    return false;
}

/* ---- the bytes of a fingerprint ---- */

static void add_clean(struct buf *b, const char *s, size_t most)
{
    size_t n = strlen(s);
    uint32_t hash = 2166136261U;
    char tail[12] = "";

    if (n > most) {
        for (size_t i = 0; i < n; i++)
            hash = (hash ^ (unsigned char)s[i]) * 16777619U;
        snprintf(tail, sizeof(tail), "~%08" PRIx32, hash);
        n = most - 9;
    }
    for (size_t i = 0; i < n; i++)
        buf_add_byte(b, (unsigned char)s[i] < ' ' ? ' ' : (unsigned char)s[i]);
    buf_add_str(b, tail);
    buf_add_byte(b, 0);
}

static void add_fingerprint_feature(struct buf *b, enum feature_kind what, const char *key,
                                    const char *value)
{
    if (strlen(key) > FEATURE_KEY_MAX)
        return;
    buf_add_byte(b, (unsigned char)kinds[what].letter);
    add_clean(b, key, FEATURE_KEY_MAX);
    add_clean(b, value, FEATURE_VALUE_MAX);
}

/* Returns the text at *at and moves *at behind it; NULL: the text has no end. */
static const char *read_feature_text(const struct buf *f, size_t *at)
{
    const char *s = (const char *)f->data + *at;
    const char *end = *at < f->len ? memchr(s, 0, f->len - *at) : NULL;

    if (end == NULL)
        return NULL;
    *at += (size_t)(end - s) + 1;
    return s;
}

bool fingerprint_next(const struct buf *f, size_t *at, struct feature *ret)
{
    if (*at >= f->len)
        return false;
    ret->what = feature_of_letter((char)f->data[*at]);
    size_t next = *at + 1;
    ret->key = read_feature_text(f, &next);
    ret->value = ret->key != NULL ? read_feature_text(f, &next) : NULL;
    if (ret->value == NULL)
        return false;
    *at = next;
    return true;
}

const char *fingerprint_value(const struct buf *f, enum feature_kind what)
{
    struct feature it;

    for (size_t at = 0; fingerprint_next(f, &at, &it);)
        if (it.what == what && it.key[0] == '\0')
            return it.value;
    return NULL;
}

void fingerprint_set(struct buf *f, enum feature_kind what, const char *value)
{
    struct buf anew = BUF_INIT;
    struct feature it;

    for (size_t at = 0; fingerprint_next(f, &at, &it);)
        add_fingerprint_feature(&anew, it.what, it.key,
                                it.what == what && it.key[0] == '\0' ? value : it.value);
    buf_free(f);
    *f = anew;
}

/* ---- taking a fingerprint ---- */

static bool is_answered_since(int64_t at, int64_t since, int64_t now)
{
    return at > since && is_fresh(at, now);
}

/* Finds the server in the raft configuration, by any server that reports one. NULL: it is not in
 * it, or no server reports it (*ret_told is false). */
static const struct peer *raft_peer(const struct world *w, const struct host *h, int64_t since,
                                    int64_t now, bool *ret_told)
{
    *ret_told = false;
    for (size_t i = 0; i < w->n_hosts && w->hosts[i].is_server; i++) {
        const struct server_view *v = &w->hosts[i].server;
        if (!str_eq(w->hosts[i].region, h->region) || v->raft_status != 200 ||
            !is_answered_since(v->raft_at, since, now))
            continue;
        *ret_told = true;
        for (size_t k = 0; k < v->n_raft; k++)
            if (str_eq(v->raft[k].id, h->server_id))
                return &v->raft[k];
    }
    return NULL;
}

static const char *or_empty(const char *s)
{
    return s != NULL ? s : "";
}

static void add_server_features(const struct world *w, const struct host *h, int64_t since,
                                int64_t now, struct buf *ret)
{
    const struct server_view *v = &h->server;
    bool readable = false;
    const struct peer *raft = raft_peer(w, h, since, now, &readable);

    add_fingerprint_feature(ret, FEATURE_ID, "", h->server_id);
    if (or_empty(v->self_name)[0] != '\0')
        add_fingerprint_feature(ret, FEATURE_NAME, "", v->self_name);
    add_fingerprint_feature(ret, FEATURE_REGION, "", or_empty(v->self_region));
    if (or_empty(v->self_dc)[0] != '\0')
        add_fingerprint_feature(ret, FEATURE_DC, "", v->self_dc);
    if (readable) /* "": not in it */
        add_fingerprint_feature(ret, FEATURE_RAFT, "", raft != NULL ? raft->address : "");
    if (raft != NULL || v->voter_known)
        add_fingerprint_feature(ret, FEATURE_VOTER, "",
                                (raft != NULL ? raft->voter : v->voter) ? "yes" : "no");
}

/* The id, name and datacenter of a server come from the server itself, and not from its node. */
static bool is_from_server(enum feature_kind what)
{
    return what == FEATURE_ID || what == FEATURE_NAME || what == FEATURE_DC;
}

static void add_node_features(const struct host *h, bool kept, struct buf *ret)
{
    const struct client_view *c = &h->client;
    size_t counts[FEATURE_KINDS] = {0};

    if (!h->is_server)
        add_fingerprint_feature(ret, FEATURE_REGION, "", h->region);
    else
        add_fingerprint_feature(ret, FEATURE_ID, "as a client", h->node_id);
    for (size_t i = 0; i < c->n_features; i++) {
        const struct feature *f = &c->features[i];
        if (h->is_server && is_from_server(f->what))
            continue;
        if (!kept || counts[f->what]++ < FINGERPRINT_ATTRIBUTES)
            add_fingerprint_feature(ret, f->what, f->key, f->value);
    }
}

const char *fingerprint_lacks(const struct host *h, int64_t since, int64_t now)
{
    if (h->is_server && !is_answered_since(h->server.self_at, since, now))
        return "its API does not answer";
    if (h->is_client &&
        (h->client.n_features == 0 || !is_answered_since(h->client.detail_at, since, now)))
        return "its node record could not be read";
    return NULL;
}

const char *fingerprint_take(const struct world *w, const struct host *h, int64_t since,
                             int64_t now, bool kept, struct buf *ret)
{
    const char *why = fingerprint_lacks(h, since, now);

    buf_clear(ret);
    if (why != NULL)
        return why;
    if (h->is_server)
        add_server_features(w, h, since, now, ret);
    if (h->is_client)
        add_node_features(h, kept, ret);
    return NULL;
}

/* ---- comparing two fingerprints ---- */

struct features {
    struct feature *list;
    size_t n;
};

static int by_feature(const void *x, const void *y)
{
    const struct feature *a = x, *b = y;
    return a->what != b->what ? (int)a->what - (int)b->what : strcmp(a->key, b->key);
}

static struct features sorted_features(const struct buf *f)
{
    struct features all = {0};
    struct feature it;
    size_t n = 0;

    for (size_t at = 0; fingerprint_next(f, &at, &it);)
        n++;
    all.list = xalloc((n + 1) * sizeof(*all.list));
    for (size_t at = 0; fingerprint_next(f, &at, &it);)
        all.list[all.n++] = it;
    if (all.n > 1)
        qsort(all.list, all.n, sizeof(*all.list), by_feature);
    return all;
}

static bool is_ever_changing(const struct feature *f)
{
    for (size_t i = 0; f->what == FEATURE_ATTRIBUTE && i < ARRAY_LEN(moves); i++)
        if (str_eq(f->key, moves[i]))
            return true;
    return false;
}

/* A driver that was not healthy before need not be healthy now, and a drain by others may be
 * over. A server that was not in the raft configuration by its id (raft protocol 2 has addresses
 * there) may be in it now. */
static bool may_get_better(const struct feature *was)
{
    if (was->what == FEATURE_RAFT && was->value[0] == '\0')
        return true;
    return kinds[was->what].well != NULL && !str_eq(was->value, kinds[was->what].well);
}

/* now NULL: the feature is gone. False: there is no difference. */
static bool classify_difference(const struct feature *was, const struct feature *now,
                                const struct fingerprint_way *way, enum difference_kind *ret)
{
    enum change change = now == NULL ? kinds[was->what].vanished : kinds[was->what].changed;

    if ((now != NULL && str_eq(was->value, now->value)) || change == IS_NOTHING)
        return false;
    if ((way->explained & (1U << was->what)) != 0 || (now == NULL && release_takes(was, way)))
        *ret = DIFFERENCE_EXPLAINED;
    else if (now != NULL && is_ever_changing(was))
        return false;
    else if (change == TELLS || may_get_better(was))
        *ret = DIFFERENCE_TOLD;
    else
        *ret = now == NULL ? DIFFERENCE_VANISHED : DIFFERENCE_CHANGED;
    return true;
}

static int fails_first(const void *x, const void *y)
{
    const struct difference *a = x, *b = y;
    bool fa = a->kind <= DIFFERENCE_CHANGED, fb = b->kind <= DIFFERENCE_CHANGED;

    if (fa != fb)
        return fa ? -1 : 1;
    if (a->what != b->what)
        return (int)a->what - (int)b->what;
    return a->kind != b->kind ? (int)a->kind - (int)b->kind : strcmp(a->key, b->key);
}

size_t fingerprint_compare(const struct buf *before, const struct buf *after,
                           const struct fingerprint_way *way, struct difference **ret)
{
    struct features was = sorted_features(before), is = sorted_features(after);
    struct difference *list = xalloc((was.n + 1) * sizeof(*list));
    size_t n = 0;

    for (size_t i = 0, k = 0; i < was.n; i++) {
        while (k < is.n && by_feature(&is.list[k], &was.list[i]) < 0)
            k++;
        bool there = k < is.n && by_feature(&is.list[k], &was.list[i]) == 0;
        struct difference d = {.what = was.list[i].what, .key = was.list[i].key};
        d.before = was.list[i].value;
        d.after = there ? is.list[k].value : "";
        if (classify_difference(&was.list[i], there ? &is.list[k] : NULL, way, &d.kind))
            list[n++] = d;
    }
    if (n > 1)
        qsort(list, n, sizeof(*list), fails_first);
    free(was.list);
    free(is.list);
    *ret = list;
    return n;
}

/* ---- differences in words ---- */

#define NAMED 4 /* one line names so many keys */

/* Counts the differences at the front that are of the same kind as the first. */
static size_t count_same(const struct difference *d, size_t n)
{
    size_t same = 0;
    while (same < n && d[same].what == d[0].what && d[same].kind == d[0].kind)
        same++;
    return same;
}

static size_t append_text(char *dst, size_t size, size_t used, const char *fmt, ...) PRINTF(4, 5);
static size_t append_text(char *dst, size_t size, size_t used, const char *fmt, ...)
{
    va_list ap;

    if (used + 1 >= size)
        return used;
    va_start(ap, fmt);
    int n = vsnprintf(dst + used, size - used, fmt, ap);
    va_end(ap);
    return MIN_OF(used + (n > 0 ? (size_t)n : 0), size - 1);
}

static const char *or_none(const char *value)
{
    return value[0] != '\0' ? value : "none";
}

static size_t append_keys(const struct difference *d, size_t n, bool values, char *dst, size_t size,
                          size_t used)
{
    for (size_t i = 0; i < n && i < NAMED; i++) {
        used = append_text(dst, size, used, "%s%.60s", i > 0 ? ", " : "", d[i].key);
        if (values)
            used = append_text(dst, size, used, " %.24s to %.24s", or_none(d[i].before),
                               or_none(d[i].after));
    }
    return n > NAMED ? append_text(dst, size, used, ", ...") : used;
}

enum feature_kind differences_fail(const struct difference *d, size_t n, const char *host,
                                   char *dst, size_t size)
{
    size_t fail = 0, same = count_same(d, n), used = 0;

    while (fail < n && d[fail].kind <= DIFFERENCE_CHANGED)
        fail++;
    dst[0] = '\0';
    if (fail == 0)
        return FEATURE_NONE;
    const char *one = kinds[d[0].what].one, *many = kinds[d[0].what].many;
    if (kinds[d[0].what].lost != NULL) {
        used = append_text(dst, size, used, "%s %s", host, kinds[d[0].what].lost);
    } else if (d[0].kind == DIFFERENCE_VANISHED && many[0] == '\0') {
        used = append_text(dst, size, used, "%s came back without its %s", host, one);
    } else if (d[0].kind == DIFFERENCE_VANISHED) {
        used =
            append_text(dst, size, used, "%s came back without %zu of its %s (", host, same, many);
        used = append_keys(d, same, false, dst, size, used);
        used = append_text(dst, size, used, ")");
    } else if (d[0].key[0] != '\0') {
        used = append_text(dst, size, used,
                           "%s came back with its %s %.60s %.50s, which was %.50s before", host,
                           one, d[0].key, d[0].after, d[0].before);
    } else {
        used = append_text(dst, size, used, "%s came back with another %s: %.60s, before %.60s",
                           host, one, or_none(d[0].after), or_none(d[0].before));
    }
    if (fail > same || (d[0].kind == DIFFERENCE_CHANGED && fail > 1))
        (void)append_text(dst, size, used, "; and %zu more",
                          fail - (d[0].kind == DIFFERENCE_CHANGED ? 1 : same));
    return d[0].what;
}

/* Caravan's own drain, and a drain by the node's own stop, are reported by the code that undoes
 * them. */
static bool is_told_elsewhere(const struct difference *d)
{
    return d->kind == DIFFERENCE_EXPLAINED &&
           (d->what == FEATURE_ELIGIBILITY || d->what == FEATURE_DRAIN);
}

static size_t append_same(const struct difference *d, size_t n, char *dst, size_t size, size_t used)
{
    const char *one = kinds[d->what].one, *many = kinds[d->what].many;
    bool gone = d->kind == DIFFERENCE_EXPLAINED;

    used = append_text(dst, size, used, "%s", used > 0 ? "; " : "");
    if (many[0] == '\0')
        return append_text(dst, size, used, "%s changed from %.60s to %.60s", one,
                           or_none(d->before), or_none(d->after));
    used = append_text(dst, size, used, "%zu %s %s (", n, n == 1 ? one : many,
                       gone ? "taken away by the release" : "changed");
    used = append_keys(d, n, !gone, dst, size, used);
    return append_text(dst, size, used, ")");
}

void differences_describe(const struct difference *d, size_t n, char *dst, size_t size)
{
    size_t used = 0;

    dst[0] = '\0';
    for (size_t i = 0, same = 0; i < n; i += same) {
        same = count_same(&d[i], n - i);
        if (d[i].kind > DIFFERENCE_CHANGED && !is_told_elsewhere(&d[i]))
            used = append_same(&d[i], same, dst, size, used);
    }
}
