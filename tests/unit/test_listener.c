#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "listener_room.h"
#include "paper_journal.h"
#include "scratch_dir.h"
#include "str.h"

static struct receipt *status(struct room *r)
{
    return room_say(r, desk_order(&r->desk, MSG_STATUS, 0, 0), r->desk.observer);
}

static void drop_status(struct receipt *s)
{
    receipt_done_with(s);
    free(s);
}

/* ---- who is answered ---- */

static void hello_to_anybody_named(void **state)
{
    struct room *r = *state;
    const struct keypair *named[] = {r->desk.operator, r->desk.observer };
    for (size_t i = 0; i < ARRAY_LEN(named); i++) {
        struct order *o = desk_order(&r->desk, MSG_HELLO, 0, 0);
        o->u.hello.wire_min = o->u.hello.wire_max = 1;
        struct receipt *got = room_say(r, o, named[i]);
        assert_non_null(got);
        assert_int_equal(got->u.hello.view_revision, 10);
        assert_int_equal(got->u.hello.phase, PHASE_STAGED);
        assert_memory_equal(got->head.session, r->desk.session, SESSION_LEN);
        assert_int_equal(got->head.time_ms, 100000);
        free(got);
    }
}

static void strangers_get_no_answer(void **state)
{
    struct room *r = *state;
    assert_null(room_say(r, desk_order(&r->desk, MSG_HELLO, 0, 0), r->desk.stranger));
    assert_null(room_say(r, desk_order(&r->desk, MSG_STATUS, 0, 0), r->desk.stranger));
    assert_null(room_say(r, room_lease_order(r, LEASE_TAKE, 'a', 0, 0), r->desk.stranger));
    room_take_lease(r);
    assert_null(room_say(r, room_note_order(r, 1, "x", 1), r->desk.stranger));
    assert_null(room_say(r, room_swap_order(r, 1), r->desk.stranger));
    assert_int_equal(fake_swap_count(r->swap), 0);
}

static void misdirected_is_dropped(void **state)
{
    struct room *r = *state;
    struct order *o = desk_order(&r->desk, MSG_HELLO, 0, 0);
    o->head.cluster[0] ^= 1;
    assert_null(room_say(r, o, r->desk.operator));
    o = desk_order(&r->desk, MSG_HELLO, 0, 0);
    o->head.receiver = *keypair_public(r->desk.stranger);
    assert_null(room_say(r, o, r->desk.operator));
    o = desk_order(&r->desk, MSG_HELLO, 0, 0);
    memset(&o->head.receiver, 0, sizeof(o->head.receiver)); /* enrolment, but sealed */
    assert_null(room_say(r, o, r->desk.operator));
}

static void changed_bytes_are_dropped(void **state)
{
    struct room *r = *state;
    struct order *o = room_lease_order(r, LEASE_TAKE, 'a', 0, 0);
    desk_inner(o, r->desk.operator, & r->inner);
    free(o);
    for (size_t i = 0; i < r->inner.len; i++) {
        auto_buf struct buf frame = BUF_INIT, answer = BUF_INIT;
        r->inner.data[i] ^= 0x40;
        desk_seal(&r->desk, &r->inner, &frame);
        assert_int_equal(listener_handle(r->listener, frame.data, frame.len, &answer), -1);
        assert_int_equal(answer.len, 0);
        r->inner.data[i] ^= 0x40;
    }
    assert_int_equal(room_refusal(room_hand_in(r, r->desk.operator)), REFUSAL_NONE);
}

