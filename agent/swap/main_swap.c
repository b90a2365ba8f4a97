/*
 * caravan-swap - puts Nomad's binary in place on this host, and proves it runs.
 *
 * The program runs with the rights that Nomad's service needs, and without the network. systemd
 * starts the program through its socket, or at boot if work is unfinished. Without systemd the
 * program is started first and stays (swap_loop.h).
 *
 * Exit status: 0: nothing left to do, or stopped by a signal. 1: an error, with a message.
 * CANNOT_BEGIN, only in the packaged unit: something is missing that only people can provide, and
 * no work is unfinished. Then another start at once would not help.
 */
#include <signal.h>
#include <sys/socket.h>
#include "agent_args.h"
#include "look_call.h"
#include "path_look.h"
#include "sd_sockets.h"
#include "str.h"
#include "swap_loop.h"

#define SELF         "/proc/self/exe"
#define CANNOT_BEGIN 78 /* RestartPreventExitStatus= of the unit */

static bool is_unfinished(const struct agent_conf *conf)
{
    char path[AGENT_PATH_MAX];

    agent_path(path, conf->state_dir, SWAP_DIR_NAME "/" UNFINISHED_NAME);
    return access(path, F_OK) == 0;
}

static void hang_up_sockets(void)
{
    int fds[SWAP_LISTENERS_MAX], n = 0;
    struct err ignored = ERR_INIT;

    if (sd_sockets_take(SOCK_SEQPACKET, fds, SWAP_LISTENERS_MAX, &n, &ignored) == 0)
        sd_sockets_hang_up(fds, n);
}

static int open_swap_or_log(struct swap *s, const struct agent_args *args,
                            const struct agent_conf *conf, const struct log *log)
{
    struct err err = ERR_INIT;

    if ((!args->sandboxed || agent_conf_fits_unit(conf, &err) == 0) &&
        swap_open(s, conf, args->config, SELF, log, &err) == 0)
        return 0;
    log_say(log, LOG_ERROR, EVENT_STOPPED, "%s", err.text);
    if (!args->sandboxed || is_unfinished(conf))
        return 1;
    hang_up_sockets();
    return CANNOT_BEGIN;
}

int main(int argc, char **argv)
{
    static const struct agent_args_about about = {
        .program = "caravan-swap",
        .may_be_sandboxed = true,
        .what = "Verifies orders, replaces Nomad's binary, and proves that the new binary runs.",
    };
    const struct log log = {
        .level = LOG_INFO,
        .program = about.program,
        .journal = getenv("JOURNAL_STREAM") != NULL ? log_to_journal : NULL,
    };
    struct agent_args args;
    struct agent_conf conf;
    struct err err = ERR_INIT;

    if (argc > 2 && str_eq(argv[1], "run-command"))
        return service_command_main(argc - 2, argv + 2);
    if (argc == 2 && str_eq(argv[1], "look"))
        return look_call_main(path_look);
    int rv = agent_args_parse(&about, argc, argv, &args);
    if (rv != 0)
        return rv < 0 ? 2 : 0;
    signal(SIGPIPE, SIG_IGN);
    autofree struct swap *s = xzalloc(1, sizeof(*s));
    if (crypto_init(&err) < 0 || agent_conf_load(args.config, &conf, &err) < 0) {
        log_say(&log, LOG_ERROR, EVENT_STOPPED, "%s", err.text);
        return 1;
    }
    rv = open_swap_or_log(s, &args, &conf, &log);
    if (rv != 0)
        return rv;
    rv = swap_loop_run(s, &err);
    if (rv < 0)
        log_say(&log, LOG_ERROR, EVENT_STOPPED, "%s", err.text);
    swap_close(s);
    return rv < 0;
}
