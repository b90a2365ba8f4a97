/*
 * link_dials.h - which dials have failed, and why.
 *
 * A dial that does not block hides its failure: nng only counts it, and tries again
 * later. The counts are in nng's statistics, so a snapshot of those tells a refused
 * connection at once, where waiting would tell it at the deadline. A snapshot walks all
 * sockets of the process (256 calls: below 1 ms): take it a few times a second, and only
 * while something dials. Built without statistics, nng tells nothing, and a refused
 * connection is seen at the call's deadline.
 */
#ifndef LINK_DIALS_H
#define LINK_DIALS_H

/* Calls on_failed for each dialer of this process that has failed to connect. */
void link_dials_failed(void (*on_failed)(void *ctx, int dialer, const char *why), void *ctx);

#endif
