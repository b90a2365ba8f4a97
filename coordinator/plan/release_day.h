/*
 * release_day.h - the day on which a version of Nomad was released. Pure.
 */
#ifndef RELEASE_DAY_H
#define RELEASE_DAY_H

#include "hazard_rows.h"

/* "2024-01-15"; "": not known, or a prerelease or a build of one's own, which have days of their
 * own. */
void release_day(const struct hazards *h, char dst[static DAY_TEXT], const struct version *v);

#endif
