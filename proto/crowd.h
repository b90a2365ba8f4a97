/*
 * crowd.h - which connections the agent keeps, and which it closes.
 *
 * A bounded set of connections, by number, with two caps, in total and by party (address.h). At a
 * cap a newcomer is let in and the one that has been silent longest among those that are not being
 * served is closed for it: within the newcomer's own party when that is full, else within the party
 * that holds most. So idle strangers cannot crowd anybody out, and many connections of one party do
 * so least. When all are being served, the newcomer is turned away.
 *
 * Pure: numbers are passed in, silence is told by the order of calls, closing is the caller's
 * (crowd_to_close). Not safe for several threads: link_server holds its lock around every call.
 */
#ifndef CROWD_H
#define CROWD_H

#include "address.h"

struct crowd;

struct crowd *crowd_new(int max, int max_each);
void crowd_free(struct crowd *c); /* NULL is fine */

/* false: close the newcomer. true: it is in; somebody may have to go, see crowd_to_close. */
MUST_CHECK bool crowd_admit(struct crowd *c, uint32_t id, const struct address *from);
/* It sent a frame, and is served until crowd_served; an unknown number is fine. */
void crowd_heard(struct crowd *c, uint32_t id);
void crowd_served(struct crowd *c, uint32_t id);
void crowd_left(struct crowd *c, uint32_t id);
/* One that has to go, each named once; 0 when there is none. */
uint32_t crowd_to_close(struct crowd *c);
size_t crowd_size(const struct crowd *c); /* without those told to go */

#endif
