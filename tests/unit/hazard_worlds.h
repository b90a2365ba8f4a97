/*
 * hazard_worlds.h - worlds for the rows of the hazard table: for rows about versions, jobs and
 * hosts, and for rows about the cluster (cluster_worlds.c).
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
    const char *says;     /* a part of the text when the row detects */
    enum severity raised; /* the row's function may raise the severity above the row's own */
};

/* All of them in order; NULL: there are no more. */
const struct worlds *worlds_at(size_t i);
extern const struct worlds cluster_worlds[];
extern const size_t cluster_worlds_len;

/* A change of the fleet, for a row. */
#define CHANGE(name) static void name(UNUSED struct small_fleet *f, UNUSED const struct worlds *w)

/* The fleet unchanged; its target is the version in `text`. */
void world_as_it_is(struct small_fleet *f, const struct worlds *w);
void world_to(struct small_fleet *f, const struct worlds *w);
/* The plan may ask no server for its configuration. */
void world_config_lost(struct small_fleet *f, const struct worlds *w);
/* The facts that every agent reports. */
void world_fact(struct small_fleet *f, const char *id, enum tri value, const char *text);

#endif
