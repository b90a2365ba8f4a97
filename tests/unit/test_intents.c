/* intents.h: what the answer to an order changes in the ledger, and an answer from before a
 * resume. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "intents.h"
#include "orders_sent.h"
#include "effect_calls.h"
#include "lease_book.h"
#include "run_desk.h"
#include "str.h"

#define C1 "c1-id"

static struct ledger_host *c1(struct run_desk *b)
{
    return ledger_host(&b->f.ledger, C1);
}

/* A stage order is on its way to c1. */
static int set_up(void **state)
{
    struct run_desk *b = run_desk_open(RUN_STAGING);

    c1(b)->state = HOST_STAGING;
    c1(b)->order = MSG_STAGE;
    c1(b)->call.sequence = 7;
    c1(b)->attempts = 1;
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    run_desk_close(*state);
    return 0;
}

static void refused(struct run_desk *b, enum refusal why)
{
    autofree struct receipt *r = xzalloc(1, sizeof(*r));
    struct event ev = {.kind = EV_RECEIPT, .key = C1, .order = c1(b)->order, .receipt = r};

    memcpy(ev.nonce, c1(b)->call.nonce, NONCE_LEN);
    r->u.done = (struct receipt_done){.refusal = why, .last_sequence = 7, .text = "not here"};
    intents_take_receipt(&b->run, &ev);
}

/* The order was signed again: a used sequence does not mean that the host refused the order. */
static void an_answer_to_another_keys_bytes_decides_nothing(void **state)
{
    struct run_desk *b = *state;
    static const struct {
        enum refusal refusal;
        bool alive; /* caravan-swap itself reports the time */
    } cases[] = {{REFUSAL_LATE, true},      {REFUSAL_REPLAYED, true}, {REFUSAL_SEQUENCE, true},
                 {REFUSAL_SESSION, true},   {REFUSAL_EPOCH, true},    {REFUSAL_NONE, false},
                 {REFUSAL_ROLE, false},     {REFUSAL_IO, false},      {REFUSAL_LEASE, false},
                 {REFUSAL_MANIFEST, false}, {REFUSAL_PHASE, false}};

    memset(&c1(b)->inner_digest, 7, sizeof(c1(b)->inner_digest));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        c1(b)->receipt_ms = 0;
        refused(b, cases[i].refusal);
        assert_false(c1(b)->answered);
        assert_int_equal(c1(b)->state, HOST_STAGING);
        assert_int_equal(c1(b)->refusal, REFUSAL_NONE);
        assert_int_equal(c1(b)->receipt_ms != 0, cases[i].alive);
    }
}

static int commit_all(void *ctx, struct ledger *l, struct err *err)
{
    (void)ctx;
    (void)l;
    (void)err;
    return 0;
}

static void a_withdrawn_order_leaves_its_turn(void **state)
{
    static const struct {
        enum message_kind order;
        enum host_state from, to;
    } cases[] = {{MSG_STAGE, HOST_STAGING, HOST_PENDING},
                 {MSG_SWAP, HOST_SWAPPING, HOST_STAGED},
                 {MSG_REVERT, HOST_REVERTING, HOST_SETTLING},
                 {MSG_SERVICE, HOST_STOPPING, HOST_STOPPING}};
    struct run_desk *b = *state;
    struct err err = ERR_INIT;

    b->ports.commit = commit_all;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        autofree struct decision *d = xzalloc(1, sizeof(*d));
        c1(b)->order = cases[i].order;
        c1(b)->state = cases[i].from;
        c1(b)->receipt_ms = 1;
        d->n_intents = 1;
        d->intents[0].kind = INTENT_WITHDRAW;
        str_cut(d->intents[0].key, UUID_MAX, C1);
        assert_int_equal(intents_carry_out(&b->run, d, &err), 0);
        assert_int_equal(c1(b)->state, cases[i].to);
        assert_int_equal(c1(b)->order, MSG_NONE);
        assert_int_equal(c1(b)->receipt_ms, 0);
        assert_int_equal(c1(b)->call.sequence, 7); /* the next order has a higher number */
    }
}

