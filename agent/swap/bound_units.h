/*
 * bound_units.h - the units that stop together with Nomad's unit: which of them were active before
 * the last stop of Nomad, and are they active again?
 *
 * caravan-swap remembers them in memory, right before a stop. After a restart caravan-swap does not
 * know them any more. Pure.
 */
#ifndef BOUND_UNITS_H
#define BOUND_UNITS_H

#include "service.h"

struct bound_units {
    bool known, more;
    int64_t at_ms; /* uptime when they were remembered */
    uint32_t n;
    char names[ABOUT_UNITS][128]; /* the units that were active */
};

/* about: the service's answer right before the stop; NULL: no answer. */
void bound_units_remember(struct bound_units *b, const struct service_about *about, int64_t now_ms);
/* TRI_YES: some units are not active again, and the text names them. about: the service's answer
 * now; NULL: no answer. */
enum tri bound_units_down(const struct bound_units *b, const struct service_about *about,
                          char ret_text[static TEXT_MAX]);

#endif
