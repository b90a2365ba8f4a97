#include "nomad_operate.h"

#include "json.h"
#include "nomad_parse.h"
#include "str.h"

#define AUTOPILOT_PATH "/v1/operator/autopilot/configuration"
#define AUTOPILOT_MAX  65536

struct operating {
    struct nomad_http *nomad;
    struct nomad_base base;
    char region[NAME_MAX_LEN];
    enum operation op;
    uint32_t effect;
    bool cleanup;   /* OP_AUTOPILOT: the value to set, */
    uint64_t index; /* and where */
    operate_done *on_done;
    void *ctx;
};

static void drain_body(const struct operate *o, struct buf *ret)
{
    auto_json struct json *body = json_new_object();
    struct json *spec = json_new_object(), *meta = json_new_object();
    json_set_int(spec, "Deadline", o->deadline_ms * 1000000);
    json_set_bool(spec, "IgnoreSystemJobs", true); /* the host comes back in a moment */
    json_set(body, "DrainSpec", spec);
    json_set_bool(body, "MarkEligible", false);
    json_set_str(meta, NOMAD_META_RUN, o->run_hex != NULL ? o->run_hex : "");
    json_set_str(meta, "message", "drained by Caravan for an upgrade");
    json_set(body, "Meta", meta);
    json_text(body, ret);
}

void operate_body(const struct operate *o, struct buf *ret)
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

void operate_path(const struct operate *o, struct buf *ret)
{
    static const char *const of_node[] = {
        [OP_DRAIN] = "/drain", [OP_UNDRAIN] = "/drain", [OP_ELIGIBILITY] = "/eligibility"};
    char sign = '?';
    if (o->op == OP_TRANSFER) {
        /* With raft protocol 2 a peer's id is its address; Nomad takes either by name. */
        const char *peer = o->peer_id;
        buf_printf(ret, "/v1/operator/raft/transfer-leadership?%s=",
                   strchr(peer, ':') != NULL ? "address" : "id");
        http_escape(ret, peer);
        sign = '&';
    } else if (o->op == OP_AUTOPILOT || o->op == OP_AUTOPILOT_READ) {
        buf_add_str(ret, AUTOPILOT_PATH);
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

static void finish(struct operating *w, struct operated *o)
{
    o->op = w->op;
    o->effect = w->effect;
    w->on_done(w->ctx, o);
    free(w);
}

static bool is_ok(const struct http_answer *answer)
{
    return answer != NULL && answer->status >= 200 && answer->status < 300;
}

/* No right to it, or no such thing here: the next answer would be the same. */
static bool is_final(const struct http_answer *answer)
{
    return answer != NULL && (answer->status == 401 || answer->status == 403 ||
                              answer->status == 404 || answer->status == 405);
}

static void written(void *ctx, const struct http_answer *answer, const struct err *err)
{
    struct operating *w = ctx;
    char why[TEXT_MAX] = "";
    /* A compare-and-set that lost is 200 with the JSON value false. */
    bool lost = is_ok(answer) && w->op == OP_AUTOPILOT && answer->body_len >= 5 &&
                memcmp(answer->body, "false", 5) == 0;
    if (!is_ok(answer))
        nomad_why(answer, err, why, sizeof why);
    else if (lost)
        str_cut(why, sizeof why, "somebody else changed the setting in the same moment");
    finish(w, &(struct operated){.ok = is_ok(answer) && !lost,
                                 .unwritten = lost || is_final(answer),
                                 .final = is_final(answer),
                                 .why = why});
}

/* ---- autopilot's configuration ---- */

static const char *const touched[] = {"CleanupDeadServers", "ModifyIndex", "CreateIndex"};

static uint64_t hash_of(const char *key, const struct json *value)
{
    auto_buf struct buf text = BUF_INIT;
    uint64_t hash = 14695981039346656037ULL; /* FNV-1a */
    buf_printf(&text, "%s=", key);
    json_text(value, &text);
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.data[i]) * 1099511628211ULL;
    return hash;
}

static uint64_t others_of(const struct json *o)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < json_len(o); i++) {
        const char *key = "";
        const struct json *value = json_pair(o, i, &key);
        bool skip = false;
        for (size_t k = 0; k < ARRAY_LEN(touched); k++)
            skip = skip || str_eq(key, touched[k]);
        if (!skip)
            sum += hash_of(key, value);
    }
    return sum;
}

