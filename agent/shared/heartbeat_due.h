/*
 * heartbeat_due.h - is the fact `heartbeat` worth asking for anew?
 *
 * It is while a binary is staged, for that is when the coordinator chooses whose turn it is, and
 * when by the fact itself the next heartbeat has come since: until then its age can be counted on
 * from what was told. caravan-agent asks this when somebody asks for the status, and wakes
 * caravan-swap, which asks it too: nobody wakes up for it by himself.
 */
#ifndef HEARTBEAT_DUE_H
#define HEARTBEAT_DUE_H

#include "heartbeat.h"
#include "message.h"

bool heartbeat_due(enum phase phase, const struct fact *facts, uint32_t n, int64_t uptime_ms);

#endif
