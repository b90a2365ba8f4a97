#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "lease.h"

/* Each row is a story; each step is one order and its expected result. Letters name runs, digits
 * name plans. */
struct step {
    enum lease_op op;
    char run, plan;
    bool take_over, paused; /* of the order */
    int expect_off;         /* the revision in the order, relative to the real one */
    uint64_t epoch;         /* of the order's header */
    int64_t at;             /* uptime */
    char boot;              /* 0: the first */
    enum refusal refusal;
    uint64_t ret_epoch; /* after it */
    bool ret_held, ret_paused;
};

#define STEPS_MAX 8
static const struct story {
    const char *name;
    struct step steps[STEPS_MAX];
} stories[] = {
    {"take, renew, give back, take by another",
     {{LEASE_TAKE, 'a', '1', 0, 0, 0, 0, 100, 0, REFUSAL_NONE, 1, 1, 0},
      {LEASE_RENEW, 'a', '1', 0, 0, 0, 1, 500, 0, REFUSAL_NONE, 1, 1, 0},
      {LEASE_GIVE_BACK, 'a', '1', 0, 0, 0, 1, 600, 0, REFUSAL_NONE, 1, 0, 0},
      {LEASE_TAKE, 'b', '1', 0, 0, 0, 0, 601, 0, REFUSAL_NONE, 2, 1, 0}}},
    {"another run is refused while it holds, and gets it after expiry",
     {{LEASE_TAKE, 'a', '1', 0, 0, 0, 0, 100, 0, REFUSAL_NONE, 1, 1, 0},
      {LEASE_TAKE, 'b', '1', 0, 0, 0, 0, 1099, 0, REFUSAL_LEASE, 1, 1, 0},
      {LEASE_TAKE, 'b', '1', 0, 0, 0, 0, 1100, 0, REFUSAL_NONE, 2, 1, 0},
      {LEASE_RENEW, 'a', '1', 0, 0, 0, 1, 1101, 0, REFUSAL_LEASE, 2, 1, 0}}},
    {"taking over raises the epoch and fences the old coordinator",
     {{LEASE_TAKE, 'a', '1', 0, 0, 0, 0, 100, 0, REFUSAL_NONE, 1, 1, 0},
      {LEASE_TAKE, 'b', '1', 1, 0, 0, 0, 200, 0, REFUSAL_NONE, 2, 1, 0},
      {LEASE_RENEW, 'a', '1', 0, 0, 0, 1, 210, 0, REFUSAL_LEASE, 2, 1, 0},
      {LEASE_GIVE_BACK, 'a', '1', 0, 0, 0, 1, 220, 0, REFUSAL_LEASE, 2, 1, 0}}},
    {"taking over one's own run without its ledger fences too",
     {{LEASE_TAKE, 'a', '1', 0, 0, 0, 0, 100, 0, REFUSAL_NONE, 1, 1, 0},
      {LEASE_TAKE, 'a', '1', 1, 0, 0, 0, 200, 0, REFUSAL_NONE, 2, 1, 0},
      {LEASE_RENEW, 'a', '1', 0, 0, 0, 1, 210, 0, REFUSAL_EPOCH, 2, 1, 0},
      {LEASE_RENEW, 'a', '1', 0, 0, 0, 2, 220, 0, REFUSAL_NONE, 2, 1, 0}}},
    {"resuming with the ledger keeps epoch and pause, also after expiry",
     {{LEASE_TAKE, 'a', '1', 0, 0, 0, 0, 100, 0, REFUSAL_NONE, 1, 1, 0},
      {LEASE_PAUSE, 'a', '1', 0, 0, 0, 0, 200, 0, REFUSAL_NONE, 1, 1, 1},
      {LEASE_TAKE, 'a', '1', 0, 0, 0, 0, 9000, 0, REFUSAL_NONE, 1, 1, 1},
      {LEASE_UNPAUSE, 'a', '1', 0, 0, 0, 0, 9001, 0, REFUSAL_NONE, 1, 1, 0}}},
    {"the same run with another plan is another epoch",
     {{LEASE_TAKE, 'a', '1', 0, 0, 0, 0, 100, 0, REFUSAL_NONE, 1, 1, 0},
      {LEASE_TAKE, 'a', '2', 0, 0, 0, 0, 101, 0, REFUSAL_NONE, 2, 1, 0}}},
    {"compare-and-set: of two that read the same revision one wins",
     {{LEASE_TAKE, 'a', '1', 0, 0, 0, 0, 100, 0, REFUSAL_NONE, 1, 1, 0},
      {LEASE_TAKE, 'b', '1', 1, 0, -1, 0, 100, 0, REFUSAL_LEASE, 1, 1, 0},
      {LEASE_RENEW, 'a', '1', 0, 0, 1, 1, 100, 0, REFUSAL_LEASE, 1, 1, 0},
      {LEASE_PAUSE, 'a', '1', 0, 0, -1, 0, 100, 0, REFUSAL_LEASE, 1, 1, 0}}},
    {"any operator pauses, but only the run that is there",
     {{LEASE_PAUSE, 'a', '1', 0, 0, 0, 0, 50, 0, REFUSAL_LEASE, 0, 0, 0},
      {LEASE_TAKE, 'a', '1', 0, 0, 0, 0, 100, 0, REFUSAL_NONE, 1, 1, 0},
      {LEASE_PAUSE, 'b', '1', 0, 0, 0, 0, 110, 0, REFUSAL_LEASE, 1, 1, 0},
      {LEASE_PAUSE, 'a', '1', 0, 0, 0, 77, 120, 0, REFUSAL_NONE, 1, 1, 1},
      {LEASE_RENEW, 'a', '1', 0, 0, 0, 1, 130, 0, REFUSAL_NONE, 1, 1, 1}}},
    {"after a reboot it counts as renewed at boot",
     {{LEASE_TAKE, 'a', '1', 0, 0, 0, 0, 999000, 0, REFUSAL_NONE, 1, 1, 0},
      {LEASE_TAKE, 'b', '1', 0, 0, 0, 0, 999, 1, REFUSAL_LEASE, 1, 1, 0},
      {LEASE_TAKE, 'b', '1', 0, 0, 0, 0, 1000, 1, REFUSAL_NONE, 2, 1, 0}}},
    {"a pause ends with another run, and a run may begin paused",
     {{LEASE_TAKE, 'a', '1', 0, 1, 0, 0, 100, 0, REFUSAL_NONE, 1, 1, 1},
      {LEASE_TAKE, 'b', '1', 1, 0, 0, 0, 101, 0, REFUSAL_NONE, 2, 1, 0}}},
    {"renewing late is fine while nobody took it",
     {{LEASE_TAKE, 'a', '1', 0, 0, 0, 0, 100, 0, REFUSAL_NONE, 1, 1, 0},
      {LEASE_RENEW, 'a', '1', 0, 0, 0, 1, 90000, 0, REFUSAL_NONE, 1, 1, 0}}},
    {"nonsense",
     {{(enum lease_op)0, 'a', '1', 0, 0, 0, 0, 1, 0, REFUSAL_FORMAT, 0, 0, 0},
      {(enum lease_op)9, 'a', '1', 0, 0, 0, 0, 1, 0, REFUSAL_FORMAT, 0, 0, 0},
      {LEASE_TAKE, 0, '1', 0, 0, 0, 0, 1, 0, REFUSAL_FORMAT, 0, 0, 0},
      {LEASE_RENEW, 'a', '1', 0, 0, 0, 0, 1, 0, REFUSAL_LEASE, 0, 0, 0},
      {LEASE_GIVE_BACK, 'a', '1', 0, 0, 0, 0, 1, 0, REFUSAL_LEASE, 0, 0, 0}}},
};

