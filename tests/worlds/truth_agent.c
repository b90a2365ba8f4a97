/* The agents: what proto/ and agent/ promise, in memory. Leases and sequences as agent/lease.h
 * and agent/order.h say, the phases with their times, crashes and reboots. */
#include "truth.h"

#define LEASE_MAX (15 * 60 * 1000)
#define GAP_MS    30000
#define PROBE_MS  1000

static uint64_t uptime(const struct truth *t, const struct t_agent *a)
{
    return (uint64_t)(t->now - a->boot_ms);
}

void t_agent_new(struct truth *t, int host)
{
    struct t_agent *a = &t->hosts[host].agent;

    memset(a, 0, sizeof(*a));
    a->up = true;
    a->boot_ms = t->now - t_between(t, 1000, 90000);
    for (size_t i = 0; i < SESSION_LEN; i++)
        a->session[i] = (unsigned char)t_random(t);
    a->revision = 1;
    a->last_swap_ms = -GAP_MS;
    a->phase = PHASE_IDLE;
    a->swap_sequence = (uint64_t)t_between(t, 0, 3);
    a->order_sequence = a->swap_sequence;
}

bool t_agent_works(const struct truth *t, int host)
{
    return !phase_rests(t->hosts[host].agent.phase);
}

static void set_phase(struct truth *t, int host, enum phase phase)
{
    struct t_agent *a = &t->hosts[host].agent;

    a->phase = phase;
    a->revision++;
    t_say(t, "%s: agent %s", t->hosts[host].name, phase_name(phase));
}

static void fail(struct truth *t, int host, enum failure failure, enum phase in)
{
    struct t_agent *a = &t->hosts[host].agent;

    a->failure = failure;
    a->failed_in = in;
    set_phase(t, host, PHASE_FAILED);
}

/* ---- leases ---- */

static bool in_force(const struct truth *t, const struct t_agent *a)
{
    return a->lease.held && t->now < a->lease_until;
}

static void lease_told(const struct truth *t, const struct t_agent *a, struct lease_state *ret)
{
    *ret = a->lease;
    ret->held = in_force(t, a);
    ret->paused = a->lease.held && a->lease.paused;
    ret->expires_in_ms = ret->held ? (uint32_t)(a->lease_until - t->now) : 0;
}

static enum refusal lease_order(struct truth *t, struct t_agent *a, const struct t_wire *o)
{
    struct lease_state *l = &a->lease;
    bool same = memcmp(l->run_id, o->lease.run_id, RUN_ID_LEN) == 0;

    if (o->lease.expect != l->revision)
        return REFUSAL_LEASE;
    if (o->lease.op == LEASE_TAKE) {
        if (in_force(t, a) && !same && !o->lease.take_over)
            return REFUSAL_LEASE;
        bool resumed = same && digest_eq(&l->plan, &o->lease.plan) && !o->lease.take_over &&
                       l->epoch > 0 && l->epoch >= a->swap_epoch;
        l->paused = resumed && l->held && l->paused;
        if (!resumed)
            l->epoch = MAX_OF(l->epoch, a->swap_epoch) + 1;
        memcpy(l->run_id, o->lease.run_id, RUN_ID_LEN);
        l->plan = o->lease.plan;
        l->held = true;
        a->lease_until = t->now + MIN_OF((int64_t)o->lease.ttl_ms, LEASE_MAX);
    } else {
        if (!l->held || !same)
            return REFUSAL_LEASE;
        if (o->head.epoch != l->epoch)
            return REFUSAL_EPOCH;
        if (o->lease.op == LEASE_RENEW)
            a->lease_until = t->now + MIN_OF((int64_t)o->lease.ttl_ms, LEASE_MAX);
        else
            l->held = l->paused = false;
    }
    l->revision++;
    a->revision++;
    return REFUSAL_NONE;
}

/* ---- notes ---- */

static enum refusal note_order(struct t_agent *a, const struct t_wire *o)
{
    for (uint32_t i = 0; i < a->n_notes; i++)
        if (a->notes[i] == o->slot) {
            if (o->clear)
                a->notes[i] = a->notes[--a->n_notes];
            return REFUSAL_NONE;
        }
    if (o->clear)
        return REFUSAL_NONE;
    if (a->n_notes == NOTES_MAX)
        return REFUSAL_LIMIT;
    a->notes[a->n_notes++] = o->slot;
    return REFUSAL_NONE;
}