static void enrolment_hello_is_plain(void **state)
{
    struct room *r = *state;
    auto_buf struct buf frame = BUF_INIT, answer = BUF_INIT;
    struct err err = ERR_INIT;
    struct order *o = desk_order(&r->desk, MSG_HELLO, 0, 0);

    memset(&o->head.receiver, 0, sizeof(o->head.receiver));
    desk_inner(o, r->desk.operator, & r->inner);
    assert_int_equal(envelope_plain(r->inner.data, r->inner.len, &frame, &err), 0);
    assert_int_equal(listener_handle(r->listener, frame.data, frame.len, &answer), 0);
    struct receipt *got =
        desk_receipt(&r->desk, r->desk.operator, & r->inner, answer.data, answer.len, &err);
    if (got == NULL)
        fail_msg("%s", err.text);
    assert_true(pubkey_eq(&got->head.sender, keypair_public(r->desk.host)));
    free(got);

    /* The same frame again gets no answer at first, and later an answer that only its sender can
     * read. */
    buf_clear(&answer);
    assert_int_equal(listener_handle(r->listener, frame.data, frame.len, &answer), -1);
    r->now += ENROLMENT_MS - 1;
    assert_int_equal(listener_handle(r->listener, frame.data, frame.len, &answer), -1);
    r->now += 1;
    assert_int_equal(listener_handle(r->listener, frame.data, frame.len, &answer), 0);
    assert_null(desk_receipt(&r->desk, r->desk.stranger, &r->inner, answer.data, answer.len, &err));
    assert_int_equal(answer.data[4], FRAME_SEALED);
    r->now += ENROLMENT_MS;

    buf_clear(&frame);
    desk_inner(o, r->desk.stranger, &r->inner);
    assert_int_equal(envelope_plain(r->inner.data, r->inner.len, &frame, &err), 0);
    assert_int_equal(listener_handle(r->listener, frame.data, frame.len, &answer), -1);

    /* No other order may come without a seal. */
    free(o);
    o = room_lease_order(r, LEASE_TAKE, 'a', 0, 0);
    buf_clear(&frame);
    desk_inner(o, r->desk.operator, & r->inner);
    free(o);
    buf_add(&frame, "CRVN\2", 5);
    buf_add_u32(&frame, (uint32_t)r->inner.len);
    buf_add(&frame, r->inner.data, r->inner.len);
    assert_int_equal(listener_handle(r->listener, frame.data, frame.len, &answer), -1);
}

static void observers_change_nothing(void **state)
{
    struct room *r = *state;
    assert_int_equal(
        room_refusal(room_say(r, room_lease_order(r, LEASE_TAKE, 'a', 0, 0), r->desk.observer)),
        REFUSAL_ROLE);
    room_take_lease(r);
    assert_int_equal(room_refusal(room_say(r, room_swap_order(r, 1), r->desk.observer)),
                     REFUSAL_ROLE);
    assert_int_equal(room_refusal(room_say(r, room_note_order(r, 1, "x", 1), r->desk.observer)),
                     REFUSAL_ROLE);
    assert_int_equal(fake_swap_count(r->swap), 0);
    struct receipt *s = status(r);
    assert_non_null(s);
    assert_int_equal(s->u.status.n_notes, 0);
    drop_status(s);
}

/* ---- once, in order, in time ---- */

static void repeats_get_the_kept_receipt(void **state)
{
    struct room *r = *state;
    room_take_lease(r);
    struct receipt *again = room_hand_in(r, r->desk.operator);
    assert_int_equal(again->u.done.refusal, REFUSAL_NONE);
    assert_int_equal(again->u.done.lease.revision, 1);
    free(again);
    /* After a restart of the agent, in another boot session, long after start_by. */
    listener_free(r->listener);
    r->desk.session[0] ^= 1;
    r->now = 5;
    room_listen(r);
    again = room_hand_in(r, r->desk.operator);
    assert_int_equal(again->u.done.refusal, REFUSAL_NONE);
    assert_int_equal(again->u.done.lease.revision, 1);
    assert_int_equal(again->head.time_ms, 100000);
    free(again);
}

