/* service_order.h, phase_act.c: orders about the service itself, on a model host.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "model_swap.h"
#include "paper_journal.h"
#include "service_order.h"
#include "str.h"
#include "swap_bench.h"

#define ALL_FOUR 4

static int set_up(void **state)
{
    static const struct log log = {LOG_INFO, "test", paper_journal};
    int rc = swap_bench_set_up(state);
    struct swap_bench *b = *state;

    paper_journal_clear();
    b->s.log = &log;
    b->s.law.allow_stop = true;
    b->s.law.gap_ms = 0;
    b->m.uptime_ms += 10000; /* Nomad has started and answers */
    b->s.phases.conf.note = swap_note;
    b->s.phases.conf.ctx = &b->s;
    return rc;
}

/* Epoch 1, the next sequence. */
static struct order *service(const struct swap_bench *b, enum service_op op)
{
    struct order *o = swap_bench_order(b, MSG_SERVICE, 1, b->s.phases.rec.sequence + 1);

    o->u.service.op = op;
    return o;
}

/* The record keeps sequences of refused orders of other epochs separately: here all have epoch 1.
 */
static enum refusal say(struct swap_bench *b, enum service_op op)
{
    struct order *o = service(b, op);

    o->head.sequence = MAX_OF(b->s.phases.rec.sequence, b->s.phases.rec.refused_sequence) + 1;
    return swap_bench_say(b, o, b->desk.operator, NULL);
}

static enum refusal say_order(struct swap_bench *b, struct order *o)
{
    return swap_bench_say(b, o, b->desk.operator, NULL);
}

static uint64_t next_sequence(const struct swap_bench *b)
{
    return MAX_OF(b->s.phases.rec.sequence, b->s.phases.rec.refused_sequence) + 1;
}

static void stop(struct swap_bench *b)
{
    assert_int_equal(say(b, SERVICE_STOP), REFUSAL_NONE);
    (void)swap_bench_rest(b);
    assert_false(b->m.process.there);
}

static enum phase stage(struct swap_bench *b)
{
    assert_int_equal(say_order(b, swap_bench_stage(b, 1, next_sequence(b))), REFUSAL_NONE);
    return swap_bench_rest(b);
}

static enum phase swap(struct swap_bench *b)
{
    assert_int_equal(say_order(b, swap_bench_swap(b, 1, next_sequence(b))), REFUSAL_NONE);
    return swap_bench_rest(b);
}

/* caravan-swap ends, and a new one starts. session: the boot of the new one. */
static void begin_anew(struct swap_bench *b, int session)
{
    struct phases_config conf = model_phases(NULL);
    struct err err = ERR_INIT;

    phases_close(&b->s.phases);
    memset(b->s.session, session, SESSION_LEN);
    memset(b->desk.session, session, SESSION_LEN);
    if (model_swap_open(&b->s, conf, &err) < 0)
        fail_msg("%s", err.text);
}

/* ---- effects ---- */

static void disabled_stopped_and_all_undone(void **state)
{
    struct swap_bench *b = *state;
    uint32_t pid = b->m.process.pid;

    assert_int_equal(say(b, SERVICE_DISABLE), REFUSAL_NONE);
    assert_true(b->m.disabled);
    assert_false(phases_works(&b->s.phases));
    assert_int_equal(b->s.phases.rec.disabled.sequence, b->done.last_sequence);
    stop(b);
    assert_int_equal(b->s.phases.rec.stopped.sequence, b->done.last_sequence);
    assert_int_equal(b->s.phases.rec.stopping, 0);
    assert_int_equal(b->s.phases.rec.phase, PHASE_IDLE);
    paper_journal_about("service-stopped", "ORDER=service PHASE=idle SEQUENCE=2");
    assert_int_equal(say(b, SERVICE_STOP), REFUSAL_NONE); /* nothing is left to do */
    assert_false(phases_works(&b->s.phases));
    assert_int_equal(say(b, SERVICE_START), REFUSAL_NONE);
    (void)swap_bench_rest(b);
    assert_true(b->m.process.there && b->m.process.pid != pid);
    paper_journal_about("service-started", "ORDER=service PHASE=idle SEQUENCE=4");
    assert_int_equal(say(b, SERVICE_ENABLE), REFUSAL_NONE);
    assert_false(b->m.disabled);
    assert_int_equal(b->s.phases.rec.disabled.sequence, 0);
    assert_int_equal(say(b, SERVICE_START), REFUSAL_PHASE); /* it runs */
    assert_int_equal(b->s.phases.rec.stopped.sequence, 0);
}

