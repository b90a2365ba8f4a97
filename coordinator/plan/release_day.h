/*
 * release_day.h - the day on which a version of Nomad was released. Pure.
 */
#ifndef RELEASE_DAY_H
#define RELEASE_DAY_H

#include "hazard_rows.h"

/* Writes a day such as "2024-01-15". "": the day is unknown, or the version is a prerelease or an
 * own build, which have other days than the release. */
void release_day(const struct hazards *h, char dst[static DAY_TEXT], const struct version *v);

#endif
