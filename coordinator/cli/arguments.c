#include "arguments.h"

#include "agent_place.h"
#include "keys.h"
#include "ledger_store.h"
#include "release_store.h"
#include "trust.h"

#include <time.h>

/* strptime accepts February 30th: a day is valid only if strftime prints the same text again. */
int arguments_day(const char *text, int64_t *ret, struct err *err)
{
    struct tm tm = {.tm_sec = 0};
    char day[11] = "";

    *ret = 0;
    if (text == NULL || str_eq(text, "never"))
        return 0;
    if (strptime(text, "%Y-%m-%d", &tm) != NULL) {
        *ret = (int64_t)timegm(&tm);
        strftime(day, sizeof(day), "%Y-%m-%d", &tm);
    }
    return str_eq(day, text)
               ? 0
               : err_set(err, ERR_USAGE, 0,
                         "--expires %s: expected a day such as 2027-12-31, or never", text);
}

typedef int check_fn(const struct options *o, int argc, char **argv, struct err *err);

static int check_version_word(const char *word, struct err *err)
{
    if (release_version_ok(word, err) == 0)
        return 0;
    err->kind = ERR_USAGE;
    return -1;
}

static int check_upgrade(const struct options *o, int argc, char **argv, struct err *err)
{
    struct policy unused;
    (void)argc;
    policy_default(&unused);
    if (check_version_word(argv[0], err) < 0)
        return -1;
    if (o->max_parallel != NULL && policy_parse_parallel(o->max_parallel, &unused, err) < 0)
        return err_wrap(err, "--max-parallel");
    if (o->drain && o->deadline == 0)
        return err_set(err, ERR_USAGE, 0,
                       "--drain needs a --deadline above 0: a drain without one may never end");
    return o->running == NULL || check_version_word(o->running, err) == 0
               ? 0
               : err_wrap(err, "--running");
}

static int check_addresses(const char *option, const struct cli_list *list, struct err *err)
{
    struct agent_place places[CLI_LIST_MAX];

    for (size_t i = 0; i < list->n; i++) {
        if (agent_place(list->items[i], &places[i], err) < 0)
            return err_wrap(err, "%s", option);
        for (size_t k = 0; k < i; k++)
            if (str_eq(places[k].address, places[i].address))
                return err_set(err, ERR_USAGE, 0, "%s names %s twice", option, places[i].name);
    }
    return 0;
}

static int check_replace(const struct options *o, int argc, char **argv, struct err *err)
{
    (void)argc;
    if (check_version_word(argv[0], err) < 0)
        return -1;
    if (o->add.n == 0 || o->remove.n == 0)
        return err_set(
            err, ERR_USAGE, 0,
            "name the servers that join (--add ADDRESS,..) and the servers that leave (--remove "
            "NAME,..)");
    if (o->add.n > REPLACED_MAX || o->remove.n > REPLACED_MAX)
        return err_set(err, ERR_USAGE, 0,
                       "at most %d servers may join, and as many may leave, in one run",
                       REPLACED_MAX);
    return check_addresses("--add", &o->add, err);
}

static int check_enroll(const struct options *o, int argc, char **argv, struct err *err)
{
    (void)argc;
    (void)argv;
    return check_addresses("--host", &o->host, err);
}

static int check_run(const struct options *o, int argc, char **argv, struct err *err)
{
    (void)o;
    return argc > 0 ? ledger_run_word(argv[0], err) : 0;
}

static int check_audit(const struct options *o, int argc, char **argv, struct err *err)
{
    if (!str_eq(argv[0], "verify") && !str_eq(argv[0], "export"))
        return err_set(err, ERR_USAGE, 0,
                       "expected `caravan audit verify [RUN]` or `caravan audit export [RUN]`");
    if (o->ask && !str_eq(argv[0], "verify"))
        return err_set(err, ERR_USAGE, 0, "--ask is for `caravan audit verify`");
    if (o->ask && argc > 1)
        return err_set(err, ERR_USAGE, 0, "--ask checks all runs: leave out RUN");
    return argc > 1 ? ledger_run_word(argv[1], err) : 0;
}

static int check_token_policy(const struct options *o, int argc, char **argv, struct err *err)
{
    (void)o;
    return argc > 0 ? check_version_word(argv[0], err) : 0;
}

static int check_release_words(const struct options *o, int argc, char **argv, struct err *err)
{
    static const char *const of_version[] = {"fetch", "add", "verify", "remove"};
    (void)o;
    for (size_t i = 0; i < ARRAY_LEN(of_version) && argc > 1; i++)
        if (str_eq(argv[0], of_version[i]))
            return check_version_word(argv[1], err);
    return 0;
}

static int check_trust_words(const struct options *o, int argc, char **argv, struct err *err)
{
    bool adds = str_eq(argv[0], "add"), rotates = str_eq(argv[0], "rotate"),
         edits = adds || rotates || str_eq(argv[0], "remove");
    if (adds && argc > 1 && key_purpose(argv[1]) == ROLE_NONE)
        return err_set(err, ERR_USAGE, 0,
                       "%s is not a role: expected root, release, operator or observer", argv[1]);
    if (o->expires != NULL && !adds && !rotates)
        return err_set(err, ERR_USAGE, 0, "--expires is for `caravan trust add` and `rotate`");
    if ((o->threshold != OPTION_UNSET || o->format != OPTION_UNSET) && !edits)
        return err_set(err, ERR_USAGE, 0,
                       "--threshold and --format are for `caravan trust add`, `remove` and "
                       "`rotate`");
    int64_t unused;
    return arguments_day(o->expires, &unused, err);
}

static int check_key(const struct options *o, int argc, char **argv, struct err *err)
{
    bool makes = str_eq(argv[0], "new");
    if (o->json && !str_eq(argv[0], "list"))
        return err_set(err, ERR_USAGE, 0, "--json is for `caravan key list`");
    if (o->purpose != NULL && !makes)
        return err_set(err, ERR_USAGE, 0, "--purpose is for `caravan key new`");
    if (makes && (o->purpose == NULL || key_purpose(o->purpose) == ROLE_NONE))
        return err_set(err, ERR_USAGE, 0,
                       "--purpose must be root, release, operator or observer: caravan key new "
                       "NAME --purpose P");
    return argc < 2 || str_eq(argv[0], "list") ? 0 : key_name_check(argv[1], err);
}

static int check_init(const struct options *o, int argc, char **argv, struct err *err)
{
    bool given = o->root_keys.n + o->release_keys.n + o->operator_keys.n + o->observer_keys.n > 0;
    (void)argc;
    (void)argv;
    if (o->solo && (o->split || given))
        return err_set(err, ERR_USAGE, 0,
                       "--solo makes all keys on this machine: do not give keys, and do not "
                       "use it with --split");
    if (given && !o->split)
        return err_set(err, ERR_USAGE, 0,
                       "--root, --release, --operator and --observer need --split");
    return 0;
}

static const struct {
    const char *verb;
    check_fn *check;
} checks[] = {
    {"init", check_init},
    {"enroll", check_enroll},
    {"trust", check_trust_words},
    {"key", check_key},
    {"release", check_release_words},
    {"plan", check_upgrade},
    {"stage", check_upgrade},
    {"upgrade", check_upgrade},
    {"replace", check_replace},
    {"resume", check_run},
    {"abort", check_run},
    {"show", check_run},
    {"audit", check_audit},
    {"token-policy", check_token_policy},
};

int arguments_check(const char *verb, const struct options *o, int argc, char **argv,
                    struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(checks); i++)
        if (str_eq(checks[i].verb, verb))
            return checks[i].check(o, argc, argv, err);
    return 0;
}
