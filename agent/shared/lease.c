#include <inttypes.h>
#include "lease.h"
#include "str.h"

static uint64_t find_lease_end(const struct lease *l, const struct lease_now *now)
{
    bool this_boot = memcmp(l->session, now->session, SESSION_LEN) == 0;
    return (this_boot ? l->renewed_ms : 0) + l->ttl_ms;
}

static bool lease_is_in_force(const struct lease *l, const struct lease_now *now)
{
    return l->held && find_lease_end(l, now) > now->uptime_ms;
}

static bool is_run_of_lease(const struct lease *l, const struct order_lease *o)
{
    return memcmp(l->run_id, o->run_id, RUN_ID_LEN) == 0;
}

static bool is_all_zero(const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != 0)
            return false;
    return true;
}

static enum refusal refuse_by_lease(enum refusal r, char text[static TEXT_MAX], const char *fmt,
                                    ...) PRINTF(3, 4);

static enum refusal refuse_by_lease(enum refusal r, char text[static TEXT_MAX], const char *fmt,
                                    ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, TEXT_MAX, fmt, ap);
    va_end(ap);
    return r;
}

static void write_lease_holder(const struct lease *l, const struct lease_now *now, char *dst,
                               size_t n)
{
    char hex[2 * RUN_ID_LEN + 1], left[24];
    uint64_t end = find_lease_end(l, now);
    str_hex(hex, l->run_id, RUN_ID_LEN);
    str_for_ms(left, sizeof(left), end > now->uptime_ms ? (int64_t)(end - now->uptime_ms) : 0);
    snprintf(dst, n, "run %s (%sfor %s more)", hex, l->paused ? "paused, " : "", left);
}

static void set_lease_renewed(struct lease *l, const struct order_lease *o,
                              const struct lease_now *now)
{
    l->ttl_ms = MIN_OF((uint64_t)o->ttl_ms, now->max_ttl_ms);
    l->renewed_ms = now->uptime_ms;
    memcpy(l->session, now->session, SESSION_LEN);
}

static enum refusal take_lease(struct lease *l, const struct order_lease *o,
                               const struct lease_now *now, char text[static TEXT_MAX])
{
    char holder[160];
    bool resumed = is_run_of_lease(l, o) && digest_eq(&l->plan, &o->plan) && !o->take_over &&
                   l->epoch > 0 && l->epoch >= now->epoch_floor;

    if (lease_is_in_force(l, now) && !is_run_of_lease(l, o) && !o->take_over) {
        write_lease_holder(l, now, holder, sizeof(holder));
        return refuse_by_lease(REFUSAL_LEASE, text, "the lease is held by %s", holder);
    }
    uint64_t highest = MAX_OF(l->epoch, now->epoch_floor);
    if (!resumed && highest == UINT64_MAX)
        return refuse_by_lease(
            REFUSAL_LIMIT, text,
            "this host has no epochs left: stop caravan-agent and caravan-swap on this host, and "
            "move the files agent/state and swap/record out of their state directory");
    l->paused = o->paused || (resumed && l->held && l->paused);
    l->held = true;
    if (!resumed)
        l->epoch = highest + 1;
    memcpy(l->run_id, o->run_id, RUN_ID_LEN);
    l->plan = o->plan;
    set_lease_renewed(l, o, now);
    return REFUSAL_NONE;
}

static enum refusal renew_lease(struct lease *l, const struct order_lease *o,
                                const struct lease_now *now, char text[static TEXT_MAX])
{
    (void)text;
    set_lease_renewed(l, o, now);
    return REFUSAL_NONE;
}

static enum refusal set_lease_paused(struct lease *l, const struct order_lease *o,
                                     const struct lease_now *now, char text[static TEXT_MAX])
{
    (void)now;
    (void)text;
    l->paused = o->op == LEASE_PAUSE;
    return REFUSAL_NONE;
}

static enum refusal give_lease_back(struct lease *l, const struct order_lease *o,
                                    const struct lease_now *now, char text[static TEXT_MAX])
{
    (void)o;
    (void)now;
    (void)text;
    l->held = false;
    l->paused = false;
    return REFUSAL_NONE;
}

struct row {
    bool of_holder; /* the order must name the run that holds the lease */
    bool in_epoch;  /* and the order must be in the lease's epoch */
    bool has_ttl;
    enum refusal (*apply)(struct lease *l, const struct order_lease *o, const struct lease_now *now,
                          char text[static TEXT_MAX]);
};

static const struct row rows[] = {
    [LEASE_TAKE] = {false, false, true, take_lease},
    [LEASE_RENEW] = {true, true, true, renew_lease},
    [LEASE_PAUSE] = {true, false, false, set_lease_paused},
    [LEASE_UNPAUSE] = {true, false, false, set_lease_paused},
    [LEASE_GIVE_BACK] = {true, true, false, give_lease_back},
};

