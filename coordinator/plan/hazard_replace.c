/* Rows for plans that replace servers: is a new server ready to join, may an old server leave, and
 * is the region well afterwards? Contract: hazard_detect.h. */
#include "hazard_detect.h"

#include "join_list.h"
#include "names_removed.h"
#include "plan_replace.h"
#include "raft_view.h"
#include "replace_quorum.h"
#include "walls.h"

typedef void judge_replaced(struct hazard_check *c, row_t *row, const struct plan_host *ph,
                            const struct host *h);

static void judge_each_replaced(struct hazard_check *c, row_t *row, enum plan_role role,
                                judge_replaced *judge)
{
    for (size_t i = 0; i < c->p->n_servers; i++) {
        const struct plan_host *ph = &c->p->hosts[i];
        const struct host *h = world_host(c->w, ph->key);
        if (ph->role == role && h != NULL)
            judge(c, row, ph, h);
    }
}

/* ---- new servers ---- */

static void judge_new(struct hazard_check *c, row_t *row, const struct plan_host *ph,
                      const struct host *h)
{
    if (h->is_server)
        hazard_found(c, row, TRI_YES, ph->name,
                     "Nomad lists this host already, as server %s of region %s", h->name,
                     h->region);
    else if (!ph->managed)
        hazard_found(c, row, TRI_YES, ph->name, "its agent does not answer%s%s",
                     h->agent.problem != NULL && h->agent.problem[0] != '\0' ? ": " : "",
                     h->agent.problem != NULL ? h->agent.problem : "");
    else if (h->agent.hello.stamp.main_pid != 0)
        hazard_found(c, row, TRI_YES, ph->name,
                     "its Nomad runs already (process %u), and no server of the region lists it",
                     (unsigned)h->agent.hello.stamp.main_pid);
}

void hazard_not_new(struct hazard_check *c, row_t *row)
{
    judge_each_replaced(c, row, ROLE_JOINS, judge_new);
}

/* The name that Nomad will have: from its files, otherwise the name of the host. NULL: unknown. */
static const char *future_name(const struct host *h)
{
    const struct fact_view *f = agent_fact(&h->agent, "is.name");

    if (f == NULL || f->value == TRI_UNKNOWN)
        return NULL;
    return f->value == TRI_YES ? f->text : h->agent.hello.host;
}

/* Finds the member with this name (in gossip NAME.REGION), whatever its status is. */
static const struct member *member_named(const struct world *w, const char *name,
                                         const char *region)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < w->n_hosts && w->hosts[i].is_server; i++)
        for (size_t k = 0; k < w->hosts[i].server.n_members; k++) {
            const struct member *m = &w->hosts[i].server.members[k];
            if (strncmp(m->name, name, n) == 0 && m->name[n] == '.' &&
                str_eq(m->name + n + 1, region))
                return m;
        }
    return NULL;
}

static const struct plan_host *earlier_host_named(const struct hazard_check *c,
                                                  const struct plan_host *ph, const char *name)
{
    for (const struct plan_host *o = c->p->hosts; o < ph; o++) {
        const struct host *h = world_host(c->w, o->key);
        const char *other = o->role == ROLE_JOINS && h != NULL ? future_name(h) : NULL;
        if (other != NULL && str_eq(other, name))
            return o;
    }
    return NULL;
}

static void judge_name(struct hazard_check *c, row_t *row, const struct plan_host *ph,
                       const struct host *h)
{
    const char *name = future_name(h);
    const struct member *m = name != NULL ? member_named(c->w, name, ph->region) : NULL;
    const struct plan_host *same = name != NULL ? earlier_host_named(c, ph, name) : NULL;

    if (!ph->managed || h->is_server)
        return;
    if (name == NULL || name[0] == '\0')
        hazard_found(c, row, TRI_UNKNOWN, ph->name, "which name its Nomad will have");
    else if (m != NULL)
        hazard_found(c, row, TRI_YES, ph->name,
                     "its Nomad will be called %s, and the server at %s has or had this name",
                     m->name, m->addr);
    else if (same != NULL)
        hazard_found(c, row, TRI_YES, ph->name,
                     "its Nomad will be called %s, and so will the Nomad at %s", name, same->name);
}

