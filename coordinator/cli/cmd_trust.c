#include "arguments.h"
#include "commands.h"
#include "file.h"
#include "str.h"
#include "table.h"
#include "trust_edit.h"
#include "trust_push.h"
#include "trust_show.h"

/* ---- the trust files of this machine ---- */

struct open_trust {
    int lock;
    struct trust_kept kept;
    struct trust_draft draft;
    bool has_draft;
    char draft_path[300];
};

static void close_trust(struct open_trust *o)
{
    if (o->lock >= 0)
        close(o->lock);
    trust_kept_free(&o->kept);
    trust_draft_free(&o->draft);
}
#define auto_open_trust CLEANUP(close_trust)

static int64_t wall_s(const struct command_context *c)
{
    return clock_wall(c->clock) / 1000;
}

/* A draft counts only if its version is the next one. */
static int load_trust(struct command_context *c, struct open_trust *o, struct err *err)
{
    if (context_load_conf(c, err) < 0 ||
        conf_path(&c->conf, TRUST_DRAFT_NAME, o->draft_path, err) < 0 ||
        trust_kept_load(&c->conf, &o->kept, err) < 0 ||
        trust_draft_load(o->draft_path, &o->draft, &o->has_draft, err) < 0)
        return -1;
    o->has_draft = o->has_draft && o->draft.t.version == o->kept.now.version + 1;
    return 0;
}

/* Loads the trust files to change them, and takes the lock. */
static int open_trust(struct command_context *c, struct open_trust *o, struct err *err)
{
    char unused[300];
    return context_load_conf(c, err) < 0 || trust_files_lock(&c->conf, &o->lock, err) < 0 ||
                   load_trust(c, o, err) < 0 ||
                   trust_files_package(&c->conf, wall_s(c), true, unused, err) < 0
               ? -1
               : 0;
}

/* ---- a draft that is, or is not, complete ---- */

static int put_in_force(struct command_context *c, const struct trust_draft *d,
                        struct trust_kept *kept, struct err *err)
{
    char package[300], file[300];
    if (conf_path(&c->conf, TRUST_NAME, file, err) < 0 ||
        trust_draft_settle(&c->conf, d, kept, err) < 0 ||
        trust_files_package(&c->conf, wall_s(c), false, package, err) < 0)
        return -1;
    if (d->t.version == 1) {
        printf("The trust file is signed. Every host needs the packages caravan-agent and\n"
               "  %s\n"
               "Instead of the second package you may copy %s %s.\n"
               "Then set NOMAD_ADDR to the address of one server, and run: caravan enroll\n",
               package, file, trust_copy_words(file));
        return 0;
    }
    printf("Trust version %u is in force on this machine. To send it to the hosts, run\n"
           "  caravan trust push\n"
           "A host that does not answer now gets it later from the package\n"
           "  %s\n"
           "or from %s, which you may copy %s.\n",
           (unsigned)d->t.version, package, file, trust_copy_words(file));
    return 0;
}

/* Signs with the root keys of this machine. If signatures are missing, saves the draft and says
 * whose. */
static int sign_next_version(struct command_context *c, struct open_trust *o, struct trust_draft *d,
                             struct err *err)
{
    size_t added = 0;
    struct err why = ERR_INIT;
    if (trust_draft_sign(&c->conf, &o->kept.now, d, &added, err) < 0)
        return -1;
    if (trust_draft_check(d, &o->kept.now, &why) == 0)
        return put_in_force(c, d, &o->kept, err);
    if (draft_save(&d->d, o->draft_path, err) < 0)
        return -1;
    trust_show_signers(d, &o->kept.now);
    printf("This is a draft; no host obeys it yet. Carry %s to the machine of a missing key, and\n"
           "run there:\n"
           "  caravan trust sign FILE\n"
           "Bring the file back, and run the same command here. To drop the draft, remove the "
           "file.\n",
           o->draft_path);
    return 0;
}

/* ---- edits ---- */

