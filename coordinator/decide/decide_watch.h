/*
 * decide_watch.h - what stands guard over the state of a region. Pure.
 *
 * A snapshot before its first server, the counts of its objects around every server,
 * and lines of other servers' logs that mean harm. Called by decide.c, decide_servers.c,
 * and decide_flight.c.
 */
#ifndef DECIDE_WATCH_H
#define DECIDE_WATCH_H

#include "situation.h"

#define SNAPSHOT_OLD_MS (30 * 60 * 1000) /* before the first server: taken anew then */
#define SNAPSHOT_TRIES  20
#define REFUSED_MS      5000 /* so long a token may be refused everywhere, or */
#define DENIED_ANSWERS  3    /* in so many answers, by one server that has caught up */

extern const char lost_state_advice[];

/* A server of it was ordered to change. */
bool region_begun(const struct situation *s, const char *region);
/* Of every planned region: there is one, or none is accepted. States the wait, asks. */
bool snapshots_taken(const struct situation *s, struct decision *d);
/* The leader's objects are counted, so that a loss can be seen. States the wait. */
bool counts_before(const struct situation *s, struct decision *d, const struct host *leader);
/* Is the state of this server, just changed, all there, and its leader's? A failure does not heal
 * by waiting. ret_whose: name of the server that it is about. */
struct gate_result gate_counts(const struct situation *s, size_t i, const char **ret_whose);
/* Of the servers that are done, which somebody may have started again since, and of those that a
 * replacement leaves as they are: before the next one, and after the last, before the clients.
 * States the wait, or stops. */
bool counts_after(const struct situation *s, struct decision *d, bool last);
/* A line of a log stops the run, and a token that is not valid any more, everywhere or on a server
 * that has caught up. */
void check_alarm(const struct situation *s, struct decision *d);
/* Whose objects the next observations are to count: lists are dear, so nobody's are unless a count
 * is all that a decision waits for (REASON_COUNTS). */
size_t watch_counts(const struct situation *s, const char **keys, size_t max);
/* Whose logs to listen to, and during whose turn: a server's key, "" none. */
size_t watch_logs(const struct situation *s, const char **keys, size_t max, const char **ret_step);

#endif
