/* /v1/acl: contract in sim_route.h. It supports bootstrap, policies that allow to read or write
 * agent, node, operator and namespaces, and tokens with such a policy. A policy is stored as a
 * token record without a secret; its id is computed from its name. */
#include "json.h"
#include "sim_json.h"
#include "sim_route.h"
#include "sim_view.h"
#include "str.h"

#define BODY_MAX 65536

static void put_token(struct sim_ask *x, const struct sim_record *r, uint64_t index)
{
    struct buf *b = &x->a->body;
    const struct sim_token_record *t = &r->u.token;
    js_open(b, NULL, '{');
    js_id(b, "AccessorID", &r->id);
    js_int(b, "CreateIndex", (int64_t)t->create_index);
    js_time_ns(b, "CreateTime", t->created_ms);
    js_raw(b, "Global", "true");
    js_str(b, "Hash", "BUJ3BerTfrqFVm1P+vZr1gz9ubOkd+JAvYjNAJyaU9Y=");
    js_int(b, "ModifyIndex", (int64_t)index);
    js_str(b, "Name", t->name);
    if (t->management) {
        js_raw(b, "Policies", "null");
    } else {
        js_open(b, "Policies", '[');
        js_str(b, NULL, t->name);
        js_close(b, ']');
    }
    js_id(b, "SecretID", &t->secret);
    js_str(b, "Type", t->management ? "management" : "client");
    if (sim_build_at_least(x->n->cfg.version, 1, 4, 0)) {
        js_raw(b, "ExpirationTime", "null");
        js_raw(b, "Roles", "null");
    }
    js_close(b, '}');
}

enum sim_answered sim_get_token_self(struct sim_ask *x)
{
    bool clear = sim_build_has(x->n->cfg.version, SIM_FEATURE_TOKEN_SELF);
    if (!x->n->cfg.acl && clear) {
        js_raw(&x->a->body, NULL,
               "{'AccessorID':'acls-disabled','CreateIndex':0,'CreateTime':'0001-01-01T00:00:00Z',"
               "'Global':false,'Hash':'','ModifyIndex':0,'Name':'ACLs disabled token','Policies':"
               "null,'SecretID':'','Type':'client'}");
        return SIM_ANSWERED;
    }
    if (!x->n->cfg.acl)
        return sim_fail(x, 404, "ACL support disabled");
    if (x->q->token[0] == '\0')
        return sim_fail_rpc(x, 500, "acl token lookup failed: missing secret id");
    const struct sim_record *r = sim_token_of(x->n, x->q->token);
    if (r == NULL)
        return clear ? sim_fail(x, 403, "ACL token not found")
                     : sim_fail(x, 404, "ACL token not found");
    put_token(x, r, r->index);
    sim_mark_index(x, r->index);
    return SIM_ANSWERED;
}

static enum sim_answered write_token(struct sim_ask *x, const struct sim_write *w)
{
    struct sim_written done;
    struct sim_record r = {.kind = SIM_REC_TOKEN, .id = w->id};
    enum sim_answered ret = sim_ask_write(x, w, &done);
    if (ret != SIM_ANSWERED || x->a->status != 200)
        return ret;
    r.u.token = w->token;
    r.u.token.created_ms = x->n->now;
    r.u.token.create_index = done.index;
    put_token(x, &r, done.index);
    sim_mark_index(x, done.index);
    return SIM_ANSWERED;
}

/* The handler is called again until the write is committed, and the ids must not change between the
 * calls: they are computed from the time when the request began. */
static void ids_of(const struct sim_ask *x, const char *what, struct sim_id *accessor,
                   struct sim_id *secret)
{
    uint64_t seed = (uint64_t)x->q->begun_ms * 2654435761u + strlen(what);
    for (const char *p = what; *p != '\0'; p++)
        seed = seed * 1099511628211u + (unsigned char)*p;
    sim_id_random(&seed, accessor);
    sim_id_random(&seed, secret);
}

