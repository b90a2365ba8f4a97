/* Rows about the present state of the cluster, and about the token. Contract: hazard_detect.h. */
#include "hazard_detect.h"

#include "gate.h"
#include "heartbeat.h"
#include "forecast.h"
#include "token_rights.h"

/* Will every server of the region run at least the target when clients begin? */
void hazard_client_newer(struct hazard_check *c, row_t *row)
{
    if (c->p->n_clients == 0)
        return;
    for (size_t i = 0; i < c->w->n_hosts && c->w->hosts[i].is_server; i++) {
        const struct host *h = &c->w->hosts[i];
        struct version v;
        struct err err;
        bool needed = false;

        if (plan_host(c->p, h->key) != NULL || plan_is_former_server(c->w, c->p, h))
            continue;
        for (size_t k = c->p->n_servers; k < c->p->n_hosts && !needed; k++)
            needed = str_eq(c->p->hosts[k].region, h->region);
        if (!needed)
            continue;
        if (version_parse(host_version(c->w, h), &v, &err) < 0)
            hazard_found(c, row, TRI_UNKNOWN, h->name, "its version could not be read");
        else if (plan_cmp_target(c->p, &v, &c->target) < 0)
            hazard_found(c, row, TRI_YES, h->name,
                         "the filters leave this server on %s: clients on %s would be newer",
                         host_version(c->w, h), c->p->target);
    }
}

void hazard_tolerance(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_regions; i++) {
        const struct plan_region *r = &c->p->regions[i];
        size_t todo = 0;
        for (size_t k = 0; k < c->p->n_servers; k++)
            todo += !c->p->hosts[k].already && str_eq(c->p->hosts[k].region, r->name);
        if (c->p->replaces || todo == 0 || r->voters == 0 || r->voters > 2)
            continue;
        hazard_found_as(c, row, c->p->policy.accept_outage ? SEVERITY_WARN : SEVERITY_HARD,
                        "region %s has %u voting server%s: it has no leader during each of %zu "
                        "restarts, for about 5 s or for as long as a failed restart takes",
                        r->name, r->voters, r->voters == 1 ? "" : "s", todo);
    }
}

void hazard_unhealthy(struct hazard_check *c, row_t *row)
{
    if (c->p->n_todo == 0)
        return;
    for (size_t i = 0; i < c->w->n_regions; i++) {
        struct gate_result g = gate_region(c->w, c->p, NULL, c->w->regions[i].name, c->w->ended_ms);
        if (g.kind != GATE_PASS)
            hazard_found(c, row, g.kind == GATE_FAIL ? TRI_YES : TRI_UNKNOWN, NULL, "region %s: %s",
                         c->w->regions[i].name, g.text);
    }
}

static bool is_text(const char *s)
{
    return s != NULL && s[0] != '\0';
}

/* Regions that gossip knows, but that the observation lacks, or lacks the clients of. */
void hazard_regions(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->survey->n_known_regions && c->p->n_todo > 0; i++)
        if (world_region(c->w, c->survey->known_regions[i]) == NULL)
            hazard_found(c, row, TRI_UNKNOWN, NULL,
                         "the servers know region %s, but no server of that region answered",
                         c->survey->known_regions[i]);
    for (size_t i = 0; i < c->w->n_regions && c->p->n_todo > 0; i++) {
        const struct region *r = &c->w->regions[i];
        if (r->nodes_at == 0 && !is_text(r->denied) && !c->p->replaces &&
            !c->p->policy.filter.servers)
            hazard_found(c, row, TRI_UNKNOWN, NULL, "region %s: no server listed its clients",
                         r->name);
    }
}

static const char *authoritative_region(const struct hazard_check *c)
{
    for (size_t i = 0; i < c->survey->n_hosts; i++)
        if (c->survey->hosts[i].config == ASKED_YES && c->survey->hosts[i].authoritative[0] != '\0')
            return c->survey->hosts[i].authoritative;
    return NULL;
}

/* Other regions copy policies, namespaces and node pools from the authoritative region, so that it
 * must be as new as they are. */