/* ---- stage, swap, revert ---- */

static enum refusal quorum(const struct truth *t, int host)
{
    const struct t_host *h = &t->hosts[host];
    size_t healthy, voters;

    if (!h->is_server)
        return REFUSAL_NONE;
    voters = t_voters(t, h->region, &healthy, host);
    if (t->policy.accept_outage && voters <= 2)
        return REFUSAL_NONE;
    if (t->regions[h->region].leader < 0 || healthy < voters / 2 + 1)
        return REFUSAL_QUORUM;
    return REFUSAL_NONE;
}

static void job(struct truth *t, int host, int64_t in)
{
    t_schedule(t, in, T_JOB, host, t->hosts[host].agent.generation, -1, 0);
}

static enum refusal stage_order(struct truth *t, int host)
{
    struct t_agent *a = &t->hosts[host].agent;

    if (t_agent_works(t, host))
        return REFUSAL_BUSY;
    a->generation++;
    a->staged = false;
    set_phase(t, host, PHASE_FETCHING);
    job(t, host, t_between(t, 50, 3000));
    return REFUSAL_NONE;
}

static enum refusal law(struct truth *t, int host, bool revert)
{
    struct t_agent *a = &t->hosts[host].agent;

    if (t_agent_works(t, host))
        return REFUSAL_BUSY;
    if (a->held_by_root)
        return REFUSAL_HELD;
    if (!revert && t->now - a->last_swap_ms < GAP_MS)
        return REFUSAL_GAP;
    return quorum(t, host);
}

static enum refusal swap_order(struct truth *t, int host, const struct t_wire *o)
{
    struct t_agent *a = &t->hosts[host].agent;
    enum refusal r = law(t, host, false);

    if (r != REFUSAL_NONE)
        return r;
    if (!a->staged || a->phase != PHASE_STAGED)
        return REFUSAL_PHASE;
    if (!digest_eq(&o->swap.digest, &t->digests[BIN_NEW]))
        return REFUSAL_DIGEST;
    judge_obeyed(t, host);
    if (t_chance(t, 30) && t->now < t->faults_end)
        t_schedule(t, t_between(t, 1000, 15000), T_FAULT, -1, 0, -1, FAULT_DONE_BY_HAND);
    t->hosts[host].tasks_lost = false;
    a->job = o->swap;
    a->generation++;
    a->failure = FAILURE_NONE;
    set_phase(t, host, PHASE_SWAPPING);
    int64_t wait =
        o->swap.not_before > uptime(t, a) ? (int64_t)(o->swap.not_before - uptime(t, a)) : 0;
    job(t, host, wait + t_between(t, 20, 200));
    return REFUSAL_NONE;
}

static enum refusal revert_order(struct truth *t, int host)
{
    struct t_host *h = &t->hosts[host];
    enum refusal r = law(t, host, true);

    if (r != REFUSAL_NONE)
        return r;
    if (h->previous == h->disk)
        return REFUSAL_PHASE;
    h->agent.generation++;
    set_phase(t, host, PHASE_REVERTING);
    job(t, host, t_between(t, 20, 200));
    return REFUSAL_NONE;
}

/* ---- the table at work ---- */

static void swap_done(struct truth *t, int host)
{
    struct t_host *h = &t->hosts[host];

    h->previous = h->disk;
    h->disk = BIN_NEW;
    h->agent.job_began = t->now;
    h->agent.first_answer = 0;
    h->agent.last_swap_ms = t->now;
    h->agent.swapped_by_us = true;
    h->agent.staged = false;
    set_phase(t, host, PHASE_PROBING);
    t_restart(t, host, t_between(t, 20, 300));
    job(t, host, PROBE_MS);
}

static void turn_back(struct truth *t, int host)
{
    struct t_host *h = &t->hosts[host];

    h->disk = h->previous;
    h->agent.job_began = t->now;
    h->agent.first_answer = 0;
    t_restart(t, host, t_between(t, 20, 300));
    job(t, host, PROBE_MS);
}

