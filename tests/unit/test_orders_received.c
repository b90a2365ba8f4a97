/* orders_received.h: one order, from its bytes to its receipt, on a model host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "agent_store.h"
#include "model_swap.h"
#include "order_desk.h"
#include "paper_journal.h"
#include "scratch_dir.h"
#include "str.h"
#include "orders_received.h"
#include "status_update.h"
#include "swap_status.h"

struct bench {
    char *dir;
    struct desk desk;
    struct model_host m;
    struct swap s;
    uint64_t sequence;
    struct receipt receipt;   /* the last one */
    struct buf inner, answer; /* of the last order */
    struct buf lease;         /* the lease that comes with the order */
};

/* caravan-agent's state file with the lease: epoch 1 is run 'a'. */
static int keep_lease(struct bench *b, struct err *err)
{
    autofree struct agent_state *state = xzalloc(1, sizeof(*state));

    state->lease = (struct lease){.epoch = 1, .held = true, .run_id = {'a'}};
    snprintf(b->s.agent_state, sizeof(b->s.agent_state), "%.150s/state", b->dir);
    return agent_store_save(b->s.agent_state, state, err);
}

static int set_up(void **state)
{
    static const struct log log = {LOG_INFO, "test", paper_journal};
    struct bench *b = xzalloc(1, sizeof(*b));
    struct phases_config conf = model_phases(NULL);
    struct err err = ERR_INIT;

    conf.note = swap_note;
    conf.ctx = &b->s;
    b->dir = scratch_open();
    desk_open(&b->desk);
    model_open(&b->m, "new");
    model_swap(&b->s, &b->m, &b->desk);
    b->s.log = &log;
    b->s.law = (struct law){.url_prefixes = "https://good.example/", .gap_ms = 30000};
    snprintf(b->s.trust_path, sizeof(b->s.trust_path), "%.150s/trust", b->dir);
    paper_journal_clear();
    if (keep_lease(b, &err) < 0 || model_swap_open(&b->s, conf, &err) < 0)
        return -1;
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    phases_close(&b->s.phases);
    desk_close(&b->desk);
    scratch_close(b->dir);
    buf_free(&b->inner);
    buf_free(&b->answer);
    buf_free(&b->lease);
    free(b);
    return 0;
}

/* ---- orders ---- */

static struct order *order(struct bench *b, enum message_kind kind)
{
    struct order *o = desk_order(&b->desk, kind, 1, ++b->sequence);

    o->head.time_ms = (uint64_t)b->m.uptime_ms + 8000;
    return o;
}

/* The packet from caravan-agent: the order, and after it the lease of its epoch. */
static void obey(struct bench *b, const struct buf *inner, size_t n, struct buf *answer)
{
    const struct swap_packet p = {inner->data, n, b->lease.data, b->lease.len};

    swap_answer_order(&b->s, &p, answer);
}

/* Signs, sends and frees the order. REFUSAL_COUNT: no answer. */
static enum refusal say_as(struct bench *b, struct order *o, const struct keypair *by)
{
    struct verified v;
    struct err err = ERR_INIT;

    desk_inner(o, by, &b->inner);
    desk_lease(&b->desk, LEASE_RENEW, o->head.epoch, (uint64_t)b->m.uptime_ms + 8000, &b->lease);
    obey(b, &b->inner, b->inner.len, &b->answer);
    if (b->answer.len == 0) {
        free(o);
        return REFUSAL_COUNT;
    }
    assert_int_equal(envelope_verify(b->answer.data, b->answer.len, &v, &err), 0);
    b->receipt.head = v.head;
    assert_int_equal(codec_read_receipt(v.payload, v.payload_len, &b->receipt, &err), 0);
    crypto_digest(b->inner.data, b->inner.len, &v.digest);
    assert_true(digest_eq(&v.head.order, &v.digest));
    assert_memory_equal(v.head.nonce, o->head.nonce, NONCE_LEN);
    assert_true(pubkey_eq(&v.head.sender, keypair_public(b->desk.host)));
    free(o);
    return b->receipt.u.done.refusal;
}

static enum refusal say(struct bench *b, struct order *o)
{
    return say_as(b, o, b->desk.operator);
}

