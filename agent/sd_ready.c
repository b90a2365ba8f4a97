#include <systemd/sd-daemon.h>
#include "compiler.h"
#include "sd_ready.h"

void sd_ready(const char *status)
{
    char text[256];
    snprintf(text, sizeof(text), "READY=1\nSTATUS=%.200s", status);
    sd_notify(0, text);
}

void sd_stopping(void)
{
    sd_notify(0, "STOPPING=1");
}