void hazard_order(struct hazard_check *c, row_t *row)
{
    const char *first = authoritative_region(c);

    if (c->p->n_todo == 0 || c->w->n_regions < 2)
        return;
    if (first == NULL) {
        hazard_found(c, row, TRI_UNKNOWN, NULL, "which region is authoritative could not be read");
        return;
    }
    for (size_t i = 0; i < c->w->n_hosts && c->w->hosts[i].is_server; i++) {
        const struct host *h = &c->w->hosts[i];
        struct version v;
        struct err err;
        if (!str_eq(h->region, first) || plan_host(c->p, h->key) != NULL ||
            plan_is_former_server(c->w, c->p, h))
            continue;
        if (version_parse(host_version(c->w, h), &v, &err) < 0)
            hazard_unsure(c, h->name, "its version could not be read");
        else if (plan_cmp_target(c->p, &v, &c->target) < 0)
            hazard_found(c, row, TRI_YES, h->name,
                         "the filters leave this server of the authoritative region %s on %s",
                         first, host_version(c->w, h));
    }
}

/* ---- rows by the survey of a region ---- */

typedef void judge_region(struct hazard_check *c, row_t *row, const struct region_survey *r);

static void judge_each_planned(struct hazard_check *c, row_t *row, judge_region *judge)
{
    static const struct region_survey nothing = {.name = ""};
    for (size_t i = 0; i < c->p->n_regions && c->p->n_todo > 0; i++) {
        struct region_survey none = nothing;
        const struct region_survey *r = survey_region(c, c->p->regions[i].name);
        none.name = c->p->regions[i].name;
        if (c->p->regions[i].planned)
            judge(c, row, r != NULL ? r : &none);
    }
}

static void judge_keyring(struct hazard_check *c, row_t *row, const struct region_survey *r)
{
    if (r->keyring == ASKED_YES && r->active_keys != 1)
        hazard_found(c, row, TRI_YES, NULL,
                     "region %s: the keyring has %u active keys instead of one", r->name,
                     r->active_keys);
    else if (r->keyring == ASKED_NOT || r->keyring == ASKED_DENIED)
        hazard_found(c, row, TRI_UNKNOWN, NULL, "region %s: the state of the keyring: %s", r->name,
                     asked_why(r->keyring));
}

void hazard_keyring(struct hazard_check *c, row_t *row)
{
    struct version v;
    if (hazard_oldest(c, true, &v) && version_cmp_text(&v, "1.4.0") >= 0)
        judge_each_planned(c, row, judge_keyring);
}

static void judge_stuck(struct hazard_check *c, row_t *row, const struct region_survey *r)
{
    if (r->keyring == ASKED_YES && r->stuck_keys > 0)
        hazard_found(c, row, TRI_YES, NULL,
                     "region %s: the time of %u prepublished %s has passed: a rotation is stuck",
                     r->name, r->stuck_keys, str_count(r->stuck_keys, "key", "keys"));
    else if (r->keyring == ASKED_NOT || r->keyring == ASKED_DENIED)
        hazard_found(c, row, TRI_UNKNOWN, NULL, "region %s: the state of the keyring: %s", r->name,
                     asked_why(r->keyring));
}

void hazard_stuck_keys(struct hazard_check *c, row_t *row)
{
    if (c->applies)
        judge_each_planned(c, row, judge_stuck);
}

static void judge_deployments(struct hazard_check *c, row_t *row, const struct region_survey *r)
{
    if (r->deployments != ASKED_YES)
        hazard_found(c, row, TRI_UNKNOWN, NULL, "region %s: whether deployments are under way: %s",
                     r->name, asked_why(r->deployments));
    else if (r->n_deploying > 0)
        hazard_found(c, row, TRI_YES, NULL, "region %s: %u %s under way: %s%s", r->name,
                     r->n_deploying, str_count(r->n_deploying, "deployment is", "deployments are"),
                     r->deploying, r->n_deploying > 1 ? ", ..." : "");
}

void hazard_deployments(struct hazard_check *c, row_t *row)
{
    judge_each_planned(c, row, judge_deployments);
}

/* Autopilot's settings define "healthy". If they are far from the defaults, "healthy" means little.
 */
static void judge_autopilot(struct hazard_check *c, row_t *row, const struct region_survey *r)
{
    if (r->autopilot != ASKED_YES)
        hazard_found(c, row, TRI_UNKNOWN, NULL, "region %s: autopilot's settings: %s", r->name,
                     asked_why(r->autopilot));
    else if (r->trailing_logs > 10240 || r->contact_ms > 5000)
        hazard_found(c, row, TRI_YES, NULL,
                     "region %s: autopilot is set to call a server healthy even if the server is "
                     "%lld log entries behind, or answered the leader last %lld ms ago",
                     r->name, (long long)r->trailing_logs, (long long)r->contact_ms);
}

