#include "decide_watch.h"

#include "counts.h"
#include "decide.h"
#include "raft_view.h"

const char lost_state_advice[] =
    "Upgrade and restart no further server. See what that server itself holds, and what another "
    "one "
    "does: nomad operator api '/v1/jobs?stale' and '/v1/nodes?stale', with NOMAD_ADDR of each "
    "(curl "
    "before 1.3). The snapshot is named by caravan show; restore none before it is known which "
    "server holds what.";

/* ---- a way back ---- */

bool region_begun(const struct situation *s, const char *region)
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
    return !region_begun(s, r->name) && s->now - r->snapshot_ms > SNAPSHOT_OLD_MS;
}

bool snapshots_taken(const struct situation *s, struct decision *d)
{
    for (size_t i = 0; i < s->plan->n_regions && i < s->ledger->n_regions; i++) {
        const struct ledger_region *r = &s->ledger->regions[i];
        if (!s->plan->regions[i].planned || !has_servers_left(s, r->name) || !needs_snapshot(s, r))
            continue;
        waiting_for(d, REASON_SNAPSHOT, "", "region %s: a snapshot of its state is being saved%s%s",
                    r->name, r->problem[0] != '\0' ? "; the last attempt: " : "", r->problem);
        if (r->refused)
            intend_stop(s, d, "",
                        "Give a token that may save one; or take one yourself and begin anew with "
                        "--accept no-snapshot.",
                        "region %s: no snapshot of its state could be saved: %s", r->name,
                        r->problem);
        else if (call_due(&r->call, s->now))
            str_cut(intend(d, INTENT_SNAPSHOT, "")->host, NAME_MAX_LEN, r->name);
        return false;
    }
    return true;
}

/* ---- is the state all there? ---- */

/* A count is asked for when nothing else is missing, and only such a one is believed: what was
 * counted before that, something may have happened since. */
static bool is_asked_since(const struct situation *s, const struct counted *c, int64_t since)
{
    int64_t counting = s->evidence->counting_ms;

    return c->at > since && counting > 0 && c->at >= counting;
}

bool counts_before(const struct situation *s, struct decision *d, const struct host *leader)
{
    const struct counted *c = &leader->server.counted[0];

    const struct ledger_region *r = ledger_region_const(s->ledger, leader->region);
    char text[120] = "";

    bool asked = is_asked_since(s, c, 0);
    if (!asked || !counts_known(c->n)) {
        waiting_for(d, REASON_COUNTS, leader->key, "%s: its objects %s", leader->name,
                    asked ? "could not all be counted" : "are being counted");
        return false;
    }
    if (r == NULL || !counts_fell(r->last, c->n, text, sizeof(text)))
        return true;
    waiting_for(d, REASON_COUNTS, leader->key, "%s: %s", leader->name, text);
    if (is_asked_since(s, &c[1], 0) && counts_known(c[1].n) &&
        counts_fell(r->last, c[1].n, text, sizeof(text)))
        intend_stop(s, d, leader->name, lost_state_advice,
                    "%s, which leads: state was lost since the last server: %s", leader->name,
                    text);
    return false;
}

static struct gate_result result(enum verdict_kind kind, const char *fmt, ...) PRINTF(2, 3);
static struct gate_result result(enum verdict_kind kind, const char *fmt, ...)
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

/* One pair of answers, the k-th newest. */
static enum verdict_kind one_look(const struct situation *s, const struct host *h,
                                  const struct host *measure, int k, const int64_t *before,
                                  int64_t since, struct loss *ret_loss)
{
    const struct counted *mine = &h->server.counted[k], *other = &measure->server.counted[k];
    char *text = ret_loss->text;

    if (!is_asked_since(s, mine, since) || !is_asked_since(s, other, since) ||
        !counts_comparable(before, mine->n) || !counts_comparable(before, other->n))
        return GATE_UNKNOWN;
    ret_loss->whose = h;
    if (counts_fell(before, mine->n, text, sizeof(ret_loss->text)) ||
        (h != measure && counts_lack(other->n, mine->n, text, sizeof(ret_loss->text))))
        return GATE_FAIL;
    ret_loss->whose = measure;
    return counts_fell(before, other->n, text, sizeof(ret_loss->text)) ? GATE_FAIL : GATE_PASS;
}

static bool has_measure(const int64_t *before)
{
    static const int64_t none[OBJECT_KINDS];
    return memcmp(before, none, sizeof(none)) != 0;
}

