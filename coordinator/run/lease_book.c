#include "lease_book.h"

#include "orders_sent.h"

#define LEASE_BY_MS  15000 /* start_by of a lease order: after it the run has asked again */
#define SILENT_TRIES 8
#define GIVE_BACK_MS 5000 /* how long the end of a run waits; after it the leases expire */

struct lease_entry {
    char key[UUID_MAX];
    char region[NAME_MAX_LEN];
    bool server;
    bool asked_for; /* decide() wants to begin the turn of this client */
    bool held, refused, paused;
    bool giving; /* being given back: no order may use the lease any more */
    bool known;  /* the agent has told the revision */
    bool taken;  /* this run held the lease, and another run holds it now */
    uint64_t revision, epoch;
    uint64_t told_epoch; /* the epoch that the agent told last, whoever holds the lease */
    int64_t until_ms;    /* when the lease expires (clock.mono), counted from the question */
    enum lease_op op;    /* of the last lease order */
    char why[120]; /* why the agent refused the last lease order, in its words; "" it did not */
    struct call call;
};

struct lease_book {
    struct lease_entry *entries; /* the plan's hosts, by index; then servers outside of the plan */
    size_t n, cap;
    enum claim *claims;
    int64_t ending_ms; /* when lease_give_back was called first; 0: not yet */
};

void lease_init(struct run *r)
{
    const struct plan *p = r->config->plan;
    struct lease_book *b = xzalloc(1, sizeof(*b));

    b->cap = b->n = p->n_hosts;
    b->entries = xzalloc(b->cap + 1, sizeof(*b->entries));
    b->claims = xzalloc(b->cap + 1, sizeof(*b->claims));
    for (size_t i = 0; i < p->n_hosts; i++) {
        str_cut(b->entries[i].key, sizeof(b->entries[i].key), p->hosts[i].key);
        str_cut(b->entries[i].region, sizeof(b->entries[i].region), p->hosts[i].region);
        b->entries[i].server = p->hosts[i].is_server;
    }
    r->leases = b;
    r->lease.claims = b->claims;
    str_cut(r->lease.text, sizeof(r->lease.text), "no lease is held yet");
}

void lease_free(struct run *r)
{
    if (r->leases == NULL)
        return;
    free(r->leases->entries);
    free(r->leases->claims);
    free(r->leases);
    r->leases = NULL;
}

static struct lease_entry *find_lease(const struct run *r, const char *key)
{
    size_t i = plan_index(r->config->plan, key);

    if (i != SIZE_MAX)
        return &r->leases->entries[i];
    for (i = r->config->plan->n_hosts; i < r->leases->n; i++)
        if (str_eq(r->leases->entries[i].key, key))
            return &r->leases->entries[i];
    return NULL;
}

uint64_t lease_epoch(const struct run *r, const char *key)
{
    const struct lease_entry *e = find_lease(r, key);
    return e != NULL && e->held && !e->giving ? e->epoch : 0;
}

void lease_want(struct run *r, const char *key)
{
    struct lease_entry *e = find_lease(r, key);

    if (e == NULL || e->asked_for)
        return;
    e->asked_for = true;
    e->refused = false;
    e->call.failures = 0;
    if (call_due(&e->call, r->config->ports->now(r->config->ports->ctx)))
        r->moved = true; /* the next tick asks at once */
}

void lease_refused_by(struct run *r, const char *key, enum refusal why)
{
    struct lease_entry *e = NULL;

    if (why == REFUSAL_LEASE || why == REFUSAL_EPOCH)
        e = find_lease(r, key);
    if (e == NULL)
        return;
    e->held = false;
    e->known = false; /* the last answer is out of date */
    e->asked_for = true;
    /* Ask at once: an agent that was restarted keeps the lease, but has no lease order any more
     * that it could show to caravan-swap. */
    if (!e->call.outstanding)
        e->call.retry_ms = 0;
}

/* ---- answers ---- */

/* The agent sent this state after `asked` (clock.mono), so the lease lives at least until `asked`
 * plus the time that it has left. */
