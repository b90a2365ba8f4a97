#include "agent_place.h"
#include "commands.h"
#include "enrolled.h"
#include "enrolment.h"
#include "file.h"
#include "str.h"
#include "table.h"

static const struct {
    const char *word;
    enum color color;
} verdicts[] = {
    [ENROL_NEW] = {"new", COLOR_GREEN},
    [ENROL_KNOWN] = {"known", COLOR_NONE},
    [ENROL_CHANGED] = {"KEY CHANGED", COLOR_RED},
    [ENROL_SILENT] = {"no answer", COLOR_YELLOW},
    [ENROL_MISPLACED] = {"REFUSED", COLOR_RED},
    [ENROL_UNREADY] = {"not ready", COLOR_YELLOW},
    [ENROL_UNLISTED] = {"NOT LISTED", COLOR_RED},
    [ENROL_DIFFERS] = {"OTHER KEY", COLOR_RED},
    [ENROL_DECLINED] = {"declined", COLOR_YELLOW},
};

static void show_enrolments(const struct command_context *c, const struct enrolment *list, size_t n)
{
    struct table t;
    table_init(&t, (const char *[]){"HOST", "AGENT", "FINGERPRINT", "", ""}, 5);
    for (size_t i = 0; i < n; i++) {
        char fingerprint[FINGERPRINT_LEN] = "";
        if (list[i].answered)
            pubkey_fingerprint(fingerprint, &list[i].key);
        table_row(&t, verdicts[list[i].verdict].color,
                  (const char *[]){list[i].host->name, list[i].address, fingerprint,
                                   verdicts[list[i].verdict].word, list[i].why});
    }
    table_print(&t, context_has_color(c, stdout), stdout);
    table_free(&t);
}

static size_t count_verdict(const struct enrolment *list, size_t n, enum enrolment_verdict verdict)
{
    size_t hits = 0;
    for (size_t i = 0; i < n; i++)
        hits += list[i].verdict == verdict;
    return hits;
}

/* Caravan 0.1.0 kept the keys in box_keys; known_hosts contains them now. */
static void drop_box_keys(const struct command_context *c)
{
    char path[300];
    struct err unused = ERR_INIT;
    if (state_path(&c->conf, "box_keys", path, &unused) == 0)
        unlink(path);
}

static int remember_keys(struct command_context *c, const struct enrolment *list, size_t n,
                         struct err *err)
{
    for (size_t i = 0; i < n; i++)
        if ((list[i].verdict == ENROL_NEW || list[i].verdict == ENROL_KNOWN) &&
            enrolment_remember(&c->known, &list[i], err) < 0)
            return -1;
    if (file_make_dirs(c->conf.state_dir, 0755, err) < 0 || known_hosts_save(&c->known, err) < 0)
        return -1;
    drop_box_keys(c);
    return 0;
}

/* ---- the report at the end ---- */

/* ERR_REFUSED if a key was refused: the text names the first such host. */
static int check_refused(const struct enrolment *list, size_t n, struct err *err)
{
    static const bool refused[] = {[ENROL_CHANGED] = true,
                                   [ENROL_MISPLACED] = true,
                                   [ENROL_UNLISTED] = true,
                                   [ENROL_DIFFERS] = true,
                                   [ENROL_DECLINED] = false};
    size_t others = 0;
    const struct enrolment *first = NULL;

    for (size_t i = 0; i < n; i++) {
        if (!refused[list[i].verdict])
            continue;
        others += first != NULL;
        first = first != NULL ? first : &list[i];
    }
    if (first == NULL)
        return 0;
    char more[60] = "";
    if (others > 0)
        snprintf(more, sizeof(more), " (and %zu %s, above)", others,
                 str_count(others, "other host", "other hosts"));
    return err_set(
        err, ERR_REFUSED, 0,
        "host %s: %s. Caravan did not remember its key%s. Find out which machine answers there",
        first->host->name, first->why, more);
}

static int check_missing(const struct enrolment *list, size_t n, struct err *err)
{
    size_t silent = count_verdict(list, n, ENROL_SILENT),
           unready = count_verdict(list, n, ENROL_UNREADY);
    size_t declined = count_verdict(list, n, ENROL_DECLINED);

    if (declined > 0)
        return err_set(err, ERR_REFUSED, 0,
                       "you did not accept %zu new %s; Caravan did not remember the %s", declined,
                       str_count(declined, "key", "keys"), str_count(declined, "host", "hosts"));
    if (silent > 0)
        return err_set(
            err, ERR_NETWORK, 0,
            "%zu %s not answer: install caravan-agent and caravan-trust there, check that "
            "this machine can reach port 4650 there, then run caravan enroll again",
            silent, str_count(silent, "host did", "hosts did"));
    if (unready > 0)
        return err_set(
            err, ERR_NETWORK, 0,
            "%zu %s not know the Nomad id of its host yet: check that Nomad runs there, wait some "
            "seconds, then run caravan enroll again",
            unready, str_count(unready, "agent does", "agents do"));
    return 0;
}