/* Before its swap; of one that somebody else swapped, when the last one of its region settled. */
static const int64_t *counted_before(const struct situation *s, size_t i)
{
    const struct ledger_region *r = ledger_region_const(s->ledger, s->plan->hosts[i].region);
    const int64_t *base = s->ledger->hosts[i].base_objects;

    return has_measure(base) || r == NULL ? base : r->last;
}

/* One server against another one, or against itself before. */
static struct gate_result compare(const struct situation *s, const struct host *h,
                                  const struct host *measure, const int64_t *before, int64_t since,
                                  const char **ret_whose)
{
    struct loss loss = {h, ""}, older = {h, ""};
    enum verdict_kind newest = one_look(s, h, measure, 0, before, since, &loss);

    *ret_whose = h->name;
    if (newest == GATE_PASS)
        return result(GATE_PASS, "%s", "");
    *ret_whose = loss.whose->name;
    bool in_turn = h == measure || counts_in_turn(h->server.counted, measure->server.counted);
    if (newest == GATE_FAIL && in_turn &&
        one_look(s, h, measure, 1, before, since, &older) == GATE_FAIL)
        return result(GATE_FAIL, "%s: state was lost: %s", loss.whose->name, loss.text);
    return result(GATE_UNKNOWN, "%s: its objects are being counted%s%s", loss.whose->name,
                  loss.text[0] != '\0' ? " once more: " : "", loss.text);
}

/* With its leader. Where nothing is known from before, with all others of its region: the leader's
 * state may be gone as well. */
static struct gate_result look(const struct situation *s, const struct host *h,
                               const int64_t *before, int64_t since, const char **ret_whose)
{
    const struct host *leader = region_leader(s->world, s->plan, s->ledger, h->region, s->now);

    *ret_whose = h->name;
    if (leader == NULL)
        return result(GATE_UNKNOWN, "region %s: who leads is not clear", h->region);
    if (has_measure(before))
        return compare(s, h, leader, before, since, ret_whose);
    struct gate_result worst = compare(s, h, h, before, since, ret_whose);
    for (size_t i = 0; i < s->plan->n_servers && worst.kind != GATE_FAIL; i++) {
        const struct host *o = world_host(s->world, s->plan->hosts[i].key);
        const char *whose;
        if (o == NULL || o == h || !str_eq(o->region, h->region) || s->plan->hosts[i].dead)
            continue;
        struct gate_result r = compare(s, h, o, before, since, &whose);
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
        return result(GATE_UNKNOWN, "%s is not there", s->plan->hosts[i].name);
    return look(s, h, counted_before(s, i), lh->effect_ms, ret_whose);
}

/* Of a server: clients keep no state of a region. */
static int64_t last_change(const struct situation *s)
{
    int64_t last = 0;

    for (size_t i = 0; i < s->plan->n_servers; i++)
        last = MAX_OF(last, MAX_OF(s->ledger->hosts[i].effect_ms, s->ledger->hosts[i].settled_ms));
    return last;
}

/* False: it is not, or not known to be; said. */
static bool is_whole(const struct situation *s, struct decision *d, const struct host *h,
                     const int64_t *before, bool last)
{
    const char *whose;
    struct gate_result g = look(s, h, before, last_change(s), &whose);

    if (g.kind == GATE_PASS)
        return true;
    if (g.kind == GATE_FAIL)
        intend_stop(s, d, whose, lost_state_advice, "%s: %s",
                    last ? "after the last server" : "after its turn", g.text);
    waiting_for(d, REASON_COUNTS, h->key, "%s", g.text);
    return false;
}

/* Those that stay, from the first step on: nobody else asks them. */
static bool stayers_are_whole(const struct situation *s, struct decision *d, bool last)
{
    const char *region = s->plan->n_servers > 0 ? s->plan->hosts[0].region : "";
    const struct ledger_region *r = ledger_region_const(s->ledger, region);

    if (!s->plan->replaces || r == NULL || !has_measure(r->last))
        return true;
    for (size_t i = 0; i < s->world->n_hosts; i++)
        if (plan_stays(s->world, s->plan, &s->world->hosts[i]) &&
            !is_whole(s, d, &s->world->hosts[i], r->last, last))
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
        if (!region_begun(s, r->name) && !has_measure(r->last))
            continue; /* nobody knows what there was */
        if (!is_whole(s, d, h, r->last, last))
            return false;
    }
    return stayers_are_whole(s, d, last);
}

