/*
 * token_rule.h - to which servers Caravan sends Nomad's ACL token. Pure.
 *
 * The one rule for every question to Nomad. The token goes to the servers that the operator named:
 * NOMAD_ADDR and servers mapped in [servers]. It goes to servers in the cluster's own lists if
 * their certificate must contain server.REGION.nomad (only Nomad's own authority makes such
 * certificates), if they are on this machine, or with [nomad] token_in_clear. The token never goes
 * to a client, mapped or not, because the person who runs a client chooses its address.
 */
#ifndef TOKEN_RULE_H
#define TOKEN_RULE_H

#include "str.h"

enum token_role {
    TOKEN_CLIENT,    /* a client's own API */
    TOKEN_SERVER,    /* a server in the cluster's lists, or a mapped server */
    TOKEN_NOMAD_ADDR /* NOMAD_ADDR itself */
};

struct token_peer {
    enum token_role role;
    bool mapped;          /* the operator gave its address, in [servers] */
    const char *url;      /* "https://10.0.0.1:4646" */
    bool socket;          /* the url is asked through a Unix socket */
    const char *tls_name; /* the name that its certificate must contain; "": the name in the url */
    const char *region;
};

enum token_way {
    TOKEN_NOT,   /* ask without the token; a zeroed value means this, too */
    TOKEN_SENT,  /* send it, over TLS or on this machine */
    TOKEN_CLEAR, /* send it without TLS to another machine, as the operator allows */
};

enum token_way token_rule(const struct token_peer *p, bool token_in_clear);

/* True for a literal loopback address or "localhost", with or without a port:
 * http://127.0.0.1:4646. False for a name that only looks like one (127.0.0.1.example.com,
 * 127.0.0.1@example.com). */
bool url_is_loopback(const char *url);
/* Writes the name in the certificates of a region's servers: server.REGION.nomad. */
void server_tls_name(const char *region, char dst[static 128]);

#endif