/* The key is not valid from the first second of this day (UTC) on. */
static int read_expiry(const struct command_context *c, int64_t *ret, struct err *err)
{
    if (arguments_day(c->opt.expires, ret, err) < 0)
        return -1;
    return *ret == 0 || *ret > wall_s(c)
               ? 0
               : err_set(err, ERR_USAGE, 0, "--expires %s: this day has already begun",
                         c->opt.expires);
}

static int edit_add(struct command_context *c, struct trust *t, char **args, struct err *err)
{
    struct key_public k;
    int64_t expires_s;
    enum role role = key_purpose(args[0]);
    return read_expiry(c, &expires_s, err) < 0 || key_public_load(args[1], &k, err) < 0
               ? -1
               : trust_edit_add(t, &k, role, expires_s, err);
}

static int edit_remove(struct command_context *c, struct trust *t, char **args, struct err *err)
{
    (void)c;
    return trust_edit_remove(t, args[0], err);
}

static int edit_rotate(struct command_context *c, struct trust *t, char **args, struct err *err)
{
    struct key_public k;
    int64_t expires_s;
    enum role role = key_purpose(args[0]), has;
    uint32_t i = 0;
    char name[KEY_NAME_MAX];
    str_cut(name, sizeof(name), args[0]);
    /* The name of a role that has one key means this key. */
    if (!trust_find_name(t, args[0], &has, &i) && role != ROLE_NONE && t->roles[role].n == 1)
        trust_key_name(t, role, 0, name);
    return read_expiry(c, &expires_s, err) < 0 || key_public_load(args[1], &k, err) < 0
               ? -1
               : trust_edit_rotate(t, name, &k, expires_s, err);
}

typedef int edit(struct command_context *c, struct trust *t, char **args, struct err *err);

/* --threshold belongs to the role of the key: add names the role, the other commands name a key. */
static int edit_with_threshold(struct command_context *c, edit *one, struct trust *t, char **args,
                               struct err *err)
{
    enum role role = key_purpose(args[0]), has;
    uint32_t i;
    if (c->opt.threshold == OPTION_UNSET)
        return one(c, t, args, err);
    if (one != edit_add && trust_find_name(t, args[0], &has, &i))
        role = has;
    if (role == ROLE_NONE)
        return err_set(err, ERR_NOTFOUND, 0, "no key is called %s", args[0]);
    /* First lower the threshold: it may be what forbids to remove the key. */
    if (one == edit_remove && trust_edit_threshold(t, role, (uint32_t)c->opt.threshold, err) < 0)
        return -1;
    if (one(c, t, args, err) < 0)
        return -1;
    return trust_edit_threshold(t, role, (uint32_t)c->opt.threshold, err);
}

/* Begins the next version from the draft, if there is one: several changes make one version. */
static void begin_next_version(const struct command_context *c, const struct open_trust *o,
                               struct trust *ret)
{
    struct trust from = o->has_draft ? o->draft.t : o->kept.now;
    from.version = o->kept.now.version;
    trust_edit_begin(&from, wall_s(c), ret);
}

static void show_lost_signatures(const struct open_trust *o)
{
    if (o->has_draft && o->draft.d.n_sigs > 0)
        printf("This changes the draft of version %u: its %zu %s not valid any more.\n",
               (unsigned)o->draft.t.version, o->draft.d.n_sigs,
               str_count(o->draft.d.n_sigs, "signature is", "signatures are"));
}

/* Does the version in force have this key, but the draft does not? */
static bool is_out_of_draft(const struct open_trust *o, const struct trust *next, const char *name)
{
    enum role role;
    uint32_t i;
    return o->has_draft && trust_find_name(&o->kept.now, name, &role, &i) &&
           !trust_find_name(next, name, &role, &i);
}

