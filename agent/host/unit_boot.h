/*
 * unit_boot.h - does systemd start Nomad's unit when the host starts? Asked and set over D-Bus.
 *
 * Set is what `systemctl enable` and `disable` do: the links, then a reload, so that what systemd
 * has loaded is what lies on the disk. A unit that is neither enabled nor disabled (static,
 * generated, masked, linked, ...) is not changed. Nor is one disabled that is started by others all
 * the same: units that name it in their own files or by links that disabling leaves, and timers,
 * sockets and paths that trigger it. Which links it would take away systemd is asked beforehand;
 * one that cannot tell (before 233) is not believed. One thread, that of the connection.
 */
#ifndef UNIT_BOOT_H
#define UNIT_BOOT_H

#include <systemd/sd-bus.h>
#include "service.h"

/* path: the unit's object. What systemd does not tell stays "" and not told. 0, or a negative errno
 * of the connection. */
MUST_CHECK int unit_boot_ask(sd_bus *bus, const char *unit, const char *path,
                             struct about_boot *ret);
/* Done, and read back. ERR_REFUSED: it is a unit that this does nothing for, and nothing was
 * changed; ERR_STATE: it was done, and reads otherwise; ERR_NETWORK, ERR_TIMEOUT: systemd could not
 * be asked, or did not do it. Some seconds at most. */
MUST_CHECK int unit_boot_set(sd_bus *bus, const char *unit, const char *path, bool starts,
                             struct err *err);

#endif
