/*
 * place_rule.h - whether a host's law lets it fetch from a place. Pure.
 *
 * By the facts that its agent tells (`url-prefixes`, `file-urls`), and as the host itself will
 * judge it (law.h): one place of an order that is refused, and the whole order is. A plan asks it
 * of the release's places before the night, a stage order of those it adds.
 */
#ifndef PLACE_RULE_H
#define PLACE_RULE_H

#include "world.h"

/* Why the host refuses the place; NULL: it does not, or *ret_unsure says why that cannot be told,
 * which is set for nothing else. */
const char *place_refused(const struct agent_view *a, const char *url, const char **ret_unsure);

#endif