static struct lease_now now_at(int64_t at, char boot)
{
    struct lease_now now = {.uptime_ms = (uint64_t)at, .max_ttl_ms = 10000};
    now.session[0] = (unsigned char)(1 + boot);
    return now;
}

static void run_step(const struct story *story, size_t i, struct lease *l)
{
    const struct step *s = &story->steps[i];
    struct lease_now now = now_at(s->at, s->boot);
    struct order_lease o = {.op = s->op,
                            .expect = l->revision + (uint64_t)(int64_t)s->expect_off,
                            .ttl_ms = 1000,
                            .take_over = s->take_over,
                            .paused = s->paused};
    struct lease_state told;
    char text[TEXT_MAX] = "";
    uint64_t before = l->revision;

    o.run_id[0] = (unsigned char)s->run;
    o.plan.bytes[0] = (unsigned char)s->plan;
    enum refusal r = lease_apply(l, &o, s->epoch, &now, l, text);
    if (r != s->refusal)
        fail_msg("%s, step %zu: %s (%s)", story->name, i, refusal_name(r), text);
    assert_int_equal(l->revision, before + (r == REFUSAL_NONE));
    assert_true((r == REFUSAL_NONE) == (text[0] == '\0'));
    lease_describe(l, &now, &told);
    if (told.epoch != s->ret_epoch || told.held != s->ret_held || told.paused != s->ret_paused)
        fail_msg("%s, step %zu: epoch %d held %d paused %d", story->name, i, (int)told.epoch,
                 told.held, told.paused);
}

