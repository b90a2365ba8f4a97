/*
 * fetch_call.h - the asking side of fetch_job.h: one caravan-fetch, talked with.
 *
 * Under systemd a connection to its Accept=yes socket; else a child with rights
 * dropped, killed and reaped by fetch_call_end. One conversation: either one get,
 * polled, or questions, one at a time. What comes back is bounded and checked; it
 * can make a probe pass or the law refuse, it never chooses bytes.
 */
#ifndef FETCH_CALL_H
#define FETCH_CALL_H

#include <sys/types.h>
#include "host.h"

struct fetch_who {
    const struct agent_conf *conf;
    const char *config; /* path of agent.conf, for the child */
    bool drop;          /* run the child as uid, gid */
    uid_t uid;
    gid_t gid;
};

struct fetch_call;

MUST_CHECK int fetch_call_begin(const struct fetch_who *who, struct fetch_call **ret,
                                struct err *err);
void fetch_call_end(struct fetch_call *c);     /* NULL is fine */
int fetch_call_fd(const struct fetch_call *c); /* -1 when c is NULL */

MUST_CHECK int fetch_call_get(struct fetch_call *c, const struct fetch_get *job, struct err *err);
/* Never waits, and ends what talks faster than anything can be got (ERR_STATE). */
MUST_CHECK int fetch_call_poll(struct fetch_call *c, struct fetch_news *ret, struct err *err);

/* -1: no HTTP answer (ERR_NETWORK), or the session is broken (ERR_STATE: end it). */
MUST_CHECK int fetch_call_ask(struct fetch_call *c, const char *path, int64_t deadline_ms,
                              int *ret_status, struct buf *ret_body, struct err *err);
/* address: "10.0.0.1:4647", "[::1]:4647". */
MUST_CHECK int fetch_call_knock(struct fetch_call *c, const char *address, int64_t deadline_ms,
                                enum tri *ret_open, struct err *err);

/* "failed FAILURE TEXT", "done PATH", "progress N N" into news; tests and fuzzing. */
MUST_CHECK int fetch_news_parse(const char *line, struct fetch_news *ret, struct err *err);

#endif
