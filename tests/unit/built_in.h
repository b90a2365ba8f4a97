/*
 * built_in.h - the hazards that are built in, read once.
 */
#ifndef BUILT_IN_H
#define BUILT_IN_H

#include "hazard_rows.h"

const struct hazards *built_in(void);
/* The row of this id; NULL: there is none. */
const struct hazard *built_in_row(const char *id);

/* It is about servers that are replaced alone: test_hazard_replace. */
bool row_of_replaced(const struct hazard *row);

#endif