static void stories_end_as_they_must(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(stories); i++) {
        struct lease l = {.revision = 0};
        for (size_t k = 0; k < STEPS_MAX && stories[i].steps[k].at > 0; k++)
            run_step(&stories[i], k, &l);
    }
}

static struct lease taken(bool paused)
{
    struct lease l = {.revision = 0};
    struct order_lease o = {.op = LEASE_TAKE, .run_id = {'a'}, .ttl_ms = 1000, .paused = paused};
    struct lease_now now = now_at(100, 0);
    char text[TEXT_MAX];
    assert_int_equal(lease_apply(&l, &o, 0, &now, &l, text), REFUSAL_NONE);
    return l;
}

static void orders_need_it(void **state)
{
    (void)state;
    static const struct {
        enum message_kind kind;
        enum refusal without, expired, other_epoch, paused;
    } rows[] = {
        {MSG_STAGE, REFUSAL_LEASE, REFUSAL_LEASE, REFUSAL_EPOCH, REFUSAL_PAUSED},
        {MSG_SWAP, REFUSAL_LEASE, REFUSAL_LEASE, REFUSAL_EPOCH, REFUSAL_PAUSED},
        {MSG_CANCEL, REFUSAL_LEASE, REFUSAL_LEASE, REFUSAL_EPOCH, REFUSAL_NONE},
        {MSG_REVERT, REFUSAL_LEASE, REFUSAL_LEASE, REFUSAL_EPOCH, REFUSAL_NONE},
        {MSG_NOTE, REFUSAL_LEASE, REFUSAL_LEASE, REFUSAL_EPOCH, REFUSAL_NONE},
        {MSG_PRESERVE, REFUSAL_LEASE, REFUSAL_LEASE, REFUSAL_EPOCH, REFUSAL_NONE},
        {MSG_SERVICE, REFUSAL_LEASE, REFUSAL_LEASE, REFUSAL_EPOCH, REFUSAL_PAUSED},
        {MSG_TRUST, REFUSAL_NONE, REFUSAL_NONE, REFUSAL_NONE, REFUSAL_NONE},
        {MSG_LEASE, REFUSAL_NONE, REFUSAL_NONE, REFUSAL_NONE, REFUSAL_NONE},
        {MSG_KIND_COUNT, REFUSAL_LEASE, REFUSAL_LEASE, REFUSAL_EPOCH, REFUSAL_PAUSED},
    };
    const struct lease none = {.revision = 0}, held = taken(false), paused = taken(true);
    const struct lease_now in_time = now_at(200, 0), late = now_at(1100, 0);
    char text[TEXT_MAX];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum message_kind k = rows[i].kind;
        assert_int_equal(lease_allows(&held, k, 1, &in_time, text), REFUSAL_NONE);
        assert_int_equal(lease_allows(&none, k, 0, &in_time, text), rows[i].without);
        assert_int_equal(lease_allows(&held, k, 1, &late, text), rows[i].expired);
        assert_int_equal(lease_allows(&held, k, 2, &in_time, text), rows[i].other_epoch);
        assert_int_equal(lease_allows(&paused, k, 1, &in_time, text), rows[i].paused);
    }
}

