/*
 * heartbeat_due.h - when should the fact `heartbeat` be read again?
 *
 * The fact is worth reading again only while a binary is staged, because then the coordinator uses
 * the fact to choose the next host, and only after the next heartbeat. The fact itself gives the
 * time of the next heartbeat: until then the coordinator can compute the age of the last heartbeat
 * from the fact that it has. caravan-agent asks this function when a status is asked for, and wakes
 * caravan-swap. caravan-swap asks this function too, also without being woken while it runs.
 */
#ifndef HEARTBEAT_DUE_H
#define HEARTBEAT_DUE_H

#include "heartbeat.h"
#include "message.h"

/* The uptime after which the fact should be read again. INT64_MAX: no need to read it again. */
int64_t heartbeat_due_ms(enum phase phase, const struct fact *facts, uint32_t n);

#endif
