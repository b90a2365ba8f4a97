#include "plan_make.h"

#include "forecast.h"
#include "hazards.h"
#include "plan_replace.h"
#include "raft_view.h"
#include "walls.h"

/* ---- the hosts ---- */

static bool is_listed(const char *const *list, size_t n, const char *v)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(list[i], v))
            return true;
    return n == 0;
}

static bool filter_names_node(const struct filter *f, const struct host *h)
{
    for (size_t i = 0; i < f->n_nodes; i++) {
        const char *want = f->nodes[i];
        if (str_eq(want, h->name) || str_eq(want, h->node_id) || str_eq(want, h->server_id) ||
            (strlen(want) >= 4 && (str_starts(h->node_id, want) || str_starts(h->server_id, want))))
            return true;
    }
    return f->n_nodes == 0;
}

const struct manifest_build_ref *plan_build(const struct release *r, const struct host *h)
{
    for (size_t i = 0; i < r->n_builds; i++)
        if (str_eq(r->builds[i].os, h->agent.hello.os) &&
            str_eq(r->builds[i].arch, h->agent.hello.arch))
            return &r->builds[i];
    return NULL;
}

/* The names are Go's; the agent uses them, too. */
static bool is_known_system(const char *os, const char *arch)
{
    static const char *const oses[] = {"linux",  "windows", "darwin",  "freebsd", "openbsd",
                                       "netbsd", "solaris", "illumos", "aix"};
    static const char *const arches[] = {"386",    "amd64",    "arm",     "arm64", "loong64",
                                         "ppc64",  "ppc64le",  "riscv64", "s390x", "mips",
                                         "mips64", "mips64le", "mipsle"};
    return is_listed(oses, ARRAY_LEN(oses), os) && is_listed(arches, ARRAY_LEN(arches), arch);
}

bool plan_client_without_build(const struct host *h, const struct release *target)
{
    return !h->is_server && h->agent.enrolled && h->agent.hello_at > 0 &&
           plan_build(target, h) == NULL &&
           !is_known_system(h->agent.hello.os, h->agent.hello.arch);
}

static bool is_chosen(const struct filter *f, const struct world *w, const struct host *h)
{
    if (f->servers != f->clients && f->servers != h->is_server)
        return false;
    return is_listed(f->regions, f->n_regions, h->region) && is_listed(f->dcs, f->n_dcs, h->dc) &&
           is_listed(f->classes, f->n_classes, h->node_class) &&
           is_listed(f->pools, f->n_pools, h->node_pool) && filter_names_node(f, h) &&
           (f->running == NULL || str_eq(f->running, host_version(w, h)));
}

/* A server reads its raft state back before it answers: 3.5 GB took 30 minutes (hashicorp/nomad
 * issue 27442). The deadline allows half of that speed, in addition to the policy's deadline for
 * everything else, which is enough for a small state. */
#define READ_BYTES_S  (1024 * 1024)
#define READY_MOST_MS (4 * 60 * 60 * 1000) /* the limit for an order: proto/README.md */

static int64_t raft_read_ms(const struct agent_view *a)
{
    const struct fact_view *f = agent_fact(a, "raft-size");
    uint64_t bytes = 0;

    if (f == NULL || f->value != TRI_YES || str_to_u64(f->text, INT64_MAX / 1000, &bytes) < 0)
        return 0;
    return (int64_t)(bytes * 1000 / READ_BYTES_S);
}

static int64_t deadline_of_host(const struct policy *y, const struct host *h)
{
    int64_t ms = raft_read_ms(&h->agent);

    if (!h->is_server || ms <= y->server_deadline_ms / 2)
        return 0;
    return MIN_OF(y->server_deadline_ms + ms, (int64_t)READY_MOST_MS);
}

static void fill_plan_host(struct plan_host *p, const struct world *w, const struct host *h,
                           const struct release *target)
{
    const struct agent_view *a = &h->agent;
    const struct manifest_build_ref *b = plan_build(target, h);

    str_cut(p->key, sizeof(p->key), h->key);
    str_cut(p->name, sizeof(p->name), h->name);
    str_cut(p->region, sizeof(p->region), h->region);
    str_cut(p->from, sizeof(p->from), host_version(w, h));
    p->managed = a->enrolled && a->hello_at > 0 && !a->misplaced;
    p->is_server = h->is_server;
    if (p->managed) {
        str_cut(p->os, sizeof(p->os), a->hello.os);
        str_cut(p->arch, sizeof(p->arch), a->hello.arch);
        p->before = a->hello.running;
        if (b != NULL)
            p->digest = b->digest;
        p->staged = a->work.phase == PHASE_STAGED && digest_eq(&a->work.target, &p->digest);
    }
    p->already = str_eq(p->from, target->version) &&
                 (!p->managed || (b != NULL && digest_eq(&a->hello.disk, &p->digest) &&
                                  digest_eq(&a->hello.running, &p->digest)));
    p->leader = h->is_server && region_leader(w, NULL, NULL, h->region, w->ended_ms) == h;
}

