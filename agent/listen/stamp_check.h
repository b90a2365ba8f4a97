/*
 * stamp_check.h - is caravan-swap's view still about the present files and the present process?
 *
 * Cheap, and without special rights: stat of the binary, and the start time in /proc/PID/stat. If
 * something cannot be looked at, it counts as unchanged: the coordinator gets the stamp itself and
 * compares it over time.
 */
#ifndef STAMP_CHECK_H
#define STAMP_CHECK_H

#include "message.h"

#define FACTS_AGE_MS     15000
#define HEARTBEAT_AGE_MS 1000 /* if the next heartbeat has come since then (heartbeat_due.h) */

enum stamp_age {
    STAMP_FRESH,
    STAMP_MAYBE_OLD, /* Nomad did not run. It may run now; only caravan-swap can find out */
    STAMP_OLD,       /* another file is in place, or the process has ended */
};

enum stamp_age stamp_check(const struct stamp *s, const char *binary);
/* Has root's hold file appeared or vanished since the reported fact "held"? */
bool hold_file_changed(const struct receipt_status *told, const char *hold_file);
/* The time in milliseconds after which the other reported facts should be renewed. */
int64_t facts_valid_ms(const struct receipt_status *told, int64_t uptime_ms);

#endif
