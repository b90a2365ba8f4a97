#include "sim_route.h"
#include "sim_view.h"
#include "str.h"

struct route {
    const char *methods; /* "GET", "PUT POST" */
    const char *path;    /* :id stands for one element */
    enum sim_where where;
    enum sim_need need;
    int since; /* feature, -1: always */
    sim_handler *fn;
};

#define PUTS "PUT POST"
static const struct route routes[] = {
    {"GET", "/v1/agent/self", SIM_LOCAL, SIM_NEED_AGENT_READ, -1, sim_get_self},
    {"GET", "/v1/agent/members", SIM_SERVER, SIM_NEED_NODE_READ, -1, sim_get_members},
    {"GET", "/v1/agent/monitor", SIM_LOCAL, SIM_NEED_AGENT_READ, -1, sim_get_monitor},
    {"GET", "/v1/agent/health", SIM_LOCAL, SIM_NEED_NOTHING, -1, sim_get_health},
    {"GET", "/v1/agent/servers", SIM_LOCAL, SIM_NEED_AGENT_READ, -1, sim_get_servers},
    {PUTS, "/v1/agent/force-leave", SIM_LEADS, SIM_NEED_AGENT_WRITE, -1, sim_put_force_leave},
    {"GET", "/v1/status/leader", SIM_READ, SIM_NEED_NOTHING, -1, sim_get_leader},
    {"GET", "/v1/status/peers", SIM_READ, SIM_NEED_NOTHING, -1, sim_get_peers},
    {"GET", "/v1/regions", SIM_SERVER, SIM_NEED_NOTHING, -1, sim_get_regions},
    {"GET", "/v1/operator/raft/configuration", SIM_READ, SIM_NEED_MANAGEMENT, -1, sim_get_raft},
    {"DELETE", "/v1/operator/raft/peer", SIM_LEADS, SIM_NEED_MANAGEMENT, -1, sim_delete_peer},
    {PUTS, "/v1/operator/raft/transfer-leadership", SIM_LEADS, SIM_NEED_MANAGEMENT,
     SIM_FEATURE_TRANSFER, sim_put_transfer},
    {"GET", "/v1/operator/autopilot/health", SIM_LEADS, SIM_NEED_OPERATOR_READ, -1,
     sim_get_autopilot},
    {"GET", "/v1/operator/autopilot/configuration", SIM_READ, SIM_NEED_OPERATOR_READ, -1,
     sim_get_autopilot_config},
    {PUTS, "/v1/operator/autopilot/configuration", SIM_LEADS, SIM_NEED_OPERATOR_WRITE, -1,
     sim_put_autopilot_config},
    {"GET", "/v1/operator/scheduler/configuration", SIM_READ, SIM_NEED_OPERATOR_READ, -1,
     sim_get_scheduler},
    {"GET", "/v1/operator/keyring/keys", SIM_READ, SIM_NEED_OPERATOR_READ, SIM_FEATURE_VOTERS,
     sim_get_keyring},
    {"GET", "/v1/operator/upgrade-check/vault-workload-identity", SIM_READ, SIM_NEED_OPERATOR_READ,
     SIM_FEATURE_TRANSFER, sim_get_vault_check},
    {"GET", "/v1/operator/snapshot", SIM_READ, SIM_NEED_MANAGEMENT, -1, sim_get_snapshot},
    {"GET", "/v1/nodes", SIM_READ, SIM_NEED_NODE_READ, -1, sim_get_nodes},
    {"GET", "/v1/node/:id", SIM_READ, SIM_NEED_NODE_READ, -1, sim_get_node},
    {"GET", "/v1/node/:id/allocations", SIM_READ, SIM_NEED_NODE_READ, -1, sim_get_node_allocations},
    {PUTS, "/v1/node/:id/drain", SIM_LEADS, SIM_NEED_NODE_WRITE, -1, sim_put_drain},
    {PUTS, "/v1/node/:id/eligibility", SIM_LEADS, SIM_NEED_NODE_WRITE, -1, sim_put_eligibility},
    {"GET", "/v1/jobs", SIM_READ, SIM_NEED_SPACE_READ, -1, sim_get_jobs},
    {PUTS, "/v1/jobs", SIM_LEADS, SIM_NEED_MANAGEMENT, -1, sim_put_job},
    {"GET", "/v1/job/:id", SIM_READ, SIM_NEED_SPACE_READ, -1, sim_get_job},
    {"GET", "/v1/job/:id/versions", SIM_READ, SIM_NEED_SPACE_READ, -1, sim_get_job_versions},
    {"GET", "/v1/namespaces", SIM_READ, SIM_NEED_SPACE_READ, -1, sim_get_namespaces},
    {"GET", "/v1/deployments", SIM_READ, SIM_NEED_SPACE_READ, -1, sim_get_deployments},
    {"GET", "/v1/allocations", SIM_READ, SIM_NEED_SPACE_READ, -1, sim_get_allocations},
    {"GET", "/v1/metrics", SIM_LOCAL, SIM_NEED_NOTHING, -1, sim_get_metrics},
    {"GET", "/v1/acl/token/self", SIM_READ, SIM_NEED_NOTHING, -1, sim_get_token_self},
    {"GET", "/v1/acl/policies", SIM_READ, SIM_NEED_NOTHING, -1, sim_get_policies},
    {"GET", "/v1/acl/policy/:id", SIM_READ, SIM_NEED_NOTHING, -1, sim_get_policy},
    {PUTS, "/v1/acl/bootstrap", SIM_LEADS, SIM_NEED_NOTHING, -1, sim_put_bootstrap},
    {PUTS, "/v1/acl/policy/:id", SIM_LEADS, SIM_NEED_MANAGEMENT, -1, sim_put_policy},
    {PUTS, "/v1/acl/token", SIM_LEADS, SIM_NEED_MANAGEMENT, -1, sim_put_token},
};

