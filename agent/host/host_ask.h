/*
 * host_ask.h - the ports of host.h that ask over the network, in one conversation with
 * caravan-fetch.
 *
 * ctx is the struct host_linux. The first question begins the conversation. host_ask_end ends the
 * conversation, and so does an error that broke it (ERR_STATE); the next question then begins a new
 * one. One thread.
 */
#ifndef HOST_ASK_H
#define HOST_ASK_H

#include "host.h"

MUST_CHECK int host_ask(void *ctx, const char *path, int64_t deadline_ms, int *ret_status,
                        struct buf *ret_body, struct err *err);
MUST_CHECK int host_ask_as(void *ctx, const char *token, const char *path, int64_t deadline_ms,
                           int *ret_status, struct buf *ret_body, struct err *err);
MUST_CHECK int host_heartbeat(void *ctx, const char *token, int64_t deadline_ms,
                              struct heartbeat *ret, struct err *err);
MUST_CHECK int host_check_peers(void *ctx, const char (*addresses)[FETCH_PEER_MAX], uint32_t n,
                                int64_t deadline_ms, enum peer_check *ret, struct err *err);
MUST_CHECK int host_metadata(void *ctx, int64_t deadline_ms, enum peer_check *ret, struct err *err);
void host_ask_end(void *ctx);

#endif
