/*
 * token_rights.h - which rights Caravan's token needs in Nomad. Pure.
 *
 * One table of what Caravan calls, and of the right that each call takes in which version: the
 * policy that `caravan token-policy` prints, what the plan says a token lacks, and what the plan
 * says it has beyond need, are all read from it. `make lint` finds a path of Nomad's API that
 * coordinator/nomad asks for and the table does not have.
 *
 * The oldest server of the fleet decides: a policy is one for all servers, and older ones refuse,
 * or do not know, the finer rights of newer ones.
 */
#ifndef TOKEN_RIGHTS_H
#define TOKEN_RIGHTS_H

#include "acl_rules.h"
#include "buf.h"
#include "version.h"

enum token_right {
    RIGHT_NONE, /* any token, or none */
    RIGHT_NODE_READ,
    RIGHT_NODE_WRITE,
    RIGHT_AGENT_READ,
    RIGHT_AGENT_WRITE,
    RIGHT_OPERATOR_READ,
    RIGHT_SNAPSHOT_SAVE, /* a capability of operator */
    RIGHT_JOBS,          /* list-jobs and read-job, in every namespace */
    RIGHT_MANAGEMENT,    /* no policy gives it */
    TOKEN_RIGHTS
};

/* What the calls are for; bits. */
enum token_use {
    USE_ALWAYS = 1,
    USE_DRAIN = 2,    /* --drain */
    USE_SNAPSHOT = 4, /* saved before the first server is changed */
    USE_REPLACE = 8,  /* caravan replace */
    USE_BETTER = 16   /* asked wherever it may be; a run goes on without it */
};

struct nomad_call {
    const char *path; /* without the query; ends in / where a name follows */
    enum token_use use;
    enum token_right right;
    enum token_right before; /* of versions below `since` */
    const char *since;       /* NULL: the right is the same in all versions */
    const char *without;     /* what management alone may, and what is missing without it */
};

/* The table; ends with a path NULL. */
extern const struct nomad_call nomad_calls[];

/* The rights that these uses take where `oldest` is the oldest server, bits 1 << enum token_right.
 * RIGHT_NONE is left out. */
unsigned token_rights_needed(unsigned uses, const struct version *oldest);
/* Those of `needed` that the rules do not give; RIGHT_MANAGEMENT is never among them. */
unsigned token_rights_lacking(unsigned needed, const struct acl_rules *rules);
/* The first of a set, lowest number first; RIGHT_NONE: it is empty. */
enum token_right token_rights_first(unsigned rights);
/* "node:read", and "nodes and members are seen": what it is for. */
const char *token_right_name(enum token_right r);
const char *token_right_purpose(enum token_right r);
/* What the rules give beyond `needed`, for people: "agent:write, namespace default"; "" nothing. */
void token_rights_spare(unsigned needed, const struct acl_rules *rules, char *dst, size_t n);

/* The smallest policy for these uses, as `nomad acl policy apply` takes it, with comments that say
 * what each right is for and what no policy allows. */
void token_policy_text(unsigned uses, const struct version *oldest, struct buf *ret);

#endif
