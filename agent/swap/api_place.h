/*
 * api_place.h - does Nomad's main process listen where caravan-swap asks its API?
 *
 * The answer comes from the listening sockets of the host. The survey's fact api-silent
 * (facts_ready.h) and a probe without an answer (phase_probe.c) report it.
 */
#ifndef API_PLACE_H
#define API_PLACE_H

#include "host.h"

enum api_place {
    API_UNKNOWN,   /* the configured address is not numeric, or not known */
    API_NOWHERE,   /* no socket of the process can be its API yet */
    API_HERE,      /* the process listens at the configured address */
    API_ELSEWHERE, /* the API listens at another address */
};

/* The reason in an error of the API: the last part of the text, which is libcurl's. */
const char *api_place_words(const struct err *err);

/* Asks the host for the listening sockets of the main process, judges them, and adds "; Nomad's
 * process listens at 10.0.0.5:4646, [::]:4647" to ret_text. url: from agent.conf; NULL: not known.
 * If the main process itself listens nowhere (a script), the sockets of its child processes are
 * listed, and only a socket at the configured port counts: other sockets may belong to tasks. */
enum api_place api_place_ask(const struct host *h, uint32_t main_pid, const char *url, bool server,
                             struct buf *ret_text);

/* Pure. Would a listener at these addresses get a connection to `address`? listens: numeric
 * addresses, blanks between them ("0.0.0.0", "10.0.0.5 ::1"). TRI_UNKNOWN: an address is not
 * numeric. */
enum tri api_place_reaches(const char *listens, const char *address);
/* Pure. A server opens its API last, after RPC and serf: a third port is its API. Any port of a
 * client is its API. sure: the sockets marked own belong to the main process itself. */
enum api_place api_place_judge(const struct tcp_table *t, const char *url, bool server, bool sure);
/* Adds "127.0.0.1:4646" or "[::]:4647". */
void api_place_add(struct buf *b, const struct tcp_listener *l);

/* Splits "http://127.0.0.1:4646" into "127.0.0.1" and 4646. -1: the host is neither a numeric
 * address nor localhost. */
MUST_CHECK int api_place_parse(const char *url, char address[static 48], uint16_t *ret_port);

#endif