void hazard_name_taken(struct hazard_check *c, row_t *row)
{
    judge_each_replaced(c, row, ROLE_JOINS, judge_name);
}

/* Finds the first existing server of the region that reports this fact as yes or no. */
static const struct host *first_reporter(const struct hazard_check *c, const char *region,
                                         const char *fact, enum tri *ret)
{
    for (size_t i = 0; i < c->w->n_hosts && c->w->hosts[i].is_server; i++) {
        const struct host *h = &c->w->hosts[i];
        const struct fact_view *f = agent_fact(&h->agent, fact);
        if (!h->joins && str_eq(h->region, region) && f != NULL && f->value != TRI_UNKNOWN) {
            *ret = f->value;
            return h;
        }
    }
    return NULL;
}

/* Names a server that reports another gossip key; NULL: none. The files may be older than a
 * rotation of the key. */
static const char *gossip_key_differs(const struct hazard_check *c, const struct host *h,
                                      const char *region)
{
    const struct fact_view *own = agent_fact(&h->agent, "gossip-id");

    for (size_t i = 0; i < c->w->n_hosts && c->w->hosts[i].is_server; i++) {
        const struct host *o = &c->w->hosts[i];
        const struct fact_view *f = agent_fact(&o->agent, "gossip-id");
        if (!o->joins && str_eq(o->region, region) && f != NULL && own != NULL &&
            !str_eq(f->text, own->text))
            return o->name;
    }
    return NULL;
}

static void judge_gossip(struct hazard_check *c, row_t *row, const struct plan_host *ph,
                         const struct host *h)
{
    const struct fact_view *f = agent_fact(&h->agent, "gossip-key");
    enum tri theirs = TRI_UNKNOWN;
    const struct host *other = first_reporter(c, ph->region, "gossip-key", &theirs);
    const char *with;

    if (!ph->managed || h->is_server)
        return;
    if (f == NULL || f->value == TRI_UNKNOWN || other == NULL)
        hazard_found(c, row, TRI_UNKNOWN, ph->name,
                     "whether it has the gossip key of the region: %s",
                     f == NULL || f->value == TRI_UNKNOWN ? "its agent does not report this"
                                                          : "no server's agent reports this");
    else if (f->value != theirs)
        hazard_found(
            c, row, TRI_YES, ph->name, "its configuration has %s gossip key, but %s has %s",
            f->value == TRI_YES ? "a" : "no", other->name, theirs == TRI_YES ? "one" : "none");
    else if ((with = gossip_key_differs(c, h, ph->region)) != NULL)
        hazard_found(c, row, TRI_YES, ph->name, "its configuration has another gossip key than %s",
                     with);
}

void hazard_gossip(struct hazard_check *c, row_t *row)
{
    judge_each_replaced(c, row, ROLE_JOINS, judge_gossip);
}

/* Does the list name an answering server of the region? */
static enum tri list_reaches_server(const struct hazard_check *c, const char *region,
                                    const char *list)
{
    enum tri any = TRI_NO;

    for (size_t i = 0; i < c->w->n_hosts && c->w->hosts[i].is_server; i++) {
        const struct host *h = &c->w->hosts[i];
        if (h->joins || !str_eq(h->region, region) || h->server.self_at == 0)
            continue;
        enum tri one = join_list_names(list, h);
        any = one == TRI_YES || (one == TRI_UNKNOWN && any == TRI_NO) ? one : any;
        if (any == TRI_YES)
            break;
    }
    return any;
}

/* Addresses alone may belong to another cluster. Therefore the answers that the agent got there
 * count, too. */
static void judge_list(struct hazard_check *c, row_t *row, const struct plan_host *ph,
                       const struct host *h, const char *list)
{
    const struct fact_view *heard = agent_fact(&h->agent, "joins-reach");
    enum tri to = list_reaches_server(c, ph->region, list);

    if (heard != NULL && heard->value == TRI_NO)
        hazard_report(c, row, SEVERITY_BLOCK, TRI_YES, ph->name, heard->text);
    else if (to == TRI_NO)
        hazard_report(c, row, SEVERITY_BLOCK, TRI_YES, ph->name,
                      arena_printf(&c->p->arena, "no answering server is at %.180s", list));
    else if (to == TRI_UNKNOWN)
        hazard_found(c, row, TRI_UNKNOWN, ph->name,
                     "whether a server is at %.180s; its Nomad will find out", list);
}