static void old_sessions_and_late_orders_are_refused(void **state)
{
    struct room *r = *state;
    struct order *o = room_lease_order(r, LEASE_TAKE, 'a', 0, 0);
    o->head.session[3] ^= 1;
    assert_int_equal(room_refusal(room_say(r, o, r->desk.operator)), REFUSAL_SESSION);
    o = room_lease_order(r, LEASE_TAKE, 'a', 0, 0);
    o->head.time_ms = 99999;
    assert_int_equal(room_refusal(room_say(r, o, r->desk.operator)), REFUSAL_LATE);
    o = room_lease_order(r, LEASE_TAKE, 'a', 0, 0);
    o->head.time_ms = 100000;
    assert_int_equal(room_refusal(room_say(r, o, r->desk.operator)), REFUSAL_NONE);
}

static void notes_are_kept_once_each(void **state)
{
    struct room *r = *state;
    assert_int_equal(room_refusal(room_say(r, room_note_order(r, 1, "x", 1), r->desk.operator)),
                     REFUSAL_LEASE);
    room_take_lease(r);
    assert_int_equal(room_refusal(room_say(r, room_note_order(r, 2, "drain", 5), r->desk.operator)),
                     REFUSAL_NONE);
    assert_int_equal(room_refusal(room_say(r, room_note_order(r, 2, "other", 5), r->desk.operator)),
                     REFUSAL_REPLAYED);
    assert_int_equal(room_refusal(room_say(r, room_note_order(r, 2, "older", 4), r->desk.operator)),
                     REFUSAL_SEQUENCE);
    /* Also after a restart. */
    listener_free(r->listener);
    room_listen(r);
    assert_int_equal(room_refusal(room_say(r, room_note_order(r, 2, "older", 5), r->desk.operator)),
                     REFUSAL_REPLAYED);
    struct receipt *s = status(r);
    assert_int_equal(s->u.status.n_notes, 1);
    assert_int_equal(s->u.status.notes[0].slot, 2);
    assert_memory_equal(s->u.status.notes[0].text, "drain", 5);
    drop_status(s);
    struct order *o = room_note_order(r, 2, "", 6);
    o->u.note.clear = true;
    assert_int_equal(room_refusal(room_say(r, o, r->desk.operator)), REFUSAL_NONE);
    s = status(r);
    assert_int_equal(s->u.status.n_notes, 0);
    drop_status(s);
}

static void what_is_not_durable_is_refused(void **state)
{
    struct room *r = *state;
    char saved[120];
    snprintf(saved, sizeof(saved), "%.100s.away", r->dir);
    assert_int_equal(rename(r->dir, saved), 0);
    assert_int_equal(
        room_refusal(room_say(r, room_lease_order(r, LEASE_TAKE, 'a', 0, 0), r->desk.operator)),
        REFUSAL_IO);
    assert_int_equal(rename(saved, r->dir), 0);
    struct receipt *s = status(r);
    assert_false(s->u.status.lease.held);
    assert_int_equal(s->u.status.lease.revision, 0);
    drop_status(s);
    room_take_lease(r);
}

/* ---- orders for swap ---- */

static void orders_go_to_swap_byte_for_byte(void **state)
{
    struct room *r = *state;
    auto_buf struct buf last = BUF_INIT;
    room_take_lease(r);
    struct receipt *got = room_say(r, room_swap_order(r, 1), r->desk.operator);
    assert_non_null(got);
    assert_string_equal(got->u.done.text, "by the fake");
    free(got);
    fake_swap_last(r->swap, &last);
    assert_int_equal(last.len, r->inner.len);
    assert_memory_equal(last.data, r->inner.data, last.len);
    assert_int_equal(room_refusal(room_say(r, room_swap_order(r, 2), r->desk.operator)),
                     REFUSAL_NONE);
    assert_int_equal(fake_swap_count(r->swap), 2);
    assert_int_equal(fake_swap_connections(r->swap), 1);
}

