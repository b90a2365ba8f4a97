#include "nomad_parse.h"

#include <inttypes.h>
#include "heartbeat.h"
#include "node_features.h"
#include "str.h"

/* Bytes of an answer; the limit of the request itself is lower. */
#define ANSWER_MAX (64 * 1024 * 1024)
#define SELF_MAX   (8 * 1024 * 1024)
#define NODES_MAX  200000
#define TASKS_MAX  256

static int refuse_shape(struct err *err, const char *what)
{
    return err_set(err, ERR_FORMAT, 0, "Nomad's answer is not %s", what);
}

const char *parse_text(struct arena *a, const char *s)
{
    if (s == NULL || s[0] == '\0')
        return "";
    return arena_strndup(a, s, strnlen(s, TEXT_MAX - 1));
}

static const char *text_member(struct arena *a, const struct json *o, const char *key)
{
    return parse_text(a, json_str(o, key, ""));
}

static int small_number(int64_t v)
{
    return v < 0 || v > 1000000 ? 0 : (int)v;
}

static int text_to_number(const char *s)
{
    uint64_t v;
    return s != NULL && str_to_u64(s, 1000000, &v) == 0 ? (int)v : 0;
}

static enum member_status member_status(const char *s)
{
    static const struct {
        const char *name;
        enum member_status status;
    } names[] = {{"alive", MEMBER_ALIVE},
                 {"leaving", MEMBER_LEAVING},
                 {"left", MEMBER_LEFT},
                 {"failed", MEMBER_FAILED},
                 {"none", MEMBER_NONE}};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_eq(names[i].name, s))
            return names[i].status;
    return MEMBER_UNKNOWN;
}

int parse_leader(const void *p, size_t n, struct arena *a, const char **ret, struct err *err)
{
    auto_json struct json *j = NULL;
    if (json_parse(p, n, ANSWER_MAX, &j, err) < 0)
        return -1;
    if (!json_is_text(j))
        return refuse_shape(err, "a text");
    *ret = parse_text(a, json_text_of(j, ""));
    return 0;
}

int parse_members(const void *p, size_t n, struct arena *a, struct member **ret, size_t *ret_n,
                  const char **ret_region, struct err *err)
{
    auto_json struct json *j = NULL;
    if (json_parse(p, n, ANSWER_MAX, &j, err) < 0)
        return -1;
    const struct json *list = json_get(j, "Members");
    if (!json_is_object(j) || (json_has(j, "Members") && !json_is_array(list)))
        return refuse_shape(err, "a list of members");
    size_t total = MIN_OF(json_len(list), (size_t)NOMAD_MEMBERS_MAX), out = 0;
    struct member *members = arena_array(a, total + 1, sizeof(*members));
    for (size_t i = 0; i < total; i++) {
        const struct json *m = json_item(list, i), *tags = json_get(m, "Tags");
        if (!str_eq(json_str(tags, "role", ""), "nomad"))
            continue;
        members[out++] = (struct member){
            .id = text_member(a, tags, "id"),
            .name = text_member(a, m, "Name"),
            .region = text_member(a, tags, "region"),
            .addr = text_member(a, m, "Addr"),
            .rpc_port = text_to_number(json_str(tags, "port", "")),
            .build = text_member(a, tags, "build"),
            .raft_protocol = text_to_number(json_str(tags, "raft_vsn", "")),
            .status = member_status(json_str(m, "Status", "")),
        };
    }
    *ret = members;
    *ret_n = out;
    *ret_region = text_member(a, j, "ServerRegion");
    return 0;
}

/* Reads the servers of autopilot, or of raft's configuration, which has another key for the name
 * (`name`) and no health. */
static struct peer *read_peers(const struct json *list, const char *name, struct arena *a,
                               size_t *ret_n)
{
    *ret_n = MIN_OF(json_len(list), (size_t)NOMAD_PEERS_MAX);
    struct peer *peers = arena_array(a, *ret_n + 1, sizeof(*peers));
    for (size_t i = 0; i < *ret_n; i++) {
        const struct json *s = json_item(list, i);
        peers[i] = (struct peer){
            .id = text_member(a, s, "ID"),
            .address = text_member(a, s, "Address"),
            .name = text_member(a, s, name),
            .voter = json_bool(s, "Voter", false),
            .leader = json_bool(s, "Leader", false),
            .healthy = json_bool(s, "Healthy", false),
            .version = text_member(a, s, "Version"),
        };
    }
    return peers;
}

