/*
 * nomad_parse.h - Nomad's answers as plain structs: JSON in, world.h's values out.
 *
 * Pure: bytes and an arena in, values out; no I/O, no clock. Every text is copied
 * into the arena and cut to TEXT_MAX; counts are bounded (NOMAD_..._MAX). What is
 * absent or of another type is the "unknown" of its field, so that answers of all
 * versions from 1.0 on parse; only what is not JSON of the expected shape is an
 * error (ERR_FORMAT), and then nothing of the output is written. Fields called
 * ..._at and statuses of HTTP are the caller's.
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

/* status/leader: "10.0.0.1:4647"; "" no leader. */
MUST_CHECK int parse_leader(const void *p, size_t n, struct arena *a, const char **ret,
                            struct err *err);
/* agent/members. Members that have left are kept, told by their status. ret_region: of who answers,
 * or of the server that a client asked. */
MUST_CHECK int parse_members(const void *p, size_t n, struct arena *a, struct member **ret,
                             size_t *ret_n, const char **ret_region, struct err *err);

/* agent/self of a server or a client. */
struct self_answer {
    const char *region;
    const char *raft_id;   /* member tag id, "" on a client */
    const char *rpc_addr;  /* member tags rpc_addr and port, "" on a client */
    const char *client_id; /* stats.client.node_id */
    int64_t heartbeat_age_ms, heartbeat_ttl_ms;
    struct server_view view; /* only what agent/self tells; version also on clients */
};
MUST_CHECK int parse_self(const void *p, size_t n, struct arena *a, struct self_answer *ret,
                          struct err *err);

/* operator/autopilot/health, whatever its HTTP status: -1 when the body is not its
 * JSON (a text about raft protocols, a connection limit). Fills healthy,
 * failure_tolerance, autopilot, n_autopilot. */
MUST_CHECK int parse_autopilot(const void *p, size_t n, struct arena *a, struct server_view *ret,
                               struct err *err);
/* operator/raft/configuration. */
MUST_CHECK int parse_raft(const void *p, size_t n, struct arena *a, struct peer **ret,
                          size_t *ret_n, struct err *err);

/* A node, as one answer tells of it: what a host of the world is made of. */
struct node_told {
    const char *node_id, *name, *dc, *node_class, *node_pool, *addr;
    struct client_view client;
};
/* One page of /v1/nodes: the list half of client. The array is the caller's, to be freed, for pages
 * are put together; its texts are in the arena. */
MUST_CHECK int parse_nodes(const void *p, size_t n, struct arena *a, struct node_told **ret,
                           size_t *ret_n, struct err *err);
/* /v1/node/:id: both halves. ret_tls: its own API speaks TLS. */
MUST_CHECK int parse_node(const void *p, size_t n, struct arena *a, struct node_told *ret,
                          bool *ret_tls, struct err *err);
/* node/:id/allocations: at most NOMAD_ALLOCS_MAX, running ones first. */
MUST_CHECK int parse_allocs(const void *p, size_t n, struct arena *a, struct alloc_view **ret,
                            size_t *ret_n, struct err *err);
/* agent/health: enum tri of what `part` says of itself; TRI_UNKNOWN when absent. */
MUST_CHECK int parse_health(const void *p, size_t n, const char *part, int *ret, struct err *err);

/* RFC 3339 to nanoseconds since 1970; 0 for anything else and for Go's zero time. */
int64_t parse_time_ns(const char *s);
/* Copies at most TEXT_MAX - 1 bytes; NULL gives "". */
const char *parse_text(struct arena *a, const char *s);
/* "1.10.0-rc.1+ent" from agent/self's config.Version (an object, or plain text). */
const char *parse_version_object(struct arena *a, const struct json *v);

#endif