static struct order *stage_signed(struct bench *b, const struct keypair *by, const char *arch)
{
    struct order *o = order(b, MSG_STAGE);
    struct order_stage *st = &o->u.stage;
    struct digest digest;

    model_digest(b->m.offer, &digest);
    desk_stage(st, by, arch, MODEL_BINARY, &digest);
    st->n_urls = 1;
    str_cut(st->urls[0], sizeof(st->urls[0]), "https://good.example/nomad");
    return o;
}

static struct order *stage(struct bench *b)
{
    return stage_signed(b, b->desk.operator, go_arch());
}

static struct order *swap(struct bench *b, const char *kind)
{
    struct order *o = order(b, MSG_SWAP);

    o->u.swap.on_not_ready = ON_REVERT;
    o->u.swap.hold_ms = 100;
    o->u.swap.deadline_ms = 2000;
    model_digest(kind, &o->u.swap.digest);
    return o;
}

static struct order *revert(struct bench *b, const char *to)
{
    struct order *o = order(b, MSG_REVERT);

    o->u.revert.why = FAILURE_NOT_CAUGHT_UP;
    o->u.revert.hold_ms = 100;
    model_digest(to, &o->u.revert.to);
    return o;
}

static struct order *cancel(struct bench *b, uint64_t sequence)
{
    struct order *o = order(b, MSG_CANCEL);

    o->u.cancel.sequence = sequence;
    return o;
}

static enum phase to_rest(struct bench *b)
{
    struct phases *p = &b->s.phases;

    for (int i = 0; phases_works(p); i++) {
        assert_true(i < 3000);
        b->m.uptime_ms = MAX_OF(b->m.uptime_ms + 1, p->now.wake_ms);
        phases_step(p);
    }
    return p->rec.phase;
}

/* ---- */

static void the_whole_way(void **state)
{
    struct bench *b = *state;

    assert_int_equal(say(b, swap(b, "new")), REFUSAL_PHASE);
    assert_int_equal(say(b, revert(b, "old")), REFUSAL_PHASE);
    assert_int_equal(say(b, stage(b)), REFUSAL_NONE);
    assert_int_equal(b->receipt.u.done.last_sequence, b->sequence);
    assert_int_equal(to_rest(b), PHASE_STAGED);
    assert_int_equal(say(b, swap(b, "bad")), REFUSAL_DIGEST);
    assert_int_equal(say(b, swap(b, "new")), REFUSAL_NONE);
    assert_int_equal(to_rest(b), PHASE_SETTLED);
    assert_int_equal(say(b, revert(b, "new")), REFUSAL_DIGEST);
    assert_int_equal(say(b, revert(b, "old")), REFUSAL_NONE);
    assert_int_equal(to_rest(b), PHASE_REVERTED);
    assert_int_equal(b->s.phases.rec.verdict.failure, FAILURE_NOT_CAUGHT_UP);
    assert_string_equal(b->s.phases.rec.verdict.evidence, "the model has none");
    assert_int_equal(say(b, revert(b, "old")), REFUSAL_PHASE);
}

static void only_operators_are_obeyed(void **state)
{
    struct bench *b = *state;

    assert_int_equal(say_as(b, stage(b), b->desk.stranger), REFUSAL_COUNT);
    assert_int_equal(say_as(b, stage(b), b->desk.observer), REFUSAL_ROLE);
    assert_int_equal(b->s.phases.rec.sequence, 0); /* uses up no sequence */
    assert_int_equal(say_as(b, stage(b), b->desk.other_operator), REFUSAL_NONE);
}

static void what_is_not_swaps_is_dropped(void **state)
{
    struct bench *b = *state;

    assert_int_equal(say(b, order(b, MSG_HELLO)), REFUSAL_COUNT);
    assert_int_equal(say(b, order(b, MSG_NOTE)), REFUSAL_COUNT);
    (void)say(b, stage(b));
    for (size_t n = 0; n < b->inner.len; n += 97) {
        obey(b, &b->inner, n, &b->answer);
        assert_int_equal(b->answer.len, 0);
    }
    for (size_t i = 0; i < b->inner.len; i += 31) {
        b->inner.data[i] ^= 1;
        obey(b, &b->inner, b->inner.len, &b->answer);
        assert_int_equal(b->answer.len, 0);
        b->inner.data[i] ^= 1;
    }
}