int parse_autopilot(const void *p, size_t n, struct arena *a, struct server_view *ret,
                    struct err *err)
{
    auto_json struct json *j = NULL;
    if (json_parse(p, n, ANSWER_MAX, &j, err) < 0)
        return -1;
    const struct json *list = json_get(j, "Servers");
    if (!json_is_bool(json_get(j, "Healthy")) || (json_has(j, "Servers") && !json_is_array(list)))
        return refuse_shape(err, "autopilot's health");
    ret->healthy = json_bool(j, "Healthy", false);
    ret->failure_tolerance = small_number(json_int(j, "FailureTolerance", 0));
    ret->autopilot = read_peers(list, "Name", a, &ret->n_autopilot);
    return 0;
}

int parse_raft(const void *p, size_t n, struct arena *a, struct peer **ret, size_t *ret_n,
               struct err *err)
{
    auto_json struct json *j = NULL;
    if (json_parse(p, n, ANSWER_MAX, &j, err) < 0)
        return -1;
    const struct json *list = json_get(j, "Servers");
    if (!json_is_object(j) || (json_has(j, "Servers") && !json_is_array(list)))
        return refuse_shape(err, "raft's configuration");
    *ret = read_peers(list, "Node", a, ret_n);
    return 0;
}

int parse_health(const void *p, size_t n, const char *part, int *ret, struct err *err)
{
    auto_json struct json *j = NULL;
    if (json_parse(p, n, ANSWER_MAX, &j, err) < 0)
        return -1;
    if (!json_is_object(j))
        return refuse_shape(err, "an agent's health");
    const struct json *ok = json_get(json_get(j, part), "ok");
    *ret = !json_is_bool(ok) ? TRI_UNKNOWN : json_bool_of(ok, false) ? TRI_YES : TRI_NO;
    return 0;
}

/* The number of exactly n digits; -1: there are other characters. */
static int add_up_digits(const char *s, size_t n)
{
    int v = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return -1;
        v = v * 10 + (s[i] - '0');
    }
    return v;
}