void hazard_autopilot(struct hazard_check *c, row_t *row)
{
    judge_each_planned(c, row, judge_autopilot);
}

static void judge_migration(struct hazard_check *c, row_t *row, const struct region_survey *r)
{
    if (r->autopilot != ASKED_YES)
        hazard_found(c, row, TRI_UNKNOWN, NULL, "region %s: autopilot's settings: %s", r->name,
                     asked_why(r->autopilot));
    else if (!r->migration_off)
        hazard_found(c, row, TRI_YES, NULL,
                     "region %s: autopilot's upgrade migration may demote servers during the run",
                     r->name);
}

void hazard_migration(struct hazard_check *c, row_t *row)
{
    if (c->applies)
        judge_each_planned(c, row, judge_migration);
}

static bool is_acl_off(const struct hazard_check *c, const char *region)
{
    bool any = false;
    for (size_t i = 0; i < c->w->n_hosts && c->w->hosts[i].is_server; i++) {
        const struct host *h = &c->w->hosts[i];
        if (!str_eq(h->region, region) || h->server.self_at == 0)
            continue;
        if (h->server.acl_enabled != TRI_NO)
            return false;
        any = true;
    }
    return any;
}

static void judge_policy(struct hazard_check *c, row_t *row, const struct region_survey *r,
                         const char *found)
{
    if (is_acl_off(c, r->name))
        return;
    if (found[0] != '\0')
        hazard_found(c, row, TRI_YES, NULL, "region %s: policy %s has %s", r->name, found,
                     row->what);
    else if (r->policies != ASKED_YES)
        hazard_found(c, row, TRI_UNKNOWN, NULL, "region %s: whether an ACL policy has %s: %s",
                     r->name, row->what, asked_why(r->policies));
}

static void judge_bare(struct hazard_check *c, row_t *row, const struct region_survey *r)
{
    judge_policy(c, row, r, r->bare_policy != NULL ? r->bare_policy : "");
}

static void judge_unknown(struct hazard_check *c, row_t *row, const struct region_survey *r)
{
    judge_policy(c, row, r, r->unknown_policy != NULL ? r->unknown_policy : "");
}

void hazard_policies_bare(struct hazard_check *c, row_t *row)
{
    if (c->applies)
        judge_each_planned(c, row, judge_bare);
}

void hazard_policies_unknown(struct hazard_check *c, row_t *row)
{
    if (c->applies)
        judge_each_planned(c, row, judge_unknown);
}

/* ---- the token ---- */

void hazard_token(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->w->n_regions; i++)
        if (c->w->regions[i].denied != NULL && c->w->regions[i].denied[0] != '\0')
            hazard_found(c, row, TRI_YES, NULL, "region %s: the token lacks %s",
                         c->w->regions[i].name, c->w->regions[i].denied);
}

/* Caravan asked without the token, so that this server refused. Caravan cannot know its state. */
void hazard_token_kept(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->w->n_hosts && c->w->hosts[i].is_server; i++) {
        const struct host *h = &c->w->hosts[i];
        if (is_text(h->server.token_kept) && is_text(h->server.denied) &&
            hazard_region_planned(c->p, h->region))
            hazard_found(c, row, TRI_YES, h->name,
                         "Caravan asked this server at %s without the token: %s", h->server.api,
                         h->server.token_kept);
    }
}

/* Addresses to which the token goes unencrypted. */
void hazard_token_clear(struct hazard_check *c, row_t *row)
{
    const char *first = is_text(c->w->token_clear) ? c->w->token_clear : NULL;
    size_t others = 0;

    for (size_t i = 0; i < c->w->n_hosts && c->w->hosts[i].is_server; i++) {
        const struct server_view *s = &c->w->hosts[i].server;
        if (!s->token_clear || (first != NULL && str_eq(s->api, first)))
            continue;
        others += first != NULL;
        first = first != NULL ? first : s->api;
    }
    if (first != NULL && others > 0)
        hazard_found(c, row, TRI_YES, NULL, "the token goes unencrypted to %s and %zu other %s",
                     first, others, str_count(others, "server", "servers"));
    else if (first != NULL)
        hazard_found(c, row, TRI_YES, NULL, "the token goes unencrypted to %s", first);
}

