/*
 * cli.h - a table of commands and one of options; parsing and help come from it.
 *
 * Options may stand before or after the verb and its arguments; "--name value" and
 * "--name=value", "-n value" and "-nvalue", flags together as "-yv"; "--" ends
 * options; a unique prefix of a long option is accepted, an ambiguous one is
 * refused with the candidates named. Given twice, the last one holds (lists
 * grow). Unknown options and verbs and wrong counts are ERR_USAGE with the nearest
 * known name. `--help` (-h) anywhere prints the help of the verb, `--version` the
 * version; both make cli_parse return 1.
 *
 * A name may have several rows, of the same type and field and for different groups, when it means
 * different things to different verbs.
 *
 * A program without verbs has n_commands 0: *ret_command is then NULL, all options
 * are accepted, and counting the arguments is the caller's.
 */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stdint.h>
#include "err.h"

enum cli_type {
    CLI_FLAG,     /* bool */
    CLI_TEXT,     /* const char * (points into argv) */
    CLI_LIST,     /* struct cli_list: may be repeated; commas separate too unless CLI_REPEAT */
    CLI_REPEAT,   /* struct cli_list: may be repeated, commas are part of the value */
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
    char letter;      /* 0: none */
    enum cli_type type;
    size_t offset;    /* of the field in the options struct */
    const char *arg;  /* shown in help: "N", "FILE"; NULL for flags */
    const char *help; /* one sentence; names the default */
    int64_t min, max; /* CLI_NUMBER */
    unsigned groups;  /* bits: which verbs take it */
};

struct cli_command {
    const char *name;
    const char *args; /* "VERSION", "RUN"; shown in usage */
    const char *help; /* one line */
    const char *more; /* paragraphs for `caravan VERB --help`; NULL: none */
    int min_args, max_args;
    unsigned groups; /* options whose bits meet these are accepted */
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

/* Parses argv[1..]. On 0: *ret_command is the row, *ret_argc/ret_argv the
 * positional arguments (argv is permuted), options are stored at base+offset.
 * 1: help or version was printed to out. -1: ERR_USAGE. */
MUST_CHECK int cli_parse(const struct cli *cli, int argc, char **argv, void *base, FILE *out,
                         const struct cli_command **ret_command, int *ret_argc, char ***ret_argv,
                         struct err *err);

#endif
