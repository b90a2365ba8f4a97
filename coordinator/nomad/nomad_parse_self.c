/* agent/self: every value under stats is a text; config has Go's field names. */
#include "nomad_parse.h"

#include "str.h"

#define ANSWER_MAX (8 * 1024 * 1024)

static const char *stat_text(const struct json *j, const char *group, const char *key)
{
    return json_str(json_get(json_get(j, "stats"), group), key, "");
}

static uint64_t stat_number(const struct json *j, const char *key)
{
    uint64_t v = 0;
    return str_to_u64(stat_text(j, "raft", key), UINT64_MAX, &v) == 0 ? v : 0;
}

/* A Go duration in milliseconds, rounded up so that 0 means exactly none; -1 unknown. */
static int64_t duration_ms(const char *s)
{
    int64_t ns = 0;
    if (s[0] == '\0' || str_go_duration(s, &ns) < 0 || ns < 0)
        return -1;
    return (ns + 999999) / 1000000;
}

static int tri(const struct json *o, const char *key)
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
    int n = snprintf(text, sizeof text, "%s%s%s%s%s", plain, pre[0] != '\0' ? "-" : "", pre,
                     meta[0] != '\0' ? "+" : "", meta);
    return n < 0 || (size_t)n >= sizeof text ? "" : parse_text(a, text);
}

/* "[{Suffrage:Voter ID:x Address:y} ...]", as Go prints the slice: is the peer with
 * this id or address a voter of it? */
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
    v->fsm_pending = stat_number(j, "fsm_pending");
    v->last_snapshot_index = stat_number(j, "last_snapshot_index");
    v->num_peers = (int)MIN_OF(stat_number(j, "num_peers"), (uint64_t)1000);
    v->raft_protocol = (int)MIN_OF(stat_number(j, "protocol_version"), (uint64_t)1000);
    v->last_contact_ms = duration_ms(stat_text(j, "raft", "last_contact"));
    read_suffrage(stat_text(j, "raft", "latest_configuration"), r->raft_id, r->rpc_addr, v);
}

static const char *rpc_address(struct arena *a, const struct json *tags, const char *addr)
{
    const char *port = json_str(tags, "port", ""), *host = json_str(tags, "rpc_addr", addr);
    if (port[0] == '\0' || host == NULL || host[0] == '\0')
        return "";
    return arena_printf(a, strchr(host, ':') != NULL ? "[%.60s]:%.6s" : "%.60s:%.6s", host, port);
}

int parse_self(const void *p, size_t n, struct arena *a, struct self_answer *ret, struct err *err)
{
    auto_json struct json *j = NULL;
    if (json_parse(p, n, ANSWER_MAX, &j, err) < 0)
        return -1;
    const struct json *config = json_get(j, "config"), *member = json_get(j, "member");
    const struct json *tags = json_get(member, "Tags"), *server = json_get(config, "Server");
    if (!json_is_object(config) || !json_is_object(json_get(j, "stats")))
        return err_set(err, ERR_FORMAT, 0, "Nomad's answer is not what an agent tells of itself");
    struct self_answer r;
    memset(&r, 0, sizeof r);
    r.node_name = parse_text(a, json_str(config, "NodeName", ""));
    r.region = r.view.self_region = parse_text(a, json_str(config, "Region", ""));
    r.raft_id = parse_text(a, json_str(tags, "id", ""));
    r.rpc_addr = rpc_address(a, tags, json_str(member, "Addr", ""));
    r.client_id = parse_text(a, stat_text(j, "client", "node_id"));
    r.heartbeat_age_ms = duration_ms(stat_text(j, "client", "last_heartbeat"));
    r.heartbeat_ttl_ms = duration_ms(stat_text(j, "client", "heartbeat_ttl"));
    r.view.version = parse_version_object(a, json_get(config, "Version"));
    r.view.build_date = parse_text(a, json_str(json_get(config, "Version"), "BuildDate", ""));
    r.view.leave_on_interrupt = tri(config, "LeaveOnInt");
    r.view.leave_on_terminate = tri(config, "LeaveOnTerm");
    r.view.acl_enabled = tri(json_get(config, "ACL"), "Enabled");
    r.view.rejoin_after_leave = tri(server, "RejoinAfterLeave");
    int64_t expect = json_int(server, "BootstrapExpect", 0);
    r.view.bootstrap_expect = expect < 0 || expect > 1000 ? 0 : (int)expect;
    read_raft(j, a, &r);
    *ret = r;
    return 0;
}
