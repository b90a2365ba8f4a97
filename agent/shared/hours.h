/*
 * hours.h - the hours of the week in which root allows something: "mon-fri 22:00-05:00, sat
 * 20:00-24:00".
 *
 * Pure. The text is a list of windows, separated by commas. A window is a day, or two days with -
 * (the range sun-tue passes the end of the week), or no day (every day), and then HH:MM-HH:MM. If
 * the end of a window is not after its beginning, the window ends on the next day and belongs to
 * the day on which it begins. "UTC" after the last window: all windows are in UTC. Without "UTC"
 * they are in the local time of the caller. 24:00 is valid only as an end.
 *
 * The windows follow the wall clock. When clocks are set back, an hour occurs twice and is in its
 * window twice. When clocks are set forward, an hour is missing and is not replaced by another.
 */
#ifndef HOURS_H
#define HOURS_H

#include <stdbool.h>
#include <stddef.h>
#include "err.h"

#define HOURS_WINDOWS 16
#define HOURS_DAY     (24 * 60)
#define HOURS_WEEK    (7 * HOURS_DAY)
#define HOURS_TEXT    16

struct hours_window {
    int first, last; /* days: 0 Monday to 6 Sunday */
    int begin, end;  /* minutes of the day; end <= begin: the end is on the next day */
};

struct hours {
    bool utc;
    size_t n; /* 0: any hour */
    struct hours_window windows[HOURS_WINDOWS];
};

/* "" allows every hour. ERR_CONFIG: the text says which window is wrong, and why. */
MUST_CHECK int hours_parse(const char *text, struct hours *ret, struct err *err);

/* Is this minute of the week (0: Monday 00:00) in a window? *ret_left: the minutes until the answer
 * changes; HOURS_WEEK: the answer never changes. */
bool hours_hold(const struct hours *h, int minute, int *ret_left);
/* Writes a minute of the week as "Mon 22:00". */
void hours_text(int minute, char dst[static HOURS_TEXT]);

#endif
