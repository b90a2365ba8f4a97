#include "gate_host.h"

#include <inttypes.h>
#include "raft_view.h"
#include "same_node.h"

static struct gate_result gate_say(enum verdict_kind kind, const char *fmt, ...) PRINTF(2, 3);
static struct gate_result gate_say(enum verdict_kind kind, const char *fmt, ...)
{
    struct gate_result r;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(r.text, sizeof(r.text), fmt, ap);
    va_end(ap);
    r.kind = kind;
    return r;
}

/* True if the answer was asked for after the last thing that this run did to the host, and is
 * fresh. */
static bool proves_now(int64_t at, const struct ledger_host *lh, int64_t now)
{
    return is_fresh(at, now) && at > lh->effect_ms;
}

/* A server that is also a client, and was a ready client before, must be a ready client again. */
static bool is_client_again(const struct host *h, const struct plan *p,
                            const struct ledger_host *lh, int64_t now, struct gate_result *ret)
{
    const struct client_view *c = &h->client;

    if (!h->is_client || lh->base_modify_index == 0)
        return true;
    if (!proves_now(c->list_at, lh, now))
        *ret = gate_say(GATE_UNKNOWN, "%s: its node record could not be read", h->name);
    else if (!str_eq(c->version, p->target) || c->modify_index <= lh->base_modify_index)
        *ret = gate_say(GATE_FAIL, "%s: its node record as a client still says %s", h->name,
                        c->version);
    else if (!str_eq(c->status, "ready"))
        *ret = gate_say(GATE_FAIL, "%s is %s as a client", h->name, c->status);
    else
        return true;
    return false;
}

/* A new server settles also while no leader is clear. Then the text names the server that does
 * not answer. */
static struct gate_result leader_index_unknown(const struct world *w, const struct plan *p,
                                               const struct ledger *l, const struct host *h,
                                               int64_t now)
{
    const struct plan_host *ph = plan_host(p, h->key);
    struct gate_result why;

    if (ph == NULL || ph->role != ROLE_JOINS ||
        region_leader_why(w, p, l, h->region, now, &why) != NULL)
        return gate_say(GATE_UNKNOWN, "the leader's index is not known");
    return gate_say(GATE_UNKNOWN, "the leader's index is not known: %.160s", why.text);
}

/* A new server has not voted before. Until it votes, the server is not ready, and not its
 * region. */
static bool has_new_server_joined(const struct world *w, const struct plan *p,
                                  const struct ledger *l, const struct host *h, int64_t now,
                                  struct gate_result *ret)
{
    const struct plan_host *ph = plan_host(p, h->key);
    struct gate_result unused;
    struct raft_view v;

    if (ph == NULL || ph->role != ROLE_JOINS)
        return true;
    raft_view_init(&v, w, p, l, h->region, now, &unused);
    *ret = gate_stands(&v, h);
    return ret->kind == GATE_PASS;
}

struct gate_result gate_server(const struct world *w, const struct plan *p, const struct ledger *l,
                               const char *key, int64_t now)
{
    const struct host *h = world_host(w, key);
    const struct ledger_host *lh = ledger_host_const(l, key);

    if (h == NULL || lh == NULL)
        return gate_say(GATE_UNKNOWN, "%s is not there", key);
    const struct server_view *s = &h->server;
    struct gate_result r = {.kind = GATE_UNKNOWN};
    if (!h->is_server)
        return gate_say(GATE_FAIL, "%s is in no member's list yet", h->name);
    if (server_denies(h, r.text, sizeof(r.text)))
        return r;
    if (!proves_now(s->self_at, lh, now))
        return gate_say(GATE_UNKNOWN, "%s: its API does not answer", h->name);
    if (!str_eq(s->version, p->target))
        return gate_say(GATE_FAIL, "%s runs %s", h->name, s->version);
    if (!str_eq(s->raft_state, "Follower") && !str_eq(s->raft_state, "Leader"))
        return gate_say(GATE_FAIL, "%s is %s", h->name, s->raft_state);
    if (lh->base_leader_index == 0)
        return leader_index_unknown(w, p, l, h, now);
    if (s->last_log_index < lh->base_leader_index)
        return gate_say(GATE_FAIL, "%s: index %" PRIu64 " of %" PRIu64, h->name, s->last_log_index,
                        lh->base_leader_index);
    if (s->applied_index < lh->base_leader_index)
        return gate_say(GATE_FAIL, "%s applied %" PRIu64 " of %" PRIu64, h->name, s->applied_index,
                        lh->base_leader_index);
    if (!is_client_again(h, p, lh, now, &r))
        return r;
    return has_new_server_joined(w, p, l, h, now, &r) ? same_node_gate(w, p, l, key, now) : r;
}

/* By its agent, the planned binary runs, and the running process is the one that the agent
 * examined. NULL: yes; otherwise the reason. */
static const char *client_runs_other(const struct agent_view *a, const struct host *h,
                                     const struct plan_host *p)
{
    if (a->misplaced || !str_eq(a->hello.client_id, h->node_id))
        return "its agent serves another node";
    if (memcmp(&a->hello.stamp, &a->work.stamp, sizeof(a->hello.stamp)) != 0)
        return "its process has changed since its agent examined it";
    if (!digest_eq(&a->hello.running, &p->digest))
        return "by its agent, another binary runs";
    return NULL;
}

