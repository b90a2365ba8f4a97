/*
 * service_systemd_about.h - what systemd has loaded of a unit, read over D-Bus.
 *
 * path is the unit's object. A unit that systemd does not know is no error (missing).
 * Properties that this systemd does not have stay "". Returns 0 or a negative errno of
 * the connection.
 */
#ifndef SERVICE_SYSTEMD_ABOUT_H
#define SERVICE_SYSTEMD_ABOUT_H

#include <systemd/sd-bus.h>
#include "service.h"

MUST_CHECK int service_systemd_ask_about(sd_bus *bus, const char *path, struct service_about *ret);

#endif
