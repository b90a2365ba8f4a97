#include "intents.h"

#include "orders_sent.h"
#include "effect_calls.h"
#include "lease_book.h"
#include "run_keystore.h"
#include "run_safeguards.h"

#include <inttypes.h>

#define REFUSED_MAX 40 /* after so many refusals of one kind of order the host fails */
#define IO_MAX      6  /* the same when the host cannot write, or its caravan-swap is dead */

static uint32_t count_state(const struct ledger *l, enum host_state state)
{
    uint32_t n = 0;
    for (size_t i = 0; i < l->n_hosts; i++)
        n += l->hosts[i].state == state;
    return n;
}

/* Ends the canaries when enough clients have settled. Canaries are the first clients of the plan;
 * others take the place of canaries that were skipped or are gone. */
static void end_canaries(struct run *r)
{
    const struct plan *plan = r->config->plan;
    struct ledger *l = r->config->ledger;
    size_t n = 0;
    int64_t settled = 0;

    for (size_t i = 0; i < l->n_hosts; i++) {
        const struct plan_host *p = &plan->hosts[i];
        if (p->is_server || p->already || l->hosts[i].state != HOST_DONE)
            continue;
        n++;
        settled = MAX_OF(settled, l->hosts[i].settled_ms);
    }
    if (n < plan->policy.canary)
        return;
    l->canaries_done = true;
    l->canaries_settled_ms = settled;
}

static void begin_settling(struct run *r, struct ledger_host *lh, int64_t now)
{
    const struct host *h = world_host(r->world, lh->key);

    lh->effect_ms = now;
    lh->base_leader_index = 0; /* order_note_leader_index takes the index after the restart */
    if (lh->order != MSG_SWAP &&
        lh->order != MSG_REVERT) { /* this turn had no swap that recorded them */
        lh->n_allocs = 0;
        lh->base_modify_index = 0;
        if (lh->differs == FEATURE_NONE)
            buf_free(&lh->fingerprint);
    }
    if (h != NULL)
        lh->silence_ms = ledger_silence(lh, h->agent.work.silence_ms, now);
}

/* In this state the host gets a service order, the first one of its kind. */
static void begin_service(struct ledger_host *lh, int64_t now)
{
    lh->order = MSG_NONE;
    lh->attempts = 0;
    lh->answered = false;
    lh->refusal = REFUSAL_NONE;
    lh->effect_ms = now;
}

/* Keeps Nomad's last log lines, from the agent that saw Nomad fail. */
static void keep_log(const struct run *r, struct ledger_host *lh, const struct intent *in)
{
    const struct host *h = world_host(r->world, lh->key);

    buf_clear(&lh->log);
    if (in->failure != FAILURE_NONE && h != NULL && h->agent.failure != FAILURE_NONE)
        buf_add_str(&lh->log, h->agent.evidence);
}

/* The fingerprint is kept while the host is in flight. The fingerprint of a host that came back
 * different is kept until the host is the same again; a resume does not change that. */
static void forget_fingerprint(struct ledger_host *lh)
{
    bool over = lh->differs == FEATURE_NONE || lh->state == HOST_DONE || lh->state == HOST_GONE;

    if (!host_in_flight(lh->state) && over)
        buf_free(&lh->fingerprint);
}

/* Sets the host's state and its text. While a host is restored or leaves, its earlier text stays.
 */
static void set_state(struct run *r, struct ledger_host *lh, const struct intent *in)
{
    bool told_before = (lh->state == HOST_RESTORING && in->state != HOST_GONE) ||
                       (host_served(lh->state) && in->text[0] == '\0');

    lh->state = in->state;
    if (told_before)
        return;
    lh->outcome = in->outcome;
    lh->failure = in->failure;
    lh->failed_in = in->failed_in;
    if (in->differs != FEATURE_NONE || in->outcome == OUTCOME_SETTLED)
        lh->differs = in->differs;
    lh->skip = in->skip;
    str_cut(lh->text, sizeof(lh->text), in->text);
    keep_log(r, lh, in);
}