/* ---- functions for handlers ---- */

enum sim_answered sim_fail(struct sim_ask *x, int status, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    buf_clear(&x->a->body);
    buf_vprintf(&x->a->body, fmt, ap);
    va_end(ap);
    x->a->status = status;
    x->a->content_type = "text/plain; charset=utf-8";
    return SIM_ANSWERED;
}

enum sim_answered sim_fail_rpc(struct sim_ask *x, int status, const char *text)
{
    return sim_fail(x, status, "%s%s", x->passed_on ? "rpc error: " : "", text);
}

void sim_mark_index(struct sim_ask *x, uint64_t index)
{
    x->a->has_index = true;
    x->a->index = index;
    x->a->known_leader = x->n->raft.leader.ip != 0;
    x->a->last_contact_ms = x->stale ? sim_view_raft(x->n).last_contact_ms : 0;
}

bool sim_query(const struct sim_request *q, const char *name, char *dst, size_t n)
{
    size_t len = strlen(name);
    for (const char *p = q->query; *p != '\0';) {
        const char *end = strchrnul(p, '&');
        bool same = strncmp(p, name, len) == 0 && (p[len] == '=' || p + len == end);
        if (!same) {
            p = *end != '\0' ? end + 1 : end;
            continue;
        }
        size_t k = 0;
        for (p += len + (p[len] == '='); p < end && k + 1 < n; p++, k++) {
            unsigned char c;
            char two[3] = {p[0], p[0] != '\0' ? p[1] : '\0', '\0'};
            bool escaped = *p == '%' && end - p >= 3;
            if (escaped)
                memcpy(two, p + 1, 2);
            escaped = escaped && str_unhex(two, &c, 1) == 0;
            dst[k] = escaped ? (char)c : *p;
            p += escaped ? 2 : 0;
        }
        dst[k] = '\0';
        return true;
    }
    return false;
}

enum sim_answered sim_ask_write(struct sim_ask *x, const struct sim_write *w,
                                struct sim_written *ret)
{
    if (x->q->ticket == 0)
        x->q->ticket = sim_node_write(x->n, w);
    if (x->q->ticket == 0 || !sim_node_written(x->n, x->q->ticket, ret))
        return SIM_NOT_YET;
    x->q->ticket = 0;
    if (ret->status != 200)
        return sim_fail_rpc(x, ret->status, ret->text);
    return SIM_ANSWERED;
}

