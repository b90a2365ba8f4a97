/*
 * facts_heartbeat.h - the fact `heartbeat`: when this client of Nomad last reached a server.
 *
 * Where ACLs are on Nomad tells that only to a token with agent:read, and the coordinator sends its
 * own to no client. Root may give this host one: [nomad] token_file. It must be a regular file of
 * root's (or ours, when we are not root) that nobody else may read (mode 0600), no link, with one
 * token in it and at most one line end behind it. It is read anew each time; the token is told to
 * nobody, kept nowhere, and goes through caravan-fetch to the local Nomad alone: over https to
 * whom the certificate names, over unix:// to root's own path, over plain http only while Nomad's
 * main process itself listens at that address, for else any user of this host could listen there.
 *
 * YES: heartbeat_text (heartbeat.h). UNKNOWN: the text says why. Takes up to HEARTBEAT_ASK_MS.
 */
#ifndef FACTS_HEARTBEAT_H
#define FACTS_HEARTBEAT_H

#include "facts.h"

#define HEARTBEAT_ASK_MS 1000

/* false: token_file is "", and nothing is to be told. */
bool facts_heartbeat(const struct phases *p, const struct facts *f, const char *token_file,
                     struct fact *ret);
/* The token out of that file, where it may be sent to the API that is asked; the caller wipes it.
 * -1: it may not, or there is none. */
MUST_CHECK int facts_token(const struct phases *p, const struct facts *f, const char *token_file,
                           char token[static FETCH_TOKEN_MAX], struct err *err);
/* The content of the file: pure. */
MUST_CHECK int heartbeat_token_parse(const char *text, size_t n, char dst[static FETCH_TOKEN_MAX],
                                     struct err *err);

#endif
