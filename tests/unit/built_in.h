/*
 * built_in.h - the built-in hazards, read once.
 */
#ifndef BUILT_IN_H
#define BUILT_IN_H

#include "hazard_rows.h"

const struct hazards *built_in(void);
/* The row with this id; NULL: there is none. */
const struct hazard *built_in_row(const char *id);

/* Does the row apply only to servers that are replaced? (Their test is test_hazard_replace.) */
bool row_of_replaced(const struct hazard *row);

#endif
