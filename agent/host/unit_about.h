/*
 * unit_about.h - what systemd has loaded of Nomad's unit, asked over D-Bus.
 *
 * Only a connection that is gone ends the asking: what systemd answers with an error it does
 * not have. One thread, that of the connection.
 */
#ifndef UNIT_ABOUT_H
#define UNIT_ABOUT_H

#include <systemd/sd-bus.h>
#include "service.h"

#define UNIT_BUS_NAME    "org.freedesktop.systemd1"
#define UNIT_BUS_ROOT    "/org/freedesktop/systemd1"
#define UNIT_BUS_UNIT    UNIT_BUS_NAME ".Unit"
#define UNIT_BUS_SERVICE UNIT_BUS_NAME ".Service"

/* rc, a negative errno: the connection went. */
bool unit_bus_is_lost(int rc);
/* path: the unit's object. A unit that systemd does not know is no error (missing); properties
 * that this systemd does not have stay "". 0, or a negative errno of the connection. */
MUST_CHECK int unit_about(sd_bus *bus, const char *path, struct service_about *ret);

#endif
