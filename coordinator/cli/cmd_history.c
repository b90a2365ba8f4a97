#include "commands.h"
#include "ledger_store.h"
#include "report_history.h"

int cmd_history(void *ctx, int argc, char **argv)
{
    struct command_context *c = ctx;
    struct err err = ERR_INIT;
    struct ledger_store *s = NULL;
    autofree struct stored_run *runs = NULL;
    size_t n = 0;
    (void)argc;
    (void)argv;
    if (context_load_conf(c, &err) < 0)
        return command_fail(&err);
    if (ledger_store_open_if(&c->conf, c->clock, &s, &err) < 0)
        return command_fail(&err);
    if (s == NULL) {
        printf("No run has begun on this machine yet.\n");
        return EXIT_DONE;
    }
    int rc = ledger_store_runs(s, &runs, &n, &err);
    ledger_store_close(s);
    if (rc < 0)
        return command_fail(&err);
    report_history(runs, n, context_has_color(c, stdout), stdout);
    return EXIT_DONE;
}
