/*
 * ask.h - GET of the local Nomad agent's HTTP API.
 *
 * Address and TLS files are agent.conf's [nomad]. ask_api: only the path is asked for, and
 * it must begin with /v1/ and hold no blanks or control characters; a token is sent only where one
 * is given; any HTTP status is an answer. ask_heartbeat: agent/self,
 * with a token, of which only the heartbeat is taken; the token is in no error's text. Limits:
 * FETCH_ANSWER_MAX bytes, of agent/self ASK_SELF_MAX (ERR_LIMIT), ASK_DEADLINE_MAX_MS, no
 * redirects.
 */
#ifndef ASK_H
#define ASK_H

#include "agent_conf.h"
#include "fetch_job.h"
#include "heartbeat.h"
#include "http.h"

#define ASK_DEADLINE_MAX_MS 60000
#define ASK_SELF_MAX        (1024 * 1024)

/* The body is appended to ret_body. -1: there was no HTTP answer. token: NULL none. */
MUST_CHECK int ask_api(struct http *h, const struct agent_conf *c, const char *path,
                       const char *token, int64_t deadline_ms, int *ret_status,
                       struct buf *ret_body, struct err *err);
/* at_ms is left 0. -1: there was no answer, or it does not tell both (ERR_REFUSED: HTTP 403). */
MUST_CHECK int ask_heartbeat(struct http *h, const struct agent_conf *c, const char *token,
                             int64_t deadline_ms, struct heartbeat *ret, struct err *err);

#endif
