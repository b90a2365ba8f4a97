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

static void show(const struct command_context *c, const struct enrolment *list, size_t n)
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

static size_t count(const struct enrolment *list, size_t n, enum enrolment_verdict verdict)
{
    size_t hits = 0;
    for (size_t i = 0; i < n; i++)
        hits += list[i].verdict == verdict;
    return hits;
}

/* 0.1.0 kept in a file of its own what known_hosts has now. */
static void drop_box_keys(const struct command_context *c)
{
    char path[300];
    struct err unused = ERR_INIT;
    if (state_path(&c->conf, "box_keys", path, &unused) == 0)
        unlink(path);
}

static int remember(struct command_context *c, const struct enrolment *list, size_t n,
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

/* ---- what is told in the end ---- */

/* The first thing that must not be passed over in silence. */
static int refuse(const struct enrolment *list, size_t n, struct err *err)
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
    return err_set(err, ERR_REFUSED, 0,
                   "host %s: %s. Nothing was remembered of it%s; find out who answers there",
                   first->host->name, first->why, more);
}

static int tell_missing(const struct enrolment *list, size_t n, struct err *err)
{
    size_t silent = count(list, n, ENROL_SILENT), unready = count(list, n, ENROL_UNREADY);
    size_t declined = count(list, n, ENROL_DECLINED);

    if (declined > 0)
        return err_set(err, ERR_REFUSED, 0,
                       "%zu new %s not accepted, and nothing was remembered of the %s", declined,
                       str_count(declined, "key was", "keys were"),
                       str_count(declined, "host", "hosts"));
    if (silent > 0)
        return err_set(err, ERR_NETWORK, 0,
                       "%zu %s not answer: install caravan-agent and caravan-trust there, see that "
                       "port 4650 can be reached from here, then enroll again",
                       silent, str_count(silent, "host did", "hosts did"));
    if (unready > 0)
        return err_set(
            err, ERR_NETWORK, 0,
            "%zu %s not know its Nomad yet, as just after its start: see that Nomad runs "
            "there, and enroll again in a moment",
            unready, str_count(unready, "agent does", "agents do"));
    return 0;
}

/* unseen: accepted without a question, and not by a key list. */
static void tell_enrolled(const struct enrolment *list, size_t n, size_t unseen)
{
    size_t fresh = count(list, n, ENROL_NEW);

    printf("%zu of %zu hosts enrolled, %zu of them new.\n", fresh + count(list, n, ENROL_KNOWN), n,
           fresh);
    if (unseen > 0)
        printf("Nobody compared the %s of %zu new %s: whoever answered there is trusted now. "
               "Outside a laboratory collect fingerprints on the hosts (caravan-agent "
               "--fingerprint) and compare them: caravan enroll --from FILE.\n",
               str_count(unseen, "fingerprint", "fingerprints"), unseen,
               str_count(unseen, "host", "hosts"));
}

/* Lines that name no host, each told. Not with --host: it asks some hosts, and the file may be of
 * all. */
static int tell_lines(const struct key_list *keys, const unsigned *named, struct err *err)
{
    size_t lone = 0;

    for (size_t i = 0; i < keys->n; i++) {
        if (named[i] > 0)
            continue;
        lone++;
        printf("line %u of ", keys->items[i].number);
        print_safe(stdout, keys->name);
        fputs(": no host is known to Nomad as ", stdout);
        print_safe(stdout, keys->items[i].host);
        putchar('\n');
    }
    return lone == 0 ? 0
                     : err_set(err, ERR_REFUSED, 0,
                               "%zu %s of %s no host of Nomad's: name hosts by Nomad id, by the "
                               "name that Nomad lists, or by address",
                               lone, str_count(lone, "line names", "lines name"), keys->name);
}

/* ---- who accepts ---- */

/* "all" is for the rest, this host included. */
static int accept_one(struct command_context *c, struct enrolment *e, bool *all, bool *quit,
                      struct err *err)
{
    char question[400], fingerprint[FINGERPRINT_LEN];

    pubkey_fingerprint(fingerprint, &e->key);
    snprintf(question, sizeof(question), "Accept the key of %s at %s, %s? [yes / NO / all / quit]",
             e->host->name, e->address, fingerprint);
    int rc = question_choose(&c->signals, question, "yes no all quit",
                             "give --from FILE with fingerprints collected on the hosts "
                             "(caravan-agent --fingerprint); in a laboratory --yes",
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
        else if (!all && accept_one(c, &list[i], &all, &quit, err) < 0)
            return -1;
        *ret_unseen += all;
    }
    return 0;
}

/* keys NULL: people accept, or --yes. */
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
    show(c, list, n);
    if ((keys == NULL && accept_by_hand(c, list, n, &unseen, err) < 0) ||
        remember(c, list, n, err) < 0)
        return -1;
    tell_enrolled(list, n, unseen);
    struct err lone = ERR_INIT;
    int lines = keys != NULL && c->opt.host.n == 0 ? tell_lines(keys, named, &lone) : 0;
    if (refuse(list, n, err) < 0)
        return -1;
    if (lines < 0) {
        *err = lone;
        return -1;
    }
    return tell_missing(list, n, err);
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
        printf(" at %s: it is enrolled by its Nomad id, as without --host.\n", places[i].name);
    }
}

/* Those that Nomad lists, and who is to join by an address in the key list. */
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

static int enroll(struct command_context *c, const struct key_list *keys, struct err *err)
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
    {"--from", "--yes", "--from asks nobody, and accepts what the file names; --yes accepts all"},
    {"--export", "--from", "one writes what the other reads"},
    {"--export", "--forget", "one at a time"},
    {"--export", "--rekey", "one at a time"},
    {"--export", "--host", "all enrolled hosts are exported"},
    {"--forget", "--rekey", "one at a time"},
    {"--forget", "--from", "no key is accepted"},
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

static int check_options(const struct options *o, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
        if (is_given(o, pairs[i].one) && is_given(o, pairs[i].other))
            return err_set(err, ERR_USAGE, 0, "%s does not go with %s: %s", pairs[i].one,
                           pairs[i].other, pairs[i].why);
    return 0;
}

static int carry_out(struct command_context *c, struct err *err)
{
    auto_key_list struct key_list keys = {.items = NULL};
    const struct key_list *from = c->opt.from != NULL ? &keys : NULL;
    if (check_options(&c->opt, err) < 0)
        return -1;
    if (c->opt.export)
        return enrolled_export(c, err);
    if (c->opt.forget != NULL)
        return enrolled_forget(c, c->opt.forget, err);
    /* Before signals are kept back: standard input may last. */
    if (from != NULL && key_list_load(c->opt.from, &keys, err) < 0)
        return -1;
    return c->opt.rekey != NULL ? enrolled_rekey(c, c->opt.rekey, from, err) : enroll(c, from, err);
}

int cmd_enroll(void *ctx, int argc, char **argv)
{
    struct err err = ERR_INIT;
    (void)argc;
    (void)argv;
    return carry_out(ctx, &err) < 0 ? command_fail(&err) : EXIT_DONE;
}
