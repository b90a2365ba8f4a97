/* Clients: canaries, then a soak, then a sliding window. */
#include "decide.h"

#include "fingerprint.h"
#include "version.h"

#define PASSED_OVER_MS  30000          /* a client that cannot begin has so long to come back */
#define GRACE_MS        10000          /* Nomad's heartbeat_grace */
#define SILENCE_MS      10000          /* expected when nothing is known */
#define SILENCE_MOST_MS INT64_C(60000) /* so no host makes others wait for more than twice this */
#define LAST            5 /* the silence of the last so many clients is what the next one may expect */
#define READY_MAX       64 /* a tick looks at so many clients that can begin */

/* ---- a swap right after a heartbeat, when that matters ---- */

/* Finds the clients of this run that reported a silence, the latest orders first. Returns how
 * many. */
static size_t find_last_silences(const struct situation *s,
                                 const struct ledger_host *last[static LAST])
{
    size_t n = 0;

    for (size_t i = s->plan->n_servers; i < s->ledger->n_hosts; i++) {
        const struct ledger_host *lh = &s->ledger->hosts[i];
        size_t at = n;
        if (lh->silence_ms == 0)
            continue;
        while (at > 0 && last[at - 1]->ordered_ms <= lh->ordered_ms)
            at--;
        if (at == LAST)
            continue;
        n = MIN_OF(n + 1, (size_t)LAST);
        memmove(&last[at + 1], &last[at], (n - at - 1) * sizeof(*last));
        last[at] = lh;
    }
    return n;
}

static int by_silence(const void *a, const void *b)
{
    uint32_t x = (*(const struct ledger_host *const *)a)->silence_ms;
    uint32_t y = (*(const struct ledger_host *const *)b)->silence_ms;
    return (x > y) - (x < y);
}

/* Returns the median (of an even number the lower one), so that one host that reports a wrong
 * value changes the result little. */
static int64_t expected_silence(const struct situation *s, const struct host *h)
{
    const struct ledger_host *last[LAST];
    size_t n = find_last_silences(s, last);

    if (n == 0)
        return h->agent.work.silence_ms > 0
                   ? MIN_OF((int64_t)h->agent.work.silence_ms, SILENCE_MOST_MS)
                   : SILENCE_MS;
    qsort(last, n, sizeof(last[0]), by_silence);
    return MIN_OF((int64_t)last[(n - 1) / 2]->silence_ms, SILENCE_MOST_MS);
}

int64_t heartbeat_wait(const struct situation *s, const struct host *h, int64_t at)
{
    const struct client_view *c = &h->client;
    int64_t need = 2 * expected_silence(s, h);

    if (c->heartbeat_at == 0 || c->heartbeat_age_ms < 0 || c->heartbeat_ttl_ms <= 0)
        return 0;
    int64_t to_beat = c->heartbeat_ttl_ms - (c->heartbeat_age_ms + (at - c->heartbeat_at));
    return to_beat < 0 || to_beat + GRACE_MS >= need ? 0 : MIN_OF(to_beat, need);
}

/* In the agent's uptime, milliseconds; 0: now. */
static uint64_t swap_not_before(const struct situation *s, const struct host *h)
{
    int64_t wait = heartbeat_wait(s, h, s->now);
    uint64_t uptime = h->agent.uptime_ms + (uint64_t)(s->now - h->agent.hello_at);

    return wait > 0 ? uptime + (uint64_t)wait : 0;
}

/* ---- may this client begin? ---- */

/* The region's gate passes, and all its servers run the target or a newer version. */
static bool are_servers_ready(const struct situation *s, struct decision *d, const struct host *h)
{
    struct version target, v;
    struct err err;

    if (!region_is_well(s, d, h->key, h->region))
        return false;
    if (version_parse(s->plan->target, &target, &err) < 0)
        return false;
    for (size_t i = 0; i < s->world->n_hosts && s->world->hosts[i].is_server; i++) {
        const struct host *o = &s->world->hosts[i];
        if (!str_eq(o->region, h->region) || plan_is_former_server(s->world, s->plan, o))
            continue;
        if (version_parse(o->server.version, &v, &err) < 0 ||
            plan_cmp_target(s->plan, &v, &target) < 0) {
            waiting_for(d, REASON_SERVERS, h->key,
                        "server %s runs %s, and a client on %s would be newer", o->name,
                        o->server.version, s->plan->target);
            return false;
        }
    }
    return true;
}

/* Returns why the host cannot have its turn now; NULL: it can. *ret_skip: the reason to skip the
 * host when that lasts. SKIP_NONE: never skip it, because the host is not the cause. */
static const char *why_not_now(const struct situation *s, size_t i, const struct host *h,
                               enum skip_why *ret_skip)
{
    const char *why = host_disagrees(h, s->now);

