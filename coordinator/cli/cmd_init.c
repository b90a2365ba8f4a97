#include <ctype.h>
#include "commands.h"
#include "file.h"
#include "trust_package.h"

/* The trust file once more, as a package beside it. */
static int write_package(const struct console *c, const struct trust *t, char path[static 300],
                         struct err *err)
{
    auto_buf struct buf file = BUF_INIT, package = BUF_INIT;
    char trust[300], name[TRUST_PACKAGE_NAME_MAX];

    trust_package_name(t, name);
    if (conf_path(&c->conf, TRUST_NAME, trust, err) < 0 ||
        conf_path(&c->conf, name, path, err) < 0 ||
        file_read(trust, TRUST_MAX, FILE_FOLLOW, &file, err) < 0 ||
        trust_package_pack(t, &file, clock_wall(c->clock) / 1000, &package, err) < 0)
        return -1;
    return file_replace(path, package.data, package.len, 0644, err);
}

static void tell(const struct console *c, const struct trust *t, const char *package)
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
           "All roles are yours alone (solo): whoever has this folder%s can do\n"
           "everything, so there is no separation between who releases, who operates and who\n"
           "decides whom to trust.\n"
           "Keep a copy of it where only you can reach it.\n"
           "%s\n\n"
           "Next: every host needs two packages, caravan-agent and this one, which holds nothing\n"
           "but the trust file:\n"
           "  %s\n"
           "Copy both there and type: apt install ./caravan-agent_*.deb ./caravan-trust_*.deb\n"
           "Instead of the second %s may be copied to /etc/caravan/trust of the host.\n"
           "Then, with one server's address in NOMAD_ADDR: caravan enroll\n",
           t->name, c->conf.dir, cluster, fingerprint,
           c->opt.no_passphrase ? "" : " and the passphrase",
           c->opt.no_passphrase
               ? "The keys are not encrypted: whoever reads their files has them. `caravan key "
                 "change NAME` encrypts one."
               : "All but the observer's are encrypted: without the passphrase they are lost.",
           package, trust);
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
    char package[300];
    const char *name = c->opt.name != NULL ? c->opt.name : "nomad";
    (void)argc;
    (void)argv;
    if (!is_plain(name)) {
        (void)err_set(&err, ERR_USAGE, 0, "--name: letters, digits and blanks only");
        return command_fail(&err);
    }
    if (console_conf(c, &err) < 0 || keys_make_solo(&c->conf, name, &t, &err) < 0)
        return command_fail(&err);
    if (write_package(c, &t, package, &err) < 0) {
        (void)err_wrap(&err, "keys and trust file are made, the package of it is not");
        return command_fail(&err);
    }
    tell(c, &t, package);
    return EXIT_DONE;
}
