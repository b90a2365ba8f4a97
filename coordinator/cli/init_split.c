#include "init_split.h"

#include "file.h"
#include "str.h"
#include "trust_edit.h"
#include "trust_show.h"

static int add_public_keys(struct trust *t, enum role role, const struct cli_list *files,
                           struct err *err)
{
    for (size_t i = 0; i < files->n; i++) {
        struct key_public k;
        if (key_public_load(files->items[i], &k, err) < 0 ||
            trust_edit_add(t, &k, role, 0, err) < 0)
            return -1;
    }
    return 0;
}

/* said OPTION_UNSET: more than half of the keys must sign. */
static int set_threshold(struct trust *t, enum role role, int64_t said, struct err *err)
{
    uint32_t most = role == ROLE_ROOT ? ROOT_SIGNERS_MAX : SIGS_MAX;
    uint32_t half = t->roles[role].n / 2 + 1;
    return trust_edit_threshold(t, role, said == OPTION_UNSET ? MIN_OF(half, most) : (uint32_t)said,
                                err);
}

static int make_split(const struct command_context *c, const char *name, struct trust *t,
                      struct err *err)
{
    const struct options *o = &c->opt;
    if (o->root_keys.n == 0 || o->release_keys.n == 0 || o->operator_keys.n == 0)
        return err_set(
            err, ERR_USAGE, 0,
            "--split needs the public parts of all keys. Make each key on the machine where it "
            "will "
            "stay, then give: --root FILE.pub,.. --release FILE.pub,.. --operator FILE.pub,..");
    if (trust_edit_first(name, t, err) < 0)
        return -1;
    t->format = 2;
    t->created_s = clock_wall(c->clock) / 1000;
    return add_public_keys(t, ROLE_ROOT, &o->root_keys, err) < 0 ||
                   add_public_keys(t, ROLE_RELEASE, &o->release_keys, err) < 0 ||
                   add_public_keys(t, ROLE_OPERATOR, &o->operator_keys, err) < 0 ||
                   add_public_keys(t, ROLE_OBSERVER, &o->observer_keys, err) < 0 ||
                   set_threshold(t, ROLE_ROOT, o->root_threshold, err) < 0 ||
                   set_threshold(t, ROLE_RELEASE, o->release_threshold, err) < 0
               ? -1
               : 0;
}

static int check_no_trust(const struct coord_conf *c, const char *name, char path[static 300],
                          struct err *err)
{
    if (conf_path(c, name, path, err) < 0)
        return -1;
    return access(path, F_OK) < 0
               ? 0
               : err_set(err, ERR_REFUSED, 0,
                         "%s exists already: nothing was changed. To begin a new cluster, or to "
                         "begin with new root keys, move this file away first",
                         path);
}

int init_split(struct command_context *c, const char *name, struct err *err)
{
    auto_trust_draft struct trust_draft d = {.d = {.n_sigs = 0}};
    struct trust t;
    char path[300];
    if (check_no_trust(&c->conf, TRUST_NAME, path, err) < 0 ||
        check_no_trust(&c->conf, TRUST_DRAFT_NAME, path, err) < 0 ||
        make_split(c, name, &t, err) < 0 || trust_draft_new(&t, &d, err) < 0 ||
        file_make_dirs(c->conf.dir, 0755, err) < 0 || draft_save(&d.d, path, err) < 0)
        return -1;
    trust_show(c, &t);
    printf("\nThis is a draft; no host obeys it yet. %u root keys must sign it. For each of them:\n"
           "  1. Carry %s to the machine of the key.\n"
           "  2. Compare the fingerprints in it with the owners of the keys, then run there:\n"
           "     caravan trust sign FILE\n"
           "  3. Bring the file back, and run `caravan trust sign FILE` here too. With the last\n"
           "     signature the draft becomes the trust file, and the package for hosts is made.\n"
           "Then set operator in [keys] of caravan.conf to the operator's key on this machine.\n",
           (unsigned)t.roles[ROLE_ROOT].threshold, path);
    return 0;
}
