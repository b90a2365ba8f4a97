/* Nomad's writes: drains, eligibility, transfers of leadership. */
#include "truth.h"

static bool begin_drain(struct truth *t, struct t_host *h, int i)
{
    if (h->is_server || !h->listed)
        return false;
    /* Nomad has no compare-and-set for drains. A drain that began after the last look is
     * replaced by a coordinator that cannot know of it. */
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

static bool cancel_drain(struct t_host *h, bool eligible)
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

static bool transfer_leadership(struct truth *t, const struct t_message *m)
{
    int to = t_server_of(t, m->peer);

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

void t_operate(struct truth *t, const struct t_event *e)
{
    struct t_message *m = &t->messages[e->message];
    struct t_host *h = m->host >= 0 ? &t->hosts[m->host] : NULL;
    bool answers =
        h != NULL && t->regions[h->region].leader >= 0 && t->now >= t->regions[h->region].cut_ms;

    m->ok = false;
    if (answers && m->op.op == OP_DRAIN)
        m->ok = begin_drain(t, h, m->host);
    else if (answers && m->op.op == OP_UNDRAIN)
        m->ok = cancel_drain(h, m->op.eligible);
    else if (answers && m->op.op == OP_TRANSFER)
        m->ok = transfer_leadership(t, m);
    else if (answers && m->op.op == OP_REMOVE_PEER)
        m->ok = t_remove_peer(t, m->peer);
    else if (answers && m->op.op == OP_FORCE_LEAVE)
        m->ok = t_force_leave(t, m->member);
    else if (answers && m->op.op == OP_SNAPSHOT)
        m->ok = t->regions[h->region].saved = !t->no_management;
    t_say(t, "Nomad: operation %d on %s: %s", (int)m->op.op, h != NULL ? h->name : "?",
          m->ok ? "done" : "refused");
    if (t_faulty(t) && t_chance(t, t->loss))
        m->ok = false; /* done, but the answer is lost */
    if (m->op.op == OP_SNAPSHOT)
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
    ret->text = m->ok ? "snapshot" : "refused";
}
