/* The work of the agents: stage, swap, revert; the phases with their times, crashes and reboots. */
#include "truth.h"

#define GAP_MS   30000
#define PROBE_MS 1000

static uint64_t uptime_at(const struct truth *t, const struct t_agent *a)
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
    if (phase == PHASE_SETTLED)
        t_trust_settled(t, host);
    if (phase == PHASE_SETTLED && t->hosts[host].is_server)
        t->server_settled_ms = t->now;
    if (phase == PHASE_SETTLED && !t->hosts[host].is_server)
        t_moment(t, MOMENT_SETTLED, host);
    t_say(t, "%s: agent %s", t->hosts[host].name, phase_name(phase));
}

static void fail_phase(struct truth *t, int host, enum failure failure, enum phase in)
{
    struct t_agent *a = &t->hosts[host].agent;

    a->failure = failure;
    a->failed_in = in;
    set_phase(t, host, PHASE_FAILED);
}

/* Before the rename, the host returns to the phase where it began, and never goes further by
 * itself. */
static void return_to_start(struct truth *t, int host, enum failure failure)
{
    struct t_agent *a = &t->hosts[host].agent;

    a->failure = failure;
    a->failed_in = PHASE_SWAPPING;
    set_phase(t, host, PHASE_STAGED);
}

/* ---- stage, swap, revert ---- */

enum refusal t_quorum(const struct truth *t, int host)
{
    const struct t_host *h = &t->hosts[host];
    size_t healthy, voters;

    if (!h->is_server ||
        (h->role != ROLE_UPGRADE && !h->up)) /* it does not take part in a quorum */
        return REFUSAL_NONE;
    voters = t_voters(t, h->region, &healthy, host);
    if (t->policy.accept_outage && voters <= 2)
        return REFUSAL_NONE;
    if (t->regions[h->region].leader < 0 || healthy < voters / 2 + 1)
        return REFUSAL_QUORUM;
    return REFUSAL_NONE;
}

static void schedule_job(struct truth *t, int host, int64_t in)
{
    t_schedule(t, in, T_JOB, host, t->hosts[host].agent.generation, -1, 0);
}

static enum refusal take_stage_order(struct truth *t, int host)
{
    struct t_agent *a = &t->hosts[host].agent;

    if (t_agent_works(t, host))
        return REFUSAL_BUSY;
    a->generation++;
    a->staged = false;
    a->failure = FAILURE_NONE;
    set_phase(t, host, PHASE_FETCHING);
    schedule_job(t, host, t_fetch_ms(t, host));
    return REFUSAL_NONE;
}

static enum refusal law_refuses(struct truth *t, int host, bool revert)
{
    struct t_agent *a = &t->hosts[host].agent;

    if (t_agent_works(t, host))
        return REFUSAL_BUSY;
    if (a->held_by_root)
        return REFUSAL_HELD;
    if (!revert && t->now - a->last_swap_ms < GAP_MS)
        return REFUSAL_GAP;
    return t_quorum(t, host);
}

enum refusal t_law(const struct truth *t, int host)
{
    return t->hosts[host].agent.held_by_root ? REFUSAL_HELD : t_quorum(t, host);
}

static enum refusal swap_order(struct truth *t, int host, const struct t_wire *o)
{
    struct t_agent *a = &t->hosts[host].agent;
    enum refusal r = law_refuses(t, host, false);

    if (r != REFUSAL_NONE)
        return r;
    if (!a->staged || a->phase != PHASE_STAGED)
        return REFUSAL_PHASE;
    if (!digest_eq(&o->swap.digest, &t->digests[BIN_NEW][t->hosts[host].arch]))
        return REFUSAL_DIGEST;
    t_moment(t, t->hosts[host].is_server ? MOMENT_SERVER : MOMENT_CLIENT, host);
    if (t->hosts[host].role == ROLE_JOINS)
        t_moment(t, MOMENT_JOINS, host);
    t->hosts[host].tasks_lost = t->hosts[host].changed = false;
    t->hosts[host].obeyed_ms = t->now;
    t->hosts[host].told_settled = false;
    a->job = o->swap;
    a->generation++;
    a->failure = FAILURE_NONE;
    a->failed_in = PHASE_IDLE;
    set_phase(t, host, PHASE_SWAPPING);
    int64_t wait =
        o->swap.not_before > uptime_at(t, a) ? (int64_t)(o->swap.not_before - uptime_at(t, a)) : 0;
    schedule_job(t, host, wait + t_between(t, 20, 200));
    return REFUSAL_NONE;
}

static enum refusal revert_order(struct truth *t, int host)
{
    struct t_host *h = &t->hosts[host];
    enum refusal r = law_refuses(t, host, true);

    if (r != REFUSAL_NONE)
        return r;
    if (h->previous == h->disk)
        return REFUSAL_PHASE;
    h->agent.generation++;
    set_phase(t, host, PHASE_REVERTING);
    schedule_job(t, host, t_between(t, 20, 200));
    return REFUSAL_NONE;
}

static enum refusal preserve_order(struct truth *t, int host)
{
    if (t_agent_works(t, host))
        return REFUSAL_BUSY;
    if (!t->hosts[host].is_server)
        return REFUSAL_PHASE;
    if (t->no_keystore)
        return REFUSAL_UNKNOWN;
    t->hosts[host].copied = true;
    return REFUSAL_NONE;
}

