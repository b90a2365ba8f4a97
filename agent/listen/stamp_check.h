/*
 * stamp_check.h - does swap's view still tell about the files and the process that are there?
 *
 * Cheap, and with no rights: stat of the binary, and the start time in
 * /proc/PID/stat. What cannot be looked at counts as unchanged: the stamp itself
 * goes to the coordinator, which compares it over time.
 */
#ifndef STAMP_CHECK_H
#define STAMP_CHECK_H

#include "message.h"

#define FACTS_AGE_MS     15000
#define HEARTBEAT_AGE_MS 1000 /* where the next heartbeat has come since (heartbeat_due.h) */

enum stamp_age {
    STAMP_FRESH,
    STAMP_MAYBE_OLD, /* Nomad did not run: it may by now, and only swap can tell */
    STAMP_OLD,       /* another file is in place, or the process has ended */
};

enum stamp_age stamp_check(const struct stamp *s, const char *binary);
/* Root's hold file is there now and was not by what is told (fact "held"), or the other way round.
 */
bool hold_changed(const struct receipt_status *told, const char *hold_file);
/* How long the rest of what swap told of its host holds: after this it is asked anew. */
int64_t facts_hold_ms(const struct receipt_status *told, int64_t uptime_ms);

#endif
