/*
 * plan.h - what an upgrade would do, and what speaks against it. Pure.
 *
 * A plan is a set of hosts with limits, and not a script: decide_* choose the real order from live
 * data. The plan's digest (over a canonical text) goes into the lease, and so is behind every
 * order. plan_make (plan_make.h) makes a plan. plan_read reads the text of a plan back.
 */
#ifndef PLAN_H
#define PLAN_H

#include "address.h"
#include "policy.h"
#include "survey.h"
#include "version.h"
#include "world.h"

enum severity { SEVERITY_INFO, SEVERITY_WARN, SEVERITY_BLOCK, SEVERITY_HARD };
/* WARN is only shown. BLOCK refuses the plan unless --accept ID is given. HARD refuses it
 * always. */

struct finding {
    const char *id; /* id of the hazard row */
    enum severity severity;
    enum tri detected; /* YES, or UNKNOWN, which the plan shows as "cannot tell" */
    bool accepted;
    char host[NAME_MAX_LEN]; /* the first host that has the finding; "": it is about the fleet */
    uint32_t n_hosts;        /* the number of hosts that have it; 0: it is about the fleet */
    char others[64];         /* the names of the next few hosts, separated by ", " */
    bool differs;        /* the text is that of the first host; others have texts of their own */
    char text[TEXT_MAX]; /* what was found, with its numbers */
    const char *advice;  /* what to do, one sentence */
};

/* What the plan does with a server. A plan that replaces no server has only ROLE_UPGRADE. */
enum plan_role {
    ROLE_UPGRADE, /* is upgraded to the target in place */
    ROLE_JOINS,   /* a new server: started with the target, until it votes */
    ROLE_LEAVES,  /* stopped, and taken out of the cluster */
    PLAN_ROLES
};

struct plan_host {
    char key[UUID_MAX];
    char name[NAME_MAX_LEN];
    char region[NAME_MAX_LEN];
    char from[NAME_MAX_LEN]; /* version it runs now; "" unknown */
    char os[16], arch[16];   /* reported by its agent; "": unknown */
    struct digest digest;    /* the binary that the host is to run */
    struct digest before;    /* the binary that runs now, by its agent */
    bool is_server;
    enum plan_role role;
    bool dead; /* of a server that leaves: every server lists it as failed, its agent is silent, and
                  the operator accepted that by its name. Caravan orders nothing there */
    bool leader;  /* at planning */
    bool first;   /* of the authoritative region, which goes first */
    bool canary;  /* forecast */
    bool already; /* runs the target already: only verified */
    bool managed; /* has an enrolled agent that answers */
    bool staged;  /* the target is already staged there, by its agent; shown with the plan, but not
                     part of the plan */
    /* Milliseconds that a server may take to be ready, if its raft state is so large that
     * reading it back takes longer than the policy's deadline. 0: the policy's deadline holds. */
    int64_t ready_ms;
};

struct release { /* what publish knows of the target */
    char version[NAME_MAX_LEN];
    bool
        own_build; /* the version's suffix is the operator's own, so the release is no prerelease */
    uint32_t signers;   /* release keys that signed its manifest */
    bool vendor_signed; /* hosts can check the vendor's signature, because SHA256SUMS and its
                           signature are there */
    struct manifest_build_ref {
        char os[16], arch[16];
        struct digest digest;
        uint64_t size;
        const char *urls[URLS_MAX]; /* where hosts fetch it, in order; the maker of the release owns
                                       the texts */
        size_t n_urls;
        bool bare; /* a bare binary; the vendor only signs zips */
    } builds[BUILDS_MAX];
    size_t n_builds;
    char served[256]; /* the address that hosts get for this machine, which serves some builds; "":
                         none */
    struct address_list
        served_to; /* the hosts it serves, by the addresses that this machine sees */
};

struct plan_region { /* every observed region, also regions without planned hosts */
    char name[NAME_MAX_LEN];
    uint32_t voters; /* voters at planning, without the dead; before each step there may be no
                        fewer. 0: unknown */
    bool planned;    /* has hosts in the plan, so the run holds the leases of its servers' agents */
    bool cleanup;    /* its servers are planned, and autopilot removes dead servers from raft; shown
                        with the plan, but not part of the plan */
};