static void fold_lease(struct run *r, struct lease_entry *e, const struct lease_state *s,
                       int64_t asked)
{
    bool ours = memcmp(s->run_id, r->config->ledger->run_id, RUN_ID_LEN) == 0;

    if (e->known && s->revision < e->revision)
        return; /* a newer answer came first */
    if (s->held && !ours)
        e->taken = e->taken || e->held;
    e->known = true;
    e->revision = s->revision;
    e->told_epoch = s->epoch;
    e->held = s->held && ours && digest_eq(&s->plan, &r->config->ledger->plan_digest);
    e->paused = s->paused && ours;
    e->refused = s->held && !ours;
    if (!e->held)
        return;
    e->epoch = s->epoch;
    e->until_ms =
        MAX_OF(e->until_ms, asked + MIN_OF((int64_t)s->expires_in_ms, (int64_t)LEASE_MAX_MS));
    e->taken = false;
}

/* Takes the lease's state from the last observation: revision, pause, holder. */
static void observe_lease(struct run *r, struct lease_entry *e)
{
    const struct host *h = r->world != NULL ? world_host(r->world, e->key) : NULL;

    if (h != NULL && h->agent.lease_at > 0 &&
        (!e->known || h->agent.lease.revision > e->revision ||
         (h->agent.lease.revision == e->revision && !h->agent.lease.held != !e->held)))
        fold_lease(r, e, &h->agent.lease, h->agent.lease_at);
}

void lease_receipt(struct run *r, const struct event *ev)
{
    struct lease_entry *e = find_lease(r, ev->key);
    int64_t now = r->config->ports->now(r->config->ports->ctx);

    if (e == NULL || !e->call.outstanding || !call_is(&e->call, ev->nonce))
        return;
    fold_lease(r, e, &ev->receipt->u.done.lease, e->call.asked_ms);
    call_succeeded(&e->call);
    str_cut(e->why, sizeof(e->why),
            ev->receipt->u.done.refusal != REFUSAL_NONE ? ev->receipt->u.done.text : "");
    e->call.retry_ms = e->held ? now + r->config->plan->policy.renew_ms : now + 2000;
    if (ev->receipt->u.done.refusal != REFUSAL_NONE)
        e->call.retry_ms =
            now + 2000; /* a new hello may have to come first: do not flood the host */
    else if (e->op == LEASE_GIVE_BACK)
        e->call.retry_ms = now; /* the run may take the lease again at once */
    if (e->held && e->paused)
        r->lease.paused = true;
}

void lease_no_answer(struct run *r, const struct event *ev)
{
    struct lease_entry *e = find_lease(r, ev->key);

    if (e != NULL && e->call.outstanding && call_is(&e->call, ev->nonce))
        call_failed(&e->call, r->config->ports->now(r->config->ports->ctx));
}

/* ---- lease orders ---- */

/* caravan-swap compares the epoch of orders with this epoch (agent/swap/lease_shown.h). */
static uint64_t lease_order_epoch(const struct run *r, const struct lease_entry *e,
                                  enum lease_op op)
{
    const struct host *h = world_host(r->world, e->key);

    return op != LEASE_TAKE ? e->epoch
                            : MAX_OF(e->told_epoch, h != NULL ? h->agent.hello.swap_epoch : 0);
}

static int send_lease_order(struct run *r, struct lease_entry *e, enum lease_op op, struct err *err)
{
    const struct ports *ports = r->config->ports;
    const struct host *h = world_host(r->world, e->key);
    autofree struct order *o = xzalloc(1, sizeof(*o));

    if (h == NULL)
        return 0;
    o->head.kind = MSG_LEASE;
    o->head.epoch = lease_order_epoch(r, e, op);
    o->head.sequence = e->revision;
    o->head.time_ms = order_uptime(&h->agent, ports->now(ports->ctx)) + LEASE_BY_MS;
    o->u.lease = (struct order_lease){
        .op = op,
        .expect = e->revision,
        .plan = r->config->ledger->plan_digest,
        .ttl_ms = (uint32_t)r->config->plan->policy.lease_ms,
    };
    memcpy(o->u.lease.run_id, r->config->ledger->run_id, RUN_ID_LEN);
    int rv = order_send(r, e->key, o, &e->call, err);
    if (rv == 0)
        e->op = op;
    return MIN_OF(rv, 0); /* 1: the agent has sent no hello yet; the next tick tries again */
}

