/* The rows: see hazards.h. A detect function returns without a finding when all is well. */
#include "hazards.h"

#include "gate.h"

typedef const struct hazard row_t;

/* The version a planned host runs; false: unknown. */
static bool from_of(const struct plan_host *h, struct version *ret)
{
    struct err err;
    return h->from[0] != '\0' && version_parse(h->from, ret, &err) == 0;
}

/* Oldest version among the planned hosts that do not run the target (servers only, or all). */
static bool oldest(const struct plan *p, bool servers_only, struct version *ret)
{
    bool any = false;

    for (size_t i = 0; i < p->n_hosts; i++) {
        struct version v;
        if (p->hosts[i].already || (servers_only && !p->hosts[i].is_server) ||
            !from_of(&p->hosts[i], &v))
            continue;
        if (!any || version_cmp(&v, ret) < 0)
            *ret = v;
        any = true;
    }
    return any;
}

/* ---- versions ---- */

static void nothing_to_do(struct hazard_check *c, row_t *row)
{
    if (c->p->n_hosts > 0 && c->p->n_todo == 0)
        hazard_found(c, row, TRI_YES, NULL, "all %zu hosts run %s already", c->p->n_hosts,
                     c->p->target);
    else if (c->p->n_hosts == 0)
        hazard_found(c, row, TRI_YES, NULL, "no host is chosen by the filters");
}

static void older_target(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_hosts; i++) {
        struct version v;
        if (from_of(&c->p->hosts[i], &v) && version_cmp(&c->target, &v) < 0)
            hazard_found(c, row, TRI_YES, c->p->hosts[i].name, "runs %s, newer than %s",
                         c->p->hosts[i].from, c->p->target);
    }
}

static void unknown_version(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_hosts; i++) {
        struct version v;
        if (!from_of(&c->p->hosts[i], &v))
            hazard_found(c, row, TRI_UNKNOWN, c->p->hosts[i].name,
                         "the version it runs could not be read (\"%s\")", c->p->hosts[i].from);
    }
}

static void minor_distance(struct hazard_check *c, row_t *row)
{
    struct version v;
    char path[128], from[VERSION_TEXT];

    if (!oldest(c->p, false, &v))
        return;
    int d = version_minor_distance(&v, &c->target);
    if (d <= 2)
        return;
    version_text(from, &v);
    version_path(path, sizeof(path), &v, &c->target);
    if (d == 1000)
        hazard_found(c, row, TRI_UNKNOWN, NULL, "the way from %s to %s is not known to this build",
                     from, c->p->target);
    else
        hazard_found(c, row, TRI_YES, NULL,
                     "from %s to %s are %d minor versions, 2 are supported: go through %s", from,
                     c->p->target, d, path);
}

static const struct {
    const char *first, *last;
    bool ce_only, no_acl_only;
    const char *why;
} bad_targets[] = {
    {"0.11.1", "0.11.2", false, false, "servers hang"},
    {"1.0.0", "1.0.1", false, false, "clients crash with Connect jobs"},
    {"1.1.0", "1.1.2", false, false, "old followers panic"},
    {"1.2.0", "1.2.1", false, false, "the scheduler panics"},
    {"1.3.10", "1.3.10", false, false, "pause containers may be killed at restart (use 1.3.11)"},
    {"1.4.0", "1.4.1", false, false, "old servers panic, keyring problems (use 1.4.3)"},
    {"1.4.2", "1.4.2", false, false, "keyring problems (use 1.4.3)"},
    {"1.4.5", "1.4.5", false, false, "pause containers may be killed at restart (use 1.4.6)"},
    {"1.5.0", "1.5.0", false, false, "pause containers may be killed at restart (use 1.5.1)"},
    {"1.5.4", "1.5.4", false, false, "logs of old jobs are lost (use 1.5.5)"},
    {"1.6.0", "1.6.0", false, false, "panic on job plan with node pools (use 1.6.1)"},
    {"1.7.0", "1.7.1", false, false, "keyring replication, CPU fingerprint, TLS (use 1.7.2)"},
    {"1.9.0", "1.9.1", false, false, "panic on old keyring files (use 1.9.3)"},
    {"1.9.2", "1.9.2", false, false, "state is lost: withdrawn (use 1.9.3)"},
    {"1.11.0", "1.11.3", true, false, "all clients go down after 24 h (identity renewal)"},
    {"2.0.1", "2.0.1", false, true, "allocations fail with ACLs off (use 2.0.2)"},
};

static bool acl_surely_on(const struct world *w)
{
    for (size_t i = 0; i < w->n_hosts; i++)
        if (w->hosts[i].is_server && w->hosts[i].server.acl_enabled != TRI_YES)
            return false;
    return true;
}

