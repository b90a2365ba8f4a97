/*
 * sd_ready.h - reports to the service manager that the program is ready, alive or stopping.
 *
 * If no service manager wants these reports (NOTIFY_SOCKET is not set), the functions do nothing.
 */
#ifndef SD_READY_H
#define SD_READY_H

#include <stdint.h>

void sd_ready(const char *status); /* status: a line for `systemctl status` */
void sd_stopping(void);

/* The milliseconds between two calls of sd_alive (a third of WatchdogSec=); 0: no watchdog. */
int64_t sd_alive_every_ms(void);
void sd_alive(void);

#endif
