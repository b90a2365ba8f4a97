/*
 * operators.h - the operators who may order on this host, where root names some of them: "anna,
 * berta".
 *
 * Names of keys as the trust in force has them (trust_key_name: without a name of its own the
 * first operator's key is "operator", the second one's "operator-2"), commas between. The trust
 * says who is an operator; this list only takes away. A name that the trust does not have lets
 * nobody order; a key that leaves the trust takes its name along.
 *
 * Of whoever is not named these orders are refused: stage, swap, cancel, revert, preserve, service.
 * Any of those who are named may cancel or revert what another of them ordered. Allowed to every
 * operator of the trust stay:
 * - trust: a revocation must reach every host, whoever brings it; what counts is root keys'
 *   signatures in it.
 * - lease and note: they are how runs keep out of each other's way and change nothing of Nomad. A
 *   run over clients alone takes leases of its region's servers, whose root may name others.
 * - hello and status, which observers may send, too.
 */
#ifndef OPERATORS_H
#define OPERATORS_H

#include "trust.h"

struct operators {
    size_t n; /* 0: all of the trust's */
    char names[KEYS_MAX][KEY_NAME_MAX];
};

MUST_CHECK int operators_parse(const char *text, struct operators *ret, struct err *err);
/* "anna, berta"; cut where it is longer. */
void operators_text(const struct operators *o, char dst[static TEXT_MAX]);
/* May whoever sends this order it here, by the trust and by root's list (NULL: none)? ret_why: why
 * not, where the list is the reason; else "". */
bool operators_may(const struct operators *o, const struct trust *t, const struct header *order,
                   int64_t wall_s, char ret_why[static TEXT_MAX]);

#endif