static void known_bad(struct hazard_check *c, row_t *row)
{
    if (c->p->n_todo == 0)
        return;
    for (size_t i = 0; i < ARRAY_LEN(bad_targets); i++) {
        if (version_cmp_text(&c->target, bad_targets[i].first) < 0 ||
            version_cmp_text(&c->target, bad_targets[i].last) > 0 ||
            (bad_targets[i].ce_only && version_is_ent(&c->target)) ||
            (bad_targets[i].no_acl_only && acl_surely_on(c->w)))
            continue;
        hazard_found(c, row, TRI_YES, NULL, "%s: %s", c->p->target, bad_targets[i].why);
    }
}

static void forward_wall(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_servers; i++) {
        struct version v;
        if (!c->p->hosts[i].already && from_of(&c->p->hosts[i], &v) &&
            version_cmp(&v, &c->target) <= 0 && version_is_ent(&v) <= version_is_ent(&c->target) &&
            version_wall(&c->target, &v))
            hazard_found(c, row, TRI_YES, c->p->hosts[i].name,
                         "%s cannot read what %s may have written (raft data, snapshots)",
                         c->p->target, c->p->hosts[i].from);
    }
}

static void edition(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_hosts; i++) {
        struct version v;
        if (from_of(&c->p->hosts[i], &v) && version_is_ent(&v) && !version_is_ent(&c->target))
            hazard_found(c, row, TRI_YES, c->p->hosts[i].name, "runs Enterprise %s, %s is not",
                         c->p->hosts[i].from, c->p->target);
    }
}

static void fips(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_hosts; i++) {
        struct version v;
        if (from_of(&c->p->hosts[i], &v) && version_is_fips(&v) != version_is_fips(&c->target))
            hazard_found(c, row, TRI_YES, c->p->hosts[i].name, "runs %s; %s %s a FIPS build",
                         c->p->hosts[i].from, c->p->target,
                         version_is_fips(&c->target) ? "is" : "is not");
    }
}

static void no_way_back(struct hazard_check *c, row_t *row)
{
    struct version v;
    char from[VERSION_TEXT];

    if (!oldest(c->p, true, &v) || !version_wall(&v, &c->target))
        return;
    version_text(from, &v);
    hazard_found(c, row, TRI_YES, NULL,
                 "servers on %s may write what %s cannot read: a server that touched its data is "
                 "not reverted",
                 c->p->target, from);
}

/* ---- raft protocol ---- */

static void raft_protocol(struct hazard_check *c, row_t *row, const char *crossing)
{
    for (size_t i = 0; i < c->p->n_servers; i++) {
        const struct plan_host *h = &c->p->hosts[i];
        const struct host *o = world_host(c->w, h->key);
        struct version v;
        if (h->already || o == NULL || !from_of(h, &v) || version_cmp_text(&v, crossing) >= 0 ||
            version_cmp_text(&c->target, crossing) < 0)
            continue;
        int proto = o->server.raft_protocol;
        if (proto < 3)
            hazard_found(c, row, proto == 0 ? TRI_UNKNOWN : TRI_YES, h->name,
                         proto == 0 ? "its raft protocol could not be read (%d)"
                                    : "speaks raft protocol %d",
                         proto);
    }
}

static void raft_removed(struct hazard_check *c, row_t *row)
{
    raft_protocol(c, row, "1.4.0");
}

static void raft_default(struct hazard_check *c, row_t *row)
{
    if (version_cmp_text(&c->target, "1.4.0") < 0)
        raft_protocol(c, row, "1.3.0");
}

/* ---- servers and clients ---- */

/* Will every server of the region run at least the target when clients begin? */
static void client_newer(struct hazard_check *c, row_t *row)
{
    if (c->p->n_clients == 0)
        return;
    for (size_t i = 0; i < c->w->n_hosts && c->w->hosts[i].is_server; i++) {
        const struct host *h = &c->w->hosts[i];
        struct version v;
        struct err err;
        bool needed = false;

        if (plan_host(c->p, h->key) != NULL)
            continue;
        for (size_t k = c->p->n_servers; k < c->p->n_hosts && !needed; k++)
            needed = str_eq(c->p->hosts[k].region, h->region);
        if (!needed)
            continue;
        if (version_parse(host_version(c->w, h), &v, &err) < 0)
            hazard_found(c, row, TRI_UNKNOWN, h->name, "its version could not be read");
        else if (version_cmp(&v, &c->target) < 0)
            hazard_found(c, row, TRI_YES, h->name,
                         "stays on %s by the filters: clients on %s would be newer",
                         host_version(c->w, h), c->p->target);
    }
}

