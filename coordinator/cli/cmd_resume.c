#include "run_command.h"
#include "commands.h"

/* with_release: hosts that are not staged yet will be staged. */
static int reopen_and_carry_out(struct command_context *c, const char *run, bool with_release,
                                void (*begin)(struct ledger *l))
{
    struct reopened_run r;
    struct err err = ERR_INIT;
    int code = -1;
    if (run_reopen(c, run, with_release, &r, &err) == 0) {
        begin(r.ledger);
        code = run_carry_out(&(struct run_command){.context = c,
                                                   .store = r.store,
                                                   .plan = &r.plan,
                                                   .ledger = r.ledger,
                                                   .release = with_release ? &r.stored : NULL});
    }
    reopened_run_free(&r);
    return code < 0 ? command_fail(&err) : code;
}

int cmd_resume(void *ctx, int argc, char **argv)
{
    return reopen_and_carry_out(ctx, argc > 0 ? argv[0] : NULL, true, ledger_resume);
}

int cmd_abort(void *ctx, int argc, char **argv)
{
    return reopen_and_carry_out(ctx, argc > 0 ? argv[0] : NULL, false, ledger_abort);
}
