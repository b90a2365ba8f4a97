/* What an agent does with an order: is the order genuine, for this host, new, and in time?
 * Leases and notes are here. Orders for caravan-swap go to truth_agent.c. The rules are those of
 * lease.h and order_check.h. */
#include "truth.h"

#define LEASE_MAX (15 * 60 * 1000)
#define BY_MAX    (120 * 1000)
#define AHEAD_MAX (UINT64_C(1) << 20)

static uint64_t uptime_now(const struct truth *t, const struct t_agent *a)
{
    return (uint64_t)(t->now - a->boot_ms);
}

/* ---- leases ---- */

static bool is_lease_in_force(const struct truth *t, const struct t_agent *a)
{
    return a->lease.held && t->now < a->lease_until;
}

static void lease_told(const struct truth *t, const struct t_agent *a, struct lease_state *ret)
{
    *ret = a->lease;
    ret->held = is_lease_in_force(t, a);
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
        if (is_lease_in_force(t, a) && !same && !o->lease.take_over)
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

static void show_lease(struct t_agent *a, const struct t_wire *o)
{
    if (o->lease.op != LEASE_TAKE && o->lease.op != LEASE_RENEW)
        return;
    a->shown = (struct t_shown){.take = o->lease.op == LEASE_TAKE, .epoch = o->head.epoch};
    memcpy(a->shown.session, o->head.session, SESSION_LEN);
    if (o->head.time_ms != 0)
        a->shown.until = o->head.time_ms + MIN_OF((uint64_t)o->lease.ttl_ms, (uint64_t)LEASE_MAX);
}

/* What caravan-swap itself checks of the lease behind an order (lease_shown.h). */
static enum refusal lease_shown(const struct truth *t, const struct t_agent *a,
                                const struct t_wire *o)
{
    const struct t_shown *s = &a->shown;

    if (o->head.time_ms == 0)
        return REFUSAL_FORMAT;
    if (o->head.time_ms > uptime_now(t, a) + BY_MAX)
        return REFUSAL_LATE;
    if (s->until == 0 || memcmp(s->session, a->session, SESSION_LEN) != 0 ||
        uptime_now(t, a) > s->until)
        return REFUSAL_LEASE;
    return o->head.epoch == s->epoch || (s->take && o->head.epoch == s->epoch + 1) ? REFUSAL_NONE
                                                                                   : REFUSAL_EPOCH;
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

/* ---- is the order genuine, for this host, new, in time? ---- */

static void keep_receipt(struct t_agent *a, const struct digest *digest,
                         const struct receipt_done *done)
{
    struct t_receipt *k = &a->kept[a->n_kept++ % T_KEPT];

    k->order = *digest;
    k->done = *done;
}

static const struct receipt_done *kept_receipt(const struct t_agent *a, const struct digest *digest)
{
    for (uint32_t i = 0; i < MIN_OF(a->n_kept, (uint32_t)T_KEPT); i++)
        if (digest_eq(&a->kept[i].order, digest))
            return &a->kept[i].done;
    return NULL;
}

static enum refusal check_order(struct truth *t, const struct t_agent *a, const struct t_wire *o)
{
    bool swap = message_owner(o->head.kind) == OWNER_SWAP;
    uint64_t epoch = swap ? a->swap_epoch : a->lease.epoch;
    uint64_t sequence = swap ? a->swap_sequence : a->note_sequence;

    if (memcmp(o->head.session, a->session, SESSION_LEN) != 0)
        return REFUSAL_SESSION;
    if (o->head.kind == MSG_LEASE)
        return REFUSAL_NONE;
    if (o->head.epoch < epoch || (swap && o->head.epoch > epoch + AHEAD_MAX))
        return REFUSAL_EPOCH;
    if (swap && o->head.epoch == a->refused_epoch && o->head.sequence <= a->refused_sequence)
        return REFUSAL_SEQUENCE;
    if (o->head.sequence >
        MAX_OF(MAX_OF(sequence, a->refused_sequence), a->order_sequence) + AHEAD_MAX)
        return REFUSAL_SEQUENCE;
    if (o->head.epoch == epoch && o->head.sequence == sequence)
        return REFUSAL_REPLAYED;
    if (o->head.epoch == epoch && o->head.sequence < sequence)
        return REFUSAL_SEQUENCE;
    if (o->head.time_ms > 0 && uptime_now(t, a) > o->head.time_ms)
        return REFUSAL_LATE;
    return REFUSAL_NONE;
}

/* A refusal by the lease uses up the sequence, so that a later copy is not carried out. */
static enum refusal lease_allows_it(const struct truth *t, const struct t_agent *a,
                                    const struct t_wire *o)
{
    if (!is_lease_in_force(t, a))
        return REFUSAL_LEASE;
    if (o->head.epoch != a->lease.epoch)
        return REFUSAL_EPOCH;
    if (a->lease.paused &&
        (o->head.kind == MSG_STAGE || o->head.kind == MSG_SWAP || o->head.kind == MSG_SERVICE))
        return REFUSAL_PAUSED;
    return REFUSAL_NONE;
}

/* A refused order never raises the epoch. */
static void take_sequence(struct t_agent *a, const struct t_wire *o, bool obeyed)
{
    if (!obeyed && o->head.epoch > a->swap_epoch) {
        a->refused_epoch = o->head.epoch;
        a->refused_sequence = o->head.sequence;
        return;
    }
    a->swap_epoch = o->head.epoch;
    a->swap_sequence = o->head.sequence;
    if (a->refused_epoch <= a->swap_epoch)
        a->refused_epoch = a->refused_sequence = 0;
}

static enum refusal carry_out_order(struct truth *t, int host, const struct t_wire *o)
{
    struct t_agent *a = &t->hosts[host].agent;
    enum refusal r = REFUSAL_NONE;

    if (o->head.kind == MSG_LEASE) {
        r = lease_order(t, a, o);
        if (r == REFUSAL_NONE)
            show_lease(a, o);
        return r;
    }
    r = lease_allows_it(t, a, o);
    if (o->head.kind == MSG_NOTE) {
        if (o->head.epoch == a->lease.epoch)
            a->note_sequence = o->head.sequence;
        return r != REFUSAL_NONE ? r : note_order(a, o);
    }
    if (r == REFUSAL_NONE)
        r = lease_shown(t, a, o);
    if (r == REFUSAL_NONE)
        r = t_swap_order(t, host, o);
    take_sequence(a, o, r == REFUSAL_NONE);
    if (r == REFUSAL_NONE) {
        judge_obeyed(t, host, o);
        if (o->head.kind != MSG_PRESERVE &&
            o->head.kind != MSG_SERVICE) /* these orders belong to no phase */
            a->order_sequence = o->head.sequence;
    }
    return r;
}

void t_agent_order(struct truth *t, int host, const struct t_wire *o, const struct digest *digest,
                   struct receipt_done *ret)
{
    struct t_agent *a = &t->hosts[host].agent;
    const struct receipt_done *old = kept_receipt(a, digest);
    bool swap = message_owner(o->head.kind) == OWNER_SWAP;

    memset(ret, 0, sizeof(*ret));
    if (old != NULL && !(swap && a->swap_gone)) {
        *ret = *old;
        return;
    }
    ret->refusal = t_obeys(t, host, o->key) ? check_order(t, a, o) : REFUSAL_ROLE;
    bool taken = ret->refusal == REFUSAL_NONE && t->now >= a->full_ms && !(swap && a->swap_gone);
    if (!taken && ret->refusal == REFUSAL_NONE)
        ret->refusal = REFUSAL_IO; /* its sequence could not be recorded either */
    if (taken)
        ret->refusal = carry_out_order(t, host, o);
    counts.refused[ret->refusal]++;
    t_say(t, "%s: %s order (sequence %llu) %s", t->hosts[host].name,
          message_kind_name(o->head.kind), (unsigned long long)o->head.sequence,
          refusal_name(ret->refusal));
    str_cut(ret->text, sizeof(ret->text), refusal_name(ret->refusal));
    lease_told(t, a, &ret->lease);
    ret->last_sequence = swap ? a->swap_sequence : a->note_sequence;
    ret->last_epoch = swap ? a->swap_epoch : a->lease.epoch;
    if (taken)
        keep_receipt(a, digest, ret);
}
