/*
 * token_rule.h - whom Nomad's ACL token is sent to. Pure.
 *
 * The one rule for every question to Nomad. The token goes to what the operator named: NOMAD_ADDR
 * and servers mapped in [servers]; and to servers that the cluster's own lists name, when their
 * certificate must carry server.REGION.nomad (only Nomad's own authority makes such), or when they
 * are on this machine, or with [nomad] token_in_clear. It never goes to a client, mapped or not:
 * whoever runs a client says what its address is.
 */
#ifndef TOKEN_RULE_H
#define TOKEN_RULE_H

#include "str.h"

enum token_role {
    TOKEN_CLIENT,    /* a client's own API */
    TOKEN_SERVER,    /* a server that the cluster's lists name, or a mapped one */
    TOKEN_NOMAD_ADDR /* NOMAD_ADDR itself */
};

struct token_peer {
    enum token_role role;
    bool mapped;          /* its address is the operator's, by [servers] */
    const char *url;      /* "https://10.0.0.1:4646" */
    bool socket;          /* url is asked through a Unix socket */
    const char *tls_name; /* the name its certificate must carry; "": that of the url */
    const char *region;
};

enum token_way {
    TOKEN_NOT,   /* asked without it: also what a zeroed value says */
    TOKEN_SENT,  /* over TLS, or on this machine */
    TOKEN_CLEAR, /* sent without TLS to another machine, as the operator allows */
};

enum token_way token_rule(const struct token_peer *p, bool token_in_clear);

/* A literal loopback address, or "localhost", with or without a port: http://127.0.0.1:4646.
 * What only looks like one (127.0.0.1.example.com, 127.0.0.1@example.com) is none. */
bool url_is_loopback(const char *url);
/* The name in the certificates of a region's servers: server.REGION.nomad. */
void server_tls_name(const char *region, char dst[static 128]);

#endif
