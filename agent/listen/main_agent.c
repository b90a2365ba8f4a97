/*
 * caravan-agent - listens to the coordinator on every host, as an ordinary user.
 *
 * Under systemd it starts by itself, and reaches caravan-swap through a socket. Without systemd,
 * caravan-swap starts it and passes it one end of a socket pair (SWAP_FD_ENV).
 *
 * Exit status: 0 after a signal to stop, or when caravan-swap has ended; 1 after an error, which
 is * logged; 2 for a wrong command line. With --fingerprint it only prints the fingerprint of
 this * host's key, and does not listen.
 */
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include "agent_args.h"
#include "agent_loop.h"
#include "agent_paths.h"
#include "identity.h"
#include "str.h"
#include "swap_channel.h"

/* *ret: the inherited descriptor; -1: there is none. */
static int read_inherited_fd(struct err *err, int *ret)
{
    const char *text = getenv(SWAP_FD_ENV);
    uint64_t fd;

    *ret = -1;
    if (text == NULL)
        return 0;
    if (str_to_u64(text, 1023, &fd) < 0 || fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0)
        return err_set(err, ERR_USAGE, 0, "%s=%s is not an open descriptor", SWAP_FD_ENV, text);
    *ret = (int)fd;
    return 0;
}

/* Prints "NAME FINGERPRINT". NAME is the host name, which Nomad uses too unless its configuration
 * sets another name. */
static int print_fingerprint(const struct agent_conf *conf, struct err *err)
{
    char key[AGENT_PATH_MAX], machine[AGENT_PATH_MAX], fingerprint[FINGERPRINT_LEN];
    char name[HOST_NAME_MAX + 1] = "";
    const struct identity_where w = {
        .key_path = key, .machine_path = machine, .machine_id = conf->machine_id};

    agent_path(key, conf->state_dir, ROOT_KEY_NAME);
    agent_path(machine, conf->state_dir, MACHINE_NAME);
    if (identity_fingerprint(&w, fingerprint, err) < 0)
        return -1;
    if (gethostname(name, sizeof(name)) < 0 || name[0] == '\0')
        return err_set(err, ERR_IO, errno, "read this host's name");
    if (printf("%s %s\n", name, fingerprint) < 0 || fflush(stdout) != 0)
        return err_set(err, ERR_IO, errno, "print the fingerprint");
    return 0;
}

/* Prints an error to standard error, not to the journal: a script collects the output. */
static int run_fingerprint(const struct agent_args_about *about, const char *config)
{
    struct agent_conf conf;
    struct err err = ERR_INIT;

    if (crypto_init(&err) == 0 && agent_conf_load(config, &conf, &err) == 0 &&
        print_fingerprint(&conf, &err) == 0)
        return 0;
    fprintf(stderr, "%s: %s\n", about->program, err.text);
    return 1;
}

int main(int argc, char **argv)
{
    static const struct agent_args_about about = {
        .program = "caravan-agent",
        .may_tell_fingerprint = true,
        .what = "Receives signed orders for this host's Nomad and passes genuine ones to "
                "caravan-swap.",
    };
    const struct log log = {
        .level = LOG_INFO,
        .program = about.program,
        .journal = getenv("JOURNAL_STREAM") != NULL ? log_to_journal : NULL,
    };
    struct agent_args args;
    struct agent_conf conf;
    struct err err = ERR_INIT;
    int fd;

    int rv = agent_args_parse(&about, argc, argv, &args);
    if (rv != 0)
        return rv < 0 ? 2 : 0;
    if (args.fingerprint)
        return run_fingerprint(&about, args.config);
    /* Sixteen workers that answer one message an hour do not need a heap each. */
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, 32 * 1024);
    mallopt(M_TRIM_THRESHOLD, 64 * 1024);
    signal(SIGPIPE, SIG_IGN);
    if (crypto_init(&err) < 0 || agent_conf_load(args.config, &conf, &err) < 0 ||
        read_inherited_fd(&err, &fd) < 0 || agent_loop_run(&conf, fd, &log, &err) < 0) {
        log_say(&log, LOG_ERROR, EVENT_STOPPED, "%s", err.text);
        return 1;
    }
    return 0;
}
