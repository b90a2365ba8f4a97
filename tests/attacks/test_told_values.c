/* Values that one host reports about itself, however large, do not make other hosts wait and do not
 * delay the run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "agent.h"
#include "decide.h"
#include "nomad_parse.h"

#define CLIENTS 8
#define NOW     1000000

struct desk {
    struct plan plan;
    struct ledger ledger;
    struct ledger_host hosts[CLIENTS];
    struct host next;
    struct situation s;
};

/* The next heartbeat of the next client is due in 5 s; the last one was 2 s ago. The client waits
 * if Caravan expects a silence longer than 7.5 s. */
static struct desk *desk_new(void)
{
    struct desk *d = xzalloc(1, sizeof(*d));
    d->ledger.hosts = d->hosts;
    d->ledger.n_hosts = CLIENTS;
    d->next.client = (struct client_view){
        .heartbeat_at = NOW, .heartbeat_age_ms = 2000, .heartbeat_ttl_ms = 7000};
    d->s = (struct situation){.plan = &d->plan, .ledger = &d->ledger, .now = NOW};
    return d;
}

static void told(struct desk *d, int i, int64_t ordered, uint32_t silence)
{
    d->hosts[i].ordered_ms = ordered;
    d->hosts[i].silence_ms = silence;
}

static bool waits(const struct desk *d)
{
    return heartbeat_wait(&d->s, &d->next, NOW) > 0;
}

static void test_one_liar(void **state)
{
    struct desk *d = desk_new();
    (void)state;
    for (int i = 0; i < 4; i++)
        told(d, i, i + 1, 1000);
    assert_false(waits(d));
    for (int i = 0; i < 4; i++) { /* whichever host lies */
        told(d, i, i + 1, UINT32_MAX);
        assert_false(waits(d));
        told(d, i, i + 1, 1000);
    }
    told(d, 4, 5, UINT32_MAX);
    told(d, 5, 6, UINT32_MAX);
    assert_false(waits(d)); /* two of the last five lie */
    free(d);
}

static void test_two_only(void **state)
{
    struct desk *d = desk_new();
    (void)state;
    told(d, 0, 1, 1000);
    told(d, 1, 2, UINT32_MAX);
    assert_false(waits(d));
    free(d);
}

static void test_last_five(void **state)
{
    struct desk *d = desk_new();
    (void)state;
    for (int i = 0; i < 3; i++)
        told(d, i, 100 + i, 20000); /* the latest swaps, although they are first in the list */
    for (int i = 3; i < CLIENTS; i++)
        told(d, i, i, 1000);
    assert_true(waits(d)); /* three of the last five lie */
    told(d, 0, 1, 20000);
    assert_false(waits(d));
    free(d);
}

static void test_nobody_told(void **state)
{
    struct desk *d = desk_new();
    (void)state;
    assert_true(waits(d)); /* by default 10 s are expected */
    d->next.agent.work.silence_ms = 1000;
    assert_false(waits(d)); /* the last silence of that host */
    free(d);
}

static void test_bounds(void **state)
{
    struct desk *d = desk_new();
    (void)state;
    for (int i = 0; i < CLIENTS; i++)
        told(d, i, i, UINT32_MAX); /* all of them lie */
    d->next.client.heartbeat_ttl_ms = INT64_C(1) << 40;
    assert_true(heartbeat_wait(&d->s, &d->next, NOW) <= 120000);
    free(d);
}

/* Nomad cannot have been silent for longer than the time since the order. */
static void test_since_the_order(void **state)
{
    struct ledger_host h = {.order = MSG_SWAP, .ordered_ms = 5000};
    (void)state;
    assert_int_equal(ledger_silence(&h, 400, 6000), 400);
    assert_int_equal(ledger_silence(&h, UINT32_MAX, 6000), 1000);
    assert_int_equal(ledger_silence(&h, UINT32_MAX, 4000), 0);
}

static void test_agent(void **state)
{
    struct agent *g = agent_new("c1-id");
    struct receipt *r = xzalloc(1, sizeof(*r));
    struct receipt_status *s = &r->u.status;
    const struct status_asked q = {.at = 1, .now = 1};
    (void)state;
    s->work.silence_ms = UINT32_MAX;
    s->lease = (struct lease_state){.held = true, .expires_in_ms = UINT32_MAX};
    (void)agent_take_status(g, r, &q);
    assert_int_equal(g->view.work.silence_ms, AGENT_SILENT_MOST_MS);
    assert_int_equal(g->view.lease.expires_in_ms, LEASE_MAX_MS);
    memset(r, 0, sizeof(*r));
    r->u.hello.lease = (struct lease_state){.held = true, .expires_in_ms = UINT32_MAX};
    (void)agent_take_hello(g, r, 2);
    assert_int_equal(g->view.lease.expires_in_ms, LEASE_MAX_MS);
    agent_free(g);
    free(r);
}

static void test_heartbeat(void **state)
{
    static const struct {
        const char *age;
        int64_t want;
    } rows[] = {
        {"10.5s", 10500}, {"3m", 180000}, {"2562047h47m16s", -1}, {"-5s", -1}, {"1h1ms", -1}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct arena a = ARENA_INIT;
        struct self_answer self;
        struct err err = ERR_INIT;
        char body[200];
        int n = snprintf(body, sizeof(body),
                         "{\"config\":{},\"stats\":{\"client\":{\"last_heartbeat\":\"%s\","
                         "\"heartbeat_ttl\":\"%s\"}}}",
                         rows[i].age, rows[i].age);
        assert_int_equal(parse_self(body, (size_t)n, &a, &self, &err), 0);
        assert_int_equal(self.heartbeat_age_ms, rows[i].want);
        assert_int_equal(self.heartbeat_ttl_ms, rows[i].want);
        arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_liar),  cmocka_unit_test(test_two_only),
        cmocka_unit_test(test_last_five), cmocka_unit_test(test_nobody_told),
        cmocka_unit_test(test_bounds),    cmocka_unit_test(test_since_the_order),
        cmocka_unit_test(test_agent),     cmocka_unit_test(test_heartbeat),
    };
    return cmocka_run_group_tests_name("told_values", tests, NULL, NULL);
}