/* The package was upgraded, and caravan-swap is still the old program. */
static void a_swap_of_before_gets_the_order_alone(void **state)
{
    struct room *r = *state;
    room_take_lease(r);
    fake_swap_does(r->swap, FAKE_OF_BEFORE);
    for (uint64_t i = 1; i <= 2; i++)
        assert_int_equal(room_refusal(room_say(r, room_swap_order(r, i), r->desk.operator)),
                         REFUSAL_NONE);
    fake_swap_does(r->swap, FAKE_SILENT); /* a dropped order stays dropped */
    assert_null(room_say(r, room_swap_order(r, 3), r->desk.operator));
}

static void lease_and_pause_bind_them(void **state)
{
    struct room *r = *state;
    assert_int_equal(room_refusal(room_say(r, room_swap_order(r, 1), r->desk.operator)),
                     REFUSAL_LEASE);
    room_take_lease(r);
    assert_int_equal(room_refusal(room_say(r, room_lease_order(r, LEASE_PAUSE, 'a', 1, 0),
                                           r->desk.other_operator)),
                     REFUSAL_NONE);
    assert_int_equal(room_refusal(room_say(r, room_swap_order(r, 2), r->desk.operator)),
                     REFUSAL_PAUSED);
    assert_int_equal(fake_swap_count(r->swap), 0);
    struct order *o = desk_order(&r->desk, MSG_REVERT, 1, 3);
    o->u.revert.deadline_ms = 1000;
    assert_int_equal(room_refusal(room_say(r, o, r->desk.operator)), REFUSAL_NONE);
    assert_int_equal(
        room_refusal(room_say(r, room_lease_order(r, LEASE_UNPAUSE, 'a', 2, 1), r->desk.operator)),
        REFUSAL_NONE);
    assert_int_equal(room_refusal(room_say(r, room_swap_order(r, 4), r->desk.operator)),
                     REFUSAL_NONE);
    o = room_swap_order(r, 5);
    o->head.epoch = 2;
    assert_int_equal(room_refusal(room_say(r, o, r->desk.operator)), REFUSAL_EPOCH);
    r->now += 200000;
    assert_int_equal(room_refusal(room_say(r, room_swap_order(r, 6), r->desk.operator)),
                     REFUSAL_LEASE);
    assert_int_equal(fake_swap_count(r->swap), 2);
}

/* The run is that of the lease, and not that of the caller. */
static void the_journal_names_the_run(void **state)
{
    struct room *r = *state;

    paper_journal_clear();
    r->log = (struct log){LOG_INFO, "test", paper_journal};
    room_take_lease(r);
    paper_journal_about("lease-taken", RUN_A "ORDER=lease");
    free(room_say(r, room_lease_order(r, LEASE_TAKE, 'b', 1, 0), r->desk.operator));
    paper_journal_about("order-refused", "ORDER=lease REFUSAL=lease SEQUENCE=1");
    free(room_say(r, room_lease_order(r, LEASE_PAUSE, 'a', 1, 1), r->desk.operator));
    paper_journal_about("paused", RUN_A "ORDER=lease SEQUENCE=1");
    free(room_say(r, room_swap_order(r, 6), r->desk.operator));
    paper_journal_about("order-refused", RUN_A "ORDER=swap REFUSAL=paused SEQUENCE=6");
}

/* A copy of a refused order, or another order with its number, is not carried out later. */
static void refused_stays_refused(void **state)
{
    struct room *r = *state;
    auto_buf struct buf refused = BUF_INIT;
    room_take_lease(r);
    free(room_say(r, room_lease_order(r, LEASE_PAUSE, 'a', 1, 0), r->desk.operator));
    assert_int_equal(room_refusal(room_say(r, room_swap_order(r, 7), r->desk.operator)),
                     REFUSAL_PAUSED);
    buf_add(&refused, r->inner.data, r->inner.len);
    free(room_say(r, room_lease_order(r, LEASE_UNPAUSE, 'a', 2, 0), r->desk.operator));
    listener_free(r->listener);
    room_listen(r);
    buf_clear(&r->inner);
    buf_add(&r->inner, refused.data, refused.len);
    assert_int_equal(room_refusal(room_hand_in(r, r->desk.operator)), REFUSAL_PAUSED);
    assert_int_equal(room_refusal(room_say(r, room_swap_order(r, 7), r->desk.operator)),
                     REFUSAL_SEQUENCE);
    assert_int_equal(room_refusal(room_say(r, room_swap_order(r, 6), r->desk.operator)),
                     REFUSAL_SEQUENCE);
    assert_int_equal(fake_swap_count(r->swap), 0);
    assert_int_equal(room_refusal(room_say(r, room_swap_order(r, 8), r->desk.operator)),
                     REFUSAL_NONE);
}