static bool is_acl_on(const struct hazard_check *c, const char *region)
{
    for (size_t i = 0; i < c->w->n_hosts && c->w->hosts[i].is_server; i++)
        if (str_eq(c->w->hosts[i].region, region) && c->w->hosts[i].server.acl_enabled == TRI_YES)
            return true;
    return false;
}

/* Says why an agent that has a token from root cannot tell the heartbeat; NULL: no such problem. */
static const char *heartbeat_doubt(const struct host *h)
{
    const struct fact_view *f = h != NULL ? agent_fact(&h->agent, HEARTBEAT_FACT) : NULL;

    return f != NULL && f->value == TRI_UNKNOWN ? f->text : NULL;
}

/* Clients whose swap cannot wait for their heartbeat, because reading its time needs a token. */
void hazard_heartbeat(struct hazard_check *c, row_t *row)
{
    const struct plan *p = c->p;
    const char *of = NULL, *why = NULL;
    size_t n = 0;

    for (size_t k = p->n_servers; k < p->n_hosts; k++) {
        const struct host *h = world_host(c->w, p->hosts[k].key);

        if (p->hosts[k].already || !is_acl_on(c, p->hosts[k].region) ||
            (h != NULL && h->agent.heartbeat.at != 0))
            continue;
        n++;
        if (why == NULL && (why = heartbeat_doubt(h)) != NULL)
            of = p->hosts[k].name;
    }
    if (n > 0)
        hazard_found(c, row, TRI_YES, NULL,
                     "%zu %s not wait for the right moment after a heartbeat: while ACLs are on, "
                     "reading the heartbeat needs a token, and Caravan sends no token to "
                     "clients%s%s%s%s",
                     n, str_count(n, "client does", "clients do"), why != NULL ? "; " : "",
                     why != NULL ? of : "", why != NULL ? ": " : "", why != NULL ? why : "");
}

static bool needs_no_token(const struct hazard_check *c, const struct region_survey *r)
{
    return r->token.acl_off || is_acl_off(c, r->name);
}

static bool has_servers_to_change(const struct hazard_check *c, const char *region)
{
    for (size_t i = 0; i < c->p->n_servers; i++)
        if (!c->p->hosts[i].already && str_eq(c->p->hosts[i].region, region))
            return true;
    return false;
}

/* The rights that this plan cannot do without in this region. */
static unsigned rights_of_plan(const struct hazard_check *c, const char *region,
                               const struct version *oldest)
{
    unsigned uses = USE_ALWAYS;

    if (c->p->policy.drain)
        uses |= USE_DRAIN;
    if (c->p->replaces)
        uses |= USE_REPLACE;
    if (has_servers_to_change(c, region) && !policy_accepts(&c->p->policy, "no-snapshot"))
        uses |= USE_SNAPSHOT;
    return token_rights_needed(uses, oldest);
}

/* The first right that the run needs and the token lacks. Another row checks the snapshot. */
static enum token_right first_right_lacking(const struct hazard_check *c, const struct acl_rules *r)
{
    static const struct version any;
    unsigned uses = USE_ALWAYS | (c->p->policy.drain ? USE_DRAIN : 0u);

    return c->p->replaces
               ? RIGHT_MANAGEMENT
               : token_rights_first(token_rights_lacking(token_rights_needed(uses, &any), r));
}

static void judge_rights(struct hazard_check *c, row_t *row, const struct region_survey *r)
{
    const struct token_view *t = &r->token;
    enum token_right lacking = t->rules_known ? first_right_lacking(c, &t->rules) : RIGHT_NONE;

    if (needs_no_token(c, r) || (t->asked == ASKED_YES && t->management))
        return;
    if (t->asked == ASKED_DENIED)
        hazard_found(c, row, TRI_YES, NULL, "region %s does not know the token", r->name);
    else if (t->asked != ASKED_YES || !t->rules_known)
        hazard_found(
            c, row, TRI_UNKNOWN, NULL, "region %s: which rights the token has: %s", r->name,
            t->asked != ASKED_YES ? asked_why(t->asked) : "not all of its policies could be read");
    else if (lacking != RIGHT_NONE)
        hazard_found(c, row, TRI_YES, NULL,
                     "region %s: this run needs %s, with which %s; the token %s is not enough",
                     r->name, token_right_name(lacking), token_right_purpose(lacking), t->name);
}

