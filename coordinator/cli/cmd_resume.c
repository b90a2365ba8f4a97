#include "carry_out.h"
#include "commands.h"

/* with_release: hosts that are not staged yet will be staged. */
static int reopen_and_carry_out(struct console *c, const char *run, bool with_release,
                                void (*begin)(struct ledger *l))
{
    struct reopened r;
    struct err err = ERR_INIT;
    int code = -1;
    if (reopen(c, run, with_release, &r, &err) == 0) {
        begin(r.ledger);
        code = carry_out(&(struct carry_out){.console = c,
                                             .store = r.store,
                                             .plan = &r.plan,
                                             .ledger = r.ledger,
                                             .release = with_release ? &r.stored : NULL});
    }
    reopened_free(&r);
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
