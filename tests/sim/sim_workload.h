/*
 * sim_workload.h - the one job of the stand-in, as a token may see it.
 */
#ifndef SIM_WORKLOAD_H
#define SIM_WORKLOAD_H

#include "sim_route.h"

/* NULL: there is none, the token may not read it, or the leader lost its state. */
const struct sim_record *sim_workload_job(const struct sim_ask *x);
/* The next allocation this token may see; start with *slot = 0. */
const struct sim_record *sim_workload_next(const struct sim_ask *x, int *slot);
/* An id of something that belongs to r: its deployment, its evaluation. */
struct sim_id sim_workload_id(const struct sim_record *r, unsigned char salt);

#define SIM_DEPLOYMENT 0x5d
#define SIM_EVALUATION 0x11

#endif
