/*
 * ask.h - GET of the local Nomad agent's HTTP API.
 *
 * Address and TLS files are agent.conf's [nomad]; only the path is asked for, and
 * it must begin with /v1/ and hold no blanks or control characters. No token is
 * sent: what is asked answers without one. Any HTTP status is an answer. Limits:
 * FETCH_ANSWER_MAX bytes (ERR_LIMIT), ASK_DEADLINE_MAX_MS, no redirects.
 */
#ifndef ASK_H
#define ASK_H

#include "agent_conf.h"
#include "fetch_job.h"
#include "http.h"

#define ASK_DEADLINE_MAX_MS 60000

/* The body is appended to ret_body. -1: there was no HTTP answer. */
MUST_CHECK int ask_api(struct http *h, const struct agent_conf *c, const char *path,
                       int64_t deadline_ms, int *ret_status, struct buf *ret_body, struct err *err);

#endif
