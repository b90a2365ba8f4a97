/*
 * clock.h - the time as a parameter, so that tests can set the time.
 *
 * Code that needs the time takes a `const struct clock *`. clock_system() returns the clock of the
 * machine; tests make a struct of their own. All times are int64 milliseconds.
 *
 *   mono  CLOCK_BOOTTIME: goes on during suspend, never goes back; every deadline, start_by and
 *         not_before is a time of this clock
 *   wall  CLOCK_REALTIME: for records that people read, and for the allowed hours
 *   sleep waits at most ms, measured by mono; only for pauses between two attempts, never to wait
 *         for an event
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>
#include "compiler.h"

struct clock {
    void *ctx;
    int64_t (*mono)(void *ctx);
    int64_t (*wall)(void *ctx);
    void (*sleep)(void *ctx, int64_t ms);
};

const struct clock *clock_system(void);
int64_t clock_mono(const struct clock *c);
int64_t clock_wall(const struct clock *c);
void clock_sleep(const struct clock *c, int64_t ms);

/* Writes "2026-11-22T15:04:05Z" into dst[21]. */
void clock_rfc3339(char dst[static 21], int64_t wall_ms);

#endif
