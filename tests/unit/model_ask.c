#include "model_ask.h"
#include "str.h"

#define ANSWER_MS 30 /* time after its start until Nomad's API answers */

int model_ask(void *ctx, const char *path, int64_t deadline_ms, int *ret_status,
              struct buf *ret_body, struct err *err)
{
    struct model_host *m = ctx;
    const struct model_file *f = &m->fs.files[m->process.inode];

    (void)deadline_ms;
    m->asks++;
    if (str_starts(path, "/v1/status/leader"))
        (void)buf_add_str(ret_body, m->leader != NULL ? m->leader : "\"10.0.0.1:4647\"");
    if (str_starts(path, "/v1/agent/health"))
        (void)buf_add_str(ret_body, m->health != NULL ? m->health
                                                      : "{\"client\":{\"message\":\"ok\","
                                                        "\"ok\":true}}");
    if (str_starts(path, "/v1/agent/servers"))
        (void)buf_add_str(ret_body, m->servers != NULL ? m->servers : "[\"10.0.0.1:4647\"]");
    if (m->peers != NULL && str_starts(path, "/v1/status/peers"))
        (void)buf_add_str(ret_body, m->peers);
    if (model_alive(m, err) < 0)
        return -1;
    if (!m->process.there || m->uptime_ms - m->process.since_ms < ANSWER_MS ||
        str_eq(model_kind(f), "mute"))
        return err_set(err, ERR_NETWORK, 0, "refused");
    *ret_status = m->status != 0 ? m->status : 200;
    if (m->servers_refused && str_starts(path, "/v1/agent/servers"))
        *ret_status = 403;
    return 0;
}

int model_ask_as(void *ctx, const char *token, const char *path, int64_t deadline_ms,
                 int *ret_status, struct buf *ret_body, struct err *err)
{
    struct model_host *m = ctx;

    m->heartbeats_asked++;
    if (model_ask(ctx, path, deadline_ms, ret_status, ret_body, err) < 0)
        return -1;
    if (m->token == NULL || str_eq(m->token, token))
        *ret_status = 200;
    return 0;
}

int model_heartbeat(void *ctx, const char *token, int64_t deadline_ms, struct heartbeat *ret,
                    struct err *err)
{
    struct model_host *m = ctx;

    (void)deadline_ms;
    m->heartbeats_asked++;
    if (m->heartbeat.ttl_ms == 0 || (m->token != NULL && !str_eq(m->token, token)))
        return err_set(err, ERR_REFUSED, 0, "403");
    *ret = m->heartbeat;
    return model_alive(m, err);
}

int model_check_peers(void *ctx, const char (*addresses)[FETCH_PEER_MAX], uint32_t n,
                      int64_t deadline_ms, enum peer_check *ret, struct err *err)
{
    const struct model_host *m = ctx;

    (void)deadline_ms;
    for (uint32_t i = 0; i < n; i++)
        ret[i] = m->odd_peer != NULL && str_eq(m->odd_peer, addresses[i]) ? m->odd : PEER_SERVES;
    return model_alive(m, err);
}

int model_metadata(void *ctx, int64_t deadline_ms, enum peer_check *ret, struct err *err)
{
    struct model_host *m = ctx;

    (void)deadline_ms;
    m->metadata_asked++;
    *ret = m->metadata;
    return model_alive(m, err);
}

void model_ask_end(void *ctx)
{
    (void)ctx;
}
