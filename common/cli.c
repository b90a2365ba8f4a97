#include <inttypes.h>
#include "cli.h"
#include "str.h"

/* One walk over argv. Arguments that are not options move to the front of argv. */
struct walk {
    const struct cli *cli;
    char **argv;
    int argc;
    int at;   /* index of the next word */
    int kept; /* arguments that were moved to argv[1..kept] */
    void *base;
    bool *given; /* indexed by row of the table of options */
    bool help, version;
    struct err *err;
};

/* ---- values ---- */

static int refuse_value(struct walk *w, const struct cli_option *o, const char *value,
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

static int add_list_item(struct walk *w, const struct cli_option *o, char *value,
                         struct cli_list *list)
{
    if (value[0] == '\0')
        return refuse_value(w, o, value, "names that are not empty");
    if (list->n == CLI_LIST_MAX)
        return err_set(w->err, ERR_USAGE, 0, "--%s is given more than %d times", o->name,
                       CLI_LIST_MAX);
    list->items[list->n++] = value;
    return 0;
}

static int store_repeat(struct walk *w, const struct cli_option *o, char *value, void *at)
{
    return add_list_item(w, o, value, at);
}

static int store_list(struct walk *w, const struct cli_option *o, char *value, void *at)
{
    for (;;) {
        char *comma = strchr(value, ',');
        if (comma != NULL)
            *comma = '\0';
        if (add_list_item(w, o, value, at) < 0)
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
        return refuse_value(w, o, value, "a duration such as 500ms, 10s or 2m");
    *(int64_t *)at = v;
    return 0;
}

static int store_number(struct walk *w, const struct cli_option *o, char *value, void *at)
{
    char want[80];
    int64_t v;
    snprintf(want, sizeof(want), "a number from %" PRId64 " to %" PRId64, o->min, o->max);
    if (str_to_i64(value, &v) < 0 || v < o->min || v > o->max)
        return refuse_value(w, o, value, want);
    *(int64_t *)at = v;
    return 0;
}

static int (*const stores[])(struct walk *w, const struct cli_option *o, char *value, void *at) = {
    [CLI_TEXT] = store_text,     [CLI_LIST] = store_list,         [CLI_REPEAT] = store_repeat,
    [CLI_NUMBER] = store_number, [CLI_DURATION] = store_duration,
};

/* value: the text after "=" or after the letter; NULL: the next word is the value. */
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

static void consider_name(struct nearest *n, const char *word, const char *name)
{
    size_t d = str_distance(word, name);
    if (d <= 3 && d * 2 <= strlen(name) && (n->name == NULL || d < n->distance))
        *n = (struct nearest){name, d};
}

static int refuse_unknown_option(struct walk *w, const char *name)
{
    struct nearest best = {NULL, 0};
    for (size_t i = 0; i < w->cli->n_options; i++)
        consider_name(&best, name, w->cli->options[i].name);
    return err_set(w->err, ERR_USAGE, 0, "unknown option --%.60s%s%s%s", name,
                   best.name != NULL ? "; did you mean --" : "", best.name != NULL ? best.name : "",
                   best.name != NULL ? "?" : "");
}

static const struct cli_option *find_first_row(const struct cli *cli, const char *name)
{
    const struct cli_option *o = cli->options;
    while (!str_eq(o->name, name))
        o++;
    return o;
}

static int refuse_ambiguous_option(struct walk *w, const char *prefix)
{
    auto_buf struct buf names = BUF_INIT;
    for (size_t i = 0; i < w->cli->n_options; i++)
        if (str_starts(w->cli->options[i].name, prefix) &&
            find_first_row(w->cli, w->cli->options[i].name) == &w->cli->options[i])
            buf_printf(&names, "%s--%s", names.len > 0 ? ", " : "", w->cli->options[i].name);
    return err_set(w->err, ERR_USAGE, 0, "--%.60s could be %s", prefix, buf_str(&names));
}

/* Finds the option with exactly this name, or the only option whose name begins with this text. */
static int find_long_option(struct walk *w, const char *name, const struct cli_option **ret)
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
        return refuse_unknown_option(w, name);
    if (hits > 1)
        return refuse_ambiguous_option(w, name);
    *ret = found;
    return 0;
}

static int take_long_option(struct walk *w, char *word)
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
    return find_long_option(w, word, &o) < 0 ? -1 : take_option(w, o, value);
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

static int walk_arguments(struct walk *w)
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
            rv = take_long_option(w, word + 2);
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
        return err_set(w->err, ERR_USAGE, 0, "a command is missing; `%s --help` lists the commands",
                       cli->program);
    const char *word = w->argv[1];
    for (size_t i = 0; i < cli->n_commands; i++) {
        if (str_eq(cli->commands[i].name, word)) {
            *ret = &cli->commands[i];
            return 0;
        }
        consider_name(&best, word, cli->commands[i].name);
    }
    return err_set(w->err, ERR_USAGE, 0, "unknown command \"%.60s\"%s%s%s", word,
                   best.name != NULL ? "; did you mean \"" : "", best.name != NULL ? best.name : "",
                   best.name != NULL ? "\"?" : "");
}

