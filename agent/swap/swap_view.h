/*
 * swap_view.h - what caravan-swap shows of itself and its host: facts, survey, and the view.
 *
 * The view (view_file.h) is replaced as a whole at every change; caravan-agent answers hello
 * and status from it. Its revision never goes back within a boot, also when caravan-swap was
 * started anew. At rest the survey (facts_survey.h) is made again when the service or the file in
 * place changed by itself, when it is too old, when a bad answer may
 * have changed (facts_ready.h), and once when something was staged; while the
 * phases work it stays as it was. The heartbeat alone (facts_heartbeat.h) is asked anew by a look
 * when it is due (heartbeat_due.h).
 */
#ifndef SWAP_VIEW_H
#define SWAP_VIEW_H

#include "swap.h"

#define SURVEY_GREET_MS 10000            /* somebody asks: facts older than this are asked anew */
#define BOUND_LOOK_MS   1000             /* are the units up again that went down with Nomad? */
#define BOUND_WAIT_MS   (15 * 60 * 1000) /* not longer: the longest ready deadline, and some */
#define SURVEY_REST_MS  60000            /* nobody asks, but we are there: without systemd */

/* Gathers the facts anew when they may have changed, and writes the view. */
void swap_tell(struct swap *s);
/* Writes the view only if the service or the file in place changed by itself, or the survey is
 * older than this. */
void swap_look(struct swap *s, int64_t survey_ms);
/* A unit that was up before Nomad's last stop is not up again (bound-down), and that is not long
 * ago: when it comes up, nobody else tells. */
bool swap_waits(const struct swap *s);
/* While swap_waits: tells it when that changes. */
void swap_watch(struct swap *s);

/* How long until something that was bad, or the heartbeat, is worth a look; INT64_MAX: nothing is.
 */
int64_t swap_look_due(const struct swap *s);

#endif
