/*
 * survey_queue.h - the questions of a survey: a queue, and the function that takes each answer.
 *
 *     survey_push(q, Q_JOB, region, id, ns)   appends a question
 *     survey_pump(q)                          sends questions until SURVEY_OPEN are open
 *     survey_drop(q)                          drops the remaining questions and tells their takers
 *
 * The table in survey_queue.c has the path of each question and the limit for its answer. The queue
 * asks for further pages of a list by itself. The taker of a question is called once for the
 * answer, and once for each further page: inside http_wait, or inside survey_pump if the question
 * cannot be sent. The taker writes the values into `out`, keeps intermediate values in `tokens` and
 * `jobs`, and may push more questions. The takers are in survey_token.h, survey_region.h,
 * survey_hosts.h and survey_jobs.h.
 *
 * nomad_survey.c, which begins the survey, owns `out`, `bases`, `tokens` and `jobs`. The queue owns
 * a question until its taker returns. subject and ns must live longer than the question: they are
 * literals, or in the arena of `out`. For one thread.
 */
#ifndef SURVEY_QUEUE_H
#define SURVEY_QUEUE_H

#include "json.h"
#include "nomad_http.h"
#include "survey.h"
#include "world.h"

#define SURVEY_OPEN      NOMAD_OPEN_EACH /* so that no question waits in nomad_http's queue */
#define SURVEY_POLICIES  512
#define SURVEY_JOB_BYTES (4 * 1024 * 1024)

enum survey_question {
    Q_TOKEN,
    Q_TOKEN_POLICY, /* subject: name of the policy */
    Q_TOKEN_ROLE,   /* subject: id of the role */
    Q_KEYRING,
    Q_DEPLOYMENTS,
    Q_AUTOPILOT,
    Q_VAULT,
    Q_LICENSE,
    Q_POLICIES,
    Q_POLICY, /* subject: name of the policy */
    Q_JOBS,
    Q_JOB, /* subject: id of the job, in namespace ns */
    Q_ALLOCS,
    Q_VERSIONS, /* subject: id of the job, in namespace ns */
    Q_REGIONS,
    Q_SELF, /* agent/self of a server */
    Q_NODE, /* subject: node id */
    SURVEY_QUESTIONS
};

struct survey_queue;

struct survey_ask {
    struct survey_queue *owner;
    struct survey_ask *next;
    enum survey_question question;
    size_t region, host; /* indexes in `out`; host only for Q_SELF and Q_NODE */
    const char *subject, *ns;
    struct nomad_pages pages;
};

/* Status 0 of the answer: the question was not answered, or it was dropped. */
typedef void survey_taker(struct survey_ask *ask, const struct http_answer *answer);

struct survey_queue {
    struct nomad_http *nomad;
    const struct world *world;
    survey_taker *const *takers; /* by question */
    struct survey out;
    struct nomad_base *bases;     /* by region: the server to ask */
    struct token_reading *tokens; /* by region: survey_token.h */
    struct jobs_reading *jobs;    /* by region: survey_jobs.h */
    struct survey_ask *first, **tail;
    size_t open; /* questions under way */
};

/* Sets the members that are given here; all others become zero. */
void survey_queue_init(struct survey_queue *s, struct nomad_http *nomad, const struct world *world,
                       survey_taker *const takers[static SURVEY_QUESTIONS]);
struct survey_ask *survey_push(struct survey_queue *s, enum survey_question q, size_t region,
                               const char *subject, const char *ns);
void survey_pump(struct survey_queue *s);
void survey_drop(struct survey_queue *s);

/* For takers. ASKED_YES: status 200, and *ret is JSON of the expected type. ASKED_DENIED: 403.
 * ASKED_ABSENT: 404 or 501. ASKED_NOT: any other status, or other JSON. */
enum asked survey_asked(const struct http_answer *answer, bool (*expected)(const struct json *),
                        struct json **ret);
MUST_CHECK int survey_json(const struct http_answer *answer, struct json **ret);
const char *survey_text(struct survey_queue *s, const char *text); /* parse_text, in out's arena */

#endif
