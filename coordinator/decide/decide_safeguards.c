#include "decide_safeguards.h"

#include "counts.h"
#include "decide.h"
#include "raft_view.h"

const char lost_state_advice[] =
    "Upgrade and restart no further server. Compare the state of that server with the state of "
    "another server: nomad operator api '/v1/jobs?stale' and '/v1/nodes?stale', with NOMAD_ADDR "
    "of each (before Nomad 1.3 use curl). caravan show names the snapshot. Restore no snapshot "
    "before you know which server has which state.";

/* ---- a snapshot to go back to ---- */

bool region_has_begun(const struct situation *s, const char *region)
{
    for (size_t i = 0; i < s->plan->n_servers; i++)
        if (str_eq(s->plan->hosts[i].region, region) &&
            (s->ledger->hosts[i].order == MSG_SWAP || s->ledger->hosts[i].order == MSG_REVERT ||
             s->ledger->hosts[i].order == MSG_SERVICE))
            return true;
    return false;
}

static bool has_servers_left(const struct situation *s, const char *region)
{
    for (size_t i = 0; i < s->plan->n_servers; i++)
        if (str_eq(s->plan->hosts[i].region, region) && !host_finished(s->ledger->hosts[i].state))
            return true;
    return false;
}

static bool needs_snapshot(const struct situation *s, const struct ledger_region *r)
{
    if (r->snapshot[0] == '\0')
        return !r->refused || !policy_accepts(&s->plan->policy, "no-snapshot");
    return !region_has_begun(s, r->name) && s->now - r->snapshot_ms > SNAPSHOT_OLD_MS;
}

bool snapshots_taken(const struct situation *s, struct decision *d)
{
    for (size_t i = 0; i < s->plan->n_regions && i < s->ledger->n_regions; i++) {
        const struct ledger_region *r = &s->ledger->regions[i];
        if (!s->plan->regions[i].planned || !has_servers_left(s, r->name) || !needs_snapshot(s, r))
            continue;
        waiting_for(d, REASON_SNAPSHOT, "", "region %s: Caravan saves a snapshot of its state%s%s",
                    r->name, r->problem[0] != '\0' ? "; the last attempt: " : "", r->problem);
        if (r->refused)
            intend_stop(s, d, "",
                        "Give a token that may save snapshots (NOMAD_TOKEN), then type caravan "
                        "resume. Or save a snapshot yourself (nomad operator snapshot save), type "
                        "caravan abort, and begin a new run with --accept no-snapshot.",
                        "region %s: no snapshot of its state could be saved: %s", r->name,
                        r->problem);
        else if (call_due(&r->call, s->now))
            str_cut(intent_new(d, INTENT_SNAPSHOT, "")->host, NAME_MAX_LEN, r->name);
        return false;
    }
    return true;
}

/* ---- is the state complete? ---- */

/* A count is asked for when nothing else is missing, and only such a count is believed. After an
 * earlier count, something may have happened. */
static bool is_counted_since(const struct situation *s, const struct counted *c, int64_t since)
{
    int64_t counting = s->evidence->counting_ms;

    return c->at > since && counting > 0 && c->at >= counting;
}

bool counts_before(const struct situation *s, struct decision *d, const struct host *leader)
{
    const struct counted *c = &leader->server.counted[0];

    const struct ledger_region *r = ledger_region_const(s->ledger, leader->region);
    char text[120] = "";

    bool asked = is_counted_since(s, c, 0);
    if (!asked || !counts_known(c->n)) {
        waiting_for(d, REASON_COUNTS, leader->key, "%s: %s", leader->name,
                    asked ? "its objects could not all be counted" : "Caravan counts its objects");
        return false;
    }
    if (r == NULL || !counts_show_loss(r->last, c->n, text, sizeof(text)))
        return true;
    waiting_for(d, REASON_COUNTS, leader->key, "%s: %s", leader->name, text);
    if (is_counted_since(s, &c[1], 0) && counts_known(c[1].n) &&
        counts_show_loss(r->last, c[1].n, text, sizeof(text)))
        intend_stop(s, d, leader->name, lost_state_advice,
                    "%s, which leads: state was lost since the last server: %s", leader->name,
                    text);
    return false;
}

