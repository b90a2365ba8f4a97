/*
 * survey_jobs.h - the jobs of a survey: listed, their specifications read, and the older versions
 * that still run.
 *
 * The list of jobs (Q_JOBS) asks for each specification (Q_JOB), the list of allocations (Q_ALLOCS)
 * tells which versions run, where, and since when. When nothing of it is left to ask,
 * survey_compare_jobs, once a region, asks for the versions that run but are not registered any
 * more (Q_VERSIONS); at the end survey_finish_jobs says how much of it all is known. Only jobs with
 * a trait that a row of the hazard table asks for are kept.
 *
 * Takers, as in survey_queue.h; they fill `jobs` and what belongs to them in the region's survey.
 * At most SURVEY_JOBS jobs and SURVEY_ALLOCS allocations a region, and SURVEY_VERSIONS versions of
 * a job: beyond that it says so.
 */
#ifndef SURVEY_JOBS_H
#define SURVEY_JOBS_H

#include "survey_queue.h"

#define SURVEY_JOBS     20000
#define SURVEY_ALLOCS   200000
#define SURVEY_VERSIONS 1000 /* Nomad keeps 6 (job_tracked_versions) */

struct job_run;

/* Of a region, while its jobs are read; zero at the beginning. */
struct jobs_reading {
    struct job_run *runs; /* by allocations; then sorted, each once */
    size_t n_runs, cap_runs;
    struct job_run *specs; /* by specifications */
    size_t n_specs, cap_specs;
    size_t cap_jobs; /* of the region's survey */
    bool jobs_listed, allocs_listed, job_lost, compared;
};

survey_taker survey_take_jobs, survey_take_job, survey_take_allocs, survey_take_versions;
/* When nothing is left to ask: older versions that run. May push. */
void survey_compare_jobs(struct survey_queue *s, size_t region);
/* Once a region, last: says how much is known. */
void survey_finish_jobs(struct survey_queue *s, size_t region);
void jobs_reading_free(struct jobs_reading *w);

#endif
