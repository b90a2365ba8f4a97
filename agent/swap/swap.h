/*
 * swap.h - caravan-swap as one value: root's configuration, the state of the host, the work.
 *
 * Calling sequence: swap_open opens everything that the configuration names (identity, trust in
 * force, service, record) and writes the first view. swap_loop.h then drives the value: it passes
 * orders to orders_received.h, steps the phases, and shows the state through status_update.h.
 * swap_close frees everything. One thread.
 */
#ifndef SWAP_H
#define SWAP_H

#include "agent_paths.h"
#include "event_about.h"
#include "facts_survey.h"
#include "host_linux.h"
#include "law.h"
#include "log.h"
#include "trust.h"

struct swap {
    const struct agent_conf *conf;
    const char *config; /* path of agent.conf */
    const struct log *log;
    struct keypair *key;
    struct trust trust;
    unsigned char session[SESSION_LEN];
    struct law law;
    struct hours hours;         /* the law's */
    struct operators operators; /* the law's */
    uint64_t max_lease_ms;
    char trust_path[AGENT_PATH_MAX], view_path[AGENT_PATH_MAX];
    char swap_dir[AGENT_PATH_MAX], fetch_dir[AGENT_PATH_MAX], seed_dir[AGENT_PATH_MAX];
    char agent_state[AGENT_PATH_MAX]; /* caravan-agent's state file, for event_run_look; "": none */
    struct event_run run;             /* the run of the present or last order */
    char binary[256];                 /* Nomad's binary; its directory without links */
    int lock;
    struct fetch_who agent; /* the user of caravan-agent; ports.who: the users of caravan-fetch */
    struct host_linux ports;
    struct host host;
    struct phases phases;
    struct nomad_on_host nomad;
    struct facts_survey survey;
    uint64_t revision; /* of the view */
    uint32_t n_lines;
    struct log_line lines[LOG_LINES_MAX];
};

/* program: this executable, which runs the service's commands. On failure nothing stays open. The
 * caller must not move *s afterwards. */
MUST_CHECK int swap_open(struct swap *s, const struct agent_conf *conf, const char *config,
                         const char *program, const struct log *log, struct err *err);
void swap_close(struct swap *s);
/* At rest: removes the previous binary (phases_tidy) and the file for other hosts (seed.h), if
 * their time is over. */
void swap_tidy(struct swap *s);

/* The present or last work, for log_say_about. */
struct log_about swap_about(struct swap *s);
/* The function for phases_config.note; ctx is the struct swap. */
void swap_note(void *ctx, enum log_level level, enum log_event event, const char *text);

#endif
