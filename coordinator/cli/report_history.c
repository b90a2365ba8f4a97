#include "report_history.h"

#include "clock.h"
#include "report_run.h"
#include "table.h"

void report_history(const struct stored_run *runs, size_t n, bool color, FILE *out)
{
    struct table t;
    table_init(&t, (const char *[]){"RUN", "BEGUN", "TARGET", "STATE", "DONE", "CAUSE"}, 6);
    for (size_t i = 0; i < n; i++) {
        char hex[33], when[21], done[32], cause[160];
        run_hex(hex, runs[i].run_id);
        hex[8] = '\0';
        clock_rfc3339(when, runs[i].begun_wall_ms);
        const char *host = text_names(runs[i].cause, runs[i].cause_host) ? "" : runs[i].cause_host;
        snprintf(done, sizeof(done), "%lld/%lld", (long long)runs[i].done,
                 (long long)runs[i].hosts);
        snprintf(cause, sizeof(cause), "%s%s%.100s", host, host[0] != '\0' ? ": " : "",
                 runs[i].cause);
        enum color shade = runs[i].state == RUN_ABORTED ? COLOR_DIM
                           : run_is_over(runs[i].state) ? COLOR_GREEN
                                                        : COLOR_YELLOW;
        table_row(&t, shade,
                  (const char *[]){hex, when, runs[i].target, run_state_name(runs[i].state), done,
                                   cause});
    }
    table_print(&t, color, out);
    table_free(&t);
}

void report_changes(const struct plan *p, const struct stored_change *list, size_t n, FILE *out)
{
    struct table t;
    table_init(&t, (const char *[]){"WHEN", "HOST", "STATE", ""}, 4);
    for (size_t i = 0; i < n; i++) {
        char when[21];
        const struct plan_host *h = list[i].key[0] != '\0' ? plan_host(p, list[i].key) : NULL;
        clock_rfc3339(when, list[i].wall_ms);
        table_row(
            &t, COLOR_NONE,
            (const char *[]){when, h != NULL ? h->name : "(run)", list[i].state, list[i].text});
    }
    table_print(&t, false, out);
    table_free(&t);
}

static const char *name_in_plan(const struct plan *p, const char *key)
{
    const struct plan_host *h = plan_host(p, key);
    return h != NULL ? h->name : key;
}

void report_log_lines(const struct plan *p, const struct stored_log_line *list, size_t n, FILE *out)
{
    const char *step = "";
    for (size_t i = 0; i < n; i++) {
        if (!str_eq(step, list[i].step)) {
            step = list[i].step;
            fputs("\nLines in the logs of other servers during the turn of ", out);
            print_safe(out, name_in_plan(p, step));
            fputs(":\n", out);
        }
        fputs("  ", out);
        if (list[i].server[0] != '\0') {
            print_safe(out, name_in_plan(p, list[i].server));
            fputs(": ", out);
        }
        print_safe(out, list[i].line);
        fputc('\n', out);
    }
}

struct json *report_log_lines_json(const struct plan *p, const struct stored_log_line *list,
                                   size_t n)
{
    struct json *a = json_new_array();
    for (size_t i = 0; i < n; i++) {
        struct json *o = json_new_object();
        char at[21];
        clock_rfc3339(at, list[i].wall_ms);
        json_set_str(o, "at", at);
        json_set_str(o, "step", name_in_plan(p, list[i].step));
        json_set_str(o, "server", name_in_plan(p, list[i].server));
        json_set_str(o, "line", list[i].line);
        json_add(a, o);
    }
    return a;
}
