/*
 * nomad_api.h - GET of the local Nomad agent's HTTP API.
 *
 * The address and the TLS files come from [nomad] of agent.conf. nomad_api_get: the caller chooses
 * only the path, which must begin with /v1/ and contain no blanks or control characters. A token is
 * sent only if the caller gives one. Any HTTP status counts as an answer. nomad_api_get_heartbeat:
 * asks agent/self with a token, and returns only the heartbeat; no error text contains the token.
 *
 * Limits: an answer has at most FETCH_ANSWER_MAX bytes, agent/self at most NOMAD_API_SELF_MAX
 * (ERR_LIMIT); NOMAD_API_DEADLINE_MAX_MS; no redirects.
 */
#ifndef NOMAD_API_H
#define NOMAD_API_H

#include "agent_conf.h"
#include "fetch_job.h"
#include "heartbeat.h"
#include "http.h"

#define NOMAD_API_DEADLINE_MAX_MS 60000
#define NOMAD_API_SELF_MAX        (1024 * 1024)

/* Appends the body to ret_body. token: NULL: none. -1: there was no HTTP answer. */
MUST_CHECK int nomad_api_get(struct http *h, const struct agent_conf *c, const char *path,
                             const char *token, int64_t deadline_ms, int *ret_status,
                             struct buf *ret_body, struct err *err);
/* at_ms stays 0. -1: there was no answer (ERR_REFUSED: HTTP 403), or the answer does not contain
 * both times. */
MUST_CHECK int nomad_api_get_heartbeat(struct http *h, const struct agent_conf *c,
                                       const char *token, int64_t deadline_ms,
                                       struct heartbeat *ret, struct err *err);

#endif
