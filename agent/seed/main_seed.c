/*
 * caravan-seed - serves what is staged on this host to the other hosts of its datacenter.
 *
 * Unprivileged. caravan-seed.socket starts it at a connection; root has to enable the socket. It
 ends * by itself (seed_serve.h). Exit status: 0 when nobody asked for a while, or when there are
 other * files to serve_staged; 1 after an error, which is logged; 2 for a wrong command line.
 */
#include <signal.h>
#include <sys/socket.h>
#include "agent_args.h"
#include "agent_paths.h"
#include "log.h"
#include "sd_sockets.h"
#include "seed_serve.h"

#define CONNECTIONS 64
#define PER_ADDRESS 16 /* several hosts may use one address (NAT) */
#define FLOOR       4096
#define WINDOW_MS   30000
#define REQUEST_MS  10000
#define IDLE_MS     (5 * 60 * 1000)

static int serve_staged(const char *config, int fd, struct err *err)
{
    struct agent_conf conf;
    char dir[AGENT_PATH_MAX];
    struct seed_serve s = {.fd = fd,
                           .dir = dir,
                           .idle_ms = IDLE_MS,
                           .limits = {.connections = CONNECTIONS,
                                      .per_address = PER_ADDRESS,
                                      .floor = FLOOR,
                                      .window_ms = WINDOW_MS,
                                      .request_ms = REQUEST_MS}};

    if (crypto_init(err) < 0 || agent_conf_load(config, &conf, err) < 0)
        return -1;
    agent_path(dir, conf.state_dir, SEED_DIR_NAME);
    s.limits.rate = conf.seed_rate;
    if (address_list_parse(conf.seed_allow_from, &s.limits.allow, err) < 0)
        return err_wrap(err, "%s: [seed] allow_from", config);
    return seed_serve(&s, err);
}

/* If the program cannot serve_staged, it closes the waiting connections. Otherwise systemd would
 * start it for them again and again, and then give up the socket. */
static int run_seed(const char *config, struct err *err)
{
    int fd = -1, n = 0;

    if (sd_sockets_take(SOCK_STREAM, &fd, 1, &n, err) < 0)
        return -1;
    if (n == 0)
        return err_set(err, ERR_USAGE, 0,
                       "only caravan-seed.socket can start this program: run `systemctl enable "
                       "--now caravan-seed.socket`");
    if (serve_staged(config, fd, err) == 0)
        return 0;
    sd_sockets_hang_up(&fd, 1);
    return -1;
}

int main(int argc, char **argv)
{
    static const struct agent_args_about about = {
        .program = "caravan-seed",
        .what = "Serves what is staged on this host to the other hosts of its datacenter.\n"
                "Started by caravan-seed.socket; not meant to be run by hand.",
    };
    const struct log log = {
        .level = LOG_INFO,
        .program = about.program,
        .journal = getenv("JOURNAL_STREAM") != NULL ? log_to_journal : NULL,
    };
    struct agent_args args;
    struct err err = ERR_INIT;

    int rv = agent_args_parse(&about, argc, argv, &args);
    if (rv != 0)
        return rv < 0 ? 2 : 0;
    signal(SIGPIPE, SIG_IGN);
    if (run_seed(args.config, &err) < 0) {
        log_say(&log, LOG_ERROR, EVENT_NONE, "%s", err.text);
        return 1;
    }
    return 0;
}