static void not_ready(struct truth *t, int host, enum failure failure)
{
    struct t_agent *a = &t->hosts[host].agent;
    bool touched = a->first_answer > 0 || t_chance(t, 500);

    a->failure = failure;
    a->failed_in = PHASE_PROBING;
    if (a->job.on_not_ready == ON_REVERT ||
        (a->job.on_not_ready == ON_REVERT_IF_UNTOUCHED && !touched)) {
        set_phase(t, host, PHASE_REVERTING);
        turn_back(t, host);
    } else {
        fail(t, host, failure, PHASE_PROBING);
    }
}

static void probe(struct truth *t, int host)
{
    struct t_host *h = &t->hosts[host];
    struct t_agent *a = &h->agent;

    if (t_api(t, host) && a->first_answer == 0) {
        a->first_answer = t->now;
        a->silence_ms = (uint32_t)(t->now - a->job_began);
    }
    if (!h->up && t->now - a->job_began > 2000) {
        not_ready(t, host, a->first_answer > 0 ? FAILURE_CRASH_LOOP : FAILURE_WILL_NOT_START);
    } else if (t_api(t, host) && t->now - a->first_answer >= (int64_t)a->job.hold_ms) {
        set_phase(t, host, PHASE_SETTLED);
        if (h->defect == DEFECT_HUNG && h->running == BIN_NEW)
            h->hung = true;
    } else if (t->now - a->job_began > (int64_t)a->job.deadline_ms) {
        not_ready(t, host, FAILURE_NOT_READY);
    } else {
        job(t, host, PROBE_MS);
    }
}

static void probe_back(struct truth *t, int host)
{
    struct t_host *h = &t->hosts[host];

    if (t_api(t, host) && t->now - h->agent.job_began > 3000)
        set_phase(t, host, PHASE_REVERTED);
    else if (t->now - h->agent.job_began > 60000)
        fail(t, host, FAILURE_NOT_READY, PHASE_REVERTING);
    else
        job(t, host, PROBE_MS);
}

static void fetched(struct truth *t, int host)
{
    struct t_host *h = &t->hosts[host];

    if (h->defect == DEFECT_STAGE) {
        fail(t, host, FAILURE_BAD_DIGEST, PHASE_FETCHING);
        return;
    }
    if (t_chance(t, 30) && t->now < t->faults_end) {
        h->faulted = true;
        fail(t, host, FAILURE_NO_NETWORK, PHASE_FETCHING);
        return;
    }
    h->agent.staged = true;
    set_phase(t, host, PHASE_STAGED);
}

void t_agent_job(struct truth *t, const struct t_event *e)
{
    struct t_host *h = &t->hosts[e->host];

    if (e->life != h->agent.generation || !h->machine_up)
        return;
    if (h->agent.phase == PHASE_FETCHING)
        fetched(t, e->host);
    else if (h->agent.phase == PHASE_SWAPPING && quorum(t, e->host) != REFUSAL_NONE)
        fail(t, e->host, FAILURE_OUT_OF_TIME, PHASE_SWAPPING);
    else if (h->agent.phase == PHASE_SWAPPING)
        swap_done(t, e->host);
    else if (h->agent.phase == PHASE_PROBING)
        probe(t, e->host);
    else if (h->agent.phase == PHASE_REVERTING && h->disk != h->previous)
        turn_back(t, e->host);
    else if (h->agent.phase == PHASE_REVERTING)
        probe_back(t, e->host);
}

/* The machine comes up: another session, the phases as they may go on after a boot. */
void t_agent_boot(struct truth *t, int host)
{
    struct t_host *h = &t->hosts[host];
    struct t_agent *a = &h->agent;

    h->machine_up = true;
    a->up = true;
    a->boot_ms = t->now;
    a->generation++;
    a->revision++;
    a->swap_sequence = a->note_sequence = 0; /* counted within a session */
    for (size_t i = 0; i < SESSION_LEN; i++)
        a->session[i] = (unsigned char)t_random(t);
    if (a->lease.held)
        a->lease_until = MAX_OF(a->lease_until, t->now + 120000);
    if (a->phase == PHASE_FETCHING)
        fail(t, host, FAILURE_INTERRUPTED, PHASE_FETCHING);
    else if (a->phase == PHASE_SWAPPING)
        set_phase(t, host, PHASE_STAGED); /* before the rename: never further by itself */
    t_start(t, host);
    if (a->phase == PHASE_PROBING || a->phase == PHASE_REVERTING) {
        a->job_began = t->now;
        job(t, host, PROBE_MS);
    }
}

