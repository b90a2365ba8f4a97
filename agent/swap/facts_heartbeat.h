/*
 * facts_heartbeat.h - the fact `heartbeat`: when this client of Nomad last reached a server.
 *
 * Where ACLs are on, Nomad answers this only for a token with agent:read. The coordinator never
 * sends its own token to a client. Root may give this host a token: [nomad] token_file. The file
 * must be a regular file, no link, and must belong to root (or to the user of caravan-swap, if that
 * is not root). Nobody else may read the file (mode 0600). The file contains one token and at most
 * one line end after it.
 *
 * caravan-swap reads the file anew for each question. caravan-swap keeps the token nowhere, shows
 * the token to nobody, and sends it through caravan-fetch to the local Nomad alone: over https to
 * the owner of the certificate; over unix:// to root's own path; over plain http only while Nomad's
 * main process itself listens at the address, because any user of this host could listen there
 * otherwise.
 *
 * YES: the text is heartbeat_text (heartbeat.h). UNKNOWN: the text says why. A question takes up to
 * HEARTBEAT_ASK_MS.
 */
#ifndef FACTS_HEARTBEAT_H
#define FACTS_HEARTBEAT_H

#include "nomad_on_host.h"

#define HEARTBEAT_ASK_MS 1000

/* False: token_file is "", and there is no fact. */
bool facts_heartbeat(const struct phases *p, const struct nomad_on_host *f, const char *token_file,
                     struct fact *ret);
/* Reads the token from the file, if caravan-swap may send it to the configured API. The caller
 * wipes the token. -1: there is no token, or caravan-swap may not send it. */
MUST_CHECK int facts_token(const struct phases *p, const struct nomad_on_host *f,
                           const char *token_file, char token[static FETCH_TOKEN_MAX],
                           struct err *err);
/* Parses the content of the file. Pure. */
MUST_CHECK int heartbeat_token_parse(const char *text, size_t n, char dst[static FETCH_TOKEN_MAX],
                                     struct err *err);

#endif
