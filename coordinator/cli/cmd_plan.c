#include "run_command.h"
#include "commands.h"
#include "events.h"
#include "planning.h"
#include "report_plan.h"

static int show_plan_and_exit(struct command_context *c, const struct plan *p)
{
    if (c->opt.json) {
        auto_json struct json *o = report_plan_json(p);
        json_line(o, stdout);
    } else {
        report_plan(p, c->opt.verbose, context_has_color(c, stdout), stdout);
    }
    if (plan_refused(p) == NULL)
        return EXIT_DONE;
    fflush(stdout);
    report_refusal(p, stderr);
    return EXIT_REFUSED;
}

static int make_shown_plan(struct command_context *c, const char *version, struct policy *policy,
                           struct stored_release *stored, struct serving *serving, struct plan *ret,
                           struct err *err)
{
    if (context_policy(c, policy, err) < 0 || context_open(c, err) < 0 ||
        target_load(c, version, stored, err) < 0)
        return -1;
    return planning_make(c,
                         &(struct planning){.release = stored,
                                            .serving = serving,
                                            .policy = policy,
                                            .patience_ms = PATIENCE_MS,
                                            .only = true},
                         ret, err);
}

int cmd_plan(void *ctx, int argc, char **argv)
{
    struct command_context *c = ctx;
    struct err err = ERR_INIT;
    struct policy policy;
    struct stored_release stored = {.n_places = 0};
    struct serving serving = {.server = NULL};
    struct plan plan;
    (void)argc;
    int rc = make_shown_plan(c, argv[0], &policy, &stored, &serving, &plan, &err);
    int code = rc == 0 ? show_plan_and_exit(c, &plan) : command_fail(&err);
    serving_end(&serving);
    stored_release_free(&stored);
    if (rc == 0)
        plan_free(&plan);
    return code;
}