static void what_the_law_refuses_fails_the_host(void **state)
{
    struct run_desk *b = *state;

    refused(b, REFUSAL_URL);
    assert_int_equal(c1(b)->state, HOST_FAILED);
    assert_int_equal(c1(b)->failure, FAILURE_REFUSED_BY_LAW);
    assert_string_equal(c1(b)->text, "stage order refused, url: not here");
}

/* A resume does not prove that the node is the same: the run still compares it with the state from
 * before. */
static void what_came_back_different_is_not_forgotten(void **state)
{
    struct run_desk *b = *state;

    for (int again = 0; again < 2; again++) {
        c1(b)->differs = again == 0 ? FEATURE_CLASS : FEATURE_NONE;
        buf_clear(&c1(b)->fingerprint);
        buf_add_str(&c1(b)->fingerprint, "what it was");
        c1(b)->state = HOST_FAILED;
        ledger_resume(&b->f.ledger);
        order_note_baseline(&b->run, c1(b)); /* its next swap */
        assert_int_equal(str_eq(buf_str(&c1(b)->fingerprint), "what it was"), again == 0);
    }
}

/* A server that is also a client: whether it was a ready client, and its tasks. */
static void what_is_noted_of_both_roles(void **state)
{
    struct run_desk *b = *state;
    struct ledger_host *lh = ledger_host(&b->f.ledger, "s1-id");
    struct host *h = &b->f.hosts[0];

    lh->n_allocs = 3;
    order_note_baseline(&b->run, lh);
    assert_int_equal(lh->n_allocs, 0);
    assert_int_equal(lh->base_modify_index, 0);
    h->is_client = true;
    h->client = b->f.hosts[3].client;
    order_note_baseline(&b->run, lh);
    assert_int_equal(lh->n_allocs, 1);
    assert_int_equal(lh->base_modify_index, h->client.modify_index);
    h->client.status = "down";
    order_note_baseline(&b->run, lh);
    assert_int_equal(lh->base_modify_index, 0); /* it need not be better than before */
}

/* A drain leaves the tasks of system jobs: these must keep running. */
static void what_is_noted_of_a_drained_client(void **state)
{
    struct run_desk *b = *state;
    struct alloc_view *a = &b->f.allocs[0][0];

    order_note_baseline(&b->run, c1(b));
    assert_int_equal(c1(b)->n_allocs, 1);
    assert_non_null(ledger_effect_add(&b->f.ledger, EFFECT_DRAIN, C1));
    order_note_baseline(&b->run, c1(b));
    assert_int_equal(c1(b)->n_allocs, 0);
    a->system_job = true;
    order_note_baseline(&b->run, c1(b));
    assert_int_equal(c1(b)->n_allocs, 1);
}

/* The answer came when the host was known to be gone, or when the run had left it out for its
 * silence: the run neither stages it nor sends it orders again. */
static void whose_turn_is_over_has_no_other(void **state)
{
    static const enum refusal whys[] = {REFUSAL_LATE, REFUSAL_BUSY, REFUSAL_HELD, REFUSAL_PHASE};
    static const enum host_state ends[] = {HOST_GONE, HOST_SKIPPED, HOST_FAILED, HOST_DONE};
    static const enum message_kind orders[] = {MSG_STAGE, MSG_SWAP};
    struct run_desk *b = *state;

    for (size_t i = 0; i < ARRAY_LEN(whys) * ARRAY_LEN(ends) * ARRAY_LEN(orders); i++) {
        enum host_state end = ends[i / ARRAY_LEN(whys) % ARRAY_LEN(ends)];
        c1(b)->order = orders[i / ARRAY_LEN(whys) / ARRAY_LEN(ends)];
        c1(b)->state = end;
        c1(b)->answered = false;
        refused(b, whys[i % ARRAY_LEN(whys)]);
        assert_int_equal(c1(b)->state, end);
    }
}

/* Root holds the host by now. Before its swap the run leaves the host out; after its swap the host
 * has failed and could not be reverted. */