static int setting_of(const struct json *o, struct autopilot_setting *ret, struct err *err)
{
    if (!json_is_bool(json_get(o, "CleanupDeadServers")) ||
        !json_is_int(json_get(o, "ModifyIndex")))
        return err_set(err, ERR_FORMAT, 0,
                       "autopilot's configuration has no CleanupDeadServers or no ModifyIndex");
    *ret = (struct autopilot_setting){.cleanup = json_bool(o, "CleanupDeadServers", true),
                                      .index = (uint64_t)json_int(o, "ModifyIndex", 0),
                                      .others = others_of(o)};
    return 0;
}

int autopilot_parse(const void *p, size_t n, struct autopilot_setting *ret, struct err *err)
{
    auto_json struct json *o = NULL;
    if (json_parse(p, n, AUTOPILOT_MAX, &o, err) < 0)
        return -1;
    return setting_of(o, ret, err);
}

int autopilot_body(const void *p, size_t n, bool cleanup, struct buf *ret, struct err *err)
{
    auto_json struct json *o = NULL;
    if (json_parse(p, n, AUTOPILOT_MAX, &o, err) < 0)
        return -1;
    json_set_bool(o, "CleanupDeadServers", cleanup);
    json_text(o, ret);
    return 0;
}

static void autopilot_write(struct operating *w, const struct buf *body)
{
    auto_buf struct buf path = BUF_INIT;
    buf_printf(&path, AUTOPILOT_PATH "?cas=%llu", (unsigned long long)w->index);
    if (w->region[0] != '\0') {
        buf_add_str(&path, "&region=");
        http_escape(&path, w->region);
    }
    nomad_ask(w->nomad, &(struct nomad_request){.method = "PUT",
                                                .base = &w->base,
                                                .path = buf_str(&path),
                                                .body = body->data,
                                                .body_len = body->len,
                                                .deadline_ms = NOMAD_WRITE_MS,
                                                .on_done = written,
                                                .ctx = w});
}

static void autopilot_read(void *ctx, const struct http_answer *answer, const struct err *err)
{
    struct operating *w = ctx;
    struct operated o = {.unwritten = true, .final = is_final(answer), .why = ""};
    char why[TEXT_MAX] = "";
    struct err bad = ERR_INIT;
    auto_buf struct buf body = BUF_INIT;
    if (!is_ok(answer) || autopilot_parse(answer->body, answer->body_len, &o.setting, &bad) < 0 ||
        autopilot_body(answer->body, answer->body_len, w->cleanup, &body, &bad) < 0) {
        nomad_why(answer, bad.kind != ERR_NONE ? &bad : err, why, sizeof why);
        o.why = why;
    } else if (w->op == OP_AUTOPILOT_READ) {
        o.ok = true;
    } else if (o.setting.index == w->index) {
        autopilot_write(w, &body);
        return;
    } else {
        o.why = "somebody else changed the setting meanwhile";
    }
    finish(w, &o);
}

void nomad_operate(struct nomad_http *n, const struct nomad_base *base, const struct operate *o,
                   operate_done *on_done, void *ctx)
{
    auto_buf struct buf path = BUF_INIT, body = BUF_INIT;
    struct operating *w = xzalloc(1, sizeof *w);
    *w = (struct operating){.nomad = n,
                            .base = *base,
                            .op = o->op,
                            .effect = o->effect,
                            .cleanup = o->eligible,
                            .index = o->index,
                            .on_done = on_done,
                            .ctx = ctx};
    str_cut(w->region, sizeof w->region, o->region != NULL ? o->region : "");
    operate_path(o, &path);
    operate_body(o, &body);
    bool read_first = o->op == OP_AUTOPILOT || o->op == OP_AUTOPILOT_READ;
    nomad_ask(n, &(struct nomad_request){.method = read_first ? "GET" : "PUT",
                                         .base = base,
                                         .path = buf_str(&path),
                                         .body = body.len > 0 ? body.data : NULL,
                                         .body_len = body.len,
                                         .deadline_ms = NOMAD_WRITE_MS,
                                         .on_done = read_first ? autopilot_read : written,
                                         .ctx = w});
}
