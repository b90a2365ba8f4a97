/*
 * options.h - the command line as one plain struct.
 *
 * One table of options (options.c) fills struct options, and the help is printed from the same
 * table. A number that was not given stays OPTION_UNSET; then the value of [defaults] in the
 * configuration is used. options_policy makes a policy of both.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "cli.h"
#include "coord_conf.h"
#include "hazard_rows.h"
#include "policy.h"

enum exit_code {
    EXIT_DONE = 0,    /* done */
    EXIT_FAILED = 1,  /* failed */
    EXIT_USAGE = 2,   /* the command line or the configuration is wrong */
    EXIT_STOPPED = 3, /* a run began and stopped, and can be resumed; maybe no host was touched */
    EXIT_REFUSED = 4, /* refused before anything was touched, and no run was begun */
};

#define OPTION_UNSET (-1)

struct options {
    const char *config;
    bool yes, dry_run, json, no_color, verbose, print_defaults;
    /* filters */
    bool servers, clients;
    struct cli_list region, dc, node_class, pool, node;
    const char *running;
    /* policy */
    const char *max_parallel;
    int64_t canary, soak, settle, max_failures, max_skipped, deadline;
    bool drain, accept_outage;
    struct cli_list accept;
    /* release add, fetch */
    const char *os, *file;
    const char *from; /* enroll has this option too: the file is a key_list.h */
    struct cli_list url, arch;
    bool not_a_prerelease;
    /* serving */
    const char *listen;
    /* init */
    const char *name;
    bool solo, split;
    struct cli_list root_keys, release_keys, operator_keys, observer_keys;
    int64_t root_threshold, release_threshold;
    /* trust */
    const char *expires;
    int64_t threshold, format;
    /* init, key */
    bool no_passphrase;
    const char *purpose;
    int64_t passphrase_fd, new_passphrase_fd;
    /* enroll */
    struct cli_list host;
    const char *forget, *rekey;
    bool export;
    /* replace */
    struct cli_list add, remove;
    bool accept_voters;
    /* audit verify */
    bool ask;
    /* token-policy */
    bool no_snapshot;
};

/* Bits of cli_option.groups and cli_command.groups. */
enum option_group {
    GROUP_ALL = 1,
    GROUP_FILTER = 2,
    GROUP_POLICY = 4,
    GROUP_CONFIRM = 8,
    GROUP_JSON = 16,
    GROUP_RELEASE = 32,
    GROUP_INIT = 64,
    GROUP_CONFIG = 128,
    GROUP_DRY = 256,
    GROUP_SERVE = 1024,
    GROUP_ENROLL = 2048,
    GROUP_REPLACE = 4096,
    GROUP_AUDIT = 8192,
    GROUP_TRUST = 16384,
    GROUP_KEY = 32768,
    GROUP_TOKEN = 65536,
};

extern const struct cli_option option_table[];
extern const size_t option_count;

void options_init(struct options *o);
/* Takes each value from the options; if it is not there, from [defaults] in the configuration; else
 * the built-in default. The policy borrows texts of o and conf; both must outlive it. ERR_USAGE:
 * the text names the wrong option, or the --accept that is not the id of any hazard. */
MUST_CHECK int options_policy(const struct options *o, const struct coord_conf *conf,
                              const struct hazards *hazards, struct policy *ret, struct err *err);
/* Returns the exit code of an error that ended a command before it touched any host. */
int exit_of(const struct err *err);

#endif
