#include <inttypes.h>
#include "cli.h"
#include "str.h"

/* One walk over argv. Arguments that are no options move to its front. */
struct walk {
    const struct cli *cli;
    char **argv;
    int argc;
    int at;   /* next to look at */
    int kept; /* arguments moved to argv[1..kept] */
    void *base;
    bool *given; /* by row of the options' table */
    bool help, version;
    struct err *err;
};

/* ---- values ---- */

static int bad_value(struct walk *w, const struct cli_option *o, const char *value,
                     const char *want)
{
    return err_set(w->err, ERR_USAGE, 0, "--%s takes %s, not \"%.60s\"", o->name, want, value);
}

static int store_text(struct walk *w, const struct cli_option *o, char *value, void *at)
{
    (void)w;
    (void)o;
    *(const char **)at = value;
    return 0;
}

static int add_item(struct walk *w, const struct cli_option *o, char *value, struct cli_list *list)
{
    if (value[0] == '\0')
        return bad_value(w, o, value, "no empty names");
    if (list->n == CLI_LIST_MAX)
        return err_set(w->err, ERR_USAGE, 0, "--%s is given more than %d times", o->name,
                       CLI_LIST_MAX);
    list->items[list->n++] = value;
    return 0;
}

static int store_repeat(struct walk *w, const struct cli_option *o, char *value, void *at)
{
    return add_item(w, o, value, at);
}

static int store_list(struct walk *w, const struct cli_option *o, char *value, void *at)
{
    for (;;) {
        char *comma = strchr(value, ',');
        if (comma != NULL)
            *comma = '\0';
        if (add_item(w, o, value, at) < 0)
            return -1;
        if (comma == NULL)
            return 0;
        value = comma + 1;
    }
}

static int store_duration(struct walk *w, const struct cli_option *o, char *value, void *at)
{
    int64_t v;
    if (str_duration_ms(value, &v) < 0)
        return bad_value(w, o, value, "a duration such as 500ms, 10s or 2m");
    *(int64_t *)at = v;
    return 0;
}

static int store_number(struct walk *w, const struct cli_option *o, char *value, void *at)
{
    char want[80];
    int64_t v;
    snprintf(want, sizeof(want), "a number from %" PRId64 " to %" PRId64, o->min, o->max);
    if (str_to_i64(value, &v) < 0 || v < o->min || v > o->max)
        return bad_value(w, o, value, want);
    *(int64_t *)at = v;
    return 0;
}

static int (*const stores[])(struct walk *w, const struct cli_option *o, char *value, void *at) = {
    [CLI_TEXT] = store_text,     [CLI_LIST] = store_list,         [CLI_REPEAT] = store_repeat,
    [CLI_NUMBER] = store_number, [CLI_DURATION] = store_duration,
};

/* value: NULL when none was attached; the next word is taken then. */
static int take_option(struct walk *w, const struct cli_option *o, char *value)
{
    void *at = (char *)w->base + o->offset;
    w->given[o - w->cli->options] = true;
    if (o->type == CLI_FLAG) {
        if (value != NULL)
            return err_set(w->err, ERR_USAGE, 0, "--%s takes no value", o->name);
        *(bool *)at = true;
        return 0;
    }
    if (value == NULL && w->at >= w->argc)
        return err_set(w->err, ERR_USAGE, 0, "--%s needs a value: %s", o->name, o->arg);
    if (value == NULL)
        value = w->argv[w->at++];
    return stores[o->type](w, o, value, at);
}

/* ---- names ---- */

struct nearest {
    const char *name;
    size_t distance;
};

static void consider(struct nearest *n, const char *word, const char *name)
{
    size_t d = str_distance(word, name);
    if (d <= 3 && d * 2 <= strlen(name) && (n->name == NULL || d < n->distance))
        *n = (struct nearest){name, d};
}

static int unknown_option(struct walk *w, const char *name)
{
    struct nearest best = {NULL, 0};
    for (size_t i = 0; i < w->cli->n_options; i++)
        consider(&best, name, w->cli->options[i].name);
    return err_set(w->err, ERR_USAGE, 0, "unknown option --%.60s%s%s%s", name,
                   best.name != NULL ? "; did you mean --" : "", best.name != NULL ? best.name : "",
                   best.name != NULL ? "?" : "");
}

static const struct cli_option *first_of(const struct cli *cli, const char *name)
{
    const struct cli_option *o = cli->options;
    while (!str_eq(o->name, name))
        o++;
    return o;
}

static int ambiguous(struct walk *w, const char *prefix)
{
    auto_buf struct buf names = BUF_INIT;
    for (size_t i = 0; i < w->cli->n_options; i++)
        if (str_starts(w->cli->options[i].name, prefix) &&
            first_of(w->cli, w->cli->options[i].name) == &w->cli->options[i])
            buf_printf(&names, "%s--%s", names.len > 0 ? ", " : "", w->cli->options[i].name);
    return err_set(w->err, ERR_USAGE, 0, "--%.60s could be %s", prefix, buf_str(&names));
}