/* unseen: number of keys that were accepted without a question and without a key list. */
static void print_enrolled(const struct enrolment *list, size_t n, size_t unseen)
{
    size_t fresh = count_verdict(list, n, ENROL_NEW);

    printf("%zu of %zu hosts enrolled, %zu of them new.\n",
           fresh + count_verdict(list, n, ENROL_KNOWN), n, fresh);
    if (unseen > 0)
        printf("Nobody compared the %s of %zu new %s: Caravan now trusts whichever machine "
               "answered there. Outside a laboratory, collect the fingerprints on the hosts "
               "(caravan-agent --fingerprint) and compare them: caravan enroll --from FILE.\n",
               str_count(unseen, "fingerprint", "fingerprints"), unseen,
               str_count(unseen, "host", "hosts"));
}

/* Prints each line of the key list that names no host. Not called with --host: then only some hosts
 * are asked, and the file may be for all. */
static int check_lines(const struct key_list *keys, const unsigned *named, struct err *err)
{
    size_t lone = 0;

    for (size_t i = 0; i < keys->n; i++) {
        if (named[i] > 0)
            continue;
        lone++;
        printf("line %u of ", keys->items[i].number);
        print_safe(stdout, keys->name);
        fputs(": Nomad lists no host as ", stdout);
        print_safe(stdout, keys->items[i].host);
        putchar('\n');
    }
    return lone == 0 ? 0
                     : err_set(err, ERR_REFUSED, 0,
                               "%zu %s of %s no host that Nomad lists: name each host by its Nomad "
                               "id, by its name in Nomad, or by its address",
                               lone, str_count(lone, "line names", "lines name"), keys->name);
}

/* ---- the questions ---- */

/* Asks about one key. "all" accepts this key and all that follow. */
static int ask_about_key(struct command_context *c, struct enrolment *e, bool *all, bool *quit,
                         struct err *err)
{
    char question[400], fingerprint[FINGERPRINT_LEN];

    pubkey_fingerprint(fingerprint, &e->key);
    snprintf(question, sizeof(question), "Accept the key of %s at %s, %s? [yes / NO / all / quit]",
             e->host->name, e->address, fingerprint);
    int rc = question_choose(&c->signals, question, "yes no all quit",
                             "use --from FILE with fingerprints that you collected on the hosts "
                             "(caravan-agent --fingerprint), or --yes in a laboratory",
                             err);
    if (rc < 0)
        return -1;
    if (rc == QUESTION_NOTHING)
        return err_set(err, ERR_REFUSED, 0, "interrupted; nothing was enrolled");
    *all = rc == 'a';
    *quit = rc == 'q';
    if (rc != 'y' && !*all)
        e->verdict = ENROL_DECLINED;
    return 0;
}

static int accept_by_hand(struct command_context *c, struct enrolment *list, size_t n,
                          size_t *ret_unseen, struct err *err)
{
    bool all = c->opt.yes, quit = false;

    for (size_t i = 0; i < n; i++) {
        if (list[i].verdict != ENROL_NEW)
            continue;
        if (quit)
            list[i].verdict = ENROL_DECLINED;
        else if (!all && ask_about_key(c, &list[i], &all, &quit, err) < 0)
            return -1;
        *ret_unseen += all;
    }
    return 0;
}

/* keys NULL: the operator accepts the keys, or --yes does. */
static int enroll_these(struct command_context *c, const struct host *hosts, size_t n,
                        const struct world *w, const struct key_list *keys, struct err *err)
{
    autofree struct enrolment *list = NULL;
    autofree unsigned *named = NULL;
    size_t unseen = 0;
    if (enrolment_ask(c, hosts, n, &list, err) < 0)
        return -1;
    enrolment_judge(list, n, &c->known, w);
    if (keys != NULL) {
        named = enrolment_named(&c->conf, w, list, n, keys);
        enrolment_compare(list, n, keys, named);
    }
    show_enrolments(c, list, n);
    if ((keys == NULL && accept_by_hand(c, list, n, &unseen, err) < 0) ||
        remember_keys(c, list, n, err) < 0)
        return -1;
    print_enrolled(list, n, unseen);
    struct err lone = ERR_INIT;
    int lines = keys != NULL && c->opt.host.n == 0 ? check_lines(keys, named, &lone) : 0;
    if (check_refused(list, n, err) < 0)
        return -1;
    if (lines < 0) {
        *err = lone;
        return -1;
    }
    return check_missing(list, n, err);
}

/* ---- by address ---- */