static void a_repeat_gets_the_kept_receipt_and_does_nothing(void **state)
{
    struct swap_bench *b = *state;
    auto_buf struct buf stop_bytes = BUF_INIT;
    auto_buf struct buf lease = BUF_INIT;

    desk_lease(&b->desk, LEASE_RENEW, 1, (uint64_t)b->m.uptime_ms + 8000, &lease);
    stop(b);
    (void)buf_add(&stop_bytes, b->inner.data, b->inner.len);
    assert_int_equal(say(b, SERVICE_START), REFUSAL_NONE);
    (void)swap_bench_rest(b);
    assert_int_equal(swap_bench_again(b, &stop_bytes, &lease), REFUSAL_NONE);
    assert_false(phases_works(&b->s.phases));
    assert_true(b->m.process.there);
    assert_int_equal(b->m.begun[SERVICE_ACT_STOP], 1);
}

static void others_wait_while_it_stops(void **state)
{
    struct swap_bench *b = *state;

    assert_int_equal(say(b, SERVICE_STOP), REFUSAL_NONE);
    assert_true(phases_works(&b->s.phases));
    for (int op = SERVICE_START; op <= SERVICE_DISABLE; op++)
        assert_int_equal(say(b, (enum service_op)op), REFUSAL_BUSY);
    assert_int_equal(say_order(b, swap_bench_stage(b, 1, next_sequence(b))), REFUSAL_BUSY);
    (void)swap_bench_rest(b);
    assert_false(b->m.process.there);
}

/* ---- the law ---- */

static void held(struct swap_bench *b)
{
    b->m.held = true;
}
static void not_allowed(struct swap_bench *b)
{
    b->s.law.allow_stop = false;
}
static void static_unit(struct swap_bench *b)
{
    b->m.static_boot = "nomad.service is static";
}
static void no_manager(struct swap_bench *b)
{
    b->m.no_manager = true;
}
static void not_there(struct swap_bench *b)
{
    b->m.process.there = false;
}
static void staging(struct swap_bench *b)
{
    (void)say_order(b, swap_bench_stage(b, 1, next_sequence(b)));
}
static void just_swapped(struct swap_bench *b)
{
    (void)stage(b);
    (void)swap(b);
    b->s.law.gap_ms = 30000;
}
static void server_of(struct swap_bench *b, const char *peers, const char *mute)
{
    str_cut(b->s.nomad.server_id, UUID_MAX, "11111111-2222");
    b->m.leader = "\"10.0.0.1:4647\"";
    b->m.peers = peers;
    b->m.odd_peer = mute;
    b->m.odd = PEER_NOBODY;
}
static void three(struct swap_bench *b)
{
    server_of(b, "[\"10.0.0.1:4647\",\"10.0.0.2:4647\",\"10.0.0.3:4647\"]", NULL);
}
static void two_of_three(struct swap_bench *b)
{
    server_of(b, "[\"10.0.0.1:4647\",\"10.0.0.2:4647\",\"10.0.0.3:4647\"]", "10.0.0.3:4647");
}
static void two_of_three_and_outage(struct swap_bench *b)
{
    two_of_three(b);
    b->s.law.allow_outage = true;
}
static void nothing_known(struct swap_bench *b)
{
    server_of(b, "{}", NULL);
}

/* A server that a swap started for the first time reaches no other server: a stop undoes the swap.
 */
static void joining_alone(struct swap_bench *b)
{
    nothing_known(b);
    not_allowed(b);
    b->s.phases.rec.joining = 1;
    b->s.phases.rec.swapped_ms = b->m.uptime_ms;
}
/* No order enabled the server, and it has run for a long time. */
static void joined_long_ago(struct swap_bench *b)
{
    joining_alone(b);
    b->m.uptime_ms += 61 * 60 * 1000;
}
static void joined_in_another_boot(struct swap_bench *b)
{
    joining_alone(b);
    b->s.phases.rec.swapped_ms = -1;
}

