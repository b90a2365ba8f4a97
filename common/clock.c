#include <errno.h>
#include <stdio.h>
#include "clock.h"

static int64_t read_ms(clockid_t id)
{
    struct timespec t = {0, 0};
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t system_mono(void *ctx)
{
    (void)ctx;
    return read_ms(CLOCK_BOOTTIME);
}

static int64_t system_wall(void *ctx)
{
    (void)ctx;
    return read_ms(CLOCK_REALTIME);
}

static void system_sleep(void *ctx, int64_t ms)
{
    (void)ctx;
    if (ms <= 0)
        return;
    struct timespec until;
    clock_gettime(CLOCK_BOOTTIME, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    /* A signal may end the sleep early. The caller then checks what the signal handler has set. */
    clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &until, NULL);
}

static const struct clock the_system = {NULL, system_mono, system_wall, system_sleep};

const struct clock *clock_system(void)
{
    return &the_system;
}

int64_t clock_mono(const struct clock *c)
{
    return c->mono(c->ctx);
}

int64_t clock_wall(const struct clock *c)
{
    return c->wall(c->ctx);
}

void clock_sleep(const struct clock *c, int64_t ms)
{
    c->sleep(c->ctx, ms);
}

void clock_rfc3339(char dst[static 21], int64_t wall_ms)
{
    /* Round down, also before 1970. Years of five digits do not fit into dst. */
    time_t s = (time_t)(wall_ms / 1000 - (wall_ms % 1000 < 0 ? 1 : 0));
    struct tm tm;
    if (gmtime_r(&s, &tm) == NULL || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900 ||
        strftime(dst, 21, "%Y-%m-%dT%H:%M:%SZ", &tm) != 20)
        snprintf(dst, 21, "%s", "0000-00-00T00:00:00Z");
}
