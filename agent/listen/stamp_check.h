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

enum stamp_age {
    STAMP_FRESH,
    STAMP_MAYBE_OLD, /* Nomad did not run: it may by now, and only swap can tell */
    STAMP_OLD,       /* another file is in place, or the process has ended */
};

enum stamp_age stamp_check(const struct stamp *s, const char *binary);
/* Root's hold file is there now and was not by what is told (fact "held"), or the other way round.
 */
bool hold_changed(const struct receipt_status *told, const char *hold_file);

#endif