static void swapped(struct swap_bench *b, bool is_server)
{
    struct order *o = swap_bench_stage(b, 1, next_sequence(b));

    assert_int_equal(say_order(b, o), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_STAGED);
    o = swap_bench_swap(b, 1, next_sequence(b));
    o->u.swap.is_server = is_server;
    assert_int_equal(say_order(b, o), REFUSAL_NONE);
    (void)swap_bench_rest(b);
}

/* Until an order enables it. */
static void a_first_start_as_a_server_is_a_joining(void **state)
{
    struct swap_bench *b = *state;

    b->m.process.there = false;
    b->s.law.start_stopped = true;
    swapped(b, true);
    assert_true(b->m.process.there);
    assert_int_equal(b->s.phases.rec.joining, 1);
    assert_int_equal(say(b, SERVICE_ENABLE), REFUSAL_NONE);
    assert_int_equal(b->s.phases.rec.joining, 0);
}

/* A client, a server that runs already, and a server that has data. */
static void no_other_start_is_a_joining(void **state)
{
    for (int i = 0; i < 3; i++) {
        struct swap_bench *b;

        if (i > 0) {
            swap_bench_tear_down(state);
            assert_int_equal(set_up(state), 0);
        }
        b = *state;
        b->s.law.start_stopped = b->s.law.allow_outage = true;
        b->m.process.there = i == 1;
        if (i == 2)
            str_cut(b->s.nomad.server_id, sizeof(b->s.nomad.server_id), "s1");
        swapped(b, i > 0);
        assert_int_equal(b->s.phases.rec.joining, 0);
    }
}

