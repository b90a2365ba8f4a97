/*
 * token_rights.h - which rights Caravan's token needs in Nomad. Pure.
 *
 * One table says what Caravan calls, and which right each call needs in which version. The policy
 * that `caravan token-policy` prints, the rights that the plan reports as missing, and the rights
 * that the plan reports as unneeded all come from this table. `make lint` finds a path of Nomad's
 * API that coordinator/nomad asks for and the table does not have.
 *
 * The oldest server of the fleet decides, because all servers have the same policy, and older
 * servers refuse or do not know the finer rights of newer ones.
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

/* The purposes of the calls, as bits. */
enum token_use {
    USE_ALWAYS = 1,
    USE_DRAIN = 2,    /* --drain */
    USE_SNAPSHOT = 4, /* a snapshot before the first server is changed */
    USE_REPLACE = 8,  /* caravan replace */
    USE_BETTER = 16   /* called if the token may; a run goes on without it */
};

struct nomad_call {
    const char *path; /* without the query; ends in / if a name follows */
    enum token_use use;
    enum token_right right;
    enum token_right before; /* the right in versions below `since` */
    const char *since;       /* NULL: the right is the same in all versions */
    const char *without; /* for calls of a management token: what the call does, and what is missing
                            without it */
};

/* The table. Its last row has the path NULL. */
extern const struct nomad_call nomad_calls[];

/* Returns the rights that these uses need if `oldest` is the oldest server, as bits 1 << enum
 * token_right, without RIGHT_NONE. */
unsigned token_rights_needed(unsigned uses, const struct version *oldest);
/* Returns the rights of `needed` that the rules do not give. RIGHT_MANAGEMENT is never among
 * them. */
unsigned token_rights_lacking(unsigned needed, const struct acl_rules *rules);
/* Returns the right with the lowest number in a set; RIGHT_NONE: the set is empty. */
enum token_right token_rights_first(unsigned rights);
/* "node:read", and its purpose: "nodes and members are seen". */
const char *token_right_name(enum token_right r);
const char *token_right_purpose(enum token_right r);
/* Writes what the rules give beyond `needed`, for people: "agent:write, namespace default"; "":
 * nothing. */
void token_rights_spare(unsigned needed, const struct acl_rules *rules, char *dst, size_t n);

/* Writes the smallest policy for these uses, as `nomad acl policy apply` takes it. Comments say
 * what each right is for and what no policy allows. */
void token_policy_text(unsigned uses, const struct version *oldest, struct buf *ret);

#endif
