/*
 * fetch_call.h - the asking side of fetch_job.h: a conversation with one caravan-fetch process.
 *
 * Under systemd the conversation is a connection to the Accept=yes socket of its purpose.
 * Otherwise caravan-fetch is a child with dropped rights; fetch_call_end kills and reaps it. One
 * conversation is one get (polled), or questions (one at a time), or one trial. Every answer has a
 * size limit and is checked. An answer can make a probe pass or the law refuse; it never chooses
 * the bytes of a binary.
 */
#ifndef FETCH_CALL_H
#define FETCH_CALL_H

#include <sys/types.h>
#include "host.h"

struct fetch_who {
    const struct agent_conf *conf;
    const char *config; /* path of agent.conf, for caravan-fetch */
    bool drop;          /* a child runs as the user and group below */
    uid_t uid;          /* of a child that fetches */
    gid_t gid;
    uid_t ask_uid, try_uid, verify_uid; /* of a child that asks, tries or verifies */
    gid_t ask_gid, try_gid, verify_gid;
};

struct fetch_call;

MUST_CHECK int fetch_call_begin(const struct fetch_who *who, enum fetch_purpose purpose,
                                struct fetch_call **ret, struct err *err);
void fetch_call_end(struct fetch_call *c);     /* NULL: does nothing */
int fetch_call_fd(const struct fetch_call *c); /* -1 when c is NULL */

MUST_CHECK int fetch_call_get(struct fetch_call *c, const struct fetch_get *job, struct err *err);
/* Never waits. ERR_STATE: the conversation is broken, or caravan-fetch sends more lines than a real
 * download needs. */
MUST_CHECK int fetch_call_poll(struct fetch_call *c, struct fetch_news *ret, struct err *err);

/* ERR_NETWORK: no HTTP answer. ERR_STATE: the conversation is broken, and the caller must end it.
 */
MUST_CHECK int fetch_call_ask(struct fetch_call *c, const char *path, int64_t deadline_ms,
                              int *ret_status, struct buf *ret_body, struct err *err);
/* Like fetch_call_ask, with an ACL token. ERR_FORMAT: the text cannot be a token. */
MUST_CHECK int fetch_call_ask_as(struct fetch_call *c, const char *token, const char *path,
                                 int64_t deadline_ms, int *ret_status, struct buf *ret_body,
                                 struct err *err);
/* at_ms stays 0. ERR_NETWORK: the heartbeat is unknown. Other errors as of fetch_call_ask_as. */
MUST_CHECK int fetch_call_heartbeat(struct fetch_call *c, const char *token, int64_t deadline_ms,
                                    struct heartbeat *ret, struct err *err);
/* Asks n addresses at the same time: "10.0.0.1:4647" or "[::1]:4647", 1 to FETCH_PEERS_MAX. */
MUST_CHECK int fetch_call_check_peers(struct fetch_call *c, const char (*addresses)[FETCH_PEER_MAX],
                                      uint32_t n, int64_t deadline_ms, enum peer_check *ret,
                                      struct err *err);
/* Does a cloud answer its instances here? (fetch_job.h) */
MUST_CHECK int fetch_call_metadata(struct fetch_call *c, int64_t deadline_ms, enum peer_check *ret,
                                   struct err *err);

struct fetch_ran {
    int exit_code; /* -1: a signal ended the program */
    int signal;
    struct buf said; /* the program's output; the caller frees it */
};

/* files: the open binary, and for `validate` also the open files of Nomad's configuration. Waits
 * for the end of the trial. ERR_REFUSED: the binary could not be run to its end. ERR_TIMEOUT: the
 * binary did not end in time. Any other error: this host cannot try the binary. */
MUST_CHECK int fetch_call_try(struct fetch_call *c, bool validate, const int *files, size_t n,
                              struct fetch_ran *ret, struct err *err);

/* files: a binary keyring, a signature, the signed file. said: gpgv's status lines. Errors as of
 * fetch_call_try. */
MUST_CHECK int fetch_call_verify(struct fetch_call *c, const int files[static 3],
                                 struct fetch_ran *ret, struct err *err);
/* Begins to unpack the member of this size and digest from the open zip. fetch_call_piece reads the
 * bytes. */
MUST_CHECK int fetch_call_unzip(struct fetch_call *c, int zip, uint64_t size,
                                const struct digest *digest, struct err *err);
/* Reads at most n bytes. *ret_n 0: no bytes came within 100 ms. ERR_REFUSED: the zip or its member
 * is wrong. */
MUST_CHECK int fetch_call_piece(struct fetch_call *c, void *p, size_t n, size_t *ret_n,
                                struct err *err);

/* Parses "failed FAILURE TEXT", "done PATH" or "progress N N". Public for tests and fuzzing. */
MUST_CHECK int fetch_news_parse(const char *line, struct fetch_news *ret, struct err *err);
/* Parses "none TEXT" (ERR_NETWORK) or "answer STATUS LEN". Another line: ERR_STATE. Changes line.
 */
MUST_CHECK int fetch_answer_parse(char *line, int *ret_status, size_t *ret_len, struct err *err);
/* Parses "none TEXT" (ERR_NETWORK) or "heartbeat AGE TTL". Another line: ERR_STATE. Changes line.
 */
MUST_CHECK int fetch_heartbeat_parse(char *line, struct heartbeat *ret, struct err *err);
/* Splits "[::1]:4647" into "::1" and "4647", without blanks and line ends. -1: not an address. */
MUST_CHECK int fetch_address_split(const char *address, char host[static 128], char port[static 8]);

#endif
