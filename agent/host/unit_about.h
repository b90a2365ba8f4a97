/*
 * unit_about.h - asks systemd over D-Bus how it has loaded Nomad's unit.
 *
 * Only a lost connection ends the asking. If systemd answers a question with an error, that value
 * stays empty. One thread: the thread of the connection.
 */
#ifndef UNIT_ABOUT_H
#define UNIT_ABOUT_H

#include <systemd/sd-bus.h>
#include "service.h"

#define UNIT_BUS_NAME    "org.freedesktop.systemd1"
#define UNIT_BUS_ROOT    "/org/freedesktop/systemd1"
#define UNIT_BUS_UNIT    UNIT_BUS_NAME ".Unit"
#define UNIT_BUS_SERVICE UNIT_BUS_NAME ".Service"

/* Does rc, a negative errno, mean that the connection is lost? */
bool unit_bus_is_lost(int rc);
/* path: the unit's D-Bus object. If systemd does not know the unit, that is no error (`missing`).
 * Properties that this systemd does not have stay "". Returns 0, or a negative errno of the
 * connection. */
MUST_CHECK int unit_about(sd_bus *bus, const char *path, struct service_about *ret);

#endif