/* Swap has accepted the order: only swap knows the receipt, whatever the lease says now. */
static void swaps_repeats_reach_swap(void **state)
{
    struct room *r = *state;
    room_take_lease(r);
    assert_int_equal(room_refusal(room_say(r, room_swap_order(r, 7), r->desk.operator)),
                     REFUSAL_NONE);
    auto_buf struct buf taken = BUF_INIT;
    buf_add(&taken, r->inner.data, r->inner.len);
    r->shown->hello.swap_epoch = 1;
    r->shown->hello.swap_sequence = 7;
    listener_set_status(r->listener, r->shown, NULL);
    free(room_say(r, room_lease_order(r, LEASE_PAUSE, 'a', 1, 0), r->desk.operator));
    buf_clear(&r->inner);
    buf_add(&r->inner, taken.data, taken.len);
    assert_int_equal(room_refusal(room_hand_in(r, r->desk.operator)), REFUSAL_NONE);
    assert_int_equal(fake_swap_count(r->swap), 2);
}

static void swap_restarting_is_found_again(void **state)
{
    struct room *r = *state;
    room_take_lease(r);
    assert_int_equal(room_refusal(room_say(r, room_swap_order(r, 1), r->desk.operator)),
                     REFUSAL_NONE);
    fake_swap_stop(r->swap);
    r->swap = fake_swap_start(r->socket_path, r->desk.host);
    assert_int_equal(room_refusal(room_say(r, room_swap_order(r, 2), r->desk.operator)),
                     REFUSAL_NONE);
    assert_int_equal(fake_swap_count(r->swap), 1);
}

static void swap_unreachable_is_said(void **state)
{
    struct room *r = *state;
    room_take_lease(r);
    fake_swap_stop(r->swap);
    r->swap = NULL;
    assert_int_equal(room_refusal(room_say(r, room_swap_order(r, 1), r->desk.operator)),
                     REFUSAL_IO);
    r->swap = fake_swap_start(r->socket_path, r->desk.host);
    assert_int_equal(room_refusal(room_hand_in(r, r->desk.operator)), REFUSAL_IO); /* for good */
    assert_int_equal(room_refusal(room_say(r, room_swap_order(r, 2), r->desk.operator)),
                     REFUSAL_NONE);
}

/* Swap may have carried out the order: unknown does not mean refused. */
static void swap_gone_after_hearing_is_no_answer(void **state)
{
    struct room *r = *state;
    room_take_lease(r);
    fake_swap_does(r->swap, FAKE_HANG_UP);
    assert_null(room_say(r, room_swap_order(r, 1), r->desk.operator));
    assert_int_equal(fake_swap_count(r->swap), 2); /* passed to swap once more, as a repeat */
    fake_swap_does(r->swap, FAKE_SILENT);
    assert_null(room_say(r, room_swap_order(r, 2), r->desk.operator));
    fake_swap_does(r->swap, FAKE_STALE_FIRST);
    struct receipt *got = room_say(r, room_swap_order(r, 3), r->desk.operator);
    assert_non_null(got); /* the old receipt was not taken for the new one: hand_in checks */
    assert_int_equal(got->u.done.last_sequence, 3);
    free(got);
}

/* ---- view and held statuses ---- */