static struct gate_result count_result(enum verdict_kind kind, const char *fmt, ...) PRINTF(2, 3);
static struct gate_result count_result(enum verdict_kind kind, const char *fmt, ...)
{
    struct gate_result r = {.kind = kind};
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(r.text, sizeof(r.text), fmt, ap);
    va_end(ap);
    return r;
}

struct loss {
    const struct host *whose;
    char text[120];
};

/* Compares one pair of answers, the k-th newest. */
static enum verdict_kind compare_one_count(const struct situation *s, const struct host *h,
                                           const struct host *measure, int k, const int64_t *before,
                                           int64_t since, struct loss *ret_loss)
{
    const struct counted *mine = &h->server.counted[k], *other = &measure->server.counted[k];
    char *text = ret_loss->text;

    if (!is_counted_since(s, mine, since) || !is_counted_since(s, other, since) ||
        !counts_comparable(before, mine->n) || !counts_comparable(before, other->n))
        return GATE_UNKNOWN;
    ret_loss->whose = h;
    if (counts_show_loss(before, mine->n, text, sizeof(ret_loss->text)) ||
        (h != measure && counts_lack(other->n, mine->n, text, sizeof(ret_loss->text))))
        return GATE_FAIL;
    ret_loss->whose = measure;
    return counts_show_loss(before, other->n, text, sizeof(ret_loss->text)) ? GATE_FAIL : GATE_PASS;
}

static bool is_counted_before(const int64_t *before)
{
    static const int64_t none[OBJECT_KINDS];
    return memcmp(before, none, sizeof(none)) != 0;
}

/* Returns the counts from before the server's swap. If somebody else swapped the server, returns
 * the counts of its region after the last server that settled. */
static const int64_t *earlier_counts(const struct situation *s, size_t i)
{
    const struct ledger_region *r = ledger_region_const(s->ledger, s->plan->hosts[i].region);
    const int64_t *base = s->ledger->hosts[i].base_objects;

    return is_counted_before(base) || r == NULL ? base : r->last;
}

/* Compares one server with another one, or with its own earlier counts. */
static struct gate_result compare_counts(const struct situation *s, const struct host *h,
                                         const struct host *measure, const int64_t *before,
                                         int64_t since, const char **ret_whose)
{
    struct loss loss = {h, ""}, older = {h, ""};
    enum verdict_kind newest = compare_one_count(s, h, measure, 0, before, since, &loss);

    *ret_whose = h->name;
    if (newest == GATE_PASS)
        return count_result(GATE_PASS, "%s", "");
    *ret_whose = loss.whose->name;
    bool in_turn = h == measure || counts_in_turn(h->server.counted, measure->server.counted);
    if (newest == GATE_FAIL && in_turn &&
        compare_one_count(s, h, measure, 1, before, since, &older) == GATE_FAIL)
        return count_result(GATE_FAIL, "%s: state was lost: %s", loss.whose->name, loss.text);
    return count_result(GATE_UNKNOWN, "%s: Caravan counts its objects%s%s", loss.whose->name,
                        loss.text[0] != '\0' ? " again: " : "", loss.text);
}

/* Compares the server with its leader. If no earlier counts are known, compares it with all
 * others of its region, because the leader may have lost its state as well. */
static struct gate_result compare_with_others(const struct situation *s, const struct host *h,
                                              const int64_t *before, int64_t since,
                                              const char **ret_whose)
{
    const struct host *leader = region_leader(s->world, s->plan, s->ledger, h->region, s->now);

    *ret_whose = h->name;
    if (leader == NULL)
        return count_result(GATE_UNKNOWN, "region %s: no single leader is known", h->region);
    if (is_counted_before(before))
        return compare_counts(s, h, leader, before, since, ret_whose);
    struct gate_result worst = compare_counts(s, h, h, before, since, ret_whose);
    for (size_t i = 0; i < s->plan->n_servers && worst.kind != GATE_FAIL; i++) {
        const struct host *o = world_host(s->world, s->plan->hosts[i].key);
        const char *whose;
        if (o == NULL || o == h || !str_eq(o->region, h->region) || s->plan->hosts[i].dead)
            continue;
        struct gate_result r = compare_counts(s, h, o, before, since, &whose);
        if (r.kind == GATE_PASS || (r.kind == GATE_UNKNOWN && worst.kind == GATE_UNKNOWN))
            continue;
        worst = r;
        *ret_whose = whose;
    }
    return worst;
}

