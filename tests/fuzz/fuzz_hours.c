#include "cleanup.h"
#include "fuzz_target.h"
#include "hours.h"

/* Checks that the state (inside or outside of the hours) changes exactly after `left` minutes. */
static void look(const struct hours *h, int minute)
{
    int left = 0, next = 0;
    bool in = hours_hold(h, minute, &left);

    FUZZ_CHECK(left >= 1 && left <= HOURS_WEEK);
    if (left == HOURS_WEEK) {
        FUZZ_CHECK(in);
        return;
    }
    FUZZ_CHECK(hours_hold(h, (minute + left) % HOURS_WEEK, &next) != in);
    FUZZ_CHECK(hours_hold(h, (minute + left - 1) % HOURS_WEEK, &next) == in && next == 1);
}

/* The value of [law] hours in root's own agent.conf. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autofree char *text = fuzz_text(data, size);
    struct err err = ERR_INIT;
    struct hours h;
    char day[HOURS_TEXT];

    if (hours_parse(text, &h, &err) < 0) {
        FUZZ_CHECK(err.kind == ERR_CONFIG);
        return 0;
    }
    FUZZ_CHECK(h.n <= HOURS_WINDOWS && (h.n > 0 || !h.utc));
    for (size_t i = 0; i < h.n; i++) {
        const struct hours_window *w = &h.windows[i];

        FUZZ_CHECK(w->first >= 0 && w->first < 7 && w->last >= 0 && w->last < 7);
        FUZZ_CHECK(w->begin >= 0 && w->begin < HOURS_DAY && w->end >= 0 && w->end <= HOURS_DAY);
        look(&h, w->first * HOURS_DAY + w->begin);
        look(&h, (w->last * HOURS_DAY + w->end) % HOURS_WEEK);
    }
    look(&h, (int)size % HOURS_WEEK);
    hours_text((int)size % HOURS_WEEK, day);
    return 0;
}
