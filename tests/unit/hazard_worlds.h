/*
 * hazard_worlds.h - worlds for the rows of the hazard table, by row.
 */
#ifndef HAZARD_WORLDS_H
#define HAZARD_WORLDS_H

#include "small_fleet.h"

/* A row's worlds: the small fleet on `from`, which is to go to `to` (NULL: as it comes).
 * With `yes` the row detects; without it it is silent, and also with it from calm_from to
 * calm_to, where the row does not apply; with `unsure` it cannot tell. A row without `yes`
 * never can tell; without `unsure` it always can. */
struct worlds {
    const char *id;
    const char *from, *to, *calm_from, *calm_to;
    void (*yes)(struct small_fleet *f, const struct worlds *w);
    void (*unsure)(struct small_fleet *f, const struct worlds *w);
    const char *text, *unsure_text;
    int number;
    const char *says;     /* part of what it says when it detects */
    enum severity raised; /* above the row's own, by its function */
};

extern const struct worlds hazard_worlds[];
extern const size_t hazard_worlds_len;

/* The fleet as it comes; and it goes to the version in `text`. */
void world_as_it_is(struct small_fleet *f, const struct worlds *w);
void world_to(struct small_fleet *f, const struct worlds *w);

#endif