enum sim_answered sim_put_bootstrap(struct sim_ask *x)
{
    struct sim_write w = {.kind = SIM_WRITE_TOKEN};
    const struct sim_record *r;
    auto_json struct json *o = NULL;
    struct err err = ERR_INIT;
    int slot = 0;
    if (!x->n->cfg.acl)
        return sim_fail(x, 400, "ACL support disabled");
    while (x->q->ticket == 0 && (r = sim_view_next(x->n, SIM_REC_TOKEN, &slot)) != NULL)
        if (r->u.token.management)
            return sim_fail(x, 400, "ACL bootstrap already done (reset index: %llu)",
                            (unsigned long long)r->index);
    ids_of(x, "bootstrap", &w.id, &w.token.secret);
    if (x->q->body[0] != '\0') {
        if (json_parse(x->q->body, strlen(x->q->body), BODY_MAX, &o, &err) < 0)
            return sim_fail(x, 400, "%s", err.text);
        const char *secret = json_str(o, "BootstrapSecret", "");
        if (secret[0] != '\0' && sim_id_parse(secret, &w.token.secret) < 0)
            return sim_fail(x, 400, "invalid acl token");
    }
    w.token.management = true;
    str_cut(w.token.name, sizeof(w.token.name), "Bootstrap Token");
    return write_token(x, &w);
}

struct sim_block {
    char text[256];
};

/* Finds a block, from its name to its closing brace. Comments may only precede all blocks. */
static struct sim_block block_in(const char *rules, const char *block)
{
    struct sim_block b = {.text = ""};
    const char *at = rules;

    for (; at[0] == '#' || at[0] == '\n'; at += at[0] == '\n')
        at += strcspn(at, "\n");
    at = strstr(at, block);
    if (at != NULL)
        snprintf(b.text, sizeof(b.text), "%.*s", (int)strcspn(at, "}"), at);
    return b;
}

/* Rights in the syntax of Nomad's policies: node { policy = "read" }. For a namespace also the two
 * capabilities that are necessary to read its jobs. */
static enum sim_right right_in(const char *rules, const char *block)
{
    const struct sim_block b = block_in(rules, block);
    const char *policy = strstr(b.text, "policy");
    const char *value = policy != NULL ? strchr(policy, '"') : NULL;

    if (strstr(b.text, "\"list-jobs\"") != NULL && strstr(b.text, "\"read-job\"") != NULL)
        return SIM_RIGHT_READ;
    if (value == NULL)
        return SIM_RIGHT_NONE;
    if (str_starts(value, "\"write"))
        return SIM_RIGHT_WRITE;
    return str_starts(value, "\"read") ? SIM_RIGHT_READ : SIM_RIGHT_NONE;
}

static struct sim_id policy_id(const char *name)
{
    struct sim_id id;
    uint64_t seed = 0x706f6c69637900ull;
    for (const char *p = name; *p != '\0'; p++)
        seed = seed * 1099511628211u + (unsigned char)*p;
    sim_id_random(&seed, &id);
    return id;
}

enum sim_answered sim_put_policy(struct sim_ask *x)
{
    struct sim_write w = {.kind = SIM_WRITE_TOKEN, .id = policy_id(x->id)};
    struct sim_written done;
    auto_json struct json *o = NULL;
    struct err err = ERR_INIT;
    if (json_parse(x->q->body, strlen(x->q->body), BODY_MAX, &o, &err) < 0)
        return sim_fail(x, 400, "%s", err.text);
    const char *rules = json_str(o, "Rules", "");
    w.token.agent = right_in(rules, "agent");
    w.token.node = right_in(rules, "node");
    w.token.operator_ = right_in(rules, "operator");
    w.token.space = right_in(rules, "namespace");
    w.token.saves = strstr(block_in(rules, "operator").text, "\"snapshot-save\"") != NULL;
    str_cut(w.token.name, sizeof(w.token.name), x->id);
    enum sim_answered ret = sim_ask_write(x, &w, &done);
    if (ret == SIM_ANSWERED && x->a->status == 200)
        x->a->content_type = "";
    return ret;
}