struct gate_result gate_counts(const struct situation *s, size_t i, const char **ret_whose)
{
    const struct ledger_host *lh = &s->ledger->hosts[i];
    const struct host *h = world_host(s->world, lh->key);

    *ret_whose = s->plan->hosts[i].name;
    if (h == NULL)
        return count_result(GATE_UNKNOWN, "%s is not there", s->plan->hosts[i].name);
    return compare_with_others(s, h, earlier_counts(s, i), lh->effect_ms, ret_whose);
}

/* The last change of a server. Clients keep no state of a region. */
static int64_t last_change_ms(const struct situation *s)
{
    int64_t last = 0;

    for (size_t i = 0; i < s->plan->n_servers; i++)
        last = MAX_OF(last, MAX_OF(s->ledger->hosts[i].effect_ms, s->ledger->hosts[i].settled_ms));
    return last;
}

/* False: the server lost something, or that is unknown; the function states the wait or the
 * stop. */
static bool has_lost_nothing(const struct situation *s, struct decision *d, const struct host *h,
                             const int64_t *before, bool last)
{
    const char *whose;
    struct gate_result g = compare_with_others(s, h, before, last_change_ms(s), &whose);

    if (g.kind == GATE_PASS)
        return true;
    if (g.kind == GATE_FAIL)
        intend_stop(s, d, whose, lost_state_advice, "%s: %s",
                    last ? "after the last server" : "after its turn", g.text);
    waiting_for(d, REASON_COUNTS, h->key, "%s", g.text);
    return false;
}

/* Checks the servers that a replacement leaves as they are, from the first step on. No other
 * function asks them. */
static bool stayers_have_lost_nothing(const struct situation *s, struct decision *d, bool last)
{
    const char *region = s->plan->n_servers > 0 ? s->plan->hosts[0].region : "";
    const struct ledger_region *r = ledger_region_const(s->ledger, region);

    if (!s->plan->replaces || r == NULL || !is_counted_before(r->last))
        return true;
    for (size_t i = 0; i < s->world->n_hosts; i++)
        if (plan_server_stays(s->world, s->plan, &s->world->hosts[i]) &&
            !has_lost_nothing(s, d, &s->world->hosts[i], r->last, last))
            return false;
    return true;
}

bool counts_after(const struct situation *s, struct decision *d, bool last)
{
    for (size_t i = 0; i < s->plan->n_servers; i++) {
        const struct ledger_region *r = ledger_region_const(s->ledger, s->plan->hosts[i].region);
        const struct host *h = world_host(s->world, s->plan->hosts[i].key);
        if (h == NULL || r == NULL || s->ledger->hosts[i].state != HOST_DONE ||
            s->plan->hosts[i].role == ROLE_LEAVES)
            continue;
        if (!region_has_begun(s, r->name) && !is_counted_before(r->last))
            continue; /* no earlier counts exist */
        if (!has_lost_nothing(s, d, h, r->last, last))
            return false;
    }
    return stayers_have_lost_nothing(s, d, last);
}

/* True if the server is settling and its gates pass. Only then are its lists asked for, because
 * they are expensive. */
static bool is_settling_well(const struct situation *s, const struct ledger_host *lh)
{
    char key[sizeof(((struct streak *)NULL)->key)];

    snprintf(key, sizeof(key), "host/%s", lh->key);
    const struct streak *e = evidence_find(s->evidence, key);
    return lh->state == HOST_SETTLING && e != NULL && e->last == GATE_PASS;
}

static void add_counted_key(const char **keys, size_t *n, size_t max, const char *key)
{
    for (size_t i = 0; i < *n; i++)
        if (str_eq(keys[i], key))
            return;
    if (*n < max)
        keys[(*n)++] = key;
}

/* True if this server's counts are compared with its leader's: a server that settles, and
 * between two turns each server that is done. */
static bool is_counted(const struct situation *s, const struct ledger_host *lh, const char *next)
{
    if (is_settling_well(s, lh))
        return true;
    return s->ledger->state == RUN_SERVERS && lh->state == HOST_DONE &&
           (next == NULL || ledger_in_flight(s->ledger, s->plan, true) == 0);
}

