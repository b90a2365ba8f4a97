/*
 * plan.h - what an upgrade would do, and what speaks against it. Pure.
 *
 * A plan is a set of hosts with limits, not a script: decide_* choose the real order from live
 * data. Its digest (over a canonical text) goes into the lease and so stands behind every order.
 * plan_make (plan_make.h) makes one, plan_read reads the text of one back.
 */
#ifndef PLAN_H
#define PLAN_H

#include "address.h"
#include "policy.h"
#include "survey.h"
#include "version.h"
#include "world.h"

enum severity { SEVERITY_INFO, SEVERITY_WARN, SEVERITY_BLOCK, SEVERITY_HARD };
/* WARN is shown; BLOCK refuses unless --accept ID; HARD has no override. */

struct finding {
    const char *id; /* of the hazard row */
    enum severity severity;
    enum tri detected; /* YES, or UNKNOWN: shown as cannot tell */
    bool accepted;
    char host[NAME_MAX_LEN]; /* the first host that it concerns; "" it concerns the fleet */
    uint32_t n_hosts;        /* how many hosts it concerns, with the first; 0: the fleet */
    char others[64];         /* the names of the next few, ", " between */
    bool differs;            /* the text is the first host's, the others have texts of their own */
    char text[TEXT_MAX];     /* what was found, with its numbers */
    const char *advice;      /* what to do, one sentence */
};

/* What the plan does with a server; in a plan that replaces none there is only the first. */
enum plan_role {
    ROLE_UPGRADE, /* gets the target where it is */
    ROLE_JOINS,   /* a new one: started with the target, until it votes */
    ROLE_LEAVES,  /* stopped, and taken out of the cluster */
    PLAN_ROLES
};

struct plan_host {
    char key[UUID_MAX];
    char name[NAME_MAX_LEN];
    char region[NAME_MAX_LEN];
    char from[NAME_MAX_LEN]; /* version it runs now; "" unknown */
    char os[16], arch[16];   /* of its agent; "" unknown */
    struct digest digest;    /* what it is to run */
    struct digest before;    /* what runs now, by its agent */
    bool is_server;
    enum plan_role role;
    bool dead;    /* of one that leaves: every server calls it failed, its agent is silent, and the
                     operator has accepted that by its name. Nothing is ordered there */
    bool leader;  /* at planning */
    bool first;   /* of the authoritative region, which goes before the others */
    bool canary;  /* forecast */
    bool already; /* runs the target already: only verified */
    bool managed; /* has an enrolled agent that answers */
    bool staged;  /* the target lies there already, by its agent; told with the plan and not part
                     of it */
    /* A server whose raft state is so large that reading it back takes longer than the policy's
     * deadline: its own; 0: as the policy has it. */
    int64_t ready_ms;
};

struct release { /* what publish knows of the target */
    char version[NAME_MAX_LEN];
    bool own_build;     /* its suffix is the operator's own, and so it is no prerelease */
    uint32_t signers;   /* release keys that signed its manifest */
    bool vendor_signed; /* hosts can check the vendor's signature: SHA256SUMS and it came along */
    struct manifest_build_ref {
        char os[16], arch[16];
        struct digest digest;
        uint64_t size;
        const char *urls[URLS_MAX]; /* where hosts fetch it, in order; whoever made this has them */
        size_t n_urls;
        bool bare; /* no zip: what the vendor signs are zips */
    } builds[BUILDS_MAX];
    size_t n_builds;
    char served[256]; /* what hosts are told of this machine, which serves some of it; "" none */
    struct address_list served_to; /* by the addresses that this machine sees */
};

struct plan_region { /* every region observed, also those without planned hosts */
    char name[NAME_MAX_LEN];
    uint32_t voters; /* at planning, without the dead: no fewer before each step; 0 unknown */
    bool planned;    /* has hosts in the plan: its server agents' leases are held */
    bool cleanup;    /* its servers are planned, and autopilot takes dead ones out of raft; told
                        with the plan and not part of it */
};

struct hazards; /* hazard_rows.h */

struct plan {
    char target[NAME_MAX_LEN];
    const struct hazards
        *hazards;            /* by which it is made and judged; whoever made or read it has them */
    bool own_build;          /* as release has it */
    struct policy policy;    /* pointers inside belong to the caller, who keeps them */
    struct plan_host *hosts; /* servers in forecast order (leaders last), then clients */
    size_t n_hosts, n_servers, n_clients;
    size_t n_todo;           /* hosts that do not run the target yet; 0: nothing to do */
    struct key_index by_key; /* of hosts; not there while the plan is being made */
    struct plan_region *regions;
    size_t n_regions;
    uint32_t parallel; /* the number --max-parallel means */
    enum on_not_ready server_on_not_ready, client_on_not_ready;
    bool bad_leader_pair; /* an early new leader is known to crash old followers */
    int64_t forecast_ms;  /* how long the run takes when all goes well (forecast.h); told with the
                             plan and not part of it */
    bool transfer;        /* leadership transfer can be asked of the version that runs (>= 1.7) */
    bool replaces; /* some host joins or leaves. Then there are servers of one region only, in the
                      order joiners (as they were named), leavers (the leader last) */
    struct finding *findings; /* in the arena; hazards.c adds */
    size_t n_findings, cap_findings;
    struct digest digest;
    struct arena arena;
};

void plan_free(struct plan *p);
/* First finding that refuses, the hard ones before those that may be accepted, and of the same
 * severity what was seen before what cannot be told; NULL: may go on. Not to know counts by the
 * severity the row has for it. */
const struct finding *plan_refused(const struct plan *p);
/* All that refuses it is the region's health, and what it makes unknown, which another look
 * may find mended. */
bool plan_may_pass(const struct plan *p);
const struct plan_host *plan_host(const struct plan *p, const char *key);
/* Where it stands in p->hosts, and so in the hosts of a ledger made from it; SIZE_MAX: nowhere. */
size_t plan_index(const struct plan *p, const char *key);
/* A server that leaves and was accepted as dead. */
bool plan_is_dead(const struct plan *p, const char *key);
/* From its order on, how long a host may take to be ready; and the longest that a
 * server may. */
int64_t plan_ready_ms(const struct plan *p, const struct plan_host *h);
int64_t plan_longest_server_ms(const struct plan *p);
/* For plan_make and plan_read, once the hosts are in order; before it plan_index is a linear
 * search. */
void plan_index_keys(struct plan *p);
/* v before the target (read from p->target), level with it, after it (<0, 0, >0). The suffix of a
 * build of the operator's own takes no part: 1.0.2 and 1.0.2-acme1 are level. */
int plan_cmp_target(const struct plan *p, const struct version *v, const struct version *target);
/* A server nobody plans, that left by everyone's list and does not answer. */
bool plan_is_past(const struct world *w, const struct plan *p, const struct host *h);
/* A server of the region whose servers are replaced that the plan leaves as it is. */
bool plan_stays(const struct world *w, const struct plan *p, const struct host *h);
/* The canonical text the digest is over; also what the ledger stores. */
void plan_text(const struct plan *p, struct buf *ret);
/* Reads plan_text back (resume). Findings and rows of hazards are not kept: here are the rows. */
MUST_CHECK int plan_read(const char *text, size_t n, const struct hazards *hazards,
                         struct plan *ret, struct err *err);

/* The host of one such line, which is taken apart. 1: there it is; 0: another line; -1. */
MUST_CHECK int plan_text_host(char *line, struct plan_host *ret);

#endif
