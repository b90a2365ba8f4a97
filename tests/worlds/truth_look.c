/* One host as an observation sees it: see truth_observe.c. */
#include "truth.h"

#define GOSSIP_MS 600 /* after this time other servers see a new build */

static bool is_cut(const struct truth *t, int host)
{
    return t->now < t->hosts[host].api_cut_ms || t->now < t->regions[t->hosts[host].region].cut_ms;
}

static uint64_t log_index_of(const struct truth *t, int host)
{
    const struct t_host *h = &t->hosts[host];
    uint64_t now = 1000 + (uint64_t)(t->now / 100);

    if (h->never)
        return h->stuck_index;
    return t->now < h->caught_ms ? now - MIN_OF(now, (uint64_t)(h->caught_ms - t->now)) : now;
}

static const char *seen_build(const struct truth *t, int by, int of)
{
    const struct t_host *h = &t->hosts[of];
    bool late = by != of && h->up && t->now - h->up_ms < GOSSIP_MS && h->previous != h->running;
    return t->versions[late ? h->previous : h->running];
}

static enum member_status seen_status(const struct t_host *h)
{
    if (h->left)
        return MEMBER_LEFT;
    return h->failed ? MEMBER_FAILED : MEMBER_ALIVE;
}

static void look_members(struct truth *t, struct t_sight *s, int by)
{
    struct server_view *v = &s->hosts[by].server;

    v->members = s->members[by];
    v->n_members = 0;
    for (int i = 0; i < t->n_hosts; i++) {
        const struct t_host *h = &t->hosts[i];
        if (!h->is_server || !h->listed)
            continue;
        v->members[v->n_members++] = (struct member){
            .id = h->id,
            .name = h->member,
            .region = t->regions[h->region].name,
            .addr = t->addresses[i],
            .rpc_port = 4647,
            .build = seen_build(t, by, i),
            .raft_protocol = t->autopilot_dead ? 2 : 3,
            .status = seen_status(h),
        };
    }
    v->members_at = t->now;
}

static void look_raft(struct truth *t, struct t_sight *s, int by)
{
    struct server_view *v = &s->hosts[by].server;
    const struct t_region *r = &t->regions[t->hosts[by].region];

    v->raft_at = t->now;
    v->raft_status = t->no_management ? 403 : 200;
    v->raft = s->raft[by];
    v->n_raft = 0;
    for (int i = 0; !t->no_management && i < t->n_hosts; i++) {
        const struct t_host *h = &t->hosts[i];
        if (!h->is_server || !h->peer || h->region != t->hosts[by].region)
            continue;
        v->raft[v->n_raft++] = (struct peer){.id = h->id,
                                             .name = h->name,
                                             .address = t->addresses[i],
                                             .voter = h->voter,
                                             .leader = r->leader == i};
    }
}

/* Up to 2 s late: autopilot does not see the newest change yet. */
static bool autopilot_healthy(const struct truth *t, int i)
{
    const struct t_host *h = &t->hosts[i];
    bool now = t_healthy(t, i) || (h->peer && !h->voter && t_api(t, i));

    if (!h->up && t->now - h->down_ms < 1800)
        return true;
    return now;
}

static void look_autopilot(struct truth *t, struct t_sight *s, int by)
{
    struct server_view *v = &s->hosts[by].server;
    const struct t_region *r = &t->regions[t->hosts[by].region];
    size_t voters = 0, healthy = 0;

    v->autopilot_at = t->now;
    v->autopilot = s->autopilot[by];
    v->n_autopilot = 0;
    v->autopilot_body = !t->autopilot_dead && r->leader >= 0;
    v->autopilot_status = v->autopilot_body ? 200 : 500;
    if (!v->autopilot_body)
        return;
    v->healthy = true;
    for (int i = 0; t->now - r->leader_ms > 1500 && i < t->n_hosts; i++) {
        const struct t_host *h = &t->hosts[i];
        if (!h->is_server || !h->peer || h->region != t->hosts[by].region)
            continue;
        bool well = autopilot_healthy(t, i);
        v->autopilot[v->n_autopilot++] = (struct peer){.id = h->id,
                                                       .name = h->name,
                                                       .address = t->addresses[i],
                                                       .voter = h->voter,
                                                       .leader = r->leader == i,
                                                       .healthy = well,
                                                       .version = t->versions[h->running]};
        voters += h->voter;
        healthy += h->voter && well;
        v->healthy = v->healthy && well;
    }
    v->failure_tolerance = (int)healthy - (int)(voters / 2 + 1);
    v->healthy = v->healthy && v->n_autopilot > 0;
    if (!v->healthy)
        v->autopilot_status = 429;
}

