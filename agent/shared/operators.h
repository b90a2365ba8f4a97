/*
 * operators.h - the operators who may send orders to this host, if root names some: "anna, berta".
 *
 * The names are names of keys in the trust in force, separated by commas (trust_key_name: the
 * first operator's key is "operator" if it has no name of its own, the second one's is
 * "operator-2"). The trust decides who is an operator; this list can only forbid. A name that the
 * trust does not contain allows nobody. When a key leaves the trust, its name no longer counts
 * either.
 *
 * The list applies to these orders: stage, swap, cancel, revert, preserve, service. Each operator
 * on the list may cancel or revert what another one ordered. The list does not apply to:
 * - trust: a revocation must reach every host, whoever brings it. Only the signatures of root keys
 *   in it count.
 * - lease and note: runs use these orders to keep out of each other's way, and they change nothing
 *   in Nomad. A run that upgrades only clients takes the leases of its region's servers, where root
 *   may have named other operators.
 * - hello and status: observers may send them too.
 */
#ifndef OPERATORS_H
#define OPERATORS_H

#include "trust.h"

struct operators {
    size_t n; /* 0: all operators of the trust */
    char names[KEYS_MAX][KEY_NAME_MAX];
};

/* ERR_CONFIG: the text says which name is wrong. "" gives n = 0. */
MUST_CHECK int operators_parse(const char *text, struct operators *ret, struct err *err);
/* Writes "anna, berta". A longer list is cut. */
void operators_text(const struct operators *o, char dst[static TEXT_MAX]);
/* Do the trust and root's list (NULL: no list) allow the sender of this order to send it to this
 * host? ret_why: the reason, if the list forbids it; else "". */
bool operators_may(const struct operators *o, const struct trust *t, const struct header *order,
                   int64_t wall_s, char ret_why[static TEXT_MAX]);

#endif
