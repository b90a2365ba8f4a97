/*
 * heartbeat_due.h - when is the fact `heartbeat` worth asking for anew?
 *
 * It is while a binary is staged, for that is when the coordinator chooses whose turn it is, and
 * when by the fact itself the next heartbeat has come since: until then its age can be counted on
 * from what was told. caravan-agent asks this when somebody asks for the status, and wakes
 * caravan-swap, which asks it too, and, while it is there anyway, by itself.
 */
#ifndef HEARTBEAT_DUE_H
#define HEARTBEAT_DUE_H

#include "heartbeat.h"
#include "message.h"

/* The uptime after which it is; INT64_MAX: not by itself. */
int64_t heartbeat_due_ms(enum phase phase, const struct fact *facts, uint32_t n);

#endif
