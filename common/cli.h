/*
 * cli.h - reads a command line and prints the help, both from the same two tables: one of commands,
 * one of options.
 *
 * Options may stand before or after the verb and its arguments. Accepted are "--name value" and
 * "--name=value", "-n value" and "-nvalue", and several flags together as "-yv". "--" ends the
 * options. A unique prefix of a long option is accepted. An ambiguous prefix is refused; the error
 * names the candidates. When an option is given twice, the last value counts (lists grow). Unknown
 * options, unknown verbs and wrong numbers of arguments are ERR_USAGE; the text names the nearest
 * known name. `--help` (-h) anywhere prints the help of the verb, `--version` prints the version;
 * for both cli_parse returns 1.
 *
 * If an option means different things to different verbs, its name has several rows. These rows
 * have the same type and field, and different groups.
 *
 * A program without verbs has n_commands 0. Then *ret_command is NULL, all options are accepted,
 * and the caller checks the number of arguments.
 */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stdint.h>
#include "err.h"

enum cli_type {
    CLI_FLAG,     /* bool */
    CLI_TEXT,     /* const char * (points into argv) */
    CLI_LIST,     /* struct cli_list: may be repeated; commas separate items */
    CLI_REPEAT,   /* struct cli_list: may be repeated; commas are part of the value */
    CLI_DURATION, /* int64_t milliseconds */
    CLI_NUMBER,   /* int64_t, min..max */
};

#define CLI_LIST_MAX 64
struct cli_list {
    size_t n;
    const char *items[CLI_LIST_MAX];
};

struct cli_option {
    const char *name; /* without dashes */
    char letter;      /* 0: no short form */
    enum cli_type type;
    size_t offset;    /* of the field in the struct of options */
    const char *arg;  /* name of the value in the help: "N", "FILE"; NULL for flags */
    const char *help; /* one sentence; names the default */
    int64_t min, max; /* CLI_NUMBER */
    unsigned groups;  /* bits: the groups of verbs that accept the option */
};

struct cli_command {
    const char *name;
    const char *args; /* "VERSION", "RUN"; for the usage line */
    const char *help; /* one line */
    const char *more; /* paragraphs for `caravan VERB --help`; NULL: none */
    int min_args, max_args;
    unsigned groups; /* the verb accepts options that share at least one of these bits */
    int (*run)(void *ctx, int argc, char **argv);
};

struct cli {
    const char *program;
    const char *about; /* one or two lines above the list of commands */
    const char *version;
    const struct cli_command *commands;
    size_t n_commands;
    const struct cli_option *options;
    size_t n_options;
};

/* Parses argv[1..] and changes the order of argv. Stores every option at base + its offset.
 * 0: *ret_command is the row of the verb; *ret_argc and *ret_argv are the arguments after the verb.
 * 1: the help or the version was printed to out. -1: ERR_USAGE. */
MUST_CHECK int cli_parse(const struct cli *cli, int argc, char **argv, void *base, FILE *out,
                         const struct cli_command **ret_command, int *ret_argc, char ***ret_argv,
                         struct err *err);

#endif
