#include "decide_keystore.h"

#include "decide_safeguards.h"
#include "keystore_on_disk.h"

#define NAMES_HALF                                                                                 \
    (DIGEST_LEN / 2) /* the half of the digest that is over the names: see proto/README.md */

/* Uses the version that the server runs now. If that is unknown, uses the version at planning. */
static bool has_keystore_on_disk(const struct situation *s, const struct plan_host *p)
{
    const struct host *h = s->world != NULL ? world_host(s->world, p->key) : NULL;
    const char *now = h != NULL ? host_version(s->world, h) : "";

    return keystore_on_disk(now[0] != '\0' ? now : p->from);
}

static bool is_copied(const struct situation *s, size_t i)
{
    const struct ledger_keys *k = &s->ledger->hosts[i].keys;

    return k->path[0] != '\0' && (region_has_begun(s, s->plan->hosts[i].region) ||
                                  s->now - k->copied_ms <= SNAPSHOT_OLD_MS);
}

static void ask_for_copy(const struct situation *s, struct decision *d, size_t i)
{
    const struct ledger_keys *k = &s->ledger->hosts[i].keys;
    const struct plan_host *p = &s->plan->hosts[i];
    const struct host *h = s->world != NULL ? world_host(s->world, p->key) : NULL;
    const char *why = h != NULL ? host_disagrees(h, s->now) : "the server is not observed";

    if (why == NULL && k->problem[0] != '\0')
        why = k->problem;
    waiting_for(d, REASON_KEYSTORE, p->key, "%s: its agent copies its keystore on its own disk%s%s",
                p->name, why != NULL ? ": " : "", why != NULL ? why : "");
    if (k->refused)
        intend_stop(
            s, d, p->name,
            "Repair that, then type caravan resume. Or copy server/keystore of its data_dir "
            "yourself, type caravan abort, and begin a new run with --accept no-keystore.",
            "%s: its keystore, which no snapshot of %s contains, could not be copied on "
            "its own disk: %s",
            p->name, p->from, k->problem);
    else if ((why == NULL || why == k->problem) && call_due(&k->call, s->now))
        intent_new(d, INTENT_PRESERVE, p->key);
}

/* A server in flight began without a copy, or was copied before, so a copy is too late. */
static bool wants_copy(const struct situation *s, size_t i)
{
    const struct ledger_host *lh = &s->ledger->hosts[i];

    return s->plan->hosts[i].role != ROLE_JOINS && /* a new server has no keystore yet */
           !s->plan->hosts[i].dead && !host_finished(lh->state) && !host_in_flight(lh->state) &&
           has_keystore_on_disk(s, &s->plan->hosts[i]) && !is_copied(s, i) &&
           !(lh->keys.refused && policy_accepts(&s->plan->policy, "no-keystore"));
}

bool keystores_copied(const struct situation *s, struct decision *d)
{
    bool all = true;

    for (size_t i = 0; i < s->plan->n_servers; i++) {
        if (!wants_copy(s, i))
            continue;
        ask_for_copy(s, d, i);
        all = false;
    }
    return all;
}

static bool have_same_names(const struct ledger_keys *a, const struct ledger_keys *b)
{
    return a->files == b->files && memcmp(a->digest.bytes, b->digest.bytes, NAMES_HALF) == 0;
}

bool keystores_differ(const struct plan *p, const struct ledger *l, const char *region,
                      char dst[static TEXT_MAX])
{
    size_t first = SIZE_MAX;

    for (size_t i = 0; i < p->n_servers && i < l->n_hosts; i++) {
        const struct ledger_keys *k = &l->hosts[i].keys;
        if (!str_eq(p->hosts[i].region, region) || k->path[0] == '\0')
            continue;
        if (first == SIZE_MAX) {
            first = i;
        } else if (!have_same_names(&l->hosts[first].keys, k)) {
            snprintf(dst, TEXT_MAX, "%.63s has %u %s, %.63s has %s%u%s", p->hosts[first].name,
                     l->hosts[first].keys.files,
                     str_count(l->hosts[first].keys.files, "key", "keys"), p->hosts[i].name,
                     k->files == l->hosts[first].keys.files ? "as many (" : "", k->files,
                     k->files == l->hosts[first].keys.files ? "), but other keys" : "");
            return true;
        }
    }
    return false;
}