static bool region_is_planned(const struct plan *p, const char *region)
{
    for (size_t i = 0; i < p->n_regions; i++)
        if (str_eq(p->regions[i].name, region))
            return p->regions[i].planned;
    return false;
}

/* The run also holds the leases of servers that the operator's filters leave out. */
static void add_servers(struct run *r)
{
    const struct plan *p = r->config->plan;
    struct lease_book *b = r->leases;

    for (size_t i = 0; i < r->world->n_hosts && r->world->hosts[i].is_server; i++) {
        const struct host *h = &r->world->hosts[i];
        if (!region_is_planned(p, h->region) || find_lease(r, h->key) != NULL ||
            plan_is_former_server(r->world, p, h))
            continue;
        if (b->n == b->cap) {
            b->cap = 2 * b->cap + 1;
            b->entries = xrealloc(b->entries, b->cap * sizeof(*b->entries));
        }
        struct lease_entry *e = &b->entries[b->n++];
        memset(e, 0, sizeof(*e));
        str_cut(e->key, sizeof(e->key), h->key);
        str_cut(e->region, sizeof(e->region), h->region);
        e->server = true;
    }
}

static bool lease_is_wanted(const struct run *r, size_t i)
{
    const struct ledger *l = r->config->ledger;
    const struct lease_entry *e = &r->leases->entries[i];

    if (run_ended(l->state) || plan_is_dead(r->config->plan, e->key))
        return false;
    if (e->server && i < l->n_hosts)
        return l->hosts[i].state != HOST_GONE;
    if (e->server) /* a joining server has another key until its agent tells its Nomad id */
        return e->held || world_host(r->world, e->key) != NULL;
    if (i >= l->n_hosts)
        return false;
    const struct ledger_host *h = &l->hosts[i];
    for (size_t k = 0; k < l->n_effects; k++)
        if (!effect_finished(&l->effects[k]) && str_eq(l->effects[k].key, h->key))
            return true;
    bool again = (h->state == HOST_PENDING && h->order == MSG_STAGE) ||
                 (h->state == HOST_STAGED && h->order == MSG_SWAP); /* its turn continues */
    return again || h->state == HOST_STAGING || host_in_flight(h->state) ||
           (e->asked_for && !host_finished(h->state));
}

const char *lease_server(const struct run *r, const char *region, size_t *io)
{
    for (size_t i = *io; i < r->leases->n; i++) {
        const struct lease_entry *e = &r->leases->entries[i];
        if (!e->server || !str_eq(e->region, region) || !lease_is_wanted(r, i))
            continue;
        *io = i + 1;
        return e->key;
    }
    return NULL;
}

/* A claim ends when the host rests: staged (until decide() wants its swap) or finished. A draining
 * host waits for its swap, and the run may have to claim it again for that. */
static void forget_claim(struct run *r, size_t i)
{
    const struct ledger *l = r->config->ledger;
    struct lease_entry *e = &r->leases->entries[i];

    if (i < l->n_hosts && l->hosts[i].state == HOST_STAGING)
        e->asked_for = false;
    if (i < l->n_hosts && host_in_flight(l->hosts[i].state) && l->hosts[i].state != HOST_DRAINING)
        e->asked_for = false;
}

static int tick_lease(struct run *r, size_t i, int64_t now, struct err *err)
{
    struct lease_entry *e = &r->leases->entries[i];
    bool want = lease_is_wanted(r, i);

    if (e->held && now >= e->until_ms)
        e->held = false; /* it may have expired on the host */
    forget_claim(r, i);
    if (e->call.outstanding && !call_due(&e->call, now))
        return 0;
    e->giving = !want && e->held;
    if (e->giving && (e->op != LEASE_GIVE_BACK || call_due(&e->call, now)))
        return send_lease_order(r, e, LEASE_GIVE_BACK, err);
    if (!want || !call_due(&e->call, now))
        return 0;
    return send_lease_order(r, e, e->held ? LEASE_RENEW : LEASE_TAKE, err);
}