static int make_version(struct command_context *c, edit *one, char **args, struct err *err)
{
    auto_open_trust struct open_trust o = {.lock = -1};
    auto_trust_draft struct trust_draft d = {.d = {.n_sigs = 0}};
    struct trust next;
    if (open_trust(c, &o, err) < 0)
        return -1;
    begin_next_version(c, &o, &next);
    if (edit_with_threshold(c, one, &next, args, err) < 0)
        return one != edit_add && is_out_of_draft(&o, &next, args[0])
                   ? err_set(err, ERR_REFUSED, 0,
                             "the draft of version %u has no key %s: an earlier change removed it. "
                             "You need not do anything. To drop the draft, remove %s",
                             (unsigned)next.version, args[0], o.draft_path)
                   : -1;
    if (trust_edit_end(&o.kept.now, (uint32_t)MAX_OF(c->opt.format, (int64_t)0), &next, err) < 0 ||
        trust_draft_new(&next, &d, err) < 0)
        return -1;
    show_lost_signatures(&o);
    trust_show_changes(&o.kept.now, &next);
    return sign_next_version(c, &o, &d, err);
}

static int add_trust_key(struct command_context *c, char **args, struct err *err)
{
    return make_version(c, edit_add, args, err);
}

static int remove_trust_key(struct command_context *c, char **args, struct err *err)
{
    return make_version(c, edit_remove, args, err);
}

static int rotate_trust_key(struct command_context *c, char **args, struct err *err)
{
    return make_version(c, edit_rotate, args, err);
}

/* ---- sign ---- */

static int load_trust_draft(const char *path, struct trust_draft *ret, struct err *err)
{
    bool there = false;
    if (trust_draft_load(path, ret, &there, err) < 0)
        return -1;
    return there ? 0
                 : err_set(err, ERR_NOTFOUND, 0,
                           "there is no draft at %s: `caravan trust add`, `remove` or `rotate` "
                           "makes a draft",
                           path);
}

static int confirm_trust(struct command_context *c, const struct trust_draft *d, struct err *err)
{
    char question[100];
    snprintf(question, sizeof(question), "Sign version %u with the root keys on this machine?",
             (unsigned)d->t.version);
    return context_confirm(c, question, "nothing was signed", err);
}

/* Without a trust file on this machine only people can judge a draft. */
static int check_known(const struct trust_kept *kept, const struct trust_draft *d, struct err *err)
{
    if (memcmp(kept->now.cluster, d->t.cluster, CLUSTER_ID_LEN) != 0)
        return err_set(err, ERR_REFUSED, 0, "the draft is for another cluster, %s", d->t.name);
    if (d->t.version != kept->now.version + 1)
        return err_set(err, ERR_REFUSED, 0,
                       "the draft is version %u, but version %u is in force on this machine: the "
                       "draft does not follow that version",
                       (unsigned)d->t.version, (unsigned)kept->now.version);
    return 0;
}

static void show_draft(const struct command_context *c, const struct trust_draft *d,
                       const struct trust *now)
{
    trust_show(c, &d->t);
    putchar('\n');
    if (now != NULL)
        trust_show_changes(now, &d->t);
    else
        puts("There is no trust file on this machine: compare every fingerprint with the owner of "
             "the "
             "key.");
}

static int sign_trust_file(struct command_context *c, const char *path, struct trust_draft *d,
                           struct trust_kept *kept, struct err *err)
{
    size_t added = 0;
    const struct trust *now = kept != NULL ? &kept->now : NULL;
    if (kept != NULL && check_known(kept, d, err) < 0)
        return -1;
    show_draft(c, d, now);
    struct err why = ERR_INIT;
    /* A complete draft needs no more signatures. Otherwise ask before a key signs. */
    bool lacks = trust_draft_check(d, now, &why) < 0;
    if (trust_edit_day(&d->t, wall_s(c), err) < 0)
        return err_wrap(err, "nothing was signed");
    if ((lacks &&
         (confirm_trust(c, d, err) < 0 || trust_draft_sign(&c->conf, now, d, &added, err) < 0)) ||
        draft_save(&d->d, path, err) < 0)
        return -1;
    printf("%zu %s added to %s\n", added, str_count(added, "signature was", "signatures were"),
           path);
    trust_show_signers(d, now);
    return 0;
}