static void a_repeat_gets_the_kept_receipt(void **state)
{
    struct bench *b = *state;
    auto_buf struct buf inner = BUF_INIT;
    auto_buf struct buf receipt = BUF_INIT;
    auto_buf struct buf again = BUF_INIT;

    (void)say(b, stage(b));
    (void)buf_add(&inner, b->inner.data, b->inner.len);
    (void)buf_add(&receipt, b->answer.data, b->answer.len);
    for (int i = 0; i < 3; i++) { /* while the phases work, at rest, and after another order */
        obey(b, &inner, inner.len, &again);
        assert_int_equal(again.len, receipt.len);
        assert_memory_equal(again.data, receipt.data, again.len);
        if (i == 0)
            assert_int_equal(to_rest(b), PHASE_STAGED);
        else
            assert_int_equal(say(b, swap(b, "bad")), REFUSAL_DIGEST);
    }
    assert_false(phases_works(&b->s.phases));
}

/* A copy of a refused order must not be carried out later, when the law would allow it. */
static void a_refusal_takes_the_sequence(void **state)
{
    struct bench *b = *state;
    auto_buf struct buf inner = BUF_INIT;
    auto_buf struct buf again = BUF_INIT;

    (void)say(b, stage(b));
    (void)to_rest(b);
    b->m.held = true;
    assert_int_equal(say(b, swap(b, "new")), REFUSAL_HELD);
    (void)buf_add(&inner, b->inner.data, b->inner.len);
    b->m.held = false;
    obey(b, &inner, inner.len, &again);
    assert_memory_equal(again.data, b->answer.data, again.len);
    assert_false(phases_works(&b->s.phases));
    for (int i = 0; i < ORDER_KEPT; i++)
        (void)say(b, swap(b, "bad"));
    obey(b, &inner, inner.len, &again); /* the receipt is not kept any more: the order is refused */
    assert_true(again.len > 0);
    assert_false(phases_works(&b->s.phases));
    assert_int_equal(say(b, swap(b, "new")), REFUSAL_NONE);
}

static void while_working_only_cancel_is_heard(void **state)
{
    struct bench *b = *state;
    uint64_t staging;

    (void)say(b, stage(b));
    staging = b->sequence;
    assert_int_equal(say(b, stage(b)), REFUSAL_BUSY);
    assert_int_equal(say(b, swap(b, "new")), REFUSAL_BUSY);
    assert_int_equal(say(b, revert(b, "old")), REFUSAL_BUSY);
    assert_int_equal(say(b, order(b, MSG_PRESERVE)), REFUSAL_BUSY);
    assert_int_equal(say(b, cancel(b, staging + 1)), REFUSAL_PHASE);
    assert_int_equal(say(b, cancel(b, staging)), REFUSAL_NONE);
    assert_int_equal(to_rest(b), PHASE_FAILED);
    assert_int_equal(b->s.phases.rec.verdict.failure, FAILURE_CANCELLED);
}

static void a_staged_binary_can_be_dropped(void **state)
{
    struct bench *b = *state;
    uint64_t staging;

    (void)say(b, stage(b));
    staging = b->sequence;
    (void)to_rest(b);
    assert_int_equal(say(b, cancel(b, staging)), REFUSAL_NONE);
    assert_int_equal(to_rest(b), PHASE_IDLE);
    assert_int_equal(model_fs_find(&b->m.fs, MODEL_FRESH), 0);
}

static void manifests_and_places_are_checked(void **state)
{
    struct bench *b = *state;
    struct order *o;

    assert_int_equal(say(b, stage_signed(b, b->desk.observer, go_arch())), REFUSAL_MANIFEST);
    assert_int_equal(say(b, stage_signed(b, b->desk.operator, "sparc")), REFUSAL_MANIFEST);
    o = stage(b);
    str_cut(o->u.stage.urls[0], URL_MAX_LEN, "https://evil.example/nomad");
    assert_int_equal(say(b, o), REFUSAL_URL);
    o = stage(b);
    o->u.stage.n_urls = 2;
    str_cut(o->u.stage.urls[1], URL_MAX_LEN, "file:///tmp/nomad");
    assert_int_equal(say(b, o), REFUSAL_URL);
    assert_int_equal(say(b, stage(b)), REFUSAL_NONE);
}