enum sim_answered sim_put_token(struct sim_ask *x)
{
    struct sim_write w = {.kind = SIM_WRITE_TOKEN};
    auto_json struct json *o = NULL;
    struct err err = ERR_INIT;
    if (json_parse(x->q->body, strlen(x->q->body), BODY_MAX, &o, &err) < 0)
        return sim_fail(x, 400, "%s", err.text);
    const struct json *policies = json_get(o, "Policies");
    for (size_t i = 0; i < json_len(policies); i++) {
        const char *name = json_text_of(json_item(policies, i), "");
        struct sim_id id = policy_id(name);
        const struct sim_record *r = sim_state_find(&x->n->durable.state, SIM_REC_TOKEN, &id);
        if (r == NULL)
            return sim_fail_rpc(x, 400, "token references a policy that does not exist");
        const struct sim_token_record *p = &r->u.token;
        w.token.agent = MAX_OF(w.token.agent, p->agent);
        w.token.node = MAX_OF(w.token.node, p->node);
        w.token.operator_ = MAX_OF(w.token.operator_, p->operator_);
        w.token.space = MAX_OF(w.token.space, p->space);
        w.token.saves |= p->saves;
    }
    str_cut(w.token.name, sizeof(w.token.name), json_str(o, "Name", ""));
    w.token.management = str_eq(json_str(o, "Type", "client"), "management");
    ids_of(x, w.token.name, &w.id, &w.token.secret);
    return write_token(x, &w);
}

/* Answers with the policy of this name, or with the rights of the first token of this name. */
static const struct sim_token_record *rights_named(const struct sim_ask *x)
{
    struct sim_id id = policy_id(x->id);
    const struct sim_record *r = sim_state_find(&x->n->durable.state, SIM_REC_TOKEN, &id);
    int slot = 0;
    while (r == NULL && (r = sim_view_next(x->n, SIM_REC_TOKEN, &slot)) != NULL)
        if (strcmp(r->u.token.name, x->id) != 0)
            r = NULL;
    return r != NULL ? &r->u.token : NULL;
}

static void put_rule(struct buf *b, const char *block, enum sim_right right)
{
    if (right != SIM_RIGHT_NONE)
        buf_printf(b, "%s { policy = \"%s\" }\n", block,
                   right == SIM_RIGHT_WRITE ? "write" : "read");
}

/* A token may read its own policies; reading others needs a management token. */
enum sim_answered sim_get_policy(struct sim_ask *x)
{
    const struct sim_token_record *t = rights_named(x);
    auto_buf struct buf rules = BUF_INIT;
    bool mine = x->token != NULL && (x->token->management || strcmp(x->token->name, x->id) == 0);
    if (!x->n->cfg.acl)
        return sim_fail(x, 400, "ACL support disabled");
    if (!mine)
        return sim_fail(x, 403, "Permission denied");
    if (t == NULL)
        return sim_fail(x, 404, "ACL policy not found");
    put_rule(&rules, "agent", t->agent);
    put_rule(&rules, "node", t->node);
    put_rule(&rules, "operator", t->operator_);
    if (t->saves)
        buf_add_str(&rules, "operator { capabilities = [\"snapshot-save\"] }\n");
    put_rule(&rules, "namespace \"*\"", t->space);
    js_open(&x->a->body, NULL, '{');
    js_str(&x->a->body, "Name", x->id);
    js_str(&x->a->body, "Rules", buf_str(&rules));
    js_close(&x->a->body, '}');
    return SIM_ANSWERED;
}

/* The stand-in has no list of policies, only tokens. */
enum sim_answered sim_get_policies(struct sim_ask *x)
{
    if (!x->n->cfg.acl)
        return sim_fail(x, 400, "ACL support disabled");
    js_raw(&x->a->body, NULL, "[]");
    return SIM_ANSWERED;
}
