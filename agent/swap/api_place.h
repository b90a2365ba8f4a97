/*
 * api_place.h - does Nomad's main process listen where its API is asked? By the sockets that
 * listen; told in the survey's fact api-silent (facts_ready.h) and by a probe that ended unanswered
 * (phase_probe.c).
 */
#ifndef API_PLACE_H
#define API_PLACE_H

#include "host.h"

enum api_place {
    API_UNKNOWN,   /* where it is asked is no number, or is not known */
    API_NOWHERE,   /* no socket of the process can be its API yet */
    API_HERE,      /* it listens there */
    API_ELSEWHERE, /* its API listens, and not there */
};

/* Why the API did not answer: what libcurl says comes last in it. */
const char *api_place_said(const struct err *err);

/* Asks the host which sockets listen that are the main process's own, judges, and adds "; Nomad's
 * process listens at 10.0.0.5:4646, [::]:4647" to ret_text. url: agent.conf's; NULL: not known.
 * Where the main process is no Nomad itself (a script), those of what it started are told, and only
 * one at the very port that is asked counts: others may be its tasks'. */
enum api_place api_place_ask(const struct host *h, uint32_t main_pid, const char *url, bool server,
                             struct buf *ret_text);

/* Pure. Would a listener at these addresses, numbers with blanks between ("0.0.0.0", "10.0.0.5
 * ::1"), get a connection to this one? TRI_UNKNOWN: one of them is no number. */
enum tri api_place_reaches(const char *listens, const char *address);
/* Pure. A server opens its API last, behind RPC and serf: what listens besides two ports is its
 * API; what a client listens at is. sure: own means the main process's. */
enum api_place api_place_judge(const struct tcp_table *t, const char *url, bool server, bool sure);
/* "127.0.0.1:4646", "[::]:4647" */
void api_place_add(struct buf *b, const struct tcp_listener *l);

/* "http://127.0.0.1:4646" to "127.0.0.1" and 4646: a number behind the scheme, or localhost. -1: it
 * is something else. */
MUST_CHECK int api_place_parse(const char *url, char address[static 48], uint16_t *ret_port);

#endif
