/*
 * nomad_parse.h - parses Nomad's answers: JSON in, the values of world.h out. Pure.
 *
 * Every text is copied into the arena and cut to TEXT_MAX; counts are limited (NOMAD_..._MAX). A
 * value that is missing or of another type becomes the "unknown" of its field, so that answers of
 * all versions from 1.0 on can be read. ERR_FORMAT: the answer is not JSON of the expected shape;
 * the output is then unchanged. The caller sets the members called ..._at and the HTTP statuses.
 *
 * Sources: Nomad's API of 1.0 to 2.0.5 and recorded answers of a real 1.0.18.
 */
#ifndef NOMAD_PARSE_H
#define NOMAD_PARSE_H

#include "json.h"
#include "world.h"

#define NOMAD_MEMBERS_MAX 1024
#define NOMAD_PEERS_MAX   256
#define NOMAD_DRIVERS_MAX 64
#define NOMAD_ALLOCS_MAX  512

#define NOMAD_META_RUN "caravan_run" /* key in a drain's Meta: the run's id, hexadecimal */

/* status/leader: "10.0.0.1:4647"; "": there is no leader. */
MUST_CHECK int parse_leader(const void *p, size_t n, struct arena *a, const char **ret,
                            struct err *err);
/* agent/members. Members that have left are in the list, with their status. *ret_region: the region
 * of the server that answered. */
MUST_CHECK int parse_members(const void *p, size_t n, struct arena *a, struct member **ret,
                             size_t *ret_n, const char **ret_region, struct err *err);

/* agent/self of a server or a client. */
struct self_answer {
    const char *region;
    const char *raft_id;   /* member tag id; "" on a client */
    const char *rpc_addr;  /* member tags rpc_addr and port; "" on a client */
    const char *client_id; /* stats.client.node_id */
    int64_t heartbeat_age_ms, heartbeat_ttl_ms;
    struct server_view view; /* only the values of agent/self; on clients only the version */
};
MUST_CHECK int parse_self(const void *p, size_t n, struct arena *a, struct self_answer *ret,
                          struct err *err);

/* operator/autopilot/health, with any HTTP status. -1: the body is other text (about raft protocols
 * or a connection limit). Fills healthy, failure_tolerance, autopilot, n_autopilot. */
MUST_CHECK int parse_autopilot(const void *p, size_t n, struct arena *a, struct server_view *ret,
                               struct err *err);
/* operator/raft/configuration. */
MUST_CHECK int parse_raft(const void *p, size_t n, struct arena *a, struct peer **ret,
                          size_t *ret_n, struct err *err);

/* The values of one node in an answer. */
struct node_told {
    const char *node_id, *name, *dc, *node_class, *node_pool, *addr;
    struct client_view client;
};
/* One page of /v1/nodes; fills the members of client that the list has. The caller frees the array
 * *ret; its texts are in the arena. */
MUST_CHECK int parse_nodes(const void *p, size_t n, struct arena *a, struct node_told **ret,
                           size_t *ret_n, struct err *err);
/* /v1/node/:id; fills all members of client. *ret_tls: the client's own API uses TLS. */
MUST_CHECK int parse_node(const void *p, size_t n, struct arena *a, struct node_told *ret,
                          bool *ret_tls, struct err *err);
/* node/:id/allocations: at most NOMAD_ALLOCS_MAX allocations, the running ones first. */
MUST_CHECK int parse_allocs(const void *p, size_t n, struct arena *a, struct alloc_view **ret,
                            size_t *ret_n, struct err *err);
/* agent/health: is `part` ("client", "server") healthy? *ret: enum tri. */
MUST_CHECK int parse_health(const void *p, size_t n, const char *part, int *ret, struct err *err);

/* Converts an RFC 3339 time to nanoseconds since 1970; 0: any other text, or Go's zero time. */
int64_t parse_time_ns(const char *s);
/* Copies at most TEXT_MAX - 1 bytes of s; "" if s is NULL. */
const char *parse_text(struct arena *a, const char *s);
/* "1.10.0-rc.1+ent" from config.Version of agent/self, which is an object or a text. */
const char *parse_version_object(struct arena *a, const struct json *v);

#endif