bool sim_blocks(struct sim_ask *x, uint64_t index)
{
    char text[24];
    uint64_t after = 0;
    int64_t wait = 300000;
    if (!sim_query(x->q, "index", text, sizeof(text)) || str_to_u64(text, UINT64_MAX, &after) < 0)
        return false;
    if (sim_query(x->q, "wait", text, sizeof(text)) && str_duration_ms(text, &wait) < 0)
        return false;
    return after > 0 && index <= after && x->n->now < x->q->begun_ms + MIN_OF(wait, 300000);
}

const struct sim_record *sim_token_of(const struct sim_node *n, const char *secret)
{
    struct sim_id id;
    const struct sim_record *r;
    int slot = 0;
    static const struct sim_id none;
    if (sim_id_parse(secret, &id) < 0 || sim_id_eq(&id, &none))
        return NULL; /* policies have no secret */
    while ((r = sim_view_next(n, SIM_REC_TOKEN, &slot)) != NULL)
        if (sim_id_eq(&r->u.token.secret, &id))
            return r;
    return NULL;
}

/* ---- dispatch of a request ---- */

static bool path_fits(const char *pattern, const char *path, char id[static 80])
{
    const char *colon = strchr(pattern, ':');
    if (colon == NULL)
        return strcmp(pattern, path) == 0;
    size_t head = (size_t)(colon - pattern);
    if (strncmp(pattern, path, head) != 0)
        return false;
    const char *end = strchrnul(path + head, '/');
    size_t len = (size_t)(end - (path + head));
    if (len == 0 || len >= 80 || strcmp(end, colon + strlen(":id")) != 0)
        return false;
    memcpy(id, path + head, len);
    id[len] = '\0';
    return true;
}

/* A real client resolves tokens through its servers; here it knows only the tokens of the
 * settings. */
static const struct sim_token_record *token_of_settings(const struct sim_ask *x)
{
    static const struct sim_token_record all = {.management = true},
                                         reading = {.agent = SIM_RIGHT_READ,
                                                    .node = SIM_RIGHT_READ,
                                                    .operator_ = SIM_RIGHT_READ};
    static const struct sim_id none;
    struct sim_id secret;
    if (x->n->cfg.server || sim_id_parse(x->q->token, &secret) < 0 || sim_id_eq(&secret, &none))
        return NULL;
    return sim_id_eq(&secret, &x->n->cfg.management) ? &all
           : sim_id_eq(&secret, &x->n->cfg.reader)   ? &reading
                                                     : NULL;
}

/* NULL: the token allows the request. Else the text of the refusal. */
static const char *token_refusal(struct sim_ask *x, enum sim_need need)
{
    const struct sim_record *r = NULL;
    x->may_read_space = true;
    if (!x->n->cfg.acl)
        return NULL;
    if (x->q->token[0] != '\0') {
        if (x->n->faults.token_expired != 0 && need != SIM_NEED_NOTHING)
            return "ACL token expired";
        r = sim_token_of(x->n, x->q->token);
        x->token = r != NULL ? &r->u.token : token_of_settings(x);
        if (x->token == NULL && need != SIM_NEED_NOTHING)
            return "ACL token not found";
    }
    const struct sim_token_record *t = x->token;
    bool all = t != NULL && t->management;
    x->may_read_space = all || (t != NULL && t->space >= SIM_RIGHT_READ);
    const bool allowed[] = {
        [SIM_NEED_NOTHING] = true,
        [SIM_NEED_AGENT_READ] = t != NULL && t->agent >= SIM_RIGHT_READ,
        [SIM_NEED_AGENT_WRITE] = t != NULL && t->agent >= SIM_RIGHT_WRITE,
        [SIM_NEED_NODE_READ] = t != NULL && t->node >= SIM_RIGHT_READ,
        [SIM_NEED_NODE_WRITE] = t != NULL && t->node >= SIM_RIGHT_WRITE,
        [SIM_NEED_OPERATOR_READ] = t != NULL && t->operator_ >= SIM_RIGHT_READ,
        [SIM_NEED_OPERATOR_WRITE] = t != NULL && t->operator_ >= SIM_RIGHT_WRITE,
        [SIM_NEED_SPACE_READ] = t != NULL,
        [SIM_NEED_MANAGEMENT] = false,
    };
    return all || allowed[need] ? NULL : "Permission denied";
}

