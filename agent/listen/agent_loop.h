/*
 * agent_loop.h - caravan-agent's main thread, beside the listener's workers.
 *
 * Waits for the host's key and the trust in force, which caravan-swap writes, for as long as
 * needed, and reports the reason for waiting. Then starts the listener, and sleeps until a file of
 * caravan-swap changes, a signal comes, or the inherited socket pair closes.
 */
#ifndef AGENT_LOOP_H
#define AGENT_LOOP_H

#include "agent_conf.h"
#include "log.h"

#define AGENT_ASK_MS     500   /* the first pause while key or trust is missing */
#define AGENT_ASK_MAX_MS 60000 /* the longest pause */
#define AGENT_CONTEXTS   16    /* orders answered at once; a quarter may be held back */
#define AGENT_IDLE_MS    20000 /* a connection without an order is closed after this time */

/* swap_fd: the end of the inherited pair, or -1. Returns 0 after a signal to stop, or after
 * caravan-swap has closed the pair. */
MUST_CHECK int agent_loop_run(const struct agent_conf *conf, int swap_fd, const struct log *log,
                              struct err *err);

#endif
