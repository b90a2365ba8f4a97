/*
 * agent_child.h - caravan-agent as a child of caravan-swap, on a host without systemd.
 *
 * caravan-swap starts the child as [agent] user, with one end of a SEQPACKET socket pair as file
 * descriptor 3 (SWAP_FD_ENV). If the child ends, caravan-swap starts it again after a pause. The
 * pause doubles from one second to thirty seconds, and begins at one second again after the child
 * has lived for a minute.
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
    int pidfd, fd;                        /* -1: none; fd: caravan-swap's end of the pair */
    int64_t since_ms, again_ms, pause_ms; /* uptime of the last and the next start; next pause */
};

void agent_child_init(struct agent_child *c, const struct fetch_who *who, const struct log *log);
/* Starts the child if it does not run and the pause is over; reaps the child if it has ended. */
void agent_child_tend(struct agent_child *c, int64_t now_ms);
/* Ends the child: SIGTERM, and SIGKILL after two seconds. */
void agent_child_end(struct agent_child *c);

#endif