static bool command_takes_option(const struct cli *cli, const struct cli_command *c,
                                 const char *name)
{
    for (size_t i = 0; i < cli->n_options; i++)
        if (str_eq(cli->options[i].name, name) && (cli->options[i].groups & c->groups) != 0)
            return true;
    return false;
}

static int check_command_arguments(struct walk *w, const struct cli_command *c)
{
    int n = w->kept - 1;
    for (size_t i = 0; i < w->cli->n_options; i++)
        if (w->given[i] && !command_takes_option(w->cli, c, w->cli->options[i].name))
            return err_set(w->err, ERR_USAGE, 0, "--%s is not an option of `%s %s`",
                           w->cli->options[i].name, w->cli->program, c->name);
    if (n < c->min_args)
        return err_set(w->err, ERR_USAGE, 0, "`%s %s` needs %s", w->cli->program, c->name,
                       c->args != NULL ? c->args : "an argument");
    if (n > c->max_args)
        return err_set(w->err, ERR_USAGE, 0, "`%s %s` does not take the argument \"%.60s\"",
                       w->cli->program, c->name, w->argv[2 + c->max_args]);
    return 0;
}

/* ---- help ---- */

static bool is_letter_taken(const struct cli *cli, char letter)
{
    for (size_t i = 0; i < cli->n_options; i++)
        if (cli->options[i].letter == letter)
            return true;
    return false;
}

/* "  front     text text", with the text wrapped in a column that begins at `column`. */
static void add_help_row(struct buf *out, const char *front, size_t column, const char *text)
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

static void add_help_option(struct buf *out, const struct cli_option *o)
{
    auto_buf struct buf front = BUF_INIT;
    if (o->letter != '\0')
        buf_printf(&front, "  -%c, --%s", o->letter, o->name);
    else
        buf_printf(&front, "      --%s", o->name);
    if (o->type != CLI_FLAG)
        buf_printf(&front, " %s", o->arg != NULL ? o->arg : "VALUE");
    add_help_row(out, buf_str(&front), 30, o->help != NULL ? o->help : "");
}

/* Does every given command accept the option? n 0: true. */
static bool option_applies(const struct cli_option *o, const struct cli_command *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((o->groups & rows[i].groups) == 0)
            return false;
    return true;
}

static void add_help_options(struct buf *out, const struct cli *cli, const struct cli_command *rows,
                             size_t n)
{
    buf_add_str(out, "\nOptions:\n");
    for (size_t i = 0; i < cli->n_options; i++)
        if (option_applies(&cli->options[i], rows, n))
            add_help_option(out, &cli->options[i]);
    add_help_row(out, !is_letter_taken(cli, 'h') ? "  -h, --help" : "      --help", 30,
                 "Print this.");
    add_help_row(out, "      --version", 30, "Print the version.");
}

static void add_help_commands(struct buf *out, const struct cli *cli)
{
    buf_add_str(out, "\nCommands:\n");
    for (size_t i = 0; i < cli->n_commands; i++) {
        const struct cli_command *c = &cli->commands[i];
        auto_buf struct buf front = BUF_INIT;
        buf_printf(&front, "  %s%s%s", c->name, c->args != NULL ? " " : "",
                   c->args != NULL ? c->args : "");
        add_help_row(out, buf_str(&front), 30, c->help != NULL ? c->help : "");
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
        add_help_options(&text, cli, command, 1);
    } else {
        buf_printf(&text, "Usage: %s %s[OPTION]...\n", cli->program,
                   cli->n_commands > 0 ? "COMMAND [ARGUMENT]... " : "");
        buf_printf(&text, "%s\n", cli->about != NULL ? cli->about : "");
        if (cli->n_commands > 0)
            add_help_commands(&text, cli);
        add_help_options(&text, cli, cli->commands, cli->n_commands);
        if (cli->n_commands > 0)
            buf_printf(&text, "\n`%s COMMAND --help` prints the help of a command.\n",
                       cli->program);
    }
    fputs(buf_str(&text), out);
}

/* ---- the whole command line ---- */

static int finish_parse(struct walk *w, FILE *out, const struct cli_command **ret_command)
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
    if (command != NULL && check_command_arguments(w, command) < 0)
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
    if (walk_arguments(&w) < 0)
        return -1;
    int rv = finish_parse(&w, out, ret_command);
    if (rv == 0) {
        int verbs = *ret_command != NULL ? 1 : 0;
        *ret_argc = w.kept - verbs;
        *ret_argv = argv + 1 + verbs;
    }
    return rv;
}