    *ret_skip = SKIP_UNREACHABLE;
    if (why != NULL)
        return why;
    *ret_skip = s->lease->claims[i] == CLAIM_REFUSED ? SKIP_HELD : SKIP_UNREACHABLE;
    if (s->lease->claims[i] == CLAIM_REFUSED)
        return "another run holds its lease";
    if (s->lease->claims[i] == CLAIM_SILENT)
        return "its agent does not answer";
    *ret_skip = SKIP_NONE;
    if (!is_fresh(h->client.list_at, s->now))
        return "its node record could not be read";
    why = host_may_run_target(s, i, h) ? "it is not known yet whether it already runs the target"
                                       : fingerprint_lacks(h, 0, s->now);
    if (why != NULL)
        return why;
    *ret_skip = SKIP_DOWN;
    if (!str_eq(h->client.status, "ready"))
        return "its node is not ready";
    /* Somebody else has just installed the target there. The node record about that start must
     * not count as the record after a swap of this run. */
    if (is_fresh(h->agent.hello_at, s->now) &&
        digest_eq(&h->agent.hello.running, &s->plan->hosts[i].digest) &&
        !str_eq(host_version(s->world, h), s->plan->target))
        return "it runs the target, and its node record does not say so yet";
    if (!is_fresh(h->client.allocs_at, s->now) || !is_fresh(h->client.health_at, s->now))
        return "its allocations or its own API could not be read";
    *ret_skip = SKIP_HELD;
    if (s->plan->policy.drain && h->client.draining && s->ledger->hosts[i].state == HOST_STAGED)
        return "it is being drained by others";
    return NULL;
}

/* Begins the swap, or the step that must come before it. False: the client cannot have its turn
 * now. */
static bool begin_client(const struct situation *s, struct decision *d, size_t i)
{
    const struct plan_host *p = &s->plan->hosts[i];
    const struct ledger_host *lh = &s->ledger->hosts[i];
    const struct host *h = world_host(s->world, p->key);
    enum skip_why skip;

    if (why_not_now(s, i, h, &skip) != NULL)
        return false;
    if (!call_due(&lh->call, s->now)) {
        waiting_for(d, REASON_RETRY, p->key, "%s: %s", p->name, lh->text);
    } else if (host_is_newer(s, h)) {
        intend_conclude(s, d, i, OUTCOME_NONE, FAILURE_REFUSED_BY_LAW,
                        "now runs %s, newer than %s: Caravan leaves it as it is",
                        host_version(s->world, h), s->plan->target);
    } else if (host_runs_target(s, i, h)) {
        intend_mark(d, p->key, HOST_SETTLING, "runs %s already; Caravan only checks its gates",
                    s->plan->target);
    } else if (s->lease->claims[i] != CLAIM_HELD) {
        if (s->lease->claims[i] == CLAIM_NONE)
            intent_new(d, INTENT_CLAIM, p->key);
        waiting_for(d, REASON_LEASE, p->key, "%s: Caravan asks for its lease", p->name);
    } else if (are_servers_ready(s, d, h)) {
        bool drain = s->plan->policy.drain && lh->state == HOST_STAGED && h->client.eligible;
        struct intent *in = intent_new(d, drain ? INTENT_DRAIN : INTENT_SWAP, p->key);
        in->not_before = drain ? 0 : swap_not_before(s, h);
    }
    return true;
}

/* The drain of this run has ended, so the swap is next. */
static void begin_drained_clients(const struct situation *s, struct decision *d)
{
    for (size_t i = s->plan->n_servers; i < s->plan->n_hosts; i++) {
        const struct host *h = world_host(s->world, s->plan->hosts[i].key);
        const struct effect *e =
            s->ledger->hosts[i].state == HOST_DRAINING
                ? ledger_effect_const(s->ledger, EFFECT_DRAIN, s->plan->hosts[i].key)
                : NULL;
        if (e == NULL || h == NULL || !e->done || h->client.list_at <= e->done_ms ||
            h->client.draining)
            continue;
        if (may_begin(s, d) && !begin_client(s, d, i))
            waiting_for(d, REASON_OBSERVE, h->key, "%s: it is drained, but cannot be asked now",
                        h->name);
    }
}

/* ---- the window ---- */