static void no_view_is_told_as_unknown(void **state)
{
    struct room *r = *state;
    listener_set_status(r->listener, NULL, "the view is damaged");
    struct receipt *s = status(r);
    assert_int_equal(s->u.status.work.revision, 0);
    assert_int_equal(s->u.status.work.phase, PHASE_FAILED);
    assert_string_equal(s->u.status.verdict.text, "the view is damaged");
    assert_int_equal(s->u.status.n_facts, 1);
    assert_string_equal(s->u.status.facts[0].id, "view");
    assert_int_equal(s->u.status.facts[0].value, TRI_UNKNOWN);
    drop_status(s);
    struct receipt *h = room_say(r, desk_order(&r->desk, MSG_HELLO, 0, 0), r->desk.operator);
    assert_int_equal(h->u.hello.view_revision, 0);
    assert_true(digest_is_zero(&h->u.hello.disk));
    free(h);
}

static void *tell_when_woken(void *arg)
{
    struct room *r = arg;
    while (fake_swap_connections(r->swap) == 0)
        sched_yield();
    r->shown->status.work.revision = r->shown->hello.view_revision = 12;
    listener_set_status(r->listener, r->shown, NULL);
    return NULL;
}

/* The file in place differs from the one in the view: the listener wakes swap and waits. */
static void a_stale_view_is_made_anew(void **state)
{
    struct room *r = *state;
    pthread_t thread;
    listener_free(r->listener);
    r->binary = r->dir;
    room_listen(r);
    assert_int_equal(fake_swap_connections(r->swap), 0);
    assert_int_equal(pthread_create(&thread, NULL, tell_when_woken, r), 0);
    struct receipt *h = room_say(r, desk_order(&r->desk, MSG_HELLO, 0, 0), r->desk.operator);
    assert_int_equal(h->u.hello.view_revision, 12);
    free(h);
    pthread_join(thread, NULL);
}

/* Root removed the hold file: the next status no longer reports it. */
static void a_hold_file_that_went_is_not_told(void **state)
{
    struct room *r = *state;
    pthread_t thread;
    listener_free(r->listener);
    snprintf(r->hold_file, sizeof(r->hold_file), "%.100s/hold", r->dir);
    r->shown->status.n_facts = 1;
    str_cut(r->shown->status.facts[0].id, sizeof(r->shown->status.facts[0].id), "held");
    r->shown->status.facts[0].value = TRI_YES;
    room_listen(r);
    assert_int_equal(pthread_create(&thread, NULL, tell_when_woken, r), 0);
    struct receipt *h = room_say(r, desk_order(&r->desk, MSG_HELLO, 0, 0), r->desk.operator);
    assert_int_equal(h->u.hello.view_revision, 12);
    free(h);
    pthread_join(thread, NULL);
}

/* The host's next heartbeat has come: the listener wakes swap and waits. Before, it does not. */
static void a_heartbeat_that_has_come_is_asked_anew(void **state)
{
    struct room *r = *state;
    struct fact *f = &r->shown->status.facts[0];
    pthread_t thread;
    r->shown->status.work.phase = PHASE_STAGED;
    r->shown->status.work.revision = r->shown->hello.view_revision = (uint64_t)r->now * 1000;
    r->shown->status.n_facts = 1;
    str_cut(f->id, sizeof(f->id), "heartbeat");
    f->value = TRI_YES;
    str_cut(f->text, sizeof(f->text), "age=5000 ttl=15000 at=92000");
    listener_set_status(r->listener, r->shown, NULL);
    r->now = 102000;
    drop_status(status(r));
    assert_int_equal(fake_swap_connections(r->swap), 0);
    r->now = 102001;
    assert_int_equal(pthread_create(&thread, NULL, tell_when_woken, r), 0);
    struct receipt *s = status(r);
    assert_int_equal(s->u.status.work.revision, 12);
    drop_status(s);
    pthread_join(thread, NULL);
}

