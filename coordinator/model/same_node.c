#include "same_node.h"

#include "fingerprint.h"

#define DRAIN_KINDS (1U << FEATURE_ELIGIBILITY | 1U << FEATURE_DRAIN)

static void same_node_say(struct same_node *s, enum verdict_kind kind, const char *fmt, ...)
    PRINTF(3, 4);
static void same_node_say(struct same_node *s, enum verdict_kind kind, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(s->gate.text, sizeof(s->gate.text), fmt, ap);
    va_end(ap);
    s->gate.kind = kind;
}

/* True if a drain began since, and Nomad says that the node asked for it when it stopped. */
static bool drained_itself(const struct buf *before, const struct buf *after, const struct host *h)
{
    const char *was = fingerprint_value(before, FEATURE_DRAINED);
    const char *is = fingerprint_value(after, FEATURE_DRAINED);

    return h->client.drain_own && was != NULL && is != NULL && !str_eq(was, is);
}

/* The text does not say who began the drain: an operator, or ExecStop= of the unit. */
static void append_drain(const struct buf *before, const struct buf *after, struct same_node *s)
{
    const char *was = fingerprint_value(before, FEATURE_DRAINED);
    const char *is = fingerprint_value(after, FEATURE_DRAINED);
    size_t len = strlen(s->gate.text);

    if ((s->worst == FEATURE_ELIGIBILITY || s->worst == FEATURE_DRAIN) && was != NULL &&
        is != NULL && !str_eq(was, is))
        snprintf(s->gate.text + len, sizeof(s->gate.text) - len,
                 "; a drain began there after its turn began");
}

static bool was_before(const struct ledger_host *lh, enum feature_kind what, const char *value)
{
    const char *v = fingerprint_value(&lh->fingerprint, what);
    return v != NULL && str_eq(v, value);
}

bool same_node_is_another(const struct host *h, const struct ledger_host *lh,
                          struct gate_result *ret)
{
    const struct agent_view *a = &h->agent;
    const char *is = h->is_server ? a->hello.server_id : a->hello.client_id;
    const char *was = h->is_server ? h->server_id : h->node_id;

    if (lh->fingerprint.len == 0 || !a->enrolled || a->hello_at <= lh->effect_ms || is[0] == '\0' ||
        str_eq(is, was))
        return false;
    snprintf(ret->text, sizeof(ret->text), "%s came back as another node: %s, before %s", h->name,
             is, was);
    ret->kind = GATE_FAIL;
    return true;
}

/* Finds units that were active before the stop and are not active now, by the host's agent. */
static bool are_units_down(const struct host *h, const struct ledger_host *lh, struct same_node *s)
{
    const struct fact_view *f = agent_fact(&h->agent, "bound-down");

    if (f == NULL || f->value != TRI_YES || h->agent.status_at <= lh->effect_ms)
        return false;
    s->worst = FEATURE_UNIT;
    same_node_say(s, GATE_FAIL, "%s came back without units that are bound to Nomad's: %.120s",
                  h->name, f->text);
    return true;
}

static void compare_with_kept(const struct ledger_host *lh, const struct plan_host *ph,
                              const struct plan *p, const struct ledger *l, const struct host *h,
                              const struct buf *after, struct same_node *s)
{
    struct fingerprint_way way = {.from = ph->from, .to = p->target};
    autofree struct difference *list = NULL;

    bool itself = drained_itself(&lh->fingerprint, after, h);
    s->drains = itself && h->client.draining;
    s->drained = itself && !h->client.marked && was_before(lh, FEATURE_ELIGIBILITY, "eligible") &&
                 was_before(lh, FEATURE_DRAIN, "none");
    if (itself || ledger_effect_const(l, EFFECT_DRAIN, lh->key) != NULL)
        way.explained = h->client.marked ? 1U << FEATURE_DRAIN : DRAIN_KINDS;
    size_t n = fingerprint_compare(&lh->fingerprint, after, &way, &list);
    s->worst = differences_fail(list, n, h->name, s->gate.text, sizeof(s->gate.text));
    s->gate.kind = s->worst != FEATURE_NONE ? GATE_FAIL : GATE_PASS;
    append_drain(&lh->fingerprint, after, s);
    differences_describe(list, n, s->told, sizeof(s->told));
}

void same_node(const struct world *w, const struct plan *p, const struct ledger *l, const char *key,
               int64_t now, struct same_node *ret)
{
    const struct host *h = world_host(w, key);
    const struct ledger_host *lh = ledger_host_const(l, key);
    const struct plan_host *ph = plan_host(p, key);
    auto_buf struct buf after = BUF_INIT;

    *ret = (struct same_node){.worst = FEATURE_NONE};
    if (h == NULL || lh == NULL || ph == NULL) {
        same_node_say(ret, GATE_UNKNOWN, "%s is not there", key);
        return;
    }
    if (same_node_is_another(h, lh, &ret->gate)) {
        ret->worst = FEATURE_ID;
        return;
    }
    if (are_units_down(h, lh, ret))
        return;
    same_node_say(ret, GATE_PASS, "%s", "");
    if (lh->fingerprint.len == 0) {
        bool ours = lh->order == MSG_SWAP || lh->order == MSG_REVERT;
        snprintf(ret->told, sizeof(ret->told), "not compared with what it was before: %s",
                 ours ? "this ledger has no fingerprint, because the run began on another machine"
                      : "it ran the target when its turn came");
        return;
    }
    const char *why = fingerprint_take(w, h, lh->effect_ms, now, false, &after);
    bool raft_lacks = why == NULL && fingerprint_value(&lh->fingerprint, FEATURE_RAFT) != NULL &&
                      fingerprint_value(&after, FEATURE_RAFT) == NULL;
    if (raft_lacks)
        why = "the raft configuration could not be read";
    if (why != NULL)
        same_node_say(ret, GATE_UNKNOWN, "%s: %s", h->name, why);
    else
        compare_with_kept(lh, ph, p, l, h, &after, ret);
}

struct gate_result same_node_gate(const struct world *w, const struct plan *p,
                                  const struct ledger *l, const char *key, int64_t now)
{
    struct same_node s;

    same_node(w, p, l, key, now, &s);
    return s.gate;
}