static void law_caps_the_time(void **state)
{
    (void)state;
    struct lease l = {.revision = 0};
    struct order_lease o = {.op = LEASE_TAKE, .run_id = {'a'}, .ttl_ms = UINT32_MAX};
    struct lease_now now = now_at(100, 0);
    struct lease_state told;
    char text[TEXT_MAX];

    assert_int_equal(lease_apply(&l, &o, 0, &now, &l, text), REFUSAL_NONE);
    lease_describe(&l, &now, &told);
    assert_int_equal(told.expires_in_ms, 10000);
}

/* The agent's state may be lost; the orders that swap carried out stay known. */
static void epoch_rises_above_swaps(void **state)
{
    (void)state;
    struct lease l = {.revision = 0};
    struct order_lease o = {.op = LEASE_TAKE, .run_id = {'a'}, .ttl_ms = 1000};
    struct lease_now now = now_at(100, 0);
    char text[TEXT_MAX];

    now.epoch_floor = 41;
    assert_int_equal(lease_apply(&l, &o, 0, &now, &l, text), REFUSAL_NONE);
    assert_int_equal(l.epoch, 42);
}

/* At the highest epoch: no other run gets it, and a run that resumes keeps its own. */
static void epochs_do_not_begin_anew(void **state)
{
    (void)state;
    struct lease l = taken(false);
    struct order_lease o = {.op = LEASE_TAKE, .expect = 1, .run_id = {'a'}, .ttl_ms = 1000};
    struct lease_now now = now_at(200, 0);
    char text[TEXT_MAX];

    l.epoch = UINT64_MAX;
    assert_int_equal(lease_apply(&l, &o, 0, &now, &l, text), REFUSAL_NONE);
    o.expect = 2;
    o.take_over = true;
    assert_int_equal(lease_apply(&l, &o, 0, &now, &l, text), REFUSAL_LIMIT);
    assert_non_null(strstr(text, "agent/state"));
    l.epoch = 1;
    now.epoch_floor = UINT64_MAX;
    assert_int_equal(lease_apply(&l, &o, 0, &now, &l, text), REFUSAL_LIMIT);
    assert_int_equal(l.epoch, 1);
    now.epoch_floor = UINT64_MAX - 1;
    assert_int_equal(lease_apply(&l, &o, 0, &now, &l, text), REFUSAL_NONE);
}

static void refusal_names_the_holder(void **state)
{
    (void)state;
    struct lease l = taken(false);
    struct order_lease o = {.op = LEASE_TAKE, .expect = 1, .run_id = {'b'}, .ttl_ms = 1000};
    struct lease_now now = now_at(200, 0);
    char text[TEXT_MAX];

    assert_int_equal(lease_apply(&l, &o, 0, &now, &l, text), REFUSAL_LEASE);
    assert_non_null(strstr(text, "61000000000000000000000000000000"));
    assert_non_null(strstr(text, "900 ms"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stories_end_as_they_must), cmocka_unit_test(orders_need_it),
        cmocka_unit_test(law_caps_the_time),        cmocka_unit_test(epoch_rises_above_swaps),
        cmocka_unit_test(refusal_names_the_holder), cmocka_unit_test(epochs_do_not_begin_anew),
    };
    return cmocka_run_group_tests_name("lease", tests, NULL, NULL);
}