static void mark_host(struct run *r, struct ledger_host *lh, const struct plan_host *p,
                      const struct intent *in)
{
    struct ledger *l = r->config->ledger;
    struct effect *e = ledger_effect(l, EFFECT_DRAIN, lh->key);
    int64_t now = r->config->ports->now(r->config->ports->ctx);

    if (in->give_back && !effects_give_back(r, lh))
        return; /* the ledger has no room for the effect now: the next tick decides again */
    lh->turns += lh->state == HOST_SWAPPING &&
                 (in->state == HOST_PENDING || in->state == HOST_STAGED ||
                  in->state == HOST_DRAINING); /* the swap did nothing: one more turn */
    if (lh->state == HOST_PENDING && in->state == HOST_STAGED)
        lh->order = MSG_STAGE; /* a new turn, without a stage order: forget the last swap's notes */
    set_state(r, lh, in);
    if (e != NULL && (lh->state == HOST_RESTORING || host_finished(lh->state))) {
        e->undo = true;
        e->dirty = true;
    }
    if (lh->state == HOST_SETTLING)
        begin_settling(r, lh, now);
    if (host_served(lh->state))
        begin_service(lh, now);
    if (lh->state == HOST_DONE || lh->state == HOST_FAILED)
        lh->settled_ms = now;
    if (lh->state == HOST_GONE)
        lh->effect_ms = now; /* if it was its turn, the region must settle without it */
    if (lh->state == HOST_DONE && p->is_server && world_host(r->world, lh->key) != NULL)
        lh->base_stamp =
            world_host(r->world, lh->key)->agent.hello.stamp; /* of the binary that settled */
    if (lh->state == HOST_DONE)
        safeguard_count_settled(r, p);
    forget_fingerprint(lh);
    lh->call.retry_ms = 0;
    lh->dirty = true;
    l->failures = count_state(l, HOST_FAILED);
    l->skipped = count_state(l, HOST_SKIPPED);
    if (!p->is_server && !l->canaries_done)
        end_canaries(r);
    run_moved(r);
}

static int add_drain(struct run *r, struct ledger_host *lh)
{
    struct effect *e = ledger_effect_add(r->config->ledger, EFFECT_DRAIN, lh->key);
    char run[2 * RUN_ID_LEN + 1];

    if (e == NULL)
        return 1;
    str_hex(run, r->config->ledger->run_id, RUN_ID_LEN);
    snprintf(e->before, sizeof(e->before), "{\"eligible\":true,\"draining\":false}");
    snprintf(e->ours, sizeof(e->ours), "{\"draining\":true,\"run\":\"%s\"}", run);
    lh->state = HOST_DRAINING;
    lh->dirty = true;
    run_moved(r);
    return 0;
}

static void change_run(struct run *r, const struct intent *in)
{
    struct ledger *l = r->config->ledger;

    if (in->run == RUN_STOPPED && in->text[0] != '\0') {
        str_cut(l->cause, sizeof(l->cause), in->text);
        str_cut(l->cause_host, sizeof(l->cause_host), in->host);
        str_cut(l->advice, sizeof(l->advice), in->advice);
    }
    if (in->run == RUN_PAUSED || in->run == RUN_STOPPED)
        l->before_pause = l->state;
    l->state = in->run;
    if (run_ended(in->run))
        l->ending = RUN_NONE;
    l->dirty = true;
    run_moved(r);
}

static void stop_run(struct run *r, const struct intent *in)
{
    struct ledger *l = r->config->ledger;

    l->ending = RUN_STOPPED;
    str_cut(l->cause, sizeof(l->cause), in->text);
    str_cut(l->cause_host, sizeof(l->cause_host), in->host);
    str_cut(l->advice, sizeof(l->advice), in->advice);
    l->dirty = true;
    run_moved(r);
}

static void undo_effects(struct run *r, const struct intent *in)
{
    struct ledger *l = r->config->ledger;

    for (size_t i = 0; i < l->n_effects; i++)
        if (str_eq(l->effects[i].key, in->key) && !l->effects[i].undo) {
            l->effects[i].undo = true;
            l->effects[i].dirty = true;
        }
}

