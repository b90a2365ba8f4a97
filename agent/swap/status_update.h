/*
 * status_update.h - the state of caravan-swap and its host for caravan-agent: facts, survey, and
 * view.
 *
 * caravan-swap replaces the whole view (swap_status.h) at every change. caravan-agent answers hello
 * and status from the view. The revision of the view never decreases within a boot, also not after
 * a restart of caravan-swap.
 *
 * At rest caravan-swap makes the survey (facts_survey.h) again if the service or the file in place
 * has changed, if the survey is too old, if a bad answer may have changed (facts_ready.h), and once
 * after a stage. While the phases work the survey stays as it is. Only the heartbeat
 * (facts_heartbeat.h) is asked by a look alone, when it is due (heartbeat_due.h).
 */
#ifndef STATUS_UPDATE_H
#define STATUS_UPDATE_H

#include "swap.h"

#define SURVEY_GREET_MS 10000            /* maximum age of the survey when somebody asks */
#define BOUND_LOOK_MS   1000             /* between two looks at units that went down with Nomad */
#define BOUND_WAIT_MS   (15 * 60 * 1000) /* end of these looks: more than any ready deadline */
#define SURVEY_REST_MS  60000            /* maximum age of the survey when nobody asks */

/* Gathers the facts, makes the survey if it is due, and writes the view. */
void status_update(struct swap *s);
/* Writes the view if the service or the file in place has changed, or if the survey is older than
 * survey_ms. */
void status_update_if_old(struct swap *s, int64_t survey_ms);
/* Was a unit active before Nomad's last stop, and is it not active again (bound-down)? For
 * BOUND_WAIT_MS after the stop caravan-swap must look, because nothing else reports the change. */
bool status_awaits_units(const struct swap *s);
/* Call it while status_awaits_units is true: it writes the view when bound-down changes. */
void status_update_units(struct swap *s);

/* Milliseconds until the next look at a bad answer or at the heartbeat; INT64_MAX: no look is due.
 */
int64_t status_update_due(const struct swap *s);

#endif