static void the_gap_is_kept_between_swaps(void **state)
{
    struct bench *b = *state;

    (void)say(b, stage(b));
    (void)to_rest(b);
    (void)say(b, swap(b, "new"));
    assert_int_equal(to_rest(b), PHASE_SETTLED);
    b->m.offer = "mute";
    (void)say(b, stage(b));
    assert_int_equal(to_rest(b), PHASE_STAGED);
    assert_int_equal(say(b, swap(b, "mute")), REFUSAL_GAP);
    b->m.uptime_ms += 30000;
    assert_int_equal(say(b, swap(b, "mute")), REFUSAL_NONE);
}

static void enough_other_servers_must_answer(void **state)
{
    struct bench *b = *state;

    (void)say(b, stage(b));
    (void)to_rest(b);
    str_cut(b->s.nomad.server_id, UUID_MAX, "11111111-2222");
    b->m.peers = "[\"10.0.0.1:4647\",\"10.0.0.2:4647\",\"10.0.0.3:4647\"]";
    b->m.leader = "\"\"";
    assert_int_equal(say(b, swap(b, "new")), REFUSAL_QUORUM);
    b->m.leader = "\"10.0.0.2:4647\"";
    b->m.odd_peer = "10.0.0.3:4647";
    for (int k = PEER_UNKNOWN; k < PEER_COUNT; k++) {
        b->m.odd = (enum peer_check)k;
        if (k != PEER_SERVES)
            assert_int_equal(say(b, swap(b, "new")), REFUSAL_QUORUM);
    }
    b->m.odd_peer = NULL;
    b->m.peers = "{\"not\": \"peers\"}";
    assert_int_equal(say(b, swap(b, "new")), REFUSAL_UNKNOWN);
    b->m.peers = "[\"10.0.0.1:4647\",\"10.0.0.2:4647\",\"10.0.0.3:4647\"]";
    assert_int_equal(say(b, swap(b, "new")), REFUSAL_NONE);
}

/* The model's Nomad answers the quorum question with nothing: unknown. */
static void a_server_is_asked_about_its_quorum(void **state)
{
    struct bench *b = *state;
    struct order *o;

    (void)say(b, stage(b));
    (void)to_rest(b);
    o = swap(b, "new");
    o->u.swap.is_server = true;
    assert_int_equal(say(b, o), REFUSAL_UNKNOWN);
    str_cut(b->s.nomad.server_id, UUID_MAX, "11111111-2222");
    assert_int_equal(say(b, swap(b, "new")), REFUSAL_UNKNOWN); /* whatever the order says */
    b->s.law.allow_outage = true;
    assert_int_equal(say(b, swap(b, "new")), REFUSAL_NONE);
}

static void a_stopped_nomad_is_left_stopped(void **state)
{
    struct bench *b = *state;

    b->m.process.there = false;
    (void)say(b, stage(b));
    (void)to_rest(b);
    assert_int_equal(say(b, swap(b, "new")), REFUSAL_NONE);
    assert_int_equal(to_rest(b), PHASE_SETTLED);
    assert_false(b->m.process.there);
}

static void root_may_have_it_started(void **state)
{
    struct bench *b = *state;

    b->m.process.there = false;
    b->s.law.start_stopped = true;
    (void)say(b, stage(b));
    (void)to_rest(b);
    assert_int_equal(say(b, swap(b, "new")), REFUSAL_NONE);
    assert_int_equal(to_rest(b), PHASE_SETTLED);
    assert_true(b->m.process.there);
}

/* ---- the view ---- */

static const struct fact *told(struct bench *b, const char *id, struct swap_status *view)
{
    struct err err = ERR_INIT;

    if (swap_status_read(b->s.view_path, view, &err) < 0)
        fail_msg("%s", err.text);
    for (uint32_t i = 0; i < view->status.n_facts; i++) {
        if (str_eq(view->status.facts[i].id, id))
            return &view->status.facts[i];
    }
    return NULL;
}

