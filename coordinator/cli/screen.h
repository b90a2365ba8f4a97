/*
 * screen.h - a run as it is shown: live on a terminal, else one line a change.
 *
 * screen_update fits run_config.told. On a terminal the lower lines are drawn anew at most
 * every SCREEN_DRAW_MS: the run's state, a bar for the fleet, a line for each host in
 * flight with phase and time, and what is waited for, with its numbers; what has
 * changed for good scrolls above. Otherwise each change is one line, or with --json
 * one event (events.h). Nothing here decides anything.
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
    int lines; /* drawn and still standing */
    int64_t drawn_ms;
    const struct world *world; /* during screen_update */
};

void screen_begin(struct screen *v, const struct plan *plan, const struct ledger *l,
                  const struct clock *clock, FILE *out);
void screen_update(void *ctx, const struct run *r, const struct event *ev,
                   const struct decision *d);
/* Takes the live part off the screen. */
void screen_end(struct screen *v);

#endif
