#include "ledger.h"

static const struct {
    const char *name;
    bool ended, over;
} run_states[RUN_STATE_COUNT] = {
    [RUN_NONE] = {"none", false, false},       [RUN_CLAIMING] = {"claiming", false, false},
    [RUN_STAGING] = {"staging", false, false}, [RUN_SERVERS] = {"servers", false, false},
    [RUN_CLIENTS] = {"clients", false, false}, [RUN_VERIFYING] = {"verifying", false, false},
    [RUN_DONE] = {"done", true, true},         [RUN_STOPPED] = {"stopped", true, false},
    [RUN_PAUSED] = {"paused", true, false},    [RUN_ABORTING] = {"aborting", false, false},
    [RUN_ABORTED] = {"aborted", true, true},   [RUN_STAGED] = {"staged", true, true},
};

const char *run_state_name(enum run_state s)
{
    return (unsigned)s < RUN_STATE_COUNT ? run_states[s].name : "unknown";
}

bool run_ended(enum run_state s)
{
    return (unsigned)s < RUN_STATE_COUNT && run_states[s].ended;
}

bool run_is_over(enum run_state s)
{
    return (unsigned)s < RUN_STATE_COUNT && run_states[s].over;
}

static const struct {
    const char *name;
    bool in_flight, finished;
} host_states[HOST_STATE_COUNT] = {
    [HOST_PENDING] = {"pending", false, false},    [HOST_STAGING] = {"staging", false, false},
    [HOST_STAGED] = {"staged", false, false},      [HOST_DRAINING] = {"draining", true, false},
    [HOST_SWAPPING] = {"swapping", true, false},   [HOST_SETTLING] = {"settling", true, false},
    [HOST_REVERTING] = {"reverting", true, false}, [HOST_RESTORING] = {"restoring", true, false},
    [HOST_DONE] = {"done", false, true},           [HOST_FAILED] = {"failed", false, true},
    [HOST_GONE] = {"gone", false, true},           [HOST_SKIPPED] = {"skipped", false, true},
    [HOST_ENABLING] = {"enabling", true, false},   [HOST_DISABLING] = {"disabling", true, false},
    [HOST_STOPPING] = {"stopping", true, false},   [HOST_LEAVING] = {"leaving", true, false},
};

const char *host_state_name(enum host_state s)
{
    return (unsigned)s < HOST_STATE_COUNT ? host_states[s].name : "unknown";
}

const char *host_text(const struct ledger_host *h)
{
    bool ordered = h->state == HOST_DRAINING || h->state == HOST_SWAPPING;
    return ordered ? "" : h->text;
}

bool host_in_flight(enum host_state s)
{
    return (unsigned)s < HOST_STATE_COUNT && host_states[s].in_flight;
}

bool host_finished(enum host_state s)
{
    return (unsigned)s < HOST_STATE_COUNT && host_states[s].finished;
}

bool host_served(enum host_state s)
{
    return s >= HOST_ENABLING && s <= HOST_LEAVING;
}

const char *skip_name(enum skip_why w)
{
    static const char *const names[SKIP_COUNT] = {
        [SKIP_NONE] = "none", [SKIP_UNREACHABLE] = "unreachable", [SKIP_DOWN] = "down",
        [SKIP_HELD] = "held", [SKIP_UNMANAGED] = "unmanaged",
    };
    return (unsigned)w < SKIP_COUNT ? names[w] : "unknown";
}

/* Sets what is known at the beginning: some hosts run the target already, some have no agent. */
static void init_ledger_host(struct ledger_host *h, const struct plan_host *p)
{
    str_cut(h->key, sizeof(h->key), p->key);
    h->state = HOST_PENDING;
    h->canary = p->canary;
    h->dirty = true;
    if (p->already) {
        h->state = HOST_DONE;
        h->outcome = OUTCOME_SETTLED;
        str_cut(h->text, sizeof(h->text), "ran the target before");
    } else if (!p->managed && !p->is_server) {
        h->state = HOST_SKIPPED;
        h->skip = SKIP_UNMANAGED;
        str_cut(h->text, sizeof(h->text), "has no enrolled agent that answers");
    }
}

void ledger_init(struct ledger *l, const struct plan *p, const unsigned char run_id[static 16])
{
    memset(l, 0, sizeof(*l));
    memcpy(l->run_id, run_id, RUN_ID_LEN);
    l->state = RUN_CLAIMING;
    str_cut(l->target, sizeof(l->target), p->target);
    l->plan_digest = p->digest;
    l->record = RECORD_WHOLE;
    plan_text(p, &l->plan);
    l->n_regions = MIN_OF(p->n_regions, (size_t)LEDGER_REGIONS);
    for (size_t i = 0; i < l->n_regions; i++) {
        str_cut(l->regions[i].name, sizeof(l->regions[i].name), p->regions[i].name);
        l->regions[i].dirty = true;
    }
    l->n_hosts = p->n_hosts;
    l->hosts = xzalloc(p->n_hosts > 0 ? p->n_hosts : 1, sizeof(*l->hosts));
    for (size_t i = 0; i < p->n_hosts; i++) {
        init_ledger_host(&l->hosts[i], &p->hosts[i]);
        l->skipped += l->hosts[i].state == HOST_SKIPPED;
    }
    l->dirty = true;
}

