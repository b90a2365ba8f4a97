#include "release_day.h"

void release_day(const struct hazards *h, char dst[static DAY_TEXT], const struct version *v)
{
    size_t at = (size_t)v->patch * DAY_TEXT; /* a day and the blank after it */

    dst[0] = '\0';
    for (size_t i = 0; i < h->n_minors && v->pre[0] == '\0'; i++) {
        const struct minor_days *m = &h->minors[i];
        if (m->major == v->major && m->minor == v->minor && at < strlen(m->days))
            str_cut(dst, DAY_TEXT, m->days + at);
    }
}
