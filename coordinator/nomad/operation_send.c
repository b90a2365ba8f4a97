#include "operation_send.h"

#include "json.h"
#include "nomad_parse.h"
#include "str.h"

struct operating {
    enum operation op;
    uint32_t effect;
    operation_done *on_done;
    void *ctx;
};

static void drain_body(const struct nomad_operation *o, struct buf *ret)
{
    auto_json struct json *body = json_new_object();
    struct json *spec = json_new_object(), *meta = json_new_object();
    json_set_int(spec, "Deadline", o->deadline_ms * 1000000);
    json_set_bool(spec, "IgnoreSystemJobs", true); /* the host will be back soon */
    json_set(body, "DrainSpec", spec);
    json_set_bool(body, "MarkEligible", false);
    json_set_str(meta, NOMAD_META_RUN, o->run_hex != NULL ? o->run_hex : "");
    json_set_str(meta, "message", "drained by Caravan for an upgrade");
    json_set(body, "Meta", meta);
    json_text(body, ret);
}

void operation_body(const struct nomad_operation *o, struct buf *ret)
{
    auto_json struct json *body = json_new_object();
    if (o->op == OP_DRAIN) {
        drain_body(o, ret);
        return;
    }
    if (o->op == OP_UNDRAIN) {
        json_set_null(body, "DrainSpec");
        json_set_bool(body, "MarkEligible", o->eligible);
    } else if (o->op == OP_ELIGIBILITY) {
        json_set_str(body, "Eligibility", o->eligible ? "eligible" : "ineligible");
    } else {
        return;
    }
    json_text(body, ret);
}

/* Another parameter may be appended to the query. */
static void peer_path(const struct nomad_operation *o, struct buf *ret)
{
    /* With raft protocol 2 the id of a peer is its address, which needs the other parameter. */
    bool by_address = o->op == OP_TRANSFER && strchr(o->peer_id, ':') != NULL;
    buf_printf(ret,
               "/v1/operator/raft/%s?%s=", o->op == OP_TRANSFER ? "transfer-leadership" : "peer",
               by_address ? "address" : "id");
    http_escape(ret, o->peer_id);
}

void operation_path(const struct nomad_operation *o, struct buf *ret)
{
    static const char *const of_node[] = {
        [OP_DRAIN] = "/drain", [OP_UNDRAIN] = "/drain", [OP_ELIGIBILITY] = "/eligibility"};
    char sign = '?';
    if (o->op == OP_FORCE_LEAVE) {
        /* The server that is asked changes its own list of members; no leader takes part. */
        buf_add_str(ret, "/v1/agent/force-leave?node=");
        http_escape(ret, o->member);
        return;
    }
    if (o->op == OP_TRANSFER || o->op == OP_REMOVE_PEER) {
        peer_path(o, ret);
        sign = '&';
    } else {
        buf_add_str(ret, "/v1/node/");
        http_escape(ret, o->node_id);
        buf_add_str(ret, of_node[o->op]);
    }
    if (o->region != NULL && o->region[0] != '\0') {
        buf_printf(ret, "%cregion=", sign);
        http_escape(ret, o->region);
    }
}

const char *operation_method(const struct nomad_operation *o)
{
    return o->op == OP_REMOVE_PEER ? "DELETE" : "PUT";
}

static void on_written(void *ctx, const struct http_answer *answer, const struct err *err)
{
    struct operating *w = ctx;
    char why[TEXT_MAX] = "";
    bool ok = answer != NULL && answer->status >= 200 && answer->status < 300;
    if (!ok)
        nomad_why(answer, err, why, sizeof(why));
    w->on_done(w->ctx,
               &(struct operation_outcome){.op = w->op, .effect = w->effect, .ok = ok, .why = why});
    free(w);
}

void operation_send(struct nomad_http *n, const struct nomad_base *base,
                    const struct nomad_operation *o, operation_done *on_done, void *ctx)
{
    auto_buf struct buf path = BUF_INIT, body = BUF_INIT;
    struct operating *w = xzalloc(1, sizeof(*w));
    *w = (struct operating){.op = o->op, .effect = o->effect, .on_done = on_done, .ctx = ctx};
    operation_path(o, &path);
    operation_body(o, &body);
    nomad_ask(n, &(struct nomad_request){.method = operation_method(o),
                                         .base = base,
                                         .path = buf_str(&path),
                                         .body = body.len > 0 ? body.data : NULL,
                                         .body_len = body.len,
                                         .deadline_ms = NOMAD_WRITE_MS,
                                         .on_done = on_written,
                                         .ctx = w});
}