static int parse_places(const struct cli_list *texts, struct agent_place *ret, struct err *err)
{
    for (size_t i = 0; i < texts->n; i++)
        if (agent_place(texts->items[i], &ret[i], err) < 0)
            return err_wrap(err, "--host");
    return 0;
}

static void hosts_at(const struct command_context *c, const struct world *w,
                     const struct agent_place *places, size_t n, struct host *ret)
{
    for (size_t i = 0; i < n; i++) {
        enrolment_host_at(&c->conf, w, &places[i], &ret[i]);
        if (ret[i].joins)
            continue;
        fputs("Nomad lists host ", stdout);
        print_safe(stdout, ret[i].name);
        printf(" at %s: Caravan enrolls it by its Nomad id, as without --host.\n", places[i].name);
    }
}

/* Fills ret with the hosts that Nomad lists, and with hosts that will join, by their addresses in
 * the key list. Returns their number. */
static size_t hosts_and_joiners(const struct command_context *c, const struct world *w,
                                const struct key_list *keys, struct agent_place *places,
                                struct host *ret)
{
    struct err unused = ERR_INIT;
    size_t n = 0;
    for (; n < w->n_hosts; n++)
        ret[n] = w->hosts[n];
    for (size_t i = 0; i < keys->n; i++) {
        if (agent_place(keys->items[i].host, &places[i], &unused) < 0)
            continue;
        enrolment_host_at(&c->conf, w, &places[i], &ret[n]);
        n += ret[n].joins;
    }
    return n;
}

static int enroll_hosts(struct command_context *c, const struct key_list *keys, struct err *err)
{
    const struct world *w = NULL;
    size_t n = c->opt.host.n, extra = keys != NULL ? keys->n : 0;
    autofree struct agent_place *places = xzalloc(n + extra + 1, sizeof(*places));
    if (parse_places(&c->opt.host, places, err) < 0 || context_open(c, err) < 0 ||
        context_look(c, NULL, PATIENCE_MS, &w, err) < 0)
        return -1;
    if (n == 0 && keys == NULL)
        return enroll_these(c, w->hosts, w->n_hosts, w, NULL, err);
    autofree struct host *hosts = xzalloc(n + extra + w->n_hosts + 1, sizeof(*hosts));
    if (n > 0)
        hosts_at(c, w, places, n, hosts);
    else
        n = hosts_and_joiners(c, w, keys, places, hosts);
    return enroll_these(c, hosts, n, w, keys, err);
}

/* ---- the command line ---- */

static const struct {
    const char *one, *other, *why;
} pairs[] = {
    {"--from", "--yes", "--from accepts only the keys in the file; --yes accepts every key"},
    {"--export", "--from", "--export writes a file that --from reads"},
    {"--export", "--forget", "use one of them at a time"},
    {"--export", "--rekey", "use one of them at a time"},
    {"--export", "--host", "--export prints all enrolled hosts"},
    {"--forget", "--rekey", "use one of them at a time"},
    {"--forget", "--from", "--forget accepts no key"},
    {"--forget", "--host", "--forget HOST may be an address"},
    {"--rekey", "--host", "--rekey HOST may be an address"},
};

static bool is_given(const struct options *o, const char *option)
{
    const struct {
        const char *name;
        bool given;
    } all[] = {{"--from", o->from != NULL},   {"--yes", o->yes},
               {"--export", o->export},       {"--forget", o->forget != NULL},
               {"--rekey", o->rekey != NULL}, {"--host", o->host.n > 0}};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (str_eq(all[i].name, option))
            return all[i].given;
    return false;
}

static int check_enroll_options(const struct options *o, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
        if (is_given(o, pairs[i].one) && is_given(o, pairs[i].other))
            return err_set(err, ERR_USAGE, 0, "%s cannot be used with %s: %s", pairs[i].one,
                           pairs[i].other, pairs[i].why);
    return 0;
}

static int run_enroll(struct command_context *c, struct err *err)
{
    auto_key_list struct key_list keys = {.items = NULL};
    const struct key_list *from = c->opt.from != NULL ? &keys : NULL;
    if (check_enroll_options(&c->opt, err) < 0)
        return -1;
    if (c->opt.export)
        return enrolled_export(c, err);
    if (c->opt.forget != NULL)
        return enrolled_forget(c, c->opt.forget, err);
    /* Read the list before signals are blocked: standard input may never end. */
    if (from != NULL && key_list_load(c->opt.from, &keys, err) < 0)
        return -1;
    return c->opt.rekey != NULL ? enrolled_rekey(c, c->opt.rekey, from, err)
                                : enroll_hosts(c, from, err);
}

int cmd_enroll(void *ctx, int argc, char **argv)
{
    struct err err = ERR_INIT;
    (void)argc;
    (void)argv;
    return run_enroll(ctx, &err) < 0 ? command_fail(&err) : EXIT_DONE;
}
