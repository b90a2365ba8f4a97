/*
 * hazard_ids.h - what may stand behind --accept. Pure.
 *
 * An id that no row has is a typo: it would be of no use, and whoever wrote it believes
 * otherwise. It is refused before anything is asked. A known id that changes nothing about
 * a plan is no error, since the same line may be meant for several fleets; it is told.
 */
#ifndef HAZARD_IDS_H
#define HAZARD_IDS_H

#include "hazard_rows.h"

#define HAZARD_NEAR 3 /* ids offered for one that is not known */

/* Every accepted id is a row's: 0. Else ERR_USAGE names the first that is not, and the ids
 * nearest to it. */
MUST_CHECK int hazard_ids_check(const struct policy *y, const struct hazards *h, struct err *err);
/* Why the i-th accepted id changes nothing about this plan, for people; NULL: a finding that
 * would refuse was accepted by it. */
const char *hazard_id_idle(const struct plan *p, size_t i);

#endif
