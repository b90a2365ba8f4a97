/*
 * caravan-fetch - fetches one binary, asks the local Nomad, or tries a binary, for caravan-swap.
 *
 * Unprivileged. It is started for one conversation (fetch_job.h) over its standard input and
 output. * Exit status: 0 when the conversation ended as it should; 1 after an error, which is
 logged; 2 for a * wrong command line.
 */
#include <signal.h>
#include "agent_args.h"
#include "agent_conf.h"
#include "fetch_session.h"
#include "crypto.h"
#include "log.h"

int main(int argc, char **argv)
{
    static const struct agent_args_about about = {
        .program = "caravan-fetch",
        .may_be_sandboxed = true,
        .what = "Fetches one binary, asks the local Nomad, or tries a binary, over standard input "
                "and output.\n"
                "Started by caravan-swap or its socket; not meant to be run by hand.",
    };
    const struct log log = {.level = LOG_INFO, .program = about.program};
    struct agent_args args;
    struct agent_conf conf;
    struct err err = ERR_INIT;

    int rv = agent_args_parse(&about, argc, argv, &args);
    if (rv != 0)
        return rv < 0 ? 2 : 0;
    signal(SIGPIPE, SIG_IGN);
    /* A trial in its unit cannot read the configuration, and does not need it. */
    memset(&conf, 0, sizeof(conf));
    if (crypto_init(&err) < 0 ||
        (!args.sandboxed && agent_conf_load(args.config, &conf, &err) < 0)) {
        log_say(&log, LOG_ERROR, EVENT_NONE, "%s", err.text);
        return 1;
    }
    const struct fetch_session s = {.in = STDIN_FILENO,
                                    .out = STDOUT_FILENO,
                                    .conf = &conf,
                                    .clock = clock_system(),
                                    .log = &log,
                                    .walled = args.sandboxed};
    if (fetch_session_run(&s, &err) < 0) {
        log_say(&log, LOG_ERROR, EVENT_NONE, "%s", err.text);
        return 1;
    }
    return 0;
}
