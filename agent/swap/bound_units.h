/*
 * bound_units.h - the units that stop along with Nomad's: which of them were up before its last
 * stop, and are they up again?
 *
 * Remembered in memory, right before a stop; a caravan-swap started anew since does not know. Pure.
 */
#ifndef BOUND_UNITS_H
#define BOUND_UNITS_H

#include "service.h"

struct bound_units {
    bool known, more;
    int64_t at_ms; /* uptime when they were remembered */
    uint32_t n;
    char names[ABOUT_UNITS][128]; /* those that were active */
};

/* about: NULL, or what is loaded right before the stop. */
void bound_units_remember(struct bound_units *b, const struct service_about *about, int64_t now_ms);
/* TRI_YES: the text names those that are not active again. about: what is loaded now; NULL: not
 * known. */
enum tri bound_units_down(const struct bound_units *b, const struct service_about *about,
                          char ret_text[static TEXT_MAX]);

#endif
