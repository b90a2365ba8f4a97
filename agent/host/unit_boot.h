/*
 * unit_boot.h - does systemd start Nomad's unit when the host starts? Asks and sets this over
 * D-Bus.
 *
 * Setting does what `systemctl enable` and `disable` do: it changes the links and then reloads, so
 * that systemd has loaded what is on disk. Some units are not changed:
 * - a unit that is neither enabled nor disabled (static, generated, masked, linked, ...);
 * - for disabling, a unit that other units would start all the same: units that name it in their
 *   own files, or by links that disabling does not remove; and timers, sockets and paths that
 *   trigger it.
 * Before disabling, systemd is asked which links it would remove. If systemd cannot say that
 * (before version 233), nothing is changed. One thread: the thread of the connection.
 */
#ifndef UNIT_BOOT_H
#define UNIT_BOOT_H

#include <systemd/sd-bus.h>
#include "service.h"

/* path: the unit's D-Bus object. A value that systemd does not report stays "", and `told` stays
 * false. Returns 0, or a negative errno of the connection. */
MUST_CHECK int unit_boot_ask(sd_bus *bus, const char *unit, const char *path,
                             struct about_boot *ret);
/* Sets the start at boot, and reads it back. ERR_REFUSED: this unit cannot be changed, and nothing
 * was changed. ERR_STATE: the change was made, but reading back shows another state. ERR_NETWORK,
 * ERR_TIMEOUT: systemd did not answer, or did not make the change. Takes some seconds at most. */
MUST_CHECK int unit_boot_set(sd_bus *bus, const char *unit, const char *path, bool starts,
                             struct err *err);

#endif
