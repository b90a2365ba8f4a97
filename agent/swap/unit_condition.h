/*
 * unit_condition.h - do the conditions and assertions of a unit hold? Pure.
 *
 * systemd checks them at each start. If a condition does not hold, systemd skips the start. If an
 * assertion does not hold, the start fails. These functions judge the conditions about paths, from
 * the answers of the host (host_look, asked with `kind`). For all other conditions the result is
 * TRI_UNKNOWN.
 */
#ifndef UNIT_CONDITION_H
#define UNIT_CONDITION_H

#include "host.h"

/* Is the condition about a path that can be examined? */
bool unit_condition_of_path(const struct about_condition *c);
bool unit_condition_of_pattern(const struct about_condition *c);
/* seen: the answer about its path, or NULL. */
enum tri unit_condition_holds(const struct about_condition *c, const struct host_look *seen);
/* The result for the whole unit; each[i] is the result for list[i]. Yes if all entries without "|"
 * hold, and at least one condition with "|" (if there are any), and at least one assertion with "|"
 * (if there are any). *ret_which: the entry that decides, if the result is not TRI_YES. */
enum tri unit_conditions_hold(const struct about_condition *list, const enum tri *each, uint32_t n,
                              uint32_t *ret_which);

#endif