static void judge_joins(struct hazard_check *c, row_t *row, const struct plan_host *ph,
                        const struct host *h)
{
    const struct fact_view *f = agent_fact(&h->agent, "joins");

    if (!ph->managed || h->is_server)
        return;
    if (f == NULL || f->value == TRI_UNKNOWN)
        hazard_found(c, row, TRI_UNKNOWN, ph->name, "which servers its Nomad will join: %s",
                     f != NULL ? f->text : "its agent does not report this");
    else if (f->value == TRI_NO)
        hazard_found(c, row, TRI_YES, ph->name, "its configuration names no server to join");
    else
        judge_list(c, row, ph, h, f->text);
}

void hazard_joins_nobody(struct hazard_check *c, row_t *row)
{
    judge_each_replaced(c, row, ROLE_JOINS, judge_joins);
}

/* *ret: the wall clock of the host minus the clock of the coordinator, in ms. */
static bool read_clock_offset(const struct host *h, int64_t *ret)
{
    const struct fact_view *f = agent_fact(&h->agent, "booted-at");
    int64_t booted = 0;

    if (f == NULL || f->value != TRI_YES || str_to_i64(f->text, &booted) < 0 || booted < 0 ||
        booted > INT64_MAX / 4 || h->agent.uptime_ms > INT64_MAX / 4 || h->agent.hello_at == 0)
        return false;
    *ret = booted + (int64_t)h->agent.uptime_ms - h->agent.hello_at;
    return true;
}

static const struct host *server_with_clock(const struct hazard_check *c, const char *region,
                                            int64_t *ret)
{
    for (size_t i = 0; i < c->w->n_hosts && c->w->hosts[i].is_server; i++) {
        const struct host *h = &c->w->hosts[i];
        if (!h->joins && str_eq(h->region, region) && read_clock_offset(h, ret))
            return h;
    }
    return NULL;
}

/* Allows for the travel time of a hello, and for NTP still at work. */
#define CLOCK_APART_MS 10000

static void judge_clock(struct hazard_check *c, row_t *row, const struct plan_host *ph,
                        const struct host *h)
{
    int64_t own = 0, theirs = 0;
    char apart[24];
    const struct host *other = server_with_clock(c, ph->region, &theirs);

    if (!ph->managed || h->is_server)
        return;
    if (other == NULL || !read_clock_offset(h, &own)) {
        hazard_found(c, row, TRI_UNKNOWN, ph->name, "whether its clock agrees with the servers: %s",
                     other == NULL ? "no server's agent reports its clock"
                                   : "its agent does not report its clock");
        return;
    }
    int64_t by = own > theirs ? own - theirs : theirs - own;
    str_for_ms(apart, sizeof(apart), by);
    if (by > CLOCK_APART_MS)
        hazard_found(c, row, TRI_YES, ph->name, "its clock is %s %s the clock of %s", apart,
                     own > theirs ? "ahead of" : "behind", other->name);
}

void hazard_clock_apart(struct hazard_check *c, row_t *row)
{
    judge_each_replaced(c, row, ROLE_JOINS, judge_clock);
}

/* By its files. By default, Nomad is not a server. */
void hazard_no_server(const struct one_host *o, struct judgement *j)
{
    const struct fact_view *f = agent_fact(&o->h->agent, "is.server");

    j->value = f == NULL || f->value == TRI_UNKNOWN             ? TRI_UNKNOWN
               : f->value == TRI_YES && str_eq(f->text, "true") ? TRI_NO
                                                                : TRI_YES;
    snprintf(j->text, sizeof(j->text), "%s",
             j->value == TRI_UNKNOWN ? "whether its configuration makes it a server"
                                     : "its configuration does not make it a server");
}