static void a_full_status_still_fits(void **state)
{
    struct room *r = *state;
    struct receipt_status *v = &r->shown->status;
    char text[NOTE_MAX];

    v->n_facts = FACTS_MAX - 1;
    for (uint32_t i = 0; i < v->n_facts; i++) {
        memset(v->facts[i].id, 'i', sizeof(v->facts[i].id) - 1);
        memset(v->facts[i].text, 't', TEXT_MAX - 1);
    }
    v->n_log = LOG_LINES_MAX;
    for (uint32_t i = 0; i < v->n_log; i++) {
        v->log[i].cursor = 1000 + i;
        memset(v->log[i].text, 'l', TEXT_MAX - 1);
    }
    v->log_cursor = 1000 + v->n_log - 1;
    memset(v->verdict.evidence, 'e', sizeof(v->verdict.evidence) - 1);
    listener_set_status(r->listener, r->shown, NULL);
    room_take_lease(r);
    memset(text, 'n', sizeof(text));
    for (uint32_t i = 0; i < NOTES_MAX; i++) {
        struct order *o = room_note_order(r, i, "", i + 1);
        o->u.note.len = NOTE_MAX;
        memcpy(o->u.note.text, text, NOTE_MAX);
        assert_int_equal(room_refusal(room_say(r, o, r->desk.operator)), REFUSAL_NONE);
    }
    struct receipt *s = status(r);
    assert_non_null(s);
    assert_int_equal(s->u.status.n_notes, NOTES_MAX);
    assert_int_equal(s->u.status.n_facts, FACTS_MAX);
    assert_in_range(s->u.status.n_log, 1, LOG_LINES_MAX - 1);
    assert_int_equal(s->u.status.log_cursor, s->u.status.log[s->u.status.n_log - 1].cursor);
    drop_status(s);
}

/* The receipt of a status order of this version; NULL: there is none. */
static struct receipt *status_of_version(struct room *r, uint8_t version)
{
    struct order *o = desk_order(&r->desk, MSG_STATUS, 0, 0);
    o->head.version = version;
    return room_say(r, o, r->desk.operator);
}

/* An older coordinator gets an answer in its version, which has room for half of the facts. */
static void an_order_is_answered_in_its_version(void **state)
{
    struct room *r = *state;
    struct receipt_status *v = &r->shown->status;

    v->n_facts = FACTS_MAX - 1;
    for (uint32_t i = 0; i < v->n_facts; i++)
        snprintf(v->facts[i].id, sizeof(v->facts[i].id), "fact-%u", (unsigned)i);
    listener_set_status(r->listener, r->shown, NULL);
    for (uint8_t version = WIRE_MIN; version <= WIRE_MAX; version++) {
        struct receipt *s = status_of_version(r, version);
        assert_non_null(s);
        assert_int_equal(s->head.version, version);
        assert_int_equal(s->u.status.n_facts, message_facts_max(version));
        assert_string_equal(s->u.status.facts[0].id, "view");
        assert_string_equal(s->u.status.facts[47].id, "fact-46");
        drop_status(s);
    }
}

/* caravan-swap reports its versions: the hello contains the versions that both programs know. */
static void hello_tells_what_both_programs_speak(void **state)
{
    struct room *r = *state;
    const uint8_t told[] = {1, WIRE_MAX, WIRE_MAX + 1};
    for (size_t i = 0; i < ARRAY_LEN(told); i++) {
        r->shown->hello.wire_max = told[i];
        listener_set_status(r->listener, r->shown, NULL);
        struct receipt *h = room_say(r, desk_order(&r->desk, MSG_HELLO, 0, 0), r->desk.operator);
        assert_int_equal(h->u.hello.wire_max, MIN_OF(told[i], (uint8_t)WIRE_MAX));
        free(h);
    }
}

struct asker {
    pthread_t thread;
    struct room *r;
    struct buf frame, answer;
    uint32_t wait_ms;
    int rv;
};

static void *ask(void *arg)
{
    struct asker *a = arg;
    a->rv = listener_handle(a->r->listener, a->frame.data, a->frame.len, &a->answer);
    return NULL;
}

