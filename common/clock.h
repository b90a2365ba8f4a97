/*
 * clock.h - the time, passed in so that tests own it.
 *
 * Code that needs the time takes a `const struct clock *`. clock_system() is
 * the machine's; tests make their own struct. Milliseconds everywhere, int64.
 *
 *   mono  CLOCK_BOOTTIME: goes on during suspend, never back; the unit of every
 *         deadline, start_by and not_before
 *   wall  CLOCK_REALTIME: only for records people read and for allowed hours
 *   sleep waits at most ms, on the same clock as mono; used for back-off only,
 *         never to wait for an event
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

/* "2026-11-22T15:04:05Z" into dst[21]. */
void clock_rfc3339(char dst[static 21], int64_t wall_ms);

#endif