static void tolerance(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_regions; i++) {
        const struct plan_region *r = &c->p->regions[i];
        size_t todo = 0;
        for (size_t k = 0; k < c->p->n_servers; k++)
            todo += !c->p->hosts[k].already && str_eq(c->p->hosts[k].region, r->name);
        if (todo == 0 || r->voters == 0 || r->voters > 2)
            continue;
        hazard_found_as(c, row, c->p->policy.accept_outage ? SEVERITY_WARN : SEVERITY_HARD,
                        "region %s has %u voting server%s: no leader while each of %zu restarts, "
                        "about 5 s a restart and as long as a failed one takes",
                        r->name, r->voters, r->voters == 1 ? "" : "s", todo);
    }
}

static void unhealthy(struct hazard_check *c, row_t *row)
{
    const struct ledger none = {0};

    if (c->p->n_todo == 0)
        return;
    for (size_t i = 0; i < c->w->n_regions; i++) {
        struct gate_result g =
            gate_region(c->w, c->p, &none, c->w->regions[i].name, c->w->ended_ms);
        if (g.kind != GATE_PASS)
            hazard_found(c, row, g.kind == GATE_FAIL ? TRI_YES : TRI_UNKNOWN, NULL, "region %s: %s",
                         c->w->regions[i].name, g.text);
    }
}

static void token(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->w->n_regions; i++)
        if (c->w->regions[i].denied != NULL && c->w->regions[i].denied[0] != '\0')
            hazard_found(c, row, TRI_YES, NULL, "region %s: the token lacks %s",
                         c->w->regions[i].name, c->w->regions[i].denied);
}

/* ---- hosts and their agents ---- */

static bool planned_region(const struct plan *p, const char *region)
{
    for (size_t i = 0; i < p->n_regions; i++)
        if (str_eq(p->regions[i].name, region))
            return p->regions[i].planned;
    return false;
}

/* Also servers that the filters leave out: their agents hold the run's lease. */
static void unmanaged_server(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->w->n_hosts && c->w->hosts[i].is_server; i++) {
        const struct host *h = &c->w->hosts[i];
        if (c->p->n_todo > 0 && planned_region(c->p, h->region) &&
            (!h->agent.enrolled || h->agent.hello_at == 0) && !plan_is_past(c->w, c->p, h))
            hazard_found(c, row, TRI_YES, h->name, "%s%s%s",
                         h->agent.enrolled ? "its agent does not answer" : "has no enrolled agent",
                         h->agent.problem[0] != '\0' ? ": " : "", h->agent.problem);
    }
}

static void skipped_client(struct hazard_check *c, row_t *row)
{
    size_t n = 0;
    const struct plan_host *first = NULL;

    for (size_t i = c->p->n_servers; i < c->p->n_hosts; i++) {
        if (c->p->hosts[i].already || c->p->hosts[i].managed)
            continue;
        first = first != NULL ? first : &c->p->hosts[i];
        n++;
    }
    if (n == 0)
        return;
    hazard_found_as(c, row, n > c->p->policy.max_skipped ? SEVERITY_HARD : SEVERITY_WARN,
                    "%zu client%s (%s%s) without an enrolled agent that answers, %u may be skipped",
                    n, n == 1 ? "" : "s", first->name, n > 1 ? ", ..." : "",
                    c->p->policy.max_skipped);
}

static void key_changed(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->w->n_hosts; i++)
        if (c->w->hosts[i].agent.key_changed)
            hazard_found(c, row, TRI_YES, c->w->hosts[i].name,
                         "another key answers at %s than was enrolled",
                         c->w->hosts[i].agent.address);
}

static void misplaced(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->w->n_hosts; i++)
        if (c->w->hosts[i].agent.misplaced)
            hazard_found(c, row, TRI_YES, c->w->hosts[i].name,
                         "the agent at %s serves another Nomad (server %s, client %s)",
                         c->w->hosts[i].agent.address, c->w->hosts[i].agent.server_id,
                         c->w->hosts[i].agent.client_id);
}

struct told_id {
    const char *id;
    const struct host *h;
};

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct told_id *)a)->id, ((const struct told_id *)b)->id);
}

static void one_id(struct hazard_check *c, row_t *row)
{
    struct told_id *ids = xzalloc(4 * c->w->n_hosts + 1, sizeof(*ids));
    size_t n = 0;

    for (size_t i = 0; i < c->w->n_hosts; i++) {
        const struct host *h = &c->w->hosts[i];
        const char *all[] = {h->server_id, h->node_id, h->agent.server_id, h->agent.client_id};
        for (size_t k = 0; k < ARRAY_LEN(all); k++)
            if (all[k] != NULL && all[k][0] != '\0')
                ids[n++] = (struct told_id){all[k], h};
    }
    qsort(ids, n, sizeof(*ids), by_id);
    for (size_t i = 1; i < n; i++)
        if (str_eq(ids[i].id, ids[i - 1].id) && ids[i].h != ids[i - 1].h &&
            !ids[i].h->agent.misplaced && !ids[i - 1].h->agent.misplaced)
            hazard_found(c, row, TRI_YES, ids[i].h->name, "and %s both have the id %s",
                         ids[i - 1].h->name, ids[i].id);
    free(ids);
}