static const struct {
    enum message_kind kind;
    enum host_state state;
} ordered[INTENT_KIND_COUNT] = {
    [INTENT_STAGE] = {MSG_STAGE, HOST_STAGING},
    [INTENT_SWAP] = {MSG_SWAP, HOST_SWAPPING},
    [INTENT_REVERT] = {MSG_REVERT, HOST_REVERTING},
    [INTENT_SERVICE] = {MSG_SERVICE, HOST_PENDING}, /* the state comes from `served` */
};

static const enum host_state served[] = {[SERVICE_STOP] = HOST_STOPPING,
                                         [SERVICE_ENABLE] = HOST_ENABLING,
                                         [SERVICE_DISABLE] = HOST_DISABLING};

/* For a leaving host the service order begins its turn: it has no result of this turn yet. */
static void set_service_state(struct ledger_host *lh, const struct intent *in)
{
    if (!host_served(lh->state)) {
        lh->outcome = OUTCOME_NONE;
        lh->failure = FAILURE_NONE;
        lh->text[0] = '\0';
    }
    lh->state = served[in->service];
}

/* 1: the order is not possible now; a later tick decides again. */
static int order_host(struct run *r, struct ledger_host *lh, const struct plan_host *p,
                      const struct intent *in, struct err *err)
{
    int rv = order_sign_intent(r, lh, p, in, ordered[in->kind].kind, err);

    if (rv != 0)
        return rv;
    if (in->kind == INTENT_SERVICE)
        set_service_state(lh, in);
    else
        lh->state = ordered[in->kind].state;
    if (in->kind == INTENT_STAGE)
        lh->text[0] = '\0'; /* the next text is about this stage */
    if (in->kind == INTENT_SWAP)
        order_note_baseline(r, lh);
    if (in->kind == INTENT_SWAP)
        safeguard_count_before(r, lh, p);
    if (in->kind == INTENT_REVERT)
        str_cut(lh->text, sizeof(lh->text), in->text);
    if (in->kind == INTENT_REVERT)
        lh->differs = in->differs;
    return 0;
}

/* How the run goes on after a refusal. The host has not carried out the order, and will not. */
enum reaction {
    FINAL, /* the host fails, with the text of its refusal */
    AGAIN, /* give a new order at once */
    LATER, /* give a new order after a while */
    CLAIM, /* take the lease again, then give a new order */
    STAGE, /* the staged binary is missing: begin with a new stage order */
    HELD,  /* root holds the host: leave a client out, fail a server */
};

/* The state of a host whose order was not carried out. */
static enum host_state state_after_refusal(const struct ledger *l, const struct ledger_host *lh,
                                           enum reaction re)
{
    if (lh->order == MSG_REVERT)
        return HOST_SETTLING;
    if (lh->order == MSG_SERVICE)
        return lh->state;
    if (lh->order == MSG_SWAP && ledger_effect_const(l, EFFECT_DRAIN, lh->key) != NULL)
        return HOST_DRAINING;
    return lh->order == MSG_STAGE || re == STAGE ? HOST_PENDING : HOST_STAGED;
}

/* No receipt can come any more: the record keeps the order as one without an answer. */
static void withdraw_order(struct run *r, struct ledger_host *lh)
{
    lh->state = state_after_refusal(r->config->ledger, lh, AGAIN);
    lh->order = MSG_NONE;
    lh->refusal = REFUSAL_NONE;
    lh->receipt_ms = 0;
    lh->call.retry_ms = 0;
    forget_fingerprint(lh);
    lh->dirty = true;
    run_moved(r);
}

static bool is_single(enum intent_kind k)
{
    return k == INTENT_TRANSFER || k == INTENT_REMOVE_PEER || k == INTENT_FORCE_LEAVE;
}

