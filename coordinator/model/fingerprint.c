#include "fingerprint.h"

#include <inttypes.h>
#include "gate.h"
#include "version.h"

enum change { FAILS, TELLS, IS_NOTHING };

/* A server is somebody's quorum. */
#define RESTART_IT "restart Nomad there (a server only while all the others are healthy)."

/* What a run has kept of a host it compares with for as long as it lasts. */
#define MEANT " Where it is meant to be as it is now: caravan abort, and begin anew."

static const struct {
    char letter; /* in ledgers: never another one */
    const char *one, *many;
    enum change vanished, changed;
    bool of_binary;
    const char *advice;
    const char *well; /* what was not so before need not be as it was; NULL: any value is */
    const char *lost; /* how to say that it is not well any more; NULL: as for the others */
} kinds[FEATURE_KINDS] = {
    [FEATURE_NONE] = {'-', "", "", IS_NOTHING, IS_NOTHING, false, "", NULL, NULL},
    [FEATURE_ID] =
        {'i', "node id", "", FAILS, FAILS, false,
         "Find out why Nomad has no id of before there: is data_dir in its configuration "
         "another one since it started last, or what it names not mounted, or emptied? "
         "Bring that back as it was, and then " RESTART_IT " Copy no id by hand.",
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
                       "the server has to vote again.",
                       "yes", "is not a voter any more"},
    [FEATURE_DRIVER] = {'D', "driver", "drivers", FAILS, FAILS, true,
                        "See nomad node status -verbose of that node for what its driver says, and "
                        "mend that on the host." MEANT,
                        "healthy", NULL},
    [FEATURE_VOLUME] =
        {'V', "host volume", "host volumes", FAILS, FAILS, true,
         "See on that host that host_volume in Nomad's configuration is as before and "
         "that its paths are there and mounted; then, and not before, restart Nomad "
         "there." MEANT,
         NULL, NULL},
    [FEATURE_ATTRIBUTE] =
        {'A', "attribute", "attributes", FAILS, TELLS, true,
         "See on that host whether what Nomad finds these by runs there "
         "(consul.*: Consul's agent, vault.*: Vault, driver.*: that driver)." MEANT,
         NULL, NULL},
    [FEATURE_META] = {'M', "metadata key", "metadata keys", FAILS, TELLS, true,
                      "See client.meta in Nomad's configuration on that host, and nomad node meta "
                      "read for what was set while it ran." MEANT,
                      NULL, NULL},
    [FEATURE_ELIGIBILITY] =
        {'e', "eligibility", "", FAILS, FAILS, false,
         "Find out who set it (nomad node status -verbose NODE shows events): "
         "an operator, or a drain that ExecStop= of its unit begins at each "
         "stop. When it is not meant: nomad node eligibility -enable NODE." MEANT,
         "eligible", NULL},
    [FEATURE_DRAIN] = {'w', "drain state", "", FAILS, FAILS, false,
                       "Find out who drains it: an operator, or ExecStop= of its unit, which would "
                       "do so at each stop (systemctl cat). When it is not meant: nomad node "
                       "drain -disable NODE." MEANT,
                       "none", NULL},
    [FEATURE_DRAINED] = {'l', "last drain", "", IS_NOTHING, IS_NOTHING, false, "", NULL, NULL},
    [FEATURE_UNIT] = {'u', "unit", "units", FAILS, FAILS, false,
                      "See on that host why they are not up (systemctl status), and start them "
                      "(systemctl start): they stop along with Nomad's unit, and did not come "
                      "back with it.",
                      NULL, NULL},
    [FEATURE_DEVICE] = {'G', "device", "devices", FAILS, FAILS, true,
                        "See nomad node status -verbose of that node, and its log for what the "
                        "device plugin says: the plugin lies in Nomad's plugin_dir, and has to "
                        "find the driver of the device on that host." MEANT,
                        "healthy", NULL},
    [FEATURE_NETWORK] =
        {'N', "network", "networks", FAILS, FAILS, true,
         "See on that host whether what makes it is there: for bridge the kernel "
         "module, for cni/NAME the file in cni_config_dir, for host_network its "
         "interface, which has to be up. Nomad looks for them when it starts." MEANT,
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

static enum feature_kind kind_of(char letter)
{
    for (unsigned i = 1; i < FEATURE_KINDS; i++)
        if (kinds[i].letter == letter)
            return (enum feature_kind)i;
    return FEATURE_NONE;
}

/* ---- what a version takes away ---- */

/* From the fingerprinters of each version's source (client/fingerprint, client/client.go) at the
 * tags v1.0.18 to v2.0.5, beside the changelogs. A star stands for a cluster's name. */
static const struct {
    enum feature_kind what;
    const char *key;
    const char *since, *below; /* the first version without it; "" any, "" none */
} taken_away[] = {
    /* 1.7.0: os.cgroups.version took its place */
    {FEATURE_ATTRIBUTE, "unique.cgroup.version", "1.7.0", ""},
    {FEATURE_ATTRIBUTE, "unique.cgroup.mountpoint", "1.7.0", ""},
    /* 1.7.0: told apart by kind of core, and all cores without a second thread are of the kind that
     * has none (numalib, gradeOf): cpu.frequency.efficiency took its place on most virtual
     * machines.
     */
    {FEATURE_ATTRIBUTE, "cpu.frequency", "1.7.0", ""},
    /* 1.7.0: read from the processor, which tells it on amd64 only */
    {FEATURE_ATTRIBUTE, "cpu.modelname", "1.7.0", ""},
    /* 1.7.0: cpu.*.performance */
    {FEATURE_ATTRIBUTE, "cpu.frequency.power", "1.7.0", ""},
    {FEATURE_ATTRIBUTE, "cpu.numcores.power", "1.7.0", ""},
    /* 1.8.0: client.go sets them no more */
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

/* What is different after every upgrade, or of itself: nobody wants to read it. */
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

/* Unknown is not below anything: it is not explained. */
static bool is_below(const char *version, const char *other)
{
    struct version v;
    struct err err = ERR_INIT;
    return version_parse(version, &v, &err) == 0 && version_cmp_text(&v, other) < 0;
}

static bool is_from(const char *version, const char *other)
{
    struct version v;
    struct err err = ERR_INIT;
    return version_parse(version, &v, &err) == 0 && version_cmp_text(&v, other) >= 0;
}

static bool lacks(const char *version, size_t row)
{
    const char *since = taken_away[row].since, *below = taken_away[row].below;
    return is_from(version, since) && (below[0] == '\0' || is_below(version, below));
}

/* The version that runs now does not have it; the one before did. */
static bool release_takes(const struct feature *f, const struct fingerprint_way *way)
{
    for (size_t i = 0; i < ARRAY_LEN(taken_away); i++)
        if (taken_away[i].what == f->what && key_fits(taken_away[i].key, f->key) &&
            (taken_away[i].since[0] == '\0' || (lacks(way->to, i) && !lacks(way->from, i))))
            return true;
    return false;
}

/* ---- the bytes ---- */

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

static void add(struct buf *b, enum feature_kind what, const char *key, const char *value)
{
    if (strlen(key) > FEATURE_KEY_MAX)
        return;
    buf_add_byte(b, (unsigned char)kinds[what].letter);
    add_clean(b, key, FEATURE_KEY_MAX);
    add_clean(b, value, FEATURE_VALUE_MAX);
}

/* The text at *at, which it passes; NULL: it has no end. */
static const char *text_at(const struct buf *f, size_t *at)
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
    ret->what = kind_of((char)f->data[*at]);
    size_t next = *at + 1;
    ret->key = text_at(f, &next);
    ret->value = ret->key != NULL ? text_at(f, &next) : NULL;
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
        add(&anew, it.what, it.key, it.what == what && it.key[0] == '\0' ? value : it.value);
    buf_free(f);
    *f = anew;
}

/* ---- taking one ---- */

static bool told(int64_t at, int64_t since, int64_t now)
{
    return at > since && fresh(at, now);
}

/* Itself in the raft configuration, by any server that tells it; NULL: not in it, or (*ret_told
 * false) nobody tells. */
static const struct peer *raft_peer(const struct world *w, const struct host *h, int64_t since,
                                    int64_t now, bool *ret_told)
{
    *ret_told = false;
    for (size_t i = 0; i < w->n_hosts && w->hosts[i].is_server; i++) {
        const struct server_view *v = &w->hosts[i].server;
        if (!str_eq(w->hosts[i].region, h->region) || v->raft_status != 200 ||
            !told(v->raft_at, since, now))
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

static void take_server(const struct world *w, const struct host *h, int64_t since, int64_t now,
                        struct buf *ret)
{
    const struct server_view *v = &h->server;
    bool readable = false;
    const struct peer *raft = raft_peer(w, h, since, now, &readable);

    add(ret, FEATURE_ID, "", h->server_id);
    if (or_empty(v->self_name)[0] != '\0')
        add(ret, FEATURE_NAME, "", v->self_name);
    add(ret, FEATURE_REGION, "", or_empty(v->self_region));
    if (or_empty(v->self_dc)[0] != '\0')
        add(ret, FEATURE_DC, "", v->self_dc);
    if (readable) /* not in it: "" */
        add(ret, FEATURE_RAFT, "", raft != NULL ? raft->address : "");
    if (raft != NULL || v->voter_known)
        add(ret, FEATURE_VOTER, "", (raft != NULL ? raft->voter : v->voter) ? "yes" : "no");
}

/* A server has its id, name and datacenter from itself. */
static bool of_server(enum feature_kind what)
{
    return what == FEATURE_ID || what == FEATURE_NAME || what == FEATURE_DC;
}

static void take_node(const struct host *h, bool kept, struct buf *ret)
{
    const struct client_view *c = &h->client;
    size_t counts[FEATURE_KINDS] = {0};

    if (!h->is_server)
        add(ret, FEATURE_REGION, "", h->region);
    else
        add(ret, FEATURE_ID, "as a client", h->node_id);
    for (size_t i = 0; i < c->n_features; i++) {
        const struct feature *f = &c->features[i];
        if (h->is_server && of_server(f->what))
            continue;
        if (!kept || counts[f->what]++ < FINGERPRINT_ATTRIBUTES)
            add(ret, f->what, f->key, f->value);
    }
}

const char *fingerprint_lacks(const struct host *h, int64_t since, int64_t now)
{
    if (h->is_server && !told(h->server.self_at, since, now))
        return "its API does not answer";
    if (h->is_client && (h->client.n_features == 0 || !told(h->client.detail_at, since, now)))
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
        take_server(w, h, since, now, ret);
    if (h->is_client)
        take_node(h, kept, ret);
    return NULL;
}

/* ---- comparing two ---- */

struct features {
    struct feature *list;
    size_t n;
};

static int by_key(const void *x, const void *y)
{
    const struct feature *a = x, *b = y;
    return a->what != b->what ? (int)a->what - (int)b->what : strcmp(a->key, b->key);
}

static struct features all_of(const struct buf *f)
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
        qsort(all.list, all.n, sizeof(*all.list), by_key);
    return all;
}

static bool is_moving(const struct feature *f)
{
    for (size_t i = 0; f->what == FEATURE_ATTRIBUTE && i < ARRAY_LEN(moves); i++)
        if (str_eq(f->key, moves[i]))
            return true;
    return false;
}

/* A driver that was not healthy before need not be now; a drain of others may be over. A server
 * that was not in the raft configuration by its id (raft protocol 2 has addresses there) is now. */
static bool is_better(const struct feature *was)
{
    if (was->what == FEATURE_RAFT && was->value[0] == '\0')
        return true;
    return kinds[was->what].well != NULL && !str_eq(was->value, kinds[was->what].well);
}

/* now NULL: it is not there any more. false: no difference. */
static bool differs(const struct feature *was, const struct feature *now,
                    const struct fingerprint_way *way, enum difference_kind *ret)
{
    enum change change = now == NULL ? kinds[was->what].vanished : kinds[was->what].changed;

    if ((now != NULL && str_eq(was->value, now->value)) || change == IS_NOTHING)
        return false;
    if ((way->explained & (1U << was->what)) != 0 || (now == NULL && release_takes(was, way)))
        *ret = DIFFERENCE_EXPLAINED;
    else if (now != NULL && is_moving(was))
        return false;
    else if (change == TELLS || is_better(was))
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
    struct features was = all_of(before), is = all_of(after);
    struct difference *list = xalloc((was.n + 1) * sizeof(*list));
    size_t n = 0;

    for (size_t i = 0, k = 0; i < was.n; i++) {
        while (k < is.n && by_key(&is.list[k], &was.list[i]) < 0)
            k++;
        bool there = k < is.n && by_key(&is.list[k], &was.list[i]) == 0;
        struct difference d = {.what = was.list[i].what, .key = was.list[i].key};
        d.before = was.list[i].value;
        d.after = there ? is.list[k].value : "";
        if (differs(&was.list[i], there ? &is.list[k] : NULL, way, &d.kind))
            list[n++] = d;
    }
    if (n > 1)
        qsort(list, n, sizeof(*list), fails_first);
    free(was.list);
    free(is.list);
    *ret = list;
    return n;
}

/* ---- in words ---- */

#define NAMED 4 /* keys in one line */

/* Those of the kind of the first, one after the other. */
static size_t of_first(const struct difference *d, size_t n)
{
    size_t same = 0;
    while (same < n && d[same].what == d[0].what && d[same].kind == d[0].kind)
        same++;
    return same;
}

static size_t append(char *dst, size_t size, size_t used, const char *fmt, ...) PRINTF(4, 5);
static size_t append(char *dst, size_t size, size_t used, const char *fmt, ...)
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
        used = append(dst, size, used, "%s%.60s", i > 0 ? ", " : "", d[i].key);
        if (values)
            used = append(dst, size, used, " %.24s to %.24s", or_none(d[i].before),
                          or_none(d[i].after));
    }
    return n > NAMED ? append(dst, size, used, ", ...") : used;
}

enum feature_kind differences_fail(const struct difference *d, size_t n, const char *host,
                                   char *dst, size_t size)
{
    size_t fail = 0, same = of_first(d, n), used = 0;

    while (fail < n && d[fail].kind <= DIFFERENCE_CHANGED)
        fail++;
    dst[0] = '\0';
    if (fail == 0)
        return FEATURE_NONE;
    const char *one = kinds[d[0].what].one, *many = kinds[d[0].what].many;
    if (kinds[d[0].what].lost != NULL) {
        used = append(dst, size, used, "%s %s", host, kinds[d[0].what].lost);
    } else if (d[0].kind == DIFFERENCE_VANISHED && many[0] == '\0') {
        used = append(dst, size, used, "%s came back without its %s", host, one);
    } else if (d[0].kind == DIFFERENCE_VANISHED) {
        used = append(dst, size, used, "%s came back without %zu of its %s (", host, same, many);
        used = append_keys(d, same, false, dst, size, used);
        used = append(dst, size, used, ")");
    } else if (d[0].key[0] != '\0') {
        used =
            append(dst, size, used, "%s came back with its %s %.60s %.50s, which was %.50s before",
                   host, one, d[0].key, d[0].after, d[0].before);
    } else {
        used = append(dst, size, used, "%s came back with another %s: %.60s, before %.60s", host,
                      one, or_none(d[0].after), or_none(d[0].before));
    }
    if (fail > same || (d[0].kind == DIFFERENCE_CHANGED && fail > 1))
        (void)append(dst, size, used, "; and %zu more",
                     fail - (d[0].kind == DIFFERENCE_CHANGED ? 1 : same));
    return d[0].what;
}

/* Our own drain, and the one of its own stop: told by who undoes them. */
static bool is_told_elsewhere(const struct difference *d)
{
    return d->kind == DIFFERENCE_EXPLAINED &&
           (d->what == FEATURE_ELIGIBILITY || d->what == FEATURE_DRAIN);
}

static size_t tell_same(const struct difference *d, size_t n, char *dst, size_t size, size_t used)
{
    const char *one = kinds[d->what].one, *many = kinds[d->what].many;
    bool gone = d->kind == DIFFERENCE_EXPLAINED;

    used = append(dst, size, used, "%s", used > 0 ? "; " : "");
    if (many[0] == '\0')
        return append(dst, size, used, "%s changed from %.60s to %.60s", one, or_none(d->before),
                      or_none(d->after));
    used = append(dst, size, used, "%zu %s %s (", n, n == 1 ? one : many,
                  gone ? "taken away by the release" : "changed");
    used = append_keys(d, n, !gone, dst, size, used);
    return append(dst, size, used, ")");
}

void differences_tell(const struct difference *d, size_t n, char *dst, size_t size)
{
    size_t used = 0;

    dst[0] = '\0';
    for (size_t i = 0, same = 0; i < n; i += same) {
        same = of_first(&d[i], n - i);
        if (d[i].kind > DIFFERENCE_CHANGED && !is_told_elsewhere(&d[i]))
            used = tell_same(&d[i], same, dst, size, used);
    }
}