void hazard_other_region(const struct one_host *o, struct judgement *j)
{
    const struct fact_view *f = agent_fact(&o->h->agent, "is.region");
    const char *own = f != NULL && f->value == TRI_YES ? f->text : "global";

    j->value = f == NULL || f->value == TRI_UNKNOWN ? TRI_UNKNOWN
               : str_eq(own, o->ph->region)         ? TRI_NO
                                                    : TRI_YES;
    if (j->value == TRI_UNKNOWN)
        str_cut(j->text, sizeof(j->text), "which region its configuration names");
    else
        snprintf(j->text, sizeof(j->text), "its configuration names region %.60s, not %.60s", own,
                 o->ph->region);
}

/* Other numbers than 1 have no effect when the new server finds servers. */
void hazard_bootstraps(const struct one_host *o, struct judgement *j)
{
    (void)o;
    if (j->value != TRI_YES)
        return;
    if (!str_eq(j->text, "1"))
        j->value = TRI_NO;
    else
        str_cut(j->text, sizeof(j->text), "bootstrap_expect is 1: it would form its own cluster");
}

void hazard_only_unsure(const struct one_host *o, struct judgement *j)
{
    (void)o;
    if (j->value == TRI_YES)
        j->value = TRI_NO;
}

/* ---- old servers ---- */

static void judge_own_client(struct hazard_check *c, row_t *row, const struct plan_host *ph,
                             const struct host *h)
{
    const struct client_view *v = &h->client;
    size_t running = 0;

    if (!h->is_client)
        return;
    for (size_t i = 0; i < v->n_allocs; i++)
        running += str_eq(v->allocs[i].client_status, "running") ||
                   str_eq(v->allocs[i].client_status, "pending");
    if (v->allocs_at == 0)
        hazard_found(c, row, TRI_UNKNOWN, ph->name,
                     "it is also a client, and whether tasks run there could not be read");
    else if (running > 0)
        hazard_found(
            c, row, TRI_YES, ph->name, "it is also a client, and %zu %s there", running,
            str_count(running, "allocation runs or will run", "allocations run or will run"));
    else if (v->eligible || v->draining)
        hazard_found(c, row, TRI_YES, ph->name, "it is also a client, and %s",
                     v->draining ? "its drain has not ended yet" : "may still get allocations");
}

void hazard_client_too(struct hazard_check *c, row_t *row)
{
    judge_each_replaced(c, row, ROLE_LEAVES, judge_own_client);
}

static void judge_dead(struct hazard_check *c, row_t *row, const struct plan_host *ph,
                       const struct host *h)
{
    if (replace_is_dead(c->w, h))
        hazard_found(c, row, TRI_YES, ph->name,
                     "every server reports that it has failed, and its agent does not answer: "
                     "Caravan can take it out, but cannot disable it");
}

void hazard_dead(struct hazard_check *c, row_t *row)
{
    judge_each_replaced(c, row, ROLE_LEAVES, judge_dead);
}

/* ---- the region ---- */

void hazard_voters(struct hazard_check *c, row_t *row)
{
    struct replaced_voters v;

    if (!replace_voters(c->w, c->p, &v) || (v.after >= v.before && v.after % 2 == 1))
        return;
    hazard_found_as(
        c, row, c->p->policy.replace.voters ? SEVERITY_WARN : SEVERITY_HARD,
        "region %s has %u voting servers now and would have %u: %s", v.region, v.before, v.after,
        v.after < v.before ? "then fewer servers may fail"
                           : "an even number survives no more failures than one server less");
}

void hazard_replace_quorum(struct hazard_check *c, row_t *row)
{
    struct replaced_voters v;
    char why[TEXT_MAX];

    if (!c->p->replaces)
        return;
    if (!replace_voters(c->w, c->p, &v)) {
        hazard_found(c, row, TRI_UNKNOWN, NULL, "how many servers of the region vote");
        return;
    }
    const struct replace_steps steps = {.voters = v.before,
                                        .healthy = v.before - v.dead,
                                        .joins = v.joins,
                                        .dead = v.dead,
                                        .leaves = v.leaves - v.dead};
    if (!replace_holds_quorum(&steps, why))
        hazard_found(c, row, TRI_YES, NULL, "region %s: %s", v.region, why);
    else if (!replace_walks_back(&steps, why))
        hazard_report(c, row, SEVERITY_WARN, TRI_YES, NULL,
                      arena_printf(&c->p->arena, "region %s: an abort cannot undo all of this: %s",
                                   v.region, why));
}