enum refusal t_swap_order(struct truth *t, int host, const struct t_wire *o)
{
    if (o->head.kind == MSG_STAGE)
        return take_stage_order(t, host);
    if (o->head.kind == MSG_SWAP)
        return swap_order(t, host, o);
    if (o->head.kind == MSG_REVERT)
        return revert_order(t, host);
    if (o->head.kind == MSG_PRESERVE)
        return preserve_order(t, host);
    if (o->head.kind == MSG_SERVICE)
        return t_service_order(t, host, o->service);
    return REFUSAL_UNSUPPORTED;
}

/* ---- the phases at work ---- */

static void swap_done(struct truth *t, int host)
{
    struct t_host *h = &t->hosts[host];

    h->ran[h->disk] = true; /* only its record names it; root may have installed it just now */
    h->previous = h->disk;
    h->disk = BIN_NEW;
    h->agent.job_began = t->now;
    h->agent.first_answer = 0;
    h->agent.last_swap_ms = t->now;
    h->agent.swapped_by_us = true;
    h->agent.staged = false;
    set_phase(t, host, PHASE_PROBING);
    t_change_at_stop(t, host);
    t_restart(t, host, t_between(t, 20, 300));
    schedule_job(t, host, PROBE_MS);
}

static void turn_back(struct truth *t, int host)
{
    struct t_host *h = &t->hosts[host];

    h->disk = h->previous;
    h->agent.job_began = t->now;
    h->agent.first_answer = 0;
    t_restart(t, host, t_between(t, 20, 300));
    schedule_job(t, host, PROBE_MS);
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
        fail_phase(t, host, failure, PHASE_PROBING);
    }
}

static void probe_host(struct truth *t, int host)
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
        schedule_job(t, host, PROBE_MS);
    }
}

static void probe_back(struct truth *t, int host)
{
    struct t_host *h = &t->hosts[host];

    if (t_api(t, host) && t->now - h->agent.job_began > 3000)
        set_phase(t, host, PHASE_REVERTED);
    else if (t->now - h->agent.job_began > 60000)
        fail_phase(t, host, FAILURE_NOT_READY, PHASE_REVERTING);
    else
        schedule_job(t, host, PROBE_MS);
}

static void end_fetch(struct truth *t, int host)
{
    struct t_host *h = &t->hosts[host];

    if (h->defect == DEFECT_STAGE) {
        fail_phase(t, host, FAILURE_BAD_DIGEST, PHASE_FETCHING);
        return;
    }
    if (t_chance(t, 30) && t->now < t->faults_end) {
        h->faulted = true;
        fail_phase(t, host, FAILURE_NO_NETWORK, PHASE_FETCHING);
        return;
    }
    h->agent.staged = h->has_staged = true;
    set_phase(t, host, PHASE_STAGED);
}

void t_agent_job(struct truth *t, const struct t_event *e)
{
    struct t_host *h = &t->hosts[e->host];

    if (e->life != h->agent.generation || !h->machine_up)
        return;
    if (h->agent.swap_gone) { /* it goes on when somebody starts caravan-swap again */
        schedule_job(t, e->host, PROBE_MS);
        return;
    }
    if (h->agent.phase == PHASE_FETCHING)
        end_fetch(t, e->host);
    else if (h->agent.phase == PHASE_SWAPPING && t_quorum(t, e->host) != REFUSAL_NONE)
        return_to_start(t, e->host, FAILURE_REFUSED_BY_LAW);
    else if (h->agent.phase == PHASE_SWAPPING)
        swap_done(t, e->host);
    else if (h->agent.phase == PHASE_PROBING)
        probe_host(t, e->host);
    else if (h->agent.phase == PHASE_REVERTING && h->disk != h->previous)
        turn_back(t, e->host);
    else if (h->agent.phase == PHASE_REVERTING)
        probe_back(t, e->host);
}

/* The machine boots: a new session, and each phase as it may go on after a boot. */
void t_agent_boot(struct truth *t, int host)
{
    struct t_host *h = &t->hosts[host];
    struct t_agent *a = &h->agent;

    h->machine_up = true;
    a->up = true;
    t_trust_boot(t, host);
    a->boot_ms = t->now;
    a->generation++;
    a->revision++;
    a->swap_sequence = a->note_sequence = 0; /* counted within a session */
    a->refused_epoch = a->refused_sequence = 0;
    for (size_t i = 0; i < SESSION_LEN; i++)
        a->session[i] = (unsigned char)t_random(t);
    if (a->lease.held)
        a->lease_until = MAX_OF(a->lease_until, t->now + 120000);
    if (a->phase == PHASE_FETCHING)
        fail_phase(t, host, FAILURE_INTERRUPTED, PHASE_FETCHING);
    else if (a->phase == PHASE_SWAPPING)
        return_to_start(t, host, FAILURE_INTERRUPTED);
    if (h->enabled)
        t_start(t, host);
    if (a->phase == PHASE_PROBING || a->phase == PHASE_REVERTING) {
        a->job_began = t->now;
        schedule_job(t, host, PROBE_MS);
    }
}
