/*
 * survey_queue.h - the questions of a survey: waiting, under way, and who takes each answer.
 *
 *     survey_push(q, Q_JOB, region, id, ns)   one more question, at the end
 *     survey_pump(q)                          asks as many as may be open, SURVEY_OPEN
 *     survey_drop(q)                          nobody asks those that are left: their takers learn
 *
 * Where each question goes and how long its answer may be is a table (survey_queue.c). A list is
 * asked on page by page by itself. The taker of a question is called once for it and for each
 * further page, inside http_wait or, where the question cannot even begin, inside survey_pump;
 * it writes what it reads into `out`, keeps in `tokens` and `jobs` what it needs until then, and
 * may push more. Takers: survey_token.h, survey_region.h, survey_hosts.h, survey_jobs.h.
 *
 * Whoever begins the survey (nomad_survey.c) owns `out`, `bases`, `tokens` and `jobs`; a question
 * is the queue's until its taker returns. subject and ns outlive the question: they are literals or
 * in the arena of `out`. One thread.
 */
#ifndef SURVEY_QUEUE_H
#define SURVEY_QUEUE_H

#include "json.h"
#include "nomad_http.h"
#include "survey.h"
#include "world.h"

#define SURVEY_OPEN      NOMAD_OPEN_EACH /* none waits behind another, so that deadlines hold */
#define SURVEY_POLICIES  512
#define SURVEY_JOB_BYTES (4 * 1024 * 1024)

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

struct survey_queue;

struct survey_ask {
    struct survey_queue *owner;
    struct survey_ask *next;
    enum survey_question question;
    size_t region, host; /* indexes; host of Q_SELF, Q_NODE */
    const char *subject, *ns;
    struct nomad_pages pages;
};

/* status 0: it was not answered, or not asked any more. */
typedef void survey_taker(struct survey_ask *ask, const struct http_answer *answer);

struct survey_queue {
    struct nomad_http *nomad;
    const struct world *world;
    survey_taker *const *takers; /* by question */
    struct survey out;
    struct nomad_base *bases;     /* by region: whom to ask */
    struct token_reading *tokens; /* by region: survey_token.h */
    struct jobs_reading *jobs;    /* by region: survey_jobs.h */
    struct survey_ask *first, **tail;
    size_t open; /* under way */
};

/* The rest is zero. */
void survey_queue_init(struct survey_queue *s, struct nomad_http *nomad, const struct world *world,
                       survey_taker *const takers[static SURVEY_QUESTIONS]);
struct survey_ask *survey_push(struct survey_queue *s, enum survey_question q, size_t region,
                               const char *subject, const char *ns);
void survey_pump(struct survey_queue *s);
void survey_drop(struct survey_queue *s);

/* For takers. ASKED_YES, with its JSON, which is what is expected; DENIED or ABSENT by the status;
 * ASKED_NOT for every other one, and for other JSON. */
enum asked survey_asked(const struct http_answer *answer, bool (*expected)(const struct json *),
                        struct json **ret);
MUST_CHECK int survey_json(const struct http_answer *answer, struct json **ret);
const char *survey_text(struct survey_queue *s, const char *text); /* into the arena, cut */

#endif
