/*
 * unit_condition.h - do the conditions and assertions of a unit hold? Pure.
 *
 * systemd asks them at each start: a condition that does not hold lets the start be skipped, an
 * assertion lets it fail. Judged are those about paths, from what lies there (host_look, asked with
 * `kind`); of all others it cannot be told.
 */
#ifndef UNIT_CONDITION_H
#define UNIT_CONDITION_H

#include "host.h"

/* Is it about a path that can be looked at? */
bool unit_condition_of_path(const struct about_condition *c);
bool unit_condition_of_pattern(const struct about_condition *c);
/* seen: NULL, or what lies at its path. */
enum tri unit_condition_holds(const struct about_condition *c, const struct host_look *seen);
/* Of n, each judged: all hold, and of the conditions, and of the assertions, marked "|" one does.
 * *ret_which: the one that decides, when it is not TRI_YES. */
enum tri unit_conditions_hold(const struct about_condition *list, const enum tri *each, uint32_t n,
                              uint32_t *ret_which);

#endif