/* True: the request needs no leader, or the leader answers. False: *ret says how to go on. */
static bool leader_answers(struct sim_ask *x, enum sim_where where, enum sim_answered *ret)
{
    if (where == SIM_LOCAL || where == SIM_SERVER || (where == SIM_READ && x->stale))
        return true;
    struct sim_addr leader = sim_view_leader(x->n);
    bool self = x->n->raft.role == SIM_LEADER;
    bool accepts = self || leader.ip == 0 || x->q->accepts == NULL ||
                   x->q->accepts(x->q->ctx, leader.ip, leader.port);
    enum sim_reach reach = sim_view_reach(x->n, accepts);
    x->passed_on = !self;
    if (reach == SIM_REACH_OK) {
        x->n->raft.stream_open = x->n->raft.stream_open || !self;
        return true;
    }
    if (reach != SIM_REACH_REFUSED) {
        bool late = x->n->now >= x->q->begun_ms + x->n->cfg.timing.hold_ms;
        *ret = late ? sim_fail(x, 500, "No cluster leader") : SIM_NOT_YET;
        return false;
    }
    char at[SIM_ADDR_TEXT];
    sim_addr_text(at, leader.ip, leader.port);
    bool open = x->n->raft.stream_open;
    x->n->raft.stream_open = false;
    x->n->raft.refused_ms = x->n->now;
    if (x->q->ticket != 0 || open)
        *ret = sim_fail(x, 500, "rpc error: stream closed");
    else
        *ret = sim_fail(x, 500,
                        "rpc error: failed to get conn: dial tcp %s: connect: "
                        "connection refused",
                        at);
    x->q->ticket = 0;
    return false;
}

static enum sim_answered run_route(struct sim_ask *x, const struct route *r)
{
    enum sim_answered ret;
    char none[2], region[64];
    x->stale = sim_query(x->q, "stale", none, sizeof(none));
    if (r->where == SIM_LEADS && r->fn == sim_put_force_leave && !x->n->cfg.server)
        return sim_fail(x, 501, "server only endpoint");
    if (r->where != SIM_LOCAL && !x->n->cfg.server)
        return SIM_ELSEWHERE;
    if (r->where != SIM_LOCAL && sim_query(x->q, "region", region, sizeof(region)) &&
        region[0] != '\0' && strcmp(region, x->n->cfg.region) != 0)
        return sim_fail(x, 500, "No path to region"); /* requests stay in their region */
    const char *why = token_refusal(x, r->need);
    if (why != NULL && r->need == SIM_NEED_MANAGEMENT && r->fn == sim_get_snapshot &&
        x->token != NULL && (x->token->operator_ == SIM_RIGHT_WRITE || x->token->saves) &&
        sim_build_has(x->n->cfg.version, SIM_FEATURE_SNAPSHOT_WRITE))
        why = NULL;
    if (why != NULL)
        return sim_fail(x, 403, "%s", why);
    if (!leader_answers(x, r->where, &ret))
        return ret;
    x->a->status = 200;
    x->a->content_type = "application/json";
    buf_clear(&x->a->body);
    return r->fn(x);
}

enum sim_answered sim_answer(struct sim_node *n, struct sim_request *q, struct sim_answer *a)
{
    struct sim_ask x = {.n = n, .q = q, .a = a};
    bool path = false;
    if (q->begun_ms == 0)
        q->begun_ms = n->now;
    a->status = 404;
    a->content_type = "";
    if (n->faults.hang != 0)
        return SIM_NOT_YET;
    if (n->faults.api_500_for > 0 && n->now < n->api_ms + n->faults.api_500_for)
        return sim_fail(&x, 500, "fault api-500-for");
    for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
        const struct route *r = &routes[i];
        if (!path_fits(r->path, q->path, x.id) ||
            (r->since >= 0 && !sim_build_has(n->cfg.version, (enum sim_feature)r->since)))
            continue;
        path = true;
        if (strstr(r->methods, q->method) != NULL)
            return run_route(&x, r);
    }
    return path ? sim_fail(&x, 405, "Invalid method") : SIM_ANSWERED;
}

int64_t sim_answer_due(const struct sim_node *n, const struct sim_request *q)
{
    (void)q;
    return n->now + 50;
}