/* A view with the phase staged contains the whole survey; and a look renews an old survey. */
static void what_is_told_as_staged_has_its_facts(void **state)
{
    static const struct agent_conf conf = {.data_dir = "/nonexistent"};
    struct bench *b = *state;
    autofree struct swap_status *view = xzalloc(1, sizeof(*view));
    unsigned trials;

    b->s.conf = &conf;
    snprintf(b->s.view_path, sizeof(b->s.view_path), "%.150s/view", b->dir);
    status_update(&b->s);
    assert_non_null(told(b, "package", view));
    assert_null(told(b, "config-rejected", view));
    (void)say(b, stage(b));
    status_update(&b->s);
    (void)to_rest(b);
    status_update(&b->s);
    assert_int_equal(told(b, "config-rejected", view)->value, TRI_NO);
    assert_non_null(told(b, "attributes", view));
    assert_int_equal(view->status.work.phase, PHASE_STAGED);

    str_cut(b->m.about.kill_mode, sizeof(b->m.about.kill_mode), "mixed");
    b->m.about.unit = true;
    status_update_if_old(&b->s, 10000);
    assert_int_equal(told(b, "kill-mode", view)->value, TRI_UNKNOWN);
    b->m.uptime_ms += 10000;
    status_update_if_old(&b->s, 10000);
    assert_int_equal(told(b, "kill-mode", view)->value, TRI_YES);

    /* After a restart of caravan-swap the staged binary is asked again. */
    trials = b->m.trials;
    b->s.phases.config = (struct config_verdict){.rejects = TRI_UNKNOWN};
    b->s.survey = (struct facts_survey){.n = 0};
    status_update(&b->s);
    assert_int_equal(b->m.trials, trials + 1);
    assert_int_equal(told(b, "config-rejected", view)->value, TRI_NO);
}

/* The view names the order that stopped Nomad, also while the stop goes on. */
static void a_stop_by_order_is_told(void **state)
{
    static const struct agent_conf conf = {.data_dir = "/nonexistent"};
    struct bench *b = *state;
    autofree struct swap_status *view = xzalloc(1, sizeof(*view));
    struct order *o = order(b, MSG_SERVICE);

    b->s.conf = &conf;
    b->s.law.allow_stop = true;
    snprintf(b->s.view_path, sizeof(b->s.view_path), "%.150s/view", b->dir);
    status_update(&b->s);
    assert_int_equal(told(b, "stopped", view)->value, TRI_NO);
    o->u.service.op = SERVICE_STOP;
    assert_int_equal(say(b, o), REFUSAL_NONE);
    paper_journal_about("order-accepted", RUN_A "ORDER=service SEQUENCE=1");
    status_update(&b->s);
    assert_int_equal(told(b, "stopped", view)->value, TRI_UNKNOWN);
    assert_string_equal(told(b, "stopped", view)->text, "order 1 of epoch 1 is stopping Nomad");
    (void)to_rest(b);
    paper_journal_about("service-stopped", RUN_A "ORDER=service PHASE=idle SEQUENCE=1");
    status_update(&b->s);
    assert_int_equal(told(b, "stopped", view)->value, TRI_YES);
    assert_string_equal(told(b, "stopped", view)->text, "order 1 of epoch 1 stopped Nomad");
    assert_int_equal(view->hello.stamp.main_pid, 0);
    model_start_service(&b->m); /* by hand */
    status_update_if_old(&b->s, 10000);
    assert_int_equal(told(b, "stopped", view)->value, TRI_NO);
    assert_int_equal(b->s.phases.rec.stopped.sequence, 0);
}

static void a_record_that_cannot_be_kept_refuses(void **state)
{
    struct bench *b = *state;

    b->m.no_room_to_write = true;
    assert_int_equal(say(b, stage(b)), REFUSAL_IO);
    assert_int_equal(b->s.phases.rec.sequence, 0);
    assert_false(phases_works(&b->s.phases));
    b->m.no_room_to_write = false;
    obey(b, &b->inner, b->inner.len, &b->answer); /* the same bytes again */
    assert_int_equal(to_rest(b), PHASE_STAGED);
}