/* Returns how many clients may be in flight now. 0: none, and the wait is stated. */
static size_t clients_at_once(const struct situation *s, struct decision *d)
{
    const struct policy *p = &s->plan->policy;
    char soaked[24], soak[24];
    size_t settled = 0;

    if (p->canary == 0)
        return s->plan->parallel;
    if (s->ledger->canaries_done) {
        int64_t since = s->now - s->ledger->canaries_settled_ms;
        if (since >= p->soak_ms)
            return s->plan->parallel;
        str_for_ms(soaked, sizeof(soaked), since);
        str_for_ms(soak, sizeof(soak), p->soak_ms);
        waiting_until(d, REASON_SOAK, "", s->ledger->canaries_settled_ms + p->soak_ms,
                      "%s settled %s ago and must soak for %s",
                      str_count(p->canary, "the canary", "the canaries"), soaked, soak);
        return 0;
    }
    for (size_t i = s->plan->n_servers; i < s->plan->n_hosts; i++)
        settled += s->ledger->hosts[i].state == HOST_DONE && !s->plan->hosts[i].already;
    size_t left = p->canary > settled ? p->canary - settled : 1;
    waiting_for(d, REASON_CANARY, "", "canaries settled: %zu of %u", settled, p->canary);
    return MIN_OF(left, (size_t)s->plan->parallel);
}

/* Nothing else can go on, so clients that cannot begin are skipped after they have had time. */
static void skip_client(const struct situation *s, struct decision *d, size_t i)
{
    const struct plan_host *p = &s->plan->hosts[i];
    const struct host *h = world_host(s->world, p->key);
    enum skip_why skip = SKIP_NONE;
    const char *why = why_not_now(s, i, h, &skip);

    if (why == NULL)
        return;
    waiting_for(d, REASON_OBSERVE, p->key, "%s: %s", p->name, why);
    if (skip == SKIP_NONE || s->now - s->evidence->progress_ms < PASSED_OVER_MS)
        return;
    struct intent *in = intent_new(d, INTENT_MARK, p->key);
    in->state = HOST_SKIPPED;
    in->skip = skip;
    snprintf(in->text, sizeof(in->text), "%s", why);
}

/* Clients that can have their turn now. */
struct ready {
    size_t n, left, passed_over; /* left: clients neither finished nor in flight; passed_over: the
                                    first that cannot begin */
    struct {
        size_t i;
        int64_t wait; /* milliseconds until its heartbeat */
    } of[READY_MAX];
};

/* Order: first the clients whose lease was taken for their turn, then the shortest wait, then
 * the plan's order. Canaries go in the plan's order, because the plan shows them. */
static void add_ready(const struct situation *s, struct ready *r, size_t i, const struct host *h)
{
    bool by_beat = s->plan->policy.canary == 0 || s->ledger->canaries_done;
    int64_t wait = !by_beat                            ? 0
                   : s->lease->claims[i] != CLAIM_NONE ? -1
                                                       : heartbeat_wait(s, h, s->now);
    size_t at = r->n;

    while (at > 0 && r->of[at - 1].wait > wait)
        at--;
    if (at == READY_MAX)
        return;
    r->n = MIN_OF(r->n + 1, (size_t)READY_MAX);
    memmove(&r->of[at + 1], &r->of[at], (r->n - at - 1) * sizeof(r->of[0]));
    r->of[at].i = i;
    r->of[at].wait = wait;
}

static void find_ready(const struct situation *s, struct ready *r)
{
    enum skip_why skip;

    for (size_t i = s->plan->n_servers; i < s->plan->n_hosts; i++) {
        const struct ledger_host *lh = &s->ledger->hosts[i];
        const struct host *h = world_host(s->world, lh->key);
        bool at_rest = !host_finished(lh->state) && !host_in_flight(lh->state);
        r->left += at_rest;
        if (!at_rest || lh->state != HOST_STAGED) /* otherwise decide_staging works on it */
            continue;
        if (why_not_now(s, i, h, &skip) == NULL)
            add_ready(s, r, i, h);
        else if (r->passed_over == SIZE_MAX)
            r->passed_over = i;
    }
}

static void fill_window(const struct situation *s, struct decision *d, size_t most)
{
    size_t begun = ledger_in_flight(s->ledger, s->plan, false);
    struct ready r = {.passed_over = SIZE_MAX};

    find_ready(s, &r);
    for (size_t k = 0; k < r.n && begun < most; k++, r.left--)
        begun += begin_client(s, d, r.of[k].i);
    if (begun >= most && r.left > 0)
        waiting_for(d, REASON_LIMIT, "", "clients at work: %zu, allowed at once: %zu", begun, most);
    else if (begun == 0 && r.passed_over != SIZE_MAX)
        skip_client(s, d, r.passed_over);
}

static bool are_clients_finished(const struct situation *s)
{
    for (size_t i = s->plan->n_servers; i < s->plan->n_hosts; i++)
        if (!host_finished(s->ledger->hosts[i].state))
            return false;
    return true;
}

void decide_clients(const struct situation *s, struct decision *d)
{
    decide_staging(s, d);
    if (are_clients_finished(s)) {
        intend_run(d, RUN_VERIFYING);
        return;
    }
    begin_drained_clients(s, d);
    if (!may_begin(s, d))
        return;
    size_t most = clients_at_once(s, d);
    if (most > 0)
        fill_window(s, d, most);
}
