#include <ctype.h>
#include "commands.h"
#include "init_split.h"
#include "table.h"
#include "trust_show.h"

static void print_init(const struct command_context *c, const struct trust *t, const char *package)
{
    char trust[300], fingerprint[FINGERPRINT_LEN], cluster[2 * CLUSTER_ID_LEN + 1];
    struct err unused = ERR_INIT;
    if (conf_path(&c->conf, TRUST_NAME, trust, &unused) < 0)
        trust[0] = '\0';
    str_hex(cluster, t->cluster, CLUSTER_ID_LEN);
    pubkey_fingerprint(fingerprint, &t->roles[ROLE_ROOT].keys[0]);
    printf(
        "Made the keys of cluster %s in %s/keys:\n"
        "  cluster id %s\n"
        "  root key   %s\n\n"
        "You hold all keys (solo): everybody who has this directory%s can do\n"
        "everything: sign releases, give orders to hosts, and change the trust file.\n"
        "Keep a copy of the directory where only you can reach it.\n"
        "%s\n\n"
        "Next: install two packages on every host, caravan-agent and this package, which\n"
        "contains only the trust file:\n"
        "  %s\n"
        "Copy both to the host and run: apt install ./caravan-agent_*.deb ./caravan-trust_*.deb\n"
        "Instead of the second package you may copy %s %s.\n"
        "Then set NOMAD_ADDR to the address of one server, and run: caravan enroll\n",
        t->name, c->conf.dir, cluster, fingerprint,
        c->opt.no_passphrase ? "" : " and the passphrase",
        c->opt.no_passphrase
            ? "The keys are not encrypted: everybody who can read the files can use the keys.\n"
              "`caravan key change NAME` encrypts a key."
            : "All keys but the observer's are encrypted: without the passphrase they are lost.",
        package, trust, trust_copy_words(trust));
}

static bool is_cluster_name(const char *name)
{
    for (; *name != '\0'; name++)
        if (!isgraph((unsigned char)*name) && *name != ' ')
            return false;
    return true;
}

/* 1: split; 0: solo. Asks on a terminal; without a terminal the answer is solo. */
static int choose_split(struct command_context *c, struct err *err)
{
    const struct options *o = &c->opt;
    if (o->solo || o->split || o->yes || isatty(STDIN_FILENO) != 1)
        return o->split;
    int rc = question_choose(
        &c->signals,
        "Will one person hold all keys (solo)? If no, root and release keys are made "
        "on machines of their own. [yes / no]",
        "yes no", "use --solo or --split", err);
    if (rc < 0 || rc == 'y')
        return rc < 0 ? -1 : 0;
    return err_set(
        err, ERR_REFUSED, 0,
        "nothing was made. Make each key on the machine where it will stay, and bring the "
        "public parts here: caravan init --split --root FILE.pub,.. --release FILE.pub,.. "
        "--operator FILE.pub,..");
}

int cmd_init(void *ctx, int argc, char **argv)
{
    struct command_context *c = ctx;
    struct err err = ERR_INIT;
    struct trust t;
    char package[300];
    const char *name = c->opt.name != NULL ? c->opt.name : "nomad";
    (void)argc;
    (void)argv;
    if (!is_cluster_name(name)) {
        (void)err_set(&err, ERR_USAGE, 0, "--name: use only visible ASCII characters and blanks");
        return command_fail(&err);
    }
    if (context_load_conf(c, &err) < 0)
        return command_fail(&err);
    int split = choose_split(c, &err);
    if (split < 0 || (split > 0 && init_split(c, name, &err) < 0))
        return command_fail(&err);
    if (split > 0)
        return EXIT_DONE;
    if (keys_make_solo(&c->conf, name, &t, &err) < 0)
        return command_fail(&err);
    if (trust_files_package(&c->conf, clock_wall(c->clock) / 1000, false, package, &err) < 0) {
        (void)err_wrap(
            &err, "the keys and the trust file were made, but not the package of the trust file");
        return command_fail(&err);
    }
    print_init(c, &t, package);
    return EXIT_DONE;
}