/* ---- the view for decide ---- */

/* The lease of a server that has left does not count: the run needs nothing of this server. */
static bool lease_counts(const struct run *r, size_t i)
{
    const struct ledger *l = r->config->ledger;
    const struct plan *p = r->config->plan;
    bool left = i < p->n_hosts && p->hosts[i].role == ROLE_LEAVES && i < l->n_hosts &&
                l->hosts[i].state == HOST_DONE;

    return !left && lease_is_wanted(r, i);
}

static void say_lacking(const struct run *r, const struct lease_entry *e, char dst[static TEXT_MAX])
{
    const struct host *h = world_host(r->world, e->key);

    snprintf(dst, TEXT_MAX, "region %.60s: the lease of server %.60s is %s%s", e->region,
             h != NULL ? h->name : e->key,
             e->refused          ? "held by another run"
             : e->why[0] != '\0' ? "not held: the host refused it, "
             : h != NULL && h->agent.stranger
                 ? "not held (no answer: its trust file may not name the operator key that signs "
                   "here; caravan trust show)"
                 : "not held (no answer yet)",
             e->refused ? "" : e->why);
}

static void refresh_view(struct run *r)
{
    const struct plan *p = r->config->plan;
    struct lease_view *v = &r->lease;

    v->all = v->majority = true;
    v->taken = v->paused = false;
    v->text[0] = '\0';
    for (size_t k = 0; k < p->n_regions; k++) {
        size_t n = 0, held = 0;
        for (size_t i = 0; p->regions[k].planned && i < r->leases->n; i++) {
            const struct lease_entry *e = &r->leases->entries[i];
            if (!e->server || !str_eq(e->region, p->regions[k].name) || !lease_counts(r, i))
                continue;
            n++;
            held += e->held;
            v->taken = v->taken || e->taken;
            v->paused = v->paused || e->paused;
            if (!e->held && v->text[0] == '\0')
                say_lacking(r, e, v->text);
        }
        v->all = v->all && held == n;
        v->majority = v->majority && held >= (n > 0 ? n / 2 + 1 : 0);
    }
    for (size_t i = 0; i < p->n_hosts; i++) {
        const struct lease_entry *e = &r->leases->entries[i];
        r->leases->claims[i] = e->held && !e->giving                              ? CLAIM_HELD
                               : e->refused                                       ? CLAIM_REFUSED
                               : e->call.failures >= SILENT_TRIES                 ? CLAIM_SILENT
                               : e->call.outstanding || e->asked_for || e->giving ? CLAIM_ASKED
                                                                                  : CLAIM_NONE;
    }
}

int lease_tick(struct run *r, struct err *err)
{
    int64_t now = r->config->ports->now(r->config->ports->ctx);

    if (r->world == NULL)
        return 0;
    add_servers(r);
    for (size_t i = 0; i < r->leases->n; i++) {
        observe_lease(r, &r->leases->entries[i]);
        if (tick_lease(r, i, now, err) < 0)
            return -1;
    }
    refresh_view(r);
    return 0;
}

int lease_give_back(struct run *r, bool *ret_all, struct err *err)
{
    int64_t now = r->config->ports->now(r->config->ports->ctx);
    struct lease_book *b = r->leases;

    *ret_all = true;
    if (r->world == NULL)
        return 0;
    if (b->ending_ms == 0)
        b->ending_ms = now;
    for (size_t i = 0; i < b->n; i++) {
        if (!b->entries[i].held || now - b->ending_ms > GIVE_BACK_MS)
            continue;
        *ret_all = false;
        if (tick_lease(r, i, now, err) < 0)
            return -1;
    }
    return 0;
}
