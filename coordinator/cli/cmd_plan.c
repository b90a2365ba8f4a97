#include "carry_out.h"
#include "commands.h"
#include "events.h"
#include "planning.h"
#include "report_plan.h"

static int show(struct console *c, const struct plan *p)
{
    if (c->opt.json) {
        auto_json struct json *o = report_plan_json(p);
        json_line(o, stdout);
    } else {
        report_plan(p, c->opt.verbose, console_color(c, stdout), stdout);
    }
    if (plan_refused(p) == NULL)
        return EXIT_DONE;
    fflush(stdout);
    report_refusal(p, stderr);
    return EXIT_REFUSED;
}

int cmd_plan(void *ctx, int argc, char **argv)
{
    struct console *c = ctx;
    struct err err = ERR_INIT;
    struct policy policy;
    struct stored_release stored;
    struct release release;
    struct plan plan;
    (void)argc;
    if (console_open(c, &err) < 0 || console_hazards(c, true, &err) < 0 ||
        options_policy(&c->opt, &c->conf, &c->hazards, &policy, &err) < 0 ||
        target_load(c, argv[0], &stored, &err) < 0)
        return command_fail(&err);
    release_for_plan(&stored, &release);
    stored_release_free(&stored);
    if (planning_make(c, &release, &policy, PATIENCE_MS, NULL, &plan, &err) < 0)
        return command_fail(&err);
    int code = show(c, &plan);
    plan_free(&plan);
    return code;
}
