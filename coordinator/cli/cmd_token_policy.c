#include "commands.h"
#include "token_rights.h"
#include "world.h"

/* Finds the oldest version among the servers that the cluster lists. Failed servers count too: they
 * come back with their old version. */
static int find_oldest_version(struct command_context *c, struct version *ret, struct err *err)
{
    static const char advice[] = "Caravan cannot read the versions of the servers; give the oldest "
                                 "version, for example: caravan token-policy 1.10.5";
    const struct world *w = NULL;

    if (context_open(c, err) < 0 || context_look(c, NULL, PATIENCE_MS, &w, err) < 0)
        return err_wrap(err, "%s", advice);
    return world_oldest_server(w, NULL, ret) ? 0 : err_set(err, ERR_NETWORK, 0, "%s", advice);
}

static unsigned find_uses(const struct command_context *c)
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

    if (context_load_conf(c, &err) < 0 || (argc > 0 ? version_parse(argv[0], &oldest, &err)
                                                    : find_oldest_version(c, &oldest, &err)) < 0)
        return command_fail(&err);
    token_policy_text(find_uses(c), &oldest, &text);
    fputs(buf_str(&text), stdout);
    return EXIT_DONE;
}
