#include <ctype.h>
#include "commands.h"

static void tell(const struct console *c, const struct trust *t)
{
    char trust[300], fingerprint[FINGERPRINT_LEN], cluster[2 * CLUSTER_ID_LEN + 1];
    struct err unused = ERR_INIT;
    if (conf_path(&c->conf, TRUST_NAME, trust, &unused) < 0)
        trust[0] = '\0';
    str_hex(cluster, t->cluster, CLUSTER_ID_LEN);
    pubkey_fingerprint(fingerprint, &t->roles[ROLE_ROOT].keys[0]);
    printf("Made the keys of cluster %s in %s/keys:\n"
           "  cluster id %s\n"
           "  root key   %s\n\n"
           "All roles are yours alone (solo): whoever has this folder can do everything, so there\n"
           "is no separation between who releases, who operates and who decides whom to trust.\n"
           "Keep a copy of it where only you can reach it.\n\n"
           "Next: copy %s to /etc/caravan/trust on every host, by the package or your\n"
           "configuration management, start caravan-agent there, then: caravan enroll\n",
           t->name, c->conf.dir, cluster, fingerprint, trust);
}

static bool is_plain(const char *name)
{
    for (; *name != '\0'; name++)
        if (!isgraph((unsigned char)*name) && *name != ' ')
            return false;
    return true;
}

int cmd_init(void *ctx, int argc, char **argv)
{
    struct console *c = ctx;
    struct err err = ERR_INIT;
    struct trust t;
    const char *name = c->opt.name != NULL ? c->opt.name : "nomad";
    (void)argc;
    (void)argv;
    if (!is_plain(name)) {
        (void)err_set(&err, ERR_USAGE, 0, "--name: letters, digits and blanks only");
        return command_fail(&err);
    }
    if (console_conf(c, &err) < 0 || keys_make_solo(&c->conf, name, &t, &err) < 0)
        return command_fail(&err);
    tell(c, &t);
    return EXIT_DONE;
}
