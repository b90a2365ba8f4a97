#include "host_ask.h"
#include "host_linux.h"

void host_ask_end(void *ctx)
{
    struct host_linux *l = ctx;

    fetch_call_end(take_ptr(&l->asking));
}

static int begin_conversation(struct host_linux *l, struct err *err)
{
    return l->asking != NULL ? 0 : fetch_call_begin(&l->who, FETCH_ASKS, &l->asking, err);
}

/* Ends a broken conversation. The next question begins a new one. */
static int end_if_broken(struct host_linux *l, int rc, const struct err *err)
{
    if (rc < 0 && err->kind == ERR_STATE)
        host_ask_end(l);
    return rc;
}

int host_ask(void *ctx, const char *path, int64_t deadline_ms, int *ret_status,
             struct buf *ret_body, struct err *err)
{
    struct host_linux *l = ctx;

    if (begin_conversation(l, err) < 0)
        return -1;
    return end_if_broken(l, fetch_call_ask(l->asking, path, deadline_ms, ret_status, ret_body, err),
                         err);
}

int host_ask_as(void *ctx, const char *token, const char *path, int64_t deadline_ms,
                int *ret_status, struct buf *ret_body, struct err *err)
{
    struct host_linux *l = ctx;

    if (begin_conversation(l, err) < 0)
        return -1;
    return end_if_broken(
        l, fetch_call_ask_as(l->asking, token, path, deadline_ms, ret_status, ret_body, err), err);
}

int host_heartbeat(void *ctx, const char *token, int64_t deadline_ms, struct heartbeat *ret,
                   struct err *err)
{
    struct host_linux *l = ctx;

    if (begin_conversation(l, err) < 0)
        return -1;
    return end_if_broken(l, fetch_call_heartbeat(l->asking, token, deadline_ms, ret, err), err);
}

int host_check_peers(void *ctx, const char (*addresses)[FETCH_PEER_MAX], uint32_t n,
                     int64_t deadline_ms, enum peer_check *ret, struct err *err)
{
    struct host_linux *l = ctx;

    if (begin_conversation(l, err) < 0)
        return -1;
    return end_if_broken(l, fetch_call_check_peers(l->asking, addresses, n, deadline_ms, ret, err),
                         err);
}

int host_metadata(void *ctx, int64_t deadline_ms, enum peer_check *ret, struct err *err)
{
    struct host_linux *l = ctx;

    if (begin_conversation(l, err) < 0)
        return -1;
    return end_if_broken(l, fetch_call_metadata(l->asking, deadline_ms, ret, err), err);
}