static int apply_intent(struct run *r, const struct intent *in, struct err *err)
{
    struct ledger *l = r->config->ledger;
    struct ledger_host *lh = run_host(r, in->key);
    const struct plan_host *p = lh != NULL ? &r->config->plan->hosts[lh - l->hosts] : NULL;

    if (ordered[in->kind].kind != MSG_NONE)
        return lh == NULL ? 0 : order_host(r, lh, p, in, err);
    if (in->kind == INTENT_CLAIM)
        lease_want(r, in->key);
    else if (in->kind == INTENT_MARK && lh != NULL)
        mark_host(r, lh, p, in);
    else if (in->kind == INTENT_WITHDRAW && lh != NULL)
        withdraw_order(r, lh);
    else if (in->kind == INTENT_DRAIN && lh != NULL)
        return add_drain(r, lh);
    else if (is_single(in->kind) && lh != NULL)
        effects_single(r, lh, in);
    else if (in->kind == INTENT_SNAPSHOT)
        safeguard_ask_snapshot(r, in);
    else if (in->kind == INTENT_PRESERVE && lh != NULL)
        lh->keys.wanted = true;
    else if (in->kind == INTENT_RESTORE)
        undo_effects(r, in);
    else if (in->kind == INTENT_RUN)
        change_run(r, in);
    else if (in->kind == INTENT_STOP)
        stop_run(r, in);
    else if (in->kind == INTENT_PAUSE) {
        l->ending = RUN_PAUSED;
        l->dirty = true;
        run_moved(r);
    }
    return 0;
}

int intents_carry_out(struct run *r, const struct decision *d, struct err *err)
{
    const struct ports *ports = r->config->ports;
    bool send[INTENTS_MAX] = {false};

    for (size_t i = 0; i < d->n_intents; i++) {
        int rv = apply_intent(r, &d->intents[i], err);
        if (rv < 0)
            return -1;
        send[i] = rv == 0 && (ordered[d->intents[i].kind].kind != MSG_NONE ||
                              d->intents[i].kind == INTENT_RESEND);
    }
    if (r->world != NULL)
        order_note_leader_index(r->config->ledger, r->config->plan, r->world,
                                ports->now(ports->ctx));
    effects_plan(r);
    if (keystore_plan(r, err) < 0 || run_commit(r, err) < 0)
        return -1;
    for (size_t i = 0; i < d->n_intents; i++) {
        struct ledger_host *lh = send[i] ? run_host(r, d->intents[i].key) : NULL;
        if (lh == NULL || lh->inner.len == 0)
            continue;
        if (d->intents[i].kind == INTENT_RESEND)
            call_begin(&lh->call, ports->now(ports->ctx), CALL_ANSWER_MS);
        ports->send(ports->ctx, lh->key, lh->order, lh->call.nonce, &lh->inner);
    }
    keystore_do(r);
    return effects_do(r, err);
}

/* ---- receipts ---- */

static const enum reaction reactions[REFUSAL_COUNT] = {
    [REFUSAL_NONE] = AGAIN,        [REFUSAL_SESSION] = AGAIN,  [REFUSAL_EPOCH] = CLAIM,
    [REFUSAL_SEQUENCE] = AGAIN,    [REFUSAL_REPLAYED] = AGAIN, [REFUSAL_LATE] = AGAIN,
    [REFUSAL_ROLE] = FINAL,        [REFUSAL_LEASE] = CLAIM,    [REFUSAL_PAUSED] = LATER,
    [REFUSAL_BUSY] = LATER,        [REFUSAL_PHASE] = STAGE,    [REFUSAL_HELD] = HELD,
    [REFUSAL_GAP] = LATER,         [REFUSAL_QUORUM] = LATER,   [REFUSAL_UNKNOWN] = LATER,
    [REFUSAL_MANIFEST] = FINAL,    [REFUSAL_URL] = FINAL,      [REFUSAL_DIGEST] = STAGE,
    [REFUSAL_UNSUPPORTED] = FINAL, [REFUSAL_LIMIT] = LATER,    [REFUSAL_FORMAT] = FINAL,
    [REFUSAL_IO] = LATER,
};

/* A host that could not write refuses the same order later because the order is too late. Keep the
 * first reason: it is the cause. */
static void say_refused(const struct ledger_host *lh, const struct receipt_done *done,
                        char dst[static TEXT_MAX])
{
    if (done->refusal != lh->refusal)
        memcpy(dst, lh->text, sizeof(lh->text));
    else
        snprintf(dst, TEXT_MAX, "%s order refused, %s: %s", message_kind_name(lh->order),
                 refusal_name(done->refusal), done->text);
}