static void no_build(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_hosts; i++) {
        const struct plan_host *h = &c->p->hosts[i];
        if (h->managed && digest_is_zero(&h->digest))
            hazard_found(c, row, TRI_YES, h->name, "the release %s has no build for %s/%s",
                         c->p->target, h->os, h->arch);
    }
}

static void node_down(struct hazard_check *c, row_t *row)
{
    for (size_t i = c->p->n_servers; i < c->p->n_hosts; i++) {
        const struct host *h = world_host(c->w, c->p->hosts[i].key);
        if (h != NULL && !c->p->hosts[i].already && !str_eq(h->client.status, "ready"))
            hazard_found(c, row, TRI_YES, h->name, "is %s: skipped unless it comes back",
                         h->client.status[0] != '\0' ? h->client.status : "of unknown status");
    }
}

static void node_draining(struct hazard_check *c, row_t *row)
{
    for (size_t i = c->p->n_servers; i < c->p->n_hosts; i++) {
        const struct host *h = world_host(c->w, c->p->hosts[i].key);
        if (h != NULL && !c->p->hosts[i].already && h->client.draining)
            hazard_found(c, row, TRI_YES, h->name, "is being drained by others: left as it is");
    }
}

const struct hazard hazard_table[] = {
    {"nothing-to-do", SEVERITY_INFO, nothing_to_do, "Nothing has to be done."},
    {"older-target", SEVERITY_HARD, older_target,
     "Choose a release that is not older than what runs; Nomad does not support going back."},
    {"unknown-version", SEVERITY_HARD, unknown_version,
     "Make the host's Nomad answer, or leave the host out by a filter."},
    {"minor-distance", SEVERITY_BLOCK, minor_distance, "Upgrade to each version on the way first."},
    {"known-bad", SEVERITY_BLOCK, known_bad, "Choose the release that mends it."},
    {"forward-wall", SEVERITY_BLOCK, forward_wall,
     "Choose a later release: servers would not start on their own data."},
    {"edition", SEVERITY_BLOCK, edition, "Enterprise cannot be replaced by the community edition."},
    {"fips", SEVERITY_BLOCK, fips,
     "A FIPS build and a normal one do not follow each other in place."},
    {"no-way-back", SEVERITY_WARN, no_way_back,
     "Take a snapshot first: caravan keeps the old binary, not the old data."},
    {"raft-protocol", SEVERITY_HARD, raft_removed,
     "Set raft_protocol = 3 on every server, one after the other, before going to 1.4 or later."},
    {"raft-default", SEVERITY_WARN, raft_default,
     "From 1.3 on raft protocol 3 is the default; finish the change on all servers soon."},
    {"client-newer", SEVERITY_HARD, client_newer,
     "Upgrade the servers of the region first, or in the same run."},
    {"tolerance", SEVERITY_HARD, tolerance,
     "With --accept-outage the servers are upgraded all the same; the cluster pauses meanwhile."},
    {"token", SEVERITY_HARD, token, "Give Caravan a token that may."},
    {"unhealthy", SEVERITY_HARD, unhealthy,
     "Mend the region first (nomad server members, nomad operator raft list-peers)."},
    {"unmanaged-server", SEVERITY_HARD, unmanaged_server,
     "Install and enroll an agent there: caravan enroll."},
    {"unmanaged-client", SEVERITY_HARD, skipped_client,
     "Enroll them (caravan enroll), leave them out by a filter, or allow it: --max-skipped N."},
    {"key-changed", SEVERITY_HARD, key_changed,
     "Find out why; only then: caravan enroll --replace HOST."},
    {"misplaced", SEVERITY_HARD, misplaced,
     "Correct the address of this host's agent in the configuration ([agents])."},
    {"one-id", SEVERITY_HARD, one_id,
     "A copied data directory: give one of them its own (stop it, remove its node-id)."},
    {"no-build", SEVERITY_HARD, no_build,
     "Add the build: caravan release add VERSION --os OS --arch ARCH --file PATH."},
    {"node-down", SEVERITY_WARN, node_down,
     "Bring it back, or allow it to be skipped: --max-skipped N."},
    {"node-draining", SEVERITY_INFO, node_draining, "Drains of others are never touched."},
};

const size_t hazard_table_len = ARRAY_LEN(hazard_table);
