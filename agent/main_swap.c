/*
 * caravan-swap - puts Nomad's binary in place on this host, and proves it runs.
 *
 * Runs with the rights Nomad's service needs, without the network. Started by its
 * socket or, with work unfinished, at boot; without systemd it is started first and
 * stays (swap_loop.h). Exit status: 0 nothing left to do or told to stop; 1 with the
 * reason.
 */
#include <signal.h>
#include "agent_args.h"
#include "str.h"
#include "swap_loop.h"

#define SELF "/proc/self/exe"

int main(int argc, char **argv)
{
    static const struct agent_args_about about = {
        .program = "caravan-swap",
        .what = "Verifies orders by itself, replaces Nomad's binary, proves that it runs.",
    };
    const struct log log = {
        .level = LOG_INFO,
        .program = about.program,
        .journal = getenv("JOURNAL_STREAM") != NULL,
    };
    struct agent_args args;
    struct agent_conf conf;
    struct err err = ERR_INIT;

    if (argc > 2 && str_eq(argv[1], "run-command"))
        return service_command_main(argc - 2, argv + 2);
    int rv = agent_args_parse(&about, argc, argv, &args);
    if (rv != 0)
        return rv < 0 ? 2 : 0;
    signal(SIGPIPE, SIG_IGN);
    autofree struct swap *s = xzalloc(1, sizeof(*s));
    if (crypto_init(&err) < 0 || agent_conf_load(args.config, &conf, &err) < 0 ||
        swap_open(s, &conf, args.config, SELF, &log, &err) < 0) {
        log_say(&log, LOG_ERROR, EVENT_STOPPED, "%s", err.text);
        return 1;
    }
    rv = swap_loop_run(s, &err);
    if (rv < 0)
        log_say(&log, LOG_ERROR, EVENT_STOPPED, "%s", err.text);
    swap_close(s);
    return rv < 0;
}
