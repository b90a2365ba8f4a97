/*
 * agent_args.h - the command line options of the agent's programs.
 *
 *   --config PATH    read this file instead of AGENT_CONF_PATH
 *   --print-config   print the commented example of agent.conf and exit
 *   --fingerprint    caravan-agent: print the line that `caravan enroll --from` reads for this host
 *   --sandboxed      caravan-swap, caravan-fetch: a packaged unit started the program, and the unit
 *                    is the sandbox (agent_conf_fits_unit, trial.h)
 *   --version, --help
 *
 * agent_args_parse returns 0: go on. 1: the function has printed something, and the program ends
 * with success. -1: the command line is wrong; the function has printed that to standard error.
 */
#ifndef AGENT_ARGS_H
#define AGENT_ARGS_H

#include <stdbool.h>
#include "compiler.h"

struct agent_args_about {
    const char *program;
    bool may_be_sandboxed;
    bool may_tell_fingerprint;
    const char *what; /* one or two lines, printed first by --help */
};

struct agent_args {
    const char *config;
    bool sandboxed;
    bool fingerprint; /* print the fingerprint and end */
};

MUST_CHECK int agent_args_parse(const struct agent_args_about *about, int argc, char **argv,
                                struct agent_args *ret);

#endif