/* ---- the order ---- */

static int by_forecast_order(const void *a, const void *b)
{
    const struct plan_host *x = a, *y = b;
    int c;

    if (x->is_server != y->is_server)
        return x->is_server ? -1 : 1;
    if (!x->is_server && x->canary != y->canary)
        return x->canary ? -1 : 1;
    if (x->first != y->first)
        return x->first ? -1 : 1;
    c = strcmp(x->region, y->region);
    if (c == 0 && x->leader != y->leader)
        return x->leader ? 1 : -1;
    if (c == 0)
        c = strcmp(x->name, y->name);
    return c != 0 ? c : strcmp(x->key, y->key);
}

/* The kind of a client is its region, datacenter, class and pool. */
static bool is_same_kind(const struct host *a, const struct host *b)
{
    return str_eq(a->region, b->region) && str_eq(a->dc, b->dc) &&
           str_eq(a->node_class, b->node_class) && str_eq(a->node_pool, b->node_pool);
}

/* Takes each canary from the kind of client that has the fewest canaries so far. */
static void choose_canaries(struct plan *p, const struct world *w)
{
    uint32_t *like = xzalloc(p->n_hosts + 1, sizeof(*like));

    for (uint32_t c = 0; c < p->policy.canary; c++) {
        struct plan_host *best = NULL;
        const struct host *best_host = NULL;
        uint32_t fewest = UINT32_MAX;
        for (size_t i = p->n_servers; i < p->n_hosts; i++) {
            struct plan_host *h = &p->hosts[i];
            if (h->canary || h->already || !h->managed || like[i] >= fewest)
                continue;
            best = h;
            fewest = like[i];
        }
        if (best == NULL)
            break;
        best->canary = true;
        best_host = world_host(w, best->key);
        for (size_t i = p->n_servers; i < p->n_hosts; i++) {
            const struct host *o = world_host(w, p->hosts[i].key);
            like[i] += o != NULL && is_same_kind(o, best_host);
        }
    }
    free(like);
}

/* ---- consequences of the versions ---- */

static void choose_reactions(struct plan *p, const struct version *target)
{
    p->server_on_not_ready = ON_REVERT;
    p->client_on_not_ready = ON_REVERT;
    for (size_t i = 0; i < p->n_hosts; i++) {
        struct version from;
        struct err err;
        bool known = version_parse(p->hosts[i].from, &from, &err) == 0;
        if (p->hosts[i].already || p->hosts[i].role == ROLE_JOINS)
            continue; /* a new server has no old binary and no old data */
        if (p->hosts[i].is_server && (!known || version_wall(p->hazards, &from, target)))
            p->server_on_not_ready = ON_REVERT_IF_UNTOUCHED;
        if (p->hosts[i].is_server && (!known || version_bad_leader(p->hazards, &from, target)))
            p->bad_leader_pair = true;
        if (!p->hosts[i].is_server &&
            (!known || !version_same_client_state(p->hazards, &from, target)))
            p->client_on_not_ready = ON_LEAVE;
    }
}

/* A server that stays may follow a new leader on another version. */
static void look_at_stayers(struct plan *p, const struct world *w, const struct version *target)
{
    for (size_t i = 0; i < w->n_hosts && w->hosts[i].is_server; i++) {
        const struct host *h = &w->hosts[i];
        struct version from;
        struct err err;
        if (!plan_server_stays(w, p, h))
            continue;
        bool known = version_parse(host_version(w, h), &from, &err) == 0;
        p->bad_leader_pair |= !known || version_bad_leader(p->hazards, &from, target);
    }
}

static bool can_transfer(const struct plan *p, const struct world *w)
{
    for (size_t i = 0; i < w->n_regions; i++)
        if (!w->regions[i].can_raft)
            return false;
    for (size_t i = 0; i < p->n_servers; i++) {
        const struct host *h = world_host(w, p->hosts[i].key);
        struct version v;
        struct err err;
        if (p->hosts[i].role == ROLE_JOINS || p->hosts[i].dead)
            continue;
        if (h == NULL || version_parse(p->hosts[i].from, &v, &err) < 0 ||
            version_cmp_text(&v, "1.7.0") < 0 || h->server.raft_protocol < 3)
            return false;
    }
    return true;
}

static bool region_cleans_up(const struct survey *s, const char *region)
{
    for (size_t i = 0; s != NULL && i < s->n_regions; i++)
        if (str_eq(s->regions[i].name, region))
            return s->regions[i].autopilot == ASKED_YES && s->regions[i].cleanup_dead;
    return false;
}

