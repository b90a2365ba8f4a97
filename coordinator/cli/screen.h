/*
 * screen.h - shows a run: as a live screen on a terminal, else as one line for each change.
 *
 * screen_update fits run_config.told. On a terminal the lower lines are drawn again, at most every
 * SCREEN_DRAW_MS milliseconds: the state of the run, a bar for the fleet, one line for each host in
 * flight with its phase and time, and what the run waits for. Changes that stay true scroll above
 * these lines. Without a terminal each change is one line; with --json each change is one event
 * (events.h). Nothing here decides anything.
 */
#ifndef SCREEN_H
#define SCREEN_H

#include "clock.h"
#include "progress.h"

#define SCREEN_DRAW_MS 100
#define SCREEN_HOSTS   12
#define SCREEN_WAITING 3

struct screen {
    struct progress progress;
    const struct clock *clock;
    FILE *out;
    bool live, color, json, verbose;
    int lines; /* lines of the live part on the screen now */
    int64_t drawn_ms;
    const struct world *world; /* during screen_update */
};

void screen_begin(struct screen *v, const struct plan *plan, const struct ledger *l,
                  const struct clock *clock, FILE *out);
void screen_update(void *ctx, const struct run *r, const struct event *ev,
                   const struct decision *d);
/* Removes the live part from the screen. */
void screen_end(struct screen *v);

#endif
