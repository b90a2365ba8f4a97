/* Trust that changes during a run. A new version reaches the hosts one by one: each at its own
 * moment, some late, some with their next boot, some never.
 *
 * Versions count from 0. Version 0 names the key that gives this run's orders. The world's
 * rotation says what version 1 does with that key; version 1 also names the coordinator's next
 * key. Version 2 repairs this and names both keys. Questions have a key of their own, which all
 * versions name. If one key signs orders and questions, a version that does not name it takes
 * both away. Root's own list of operators on a host is such a version, too (ROTATION_UNLISTED):
 * the host refuses the order by the role, and answers questions. */
#include "truth_faults.h"

#define STOPS_MAX    1     /* a turn that had failed before may end in another stop */
#define BACK_LATE_MS 20000 /* so long after the repair the last host gets it */

enum { KEY_FIRST, KEY_NEXT, KEY_OF_OTHERS };

bool t_obeys(const struct truth *t, int host, int key)
{
    uint32_t version = t->hosts[host].trust;

    if (key == KEY_OF_OTHERS || version > 1)
        return true;
    return version == 0 ? key == KEY_FIRST : key == KEY_NEXT || t->rotation == ROTATION_OTHER;
}

bool t_refuses_role(const struct truth *t, int host, int key)
{
    bool asks = t->rotation == ROTATION_DEMOTED || t->rotation == ROTATION_UNLISTED;

    return asks && key == KEY_FIRST && !t_obeys(t, host, key);
}

bool t_tells(const struct truth *t, int host)
{
    return t->rotation != ROTATION_STRANGER || t_obeys(t, host, t->key);
}

bool t_is_named(const struct truth *t, int host)
{
    return t_tells(t, host) && t_obeys(t, host, t->key);
}

int t_key_of_others(void)
{
    return KEY_OF_OTHERS;
}

static int64_t random_ms(struct truth *t, int64_t ms)
{
    return (int64_t)(t_more(t) % (uint64_t)ms);
}

/* ---- the trust reaches a host ---- */

static void reach_host(struct truth *t, int host)
{
    struct t_host *h = &t->hosts[host];

    h->trust = h->trust_next;
    h->trust_ms = t->now;
    h->trust_boot_ms = INT64_MAX;
    h->agent.revision++;
    h->faulted = h->faulted || t->rotation != ROTATION_OTHER;
    t_say(t, "%s: has version %u of the trust", h->name, h->trust + 1);
}

bool trust_reaches(struct truth *t)
{
    struct t_host *h = &t->hosts[t->aimed];

    if (h->trust >= h->trust_next || !h->exists)
        return false;
    if (!h->machine_up) {
        h->trust_boot_ms = t->now;
        return false;
    }
    reach_host(t, t->aimed);
    return true;
}

void t_trust_boot(struct truth *t, int host)
{
    struct t_host *h = &t->hosts[host];

    if (h->trust >= h->trust_next || t->now < h->trust_boot_ms)
        return;
    reach_host(t, host);
    counts.trust[TRUST_BOOTED]++;
}

static void send_trust(struct truth *t, int host, uint32_t version, int64_t in)
{
    bool back = version > 1 || t->key == KEY_NEXT;
    int fault = back ? FAULT_TRUST_MENDED : FAULT_TRUST_STRANGER + (int)t->rotation - 1;

    t->hosts[host].trust_next = version;
    t_schedule(t, in, T_FAULT, host, 0, -1, fault);
}

/* ---- which worlds, and when ---- */

/* No random draw, so that the other worlds stay as they were. */
void t_trust_choose(struct truth *t)
{
    uint64_t dice = (t->seed + 31) * UINT64_C(0xbf58476d1ce4e5b9) >> 31;

    if (dice % 12 == 7)
        t->rotation = (enum t_rotation)(1 + dice / 12 % (ROTATION_COUNT - 1));
}

void t_trust_plan(struct truth *t)
{
    int64_t begin = 500 + random_ms(t, t_more(t) % 2 > 0 ? 20000 : 200000);

    t->only_trust = t->plain && t->rotation != ROTATION_OTHER;
    t->plain = t->plain && !t->only_trust;
    for (int i = 0; i < t->n_hosts; i++) {
        struct t_host *h = &t->hosts[i];
        uint64_t way = t_more(t) % 8;
        t->only_trust = t->only_trust && !h->faulted;
        h->trust_boot_ms = INT64_MAX;
        if (way == 0 || h->dead)
            continue;
        h->trust_next = 1;
        if (way > 1) {
            send_trust(t, i, 1, begin + (way == 2 ? random_ms(t, 180000) : random_ms(t, 20000)));
            continue;
        }
        h->trust_boot_ms = t->now + begin;
        if (!t->plain && !t->only_trust)
            t_schedule(t, begin + random_ms(t, 60000), T_FAULT, i, 0, -1,
                       h->is_server ? FAULT_SERVER_REBOOTS : FAULT_CLIENT_REBOOTS);
    }
    t_say(t, "the trust changes in %lld ms, in way %d", (long long)begin, (int)t->rotation);
}

/* ---- moments that matter most ---- */

/* The agent does not repeat its last answer. */
void t_trust_settled(struct truth *t, int host)
{
    const struct t_host *h = &t->hosts[host];

    if (h->trust == 0 && h->trust_next == 1 && t_more(t) % 2 == 0)
        send_trust(t, host, 1, random_ms(t, 3000));
}

/* The order comes again when its key may give orders again. */
void t_trust_refused(struct truth *t, int message)
{
    int host = t->messages[message].host;

    if (t->hosts[host].trust != 1 || t->hosts[host].trust_next != 1 || t_more(t) % 2 > 0)
        return;
    send_trust(t, host, 2, random_ms(t, 5000));
    t_post(t, random_ms(t, SWAP_BY_MS), T_ORDER, message);
}

