#include "commands.h"

int cmd_config(void *ctx, int argc, char **argv)
{
    struct command_context *c = ctx;
    struct err err = ERR_INIT;
    (void)argc;
    (void)argv;
    if (c->opt.print_defaults) {
        conf_print(&coord_conf_table, stdout);
        return EXIT_DONE;
    }
    if (context_load_conf(c, &err) < 0)
        return command_fail(&err);
    coord_conf_show(&c->conf, stdout);
    return EXIT_DONE;
}