static void look_self(struct truth *t, struct t_sight *s, int by)
{
    struct server_view *v = &s->hosts[by].server;
    const struct t_host *h = &t->hosts[by];
    const struct t_region *r = &t->regions[h->region];

    v->self_at = t->now;
    v->version = t->versions[h->running];
    v->build_date = "";
    v->raft_state = r->leader == by ? "Leader" : r->leader < 0 ? "Candidate" : "Follower";
    v->self_region = r->name;
    v->self_name = h->name;
    v->self_dc = h->elsewhere ? "dc9" : "dc1";
    v->term = r->term;
    v->last_log_index = v->commit_index = v->applied_index = log_index_of(t, by);
    if (r->leader >= 0 && (h->never || t->now < h->caught_ms))
        v->commit_index = MAX_OF(v->commit_index, v->applied_index);
    v->last_contact_ms = r->leader < 0 ? -1 : r->leader == by ? 0 : 20;
    v->voter_known = true;
    v->voter = h->voter;
    v->raft_protocol = t->autopilot_dead ? 2 : 3;
    v->acl_enabled = TRI_YES;
}

/* The counts of each server's own state. */
static void look_counts(struct truth *t, struct t_sight *s, int by)
{
    struct counted *c = s->hosts[by].server.counted;
    int64_t nodes = 0;

    if (!t->counted[by])
        return;
    for (int i = 0; i < t->n_hosts; i++)
        nodes += !t->hosts[i].is_server && t->hosts[i].listed &&
                 t->hosts[i].region == t->hosts[by].region;
    c[1] = c[0];
    c[0] = (struct counted){t->now, {7, nodes, 40, 2}};
    if (t->hosts[by].empty)
        memset(c[0].n, 0, sizeof(c[0].n));
}

static void look_server(struct truth *t, struct t_sight *s, int by)
{
    struct server_view *v = &s->hosts[by].server;
    const struct t_region *r = &t->regions[t->hosts[by].region];

    v->leader_at = t->now;
    v->has_leader = r->leader >= 0;
    snprintf(s->leaders[by], sizeof(s->leaders[by]), "%s:4647",
             r->leader >= 0 ? t->addresses[r->leader] : "");
    v->leader = r->leader >= 0 ? s->leaders[by] : "";
    look_counts(t, s, by);
    look_members(t, s, by);
    look_self(t, s, by);
    look_autopilot(t, s, by);
    look_raft(t, s, by);
}

bool t_region_answers(const struct truth *t, int region)
{
    if (t->regions[region].leader < 0 || t->now < t->regions[region].cut_ms)
        return false;
    for (int i = 0; i < t->n_hosts; i++)
        if (t->hosts[i].is_server && t->hosts[i].region == region && t_api(t, i) && !is_cut(t, i))
            return true;
    return false;
}

/* The node's record, by any server. */
static void look_node(struct truth *t, struct t_sight *s, int i, bool detail)
{
    struct client_view *c = &s->hosts[i].client;
    const struct t_host *h = &t->hosts[i];

    if (!t_region_answers(t, h->region))
        return;
    c->list_at = t->now;
    c->list_index = h->modify_index;
    c->status = h->node_down ? "down" : "ready";
    c->eligible = h->eligible;
    c->draining = h->draining;
    c->version = t->versions[h->recorded];
    c->modify_index = h->modify_index;
    c->drivers = s->drivers[i];
    c->n_drivers = 1;
    bool fingerprinted = h->registered_ms == INT64_MAX || t->now - h->registered_ms > 1500;
    c->drivers[0] =
        (struct driver_view){"exec", true, fingerprinted}; /* an old record has the old values */
    if (!detail)
        return;
    c->detail_at = t->now;
    t_look_features(t, i, s->features[i], c);
    c->drain_meta_run = (h->draining ? h->drain_ours : h->last_drain_ours) ? t->run_hex : "";
    c->allocs_at = t->now;
    c->allocs = s->allocs[i];
    c->n_allocs = (size_t)h->n_allocs;
    for (int k = 0; k < h->n_allocs; k++)
        c->allocs[k] = (struct alloc_view){
            t->alloc_ids[i][k], "running", h->alloc_started, h->alloc_restarts, false, NULL, 0};
}