void hazard_one_region(struct hazard_check *c, row_t *row)
{
    const char *first = NULL;

    for (size_t i = 0; i < c->p->n_servers; i++) {
        const struct plan_host *h = &c->p->hosts[i];
        if (h->role != ROLE_LEAVES)
            continue;
        first = first != NULL ? first : h->region;
        if (!str_eq(first, h->region))
            hazard_found(c, row, TRI_YES, h->name,
                         "this server is in region %s, and others are in %s", h->region, first);
    }
}

/* Each new server may become the leader at any time. */
void hazard_bad_leaders(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->w->n_hosts && c->w->hosts[i].is_server; i++) {
        const struct host *h = &c->w->hosts[i];
        struct version v;
        struct err err;
        if (!plan_server_stays(c->w, c->p, h))
            continue;
        if (version_parse(host_version(c->w, h), &v, &err) < 0)
            hazard_found(c, row, TRI_UNKNOWN, h->name, "its version could not be read");
        else if (version_bad_leader(c->p->hazards, &v, &c->target))
            hazard_found(c, row, TRI_YES, h->name,
                         "this server stays on %s: a leader on %s crashes such followers",
                         host_version(c->w, h), c->p->target);
    }
}

/* With raft protocol 2 a peer is only an address: Caravan could not remove a member by its id. */
void hazard_old_raft(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->w->n_hosts && c->w->hosts[i].is_server && c->p->replaces; i++) {
        const struct host *h = &c->w->hosts[i];
        if (!hazard_region_planned(c->p, h->region) || plan_is_former_server(c->w, c->p, h) ||
            h->server.self_at == 0)
            continue;
        if (h->server.raft_protocol == 0)
            hazard_found(c, row, TRI_UNKNOWN, h->name, "its raft protocol could not be read");
        else if (h->server.raft_protocol < 3)
            hazard_found(c, row, TRI_YES, h->name, "this server speaks raft protocol %d",
                         h->server.raft_protocol);
    }
}

static bool is_enterprise(const struct hazard_check *c)
{
    for (size_t i = 0; i < c->n_groups; i++)
        if (c->groups[i].known && version_is_ent(&c->groups[i].from))
            return true;
    return version_is_ent(&c->target);
}

/* Both settings make Nomad move votes by itself. Only Enterprise does so; the community edition
 * shows the settings and does nothing. */
void hazard_moves_votes(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->survey->n_regions && c->p->replaces && is_enterprise(c); i++) {
        const struct region_survey *r = &c->survey->regions[i];
        if (r->autopilot != ASKED_YES)
            hazard_found(c, row, TRI_UNKNOWN, NULL, "region %s: autopilot's settings: %s", r->name,
                         asked_why(r->autopilot));
        else if (!r->migration_off)
            hazard_found(c, row, TRI_YES, NULL,
                         "region %s: autopilot's upgrade migration is on (DisableUpgradeMigration "
                         "is false): Nomad gives servers of a newer version no vote until they are "
                         "as many as the old servers; then it takes the votes of the old servers",
                         r->name);
        else if (r->zones)
            hazard_found(c, row, TRI_YES, NULL,
                         "region %s: autopilot's redundancy zones are on (EnableRedundancyZones): "
                         "Nomad gives a vote to only one server of each zone",
                         r->name);
    }
}

/* Before the first removal only the files count, because clients still know all servers. */
void hazard_names_removed(struct hazard_check *c, row_t *row)
{
    char text[TEXT_MAX];
    size_t n;

    if (!c->p->replaces)
        return;
    n = names_removed_text(c->w, c->p, NULL, TRI_YES, text);
    if (n > 0)
        hazard_found(c, row, TRI_YES, NULL, "%zu %s a server that leaves: %s", n,
                     str_count(n, "host names", "hosts name"), text);
    n = names_removed_text(c->w, c->p, NULL, TRI_UNKNOWN, text);
    if (n > 0)
        hazard_found(c, row, TRI_UNKNOWN, NULL, "whether %zu %s a server that leaves: %s", n,
                     str_count(n, "host names", "hosts name"), text);
}