/* The exact name, or the only one that begins so. */
static int find_long(struct walk *w, const char *name, const struct cli_option **ret)
{
    const struct cli_option *found = NULL;
    size_t hits = 0;
    for (size_t i = 0; i < w->cli->n_options; i++) {
        const struct cli_option *o = &w->cli->options[i];
        if (str_eq(o->name, name)) {
            *ret = o;
            return 0;
        }
        if (name[0] != '\0' && str_starts(o->name, name)) {
            hits += found == NULL || !str_eq(found->name, o->name);
            found = o;
        }
    }
    if (hits == 0)
        return unknown_option(w, name);
    if (hits > 1)
        return ambiguous(w, name);
    *ret = found;
    return 0;
}

static int take_long(struct walk *w, char *word)
{
    const struct cli_option *o = NULL;
    char *value = strchr(word, '=');
    if (value != NULL)
        *value++ = '\0';
    if (str_eq(word, "help")) {
        w->help = true;
        return 0;
    }
    if (str_eq(word, "version")) {
        w->version = true;
        return 0;
    }
    return find_long(w, word, &o) < 0 ? -1 : take_option(w, o, value);
}

static const struct cli_option *find_letter(const struct cli *cli, char letter)
{
    for (size_t i = 0; i < cli->n_options; i++)
        if (cli->options[i].letter != '\0' && cli->options[i].letter == letter)
            return &cli->options[i];
    return NULL;
}

static int take_letters(struct walk *w, char *letters)
{
    for (; *letters != '\0'; letters++) {
        const struct cli_option *o = find_letter(w->cli, *letters);
        if (o == NULL && *letters == 'h') {
            w->help = true;
            continue;
        }
        if (o == NULL)
            return err_set(w->err, ERR_USAGE, 0, "unknown option -%c", *letters);
        if (o->type != CLI_FLAG)
            return take_option(w, o, letters[1] != '\0' ? letters + 1 : NULL);
        if (take_option(w, o, NULL) < 0)
            return -1;
    }
    return 0;
}

static int walk_all(struct walk *w)
{
    bool ended = false;
    while (w->at < w->argc) {
        char *word = w->argv[w->at++];
        int rv = 0;
        if (ended || word[0] != '-' || word[1] == '\0')
            w->argv[++w->kept] = word;
        else if (str_eq(word, "--"))
            ended = true;
        else if (word[1] == '-')
            rv = take_long(w, word + 2);
        else
            rv = take_letters(w, word + 1);
        if (rv < 0)
            return -1;
    }
    return 0;
}

/* ---- the verb ---- */

static int find_command(struct walk *w, const struct cli_command **ret)
{
    const struct cli *cli = w->cli;
    struct nearest best = {NULL, 0};
    if (w->kept == 0)
        return err_set(w->err, ERR_USAGE, 0, "what shall be done? `%s --help` lists the commands",
                       cli->program);
    const char *word = w->argv[1];
    for (size_t i = 0; i < cli->n_commands; i++) {
        if (str_eq(cli->commands[i].name, word)) {
            *ret = &cli->commands[i];
            return 0;
        }
        consider(&best, word, cli->commands[i].name);
    }
    return err_set(w->err, ERR_USAGE, 0, "unknown command \"%.60s\"%s%s%s", word,
                   best.name != NULL ? "; did you mean \"" : "", best.name != NULL ? best.name : "",
                   best.name != NULL ? "\"?" : "");
}

static bool takes(const struct cli *cli, const struct cli_command *c, const char *name)
{
    for (size_t i = 0; i < cli->n_options; i++)
        if (str_eq(cli->options[i].name, name) && (cli->options[i].groups & c->groups) != 0)
            return true;
    return false;
}

static int check_command(struct walk *w, const struct cli_command *c)
{
    int n = w->kept - 1;
    for (size_t i = 0; i < w->cli->n_options; i++)
        if (w->given[i] && !takes(w->cli, c, w->cli->options[i].name))
            return err_set(w->err, ERR_USAGE, 0, "--%s is not an option of `%s %s`",
                           w->cli->options[i].name, w->cli->program, c->name);
    if (n < c->min_args)
        return err_set(w->err, ERR_USAGE, 0, "`%s %s` needs %s", w->cli->program, c->name,
                       c->args != NULL ? c->args : "an argument");
    if (n > c->max_args)
        return err_set(w->err, ERR_USAGE, 0, "`%s %s` has no use for \"%.60s\"", w->cli->program,
                       c->name, w->argv[2 + c->max_args]);
    return 0;
}

/* ---- help ---- */

static bool letter_taken(const struct cli *cli, char letter)
{
    for (size_t i = 0; i < cli->n_options; i++)
        if (cli->options[i].letter == letter)
            return true;
    return false;
}

