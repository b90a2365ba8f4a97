#include "run_command.h"
#include "commands.h"
#include "events.h"
#include "report_history.h"
#include "report_run.h"

static int show_run(struct command_context *c, const struct reopened_run *r, struct err *err)
{
    autofree struct stored_change *changes = NULL;
    autofree struct stored_log_line *heard = NULL;
    size_t n = 0, n_heard = 0;
    if (ledger_store_changes(r->store, r->run.run_id, &changes, &n, err) < 0 ||
        ledger_store_log_lines(r->store, r->run.run_id, &heard, &n_heard, err) < 0)
        return -1;
    if (c->opt.json) {
        auto_json struct json *o = report_run_json(&r->plan, r->ledger, NULL);
        json_set(o, "heard", report_log_lines_json(&r->plan, heard, n_heard));
        json_line(o, stdout);
        return 0;
    }
    report_changes(&r->plan, changes, n, stdout);
    report_log_lines(&r->plan, heard, n_heard, stdout);
    fputc('\n', stdout);
    report_run(&r->plan, r->ledger, NULL, context_has_color(c, stdout), stdout);
    return 0;
}

int cmd_show(void *ctx, int argc, char **argv)
{
    struct reopened_run r;
    struct err err = ERR_INIT;
    int rc = run_reopen_to_read(ctx, argc > 0 ? argv[0] : NULL, &r, &err);
    if (rc == 0)
        rc = show_run(ctx, &r, &err);
    reopened_run_free(&r);
    return rc < 0 ? command_fail(&err) : EXIT_DONE;
}
