/*
 * hazard_ids.h - the ids that --accept takes. Pure.
 *
 * An id that no row has is probably a typing error, and would have no effect although the operator
 * believes otherwise. Caravan refuses it before it asks any host. A known id that has no effect on
 * a plan is no error, because the operator may use the same command for several fleets; the plan
 * shows such ids.
 */
#ifndef HAZARD_IDS_H
#define HAZARD_IDS_H

#include "hazard_rows.h"

#define HAZARD_NEAR 3 /* how many similar ids an error offers */

/* Checks that each accepted id belongs to a row. ERR_USAGE names the first unknown id, and the most
 * similar known ids. */
MUST_CHECK int hazard_ids_check(const struct policy *y, const struct hazards *h, struct err *err);
/* Says for people why the i-th accepted id has no effect on this plan. NULL: it accepts a finding
 * that would otherwise refuse the plan. */
const char *hazard_id_idle(const struct plan *p, size_t i);

#endif
