#include "hours.h"

#include <ctype.h>
#include "str.h"

static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/* The text that is still to be read, from the left. */
struct reading {
    const char *at, *end;
};

static void skip_hours_blanks(struct reading *r)
{
    while (r->at < r->end && str_is_blank(*r->at))
        r->at++;
}

static bool take_hours_sign(struct reading *r, char sign)
{
    bool there = r->at < r->end && *r->at == sign;

    r->at += there;
    return there;
}

static bool take_day(struct reading *r, int *ret)
{
    for (int i = 0; i < (int)ARRAY_LEN(days); i++) {
        if (r->end - r->at < 3 || strncasecmp(r->at, days[i], 3) != 0)
            continue;
        r->at += 3;
        *ret = i;
        return true;
    }
    return false;
}

/* Takes a number of exactly two digits, at most `most`. */
static bool take_two_digits(struct reading *r, int most, int *ret)
{
    if (r->end - r->at < 2 || !isdigit((unsigned char)r->at[0]) ||
        !isdigit((unsigned char)r->at[1]))
        return false;
    *ret = (r->at[0] - '0') * 10 + (r->at[1] - '0');
    r->at += 2;
    return *ret <= most;
}

static bool take_hour_and_minute(struct reading *r, int latest, int *ret)
{
    int hour = 0, minute = 0;

    if (!take_two_digits(r, 24, &hour) || !take_hours_sign(r, ':') ||
        !take_two_digits(r, 59, &minute))
        return false;
    *ret = hour * 60 + minute;
    return *ret <= latest;
}

static bool read_window(struct reading *r, struct hours_window *w)
{
    *w = (struct hours_window){.first = 0, .last = (int)ARRAY_LEN(days) - 1};
    skip_hours_blanks(r);
    if (take_day(r, &w->first)) {
        w->last = w->first;
        if (take_hours_sign(r, '-') && !take_day(r, &w->last))
            return false;
        if (r->at == r->end || !str_is_blank(*r->at))
            return false;
    }
    skip_hours_blanks(r);
    if (!take_hour_and_minute(r, HOURS_DAY - 1, &w->begin) || !take_hours_sign(r, '-') ||
        !take_hour_and_minute(r, HOURS_DAY, &w->end))
        return false;
    skip_hours_blanks(r);
    return r->at == r->end && w->begin != w->end;
}

/* Removes "UTC" from the end. A blank must stand before "UTC". */
static bool take_utc(struct reading *r)
{
    static const char word[] = "utc";
    const size_t n = sizeof(word) - 1;

    while (r->end > r->at && str_is_blank(r->end[-1]))
        r->end--;
    if ((size_t)(r->end - r->at) <= n || strncasecmp(r->end - n, word, n) != 0 ||
        !str_is_blank(*(r->end - n - 1)))
        return false;
    r->end -= n;
    return true;
}

int hours_parse(const char *text, struct hours *ret, struct err *err)
{
    struct reading all = {text, text + strlen(text)};
    struct hours h = {.n = 0};

    skip_hours_blanks(&all);
    h.utc = take_utc(&all);
    while (all.at < all.end) {
        const char *comma = memchr(all.at, ',', (size_t)(all.end - all.at));
        struct reading one = {all.at, comma != NULL ? comma : all.end};

        if (h.n == HOURS_WINDOWS)
            return err_set(err, ERR_CONFIG, 0, "more than %d windows", HOURS_WINDOWS);
        if (!read_window(&one, &h.windows[h.n++]))
            return err_set(err, ERR_CONFIG, 0,
                           "window %zu is not like 22:00-05:00 or mon-fri 22:00-05:00 (the whole "
                           "day is 00:00-24:00)",
                           h.n);
        all.at = comma != NULL ? comma + 1 : all.end;
        if (comma != NULL && all.at == all.end)
            return err_set(err, ERR_CONFIG, 0, "nothing follows the last comma");
    }
    *ret = h;
    return 0;
}

static bool begins_on_day(const struct hours_window *w, int day)
{
    return w->first <= w->last ? day >= w->first && day <= w->last
                               : day >= w->first || day <= w->last;
}

static bool is_in_window(const struct hours_window *w, int minute)
{
    int day = minute / HOURS_DAY, at = minute % HOURS_DAY;

    if (w->end > w->begin)
        return begins_on_day(w, day) && at >= w->begin && at < w->end;
    return (begins_on_day(w, day) && at >= w->begin) ||
           (begins_on_day(w, (day + 6) % 7) && at < w->end);
}

static bool is_in_any_window(const struct hours *h, int minute)
{
    bool in = h->n == 0;

    for (size_t i = 0; i < h->n && !in; i++)
        in = is_in_window(&h->windows[i], minute);
    return in;
}

bool hours_hold(const struct hours *h, int minute, int *ret_left)
{
    bool in = is_in_any_window(h, minute);

    *ret_left = 1;
    while (*ret_left < HOURS_WEEK && is_in_any_window(h, (minute + *ret_left) % HOURS_WEEK) == in)
        ++*ret_left;
    return in;
}

void hours_text(int minute, char dst[static HOURS_TEXT])
{
    int at = minute % HOURS_DAY;

    snprintf(dst, HOURS_TEXT, "%.3s %02d:%02d", days[minute / HOURS_DAY % 7], at / 60, at % 60);
    dst[0] = (char)toupper((unsigned char)dst[0]);
}