static void look_client(struct truth *t, struct t_sight *s, int i, bool detail)
{
    struct client_view *c = &s->hosts[i].client;
    const struct t_host *h = &t->hosts[i];

    look_node(t, s, i, detail);
    if (!detail || !t_api(t, i) || is_cut(t, i))
        return;
    c->own_at = c->heartbeat_at = c->health_at = t->now;
    c->own_node_id = h->key;
    c->own_version = t->versions[h->running];
    c->heartbeat_ttl_ms = h->ttl_ms;
    c->heartbeat_age_ms = (t->now - h->beat_ms) % h->ttl_ms;
    c->own_healthy = TRI_YES; /* also before it has registered */
}

static void look_facts(struct truth *t, struct agent_view *v, int i)
{
    const struct t_agent *a = &t->hosts[i].agent;
    enum refusal law = t_law(t, i);
    int way = law == REFUSAL_NONE ? 0 : law == REFUSAL_HELD ? 1 : 2 + t->hosts[i].region;

    struct fact_view *facts = t->facts[i][way][a->unready && a->phase == PHASE_STAGED];
    facts[T_FACTS].value = t->hosts[i].enabled ? TRI_YES : TRI_NO;
    v->facts = facts;
    v->n_facts = t->now < a->mute_ms ? 0 : t->hosts[i].role == ROLE_JOINS ? T_NEW : T_FACTS;
}

static void look_agent(struct truth *t, struct t_sight *s, int i)
{
    struct agent_view *v = &s->hosts[i].agent;
    const struct t_host *h = &t->hosts[i];
    const struct t_agent *a = &h->agent;

    v->enrolled = true;
    v->address = t->addresses[i];
    str_cut(v->hello.os, sizeof(v->hello.os), "linux");
    str_cut(v->hello.arch, sizeof(v->hello.arch), t_arch_names[h->arch]);
    v->misplaced = h->misplaced;
    if (!a->up || !h->machine_up || t->now < h->agent_cut_ms || h->misplaced || !t_tells(t, i))
        return;
    t->hosts[i].told_ms = t->now;
    t->hosts[i].told_settled = t->hosts[i].told_settled || a->phase == PHASE_SETTLED;
    v->hello_at = v->status_at = v->lease_at = t->now;
    str_cut(v->hello.server_id, sizeof(v->hello.server_id),
            h->is_server && !t_waits_to_join(h) ? h->id : "");
    v->hello.stamp.main_pid = v->work.stamp.main_pid = h->up ? 1000 + h->life : 0;
    str_cut(v->hello.client_id, sizeof(v->hello.client_id), h->is_server ? "" : h->key);
    v->hello.disk = t->digests[h->disk][h->arch];
    v->hello.running = h->up ? t->digests[h->running][h->arch] : (struct digest){0};
    memcpy(v->session, a->session, SESSION_LEN);
    v->uptime_ms = (uint64_t)(t->now - a->boot_ms);
    v->hello.swap_sequence = a->swap_sequence;
    v->hello.swap_epoch = a->swap_epoch;
    v->hello.trust_version = h->trust + 1;
    v->hello.agent_sequence = a->note_sequence;
    v->work.revision = a->revision;
    v->work.phase = a->phase;
    v->work.failed_in = a->failed_in;
    v->work.order_sequence = a->order_sequence;
    v->work.target = t->digests[BIN_NEW][h->arch];
    v->work.previous = t->digests[h->previous][h->arch];
    v->failure = a->failure;
    v->failure_text = failure_name(a->failure);
    v->evidence = "";
    v->work.silence_ms = a->silence_ms;
    v->lease = a->lease;
    v->lease.held = a->lease.held && t->now < a->lease_until;
    v->lease.expires_in_ms = v->lease.held ? (uint32_t)(a->lease_until - t->now) : 0;
    look_facts(t, v, i);
    judge_told_ready(t, i);
}

void t_look(struct truth *t, int i)
{
    struct t_sight *s = &t->sights[t->sight];
    bool detail = t->interest[i];

    if (!t->hosts[i].listed) {
        if (t->hosts[i].role == ROLE_JOINS)
            look_agent(t, s, i);
        return;
    }
    if (t->hosts[i].is_server) {
        if (t_api(t, i) && !is_cut(t, i))
            look_server(t, s, i);
    } else {
        look_client(t, s, i, detail);
    }
    if (detail || t->hosts[i].is_server || t->round % 4 == 0)
        look_agent(t, s, i);
}
