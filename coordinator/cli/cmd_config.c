#include "commands.h"

int cmd_config(void *ctx, int argc, char **argv)
{
    struct console *c = ctx;
    struct err err = ERR_INIT;
    (void)argc;
    (void)argv;
    if (c->opt.print_defaults) {
        conf_print(&coord_conf_table, stdout);
        return EXIT_DONE;
    }
    if (console_conf(c, &err) < 0)
        return command_fail(&err);
    coord_conf_show(&c->conf, stdout);
    return EXIT_DONE;
}