static void ask_held(struct room *r, struct asker *a, uint64_t after)
{
    auto_buf struct buf inner = BUF_INIT;
    struct order *o = desk_order(&r->desk, MSG_STATUS, 0, 0);
    o->u.status.after = after;
    o->u.status.wait_ms = STATUS_WAIT_MAX_MS;
    memset(a, 0, sizeof(*a));
    a->r = r;
    desk_frame(&r->desk, o, r->desk.observer, &inner, &a->frame);
    free(o);
    assert_int_equal(pthread_create(&a->thread, NULL, ask, a), 0);
}

static void end_ask(struct asker *a)
{
    pthread_join(a->thread, NULL);
    assert_int_equal(a->rv, 0);
    buf_free(&a->frame);
    buf_free(&a->answer);
}

/* The test ends only if each event releases a status. A lost event hangs for a minute, and then the
 * alarm ends the program. */
static void held_until_something_changes(void **state)
{
    struct room *r = *state;
    struct asker a, b, c;
    alarm(30);
    ask_held(r, &a, 10);
    r->shown->status.work.revision = 11;
    listener_set_status(r->listener, r->shown, NULL);
    end_ask(&a);
    ask_held(r, &a, 10); /* the caller's revision is old: answered at once */
    end_ask(&a);
    ask_held(r, &a, 11);
    room_take_lease(r); /* an event, if the status is held already; else the stop below is one */
    ask_held(r, &b, 99);
    ask_held(r, &c, 99);
    listener_stop(r->listener);
    end_ask(&a);
    end_ask(&b);
    end_ask(&c);
    alarm(0);
}

/* Two statuses may wait here: a third releases the oldest. */
static void a_crowd_lets_the_oldest_go(void **state)
{
    struct room *r = *state;
    struct asker a, b, c;
    alarm(30);
    ask_held(r, &a, 99);
    ask_held(r, &b, 99);
    ask_held(r, &c, 99);
    /* One of the three is answered; the order of arrival decides which. */
    struct asker *all[] = {&a, &b, &c};
    int done = 0;
    while (done == 0)
        for (size_t i = 0; i < ARRAY_LEN(all); i++)
            done += pthread_tryjoin_np(all[i]->thread, NULL) == 0 ? (all[i]->wait_ms = 1, 1) : 0;
    assert_int_equal(done, 1);
    listener_stop(r->listener);
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (all[i]->wait_ms == 0)
            pthread_join(all[i]->thread, NULL);
        assert_int_equal(all[i]->rv, 0);
        buf_free(&all[i]->frame);
        buf_free(&all[i]->answer);
    }
    alarm(0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, room_enter, room_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(hello_to_anybody_named),
        T(strangers_get_no_answer),
        T(misdirected_is_dropped),
        T(changed_bytes_are_dropped),
        T(enrolment_hello_is_plain),
        T(observers_change_nothing),
        T(repeats_get_the_kept_receipt),
        T(old_sessions_and_late_orders_are_refused),
        T(notes_are_kept_once_each),
        T(what_is_not_durable_is_refused),
        T(orders_go_to_swap_byte_for_byte),
        T(lease_and_pause_bind_them),
        T(the_journal_names_the_run),
        T(refused_stays_refused),
        T(swaps_repeats_reach_swap),
        T(swap_restarting_is_found_again),
        T(swap_unreachable_is_said),
        T(swap_gone_after_hearing_is_no_answer),
        T(no_view_is_told_as_unknown),
        T(a_stale_view_is_made_anew),
        T(a_full_status_still_fits),
        T(held_until_something_changes),
        T(an_order_is_answered_in_its_version),
        T(a_hold_file_that_went_is_not_told),
        T(a_heartbeat_that_has_come_is_asked_anew),
        T(hello_tells_what_both_programs_speak),
        T(a_crowd_lets_the_oldest_go),
        T(a_swap_of_before_gets_the_order_alone),
    };
    return cmocka_run_group_tests_name("listener", tests, NULL, NULL);
}