/* "  front     text text" with the text wrapped in its own column. */
static void add_row(struct buf *out, const char *front, size_t column, const char *text)
{
    char margin[40];
    auto_buf struct buf wrapped = BUF_INIT;
    snprintf(margin, sizeof(margin), "%*s", (int)column, "");
    str_wrap(&wrapped, text, margin, 80);
    size_t skip = strlen(front) + 2 < column ? strlen(front) : 0;
    buf_add_str(out, front);
    if (skip == 0)
        buf_add_str(out, "\n");
    buf_add_str(out, buf_str(&wrapped) + MIN_OF(skip, wrapped.len));
    if (wrapped.len == 0)
        buf_add_str(out, "\n");
}

static void add_option(struct buf *out, const struct cli_option *o)
{
    auto_buf struct buf front = BUF_INIT;
    if (o->letter != '\0')
        buf_printf(&front, "  -%c, --%s", o->letter, o->name);
    else
        buf_printf(&front, "      --%s", o->name);
    if (o->type != CLI_FLAG)
        buf_printf(&front, " %s", o->arg != NULL ? o->arg : "VALUE");
    add_row(out, buf_str(&front), 30, o->help != NULL ? o->help : "");
}

/* Options that meet all of the groups of every given row; n 0: all options. */
static bool applies(const struct cli_option *o, const struct cli_command *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((o->groups & rows[i].groups) == 0)
            return false;
    return true;
}

static void add_options(struct buf *out, const struct cli *cli, const struct cli_command *rows,
                        size_t n)
{
    buf_add_str(out, "\nOptions:\n");
    for (size_t i = 0; i < cli->n_options; i++)
        if (applies(&cli->options[i], rows, n))
            add_option(out, &cli->options[i]);
    add_row(out, !letter_taken(cli, 'h') ? "  -h, --help" : "      --help", 30, "Print this.");
    add_row(out, "      --version", 30, "Print the version.");
}

static void add_commands(struct buf *out, const struct cli *cli)
{
    buf_add_str(out, "\nCommands:\n");
    for (size_t i = 0; i < cli->n_commands; i++) {
        const struct cli_command *c = &cli->commands[i];
        auto_buf struct buf front = BUF_INIT;
        buf_printf(&front, "  %s%s%s", c->name, c->args != NULL ? " " : "",
                   c->args != NULL ? c->args : "");
        add_row(out, buf_str(&front), 30, c->help != NULL ? c->help : "");
    }
}

static void print_help(const struct cli *cli, const struct cli_command *command, FILE *out)
{
    auto_buf struct buf text = BUF_INIT;
    if (command != NULL) {
        buf_printf(&text, "Usage: %s %s%s%s [OPTION]...\n", cli->program, command->name,
                   command->args != NULL ? " " : "", command->args != NULL ? command->args : "");
        str_wrap(&text, command->help != NULL ? command->help : "", "", 80);
        if (command->more != NULL)
            buf_printf(&text, "\n%s\n", command->more);
        add_options(&text, cli, command, 1);
    } else {
        buf_printf(&text, "Usage: %s %s[OPTION]...\n", cli->program,
                   cli->n_commands > 0 ? "COMMAND [ARGUMENT]... " : "");
        buf_printf(&text, "%s\n", cli->about != NULL ? cli->about : "");
        if (cli->n_commands > 0)
            add_commands(&text, cli);
        add_options(&text, cli, cli->commands, cli->n_commands);
        if (cli->n_commands > 0)
            buf_printf(&text, "\n`%s COMMAND --help` tells the rest.\n", cli->program);
    }
    fputs(buf_str(&text), out);
}

/* ---- all of it ---- */

static int finish(struct walk *w, FILE *out, const struct cli_command **ret_command)
{
    const struct cli *cli = w->cli;
    const struct cli_command *command = NULL;
    if (w->version) {
        fprintf(out, "%s %s\n", cli->program, cli->version);
        return 1;
    }
    if (w->help && (w->kept == 0 || cli->n_commands == 0)) {
        print_help(cli, NULL, out);
        return 1;
    }
    if (cli->n_commands > 0 && find_command(w, &command) < 0)
        return -1;
    if (w->help) {
        print_help(cli, command, out);
        return 1;
    }
    if (command != NULL && check_command(w, command) < 0)
        return -1;
    *ret_command = command;
    return 0;
}

int cli_parse(const struct cli *cli, int argc, char **argv, void *base, FILE *out,
              const struct cli_command **ret_command, int *ret_argc, char ***ret_argv,
              struct err *err)
{
    autofree bool *given = xzalloc(cli->n_options, sizeof(*given));
    struct walk w = {
        .cli = cli, .argv = argv, .argc = argc, .at = 1, .base = base, .given = given, .err = err};
    if (walk_all(&w) < 0)
        return -1;
    int rv = finish(&w, out, ret_command);
    if (rv == 0) {
        int verbs = *ret_command != NULL ? 1 : 0;
        *ret_argc = w.kept - verbs;
        *ret_argv = argv + 1 + verbs;
    }
    return rv;
}