static void fill_regions(struct plan *p, const struct world *w, const struct survey *survey)
{
    p->regions = arena_array(&p->arena, w->n_regions, sizeof(*p->regions));
    p->n_regions = w->n_regions;
    for (size_t i = 0; i < w->n_regions; i++) {
        struct plan_region *r = &p->regions[i];
        str_cut(r->name, sizeof(r->name), w->regions[i].name);
        r->voters = region_voters(w, p, r->name, w->ended_ms);
        for (size_t k = 0; k < p->n_hosts; k++) {
            bool here = str_eq(p->hosts[k].region, r->name);
            r->planned |= here;
            r->cleanup |= here && p->hosts[k].is_server && !p->hosts[k].already;
        }
        r->cleanup = r->cleanup && region_cleans_up(survey, r->name);
    }
}

/* The region that policies, namespaces and node pools come from; NULL: unknown. */
static const char *find_authoritative(const struct survey *s)
{
    for (size_t i = 0; s != NULL && i < s->n_hosts; i++)
        if (s->hosts[i].config == ASKED_YES && s->hosts[i].authoritative[0] != '\0')
            return s->hosts[i].authoritative;
    return NULL;
}

static void add_plan_host(struct plan *p, const struct world *w, const struct host *h,
                          const char *first, const struct release *target)
{
    struct plan_host *ph = &p->hosts[p->n_hosts++];

    fill_plan_host(ph, w, h, target);
    ph->ready_ms = deadline_of_host(&p->policy, h);
    ph->first = first != NULL && str_eq(first, h->region);
}

static void count_hosts(struct plan *p)
{
    p->n_todo = p->n_servers = p->n_clients = 0;
    for (size_t i = 0; i < p->n_hosts; i++) {
        p->n_todo += !p->hosts[i].already;
        p->n_servers += p->hosts[i].is_server;
        p->n_clients += !p->hosts[i].is_server;
    }
}

static int fill_replaced(struct plan *p, const struct world *w, const struct release *target,
                         struct err *err)
{
    const struct host *hosts[2 * REPLACED_MAX];
    size_t n = 0;

    if (replace_choose(w, &p->policy, hosts, &n, err) < 0)
        return -1;
    p->hosts = arena_array(&p->arena, n, sizeof(*p->hosts));
    for (size_t i = 0; i < n; i++)
        add_plan_host(p, w, hosts[i], NULL, target);
    replace_order(w, p);
    count_hosts(p);
    plan_index_keys(p);
    return 0;
}

static void fill_hosts(struct plan *p, const struct world *w, const char *first,
                       const struct release *target)
{
    p->hosts = arena_array(&p->arena, w->n_hosts, sizeof(*p->hosts));
    for (size_t i = 0; i < w->n_hosts; i++) {
        const struct host *h = &w->hosts[i];
        if (is_chosen(&p->policy.filter, w, h) && !plan_is_former_server(w, p, h) &&
            !plan_client_without_build(h, target))
            add_plan_host(p, w, h, first, target);
    }
    count_hosts(p);
    qsort(p->hosts, p->n_hosts, sizeof(*p->hosts), by_forecast_order);
    choose_canaries(p, w);
    qsort(p->hosts, p->n_hosts, sizeof(*p->hosts), by_forecast_order);
    plan_index_keys(p);
}

int plan_make(const struct world *w, const struct survey *survey, const struct release *target,
              const struct policy *policy, const struct hazards *hazards, struct plan *ret,
              struct err *err)
{
    struct version version;
    auto_buf struct buf text = BUF_INIT;

    if (w->problem != NULL && w->problem[0] != '\0')
        return err_set(err, ERR_STATE, 0, "the cluster could not be observed: %s", w->problem);
    if (w->n_hosts == 0)
        return err_set(err, ERR_STATE, 0, "no servers and no clients were found");
    if (version_parse(target->version, &version, err) < 0)
        return err_wrap(err, "release %s", target->version);
    memset(ret, 0, sizeof(*ret));
    str_cut(ret->target, sizeof(ret->target), target->version);
    ret->own_build = target->own_build;
    ret->policy = *policy;
    ret->hazards = hazards;
    if (!policy_replaces(policy)) {
        fill_hosts(ret, w, find_authoritative(survey), target);
    } else if (fill_replaced(ret, w, target, err) < 0) {
        plan_free(ret);
        return -1;
    }
    fill_regions(ret, w, survey);
    ret->parallel = policy_parallel(policy, ret->n_clients);
    choose_reactions(ret, &version);
    look_at_stayers(ret, w, &version);
    ret->transfer = can_transfer(ret, w);
    ret->forecast_ms = forecast_make(w, target, ret);
    hazards_check(w, survey, target, ret);
    plan_text(ret, &text);
    crypto_digest(text.data, text.len, &ret->digest);
    return 0;
}
