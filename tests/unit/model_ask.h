/*
 * model_ask.h - the network of the model host: its own Nomad's API, other servers, a cloud.
 *
 * The functions are the ports of host.h with these names. Fields of struct model_host
 * (model_host.h) set the answers.
 */
#ifndef MODEL_ASK_H
#define MODEL_ASK_H

#include "model_host.h"

int model_ask(void *ctx, const char *path, int64_t deadline_ms, int *ret_status,
              struct buf *ret_body, struct err *err);
int model_ask_as(void *ctx, const char *token, const char *path, int64_t deadline_ms,
                 int *ret_status, struct buf *ret_body, struct err *err);
int model_heartbeat(void *ctx, const char *token, int64_t deadline_ms, struct heartbeat *ret,
                    struct err *err);
int model_check_peers(void *ctx, const char (*addresses)[FETCH_PEER_MAX], uint32_t n,
                      int64_t deadline_ms, enum peer_check *ret, struct err *err);
int model_metadata(void *ctx, int64_t deadline_ms, enum peer_check *ret, struct err *err);
void model_ask_end(void *ctx);

#endif
