/*
 * hazards_built_in.h - the text of coordinator/plan/hazards.conf, built into the program.
 */
#ifndef HAZARDS_BUILT_IN_H
#define HAZARDS_BUILT_IN_H

extern const char hazards_conf[]; /* ends with a NUL */

#endif