/* While a joining host is being removed again, the text keeps the reason for that. */
static void keep_text(struct ledger_host *lh, const char *text)
{
    if (lh->outcome != OUTCOME_UNDONE)
        str_cut(lh->text, sizeof(lh->text), text);
}

/* After two refusals the host has not taken the order's sequence: when it could not write, and when
 * its trust does not let this key give orders (a newer trust may). A copy of the order may be
 * carried out until start_by. Until then the host is in flight; after it the same order asks once
 * more. */
static bool may_still_be_obeyed(struct ledger_host *lh, const struct receipt_done *done,
                                int64_t now)
{
    char text[TEXT_MAX];

    bool taken = done->refusal != REFUSAL_IO && done->refusal != REFUSAL_ROLE;

    if (taken || lh->order == MSG_STAGE || now - lh->ordered_ms > SWAP_BY_MS)
        return false;
    lh->refusal = done->refusal;
    say_refused(lh, done, text);
    keep_text(lh, text);
    lh->call.retry_ms = lh->ordered_ms + SWAP_BY_MS + 1;
    lh->dirty = true;
    return true;
}

/* If an order cannot enable or disable the unit, a second order cannot do so either. A host refuses
 * a stop by its phase when Nomad does not run; decide_service.c asks the host whether that is true.
 */
static enum reaction reaction_to_service(const struct ledger_host *lh)
{
    bool refuses = lh->refusal == REFUSAL_PHASE || lh->refusal == REFUSAL_DIGEST;

    if (refuses && lh->state == HOST_STOPPING)
        return LATER;
    return refuses || lh->refusal == REFUSAL_HELD ? FINAL : reactions[lh->refusal];
}

/* A resumed run gives a refused order once more: the operator was told to remove the reason of the
 * refusal. It gives a new order, because the host answers the same bytes with its kept receipt. */
static enum reaction reaction_to(const struct ledger_host *lh)
{
    enum reaction re = lh->order == MSG_SERVICE ? reaction_to_service(lh) : reactions[lh->refusal];
    bool given_before = lh->attempts == 0;

    return given_before && (re == FINAL || re == HELD) ? AGAIN : re;
}

static void take_refusal(struct run *r, struct ledger_host *lh, const struct receipt_done *done)
{
    struct ledger *l = r->config->ledger;
    enum reaction re = reaction_to(lh);
    int64_t now = r->config->ports->now(r->config->ports->ctx);
    struct intent in = {.kind = INTENT_MARK, .state = state_after_refusal(l, lh, re)};

    if (lh->attempts > (lh->refusal == REFUSAL_IO ? IO_MAX : REFUSED_MAX) ||
        (re == STAGE && (lh->turns >= TURNS_MAX || lh->order == MSG_REVERT)))
        re = FINAL;
    lh->turns += re == STAGE;
    if (re != FINAL)
        run_moved(r); /* surely not carried out; at most REFUSED_MAX times */
    lh->call.sequence = MAX_OF(lh->call.sequence, done->last_sequence);
    lease_refused_by(r, lh->key, lh->refusal);
    if (re == FINAL || re == HELD) {
        bool client = !r->config->plan->hosts[lh - l->hosts].is_server;
        /* A host that was swapped and must not be reverted was not left out: it failed. */
        bool skipped = re == HELD && client && lh->order != MSG_REVERT;
        in.state = skipped ? HOST_SKIPPED : HOST_FAILED;
        in.skip = skipped ? SKIP_HELD : SKIP_NONE;
        in.failure = lh->refusal == REFUSAL_IO ? FAILURE_IO : FAILURE_REFUSED_BY_LAW;
        in.outcome =
            lh->order == MSG_REVERT || lh->order == MSG_SERVICE ? OUTCOME_LEFT : OUTCOME_NONE;
        if (ledger_effect_const(l, EFFECT_DRAIN, lh->key) != NULL)
            in.state = HOST_RESTORING;
    }
    say_refused(lh, done, in.text);
    if (in.state == HOST_SETTLING) { /* the host refused to revert: its turn continues */
        lh->state = HOST_SETTLING;
        lh->dirty = true;
    } else if (host_finished(in.state) || in.state == HOST_RESTORING) {
        mark_host(r, lh, &r->config->plan->hosts[lh - l->hosts], &in);
    } else {
        lh->state = in.state;
        keep_text(lh, in.text);
        forget_fingerprint(lh);
        lh->dirty = true;
    }
    lh->call.retry_ms = now + (re == AGAIN ? 0 : call_wait_ms(lh->attempts));
}