/* "Z", "+02:00": the seconds to subtract. *ret_bad: the text is no time zone. */
static int64_t zone_s(const char *s, bool *ret_bad)
{
    *ret_bad = false;
    if (str_eq(s, "Z"))
        return 0;
    int hours = -1, minutes = -1;
    if (strlen(s) == 6 && (s[0] == '+' || s[0] == '-') && s[3] == ':') {
        hours = add_up_digits(s + 1, 2);
        minutes = add_up_digits(s + 4, 2);
    }
    *ret_bad = hours < 0 || minutes < 0;
    return (s[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

int64_t parse_time_ns(const char *s)
{
    if (s == NULL || strlen(s) < 20 || strlen(s) > 40)
        return 0;
    int year = add_up_digits(s, 4), month = add_up_digits(s + 5, 2), day = add_up_digits(s + 8, 2);
    int hour = add_up_digits(s + 11, 2), minute = add_up_digits(s + 14, 2),
        second = add_up_digits(s + 17, 2);
    if (year < 1970 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 ||
        hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 || s[4] != '-' ||
        s[7] != '-' || (s[10] != 'T' && s[10] != 't') || s[13] != ':' || s[16] != ':')
        return 0;
    int64_t fraction = 0, unit = 100000000;
    const char *rest = s + 19;
    if (*rest == '.')
        for (rest++; *rest >= '0' && *rest <= '9'; rest++, unit /= 10)
            fraction += (*rest - '0') * unit;
    bool bad = false;
    int64_t zone = zone_s(rest, &bad);
    struct tm tm = {.tm_year = year - 1900,
                    .tm_mon = month - 1,
                    .tm_mday = day,
                    .tm_hour = hour,
                    .tm_min = minute,
                    .tm_sec = second};
    return bad ? 0 : ((int64_t)timegm(&tm) - zone) * 1000000000 + fraction;
}

/* ---- agent/self: every value below stats is a text; config has Go's field names ---- */

static const char *stat_text(const struct json *j, const char *group, const char *key)
{
    return json_str(json_get(json_get(j, "stats"), group), key, "");
}

static uint64_t stat_number(const struct json *j, const char *key)
{
    uint64_t v = 0;
    return str_to_u64(stat_text(j, "raft", key), UINT64_MAX, &v) == 0 ? v : 0;
}

static int tri_member(const struct json *o, const char *key)
{
    const struct json *v = json_get(o, key);
    return !json_is_bool(v) ? TRI_UNKNOWN : json_bool_of(v, false) ? TRI_YES : TRI_NO;
}

const char *parse_version_object(struct arena *a, const struct json *v)
{
    if (json_is_text(v)) {
        const char *s = json_text_of(v, "");
        return parse_text(a, s[0] == 'v' ? s + 1 : s);
    }
    const char *pre = json_str(v, "VersionPrerelease", ""),
               *meta = json_str(v, "VersionMetadata", "");
    const char *plain = json_str(v, "Version", "");
    if (plain[0] == '\0')
        return "";
    char text[128];
    int n = snprintf(text, sizeof(text), "%s%s%s%s%s", plain, pre[0] != '\0' ? "-" : "", pre,
                     meta[0] != '\0' ? "+" : "", meta);
    return n < 0 || (size_t)n >= sizeof(text) ? "" : arena_strdup(a, text);
}

/* "[{Suffrage:Voter ID:x Address:y} ...]", as Go prints the slice: is the peer with this id or
 * address a voter? */
static void read_suffrage(const char *s, const char *id, const char *rpc, struct server_view *v)
{
    for (const char *p = strchr(s, '{'); p != NULL; p = strchr(p + 1, '{')) {
        const char *end = strchr(p, '}'), *i = strstr(p, " ID:"), *at = strstr(p, " Address:");
        if (end == NULL || i == NULL || at == NULL || i > end || at > end || i > at)
            return;
        v->voter_known = true;
        size_t id_len = (size_t)(at - (i + 4)), at_len = (size_t)(end - (at + 9));
        bool mine = (id[0] != '\0' && strlen(id) == id_len && memcmp(i + 4, id, id_len) == 0) ||
                    (rpc[0] != '\0' && strlen(rpc) == at_len && memcmp(at + 9, rpc, at_len) == 0);
        if (mine)
            v->voter = str_starts(p, "{Suffrage:Voter ");
    }
}

static void read_raft(const struct json *j, struct arena *a, struct self_answer *r)
{
    struct server_view *v = &r->view;
    v->raft_state = parse_text(a, stat_text(j, "raft", "state"));
    v->term = stat_number(j, "term");
    v->last_log_index = stat_number(j, "last_log_index");
    v->commit_index = stat_number(j, "commit_index");
    v->applied_index = stat_number(j, "applied_index");
    v->raft_protocol = (int)MIN_OF(stat_number(j, "protocol_version"), (uint64_t)1000);
    v->last_contact_ms = str_go_ms(stat_text(j, "raft", "last_contact"));
    read_suffrage(stat_text(j, "raft", "latest_configuration"), r->raft_id, r->rpc_addr, v);
}

static const char *rpc_address(struct arena *a, const struct json *tags, const char *addr)
{
    const char *port = json_str(tags, "port", ""), *host = json_str(tags, "rpc_addr", addr);
    if (port[0] == '\0' || host == NULL || host[0] == '\0')
        return "";
    return arena_printf(a, strchr(host, ':') != NULL ? "[%.60s]:%.6s" : "%.60s:%.6s", host, port);
}

static void read_running(const struct json *config, struct arena *a, struct running_config *ret)
{
    const struct json *advertise = json_get(config, "AdvertiseAddrs");

    ret->datacenter = text_member(a, config, "Datacenter");
    ret->name = text_member(a, config, "NodeName");
    ret->data_dir = text_member(a, config, "DataDir");
    ret->bind_addr = text_member(a, config, "BindAddr");
    ret->advertise_http = text_member(a, advertise, "HTTP");
    ret->advertise_rpc = text_member(a, advertise, "RPC");
    ret->server = tri_member(json_get(config, "Server"), "Enabled");
    ret->client = tri_member(json_get(config, "Client"), "Enabled");
}

int parse_self(const void *p, size_t n, struct arena *a, struct self_answer *ret, struct err *err)
{
    auto_json struct json *j = NULL;
    if (json_parse(p, n, SELF_MAX, &j, err) < 0)
        return -1;
    const struct json *config = json_get(j, "config"), *member = json_get(j, "member");
    const struct json *tags = json_get(member, "Tags");
    if (!json_is_object(config) || !json_is_object(json_get(j, "stats")))
        return refuse_shape(err, "that of agent/self");
    struct self_answer r;
    struct heartbeat beat;
    memset(&r, 0, sizeof(r));
    r.view.self_name = parse_text(a, json_str(config, "NodeName", ""));
    r.view.self_dc = parse_text(a, json_str(config, "Datacenter", ""));
    r.region = r.view.self_region = parse_text(a, json_str(config, "Region", ""));
    r.raft_id = parse_text(a, json_str(tags, "id", ""));
    r.rpc_addr = rpc_address(a, tags, json_str(member, "Addr", ""));
    r.client_id = parse_text(a, stat_text(j, "client", "node_id"));
    heartbeat_of_self(j, &beat);
    r.heartbeat_age_ms = beat.age_ms;
    r.heartbeat_ttl_ms = beat.ttl_ms;
    r.view.version = parse_version_object(a, json_get(config, "Version"));
    r.view.build_date = parse_text(a, json_str(json_get(config, "Version"), "BuildDate", ""));
    r.view.leave_on_interrupt = tri_member(config, "LeaveOnInt");
    r.view.leave_on_terminate = tri_member(config, "LeaveOnTerm");
    r.view.acl_enabled = tri_member(json_get(config, "ACL"), "Enabled");
    read_running(config, a, &r.view.running);
    read_raft(j, a, &r);
    *ret = r;
    return 0;
}

/* ---- /v1/nodes, /v1/node/:id and its allocations ---- */

static struct driver_view *read_drivers(const struct json *map, struct arena *a, size_t *ret_n)
{
    size_t n = MIN_OF(json_len(map), (size_t)NOMAD_DRIVERS_MAX), out = 0;
    struct driver_view *list = json_is_object(map) ? arena_array(a, n + 1, sizeof(*list)) : NULL;
    for (size_t i = 0; list != NULL && i < n; i++) {
        const char *name = "";
        const struct json *d = json_pair(map, i, &name);
        if (!json_bool(d, "Detected", false))
            continue; /* Nomad lists many drivers that the host does not have */
        list[out++] = (struct driver_view){.name = parse_text(a, name),
                                           .detected = true,
                                           .healthy = json_bool(d, "Healthy", false)};
    }
    *ret_n = out;
    return list;
}

/* Reads the values that both a line of the list and the whole record have. */
static void read_common(const struct json *n, struct arena *a, struct node_told *h)
{
    int64_t index = json_int(n, "ModifyIndex", 0);
    h->node_id = text_member(a, n, "ID");
    h->name = text_member(a, n, "Name");
    h->dc = text_member(a, n, "Datacenter");
    h->node_class = text_member(a, n, "NodeClass");
    h->node_pool = text_member(a, n, "NodePool");
    h->client.status = text_member(a, n, "Status");
    h->client.eligible = str_eq(json_str(n, "SchedulingEligibility", ""), "eligible");
    h->client.draining =
        json_bool(n, "Drain", false) || json_is_object(json_get(n, "DrainStrategy"));
    h->client.modify_index = index < 0 ? 0 : (uint64_t)index;
    h->client.drivers = read_drivers(json_get(n, "Drivers"), a, &h->client.n_drivers);
    h->client.http_addr = h->client.drain_meta_run = "";
    h->client.own_node_id = h->client.own_version = "";
    h->client.heartbeat_age_ms = h->client.heartbeat_ttl_ms = -1;
}

int parse_nodes(const void *p, size_t n, struct arena *a, struct node_told **ret, size_t *ret_n,
                struct err *err)
{
    auto_json struct json *j = NULL;
    if (json_parse(p, n, ANSWER_MAX, &j, err) < 0)
        return -1;
    if (!json_is_array(j))
        return err_set(err, ERR_FORMAT, 0, "Nomad's answer is not a list of nodes");
    size_t total = MIN_OF(json_len(j), (size_t)NODES_MAX), out = 0;
    struct node_told *nodes = xzalloc(total + 1, sizeof(*nodes));
    for (size_t i = 0; i < total; i++) {
        const struct json *stub = json_item(j, i);
        if (json_str(stub, "ID", "")[0] == '\0')
            continue;
        read_common(stub, a, &nodes[out]);
        nodes[out].addr = text_member(a, stub, "Address");
        nodes[out].client.version = text_member(a, stub, "Version");
        out++;
    }
    *ret = nodes;
    *ret_n = out;
    return 0;
}

/* The address in "10.0.0.4:4646" or "[::1]:4646". */
static const char *host_part(struct arena *a, const char *address)
{
    const char *colon = strrchr(address, ':');
    if (colon == NULL)
        return parse_text(a, address);
    size_t n = (size_t)(colon - address), skip = 0;
    if (n >= 2 && address[0] == '[' && address[n - 1] == ']') {
        skip = 1;
        n -= 2;
    }
    return arena_strndup(a, address + skip, MIN_OF(n, (size_t)TEXT_MAX - 1));
}

int parse_node(const void *p, size_t n, struct arena *a, struct node_told *ret, bool *ret_tls,
               struct err *err)
{
    auto_json struct json *j = NULL;
    if (json_parse(p, n, ANSWER_MAX, &j, err) < 0)
        return -1;
    if (json_str(j, "ID", "")[0] == '\0')
        return err_set(err, ERR_FORMAT, 0, "Nomad's answer is not a node");
    const struct json *attributes = json_get(j, "Attributes"), *drain = json_get(j, "LastDrain");
    struct node_told h;
    memset(&h, 0, sizeof(h));
    read_common(j, a, &h);
    h.client.http_addr = text_member(a, j, "HTTPAddr");
    h.addr = host_part(a, h.client.http_addr);
    h.client.version = text_member(a, attributes, "nomad.version");
    h.client.drain_meta_run = text_member(a, json_get(drain, "Meta"), NOMAD_META_RUN);
    h.client.drain_own = node_drained_itself(j);
    h.client.marked = node_was_marked(j);
    h.client.features = node_features(j, a, &h.client.n_features);
    *ret_tls = json_bool(j, "TLSEnabled", false);
    *ret = h;
    return 0;
}

static bool is_running(const struct json *alloc)
{
    return str_eq(json_str(alloc, "ClientStatus", ""), "running");
}

static struct alloc_view read_alloc(const struct json *alloc, struct arena *a)
{
    const struct json *tasks = json_get(alloc, "TaskStates");
    const char *type = json_str(json_get(alloc, "Job"), "Type", json_str(alloc, "JobType", ""));
    struct alloc_view v = {.id = text_member(a, alloc, "ID"),
                           .client_status = text_member(a, alloc, "ClientStatus"),
                           .system_job = str_eq(type, "system") || str_eq(type, "sysbatch")};
    size_t n_tasks = json_is_object(tasks) ? MIN_OF(json_len(tasks), (size_t)TASKS_MAX) : 0;
    int64_t *starts = arena_array(a, n_tasks + 1, sizeof(*starts));
    for (size_t i = 0; i < n_tasks; i++) {
        const char *name = "";
        const struct json *task = json_pair(tasks, i, &name);
        int64_t started = parse_time_ns(json_str(task, "StartedAt", ""));
        int64_t restarts = json_int(task, "Restarts", 0);
        v.started_ns = MAX_OF(v.started_ns, started);
        if (started > 0)
            starts[v.n_starts++] = started;
        if (restarts > 0)
            v.restarts += (uint32_t)MIN_OF(restarts, (int64_t)1000000);
    }
    v.starts = starts;
    return v;
}

int parse_allocs(const void *p, size_t n, struct arena *a, struct alloc_view **ret, size_t *ret_n,
                 struct err *err)
{
    auto_json struct json *j = NULL;
    if (json_parse(p, n, ANSWER_MAX, &j, err) < 0)
        return -1;
    if (!json_is_array(j) && json_len(j) > 0)
        return err_set(err, ERR_FORMAT, 0, "Nomad's answer is not a list of allocations");
    size_t total = json_is_array(j) ? json_len(j) : 0, out = 0;
    struct alloc_view *list =
        arena_array(a, MIN_OF(total, (size_t)NOMAD_ALLOCS_MAX) + 1, sizeof(*list));
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < total && out < NOMAD_ALLOCS_MAX; i++)
            if (is_running(json_item(j, i)) == (pass == 0))
                list[out++] = read_alloc(json_item(j, i), a);
    *ret = list;
    *ret_n = out;
    return 0;
}