void ledger_free(struct ledger *l)
{
    if (l == NULL)
        return;
    for (size_t i = 0; i < l->n_hosts; i++) {
        buf_free(&l->hosts[i].inner);
        buf_free(&l->hosts[i].log);
        buf_free(&l->hosts[i].fingerprint);
        buf_free(&l->hosts[i].keys.inner);
    }
    ledger_kept_clear(l);
    free(l->hosts);
    buf_free(&l->plan);
    l->hosts = NULL;
    l->n_hosts = 0;
}

const struct ledger_host *ledger_host_const(const struct ledger *l, const char *key)
{
    for (size_t i = 0; i < l->n_hosts; i++)
        if (str_eq(l->hosts[i].key, key))
            return &l->hosts[i];
    return NULL;
}

struct ledger_host *ledger_host(struct ledger *l, const char *key)
{
    return (struct ledger_host *)ledger_host_const(l, key);
}

const struct ledger_region *ledger_region_const(const struct ledger *l, const char *name)
{
    for (size_t i = 0; i < l->n_regions; i++)
        if (str_eq(l->regions[i].name, name))
            return &l->regions[i];
    return NULL;
}

struct ledger_region *ledger_region(struct ledger *l, const char *name)
{
    return (struct ledger_region *)ledger_region_const(l, name);
}

bool effect_finished(const struct effect *e)
{
    return e->id == 0 || (e->undone && e->note_cleared);
}

bool effect_is_single(enum effect_kind kind)
{
    return kind == EFFECT_TRANSFER || kind == EFFECT_REMOVE_PEER || kind == EFFECT_FORCE_LEAVE;
}

const struct effect *ledger_effect_last(const struct ledger *l, enum effect_kind kind,
                                        const char *key)
{
    const struct effect *last = NULL;

    for (size_t i = 0; i < l->n_effects; i++) {
        const struct effect *e = &l->effects[i];
        if (e->kind == kind && str_eq(e->key, key) && (last == NULL || e->id > last->id))
            last = e;
    }
    return last;
}

struct effect *ledger_effect_add(struct ledger *l, enum effect_kind kind, const char *key)
{
    struct effect *e = NULL;
    for (size_t i = 0; i < l->n_effects && e == NULL; i++)
        if (effect_finished(&l->effects[i]) && !l->effects[i].dirty)
            e = &l->effects[i];
    if (e == NULL && l->n_effects < EFFECTS_MAX)
        e = &l->effects[l->n_effects++];
    if (e == NULL)
        return NULL;
    *e = (struct effect){.id = ++l->last_effect, .kind = kind, .dirty = true};
    str_cut(e->key, sizeof(e->key), key);
    l->dirty = true;
    return e;
}

const struct effect *ledger_effect_const(const struct ledger *l, enum effect_kind kind,
                                         const char *key)
{
    for (size_t i = 0; i < l->n_effects; i++) {
        const struct effect *e = &l->effects[i];
        if (e->kind == kind && !effect_finished(e) && str_eq(e->key, key))
            return e;
    }
    return NULL;
}

struct effect *ledger_effect(struct ledger *l, enum effect_kind kind, const char *key)
{
    return (struct effect *)ledger_effect_const(l, kind, key);
}

bool effect_left_off(const struct effect *e)
{
    return e->kind == EFFECT_AUTOPILOT && !e->undone && e->attempts > 0;
}

uint32_t ledger_silence(const struct ledger_host *h, uint32_t told_ms, int64_t now)
{
    if (h->order != MSG_SWAP && h->order != MSG_REVERT)
        return told_ms;
    int64_t since = MAX_OF(now - h->ordered_ms, (int64_t)0);
    return (uint32_t)MIN_OF((int64_t)told_ms, since);
}

static void rebase_time(int64_t *t, int64_t now, bool *dirty)
{
    if (*t == 0)
        return;
    *t = now;
    *dirty = true;
}

void ledger_rebase(struct ledger *l, int64_t now)
{
    for (size_t i = 0; i < l->n_hosts; i++) {
        struct ledger_host *h = &l->hosts[i];
        rebase_time(&h->ordered_ms, now, &h->dirty);
        rebase_time(&h->receipt_ms, now, &h->dirty);
        rebase_time(&h->effect_ms, now, &h->dirty);
        rebase_time(&h->settled_ms, now, &h->dirty);
        h->call.outstanding = false; /* another process asked */
        h->call.retry_ms = 0;
        h->keys.call = (struct call){.sequence = h->keys.call.sequence};
        buf_free(&h->keys.inner);
        h->keys.wanted = h->keys.refused = false;
        h->keys.problem[0] = '\0';
        h->keys.copied_ms = 0;
    }
    for (size_t i = 0; i < l->n_regions; i++) {
        l->regions[i].call = (struct call){0};
        l->regions[i].snapshot_ms = 0;
        l->regions[i].problem[0] = '\0';
        l->regions[i].refused = false;
    }
    for (size_t i = 0; i < l->n_effects; i++)
        rebase_time(&l->effects[i].done_ms, now, &l->effects[i].dirty);
    rebase_time(&l->canaries_settled_ms, now, &l->dirty);
}