void hazard_token_rights(struct hazard_check *c, row_t *row)
{
    judge_each_planned(c, row, judge_rights);
}

static void judge_snapshot(struct hazard_check *c, row_t *row, const struct region_survey *r)
{
    const struct token_view *t = &r->token;
    struct version v;
    unsigned needed =
        hazard_oldest(c, true, &v) ? token_rights_needed(USE_SNAPSHOT, &v) : 1u << RIGHT_MANAGEMENT;
    bool finer = (needed & 1u << RIGHT_MANAGEMENT) == 0;

    if (!has_servers_to_change(c, r->name) || needs_no_token(c, r) || t->management ||
        t->asked == ASKED_DENIED)
        return;
    if (t->asked != ASKED_YES || (finer && !t->rules_known))
        hazard_found(c, row, TRI_UNKNOWN, NULL, "region %s: whether the token may take a snapshot",
                     r->name);
    else if (!finer || token_rights_lacking(needed, &t->rules) != 0)
        hazard_found(c, row, TRI_YES, NULL, "region %s: the token %s may not take a snapshot: %s",
                     r->name, t->name,
                     finer ? "it lacks operator:write or snapshot-save"
                           : "before 1.11.3 this needs a management token");
}

void hazard_token_snapshot(struct hazard_check *c, row_t *row)
{
    judge_each_planned(c, row, judge_snapshot);
}

/* Caravan uses one token for all regions, so that one finding of the row is enough. */
static bool has_reported_row(const struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_findings; i++)
        if (str_eq(c->p->findings[i].id, row->id) && c->p->findings[i].detected == TRI_YES)
            return true;
    return false;
}

static void judge_spare(struct hazard_check *c, row_t *row, const struct region_survey *r)
{
    const struct token_view *t = &r->token;
    bool known = t->asked == ASKED_YES && (t->management || t->rules_known);
    char spare[192] = "";
    struct version v;

    if (needs_no_token(c, r) || t->asked == ASKED_DENIED || has_reported_row(c, row))
        return;
    if (!known || !world_oldest_server(c->w, r->name, &v)) {
        hazard_found(c, row, TRI_UNKNOWN, NULL,
                     "region %s: which rights of the token this run does not need: %s", r->name,
                     t->asked != ASKED_YES ? asked_why(t->asked)
                     : !known              ? "not all of its policies could be read"
                                           : "the version of no server could be read");
        return;
    }
    unsigned needed = rights_of_plan(c, r->name, &v);
    if (t->management && (needed & 1u << RIGHT_MANAGEMENT) == 0)
        hazard_found(c, row, TRI_YES, NULL,
                     "the token %s is a management token, but this run does not need one. Without "
                     "it, Caravan restarts the leader without moving the leadership first",
                     t->name);
    else if (!t->management)
        token_rights_spare(needed, &t->rules, spare, sizeof(spare));
    if (spare[0] != '\0')
        hazard_found(c, row, TRI_YES, NULL,
                     "the token %s has rights that this run does not need: %s", t->name, spare);
}

void hazard_token_spare(struct hazard_check *c, row_t *row)
{
    judge_each_planned(c, row, judge_spare);
}

static void judge_expiry(struct hazard_check *c, row_t *row, const struct region_survey *r)
{
    const struct token_view *t = &r->token;
    int64_t left = t->expires_ms - c->survey->wall_ms, need = c->p->forecast_ms * FORECAST_MARGIN;
    char will[24], still[24];

    if (needs_no_token(c, r) || t->asked == ASKED_DENIED)
        return;
    str_for_ms(will, sizeof(will), need);
    str_for_ms(still, sizeof(still), MAX_OF(left, (int64_t)0));
    if (t->asked != ASKED_YES)
        hazard_found(c, row, TRI_UNKNOWN, NULL, "region %s: until when the token is valid: %s",
                     r->name, asked_why(t->asked));
    else if (t->expires_ms != 0 && left < need)
        hazard_found(c, row, TRI_YES, NULL,
                     "region %s: the token %s expires in %s, and the run may take %s", r->name,
                     t->name, still, will);
}

void hazard_token_expiry(struct hazard_check *c, row_t *row)
{
    judge_each_planned(c, row, judge_expiry);
}
