/* /v1/operator. Contract: sim_route.h. */
#include "json.h"
#include "sim_json.h"
#include "sim_raft.h"
#include "sim_route.h"
#include "sim_serf.h"
#include "sim_view.h"
#include "str.h"

#define BODY_MAX 65536

static void put_peer(struct sim_ask *x, const struct sim_peer *p)
{
    struct buf *b = &x->a->body;
    const struct sim_member *m = sim_serf_find(x->n, p->addr);
    js_open(b, NULL, '{');
    js_addr(b, "Address", p->addr.ip, p->rpc_port);
    if (x->n->cfg.raft_vsn < 3)
        js_addr(b, "ID", p->addr.ip, p->rpc_port);
    else
        js_id(b, "ID", &p->id);
    js_bool(b, "Leader", sim_addr_eq(p->addr, x->n->raft.leader));
    if (m != NULL) {
        js_strf(b, "Node", "%s.%s", m->info.name, m->info.region);
        js_strf(b, "RaftProtocol", "%u", m->info.raft_vsn);
    } else {
        js_str(b, "Node", "(unknown)");
        js_str(b, "RaftProtocol", "unknown");
    }
    js_bool(b, "Voter", p->voter);
    js_close(b, '}');
}

enum sim_answered sim_get_raft(struct sim_ask *x)
{
    const struct sim_raft_config *c = sim_state_config(&x->n->durable.state);
    js_open(&x->a->body, NULL, '{');
    js_raw(&x->a->body, "Index", "0");
    js_open(&x->a->body, "Servers", '[');
    for (int i = 0; c != NULL && i < c->n; i++)
        put_peer(x, &c->peers[i]);
    if (x->n->faults.ghost_peer != 0)
        put_peer(x, &(const struct sim_peer){.id = {{0xde, 0xad}},
                                             .addr = {0x7f0000fe, 4648},
                                             .rpc_port = 4647,
                                             .voter = true});
    js_close(&x->a->body, ']');
    js_close(&x->a->body, '}');
    return SIM_ANSWERED;
}

static bool peer_is(const struct sim_peer *p, const char *id, const char *address)
{
    char at[SIM_ADDR_TEXT], uuid[SIM_UUID_TEXT];
    sim_addr_text(at, p->addr.ip, p->rpc_port);
    sim_id_text(uuid, &p->id);
    return id != NULL ? strcmp(uuid, id) == 0 || strcmp(at, id) == 0 : strcmp(at, address) == 0;
}

/* 0: *ret is its raft id (with protocol 2 the id is an address). -1: no such peer is configured. */
static int find_peer(const struct sim_ask *x, const char *id, const char *address,
                     struct sim_id *ret)
{
    const struct sim_raft_config *c = sim_state_config(&x->n->durable.state);
    for (int i = 0; c != NULL && i < c->n; i++)
        if (peer_is(&c->peers[i], id, address)) {
            *ret = c->peers[i].id;
            return 0;
        }
    return -1;
}

/* The server of ?id= or ?address=; exactly one of the two must be there, once. */
static int named_peer(struct sim_ask *x, struct sim_id *ret)
{
    char id[64], address[64];
    bool by_id = sim_query(x->q, "id", id, sizeof(id));
    bool by_address = sim_query(x->q, "address", address, sizeof(address));
    if (by_id == by_address)
        return -1;
    return find_peer(x, by_id ? id : NULL, address, ret);
}

/* Measured on Nomad: a peer is removed only by id, and an unknown id is an error of the leader. */
enum sim_answered sim_delete_peer(struct sim_ask *x)
{
    struct sim_write w = {.kind = SIM_WRITE_PEER_REMOVE};
    struct sim_written done;
    char id[64];
    if (!sim_query(x->q, "id", id, sizeof(id)))
        return sim_fail(x, 400, "Must specify ?id with the server's ID");
    (void)find_peer(x, id, NULL, &w.id); /* not found: the id stays zero, and no peer has it */
    enum sim_answered ret = sim_ask_write(x, &w, &done);
    if (ret == SIM_ANSWERED && x->a->status == 200)
        x->a->content_type = "";
    return ret;
}

static void put_end(struct buf *b, const char *key, const struct sim_peer *p)
{
    js_open(b, key, '{');
    js_addr(b, "Address", p->addr.ip, p->rpc_port);
    js_id(b, "ID", &p->id);
    js_close(b, '}');
}

