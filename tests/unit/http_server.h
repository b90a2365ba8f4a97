/*
 * http_server.h - an HTTP server on loopback for the tests of common/http.
 *
 * The path selects the answer: /echo the received request, /status/N this status, /bytes/N this
 * number of bytes, /nomad Nomad's headers, /headers a very large number of headers, /to/URL a
 * redirect to URL, /v1/agent/self the answer of a Nomad client (with the token "of-a-server" that
 * of a server, with "of-nobody" no JSON), 403 without the token "may-read". The server has its own
 * thread; stop waits for it.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <stdint.h>

struct http_server;

/* cert and key: PEM texts for TLS, or NULL. socket_path: a Unix socket instead of
 * 127.0.0.1, or NULL. Any failure aborts: it is a test. */
struct http_server *http_server_start(const char *cert, const char *key, const char *socket_path);
void http_server_stop(struct http_server *s);
uint16_t http_server_port(const struct http_server *s);

/* A self-signed certificate for one DNS name, as PEM; the caller frees both. */
void http_server_certificate(const char *name, char **ret_cert, char **ret_key);

#endif