/* Settling, and its gates pass: lists are dear, they are asked for only then. */
static bool is_well(const struct situation *s, const struct ledger_host *lh)
{
    char key[sizeof(((struct streak *)NULL)->key)];

    snprintf(key, sizeof(key), "host/%s", lh->key);
    const struct streak *e = evidence_find(s->evidence, key);
    return lh->state == HOST_SETTLING && e != NULL && e->last == GATE_PASS;
}

static void add_key(const char **keys, size_t *n, size_t max, const char *key)
{
    for (size_t i = 0; i < *n; i++)
        if (str_eq(keys[i], key))
            return;
    if (*n < max)
        keys[(*n)++] = key;
}

/* Whose are compared with its leader's: one that settles; between two turns, those that are done.
 */
static bool is_counted(const struct situation *s, const struct ledger_host *lh, const char *next)
{
    if (is_well(s, lh))
        return true;
    return s->ledger->state == RUN_SERVERS && lh->state == HOST_DONE &&
           (next == NULL || ledger_in_flight(s->ledger, s->plan, true) == 0);
}

/* With whom `look` compares it. */
static void add_measures(const struct situation *s, const struct host *h, const int64_t *before,
                         const char **keys, size_t *n, size_t max)
{
    const struct host *leader = region_leader(s->world, s->plan, s->ledger, h->region, s->now);

    if (has_measure(before) && leader != NULL)
        add_key(keys, n, max, leader->key);
    for (size_t i = 0; i < s->plan->n_servers && !has_measure(before); i++)
        if (str_eq(s->plan->hosts[i].region, h->region) && !s->plan->hosts[i].dead)
            add_key(keys, n, max, s->plan->hosts[i].key);
}

size_t watch_counts(const struct situation *s, const char **keys, size_t max)
{
    size_t n = 0;
    bool servers = s->ledger->state == RUN_SERVERS;

    if (s->world == NULL)
        return 0;
    const char *next = servers ? region_at_work(s) : NULL;
    const struct host *leader =
        next != NULL ? region_leader(s->world, s->plan, s->ledger, next, s->now) : NULL;
    if (leader != NULL)
        add_key(keys, &n, max, leader->key);
    for (size_t i = 0; i < s->plan->n_servers; i++) {
        const struct ledger_host *lh = &s->ledger->hosts[i];
        if (!is_counted(s, lh, next) || s->plan->hosts[i].role == ROLE_LEAVES)
            continue;
        const struct host *h = world_host(s->world, lh->key);
        add_key(keys, &n, max, lh->key);
        if (h != NULL)
            add_measures(s, h, counted_before(s, i), keys, &n, max);
    }
    for (size_t i = 0; servers && i < s->world->n_hosts; i++)
        if (ledger_in_flight(s->ledger, s->plan, true) == 0 &&
            plan_stays(s->world, s->plan, &s->world->hosts[i]))
            add_key(keys, &n, max, s->world->hosts[i].key);
    return n;
}

/* ---- what the others say ---- */

void check_alarm(const struct situation *s, struct decision *d)
{
    const struct ledger *l = s->ledger;
    const struct denial *n = &s->evidence->denial;
    int64_t refused = s->evidence->refused_ms;

    bool dead = refused > 0 && s->now - refused > REFUSED_MS;
    bool denied = n->answers >= DENIED_ANSWERS && n->last_ms - n->since_ms >= REFUSED_MS;

    if ((dead || denied) && l->ending != RUN_NONE)
        intend_run(d, l->ending); /* what is in flight cannot be seen to finish */
    else if (denied && !dead)
        intend_stop(s, d, n->name,
                    "See nomad acl token self there (NOMAD_ADDR of that server), whether its state "
                    "is all there, and its policies; then caravan resume, with NOMAD_TOKEN if it "
                    "takes another.",
                    "%s, which autopilot calls healthy", n->text);
    else if (dead)
        intend_stop(s, d, "",
                    "Give a token that is valid until the end (NOMAD_TOKEN), by caravan resume.",
                    "no server takes the token any more: %s", s->world->refused);

    if (l->alarm[0] != '\0')
        intend_stop(s, d, l->alarm_host, l->alarm_advice, "the log of %s says: %s", l->alarm_host,
                    l->alarm);
}

size_t watch_logs(const struct situation *s, const char **keys, size_t max, const char **ret_step)
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