/* ---- signed bytes to keep ---- */

static struct kept_record *keep_bytes(struct ledger *l, const struct ledger_host *h,
                                      const struct digest *order, const struct buf *inner)
{
    l->kept = xrealloc(l->kept, (l->n_kept + 1) * sizeof(*l->kept));
    struct kept_record *k = &l->kept[l->n_kept++];
    *k = (struct kept_record){.host = (size_t)(h - l->hosts), .order = *order};
    buf_add(&k->inner, inner->data, inner->len);
    return k;
}

void ledger_nonce(const unsigned char run_id[static RUN_ID_LEN], const struct digest *before,
                  const unsigned char salt[static NONCE_LEN], unsigned char ret[static NONCE_LEN])
{
    static const char purpose[] = "caravan/record";
    unsigned char bytes[sizeof(purpose) + RUN_ID_LEN + DIGEST_LEN + NONCE_LEN], *at = bytes;
    struct digest d;

    memcpy(at, purpose, sizeof(purpose));
    memcpy(at += sizeof(purpose), run_id, RUN_ID_LEN);
    memcpy(at += RUN_ID_LEN, before->bytes, DIGEST_LEN);
    memcpy(at += DIGEST_LEN, salt, NONCE_LEN);
    crypto_digest(bytes, sizeof(bytes), &d);
    memcpy(ret, d.bytes, NONCE_LEN);
}

void ledger_keep_order(struct ledger *l, struct ledger_host *h, uint64_t told,
                       const unsigned char salt[static NONCE_LEN], const struct buf *inner,
                       const struct digest *digest)
{
    struct kept_record *k = keep_bytes(l, h, digest, inner);

    k->told = told;
    memcpy(k->salt, salt, NONCE_LEN);
    h->kept_last = *digest;
    h->dirty = true;
}

void ledger_keep_receipt(struct ledger *l, const struct ledger_host *h, const struct digest *order,
                         const struct buf *inner)
{
    keep_bytes(l, h, order, inner)->receipt = true;
}

void ledger_kept_clear(struct ledger *l)
{
    for (size_t i = 0; i < l->n_kept; i++)
        buf_free(&l->kept[i].inner);
    free(take_ptr(&l->kept));
    l->n_kept = 0;
}

size_t ledger_in_flight(const struct ledger *l, const struct plan *p, bool servers)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n_hosts && i < p->n_hosts; i++)
        n += p->hosts[i].is_server == servers && host_in_flight(l->hosts[i].state);
    return n;
}

/* True if the host had staged, and its agent found a reason against a swap. Only a new order
 * makes the agent look again, and the operator was told to repair the host before the resume. */
static bool has_refused(const struct ledger_host *h)
{
    return h->state == HOST_STAGING && h->text[0] != '\0';
}

static bool is_aborted(const struct ledger *l)
{
    bool ended = l->state == RUN_STOPPED || l->state == RUN_PAUSED;

    return (ended ? l->before_pause : l->state) == RUN_ABORTING;
}

void ledger_resume(struct ledger *l)
{
    l->ending = RUN_NONE;
    l->cause[0] = l->cause_host[0] = l->advice[0] = '\0';
    l->alarm[0] = l->alarm_host[0] = l->alarm_advice[0] = '\0';
    l->ended_wall_ms = 0;
    l->failures = 0;
    l->skipped = 0;
    l->state = is_aborted(l) ? RUN_ABORTING : RUN_CLAIMING;
    if (l->record == RECORD_NONE)
        l->record = RECORD_PART;
    for (size_t i = 0; i < l->n_hosts; i++) {
        struct ledger_host *h = &l->hosts[i];
        h->attempts = h->turns = h->transfers = h->call.failures = 0;
        bool taken_out = h->state == HOST_FAILED && h->outcome == OUTCOME_UNDONE;
        if (h->state == HOST_SKIPPED && h->skip == SKIP_UNMANAGED)
            l->skipped++;
        else if (taken_out) /* no order starts it again */
            l->failures++;
        else if (h->state == HOST_FAILED || h->state == HOST_SKIPPED || has_refused(h))
            h->state = HOST_PENDING;
        h->dirty = true;
    }
    l->dirty = true;
}

void ledger_abort(struct ledger *l)
{
    ledger_resume(l);
    l->state = RUN_ABORTING;
}
