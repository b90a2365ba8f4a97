/*
 * place_rule.h - whether a host's law allows the host to fetch from a place. Pure.
 *
 * The rule uses the facts that the host's agent reports (`url-prefixes`, `file-urls`) and judges as
 * the host itself does (law.h). If the host refuses one place of an order, the host refuses the
 * whole order. A plan checks the release's places before the night. A stage order checks the places
 * that it adds.
 */
#ifndef PLACE_RULE_H
#define PLACE_RULE_H

#include "world.h"

/* Returns why the host refuses the place. NULL: the host does not refuse it, or that is unknown;
 * if it is unknown, and only then, the function sets *ret_unsure to the reason. */
const char *place_refused(const struct agent_view *a, const char *url, const char **ret_unsure);

#endif
