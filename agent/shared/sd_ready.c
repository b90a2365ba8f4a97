#include <systemd/sd-daemon.h>
#include "compiler.h"
#include "sd_ready.h"

void sd_ready(const char *status)
{
    char text[256];
    snprintf(text, sizeof(text), "READY=1\nSTATUS=%.200s", status);
    sd_notify(0, text);
}

int64_t sd_alive_every_ms(void)
{
    uint64_t us = 0;

    if (sd_watchdog_enabled(0, &us) <= 0)
        return 0;
    return MAX_OF((int64_t)(us / 3000), (int64_t)1);
}

void sd_alive(void)
{
    sd_notify(0, "WATCHDOG=1");
}

void sd_stopping(void)
{
    sd_notify(0, "STOPPING=1");
}
