/*
 * sd_ready.h - tells the service manager that we are ready, alive, or stopping.
 *
 * Does nothing where no service manager asked to be told (NOTIFY_SOCKET not set).
 */
#ifndef SD_READY_H
#define SD_READY_H

#include <stdint.h>

void sd_ready(const char *status); /* a line for `systemctl status` */
void sd_stopping(void);

/* How often sd_alive must be called (a third of WatchdogSec=); 0: nobody watches. */
int64_t sd_alive_every_ms(void);
void sd_alive(void);

#endif
