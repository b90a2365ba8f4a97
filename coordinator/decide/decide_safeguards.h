/*
 * decide_safeguards.h - what protects the state of a region. Pure.
 *
 * A snapshot before the region's first server is changed, counts of the region's objects around
 * each server's turn, and alarming lines in the logs of other servers. decide.c, decide_servers.c
 * and decide_flight.c call these functions.
 */
#ifndef DECIDE_SAFEGUARDS_H
#define DECIDE_SAFEGUARDS_H

#include "situation.h"

#define SNAPSHOT_OLD_MS                                                                            \
    (30 * 60 *                                                                                     \
     1000) /* milliseconds; an older snapshot is taken again while no server was changed */
#define SNAPSHOT_TRIES 20
#define REFUSED_MS     5000 /* milliseconds; a token may be refused by every server for so long, or */
#define DENIED_ANSWERS 3    /* in so many answers by one server that has caught up */

extern const char lost_state_advice[];

/* True if a server of the region was ordered to change. */
bool region_has_begun(const struct situation *s, const char *region);
/* True if every planned region has a snapshot, or its lack is accepted. Otherwise the function
 * states the wait and asks for a snapshot. */
bool snapshots_taken(const struct situation *s, struct decision *d);
/* True if the leader's objects are counted, so that a later loss can be seen. Otherwise the
 * function states the wait. */
bool counts_before(const struct situation *s, struct decision *d, const struct host *leader);
/* Is the state of this server, which was just changed, complete, and that of its leader? A
 * failure does not heal by waiting. ret_whose: name of the server that the result is about. */
struct gate_result gate_counts(const struct situation *s, size_t i, const char **ret_whose);
/* True if the servers that are done, and the servers that a replacement leaves as they are, have
 * lost nothing. Somebody may have started a done server again since. This is asked before the
 * next server, and after the last server before the clients. Otherwise the function states the
 * wait, or stops the run. last: after the last server. */
bool counts_after(const struct situation *s, struct decision *d, bool last);
/* Stops the run for an alarming line of a log, and for a token that no server takes any more, or
 * that a server refuses which has caught up. */
void check_alarm(const struct situation *s, struct decision *d);
/* Fills keys with the servers that the next observations are to count. The lists are expensive,
 * so decide asks for none, unless a count is all that it waits for (REASON_COUNTS). */
size_t safeguard_counts_wanted(const struct situation *s, const char **keys, size_t max);
/* Fills keys with the servers that need their logs watched. *ret_step: key of the server whose
 * turn it is; "": none. */
size_t safeguard_logs_wanted(const struct situation *s, const char **keys, size_t max,
                             const char **ret_step);

#endif
