/*
 * view.h - shows a run: as a live screen on a terminal, else as one line for each change.
 *
 * view_told fits run_config.told. On a terminal the lower lines are drawn again, at most every
 * VIEW_DRAW_MS milliseconds: the state of the run, a bar for the fleet, one line for each host in
 * flight with its phase and time, and what the run waits for. Changes that stay true scroll above
 * these lines. Without a terminal each change is one line; with --json each change is one event
 * (events.h). Nothing here decides anything.
 */
#ifndef VIEW_H
#define VIEW_H

#include "clock.h"
#include "progress.h"

#define VIEW_DRAW_MS 100
#define VIEW_HOSTS   12
#define VIEW_WAITING 3

struct view_screen {
    struct progress progress;
    const struct clock *clock;
    FILE *out;
    bool live, color, json, verbose;
    int lines; /* lines of the live part on the screen now */
    int64_t drawn_ms;
    const struct world *world; /* during view_told */
};

void view_begin(struct view_screen *v, const struct plan *plan, const struct ledger *l,
                const struct clock *clock, FILE *out);
void view_told(void *ctx, const struct run *r, const struct event *ev, const struct decision *d);
/* Removes the live part from the screen. */
void view_end(struct view_screen *v);

#endif