/* Adds the servers that compare_with_others compares h with. */
static void add_compared_keys(const struct situation *s, const struct host *h,
                              const int64_t *before, const char **keys, size_t *n, size_t max)
{
    const struct host *leader = region_leader(s->world, s->plan, s->ledger, h->region, s->now);

    if (is_counted_before(before) && leader != NULL)
        add_counted_key(keys, n, max, leader->key);
    for (size_t i = 0; i < s->plan->n_servers && !is_counted_before(before); i++)
        if (str_eq(s->plan->hosts[i].region, h->region) && !s->plan->hosts[i].dead)
            add_counted_key(keys, n, max, s->plan->hosts[i].key);
}

size_t safeguard_counts_wanted(const struct situation *s, const char **keys, size_t max)
{
    size_t n = 0;
    bool servers = s->ledger->state == RUN_SERVERS;

    if (s->world == NULL)
        return 0;
    const char *next = servers ? region_at_work(s) : NULL;
    const struct host *leader =
        next != NULL ? region_leader(s->world, s->plan, s->ledger, next, s->now) : NULL;
    if (leader != NULL)
        add_counted_key(keys, &n, max, leader->key);
    for (size_t i = 0; i < s->plan->n_servers; i++) {
        const struct ledger_host *lh = &s->ledger->hosts[i];
        if (!is_counted(s, lh, next) || s->plan->hosts[i].role == ROLE_LEAVES)
            continue;
        const struct host *h = world_host(s->world, lh->key);
        add_counted_key(keys, &n, max, lh->key);
        if (h != NULL)
            add_compared_keys(s, h, earlier_counts(s, i), keys, &n, max);
    }
    for (size_t i = 0; servers && i < s->world->n_hosts; i++)
        if (ledger_in_flight(s->ledger, s->plan, true) == 0 &&
            plan_server_stays(s->world, s->plan, &s->world->hosts[i]))
            add_counted_key(keys, &n, max, s->world->hosts[i].key);
    return n;
}

/* ---- the token, and the logs of other servers ---- */

void check_alarm(const struct situation *s, struct decision *d)
{
    const struct ledger *l = s->ledger;
    const struct denial *n = &s->evidence->denial;
    int64_t refused = s->evidence->refused_ms;

    bool dead = refused > 0 && s->now - refused > REFUSED_MS;
    bool denied = n->answers >= DENIED_ANSWERS && n->last_ms - n->since_ms >= REFUSED_MS;

    if ((dead || denied) && l->ending != RUN_NONE)
        intend_run(d, l->ending); /* without the token, nobody sees hosts in flight finish */
    else if (denied && !dead)
        intend_stop(s, d, n->name,
                    "Type nomad acl token self with NOMAD_ADDR of that server. Check its policies, "
                    "and whether the state of that server is complete. Then type caravan resume, "
                    "with another NOMAD_TOKEN if one is needed.",
                    "%s, which autopilot calls healthy", n->text);
    else if (dead)
        intend_stop(s, d, "",
                    "Set NOMAD_TOKEN to a token that stays valid until the end of the run, then "
                    "type caravan resume.",
                    "no server takes the token any more: %s", s->world->refused);

    if (l->alarm[0] != '\0')
        intend_stop(s, d, l->alarm_host, l->alarm_advice, "the log of %s says: %s", l->alarm_host,
                    l->alarm);
}

size_t safeguard_logs_wanted(const struct situation *s, const char **keys, size_t max,
                             const char **ret_step)
{
    const char *region = NULL;
    int64_t newest = 0;
    size_t n = 0;

    *ret_step = "";
    if (s->world == NULL || s->ledger->state != RUN_SERVERS)
        return 0;
    for (size_t i = 0; i < s->plan->n_servers; i++) {
        const struct ledger_host *lh = &s->ledger->hosts[i];
        if (region == NULL && !host_finished(lh->state))
            region = s->plan->hosts[i].region;
        if ((lh->order == MSG_SWAP || lh->order == MSG_REVERT) && lh->ordered_ms >= newest) {
            newest = lh->ordered_ms;
            *ret_step = lh->key;
        }
    }
    for (size_t i = 0; region != NULL && i < s->world->n_hosts && n < max; i++) {
        const struct host *h = &s->world->hosts[i];
        const struct ledger_host *lh = ledger_host_const(s->ledger, h->key);
        if (!h->is_server || !str_eq(h->region, region))
            continue;
        if (lh == NULL || !host_in_flight(lh->state))
            keys[n++] = h->key;
    }
    return n;
}
