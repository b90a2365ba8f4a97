/*
 * agent_args.h - the few options the agent's programs take on their command line.
 *
 *   --config PATH    instead of AGENT_CONF_PATH
 *   --print-config   the commented example of agent.conf, and exit
 *   --fingerprint    caravan-agent: what `caravan enroll --from` reads of this host
 *   --sandboxed      caravan-swap, caravan-fetch: started by a packaged unit, which is the
 *                    sandbox (agent_conf_fits_unit, try.h)
 *   --version, --help
 *
 * agent_args_parse returns 0 to go on, 1 when something was printed and the
 * program is done, -1 when the usage was wrong and told on standard error.
 */
#ifndef AGENT_ARGS_H
#define AGENT_ARGS_H

#include <stdbool.h>
#include "compiler.h"

struct agent_args_about {
    const char *program;
    bool may_be_sandboxed;
    bool may_tell_fingerprint;
    const char *what; /* one or two lines for --help */
};

struct agent_args {
    const char *config;
    bool sandboxed;
    bool fingerprint; /* asked for, and nothing else */
};

MUST_CHECK int agent_args_parse(const struct agent_args_about *about, int argc, char **argv,
                                struct agent_args *ret);

#endif