static void a_payload_that_does_not_parse_is_refused(void **state)
{
    struct bench *b = *state;
    struct order *o = order(b, MSG_SWAP);
    static const unsigned char payload[] = {0x91, 0x01};
    struct err err = ERR_INIT;

    buf_clear(&b->inner);
    assert_int_equal(
        envelope_sign(&o->head, payload, sizeof(payload), b->desk.operator, & b->inner, &err), 0);
    free(o);
    obey(b, &b->inner, b->inner.len, &b->answer);
    assert_true(b->answer.len > 0);
    assert_int_equal(b->s.phases.rec.epoch, 0); /* a refused order raises no epoch */
    assert_int_equal(b->s.phases.rec.refused_epoch, 1);
    assert_int_equal(b->s.phases.rec.refused_sequence, b->sequence);
    assert_int_equal(b->s.phases.rec.phase, PHASE_IDLE);
}

static void trust_is_adopted_by_order(void **state)
{
    struct bench *b = *state;
    auto_buf struct buf file = BUF_INIT;
    struct order *o;

    b->desk.trust.version = 2;
    desk_trust_file(&b->desk, &file);
    for (int i = 0; i < 2; i++) {
        o = order(b, MSG_TRUST);
        memcpy(o->u.trust.file, file.data, file.len);
        o->u.trust.len = file.len;
        assert_int_equal(say(b, o), i == 0 ? REFUSAL_NONE : REFUSAL_MANIFEST); /* not newer */
        assert_int_equal(b->receipt.u.done.trust_version, 2);
    }
    assert_int_equal(b->s.trust.version, 2);
}

/* ---- the keystore's copy ---- */

static enum refusal preserve(struct bench *b)
{
    struct order *o = order(b, MSG_PRESERVE);

    memset(o->u.preserve.run_id, 0xa7, RUN_ID_LEN);
    return say(b, o);
}

static void put_key(struct bench *b, const char *text)
{
    model_fs_put_dir(&b->m.fs, "/data/server");
    model_fs_put_dir(&b->m.fs, "/data/server/keystore");
    model_fs_put(&b->m.fs, "/data/server/keystore/k.nks.json", text, strlen(text), 0600);
}

static void the_keystore_is_copied_once_told_where(void **state)
{
    static const char copy[] = MODEL_DIR "/keystore/a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7";
    struct bench *b = *state;
    struct receipt_done first;
    uint64_t stage = b->s.phases.rec.order_sequence;

    put_key(b, "secret of secrets");
    assert_int_equal(preserve(b), REFUSAL_UNKNOWN);
    str_cut(b->s.nomad.data_dir, sizeof(b->s.nomad.data_dir), "/data");
    assert_int_equal(preserve(b), REFUSAL_PHASE); /* a client's */
    str_cut(b->s.nomad.server_id, sizeof(b->s.nomad.server_id), "s1-id");
    assert_int_equal(preserve(b), REFUSAL_NONE);
    first = b->receipt.u.done;
    assert_int_equal(first.count, 1);
    assert_string_equal(first.text, copy);
    assert_null(memmem(b->answer.data, b->answer.len, "secret", 6));
    assert_non_null(model_fs_file(&b->m.fs, MODEL_DIR "/keystore/a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7"
                                                      "/k.nks.json"));
    assert_int_equal(preserve(b), REFUSAL_NONE);
    assert_true(digest_eq(&first.digest, &b->receipt.u.done.digest));
    assert_int_equal(b->s.phases.rec.phase, PHASE_IDLE);
    assert_int_equal(b->s.phases.rec.order_sequence, stage);
}

static void the_same_order_again_copies_nothing(void **state)
{
    struct bench *b = *state;
    auto_buf struct buf first = BUF_INIT;

    put_key(b, "one");
    str_cut(b->s.nomad.data_dir, sizeof(b->s.nomad.data_dir), "/data");
    str_cut(b->s.nomad.server_id, sizeof(b->s.nomad.server_id), "s1-id");
    assert_int_equal(preserve(b), REFUSAL_NONE);
    (void)buf_add(&first, b->answer.data, b->answer.len);
    put_key(b, "two");
    unsigned operations = b->m.operations;
    obey(b, &b->inner, b->inner.len, &b->answer);
    assert_int_equal(b->m.operations, operations);
    assert_int_equal(b->answer.len, first.len);
    assert_memory_equal(b->answer.data, first.data, first.len);
}

