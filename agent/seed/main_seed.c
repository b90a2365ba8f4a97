/*
 * caravan-seed - serves what is staged on this host to the other hosts of its datacenter.
 *
 * Unprivileged, started by caravan-seed.socket at a connection, which root has to enable; it ends
 * by itself (seed_serve.h). Exit status: 0 nobody asks, or there is something else to serve; 1 with
 * the reason.
 */
#include <signal.h>
#include <sys/socket.h>
#include "agent_args.h"
#include "agent_paths.h"
#include "log.h"
#include "sd_sockets.h"
#include "seed_serve.h"

#define CONNECTIONS 64
#define PER_ADDRESS 16 /* hosts may stand behind one */
#define FLOOR       4096
#define WINDOW_MS   30000
#define REQUEST_MS  10000
#define IDLE_MS     (5 * 60 * 1000)

static int serve(const char *config, int fd, struct err *err)
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

/* Who cannot serve sends away who waits: else systemd would start it for them again and again, and
 * then give the socket up. */
static int run(const char *config, struct err *err)
{
    int fd = -1, n = 0;

    if (sd_sockets_take(SOCK_STREAM, &fd, 1, &n, err) < 0)
        return -1;
    if (n == 0)
        return err_set(err, ERR_USAGE, 0,
                       "it is started by caravan-seed.socket: systemctl enable --now "
                       "caravan-seed.socket");
    if (serve(config, fd, err) == 0)
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
    if (run(args.config, &err) < 0) {
        log_say(&log, LOG_ERROR, EVENT_NONE, "%s", err.text);
        return 1;
    }
    return 0;
}