/* Another key signed the order when it was given, so the port signed it again to send it (ports.h).
 */
static bool is_signed_anew(const struct ledger_host *lh, const struct event *ev)
{
    return !digest_is_zero(&lh->inner_digest) &&
           !digest_eq(&ev->receipt->head.order, &lh->inner_digest);
}

/* Such an answer shows that caravan-swap is alive. It does not show what became of the order: the
 * host refuses its sequence as taken whether it carried the order out or refused it. The next
 * status of the host shows that (order_is_void). */
static void take_answer_to_new_bytes(struct ledger_host *lh, const struct receipt_done *done,
                                     int64_t now)
{
    static const bool is_about_the_time[REFUSAL_COUNT] = {
        [REFUSAL_SESSION] = true,  [REFUSAL_EPOCH] = true, [REFUSAL_SEQUENCE] = true,
        [REFUSAL_REPLAYED] = true, [REFUSAL_LATE] = true,
    };

    if (done->refusal == REFUSAL_NONE || is_about_the_time[done->refusal]) {
        call_succeeded(&lh->call);
        lh->call.retry_ms = now + SWAP_ALIVE_MS;
    } else {
        call_failed(&lh->call, now);
    }
    if (is_about_the_time[done->refusal])
        lh->receipt_ms = now;
    lh->dirty = true;
}

/* The host has accepted the order, and decide_flight.c asks again whether caravan-swap still works
 * on it. */
static void take_second_answer(struct ledger_host *lh, const struct event *ev, int64_t now)
{
    bool dead = ev->kind == EV_NO_ANSWER || ev->receipt->u.done.refusal == REFUSAL_IO;

    if (dead) {
        call_failed(&lh->call, now);
    } else {
        call_succeeded(&lh->call);
        lh->call.retry_ms = now + SWAP_ALIVE_MS;
    }
    lh->dirty = true;
}

void intents_take_receipt(struct run *r, const struct event *ev)
{
    struct ledger_host *lh = run_host(r, ev->key);
    int64_t now = r->config->ports->now(r->config->ports->ctx);

    if (lh == NULL || lh->order != ev->order || !call_is(&lh->call, ev->nonce))
        return; /* the order was given up */
    if (host_finished(lh->state))
        return; /* the turn ended before the answer came: the host was left out, or is gone */
    if (lh->answered) {
        if (lh->refusal == REFUSAL_NONE && host_in_flight(lh->state))
            take_second_answer(lh, ev, now);
        return;
    }
    if (ev->kind == EV_NO_ANSWER) {
        const struct host *h = r->world != NULL ? world_host(r->world, lh->key) : NULL;
        if (lh->order != MSG_STAGE && (h == NULL || !is_fresh(h->agent.hello_at, now)))
            lh->call.failures = 0; /* count only silence of caravan-swap while its agent answers */
        call_failed(&lh->call, now);
        lh->dirty = true;
        return;
    }
    const struct receipt_done *done = &ev->receipt->u.done;
    if (is_signed_anew(lh, ev)) {
        take_answer_to_new_bytes(lh, done, now);
        return;
    }
    if (may_still_be_obeyed(lh, done, now))
        return;
    order_keep_receipt(r, lh, ev);
    lh->answered = true;
    call_succeeded(&lh->call);
    if (lh->refusal != REFUSAL_IO || done->refusal != REFUSAL_LATE)
        lh->refusal = done->refusal;
    lh->receipt_ms = now;
    lh->effect_ms = now;
    lh->dirty = true;
    if (done->refusal == REFUSAL_NONE)
        run_moved(r);
    else
        take_refusal(r, lh, done);
}
