/* act.h: what the answer to an order makes of the ledger, and an answer of before a resume. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "act.h"
#include "small_fleet.h"

#define C1 "c1-id"

struct bench {
    struct small_fleet f;
    struct ports ports;
    struct run_config config;
    struct run run;
};

static int64_t now(void *ctx)
{
    (void)ctx;
    return SMALL_NOW;
}

static struct ledger_host *c1(struct bench *b)
{
    return ledger_host(&b->f.ledger, C1);
}

/* A stage order is on its way to c1. */
static int set_up(void **state)
{
    struct bench *b = xzalloc(1, sizeof(*b));

    small_fleet_init(&b->f);
    small_fleet_run(&b->f, RUN_STAGING);
    b->ports.now = now;
    b->config = (struct run_config){.plan = &b->f.plan, .ledger = &b->f.ledger, .ports = &b->ports};
    b->run = (struct run){.config = &b->config, .world = &b->f.w};
    c1(b)->state = HOST_STAGING;
    c1(b)->order = MSG_STAGE;
    c1(b)->sequence = 7;
    c1(b)->attempts = 1;
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    small_fleet_free(&b->f);
    free(b);
    return 0;
}

static void refused(struct bench *b, enum refusal why)
{
    autofree struct receipt *r = xzalloc(1, sizeof(*r));
    struct event ev = {.kind = EV_RECEIPT, .key = C1, .order = MSG_STAGE, .receipt = r};

    memcpy(ev.nonce, c1(b)->nonce, NONCE_LEN);
    r->u.done = (struct receipt_done){.refusal = why, .last_sequence = 7, .text = "not here"};
    act_receipt(&b->run, &ev);
}

static void what_the_law_refuses_fails_the_host(void **state)
{
    struct bench *b = *state;

    refused(b, REFUSAL_URL);
    assert_int_equal(c1(b)->state, HOST_FAILED);
    assert_int_equal(c1(b)->failure, FAILURE_REFUSED_BY_LAW);
    assert_string_equal(c1(b)->text, "stage order refused, url: not here");
}

/* Many hosts refuse for one reason, and the run stops at the first: the others' answers are read
 * by the process that resumes, when the reason may be gone. One resume is enough. */
static void what_was_refused_before_a_resume_is_ordered_anew(void **state)
{
    static const enum refusal final[] = {REFUSAL_URL, REFUSAL_FORMAT, REFUSAL_HELD};

    for (size_t i = 0; i < ARRAY_LEN(final); i++) {
        struct bench *b = *state;

        ledger_resume(&b->f.ledger);
        refused(b, final[i]);
        assert_int_equal(c1(b)->state, HOST_PENDING);
        assert_true(c1(b)->retry_ms <= SMALL_NOW);
        assert_int_equal(b->f.ledger.failures + b->f.ledger.skipped, 0);

        c1(b)->attempts = 1; /* and the new order is refused as well */
        c1(b)->answered = false;
        refused(b, final[i]);
        assert_true(host_finished(c1(b)->state));
        tear_down(state);
        set_up(state);
    }
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_the_law_refuses_fails_the_host),
        CASE(what_was_refused_before_a_resume_is_ordered_anew),
    };

    return cmocka_run_group_tests_name("act", tests, NULL, NULL);
}
