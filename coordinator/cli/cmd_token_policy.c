#include "commands.h"
#include "token_rights.h"
#include "world.h"

/* The oldest of those that the cluster lists, failed ones too: they come back as they were. */
static int version_of_fleet(struct command_context *c, struct version *ret, struct err *err)
{
    static const char advice[] =
        "which versions the fleet's servers run could not be read; say the "
        "oldest: caravan token-policy 1.10.5";
    const struct world *w = NULL;

    if (context_open(c, err) < 0 || context_look(c, NULL, PATIENCE_MS, &w, err) < 0)
        return err_wrap(err, "%s", advice);
    return world_oldest_server(w, NULL, ret) ? 0 : err_set(err, ERR_NETWORK, 0, "%s", advice);
}

static unsigned uses_of(const struct command_context *c)
{
    unsigned uses = USE_ALWAYS;

    if (c->opt.drain || c->conf.drain)
        uses |= USE_DRAIN;
    return c->opt.no_snapshot ? uses : uses | USE_SNAPSHOT;
}

int cmd_token_policy(void *ctx, int argc, char **argv)
{
    struct command_context *c = ctx;
    struct err err = ERR_INIT;
    auto_buf struct buf text = BUF_INIT;
    struct version oldest;

    if (context_load_conf(c, &err) < 0 ||
        (argc > 0 ? version_parse(argv[0], &oldest, &err) : version_of_fleet(c, &oldest, &err)) < 0)
        return command_fail(&err);
    token_policy_text(uses_of(c), &oldest, &text);
    fputs(buf_str(&text), stdout);
    return EXIT_DONE;
}
