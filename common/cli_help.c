#include "cli.h"
#include "str.h"

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

void cli_help(const struct cli *cli, const struct cli_command *command, FILE *out)
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