enum sim_answered sim_put_transfer(struct sim_ask *x)
{
    struct sim_write w = {.kind = SIM_WRITE_TRANSFER};
    struct sim_written done;
    const struct sim_raft_config *c = sim_state_config(&x->n->durable.state);
    struct sim_peer from = {0}, to = {0};
    if (named_peer(x, &w.id) < 0)
        return sim_fail(x, 400, "must specify id or address of a server in the configuration");
    for (int i = 0; i < c->n; i++) {
        if (sim_addr_eq(c->peers[i].addr, x->n->raft.leader))
            from = c->peers[i];
        if (sim_id_eq(&c->peers[i].id, &w.id))
            to = c->peers[i];
    }
    enum sim_answered ret = sim_ask_write(x, &w, &done);
    if (ret != SIM_ANSWERED || x->a->status != 200)
        return ret;
    js_open(&x->a->body, NULL, '{');
    put_end(&x->a->body, "From", &from);
    put_end(&x->a->body, "To", &to);
    js_bool(&x->a->body, "Noop", done.no);
    js_raw(&x->a->body, "Err", "null");
    js_close(&x->a->body, '}');
    return SIM_ANSWERED;
}

static void put_health_server(struct buf *b, const struct sim_node *n,
                              const struct sim_health_server *s)
{
    js_open(b, NULL, '{');
    js_duration(b, "LastContact", s->contact_ms);
    js_id(b, "ID", &s->id);
    js_strf(b, "Name", "%s.%s", s->name, n->cfg.region);
    js_addr(b, "Address", s->addr.ip, s->rpc_port);
    js_str(b, "SerfStatus", sim_serf_status_name(s->serf));
    js_str(b, "Version", s->version);
    js_bool(b, "Leader", s->leader);
    js_int(b, "LastTerm", (int64_t)s->last_term);
    js_int(b, "LastIndex", (int64_t)s->last_index);
    js_bool(b, "Healthy", s->healthy);
    js_bool(b, "Voter", s->voter);
    js_time(b, "StableSince", s->stable_ms);
    js_close(b, '}');
}

/* Since 1.4 the answer also contains Leader and Voters, from a new library. */
static void put_voters(struct buf *b, const struct sim_health *h)
{
    for (int i = 0; i < h->n; i++)
        if (h->servers[i].leader)
            js_id(b, "Leader", &h->servers[i].id);
    js_open(b, "Voters", '[');
    for (int i = 0; i < h->n; i++)
        if (h->servers[i].voter)
            js_id(b, NULL, &h->servers[i].id);
    js_close(b, ']');
}

enum sim_answered sim_get_autopilot(struct sim_ask *x)
{
    struct sim_health h = {0};
    struct buf *b = &x->a->body;
    int status = sim_view_health(x->n, &h);
    if (status == 0)
        return SIM_NOT_YET;
    if (status == 500)
        return sim_fail_rpc(
            x, 500, "all servers must have raft_protocol set to 3 or higher to use this endpoint");
    x->a->status = status;
    js_open(b, NULL, '{');
    js_int(b, "FailureTolerance", h.tolerance);
    js_bool(b, "Healthy", h.known && h.healthy);
    if (h.known) {
        js_open(b, "Servers", '[');
        for (int i = 0; i < h.n; i++)
            put_health_server(b, x->n, &h.servers[i]);
        js_close(b, ']');
        if (sim_build_has(x->n->cfg.version, SIM_FEATURE_VOTERS))
            put_voters(b, &h);
    } else {
        js_raw(b, "Servers", "null");
    }
    js_close(b, '}');
    if (status == 429)
        x->a->content_type = "text/plain; charset=utf-8"; /* set before the body is encoded */
    return SIM_ANSWERED;
}

enum sim_answered sim_get_autopilot_config(struct sim_ask *x)
{
    struct sim_autopilot_config c = sim_state_autopilot(&x->n->durable.state);
    struct buf *b = &x->a->body;
    js_open(b, NULL, '{');
    js_strf(b, "LastContactThreshold", "%lldms", (long long)c.contact_ms);
    js_duration(b, "ServerStabilizationTime", c.stabilize_ms);
    js_bool(b, "CleanupDeadServers", c.cleanup_dead);
    js_int(b, "MaxTrailingLogs", c.trailing);
    js_int(b, "MinQuorum", c.min_quorum);
    js_raw(b, "EnableRedundancyZones", "false");
    js_raw(b, "DisableUpgradeMigration", "false");
    js_raw(b, "EnableCustomUpgrades", "false");
    js_int(b, "CreateIndex", (int64_t)c.create_index);
    js_int(b, "ModifyIndex", (int64_t)c.modify_index);
    js_close(b, '}');
    return SIM_ANSWERED;
}