/* Checks what the client itself answers, if it answers a question without a token. */
static bool own_answer_agrees(const struct client_view *c, const struct host *h,
                              const struct plan *p, const struct ledger_host *lh, int64_t now,
                              struct gate_result *ret)
{
    if (!proves_now(c->own_at, lh, now))
        return true;
    if (!str_eq(c->own_node_id, h->node_id))
        *ret = gate_say(GATE_FAIL, "%s answers as node %s", h->name, c->own_node_id);
    else if (!str_eq(c->own_version, p->target))
        *ret = gate_say(GATE_FAIL, "%s runs %s", h->name, c->own_version);
    else
        return true;
    return false;
}

struct gate_result gate_client(const struct world *w, const struct plan *p, const struct ledger *l,
                               const char *key, int64_t now)
{
    const struct host *h = world_host(w, key);
    const struct ledger_host *lh = ledger_host_const(l, key);
    const struct plan_host *ph = plan_host(p, key);
    struct gate_result r;

    if (h == NULL || lh == NULL || ph == NULL)
        return gate_say(GATE_UNKNOWN, "%s is not there", key);
    const struct client_view *c = &h->client;
    if (same_node_is_another(h, lh, &r))
        return r;
    if (!proves_now(c->health_at, lh, now))
        return gate_say(GATE_UNKNOWN, "%s: its API does not answer", h->name);
    if (!proves_now(c->list_at, lh, now))
        return gate_say(GATE_UNKNOWN, "%s: its node record could not be read", h->name);
    /* The hello is about the process that the agent's status names, so it is as good as an
     * answer from after the last effect. */
    if (!is_fresh(h->agent.hello_at, now) || h->agent.hello_at <= lh->ordered_ms)
        return gate_say(GATE_UNKNOWN, "%s: its agent does not answer", h->name);
    const char *why = client_runs_other(&h->agent, h, ph);
    if (why != NULL)
        return gate_say(GATE_FAIL, "%s: %s", h->name, why);
    if (!own_answer_agrees(c, h, p, lh, now, &r))
        return r;
    if (c->own_healthy != TRI_YES)
        return gate_say(c->own_healthy == TRI_NO ? GATE_FAIL : GATE_UNKNOWN,
                        "%s does not report that it is healthy", h->name);
    if (!str_eq(c->version, p->target) || c->modify_index <= lh->base_modify_index)
        return gate_say(GATE_FAIL, "%s: its node record still says %s", h->name, c->version);
    if (!str_eq(c->status, "ready"))
        return gate_say(GATE_FAIL, "%s is %s", h->name, c->status);
    return same_node_gate(w, p, l, key, now);
}

static const struct alloc_view *alloc_find(const struct client_view *c, const char *id)
{
    for (size_t i = 0; i < c->n_allocs; i++)
        if (str_eq(c->allocs[i].id, id))
            return &c->allocs[i];
    return NULL;
}

/* True if the tasks that had started were not started again. A task that had not started (the
 * main task after its prestart tasks, a poststart task) may start at any time. */
static bool kept_running(const struct kept_alloc *k, const struct alloc_view *a)
{
    uint32_t same = 0;

    if (k->started == 0)
        return a->started_ns == k->started_ns;
    for (size_t i = 0; i < a->n_starts; i++)
        same += a->starts[i] <= k->started_ns;
    return same == k->started;
}

/* Returns what is wrong with the allocation. NULL: it runs, or has ended well. */
static const char *what_became(const struct kept_alloc *k, const struct alloc_view *a)
{
    if (a == NULL || str_eq(a->client_status, "complete"))
        return NULL;
    if (!str_eq(a->client_status, "running"))
        return a->client_status;
    return a->restarts != k->restarts || !kept_running(k, a) ? "was restarted" : NULL;
}

struct gate_result gate_allocs(const struct world *w, const struct ledger *l, const char *key,
                               int64_t now)
{
    const struct host *h = world_host(w, key);
    const struct ledger_host *lh = ledger_host_const(l, key);
    size_t lost = 0;
    char first[40] = "";

    if (h == NULL || lh == NULL)
        return gate_say(GATE_UNKNOWN, "%s is not there", key);
    if (lh->n_allocs == 0)
        return gate_say(GATE_PASS, "%s", "");
    if (!proves_now(h->client.allocs_at, lh, now))
        return gate_say(GATE_UNKNOWN, "%s: its allocations could not be read", h->name);
    for (size_t i = 0; i < lh->n_allocs; i++) {
        const struct kept_alloc *k = &lh->allocs[i];
        const char *became = what_became(k, alloc_find(&h->client, k->id));
        if (became != NULL && lost++ == 0)
            snprintf(first, sizeof(first), "%.8s %.20s", k->id, became);
    }
    if (lost > 0)
        return gate_say(GATE_FAIL, "%s: %zu of %" PRIu32 " allocations did not keep running (%s%s)",
                        h->name, lost, lh->n_allocs, first, lost > 1 ? ", ..." : "");
    return gate_say(GATE_PASS, "%s", "");
}