struct hazards; /* hazard_rows.h */

struct plan {
    char target[NAME_MAX_LEN];
    const struct hazards *hazards; /* the rows that the plan is made and judged by; the caller who
                                      made or read the plan owns them */
    bool own_build;                /* as in struct release */
    struct policy policy;          /* pointers inside belong to the caller, who keeps the memory */
    struct plan_host *hosts;       /* servers in forecast order (leaders last), then clients */
    size_t n_hosts, n_servers, n_clients;
    size_t n_todo;           /* hosts that do not run the target yet; 0: nothing to do */
    struct key_index by_key; /* of hosts; missing while the plan is being made */
    struct plan_region *regions;
    size_t n_regions;
    uint32_t parallel; /* the number --max-parallel means */
    enum on_not_ready server_on_not_ready, client_on_not_ready;
    bool bad_leader_pair; /* a new leader is known to crash old followers */
    int64_t forecast_ms;  /* how long the run takes when all goes well (forecast.h); shown with the
                             plan, but no part of its digest */
    bool transfer;        /* the running version can transfer leadership (>= 1.7) */
    bool replaces; /* some host joins or leaves. Then the plan has servers of one region only, in
                      this order: servers that join (as they were named), then servers that leave
                      (the leader last) */
    struct finding *findings; /* in the arena; hazards.c adds them */
    size_t n_findings, cap_findings;
    struct digest digest;
    struct arena arena;
};

void plan_free(struct plan *p);
/* Returns the finding that refuses the plan; NULL: the plan may go on. Hard findings come before
 * findings that may be accepted. At the same severity, a seen finding comes before an unknown
 * one. An unknown finding has the severity that its row has for it. */
const struct finding *plan_refused(const struct plan *p);
/* True if a region's bad health refuses the plan, and every other finding that refuses the plan is
 * unknown, because an unhealthy region may not answer. A later observation may find the region
 * healthy. */
bool plan_may_pass(const struct plan *p);
const struct plan_host *plan_host(const struct plan *p, const char *key);
/* Returns the index in p->hosts, which is also the index in the hosts of a ledger for this plan;
 * SIZE_MAX: not there. */
size_t plan_index(const struct plan *p, const char *key);
/* True for a server that leaves and was accepted as dead. */
bool plan_is_dead(const struct plan *p, const char *key);
/* How many milliseconds a host may take to be ready, from its order on; and the longest time
 * that any server may take. */
int64_t plan_ready_ms(const struct plan *p, const struct plan_host *h);
int64_t plan_longest_server_ms(const struct plan *p);
/* plan_make and plan_read call this when the hosts are in order. Before it, plan_index is a
 * linear search. */
void plan_index_keys(struct plan *p);
/* Compares v with the target (parsed from p->target): <0 before it, 0 level with it, >0 after
 * it. The suffix of an operator's own build does not count: 1.0.2 and 1.0.2-acme1 are level. */
int plan_cmp_target(const struct plan *p, const struct version *v, const struct version *target);
/* True for a server that is not in the plan, does not answer, and is left in every list. */
bool plan_is_former_server(const struct world *w, const struct plan *p, const struct host *h);
/* True for a server in the region of a replacement that the plan leaves as it is. */
bool plan_server_stays(const struct world *w, const struct plan *p, const struct host *h);
/* Writes the canonical text that the digest is over. The ledger stores this text. */
void plan_text(const struct plan *p, struct buf *ret);
/* Reads the text of plan_text back (for a resume). The text does not contain findings or hazard
 * rows, so the caller gives the rows. */
MUST_CHECK int plan_read(const char *text, size_t n, const struct hazards *hazards,
                         struct plan *ret, struct err *err);

/* Reads the host of one line of such a text and changes the line. Returns 1: ret has the host;
 * 0: another kind of line; -1: an invalid line. */
MUST_CHECK int plan_text_host(char *line, struct plan_host *ret);

#endif
