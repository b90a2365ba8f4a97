#include "report_late_failures.h"

#include "clock.h"
#include "late_failures.h"
#include "table.h"

void report_late_failures(const struct plan *p, const struct ledger *l, int64_t now_wall_ms,
                          bool color, FILE *out)
{
    struct late_due due[LATE_FAILURES_MAX];
    size_t n = late_failures(p, l, now_wall_ms, due);
    for (size_t i = 0; i < n; i++) {
        char when[21];
        clock_rfc3339(when, due[i].wall_ms);
        fprintf(out, "%sAfter an upgrade to %s%s [%s] %s.\n    Look again at %s: %s.\n",
                color_on(color, COLOR_YELLOW), p->target, color_off(color, COLOR_YELLOW),
                due[i].row->id, due[i].row->what, when, due[i].row->look);
    }
}

struct json *report_late_failures_json(const struct plan *p, const struct ledger *l,
                                       int64_t now_wall_ms)
{
    struct late_due due[LATE_FAILURES_MAX];
    size_t n = late_failures(p, l, now_wall_ms, due);
    struct json *a = json_new_array();
    for (size_t i = 0; i < n; i++) {
        struct json *o = json_new_object();
        char when[21];
        clock_rfc3339(when, due[i].wall_ms);
        json_set_str(o, "id", due[i].row->id);
        json_set_str(o, "at", when);
        json_set_str(o, "what", due[i].row->what);
        json_set_str(o, "look", due[i].row->look);
        json_add(a, o);
    }
    return a;
}