static void a_held_host_is_left_out_only_before_its_swap(void **state)
{
    static const struct {
        enum message_kind order;
        enum host_state before, after;
        enum skip_why skip;
        enum outcome outcome;
    } rows[] = {
        {MSG_SWAP, HOST_SWAPPING, HOST_SKIPPED, SKIP_HELD, OUTCOME_NONE},
        {MSG_REVERT, HOST_REVERTING, HOST_FAILED, SKIP_NONE, OUTCOME_LEFT},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct run_desk *b = *state;

        c1(b)->order = rows[i].order;
        c1(b)->state = rows[i].before;
        refused(b, REFUSAL_HELD);
        assert_int_equal(c1(b)->state, rows[i].after);
        assert_int_equal(c1(b)->skip, rows[i].skip);
        assert_int_equal(c1(b)->outcome, rows[i].outcome);
        tear_down(state);
        set_up(state);
    }
}

/* Many hosts refuse for one reason, and the run stops at the first. The process that resumes reads
 * the answers of the others, when the reason may be gone. One resume must be enough. */
static void what_was_refused_before_a_resume_is_ordered_anew(void **state)
{
    static const enum refusal final[] = {REFUSAL_URL, REFUSAL_FORMAT, REFUSAL_HELD};

    for (size_t i = 0; i < ARRAY_LEN(final); i++) {
        struct run_desk *b = *state;

        ledger_resume(&b->f.ledger);
        refused(b, final[i]);
        assert_int_equal(c1(b)->state, HOST_PENDING);
        assert_true(c1(b)->call.retry_ms <= SMALL_NOW);
        assert_int_equal(b->f.ledger.failures + b->f.ledger.skipped, 0);

        c1(b)->attempts = 1; /* and it refuses the new order, too */
        c1(b)->answered = false;
        refused(b, final[i]);
        assert_true(host_finished(c1(b)->state));
        tear_down(state);
        set_up(state);
    }
}

/* The run asks for c1's lease, and c1 gives it. */
static void hold_lease(struct run_desk *b)
{
    autofree struct receipt *r = xzalloc(1, sizeof(*r));
    struct event ev = {.kind = EV_RECEIPT, .key = C1, .order = MSG_LEASE, .receipt = r};
    struct lease_state *lease = &r->u.done.lease;
    const struct sent_order *asked = NULL;
    struct err err = ERR_INIT;

    assert_int_equal(lease_tick(&b->run, &err), 0);
    assert_int_equal(run_desk_sent(b, MSG_LEASE, C1, &asked), 1);
    memcpy(ev.nonce, asked->nonce, NONCE_LEN);
    *lease = (struct lease_state){.held = true, .epoch = 1, .revision = 1, .expires_in_ms = 120000};
    memcpy(lease->run_id, b->f.ledger.run_id, RUN_ID_LEN);
    lease->plan = b->f.ledger.plan_digest;
    lease_receipt(&b->run, &ev);
    b->f.hosts[3].agent.lease = *lease; /* and from now on its hello reports it */
    b->f.hosts[3].agent.lease_at = SMALL_NOW;
}

/* A restarted listener keeps its lease, but caravan-swap has not received it since the restart. To
 * wait for the next renewal would take half a minute for each such host. */
static void who_shows_no_lease_is_asked_for_it_at_once(void **state)
{
    struct run_desk *b = *state;
    struct err err = ERR_INIT;

    lease_init(&b->run);
    hold_lease(b);
    assert_int_equal(lease_tick(&b->run, &err), 0);
    assert_int_equal(run_desk_sent(b, MSG_LEASE, C1, NULL), 1); /* the next renewal is far */
    refused(b, REFUSAL_LEASE);
    assert_int_equal(c1(b)->state, HOST_PENDING);
    assert_int_equal(lease_tick(&b->run, &err), 0);
    assert_int_equal(run_desk_sent(b, MSG_LEASE, C1, NULL), 2);
    lease_free(&b->run);
}

/* The listener restarted, and the known hello is from before: until the next hello it refuses every
 * order. */
static void a_refused_give_back_is_no_flood(void **state)
{
    struct run_desk *b = *state;
    autofree struct receipt *r = xzalloc(1, sizeof(*r));
    struct event ev = {.kind = EV_RECEIPT, .key = C1, .order = MSG_LEASE, .receipt = r};
    const struct sent_order *back = NULL;
    struct err err = ERR_INIT;

    lease_init(&b->run);
    hold_lease(b);
    c1(b)->state = HOST_DONE; /* its turn is over, and the run gives the lease back */
    assert_int_equal(lease_tick(&b->run, &err), 0);
    assert_int_equal(run_desk_sent(b, MSG_LEASE, C1, &back), 2);
    memcpy(ev.nonce, back->nonce, NONCE_LEN);
    r->u.done.refusal = REFUSAL_SESSION;
    r->u.done.lease = b->f.hosts[3].agent.lease;
    lease_receipt(&b->run, &ev);
    assert_int_equal(lease_tick(&b->run, &err), 0);
    assert_int_equal(run_desk_sent(b, MSG_LEASE, C1, NULL), 2);
    lease_free(&b->run);
}

