/*
 * hours.h - hours of the week in which root allows something: "mon-fri 22:00-05:00, sat
 * 20:00-24:00".
 *
 * Pure. Windows with commas between; each is a day, or days with - between (sun-tue goes over the
 * week's end), or nothing for every day, and HH:MM-HH:MM. A window whose end is not after its
 * beginning ends on the next day, and belongs to the day on which it begins. "UTC" behind all of
 * them: they are meant in UTC; else in the local time of whoever asks. 24:00 is an end only.
 *
 * The clock on the wall counts: on the day when clocks are set back, an hour that comes twice is
 * in its window twice; one that is left out is not made up for.
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
    int begin, end;  /* minutes of the day; end <= begin: on the next day */
};

struct hours {
    bool utc;
    size_t n; /* 0: any hour */
    struct hours_window windows[HOURS_WINDOWS];
};

/* "" is any hour. ERR_CONFIG says what is wrong with which window. */
MUST_CHECK int hours_parse(const char *text, struct hours *ret, struct err *err);

/* Is this minute of the week (0: Monday 00:00) in a window? ret_left: after so many minutes the
 * answer is another one; HOURS_WEEK: never. */
bool hours_hold(const struct hours *h, int minute, int *ret_left);
/* "Mon 22:00" */
void hours_text(int minute, char dst[static HOURS_TEXT]);

#endif
