/*
 * fetch_call.h - the asking side of fetch_job.h: one caravan-fetch, talked with.
 *
 * Under systemd a connection to the Accept=yes socket of its purpose; else a child with rights
 * dropped, killed and reaped by fetch_call_end. One conversation: one get, polled, or
 * questions, one at a time, or one trial. What comes back is bounded and checked; it
 * can make a probe pass or the law refuse, it never chooses bytes.
 */
#ifndef FETCH_CALL_H
#define FETCH_CALL_H

#include <sys/types.h>
#include "host.h"

struct fetch_who {
    const struct agent_conf *conf;
    const char *config; /* path of agent.conf, for the child */
    bool drop;          /* run a child as uid, gid */
    uid_t uid;
    gid_t gid;
    uid_t ask_uid, try_uid, verify_uid; /* with drop: of a child for that */
    gid_t ask_gid, try_gid, verify_gid;
};

struct fetch_call;

MUST_CHECK int fetch_call_begin(const struct fetch_who *who, enum fetch_purpose purpose,
                                struct fetch_call **ret, struct err *err);
void fetch_call_end(struct fetch_call *c);     /* NULL is fine */
int fetch_call_fd(const struct fetch_call *c); /* -1 when c is NULL */

MUST_CHECK int fetch_call_get(struct fetch_call *c, const struct fetch_get *job, struct err *err);
/* Never waits, and ends what talks faster than anything can be got (ERR_STATE). */
MUST_CHECK int fetch_call_poll(struct fetch_call *c, struct fetch_news *ret, struct err *err);

/* -1: no HTTP answer (ERR_NETWORK), or the session is broken (ERR_STATE: end it). */
MUST_CHECK int fetch_call_ask(struct fetch_call *c, const char *path, int64_t deadline_ms,
                              int *ret_status, struct buf *ret_body, struct err *err);
/* The same with an ACL token. ERR_FORMAT: it is none. */
MUST_CHECK int fetch_call_ask_as(struct fetch_call *c, const char *token, const char *path,
                                 int64_t deadline_ms, int *ret_status, struct buf *ret_body,
                                 struct err *err);
/* at_ms is left 0. -1 as of fetch_call_ask: ERR_NETWORK: neither age nor ttl is known. */
MUST_CHECK int fetch_call_heartbeat(struct fetch_call *c, const char *token, int64_t deadline_ms,
                                    struct heartbeat *ret, struct err *err);
/* n addresses, "10.0.0.1:4647" or "[::1]:4647", 1 to FETCH_KNOCKS_MAX, asked at once. */
MUST_CHECK int fetch_call_knock(struct fetch_call *c, const char (*addresses)[FETCH_PEER_MAX],
                                uint32_t n, int64_t deadline_ms, enum knock *ret, struct err *err);
/* Does a cloud answer its instances here? (fetch_job.h) */
MUST_CHECK int fetch_call_metadata(struct fetch_call *c, int64_t deadline_ms, enum knock *ret,
                                   struct err *err);

struct fetch_ran {
    int exit_code; /* -1: the signal ended it */
    int signal;
    struct buf said; /* the caller frees it */
};

/* files: the open binary, then (validate) the open files of Nomad's configuration. Waits for it.
 * ERR_REFUSED: it could not be run to its end; ERR_TIMEOUT: not in time. Anything else: that it
 * cannot be tried here. */
MUST_CHECK int fetch_call_try(struct fetch_call *c, bool validate, const int *files, size_t n,
                              struct fetch_ran *ret, struct err *err);

/* files: a binary keyring, a signature, what was signed. said: gpgv's status lines. Errors as
 * fetch_call_try. */
MUST_CHECK int fetch_call_verify(struct fetch_call *c, const int files[static 3],
                                 struct fetch_ran *ret, struct err *err);
/* The member of this size out of the open zip, read by fetch_call_piece. */
MUST_CHECK int fetch_call_unzip(struct fetch_call *c, int zip, uint64_t size,
                                const struct digest *digest, struct err *err);
/* At most n bytes; *ret_n 0: none came within a moment. ERR_REFUSED: the zip is not as it should
 * be. */
MUST_CHECK int fetch_call_piece(struct fetch_call *c, void *p, size_t n, size_t *ret_n,
                                struct err *err);

/* "failed FAILURE TEXT", "done PATH", "progress N N" into news; tests and fuzzing. */
MUST_CHECK int fetch_news_parse(const char *line, struct fetch_news *ret, struct err *err);
/* "none TEXT" (ERR_NETWORK), "answer STATUS LEN"; anything else is ERR_STATE. line is cut up. */
MUST_CHECK int fetch_answer_parse(char *line, int *ret_status, size_t *ret_len, struct err *err);
/* "none TEXT" (ERR_NETWORK), "heartbeat AGE TTL"; anything else is ERR_STATE. line is cut up. */
MUST_CHECK int fetch_heartbeat_parse(char *line, struct heartbeat *ret, struct err *err);
/* "[::1]:4647" to "::1" and "4647", neither with blanks or line ends; -1: no such address. */
MUST_CHECK int fetch_address_split(const char *address, char host[static 128], char port[static 8]);

#endif
