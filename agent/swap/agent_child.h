/*
 * agent_child.h - caravan-agent as a child of caravan-swap, where there is no systemd.
 *
 * Started as [agent] user over a SEQPACKET socket pair, whose other end is number 3
 * in the child (SWAP_FD_ENV). When it dies it is started again after a pause that
 * doubles from one second to thirty, and is forgotten after a minute of life.
 */
#ifndef AGENT_CHILD_H
#define AGENT_CHILD_H

#include <sys/types.h>
#include "fetch_call.h"
#include "log.h"

struct agent_child {
    const struct fetch_who *who;
    const struct log *log;
    pid_t pid;                            /* 0: not running */
    int pidfd, fd;                        /* -1; fd is our end of the pair */
    int64_t since_ms, again_ms, pause_ms; /* uptime, uptime, length */
};

void agent_child_init(struct agent_child *c, const struct fetch_who *who, const struct log *log);
/* Starts it if it is to run and does not; reaps it if it has died. */
void agent_child_tend(struct agent_child *c, int64_t now_ms);
/* SIGTERM, then SIGKILL after two seconds. */
void agent_child_end(struct agent_child *c);

#endif