/* ---- the trust is repaired, between two processes of the coordinator ---- */

bool t_trust_resumes(const struct truth *t)
{
    return t_trust_is_wrong(t) || t->only_trust;
}

bool t_trust_is_wrong(const struct truth *t)
{
    bool any = false;

    for (int i = 0; i < t->n_hosts; i++)
        any = any || !t_is_named(t, i);
    return any;
}

static void repair_trust(struct truth *t, bool next)
{
    t->trust_right = true;
    t->key = next ? KEY_NEXT : KEY_FIRST;
    t_say(t, "the trust is repaired: %s",
          next ? "the coordinator has the next key" : "the old key is back");
    for (int i = 0; i < t->n_hosts; i++) {
        t->hosts[i].faulted = true;
        send_trust(t, i, next ? 1 : 2, random_ms(t, BACK_LATE_MS));
    }
}

/* Either the old key comes back, or the coordinator uses the next key and each host without its
 * version gets that version. With the next key the coordinator also asks about orders that the old
 * key signed and that have no answer. */
void t_trust_mends(struct truth *t)
{
    if (t->trust_right || !t_trust_is_wrong(t))
        return;
    t->in_vain = t_more(t) % 4 == 0;
    if (!t->in_vain)
        repair_trust(t, t_more(t) % 2 == 0);
}

/* ---- the judge ---- */

/* Silence never counts as healthy: the agent has reported the host, and not long ago. */
void judge_heard(struct truth *t, int host, const char *what)
{
    const struct t_host *h = &t->hosts[host];

    if (t->now - h->told_ms > JUDGE_STALE_MS)
        judge_says(t, 8, "%s of %s, and its agent has reported nothing for %lld ms", what, h->name,
                   (long long)(t->now - h->told_ms));
}

/* The agent reported that the host runs, after its swap was ordered; for a client, not long ago. */
void judge_settled_heard(struct truth *t, int host, enum message_kind order)
{
    const struct t_host *h = &t->hosts[host];

    if (order == MSG_SWAP && h->obeyed_ms > h->strange_ms && !h->told_settled)
        judge_says(t, 8, "%s is called done, and its agent has not reported it settled", h->name);
    if (!h->is_server)
        judge_heard(t, host, "done");
}

static void judge_told_since(struct truth *t)
{
    for (size_t i = 0; i < t->ledger.n_hosts; i++) {
        const struct plan_host *p = &t->plan.hosts[i];
        const struct t_host *h = &t->hosts[t_host_of(t, p->key)];
        if (t->ledger.hosts[i].state == HOST_DONE && p->managed && h->listed &&
            h->role != ROLE_LEAVES && h->told_ms < t->effect_ms)
            judge_says(t, 11,
                       "done, and the agent of %s has reported nothing since the last effect",
                       h->name);
    }
}

/* All hosts have known the key since before this process began, and nothing else has ever gone
 * wrong. */
static bool is_all_right(const struct truth *t)
{
    bool right = t->trust_right && t->only_trust && !t_trust_is_wrong(t);

    for (int i = 0; i < t->n_hosts; i++)
        right = right && t->hosts[i].trust_ms < t->begun_ms;
    return right;
}

/* A host that refused its order by the role has failed, and says so; it is not left out as one on
 * hold. If the run stops because of this host, the cause says so, too. An order from before a
 * resume says nothing about the end: since then another run may hold the host. */
static void judge_role(struct truth *t)
{
    const char *role = refusal_name(REFUSAL_ROLE);

    for (size_t i = 0; i < t->ledger.n_hosts; i++) {
        const struct ledger_host *l = &t->ledger.hosts[i];
        const struct t_host *h = &t->hosts[t_host_of(t, l->key)];
        bool stops = t->ledger.state == RUN_STOPPED && str_eq(t->ledger.cause_host, h->name);
        bool since_resume = l->attempts > 0;
        if (!since_resume || !l->answered || l->refusal != REFUSAL_ROLE || !host_finished(l->state))
            continue;
        if (l->state == HOST_SKIPPED && l->skip == SKIP_HELD)
            judge_says(t, INVARIANT_ENDS, "%s refused by the role, and is left out as held",
                       h->name);
        if (l->state != HOST_FAILED || l->failure != FAILURE_REFUSED_BY_LAW)
            continue;
        if (strstr(l->text, role) == NULL || (stops && strstr(t->ledger.cause, role) == NULL))
            judge_says(t, INVARIANT_ENDS, "%s refused by the role, and that is not said: %s; %s",
                       h->name, l->text, stops ? t->ledger.cause : "");
    }
}

static bool has_reached_any(const struct truth *t)
{
    bool any = false;

    for (int i = 0; i < t->n_hosts; i++)
        any = any || t->hosts[i].trust > 0;
    return any;
}

void judge_trust(struct truth *t)
{
    enum run_state end = t->ledger.state;
    bool did = end == RUN_DONE || end == RUN_STAGED;

    if (end == RUN_DONE)
        judge_told_since(t);
    judge_role(t);
    if (t->rotation == ROTATION_OTHER && t->plain && did && has_reached_any(t))
        counts.trust[TRUST_OTHER]++;
    if (end == RUN_STOPPED && t_trust_is_wrong(t))
        counts.trust[t->in_vain ? TRUST_IN_VAIN : TRUST_STOPPED]++;
    if (t->trust_right && did)
        counts.trust[TRUST_RESUMED]++;
    if (end == RUN_STOPPED && is_all_right(t) && ++t->stops > STOPS_MAX)
        judge_says(t, INVARIANT_ENDS, "the trust is right again, and the resumed run stops: %s",
                   t->ledger.cause);
}