/* ---- is it genuine, mine, new, in time? ---- */

static void keep(struct t_agent *a, const struct digest *digest, const struct receipt_done *done)
{
    struct t_receipt *k = &a->kept[a->n_kept++ % T_KEPT];

    k->order = *digest;
    k->done = *done;
}

static const struct receipt_done *kept(const struct t_agent *a, const struct digest *digest)
{
    for (uint32_t i = 0; i < MIN_OF(a->n_kept, (uint32_t)T_KEPT); i++)
        if (digest_eq(&a->kept[i].order, digest))
            return &a->kept[i].done;
    return NULL;
}

static enum refusal judge_order(struct truth *t, const struct t_agent *a, const struct t_wire *o)
{
    bool swap = message_owner(o->head.kind) == OWNER_SWAP;
    uint64_t epoch = swap ? a->swap_epoch : a->lease.epoch;
    uint64_t sequence = swap ? a->swap_sequence : a->note_sequence;

    if (memcmp(o->head.session, a->session, SESSION_LEN) != 0)
        return REFUSAL_SESSION;
    if (o->head.kind == MSG_LEASE)
        return REFUSAL_NONE;
    if (o->head.epoch < epoch)
        return REFUSAL_EPOCH;
    if (o->head.epoch == epoch && o->head.sequence <= sequence)
        return REFUSAL_SEQUENCE;
    if (o->head.time_ms > 0 && uptime(t, a) > o->head.time_ms)
        return REFUSAL_LATE;
    if (!in_force(t, a))
        return REFUSAL_LEASE;
    if (o->head.epoch != a->lease.epoch)
        return REFUSAL_EPOCH;
    if (a->lease.paused && (o->head.kind == MSG_STAGE || o->head.kind == MSG_SWAP))
        return REFUSAL_PAUSED;
    return REFUSAL_NONE;
}

static enum refusal obey(struct truth *t, int host, const struct t_wire *o)
{
    struct t_agent *a = &t->hosts[host].agent;
    enum refusal r = REFUSAL_UNSUPPORTED;

    if (o->head.kind == MSG_LEASE)
        return lease_order(t, a, o);
    if (o->head.kind == MSG_NOTE) {
        a->note_sequence = o->head.sequence;
        return note_order(a, o);
    }
    a->swap_sequence = o->head.sequence;
    a->swap_epoch = o->head.epoch;
    if (o->head.kind == MSG_STAGE)
        r = stage_order(t, host);
    else if (o->head.kind == MSG_SWAP)
        r = swap_order(t, host, o);
    else if (o->head.kind == MSG_REVERT)
        r = revert_order(t, host);
    if (r == REFUSAL_NONE)
        a->order_sequence = o->head.sequence;
    return r;
}

void t_agent_order(struct truth *t, int host, const struct t_wire *o, const struct digest *digest,
                   struct receipt_done *ret)
{
    struct t_agent *a = &t->hosts[host].agent;
    const struct receipt_done *old = kept(a, digest);
    bool swap = message_owner(o->head.kind) == OWNER_SWAP;

    memset(ret, 0, sizeof(*ret));
    if (old != NULL) {
        *ret = *old;
        return;
    }
    ret->refusal = judge_order(t, a, o);
    bool taken = ret->refusal == REFUSAL_NONE;
    if (taken)
        ret->refusal = obey(t, host, o);
    counts.refused[ret->refusal]++;
    t_say(t, "%s: %s order (sequence %llu) %s", t->hosts[host].name,
          message_kind_name(o->head.kind), (unsigned long long)o->head.sequence,
          refusal_name(ret->refusal));
    str_cut(ret->text, sizeof(ret->text), refusal_name(ret->refusal));
    lease_told(t, a, &ret->lease);
    ret->last_sequence = swap ? a->swap_sequence : a->note_sequence;
    ret->last_epoch = swap ? a->swap_epoch : a->lease.epoch;
    if (taken)
        keep(a, digest, ret);
}
