/*
 * nomad_nodes.h - the clients: a list for each region, and details of the hosts of interest.
 *
 * The list of a region is read from the leader's state (no stale). It comes in pages of 200 nodes
 * if all servers of the region are 1.3 or newer, and whole otherwise. A node id that occurs twice
 * counts once. A list of thousands of nodes is much work for Nomad. The next list therefore begins
 * only when ten times the duration of the last list has passed, at most NODES_LIST_AGE_MS. For
 * status and plan
 * (`look`), which wait for thousands of agents, a list begins once in NODES_LOOK_AGE_MS. The texts
 * of two lists are kept, so that the texts of a world are valid until the list after the next is
 * complete.
 *
 * Each round asks for the details of the hosts of interest: the node's record, and the allocations
 * (when ten times the duration of the last answer has passed, at most NODES_ALLOCS_MS). When the
 * record has named the client's own address, the client itself is asked for agent/self and for its
 * health, without a token. If ACLs are on, the client answers only about its health, and agent/self
 * is not asked again. The record has the values of a line of the list, and is newer, so that it
 * replaces the line.
 *
 *     nodes_begin, then nodes_ask_region for each region, http_wait until `pending` is 0 or the
 *     round must end, nodes_list and nodes_merge for the world, nodes_end
 *
 * Answers come inside http_wait. An answer about a host that comes after its round is dropped; a
 * list that is completed later counts for the next round. For one thread.
 */
#ifndef NOMAD_NODES_H
#define NOMAD_NODES_H

#include "nomad_http.h"
#include "nomad_parse.h"

#define NODES_PAGE         200
#define NODES_LIST_AGE_MS  3000
#define NODES_LOOK_AGE_MS  15000
#define NODES_ALLOCS_MS    1000
#define NODE_REGIONS_MAX   32
#define NODES_INTEREST_MAX 1024

enum node_question { ASK_NODE, ASK_ALLOCS, ASK_OWN_SELF, ASK_OWN_HEALTH, NODE_QUESTIONS };

struct nodes;

/* The list of one region: the last complete one, and the one that is being read. */
struct node_list {
    struct nodes *owner;
    char region[NAME_MAX_LEN];
    struct nomad_base base;  /* the server that is asked for the next list */
    struct arena arenas[3];  /* texts of the current, the old and the next list */
    struct node_told *nodes; /* the current list */
    size_t n;
    int64_t at, took_ms; /* of the current list */
    int64_t due;
    bool open, paged, with_region;
    bool renewed;   /* completed since the last nodes_end: begin no other list in this round */
    uint64_t round; /* the round in which the next list was begun */
    int64_t begun;
    struct nomad_pages pages; /* of the next list */
    struct node_told *next;
    size_t n_next, cap_next;
    uint64_t next_index;
    bool denied;            /* the last attempt was answered with 403 */
    char problem[TEXT_MAX]; /* why the last attempt failed; "": it did not fail */
};

struct node_ask {
    struct interest *interest;
    enum node_question question;
    bool open, slow; /* slow: see nomad_servers.h */
    uint64_t round;
    int64_t at;
};

struct interest {
    struct nodes *owner;
    char id[UUID_MAX], name[NAME_MAX_LEN], region[NAME_MAX_LEN];
    bool wanted;
    char http_addr[80];
    bool tls;
    bool self_denied; /* the client does not answer agent/self without a token */
    struct node_ask asks[NODE_QUESTIONS];
    size_t hint; /* index of the host in the last world */
    /* Of this round; texts in the round's arena. */
    struct node_told detail; /* valid if client.detail_at != 0 */
    int64_t own_at, health_at;
    struct self_answer own;
    int own_healthy;
    /* Stays from round to round. */
    struct arena allocs_arena;
    struct alloc_view *allocs;
    size_t n_allocs;
    int64_t allocs_at, allocs_took;
};

struct nodes {
    bool alone; /* no world uses the texts of a list: do not keep the old texts */
    bool look;  /* the lists are for status or plan, not for a run: see above */
    struct nomad_http *nomad;
    const struct clock *clock;
    struct arena *arena;
    uint64_t round;
    size_t pending, pending_slow; /* of this round; see nomad_servers.h */
    struct node_list *lists[NODE_REGIONS_MAX];
    size_t n_lists;
    struct interest *interests[NODES_INTEREST_MAX];
    size_t n_interests;
};

void nodes_init(struct nodes *n, struct nomad_http *nomad, const struct clock *clock);
void nodes_free(struct nodes *n); /* after nomad_http_free */
/* The clients of interest from the next round on, by node id and name. */
void nodes_interest(struct nodes *n, const char *const *ids, const char *const *names,
                    size_t count);
void nodes_begin(struct nodes *n, struct arena *arena, uint64_t round);
/* Call once in a round for each region: asks for the details of its hosts, and for its list if the
 * list is due. with_region: `base` is a server of another region and must forward the question. */
void nodes_ask_region(struct nodes *n, const char *region, const struct nomad_base *base,
                      bool with_region, bool paged);
void nodes_end(struct nodes *n);
const struct node_list *nodes_list(const struct nodes *n, const char *region);
/* Writes the details of the hosts of interest into the hosts of the world. */
void nodes_merge(struct nodes *n, struct host *hosts, size_t count, struct arena *a);

#endif
