/*
 * hazards_built_in.h - coordinator/plan/hazards.conf, as it was when caravan was built.
 */
#ifndef HAZARDS_BUILT_IN_H
#define HAZARDS_BUILT_IN_H

extern const char hazards_conf[]; /* ends with a NUL */

#endif
