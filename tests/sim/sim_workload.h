/*
 * sim_workload.h - the only job of the stand-in, as far as a token may read it.
 */
#ifndef SIM_WORKLOAD_H
#define SIM_WORKLOAD_H

#include "sim_route.h"

/* NULL: there is no job, the token may not read it, or the leader lost its state. */
const struct sim_record *sim_workload_job(const struct sim_ask *x);
/* The next allocation this token may see; start with *slot = 0. */
const struct sim_record *sim_workload_next(const struct sim_ask *x, int *slot);
/* The id of an object that belongs to r: its deployment or its evaluation. */
struct sim_id sim_workload_id(const struct sim_record *r, unsigned char salt);

#define SIM_DEPLOYMENT 0x5d
#define SIM_EVALUATION 0x11

#endif