static int read_duration(const struct json *o, const char *key, int64_t *ret_ms)
{
    int64_t ns;
    const char *text = json_str(o, key, NULL);
    if (text == NULL)
        return 0;
    if (str_go_duration(text, &ns) < 0)
        return -1;
    *ret_ms = ns / 1000000;
    return 0;
}

enum sim_answered sim_put_autopilot_config(struct sim_ask *x)
{
    struct sim_write w = {.kind = SIM_WRITE_AUTOPILOT};
    struct sim_written done;
    struct err err = ERR_INIT;
    auto_json struct json *o = NULL;
    char cas[24];
    uint64_t index = 0;
    if (json_parse(x->q->body, strlen(x->q->body), BODY_MAX, &o, &err) < 0)
        return sim_fail(x, 400, "Error parsing autopilot config: %s", err.text);
    w.cas = sim_query(x->q, "cas", cas, sizeof(cas));
    if (w.cas && str_to_u64(cas, UINT64_MAX, &index) < 0)
        return sim_fail(x, 400, "Error parsing cas value: %s", cas);
    w.autopilot.cleanup_dead = json_bool(o, "CleanupDeadServers", false);
    w.autopilot.trailing = json_int(o, "MaxTrailingLogs", 0);
    w.autopilot.min_quorum = json_int(o, "MinQuorum", 0);
    w.autopilot.modify_index = index;
    if (read_duration(o, "LastContactThreshold", &w.autopilot.contact_ms) < 0 ||
        read_duration(o, "ServerStabilizationTime", &w.autopilot.stabilize_ms) < 0)
        return sim_fail(x, 400, "Error parsing autopilot config: invalid duration");
    enum sim_answered ret = sim_ask_write(x, &w, &done);
    if (ret != SIM_ANSWERED || x->a->status != 200)
        return ret;
    if (w.cas)
        js_bool(&x->a->body, NULL, !done.no);
    else
        x->a->content_type = "";
    return SIM_ANSWERED;
}

enum sim_answered sim_get_scheduler(struct sim_ask *x)
{
    js_raw(&x->a->body, NULL,
           "{'SchedulerConfig':{'SchedulerAlgorithm':'binpack','PreemptionConfig':"
           "{'SystemSchedulerEnabled':true,'BatchSchedulerEnabled':false,"
           "'ServiceSchedulerEnabled':false},'RejectJobRegistration':false,"
           "'PauseEvalBroker':false,'CreateIndex':5,'ModifyIndex':5},'Index':5,'LastIndex':5,"
           "'KnownLeader':true,'LastContact':0,'NextToken':''}");
    return SIM_ANSWERED;
}

enum sim_answered sim_get_keyring(struct sim_ask *x)
{
    js_raw(&x->a->body, NULL,
           "[{'KeyID':'6f2d8c1a-3f3e-4c55-9a44-0d2f5a1b7c90','Algorithm':'aes256-gcm','State':"
           "'active','CreateTime':1795344963566080177,'PublishTime':0,'CreateIndex':6,"
           "'ModifyIndex':6}]");
    sim_mark_index(x, 6);
    return SIM_ANSWERED;
}

/* A snapshot is a text with the index and the number of objects, and not a gzip'ed tar as in Nomad.
 * Its Digest header is correct. */
enum sim_answered sim_get_snapshot(struct sim_ask *x)
{
    const struct sim_state *s = &x->n->durable.state;
    x->a->content_type = "application/octet-stream";
    buf_printf(&x->a->body, "stand-in snapshot\nindex %llu\nterm %llu\nobjects %d\n",
               (unsigned long long)s->last_index, (unsigned long long)s->last_term, s->n);
    x->a->digest = true;
    x->a->cut = x->n->faults.snapshot_cut != 0;
    sim_mark_index(x, s->last_index);
    return SIM_ANSWERED;
}

/* No job of the stand-in uses Vault. */
enum sim_answered sim_get_vault_check(struct sim_ask *x)
{
    js_raw(&x->a->body, NULL,
           "{'JobsWithoutVaultIdentity':[],'OutdatedNodes':[],'VaultTokens':null,'Index':5,"
           "'LastContact':0,'KnownLeader':true,'NextToken':''}");
    sim_mark_index(x, 5);
    return SIM_ANSWERED;
}
