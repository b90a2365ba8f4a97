/*
 * nomad_nodes.h - the clients: lists per region, and details of hosts of interest.
 *
 * Lists come from the leader's view (no stale), 200 a page where all servers of the
 * region are 1.3 or newer, else whole; doubled ids are dropped. A list of thousands
 * is dear to Nomad, so it is begun anew only when ten times as long as the last one
 * took has passed, at most NODES_LIST_AGE_MS; for one look at the fleet (`look`), which waits for
 * thousands of agents, once in NODES_LOOK_AGE_MS. The texts of two lists are kept: what a world
 * points into lives until the list after the next is complete.
 *
 * Hosts of interest are asked for each round: their record, their allocations (when ten
 * times as long as the last answer took has passed, at most NODES_ALLOCS_MS), and at
 * their own address, once their record has told it, themselves and their health: without a token,
 * so that where ACLs are on only their health is told, and themselves are not asked again. Their
 * record is as good as a line of the list, and newer: it replaces it.
 *
 *     nodes_begin, then nodes_ask_region for each region, http_wait until `pending` is 0 or the
 *     round is to end, nodes_list and nodes_merge for the world, nodes_end
 *
 * Answers come inside http_wait. One about a host that comes after its round is dropped; a
 * list that ends later is the next round's. One thread.
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

/* One region's list: the last complete one, the one before, the one being read. */
struct node_list {
    struct nodes *owner;
    char region[NAME_MAX_LEN];
    struct nomad_base base;  /* whom the list under way is asked of */
    struct arena arenas[3];  /* texts: current, old, next */
    struct node_told *nodes; /* current */
    size_t n;
    int64_t at, took_ms; /* current */
    int64_t due;
    bool open, paged, with_region;
    bool renewed;   /* completed since the last nodes_end: not begun again before it */
    uint64_t round; /* in which the list under way was begun */
    int64_t begun;
    struct nomad_pages pages; /* of the list under way */
    struct node_told *next;
    size_t n_next, cap_next;
    uint64_t next_index;
    bool denied;            /* the last attempt got 403 */
    char problem[TEXT_MAX]; /* why the last attempt gave nothing; "" */
};

struct node_ask {
    struct interest *interest;
    enum node_question question;
    bool open, slow; /* slow: as in nomad_servers.h */
    uint64_t round;
    int64_t at;
};

struct interest {
    struct nodes *owner;
    char id[UUID_MAX], name[NAME_MAX_LEN], region[NAME_MAX_LEN];
    bool wanted;
    char http_addr[80];
    bool tls;
    bool self_denied; /* it told itself to nobody without a token */
    struct node_ask asks[NODE_QUESTIONS];
    size_t hint; /* where the host was in the last world */
    /* Of the round; texts in its arena. */
    struct node_told detail; /* valid when client.detail_at != 0 */
    int64_t own_at, health_at;
    struct self_answer own;
    int own_healthy;
    /* Kept. */
    struct arena allocs_arena;
    struct alloc_view *allocs;
    size_t n_allocs;
    int64_t allocs_at, allocs_took;
};

struct nodes {
    bool alone; /* no world points into a list: the old one is not kept */
    bool look;  /* the lists are for one look, not for a run: see above */
    struct nomad_http *nomad;
    const struct clock *clock;
    struct arena *arena;
    uint64_t round;
    size_t pending, pending_slow; /* of this round */
    struct node_list *lists[NODE_REGIONS_MAX];
    size_t n_lists;
    struct interest *interests[NODES_INTEREST_MAX];
    size_t n_interests;
};

void nodes_init(struct nodes *n, struct nomad_http *nomad, const struct clock *clock);
void nodes_free(struct nodes *n); /* after nomad_http_free */
/* Which clients, by node id and name, to ask about in detail from the next round on. */
void nodes_interest(struct nodes *n, const char *const *ids, const char *const *names,
                    size_t count);
void nodes_begin(struct nodes *n, struct arena *arena, uint64_t round);
/* Once a region and a round: begins its list when due, and its hosts' details.
 * with_region: base is not in the region and must forward. */
void nodes_ask_region(struct nodes *n, const char *region, const struct nomad_base *base,
                      bool with_region, bool paged);
void nodes_end(struct nodes *n);
const struct node_list *nodes_list(const struct nodes *n, const char *region);
/* Puts what the round learned of hosts of interest into the world's hosts. */
void nodes_merge(struct nodes *n, struct host *hosts, size_t count, struct arena *a);

#endif
