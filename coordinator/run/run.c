#include "run.h"

#include "intents.h"
#include "effect_calls.h"
#include "lease_book.h"
#include "run_keystore.h"
#include "run_safeguards.h"

#define TICK_MS      500 /* longest time between two ticks: leases, retries, patience */
#define INTEREST_MAX 256
#define EVENTS_MAX   256 /* the most events between two decisions */

void run_moved(struct run *r)
{
    r->evidence.progress_ms = r->config->ports->now(r->config->ports->ctx);
    r->moved = true;
}

bool run_may_begin(const struct run *r)
{
    const struct ledger *l = r->config->ledger;

    return l->ending == RUN_NONE && l->state != RUN_ABORTING && !r->lease.paused && !r->lease.taken;
}

struct ledger_host *run_host(struct run *r, const char *key)
{
    size_t i = plan_index(r->config->plan, key);
    return i < r->config->ledger->n_hosts ? &r->config->ledger->hosts[i] : NULL;
}

static bool ledger_is_dirty(const struct ledger *l)
{
    for (size_t i = 0; i < l->n_hosts; i++)
        if (l->hosts[i].dirty)
            return true;
    for (size_t i = 0; i < l->n_effects; i++)
        if (l->effects[i].dirty)
            return true;
    for (size_t i = 0; i < l->n_regions; i++)
        if (l->regions[i].dirty)
            return true;
    return l->dirty || l->n_kept > 0;
}

int run_commit(struct run *r, struct err *err)
{
    if (!ledger_is_dirty(r->config->ledger))
        return 0;
    if (r->config->ports->commit(r->config->ports->ctx, r->config->ledger, err) < 0)
        return err_wrap(err, "write the ledger");
    return 0;
}

/* ---- the hosts that the next observations ask in detail ---- */

/* How many more hosts that do not work yet may be asked: before their stage, before their swap. */
struct places {
    size_t pending, staged;
};

/* The server is done, and its region is not healthy since: its agent tells whether its Nomad runs.
 */
static bool may_have_fallen(const struct situation *s, size_t i)
{
    const struct plan_host *p = &s->plan->hosts[i];
    char ails[200];

    return p->is_server && host_done_by_us(s, i) && region_trouble(s, p->region, ails)[0] != '\0';
}

static bool is_of_interest(const struct situation *s, size_t i, struct places *places)
{
    size_t *left = NULL;
    const struct ledger_host *h = &s->ledger->hosts[i];
    const struct host *seen = s->world != NULL ? world_host(s->world, h->key) : NULL;

    if (h->state == HOST_STAGING || host_in_flight(h->state))
        return true;
    if (h->state == HOST_PENDING && seen != NULL && host_may_run_target(s, i, seen))
        return true; /* its status decides whether it needs a turn */
    if (s->plan->hosts[i].is_server && !host_finished(h->state))
        return true;
    if (may_have_fallen(s, i))
        return true;
    if (ledger_effect_const(s->ledger, EFFECT_DRAIN, h->key) != NULL)
        return true;
    if (s->ledger->state == RUN_VERIFYING)
        return verify_wants(s, i);
    /* While servers work, staged hosts are not asked. Before that they are: the first staged host
     * must not lose its turn because others were asked more recently. */
    left = h->state == HOST_STAGED ? &places->staged : &places->pending;
    if (host_finished(h->state) || *left == 0 ||
        (h->state == HOST_STAGED && s->ledger->state == RUN_SERVERS))
        return false;
    (*left)--;
    return true;
}

#define OTHERS_ROUNDS 8

/* After the removed servers have left, hosts outside of the plan tell which of their files still
 * name one of them (names_removed.h). Asks as many hosts as there is room for, and others some
 * rounds later. */
static size_t add_others(const struct situation *s, const char *keys[INTEREST_MAX], size_t n)
{
    const struct world *w = s->world;
    size_t room = INTEREST_MAX - n, begin;

    if (!s->plan->replaces || s->ledger->state != RUN_VERIFYING || w == NULL || w->n_hosts == 0)
        return n;
    begin = w->n_hosts > room ? w->round / OTHERS_ROUNDS * room % w->n_hosts : 0;
    for (size_t i = 0; i < w->n_hosts && n < INTEREST_MAX; i++) {
        const struct host *h = &w->hosts[(begin + i) % w->n_hosts];
        if (plan_host(s->plan, h->key) == NULL)
            keys[n++] = h->key;
    }
    return n;
}

static void set_interest(struct run *r, const struct situation *s)
{
    const char *keys[INTEREST_MAX];
    int64_t rest = decision_rests_until(&r->decision, s->now);
    struct places places = {s->plan->parallel + 2, s->plan->parallel + 2};
    size_t n = 0;

    if (s->ledger->state == RUN_STAGING)
        places.pending = s->plan->policy.stage_parallel;
    if (rest > 0)
        places = (struct places){0, 0}; /* later rounds ask them before their turn can come */
    for (size_t i = 0; i < s->ledger->n_hosts && n < INTEREST_MAX; i++)
        if (is_of_interest(s, i, &places))
            keys[n++] = s->ledger->hosts[i].key;
    n = add_others(s, keys, n);
    r->config->ports->interest(r->config->ports->ctx, keys, n);
    r->config->ports->rest(r->config->ports->ctx, rest);
    safeguard_set_interest(r, s);
}

