/*
 * agent_loop.h - caravan-agent's one thread beside the listener's workers.
 *
 * Waits for its key and the trust in force (made by caravan-swap) as long as it takes,
 * telling what for, starts the listener, and then sleeps until a file of swap's changes, a signal
 * comes, or the inherited socket pair closes.
 */
#ifndef AGENT_LOOP_H
#define AGENT_LOOP_H

#include "agent_conf.h"
#include "log.h"

#define AGENT_ASK_MS     500   /* first pause while key and trust are not there */
#define AGENT_ASK_MAX_MS 60000 /* and the longest */
#define AGENT_CONTEXTS   16    /* orders answered at once; a quarter may be held back */
#define AGENT_IDLE_MS    20000 /* a connection that asks nothing */

/* swap_fd: the inherited pair's end, or -1. 0: told to stop. */
MUST_CHECK int agent_loop_run(const struct agent_conf *conf, int swap_fd, const struct log *log,
                              struct err *err);

#endif
