#include "carry_out.h"
#include "commands.h"

int cmd_resume(void *ctx, int argc, char **argv)
{
    struct reopened r;
    struct err err = ERR_INIT;
    int code = -1;
    if (reopen(ctx, argc > 0 ? argv[0] : NULL, true, &r, &err) == 0) {
        ledger_resume(r.ledger);
        code = carry_out(&(struct carry_out){.console = ctx,
                                             .store = r.store,
                                             .plan = &r.plan,
                                             .ledger = r.ledger,
                                             .release = &r.stored});
    }
    reopened_free(&r);
    return code < 0 ? command_fail(&err) : code;
}

int cmd_abort(void *ctx, int argc, char **argv)
{
    struct reopened r;
    struct err err = ERR_INIT;
    int code = -1;
    if (reopen(ctx, argc > 0 ? argv[0] : NULL, false, &r, &err) == 0) {
        ledger_abort(r.ledger);
        code = carry_out(&(struct carry_out){
            .console = ctx, .store = r.store, .plan = &r.plan, .ledger = r.ledger});
    }
    reopened_free(&r);
    return code < 0 ? command_fail(&err) : code;
}