/* A host whose root does not allow this operator's orders has answered: the wait must say so. */
static void a_refused_lease_is_named(void **state)
{
    struct run_desk *b = *state;
    autofree struct receipt *r = xzalloc(1, sizeof(*r));
    struct event ev = {.kind = EV_RECEIPT, .order = MSG_LEASE, .receipt = r};
    const struct sent_order *asked = NULL;
    struct err err = ERR_INIT;

    ev.key = b->f.plan.hosts[0].key;
    lease_init(&b->run);
    assert_int_equal(lease_tick(&b->run, &err), 0);
    assert_non_null(strstr(b->run.lease.text, "no answer yet"));
    assert_int_equal(run_desk_sent(b, MSG_LEASE, ev.key, &asked), 1);
    memcpy(ev.nonce, asked->nonce, NONCE_LEN);
    r->u.done.refusal = REFUSAL_ROLE;
    str_cut(r->u.done.text, sizeof(r->u.done.text), "root's list does not name anna");
    lease_receipt(&b->run, &ev);
    assert_int_equal(lease_tick(&b->run, &err), 0);
    assert_non_null(
        strstr(b->run.lease.text, "the host refused it, root's list does not name anna"));
    lease_free(&b->run);
}

/* Refusals of an order about the service: a unit that orders cannot control, and root's ban, end
 * the turn. For a stop of a service that does not run, the next hello decides. The other refusals
 * pass. */
static void what_a_service_order_was_refused_for(void **state)
{
    static const struct {
        enum host_state before;
        enum refusal why;
        enum host_state after;
    } rows[] = {
        {HOST_DISABLING, REFUSAL_PHASE, HOST_FAILED},
        {HOST_ENABLING, REFUSAL_PHASE, HOST_FAILED},
        {HOST_STOPPING, REFUSAL_PHASE, HOST_STOPPING},
        {HOST_STOPPING, REFUSAL_HELD, HOST_FAILED},
        {HOST_STOPPING, REFUSAL_QUORUM, HOST_STOPPING},
        {HOST_STOPPING, REFUSAL_GAP, HOST_STOPPING},
        {HOST_DISABLING, REFUSAL_PAUSED, HOST_DISABLING},
        {HOST_ENABLING, REFUSAL_LATE, HOST_ENABLING},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct run_desk *b = *state;

        b->f.plan.hosts[c1(b) - b->f.ledger.hosts].is_server = true;
        c1(b)->order = MSG_SERVICE;
        c1(b)->state = rows[i].before;
        refused(b, rows[i].why);
        assert_int_equal(c1(b)->state, rows[i].after);
        assert_int_equal(c1(b)->outcome,
                         rows[i].after == HOST_FAILED ? OUTCOME_LEFT : OUTCOME_NONE);
        assert_int_equal(c1(b)->refusal, rows[i].why);
        tear_down(state);
        set_up(state);
    }
}

/* The end of the run reports why the server is removed again, whatever is refused meanwhile. */
static void why_one_is_taken_out_stands(void **state)
{
    struct run_desk *b = *state;

    c1(b)->order = MSG_SERVICE;
    c1(b)->state = HOST_STOPPING;
    c1(b)->outcome = OUTCOME_UNDONE;
    str_cut(c1(b)->text, sizeof(c1(b)->text), "is not a voter");
    refused(b, REFUSAL_QUORUM);
    assert_string_equal(c1(b)->text, "is not a voter");
}

/* ---- the record ---- */

static void no_places(void *ctx, const char *key, struct order_stage *ret)
{
    (void)ctx;
    (void)key;
    memset(ret, 0, sizeof(*ret));
}

