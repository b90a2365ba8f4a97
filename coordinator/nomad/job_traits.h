/*
 * job_traits.h - finds the features of Nomad that a job uses, from its specification. Pure.
 *
 * JSON in, bits out (enum job_trait of survey.h). Any thread. A part of the specification that is
 * not understood sets no bit: a bit proves the trait, a missing bit does not disprove it. Source:
 * job specifications of the API of 1.0 to 2.0.5.
 */
#ifndef JOB_TRAITS_H
#define JOB_TRAITS_H

#include "json.h"
#include "survey.h"

struct job_traits {
    int64_t version;
    const char *pool; /* node pool; "" before 1.6; points into the JSON */
    uint64_t traits;
};

/* job: the object of /v1/job/:id, or one of the objects of /v1/job/:id/versions. */
void job_traits_read(const struct json *job, struct job_traits *ret);

#endif
