/*
 * survey_queue.h - what nomad_survey.c, survey_region.c and survey_jobs.c share.
 * Not for others.
 */
#ifndef SURVEY_QUEUE_H
#define SURVEY_QUEUE_H

#include "nomad_survey.h"

enum survey_question {
    Q_TOKEN,
    Q_TOKEN_POLICY, /* subject: its name */
    Q_TOKEN_ROLE,   /* subject: its id */
    Q_KEYRING,
    Q_DEPLOYMENTS,
    Q_AUTOPILOT,
    Q_VAULT,
    Q_LICENSE,
    Q_POLICIES,
    Q_POLICY, /* subject: its name */
    Q_JOBS,
    Q_JOB, /* subject: its id, in ns */
    Q_ALLOCS,
    Q_VERSIONS, /* subject: a job's id, in ns */
    Q_REGIONS,
    Q_SELF, /* of a server */
    Q_NODE, /* subject: node id */
    SURVEY_QUESTIONS
};

struct survey_ask {
    struct nomad_survey *owner;
    struct survey_ask *next;
    enum survey_question question;
    size_t region, host; /* indexes; host of Q_SELF, Q_NODE */
    const char *subject, *ns;
    char *page; /* next_token of the page before; owned; NULL */
};

/* A version of a job that allocations run, or a job whose specification was read. */
struct job_run {
    const char *ns, *id;
    int64_t version;
    const char *pool;             /* of the job's specification */
    const char *node_pool, *node; /* one node where it runs in another pool than the job's */
};

struct region_work {
    struct nomad_base base;
    struct job_run *runs; /* by allocations; then sorted, each once */
    size_t n_runs, cap_runs;
    struct job_run *specs; /* by specifications */
    size_t n_specs, cap_specs;
    size_t cap_jobs; /* of the region's survey */
    size_t to_read;  /* policies and roles of the token that are not read yet */
    bool jobs_listed, allocs_listed, job_lost, compared;
    bool policy_lost;
};

struct nomad_survey {
    struct nomad_survey_config c;
    struct survey out;
    struct region_work *work; /* by region */
    struct survey_ask *queue, **tail;
    size_t open;
    int64_t until;
    size_t n_nodes;
};

struct survey_ask *survey_push(struct nomad_survey *s, enum survey_question q, size_t region,
                               const char *subject, const char *ns);
/* The taker of each question; status 0: it was not answered, or not asked any more. */
typedef void survey_taker(struct survey_ask *ask, const struct http_answer *answer);
survey_taker survey_take_token, survey_take_token_policy, survey_take_token_role,
    survey_take_keyring, survey_take_deployments, survey_take_autopilot, survey_take_vault,
    survey_take_license, survey_take_policies, survey_take_policy, survey_take_regions,
    survey_take_self, survey_take_node;
survey_taker survey_take_jobs, survey_take_job, survey_take_allocs, survey_take_versions;
/* ASKED_YES, DENIED or ABSENT by the status; NOT for others. */
enum asked survey_asked(const struct http_answer *answer);
MUST_CHECK int survey_json(const struct http_answer *answer, struct json **ret);
const char *survey_text(struct nomad_survey *s, const char *text); /* into the arena, cut */

/* survey_jobs.c: when nothing is left to ask: older versions that run. May push. */
void survey_compare_jobs(struct nomad_survey *s, size_t region);
void survey_finish_jobs(struct nomad_survey *s, size_t region);

#endif
