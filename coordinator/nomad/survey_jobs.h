/*
 * survey_jobs.h - takers (survey_queue.h) for jobs: specifications, and older versions that run.
 *
 * The list of jobs (Q_JOBS) leads to a question for each specification (Q_JOB). The list of
 * allocations (Q_ALLOCS) says which versions run, where, and since when. When these questions are
 * answered, survey_compare_jobs, once in a region, asks for the versions that run but are not
 * registered any more (Q_VERSIONS). At the end survey_finish_jobs decides whether all jobs are
 * known. The survey stores only jobs with a trait.
 *
 * The takers fill `jobs` of the region's survey and the fields that belong to it. The limits are
 * SURVEY_JOBS jobs and SURVEY_ALLOCS allocations in a region, and SURVEY_VERSIONS versions of a
 * job. If there are more, the jobs count as not known, and jobs_why says so.
 */
#ifndef SURVEY_JOBS_H
#define SURVEY_JOBS_H

#include "survey_queue.h"

#define SURVEY_JOBS     20000
#define SURVEY_ALLOCS   200000
#define SURVEY_VERSIONS 1000 /* Nomad keeps 6 (job_tracked_versions) */

struct job_run;

/* State of the reading for one region; zero at the beginning. */
struct jobs_reading {
    struct job_run *runs; /* versions that allocations run; sorted by survey_compare_jobs */
    size_t n_runs, cap_runs;
    struct job_run *specs; /* registered versions, by their specifications */
    size_t n_specs, cap_specs;
    size_t cap_jobs; /* capacity of `jobs` in the region's survey */
    bool jobs_listed, allocs_listed, job_lost, compared;
};

survey_taker survey_take_jobs, survey_take_job, survey_take_allocs, survey_take_versions;
/* Call when no question is left: compares running with registered versions. May push questions. */
void survey_compare_jobs(struct survey_queue *s, size_t region);
/* Call last, once for each region: decides whether all jobs are known. */
void survey_finish_jobs(struct survey_queue *s, size_t region);
void jobs_reading_free(struct jobs_reading *w);

#endif
