/*
 * job_traits.h - what a job asks of Nomad, read from its specification.
 *
 * Pure: JSON in, bits out (enum job_trait of survey.h); nothing is kept, any thread. What
 * cannot be understood sets no bit: a trait is found or it is not known, and rows about jobs
 * say what they looked at. Sources: the API's jobs of 1.0 to 2.0.5.
 */
#ifndef JOB_TRAITS_H
#define JOB_TRAITS_H

#include "json.h"
#include "survey.h"

struct job_traits {
    int64_t version;
    const char *pool; /* "" before 1.6; points into the JSON */
    uint64_t traits;
};

/* One job object, as /v1/job/:id gives it and /v1/job/:id/versions gives several. */
void job_traits_read(const struct json *job, struct job_traits *ret);

#endif