static enum refusal check_lease_order(const struct order_lease *o, char text[static TEXT_MAX])
{
    if ((size_t)o->op >= ARRAY_LEN(rows) || rows[o->op].apply == NULL)
        return refuse_by_lease(REFUSAL_FORMAT, text, "no such lease operation: %d", (int)o->op);
    if (is_all_zero(o->run_id, RUN_ID_LEN))
        return refuse_by_lease(REFUSAL_FORMAT, text, "the lease order names no run");
    if (rows[o->op].has_ttl && o->ttl_ms == 0)
        return refuse_by_lease(REFUSAL_FORMAT, text, "the order asks for a lease of 0 ms");
    return REFUSAL_NONE;
}

static enum refusal check_lease_holder(const struct lease *l, const struct order_lease *o,
                                       uint64_t epoch, const struct lease_now *now,
                                       char text[static TEXT_MAX])
{
    char holder[160];
    write_lease_holder(l, now, holder, sizeof(holder));
    if (!l->held)
        return refuse_by_lease(REFUSAL_LEASE, text, "nobody holds the lease");
    if (!is_run_of_lease(l, o))
        return refuse_by_lease(REFUSAL_LEASE, text, "the lease is held by %s", holder);
    if (rows[o->op].in_epoch && epoch != l->epoch)
        return refuse_by_lease(REFUSAL_EPOCH, text,
                               "epoch %" PRIu64 " has ended: %s was taken over in epoch %" PRIu64,
                               epoch, holder, l->epoch);
    return REFUSAL_NONE;
}

enum refusal lease_apply(const struct lease *l, const struct order_lease *o, uint64_t epoch,
                         const struct lease_now *now, struct lease *ret, char text[static TEXT_MAX])
{
    struct lease next = *l;
    enum refusal r = check_lease_order(o, text);
    if (r != REFUSAL_NONE)
        return r;
    if (o->expect != l->revision)
        return refuse_by_lease(REFUSAL_LEASE, text,
                               "the lease has revision %" PRIu64 ", but the order expects %" PRIu64,
                               l->revision, o->expect);
    if (rows[o->op].of_holder && (r = check_lease_holder(l, o, epoch, now, text)) != REFUSAL_NONE)
        return r;
    if ((r = rows[o->op].apply(&next, o, now, text)) != REFUSAL_NONE)
        return r;
    next.revision++;
    *ret = next;
    return REFUSAL_NONE;
}

struct need {
    bool lease;
    bool unpaused;
};

static const struct need needs[MSG_KIND_COUNT] = {
    [MSG_STAGE] = {true, true},   [MSG_SWAP] = {true, true},  [MSG_CANCEL] = {true, false},
    [MSG_REVERT] = {true, false}, [MSG_NOTE] = {true, false}, [MSG_PRESERVE] = {true, false},
    [MSG_SERVICE] = {true, true},
};

enum refusal lease_allows(const struct lease *l, enum message_kind kind, uint64_t epoch,
                          const struct lease_now *now, char text[static TEXT_MAX])
{
    struct need need = {true, true};
    char hex[2 * RUN_ID_LEN + 1];

    if ((size_t)kind < ARRAY_LEN(needs))
        need = needs[kind];
    if (!need.lease)
        return REFUSAL_NONE;
    str_hex(hex, l->run_id, RUN_ID_LEN);
    if (!lease_is_in_force(l, now))
        return refuse_by_lease(REFUSAL_LEASE, text,
                               l->held ? "the lease of run %s has expired: renew this lease"
                                       : "no run holds this host's lease: take the lease",
                               hex);
    if (epoch != l->epoch)
        return refuse_by_lease(REFUSAL_EPOCH, text,
                               "the lease is held by run %s in epoch %" PRIu64 ", not %" PRIu64,
                               hex, l->epoch, epoch);
    if (need.unpaused && l->paused)
        return refuse_by_lease(REFUSAL_PAUSED, text, "run %s is paused", hex);
    return REFUSAL_NONE;
}

void lease_describe(const struct lease *l, const struct lease_now *now, struct lease_state *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->revision = l->revision;
    ret->epoch = l->epoch;
    ret->held = lease_is_in_force(l, now);
    ret->paused = l->held && l->paused;
    memcpy(ret->run_id, l->run_id, RUN_ID_LEN);
    ret->plan = l->plan;
    if (ret->held)
        ret->expires_in_ms =
            (uint32_t)MIN_OF(find_lease_end(l, now) - now->uptime_ms, (uint64_t)UINT32_MAX);
}
