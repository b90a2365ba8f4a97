/* Nomad's writes: drains, eligibility, transfers of leadership. */
#include "truth.h"

static bool drain(struct truth *t, struct t_host *h, int i)
{
    if (h->is_server || !h->listed)
        return false;
    /* Nomad has no compare-and-set for it: one that began after our look is replaced, by who cannot
     * know of it. */
    if (t->now - h->eligibility_ms <= JUDGE_STALE_MS)
        h->strangers_drain = false;
    t_drained(t, h);
    h->draining = true;
    h->eligible = false;
    h->drain_ours = h->last_drain_ours = true;
    h->modify_index++;
    h->drain_end_ms = t->now + (h->drain_hangs ? 4000000 : t_between(t, 500, 12000));
    t_schedule(t, h->drain_end_ms - t->now, T_DRAINED, i, 0, -1, h->drain_end_ms);
    return true;
}

static bool undrain(struct t_host *h, bool eligible)
{
    if (h->is_server || !h->listed)
        return false;
    h->draining = h->drain_ours = h->strangers_drain = h->taken_out = false;
    if (eligible) {
        h->eligible = true;
        h->strangers_ineligible = false;
    }
    h->modify_index++;
    return true;
}

static bool transfer(struct truth *t, const struct t_message *m)
{
    int to = t_host_of(t, m->peer);

    if (to < 0 || t->regions[t->hosts[to].region].leader < 0 || !t_healthy(t, to) ||
        t->hosts[to].never || (t_faulty(t) && t_chance(t, 200)))
        return false;
    t_lead(t, t->hosts[to].region, to);
    return true;
}

int t_any_server(const struct truth *t, const char *region)
{
    for (int i = 0; i < t->n_hosts; i++)
        if (t->hosts[i].is_server && t->hosts[i].listed &&
            str_eq(t->regions[t->hosts[i].region].name, region))
            return i;
    return -1;
}

/* ---- autopilot's configuration ---- */

/* Our write was asked for, and its answer is still out. */
static bool unconfirmed(const struct truth *t, int region)
{
    const struct effect *e = ledger_autopilot(&t->committed, t->regions[region].name);
    return e != NULL && e->attempts > 0 && !e->done;
}

void t_autopilot_by_stranger(struct truth *t, int region, bool cleanup)
{
    struct t_region *r = &t->regions[region];

    r->autopilot.cleanup = cleanup;
    r->autopilot.index++;
    r->strange_ms = t->now;
    r->off_by_us = false;
    r->cannot_tell = unconfirmed(t, region);
}

/* As nomad_operate.h says: where the index is still the one asked for. */
static bool autopilot(struct truth *t, struct t_message *m, int region)
{
    struct t_region *r = &t->regions[region];

    if (m->op.op == OP_AUTOPILOT_READ) {
        m->setting = r->autopilot;
        return true;
    }
    m->unwritten = r->autopilot.index != m->op.index;
    if (m->unwritten)
        return false;
    judge_autopilot(t, region, &m->op);
    r->off_by_us = !m->op.eligible;
    r->autopilot.cleanup = m->op.eligible;
    r->autopilot.index++;
    return true;
}

/* Somebody else's write is first, or ours comes when nobody waits for it any more. */
static bool autopilot_disturbed(struct truth *t, const struct t_event *e, struct t_message *m,
                                int region)
{
    const struct effect *ours = ledger_autopilot(&t->committed, t->regions[region].name);

    if (!t_faulty(t) || m->op.op != OP_AUTOPILOT || m->copy)
        return false;
    if (t_more(t) % 20 == 0) {
        t_autopilot_by_stranger(t, region, t_more(t) % 2 > 0);
        t->regions[region].cannot_tell =
            ours != NULL && !ours->done && (ours->attempts > 1 || m->op.eligible);
        fault_apply(t, FAULT_AUTOPILOT_RACE);
    }
    if (t_more(t) % 20 > 0)
        return false;
    m->copy = true;
    t_post(t, 200 + (int64_t)(t_more(t) % 40000), T_OPERATE, e->message);
    if (t_more(t) % 2 > 0) /* and nobody asks once more */
        t_schedule(t, 1, T_CONTROL, -1, 0, -1, (int64_t)CONTROL_PAUSE);
    return true;
}

void t_unheard(struct truth *t, const struct t_message *m)
{
    struct t_region *r = m->host >= 0 ? &t->regions[t->hosts[m->host].region] : NULL;

    if (r != NULL && m->op.op == OP_AUTOPILOT && !r->off_by_us)
        r->cannot_tell = true;
}

/* A process that ended after it had decided on a write, and before it knew how that went: whether
 * what is off is its own, the next one cannot tell. */
void t_unheard_at_all(struct truth *t)
{
    for (int i = 0; i < t->n_regions; i++)
        if (unconfirmed(t, i) && !t->regions[i].off_by_us)
            t->regions[i].cannot_tell = true;
}

static void answer_lost(struct truth *t, struct t_message *m)
{
    t_unheard(t, m);
    m->ok = m->unwritten = false;
}

void t_operate(struct truth *t, const struct t_event *e)
{
    struct t_message *m = &t->messages[e->message];
    struct t_host *h = m->host >= 0 ? &t->hosts[m->host] : NULL;
    bool answers =
        h != NULL && t->regions[h->region].leader >= 0 && t->now >= t->regions[h->region].cut_ms;

    m->ok = false;
    bool late = m->copy;
    m->unwritten = !answers;
    if (answers && autopilot_disturbed(t, e, m, h->region))
        answer_lost(t, m);
    else if (answers && (m->op.op == OP_AUTOPILOT || m->op.op == OP_AUTOPILOT_READ))
        m->ok = autopilot(t, m, h->region);
    else if (answers && m->op.op == OP_DRAIN)
        m->ok = drain(t, h, m->host);
    else if (answers && m->op.op == OP_UNDRAIN)
        m->ok = undrain(h, m->op.eligible);
    else if (answers && m->op.op == OP_TRANSFER)
        m->ok = transfer(t, m);
    else if (answers && m->op.op == OP_SNAPSHOT)
        m->ok = t->regions[h->region].saved = !t->no_management;
    t_say(t, "Nomad: operation %d on %s: %s", (int)m->op.op, h != NULL ? h->name : "?",
          m->ok ? "done" : "refused");
    if (t_faulty(t) && t_chance(t, t->loss))
        answer_lost(t, m); /* done, but the answer is lost */
    if (late)
        return; /* nobody waits for its answer */
    if (m->op.op == OP_SNAPSHOT || m->op.op == OP_AUTOPILOT || m->op.op == OP_AUTOPILOT_READ)
        t_moment(t, MOMENT_ANSWER, -1);
    if (m->op.op == OP_UNDRAIN && m->ok)
        t_moment(t, MOMENT_GIVEN, m->host);
    t_post(t, t_between(t, 5, 100), T_OPERATED, e->message);
}

void t_operated(const struct truth *t, const struct t_message *m, struct event *ret)
{
    ret->kind = EV_OPERATED;
    ret->effect = m->op.effect;
    ret->ok = m->ok;
    ret->op = m->op.op;
    ret->region = m->op.region;
    ret->final = m->op.op == OP_SNAPSHOT && t->no_management;
    ret->unwritten = m->unwritten;
    ret->setting = m->setting;
    ret->text = m->ok ? "snapshot" : "refused";
}