/* ---- events ---- */

static void take_control(struct run *r, enum operator_request what)
{
    struct ledger *l = r->config->ledger;

    if (what == REQUEST_LEAVE) {
        r->leaving = true;
    } else if (what == REQUEST_PAUSE && l->state != RUN_ABORTING && l->ending == RUN_NONE) {
        l->ending = RUN_PAUSED;
        l->dirty = true;
    } else if (what == REQUEST_ABORT && !run_ended(l->state)) {
        l->state = RUN_ABORTING;
        l->ending = RUN_NONE;
        l->dirty = true;
    }
    run_moved(r);
}

static void take_answer(struct run *r, const struct event *ev)
{
    if (ev->order == MSG_LEASE && ev->kind == EV_RECEIPT)
        lease_receipt(r, ev);
    else if (ev->order == MSG_LEASE)
        lease_no_answer(r, ev);
    else if (ev->order == MSG_NOTE)
        effects_event(r, ev);
    else if (ev->order == MSG_PRESERVE)
        keystore_answer(r, ev);
    else
        intents_take_receipt(r, ev);
}

static void fold_event(struct run *r, const struct event *ev)
{
    const struct run_config *c = r->config;

    switch (ev->kind) {
    case EV_WORLD:
        r->world = ev->world;
        evidence_fold(&r->evidence, r->world, c->plan, c->ledger, c->ports->now(c->ports->ctx));
        break;
    case EV_RECEIPT:
    case EV_NO_ANSWER:
        take_answer(r, ev);
        break;
    case EV_OPERATED:
        if (ev->op == OP_SNAPSHOT)
            safeguard_take_snapshot(r, ev);
        else
            effects_event(r, ev);
        break;
    case EV_ALARM:
        safeguard_take_alarm(r, ev);
        break;
    case EV_REQUEST:
        take_control(r, ev->request);
        break;
    case EV_TIMEOUT:
        break;
    }
}

/* ---- the loop ---- */

/* Waits until `until` for the first event, and folds it with all events that are there by then. */
static int fold_events(struct run *r, int64_t until, struct event *ret_last, struct err *err)
{
    const struct ports *ports = r->config->ports;

    *ret_last = (struct event){.kind = EV_TIMEOUT};
    for (int i = 0; i < EVENTS_MAX; i++) {
        struct event ev = {.kind = EV_TIMEOUT};
        if (ports->next(ports->ctx, until, &ev, err) < 0)
            return -1;
        if (ev.kind == EV_TIMEOUT)
            break;
        fold_event(r, &ev);
        *ret_last = ev;
        until = ports->now(ports->ctx);
    }
    return 0;
}

static int run_tick(struct run *r, const struct event *last, struct err *err)
{
    const struct run_config *c = r->config;

    if (lease_tick(r, err) < 0)
        return -1;
    struct situation s = {.world = r->world,
                          .plan = c->plan,
                          .ledger = c->ledger,
                          .evidence = &r->evidence,
                          .lease = &r->lease,
                          .now = c->ports->now(c->ports->ctx)};
    decide(&s, &r->decision);
    note_waits(&r->evidence, &r->decision, s.now);
    if (intents_carry_out(r, &r->decision, err) < 0)
        return -1;
    set_interest(r, &s);
    if (c->told != NULL)
        c->told(c->told_ctx, r, last, &r->decision);
    return 0;
}

/* A run that is over gives its leases back. The leases of a paused or stopped run expire, so that
 * the run can be resumed. */
static int return_leases(struct run *r, struct err *err)
{
    const struct run_config *c = r->config;
    bool all = !run_is_over(c->ledger->state);

    while (!all) {
        if (lease_give_back(r, &all, err) < 0)
            return -1;
        if (all)
            break;
        struct event ev = {.kind = EV_TIMEOUT};
        if (c->ports->next(c->ports->ctx, c->ports->now(c->ports->ctx) + TICK_MS, &ev, err) < 0)
            return -1;
        if (ev.kind == EV_WORLD)
            r->world = ev.world;
        else if (ev.kind == EV_RECEIPT || ev.kind == EV_NO_ANSWER)
            take_answer(r, &ev);
    }
    return 0;
}

int run_loop(const struct run_config *c, struct err *err)
{
    autofree struct run *r = xzalloc(1, sizeof(*r));
    int rv = 0;

    r->config = c;
    lease_init(r);
    effects_init(r);
    r->evidence.begun_ms = c->ports->now(c->ports->ctx);
    run_moved(r);
    ledger_rebase(c->ledger, r->evidence.begun_ms);
    rv = run_commit(r, err);
    while (rv == 0 && !run_ended(c->ledger->state) && !r->leaving) {
        struct event last;
        int64_t now = c->ports->now(c->ports->ctx);
        int64_t until = now + (r->moved ? 0 : TICK_MS);
        r->moved = false;
        rv = fold_events(r, until, &last, err);
        if (rv == 0 && !r->leaving)
            rv = run_tick(r, &last, err);
    }
    if (rv == 0 && !r->leaving)
        rv = return_leases(r, err);
    evidence_free(&r->evidence);
    lease_free(r);
    effects_free(r);
    return rv;
}
