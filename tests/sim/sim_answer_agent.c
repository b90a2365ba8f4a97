/* What an agent reports about itself and gossip: /v1/agent, /v1/status, /v1/regions.
 * Contract: sim_route.h. */
#include "sim_json.h"
#include "sim_raft.h"
#include "sim_route.h"
#include "sim_serf.h"
#include "sim_view.h"
#include "str.h"

static void put_tags(struct buf *b, const struct sim_info *i)
{
    js_open(b, "Tags", '{');
    js_str(b, "role", "nomad");
    js_str(b, "region", i->region);
    js_str(b, "dc", i->dc);
    js_str(b, "build", i->version);
    js_str(b, "vsn", "1");
    js_str(b, "mvn", "1");
    js_strf(b, "raft_vsn", "%u", i->raft_vsn);
    js_id(b, "id", &i->id);
    char ip[SIM_ADDR_TEXT];
    sim_ip_text(ip, i->addr.ip);
    js_str(b, "rpc_addr", ip);
    js_strf(b, "port", "%u", i->rpc_port);
    js_strf(b, "expect", "%u", i->expect);
    if (sim_build_has(i->version, SIM_FEATURE_BUILD_DATE)) {
        char revision[41];
        sim_build_revision(i->version, revision);
        js_str(b, "revision", revision);
    }
    js_close(b, '}');
}

static void put_member(struct buf *b, const char *key, const struct sim_info *i,
                       enum sim_serf_status status)
{
    char ip[SIM_ADDR_TEXT];
    sim_ip_text(ip, i->addr.ip);
    js_open(b, key, '{');
    js_str(b, "Addr", ip);
    js_raw(b, "DelegateCur", "4");
    js_raw(b, "DelegateMax", "5");
    js_raw(b, "DelegateMin", "2");
    js_strf(b, "Name", "%s.%s", i->name, i->region);
    js_int(b, "Port", i->addr.port);
    js_raw(b, "ProtocolCur", "2");
    js_raw(b, "ProtocolMax", "5");
    js_raw(b, "ProtocolMin", "1");
    js_str(b, "Status", sim_serf_status_name(status));
    put_tags(b, i);
    js_close(b, '}');
}

enum sim_answered sim_get_members(struct sim_ask *x)
{
    struct buf *b = &x->a->body;
    struct sim_view_member members[SIM_MEMBERS_MAX];
    int n = sim_view_members(x->n, members);
    js_open(b, NULL, '{');
    js_open(b, "Members", '[');
    for (int i = 0; i < n; i++)
        put_member(b, NULL, &members[i].info, members[i].status);
    js_close(b, ']');
    js_str(b, "ServerDC", x->n->cfg.dc);
    js_str(b, "ServerName", x->n->cfg.name);
    js_str(b, "ServerRegion", x->n->cfg.region);
    js_close(b, '}');
    return SIM_ANSWERED;
}

static void put_raft_configuration(struct buf *b, const struct sim_node *n)
{
    const struct sim_raft_config *c = sim_state_config(&n->durable.state);
    struct buf text = BUF_INIT;
    buf_add_byte(&text, '[');
    for (int i = 0; c != NULL && i < c->n; i++) {
        const struct sim_peer *p = &c->peers[i];
        char at[SIM_ADDR_TEXT], id[SIM_UUID_TEXT];
        sim_addr_text(at, p->addr.ip, p->rpc_port);
        sim_id_text(id, &p->id);
        buf_printf(&text, "%s{Suffrage:%s ID:%s Address:%s}", i > 0 ? " " : "",
                   p->voter ? "Voter" : "Nonvoter", n->cfg.raft_vsn < 3 ? at : id, at);
    }
    buf_add_byte(&text, ']');
    js_str(b, "latest_configuration", buf_str(&text));
    buf_free(&text);
}

