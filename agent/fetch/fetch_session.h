/*
 * fetch_session.h - the conversation of one caravan-fetch process (fetch_job.h).
 *
 * Reads lines from `in` and answers on `out` (the same socket under systemd), until a get has
 * ended or the input ends. A line that cannot be parsed ends the session (ERR_FORMAT): the other
 * side is root's program, so such a line is a defect, not an attack. FETCH_IDLE_MS without a line
 * ends the session too.
 */
#ifndef FETCH_SESSION_H
#define FETCH_SESSION_H

#include "agent_conf.h"
#include "clock.h"
#include "crypto.h"
#include "peer_check.h"
#include "log.h"

#define FETCH_DESCRIPTORS (1 + FETCH_FILES_MAX)
#define FETCH_IDLE_MS     (15 * 60 * 1000)

struct fetch_session {
    int in, out;
    const struct agent_conf *conf; /* used until a line names another configuration */
    const struct clock *clock;
    const struct log *log; /* for the journal; NULL: none */
    bool walled;           /* the unit of this process is the wall: build none */
};

/* 0: the conversation ended as it should (also after a failed get, because it was reported). */
MUST_CHECK int fetch_session_run(const struct fetch_session *s, struct err *err);

/* Parsers of the questions, pure. "MS REST": *rest moves to the text after the blank. */
MUST_CHECK int fetch_ms_parse(const char **rest, int64_t *ret, struct err *err);
/* "MS SIZE SHA256HEX" */
MUST_CHECK int fetch_unzip_parse(const char *rest, uint64_t *ret_size, struct digest *ret_digest,
                                 struct err *err);
/* "MS HOST PORT [HOST PORT]..." */
MUST_CHECK int fetch_knock_parse(const char *rest, int64_t *ret_ms,
                                 struct checked_peer ret[static FETCH_PEERS_MAX], uint32_t *ret_n,
                                 struct err *err);

#endif
