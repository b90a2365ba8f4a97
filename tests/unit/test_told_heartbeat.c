/* agent.h: the heartbeat that an agent reports, in the coordinator's clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "agent.h"
#include "str.h"

#define ASKED 500000 /* in this machine's clock */
#define MADE  9000   /* the host's uptime in the receipt */

static struct told_heartbeat take(enum tri value, const char *text, int64_t held_ms)
{
    struct agent *g = agent_new("22222222-3333");
    struct receipt *r = xzalloc(1, sizeof(*r));
    const struct status_asked q = {.at = ASKED, .now = ASKED + held_ms};
    struct receipt_status *s = &r->u.status;

    r->head.time_ms = MADE;
    s->n_facts = 2;
    str_cut(s->facts[0].id, sizeof(s->facts[0].id), "held");
    str_cut(s->facts[1].id, sizeof(s->facts[1].id), "heartbeat");
    s->facts[1].value = value;
    str_cut(s->facts[1].text, sizeof(s->facts[1].text), text);
    (void)agent_take_status(g, r, &q);
    struct told_heartbeat told = g->view.heartbeat;
    /* The agent no longer reports it: it is unknown. */
    s->n_facts = 1;
    s->work.revision++;
    (void)agent_take_status(g, r, &q);
    assert_int_equal(g->view.heartbeat.at, 0);
    agent_free(g);
    free(r);
    return told;
}

static void the_age_is_counted_from_when_it_was_asked_for(void **state)
{
    struct told_heartbeat t = take(TRI_YES, "age=1200 ttl=15000 at=7500", 10);

    (void)state;
    assert_int_equal(t.at, ASKED - 1500);
    assert_int_equal(t.age_ms, 1200);
    assert_int_equal(t.ttl_ms, 15000);
    /* The status was held back: it describes the time when the agent sent it. */
    t = take(TRI_YES, "age=1200 ttl=15000 at=7500", 2000);
    assert_int_equal(t.at, ASKED + 2000 - 1500);
}

static void what_cannot_be_is_not_known(void **state)
{
    static const struct {
        enum tri value;
        const char *text;
    } rows[] = {
        {TRI_YES, "age=1200 ttl=15000 at=9001"}, /* later than the receipt */
        {TRI_YES, "age=1200 ttl=15000 at=9007199254740992"},
        {TRI_UNKNOWN, "age=1200 ttl=15000 at=7500"},
        {TRI_NO, "age=1200 ttl=15000 at=7500"},
        {TRI_YES, "Nomad answers 403"},
        {TRI_YES, ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(take(rows[i].value, rows[i].text, 10).at, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_age_is_counted_from_when_it_was_asked_for),
        cmocka_unit_test(what_cannot_be_is_not_known),
    };

    return cmocka_run_group_tests_name("told_heartbeat", tests, NULL, NULL);
}