static void put_raft_stats(struct buf *b, const struct sim_node *n)
{
    static const char *const roles[] = {"Follower", "Candidate", "Leader"};
    struct sim_view_raft v = sim_view_raft(n);
    js_open(b, "raft", '{');
    js_str(b, "state", roles[v.role]);
    js_strf(b, "term", "%llu", (unsigned long long)v.term);
    js_strf(b, "last_log_index", "%llu", (unsigned long long)v.last_index);
    js_strf(b, "last_log_term", "%llu", (unsigned long long)v.last_term);
    js_strf(b, "commit_index", "%llu", (unsigned long long)v.commit);
    js_strf(b, "applied_index", "%llu", (unsigned long long)v.applied);
    js_str(b, "fsm_pending", "0");
    js_str(b, "last_snapshot_index", "0");
    js_str(b, "last_snapshot_term", "0");
    js_strf(b, "num_peers", "%d", v.other_voters);
    if (v.last_contact_ms == 0)
        js_str(b, "last_contact", "0");
    else if (v.last_contact_ms < 0)
        js_str(b, "last_contact", "never");
    else
        js_duration(b, "last_contact", v.last_contact_ms);
    put_raft_configuration(b, n);
    js_str(b, "latest_configuration_index", "0");
    js_strf(b, "protocol_version", "%u", n->cfg.raft_vsn);
    js_str(b, "protocol_version_min", "0");
    js_str(b, "protocol_version_max", "3");
    js_str(b, "snapshot_version_min", "0");
    js_str(b, "snapshot_version_max", "1");
    if (sim_build_at_least(n->cfg.version, 2, 0, 0))
        js_str(b, "logstore_backend", "boltdb");
    js_close(b, '}');
}

static bool first_of_region(const struct sim_node *n, int at)
{
    for (int i = 0; i < at; i++)
        if (strcmp(n->serf.members[i].info.region, n->serf.members[at].info.region) == 0)
            return false;
    return true;
}

static void put_server_stats(struct buf *b, const struct sim_node *n)
{
    struct sim_addr leader = sim_view_leader(n);
    int count[SIM_FAILED + 1] = {0};
    char at[SIM_ADDR_TEXT] = "";
    if (leader.ip != 0)
        sim_addr_text(at, leader.ip, leader.port);
    for (int i = 0; i < n->serf.n; i++)
        count[n->serf.members[i].status]++;
    js_open(b, "nomad", '{');
    js_str(b, "server", "true");
    js_str(b, "leader", n->raft.role == SIM_LEADER ? "true" : "false");
    js_str(b, "leader_addr", at);
    js_str(b, "bootstrap", "false");
    int regions = 0;
    for (int i = 0; i < n->serf.n; i++)
        regions += first_of_region(n, i);
    js_strf(b, "known_regions", "%d", regions);
    js_close(b, '}');
    put_raft_stats(b, n);
    js_open(b, "serf", '{');
    js_strf(b, "members", "%d", n->serf.n);
    js_strf(b, "failed", "%d", count[SIM_FAILED]);
    js_strf(b, "left", "%d", count[SIM_LEFT]);
    js_strf(b, "member_time", "%u", n->durable.incarnation);
    static const char *const zero[] = {"intent_queue", "event_queue", "query_queue",
                                       "coordinate_resets", "health_score"};
    for (size_t i = 0; i < ARRAY_LEN(zero); i++)
        js_str(b, zero[i], "0");
    js_str(b, "event_time", "1");
    js_str(b, "query_time", "1");
    js_str(b, "encrypted", "false");
    js_close(b, '}');
    js_raw(b, "vault", "{'tracked_for_revoked':'0','token_ttl':'0s','token_expire_time':''}");
}

static void put_client_stats(struct buf *b, const struct sim_node *n)
{
    const struct sim_client *c = &n->client;
    struct buf servers = BUF_INIT;
    int running = 0;
    for (int i = 0; i < c->n_servers; i++) {
        char at[SIM_ADDR_TEXT];
        sim_addr_text(at, c->servers[i].ip, (uint16_t)(c->servers[i].port - 1));
        buf_printf(&servers, "%s%s", i > 0 ? "," : "", at);
    }
    for (int i = 0; i < SIM_ALLOCS_MAX; i++)
        running += n->durable.tasks[i].used && n->durable.tasks[i].status <= SIM_RUNNING;
    js_open(b, "client", '{');
    js_id(b, "node_id", &n->durable.client_id);
    js_str(b, "known_servers", buf_str(&servers));
    js_strf(b, "num_allocations", "%d", running);
    js_duration(b, "last_heartbeat", c->registered ? MAX_OF(n->now - c->last_beat_ms, 1) : 0);
    js_duration(b, "heartbeat_ttl", c->ttl_ms);
    js_close(b, '}');
    buf_free(&servers);
}