static void a_keystore_that_cannot_be_copied_is_told(void **state)
{
    struct bench *b = *state;

    str_cut(b->s.nomad.data_dir, sizeof(b->s.nomad.data_dir), "/data");
    str_cut(b->s.nomad.server_id, sizeof(b->s.nomad.server_id), "s1-id");
    assert_int_equal(preserve(b), REFUSAL_IO);
    assert_non_null(strstr(b->receipt.u.done.text, "/data/server/keystore"));
    assert_int_equal(b->receipt.u.done.count, 0);
}

/* ---- the journal ---- */

static void each_step_has_its_fields(void **state)
{
    struct bench *b = *state;

    assert_int_equal(say(b, stage(b)), REFUSAL_NONE);
    paper_journal_about("order-accepted", RUN_A "ORDER=stage SEQUENCE=1");
    assert_int_equal(to_rest(b), PHASE_STAGED);
    paper_journal_about("staged", RUN_A "ORDER=stage VERSION_TO=1.1.0 PHASE=fetching SEQUENCE=1");
    assert_int_equal(say(b, swap(b, "new")), REFUSAL_NONE);
    assert_int_equal(to_rest(b), PHASE_SETTLED);
    paper_journal_about("swapped", RUN_A "ORDER=swap VERSION_TO=1.1.0 PHASE=swapping SEQUENCE=2");
    paper_journal_about("settled", RUN_A "ORDER=swap VERSION_TO=1.1.0 PHASE=probing SEQUENCE=2");
    assert_int_equal(say(b, revert(b, "old")), REFUSAL_NONE);
    assert_int_equal(to_rest(b), PHASE_REVERTED);
    paper_journal_about("reverted", RUN_A "ORDER=revert VERSION_FROM=1.1.0 PHASE=reverting "
                                          "FAILURE=not-caught-up SEQUENCE=3");
}

/* Another epoch belongs to another run, which the lease does not name. Orders of strangers set no
 * field. */
static void failures_and_refusals_have_theirs(void **state)
{
    struct bench *b = *state;

    assert_int_equal(say(b, stage(b)), REFUSAL_NONE);
    assert_int_equal(say(b, cancel(b, b->sequence)), REFUSAL_NONE);
    assert_int_equal(to_rest(b), PHASE_FAILED);
    paper_journal_about("failed", RUN_A "ORDER=stage VERSION_TO=1.1.0 PHASE=fetching "
                                        "FAILURE=cancelled SEQUENCE=1");
    assert_int_equal(say(b, swap(b, "new")), REFUSAL_PHASE);
    paper_journal_about("order-refused", RUN_A "ORDER=swap REFUSAL=phase SEQUENCE=3");
    assert_int_equal(say_as(b, stage(b), b->desk.stranger), REFUSAL_COUNT);
    paper_journal_about("order-refused", "");
    struct order *o = desk_order(&b->desk, MSG_REVERT, 2, 1);
    o->head.time_ms = (uint64_t)b->m.uptime_ms + 8000;
    assert_int_equal(say(b, o), REFUSAL_PHASE);
    paper_journal_about("order-refused", "ORDER=revert REFUSAL=phase SEQUENCE=1");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(each_step_has_its_fields),
        CASE(failures_and_refusals_have_theirs),
        CASE(the_whole_way),
        CASE(only_operators_are_obeyed),
        CASE(what_is_not_swaps_is_dropped),
        CASE(a_repeat_gets_the_kept_receipt),
        CASE(a_refusal_takes_the_sequence),
        CASE(while_working_only_cancel_is_heard),
        CASE(a_staged_binary_can_be_dropped),
        CASE(manifests_and_places_are_checked),
        CASE(the_gap_is_kept_between_swaps),
        CASE(a_server_is_asked_about_its_quorum),
        CASE(enough_other_servers_must_answer),
        CASE(a_stopped_nomad_is_left_stopped),
        CASE(root_may_have_it_started),
        CASE(what_is_told_as_staged_has_its_facts),
        CASE(a_stop_by_order_is_told),
        CASE(a_record_that_cannot_be_kept_refuses),
        CASE(a_payload_that_does_not_parse_is_refused),
        CASE(trust_is_adopted_by_order),
        CASE(the_keystore_is_copied_once_told_where),
        CASE(the_same_order_again_copies_nothing),
        CASE(a_keystore_that_cannot_be_copied_is_told),
    };

    return cmocka_run_group_tests_name("orders_received", tests, NULL, NULL);
}