/* A complete draft comes into force on the machine that made it. */
static int sign_trust_draft(struct command_context *c, char **args, struct err *err)
{
    auto_trust_draft struct trust_draft d = {.d = {.n_sigs = 0}}, mine = {.d = {.n_sigs = 0}};
    auto_trust_kept struct trust_kept kept = {.sequence = BUF_INIT};
    autoclose int lock = -1;
    char own[300];
    bool has_own = false, knows = false;
    struct err why = ERR_INIT;
    if (context_load_conf(c, err) < 0 || conf_path(&c->conf, TRUST_DRAFT_NAME, own, err) < 0 ||
        file_make_dirs(c->conf.dir, 0755, err) < 0 || trust_files_lock(&c->conf, &lock, err) < 0 ||
        load_trust_draft(args[0] != NULL ? args[0] : own, &d, err) < 0 ||
        trust_draft_load(own, &mine, &has_own, err) < 0 ||
        trust_kept_load_if(&c->conf, &kept, &knows, err) < 0)
        return -1;
    char unused[300]; /* an earlier command may have been killed before it made the package */
    if (knows && trust_files_package(&c->conf, wall_s(c), true, unused, err) < 0)
        return -1;
    draft_merge(&d.d, &mine.d);
    bool same = has_own && draft_same(&d.d, &mine.d);
    if (sign_trust_file(c, args[0] != NULL ? args[0] : own, &d, knows ? &kept : NULL, err) < 0)
        return -1;
    if (same && draft_save(&d.d, own, err) < 0)
        return -1;
    if ((!knows && !same) || trust_draft_check(&d, knows ? &kept.now : NULL, &why) < 0)
        return 0;
    return put_in_force(c, &d, knows ? &kept : NULL, err);
}

/* ---- show ---- */

static int show_trust_or_draft(struct command_context *c, char **args, struct err *err)
{
    auto_open_trust struct open_trust o = {.lock = -1};
    auto_trust_draft struct trust_draft d = {.d = {.n_sigs = 0}};
    if (args[0] != NULL) {
        bool knows = false;
        if (context_load_conf(c, err) < 0 || load_trust_draft(args[0], &d, err) < 0 ||
            trust_kept_load_if(&c->conf, &o.kept, &knows, err) < 0)
            return -1;
        show_draft(c, &d, knows ? &o.kept.now : NULL);
        trust_show_signers(&d, knows ? &o.kept.now : NULL);
        return 0;
    }
    if (load_trust(c, &o, err) < 0)
        return -1;
    trust_show(c, &o.kept.now);
    if (o.has_draft) {
        putchar('\n');
        trust_show_changes(&o.kept.now, &o.draft.t);
        trust_show_signers(&o.draft, &o.kept.now);
        printf("This is a draft, %s; no host obeys it yet.\n", o.draft_path);
    }
    fflush(stdout);
    trust_push_show(c, o.kept.now.version);
    return 0;
}

/* ---- the verb ---- */

static const struct {
    const char *name;
    int min_args, max_args;
    int (*run)(struct command_context *c, char **args, struct err *err);
} words[] = {
    {"show", 0, 1, show_trust_or_draft}, {"add", 2, 2, add_trust_key},
    {"remove", 1, 1, remove_trust_key},  {"rotate", 2, 2, rotate_trust_key},
    {"sign", 0, 1, sign_trust_draft},
};

int cmd_trust(void *ctx, int argc, char **argv)
{
    struct err err = ERR_INIT;
    char *args[3] = {NULL};
    for (int i = 1; i < argc && i < 4; i++)
        args[i - 1] = argv[i];
    if (str_eq(argv[0], "push") && argc == 1)
        return trust_push(ctx);
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_eq(argv[0], words[i].name) && argc - 1 >= words[i].min_args &&
            argc - 1 <= words[i].max_args)
            return words[i].run(ctx, args, &err) < 0 ? command_fail(&err) : EXIT_DONE;
    (void)err_set(&err, ERR_USAGE, 0,
                  "expected `caravan trust show [FILE]`, `add ROLE FILE.pub`, `remove NAME`, "
                  "`rotate NAME|ROLE FILE.pub`, `sign [FILE]` or `push`");
    return command_fail(&err);
}