enum sim_answered sim_get_self(struct sim_ask *x)
{
    struct buf *b = &x->a->body;
    const struct sim_node *n = x->n;
    js_open(b, NULL, '{');
    sim_self_config(n, b);
    if (n->cfg.server) {
        struct sim_info self = sim_serf_self(n);
        put_member(b, "member", &self, SIM_ALIVE);
    } else {
        js_raw(b, "member",
               "{'Addr':null,'DelegateCur':0,'DelegateMax':0,'DelegateMin':0,'Name':'','Port':0,"
               "'ProtocolCur':0,'ProtocolMax':0,'ProtocolMin':0,'Status':'none','Tags':null}");
    }
    js_open(b, "stats", '{');
    js_raw(b, "runtime",
           "{'kernel.name':'linux','arch':'amd64','version':'go1.19.8','max_procs':'2',"
           "'goroutines':'133','cpu_count':'2'}");
    if (n->cfg.server)
        put_server_stats(b, n);
    if (n->cfg.client)
        put_client_stats(b, n);
    js_close(b, '}');
    js_close(b, '}');
    return SIM_ANSWERED;
}

/* A server needs a leader and waits for one; a client needs to know a server. */
/* The shell streams the log; in virtual time there is no log. */
enum sim_answered sim_get_monitor(struct sim_ask *x)
{
    x->a->content_type = "application/json";
    x->a->stream = true;
    return SIM_ANSWERED;
}

enum sim_answered sim_get_health(struct sim_ask *x)
{
    const struct sim_node *n = x->n;
    struct buf *b = &x->a->body;
    bool led = n->raft.leader.ip != 0, joined = n->client.n_servers > 0;
    if (n->cfg.server && !led && n->now < x->q->begun_ms + n->cfg.timing.hold_ms)
        return SIM_NOT_YET;
    js_open(b, NULL, '{');
    if (n->cfg.server) {
        js_open(b, "server", '{');
        js_str(b, "message", led ? "ok" : "No cluster leader");
        js_bool(b, "ok", led);
        js_close(b, '}');
    }
    if (n->cfg.client) {
        js_open(b, "client", '{');
        js_str(b, "message", joined ? "ok" : "no known servers");
        js_bool(b, "ok", joined);
        js_close(b, '}');
    }
    js_close(b, '}');
    if ((n->cfg.server && !led) || (n->cfg.client && !joined))
        x->a->status = 500;
    return SIM_ANSWERED;
}

enum sim_answered sim_get_servers(struct sim_ask *x)
{
    const struct sim_client *c = &x->n->client;
    if (!x->n->cfg.client)
        return sim_fail(x, 501, "client only endpoint");
    js_open(&x->a->body, NULL, '[');
    for (int i = 0; i < c->n_servers; i++)
        js_addr(&x->a->body, NULL, c->servers[i].ip, (uint16_t)(c->servers[i].port - 1));
    js_close(&x->a->body, ']');
    return SIM_ANSWERED;
}

enum sim_answered sim_get_leader(struct sim_ask *x)
{
    struct sim_addr leader = sim_view_leader(x->n);
    if (leader.ip == 0)
        js_str(&x->a->body, NULL, "");
    else
        js_addr(&x->a->body, NULL, leader.ip, leader.port);
    return SIM_ANSWERED;
}

enum sim_answered sim_get_peers(struct sim_ask *x)
{
    const struct sim_raft_config *c = sim_state_config(&x->n->durable.state);
    js_open(&x->a->body, NULL, '[');
    for (int i = 0; c != NULL && i < c->n; i++)
        js_addr(&x->a->body, NULL, c->peers[i].addr.ip, c->peers[i].rpc_port);
    js_close(&x->a->body, ']');
    return SIM_ANSWERED;
}

enum sim_answered sim_get_regions(struct sim_ask *x)
{
    js_open(&x->a->body, NULL, '[');
    for (int i = 0; i < x->n->serf.n; i++)
        if (first_of_region(x->n, i))
            js_str(&x->a->body, NULL, x->n->serf.members[i].info.region);
    js_close(&x->a->body, ']');
    return SIM_ANSWERED;
}

enum sim_answered sim_put_force_leave(struct sim_ask *x)
{
    struct sim_write w = {.kind = SIM_WRITE_FORCE_LEAVE};
    struct sim_written done;
    char prune[8];
    if (!sim_query(x->q, "node", w.name, sizeof(w.name)))
        return sim_fail(x, 400, "missing node to force leave");
    if (sim_query(x->q, "prune", prune, sizeof(prune)))
        return sim_fail(x, 501, "the stand-in has no prune: nobody is to ask for it");
    enum sim_answered ret = sim_ask_write(x, &w, &done);
    if (ret == SIM_ANSWERED && x->a->status == 200)
        x->a->content_type = "";
    return ret;
}
