/*
 * sd_ready.h - tells the service manager that we are ready, or stopping.
 *
 * Does nothing where no service manager asked to be told (NOTIFY_SOCKET not set).
 */
#ifndef SD_READY_H
#define SD_READY_H

void sd_ready(const char *status); /* a line for `systemctl status` */
void sd_stopping(void);

#endif