static void what_is_allowed(void **state)
{
    enum { N = REFUSAL_NONE, P = REFUSAL_PHASE };
    static const struct {
        void (*change)(struct swap_bench *b);
        int start, stop, enable, disable;
        const char *says; /* of the last refusal */
    } rows[] = {
        {held, REFUSAL_HELD, REFUSAL_HELD, REFUSAL_HELD, REFUSAL_HELD, "hold file"},
        {not_allowed, P, REFUSAL_HELD, N, REFUSAL_HELD, "write allow_stop = yes below [law]"},
        {staging, REFUSAL_BUSY, REFUSAL_BUSY, REFUSAL_BUSY, REFUSAL_BUSY, "only cancel"},
        {just_swapped, P, REFUSAL_GAP, N, N, "root demands 30000 ms"},
        {three, P, N, REFUSAL_BUSY, REFUSAL_BUSY, "only cancel"},
        {two_of_three, P, REFUSAL_QUORUM, N, N, "without this server 1 of 3"},
        {two_of_three_and_outage, P, N, REFUSAL_BUSY, REFUSAL_BUSY, "only cancel"},
        {nothing_known, P, REFUSAL_UNKNOWN, N, N, "could not be asked"},
        {joined_long_ago, P, REFUSAL_HELD, N, REFUSAL_HELD, "write allow_stop"},
        {joined_in_another_boot, P, REFUSAL_HELD, N, REFUSAL_HELD, "write allow_stop"},
        {joining_alone, P, N, REFUSAL_BUSY, REFUSAL_BUSY, "only cancel"},
        {static_unit, P, N, REFUSAL_BUSY, REFUSAL_BUSY, "only cancel"},
        {no_manager, REFUSAL_UNKNOWN, REFUSAL_UNKNOWN, REFUSAL_UNKNOWN, REFUSAL_UNKNOWN, "manager"},
        {not_there, P, P, N, N, "there is nothing to stop"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const int expected[ALL_FOUR] = {rows[i].start, rows[i].stop, rows[i].enable,
                                        rows[i].disable};
        char said[TEXT_MAX] = "";
        void *own;

        assert_int_equal(set_up(&own), 0);
        rows[i].change(own);
        for (int op = SERVICE_START; op <= SERVICE_DISABLE; op++) {
            struct swap_bench *b = own;
            enum refusal r = say(b, (enum service_op)op);

            if ((int)r != expected[op - SERVICE_START])
                fail_msg("row %zu, op %d: %s, %s", i, op, refusal_name(r), b->done.text);
            if (r != REFUSAL_NONE)
                str_cut(said, sizeof(said), b->done.text);
        }
        if (strstr(said, rows[i].says) == NULL)
            fail_msg("row %zu: %s", i, said);
        swap_bench_tear_down(&own);
    }
}

static void a_unit_that_starts_all_the_same_is_told(void **state)
{
    struct swap_bench *b = *state;

    b->m.static_boot = "nomad.service is static: nothing was changed";
    assert_int_equal(say(b, SERVICE_DISABLE), REFUSAL_PHASE);
    assert_string_equal(b->done.text, b->m.static_boot);
    assert_int_equal(b->s.phases.rec.disabled.sequence, 0);
}

/* A stop counts like a swap for the gap: orders cannot stop and start Nomad again and again. */
static void the_gap_is_kept_after_a_stop(void **state)
{
    struct swap_bench *b = *state;

    stop(b);
    b->s.law.gap_ms = 30000;
    assert_int_equal(say(b, SERVICE_START), REFUSAL_NONE);
    (void)swap_bench_rest(b);
    assert_int_equal(say(b, SERVICE_STOP), REFUSAL_GAP);
    b->m.uptime_ms += 30000;
    assert_int_equal(say(b, SERVICE_STOP), REFUSAL_NONE);
}

/* ---- a start undoes a stop ---- */

static void only_a_stop_by_order_is_undone(void **state)
{
    struct swap_bench *b = *state;

    b->m.process.there = false;
    assert_int_equal(say(b, SERVICE_START), REFUSAL_PHASE);
    assert_non_null(strstr(b->done.text, "no order of Caravan stopped"));
    model_start_service(&b->m);
    stop(b);
    model_start_service(&b->m); /* started by hand; caravan-swap looks; and stopped by hand */
    assert_int_equal(say(b, SERVICE_ENABLE), REFUSAL_NONE);
    b->m.process.there = false;
    assert_int_equal(say(b, SERVICE_START), REFUSAL_PHASE);
    assert_int_equal(b->m.begun[SERVICE_ACT_START], 0);
}

static void put_binary(struct swap_bench *b, const char *kind)
{
    char binary[MODEL_BINARY];

    model_binary(kind, binary);
    model_fs_put(&b->m.fs, MODEL_TARGET, binary, sizeof(binary), 0755);
}

static void only_the_same_binary_is_started(void **state)
{
    struct swap_bench *b = *state;

    stop(b);
    put_binary(b, "new");
    assert_int_equal(say(b, SERVICE_START), REFUSAL_DIGEST);
    put_binary(b, "old");
    assert_int_equal(say(b, SERVICE_START), REFUSAL_NONE);
    (void)swap_bench_rest(b);
    assert_true(b->m.process.there);
}

/* ---- it stays stopped ---- */

static void no_swap_starts_it(void **state)
{
    struct swap_bench *b = *state;

    b->s.law.start_stopped = true;
    stop(b);
    assert_int_equal(stage(b), PHASE_STAGED);
    assert_int_equal(swap(b), PHASE_SETTLED);
    assert_false(b->m.process.there);
    assert_false(b->s.phases.rec.was_active);
    struct order *o = swap_bench_order(b, MSG_REVERT, 1, next_sequence(b));
    o->u.revert.why = FAILURE_NOT_CAUGHT_UP;
    model_digest("old", &o->u.revert.to);
    assert_int_equal(say_order(b, o), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_REVERTED);
    assert_false(b->m.process.there);
}

/* A failed swap left Nomad dead: a revert starts it, unless an order has stopped it since.
 */
static void no_revert_starts_it(void **state)
{
    struct swap_bench *b = *state;
    struct order *o;

    assert_int_equal(stage(b), PHASE_STAGED);
    o = swap_bench_swap(b, 1, next_sequence(b));
    o->u.swap.on_not_ready = ON_LEAVE;
    b->m.status = 500;
    assert_int_equal(say_order(b, o), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_FAILED);
    assert_true(b->m.process.there);
    stop(b);
    o = swap_bench_order(b, MSG_REVERT, 1, next_sequence(b));
    o->u.revert.why = FAILURE_NOT_CAUGHT_UP;
    model_digest("old", &o->u.revert.to);
    assert_int_equal(say_order(b, o), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_REVERTED);
    assert_false(b->m.process.there);
}

/* ---- stops that do not end, and restarts of caravan-swap ---- */

static void what_does_not_end_in_time_is_told(void **state)
{
    struct swap_bench *b = *state;
    uint32_t pid = b->m.process.pid;

    b->m.never_stops = true;
    assert_int_equal(say(b, SERVICE_STOP), REFUSAL_NONE);
    (void)swap_bench_rest(b);
    assert_int_equal(b->m.process.pid, pid);
    assert_true(b->m.process.there);
    paper_journal_about("failed", "ORDER=service PHASE=idle SEQUENCE=1");
    paper_journal_never("service-stopped");
    assert_int_equal(b->m.begun[SERVICE_ACT_STOP], 1);
    assert_int_equal(b->s.phases.rec.stopping, 0);
    begin_anew(b, 0x51); /* and no work is left */
    assert_false(phases_works(&b->s.phases));
}

static void a_manager_that_is_away_is_asked_again(void **state)
{
    struct swap_bench *b = *state;

    assert_int_equal(say(b, SERVICE_STOP), REFUSAL_NONE);
    b->m.no_manager = true;
    for (int i = 0; i < 3; i++) {
        b->m.uptime_ms = MAX_OF(b->m.uptime_ms + 1, b->s.phases.now.wake_ms);
        phases_step(&b->s.phases);
    }
    assert_true(phases_works(&b->s.phases));
    b->m.no_manager = false;
    (void)swap_bench_rest(b);
    assert_false(b->m.process.there);
}

static void taken_up_in_the_same_boot(void **state)
{
    struct swap_bench *b = *state;

    assert_int_equal(say(b, SERVICE_STOP), REFUSAL_NONE);
    begin_anew(b, b->s.session[0]);
    assert_true(phases_works(&b->s.phases));
    (void)swap_bench_rest(b);
    assert_false(b->m.process.there);
    assert_int_equal(b->s.phases.rec.stopping, 0);
    assert_true(b->s.phases.rec.stopped.sequence != 0);
}

/* Somebody has started Nomad since, and so wants it to run. */
static void not_taken_up_against_another_process(void **state)
{
    struct swap_bench *b = *state;

    assert_int_equal(say(b, SERVICE_STOP), REFUSAL_NONE);
    b->m.process.there = false;
    model_start_service(&b->m);
    begin_anew(b, b->s.session[0]);
    (void)swap_bench_rest(b);
    assert_true(b->m.process.there);
    assert_int_equal(b->s.phases.rec.stopped.sequence, 0);
    assert_int_equal(b->m.begun[SERVICE_ACT_STOP], 0);
}

static void not_taken_up_in_another_boot(void **state)
{
    struct swap_bench *b = *state;

    assert_int_equal(say(b, SERVICE_STOP), REFUSAL_NONE);
    begin_anew(b, 0x52);
    assert_false(phases_works(&b->s.phases));
    assert_true(b->m.process.there);
    assert_int_equal(b->m.begun[SERVICE_ACT_STOP], 0);
}

/* Another boot does not forget the stop either: Nomad does not start, and the start order works. */
static void known_in_another_boot(void **state)
{
    struct swap_bench *b = *state;

    stop(b);
    begin_anew(b, 0x52);
    assert_false(phases_works(&b->s.phases));
    assert_false(b->m.process.there);
    assert_true(b->s.phases.rec.stopped.sequence != 0);
    assert_int_equal(say(b, SERVICE_START), REFUSAL_NONE);
    (void)swap_bench_rest(b);
    assert_true(b->m.process.there);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, swap_bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(disabled_stopped_and_all_undone),
        CASE(a_repeat_gets_the_kept_receipt_and_does_nothing),
        CASE(others_wait_while_it_stops),
        cmocka_unit_test_setup_teardown(a_first_start_as_a_server_is_a_joining, set_up,
                                        swap_bench_tear_down),
        cmocka_unit_test_setup_teardown(no_other_start_is_a_joining, set_up, swap_bench_tear_down),
        cmocka_unit_test(what_is_allowed),
        CASE(a_unit_that_starts_all_the_same_is_told),
        CASE(the_gap_is_kept_after_a_stop),
        CASE(only_a_stop_by_order_is_undone),
        CASE(only_the_same_binary_is_started),
        CASE(no_swap_starts_it),
        CASE(no_revert_starts_it),
        CASE(what_does_not_end_in_time_is_told),
        CASE(a_manager_that_is_away_is_asked_again),
        CASE(taken_up_in_the_same_boot),
        CASE(not_taken_up_against_another_process),
        CASE(not_taken_up_in_another_boot),
        CASE(known_in_another_boot),
    };

    return cmocka_run_group_tests_name("service_order", tests, NULL, NULL);
}
