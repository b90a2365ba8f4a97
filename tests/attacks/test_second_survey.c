/*
 * A hostile server answers the requests of a plan with endless lists. The coordinator must limit
 * what it reads and what it asks because of these lists. It must not take a survey that was cut for
 * a complete one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "nomad_survey.h"
#include "survey_jobs.h"
#include "survey_queue.h"
#include "survey_token.h"
#include "str.h"

#define MANY 50000

struct bench {
    struct survey_queue q;
    struct region_survey region;
    struct token_reading token;
    struct jobs_reading jobs;
    struct buf body;
};

static int set_up(void **state)
{
    struct bench *b = xzalloc(1, sizeof(*b));

    b->q.tail = &b->q.first;
    b->q.out.regions = &b->region;
    b->q.out.n_regions = 1;
    b->q.tokens = &b->token;
    b->q.jobs = &b->jobs;
    b->region.name = b->region.jobs_why = b->region.token.name = "";
    b->body = (struct buf)BUF_INIT;
    *state = b;
    return 0;
}

static size_t drop_questions(struct bench *b)
{
    size_t n = 0;

    for (struct survey_ask *a = b->q.first, *next; a != NULL; a = next, n++) {
        next = a->next;
        free(a);
    }
    b->q.first = NULL;
    b->q.tail = &b->q.first;
    return n;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    (void)drop_questions(b);
    jobs_reading_free(&b->jobs);
    arena_free(&b->q.out.arena);
    buf_free(&b->body);
    free(b);
    return 0;
}

static struct http_answer answer_of(const struct bench *b)
{
    return (struct http_answer){
        .status = 200, .body = b->body.data, .body_len = b->body.len, .next_token = ""};
}

static void a_token_of_many_roles(void **state)
{
    struct bench *b = *state;
    struct survey_ask a = {.owner = &b->q, .question = Q_TOKEN};

    buf_add_str(&b->body, "{\"Type\":\"client\",\"Roles\":[{\"ID\":\"r\"}");
    for (int i = 0; i < MANY; i++)
        buf_add_str(&b->body, ",{}");
    buf_add_str(&b->body, "]}");
    const struct http_answer answer = answer_of(b);
    survey_take_token(&a, &answer);
    assert_in_range(drop_questions(b), 1, SURVEY_POLICIES);
    /* The part that was left out may have said something else. */
    b->token.to_read = 1;
    buf_clear(&b->body);
    buf_add_str(&b->body, "{}");
    const struct http_answer last = answer_of(b);
    survey_take_token_role(&a, &last);
    assert_false(b->region.token.rules_known);
}

/* Each of them is compared with every running allocation. */
static void a_job_of_many_versions(void **state)
{
    struct bench *b = *state;
    struct survey_ask a = {.owner = &b->q, .question = Q_VERSIONS, .ns = "default", .subject = "j"};

    buf_add_str(&b->body, "{\"Versions\":[{}");
    for (int i = 0; i < MANY; i++)
        buf_add_str(&b->body, ",{}");
    buf_add_str(&b->body, "]}");
    const struct http_answer answer = answer_of(b);
    survey_take_versions(&a, &answer);
    assert_true(b->jobs.job_lost);
    assert_string_not_equal(b->region.jobs_why, "");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_token_of_many_roles),
        CASE(a_job_of_many_versions),
    };

    return cmocka_run_group_tests_name("second_survey", tests, NULL, NULL);
}