/* An order that is sent must be in the ledger before, together with the order that it follows. */
static int commit_first(void *ctx, struct ledger *l, struct err *err)
{
    struct run_desk *b = ctx;

    (void)err;
    assert_int_equal(l->n_kept, 1);
    assert_false(l->kept[0].receipt);
    assert_string_equal(buf_str(&l->kept[0].inner), "order");
    assert_int_equal(l->kept[0].told, 4);
    assert_int_equal(&l->hosts[l->kept[0].host] - c1(b), 0);
    assert_int_equal(run_desk_sent(b, MSG_STAGE, C1, NULL), 0);
    ledger_kept_clear(l);
    return 0;
}

static void an_order_is_kept_before_it_is_sent(void **state)
{
    struct run_desk *b = *state;
    autofree struct decision *d = xzalloc(1, sizeof(*d));
    unsigned char nonce[NONCE_LEN], salt[NONCE_LEN];
    struct digest before;
    struct err err = ERR_INIT;

    b->ports.commit = commit_first;
    b->ports.stage_order = no_places;
    lease_init(&b->run);
    effects_init(&b->run);
    hold_lease(b);
    c1(b)->state = HOST_PENDING;
    b->f.hosts[3].agent.hello.swap_sequence = 4;
    memset(&c1(b)->kept_last, 0xaa, DIGEST_LEN);
    before = c1(b)->kept_last;
    d->n_intents = 1;
    d->intents[0].kind = INTENT_STAGE;
    str_cut(d->intents[0].key, sizeof(d->intents[0].key), C1);
    assert_int_equal(intents_carry_out(&b->run, d, &err), 0);
    assert_int_equal(b->f.ledger.n_kept, 0); /* it was committed */
    assert_int_equal(run_desk_sent(b, MSG_STAGE, C1, NULL), 1);
    bool follows = false; /* one of the bytes of the desk's random values */
    for (int i = 0; i < 256 && !follows; i++) {
        memset(salt, i, sizeof(salt));
        ledger_nonce(b->f.ledger.run_id, &before, salt, nonce);
        follows = memcmp(nonce, b->signed_last.head.nonce, NONCE_LEN) == 0;
    }
    assert_true(follows);
    assert_true(digest_eq(&c1(b)->kept_last, &c1(b)->inner_digest));
    effects_free(&b->run);
    lease_free(&b->run);
}

/* The ledger keeps the receipt that decided, and no later receipt. */
static void a_receipt_is_kept_once(void **state)
{
    struct run_desk *b = *state;
    autofree struct receipt *r = xzalloc(1, sizeof(*r));
    auto_buf struct buf inner = BUF_INIT;
    struct event ev = {
        .kind = EV_RECEIPT, .key = C1, .order = MSG_STAGE, .receipt = r, .inner = &inner};

    buf_add_str(&inner, "receipt");
    memset(&r->head.order, 0x77, sizeof(r->head.order));
    for (int i = 0; i < 2; i++)
        intents_take_receipt(&b->run, &ev);
    assert_int_equal(b->f.ledger.n_kept, 1);
    assert_true(b->f.ledger.kept[0].receipt);
    assert_string_equal(buf_str(&b->f.ledger.kept[0].inner), "receipt");
    assert_true(digest_eq(&b->f.ledger.kept[0].order, &r->head.order));
    assert_ptr_equal(&b->f.ledger.hosts[b->f.ledger.kept[0].host], c1(b));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_answer_to_another_keys_bytes_decides_nothing),
        CASE(a_withdrawn_order_leaves_its_turn),
        CASE(what_the_law_refuses_fails_the_host),
        CASE(a_held_host_is_left_out_only_before_its_swap),
        CASE(what_came_back_different_is_not_forgotten),
        CASE(what_is_noted_of_both_roles),
        CASE(what_is_noted_of_a_drained_client),
        CASE(whose_turn_is_over_has_no_other),
        CASE(what_was_refused_before_a_resume_is_ordered_anew),
        CASE(who_shows_no_lease_is_asked_for_it_at_once),
        CASE(a_refused_give_back_is_no_flood),
        CASE(a_refused_lease_is_named),
        CASE(what_a_service_order_was_refused_for),
        CASE(why_one_is_taken_out_stands),
        CASE(an_order_is_kept_before_it_is_sent),
        CASE(a_receipt_is_kept_once),
    };

    return cmocka_run_group_tests_name("intents", tests, NULL, NULL);
}
